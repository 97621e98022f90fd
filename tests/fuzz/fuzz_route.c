/*
 * Any method and path (cut at the first line feed) against the catalogue: what is
 * found is inside the path, is what its kind allows, and is found again.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "docker/api/routes.h"

static bool is_inside(struct slice part, struct slice whole)
{
    if (part.len == 0) {
        return true;
    }
    return part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

static void check_parameter(const struct route_match *match, struct slice value)
{
    bool image = strstr(match->route->path, "{name...}") != NULL || match->by_link;

    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        assert(c >= 0x20 && c != 0x7f);
        assert(image || c != '/');
    }
    assert(!slice_eq(value, SLICE(".")) && !slice_eq(value, SLICE("..")));
}

static void check_found(struct slice method, struct slice path, const struct route_match *match)
{
    assert(slice_eq(method, slice_from(match->route->method)));
    assert(is_inside(match->name, path) && is_inside(match->second, path));
    check_parameter(match, match->name);
    check_parameter(match, match->second);
    assert(match->version.given || match->version.minor == 0);
    assert(!match->version.given || (match->version.minor >= 10 && match->version.minor < 100));
    assert((match->name.len > 0) == (strchr(match->route->path, '{') != NULL));
}

// With a version in front the same row has to come out, with the same names.
static void check_versioned(struct slice method, struct slice path, const struct route_match *match)
{
    struct route_match again;
    struct buf text;

    buf_init(&text, path.len + 6);
    assert(buf_append_text(&text, "/v1.41") == 0 && buf_append(&text, path) == 0);
    assert(route_find(method, buf_slice(&text), &again) == ROUTE_FOUND);
    assert(again.route == match->route && again.version.given && again.version.minor == 41);
    assert(slice_eq(again.name, match->name) && slice_eq(again.second, match->second));
    buf_deinit(&text);
}

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct route_match match = {0};
    struct route_match again = {0};
    struct slice method;
    struct slice path;

    slice_cut((struct slice){(const char *)data, size}, '\n', &method, &path);
    enum route_result result = route_find(method, path, &match);
    assert(route_find(method, path, &again) == result);
    if (result != ROUTE_FOUND) {
        assert((match.route != NULL) == (result == ROUTE_BAD_NAME));
        return 0;
    }
    assert(again.route == match.route);
    assert(again.name.ptr == match.name.ptr && again.name.len == match.name.len);
    check_found(method, path, &match);
    if (!match.version.given) {
        check_versioned(method, path, &match);
    }
    (void)route_query_key(match.route, match.name);
    return 0;
}
