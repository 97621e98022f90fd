/*
 * The section `rules:` of a policy: ids from the rule list, levels, and the
 * parameters that each rule's table names.
 */
#include <string.h>

#include "base/try.h"
#include "policy/file/loader.h"
#include "policy/model/params.h"
#include "policy/model/paths.h"

#include "base/banned.h"

static int load_check_values(struct loader *loader, const struct tree_node *list,
                             enum value_kind kind)
{
    const struct value_rules *rules = value_rules_of(kind);

    for (const struct tree_node *word = list->child; word; word = word->next) {
        if (value_is_taken(kind, word->text)) {
            continue;
        }
        return rules->words ? load_unknown(loader, word, rules->what, rules->words)
                            : load_wrong(loader, word, rules->must);
    }
    return 0;
}

static const char *const level_words[] = {"deny", "warn", "audit", "off", NULL};

/* Where a parameter's value goes. */
struct rule_target {
    struct policy *policy;
    enum rule_index index;
};

static int load_level(struct loader *loader, const struct tree_node *node,
                      struct rule_settings *settings)
{
    unsigned level = 0;

    TRY(load_choice(loader, node, level_words, &level));
    settings->level = (enum rule_level)level;
    return 0;
}

static int read_path(struct loader *loader, const struct tree_node *node, void *target)
{
    struct allowed_path *path = target;
    struct slice text = {0};

    TRY(load_text(loader, node, &text));
    if (text.ptr[0] != '/') {
        return load_wrong(loader, node, "be an absolute path");
    }
    return host_path(loader->arena, text, &path->path);
}

static int read_access(struct loader *loader, const struct tree_node *node, void *target)
{
    static const char *const words[] = {"ro", "rw", NULL};
    struct allowed_path *path = target;
    unsigned access = 0;
    int err = load_choice(loader, node, words, &access);

    path->writable = access == 1;
    return err;
}

static int load_paths(struct loader *loader, const struct tree_node *node, struct param_value *out)
{
    static const struct key keys[] = {KEY("path", read_path), KEY("access", read_access), {0}};

    if (node->kind != TREE_LIST) {
        return load_wrong(loader, node, "be a list of {path: DIRECTORY, access: ro or rw}");
    }
    size_t count = tree_count(node);
    struct allowed_path *paths = arena_alloc(loader->arena, count * sizeof(*paths));

    TRY_ALLOC(paths);
    size_t i = 0;

    for (const struct tree_node *child = node->child; child; child = child->next, i++) {
        TRY(load_map(loader, child, keys, &paths[i]));
        if (!tree_member(child, "path")) {
            return load_wrong(loader, child, "name a path");
        }
    }
    out->paths = paths;
    out->path_count = count;
    return 0;
}

static int load_cpus(struct loader *loader, const struct tree_node *node, uint64_t *out)
{
    if (node->kind != TREE_SCALAR || params_parse_cpus(node->text, out) < 0 || *out == 0) {
        return load_wrong(loader, node, "be a number of CPUs such as 2 or 0.5");
    }
    return 0;
}

static int load_ranges(struct loader *loader, const struct tree_node *node, struct param_value *out)
{
    size_t count = node->kind == TREE_LIST ? tree_count(node) : 0;
    struct id_range *ranges = arena_alloc(loader->arena, count * sizeof(*ranges));
    size_t i = 0;

    TRY_ALLOC(ranges);
    if (count == 0) {
        return load_wrong(loader, node, "be a list of ids and ranges such as [1000-59999, 65532]");
    }
    for (const struct tree_node *child = node->child; child; child = child->next, i++) {
        if (child->kind != TREE_SCALAR || params_parse_range(child->text, &ranges[i]) < 0) {
            return load_wrong(loader, child, "be an id or a range such as 1000-59999");
        }
    }
    out->ranges = ranges;
    out->range_count = count;
    return 0;
}

/* `count` items of `size` and then `more` others, as one array. NULL when memory is out. */
static void *join_items(struct loader *loader, size_t size, const void *items, size_t count,
                        const void *others, size_t more)
{
    char *joined = arena_alloc(loader->arena, (count + more) * size);

    if (joined && count > 0) {
        memcpy(joined, items, count * size);
    }
    if (joined && more > 0) {
        memcpy(joined + count * size, others, more * size);
    }
    return joined;
}

/* `before` and then what `value` has. */
static int add_before(struct loader *loader, const struct param_value *before,
                      struct param_value *value)
{
    struct string_list *words = &value->words;

    words->item = join_items(loader, sizeof(*words->item), before->words.item, before->words.count,
                             words->item, words->count);
    value->paths = join_items(loader, sizeof(*value->paths), before->paths, before->path_count,
                              value->paths, value->path_count);
    value->ranges = join_items(loader, sizeof(*value->ranges), before->ranges, before->range_count,
                               value->ranges, value->range_count);
    words->count += before->words.count;
    value->path_count += before->path_count;
    value->range_count += before->range_count;
    return words->item && value->paths && value->ranges ? 0 : -ENOMEM;
}

static bool is_list(enum param_type type)
{
    return type == PARAM_WORDS || type == PARAM_PATHS || type == PARAM_RANGES;
}

static int load_param(struct loader *loader, const struct tree_node *node,
                      const struct rule_param *param, struct param_value *out)
{
    struct param_value value = {.given = true};
    unsigned choice = 0;

    switch (param->type) {
    case PARAM_WORDS:
        TRY(load_words(loader, node, &value.words));
        TRY(load_check_values(loader, node, param->values));
        break;
    case PARAM_PATHS:
        TRY(load_paths(loader, node, &value));
        break;
    case PARAM_FLAG:
        TRY(load_flag(loader, node, &value.flag));
        break;
    case PARAM_NUMBER:
        TRY(load_number(loader, node, 0, INT64_MAX, &value.number));
        break;
    case PARAM_SIZE:
        // 0 stands for none, where a base has a preset.
        TRY(node->kind == TREE_SCALAR && slice_eq(node->text, SLICE("0"))
                ? 0
                : load_size(loader, node, &value.number));
        break;
    case PARAM_CPUS:
        TRY(load_cpus(loader, node, &value.number));
        break;
    case PARAM_CHOICE:
        TRY(load_choice(loader, node, param->choices, &choice));
        value.number = choice;
        break;
    case PARAM_RANGES:
        TRY(load_ranges(loader, node, &value));
        break;
    }
    if (load_adds(node)) {
        TRY(add_before(loader, out, &value));
    }
    *out = value;
    return 0;
}

static int read_level(struct loader *loader, const struct tree_node *node, void *target)
{
    struct rule_target *rule = target;

    return load_level(loader, node, &rule->policy->rule[rule->index]);
}

static int read_param(struct loader *loader, const struct tree_node *node, void *target)
{
    struct rule_target *rule = target;
    const struct rule_param *params = rule_at(rule->index)->params;
    struct slice name = load_adds(node) ? slice_head(node->key, node->key.len - 1) : node->key;
    size_t i = 0;

    while (!slice_eq(name, slice_from(params[i].name))) {
        i++; // load_map() calls for names of the table only
    }
    return load_param(loader, node, &params[i], &rule->policy->rule[rule->index].param[i]);
}

/* A map: the level, deny unless given, and parameters. */
static int load_rule_map(struct loader *loader, const struct tree_node *node,
                         struct rule_target *target)
{
    struct key keys[RULE_MAX_PARAMS + 2] = {KEY("level", read_level)};
    const struct rule_param *params = rule_at(target->index)->params;

    for (size_t i = 0; params && params[i].name; i++) {
        keys[i + 1] = (struct key){params[i].name, read_param, 0, NULL, is_list(params[i].type)};
    }
    target->policy->rule[target->index].level = RULE_LEVEL_DENY;
    return load_map(loader, node, keys, target);
}

static int unknown_rule(struct loader *loader, const struct tree_node *node)
{
    const char *ids[RULE_COUNT + 1] = {0};

    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        ids[i] = rule_at(i)->id;
    }
    struct tree_node word = *node;

    word.text = node->key;
    word.line = node->key_line;
    word.column = node->key_column;
    return load_unknown(loader, &word, "rule", ids);
}

/* `docker_socket_mount: substitute`: the name of its one flag, where a level is expected. */
static bool is_shorthand(const struct tree_node *node, enum rule_index index)
{
    const struct rule_param *params = rule_at(index)->params;

    return index == RULE_docker_socket_mount && node->kind == TREE_SCALAR &&
           slice_eq(node->text, slice_from(params[0].name));
}

static int load_rule(struct loader *loader, const struct tree_node *node, struct policy *policy)
{
    struct rule_target target = {policy, rule_find(node->key)};

    if (target.index == RULE_COUNT) {
        return unknown_rule(loader, node);
    }
    if (node->kind == TREE_MAP) {
        return load_rule_map(loader, node, &target);
    }
    if (is_shorthand(node, target.index)) {
        policy->rule[target.index].level = RULE_LEVEL_DENY;
        policy->rule[target.index].param[0] = (struct param_value){.given = true, .flag = true};
        return 0;
    }
    return load_level(loader, node, &policy->rule[target.index]);
}

/*
 * A default above the bound would be refused by the rule that wrote it. One that is the
 * base's comes down with the bound.
 */
static int check_bounds(struct loader *loader, const struct tree_node *node, struct policy *policy)
{
    struct rule_settings *settings = &policy->rule[rule_find(node->key)];
    const struct rule_param *params = rule_at(rule_find(node->key))->params;
    const struct param_value *max = NULL;
    struct param_value *preset = NULL;

    for (size_t i = 0; params && params[i].name; i++) {
        if (slice_eq(slice_from(params[i].name), SLICE("max"))) {
            max = &settings->param[i];
        } else if (slice_eq(slice_from(params[i].name), SLICE("default"))) {
            preset = &settings->param[i];
        }
    }
    if (!max || !preset || !max->given || !preset->given || preset->number <= max->number) {
        return 0;
    }
    if (tree_member(node, "default")) {
        return load_wrong(loader, node, "not have a default above its max");
    }
    preset->number = max->number;
    return 0;
}

int load_rules(struct loader *loader, const struct tree_node *node, void *target)
{
    if (node->kind != TREE_MAP || !node->child) {
        return load_wrong(loader, node, "be a map of rules");
    }
    for (const struct tree_node *child = node->child; child; child = child->next) {
        TRY(load_rule(loader, child, target));
        TRY(check_bounds(loader, child, target));
    }
    return 0;
}
