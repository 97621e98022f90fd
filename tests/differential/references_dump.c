/*
 * Prints the table of references that stands in docs/scope.md: which objects of the engine a
 * request can name, where, and how each is pinned in a scope.
 */
#include <stdio.h>

#include "policy/scope/references.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

static bool is_alike(const struct reference *a, const struct reference *b)
{
    return a->pin == b->pin && slice_eq(slice_from(a->object), slice_from(b->object));
}

static bool has_name(const struct route *route)
{
    struct slice path = slice_from(route->path);

    return slice_find(path, '{') < path.len;
}

/* Operations whose paths name the same kind of object, pinned alike, are one row. */
static void print_paths(void)
{
    bool done[OP_COUNT] = {false};
    size_t count = 0;
    const struct route *route = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        struct reference first = {0};

        if (!has_name(&route[i]) || done[route[i].operation] || !scope_allows(route[i].operation) ||
            !reference_of_path(route[i].operation, &first)) {
            continue;
        }
        fputs("| ", stdout);
        for (size_t j = i; j < count; j++) {
            enum operation operation = route[j].operation;
            struct reference other = {0};

            if (has_name(&route[j]) && !done[operation] && scope_allows(operation) &&
                reference_of_path(operation, &other) && is_alike(&first, &other)) {
                done[operation] = true;
                printf("%s`%s`", j > i ? " " : "", operation_name(operation));
            }
        }
        printf(" | name in the path | %s | %s |\n", first.object, reference_pin_meaning(first.pin));
    }
}

static void print_rows(void)
{
    size_t count = 0;
    const struct reference *row = references_all(&count);

    for (size_t i = 0; i < count; i++) {
        if (row[i].pin != REFERENCE_NONE) {
            printf("| `%s`%s | %s`%s` | %s | %s |\n", operation_name(row[i].operation),
                   row[i].body == ROUTE_BODY_SERVICE ? " `services.update`" : "",
                   row[i].place == REFERENCE_IN_QUERY ? "key " : "", row[i].name, row[i].object,
                   reference_pin_meaning(row[i].pin));
        }
    }
}

static void print_refused(void)
{
    const char *separator = "";

    fputs("\nA scope refuses these operations entirely, whatever they name: ", stdout);
    for (enum operation operation = OP_UNKNOWN + 1; operation < OP_COUNT; operation++) {
        if (!scope_allows(operation)) {
            printf("%s`%s`", separator, operation_name(operation));
            separator = ", ";
        }
    }
    puts(".");
}

int main(void)
{
    puts("| operation | reference | kind of object | in a scope |\n|---|---|---|---|");
    print_paths();
    print_rows();
    print_refused();
    return fflush(stdout) == 0 ? 0 : 1;
}
