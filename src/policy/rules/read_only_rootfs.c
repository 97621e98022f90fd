/*
 * Who breaks into a process can leave nothing behind in a root file system that is
 * mounted read-only. Ordinary images write there, so no base asks for it.
 */
#include "docker/tables/container_edit.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ADD };

static const struct rule_param params[] = {
    {.name = "add", .type = PARAM_FLAG, .doc = "makes it read-only if the request doesn't"}, {0}};

static int read_only_rootfs_check(struct rule_input *in)
{
    if (!in->container || in->update || in->container->readonly_rootfs) {
        return 0;
    }
    if (!in->param[ADD].flag) {
        return rule_object_set(in, ADD, 1, "HostConfig.ReadonlyRootfs is not true");
    }
    return in->writes ? container_edit_read_only(in->container) : 0;
}

const struct rule rule_read_only_rootfs = {
    .id = "read_only_rootfs",
    .summary = "Requires a read-only root file system, or makes it read-only.",
    .fix = "use --read-only, with --tmpfs or volumes for writable paths",
    .cis = "5.13",
    .start = RULE_ON_REQUEST,
    .params = params,
    .check = read_only_rootfs_check,
};
