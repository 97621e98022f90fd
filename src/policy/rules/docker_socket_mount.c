/*
 * A container that can connect to an engine's socket starts privileged containers,
 * past every rule of ours. The filtered sockets of other listeners are as good, since other
 * policies stand behind them. The directories above a socket are as good; :ro doesn't help, since
 * connecting writes nothing. A volume's options mount just as Binds do. The same socket has many
 * names: links, bind mounts, /proc/1/root; so it is told by what it is, where that can be seen.
 */
#include <errno.h>

#include "base/try.h"
#include "docker/tables/container_edit.h"
#include "policy/model/paths.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { SUBSTITUTE };

static const struct rule_param params[] = {
    {.name = "substitute",
     .type = PARAM_FLAG,
     .doc = "true: a mount of the Docker socket is replaced by the filtered socket that the "
            "request came through; short form: \"docker_socket_mount: substitute\""},
    {0}};

/* A path in a volume's option, and what it is an option of. */
struct option {
    struct rule_input *in;
    struct slice field;
};

enum { FIX_PROBLEM, FIX_SYNTAX };

static const char *const fixes[] = {
    [FIX_PROBLEM] = "mount a path that can be resolved, by its real name",
    [FIX_SYNTAX] = "write the mount as SOURCE:TARGET or SOURCE:TARGET:OPTIONS, with absolute paths",
    NULL,
};

struct names {
    struct slice source; /* as it is asked for */
    struct slice path;
    struct slice own; /* the listener's socket */
};

static int object_problem(struct rule_input *in, struct slice field, struct slice source,
                          const char *problem)
{
    return rule_object_fix(in, fixes[FIX_PROBLEM], "%.*s: %.*s %s", SLICE_ARGS(field),
                           SLICE_ARGS(rule_show(in, source)), problem);
}

/* What the client came through is its own to hand on; the others have other policies. */
static bool reaches_other_listener(const struct rule_input *in, struct slice path, struct slice own)
{
    for (size_t i = 0; i < in->listener_sockets->count; i++) {
        struct slice socket = in->listener_sockets->item[i];

        if (!slice_eq(socket, own) &&
            (path_is_within(socket, path) || path_is_within(path, socket))) {
            return true;
        }
    }
    return false;
}

/* By its name alone. */
static bool reaches_socket(const struct rule_input *in, struct slice path, struct slice own)
{
    return host_path_reaches_engine(path, in->engine_socket) ||
           reaches_other_listener(in, path, own);
}

/* What is compared, canonicalized once. 0 or -ENOMEM. */
static int docker_socket_mount_names_read(struct rule_input *in, struct slice source,
                                          struct names *out)
{
    out->source = source;
    TRY(host_path_borrow(in->arena, source, &out->path));
    return host_path_borrow(in->arena, in->listener_socket, &out->own);
}

/* The socket itself, not what is above it; or another name of ours. */
static bool is_docker_socket(const struct rule_input *in, struct slice path,
                             const struct path_answer *answer)
{
    bool leads = answer && answer->view == PATH_RESOLVED;

    return host_path_is_docker_socket(path, in->engine_socket) ||
           (leads && (answer->is_upstream || slice_eq(answer->resolved, in->listener_socket)));
}

/* If the policy says so. */
static bool could_substitute(const struct rule_input *in, const struct mount_spec *mount)
{
    return in->writes && !in->existing && in->listener_socket.len > 0 &&
           mount_can_name(mount, in->listener_socket);
}

static bool can_substitute(const struct rule_input *in, const struct mount_spec *mount)
{
    return in->param[SUBSTITUTE].flag && could_substitute(in, mount);
}

/* Who mounts the socket itself can be given ours; what holds one can only be handed out. */
static struct rule_remedy docker_socket_mount_remedy_for(const struct rule_input *in,
                                                         const struct mount_spec *mount,
                                                         struct slice path,
                                                         const struct path_answer *answer)
{
    struct rule_remedy remedy = {.fix = NULL};

    if (could_substitute(in, mount) && is_docker_socket(in, path, answer)) {
        remedy.change = (struct rule_change){.kind = CHANGE_SET, .param = SUBSTITUTE, .number = 1};
    }
    return remedy;
}

/*
 * Whether the source itself, or what it leads to, is or holds a socket. `mount` is NULL where it is
 * a volume's option. -ENOMEM.
 */
static int docker_socket_mount_object_path(struct rule_input *in, const struct mount_spec *mount,
                                           struct slice field, const struct names *names,
                                           const struct path_answer *answer)
{
    struct slice source = names->source;
    struct slice own = names->own;
    bool leads = answer && answer->view == PATH_RESOLVED;
    bool elsewhere = leads && !slice_eq(answer->resolved, source);
    struct rule_remedy remedy = {.fix = NULL};

    if (!reaches_socket(in, names->path, own) && !(leads && answer->is_engine) &&
        !(leads && answer->holds_engine) &&
        !(elsewhere && reaches_socket(in, answer->resolved, own))) {
        return 0;
    }
    if (mount) {
        remedy = docker_socket_mount_remedy_for(in, mount, names->path, answer);
    }
    return rule_object_remedy(
        in, &remedy, "%.*s: %.*s%s%.*s is or holds a socket of a container engine",
        SLICE_ARGS(field), SLICE_ARGS(rule_show(in, source)), elsewhere ? ", that is " : "",
        SLICE_ARGS(elsewhere ? rule_show(in, answer->resolved) : SLICE("")));
}

/*
 * With `substitute`, ours takes the engine's place; and who already asks for ours, because
 * it is the DOCKER_HOST that he was given, may have it: it is the one he is using.
 */
static int docker_socket_mount_judge_bind(struct rule_input *in, struct mount_spec *mount)
{
    const struct path_answer *answer = rule_path(in, mount->source);
    struct names names = {0};

    TRY(docker_socket_mount_names_read(in, mount->source, &names));
    if (in->param[SUBSTITUTE].flag && in->listener_socket.len > 0 &&
        slice_eq(names.path, names.own)) {
        mount->substituted = true;
        return in->writes && !in->existing ? container_edit_require_source(in->container, mount)
                                           : 0;
    }
    if (can_substitute(in, mount) && is_docker_socket(in, names.path, answer)) {
        mount->substituted = true;
        TRY(container_spec_set_source(in->container, mount, in->listener_socket));
        return container_edit_require_source(in->container, mount);
    }
    if (!answer && in->facts_missing && can_substitute(in, mount) &&
        slice_ends_with(names.path, SLICE(".sock"))) {
        return 0; // a look may show that it is the engine's socket by another name
    }
    const char *problem = answer ? rule_path_problem(mount, answer) : NULL;

    return problem ? object_problem(in, mount->field, mount->source, problem)
                   : docker_socket_mount_object_path(in, mount, mount->field, &names, answer);
}

static int judge_option_path(void *context, struct slice path)
{
    struct option *option = context;
    const struct path_answer *answer = rule_path(option->in, path);
    const char *problem = answer ? rule_path_problem(NULL, answer) : NULL;
    struct names names = {0};

    TRY(docker_socket_mount_names_read(option->in, path, &names));
    return problem
               ? object_problem(option->in, option->field, path, problem)
               : docker_socket_mount_object_path(option->in, NULL, option->field, &names, answer);
}

static int docker_socket_mount_judge_options(struct rule_input *in, struct slice field,
                                             const struct string_map *options)
{
    struct option option = {in, field};
    int err = 0;

    for (size_t i = 0; i < options->count && err == 0; i++) {
        err = host_paths_each(in->arena, options->item[i].value, judge_option_path, &option);
    }
    return err;
}

static int docker_socket_mount_judge_mount(struct rule_input *in, struct mount_spec *mount)
{
    if (mount->problem) {
        return rule_object_fix(in, fixes[FIX_SYNTAX],
                               "%.*s cannot be parsed as the engine would parse it",
                               SLICE_ARGS(mount->field));
    }
    if (mount->kind == MOUNT_BIND) {
        return docker_socket_mount_judge_bind(in, mount);
    }
    return docker_socket_mount_judge_options(in, mount->field, &mount->options);
}

static int docker_socket_mount_check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->mounts.count; i++) {
        if (docker_socket_mount_judge_mount(in, &in->container->mounts.item[i]) < 0) {
            return -ENOMEM;
        }
    }
    for (const struct known_volume *volume = in->volumes; volume; volume = volume->next) {
        if (docker_socket_mount_judge_options(in, volume->name, &volume->answer.options) < 0) {
            return -ENOMEM;
        }
    }
    return in->volume
               ? docker_socket_mount_judge_options(in, SLICE("DriverOpts"), &in->volume->options)
               : 0;
}

const struct rule rule_docker_socket_mount = {
    .id = "docker_socket_mount",
    .summary = "Denies mounts of a container engine's socket or of a directory above one.",
    .fix = "remove the mount",
    .fixes = fixes,
    .cis = "5.32",
    .pss = "baseline",
    .judges_existing = true,
    .judges_mounts = true,
    .needs = NEED_VOLUMES | NEED_PATHS,
    .params = params,
    .check = docker_socket_mount_check,
};
