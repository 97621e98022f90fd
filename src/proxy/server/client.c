/*
 * See client.h. Users and groups are known at once. A container is asked about before the
 * first request is judged, and until then the connection counts for the policy that
 * the client would get without it.
 */
#include "proxy/server/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/try.h"
#include "proxy/host/peer_group.h"
#include "proxy/server/server_internal.h"

#include "base/banned.h"

enum { UNREADABLE_LOG_MS = 60 * 1000 };

/* Nobody sets this clock, and it stands while the machine sleeps. */
static uint64_t now_us(void)
{
    return uv_hrtime() / 1000;
}

static enum client_place client_place(const struct client *client,
                                      const struct policy_container *container)
{
    if (container) {
        return CLIENT_IN_CONTAINER;
    }
    return client->place == PEER_ON_HOST ? CLIENT_ON_HOST : CLIENT_PLACE_UNKNOWN;
}

/* The policy as far as the client is known. 0 or a negative errno, then there is none. */
static int choose(struct client *client, const struct policy_container *container)
{
    const struct listener *listener = client->listener;
    struct policy_client who = {
        .peer = client->peer, .place = client_place(client, container), .container = container};
    struct policy *before = client->policy;
    gid_t *groups = NULL;
    int err = policy_clients_want_groups(listener->clients)
                  ? peer_groups(client->fd, &groups, &who.group_count)
                  : 0;

    who.groups = groups;
    // Without its groups, or its place, a client could miss the entry that is meant for it.
    bool misses = client->place == PEER_HIDDEN && listener->clients;

    client->policy = err < 0 || misses
                         ? NULL
                         : policy_ref(policy_choose(listener->clients, listener->policy, &who));
    client->generation = listener->generation;
    policy_unref(before);
    free(groups);
    return err;
}

static struct share *find_share(struct listener *listener, const char *policy)
{
    struct share *share = listener->shares;

    while (share && strcmp(share->policy, policy) != 0) {
        share = share->next;
    }
    if (share) {
        return share;
    }
    size_t size = strlen(policy) + 1;

    share = calloc(1, sizeof(*share) + size);
    if (share) {
        memcpy(share->policy, policy, size);
        share->next = listener->shares;
        listener->shares = share;
    }
    return share;
}

void client_uncount(struct client *client)
{
    if (client->share) {
        quota_give(&client->share->quota, client->counted, LIMIT_CONNECTIONS);
        quota_leave(client->counted);
        client->share = NULL;
    }
}

/* Counts the connection for its policy. 0, -EDQUOT, or -ENOMEM; then it counts where it did. */
static int take_share(struct client *client, struct quota_refusal *why)
{
    struct share *share = find_share(client->listener, policy_name(client->policy));

    if (!share) {
        return -ENOMEM;
    }
    if (share == client->share) {
        return 0;
    }
    uint64_t now = now_us();
    struct quota_client counted =
        quota_enter(&share->quota, client->counted_as, client->counted_in, now);
    const struct policy_limits *limits = policy_limits(client->policy);
    bool taken = quota_take(&share->quota, counted, limits, LIMIT_CONNECTIONS, now, why);

    if (!taken && conns_reclaim(client->listener->server, client, why)) {
        taken = quota_take(&share->quota, counted, limits, LIMIT_CONNECTIONS, now, why);
    }
    if (!taken) {
        quota_leave(counted);
        return -EDQUOT;
    }
    client_uncount(client);
    client->share = share;
    client->counted = counted;
    return 0;
}

/* On the host or elsewhere: it makes a difference where policies are chosen by who connects. */
static void client_find_place(struct client *client)
{
    free(client->container_text);
    client->container_text = NULL;
    client->container = (struct cgroup_container){0};
    client->placed = client->listener->clients != NULL;
    client->place = peer_find(client->fd, client->peer.pid, client->placed, &client->container_text,
                              &client->container);
    client->counted_in = peer_group_is_a_users(&client->container)
                             ? (struct slice){NULL, 0}
                             : slice_head(client->container.path, client->container.outer_len);
    client->counted_as =
        client->counted_in.len > 0
            ? client->peer.uid
            : subordinates_owner(&client->listener->server->subordinates, client->peer.uid);
}

int client_init(struct client *client, struct listener *listener, int fd, struct quota_refusal *why)
{
    *client = (struct client){
        .listener = listener, .fd = fd, .peer = peer_read(fd), .holds = LIMIT_COUNT};
    client_find_place(client);
    client->identified = client->place != PEER_IN_CONTAINER;
    client->holder =
        holders_enter(&listener->server->holders, client->counted_as, client->counted_in);

    int err = client->holder ? choose(client, NULL) : -ENOMEM;

    if (err == 0) {
        err = take_share(client, why);
    }
    return err;
}

void client_deinit(struct client *client)
{
    client_uncount(client);
    holders_leave(&client->listener->server->holders, client->holder);
    client->holder = NULL;
    policy_unref(client->policy);
    free(client->container_text);
    free(client->container_name);
    client->policy = NULL;
    client->container_text = NULL;
    client->container_name = NULL;
}

struct policy *client_begin(struct client *client)
{
    client->confirmed = NULL; // of a request that did not get so far
    if (client->generation != client->listener->generation) {
        if (client->listener->clients && !client->placed) {
            client_find_place(client);
        }
        if (choose(client, NULL) < 0) {
            log_error("%s: cannot read the groups of a client", client->listener->name);
        }
        client->identified = client->container.id.len == 0;
    }
    return policy_ref(client->policy);
}

int client_identify(const struct client *client, struct arena *arena, struct slice *question)
{
    if (client->identified) {
        *question = (struct slice){NULL, 0};
        return 0;
    }
    if (client->confirmed) {
        return arena_printf(arena, question, "/images/%.*s/json",
                            SLICE_ARGS(client->confirmed->image));
    }
    return arena_printf(arena, question, "/containers/%.*s/json", SLICE_ARGS(client->container.id));
}

static void client_keep_name(struct client *client, struct slice name)
{
    free(client->container_name);
    client->container_name = name.len > 0 ? strndup(name.ptr, name.len) : NULL;
}

/* Its policy, now that it is known where it is. */
static int settle(struct client *client, const struct policy_container *container,
                  struct policy **policy)
{
    int err = choose(client, container);

    if (err < 0) {
        return err;
    }
    if (!client->policy && container && container->made_by.len > 0) {
        log_warn("%s: container %s was created through sockade: clients in it get the policy named "
                 "by its label; only an entry whose made_by names that policy gives them another",
                 client->listener->name, client->container_name);
    }
    client->identified = true;
    *policy = policy_ref(client->policy);
    return 0;
}

/* The image says whether the label that says who made the container is its own. */
static int image_told(struct client *client, unsigned status, struct slice body,
                      struct arena *arena, struct policy **policy)
{
    struct policy_container *container = client->confirmed;

    client->confirmed = NULL;
    TRY(policy_container_check_image(status, body, arena, container));
    return settle(client, container, policy);
}

static void log_unconfirmed(const struct client *client)
{
    log_warn("%s: a process of uid %u is not in the container named by its control group",
             client->listener->name, client->peer.uid);
}

int client_identified(struct client *client, unsigned status, struct slice body,
                      struct arena *arena, struct policy **policy)
{
    if (client->confirmed) {
        return image_told(client, status, body, arena, policy);
    }
    struct policy_container *container = arena_alloc(arena, sizeof(*container));
    int err = status == 404 ? -ENOENT : -EAGAIN;

    if (status == 200) {
        err = container ? policy_container_read(body, client->container.id, arena, container)
                        : -ENOMEM;
    }
    if (err < 0 && err != -ENOENT && client->listener->clients) {
        return err; // and asked again for the next request
    }
    bool confirmed = err == 0 && peer_is_in(container->pid, &client->container);

    // It may be in any of the containers that its control group is below.
    if (!confirmed && client->container.nested) {
        client->place = PEER_HIDDEN;
    }
    if (err == 0 && !confirmed) {
        log_unconfirmed(client);
        client->container = (struct cgroup_container){0}; // nor does the record say so
    }
    client_keep_name(client, confirmed ? container->name : (struct slice){NULL, 0});
    if (confirmed && client->listener->clients && container->made_by.len > 0 &&
        container->image.len > 0) {
        client->confirmed = container;
        *policy = NULL;
        return 0;
    }
    return settle(client, confirmed ? container : NULL, policy);
}

bool client_admit(struct client *client, enum policy_limit limit, struct quota_refusal *why)
{
    const struct policy_limits *limits = policy_limits(client->policy);
    // A refusal counts where the connection does.
    int err = limit == LIMIT_REFUSALS ? 0 : take_share(client, why);

    if (err < 0) {
        if (err == -ENOMEM) {
            *why = (struct quota_refusal){.limit = LIMIT_CONNECTIONS, .retry_after_s = 1};
        }
        return false;
    }
    uint64_t now = limit < LIMIT_RATES ? 0 : now_us(); // only rates depend on it

    if (!quota_take(&client->share->quota, client->counted, limits, limit, now, why)) {
        return false;
    }
    if (limit < LIMIT_RATES) {
        client->holds = limit;
    }
    return true;
}

void client_leave(struct client *client)
{
    if (client->holds != LIMIT_COUNT) {
        quota_give(&client->share->quota, client->counted, client->holds);
        client->holds = LIMIT_COUNT;
    }
}

bool client_is_withdrawn(const struct client *client, const struct policy *policy)
{
    const struct listener *listener = client->listener;
    const struct policy *now = listener->policy;
    const char *name = policy_name(policy);
    struct policy_client who = {.peer = client->peer, .place = client_place(client, NULL)};
    gid_t *groups = NULL;

    if (listener->closing || (client->place == PEER_HIDDEN && listener->clients)) {
        return true;
    }
    // The container would have to be asked about: as long as somebody has that policy, it may.
    if (client->container.id.len > 0 && listener->clients) {
        return !(now && strcmp(policy_name(now), name) == 0) &&
               !policy_clients_have(listener->clients, name);
    }
    if (policy_clients_want_groups(listener->clients) &&
        peer_groups(client->fd, &groups, &who.group_count) < 0) {
        return true;
    }
    who.groups = groups;
    now = policy_choose(listener->clients, listener->policy, &who);
    free(groups);
    return !now || strcmp(policy_name(now), name) != 0;
}

bool client_competes(const struct client *client, const struct client *newcomer,
                     enum quota_level level)
{
    bool same_share = client->share && client->listener == newcomer->listener &&
                      strcmp(client->share->policy, policy_name(newcomer->policy)) == 0;

    switch (level) {
    case QUOTA_PER_UID:
        return same_share && client->counted_as == newcomer->counted_as &&
               slice_eq(client->counted_in, newcomer->counted_in);
    case QUOTA_PER_CONTAINER:
        return same_share && slice_eq(client->counted_in, newcomer->counted_in);
    case QUOTA_ALL:
    case QUOTA_LEVELS:
        break;
    }
    return same_share;
}

static void client_describe(const struct client *client, struct audit_record *record)
{
    record->listener = slice_from(client->listener->name);
    record->peer = client->peer;
    record->container_id = client->container.id;
    record->container = slice_from(client->container_name);
    record->counted_in = client->counted_in;
    record->counted_as = client->counted_as;
}

const char *client_reserve(const struct client *client, struct audit_record *record)
{
    client_describe(client, record);
    return audit_sink_reserve(&client->listener->server->audit, record);
}

/* A client that lists again and again must not fill the log: the records have each. */
static void client_log_unreadable(const struct client *client, const struct audit_record *record)
{
    struct server *server = client->listener->server;
    uint64_t now_ms = uv_now(&server->loop);

    if (record->unreadable == 0 ||
        (server->unreadable_ms > 0 && now_ms - server->unreadable_ms < UNREADABLE_LOG_MS)) {
        return;
    }
    server->unreadable_ms = now_ms;
    log_warn("%s: %s: %llu values of an answer could not be read and were removed (their names "
             "stay); record %.*s",
             client->listener->name, record->operation, (unsigned long long)record->unreadable,
             SLICE_ARGS(record->request_id));
}

void client_record(const struct client *client, struct audit_record *record)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    record->time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    client_describe(client, record);
    client_log_unreadable(client, record);
    audit_sink_write(&client->listener->server->audit, record);
}

void shares_destroy(struct share *share)
{
    while (share) {
        struct share *next = share->next;

        quota_deinit(&share->quota);
        free(share);
        share = next;
    }
}
