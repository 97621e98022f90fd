/*
 * What the clients of one policy use at one listener, counted for all of them together, for each
 * container, whatever users it has, and for each user: of the host, or of one container, since root
 * of a container is not root of the host nor of another. So one client can neither use everything
 * up nor create, or be refused, without end.
 * Pure counting; the clock is the caller's, and should be one that nobody sets.
 */
#ifndef SOCKADE_PROXY_QUOTA_H
#define SOCKADE_PROXY_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "sockade/policy.h"

/*
 * Users of the host that are counted by themselves, as many containers, and a few users of each.
 * Who may change its uid (root in a container has 65,536 of them or more) must not make us remember
 * each, nor take the place of others: the rest of a container is counted as one, and so is the rest
 * of all.
 */
enum { QUOTA_MAX_USERS = 1024, QUOTA_MAX_INSIDE = 4096, QUOTA_MAX_OF_CONTAINER = 16 };

/* Limits from LIMIT_RATES on are rates: a bucket each. */
enum { QUOTA_RATES = LIMIT_COUNT - LIMIT_RATES };

struct quota_user {
    struct quota_user *next;
    uid_t uid; /* of a user; QUOTA_OTHERS: the rest of a container */
    unsigned references;
    unsigned used[LIMIT_RATES];       /* of what is counted at once */
    uint64_t full_at_us[QUOTA_RATES]; /* when each bucket is full again */
    char *container;                  /* its control group, behind it; NULL: of the host */
};

#define QUOTA_OTHERS ((uid_t)-1) /* nobody's */

/* Those that are counted alike; `rest` has no name. */
struct quota_users {
    struct quota_user *first;
    struct quota_user rest;
    unsigned count;
};

/* All zero is one that nobody uses. */
struct quota {
    struct quota_users users;  /* of the host */
    struct quota_users inside; /* of containers */
    struct quota_users containers;
    struct quota_user all;
};

/* Who is counted for one connection. All zero: nobody. */
struct quota_client {
    struct quota_user *user;
    struct quota_user *container; /* NULL: in none */
};

/* Whose counter it was. */
enum quota_level { QUOTA_ALL = 0, QUOTA_PER_UID, QUOTA_PER_CONTAINER, QUOTA_LEVELS };

struct quota_refusal {
    enum policy_limit limit;
    enum quota_level level;
    unsigned max;
    unsigned retry_after_s; /* at least 1 */
};

/*
 * The counters of `uid` in the container that has this control group, and of the container; empty:
 * of the host's `uid`. Until quota_leave(); what is taken for them has to be given back before.
 */
struct quota_client quota_enter(struct quota *quota, uid_t uid, struct slice container,
                                uint64_t now_us);
void quota_leave(struct quota_client client);

/* Counts one more; false, with *out filled and nothing counted, when it is one too many. */
bool quota_take(struct quota *quota, struct quota_client client, const struct policy_limits *limits,
                enum policy_limit limit, uint64_t now_us, struct quota_refusal *out);
/* Not of rates: time gives those back. */
void quota_give(struct quota *quota, struct quota_client client, enum policy_limit limit);

/* "limits.per_uid.requests": for records and for programs. */
const char *quota_rule(const struct quota_refusal *why);

enum { QUOTA_SENTENCE_BYTES = 192 };

/* What people read, and programs in `rules`. */
void quota_sentence(const struct quota_refusal *why, char out[QUOTA_SENTENCE_BYTES]);

/* When everybody has left. */
void quota_deinit(struct quota *quota);

#endif
