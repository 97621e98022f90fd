/*
 * Reads one JSON document into a tree, in one pass and without recursion. Anything
 * that two parsers might read differently is refused: the engine must see what
 * was judged.   Source: RFC 8259, and Go encoding/json for what it lets pass.
 */
#include "docker/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "docker/json_string.h"

#include "base/banned.h"

/*
 * Up to this many names are compared with those of the same mark, more are sorted: 100,000
 * names in one object must not cost 10^10 comparisons, whatever marks they have.
 */
enum { MARKED_MAX = 64, MARKS = 256 };

enum expectation {
    EXPECT_FIRST = 0, /* a value, or the end: nothing was read yet */
    EXPECT_SEPARATOR, /* a comma, or the end */
    EXPECT_VALUE      /* a value: a comma was read */
};

struct frame {
    struct json *container;
    struct json *last;
    size_t count;
    enum expectation expect;
};

struct reader {
    struct slice text;
    size_t at;
    struct arena *arena;
    char *room; /* for decoded strings: as many bytes as the text has, they never grow */
    size_t room_used;
    size_t node_count;
    size_t node_limit;
    size_t element_limit; /* of each list and object */
    struct json *root;
    struct frame frame[JSON_MAX_DEPTH];
    size_t depth;
    struct json_problem *why;
};

static int refuse(struct reader *reader, const char *sentence)
{
    *reader->why = (struct json_problem){.offset = reader->at, .sentence = sentence};
    return -EBADMSG;
}

static int refuse_size(struct reader *reader, const char *sentence)
{
    *reader->why =
        (struct json_problem){.offset = reader->at, .sentence = sentence, .too_large = true};
    return -EBADMSG;
}

/* The next byte, or -1 at the end. */
static int peek(const struct reader *reader)
{
    if (reader->at == reader->text.len) {
        return -1;
    }
    return (unsigned char)reader->text.ptr[reader->at];
}

static inline void skip_space(struct reader *reader)
{
    int byte = peek(reader);

    if (byte > ' ') {
        return; // mostly: clients write JSON without white space
    }
    while (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') {
        reader->at++;
        byte = peek(reader);
    }
}

static int add_node(struct reader *reader, enum json_type type, struct slice name,
                    struct json **out)
{
    if (reader->node_count == reader->node_limit) {
        return refuse_size(reader, "there are too many values");
    }
    if (reader->depth > 0 && reader->frame[reader->depth - 1].count == reader->element_limit) {
        return refuse_size(reader, "a list or an object has too many members");
    }
    struct json *node = arena_alloc(reader->arena, sizeof(*node));
    if (!node) {
        return -ENOMEM;
    }
    reader->node_count++;
    node->type = type;
    node->name = name;
    if (reader->depth == 0) {
        reader->root = node;
    } else {
        struct frame *frame = &reader->frame[reader->depth - 1];
        if (frame->last) {
            frame->last->next = node;
        } else {
            frame->container->child = node;
        }
        frame->last = node;
        frame->count++;
    }
    *out = node;
    return 0;
}

static int read_string(struct reader *reader, struct slice *out)
{
    const char *wrong =
        json_string_decode(reader->text, &reader->at, reader->room + reader->room_used, out);

    if (wrong) {
        return refuse(reader, wrong);
    }
    reader->room_used += out->len;
    return 0;
}

static int add_string(struct reader *reader, struct slice name)
{
    struct slice text = {0};
    struct json *node = NULL;

    int err = read_string(reader, &text);
    if (err == 0) {
        err = add_node(reader, JSON_STRING, name, &node);
    }
    if (err == 0) {
        node->text = text;
    }
    return err;
}

static size_t skip_digits(struct reader *reader)
{
    size_t begin = reader->at;

    while (peek(reader) >= '0' && peek(reader) <= '9') {
        reader->at++;
    }
    return reader->at - begin;
}

/* Steps over a number; false when it is none ("01", "1.", ".5", "+1"). */
static bool skip_number(struct reader *reader)
{
    if (peek(reader) == '-') {
        reader->at++;
    }
    bool zero = peek(reader) == '0';
    size_t digits = skip_digits(reader);
    if (digits == 0 || (zero && digits > 1)) {
        return false;
    }
    if (peek(reader) == '.') {
        reader->at++;
        if (skip_digits(reader) == 0) {
            return false;
        }
    }
    if (peek(reader) == 'e' || peek(reader) == 'E') {
        reader->at++;
        if (peek(reader) == '+' || peek(reader) == '-') {
            reader->at++;
        }
        return skip_digits(reader) > 0;
    }
    return true;
}

static int add_number(struct reader *reader, struct slice name)
{
    size_t begin = reader->at;
    struct json *node = NULL;

    if (!skip_number(reader)) {
        return refuse(reader, "a number is not one of JSON");
    }
    int err = add_node(reader, JSON_NUMBER, name, &node);
    if (err < 0) {
        return err;
    }
    size_t len = reader->at - begin;
    char *copy = reader->room + reader->room_used;
    memcpy(copy, reader->text.ptr + begin, len);
    reader->room_used += len;
    node->text = (struct slice){copy, len};
    return 0;
}

static int add_word(struct reader *reader, struct slice name, struct slice word,
                    enum json_type type)
{
    struct json *node = NULL;

    if (!slice_starts_with(slice_from_index(reader->text, reader->at), word)) {
        return refuse(reader, "a value is not one of JSON");
    }
    reader->at += word.len;
    return add_node(reader, type, name, &node);
}

static int open_container(struct reader *reader, struct slice name, enum json_type type)
{
    struct json *node = NULL;

    if (reader->depth == JSON_MAX_DEPTH) {
        return refuse(reader, "it is nested too deeply");
    }
    int err = add_node(reader, type, name, &node);
    if (err < 0) {
        return err;
    }
    reader->at++;
    reader->frame[reader->depth] = (struct frame){.container = node};
    reader->depth++;
    return 0;
}

static int read_value(struct reader *reader, struct slice name)
{
    int byte = peek(reader);

    if (byte == '{') {
        return open_container(reader, name, JSON_OBJECT);
    }
    if (byte == '[') {
        return open_container(reader, name, JSON_ARRAY);
    }
    if (byte == '"') {
        return add_string(reader, name);
    }
    if (byte == 't') {
        return add_word(reader, name, SLICE("true"), JSON_TRUE);
    }
    if (byte == 'f') {
        return add_word(reader, name, SLICE("false"), JSON_FALSE);
    }
    if (byte == 'n') {
        return add_word(reader, name, SLICE("null"), JSON_NULL);
    }
    if (byte == '-' || (byte >= '0' && byte <= '9')) {
        return add_number(reader, name);
    }
    return refuse(reader, "a value is not one of JSON");
}

static int compare_names(const void *left, const void *right)
{
    const struct json *a = *(const struct json *const *)left;
    const struct json *b = *(const struct json *const *)right;

    if (a->name.len != b->name.len) {
        return a->name.len < b->name.len ? -1 : 1;
    }
    return memcmp(a->name.ptr, b->name.ptr, a->name.len);
}

/* Equal names have equal marks; others mostly have not. */
static unsigned char mark(struct slice name)
{
    if (name.len == 0) {
        return 0;
    }
    size_t first = (unsigned char)name.ptr[0];
    size_t middle = (unsigned char)name.ptr[name.len / 2];
    size_t last = (unsigned char)name.ptr[name.len - 1];

    return (unsigned char)((name.len % MARKS * 7 + first * 31 + middle * 13 + last * 5) % MARKS);
}

static const struct json *repeated_by_marks(const struct json *first)
{
    unsigned char before[MARKED_MAX + 1]; // of the i-th name: the last one with its mark
    unsigned char last[MARKS] = {0};      // with that mark, counted from 1
    const struct json *names[MARKED_MAX + 1];
    unsigned char count = 0;

    for (const struct json *node = first; node; node = node->next) {
        unsigned char its = mark(node->name);

        for (unsigned char i = last[its]; i > 0; i = before[i]) {
            if (slice_eq(names[i]->name, node->name)) {
                return node;
            }
        }
        count++;
        names[count] = node;
        before[count] = last[its];
        last[its] = count;
    }
    return NULL;
}

static int repeated_by_sorting(struct reader *reader, const struct frame *frame,
                               const struct json **out)
{
    size_t count = 0;
    const size_t size = sizeof(void *); // of one entry, a pointer
    const struct json **sorted = arena_alloc(reader->arena, frame->count * size);

    if (!sorted) {
        return -ENOMEM;
    }
    for (const struct json *node = frame->container->child; node; node = node->next) {
        sorted[count] = node;
        count++;
    }
    qsort(sorted, count, size, compare_names);
    for (size_t i = 1; i < count; i++) {
        if (slice_eq(sorted[i - 1]->name, sorted[i]->name)) {
            *out = sorted[i];
            return 0;
        }
    }
    return 0;
}

/* Go takes the last of two equal names, merges two objects, and reuses the memory
 * of a list's elements; others take the first. */
static int check_names(struct reader *reader, const struct frame *frame)
{
    const struct json *repeated = NULL;
    int err = 0;

    if (frame->count <= MARKED_MAX) {
        repeated = repeated_by_marks(frame->container->child);
    } else {
        err = repeated_by_sorting(reader, frame, &repeated);
    }
    if (err == 0 && repeated) {
        err = refuse(reader, "a name is repeated");
        reader->why->name = repeated->name;
    }
    return err;
}

static int close_container(struct reader *reader)
{
    const struct frame *frame = &reader->frame[reader->depth - 1];
    int err = 0;

    if (frame->container->type == JSON_OBJECT) {
        err = check_names(reader, frame);
    }
    reader->at++;
    reader->depth--;
    return err;
}

static int read_name(struct reader *reader, struct slice *out)
{
    if (peek(reader) != '"') {
        return refuse(reader, "a name is missing");
    }
    int err = read_string(reader, out);
    if (err < 0) {
        return err;
    }
    skip_space(reader);
    if (peek(reader) != ':') {
        return refuse(reader, "a colon is missing");
    }
    reader->at++;
    skip_space(reader);
    return 0;
}

/* One step inside the innermost container: its end, a comma, or a value. */
static int read_step(struct reader *reader)
{
    struct frame *frame = &reader->frame[reader->depth - 1];
    bool is_object = frame->container->type == JSON_OBJECT;
    struct slice name = {0};
    int err = 0;

    skip_space(reader);
    int byte = peek(reader);
    if (byte < 0) {
        return refuse(reader, "it ends too early");
    }
    if (byte == (is_object ? '}' : ']') && frame->expect != EXPECT_VALUE) {
        return close_container(reader);
    }
    if (frame->expect == EXPECT_SEPARATOR) {
        if (byte != ',') {
            return refuse(reader, "a comma is missing");
        }
        reader->at++;
        frame->expect = EXPECT_VALUE;
        return 0;
    }
    frame->expect = EXPECT_SEPARATOR;
    if (is_object) {
        err = read_name(reader, &name);
    }
    return err < 0 ? err : read_value(reader, name);
}

static int read_document(struct reader *reader)
{
    // Go refuses the byte order mark, cJSON skips it.
    if (slice_starts_with(reader->text, SLICE("\xEF\xBB\xBF"))) {
        return refuse(reader, "it begins with a byte order mark");
    }
    skip_space(reader);
    if (peek(reader) < 0) {
        return refuse(reader, "it is empty");
    }
    int err = read_value(reader, (struct slice){0});
    while (err == 0 && reader->depth > 0) {
        err = read_step(reader);
    }
    if (err < 0) {
        return err;
    }
    skip_space(reader);
    if (peek(reader) >= 0) {
        return refuse(reader, "something follows the document");
    }
    return 0;
}

static int read_text(struct slice text, struct arena *arena, bool answer, struct json **out,
                     struct json_problem *why)
{
    struct reader reader = {.text = text,
                            .arena = arena,
                            .node_limit = answer ? JSON_MAX_ANSWER_NODES : JSON_MAX_NODES,
                            .element_limit = answer ? JSON_MAX_ANSWER_NODES : JSON_MAX_ELEMENTS,
                            .why = why};

    reader.room = arena_alloc_raw(arena, text.len);
    if (!reader.room) {
        return -ENOMEM;
    }
    int err = read_document(&reader);
    if (err < 0) {
        return err;
    }
    *out = reader.root;
    return 0;
}

int json_read(struct slice text, struct arena *arena, struct json **out, struct json_problem *why)
{
    return read_text(text, arena, false, out, why);
}

int json_read_answer(struct slice text, struct arena *arena, struct json **out,
                     struct json_problem *why)
{
    return read_text(text, arena, true, out, why);
}
