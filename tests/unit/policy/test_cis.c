/*
 * docs/cis.md says what is so: its cases exist and are about the item, its rules exist,
 * and what it calls "on" is on in `restricted`.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/parse.h"
#include "policy/model/bases.h"
#include "support/cases.h"

enum { ITEMS = 32, ITEMS_ON_AT_LEAST = 29 };

struct row {
    uint64_t item;
    struct slice state;
    struct slice rule;
    struct slice test;
};

static void read_text(const char *path, struct buf *text)
{
    char full[512];

    snprintf(full, sizeof(full), "%s/%s", SOCKADE_SOURCE_DIR, path);
    buf_init(text, 1 << 20);
    cr_assert_eq(buf_read_file(text, full), 0, "%s", full);
}

static struct slice cell(struct slice *line)
{
    struct slice text = {0};

    slice_cut(*line, '|', &text, line);
    return slice_trim(text);
}

static struct slice without_quotes(struct slice text)
{
    return text.len > 2 ? slice_head(slice_from_index(text, 1), text.len - 2) : text;
}

/* Rows begin with "| 5.". */
static bool read_row(struct slice line, struct row *row)
{
    if (!slice_starts_with(line, SLICE("| 5."))) {
        return false;
    }
    cell(&line);
    cr_assert_eq(parse_u64(slice_from_index(cell(&line), 2), &row->item), 0);
    cell(&line);
    row->state = cell(&line);
    row->rule = without_quotes(cell(&line));
    row->test = cell(&line);
    return true;
}

static const struct tree_node *find_case(const struct tree_node *cases, struct slice name)
{
    const struct tree_node *node = cases;

    while (node && !slice_eq(case_text(node, "name"), name)) {
        node = node->next;
    }
    return node;
}

static void check_row(const struct tree_node *cases, const struct row *row)
{
    const struct tree_node *node = find_case(cases, row->test);
    enum rule_index rule = rule_find(row->rule);
    bool on = slice_eq(row->state, SLICE("on"));
    char item[16];

    snprintf(item, sizeof(item), "5.%u ", (unsigned)row->item);
    cr_assert_not_null(node, "no case is called \"%.*s\"", SLICE_ARGS(row->test));
    cr_expect(slice_starts_with(row->test, slice_from(item)), "%.*s is about another item",
              SLICE_ARGS(row->test));
    cr_expect(on || slice_eq(row->state, SLICE("one line")) || slice_eq(row->state, SLICE("no")));
    if (rule == RULE_COUNT) {
        cr_expect(slice_eq(row->rule, SLICE("operation")), "no rule is called %.*s",
                  SLICE_ARGS(row->rule));
        return;
    }
    cr_expect_eq(on, base_rule_level(BASE_RESTRICTED, rule_at(rule)) == RULE_LEVEL_DENY, "%.*s",
                 SLICE_ARGS(row->rule));
    cr_expect(rule_at(rule)->cis && strstr(rule_at(rule)->cis, "5."), "%.*s names no item",
              SLICE_ARGS(row->rule));
}

Test(cis, the_table_is_true)
{
    struct buf table;
    struct case_file cases;
    struct slice rest = {0};
    uint64_t items = 0;
    unsigned on = 0;

    read_text("docs/cis.md", &table);
    case_file_open(CASES "other/cis.yaml", &cases);
    rest = buf_slice(&table);
    while (rest.len > 0) {
        struct slice line = {0};
        struct row row = {0};

        slice_cut(rest, '\n', &line, &rest);
        if (read_row(line, &row)) {
            cr_expect_eq(row.item, ++items, "5.%u is out of order", (unsigned)row.item);
            on += slice_eq(row.state, SLICE("on"));
            check_row(case_file_first(&cases), &row);
        }
    }
    cr_expect_eq(items, ITEMS);
    cr_expect_geq(on, ITEMS_ON_AT_LEAST);
    case_file_close(&cases);
    buf_deinit(&table);
}
