/*
 * See keyed_hash.h.
 */
#include "base/keyed_hash.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/banned.h"

struct sip {
    uint64_t v0;
    uint64_t v1;
    uint64_t v2;
    uint64_t v3;
};

static uint64_t key[2];
static pthread_once_t key_made = PTHREAD_ONCE_INIT;

/* Early after a start the kernel may have no random numbers yet: then it is what others cannot see.
 */
static void make_key(void)
{
    struct timespec now = {0};

    if (getrandom(key, sizeof(key), GRND_NONBLOCK) != (ssize_t)sizeof(key)) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        key[0] = (uint64_t)now.tv_nsec;
        key[1] = (uint64_t)(uintptr_t)&key_made;
    }
}

/* A rotation that shifts no bit out, which the sanitizer for integers objects to. */
static inline uint64_t turned(uint64_t word, unsigned bits)
{
    return (word & (UINT64_MAX >> bits)) << bits | word >> (64 - bits);
}

/* Sums wrap around: that is how it is defined. */
static inline uint64_t sum(uint64_t one, uint64_t other)
{
    uint64_t result = 0;

    (void)__builtin_add_overflow(one, other, &result);
    return result;
}

static inline void sip_round(struct sip *s)
{
    s->v0 = sum(s->v0, s->v1);
    s->v1 = turned(s->v1, 13) ^ s->v0;
    s->v0 = turned(s->v0, 32);
    s->v2 = sum(s->v2, s->v3);
    s->v3 = turned(s->v3, 16) ^ s->v2;
    s->v0 = sum(s->v0, s->v3);
    s->v3 = turned(s->v3, 21) ^ s->v0;
    s->v2 = sum(s->v2, s->v1);
    s->v1 = turned(s->v1, 17) ^ s->v2;
    s->v2 = turned(s->v2, 32);
}

static inline void sip_take(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

uint64_t keyed_hash(struct slice text)
{
    uint64_t word = 0;
    size_t at = 0;

    pthread_once(&key_made, make_key);
    struct sip s = {key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU,
                    key[0] ^ 0x6c7967656e657261U, key[1] ^ 0x7465646279746573U};

    for (; at + sizeof(word) <= text.len; at += sizeof(word)) {
        memcpy(&word, text.ptr + at, sizeof(word));
        sip_take(&s, word);
    }
    word = 0;
    if (at < text.len) {
        memcpy(&word, text.ptr + at, text.len - at);
    }
    sip_take(&s, word ^ (uint64_t)(text.len & 0xff) << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++) {
        sip_round(&s);
    }
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
