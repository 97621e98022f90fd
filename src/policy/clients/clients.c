/*
 * See include/sockade/client.h. The first entry that fits decides, as in pg_hba.conf and
 * sshd_config: what comes later can't widen what an earlier line has narrowed.
 */
#include "policy/clients/clients.h"

#include <errno.h>
#include <stdlib.h>

#include "base/try.h"
#include "docker/objects/object_answer.h"
#include "policy/model/maker.h"
#include "policy/model/policy_data.h"

#include "base/banned.h"

static bool clients_is_listed(const struct id_list *list, unsigned id)
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
    if (clients_is_listed(&entry->gid, client->peer.gid)) {
        return true;
    }
    for (size_t i = 0; i < client->group_count; i++) {
        if (clients_is_listed(&entry->gid, client->groups[i])) {
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
    return (entry->uid.count == 0 || clients_is_listed(&entry->uid, client->peer.uid)) &&
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

static const struct client_entry *first_fit(const struct policy_clients *clients,
                                            const struct policy_client *client)
{
    for (size_t i = 0; clients && i < clients->count; i++) {
        if (fits(&clients->entry[i], client)) {
            return &clients->entry[i];
        }
    }
    return NULL;
}

static bool may_be_made_by(const struct client_entry *entry, struct slice maker)
{
    for (size_t i = 0; i < entry->made_by.count; i++) {
        if (slice_eq(entry->made_by.item[i], maker_policy(maker))) {
            return true;
        }
    }
    return slice_eq(entry->policy->maker, maker);
}

/* The listener's policy that is called so. */
static struct policy *find_maker(const struct policy_clients *clients, struct policy *otherwise,
                                 struct slice maker)
{
    for (size_t i = 0; i < clients->count; i++) {
        if (slice_eq(clients->entry[i].policy->maker, maker)) {
            return clients->entry[i].policy;
        }
    }
    return otherwise && slice_eq(otherwise->maker, maker) ? otherwise : NULL;
}

struct policy *policy_choose(const struct policy_clients *clients, struct policy *otherwise,
                             const struct policy_client *client)
{
    const struct client_entry *entry = first_fit(clients, client);
    const struct policy_container *container = client->container;

    if (clients && container && container->made_by.len > 0) {
        struct slice maker = maker_of(container->made_by);

        if (!entry) {
            return find_maker(clients, otherwise, maker);
        }
        return may_be_made_by(entry, maker) ? entry->policy : NULL;
    }
    if (!entry) {
        return otherwise;
    }
    // It is that user, or somebody in a container: neither this policy nor a later one is sure.
    bool sure = wants_container(entry) || client->place == CLIENT_ON_HOST;

    return sure ? entry->policy : NULL;
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
    const struct slice *made_by = string_map_get(&answer->labels, maker_label);

    *out = (struct policy_container){.name = slice_from_index(answer->name, 1),
                                     .labels = &answer->labels,
                                     .pid = answer->pid,
                                     .image = answer->image};
    if (answer->left_by_build) {
        out->made_by = maker_unknown; // its labels are a Dockerfile's
    } else if (made_by) {
        out->made_by = made_by->len > 0 && out->image.len > 0 ? *made_by : maker_unknown;
    }
    return 0;
}

/*
 * Each task of a service is a new container with the value that was written once: between two of
 * them somebody can have read it, and made an image with it.
 */
static bool is_task(const struct policy_container *container)
{
    return string_map_get(container->labels, SLICE("com.docker.swarm.service.id")) != NULL;
}

int policy_container_check_image(unsigned status, struct slice body, struct arena *arena,
                                 struct policy_container *container)
{
    struct object_answer image = {0};

    if (status == 404) {
        container->made_by = maker_unknown;
        return 0;
    }
    TRY(status == 200 ? object_answer_read(body, arena, OBJECT_IMAGE, &image) : -EBADMSG);
    const struct slice *inherited = string_map_get(&image.labels, maker_label);

    if (inherited && slice_eq(*inherited, container->made_by)) {
        container->made_by = is_task(container) ? maker_unknown : (struct slice){NULL, 0};
    }
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
