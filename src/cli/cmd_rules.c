/*
 * sockade rules: the catalogue, printed from the descriptors that judge.
 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "policy/model/bases.h"

#include "base/banned.h"

static const char usage[] =
    "sockade rules [ID] [--format text|json]\n"
    "\n"
    "Lists the rules and the bases that enable them; with an ID, shows one rule, its\n"
    "parameters, and what to do when it denies a request.\n";

static const char *const type_names[] = {
    [PARAM_WORDS] = "list",    [PARAM_PATHS] = "paths",  [PARAM_FLAG] = "true or false",
    [PARAM_NUMBER] = "number", [PARAM_SIZE] = "size",    [PARAM_CPUS] = "cpus",
    [PARAM_CHOICE] = "word",   [PARAM_RANGES] = "ranges"};

/* The names of the bases that have the rule on, each between two of `quote`. Whether any has. */
static bool print_bases(const struct rule *rule, const char *quote, const char *comma)
{
    bool any = false;

    for (enum base base = 0; base < BASE_COUNT; base++) {
        if (base_rule_level(base, rule) != RULE_LEVEL_OFF) {
            printf("%s%s%s%s", any ? comma : "", quote, base_name(base), quote);
            any = true;
        }
    }
    return any;
}

static void print_on_in(const struct rule *rule)
{
    printf("enabled in: ");
    if (!print_bases(rule, "", ", ")) {
        printf("only if a policy names it");
    }
}

static void print_list(void)
{
    printf("Rules (\"sockade rules ID\" shows details):\n\n");
    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        printf("  %-21s %s\n  %-21s ", rule_at(i)->id, rule_at(i)->summary, "");
        print_on_in(rule_at(i));
        printf("\n");
    }
    printf("\nBases:\n\n");
    for (enum base base = 0; base < BASE_COUNT; base++) {
        printf("  %-11s %s\n", base_name(base), base_summary(base));
    }
}

static void print_preset(const char *label, const char *preset)
{
    if (preset) {
        printf("      %s: %s\n", label, *preset ? preset : "nothing");
    }
}

static void print_rule(const struct rule *rule)
{
    printf("%s\n  %s\n  ", rule->id, rule->summary);
    print_on_in(rule);
    if (rule->cis) {
        printf("\n  CIS Docker Benchmark: %s", rule->cis);
    }
    if (rule->pss) {
        printf("\n  Pod Security Standards: %s", rule->pss);
    }
    printf("\n  fix: %s\n  parameters:\n    level: deny, warn, audit or off\n", rule->fix);
    for (const struct rule_param *param = rule->params; param && param->name; param++) {
        printf("    %s: %s\n      %s\n", param->name, type_names[param->type], param->doc);
        print_preset("default", param->preset);
        print_preset("default under restricted",
                     param->preset_restricted ? param->preset_restricted : param->preset);
    }
}

static void print_member(const char *key, const char *value)
{
    if (value) {
        printf(",\"%s\":", key);
        print_json(value);
    }
}

static void print_json_rule(const struct rule *rule)
{
    printf("{\"id\":\"%s\"", rule->id);
    print_member("summary", rule->summary);
    print_member("fix", rule->fix);
    print_member("cis", rule->cis);
    print_member("pss", rule->pss);
    printf(",\"bases\":[");
    print_bases(rule, "\"", ",");
    printf("],\"parameters\":[");
    for (const struct rule_param *param = rule->params; param && param->name; param++) {
        printf("%s{\"name\":\"%s\"", param > rule->params ? "," : "", param->name);
        print_member("type", type_names[param->type]);
        print_member("doc", param->doc);
        print_member("default", param->preset);
        printf("}");
    }
    printf("]}");
}

static void print_json_list(void)
{
    printf("[");
    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        printf("%s", i > 0 ? ",\n" : "");
        print_json_rule(rule_at(i));
    }
    printf("]");
}

static int cmd_rules_complain(const char *word)
{
    const char *ids[RULE_COUNT + 1] = {NULL};

    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        ids[i] = rule_at(i)->id;
    }
    complain_unknown("rule", word, ids, "\n");
    return CLI_EXIT_FAILED;
}

int cmd_rules(int argc, char **argv)
{
    const char *id = NULL;
    bool json = false;
    int status = options_read_word(argc, argv, usage, &id, &json);

    if (status != CLI_GOES_ON) {
        return status;
    }
    enum rule_index index = rule_find(slice_from(id));

    if (id && index == RULE_COUNT) {
        return cmd_rules_complain(id);
    }
    if (id) {
        (json ? print_json_rule : print_rule)(rule_at(index));
    } else {
        (json ? print_json_list : print_list)();
    }
    printf("%s", json ? "\n" : "");
    return CLI_EXIT_OK;
}
