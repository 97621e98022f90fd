/*
 * syslog, gelf, fluentd and others make the engine connect to an address of the client's
 * choice from the host's place in the network. none leaves no trace of what a container did.
 * Values cost the engine outside any container's limits: a tag is a Go template that it
 * expands in its own memory ({{pad .Name 300000000 0}}), and each rotation of a log tries
 * one rename for every file that max-file allows.
 */
#include <string.h>

#include "base/parse.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW, OPTIONS };

enum { TAG_MAX_BYTES = 256, MAX_FILES = 100 };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .preset = "json-file local",
     .doc = "log drivers that may be named"},
    {.name = "options",
     .type = PARAM_WORDS,
     .values = VALUE_LOG_OPTION,
     .preset = "max-size max-file compress mode max-buffer-size labels labels-regex env "
               "env-regex tag",
     .doc = "options that may be set"},
    {0}};

enum { FIX_OPTION, FIX_VALUE };

static const char *const fixes[] = {
    [FIX_OPTION] = "remove it from --log-opt",
    [FIX_VALUE] =
        "keep max-size from 64k to 64g, max-file from 1 to 100, max-buffer-size to 64m, and "
        "tag to plain fields such as {{.Name}}",
    NULL,
};

/* Text with plain {{.Word}} fields: no functions, pipes or spaces. */
static bool is_plain_template(struct slice tag)
{
    for (size_t i = 0; i < tag.len; i++) {
        char c = tag.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!letter && (c == '\0' || !strchr("{}._/:-", c))) {
            return false;
        }
    }
    return tag.len <= TAG_MAX_BYTES;
}

/* "10m", "64k", "1g", with or without a b: as the engine writes sizes, near enough. */
static bool is_size_within(struct slice text, uint64_t min, uint64_t max)
{
    uint64_t value = 0;

    if (text.len > 0 && (text.ptr[text.len - 1] == 'b' || text.ptr[text.len - 1] == 'B')) {
        text.len--;
    }
    return parse_size(text, &value) == 0 && value >= min && value <= max;
}

static bool log_driver_is_harmless(struct slice key, struct slice value)
{
    uint64_t files = 0;

    if (slice_eq(key, SLICE("tag"))) {
        return is_plain_template(value);
    }
    if (slice_eq(key, SLICE("max-file"))) {
        return parse_u64(value, &files) == 0 && files >= 1 && files <= MAX_FILES;
    }
    if (slice_eq(key, SLICE("max-size"))) {
        return is_size_within(value, (uint64_t)64 << 10, (uint64_t)64 << 30);
    }
    if (slice_eq(key, SLICE("max-buffer-size"))) {
        return is_size_within(value, 0, (uint64_t)64 << 20);
    }
    return true;
}

static int judge_option(struct rule_input *in, const char *field, const struct string_pair *option)
{
    if (!rule_allows_word(in, OPTIONS, option->key)) {
        struct rule_remedy remedy = {
            .fix = fixes[FIX_OPTION],
            .detail = rule_allowed(in, OPTIONS),
            .change = {.kind = CHANGE_ADD, .param = OPTIONS, .word = option->key},
        };

        return rule_object_remedy(in, &remedy, "%s has %.*s", field,
                                  SLICE_ARGS(rule_show(in, option->key)));
    }
    if (log_driver_is_harmless(option->key, option->value)) {
        return 0;
    }
    return rule_object_fix(
        in, fixes[FIX_VALUE], "%s sets %.*s to %.*s, which can exhaust the engine", field,
        SLICE_ARGS(rule_show(in, option->key)), SLICE_ARGS(rule_show(in, option->value)));
}

static int log_driver_judge_options(struct rule_input *in, const char *field,
                                    const struct string_map *options)
{
    int err = 0;

    for (size_t i = 0; i < options->count && err == 0; i++) {
        err = judge_option(in, field, &options->item[i]);
    }
    return err;
}

static int judge_driver(struct rule_input *in, const char *field, struct slice driver)
{
    if (driver.len == 0 || rule_allows_word(in, ALLOW, driver)) {
        return 0;
    }
    return rule_object_list(in, ALLOW, driver, "%s is %.*s", field,
                            SLICE_ARGS(rule_show(in, driver)));
}

/* What a swarm's services log to that say nothing else. */
static int judge_swarm(struct rule_input *in)
{
    int err = judge_driver(in, "TaskDefaults.LogDriver.Name", in->swarm->log_driver);

    return err < 0 ? err
                   : log_driver_judge_options(in, "TaskDefaults.LogDriver.Options",
                                              &in->swarm->log_options);
}

static int log_driver_check(struct rule_input *in)
{
    if (in->swarm) {
        return judge_swarm(in);
    }
    if (!in->container) {
        return 0;
    }
    int err = judge_driver(in, "HostConfig.LogConfig.Type", in->container->log_driver);

    return err < 0 ? err
                   : log_driver_judge_options(in, "HostConfig.LogConfig.Config",
                                              &in->container->log_options);
}

const struct rule rule_log_driver = {
    .id = "log_driver",
    .summary = "Denies log drivers and log options not in the allowlists.",
    .fix = "remove --log-driver, or use an allowed one",
    .fixes = fixes,
    .params = params,
    .check = log_driver_check,
};
