/*
 * How a rule objects.
 */
#include "policy/rules/rule.h"
#include "policy/model/registry.h"
#include "policy/model/violation.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/escape.h"
#include "base/try.h"
#include "docker/tables/service_spec.h"
#include "policy/rules/remedy.h"

#include "base/banned.h"

enum { OBJECTION_MAX_BYTES = 2048, OBJECTION_PREFIX_BYTES = 512 };

static int object(struct rule_input *in, const struct rule_remedy *remedy, const char *format,
                  va_list arguments) __attribute__((format(printf, 3, 0)));

/* A body may hold thousands of values that one rule objects to: more than anybody reads. */
static bool is_full(const struct rule_input *in)
{
    return *in->objections >= RULE_MAX_OBJECTIONS;
}

static int rule_append(struct rule_input *in, const char *text, const struct rule_remedy *remedy)
{
    struct violation *violation = arena_alloc(in->kept, sizeof(*violation));

    if (!violation) {
        return -ENOMEM;
    }
    struct slice rest = slice_from(text);
    struct slice field = {0};

    // Rules say where a create's body has it; the user of a service looks elsewhere.
    if (in->container && in->container->service) {
        field = service_field_name(rest, &rest);
    }
    *violation = (struct violation){
        .rule = in->rule->id, .level = in->level, .passes = remedy && remedy->passes};
    // Nobody is shown what helps against what passes.
    if (remedy && in->level == RULE_LEVEL_DENY) {
        TRY(rule_remedy_write(in, remedy, violation));
    }
    if (arena_join(in->kept, ARENA_PARTS(field, rest), &violation->text) < 0) {
        return -ENOMEM;
    }
    violation->field = violation_field(violation->text);
    *in->tail = violation;
    in->tail = &violation->next;
    return 0;
}

int rule_object_more(struct rule_input *in)
{
    char text[OBJECTION_MAX_BYTES];

    if (*in->objections <= RULE_MAX_OBJECTIONS) {
        return 0;
    }
    snprintf(text, sizeof(text), "and %zu more", *in->objections - RULE_MAX_OBJECTIONS);
    return rule_append(in, text, NULL);
}

static int object(struct rule_input *in, const struct rule_remedy *remedy, const char *format,
                  va_list arguments)
{
    char text[OBJECTION_MAX_BYTES];
    size_t used = 0;

    if (is_full(in)) {
        (*in->objections)++;
        return 0;
    }
    if (in->existing) {
        int length = snprintf(text, OBJECTION_PREFIX_BYTES,
                              "container %.*s: ", SLICE_ARGS(rule_show(in, in->existing_name)));

        used = length < OBJECTION_PREFIX_BYTES ? (size_t)length : OBJECTION_PREFIX_BYTES - 1;
    }
    vsnprintf(text + used, sizeof(text) - used, format, arguments);
    (*in->objections)++;
    return rule_append(in, text, remedy);
}

int rule_object(struct rule_input *in, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int err = object(in, &(struct rule_remedy){0}, format, arguments);

    va_end(arguments);
    return err;
}

int rule_object_fix(struct rule_input *in, const char *fix, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int err = object(in, &(struct rule_remedy){.fix = fix}, format, arguments);

    va_end(arguments);
    return err;
}

int rule_object_list(struct rule_input *in, size_t index, struct slice word, const char *format,
                     ...)
{
    va_list arguments;
    struct rule_remedy remedy = {
        .detail = rule_allowed(in, index),
        .change = {.kind = CHANGE_ADD, .param = index, .word = word},
    };

    va_start(arguments, format);
    int err = object(in, &remedy, format, arguments);

    va_end(arguments);
    return err;
}

int rule_object_set(struct rule_input *in, size_t index, uint64_t number, const char *format, ...)
{
    va_list arguments;
    struct rule_remedy remedy = {
        .change = {.kind = CHANGE_SET, .param = index, .number = number},
    };

    va_start(arguments, format);
    int err = object(in, &remedy, format, arguments);

    va_end(arguments);
    return err;
}

int rule_object_remedy(struct rule_input *in, const struct rule_remedy *remedy, const char *format,
                       ...)
{
    va_list arguments;

    va_start(arguments, format);
    int err = object(in, remedy, format, arguments);

    va_end(arguments);
    return err;
}

int rule_object_option(struct rule_input *in, size_t index, const struct security_option *option,
                       bool listed)
{
    struct rule_remedy remedy = {
        .detail = rule_allowed(in, index),
        .change = {.kind = listed ? CHANGE_ADD : CHANGE_OFF, .param = index, .word = option->value},
    };

    return rule_object_remedy(in, &remedy, "%.*s is %.*s", SLICE_ARGS(option->field),
                              SLICE_ARGS(rule_show(in, option->text)));
}

struct slice rule_allowed(struct rule_input *in, size_t index)
{
    struct slice text = {0};

    if (is_full(in) || in->level != RULE_LEVEL_DENY || in->param[index].words.count == 0) {
        return text; // nobody is shown it, or it is nothing
    }
    struct slice list = rule_join(in->arena, &in->param[index].words);

    return arena_join(in->arena, ARENA_PARTS(SLICE("allowed: "), list), &text) < 0
               ? SLICE("see the policy")
               : text;
}

struct slice rule_show(struct rule_input *in, struct slice text)
{
    struct slice shown = {0};
    struct slice quoted = {0};

    if (is_full(in)) {
        return SLICE("(a value)"); // of an objection that is only counted
    }
    if (show_text(in->arena, text, &shown) < 0 ||
        arena_join(in->arena, ARENA_PARTS(SLICE("\""), shown, SLICE("\"")), &quoted) < 0) {
        return SLICE("(a value)"); // the objection itself will fail for the same reason
    }
    return quoted;
}

struct slice rule_capability(struct slice name)
{
    bool prefixed = slice_eq_nocase(slice_head(name, 4), SLICE("CAP_"));

    return prefixed ? slice_from_index(name, 4) : name;
}

bool rule_allows_word(const struct rule_input *in, size_t index, struct slice word)
{
    const struct string_list *words = &in->param[index].words;

    for (size_t i = 0; i < words->count; i++) {
        if (slice_eq(words->item[i], word)) {
            return true;
        }
    }
    return false;
}

static int rule_join_texts(struct buf *out, const struct string_list *words)
{
    for (size_t i = 0; i < words->count; i++) {
        int err = i > 0 ? buf_append_text(out, ", ") : 0;

        if (err == 0) {
            err = escape_text(out, words->item[i], 256);
        }
        if (err < 0) {
            return err;
        }
    }
    return words->count > 0 ? 0 : buf_append_text(out, "nothing");
}

struct slice rule_join(struct arena *arena, const struct string_list *words)
{
    CLEANUP(buf_deinit) struct buf text = {0};
    struct slice joined = {0};

    buf_init(&text, 1024);
    int err = rule_join_texts(&text, words);

    // Of a long list its beginning is enough.
    if (err == -ENOMEM || arena_copy(arena, buf_slice(&text), &joined) < 0) {
        return SLICE("see the policy");
    }
    return joined;
}

int rule_build_default(struct rule_input *in, const char *key, uint64_t value)
{
    struct query_pair **tail = in->build_query;
    struct query_pair *pair = arena_alloc(in->kept, sizeof(*pair));

    if (!pair) {
        return -ENOMEM;
    }
    pair->key = slice_from(key);
    while (*tail && !slice_eq((*tail)->key, pair->key)) {
        tail = &(*tail)->next;
    }
    pair->next = *tail ? (*tail)->next : NULL;
    *tail = pair;
    return arena_printf(in->kept, &pair->value, "%llu", (unsigned long long)value);
}

struct slice rule_network_name(const struct rule_input *in, struct slice text)
{
    for (const struct known_network *known = in->networks; known; known = known->next) {
        if (slice_eq(known->asked, text)) {
            return known->answer.name;
        }
    }
    return text;
}

const struct peer *rule_peer(const struct rule_input *in, struct slice name)
{
    const struct peer *peer = in->peers;

    while (peer && (!slice_eq(peer->name, name) || !peer->answer)) {
        peer = peer->next;
    }
    return peer;
}

struct slice rule_build_query(const struct rule_input *in, struct slice key)
{
    return query_value(in->build, key);
}
