/*
 * What we refuse although the parser lets it pass: everything that two HTTP
 * parsers could read in two ways.   Source: RFC 9112, sections 2.2, 3.2, 5.1,
 * 6.1, 6.3 and 11.2, and Go's net/http, which is what dockerd reads with.
 */
#ifndef SOCKADE_HTTP_REQUEST_CHECK_H
#define SOCKADE_HTTP_REQUEST_CHECK_H

#include "base/cleanup.h"
#include "http/message.h"

/*
 * Fills framing, content_length, keep_alive, expects_continue and upgrade of
 * `head` from its header fields. 0, or -EBADMSG with *why.
 */
MUST_CHECK int request_check(struct request_head *head, struct http_problem *why);

#endif
