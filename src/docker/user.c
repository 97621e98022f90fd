/*
 * See user.h.
 */
#include "docker/user.h"

#include "base/parse.h"

#include "base/banned.h"

enum { USER_MAX_NUMBER = 2147483647 };

/* Digits with or without a sign: what Go's Atoi might take for a number. */
static bool is_numeric(struct slice text)
{
    size_t at = text.ptr[0] == '+' || text.ptr[0] == '-' ? 1 : 0;

    for (; at < text.len; at++) {
        if (text.ptr[at] < '0' || text.ptr[at] > '9') {
            return false;
        }
    }
    return true;
}

static enum user_kind user_kind_of(struct slice text)
{
    uint64_t number = 0;

    if (text.len == 0) {
        return USER_NONE;
    }
    if (slice_eq(text, SLICE("root"))) {
        return USER_ROOT;
    }
    if (!is_numeric(text)) {
        return USER_NAME;
    }
    if (text.ptr[0] >= '1' && text.ptr[0] <= '9' && parse_u64(text, &number) == 0 &&
        number <= USER_MAX_NUMBER) {
        return USER_NUMBER;
    }
    // "+0", "007", and numbers out of range, which are looked up as names: an image may
    // map any name to 0, and nobody writes these who means well.
    return USER_ROOT;
}

struct user_spec user_parse(struct slice text)
{
    struct user_spec spec = {0};
    struct slice rest = {0};

    spec.has_colon = slice_cut(text, ':', &spec.user_text, &rest);
    // The engine splits at every colon and looks at the first two parts only.
    slice_cut(rest, ':', &spec.group_text, &rest);
    spec.user = user_kind_of(spec.user_text);
    spec.group = user_kind_of(spec.group_text);
    return spec;
}
