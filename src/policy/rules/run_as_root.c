/*
 * Root in a container is root to every kernel bug, to every file of a mount and to
 * every capability that is left. The user is the request's; without one the image's
 * configuration decides, and without that it is root. "00", "+0", ":" are root as well. A
 * name is what the image's passwd file makes of it, which nobody can see from here.
 */
#include <errno.h>

#include "docker/user.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { TRUST };

static const struct rule_param params[] = {
    {.name = "trust_image_user",
     .type = PARAM_FLAG,
     .doc = "assumes that a user name other than \"root\" is not root"},
    {0}};

static int run_as_root_judge(struct rule_input *in, const char *field, struct slice text)
{
    switch (user_parse(text).user) {
    case USER_ROOT:
    case USER_NONE:
        return rule_object(in, "%s is %.*s, which is root", field, SLICE_ARGS(rule_show(in, text)));
    case USER_NAME:
        break;
    case USER_NUMBER:
        return 0;
    }
    if (in->param[TRUST].flag) {
        return 0;
    }
    return rule_object_set(in, TRUST, 1, "%s is %.*s, a name that the image may map to root", field,
                           SLICE_ARGS(rule_show(in, text)));
}

static int run_as_root_judge_image(struct rule_input *in)
{
    if (!in->image) {
        return in->image_missing || in->facts_missing
                   ? 0
                   : rule_object(in,
                                 "User is not set, and there is no information about image %.*s",
                                 SLICE_ARGS(rule_show(in, in->container->image)));
    }
    if (in->image->user.len == 0) {
        return rule_object(in, "neither the request nor image %.*s sets a user, which means root",
                           SLICE_ARGS(rule_show(in, in->container->image)));
    }
    return run_as_root_judge(in, "the image's user", in->image->user);
}

static int run_as_root_check(struct rule_input *in)
{
    if (in->exec && in->exec->user.len > 0) {
        return run_as_root_judge(in, "User", in->exec->user);
    }
    if (!in->container || in->update || in->exec_user.len > 0) {
        return 0;
    }
    if (in->existing && in->container->user.len == 0) {
        return rule_object(in, "no user is set, which means root");
    }
    return in->container->user.len > 0 ? run_as_root_judge(in, "User", in->container->user)
                                       : run_as_root_judge_image(in);
}

const struct rule rule_run_as_root = {
    .id = "run_as_root",
    .summary = "Denies containers and exec that run as root.",
    .fix = "use a numeric --user, such as --user 1000:1000, or an image whose USER is numeric",
    .cis = "4.1, 5.24",
    .pss = "restricted",
    .start = RULE_FROM_RESTRICTED,
    .judges_existing = true,
    .needs = NEED_IMAGE_USER,
    .params = params,
    .check = run_as_root_check,
};
