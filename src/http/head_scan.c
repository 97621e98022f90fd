/*
 * Finds where a head ends before any parser sees it, and refuses the line ends
 * that parsers disagree about. Go takes a bare LF, old llhttp a bare CR, both
 * join folded lines; nothing legitimate sends any of these.
 * Source: RFC 9112, sections 2.2 and 5.2.
 */
#include "http/head_parser.h"

#include <string.h>

#include "http/grammar.h"

#include "base/banned.h"

enum { TLS_HANDSHAKE = 0x16 };

static const char *wrong_first_byte(char byte)
{
    if (byte == TLS_HANDSHAKE) {
        return "this looks like TLS: the socket speaks plain HTTP/1.1";
    }
    if (!grammar_is_token_byte(byte)) {
        return "this is no HTTP/1.1: the first byte starts no start line";
    }
    return NULL;
}

/* The first `byte` from `from` on, or `stop`. */
static size_t find(const char *bytes, size_t from, size_t stop, char byte)
{
    const char *at = from < stop ? memchr(bytes + from, byte, stop - from) : NULL;

    return at ? (size_t)(at - bytes) : stop;
}

/* What is wrong with the line feed at `at`, or NULL. */
static const char *wrong_line_end(struct slice bytes, size_t at)
{
    if (at == 0 || bytes.ptr[at - 1] != '\r') {
        return "a line of the head ends with LF alone instead of CR LF";
    }
    if (at + 1 < bytes.len && (bytes.ptr[at + 1] == ' ' || bytes.ptr[at + 1] == '\t')) {
        return "a line of the head is folded (starts with white space)";
    }
    return NULL;
}

/* The same of everything else between the two. */
static const char *wrong_byte(const char *bytes, size_t from, size_t stop)
{
    if (find(bytes, from, stop, '\0') < stop) {
        return "the head holds a NUL byte";
    }
    for (size_t at = find(bytes, from, stop, '\r'); at + 1 < stop;
         at = find(bytes, at + 1, stop, '\r')) {
        if (bytes[at + 1] != '\n') {
            return "a line of the head ends with CR alone instead of CR LF";
        }
    }
    return NULL;
}

static bool ends_head(const char *bytes, size_t at)
{
    return at >= 3 && memcmp(bytes + at - 3, "\r\n\r\n", 4) == 0;
}

/* The end of the head, 0 when it isn't there; *wrong is what comes before it and may not. */
static size_t scan(struct slice bytes, size_t from, const char **wrong)
{
    // A line end may be half of it here: the last byte is looked at again.
    size_t start = from > 0 ? from - 1 : 0;
    size_t end = 0;

    *wrong = from == 0 && bytes.len > 0 ? wrong_first_byte(bytes.ptr[0]) : NULL;
    for (size_t at = find(bytes.ptr, start, bytes.len, '\n'); at < bytes.len && end == 0 && !*wrong;
         at = find(bytes.ptr, at + 1, bytes.len, '\n')) {
        if (ends_head(bytes.ptr, at)) {
            end = at + 1;
        } else {
            *wrong = wrong_line_end(bytes, at);
        }
    }
    if (!*wrong) {
        *wrong = wrong_byte(bytes.ptr, start, end > 0 ? end : bytes.len);
    }
    return end;
}

enum head_end head_find_end(struct slice bytes, size_t limit_bytes, size_t *scanned,
                            size_t *head_len, struct http_problem *why)
{
    struct slice looked_at = slice_head(bytes, limit_bytes);
    const char *wrong = NULL;
    size_t end = scan(looked_at, *scanned, &wrong);

    if (wrong) {
        *why = (struct http_problem){400, wrong};
        return HEAD_BAD;
    }
    if (end > 0) {
        *scanned = end;
        *head_len = end;
        return HEAD_COMPLETE;
    }
    *scanned = looked_at.len;
    if (looked_at.len == limit_bytes) {
        *why = (struct http_problem){431, "the head is too long"};
        return HEAD_BAD;
    }
    return HEAD_INCOMPLETE;
}
