/*
 * See secret.h. Names are taken apart into words, at what is no letter and where a small
 * letter is followed by a capital.
 */
#include "docker/objects/secret.h"

#include <stddef.h>

#include "base/banned.h"

enum word_rule {
    WORD_IS = 0,  /* the whole word */
    WORD_ENDS,    /* its end: "DBPASS", "GITHUBTOKEN" */
    WORD_CONTAINS /* "PGPASSWORD", "PASSWORDFILE" */
};

struct word_row {
    struct slice word;
    enum word_rule rule;
};

// clang-format off
static const struct word_row words[] = {
    {SLICE_INIT("PASSWORD"),   WORD_CONTAINS},
    {SLICE_INIT("PASSWD"),     WORD_CONTAINS},
    {SLICE_INIT("PASSPHRASE"), WORD_CONTAINS},
    {SLICE_INIT("SECRET"),     WORD_CONTAINS},
    {SLICE_INIT("CREDENTIAL"), WORD_CONTAINS},
    {SLICE_INIT("APIKEY"),     WORD_CONTAINS},
    {SLICE_INIT("ACCESSKEY"),  WORD_CONTAINS},
    {SLICE_INIT("PRIVATEKEY"), WORD_CONTAINS},
    {SLICE_INIT("PASS"),       WORD_ENDS},
    {SLICE_INIT("TOKEN"),      WORD_ENDS},
    {SLICE_INIT("TOKENS"),     WORD_ENDS},
    {SLICE_INIT("AUTH"),       WORD_ENDS},
    {SLICE_INIT("KEY"),        WORD_IS},
    {SLICE_INIT("KEYS"),       WORD_IS},
    {SLICE_INIT("PRIVATE"),    WORD_IS},
    {SLICE_INIT("PW"),         WORD_IS},
    {SLICE_INIT("PWD"),        WORD_IS},
    {SLICE_INIT("CRED"),       WORD_IS},
    {SLICE_INIT("CREDS"),      WORD_IS},
    {SLICE_INIT("JWT"),        WORD_IS},
    {SLICE_INIT("COOKIE"),     WORD_IS},
    {SLICE_INIT("SALT"),       WORD_IS},
    {SLICE_INIT("DSN"),        WORD_IS},
};

static const struct slice value_starts[] = {
    SLICE_INIT("-----BEGIN "), SLICE_INIT("ghp_"),  SLICE_INIT("gho_"),  SLICE_INIT("ghs_"),
    SLICE_INIT("github_pat_"), SLICE_INIT("glpat-"), SLICE_INIT("xoxb-"), SLICE_INIT("xoxp-"),
    SLICE_INIT("AKIA"),        SLICE_INIT("ASIA"),  SLICE_INIT("dckr_pat_"), SLICE_INIT("npm_"),
    SLICE_INIT("pypi-"),       SLICE_INIT("eyJ"),   SLICE_INIT("Bearer "),   SLICE_INIT("Basic "),
};
// clang-format on

static bool secret_is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Takes the next word off `rest`; empty at the end. */
static struct slice secret_next_word(struct slice *rest)
{
    size_t from = 0;

    while (from < rest->len && !secret_is_lower(rest->ptr[from]) && !is_upper(rest->ptr[from])) {
        from++;
    }
    size_t to = from;

    while (to < rest->len && (secret_is_lower(rest->ptr[to]) || is_upper(rest->ptr[to])) &&
           (to == from || !(secret_is_lower(rest->ptr[to - 1]) && is_upper(rest->ptr[to])))) {
        to++;
    }
    struct slice word = slice_head(slice_from_index(*rest, from), to - from);

    *rest = slice_from_index(*rest, to);
    return word;
}

static bool contains_nocase(struct slice text, struct slice part)
{
    for (size_t at = 0; at + part.len <= text.len; at++) {
        if (slice_eq_nocase(slice_head(slice_from_index(text, at), part.len), part)) {
            return true;
        }
    }
    return false;
}

static bool secret_matches(struct slice word, const struct word_row *row)
{
    switch (row->rule) {
    case WORD_IS:
        return slice_eq_nocase(word, row->word);
    case WORD_ENDS:
        return word.len >= row->word.len &&
               slice_eq_nocase(slice_from_index(word, word.len - row->word.len), row->word);
    case WORD_CONTAINS:
        break;
    }
    return contains_nocase(word, row->word);
}

static bool is_secret_word(struct slice word)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (secret_matches(word, &words[i])) {
            return true;
        }
    }
    return false;
}

bool secret_name(struct slice name)
{
    // The shell's working directory is no password.
    if (slice_eq(name, SLICE("PWD"))) {
        return false;
    }
    struct slice rest = name;
    struct slice word = secret_next_word(&rest);

    while (word.len > 0) {
        if (is_secret_word(word)) {
            return true;
        }
        word = secret_next_word(&rest);
    }
    return false;
}

/* Whether what follows "://" names a user: an '@' before the host ends. */
static bool has_user(struct slice authority)
{
    for (size_t i = 0; i < authority.len; i++) {
        char c = authority.ptr[i];

        if (c == '@') {
            return true;
        }
        if (c == '/' || c == '?' || c == '#' || c == ' ') {
            return false;
        }
    }
    return false;
}

size_t secret_last_url(struct slice text)
{
    static const struct slice separator = SLICE_INIT("://");
    size_t last = text.len;

    for (size_t at = 0; at + separator.len <= text.len; at++) {
        struct slice here = slice_from_index(text, at);

        if (slice_starts_with(here, separator) && has_user(slice_from_index(here, separator.len))) {
            last = at;
        }
    }
    return last;
}

bool secret_start(struct slice value)
{
    for (size_t i = 0; i < sizeof(value_starts) / sizeof(value_starts[0]); i++) {
        if (value.len > value_starts[i].len && slice_starts_with(value, value_starts[i])) {
            return true;
        }
    }
    return false;
}

bool secret_value(struct slice value)
{
    return secret_start(value) || secret_last_url(value) < value.len;
}
