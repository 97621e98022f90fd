/*
 * The descriptors as plain data: nothing here is known twice.
 */
#include "policy/catalogue.h"

#include "policy/bases.h"
#include "policy/rule.h"

#include "base/banned.h"

static const char *type_name(enum param_type type)
{
    switch (type) {
    case PARAM_WORDS:
        return "list";
    case PARAM_PATHS:
        return "paths";
    case PARAM_FLAG:
        return "true or false";
    case PARAM_NUMBER:
        return "number";
    case PARAM_SIZE:
        return "size";
    case PARAM_CPUS:
        return "cpus";
    case PARAM_CHOICE:
        return "word";
    }
    return "";
}

static size_t count_params(const struct rule *rule)
{
    size_t count = 0;

    while (rule->params && rule->params[count].name) {
        count++;
    }
    return count;
}

bool catalogue_rule(size_t index, struct catalogue_rule *out)
{
    if (index >= RULE_COUNT) {
        return false;
    }
    const struct rule *rule = rule_at((enum rule_index)index);

    *out = (struct catalogue_rule){.id = rule->id,
                                   .summary = rule->summary,
                                   .fix = rule->fix,
                                   .cis = rule->cis,
                                   .pss = rule->pss,
                                   .param_count = count_params(rule)};
    return true;
}

bool catalogue_base(size_t index, struct catalogue_base *out)
{
    if (index >= BASE_COUNT) {
        return false;
    }
    enum base base = (enum base)index;

    *out = (struct catalogue_base){base_name(base), base_summary(base), base_operations(base)};
    return true;
}

bool catalogue_param(size_t rule, size_t index, struct catalogue_param *out)
{
    if (rule >= RULE_COUNT || index >= count_params(rule_at((enum rule_index)rule))) {
        return false;
    }
    const struct rule_param *param = &rule_at((enum rule_index)rule)->params[index];

    *out = (struct catalogue_param){
        .name = param->name,
        .type = type_name(param->type),
        .preset = param->preset,
        .preset_restricted = param->preset_restricted ? param->preset_restricted : param->preset,
        .doc = param->doc};
    return true;
}

bool catalogue_is_on(size_t base, size_t rule)
{
    return base < BASE_COUNT && rule < RULE_COUNT &&
           base_rule_level((enum base)base, rule_at((enum rule_index)rule)) != RULE_LEVEL_OFF;
}

bool catalogue_find(const char *id, size_t *rule)
{
    enum rule_index index = rule_find(slice_from(id));

    if (index == RULE_COUNT) {
        return false;
    }
    *rule = index;
    return true;
}
