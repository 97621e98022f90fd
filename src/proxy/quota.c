/*
 * See quota.h. Rates are token buckets that hold a minute's worth. A bucket is one number,
 * the time at which it is full again: a token takes that a bit further away, and there
 * is none when it would be more than a minute off.
 */
#include "proxy/quota.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/banned.h"

static const uint64_t second_us = 1000ULL * 1000;
static const uint64_t minute_us = 60ULL * 1000 * 1000;

/* When the bucket would be full again without one more token. A clock that went back forgives. */
static uint64_t after_token(const struct quota_user *user, unsigned per_minute, uint64_t now_us)
{
    uint64_t from_us = user->full_at_us > now_us ? user->full_at_us : now_us;

    if (from_us > now_us + minute_us) {
        from_us = now_us;
    }
    return from_us + minute_us / per_minute;
}

/* Whether one more is within `max`; else in how many seconds it may be. */
static bool has_room(const struct quota_user *user, enum policy_limit limit, unsigned max,
                     uint64_t now_us, unsigned *retry_after_s)
{
    if (limit < LIMIT_CREATES) {
        *retry_after_s = 1;
        return user->used[limit] < max;
    }
    uint64_t full_at_us = after_token(user, max, now_us);
    uint64_t wait_us = full_at_us > now_us + minute_us ? full_at_us - now_us - minute_us : 0;

    *retry_after_s = (unsigned)((wait_us + second_us - 1) / second_us);
    return wait_us == 0;
}

static bool check(const struct quota_user *user, enum policy_limit limit, bool per_uid,
                  unsigned max, uint64_t now_us, struct quota_refusal *out)
{
    unsigned retry_after_s = 0;

    if (max == 0 || has_room(user, limit, max, now_us, &retry_after_s)) {
        return true;
    }
    *out = (struct quota_refusal){
        .limit = limit, .per_uid = per_uid, .max = max, .retry_after_s = retry_after_s};
    return false;
}

static void count(struct quota_user *user, enum policy_limit limit, unsigned max, uint64_t now_us)
{
    if (limit < LIMIT_CREATES) {
        user->used[limit]++;
    } else if (max > 0) {
        user->full_at_us = after_token(user, max, now_us);
    }
}

bool quota_take(struct quota *quota, struct quota_user *user, const struct policy_limits *limits,
                enum policy_limit limit, uint64_t now_us, struct quota_refusal *out)
{
    unsigned all = limits->all[limit];
    unsigned per_uid = limits->per_uid[limit];

    // The user's own limit first: who has used that up has to be told so.
    if (!check(user, limit, true, per_uid, now_us, out) ||
        !check(&quota->all, limit, false, all, now_us, out)) {
        return false;
    }
    count(user, limit, per_uid, now_us);
    count(&quota->all, limit, all, now_us);
    return true;
}

void quota_give(struct quota *quota, struct quota_user *user, enum policy_limit limit)
{
    assert(limit < LIMIT_CREATES && user->used[limit] > 0 && quota->all.used[limit] > 0);
    user->used[limit]--;
    quota->all.used[limit]--;
}

/* Users of whom there is nothing to remember. */
static void forget(struct quota *quota, uint64_t now_us)
{
    struct quota_user **link = &quota->users;

    while (*link) {
        struct quota_user *user = *link;

        if (user->references > 0 || user->full_at_us > now_us) {
            link = &user->next;
            continue;
        }
        *link = user->next;
        quota->user_count--;
        free(user);
    }
}

static struct quota_user *find(const struct quota *quota, uid_t uid)
{
    struct quota_user *user = quota->users;

    while (user && user->uid != uid) {
        user = user->next;
    }
    return user;
}

static struct quota_user *add(struct quota *quota, uid_t uid, uint64_t now_us)
{
    forget(quota, now_us);
    struct quota_user *user = quota->user_count < QUOTA_MAX_USERS ? calloc(1, sizeof(*user)) : NULL;

    if (!user) {
        return &quota->rest;
    }
    user->uid = uid;
    user->next = quota->users;
    quota->users = user;
    quota->user_count++;
    return user;
}

struct quota_user *quota_enter(struct quota *quota, uid_t uid, uint64_t now_us)
{
    struct quota_user *user = find(quota, uid);

    if (!user) {
        user = add(quota, uid, now_us);
    }
    user->references++;
    return user;
}

void quota_leave(struct quota_user *user)
{
    assert(user->references > 0);
    user->references--;
}

const char *quota_rule(const struct quota_refusal *why)
{
    static const char *const rules[LIMIT_COUNT][2] = {
        [LIMIT_CONNECTIONS] = {"limits.connections", "limits.per_uid.connections"},
        [LIMIT_REQUESTS] = {"limits.requests", "limits.per_uid.requests"},
        [LIMIT_STREAMS] = {"limits.streams", "limits.per_uid.streams"},
        [LIMIT_CREATES] = {"limits.creates_per_minute", "limits.per_uid.creates_per_minute"},
    };

    return rules[why->limit][why->per_uid];
}

void quota_sentence(const struct quota_refusal *why, char out[QUOTA_SENTENCE_BYTES])
{
    static const char *const things[LIMIT_COUNT] = {
        [LIMIT_CONNECTIONS] = "connections",
        [LIMIT_REQUESTS] = "requests",
        [LIMIT_STREAMS] = "streams",
        [LIMIT_CREATES] = "creates",
    };

    snprintf(out, QUOTA_SENTENCE_BYTES, "too many %s: the limit is %u %s%s (%s); try again in %u s",
             things[why->limit], why->max, why->limit == LIMIT_CREATES ? "in a minute" : "at once",
             why->per_uid ? " for each user" : "", quota_rule(why), why->retry_after_s);
}

void quota_deinit(struct quota *quota)
{
    while (quota->users) {
        struct quota_user *user = quota->users;

        assert(user->references == 0);
        quota->users = user->next;
        free(user);
    }
    *quota = (struct quota){0};
}
