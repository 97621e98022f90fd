/*
 * See image_ref.h. What the grammar of the engine's references doesn't take is bad,
 * so that no spelling ("registry.example.org/../x") means two places.
 */
#include "docker/image_ref.h"

#include <errno.h>
#include <stdint.h>

#include "base/parse.h"
#include "base/try.h"

#include "base/banned.h"

enum { ID_DIGITS = 64, TAG_MAX = 128, NAME_MAX_BYTES = 255, DIGEST_MIN_DIGITS = 32 };

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_hex(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return text.len > 0;
}

static struct slice without_algorithm(struct slice text)
{
    return slice_starts_with(text, SLICE("sha256:")) ? slice_from_index(text, 7) : text;
}

/* Lower case, digits and separators between them, as in "my-app_1.x". */
static bool is_component(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!is_lower_or_digit(c) && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return text.len > 0 && is_lower_or_digit(text.ptr[0]) &&
           is_lower_or_digit(text.ptr[text.len - 1]);
}

static bool is_path(struct slice text)
{
    bool more = true;

    while (more) {
        struct slice component = {0};

        more = slice_cut(text, '/', &component, &text);
        if (!is_component(component)) {
            return false;
        }
    }
    return true;
}

static bool is_letter_or_digit(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

/* Letters and digits, hyphens between them. */
static bool is_label(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_letter_or_digit(text.ptr[i]) && text.ptr[i] != '-') {
            return false;
        }
    }
    return text.len > 0 && is_letter_or_digit(text.ptr[0]) &&
           is_letter_or_digit(text.ptr[text.len - 1]);
}

static bool image_ref_is_host(struct slice text)
{
    bool more = true;

    while (more) {
        struct slice label = {0};

        more = slice_cut(text, '.', &label, &text);
        if (!is_label(label)) {
            return false;
        }
    }
    return true;
}

static bool image_ref_is_address(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!is_letter_or_digit(c) && c != ':' && c != '.') {
            return false;
        }
    }
    return text.len > 0;
}

/* A host with or without a port; an IPv6 address in brackets. */
static bool is_domain(struct slice text)
{
    struct slice host = {0};
    struct slice port = {0};
    uint64_t number = 0;

    if (slice_starts_with(text, SLICE("["))) {
        bool closed = slice_cut(slice_from_index(text, 1), ']', &host, &port);

        if (!closed || !image_ref_is_address(host) || (port.len > 0 && port.ptr[0] != ':')) {
            return false;
        }
        return port.len == 0 || parse_u64(slice_from_index(port, 1), &number) == 0;
    }
    return (!slice_cut(text, ':', &host, &port) || parse_u64(port, &number) == 0) &&
           image_ref_is_host(host);
}

static bool is_tag(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!is_letter_or_digit(c) && c != '_' && c != '.' && c != '-') {
            return false;
        }
    }
    return text.len > 0 && text.len <= TAG_MAX && text.ptr[0] != '.' && text.ptr[0] != '-';
}

/* "sha256:" and at least 32 hexadecimal digits. */
static bool is_digest(struct slice text)
{
    struct slice algorithm = {0};
    struct slice digits = {0};

    return slice_cut(text, ':', &algorithm, &digits) && is_component(algorithm) &&
           digits.len >= DIGEST_MIN_DIGITS && is_hex(digits);
}

/*
 * A first component is a host when it has a dot, a colon or a capital, or is localhost.
 * Capitals count since distribution/reference 0.5; before, such a name was none at all.
 */
static bool names_host(struct slice component)
{
    if (slice_eq(component, SLICE("localhost"))) {
        return true;
    }
    for (size_t i = 0; i < component.len; i++) {
        char c = component.ptr[i];

        if (c == '.' || c == ':' || (c >= 'A' && c <= 'Z')) {
            return true;
        }
    }
    return false;
}

/* "alpine" is "docker.io/library/alpine". 0; -EINVAL; -ENOMEM. */
static int normalise(struct arena *arena, struct slice name, struct slice *out)
{
    struct slice domain = {0};
    struct slice path = {0};

    if (!slice_cut(name, '/', &domain, &path) || !names_host(domain)) {
        domain = SLICE("docker.io");
        path = name;
    }
    if (slice_eq(domain, SLICE("index.docker.io"))) {
        domain = SLICE("docker.io");
    }
    if (!is_domain(domain) || !is_path(path) || domain.len + path.len >= NAME_MAX_BYTES) {
        return -EINVAL;
    }
    bool official = slice_eq(domain, SLICE("docker.io")) && slice_find(path, '/') == path.len;

    return arena_join(
        arena, ARENA_PARTS(domain, SLICE("/"), official ? SLICE("library/") : SLICE(""), path),
        out);
}

/* The ':' of a tag comes behind the last '/': others are a port's. */
static void cut_tag(struct slice text, struct slice *name, struct slice *tag)
{
    size_t slash = text.len;

    while (slash > 0 && text.ptr[slash - 1] != '/') {
        slash--;
    }
    size_t colon = slash + slice_find(slice_from_index(text, slash), ':');

    *name = slice_head(text, colon);
    *tag = slice_from_index(text, colon + 1);
}

int image_ref_parse(struct arena *arena, struct slice text, struct image_ref *out)
{
    struct image_ref ref = {.kind = IMAGE_REF_NAME};
    struct slice digits = without_algorithm(text);
    struct slice rest = {0};
    struct slice name = {0};

    *out = (struct image_ref){0};
    if (is_hex(digits) && digits.len == ID_DIGITS) {
        out->kind = IMAGE_REF_ID;
        return 0;
    }
    ref.may_be_id = is_hex(digits) && digits.len < ID_DIGITS;
    bool has_digest = slice_cut(text, '@', &rest, &ref.digest);

    cut_tag(rest, &name, &ref.tag);
    bool has_tag = name.len < rest.len;

    if ((has_digest && !is_digest(ref.digest)) || (has_tag && !is_tag(ref.tag))) {
        return 0;
    }
    int err = normalise(arena, name, &ref.repository);

    if (err == 0) {
        *out = ref;
    }
    return err == -EINVAL ? 0 : err;
}

int image_ref_parse_pull(struct arena *arena, struct slice image, struct slice tag,
                         struct image_ref *out)
{
    struct image_ref ref = {0};

    // "pull -a" may send a name with a colon and nothing behind it.
    if (slice_ends_with(image, SLICE(":"))) {
        image = slice_head(image, image.len - 1);
    }
    TRY(image_ref_parse(arena, image, &ref));
    ref.may_be_id = false; // no pull is by an id
    if (ref.kind != IMAGE_REF_NAME || (tag.len > 0 && !is_tag(tag) && !is_digest(tag))) {
        ref = (struct image_ref){0};
    } else if (tag.len > 0 && is_digest(tag)) {
        ref.tag = (struct slice){0};
        ref.digest = tag;
    } else if (tag.len > 0) {
        ref.tag = tag;
    }
    *out = ref;
    return 0;
}

bool image_ref_is_within(struct slice repository, struct slice place)
{
    return place.len > 0 && slice_starts_with(repository, place) &&
           (repository.len == place.len || repository.ptr[place.len] == '/');
}
