/*
 * sockade's half of the differential test: reads requests from standard input, decides
 * them, and writes what it would forward. The other half, in Go, decodes both with the
 * engine's own code (referee.go).
 *
 * A field is its length (32 bits, little-endian) and its bytes. A request is five
 * fields: policy, method, target, Content-Type, body; an empty policy asks for what has
 * been answered so far. An answer is the fields that write_answer() writes.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "policy/lookup/judgement.h"
#include "policy/model/policy_data.h"
#include "sockade/evaluate.h"

#include "base/banned.h"

enum { FIELD_MAX_BYTES = 32 * 1024 * 1024, REQUEST_FIELDS = 5 };

enum { AT_POLICY, AT_METHOD, AT_TARGET, AT_TYPE, AT_BODY };

#define CONTAINER_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct room {
    char *bytes;
    size_t used;
};

static void fail(const char *what)
{
    fprintf(stderr, "judge: %s\n", what);
    exit(2);
}

/* False at the end of the input; an end inside of a field ends the program. */
static bool read_field(struct room *room)
{
    unsigned char head[4];
    size_t got = fread(head, 1, sizeof(head), stdin);

    if (got == 0) {
        return false;
    }
    size_t len =
        (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;

    if (got != sizeof(head) || len > FIELD_MAX_BYTES) {
        fail("a field's length is no length");
    }
    // A block of its own, as large as the field: reading past the end is seen by ASan.
    free(room->bytes);
    room->bytes = malloc(len > 0 ? len : 1);
    if (!room->bytes || fread(room->bytes, 1, len, stdin) != len) {
        fail("a field is cut short");
    }
    room->used = len;
    return true;
}

static void write_field(struct slice text)
{
    unsigned char head[4] = {
        (unsigned char)(text.len & 0xff), (unsigned char)(text.len >> 8 & 0xff),
        (unsigned char)(text.len >> 16 & 0xff), (unsigned char)(text.len >> 24 & 0xff)};

    fwrite(head, 1, sizeof(head), stdout);
    if (text.len > 0) {
        fwrite(text.ptr, 1, text.len, stdout);
    }
}

static void write_text(const char *text)
{
    write_field(slice_from(text));
}

static const struct policy *find_policy(const struct policy_file *file, struct slice name)
{
    for (size_t i = 0; i < file->listener_count; i++) {
        if (slice_eq(slice_from(policy_name(file->listeners[i].policy)), name)) {
            return file->listeners[i].policy;
        }
    }
    fail("there is no such policy");
    return NULL;
}

static void answer_volume(struct fact *fact)
{
    bool bad = slice_starts_with(fact->name, SLICE("host"));

    fact->status = bad ? 200 : 404;
    fact->body = bad ? SLICE("{\"Driver\":\"local\",\"Options\":{\"type\":\"none\",\"o\":\"bind\","
                             "\"device\":\"/\"}}")
                     : SLICE("{\"message\":\"no such volume\"}");
}

/*
 * An engine in which every image has a user, volumes named "host…" are binds, and "dead…" is
 * an id of the network that is called host.
 */
static void look_up(void *context, struct decision *decision, struct fact *fact)
{
    (void)context;
    (void)decision;
    fact->status = 200;
    // What an image, a container, an exec and a network have in common.
    fact->body = SLICE("{\"Id\":\"" CONTAINER_ID "\",\"ContainerID\":\"" CONTAINER_ID "\","
                       "\"Name\":\"n\",\"ProcessConfig\":{\"user\":\"1000:1000\"},"
                       "\"Config\":{\"User\":\"1000:1000\"},\"HostConfig\":{}}");
    if (fact->kind == FACT_IMAGE) { // by an id alone it may not be run
        fact->body = SLICE("{\"Id\":\"" CONTAINER_ID "\",\"RepoTags\":[\"else.example.org/x:1\"],"
                           "\"Config\":{\"User\":\"1000:1000\"}}");
    }
    if (fact->kind == FACT_NETWORK && slice_starts_with(fact->name, SLICE("dead"))) {
        fact->body = SLICE("{\"Name\":\"host\",\"Driver\":\"host\"}");
    }
    if (fact->kind == FACT_VOLUME_USERS) {
        fact->body = SLICE("[]");
    }
    if (fact->kind == FACT_VOLUME) {
        answer_volume(fact);
    }
    if (fact->kind == FACT_PATH) {
        // Where it leads is not the referee's subject, which judges texts.
        fact->path = (struct path_answer){.view = PATH_RESOLVED, .resolved = fact->name};
    }
}

static bool hold(void *context, struct decision *decision)
{
    (void)context;
    (void)decision;
    return true;
}

static void write_number(size_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%zu", number);
    write_text(text);
}

static const char *rule_of(const struct decision *decision)
{
    for (const struct violation *v = decision->violations; v; v = v->next) {
        if (v->level == RULE_LEVEL_DENY) {
            return v->rule;
        }
    }
    return "";
}

static const char *body_word(enum decision_body body)
{
    switch (body) {
    case DECISION_BODY_NONE:
        return "none";
    case DECISION_BODY_WHOLE:
        return "whole";
    case DECISION_BODY_STREAM:
        return "stream";
    }
    return "";
}

/* The row it was judged by: what the engine has to find as well. */
static void write_row(const struct judgement *judgement)
{
    const struct route *route = judgement->match.route;

    write_text(route ? route->method : "");
    write_text(route ? route->path : "");
    write_field(route ? judgement->match.name : (struct slice){0});
    write_text(route ? route->query : "");
}

static void write_answer(const struct decision *decision)
{
    const struct judgement *judgement = decision->judgement;
    bool allowed = decision->verdict == VERDICT_ALLOW;
    size_t pairs = 0;

    write_text(allowed ? "allow" : "deny");
    write_number(decision->status);
    write_text(rule_of(decision));
    write_row(judgement);
    write_field(decision->forward_target);
    write_text(body_word(decision->body));
    write_field(decision->forward_body);
    for (const struct query_pair *pair = judgement->query; allowed && pair; pair = pair->next) {
        pairs++;
    }
    write_number(pairs);
    for (const struct query_pair *pair = judgement->query; pairs > 0 && pair; pair = pair->next) {
        write_field(pair->key);
        write_field(pair->value);
    }
}

static void answer(const struct policy_file *file, const struct room *field)
{
    struct slice at[REQUEST_FIELDS];
    struct decision decision;

    for (size_t i = 0; i < REQUEST_FIELDS; i++) {
        at[i] = (struct slice){field[i].bytes, field[i].used};
    }
    struct policy_request request = {.method = at[AT_METHOD],
                                     .target = at[AT_TARGET],
                                     .content_type = at[AT_TYPE],
                                     .has_body = at[AT_BODY].len > 0,
                                     .content_length = at[AT_BODY].len,
                                     .engine = {ENGINE_DOCKERD, 26, 1, 5}};

    static const struct evaluate_source source = {.look_up = look_up, .hold = hold};

    decision_init(&decision);
    policy_evaluate(find_policy(file, at[AT_POLICY]), &request, at[AT_BODY], &source, &decision);
    assert(decision.verdict == VERDICT_DENY || decision.verdict == VERDICT_ALLOW);
    write_answer(&decision);
    decision_deinit(&decision);
}

static void answer_all(const struct policy_file *file)
{
    struct room field[REQUEST_FIELDS] = {{0}};

    while (read_field(&field[AT_POLICY])) {
        if (field[AT_POLICY].used == 0) {
            fflush(stdout);
            continue;
        }
        for (size_t i = AT_METHOD; i < REQUEST_FIELDS; i++) {
            if (!read_field(&field[i])) {
                fail("a request is cut short");
            }
        }
        answer(file, field);
    }
    for (size_t i = 0; i < REQUEST_FIELDS; i++) {
        free(field[i].bytes);
    }
}

int main(int argc, char **argv)
{
    struct policy_file *file = NULL;
    struct diag diag = {0};

    if (argc != 2) {
        fputs("Usage: judge POLICY_FILE\n", stderr);
        return 2;
    }
    if (policy_file_load(argv[1], &file, &diag) < 0) {
        char text[1024];

        diag_format(&diag, text, sizeof(text));
        fail(text);
    }
    answer_all(file);
    policy_file_destroy(file);
    return fflush(stdout) == 0 ? 0 : 2;
}
