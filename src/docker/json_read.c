/*
 * Reads one JSON document into a tree, in one pass and without recursion. Anything
 * that two parsers might read differently is refused: the engine must see what
 * was judged.   Source: RFC 8259, and Go encoding/json for what it lets pass.
 */
#include "docker/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/plain.h"
#include "docker/json_string.h"

#include "base/banned.h"

/*
 * Up to this many names are compared with those of the same mark, more are sorted: 100,000
 * names in one object must not cost 10^10 comparisons, whatever marks they have.
 */
enum { MARKED_MAX = 64, MARKS = 256 };

/* So many NUL bytes stand behind the text that a look ahead needs no look at where it ends. */
enum { PADDING = 16, NODES_AT_ONCE = 64, USUAL_BYTES_PER_NODE = 16 };

struct frame {
    struct json *container;
    struct json **link; /* where the next child goes */
    size_t count;
    char end; /* the container's closing bracket */
};

struct reader {
    char *text; /* a copy in the arena, in which strings are decoded */
    char *at;
    const char *end;
    struct arena *arena;
    struct json *spare; /* nodes not used yet */
    size_t spare_count;
    size_t nodes_left;    /* that may be made beside those */
    size_t element_limit; /* of each list and object */
    struct frame *frame;  /* the innermost; the first is no container, it has the document */
    const struct frame *deepest;
    struct json_problem *why;
};

static int refuse(struct reader *reader, const char *sentence)
{
    *reader->why =
        (struct json_problem){.offset = (size_t)(reader->at - reader->text), .sentence = sentence};
    return -EBADMSG;
}

static int refuse_size(struct reader *reader, const char *sentence)
{
    int err = refuse(reader, sentence);

    reader->why->too_large = true;
    return err;
}

static inline void skip_space(struct reader *reader)
{
    if ((unsigned char)*reader->at > ' ') {
        return; // mostly: clients write JSON without white space
    }
    while (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n' ||
           *reader->at == '\r') {
        reader->at++;
    }
}

static int more_nodes(struct reader *reader)
{
    size_t count = (size_t)(reader->end - reader->at) / USUAL_BYTES_PER_NODE + 1;

    count = count < NODES_AT_ONCE ? count : NODES_AT_ONCE;
    count = count < reader->nodes_left ? count : reader->nodes_left;
    if (count == 0) {
        return refuse_size(reader, "there are too many values");
    }
    reader->spare = arena_alloc_raw(reader->arena, count * sizeof(*reader->spare));
    reader->spare_count = count;
    reader->nodes_left -= count;
    return reader->spare ? 0 : -ENOMEM;
}

/* A node at the end of the innermost container. */
static inline int add_node(struct reader *reader, struct json **out)
{
    struct frame *frame = reader->frame;
    int err = reader->spare_count == 0 ? more_nodes(reader) : 0;

    if (err < 0) {
        return err;
    }
    if (frame->count == reader->element_limit) {
        return refuse_size(reader, "a list or an object has too many members");
    }
    struct json *node = reader->spare;

    reader->spare++;
    reader->spare_count--;
    *node = (struct json){.type = JSON_NULL};
    *frame->link = node;
    frame->link = &node->next;
    frame->count++;
    *out = node;
    return 0;
}

/* *read: as in struct json. */
static inline int read_string(struct reader *reader, struct slice *out, const char **read)
{
    const char *begin = reader->at + 1;
    size_t len = plain_run((struct slice){begin, (size_t)(reader->end + PADDING - begin)});

    if (begin[len] == '"') {
        *out = (struct slice){begin, len};
        *read = begin;
        reader->at += len + 2;
        return 0;
    }
    const char *wrong = json_string_decode(&reader->at, reader->end, out);

    return wrong ? refuse(reader, wrong) : 0;
}

/* Whether there was a digit. */
static inline bool skip_digits(char **at)
{
    const char *begin = *at;

    while (**at >= '0' && **at <= '9') {
        (*at)++;
    }
    return *at > begin;
}

/* Steps over a number; false when it is none ("01", "1.", ".5", "+1"). */
static inline bool skip_number(char **at)
{
    if (**at == '-') {
        (*at)++;
    }
    const char *first = *at;

    if (!skip_digits(at) || (*first == '0' && *at > first + 1)) {
        return false;
    }
    if (**at == '.') {
        (*at)++;
        if (!skip_digits(at)) {
            return false;
        }
    }
    if (**at == 'e' || **at == 'E') {
        (*at)++;
        if (**at == '+' || **at == '-') {
            (*at)++;
        }
        return skip_digits(at);
    }
    return true;
}

static inline int read_number(struct reader *reader, struct json *node)
{
    const char *begin = reader->at;

    if (!skip_number(&reader->at)) {
        return refuse(reader, "a number is not one of JSON");
    }
    node->type = JSON_NUMBER;
    node->text = (struct slice){begin, (size_t)(reader->at - begin)};
    node->text_read = begin;
    return 0;
}

/* Its first letter has been seen: the last four, which are the same number in each, say it all. */
static inline int skip_word(struct reader *reader, size_t len, const char *last_four)
{
    if (memcmp(reader->at + len - 4, last_four, 4) != 0) {
        return refuse(reader, "a value is not one of JSON");
    }
    reader->at += len;
    return 0;
}

static inline int open_container(struct reader *reader, struct json *node, enum json_type type,
                                 char end)
{
    if (reader->frame == reader->deepest) {
        return refuse(reader, "it is nested too deeply");
    }
    node->type = type;
    reader->at++;
    reader->frame++;
    *reader->frame = (struct frame){.container = node, .link = &node->child, .end = end};
    return 0;
}

static inline int read_value(struct reader *reader, struct json *node)
{
    switch (*reader->at) {
    case '{':
        return open_container(reader, node, JSON_OBJECT, '}');
    case '[':
        return open_container(reader, node, JSON_ARRAY, ']');
    case '"':
        node->type = JSON_STRING;
        return read_string(reader, &node->text, &node->text_read);
    case 't':
        node->type = JSON_TRUE;
        return skip_word(reader, 4, "true");
    case 'f':
        node->type = JSON_FALSE;
        return skip_word(reader, 5, "alse");
    case 'n':
        return skip_word(reader, 4, "null");
    default:
        break;
    }
    if (*reader->at != '-' && (*reader->at < '0' || *reader->at > '9')) {
        return refuse(reader, "a value is not one of JSON");
    }
    return read_number(reader, node);
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
    const unsigned char *bytes = (const unsigned char *)name.ptr;
    unsigned middle = bytes[name.len / 2];
    unsigned last = bytes[name.len - 1];

    return (unsigned char)(((unsigned)(name.len % MARKS) * 8 + bytes[0] + middle * 4 + last * 2) %
                           MARKS);
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
    const struct frame *frame = reader->frame;
    int err = 0;

    if (frame->end == '}' && frame->count > 1) {
        err = check_names(reader, frame);
    }
    reader->at++;
    reader->frame--;
    return err;
}

static inline int read_name(struct reader *reader, struct json *node)
{
    if (*reader->at != '"') {
        return refuse(reader, "a name is missing");
    }
    int err = read_string(reader, &node->name, &node->name_read);
    if (err < 0) {
        return err;
    }
    skip_space(reader);
    if (*reader->at != ':') {
        return refuse(reader, "a colon is missing");
    }
    reader->at++;
    skip_space(reader);
    return 0;
}

/* One step inside the innermost container: its end, or the next value. */
static inline int read_step(struct reader *reader)
{
    const struct frame *frame = reader->frame;
    struct json *node = NULL;

    skip_space(reader);
    if (*reader->at == frame->end) {
        return close_container(reader);
    }
    if (frame->count > 0 && *reader->at == ',') {
        reader->at++;
        skip_space(reader);
    } else if (frame->count > 0 && reader->at < reader->end) {
        return refuse(reader, "a comma is missing");
    }
    if (reader->at == reader->end) {
        return refuse(reader, "it ends too early");
    }
    int err = add_node(reader, &node);

    if (err == 0 && frame->end == '}') {
        err = read_name(reader, node);
    }
    return err < 0 ? err : read_value(reader, node);
}

static int read_document(struct reader *reader, const struct frame *outside)
{
    // Go refuses the byte order mark, cJSON skips it.
    if (memcmp(reader->at, "\xEF\xBB\xBF", 3) == 0) {
        return refuse(reader, "it begins with a byte order mark");
    }
    skip_space(reader);
    if (reader->at == reader->end) {
        return refuse(reader, "it is empty");
    }
    do {
        int err = read_step(reader);

        if (err < 0) {
            return err;
        }
    } while (reader->frame > outside);
    skip_space(reader);
    return reader->at < reader->end ? refuse(reader, "something follows the document") : 0;
}

static int read_text(struct slice text, struct arena *arena, bool answer, struct json **out,
                     struct json_problem *why)
{
    struct frame frames[JSON_MAX_DEPTH + 1];
    struct json *root = NULL;
    char *copy = text.len < SIZE_MAX / 2 ? arena_alloc_raw(arena, text.len + PADDING) : NULL;

    if (!copy) {
        return -ENOMEM;
    }
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    memset(copy + text.len, 0, PADDING);
    // Nothing closes what is outside of the document, and one value fills it.
    frames[0] = (struct frame){.link = &root, .end = ' '};
    struct reader reader = {.text = copy,
                            .at = copy,
                            .end = copy + text.len,
                            .arena = arena,
                            .nodes_left = answer ? JSON_MAX_ANSWER_NODES : JSON_MAX_NODES,
                            .element_limit = answer ? JSON_MAX_ANSWER_NODES : JSON_MAX_ELEMENTS,
                            .frame = frames,
                            .deepest = frames + JSON_MAX_DEPTH,
                            .why = why};

    int err = read_document(&reader, frames);

    if (err == 0) {
        *out = root;
    }
    return err;
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
