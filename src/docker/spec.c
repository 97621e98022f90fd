/*
 * See spec.h.
 */
#include "docker/spec.h"

#include "base/try.h"

#include "base/banned.h"

const struct slice *string_map_get(const struct string_map *map, struct slice key)
{
    for (size_t i = 0; i < map->count; i++) {
        if (slice_eq(map->item[i].key, key)) {
            return &map->item[i].value;
        }
    }
    return NULL;
}

struct json *spec_member(struct arena *arena, struct json *object, struct slice name,
                         enum json_type type)
{
    struct json *member = json_member(object, name);

    if (!object || (member && member->type == type)) {
        return member;
    }
    member = json_new(arena, type);
    if (member) {
        json_set(object, name, member);
    }
    return member;
}

int spec_report(struct spec_reader *reader, enum spec_problem_kind kind, struct slice field,
                const char *sentence)
{
    return spec_report_problem(
        reader, (struct spec_problem){.kind = kind, .field = field, .sentence = sentence});
}

int spec_report_problem(struct spec_reader *reader, struct spec_problem what)
{
    if (reader->counts[what.kind] == SPEC_MAX_PROBLEMS) {
        return 0;
    }
    struct spec_problem *problem = arena_alloc(reader->arena, sizeof(*problem));
    TRY_ALLOC(problem);
    *problem = what;
    if (reader->last) {
        reader->last->next = problem;
    } else {
        reader->problems = problem;
    }
    reader->last = problem;
    reader->counts[what.kind]++;
    return 0;
}
