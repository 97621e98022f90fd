/*
 * The tree that json_read() makes: looking into it, editing it, writing it.
 */
#include "json/json.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/escape.h"
#include "base/parse.h"

#include "base/banned.h"

/* Of a number that fits into 64 bits whatever they are. */
enum { SAFE_DIGITS = 18 };

/*
 * What is to be written mostly stands in the text that was read, one piece after the other. So
 * pieces that follow each other there are copied in one go: begin to end, which isn't appended yet.
 */
struct writer {
    struct buf *out;
    const char *begin;
    const char *end; /* the byte there can be read */
    int err;         /* the first one */
};

/* Appends what is pending, and forgets where it stood. */
static void flush(struct writer *writer)
{
    if (writer->err == 0) {
        struct slice pending = {writer->begin, (size_t)(writer->end - writer->begin)};
        writer->err = buf_append(writer->out, pending);
    }
    writer->begin = "";
    writer->end = writer->begin;
}

/* Text that was read, or was written before; a byte follows it. */
static inline void put_piece(struct writer *writer, const char *piece, size_t len)
{
    if (piece != writer->end) {
        flush(writer);
        writer->begin = piece;
    }
    writer->end = piece + len;
}

/* Text from anywhere. */
static void put_text(struct writer *writer, struct slice text)
{
    flush(writer);
    if (writer->err == 0) {
        writer->err = buf_append(writer->out, text);
    }
}

/* Punctuation: as a rule it is what follows. */
static inline void put_byte(struct writer *writer, char byte)
{
    if (*writer->end == byte) {
        writer->end++;
    } else {
        put_text(writer, (struct slice){&byte, 1});
    }
}

static void put_word(struct writer *writer, struct slice word)
{
    if (strncmp(writer->end, word.ptr, word.len) == 0) {
        writer->end += word.len;
    } else {
        put_text(writer, word);
    }
}

/* `read` is where it stands, unless it was replaced since: all of it, not its beginning. */
static inline void put_string(struct writer *writer, struct slice text, const char *read)
{
    if (read && text.ptr == read && read[text.len] == '"') {
        put_piece(writer, read - 1, text.len + 2);
    } else {
        flush(writer);
        if (writer->err == 0) {
            writer->err = escape_json(writer->out, text);
        }
    }
}

static inline void json_put_number(struct writer *writer, const struct json *node)
{
    if (node->text_read && node->text.ptr == node->text_read) {
        put_piece(writer, node->text.ptr, node->text.len);
    } else {
        put_text(writer, node->text);
    }
}

static void put_children(struct writer *writer, const struct json *node, size_t depth);

static inline void put_node(struct writer *writer, const struct json *node, size_t depth)
{
    switch (node->type) {
    case JSON_NULL:
        put_word(writer, SLICE("null"));
        return;
    case JSON_FALSE:
        put_word(writer, SLICE("false"));
        return;
    case JSON_TRUE:
        put_word(writer, SLICE("true"));
        return;
    case JSON_NUMBER:
        json_put_number(writer, node);
        return;
    case JSON_STRING:
        put_string(writer, node->text, node->text_read);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        put_children(writer, node, depth + 1);
        return;
    }
}

static void put_children(struct writer *writer, const struct json *node, size_t depth)
{
    bool is_object = node->type == JSON_OBJECT;

    // json_read() keeps to the depth; edits add a few levels at the top at most.
    assert(depth <= (size_t)JSON_MAX_DEPTH * 2);
    put_byte(writer, is_object ? '{' : '[');
    for (const struct json *child = node->child; child; child = child->next) {
        if (child != node->child) {
            put_byte(writer, ',');
        }
        if (is_object) {
            put_string(writer, child->name, child->name_read);
            put_byte(writer, ':');
        }
        put_node(writer, child, depth);
    }
    put_byte(writer, is_object ? '}' : ']');
}

int json_write(struct buf *out, const struct json *node)
{
    struct writer writer = {.out = out, .begin = "", .end = ""};

    put_node(&writer, node, 0);
    flush(&writer);
    return writer.err;
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
    struct slice text = node->text;

    if (node->type != JSON_NUMBER) {
        return -EINVAL;
    }
    // Nearly all: a few digits, which fit.
    int64_t value = 0;
    size_t digits = 0;

    while (digits < text.len && digits < SAFE_DIGITS && text.ptr[digits] >= '0' &&
           text.ptr[digits] <= '9') {
        value = value * 10 + (text.ptr[digits] - '0');
        digits++;
    }
    if (digits == text.len && digits > 0) {
        *out = value;
        return 0;
    }
    int err = parse_i64(text, out);

    // A number too large is no integer either with a fraction or an exponent.
    for (size_t i = 0; err == -ERANGE && i < text.len; i++) {
        if (text.ptr[i] == '.' || text.ptr[i] == 'e' || text.ptr[i] == 'E') {
            err = -EINVAL;
        }
    }
    return err;
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
