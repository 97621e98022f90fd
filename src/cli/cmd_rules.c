/*
 * sockade rules: the catalogue, printed from the descriptors that judge.
 */
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/escape.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "policy/catalogue.h"

#include "base/banned.h"

enum { JSON_MAX_BYTES = 256 * 1024, MAX_RULES = 128 };

static const char usage[] =
    "sockade rules [ID] [--format text|json]\n"
    "\n"
    "Lists the rules, the bases that have them on, and what they look at; with an ID, one\n"
    "rule with its parameters and what to do when it refuses.\n";

/* The names of the bases that have the rule on, by commas. */
static int append_bases(struct buf *out, size_t rule)
{
    struct catalogue_base base;
    const char *before = "";
    int err = 0;

    for (size_t i = 0; catalogue_base(i, &base) && err == 0; i++) {
        if (catalogue_is_on(i, rule)) {
            err = buf_printf(out, "%s%s", before, base.name);
            before = ", ";
        }
    }
    return err == 0 && *before == '\0' ? buf_append_text(out, "where a policy names it") : err;
}

static int append_list(struct buf *out)
{
    struct catalogue_rule rule;
    struct catalogue_base base;
    int err = buf_printf(out, "Rules (\"sockade rules ID\" tells more):\n\n");

    for (size_t i = 0; catalogue_rule(i, &rule) && err == 0; i++) {
        err = buf_printf(out, "  %-21s %s\n  %-21s on in: ", rule.id, rule.summary, "");
        if (err == 0) {
            err = append_bases(out, i);
        }
        if (err == 0) {
            err = buf_append_byte(out, '\n');
        }
    }
    if (err == 0) {
        err = buf_append_text(out, "\nBases:\n\n");
    }
    for (size_t i = 0; catalogue_base(i, &base) && err == 0; i++) {
        err = buf_printf(out, "  %-11s %s\n", base.name, base.summary);
    }
    return err;
}

static int append_preset(struct buf *out, const char *label, const char *preset)
{
    if (!preset) {
        return 0;
    }
    return buf_printf(out, "      %s: %s\n", label, *preset ? preset : "nothing");
}

static int append_param(struct buf *out, const struct catalogue_param *param)
{
    int err = buf_printf(out, "    %s: %s\n      %s\n", param->name, param->type, param->doc);

    if (err == 0) {
        err = append_preset(out, "default", param->preset);
    }
    return err == 0 ? append_preset(out, "default under restricted", param->preset_restricted)
                    : err;
}

static int append_rule(struct buf *out, size_t index)
{
    struct catalogue_rule rule;
    struct catalogue_param param;

    if (!catalogue_rule(index, &rule)) {
        return -1;
    }
    int err = buf_printf(out, "%s\n  %s\n  on in: ", rule.id, rule.summary);

    if (err == 0) {
        err = append_bases(out, index);
    }
    if (err == 0 && rule.cis) {
        err = buf_printf(out, "\n  CIS Docker Benchmark: %s", rule.cis);
    }
    if (err == 0 && rule.pss) {
        err = buf_printf(out, "\n  Pod Security Standards: %s", rule.pss);
    }
    if (err == 0) {
        err = buf_printf(out, "\n  fix: %s\n  parameters:\n    level: deny, warn, audit or off\n",
                         rule.fix);
    }
    for (size_t i = 0; err == 0 && catalogue_param(index, i, &param); i++) {
        err = append_param(out, &param);
    }
    return err;
}

static int append_json_text(struct buf *out, const char *key, const char *value)
{
    int err = value ? buf_printf(out, ",\"%s\":", key) : 0;

    return value && err == 0 ? escape_json(out, slice_from(value)) : err;
}

static int append_json_params(struct buf *out, size_t index)
{
    struct catalogue_param param;
    int err = buf_append_text(out, ",\"parameters\":[");

    for (size_t i = 0; err == 0 && catalogue_param(index, i, &param); i++) {
        err = buf_printf(out, "%s{\"name\":\"%s\"", i > 0 ? "," : "", param.name);
        if (err == 0) {
            err = append_json_text(out, "type", param.type);
        }
        if (err == 0) {
            err = append_json_text(out, "doc", param.doc);
        }
        if (err == 0) {
            err = append_json_text(out, "default", param.preset);
        }
        if (err == 0) {
            err = buf_append_byte(out, '}');
        }
    }
    return err == 0 ? buf_append_byte(out, ']') : err;
}

static int append_json_bases(struct buf *out, size_t index)
{
    struct catalogue_base base;
    const char *before = "";
    int err = buf_append_text(out, ",\"bases\":[");

    for (size_t i = 0; err == 0 && catalogue_base(i, &base); i++) {
        if (catalogue_is_on(i, index)) {
            err = buf_printf(out, "%s\"%s\"", before, base.name);
            before = ",";
        }
    }
    return err == 0 ? buf_append_byte(out, ']') : err;
}

static int append_json_rule(struct buf *out, size_t index)
{
    struct catalogue_rule rule;

    if (!catalogue_rule(index, &rule)) {
        return -1;
    }
    const char *const fields[][2] = {
        {"summary", rule.summary}, {"fix", rule.fix}, {"cis", rule.cis}, {"pss", rule.pss}};
    int err = buf_printf(out, "{\"id\":\"%s\"", rule.id);

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && err == 0; i++) {
        err = append_json_text(out, fields[i][0], fields[i][1]);
    }
    if (err == 0) {
        err = append_json_bases(out, index);
    }
    if (err == 0) {
        err = append_json_params(out, index);
    }
    return err == 0 ? buf_append_byte(out, '}') : err;
}

static int append_json_list(struct buf *out)
{
    struct catalogue_rule rule;
    int err = buf_append_byte(out, '[');

    for (size_t i = 0; err == 0 && catalogue_rule(i, &rule); i++) {
        err = buf_append_text(out, i > 0 ? ",\n" : "");
        if (err == 0) {
            err = append_json_rule(out, i);
        }
    }
    return err == 0 ? buf_append_byte(out, ']') : err;
}

static int complain(const char *word)
{
    const char *ids[MAX_RULES + 1] = {NULL};
    struct catalogue_rule rule;

    for (size_t i = 0; i < MAX_RULES && catalogue_rule(i, &rule); i++) {
        ids[i] = rule.id;
    }
    const char *near = diag_did_you_mean(word, ids);

    if (near) {
        fprintf(stderr, "sockade: no rule \"%s\", did you mean \"%s\"?\n", word, near);
    } else {
        fprintf(stderr, "sockade: no rule \"%s\"\n", word);
    }
    return CLI_EXIT_FAILED;
}

static int print(const char *id, bool json)
{
    CLEANUP(buf_deinit) struct buf out = {.limit_bytes = JSON_MAX_BYTES};
    size_t index = 0;
    int err = 0;

    if (id && !catalogue_find(id, &index)) {
        return complain(id);
    }
    if (id) {
        err = json ? append_json_rule(&out, index) : append_rule(&out, index);
    } else {
        err = json ? append_json_list(&out) : append_list(&out);
    }
    if (err == 0 && json) {
        err = buf_append_byte(&out, '\n');
    }
    if (err < 0) {
        fprintf(stderr, "sockade: out of memory\n");
        return CLI_EXIT_FAILED;
    }
    fwrite(out.data, 1, out.len, stdout);
    return CLI_EXIT_OK;
}

int cmd_rules(int argc, char **argv)
{
    const char *format = NULL;
    const char *words[2] = {NULL, NULL};
    const struct option_spec specs[] = {{"--format", &format, NULL, 0}, {NULL, NULL, NULL, 0}};

    switch (options_read(argc, argv, specs, words, 1)) {
    case OPTIONS_BAD:
        return CLI_EXIT_USAGE;
    case OPTIONS_HELP:
        printf("%s", usage);
        return CLI_EXIT_OK;
    case OPTIONS_OK:
        break;
    }
    bool json = format && strcmp(format, "json") == 0;

    if (format && !json && strcmp(format, "text") != 0) {
        fprintf(stderr, "%s", usage);
        return CLI_EXIT_USAGE;
    }
    return print(words[0], json);
}
