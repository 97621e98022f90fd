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
#include "base/try.h"
#include "http2/h2_relay.h"
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

/* A call of two messages, of which one is refused, and its answer: frames as both peers send them.
 */
static const char relay_asked[] =
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    "\000\000\000\004\000\000\000\000\000\000\000/\001\004\000\000\000\001\203\206\004\004/t"
    "/a\001\001d\000\014content-type\020appl"
    "ication/grpc\000\001a\0011\000\000\020\000\000\000\000"
    "\000\001\000\000\000\000\003one\000\000\000\000\003bad";
static const char relay_answered[] =
    "\000\000\000\004\000\000\000\000\000\000\000 \001\004\000\000\000\001\210\000\014con"
    "tent-type\020application/gr"
    "pc\000\000\010\000\000\000\000\000\001\000\000\000\000\003two\000\000\017\001\005"
    "\000\000\000\001\000\013grpc-status\0010";

static const struct h2_call_rules relay_rules = {
    {{H2_WHOLE, false, 64}, {H2_WHOLE, false, 64}}, NULL, NULL};

static int relay_on_call(void *context, struct h2_call *call, struct h2_answer *answer)
{
    (void)context, (void)call;
    answer->verdict = H2_PASS;
    answer->rules = &relay_rules;
    return 0;
}

static int relay_on_message(void *context, struct h2_call *call, enum h2_side from,
                            struct slice message, struct h2_answer *answer)
{
    (void)context, (void)call, (void)from;
    answer->verdict = slice_eq(message, SLICE("bad")) ? H2_REFUSE : H2_PASS;
    answer->text = SLICE("a bad message");
    return 0;
}

static void relay_on_end(void *context, struct h2_call *call)
{
    (void)call;
    ++*(unsigned *)context;
}

enum { RELAY_CUT = 110 }; /* within the refused message */

static int relay_steps(struct h2_relay *relay, struct buf out[2])
{
    TRY(h2_relay_feed(relay, H2_OPENER, (struct slice){relay_asked, RELAY_CUT}, 1));
    TRY(h2_relay_pull(relay, H2_ANSWERER, &out[H2_ANSWERER], 4096));
    TRY(h2_relay_feed(relay, H2_OPENER,
                      (struct slice){relay_asked + RELAY_CUT, sizeof(relay_asked) - 1 - RELAY_CUT},
                      1));
    TRY(h2_relay_feed(relay, H2_ANSWERER,
                      (struct slice){relay_answered, sizeof(relay_answered) - 1}, 1));
    TRY(h2_relay_pull(relay, H2_ANSWERER, &out[H2_ANSWERER], 4096));
    return h2_relay_pull(relay, H2_OPENER, &out[H2_OPENER], 4096);
}

static bool relay_has(const struct buf *out, const char *text)
{
    return out->len > 0 && memmem(out->data, out->len, text, strlen(text));
}

/* 0, or 1 when what was refused went on, or when the run without a failure did not do its work. */
static int run_relay(long fail_at)
{
    static const struct h2_relay_user user = {relay_on_call, relay_on_message, relay_on_end};
    struct buf out[2] = {{.limit_bytes = 64 * 1024}, {.limit_bytes = 64 * 1024}};
    unsigned ends = 0;

    countdown = fail_at;
    made = 0;
    struct h2_relay *relay = h2_relay_create(&(struct h2_relay_config){
        .user = &user,
        .context = &ends,
        .authority = SLICE("localhost"),
        .memory_bytes = 4096,
        .head_bytes = 4096,
    });
    int err = relay ? relay_steps(relay, out) : -ENOMEM;

    countdown = -1;
    uint64_t refused = relay ? h2_relay_counts(relay).refused : 0;

    h2_relay_free(relay);
    bool wrong = relay_has(&out[H2_ANSWERER], "bad") || (err < 0 && err != -ENOMEM);

    if (fail_at < 0) {
        wrong |= err < 0 || ends != 1 || refused != 1 || !relay_has(&out[H2_ANSWERER], "one");
    }
    if (wrong) {
        fprintf(stderr, "relay: %d when allocation %ld failed\n", err, fail_at);
    }
    buf_deinit(&out[0]);
    buf_deinit(&out[1]);
    return wrong;
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
    wrong += run_relay(-1);
    for (long n = 0, total = (long)made; n <= total; n++, runs++) {
        wrong += run_relay(n);
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
