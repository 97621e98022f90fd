/*
 * What judging costs: one containers.create of the docker CLI, decided again and again, without
 * sockets and without an engine. CPU time of this thread and the most memory that one decision has;
 * questions to the engine are answered at once, with what an ordinary image and network have.
 */
#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/diag.h"
#include "sockade/evaluate.h"

#define ROUNDS 21
#ifndef PER_ROUND
#define PER_ROUND 2000
#endif
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* All memory of a decision comes from these (--wrap): how much there is, and the most there was. */
static size_t held_bytes;
static size_t peak_bytes;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);

static void *hold(void *memory)
{
    held_bytes += malloc_usable_size(memory);
    peak_bytes = held_bytes > peak_bytes ? held_bytes : peak_bytes;
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return hold(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return hold(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    held_bytes -= malloc_usable_size(old);
    return hold(__real_realloc(old, size));
}

void __wrap_free(void *memory)
{
    held_bytes -= malloc_usable_size(memory);
    __real_free(memory);
}

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void look_up(void *context, struct decision *decision, struct fact *fact)
{
    unsigned *asked = context;

    (void)decision;
    ++*asked;
    fact->status = fact->kind == FACT_VOLUME ? 404 : 200;
    fact->body = SLICE("{\"Id\":\"" ID "\",\"Name\":\"app\",\"Driver\":\"bridge\",\"Options\":{},"
                       "\"Config\":{\"User\":\"1000:1000\"}}");
}

/* One request from its head to the verdict; *asked: questions to the engine. */
static void judge(const struct policy *policy, const struct policy_request *request,
                  struct slice body, unsigned *asked, struct decision *out)
{
    struct evaluate_source source = {.look_up = look_up, .context = asked};

    decision_init(out);
    policy_evaluate(policy, request, body, &source, out);
}

static int compare(const void *left, const void *right)
{
    double l = *(const double *)left;
    double r = *(const double *)right;

    return (l > r) - (l < r);
}

static double measure(const struct policy *policy, const struct policy_request *request,
                      struct slice body)
{
    double round[ROUNDS];

    for (size_t i = 0; i < ROUNDS; i++) {
        double start = cpu_us();

        for (unsigned n = 0; n < PER_ROUND; n++) {
            struct decision decision;
            unsigned asked = 0;

            judge(policy, request, body, &asked, &decision);
            decision_deinit(&decision);
        }
        round[i] = (cpu_us() - start) / PER_ROUND;
    }
    qsort(round, ROUNDS, sizeof(round[0]), compare);
    return round[ROUNDS / 2];
}

static void report(const char *name, const struct policy *policy, struct slice body)
{
    struct policy_request request = {
        .method = SLICE("POST"),
        .target = SLICE("/v1.41/containers/create?name=web"),
        .content_type = SLICE("application/json"),
        .has_body = true,
        .content_length = body.len,
        .request_id = SLICE("01J9Z3KQ"),
    };
    struct decision decision;
    unsigned asked = 0;

    size_t before = held_bytes;

    peak_bytes = held_bytes;
    judge(policy, &request, body, &asked, &decision);
    size_t peak = peak_bytes - before;

    printf("%-14s %-8s %9u %10.1f %10zu\n", name,
           decision.verdict == VERDICT_ALLOW ? "allowed" : "refused", asked,
           measure(policy, &request, body), peak);
    if (decision.verdict != VERDICT_ALLOW) {
        fprintf(stderr, "%.*s\n", (int)decision.answer.len, decision.answer.ptr);
    }
    decision_deinit(&decision);
}

int main(int argc, char **argv)
{
    static char text[64 * 1024];
    struct policy_file *file = NULL;
    struct diag diag = {0};
    FILE *input = argc > 2 ? fopen(argv[1], "rb") : NULL;

    if (!input) {
        fprintf(stderr, "usage: bench_judge BODY.json POLICY.yaml...\n");
        return 2;
    }
    struct slice body = {text, fread(text, 1, sizeof(text), input)};

    fclose(input);
    printf("a create of %zu bytes\n%-14s %-8s %9s %10s %10s\n", body.len, "policy", "verdict",
           "questions", "us of CPU", "bytes");
    for (int i = 2; i < argc; i++) {
        if (policy_file_load(argv[i], &file, &diag) < 0 || file->listener_count == 0) {
            fprintf(stderr, "%s: %s\n", argv[i], diag.sentence);
            return 1;
        }
        const struct policy *policy = file->listeners[0].policy;

        report(policy_name(policy), policy, body);
        policy_file_destroy(file);
    }
    return 0;
}
