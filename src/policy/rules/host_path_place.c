/*
 * Where the source of a mount leads, compared with the directories that host_path_mount allows:
 * links on the way, what others could replace, and what sockade does not see.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/model/paths.h"
#include "policy/rules/host_path.h"
#include "policy/rules/host_roots.h"

#include "base/banned.h"

struct slice host_path_allowed(struct rule_input *in)
{
    const struct param_value *allow = &in->param[HOST_PATH_ALLOW];
    struct slice *item = arena_alloc(in->arena, allow->path_count * sizeof(*item));
    struct string_list list = {.item = item, .count = item ? allow->path_count : 0};

    for (size_t i = 0; i < list.count; i++) {
        item[i] = allow->paths[i].path;
    }
    return rule_join(in->arena, &list);
}

/* Labels of the host's files are changed by writing them. */
static bool is_written(const struct mount_spec *mount)
{
    return !mount->read_only || mount->relabel;
}

struct rule_change host_path_adding(struct slice path, const struct mount_spec *mount)
{
    return (struct rule_change){
        .kind = CHANGE_ADD, .param = HOST_PATH_ALLOW, .word = path, .writable = is_written(mount)};
}

struct rule_change host_path_setting(size_t param, uint64_t number)
{
    return (struct rule_change){.kind = CHANGE_SET, .param = param, .number = number};
}

/* z and Z change the labels of the host's files, which outlives the container: it is writing. */
bool host_path_suffices(const struct allowed_path *root, const struct mount_spec *mount)
{
    return root->writable || (mount->read_only && !mount->relabel);
}

static bool is_in_a_root(struct rule_input *in, struct slice path)
{
    const struct param_value *allow = &in->param[HOST_PATH_ALLOW];

    for (size_t i = 0; i < allow->path_count; i++) {
        struct slice root =
            host_roots_real(in, allow->paths[i].path,
                            in->param[HOST_PATH_SYMLINKS].number == HOST_PATH_SYMLINKS_ALLOW);

        if (root.len > 0 && host_path_covers(root, path)) {
            return true;
        }
    }
    return false;
}

static int host_path_place_judge_links(struct rule_input *in, const struct mount_spec *mount,
                                       const struct path_answer *answer)
{
    uint64_t symlinks = in->param[HOST_PATH_SYMLINKS].number;

    for (size_t i = 0; i < answer->link_count; i++) {
        const struct path_link *link = &answer->link[i];
        const char *why = NULL;
        struct rule_remedy remedy = {
            .fix = host_path_fixes[HOST_PATH_FIX_LINK],
            .change = host_path_setting(HOST_PATH_SYMLINKS, host_roots_foreign(answer)
                                                                ? HOST_PATH_SYMLINKS_ALLOW
                                                                : HOST_PATH_SYMLINKS_RESOLVE),
        };

        if (symlinks == HOST_PATH_SYMLINKS_DENY && is_in_a_root(in, link->place)) {
            why = "";
        } else if (symlinks == HOST_PATH_SYMLINKS_RESOLVE && link->foreign) {
            why = ", which users other than root can change";
        } else if (mount->by_volume && host_roots_turns(in, link)) {
            why = ", which users other than root can change";
            remedy.change = (struct rule_change){.kind = CHANGE_OFF};
        }
        if (why) {
            return rule_object_remedy(in, &remedy, "%.*s: %.*s goes through the link %.*s%s",
                                      SLICE_ARGS(mount->field),
                                      SLICE_ARGS(rule_show(in, mount->source)),
                                      SLICE_ARGS(rule_show(in, link->place)), why);
        }
    }
    return 0;
}

/* Nobody sees where it leads: the engine would follow any link that a client has put there. */
static int object_unseen(struct rule_input *in, const struct mount_spec *mount,
                         const struct path_answer *answer)
{
    struct rule_remedy remedy = {
        .fix = host_path_fixes[HOST_PATH_FIX_UNSEEN],
        .change = host_path_setting(HOST_PATH_SYMLINKS, HOST_PATH_SYMLINKS_ALLOW),
    };

    return rule_object_remedy(in, &remedy,
                              "%.*s: sockade cannot see where %.*s leads on the engine's host%s%s",
                              SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)),
                              answer->why ? ": " : "", answer->why ? answer->why : "");
}

static int judge_unseen(struct rule_input *in, const struct mount_spec *mount,
                        const struct path_answer *answer)
{
    struct slice path = {0};

    if (in->param[HOST_PATH_SYMLINKS].number == HOST_PATH_SYMLINKS_ALLOW) {
        return 0; // the policy knows
    }
    if (host_path_borrow(in->arena, mount->source, &path) < 0) {
        return -ENOMEM;
    }
    return host_roots_lists(in, &in->param[HOST_PATH_ALLOW], path)
               ? 0
               : object_unseen(in, mount, answer);
}

/* The answer about an allowed path around `path` that is not seen, or NULL. */
static const struct path_answer *unseen_root(const struct rule_input *in, struct slice path)
{
    const struct param_value *allow = &in->param[HOST_PATH_ALLOW];

    for (size_t i = 0; i < allow->path_count; i++) {
        const struct path_answer *answer = rule_path(in, allow->paths[i].path);

        if (answer && answer->view == PATH_UNSEEN && path_is_within(path, allow->paths[i].path)) {
            return answer;
        }
    }
    return NULL;
}

enum place { PLACE_OUTSIDE = 0, PLACE_READ_ONLY, PLACE_ALLOWED };

static enum place host_path_place_of(const struct rule_input *in, const struct mount_spec *mount,
                                     const struct path_answer *answer)
{
    const struct param_value *allow = &in->param[HOST_PATH_ALLOW];
    bool follow = in->param[HOST_PATH_SYMLINKS].number == HOST_PATH_SYMLINKS_ALLOW;
    enum place place = PLACE_OUTSIDE;

    for (size_t i = 0; i < allow->path_count && place != PLACE_ALLOWED; i++) {
        struct slice root = host_roots_real(in, allow->paths[i].path, follow);

        if (root.len > 0 && host_path_covers(root, answer->resolved)) {
            place = host_path_suffices(&allow->paths[i], mount) ? PLACE_ALLOWED : PLACE_READ_ONLY;
        }
    }
    return place;
}

static int judge_resolved(struct rule_input *in, const struct mount_spec *mount,
                          const struct path_answer *answer)
{
    struct violation *const *before = in->tail;
    bool replaceable = false;
    int err = host_path_place_judge_links(in, mount, answer);

    if (err < 0 || in->tail != before) {
        return err;
    }
    if (in->param[HOST_PATH_STABLE].flag) {
        struct slice path = {0};

        TRY(host_path_borrow(in->arena, mount->source, &path));
        replaceable = host_roots_lets_replace(in, path, answer);
    }
    if (replaceable) {
        struct rule_remedy remedy = {.fix = host_path_fixes[HOST_PATH_FIX_STABLE],
                                     .change = host_path_setting(HOST_PATH_STABLE, 0)};

        return rule_object_remedy(
            in, &remedy, "%.*s: %.*s could be replaced by users other than root",
            SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)));
    }
    enum place place = host_path_place_of(in, mount, answer);

    if (place == PLACE_ALLOWED) {
        return 0;
    }
    bool inside = place == PLACE_READ_ONLY;
    const struct path_answer *unseen = unseen_root(in, answer->resolved);

    if (!inside && unseen) {
        return object_unseen(in, mount, unseen);
    }
    struct rule_remedy remedy = {
        .fix = inside
                   ? host_path_fixes[in->volume ? HOST_PATH_FIX_VOLUME_RO : HOST_PATH_FIX_READ_ONLY]
                   : NULL,
        .change = host_path_adding(answer->resolved, mount),
    };

    return rule_object_remedy(in, &remedy, "%.*s: %.*s leads to %.*s, which %s%.*s",
                              SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)),
                              SLICE_ARGS(rule_show(in, answer->resolved)),
                              inside ? "may be mounted read-only (:ro) only" : "is outside ",
                              SLICE_ARGS(inside ? SLICE("") : host_path_allowed(in)));
}

/* A path that passes by its text: where does it lead? */
int host_path_judge_place(struct rule_input *in, const struct mount_spec *mount)
{
    const struct path_answer *answer = rule_path(in, mount->source);
    const char *problem = answer ? rule_path_problem(mount, answer) : "could not be resolved";

    if (!answer && in->facts_missing) {
        return 0; // refused anyway
    }
    struct rule_remedy remedy = {.fix = host_path_fixes[HOST_PATH_FIX_FOLLOW]};

    if (!problem && in->param[HOST_PATH_STABLE].flag && answer->view == PATH_UNSEEN) {
        problem = "cannot be resolved, but must be stable";
        remedy = (struct rule_remedy){.fix = host_path_fixes[HOST_PATH_FIX_STABLE],
                                      .change = host_path_setting(HOST_PATH_STABLE, 0)};
    }
    if (problem) {
        return rule_object_remedy(in, &remedy, "%.*s: %.*s %s", SLICE_ARGS(mount->field),
                                  SLICE_ARGS(rule_show(in, mount->source)), problem);
    }
    return answer->view == PATH_RESOLVED ? judge_resolved(in, mount, answer)
                                         : judge_unseen(in, mount, answer);
}
