/*
 * The fields of one complete head, with every byte of it accounted for. Those of a request go
 * through llhttp as well, which has to come to the same fields at the same places; where the two
 * differ the head is refused. So it doesn't matter how strict the llhttp is that we are linked to.
 * Private to http/.
 */
#ifndef SOCKADE_HTTP_HEAD_FIELDS_H
#define SOCKADE_HTTP_HEAD_FIELDS_H

#include "base/cleanup.h"
#include "http/message.h"

/* Cuts the line at the front off *head, without its CR LF. false: there is none that ends so. */
bool head_cut_line(struct slice *head, struct slice *line);

/*
 * `rest` is a complete head without its start line. 0, or -EBADMSG with *why: the grammar is wrong,
 * or there are over HTTP_MAX_HEADERS fields.
 */
MUST_CHECK int head_read_fields(struct slice rest, struct http_headers *headers,
                                struct http_problem *why);

/* `ours` is what was read from `head`. 0, or -EBADMSG with *why: llhttp reads something else. */
MUST_CHECK int head_read_again(struct slice head, const struct request_head *ours,
                               struct http_problem *why);

#endif
