/*
 * One complete head through llhttp, with every byte of it accounted for. We cut
 * the lines ourselves and llhttp has to come to the same fields at the same
 * places; where the two differ the head is refused. So it doesn't matter how
 * strict the llhttp is that we are linked to. Private to http/.
 */
#ifndef SOCKADE_HTTP_HEAD_FIELDS_H
#define SOCKADE_HTTP_HEAD_FIELDS_H

#include "base/cleanup.h"
#include "http/message.h"

enum head_kind { HEAD_OF_REQUEST, HEAD_OF_RESPONSE };

struct head_reading {
    struct slice target; /* as llhttp found it */
    unsigned minor;
    unsigned status;              /* of a response */
    struct http_headers *headers; /* where the fields go: the caller's, its count 0 at first */
    /* private to the callbacks */
    bool too_many_fields;
    bool complete;
};

/* Cuts the line at the front off *head, without its CR LF. */
struct slice head_cut_line(struct slice *head);

/*
 * `head` passed head_find_end(), out->headers is set. 0, or -EBADMSG with *why: the grammar is
 * wrong, llhttp and we disagree, or there are over HTTP_MAX_HEADERS fields.
 */
MUST_CHECK int head_fields_read(enum head_kind kind, struct slice head, struct head_reading *out,
                                struct http_problem *why);

#endif
