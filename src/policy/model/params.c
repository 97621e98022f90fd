/*
 * What a rule's parameters are before a file says anything: the presets of its table.
 */
#include <assert.h>
#include <errno.h>

#include "base/parse.h"
#include "base/try.h"
#include "policy/model/params.h"

#include "base/banned.h"

int params_parse_cpus(struct slice text, uint64_t *out)
{
    struct slice whole = {0};
    struct slice fraction = {0};
    uint64_t units = 0;
    uint64_t part = 0;

    if (slice_cut(text, '.', &whole, &fraction) && (fraction.len == 0 || fraction.len > 3)) {
        return -EINVAL;
    }
    TRY(parse_u64(whole, &units));
    if (fraction.len > 0) {
        TRY(parse_u64(fraction, &part));
    }
    for (size_t digits = fraction.len; digits > 0 && digits < 3; digits++) {
        part *= 10;
    }
    if (units > 100000) {
        return -ERANGE;
    }
    *out = units * 1000 + part;
    return 0;
}

static size_t count_words(struct slice text)
{
    size_t count = 0;
    struct slice word = {0};

    while (text.len > 0) {
        slice_cut(text, ' ', &word, &text);
        count += word.len > 0;
    }
    return count;
}

static int preset_words(struct arena *arena, struct slice text, struct string_list *out)
{
    size_t count = count_words(text);
    struct slice *item = arena_alloc(arena, count * sizeof(*item));

    TRY_ALLOC(item);
    for (size_t i = 0; i < count;) {
        struct slice word = {0};

        slice_cut(text, ' ', &word, &text);
        if (word.len > 0) {
            item[i++] = word;
        }
    }
    *out = (struct string_list){.item = item, .count = count, .present = true};
    return 0;
}

/* "1000", "1000-59999". -EINVAL */
int params_parse_range(struct slice text, struct id_range *out)
{
    struct id_range range = {0};
    struct slice first = {0};
    struct slice last = {0};
    bool two = slice_cut(text, '-', &first, &last);

    if (parse_u64(first, &range.first) < 0 || parse_u64(two ? last : first, &range.last) < 0 ||
        range.first > range.last || range.last > PARAM_MAX_ID) {
        return -EINVAL;
    }
    *out = range;
    return 0;
}

static int preset_ranges(struct arena *arena, struct slice text, struct param_value *out)
{
    size_t count = count_words(text);
    struct id_range *ranges = arena_alloc(arena, count * sizeof(*ranges));

    TRY_ALLOC(ranges);
    for (size_t i = 0; i < count;) {
        struct slice word = {0};

        slice_cut(text, ' ', &word, &text);
        if (word.len > 0) {
            TRY(params_parse_range(word, &ranges[i++]));
        }
    }
    out->ranges = ranges;
    out->range_count = count;
    return 0;
}

static int preset_value(struct arena *arena, enum param_type type, struct slice text,
                        struct param_value *out)
{
    int err = 0;

    out->given = true;
    switch (type) {
    case PARAM_WORDS:
        return preset_words(arena, text, &out->words);
    case PARAM_PATHS: // no base allows a path of the host
        break;
    case PARAM_FLAG:
        out->flag = slice_eq(text, SLICE("true"));
        break;
    case PARAM_NUMBER:
        err = parse_u64(text, &out->number);
        break;
    case PARAM_SIZE:
        err = parse_size(text, &out->number);
        break;
    case PARAM_CPUS:
        err = params_parse_cpus(text, &out->number);
        break;
    case PARAM_CHOICE: // the first is what holds without a word
        break;
    case PARAM_RANGES:
        err = preset_ranges(arena, text, out);
        break;
    }
    assert(err == 0 || err == -ENOMEM); // the tables are ours
    return err;
}

int params_preset(struct arena *arena, const struct rule *rule, enum base base,
                  struct rule_settings *settings)
{
    bool strict = base == BASE_RESTRICTED || base == BASE_READ_ONLY;

    for (size_t i = 0; rule->params && rule->params[i].name; i++) {
        const struct rule_param *param = &rule->params[i];
        const char *text = param->preset;

        assert(i < RULE_MAX_PARAMS);
        settings->param[i] = (struct param_value){0};
        if (strict && param->preset_restricted) {
            text = param->preset_restricted;
        }
        if (text) {
            TRY(preset_value(arena, param->type, slice_from(text), &settings->param[i]));
        }
    }
    return 0;
}
