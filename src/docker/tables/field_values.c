/*
 * Taking values out of objects that fields_read() has passed.
 */
#include "docker/tables/fields.h"

#include <errno.h>

#include "base/banned.h"

struct slice field_string(const struct json *object, struct slice name)
{
    const struct json *node = json_member(object, name);

    return node ? node->text : (struct slice){0};
}

bool field_bool(const struct json *object, struct slice name)
{
    const struct json *node = json_member(object, name);

    return node && node->type == JSON_TRUE;
}

int64_t field_int(const struct json *object, struct slice name)
{
    const struct json *node = json_member(object, name);
    int64_t value = 0;

    if (!node || json_int64(node, &value) < 0) {
        return 0;
    }
    return value;
}

size_t field_count(const struct json *node)
{
    size_t count = 0;

    for (const struct json *child = node ? node->child : NULL; child; child = child->next) {
        count++;
    }
    return count;
}

int field_strings(struct arena *arena, const struct json *list, struct string_list *out)
{
    struct string_list result = {.present = list != NULL};
    struct slice *item = arena_alloc(arena, field_count(list) * sizeof(*item));

    if (!item) {
        return -ENOMEM;
    }
    for (const struct json *node = list ? list->child : NULL; node; node = node->next) {
        item[result.count] = node->text;
        result.count++;
    }
    result.item = item;
    *out = result;
    return 0;
}

int field_string_map(struct arena *arena, const struct json *object, struct string_map *out)
{
    struct string_map result = {.count = 0};
    struct string_pair *item = arena_alloc(arena, field_count(object) * sizeof(*item));

    if (!item) {
        return -ENOMEM;
    }
    for (const struct json *node = object ? object->child : NULL; node; node = node->next) {
        item[result.count] = (struct string_pair){node->name, node->text};
        result.count++;
    }
    result.item = item;
    *out = result;
    return 0;
}
