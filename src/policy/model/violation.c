/*
 * What rules and the rest object to, in the order in which it was found.
 */

#include "policy/model/violation.h"
#include "base/escape.h"
#include "base/try.h"

#include "base/banned.h"

struct violation **violation_tail(struct decision *out)
{
    struct violation **tail = &out->violations;

    while (*tail) {
        tail = &(*tail)->next;
    }
    return tail;
}

bool violation_denies(const struct decision *out)
{
    for (const struct violation *v = out->violations; v; v = v->next) {
        if (v->level == RULE_LEVEL_DENY) {
            return true;
        }
    }
    return false;
}

/* By convention a text begins with the field it is about, if it is about one. */
struct slice violation_field(struct slice text)
{
    size_t len = 0;

    if (text.len == 0 || text.ptr[0] < 'A' || text.ptr[0] > 'Z') {
        return (struct slice){NULL, 0};
    }
    while (len < text.len && text.ptr[len] != ' ' && text.ptr[len] != ':') {
        len++;
    }
    return slice_head(text, len);
}

int violation_add(struct decision *out, const char *rule, enum rule_level level, struct slice text,
                  struct slice fix)
{
    struct violation *violation = arena_alloc(&out->arena, sizeof(*violation));

    TRY_ALLOC(violation);
    *violation = (struct violation){
        .rule = rule, .level = level, .text = text, .field = violation_field(text), .fix = fix};
    *violation_tail(out) = violation;
    return 0;
}

int show_text(struct arena *arena, struct slice text, struct slice *out)
{
    CLEANUP(buf_deinit) struct buf shown = {0};

    buf_init(&shown, 2048);
    int err = escape_text(&shown, text, 256);

    return err < 0 ? err : arena_copy(arena, buf_slice(&shown), out);
}
