/*
 * See build_limits.h.
 */
#include "docker/tables/build_limits.h"

#include <errno.h>
#include <stddef.h>

#include "base/parse.h"
#include "base/try.h"
#include "docker/tables/container_parts.h"
#include "docker/tables/fields.h"

#include "base/banned.h"

struct number_row {
    struct slice key;
    size_t place;
};

// clang-format off
static const struct number_row number_rows[] = {
    {SLICE_INIT("memory"),    offsetof(struct container_spec, memory)},
    {SLICE_INIT("memswap"),   offsetof(struct container_spec, memory_swap)},
    {SLICE_INIT("cpushares"), offsetof(struct container_spec, cpu_shares)},
    {SLICE_INIT("cpuperiod"), offsetof(struct container_spec, cpu_period)},
    {SLICE_INIT("cpuquota"),  offsetof(struct container_spec, cpu_quota)},
    {SLICE_INIT("shmsize"),   offsetof(struct container_spec, shm_size)},
};

static const struct field ulimit_rows[] = {
    {.name = SLICE_INIT("Name"), .type = FIELD_STRING, .use = FIELD_JUDGED,
     .value = TEXT_PARSED},
    {.name = SLICE_INIT("Soft"), .type = FIELD_INT,    .use = FIELD_JUDGED},
    {.name = SLICE_INIT("Hard"), .type = FIELD_INT,    .use = FIELD_JUDGED},
};
static const struct field_table ulimit_table = {ulimit_rows, 3, NULL};
// clang-format on

static void build_limits_read_numbers(const struct query_pair *pair, struct build_limits *limits)
{
    for (size_t i = 0; i < sizeof(number_rows) / sizeof(number_rows[0]); i++) {
        void *place = (char *)&limits->spec + number_rows[i].place;

        if (slice_eq(pair->key, number_rows[i].key) && pair->value.len > 0 &&
            parse_i64(pair->value, place) < 0) {
            limits->bad = pair->key;
        }
    }
}

/* "[{"Name":"nofile","Soft":1,"Hard":1}]", in Go's laxness a problem as in bodies. */
static int read_ulimits(struct arena *arena, const struct query_pair *pair,
                        struct build_limits *limits)
{
    struct spec_reader reader = {.arena = arena};
    struct json_problem why = {0};
    struct json *list = NULL;
    int err = json_read(pair->value, arena, &list, &why);

    if (err == 0 && list->type == JSON_NULL) {
        return 0;
    }
    if (err == 0 && list->type != JSON_ARRAY) {
        err = -EBADMSG;
    }
    for (struct json *entry = err == 0 ? list->child : NULL; entry && err == 0;
         entry = entry->next) {
        err = entry->type == JSON_OBJECT ? fields_read(&reader, &ulimit_table, entry, NULL)
                                         : -EBADMSG;
    }
    if (err == -EBADMSG || reader.problems) {
        limits->bad = pair->key;
        return 0;
    }
    return err < 0 ? err : container_ulimits_read(&limits->spec, list, "");
}

static size_t count_hosts(const struct query_pair *query)
{
    size_t count = 0;

    for (; query; query = query->next) {
        count += slice_eq(query->key, SLICE("extrahosts"));
    }
    return count;
}

static int build_limits_read_hosts(struct arena *arena, const struct query_pair *query,
                                   struct string_list *out)
{
    struct slice *item = arena_alloc(arena, count_hosts(query) * sizeof(*item));
    struct string_list list = {.item = item};

    TRY_ALLOC(item);
    for (; query; query = query->next) {
        if (slice_eq(query->key, SLICE("extrahosts"))) {
            item[list.count++] = query->value;
        }
    }
    *out = list;
    return 0;
}

int build_limits_read(struct arena *arena, const struct query_pair *query, struct build_limits *out)
{
    struct build_limits limits = {.spec = {.arena = arena}};

    TRY(build_limits_read_hosts(arena, query, &limits.spec.extra_hosts));
    for (const struct query_pair *pair = query; pair; pair = pair->next) {
        build_limits_read_numbers(pair, &limits);
        if (slice_eq(pair->key, SLICE("ulimits")) && pair->value.len > 0) {
            TRY(read_ulimits(arena, pair, &limits));
        }
    }
    *out = limits;
    return 0;
}
