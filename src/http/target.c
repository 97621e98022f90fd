/*
 * The target as dockerd would read it: Go's net/url decodes once, gorilla/mux
 * matches the decoded path (so %2F separates) and redirects what path.Clean would
 * change. Targets that only some readers take, or take differently, are refused.
 */
#include "http/target.h"

#include <errno.h>
#include <string.h>

#include "base/plain.h"
#include "base/try.h"
#include "base/utf8.h"
#include "http/grammar.h"

#include "base/banned.h"

enum { TARGET_MAX_PAIRS = 1000 };

/* The byte after the %XX at the front of `text`, or -1. */
static int unescape(struct slice text)
{
    if (text.len < 3) {
        return -1;
    }
    int high = grammar_hex_digit(text.ptr[1]);
    int low = grammar_hex_digit(text.ptr[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool holds(struct slice text, char byte)
{
    return slice_find(text, byte) < text.len;
}

static int decode(struct slice text, bool plus_is_space, struct arena *arena, struct slice *out,
                  struct http_problem *why)
{
    if (!holds(text, '%') && !(plus_is_space && holds(text, '+'))) {
        return arena_copy(arena, text, out);
    }
    char *decoded = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    if (!decoded) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        if (byte == '%') {
            int value = unescape(slice_from_index(text, i));
            if (value < 0) {
                return http_refuse(why, 400, "the request target contains an invalid %-escape");
            }
            byte = (char)(unsigned char)value;
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        decoded[len++] = byte;
    }
    *out = (struct slice){decoded, len};
    return 0;
}

static bool is_control(char byte)
{
    unsigned char value = (unsigned char)byte;

    return value < ' ' || value == 0x7f;
}

/* Commit messages and build arguments have lines and tabs. */
static bool is_text_control(char byte)
{
    return byte == '\n' || byte == '\r' || byte == '\t';
}

static int check_controls(struct slice text, bool is_value, struct http_problem *why)
{
    for (size_t i = plain_run(text); i < text.len; i++) {
        if (is_control(text.ptr[i]) && !(is_value && is_text_control(text.ptr[i]))) {
            return http_refuse(why, 400, "the request target contains a control byte");
        }
    }
    return 0;
}

static bool is_utf8(struct slice text)
{
    return utf8_is_valid(slice_from_index(text, plain_run(text))); // which is ASCII
}

static int check_utf8(struct slice text, struct http_problem *why)
{
    return is_utf8(text) ? 0 : http_refuse(why, 400, "the request target is not valid UTF-8");
}

/* `segment` is between two slashes, or, when `last`, after the last one. */
static bool is_clean_segment(struct slice segment, bool last)
{
    if (segment.len == 0) {
        return last;
    }
    return !slice_eq(segment, SLICE(".")) && !slice_eq(segment, SLICE(".."));
}

static int check_path(struct slice path, struct http_problem *why)
{
    if (!slice_starts_with(path, SLICE("/"))) {
        return http_refuse(why, 400, "the request target doesn't start with '/'");
    }
    if (holds(path, '\\')) {
        return http_refuse(why, 400, "the path contains a backslash");
    }
    struct slice rest = slice_from_index(path, 1);
    bool more = true;
    while (more) {
        struct slice segment;
        more = slice_cut(rest, '/', &segment, &rest);
        if (!is_clean_segment(segment, !more)) {
            return http_refuse(why, 400, "the path contains an empty, \".\" or \"..\" segment");
        }
    }
    return 0;
}

static int parse_path(struct slice raw, struct arena *arena, struct slice *out,
                      struct http_problem *why)
{
    struct slice path;

    int err = decode(raw, false, arena, &path, why);
    if (err == 0) {
        err = check_controls(path, false, why);
    }
    if (err == 0) {
        err = check_utf8(path, why);
    }
    if (err == 0) {
        err = check_path(path, why);
    }
    if (err == 0) {
        *out = path;
    }
    return err;
}

static int parse_part(struct slice raw, bool is_value, struct arena *arena, struct slice *out,
                      struct http_problem *why)
{
    int err = decode(raw, true, arena, out, why);

    return err < 0 ? err : check_controls(*out, is_value, why);
}

static int parse_pair(struct slice raw, struct arena *arena, struct query_pair **out,
                      struct http_problem *why)
{
    struct query_pair *pair = arena_alloc(arena, sizeof(*pair));
    struct slice key;
    struct slice value;

    if (!pair) {
        return -ENOMEM;
    }
    slice_cut(raw, '=', &key, &value);
    int err = parse_part(key, false, arena, &pair->key, why);
    if (err == 0) {
        err = check_utf8(pair->key, why);
    }
    if (err == 0) {
        err = parse_part(value, true, arena, &pair->value, why);
    }
    if (err == 0) {
        pair->is_bytes = !is_utf8(pair->value);
        *out = pair;
    }
    return err;
}

/* Go before 1.17 took it for '&', and later ones refuse it. */
static int check_query(struct slice raw, struct http_problem *why)
{
    return holds(raw, ';') ? http_refuse(why, 400, "the query contains ';' (write %3B)") : 0;
}

static int parse_query(struct slice raw, struct arena *arena, struct query_pair **out,
                       struct http_problem *why)
{
    struct query_pair *first = NULL;
    struct query_pair **tail = &first;
    size_t count = 0;

    TRY(check_query(raw, why));
    while (raw.len > 0) {
        struct slice part;
        slice_cut(raw, '&', &part, &raw);
        if (part.len == 0) {
            continue; // so does Go
        }
        if (++count > TARGET_MAX_PAIRS) {
            return http_refuse(why, 414, "the query has too many parameters");
        }
        int err = parse_pair(part, arena, tail, why);
        if (err < 0) {
            return err;
        }
        tail = &(*tail)->next;
    }
    *out = first;
    return 0;
}

static int check_raw(struct slice raw, struct http_problem *why)
{
    if (!slice_starts_with(raw, SLICE("/"))) {
        // absolute form and "*"; also an encoded first slash, which Go refuses
        return http_refuse(why, 400, "the request target doesn't start with '/'");
    }
    if (!grammar_is_printable(raw)) {
        return http_refuse(why, 400,
                           "the request target contains bytes that must be percent-encoded");
    }
    if (holds(raw, '#')) {
        return http_refuse(why, 400, "the request target contains '#' (write %23)");
    }
    return 0;
}

static int check_escapes(struct slice raw, struct http_problem *why)
{
    while (raw.len > 0) {
        raw = slice_from_index(raw, slice_find(raw, '%'));
        if (raw.len > 0 && unescape(raw) < 0) {
            return http_refuse(why, 400, "the request target contains an invalid %-escape");
        }
        raw = slice_from_index(raw, 1);
    }
    return 0;
}

int target_parse_raw(struct slice raw, struct arena *arena, struct target *out,
                     struct http_problem *why)
{
    struct target target = {0};
    struct slice path;
    struct slice query;

    TRY(check_raw(raw, why));
    slice_cut(raw, '?', &path, &query);
    TRY(parse_path(path, arena, &target.path, why));
    TRY(check_query(query, why));
    TRY(check_escapes(query, why));
    *out = target;
    return 0;
}

int target_parse(struct slice raw, struct arena *arena, struct target *out,
                 struct http_problem *why)
{
    struct target target = {0};
    struct slice path;
    struct slice query;

    int err = check_raw(raw, why);
    if (err < 0) {
        return err;
    }
    slice_cut(raw, '?', &path, &query);
    err = parse_path(path, arena, &target.path, why);
    if (err == 0) {
        err = parse_query(query, arena, &target.query, why);
    }
    if (err == 0) {
        *out = target;
    }
    return err;
}

/* In a path ':' and '@' stay readable: image references hold them (RFC 3986, 3.3, pchar). */
static bool target_is_plain(char byte, bool in_path)
{
    return grammar_is_alphanumeric(byte) || byte == '-' || byte == '.' || byte == '_' ||
           byte == '~' || (in_path && (byte == '/' || byte == ':' || byte == '@'));
}

static int write_escape(struct buf *out, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    const char escape[] = {'%', digits[byte >> 4], digits[byte & 15]};

    return buf_append(out, (struct slice){escape, sizeof(escape)});
}

static int write_encoded(struct buf *out, struct slice text, bool in_path)
{
    while (text.len > 0) {
        size_t plain = 0;

        while (plain < text.len && target_is_plain(text.ptr[plain], in_path)) {
            plain++;
        }
        int err = buf_append(out, slice_head(text, plain));

        if (err == 0 && plain < text.len) {
            err = write_escape(out, (unsigned char)text.ptr[plain]);
        }
        if (err < 0) {
            return err;
        }
        text = slice_from_index(text, plain + 1);
    }
    return 0;
}

static int write_pair(struct buf *out, const struct query_pair *pair, char separator)
{
    int err = buf_append_byte(out, separator);

    if (err == 0) {
        err = write_encoded(out, pair->key, false);
    }
    if (err == 0) {
        err = buf_append_byte(out, '=');
    }
    return err < 0 ? err : write_encoded(out, pair->value, false);
}

int target_write(struct buf *out, struct slice path, const struct query_pair *query)
{
    size_t before = out->len;
    char separator = '?';

    int err = write_encoded(out, path, true);
    for (const struct query_pair *pair = query; pair && err == 0; pair = pair->next) {
        err = write_pair(out, pair, separator);
        separator = '&';
    }
    if (err < 0) {
        out->len = before;
    }
    return err;
}

struct slice query_value(const struct query_pair *query, struct slice key)
{
    for (; query; query = query->next) {
        if (slice_eq(query->key, key)) {
            return query->value;
        }
    }
    return (struct slice){0};
}

bool query_flag(struct slice value)
{
    value = slice_trim(value);
    return value.len > 0 && !slice_eq(value, SLICE("0")) && !slice_eq_nocase(value, SLICE("no")) &&
           !slice_eq_nocase(value, SLICE("false")) && !slice_eq_nocase(value, SLICE("none"));
}
