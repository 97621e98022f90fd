/*
 * A canonical path to its row. Finds the row that the engine would find, with the
 * engine's patterns and in its order, and only then looks whether the names in
 * the path are such as we take. A matcher that split the path at slashes would see
 * another route than the engine does.
 */
#include <string.h>

#include "base/ascii.h"
#include "docker/api/routes.h"
#include "docker/mount.h"

#include "base/banned.h"

/* What a parameter of a template matches, and what it may be. */
enum parameter_kind {
    PARAMETER_NAME = 0, /* {name}     engine: .*     ours: [a-zA-Z0-9][a-zA-Z0-9_.-]*, or a link */
    PARAMETER_ID,       /* {id}       engine: [^/]+  ours: the same as {name} */
    PARAMETER_NETWORK,  /* {network}  engine: .*     ours: one segment, not blank */
    PARAMETER_IMAGE     /* {name...}  engine: .*     ours: the alphabet of references */
};

enum row_answer { ROW_DIFFERS = 0, ROW_BAD_NAME, ROW_MATCHES };

enum { MAX_PARAMETERS = 2 };

/* Where a match stands: what is left of template and path, and the parameters so far. */
struct row_cursor {
    struct slice template;
    struct slice path;
    struct slice value[MAX_PARAMETERS];
    size_t values;
    bool bad_name;
    bool by_link;
};

/*
 * The engine refuses only blank network names (libnetwork, `TrimSpace(name) == ""`), so
 * that "my net" is one that people have. A slash it takes too, but a path with one
 * reads in two ways, and no client that escapes names by segment could send it.
 */
static bool is_network_name(struct slice name)
{
    bool blank = true;

    if (slice_eq(name, SLICE(".")) || slice_eq(name, SLICE(".."))) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c == '/' || c < 0x20 || c == 0x7f) {
            return false;
        }
        blank = blank && c == ' ';
    }
    return !blank;
}

/*
 * References and ids of images, names of plugins. Coarse: the engine parses it again.
 * Every component begins with a letter or digit, so there is no empty one, no "..".
 * Source: distribution/reference, the grammar in reference.go.
 */
static bool is_image_name(struct slice name)
{
    char before = '/';

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!ascii_is_alphanumeric(c) &&
            (c == '\0' || before == '/' || strchr("./:@_-", c) == NULL)) {
            return false;
        }
        before = c;
    }
    return before != '/';
}

static enum parameter_kind parameter_kind(struct slice parameter)
{
    if (slice_eq(parameter, SLICE("{name...}"))) {
        return PARAMETER_IMAGE;
    }
    if (slice_eq(parameter, SLICE("{network}"))) {
        return PARAMETER_NETWORK;
    }
    if (slice_eq(parameter, SLICE("{name}"))) {
        return PARAMETER_NAME;
    }
    return PARAMETER_ID; // {id}, {checkpoint}
}

static bool parameter_takes(enum parameter_kind kind, struct slice value)
{
    switch (kind) {
    case PARAMETER_NAME:
    case PARAMETER_ID:
        return object_name_is_valid(value); // all ids are such names, too
    case PARAMETER_NETWORK:
        return is_network_name(value);
    case PARAMETER_IMAGE:
        return is_image_name(value);
    }
    return false;
}

// Everything up to the next parameter has to be there as it is.
static bool match_literal(struct row_cursor *at)
{
    struct slice literal = slice_head(at->template, slice_find(at->template, '{'));

    if (!slice_starts_with(at->path, literal)) {
        return false;
    }
    at->template = slice_from_index(at->template, literal.len);
    at->path = slice_from_index(at->path, literal.len);
    return true;
}

static bool match_parameter(struct row_cursor *at)
{
    size_t len = slice_find(at->template, '}') + 1;
    enum parameter_kind kind = parameter_kind(slice_head(at->template, len));
    struct slice value = slice_head(at->path, slice_find(at->path, '/'));

    at->template = slice_from_index(at->template, len);
    if (kind == PARAMETER_ID && value.len == 0) {
        return false;
    }
    if (kind != PARAMETER_ID) {
        // ".*" takes all that leaves the literal tail of the template, slashes included.
        if (!slice_ends_with(at->path, at->template)) {
            return false;
        }
        value = slice_head(at->path, at->path.len - at->template.len);
    }
    at->path = slice_from_index(at->path, value.len);
    bool link = kind == PARAMETER_NAME && link_name_is_valid(value);

    at->by_link = at->by_link || link;
    at->bad_name = at->bad_name || !(link || parameter_takes(kind, value));
    at->value[at->values++] = value;
    return true;
}

static enum row_answer row_match(const struct route *route, struct slice path,
                                 struct row_cursor *at)
{
    *at = (struct row_cursor){.template = slice_from(route->path), .path = path};
    while (at->template.len > 0) {
        bool matches = at->template.ptr[0] == '{'
                           ? at->values < MAX_PARAMETERS && match_parameter(at)
                           : match_literal(at);
        if (!matches) {
            return ROW_DIFFERS;
        }
    }
    if (at->path.len > 0) {
        return ROW_DIFFERS;
    }
    // Containers alone have links: an exec's id, a volume's name has no slash in it.
    bool container = slice_starts_with(slice_from(route->path), SLICE("/containers/"));

    return at->bad_name || (at->by_link && !container) ? ROW_BAD_NAME : ROW_MATCHES;
}

/*
 * Takes the version prefix off. The engine's pattern is "/v{version:[0-9.]+}" before
 * every route, and it reads "/v01.41", "/v1.041" and "/v1.41.0" all as 1.41: we take
 * one spelling. False when it is a version prefix, but none of ours.
 */
static bool cut_version(struct slice *path, struct route_version *version)
{
    size_t len = 2;

    *version = (struct route_version){0};
    if (!slice_starts_with(*path, SLICE("/v"))) {
        return true;
    }
    while (len < path->len && (ascii_is_digit(path->ptr[len]) || path->ptr[len] == '.')) {
        len++;
    }
    if (len == 2 || len == path->len || path->ptr[len] != '/') {
        return true; // "/version", "/volumes", "/v1.41": a path, which some row has or none
    }
    const char *text = path->ptr + 2;
    if (len != 6 || text[0] != '1' || text[1] != '.' || !ascii_is_digit(text[2]) ||
        text[2] == '0' || !ascii_is_digit(text[3])) {
        return false;
    }
    version->minor = (unsigned)(text[2] - '0') * 10 + (unsigned)(text[3] - '0');
    version->given = true;
    *path = slice_from_index(*path, len);
    return true;
}

enum route_result route_find(struct slice method, struct slice path, struct route_match *out)
{
    struct route_version version;
    struct row_cursor at;
    size_t count;
    const struct route *row = routes_all(&count);

    if (!cut_version(&path, &version)) {
        return ROUTE_BAD_VERSION;
    }
    for (size_t i = 0; i < count && path.len >= 2; i++) {
        // The first letter alone turns nine rows of ten away.
        if (row[i].path[1] != path.ptr[1] || !slice_eq(slice_from(row[i].method), method)) {
            continue;
        }
        enum row_answer answer = row_match(&row[i], path, &at);

        if (answer != ROW_DIFFERS) {
            *out = (struct route_match){&row[i], version, at.value[0], at.value[1], at.by_link};
            return answer == ROW_MATCHES ? ROUTE_FOUND : ROUTE_BAD_NAME;
        }
    }
    return ROUTE_UNKNOWN;
}

enum query_key_use route_query_key(const struct route *route, struct slice key)
{
    struct slice rest = slice_from(route->query);
    struct slice word;

    while (rest.len > 0) {
        slice_cut(rest, ' ', &word, &rest);
        if (slice_starts_with(word, SLICE("!"))) {
            continue;
        }
        bool dropped = slice_starts_with(word, SLICE("-"));
        bool repeated = slice_ends_with(word, SLICE("*"));
        word = slice_from_index(word, dropped ? 1 : 0);
        if (!slice_eq(slice_head(word, word.len - (repeated ? 1 : 0)), key)) {
            continue;
        }
        if (dropped) {
            return QUERY_KEY_DROPPED;
        }
        return repeated ? QUERY_KEY_REPEATED : QUERY_KEY_ONCE;
    }
    return QUERY_KEY_UNKNOWN;
}

bool route_reads_query(const struct route *route)
{
    struct slice rest = slice_from(route->query);
    struct slice word;

    while (rest.len > 0) {
        slice_cut(rest, ' ', &word, &rest);
        if (!slice_starts_with(word, SLICE("-"))) {
            return true;
        }
    }
    return false;
}
