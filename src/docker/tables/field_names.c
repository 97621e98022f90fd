/*
 * See field_names.h. Real clients spell names in other ways: Docker.DotNet says TTY for Tty, and
 * docker-java both enableIPv6 and EnableIPv6.
 */
#include "docker/tables/field_names.h"

#include "base/banned.h"

static const struct field *find_row(const struct field_table *table, struct slice name,
                                    size_t *next)
{
    size_t row = *next;

    for (size_t tried = 0; tried < table->count; tried++) {
        row = row < table->count ? row : 0;
        if (slice_eq(table->field[row].name, name)) {
            *next = row + 1;
            return &table->field[row];
        }
        row++;
    }
    return NULL;
}

/* The row whose name that is in another spelling, or NULL. */
static const struct field *folds_to_row(const struct field_table *table, struct slice name)
{
    for (size_t i = 0; table && i < table->count; i++) {
        if (json_name_folds_to(name, table->field[i].name)) {
            return &table->field[i];
        }
    }
    return NULL;
}

/* Whichever of the two an engine reads last, it reads the same. */
static bool says_the_same(const struct json *one, const struct json *other)
{
    return one->type == other->type && one->type != JSON_ARRAY && one->type != JSON_OBJECT &&
           slice_eq(one->text, other->text);
}

/* `name` only folds to the row's. */
static enum field_name_kind other_spelling(const struct field *field, const struct json *object,
                                           const struct json *node)
{
    const struct json *own = json_member(object, field->name);

    switch (field->use) {
    case FIELD_DROPPED:
        return FIELD_NAME_RESPELLED;
    case FIELD_HARMLESS:
    case FIELD_JUDGED:
        break;
    case FIELD_REFUSED:
    case FIELD_UNJUDGED:
        return FIELD_NAME_AMBIGUOUS; // its own member may be gone, whatever it said
    }
    if (own) {
        return says_the_same(own, node) ? FIELD_NAME_REPEATED : FIELD_NAME_AMBIGUOUS;
    }
    // Letters that only Unicode folds nobody writes who means well.
    return slice_eq_nocase(node->name, field->name) ? FIELD_NAME_RESPELLED : FIELD_NAME_AMBIGUOUS;
}

struct field_name field_name_find(const struct field_table *table, const struct json *object,
                                  const struct json *node, size_t *next)
{
    const struct field *field = find_row(table, node->name, next);
    size_t first = 0;

    if (field) {
        return (struct field_name){FIELD_NAME_KNOWN, field};
    }
    if (table->refused && find_row(table->refused, node->name, &first)) {
        return (struct field_name){FIELD_NAME_ELSEWHERE, NULL};
    }
    field = folds_to_row(table, node->name);
    if (field) {
        return (struct field_name){other_spelling(field, object, node), field};
    }
    return (struct field_name){
        folds_to_row(table->refused, node->name) ? FIELD_NAME_AMBIGUOUS : FIELD_NAME_UNKNOWN, NULL};
}
