/*
 * Bytes to heads. The end of a head is found first; then the complete head is read in one go, so
 * that no state of a parser outlives it. A request's is read twice, by us and by llhttp, and both
 * have to agree (head_fields.h): who sends it may want two readers to see different things. A
 * response comes from the engine, and reaches the client as we understood it. Bodies never go
 * through llhttp: see body_reader.h.
 */
#ifndef SOCKADE_HTTP_HEAD_PARSER_H
#define SOCKADE_HTTP_HEAD_PARSER_H

#include "base/cleanup.h"
#include "http/message.h"
#include "sockade/arena.h"

enum head_end { HEAD_BAD = 0, HEAD_INCOMPLETE, HEAD_COMPLETE };

enum head_lines {
    HEAD_LINES_CRLF = 0,
    HEAD_LINES_ANY /* LF alone as well, as Go takes it (RFC 9112, section 2.2) */
};

struct head_limits {
    size_t bytes;
    enum head_lines lines;
};

/*
 * Looks for the empty line that ends a head. `*scanned` is where the last call
 * stopped (0 at first) and is updated, so each byte is looked at once. On
 * HEAD_COMPLETE *head_len counts the head with its empty line. HEAD_BAD as soon as
 * the bytes can be no head that we accept, with *why filled: a line feed without
 * carriage return (unless `lines` takes it) or the reverse, NUL, a folded line, a head over
 * `bytes` (431), a first byte that starts no method (TLS, for one). The HTTP/2 preface
 * is left to head_parse_request().
 */
enum head_end head_find_end(struct slice bytes, const struct head_limits *limits, size_t *scanned,
                            size_t *head_len, struct http_problem *why);

/*
 * A complete head with CR LF at the end of each line; *changed: some had LF alone. A copy in the
 * arena. 0 or -ENOMEM.
 */
MUST_CHECK int head_end_lines(struct slice head, struct arena *arena, struct slice *out,
                              bool *changed);

/*
 * `head` is one complete head. 0, or -EBADMSG with *why; *out is of no use then. Covers the
 * grammar and fills what the start line and the fields say; what two parsers could read
 * differently, and the rest of *out, is request_check()'s.
 */
MUST_CHECK int head_parse_request(struct slice head, struct request_head *out,
                                  struct http_problem *why);

/*
 * `to_head` tells that the request was HEAD, whose response has no body whatever
 * its fields say. On error *out is of no use. A 101 has framing BODY_NONE: what follows is no HTTP
 * body.
 */
MUST_CHECK int head_parse_response(struct slice head, bool to_head, struct response_head *out,
                                   struct http_problem *why);

#endif
