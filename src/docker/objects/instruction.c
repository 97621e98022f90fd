/*
 * See instruction.h. Where a value ends can't be told from such a text, so who hides one hides
 * what follows as well.
 */
#include "docker/objects/instruction.h"

#include "docker/objects/secret.h"

#include "base/banned.h"

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

static bool instruction_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

/* The variable's name that ends at `equals`. */
static struct slice name_before(struct slice text, size_t equals)
{
    size_t from = equals;

    while (from > 0 && is_name_byte(text.ptr[from - 1])) {
        from--;
    }
    return slice_head(slice_from_index(text, from), equals - from);
}

/* Whether what stands at `value` is to be hidden. `url`: where the last one with a user is. */
static bool instruction_hides(struct slice text, struct slice name, size_t value, size_t url,
                              bool all)
{
    return all || secret_name(name) || (url >= value && url < text.len) ||
           secret_start(slice_from_index(text, value));
}

/* Behind the first '=' whose value is to be hidden. */
static size_t shown_before_equals(struct slice text, size_t url, bool all)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '=') {
            continue;
        }
        struct slice name = name_before(text, i);

        if (name.len > 0 && instruction_hides(text, name, i + 1, url, all)) {
            return i + 1;
        }
    }
    return text.len;
}

static size_t skip_blanks(struct slice text, size_t at)
{
    while (at < text.len && instruction_is_blank(text.ptr[at])) {
        at++;
    }
    return at;
}

static size_t instruction_skip_word(struct slice text, size_t at)
{
    while (at < text.len && !instruction_is_blank(text.ptr[at])) {
        at++;
    }
    return at;
}

/* Whether the word that ends at `end` is "ENV"; what stands before it may be anything but a name.
 */
static bool is_env(struct slice text, size_t end)
{
    return end >= 3 &&
           slice_eq_nocase(slice_head(slice_from_index(text, end - 3), 3), SLICE("ENV")) &&
           (end == 3 || !is_name_byte(text.ptr[end - 4]));
}

/* "ENV NAME value": behind the name, of the first whose value is to be hidden. */
static size_t shown_before_value(struct slice text, size_t url, bool all)
{
    for (size_t end = instruction_skip_word(text, skip_blanks(text, 0)); end < text.len;) {
        size_t name_from = skip_blanks(text, end);
        size_t name_to = instruction_skip_word(text, name_from);
        size_t value = skip_blanks(text, name_to);
        struct slice name = slice_head(slice_from_index(text, name_from), name_to - name_from);

        if (is_env(text, end) && value < text.len && slice_find(name, '=') == name.len &&
            instruction_hides(text, name, value, url, all)) {
            return value;
        }
        end = name_to;
    }
    return text.len;
}

size_t instruction_shown(struct slice text, bool all)
{
    // Once for all of them: an image's author writes as many '=' as he likes.
    size_t url = all ? text.len : secret_last_url(text);
    size_t before_equals = shown_before_equals(text, url, all);
    size_t before_value = shown_before_value(text, url, all);

    return before_equals < before_value ? before_equals : before_value;
}
