/*
 * The names that a scope gives to images. An engine has them once for everybody, and runs what
 * has a name before it asks a registry for it: who calls something node:22 first decides
 * what the others run and build upon. So a scope gives only names that begin with its own
 * owner, those of the policy's list, and those below localhost/, which no registry answers for.
 */
#include "base/try.h"
#include "policy/model/scope_data.h"

#include "base/banned.h"

/* Whether the name's first part is a registry.   Source: distribution/reference normalize.go. */
static bool scope_names_registry(struct slice name)
{
    struct slice first = {0};
    struct slice rest = {0};

    return slice_cut(name, '/', &first, &rest) &&
           (slice_find(first, '.') < first.len || slice_find(first, ':') < first.len ||
            slice_eq(first, SLICE("localhost")));
}

int scope_names_expand(struct arena *arena, struct slice pattern, struct slice *out)
{
    bool short_name = slice_find(pattern, '/') == pattern.len;

    if (slice_eq(pattern, SLICE("*")) || scope_names_registry(pattern)) {
        return arena_copy(arena, pattern, out);
    }
    return arena_printf(arena, out, "docker.io/%s%.*s", short_name ? "library/" : "",
                        SLICE_ARGS(pattern));
}

/* Of a listener ("/run/sockade/ci.sock", "systemd:ci") it is what it is called by. */
static struct slice scope_names_word(struct slice owner)
{
    bool listener = slice_starts_with(owner, SLICE("/"));
    size_t begin = 0;

    for (size_t i = 0; i < owner.len; i++) {
        begin = owner.ptr[i] == ':' || (listener && owner.ptr[i] == '/') ? i + 1 : begin;
    }
    struct slice word = slice_from_index(owner, begin);

    return listener && slice_ends_with(word, SLICE(".sock")) ? slice_head(word, word.len - 5)
                                                             : word;
}

int scope_names_own(struct scope *scope, struct arena *arena, struct slice owner)
{
    static const char *const ends[] = {"/*", "-*", "_*"};
    enum { COUNT = sizeof(ends) / sizeof(ends[0]) };
    struct slice word = scope_names_word(owner);
    char *text = arena_alloc(arena, word.len + 1);
    struct slice *item = arena_alloc(arena, COUNT * sizeof(*item));

    TRY_ALLOC(text);
    TRY_ALLOC(item);
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];

        text[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    scope->image_prefix = (struct slice){text, word.len};
    for (size_t i = 0; i < COUNT && word.len > 0; i++) {
        struct slice pattern = {0};

        TRY(arena_printf(arena, &pattern, "%s%s", text, ends[i]));
        TRY(scope_names_expand(arena, pattern, &item[i]));
    }
    scope->own_names = (struct string_list){.item = item, .count = word.len > 0 ? COUNT : 0};
    return 0;
}

bool scope_names_hold(const struct string_list *patterns, struct slice repository)
{
    for (size_t i = 0; i < patterns->count; i++) {
        struct slice pattern = patterns->item[i];
        bool open_end = slice_ends_with(pattern, SLICE("*"));

        if (open_end ? slice_starts_with(repository, slice_head(pattern, pattern.len - 1))
                     : slice_eq(repository, pattern)) {
            return true;
        }
    }
    return false;
}

static int scope_names_add(struct string_list *names, struct arena *arena,
                           const struct string_list *added)
{
    struct slice *item = arena_alloc(arena, (names->count + added->count) * sizeof(*item));

    TRY_ALLOC(item);
    for (size_t i = 0; i < names->count; i++) {
        item[i] = names->item[i];
    }
    for (size_t i = 0; i < added->count; i++) {
        // A copy: a policy may outlive the others of its file.
        TRY(arena_copy(arena, added->item[i], &item[names->count + i]));
    }
    *names = (struct string_list){.item = item, .count = names->count + added->count};
    return 0;
}

/*
 * Those that begin with `web` where another scope's begin with `web-db` are for that one to give.
 */
int scope_names_apart(struct scope *scope, struct arena *arena, const struct scope *other)
{
    bool within = other->image_prefix.len > scope->image_prefix.len &&
                  slice_starts_with(other->image_prefix, scope->image_prefix);

    if (!other->on || slice_eq(other->image_prefix, scope->image_prefix)) {
        return 0;
    }
    TRY(scope_names_add(&scope->other_names, arena, &other->own_names));
    return scope->image_prefix.len > 0 && within
               ? scope_names_add(&scope->longer_names, arena, &other->own_names)
               : 0;
}

bool scope_names_are_own(const struct scope *scope, struct slice repository)
{
    return scope_names_hold(&scope->own_names, repository) &&
           !scope_names_hold(&scope->longer_names, repository);
}

bool scope_names_are_others(const struct scope *scope, struct slice repository)
{
    return scope_names_hold(&scope->other_names, repository) &&
           !scope_names_are_own(scope, repository);
}
