/*
 * Listeners whose clients are not kept apart: several may connect, and a policy of theirs that
 * changes containers has no scope. Said when a file is checked and when it is served; nothing is
 * decided by it.
 */
#include "policy/clients/clients.h"
#include "policy/model/policy_data.h"

#include "base/banned.h"

enum { MODE_GROUP = 0020, MODE_OTHERS = 0002 };

/* Without a scope each of its clients reaches the others' containers. */
static bool shared_listener_reaches(const struct policy *policy)
{
    static const enum operation changes[] = {OP_CONTAINERS_STOP, OP_CONTAINERS_KILL,
                                             OP_CONTAINERS_REMOVE, OP_CONTAINERS_RESTART,
                                             OP_EXEC_CREATE};

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]) && policy->scope.labels.count == 0;
         i++) {
        if (operation_set_has(&policy->allowed, changes[i])) {
            return true;
        }
    }
    return false;
}

/* By the socket's mode: its owner alone, or more. A passed descriptor's is unknown. */
static bool shared_listener_is_open(const struct policy_listener *listener)
{
    bool group = listener->group != (gid_t)-1 && (listener->mode & MODE_GROUP) != 0;

    return listener->socket && (group || (listener->mode & MODE_OTHERS) != 0);
}

/* What an entry names but for one user may be many: a group, containers of a label. */
static bool shared_listener_fits_many(const struct client_entry *entry)
{
    return entry->uid.count != 1;
}

const char *policy_shared_without_scope(const struct policy_listener *listener)
{
    const struct policy *found =
        listener->policy && shared_listener_reaches(listener->policy) ? listener->policy : NULL;
    size_t count = listener->clients ? listener->clients->count : 0;
    bool many = listener->policy && (count > 0 || shared_listener_is_open(listener));

    for (size_t i = 0; i < count; i++) {
        const struct client_entry *entry = &listener->clients->entry[i];

        found = !found && shared_listener_reaches(entry->policy) ? entry->policy : found;
        many = many || count > 1 || shared_listener_fits_many(entry);
    }
    return many && found ? policy_name(found) : NULL;
}
