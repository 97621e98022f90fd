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

/* What is wrong with the byte at `at`, judged with the one before it; or NULL. */
static const char *wrong_byte(const char *bytes, size_t at)
{
    char byte = bytes[at];

    if (at == 0) {
        return wrong_first_byte(byte);
    }
    char before = bytes[at - 1];
    if (byte == '\n' && before != '\r') {
        return "a line of the head ends with LF alone instead of CR LF";
    }
    if (byte != '\n' && before == '\r') {
        return "a line of the head ends with CR alone instead of CR LF";
    }
    if (byte == '\0') {
        return "the head holds a NUL byte";
    }
    if (before == '\n' && (byte == ' ' || byte == '\t')) {
        return "a line of the head is folded (starts with white space)";
    }
    return NULL;
}

static bool ends_head(const char *bytes, size_t at)
{
    return at >= 3 && memcmp(bytes + at - 3, "\r\n\r\n", 4) == 0;
}

enum head_end head_find_end(struct slice bytes, size_t limit_bytes, size_t *scanned,
                            size_t *head_len, struct http_problem *why)
{
    size_t stop = slice_head(bytes, limit_bytes).len;

    for (size_t at = *scanned; at < stop; at++) {
        const char *wrong = wrong_byte(bytes.ptr, at);
        if (wrong) {
            *why = (struct http_problem){400, wrong};
            return HEAD_BAD;
        }
        if (ends_head(bytes.ptr, at)) {
            *scanned = at + 1;
            *head_len = at + 1;
            return HEAD_COMPLETE;
        }
    }
    *scanned = stop;
    if (stop == limit_bytes) {
        *why = (struct http_problem){431, "the head is too long"};
        return HEAD_BAD;
    }
    return HEAD_INCOMPLETE;
}
