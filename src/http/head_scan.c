/*
 * Finds where a head ends before any parser sees it, and refuses the line ends
 * that parsers disagree about. Go takes a bare LF, old llhttp a bare CR, both
 * join folded lines; nothing legitimate sends any of these.
 * Source: RFC 9112, sections 2.2 and 5.2.
 */
#include "http/head_parser.h"

#include <errno.h>
#include <string.h>

#include "base/plain.h"
#include "http/grammar.h"

#include "base/banned.h"

enum { TLS_HANDSHAKE = 0x16 };

static const char *wrong_first_byte(char byte)
{
    if (byte == TLS_HANDSHAKE) {
        return "this looks like TLS: the socket speaks plain HTTP/1.1";
    }
    if (!grammar_is_token_byte(byte)) {
        return "this is not HTTP/1.1: no start line begins with this byte";
    }
    return NULL;
}

/* The first control byte from `at` on, or bytes.len. Lines have none but at their ends. */
static size_t next_control(struct slice bytes, size_t at)
{
    for (uint64_t eight = 0; at + sizeof(eight) <= bytes.len; at += sizeof(eight)) {
        memcpy(&eight, bytes.ptr + at, sizeof(eight));
        uint64_t found = plain_below(eight, ' ');

        if (found) {
            return at + plain_first(found);
        }
    }
    while (at < bytes.len && (unsigned char)bytes.ptr[at] >= ' ') {
        at++;
    }
    return at;
}

static const char *wrong_line_end(struct slice bytes, size_t at, enum head_lines lines)
{
    if (lines == HEAD_LINES_CRLF && (at == 0 || bytes.ptr[at - 1] != '\r')) {
        return "a line of the head ends with a bare LF instead of CR LF";
    }
    if (at + 1 < bytes.len && (bytes.ptr[at + 1] == ' ' || bytes.ptr[at + 1] == '\t')) {
        return "a line of the head is folded (starts with whitespace)";
    }
    return NULL;
}

/* What is wrong with the control byte at `at`, or NULL. */
static const char *wrong_control(struct slice bytes, size_t at, enum head_lines lines)
{
    switch (bytes.ptr[at]) {
    case '\n':
        return wrong_line_end(bytes, at, lines);
    case '\r':
        return at + 1 < bytes.len && bytes.ptr[at + 1] != '\n'
                   ? "a line of the head ends with a bare CR instead of CR LF"
                   : NULL;
    case '\0':
        return "the head contains a NUL byte";
    default:
        return NULL; // a tab, or what the parser refuses
    }
}

static bool ends_head(const char *bytes, size_t at, enum head_lines lines)
{
    if (lines == HEAD_LINES_CRLF) {
        return at >= 3 && memcmp(bytes + at - 3, "\r\n\r\n", 4) == 0;
    }
    size_t cr = at >= 1 && bytes[at - 1] == '\r' ? 1 : 0;

    return at >= cr + 1 && bytes[at - cr - 1] == '\n';
}

/* The end of the head, 0 when it isn't there; *wrong is what comes before it and may not. */
static size_t scan(struct slice bytes, size_t from, enum head_lines lines, const char **wrong)
{
    // A line end may be half of it here: the last byte is looked at again.
    size_t start = from > 0 ? from - 1 : 0;

    *wrong = from == 0 && bytes.len > 0 ? wrong_first_byte(bytes.ptr[0]) : NULL;
    for (size_t at = next_control(bytes, start); at < bytes.len && !*wrong;
         at = next_control(bytes, at + 1)) {
        if (bytes.ptr[at] == '\n' && ends_head(bytes.ptr, at, lines)) {
            return at + 1;
        }
        *wrong = wrong_control(bytes, at, lines);
    }
    return 0;
}

enum head_end head_find_end(struct slice bytes, const struct head_limits *limits, size_t *scanned,
                            size_t *head_len, struct http_problem *why)
{
    struct slice looked_at = slice_head(bytes, limits->bytes);
    const char *wrong = NULL;
    size_t end = scan(looked_at, *scanned, limits->lines, &wrong);

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
    if (looked_at.len == limits->bytes) {
        *why = (struct http_problem){431, "the head is longer than the policy's limits.head_bytes"};
        return HEAD_BAD;
    }
    return HEAD_INCOMPLETE;
}

/* How many line feeds have no carriage return before them. */
static size_t count_bare(struct slice head)
{
    size_t count = 0;

    for (size_t at = slice_find(head, '\n'); at < head.len;
         at += 1 + slice_find(slice_from_index(head, at + 1), '\n')) {
        count += at == 0 || head.ptr[at - 1] != '\r';
    }
    return count;
}

int head_end_lines(struct slice head, struct arena *arena, struct slice *out, bool *changed)
{
    size_t bare = count_bare(head);

    *changed = bare > 0;
    if (bare == 0) {
        return arena_copy(arena, head, out);
    }
    char *written = arena_alloc_raw(arena, head.len + bare);
    size_t len = 0;

    if (!written) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < head.len; i++) {
        if (head.ptr[i] == '\n' && (i == 0 || head.ptr[i - 1] != '\r')) {
            written[len++] = '\r';
        }
        written[len++] = head.ptr[i];
    }
    *out = (struct slice){written, len};
    return 0;
}
