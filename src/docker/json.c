/*
 * The tree that json_read() makes: looking into it, editing it, writing it.
 */
#include "docker/json.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/escape.h"
#include "base/parse.h"

#include "base/banned.h"

static int write_node(struct buf *out, const struct json *node, size_t depth);

static int write_name(struct buf *out, struct slice name)
{
    int err = escape_json(out, name);

    return err < 0 ? err : buf_append_byte(out, ':');
}

static int write_children(struct buf *out, const struct json *node, size_t depth)
{
    bool is_object = node->type == JSON_OBJECT;
    int err = buf_append_byte(out, is_object ? '{' : '[');

    for (const struct json *child = node->child; child && err == 0; child = child->next) {
        if (child != node->child) {
            err = buf_append_byte(out, ',');
        }
        if (err == 0 && is_object) {
            err = write_name(out, child->name);
        }
        if (err == 0) {
            err = write_node(out, child, depth + 1);
        }
    }
    return err < 0 ? err : buf_append_byte(out, is_object ? '}' : ']');
}

static int write_node(struct buf *out, const struct json *node, size_t depth)
{
    // json_read() keeps to the depth; edits add a few levels at the top at most.
    assert(depth <= (size_t)JSON_MAX_DEPTH * 2);
    switch (node->type) {
    case JSON_NULL:
        return buf_append_text(out, "null");
    case JSON_FALSE:
        return buf_append_text(out, "false");
    case JSON_TRUE:
        return buf_append_text(out, "true");
    case JSON_NUMBER:
        return buf_append(out, node->text);
    case JSON_STRING:
        return escape_json(out, node->text);
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return write_children(out, node, depth);
}

int json_write(struct buf *out, const struct json *node)
{
    return write_node(out, node, 0);
}

/* Where the pointer to the member is, or where it would be added. */
static struct json **member_link(struct json *object, struct slice name)
{
    struct json **link = &object->child;

    while (*link && !slice_eq((*link)->name, name)) {
        link = &(*link)->next;
    }
    return link;
}

struct json *json_member(const struct json *object, struct slice name)
{
    if (!object || object->type != JSON_OBJECT) {
        return NULL;
    }
    for (struct json *node = object->child; node; node = node->next) {
        if (slice_eq(node->name, name)) {
            return node;
        }
    }
    return NULL;
}

static bool number_is_zero(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        if (byte == 'e' || byte == 'E') {
            return true;
        }
        if (byte != '-' && byte != '.' && byte != '0') {
            return false;
        }
    }
    return true;
}

bool json_is_zero(const struct json *node)
{
    switch (node->type) {
    case JSON_NULL:
    case JSON_FALSE:
        return true;
    case JSON_TRUE:
        return false;
    case JSON_NUMBER:
        return number_is_zero(node->text);
    case JSON_STRING:
        return node->text.len == 0;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return node->child == NULL;
}

int json_int64(const struct json *node, int64_t *out)
{
    if (node->type != JSON_NUMBER) {
        return -EINVAL;
    }
    for (size_t i = 0; i < node->text.len; i++) {
        char byte = node->text.ptr[i];
        if (byte == '.' || byte == 'e' || byte == 'E') {
            return -EINVAL;
        }
    }
    return parse_i64(node->text, out);
}

struct json *json_new(struct arena *arena, enum json_type type)
{
    struct json *node = arena_alloc(arena, sizeof(*node));

    if (node) {
        node->type = type;
    }
    return node;
}

struct json *json_new_string(struct arena *arena, struct slice text)
{
    struct json *node = json_new(arena, JSON_STRING);

    if (!node || arena_copy(arena, text, &node->text) < 0) {
        return NULL;
    }
    return node;
}

struct json *json_new_int(struct arena *arena, int64_t value)
{
    struct json *node = json_new(arena, JSON_NUMBER);

    if (!node || arena_printf(arena, &node->text, "%" PRId64, value) < 0) {
        return NULL;
    }
    return node;
}

struct json *json_new_bool(struct arena *arena, bool value)
{
    return json_new(arena, value ? JSON_TRUE : JSON_FALSE);
}

void json_set(struct json *object, struct slice name, struct json *value)
{
    assert(object->type == JSON_OBJECT);
    struct json **link = member_link(object, name);

    value->name = name;
    value->next = *link ? (*link)->next : NULL;
    *link = value;
}

void json_append(struct json *array, struct json *value)
{
    assert(array->type == JSON_ARRAY);
    struct json **link = &array->child;

    while (*link) {
        link = &(*link)->next;
    }
    value->next = NULL;
    *link = value;
}

void json_remove(struct json *object, struct slice name)
{
    assert(object->type == JSON_OBJECT);
    struct json **link = member_link(object, name);

    if (*link) {
        *link = (*link)->next;
    }
}

/* The next byte of `text`, or what it folds to; *at goes behind it. */
static unsigned char next_folded(struct slice text, size_t *at)
{
    struct slice rest = slice_from_index(text, *at);
    unsigned char byte = (unsigned char)rest.ptr[0];

    if (slice_starts_with(rest, SLICE("\xC5\xBF"))) { // U+017F, long s
        *at += 2;
        return 's';
    }
    if (slice_starts_with(rest, SLICE("\xE2\x84\xAA"))) { // U+212A, Kelvin sign
        *at += 3;
        return 'k';
    }
    *at += 1;
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20U) : byte;
}

bool json_name_folds_to(struct slice name, struct slice other)
{
    size_t at = 0;
    size_t other_at = 0;

    while (at < name.len && other_at < other.len) {
        if (next_folded(name, &at) != next_folded(other, &other_at)) {
            return false;
        }
    }
    return at == name.len && other_at == other.len;
}
