/*
 * See quota.h. Rates are token buckets that hold a minute's worth. A bucket is one number,
 * the time at which it is full again: a token takes that a bit further away, and there
 * is none when it would be more than a minute off.
 */
#include "proxy/exchange/quota.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static const uint64_t second_us = 1000ULL * 1000;
static const uint64_t minute_us = 60ULL * 1000 * 1000;

/* When the bucket would be full again without one more token. A clock that went back forgives. */
static uint64_t after_token(uint64_t full_at_us, unsigned per_minute, uint64_t now_us)
{
    uint64_t from_us = full_at_us > now_us ? full_at_us : now_us;

    if (from_us > now_us + minute_us) {
        from_us = now_us;
    }
    return from_us + minute_us / per_minute;
}

/* Whether one more is within `max`; else in how many seconds it may be. */
static bool has_room(const struct quota_user *user, enum policy_limit limit, unsigned max,
                     uint64_t now_us, unsigned *retry_after_s)
{
    if (limit < LIMIT_RATES) {
        *retry_after_s = 1;
        return user->used[limit] < max;
    }
    uint64_t full_at_us = after_token(user->full_at_us[limit - LIMIT_RATES], max, now_us);
    uint64_t wait_us = full_at_us > now_us + minute_us ? full_at_us - now_us - minute_us : 0;

    *retry_after_s = (unsigned)((wait_us + second_us - 1) / second_us);
    return wait_us == 0;
}

static bool quota_check(const struct quota_user *user, enum policy_limit limit,
                        enum quota_level level, unsigned max, uint64_t now_us,
                        struct quota_refusal *out)
{
    unsigned retry_after_s = 0;

    if (max == 0 || has_room(user, limit, max, now_us, &retry_after_s)) {
        return true;
    }
    *out = (struct quota_refusal){
        .limit = limit, .level = level, .max = max, .retry_after_s = retry_after_s};
    return false;
}

static void count(struct quota_user *user, enum policy_limit limit, unsigned max, uint64_t now_us)
{
    if (limit < LIMIT_RATES) {
        user->used[limit]++;
    } else if (max > 0) {
        user->full_at_us[limit - LIMIT_RATES] =
            after_token(user->full_at_us[limit - LIMIT_RATES], max, now_us);
    }
}

bool quota_take(struct quota *quota, struct quota_client client, const struct policy_limits *limits,
                enum policy_limit limit, uint64_t now_us, struct quota_refusal *out)
{
    unsigned all = limits->all[limit];
    unsigned per_uid = limits->per_uid[limit];
    unsigned per_container = limits->per_container[limit];

    // Its own limits first: who has used one of those up has to be told so.
    if (!quota_check(client.user, limit, QUOTA_PER_UID, per_uid, now_us, out) ||
        (client.container &&
         !quota_check(client.container, limit, QUOTA_PER_CONTAINER, per_container, now_us, out)) ||
        !quota_check(&quota->all, limit, QUOTA_ALL, all, now_us, out)) {
        return false;
    }
    count(client.user, limit, per_uid, now_us);
    if (client.container) {
        count(client.container, limit, per_container, now_us);
    }
    count(&quota->all, limit, all, now_us);
    return true;
}

static void give(struct quota_user *user, enum policy_limit limit)
{
    assert(limit < LIMIT_RATES && user->used[limit] > 0);
    user->used[limit]--;
}

void quota_give(struct quota *quota, struct quota_client client, enum policy_limit limit)
{
    give(client.user, limit);
    if (client.container) {
        give(client.container, limit);
    }
    give(&quota->all, limit);
}

static bool is_forgotten(const struct quota_user *user, uint64_t now_us)
{
    for (size_t i = 0; i < QUOTA_RATES; i++) {
        if (user->full_at_us[i] > now_us) {
            return false;
        }
    }
    return user->references == 0;
}

/* Those of whom there is nothing to remember. */
static void quota_forget(struct quota_users *users, uint64_t now_us)
{
    struct quota_user **link = &users->first;

    while (*link) {
        struct quota_user *user = *link;

        if (!is_forgotten(user, now_us)) {
            link = &user->next;
            continue;
        }
        *link = user->next;
        users->count--;
        free(user);
    }
}

static struct quota_user *quota_find(const struct quota_users *users, uid_t uid,
                                     struct slice container)
{
    struct quota_user *user = users->first;

    while (user && (user->uid != uid || !slice_eq(slice_from(user->container), container))) {
        user = user->next;
    }
    return user;
}

static struct quota_user *quota_add(struct quota_users *users, unsigned max, uid_t uid,
                                    struct slice container, uint64_t now_us)
{
    quota_forget(users, now_us);
    struct quota_user *user =
        users->count < max ? calloc(1, sizeof(*user) + container.len + 1) : NULL;

    if (!user) {
        return &users->rest;
    }
    user->uid = uid;
    if (container.len > 0) {
        user->container = memcpy(user + 1, container.ptr, container.len);
    }
    user->next = users->first;
    users->first = user;
    users->count++;
    return user;
}

static struct quota_user *quota_enter_user(struct quota_users *users, unsigned max, uid_t uid,
                                           struct slice container, uint64_t now_us)
{
    struct quota_user *user = quota_find(users, uid, container);

    if (!user) {
        user = quota_add(users, max, uid, container, now_us);
    }
    user->references++;
    return user;
}

static unsigned quota_count_of_container(const struct quota_users *users, struct slice container)
{
    unsigned count = 0;

    for (const struct quota_user *user = users->first; user; user = user->next) {
        count += slice_eq(slice_from(user->container), container);
    }
    return count;
}

/* So that no container takes the places that others have for their users. */
static struct quota_user *quota_enter_inside(struct quota_users *users, uid_t uid,
                                             struct slice container, uint64_t now_us)
{
    if (!quota_find(users, uid, container)) {
        quota_forget(users, now_us);
        if (quota_count_of_container(users, container) >= QUOTA_MAX_OF_CONTAINER) {
            uid = QUOTA_OTHERS;
        }
    }
    return quota_enter_user(users, QUOTA_MAX_INSIDE, uid, container, now_us);
}

struct quota_client quota_enter(struct quota *quota, uid_t uid, struct slice container,
                                uint64_t now_us)
{
    if (container.len == 0) {
        return (struct quota_client){
            .user = quota_enter_user(&quota->users, QUOTA_MAX_USERS, uid, container, now_us)};
    }
    return (struct quota_client){
        .user = quota_enter_inside(&quota->inside, uid, container, now_us),
        .container = quota_enter_user(&quota->containers, QUOTA_MAX_USERS, 0, container, now_us),
    };
}

static void quota_leave_entry(struct quota_user *user)
{
    assert(user->references > 0);
    user->references--;
}

void quota_leave(struct quota_client client)
{
    quota_leave_entry(client.user);
    if (client.container) {
        quota_leave_entry(client.container);
    }
}

const char *quota_rule(const struct quota_refusal *why)
{
    static const char *const rules[LIMIT_COUNT][QUOTA_LEVELS] = {
        [LIMIT_CONNECTIONS] = {"limits.connections", "limits.per_uid.connections",
                               "limits.per_container.connections"},
        [LIMIT_REQUESTS] = {"limits.requests", "limits.per_uid.requests",
                            "limits.per_container.requests"},
        [LIMIT_STREAMS] = {"limits.streams", "limits.per_uid.streams",
                           "limits.per_container.streams"},
        [LIMIT_CREATES] = {"limits.creates_per_minute", "limits.per_uid.creates_per_minute",
                           "limits.per_container.creates_per_minute"},
        [LIMIT_REFUSALS] = {"limits.refusals_per_minute", "limits.per_uid.refusals_per_minute",
                            "limits.per_container.refusals_per_minute"},
    };

    return rules[why->limit][why->level];
}

void quota_sentence(const struct quota_refusal *why, char out[QUOTA_SENTENCE_BYTES])
{
    static const char *const things[LIMIT_COUNT] = {
        [LIMIT_CONNECTIONS] = "connections",
        [LIMIT_REQUESTS] = "requests",
        [LIMIT_STREAMS] = "streams",
        [LIMIT_CREATES] = "creates",
        [LIMIT_REFUSALS] = "refused requests, including this one",
    };
    static const char *const each[QUOTA_LEVELS] = {
        [QUOTA_ALL] = "",
        [QUOTA_PER_UID] = " for each user",
        [QUOTA_PER_CONTAINER] = " for each container",
    };

    snprintf(out, QUOTA_SENTENCE_BYTES, "too many %s: the limit is %u %s%s (%s); try again in %u s",
             things[why->limit], why->max, why->limit < LIMIT_RATES ? "at once" : "per minute",
             each[why->level], quota_rule(why), why->retry_after_s);
}

static void users_deinit(struct quota_users *users)
{
    while (users->first) {
        struct quota_user *user = users->first;

        assert(user->references == 0);
        users->first = user->next;
        free(user);
    }
}

void quota_deinit(struct quota *quota)
{
    users_deinit(&quota->users);
    users_deinit(&quota->inside);
    users_deinit(&quota->containers);
    *quota = (struct quota){0};
}
