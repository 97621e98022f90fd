/*
 * What a container leaves in a path of the host belongs to whom it runs as there as well. With
 * the uid or a group of one of the host's accounts it leaves a program that acts for that
 * account, whoever runs it (setuid, setgid): shadow reads passwords, disk reads everything,
 * docker is root. So the ids must be numbers of ranges that the policy names.
 *
 * A name is anybody, and the group of a uid that is given without one is what the image's passwd
 * file says, or root's: a create gets the group of the same number instead. And whoever has
 * capabilities needs no ids.
 * Source: moby/sys/user GetExecUser, as tried with 20.10, 26.1 and Podman 5.4.
 */
#include <errno.h>

#include "base/parse.h"
#include "base/try.h"
#include "docker/user.h"
#include "policy/model/paths.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { UIDS, GIDS, TRUST };

static const struct rule_param params[] = {
    {.name = "uids",
     .type = PARAM_RANGES,
     .preset = "1000-59999",
     .doc = "user ids that may write to a host path: numbers, and ranges such as 1000-59999"},
    {.name = "gids",
     .type = PARAM_RANGES,
     .preset = "1000-59999",
     .doc = "the same for groups: the user's and those of --group-add"},
    {.name = "trust_image_user",
     .type = PARAM_FLAG,
     .doc = "trusts the image: user names, and users without a group, count as within the ranges, "
            "and groups of --group-add as the numbers given"},
    {0}};

enum { FIX_GROUP, FIX_PID, FIX_CAPABILITY };

static const char *const fixes[] = {
    [FIX_GROUP] = "remove it from --group-add and use it as the user's group (--user UID:GID)",
    [FIX_PID] = "remove --pid=container:...",
    [FIX_CAPABILITY] = "remove it from --cap-add, or mount it read-only",
    NULL,
};

/* 0 in its one spelling, and what the engine takes for the number that it says. */
static bool read_id(struct slice text, enum user_kind kind, uint64_t *id)
{
    *id = 0;
    return slice_eq(text, SLICE("0")) || (kind == USER_NUMBER && parse_u64(text, id) == 0);
}

static bool host_path_owner_is_within(const struct rule_input *in, size_t index, uint64_t id)
{
    const struct param_value *ranges = &in->param[index];

    for (size_t i = 0; i < ranges->range_count; i++) {
        if (id >= ranges->ranges[i].first && id <= ranges->ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* A user, and the mount that he may write to. */
struct subject {
    const char *field;
    struct slice text;
    struct slice place;
};

/* What lets names pass. */
static const struct rule_change trusting = {.kind = CHANGE_SET, .param = TRUST, .number = 1};

/* "User is "1000:42", …, and Binds[0] writes to the host". */
static int object_user(struct rule_input *in, const struct subject *subject, const char *why,
                       struct rule_change change)
{
    return rule_object_remedy(
        in, &(struct rule_remedy){.change = change}, "%s is %.*s, %s, and %.*s is writable",
        subject->field, SLICE_ARGS(rule_show(in, subject->text)), why, SLICE_ARGS(subject->place));
}

/* "1000" becomes "1000:1000", where a group may be written in and that one is allowed. */
static int write_group(struct rule_input *in, uint64_t id, bool *written)
{
    struct slice user = {0};

    if (!in->writes || in->existing || in->exec || !host_path_owner_is_within(in, GIDS, id)) {
        return 0;
    }
    *written = true;
    TRY(arena_printf(in->arena, &user, "%llu:%llu", (unsigned long long)id,
                     (unsigned long long)id));
    return container_spec_set_user(in->container, user);
}

static bool host_path_owner_is_name(enum user_kind kind)
{
    return kind == USER_NAME;
}

static struct rule_change adding(size_t param, struct slice id)
{
    return (struct rule_change){.kind = CHANGE_ADD, .param = param, .word = id};
}

static int judge_user(struct rule_input *in, const char *field, struct slice text,
                      struct slice place)
{
    const struct subject subject = {field, text, place};
    struct user_spec user = user_parse(text);
    bool trusts = in->param[TRUST].flag;
    uint64_t id = 0;
    bool number = read_id(user.user_text, user.user, &id);

    if (!number && !(trusts && user.user == USER_NAME)) {
        return object_user(in, &subject, "a name that the image may map to any user",
                           host_path_owner_is_name(user.user) ? trusting : (struct rule_change){0});
    }
    if (number && !host_path_owner_is_within(in, UIDS, id)) {
        return object_user(in, &subject, "a user outside uids", adding(UIDS, user.user_text));
    }
    if (user.group_text.len == 0) {
        bool written = trusts;

        TRY(trusts ? 0 : write_group(in, id, &written));
        return written ? 0
                       : object_user(in, &subject,
                                     "without a group, which then comes from the image", trusting);
    }
    number = read_id(user.group_text, user.group, &id);
    if (!number && !(trusts && user.group == USER_NAME)) {
        return object_user(in, &subject, "with a group name that the image may map to any number",
                           host_path_owner_is_name(user.group) ? trusting
                                                               : (struct rule_change){0});
    }
    return number && !host_path_owner_is_within(in, GIDS, id)
               ? object_user(in, &subject, "with a group outside gids",
                             adding(GIDS, user.group_text))
               : 0;
}

/* Nobody is named: the image's user, and without one root. */
static int host_path_owner_judge_image(struct rule_input *in, struct slice place)
{
    if (in->image && in->image->user.len > 0) {
        return judge_user(in, "the image's user", in->image->user, place);
    }
    if (!in->image && (in->image_missing || in->facts_missing)) {
        return 0; // the request goes nowhere
    }
    if (!in->image && !in->existing) {
        return rule_object(
            in, "User is not set, there is no information about image %.*s, and %.*s is writable",
            SLICE_ARGS(rule_show(in, in->container->image)), SLICE_ARGS(place));
    }
    // Without a name there is no group either.
    struct rule_remedy root = {.change = adding(UIDS, SLICE("0"))};

    root.change.also = TRUST + 1;
    return host_path_owner_is_within(in, UIDS, 0) &&
                   (in->param[TRUST].flag || host_path_owner_is_within(in, GIDS, 0))
               ? 0
               : rule_object_remedy(in, &root,
                                    "no user is set, which means root, and %.*s is writable",
                                    SLICE_ARGS(place));
}

/*
 * A group that is added is looked for by its name as well, and "2000" may be one: the image's group
 * file gives it any number, however it is spelled.
 * Source: moby/sys/user GetAdditionalGroups, as tried with 20.10, 26.1 and Podman 5.4.
 */
static int judge_groups(struct rule_input *in, struct slice place)
{
    const struct string_list *groups = &in->container->group_add;
    bool trusts = in->param[TRUST].flag;

    for (size_t i = 0; i < groups->count; i++) {
        struct slice text = groups->item[i];
        uint64_t id = 0;

        bool within =
            read_id(text, user_parse(text).user, &id) && host_path_owner_is_within(in, GIDS, id);

        if (within && trusts) {
            continue;
        }
        bool number = user_parse(text).user == USER_NUMBER || slice_eq(text, SLICE("0"));
        struct rule_remedy remedy = {.fix = fixes[FIX_GROUP], .change = trusting};

        if (!within) {
            remedy.change = number ? adding(GIDS, text) : (struct rule_change){0};
            remedy.change.also = TRUST + 1;
        }
        TRY(rule_object_remedy(
            in, &remedy, "HostConfig.GroupAdd[%zu] is %.*s, which %s, and %.*s is writable", i,
            SLICE_ARGS(rule_show(in, text)),
            within ? "the image may map to any number" : "is not in gids", SLICE_ARGS(place)));
    }
    return 0;
}

/*
 * Podman gives what is added to a process that is not root, too (ambient): by most of it the
 * process takes other ids, or gives them to files. dockerd gives such a process none.
 * Source: podman pkg/specgen/generate/security_linux.go; capabilities(7).
 */
static bool keeps_ids(struct slice capability)
{
    static const struct slice harmless[] = {
        SLICE_INIT("AUDIT_WRITE"),      SLICE_INIT("IPC_LOCK"), SLICE_INIT("KILL"),
        SLICE_INIT("NET_BIND_SERVICE"), SLICE_INIT("NET_RAW"),  SLICE_INIT("SYS_NICE"),
    };

    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        if (slice_eq_nocase(rule_capability(capability), harmless[i])) {
            return true;
        }
    }
    return false;
}

static int judge_capabilities(struct rule_input *in, struct slice place)
{
    const struct string_list *added = &in->container->cap_add;
    bool root_may =
        host_path_owner_is_within(in, UIDS, 0) && host_path_owner_is_within(in, GIDS, 0);

    if (root_may || !engine_may_be(in->engine, ENGINE_PODMAN)) {
        return 0;
    }
    for (size_t i = 0; i < added->count; i++) {
        if (!keeps_ids(added->item[i])) {
            TRY(rule_object_fix(in, fixes[FIX_CAPABILITY],
                                "HostConfig.CapAdd[%zu] is %.*s, by which Podman lets any user "
                                "have other ids, and %.*s may be written to",
                                i, SLICE_ARGS(rule_show(in, added->item[i])), SLICE_ARGS(place)));
        }
    }
    return 0;
}

static int note_path(void *context, struct slice path)
{
    bool *found = context;

    (void)path;
    *found = true;
    return 0;
}

/* Whether a local volume is made of something that the host has already, and may be written to. */
static int is_of_host(struct rule_input *in, const struct string_map *options, bool *found)
{
    struct volume_bind bind = {0};

    if (mount_options_are_bind(options, &bind) && bind.read_only) {
        return 0;
    }
    for (size_t i = 0; i < options->count; i++) {
        TRY(host_paths_each(in->arena, options->item[i].value, note_path, found));
    }
    return 0;
}

static int writes_to_host(struct rule_input *in, const struct mount_spec *mount, bool *writes)
{
    if (mount->problem || mount->read_only) {
        return 0; // what can't be read is host_path_mount's
    }
    if (mount->kind == MOUNT_BIND) {
        *writes = !mount->substituted;
        return 0;
    }
    TRY(is_of_host(in, &mount->options, writes));
    for (const struct known_volume *volume = in->volumes; volume; volume = volume->next) {
        if (mount->kind == MOUNT_VOLUME && slice_eq(volume->name, mount->source)) {
            TRY(is_of_host(in, &volume->answer.options, writes));
        }
    }
    return 0;
}

/* The first of the container's mounts that writes to a path of the host; else *place stays. */
static int host_path_owner_find_place(struct rule_input *in, const struct container_spec *spec,
                                      struct slice *place)
{
    for (size_t i = 0; i < spec->mounts.count && place->len == 0; i++) {
        bool writes = false;

        TRY(writes_to_host(in, &spec->mounts.item[i], &writes));
        if (writes) {
            *place = spec->mounts.item[i].field;
        }
    }
    return 0;
}

/*
 * Mounts of others that it takes over, and those that it reaches by /proc/PID/root in another's
 * namespace.
 */
static int find_peers_place(struct rule_input *in, bool joins, struct slice *place)
{
    for (const struct peer *peer = in->peers; peer && place->len == 0; peer = peer->next) {
        struct slice field = {0};

        if (!peer->answer || (!peer->mounts_only && !joins)) {
            continue;
        }
        TRY(host_path_owner_find_place(in, &peer->answer->spec, &field));
        if (field.len > 0) {
            TRY(arena_printf(in->arena, place, "%.*s of container %.*s", SLICE_ARGS(field),
                             SLICE_ARGS(rule_show(in, peer->name))));
        }
    }
    return 0;
}

static int host_path_owner_judge_container(struct rule_input *in, struct slice place)
{
    if (in->exec_user.len > 0) {
        struct rule_input exec = *in;

        // It is the exec that has to change, not the container.
        exec.existing = false;
        int err = judge_user(&exec, "User", in->exec_user, place);

        in->tail = exec.tail;
        TRY(err);
    } else if (in->container->user.len > 0) {
        TRY(judge_user(in, "User", in->container->user, place));
    } else {
        TRY(host_path_owner_judge_image(in, place));
    }
    TRY(judge_capabilities(in, place));
    return judge_groups(in, place);
}

static int host_path_owner_check(struct rule_input *in)
{
    struct slice place = {0};

    if (!in->container || in->update) {
        return 0;
    }
    bool joins = slice_starts_with(in->container->pid_mode, SLICE("container:"));

    TRY(host_path_owner_find_place(in, in->container, &place));
    TRY(find_peers_place(in, joins, &place));
    if (place.len == 0) {
        return 0;
    }
    if (joins) {
        TRY(rule_object_fix(in, fixes[FIX_PID],
                            "HostConfig.PidMode is %.*s: processes in either container reach %.*s, "
                            "which is writable",
                            SLICE_ARGS(rule_show(in, in->container->pid_mode)), SLICE_ARGS(place)));
    }
    return host_path_owner_judge_container(in, place);
}

static bool host_path_owner_is_enforced(const struct policy *policy, enum rule_index rule)
{
    return policy_rule_level(policy, policy->rule[rule].level) == RULE_LEVEL_DENY;
}

bool policy_keeps_owner(const struct policy *policy)
{
    const struct param_value *param = policy->rule[RULE_host_path_owner].param;

    if (!host_path_owner_is_enforced(policy, RULE_host_path_owner) ||
        !host_path_owner_is_enforced(policy, RULE_privilege_escalation) || param[TRUST].flag) {
        return false;
    }
    for (size_t i = 0; i < param[UIDS].range_count; i++) {
        if (param[UIDS].ranges[i].first == 0) {
            return false;
        }
    }
    return true;
}

const struct rule rule_host_path_owner = {
    .id = "host_path_owner",
    .summary = "Denies writing to host paths with ids outside `uids` and `gids`.",
    .fix =
        "use --user UID:GID with numbers within uids and gids (1000 to 59999 unless changed), or "
        "mount it read-only",
    .fixes = fixes,
    .start = RULE_FROM_RESTRICTED,
    .judges_existing = true,
    .needs = NEED_IMAGE_USER | NEED_VOLUMES,
    .params = params,
    .check = host_path_owner_check,
};
