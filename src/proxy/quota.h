/*
 * What the clients of one policy use at one listener, counted for all of them together and
 * for each user: so that one client can neither use everything up nor create without end.
 * Pure counting; the clock is the caller's, and should be one that nobody sets.
 */
#ifndef SOCKADE_PROXY_QUOTA_H
#define SOCKADE_PROXY_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "sockade/policy.h"

/*
 * Users that are counted by themselves. Who may change its uid (root in a container with a
 * user namespace has 65,536 of them) must not make us remember each: the rest is counted
 * as one user.
 */
enum { QUOTA_MAX_USERS = 1024 };

struct quota_user {
    uid_t uid;
    unsigned references;
    unsigned used[LIMIT_CREATES]; /* of what is counted at once */
    uint64_t full_at_us;          /* when the bucket of creates is full again */
    struct quota_user *next;
};

/* All zero is one that nobody uses. */
struct quota {
    struct quota_user all;
    struct quota_user rest;
    struct quota_user *users;
    unsigned user_count;
};

struct quota_refusal {
    enum policy_limit limit;
    bool per_uid;
    unsigned max;
    unsigned retry_after_s; /* at least 1 */
};

/*
 * The counters of `uid`, until quota_leave(). What is taken for them has to be given back
 * before.
 */
struct quota_user *quota_enter(struct quota *quota, uid_t uid, uint64_t now_us);
void quota_leave(struct quota_user *user);

/* Counts one more; false, with *out filled and nothing counted, when it is one too many. */
bool quota_take(struct quota *quota, struct quota_user *user, const struct policy_limits *limits,
                enum policy_limit limit, uint64_t now_us, struct quota_refusal *out);
/* Not for LIMIT_CREATES: time gives those back. */
void quota_give(struct quota *quota, struct quota_user *user, enum policy_limit limit);

/* "limits.per_uid.requests": for records and for programs. */
const char *quota_rule(const struct quota_refusal *why);

enum { QUOTA_SENTENCE_BYTES = 192 };

/* What people read, and programs in `rules`. */
void quota_sentence(const struct quota_refusal *why, char out[QUOTA_SENTENCE_BYTES]);

/* When everybody has left. */
void quota_deinit(struct quota *quota);

#endif
