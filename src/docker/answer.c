/*
 * See answer.h. cJSON alone would take the first of two equal names, invalid UTF-8
 * and more; json_read() has refused all that before it sees the text.
 */
#include "docker/answer.h"

#include <cjson/cJSON.h>
#include <errno.h>

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
    int err = json_read(body, arena, &strict, &why);
    if (err < 0) {
        return err;
    }
    if (strict->type != JSON_OBJECT) {
        return -EBADMSG;
    }
    cJSON *answer = cJSON_ParseWithLength(body.ptr, body.len);
    if (!answer) {
        // json_read() took it, so only the memory can be missing.
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

int image_answer_read(struct slice body, struct arena *arena, struct image_answer *out)
{
    CLEANUP(delete_answer) cJSON *answer = NULL;
    struct image_answer result = {0};

    int err = parse_answer(body, arena, &answer);
    if (err == 0) {
        err = copy_string(arena, answer, "Id", true, &result.id);
    }
    if (err < 0) {
        return err;
    }
    const cJSON *config = cJSON_GetObjectItemCaseSensitive(answer, "Config");
    if (cJSON_IsObject(config)) {
        err = copy_string(arena, config, "User", false, &result.user);
    } else if (config && !cJSON_IsNull(config)) {
        err = -EBADMSG;
    }
    if (err < 0) {
        return err;
    }
    *out = result;
    return 0;
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
    if (!item) {
        return -ENOMEM;
    }
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

    int err = parse_answer(body, arena, &answer);
    if (err == 0) {
        err = copy_string(arena, answer, "Driver", true, &result.driver);
    }
    if (err == 0) {
        err = copy_options(arena, cJSON_GetObjectItemCaseSensitive(answer, "Options"),
                           &result.options);
    }
    if (err < 0) {
        return err;
    }
    *out = result;
    return 0;
}
