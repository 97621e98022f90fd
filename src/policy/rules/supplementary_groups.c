/*
 * --group-add gives a process the host's groups by number: 0, disk, docker. A name is
 * looked up in the image, so that it may be any of them. So is a number, before it is
 * one: an image with a group that is called "1001" decides what 1001 is.
 */
#include <errno.h>

#include "docker/user.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {
    {.name = "allow", .type = PARAM_WORDS, .preset = "", .doc = "group ids that may be added"},
    {0}};

static int supplementary_groups_check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->group_add.count; i++) {
        struct slice group = in->container->group_add.item[i];
        bool number = user_parse(group).user == USER_NUMBER && !user_parse(group).has_colon;

        if (number && rule_allows_word(in, ALLOW, group)) {
            continue;
        }
        // A name is any group: no list can have it.
        struct rule_remedy remedy = {
            .detail = rule_allowed(in, ALLOW),
            .change = {.kind = number ? CHANGE_ADD : CHANGE_OFF, .param = ALLOW, .word = group},
        };

        if (rule_object_remedy(in, &remedy, "HostConfig.GroupAdd[%zu] is %.*s", i,
                               SLICE_ARGS(rule_show(in, group))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_supplementary_groups = {
    .id = "supplementary_groups",
    .summary = "Denies supplementary groups not in `allow`.",
    .fix = "remove it from --group-add",
    .start = RULE_FROM_RESTRICTED,
    .params = params,
    .check = supplementary_groups_check,
};
