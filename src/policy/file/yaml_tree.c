/*
 * Reads libyaml's events into a tree. What YAML offers for saying a thing twice
 * or elsewhere is refused, since a policy is read by people: an alias or a second
 * key of the same name shows them something else than what holds.
 */
#include "policy/file/yaml_tree.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "base/try.h"

#include "base/banned.h"

struct reader {
    yaml_parser_t parser;
    struct arena *arena;
    struct diag *diag;
    unsigned depth;
    unsigned nodes;
};

static unsigned position(size_t from_zero)
{
    return from_zero < 1000000 ? (unsigned)from_zero + 1 : 1000000;
}

static int yaml_tree_complain(struct reader *reader, yaml_mark_t at, const char *sentence)
{
    diag_set(reader->diag, position(at.line), position(at.column), "%s", sentence);
    return -EINVAL;
}

static int next_event(struct reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event)) {
        return 0;
    }
    if (reader->parser.error == YAML_MEMORY_ERROR) {
        return -ENOMEM;
    }
    const char *problem = reader->parser.problem ? reader->parser.problem : "unreadable";
    yaml_mark_t at = reader->parser.problem_mark;

    diag_set(reader->diag, position(at.line), position(at.column), "this is not YAML: %s", problem);
    return -EINVAL;
}

static struct tree_node *new_node(struct reader *reader, enum tree_kind kind,
                                  const yaml_event_t *event)
{
    struct tree_node *node = arena_alloc(reader->arena, sizeof(*node));

    if (node) {
        node->kind = kind;
        node->line = position(event->start_mark.line);
        node->column = position(event->start_mark.column);
    }
    return node;
}

/* Neither may be there. */
static int check_decorations(struct reader *reader, const yaml_event_t *event,
                             const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor) {
        return yaml_tree_complain(reader, event->start_mark,
                                  "anchors are not supported: write the value out");
    }
    return tag ? yaml_tree_complain(reader, event->start_mark, "tags are not supported") : 0;
}

static int read_scalar(struct reader *reader, const yaml_event_t *event, struct tree_node **out)
{
    const char *value = (const char *)event->data.scalar.value;
    struct slice text = {value, event->data.scalar.length};

    TRY(check_decorations(reader, event, event->data.scalar.anchor, event->data.scalar.tag));
    if (memchr(value, '\0', text.len)) {
        return yaml_tree_complain(reader, event->start_mark, "a text contains NUL");
    }
    struct tree_node *node = new_node(reader, TREE_SCALAR, event);

    if (!node || arena_copy(reader->arena, text, &node->text) < 0) {
        return -ENOMEM;
    }
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    *out = node;
    return 0;
}

/* A list or a map that has just been opened; read_children() fills it. */
static int open_node(struct reader *reader, const yaml_event_t *event, struct tree_node **out)
{
    bool map = event->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *anchor =
        map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    const yaml_char_t *tag = map ? event->data.mapping_start.tag : event->data.sequence_start.tag;

    TRY(check_decorations(reader, event, anchor, tag));
    if (reader->depth >= YAML_TREE_MAX_DEPTH) {
        return yaml_tree_complain(reader, event->start_mark, "this is nested too deeply");
    }
    *out = new_node(reader, map ? TREE_MAP : TREE_LIST, event);
    return *out ? 0 : -ENOMEM;
}

static int read_children(struct reader *reader, struct tree_node *parent);

/* The node that `event` begins. NULL in *out: the event ends the parent. */
static int read_node(struct reader *reader, const yaml_event_t *event, struct tree_node **out)
{
    *out = NULL;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(reader, event, out);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT: {
        TRY(open_node(reader, event, out));
        return read_children(reader, *out);
    }
    case YAML_ALIAS_EVENT:
        return yaml_tree_complain(reader, event->start_mark,
                                  "aliases are not supported: write the value out");
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return 0;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return yaml_tree_complain(reader, event->start_mark, "a value is missing here");
}

static int read_next(struct reader *reader, struct tree_node **out)
{
    yaml_event_t event;
    int err = next_event(reader, &event);

    if (err < 0) {
        return err;
    }
    if (++reader->nodes > YAML_TREE_MAX_NODES) {
        err = yaml_tree_complain(reader, event.start_mark, "this file has too many values");
    } else {
        err = read_node(reader, &event, out);
    }
    yaml_event_delete(&event);
    return err;
}

/* `key` has been read as a node; the value follows. */
static int yaml_tree_read_value(struct reader *reader, const struct tree_node *parent,
                                const struct tree_node *key, struct tree_node **out)
{
    if (key->kind != TREE_SCALAR) {
        diag_set(reader->diag, key->line, key->column, "a key must be a word");
        return -EINVAL;
    }
    if (tree_member(parent, key->text.ptr)) {
        diag_set(reader->diag, key->line, key->column, "%s is given twice", key->text.ptr);
        return -EINVAL;
    }
    struct tree_node *value = NULL;

    TRY(read_next(reader, &value));
    if (!value) {
        diag_set(reader->diag, key->line, key->column, "%s has no value", key->text.ptr);
        return -EINVAL;
    }
    value->key = key->text;
    value->key_line = key->line;
    value->key_column = key->column;
    *out = value;
    return 0;
}

static int read_children(struct reader *reader, struct tree_node *parent)
{
    struct tree_node **tail = &parent->child;

    reader->depth++;
    for (;;) {
        struct tree_node *node = NULL;

        TRY(read_next(reader, &node));
        if (node && parent->kind == TREE_MAP) {
            TRY(yaml_tree_read_value(reader, parent, node, &node));
        }
        if (!node) {
            break;
        }
        *tail = node;
        tail = &node->next;
    }
    reader->depth--;
    return 0;
}

/* Takes one event, which must be of `type`. */
static int expect(struct reader *reader, yaml_event_type_t type, const char *otherwise)
{
    yaml_event_t event;
    int err = next_event(reader, &event);

    if (err < 0) {
        return err;
    }
    if (event.type != type) {
        err = yaml_tree_complain(reader, event.start_mark, otherwise);
    }
    yaml_event_delete(&event);
    return err;
}

static int yaml_tree_read_document(struct reader *reader, struct tree_node **out)
{
    struct tree_node *node = NULL;

    TRY(expect(reader, YAML_STREAM_START_EVENT, "this is not YAML"));
    TRY(expect(reader, YAML_DOCUMENT_START_EVENT, "the file is empty"));
    TRY(read_next(reader, &node));
    TRY(expect(reader, YAML_DOCUMENT_END_EVENT, "unexpected content after the document"));
    TRY(expect(reader, YAML_STREAM_END_EVENT,
               "only one document is allowed, and a second one begins here"));
    *out = node;
    return 0;
}

int yaml_tree_read(struct slice text, struct arena *arena, struct tree_node **out,
                   struct diag *diag)
{
    struct reader reader = {.arena = arena, .diag = diag};

    if (slice_starts_with(text, SLICE("\xef\xbb\xbf"))) {
        text = slice_from_index(text, 3); // a byte order mark, as editors on Windows write it
    }
    const char *bytes = text.len > 0 ? text.ptr : "";

    if (!yaml_parser_initialize(&reader.parser)) {
        return -ENOMEM;
    }
    // Without this libyaml would guess UTF-16 from the first bytes.
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, text.len);
    int err = yaml_tree_read_document(&reader, out);

    yaml_parser_delete(&reader.parser);
    return err;
}

const struct tree_node *tree_member(const struct tree_node *map, const char *key)
{
    if (map->kind != TREE_MAP) {
        return NULL;
    }
    for (const struct tree_node *node = map->child; node; node = node->next) {
        if (slice_eq(node->key, slice_from(key))) {
            return node;
        }
    }
    return NULL;
}
