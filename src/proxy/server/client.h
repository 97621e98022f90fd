/*
 * The client of one connection: who it is, which policy that gives it, and what it uses of
 * that policy's limits. The policy is chosen again when the listener's change.
 */
#ifndef SOCKADE_PROXY_CLIENT_H
#define SOCKADE_PROXY_CLIENT_H

#include "audit/record.h"
#include "proxy/exchange/quota.h"
#include "proxy/host/peer.h"
#include "proxy/server/holder.h"

struct listener;

/* The counters of one policy at one listener; they outlive policies of that name. */
struct share {
    struct quota quota;
    struct share *next;
    char policy[]; /* its name */
};

struct client {
    struct listener *listener;
    int fd; /* the connection's, borrowed */
    struct sockade_peer peer;
    struct cgroup_container container; /* what the kernel says; empty: in none */
    char *container_text;              /* owns that */
    char *container_name;              /* what the engine has confirmed, or NULL */
    /*
     * The control group that its container is counted by, as long as `container_text` is: also
     * when the engine does not confirm it, so that a lie is no way to be counted nowhere. Empty:
     * by its uid alone, also when the group's name may be a user's own choice.
     */
    struct slice counted_in;
    uid_t counted_as;      /* its uid, or the user's of the host whose subordinate id that is */
    enum peer_place place; /* as the kernel says */
    bool placed;           /* `place` is known */
    bool identified;       /* no lookup is left to do */
    /* Confirmed, and its image has to be asked about; in the memory of the request. */
    struct policy_container *confirmed;
    unsigned generation;   /* of the listener's policies, when it was chosen */
    struct policy *policy; /* a reference; NULL: none is for this client */
    struct share *share;   /* in which the connection is counted */
    struct quota_client counted;
    struct holder *holder;   /* who holds what it takes of what all share */
    enum policy_limit holds; /* what its request is counted as; LIMIT_COUNT: nothing */
};

/* 0 if the connection is admitted; -EDQUOT with *why filled if a limit is exceeded; or another
 * negative errno. */
MUST_CHECK int client_init(struct client *client, struct listener *listener, int fd,
                           struct quota_refusal *why);
void client_deinit(struct client *client);

/* As the functions of those names in struct transport. */
struct policy *client_begin(struct client *client);
MUST_CHECK int client_identify(const struct client *client, struct arena *arena,
                               struct slice *question);
MUST_CHECK int client_identified(struct client *client, unsigned status, struct slice body,
                                 struct arena *arena, struct policy **policy);
bool client_admit(struct client *client, enum policy_limit limit, struct quota_refusal *why);
void client_leave(struct client *client);

const char *client_reserve(const struct client *client, struct audit_record *record);

/* Whether the client would get another policy than that now, or its listener is gone. */
bool client_is_withdrawn(const struct client *client, const struct policy *policy);

/* Whether the connection of `client` counts where `newcomer` is to be counted, at that level. */
bool client_competes(const struct client *client, const struct client *newcomer,
                     enum quota_level level);

/* Its connection counts no more. Again is fine. */
void client_uncount(struct client *client);

/* Completes the record with who, where and when, and hands it to the sink. */
void client_record(const struct client *client, struct audit_record *record);

void shares_destroy(struct share *share);

#endif
