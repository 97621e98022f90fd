/*
 * See include/sockade/client.h. The first entry that fits decides, as in pg_hba.conf and
 * sshd_config: what comes later can't widen what an earlier line has narrowed.
 */
#include "policy/clients.h"

#include <errno.h>
#include <stdlib.h>

#include "base/try.h"
#include "docker/object_answer.h"

#include "base/banned.h"

static bool is_listed(const struct id_list *list, unsigned id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->id[i] == id) {
            return true;
        }
    }
    return false;
}

static bool fits_group(const struct client_entry *entry, const struct policy_client *client)
{
    if (is_listed(&entry->gid, client->peer.gid)) {
        return true;
    }
    for (size_t i = 0; i < client->group_count; i++) {
        if (is_listed(&entry->gid, client->groups[i])) {
            return true;
        }
    }
    return false;
}

static bool wants_container(const struct client_entry *entry)
{
    return entry->containers.present || entry->label.key.len > 0;
}

static bool fits_container(const struct client_entry *entry,
                           const struct policy_container *container)
{
    if (!container) {
        return false;
    }
    if (entry->label.key.len > 0) {
        const struct slice *value = string_map_get(container->labels, entry->label.key);

        return value && slice_eq(*value, entry->label.value);
    }
    for (size_t i = 0; i < entry->containers.count; i++) {
        if (slice_eq(entry->containers.item[i], container->name)) {
            return true;
        }
    }
    return false;
}

static bool fits_ids(const struct client_entry *entry, const struct policy_client *client)
{
    return (entry->uid.count == 0 || is_listed(&entry->uid, client->peer.uid)) &&
           (entry->gid.count == 0 || fits_group(entry, client));
}

/* A uid in a container is not that user of the host: root of every container is 0. */
static bool fits(const struct client_entry *entry, const struct policy_client *client)
{
    if (!fits_ids(entry, client)) {
        return false;
    }
    return wants_container(entry) ? fits_container(entry, client->container)
                                  : client->place != CLIENT_IN_CONTAINER;
}

struct policy *policy_choose(const struct policy_clients *clients, struct policy *otherwise,
                             const struct policy_client *client)
{
    for (size_t i = 0; clients && i < clients->count; i++) {
        if (!fits(&clients->entry[i], client)) {
            continue;
        }
        // It is that user, or somebody in a container: neither this policy nor a later one is sure.
        bool sure = wants_container(&clients->entry[i]) || client->place == CLIENT_ON_HOST;

        return sure ? clients->entry[i].policy : NULL;
    }
    return otherwise;
}

bool policy_clients_have(const struct policy_clients *clients, const char *name)
{
    for (size_t i = 0; clients && i < clients->count; i++) {
        if (strcmp(policy_name(clients->entry[i].policy), name) == 0) {
            return true;
        }
    }
    return false;
}

bool policy_clients_want_groups(const struct policy_clients *clients)
{
    for (size_t i = 0; clients && i < clients->count; i++) {
        if (clients->entry[i].gid.count > 0) {
            return true;
        }
    }
    return false;
}

int policy_container_read(struct slice body, struct slice id, struct arena *arena,
                          struct policy_container *out)
{
    struct object_answer *answer = arena_alloc(arena, sizeof(*answer));

    TRY(answer ? object_answer_read(body, arena, OBJECT_CONTAINER, answer) : -ENOMEM);
    if (!slice_eq(answer->id, id) || !slice_starts_with(answer->name, SLICE("/"))) {
        return -EBADMSG;
    }
    *out = (struct policy_container){
        .name = slice_from_index(answer->name, 1), .labels = &answer->labels, .pid = answer->pid};
    return 0;
}

struct policy_clients *policy_clients_ref(struct policy_clients *clients)
{
    if (clients) {
        clients->references++;
    }
    return clients;
}

void policy_clients_unref(struct policy_clients *clients)
{
    if (!clients || --clients->references > 0) {
        return;
    }
    for (size_t i = 0; i < clients->count; i++) {
        policy_unref(clients->entry[i].policy);
    }
    arena_deinit(&clients->arena);
    free(clients);
}
