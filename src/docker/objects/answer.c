/*
 * See answer.h. What is read here is what json_read_answer() takes: it refuses two equal names,
 * invalid UTF-8 and more. All slices are of its tree, which is in the arena.
 */
#include "docker/objects/answer.h"

#include <errno.h>

#include "base/parse.h"
#include "base/try.h"
#include "docker/tables/fields.h"
#include "json/json.h"

#include "base/banned.h"

static int parse_answer(struct slice body, struct arena *arena, struct json **out)
{
    struct json_problem why;
    struct json *answer = NULL;

    if (body.len > ANSWER_MAX_BYTES) {
        return -EBADMSG;
    }
    TRY(json_read_answer(body, arena, &answer, &why));
    if (answer->type != JSON_OBJECT) {
        return -EBADMSG;
    }
    *out = answer;
    return 0;
}

static bool is_string(const struct json *node)
{
    return node && node->type == JSON_STRING;
}

static bool is_absent(const struct json *node)
{
    return !node || node->type == JSON_NULL;
}

/* A member that is a string; an absent or null one is empty unless `required`. */
static int answer_read_string(const struct json *object, struct slice name, bool required,
                              struct slice *out)
{
    const struct json *node = json_member(object, name);

    if (is_string(node)) {
        *out = node->text;
        return 0;
    }
    if (required || !is_absent(node)) {
        return -EBADMSG;
    }
    *out = (struct slice){0};
    return 0;
}

/* A list of strings; an absent or null one is empty. */
static int answer_read_strings(struct arena *arena, const struct json *object, struct slice name,
                               struct string_list *out)
{
    const struct json *list = json_member(object, name);

    if (!is_absent(list) && list->type != JSON_ARRAY) {
        return -EBADMSG;
    }
    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        if (entry->type != JSON_STRING) {
            return -EBADMSG;
        }
    }
    return field_strings(arena, list, out);
}

static bool has_healthcheck(const struct json *config)
{
    const struct json *healthcheck = json_member(config, SLICE("Healthcheck"));
    const struct json *test = json_member(healthcheck, SLICE("Test"));
    const struct json *first = test && test->type == JSON_ARRAY ? test->child : NULL;

    return is_string(first) && health_test_runs(first->text);
}

static bool has_env_without_value(const struct json *config)
{
    const struct json *env = json_member(config, SLICE("Env"));

    for (const struct json *entry = env ? env->child : NULL; entry; entry = entry->next) {
        if (!is_string(entry) || slice_find(entry->text, '=') == entry->text.len) {
            return true;
        }
    }
    return !is_absent(env) && env->type != JSON_ARRAY;
}

/* "alpine@sha256:…" whose digest is not the image's own id. */
static bool is_record(struct slice digest, struct slice id)
{
    struct slice name = {0};
    struct slice hash = {0};

    return slice_cut(digest, '@', &name, &hash) && !slice_eq(hash, id);
}

static int read_origins(struct arena *arena, const struct json *answer, struct image_answer *image)
{
    const struct json *identity = json_member(answer, SLICE("Identity"));
    const struct json *pulls = json_member(identity, SLICE("Pull"));
    size_t most = image->digests.count + field_count(pulls);
    struct slice *item = arena_alloc(arena, most * sizeof(*item));

    TRY_ALLOC(item);
    image->origins = (struct string_list){.item = item, .present = true};
    for (size_t i = 0; i < image->digests.count; i++) {
        if (is_record(image->digests.item[i], image->id)) {
            item[image->origins.count] = image->digests.item[i];
            image->origins.count++;
        }
    }
    for (const struct json *pull = pulls ? pulls->child : NULL; pull; pull = pull->next) {
        TRY(answer_read_string(pull, SLICE("Repository"), true, &item[image->origins.count]));
        image->origins.count++;
    }
    return 0;
}

int image_answer_read(struct slice body, struct arena *arena, struct image_answer *out)
{
    struct json *answer = NULL;
    struct image_answer result = {0};

    TRY(parse_answer(body, arena, &answer));
    TRY(answer_read_string(answer, SLICE("Id"), true, &result.id));
    TRY(answer_read_strings(arena, answer, SLICE("RepoTags"), &result.tags));
    TRY(answer_read_strings(arena, answer, SLICE("RepoDigests"), &result.digests));
    TRY(read_origins(arena, answer, &result));
    const struct json *config = json_member(answer, SLICE("Config"));
    if (config && config->type == JSON_OBJECT) {
        TRY(answer_read_string(config, SLICE("User"), false, &result.user));
        result.has_healthcheck = has_healthcheck(config);
        result.env_without_value = has_env_without_value(config);
    } else if (!is_absent(config)) {
        return -EBADMSG;
    }
    *out = result;
    return 0;
}

static struct slice digits_of(struct slice id)
{
    return slice_starts_with(id, SLICE("sha256:")) ? slice_from_index(id, 7) : id;
}

bool image_answer_is_by_id(const struct image_answer *image, struct slice text)
{
    return slice_starts_with(digits_of(image->id), digits_of(text));
}

static int answer_read_options(struct arena *arena, const struct json *options,
                               struct string_map *out)
{
    if (is_absent(options)) {
        *out = (struct string_map){0};
        return 0;
    }
    if (options->type != JSON_OBJECT) {
        return -EBADMSG;
    }
    for (const struct json *option = options->child; option; option = option->next) {
        if (option->type != JSON_STRING) {
            return -EBADMSG;
        }
    }
    return field_string_map(arena, options, out);
}

int volume_answer_read(struct slice body, struct arena *arena, struct volume_answer *out)
{
    struct json *answer = NULL;
    struct volume_answer result = {0};
    struct slice created = {0};

    TRY(parse_answer(body, arena, &answer));
    TRY(answer_read_string(answer, SLICE("Driver"), true, &result.driver));
    TRY(answer_read_options(arena, json_member(answer, SLICE("Options")), &result.options));
    TRY(answer_read_string(answer, SLICE("CreatedAt"), false, &created));
    if (parse_time(created, &result.created_s) < 0) {
        result.created_s = 0;
    }
    *out = result;
    return 0;
}
