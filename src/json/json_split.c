/*
 * See json_split.h. A state machine over bytes: it has to find where values end, and nothing
 * else, so brackets are counted and not matched.
 */
#include "json/json_split.h"

#include <errno.h>

#include "base/plain.h"
#include "base/try.h"
#include "json/json_string.h"

#include "base/banned.h"

enum state {
    SPLIT_BAD = 0,
    SPLIT_VALUE,       /* one has to follow */
    SPLIT_FIRST_VALUE, /* or the end of the list */
    SPLIT_NAME,        /* one has to follow */
    SPLIT_FIRST_NAME,  /* or the end of the object */
    SPLIT_IN_NAME,
    SPLIT_COLON,
    SPLIT_IN_VALUE,
    SPLIT_LONG_END, /* of a value whose parts have all been handed out */
    SPLIT_AFTER,    /* a comma or the end of the container; at the top nothing */
};

void json_split_init(struct json_split *split, json_split_opens *opens, size_t limit_bytes)
{
    *split = (struct json_split){.opens = opens, .state = SPLIT_VALUE};
    buf_init(&split->value, limit_bytes);
    buf_init(&split->name_text, JSON_SPLIT_NAME_BYTES);
}

void json_split_deinit(struct json_split *split)
{
    buf_deinit(&split->value);
    buf_deinit(&split->name_text);
}

size_t json_split_held(const struct json_split *split)
{
    return split->value.cap + split->name_text.cap;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void json_split_skip_space(struct slice *input)
{
    size_t count = 0;

    while (count < input->len && is_space(input->ptr[count])) {
        count++;
    }
    *input = slice_from_index(*input, count);
}

/* One byte inside a string, or the run of plain ones that begins there. */
static size_t scan_string(struct json_scan *scan, struct slice text)
{
    size_t run = scan->escaped ? 0 : plain_run(text);

    if (run > 0) {
        return run;
    }
    if (scan->escaped) {
        scan->escaped = false;
    } else if (text.ptr[0] == '\\') {
        scan->escaped = true;
    } else if (text.ptr[0] == '"') {
        scan->in_string = false;
    }
    return 1;
}

/* One byte outside of strings. */
static void scan_byte(struct json_scan *scan, char byte)
{
    switch (byte) {
    case '"':
        scan->in_string = true;
        break;
    case '{':
    case '[':
        scan->nested++;
        break;
    case '}':
    case ']':
        scan->nested--;
        break;
    default:
        break;
    }
}

static bool ends_word(char byte)
{
    return byte == ',' || byte == ']' || byte == '}' || is_space(byte);
}

/* How many bytes at the front of `text` are the value's; *complete when it ends there. */
static size_t scan_value(struct json_scan *scan, struct slice text, bool *complete)
{
    size_t at = 0;

    *complete = false;
    while (at < text.len && scan->word) {
        if (ends_word(text.ptr[at])) {
            *complete = true;
            return at;
        }
        at++;
    }
    while (at < text.len) {
        if (scan->in_string) {
            at += scan_string(scan, slice_from_index(text, at));
        } else {
            scan_byte(scan, text.ptr[at]);
            at++;
        }
        if (!scan->in_string && scan->nested == 0) {
            *complete = true;
            return at;
        }
    }
    return at;
}

static void json_split_take(struct slice *input, size_t count, struct slice *text)
{
    *text = slice_head(*input, count);
    *input = slice_from_index(*input, count);
}

static enum json_piece take_long(struct json_split *split, struct slice *input, struct slice *text)
{
    bool complete = false;
    size_t count = scan_value(&split->scan, *input, &complete);

    json_split_take(input, count, text);
    if (complete) {
        split->state = SPLIT_LONG_END;
    }
    return count > 0 || complete ? JSON_PIECE_PART : JSON_PIECE_MORE;
}

/* More of a value: kept until it is complete, unless it is in the input from end to end. */
static int in_value(struct json_split *split, struct slice *input, enum json_piece *piece,
                    struct slice *text)
{
    struct json_scan scan = split->scan;
    bool complete = false;
    size_t count = split->too_long ? 0 : scan_value(&scan, *input, &complete);

    if (!split->too_long && count > split->value.limit_bytes - split->value.len) {
        split->too_long = true;
        if (split->value.len > 0) {
            *text = buf_slice(&split->value);
            *piece = JSON_PIECE_PART;
            split->emptied = true;
            return 0;
        }
    }
    if (split->too_long) {
        *piece = take_long(split, input, text);
        return 0;
    }
    split->scan = scan;
    if (complete && split->value.len == 0) {
        json_split_take(input, count, text);
    } else {
        TRY(buf_append(&split->value, slice_head(*input, count)));
        *input = slice_from_index(*input, count);
        *text = buf_slice(&split->value);
        split->emptied = complete;
    }
    *piece = complete ? JSON_PIECE_VALUE : JSON_PIECE_MORE;
    split->state = complete ? SPLIT_AFTER : SPLIT_IN_VALUE;
    return 0;
}

static enum json_piece bad(struct json_split *split)
{
    split->state = SPLIT_BAD;
    return JSON_PIECE_BAD;
}

static enum json_piece json_split_open_container(struct json_split *split, struct slice *input,
                                                 struct slice *text)
{
    bool object = input->ptr[0] == '{';

    split->closing[split->depth] = object ? '}' : ']';
    split->depth++;
    split->state = object ? SPLIT_FIRST_NAME : SPLIT_FIRST_VALUE;
    json_split_take(input, 1, text);
    return JSON_PIECE_OPEN;
}

static enum json_piece json_split_close_container(struct json_split *split, struct slice *input,
                                                  struct slice *text)
{
    split->depth--;
    split->state = SPLIT_AFTER;
    split->name = (struct slice){NULL, 0};
    json_split_take(input, 1, text);
    return JSON_PIECE_CLOSE;
}

static int begin_value(struct json_split *split, struct slice *input, enum json_piece *piece,
                       struct slice *text)
{
    char first = input->ptr[0];
    bool container = first == '{' || first == '[';

    if (split->state == SPLIT_FIRST_VALUE) {
        split->name = (struct slice){NULL, 0}; // it was the list's
    }
    if (split->state == SPLIT_FIRST_VALUE && first == ']') {
        *piece = json_split_close_container(split, input, text);
        return 0;
    }
    if (container && split->depth < JSON_SPLIT_MAX_OPEN && split->opens(split, first)) {
        *piece = json_split_open_container(split, input, text);
        return 0;
    }
    if (ends_word(first) || first == ':') {
        *piece = bad(split);
        return 0;
    }
    split->scan = (struct json_scan){.word = !container && first != '"'};
    split->too_long = false;
    split->state = SPLIT_IN_VALUE;
    return in_value(split, input, piece, text);
}

static enum json_piece begin_name(struct json_split *split, struct slice *input, struct slice *text)
{
    if (split->state == SPLIT_FIRST_NAME && input->ptr[0] == '}') {
        return json_split_close_container(split, input, text);
    }
    if (input->ptr[0] != '"') {
        return bad(split);
    }
    buf_clear(&split->name_text);
    split->scan = (struct json_scan){0};
    split->state = SPLIT_IN_NAME;
    return JSON_PIECE_MORE;
}

/* A name that is too long, or no JSON, is no name of an engine's. */
static int in_name(struct json_split *split, struct slice *input, enum json_piece *piece)
{
    bool complete = false;
    size_t count = scan_value(&split->scan, *input, &complete);
    int err = buf_append(&split->name_text, slice_head(*input, count));

    *piece = JSON_PIECE_MORE;
    if (err == -ENOBUFS) {
        *piece = bad(split);
        return 0;
    }
    TRY(err);
    *input = slice_from_index(*input, count);
    if (!complete) {
        return 0;
    }
    char *at = split->name_text.data;
    bool same = false;

    split->state = SPLIT_COLON;
    if (json_string_decode(&at, split->name_text.data + split->name_text.len, true, &split->name,
                           &same)) {
        *piece = bad(split);
    }
    return 0;
}

static enum json_piece take_colon(struct json_split *split, struct slice *input)
{
    if (input->ptr[0] != ':') {
        return bad(split);
    }
    *input = slice_from_index(*input, 1);
    split->state = SPLIT_VALUE;
    return JSON_PIECE_MORE;
}

static enum json_piece take_after(struct json_split *split, struct slice *input, struct slice *text)
{
    if (split->depth == 0) {
        return bad(split); // something follows the text
    }
    char closing = split->closing[split->depth - 1];

    if (input->ptr[0] == closing) {
        return json_split_close_container(split, input, text);
    }
    if (input->ptr[0] != ',') {
        return bad(split);
    }
    *input = slice_from_index(*input, 1);
    split->name = (struct slice){NULL, 0};
    split->state = closing == '}' ? SPLIT_NAME : SPLIT_VALUE;
    return JSON_PIECE_MORE;
}

/* One step; MORE without an end of the input means another one. */
static int step(struct json_split *split, struct slice *input, enum json_piece *piece,
                struct slice *text)
{
    switch ((enum state)split->state) {
    case SPLIT_BAD:
        *piece = JSON_PIECE_BAD;
        return 0;
    case SPLIT_VALUE:
    case SPLIT_FIRST_VALUE:
        return begin_value(split, input, piece, text);
    case SPLIT_NAME:
    case SPLIT_FIRST_NAME:
        *piece = begin_name(split, input, text);
        return 0;
    case SPLIT_IN_NAME:
        return in_name(split, input, piece);
    case SPLIT_COLON:
        *piece = take_colon(split, input);
        return 0;
    case SPLIT_IN_VALUE:
        return in_value(split, input, piece, text);
    case SPLIT_LONG_END:
        *piece = JSON_PIECE_LONG_END;
        split->state = SPLIT_AFTER;
        return 0;
    case SPLIT_AFTER:
        *piece = take_after(split, input, text);
        return 0;
    }
    return 0;
}

int json_split_next(struct json_split *split, struct slice *input, enum json_piece *piece,
                    struct slice *text)
{
    enum json_piece found = JSON_PIECE_MORE;
    int err = 0;

    *text = (struct slice){NULL, 0};
    if (split->emptied) {
        buf_clear(&split->value);
        split->emptied = false;
    }
    while (err == 0 && found == JSON_PIECE_MORE) {
        if (split->state != SPLIT_IN_NAME && split->state != SPLIT_IN_VALUE) {
            json_split_skip_space(input);
        }
        if (input->len == 0 && split->state != SPLIT_LONG_END) {
            break;
        }
        err = step(split, input, &found, text);
    }
    split->done = split->state == SPLIT_AFTER && split->depth == 0;
    *piece = found;
    return err;
}
