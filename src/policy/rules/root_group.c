/*
 * Files of the host's group root are readable, at times writable, by a process that has
 * gid 0 and is not root. "1000:0" asks for it. A user without a group gets the group of
 * the image's passwd entry, or 0 when there is none: require_group closes that.
 */
#include <errno.h>

#include "docker/user.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { REQUIRE, TRUST };

static const struct rule_param params[] = {
    {.name = "require_group",
     .type = PARAM_FLAG,
     .doc = "denies a user without a group; its group is 0 if the image has no such user"},
    {.name = "trust_image_group",
     .type = PARAM_FLAG,
     .doc = "assumes that a group name other than \"root\" is not the root group"},
    {0}};

/* A user that is root already is run_as_root's. */
static int root_group_judge(struct rule_input *in, struct slice text)
{
    struct user_spec user = user_parse(text);

    if (user.group_text.len == 0) {
        return in->param[REQUIRE].flag
                   ? rule_object_set(in, REQUIRE, 0, "User is %.*s, without a group",
                                     SLICE_ARGS(rule_show(in, text)))
                   : 0;
    }
    switch (user.group) {
    case USER_ROOT:
    case USER_NONE:
        return rule_object(in, "User is %.*s, whose group is root",
                           SLICE_ARGS(rule_show(in, text)));
    case USER_NAME:
        return in->param[TRUST].flag
                   ? 0
                   : rule_object_set(in, TRUST, 1,
                                     "User is %.*s, a group name that the image may map to 0",
                                     SLICE_ARGS(rule_show(in, text)));
    case USER_NUMBER:
        break;
    }
    return 0;
}

static int root_group_check(struct rule_input *in)
{
    if (in->exec && in->exec->user.len > 0) {
        return root_group_judge(in, in->exec->user);
    }
    if (!in->container || in->update) {
        return 0;
    }
    if (in->container->user.len > 0) {
        return root_group_judge(in, in->container->user);
    }
    if (in->container->service && !in->image && !in->facts_missing) {
        return rule_object(in, "User is not set, and there is no information about image %.*s",
                           SLICE_ARGS(rule_show(in, in->container->image)));
    }
    return in->image && in->image->user.len > 0 ? root_group_judge(in, in->image->user) : 0;
}

const struct rule rule_root_group = {
    .id = "root_group",
    .summary = "Denies containers and exec that run with group root.",
    .fix = "set a group other than 0, as in --user 1000:1000",
    .start = RULE_FROM_RESTRICTED,
    .needs = NEED_IMAGE_USER,
    .params = params,
    .check = root_group_check,
};
