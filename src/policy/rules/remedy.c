/*
 * See remedy.h. What is named are the values of the request, so that what is pasted into the
 * file works; and they are a client's, so that they are quoted for YAML and for eyes.
 */
#include "policy/rules/remedy.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/try.h"
#include "base/utf8.h"
#include "policy/model/params.h"

#include "base/banned.h"

enum { WORD_MAX_BYTES = 1024, SHOWN_MAX_BYTES = 4096, NUMBER_BYTES = 32 };

/* Of printable ASCII that needs no quotes wherever a word of the policy stands. */
static bool yaml_is_plain(struct slice text)
{
    static const struct slice taken[] = {SLICE_INIT("true"), SLICE_INIT("false"), SLICE_INIT("yes"),
                                         SLICE_INIT("no"),   SLICE_INIT("on"),    SLICE_INIT("off"),
                                         SLICE_INIT("null"), SLICE_INIT("y"),     SLICE_INIT("n")};

    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        if (slice_eq_nocase(text, taken[i])) {
            return false;
        }
    }
    return text.len > 0 && text.ptr[0] != '-' && ascii_is_made_of(text, SLICE("_./-"));
}

static uint32_t remedy_code_point(struct slice sequence)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = (unsigned char)sequence.ptr[0] & masks[sequence.len];

    for (size_t i = 1; i < sequence.len; i++) {
        point = point << 6 | ((unsigned char)sequence.ptr[i] & 0x3fU);
    }
    return point;
}

/* One character within double quotes.   Source: YAML 1.2, section 5.7. */
static int yaml_append(struct buf *out, struct slice sequence)
{
    uint32_t point = remedy_code_point(sequence);

    if (point == '"' || point == '\\') {
        TRY(buf_append_byte(out, '\\'));
    } else if (point < ' ' || point == 0x7f) {
        return buf_printf(out, "\\x%02x", (unsigned)point);
    } else if (point > 0xffff) {
        return buf_printf(out, "\\U%08x", (unsigned)point);
    } else if (point > 0x7f) {
        return buf_printf(out, "\\u%04x", (unsigned)point);
    }
    return buf_append(out, sequence);
}

static int yaml_quote(struct buf *out, struct slice text)
{
    TRY(buf_append_byte(out, '"'));
    while (text.len > 0) {
        size_t len = utf8_sequence(text);

        TRY(yaml_append(out, slice_head(text, len)));
        text = slice_from_index(text, len);
    }
    return buf_append_byte(out, '"');
}

int yaml_word(struct arena *arena, struct slice text, struct slice *out)
{
    CLEANUP(buf_deinit) struct buf quoted = {.limit_bytes = SHOWN_MAX_BYTES};

    *out = (struct slice){0};
    if (yaml_is_plain(text) && text.len <= WORD_MAX_BYTES) {
        *out = text;
        return 0;
    }
    if (text.len > WORD_MAX_BYTES || !utf8_is_valid(text) || slice_find(text, '\0') < text.len) {
        return 0;
    }
    int err = yaml_quote(&quoted, text);

    if (err == -ENOBUFS) {
        return 0; // most of it would be escapes
    }
    return err < 0 ? err : arena_copy(arena, buf_slice(&quoted), out);
}

/* "16g" rather than 17179869184, where that says the same. */
static void remedy_write_size(char text[NUMBER_BYTES], uint64_t bytes)
{
    static const char units[] = {'g', 'm', 'k'};

    for (unsigned i = 0; i < sizeof(units); i++) {
        unsigned shift = 30 - 10 * i;

        if (bytes > 0 && bytes % (1ULL << shift) == 0) {
            snprintf(text, NUMBER_BYTES, "%llu%c", (unsigned long long)(bytes >> shift), units[i]);
            return;
        }
    }
    snprintf(text, NUMBER_BYTES, "%llu", (unsigned long long)bytes);
}

static const char *remedy_value(const struct rule_param *param, uint64_t number,
                                char text[NUMBER_BYTES])
{
    switch (param->type) {
    case PARAM_FLAG:
        return number ? "true" : "false";
    case PARAM_CHOICE:
        return param->choices[number];
    case PARAM_SIZE:
        remedy_write_size(text, number);
        return text;
    case PARAM_CPUS:
        snprintf(text, NUMBER_BYTES, "%llu.%03u", (unsigned long long)(number / 1000),
                 (unsigned)(number % 1000));
        return text;
    case PARAM_NUMBER:
    case PARAM_WORDS:
    case PARAM_PATHS:
    case PARAM_RANGES:
        break;
    }
    snprintf(text, NUMBER_BYTES, "%llu", (unsigned long long)number);
    return text;
}

/* "allow+: [NET_ADMIN]", or nothing when no file can say the word. */
static int remedy_add(const struct rule_input *in, const struct rule_change *change,
                      struct slice *out)
{
    const struct rule_param *param = &in->rule->params[change->param];
    bool path = param->type == PARAM_PATHS;
    struct slice word = {0};

    TRY(yaml_word(in->arena, change->word, &word));
    if (word.len == 0) {
        return 0;
    }
    return arena_join(in->arena,
                      ARENA_PARTS(slice_from(param->name), SLICE("+: ["),
                                  path ? SLICE("{path: ") : SLICE(""), word,
                                  !path              ? SLICE("")
                                  : change->writable ? SLICE(", access: rw}")
                                                     : SLICE(", access: ro}"),
                                  SLICE("]")),
                      out);
}

static int remedy_set(const struct rule_input *in, const struct rule_change *change,
                      struct slice *out)
{
    const struct rule_param *param = &in->rule->params[change->param];
    char number[NUMBER_BYTES];

    return arena_join(in->arena,
                      ARENA_PARTS(slice_from(param->name), SLICE(": "),
                                  slice_from(remedy_value(param, change->number, number))),
                      out);
}

/* What no list may hold, an id out of range or a word that is none, has to do without the rule. */
static enum rule_change_kind remedy_kind(const struct rule_input *in,
                                         const struct rule_change *change)
{
    struct id_range range;

    if (change->kind != CHANGE_ADD) {
        return change->kind;
    }
    const struct rule_param *param = &in->rule->params[change->param];

    if (param->type == PARAM_RANGES && params_parse_range(change->word, &range) < 0) {
        return CHANGE_OFF;
    }
    return param->type == PARAM_WORDS && !value_is_taken(param->values, change->word) ? CHANGE_OFF
                                                                                      : CHANGE_ADD;
}

static int remedy_write_change(const struct rule_input *in, const struct rule_change *change,
                               struct slice *out)
{
    struct slice id = slice_from(in->rule->id);
    struct slice inner = {0};

    switch (remedy_kind(in, change)) {
    case CHANGE_OFF:
        return arena_join(in->kept, ARENA_PARTS(SLICE("rules: {"), id, SLICE(": off}")), out);
    case CHANGE_NONE:
        return 0;
    case CHANGE_ADD:
        TRY(remedy_add(in, change, &inner));
        break;
    case CHANGE_SET:
        TRY(remedy_set(in, change, &inner));
        break;
    }
    if (inner.len == 0) {
        return arena_join(in->kept,
                          ARENA_PARTS(SLICE("the value to allow goes into rules."), id, SLICE("."),
                                      slice_from(in->rule->params[change->param].name),
                                      SLICE(", in full")),
                          out);
    }
    bool also = change->also > 0;

    return arena_join(
        in->kept,
        ARENA_PARTS(SLICE("rules: {"), id, SLICE(": {"), inner, also ? SLICE(", ") : SLICE(""),
                    also ? slice_from(in->rule->params[change->also - 1].name) : SLICE(""),
                    also ? SLICE(": true") : SLICE(""), SLICE("}}")),
        out);
}

int rule_remedy_write(const struct rule_input *in, const struct rule_remedy *remedy,
                      struct violation *violation)
{
    struct slice fix = slice_from(remedy->fix ? remedy->fix : in->rule->fix);
    bool anew = in->existing && !remedy->holds;
    bool detailed = remedy->detail.len > 0;

    violation->fix = fix;
    // What a container that exists has can only be left out of the next one.
    if (anew || detailed) {
        TRY(arena_join(in->kept,
                       ARENA_PARTS(anew ? SLICE(RULE_FIX_EXISTING) : SLICE(""), fix,
                                   detailed ? SLICE(" (") : SLICE(""), remedy->detail,
                                   detailed ? SLICE(")") : SLICE("")),
                       &violation->fix));
    }
    return remedy_write_change(in, &remedy->change, &violation->policy);
}
