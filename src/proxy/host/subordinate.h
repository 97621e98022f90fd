/*
 * Users of the host that have more than one uid: the subordinate ids of /etc/subuid, as each of
 * which their owner's processes may connect, from a user namespace. Whoever counts users counts
 * them as their owner.
 */
#ifndef SOCKADE_PROXY_SUBORDINATE_H
#define SOCKADE_PROXY_SUBORDINATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "sockade/slice.h"

enum { SUBORDINATE_MAX = 4096 }; /* ranges that are kept; the others' ids are users of their own */

struct subordinate_range {
    uid_t first;
    uid_t count;
    uid_t owner;
};

/* All zero has none. */
struct subordinates {
    struct subordinate_range *range;
    size_t count;
};

/*
 * Adds those of a text like that of /etc/subuid (subuid(5)): lines of "OWNER:FIRST:COUNT", the
 * owner a name or a uid. Other lines are none. `find` says which uid a name has; false: none.
 * 0 or -ENOMEM.
 */
MUST_CHECK int subordinates_add(struct subordinates *all, struct slice text,
                                bool (*find)(struct slice name, uid_t *uid));

/* Replaces what there is by what the file says now; a file that can't be read has none. */
void subordinates_load(struct subordinates *all, const char *path);

/* The owner of that uid, or the uid. Root's ranges are the engine's, and its ids are their own. */
uid_t subordinates_owner(const struct subordinates *all, uid_t uid);

void subordinates_deinit(struct subordinates *all);

#endif
