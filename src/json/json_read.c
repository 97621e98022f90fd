/*
 * Reads one JSON document into a tree, in one pass and without recursion. Anything
 * that two parsers might read differently is refused: the engine must see what
 * was judged.   Source: RFC 8259, and Go encoding/json for what it lets pass.
 */
#include "json/json.h"

#include <errno.h>
#include <string.h>

#include "base/plain.h"
#include "json/json_names.h"
#include "json/json_string.h"

#include "base/banned.h"

/* So many NUL bytes stand behind the text that a look ahead needs no look at where it ends. */
enum { PADDING = 16, NODES_AT_ONCE = 64, USUAL_BYTES_PER_NODE = 16 };

struct frame {
    struct json *container;
    struct json **link; /* where the next child goes */
    size_t count;
    char end; /* the container's closing bracket */
};

/*
 * Functions that read take the place they read at and answer where they got to, or NULL with
 * `err` set: a place that is passed on stays in a register.
 */
struct reader {
    char *text; /* a copy in the arena, in which strings are decoded */
    const char *end;
    struct arena *arena;
    struct json *spare; /* nodes not used yet */
    size_t spare_count;
    size_t nodes_left;    /* that may be made beside those */
    size_t element_limit; /* of each list and object */
    struct frame *frame;  /* the innermost; the first is no container, it has the document */
    const struct frame *deepest;
    bool nul; /* may stand in strings */
    struct json_problem *why;
    int err;
};

static char *refuse(struct reader *reader, const char *at, const char *sentence)
{
    *reader->why =
        (struct json_problem){.offset = (size_t)(at - reader->text), .sentence = sentence};
    reader->err = -EBADMSG;
    return NULL;
}

static void refuse_size(struct reader *reader, const char *at, const char *sentence)
{
    refuse(reader, at, sentence);
    reader->why->too_large = true;
}

static inline char *json_read_skip_space(char *at)
{
    if ((unsigned char)*at > ' ') {
        return at; // mostly: clients write JSON without white space
    }
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') {
        at++;
    }
    return at;
}

/* Whether there are any. */
static bool more_nodes(struct reader *reader, const char *at)
{
    size_t count = (size_t)(reader->end - at) / USUAL_BYTES_PER_NODE + 1;

    count = count < NODES_AT_ONCE ? count : NODES_AT_ONCE;
    count = count < reader->nodes_left ? count : reader->nodes_left;
    if (count == 0) {
        refuse_size(reader, at, "too many values");
        return false;
    }
    reader->spare = arena_alloc_raw(reader->arena, count * sizeof(*reader->spare));
    reader->err = reader->spare ? 0 : -ENOMEM;
    reader->spare_count = count;
    reader->nodes_left -= count;
    return reader->spare != NULL;
}

/* A node at the end of the innermost container, or NULL. */
static inline struct json *add_node(struct reader *reader, const char *at)
{
    struct frame *frame = reader->frame;

    if (reader->spare_count == 0 && !more_nodes(reader, at)) {
        return NULL;
    }
    if (frame->count == reader->element_limit) {
        refuse_size(reader, at, "a list or an object has too many members");
        reader->why->name = frame->container->name;
        return NULL;
    }
    struct json *node = reader->spare;

    reader->spare++;
    reader->spare_count--;
    *node = (struct json){.type = JSON_NULL};
    *frame->link = node;
    frame->link = &node->next;
    frame->count++;
    return node;
}

/* *read: as in struct json. */
static char *decode_string(struct reader *reader, char *at, struct slice *out, const char **read)
{
    bool same = false;
    const char *wrong = json_string_decode(&at, reader->end, reader->nul, out, &same);

    if (wrong) {
        return refuse(reader, at, wrong);
    }
    *read = same ? out->ptr : NULL;
    return at;
}

static inline char *json_read_string(struct reader *reader, char *at, struct slice *out,
                                     const char **read)
{
    const char *begin = at + 1;
    size_t len = plain_run((struct slice){begin, (size_t)(reader->end + PADDING - begin)});

    if (begin[len] != '"') {
        return decode_string(reader, at, out, read);
    }
    *out = (struct slice){begin, len};
    *read = begin;
    return at + len + 2;
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

static inline char *json_read_number(struct reader *reader, char *at, struct json *node)
{
    const char *begin = at;

    if (!skip_number(&at)) {
        return refuse(reader, at, "invalid number");
    }
    node->type = JSON_NUMBER;
    node->text = (struct slice){begin, (size_t)(at - begin)};
    node->text_read = begin;
    return at;
}

/* Its first letter has been seen: the last four, which are the same number in each, say it all. */
static inline char *json_read_skip_word(struct reader *reader, char *at, size_t len,
                                        const char *last_four)
{
    if (memcmp(at + len - 4, last_four, 4) != 0) {
        return refuse(reader, at, "invalid value");
    }
    return at + len;
}

static inline char *json_read_open_container(struct reader *reader, char *at, struct json *node,
                                             enum json_type type, char end)
{
    if (reader->frame == reader->deepest) {
        return refuse(reader, at, "nested too deeply");
    }
    node->type = type;
    reader->frame++;
    *reader->frame = (struct frame){.container = node, .link = &node->child, .end = end};
    return at + 1;
}

static inline char *json_read_value(struct reader *reader, char *at, struct json *node)
{
    switch (*at) {
    case '{':
        return json_read_open_container(reader, at, node, JSON_OBJECT, '}');
    case '[':
        return json_read_open_container(reader, at, node, JSON_ARRAY, ']');
    case '"':
        node->type = JSON_STRING;
        return json_read_string(reader, at, &node->text, &node->text_read);
    case 't':
        node->type = JSON_TRUE;
        return json_read_skip_word(reader, at, 4, "true");
    case 'f':
        node->type = JSON_FALSE;
        return json_read_skip_word(reader, at, 5, "alse");
    case 'n':
        return json_read_skip_word(reader, at, 4, "null");
    default:
        break;
    }
    if (*at != '-' && (*at < '0' || *at > '9')) {
        return refuse(reader, at, "invalid value");
    }
    return json_read_number(reader, at, node);
}

/* Go takes the last of two equal names, merges two objects, and reuses the memory
 * of a list's elements; others take the first. */
static void check_names(struct reader *reader, const char *at, const struct frame *frame)
{
    const struct json *repeated = NULL;

    reader->err =
        json_names_find_repeated(frame->container->child, frame->count, reader->arena, &repeated);
    if (repeated) {
        refuse(reader, at, "duplicate key");
        reader->why->name = repeated->name;
    }
}

static inline char *json_read_close_container(struct reader *reader, char *at)
{
    const struct frame *frame = reader->frame;

    if (frame->end == '}' && frame->count > 1) {
        check_names(reader, at, frame);
    }
    reader->frame--;
    return reader->err < 0 ? NULL : at + 1;
}

static inline char *read_name(struct reader *reader, char *at, struct json *node)
{
    if (*at != '"') {
        return refuse(reader, at, "missing key");
    }
    at = json_read_string(reader, at, &node->name, &node->name_read);
    if (!at) {
        return NULL;
    }
    at = json_read_skip_space(at);
    if (*at != ':') {
        return refuse(reader, at, "missing colon");
    }
    return json_read_skip_space(at + 1);
}

/* One step inside the innermost container: its end, or the next value. */
static inline char *read_step(struct reader *reader, char *at)
{
    const struct frame *frame = reader->frame;

    at = json_read_skip_space(at);
    if (*at == frame->end) {
        return json_read_close_container(reader, at);
    }
    if (frame->count > 0 && *at == ',') {
        at = json_read_skip_space(at + 1);
    } else if (frame->count > 0 && at < reader->end) {
        return refuse(reader, at, "missing comma");
    }
    if (at == reader->end) {
        return refuse(reader, at, "unexpected end");
    }
    struct json *node = add_node(reader, at);

    if (node && frame->end == '}') {
        at = read_name(reader, at, node);
    }
    return node && at ? json_read_value(reader, at, node) : NULL;
}

static int json_read_document(struct reader *reader, const struct frame *outside)
{
    char *at = json_read_skip_space(reader->text);

    // Go refuses the byte order mark, cJSON skips it.
    if (memcmp(reader->text, "\xEF\xBB\xBF", 3) == 0) {
        refuse(reader, at, "byte order mark at the beginning");
    } else if (at == reader->end) {
        refuse(reader, at, "empty document");
    }
    if (reader->err < 0) {
        return reader->err;
    }
    do {
        at = read_step(reader, at);
    } while (at && reader->frame > outside);
    if (at && json_read_skip_space(at) < reader->end) {
        refuse(reader, json_read_skip_space(at), "unexpected data after the document");
    }
    return reader->err;
}

/* Where it is from, which says what it may hold. */
enum origin { FROM_CLIENT = 0, FROM_ENGINE, FROM_ENGINE_AS_IT_IS };

static size_t most_nodes(enum origin origin, size_t elements)
{
    if (origin != FROM_CLIENT) {
        return JSON_MAX_ANSWER_NODES;
    }
    return elements <= JSON_MAX_ELEMENTS
               ? JSON_MAX_NODES
               : JSON_MAX_NODES + (elements - JSON_MAX_ELEMENTS) * JSON_NODES_PER_ELEMENT;
}

static int json_read_text(struct slice text, struct arena *arena, enum origin origin,
                          size_t elements, struct json **out, struct json_problem *why)
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
                            .end = copy + text.len,
                            .arena = arena,
                            .nodes_left = most_nodes(origin, elements),
                            .element_limit = elements,
                            .frame = frames,
                            .deepest = frames + JSON_MAX_DEPTH,
                            .nul = origin == FROM_ENGINE_AS_IT_IS,
                            .why = why};

    int err = json_read_document(&reader, frames);

    if (err == 0) {
        *out = root;
    }
    return err;
}

int json_read(struct slice text, struct arena *arena, struct json **out, struct json_problem *why)
{
    return json_read_text(text, arena, FROM_CLIENT, JSON_MAX_ELEMENTS, out, why);
}

int json_read_within(struct slice text, struct arena *arena, size_t elements, struct json **out,
                     struct json_problem *why)
{
    return json_read_text(text, arena, FROM_CLIENT, elements, out, why);
}

int json_read_answer(struct slice text, struct arena *arena, struct json **out,
                     struct json_problem *why)
{
    return json_read_text(text, arena, FROM_ENGINE, JSON_MAX_ANSWER_NODES, out, why);
}

int json_read_shown(struct slice text, struct arena *arena, struct json **out)
{
    struct json_problem why = {0};

    return json_read_text(text, arena, FROM_ENGINE_AS_IT_IS, JSON_MAX_ANSWER_NODES, out, &why);
}
