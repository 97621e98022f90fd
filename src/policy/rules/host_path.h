/*
 * host_path_mount in two parts: what a request names (host_path_mount.c), and where that leads
 * (host_path_place.c).
 */
#ifndef SOCKADE_POLICY_RULES_HOST_PATH_H
#define SOCKADE_POLICY_RULES_HOST_PATH_H

#include "policy/rules/rule.h"

/* The rule's parameters. */
enum {
    HOST_PATH_ALLOW,
    HOST_PATH_SYMLINKS,
    HOST_PATH_STABLE,
    HOST_PATH_RELABEL,
    HOST_PATH_COPY,
    HOST_PATH_TMPFS,
    HOST_PATH_BIND_VOLUMES
};

/* In the order of symlinks_words. */
enum { HOST_PATH_SYMLINKS_RESOLVE, HOST_PATH_SYMLINKS_ALLOW, HOST_PATH_SYMLINKS_DENY };

/* The index of what helps a client. */
enum {
    HOST_PATH_FIX_NONE,
    HOST_PATH_FIX_READ_ONLY,
    HOST_PATH_FIX_LABEL,
    HOST_PATH_FIX_COPY,
    HOST_PATH_FIX_LINK,
    HOST_PATH_FIX_STABLE,
    HOST_PATH_FIX_UNSEEN,
    HOST_PATH_FIX_FOLLOW,
    HOST_PATH_FIX_TMPFS,
    HOST_PATH_FIX_OPTIONS,
    HOST_PATH_FIX_MOUNT,
    HOST_PATH_FIX_NO_COPY,
    HOST_PATH_FIX_VOLUME_RO,
    HOST_PATH_FIX_VOLUME,
    HOST_PATH_FIX_SYNTAX,
    HOST_PATH_FIX_TYPE
};

extern const char *const host_path_fixes[];

/* The allowed directories, joined. */
struct slice host_path_allowed(struct rule_input *in);

/* Whether what the mount does below an allowed directory is allowed there: reading or writing. */
bool host_path_suffices(const struct allowed_path *root, const struct mount_spec *mount);

/* What the administrator can change: another path in the list, or another parameter. */
struct rule_change host_path_adding(struct slice path, const struct mount_spec *mount);
struct rule_change host_path_setting(size_t param, uint64_t number);

/* Judges where the source leads, which passes by its text. 0 or a negative errno. */
MUST_CHECK int host_path_judge_place(struct rule_input *in, const struct mount_spec *mount);

#endif
