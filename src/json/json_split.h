/*
 * Takes a JSON text apart while it arrives: containers that the caller wants to see into are
 * opened, every other value comes whole, as its text. So a list of any length is read value by
 * value in bounded memory. Only the grammar of what is opened is checked here; what a value says,
 * and whether it is JSON at all, is for json_read().
 */
#ifndef SOCKADE_DOCKER_JSON_SPLIT_H
#define SOCKADE_DOCKER_JSON_SPLIT_H

#include "base/buf.h"
#include "base/cleanup.h"

enum { JSON_SPLIT_MAX_OPEN = 4, JSON_SPLIT_NAME_BYTES = 1024 };

enum json_piece {
    JSON_PIECE_BAD = 0, /* not JSON: give up */
    JSON_PIECE_MORE,    /* all input was used, the text goes on */
    JSON_PIECE_OPEN,    /* a container that is split begins; its bracket is `text` */
    JSON_PIECE_CLOSE,   /* it ends; `text` is the bracket */
    JSON_PIECE_VALUE,   /* `text` is a value, whole */
    JSON_PIECE_PART,    /* `text` is the next part of a value above the limit */
    JSON_PIECE_LONG_END /* that value is complete; `text` is empty */
};

/* What is known in the middle of a value. */
struct json_scan {
    size_t nested; /* brackets open */
    bool in_string;
    bool escaped; /* the last byte was a backslash inside a string */
    bool word;    /* a number, true, false or null: ends where something else begins */
};

struct json_split;

/*
 * Whether the container that begins with `bracket` is opened. split->depth containers are open
 * around it, and split->name is its name if the innermost is an object.
 */
typedef bool json_split_opens(const struct json_split *split, char bracket);

struct json_split {
    json_split_opens *opens;
    const void *context; /* of opens() */
    unsigned depth;      /* containers open */
    struct slice name;   /* of the member that the piece belongs to, decoded; or empty */
    bool done;           /* the text is complete: only white space may follow */

    /* Private. */
    unsigned state;
    char closing[JSON_SPLIT_MAX_OPEN];
    struct json_scan scan;
    bool too_long;
    bool emptied; /* `value` was handed out: forgotten with the next call */
    struct buf value;
    struct buf name_text; /* with its opening quote */
};

/* Values above `limit_bytes` come in parts. Nothing is allocated before the first use. */
void json_split_init(struct json_split *split, json_split_opens *opens, size_t limit_bytes);
void json_split_deinit(struct json_split *split);

/*
 * Takes the next piece off the front of *input. 0 or -ENOMEM. *text is borrowed from the input
 * or from `split`, until the next call. The pieces don't depend on how the text was cut, but
 * for where a PART ends. A word at the top ("null") ends with the white space behind it.
 */
MUST_CHECK int json_split_next(struct json_split *split, struct slice *input,
                               enum json_piece *piece, struct slice *text);

/* The bytes that it holds. */
size_t json_split_held(const struct json_split *split);

#endif
