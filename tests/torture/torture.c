/*
 * Fails each allocation in turn. A request that meets one must be refused or
 * dropped, never passed on as something that was not judged; nothing may crash or
 * leak (the sanitizer builds see to that). malloc, calloc and realloc of our own
 * code are wrapped by the linker.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "support/fake_transport.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static long countdown = -1; /* allocations until the one that fails; negative: none does */
static unsigned long made;

static bool fails(void)
{
    made++;
    if (countdown < 0) {
        return false;
    }
    return countdown-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

static void say(struct fake *fake, enum side side, const char *bytes)
{
    fake_handle(fake,
                &(struct event){.type = EVENT_BYTES, .side = side, .bytes = slice_from(bytes)});
}

/* What the engine would answer to what it was asked last; NULL: nothing. */
static const char *engine_answer(const struct fake *fake)
{
    static const char image[] = "HTTP/1.1 200 OK\r\nContent-Length: 47\r\n\r\n"
                                "{\"Id\":\"sha256:1\",\"Config\":{\"User\":\"1000:1000\"}}";
    static const char volume[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}";
    static const char created[] = "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "9\r\n{\"Id\":\"1\"\r\n1\r\n}\r\n0\r\n\r\n";

    if (!fake->engine_open) {
        return NULL;
    }
    if (fake_engine_got(fake, "POST ")) {
        return created;
    }
    return fake_engine_got(fake, "/volumes/") ? volume : image;
}

#define HEAD \
    "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"

static const struct {
    const char *request;
    bool harmless;
} requests[] = {
    {HEAD "Content-Length: 69\r\n\r\n"
          "{\"Image\":\"a\",\"Labels\":{\"a\":\"b\"},\"HostConfig\":{\"Binds\":[\"v1:/a:ro\"]}}\n",
     true},
    {HEAD
     "Transfer-Encoding: chunked\r\n\r\n"
     "42\r\n{\"Image\":\"a\",\"User\":\"1000\",\"HostConfig\":{\"Binds\":[\"/etc:/a:ro\"]}}\n\r\n"
     "0\r\n\r\n",
     false},
    {HEAD "Content-Length: 61\r\n\r\n"
          "{\"Image\":\"a\",\"User\":\"1000\",\"HostConfig\":{\"Privileged\":true}}\n",
     false},
    {"GET /v1.41/containers/json?all=1&filters=%7B%7D HTTP/1.1\r\nHost: d\r\n\r\n", true},
};

/* 0, or 1 when something that was not judged went out. */
static int run_request(size_t index, long fail_at)
{
    struct fake fake;
    int wrong = 0;

    fake_init(&fake, "restricted");
    countdown = fail_at;
    made = 0;
    say(&fake, SIDE_CLIENT, requests[index].request);
    for (int i = 0; i < 8 && fake.exchange.state != EXCHANGE_CLOSED; i++) {
        countdown = -1; // looking at the recorded bytes must not use the failure up
        const char *answer = engine_answer(&fake);

        countdown = fail_at < 0 || made > (unsigned long)fail_at ? -1 : fail_at - (long)made;
        if (!answer || fake.exchange.state == EXCHANGE_READING_HEAD) {
            break;
        }
        buf_clear(&fake.to_engine);
        say(&fake, SIDE_UPSTREAM, answer);
    }
    countdown = -1;
    if (!requests[index].harmless && fake_engine_got(&fake, "POST ")) {
        fprintf(stderr, "request %zu passed when allocation %ld failed\n", index, fail_at);
        wrong = 1;
    }
    fake_deinit(&fake);
    if (fake.records != 1) {
        fprintf(stderr, "request %zu: %u records when allocation %ld failed\n", index, fake.records,
                fail_at);
        wrong = 1;
    }
    // Without a failure the run means what it is meant to mean.
    if (fail_at < 0 && fake.outcome != (requests[index].harmless ? AUDIT_ALLOW : AUDIT_DENY)) {
        fprintf(stderr, "request %zu: outcome %d, %s\n", index, fake.outcome, fake.line);
        wrong = 1;
    }
    return wrong;
}

static int run_file(long fail_at, const char *path)
{
    struct policy_file *file = NULL;
    struct diag diag = {0};

    countdown = fail_at;
    made = 0;
    int err = policy_file_load(path, &file, &diag);

    countdown = -1;
    if (err < 0 && diag.sentence[0] == '\0') {
        fprintf(stderr, "%s: no word about it when allocation %ld failed\n", path, fail_at);
        return 1;
    }
    policy_file_destroy(file);
    return 0;
}

int main(int argc, char **argv)
{
    unsigned long runs = 0;
    int wrong = 0;

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        wrong += run_request(i, -1);
        for (long n = 0, total = (long)made; n <= total; n++, runs++) {
            wrong += run_request(i, n);
        }
    }
    for (int i = 1; i < argc; i++) {
        wrong += run_file(-1, argv[i]);
        for (long n = 0, total = (long)made; n <= total; n++, runs++) {
            wrong += run_file(n, argv[i]);
        }
    }
    printf("%lu failing allocations, %d wrong\n", runs, wrong);
    return wrong == 0 && runs > 0 ? 0 : 1;
}
