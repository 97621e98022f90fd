/*
 * See answer.h. cJSON alone would take the first of two equal names, invalid UTF-8
 * and more; json_read_answer() has refused all that before it sees the text.
 */
#include "docker/answer.h"

#include <cjson/cJSON.h>
#include <errno.h>

#include "base/try.h"

#include "base/banned.h"

static void delete_answer(cJSON **answer)
{
    cJSON_Delete(*answer);
}

static int parse_answer(struct slice body, struct arena *arena, cJSON **out)
{
    struct json_problem why;
    struct json *strict = NULL;

    if (body.len > ANSWER_MAX_BYTES) {
        return -EBADMSG;
    }
    TRY(json_read_answer(body, arena, &strict, &why));
    if (strict->type != JSON_OBJECT) {
        return -EBADMSG;
    }
    cJSON *answer = cJSON_ParseWithLength(body.ptr, body.len);
    if (!answer) {
        // json_read_answer() took it, so only the memory can be missing.
        return -ENOMEM;
    }
    *out = answer;
    return 0;
}

/* A member that is a string; an absent or null one is empty unless `required`. */
static int copy_string(struct arena *arena, const cJSON *object, const char *name, bool required,
                       struct slice *out)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);

    if (cJSON_IsString(node)) {
        return arena_copy(arena, slice_from(node->valuestring), out);
    }
    if (required || (node && !cJSON_IsNull(node))) {
        return -EBADMSG;
    }
    *out = (struct slice){0};
    return 0;
}

/* A list of strings; an absent or null one is empty. */
static int copy_strings(struct arena *arena, const cJSON *object, const char *name,
                        struct string_list *out)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, name);
    struct string_list result = {.present = list != NULL};
    const cJSON *entry = NULL;

    if (list && !cJSON_IsNull(list) && !cJSON_IsArray(list)) {
        return -EBADMSG;
    }
    struct slice *item = arena_alloc(arena, (size_t)cJSON_GetArraySize(list) * sizeof(*item));
    TRY_ALLOC(item);
    cJSON_ArrayForEach(entry, list)
    {
        if (!cJSON_IsString(entry)) {
            return -EBADMSG;
        }
        if (arena_copy(arena, slice_from(entry->valuestring), &item[result.count]) < 0) {
            return -ENOMEM;
        }
        result.count++;
    }
    result.item = item;
    *out = result;
    return 0;
}

static bool has_healthcheck(const cJSON *config)
{
    const cJSON *healthcheck = cJSON_GetObjectItemCaseSensitive(config, "Healthcheck");
    const cJSON *test = cJSON_GetObjectItemCaseSensitive(healthcheck, "Test");
    const cJSON *first = cJSON_GetArrayItem(test, 0);

    return cJSON_IsString(first) && health_test_runs(slice_from(first->valuestring));
}

static bool has_env_without_value(const cJSON *config)
{
    const cJSON *env = cJSON_GetObjectItemCaseSensitive(config, "Env");
    const cJSON *entry = NULL;

    cJSON_ArrayForEach(entry, env)
    {
        if (!cJSON_IsString(entry) || !strchr(entry->valuestring, '=')) {
            return true;
        }
    }
    return env && !cJSON_IsNull(env) && !cJSON_IsArray(env);
}

/* "alpine@sha256:…" whose digest is not the image's own id. */
static bool is_record(struct slice digest, struct slice id)
{
    struct slice name = {0};
    struct slice hash = {0};

    return slice_cut(digest, '@', &name, &hash) && !slice_eq(hash, id);
}

static int read_origins(struct arena *arena, const cJSON *answer, struct image_answer *image)
{
    const cJSON *identity = cJSON_GetObjectItemCaseSensitive(answer, "Identity");
    const cJSON *pulls = cJSON_GetObjectItemCaseSensitive(identity, "Pull");
    const cJSON *pull = NULL;
    size_t most = image->digests.count + (size_t)cJSON_GetArraySize(pulls);
    struct slice *item = arena_alloc(arena, most * sizeof(*item));

    TRY_ALLOC(item);
    image->origins = (struct string_list){.item = item, .present = true};
    for (size_t i = 0; i < image->digests.count; i++) {
        if (is_record(image->digests.item[i], image->id)) {
            item[image->origins.count] = image->digests.item[i];
            image->origins.count++;
        }
    }
    cJSON_ArrayForEach(pull, pulls)
    {
        TRY(copy_string(arena, pull, "Repository", true, &item[image->origins.count]));
        image->origins.count++;
    }
    return 0;
}

int image_answer_read(struct slice body, struct arena *arena, struct image_answer *out)
{
    CLEANUP(delete_answer) cJSON *answer = NULL;
    struct image_answer result = {0};

    TRY(parse_answer(body, arena, &answer));
    TRY(copy_string(arena, answer, "Id", true, &result.id));
    TRY(copy_strings(arena, answer, "RepoTags", &result.tags));
    TRY(copy_strings(arena, answer, "RepoDigests", &result.digests));
    TRY(read_origins(arena, answer, &result));
    const cJSON *config = cJSON_GetObjectItemCaseSensitive(answer, "Config");
    if (cJSON_IsObject(config)) {
        TRY(copy_string(arena, config, "User", false, &result.user));
        result.has_healthcheck = has_healthcheck(config);
        result.env_without_value = has_env_without_value(config);
    } else if (config && !cJSON_IsNull(config)) {
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

static int copy_options(struct arena *arena, const cJSON *options, struct string_map *out)
{
    struct string_map result = {0};
    const cJSON *option = NULL;

    if (!options || cJSON_IsNull(options)) {
        *out = result;
        return 0;
    }
    if (!cJSON_IsObject(options)) {
        return -EBADMSG;
    }
    size_t count = (size_t)cJSON_GetArraySize(options);
    struct string_pair *item = arena_alloc(arena, count * sizeof(*item));
    TRY_ALLOC(item);
    cJSON_ArrayForEach(option, options)
    {
        struct string_pair *pair = &item[result.count];
        if (!cJSON_IsString(option)) {
            return -EBADMSG;
        }
        if (arena_copy(arena, slice_from(option->string), &pair->key) < 0 ||
            arena_copy(arena, slice_from(option->valuestring), &pair->value) < 0) {
            return -ENOMEM;
        }
        result.count++;
    }
    result.item = item;
    *out = result;
    return 0;
}

int volume_answer_read(struct slice body, struct arena *arena, struct volume_answer *out)
{
    CLEANUP(delete_answer) cJSON *answer = NULL;
    struct volume_answer result = {0};

    TRY(parse_answer(body, arena, &answer));
    TRY(copy_string(arena, answer, "Driver", true, &result.driver));
    TRY(copy_options(arena, cJSON_GetObjectItemCaseSensitive(answer, "Options"), &result.options));
    *out = result;
    return 0;
}
