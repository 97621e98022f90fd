/*
 * Whole decisions: one request under one of the policies below, in every mode, with and without a
 * scope and hidden values, in front of any engine, until the verdict and then the response. The
 * engine's answers are the input's as well: missing, odd or hostile.
 *
 *   a d POST /v1.41/containers/create     policy, engine (a capital: it had to wait), method,
 * target
 *   {"Image":"app"}                       the body, up to the first byte 0x1e
 *   200{…}  404  @/srv/x link             answers behind one each, in the order of the questions:
 *                                         a status and a body, or where a path leads
 *   R{…}                                  what the engine answers to the request itself
 *
 * It ends within so many rounds; nothing is asked twice, or without a bound; a refusal names a
 * rule that refuses; where nothing is enforced, only what has two readings is refused; what is
 * forwarded is forwarded again, unchanged.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "docker/mount.h"
#include "docker/objects/engine_answers.h"
#include "policy/file/loader.h"
#include "policy/file/yaml_tree.h"
#include "policy/model/policy_data.h"
#include "policy/model/violation.h"
#include "sockade/evaluate.h"
#include "support/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_ANSWERS = 64, MAX_FACTS = 2048, RESPONSE_BYTES = 16 << 20 };

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char policies[] =
    "version: 1\n"
    "listen:\n"
    "  - {socket: /run/a.sock, policy: a}\n"
    "  - {socket: /run/b.sock, policy: b}\n"
    "  - {socket: /run/c.sock, policy: c}\n"
    "  - {socket: /run/d.sock, policy: d}\n"
    "  - {socket: /run/e.sock, policy: e}\n"
    "  - {socket: /run/f.sock, policy: f}\n"
    "  - {socket: /run/g.sock, policy: g}\n"
    "  - {socket: /run/h.sock, policy: h}\n"
    "  - {socket: /run/i.sock, policy: i}\n"
    "policies:\n"
    "  a:\n" // the strict one
    "    base: restricted\n"
    "    allow: ['*']\n"
    "    rules:\n"
    "      host_path_mount: {allow: [{path: /srv/ci, access: rw}, {path: /srv/ro}]}\n"
    "      supplementary_groups: {allow: ['1001']}\n"
    "  b:\n" // a tenant, with everything that can be judged instead of refused
    "    base: restricted\n"
    "    allow: ['*']\n"
    "    rules:\n"
    "      docker_socket_mount: substitute\n"
    "      host_path_mount: {symlinks: allow, relabel: true, copy: true,"
    "                        allow: [{path: /srv/ci, access: rw}]}\n"
    "      volumes_from: {judged: true}\n"
    "      namespace_sharing: {judged: true}\n"
    "      run_as_root: off\n"
    "      root_group: off\n"
    "      image_mount: off\n"
    "      host_path_owner: off\n"
    "    scope: {own: true, owner: me}\n"
    "    redact: {env: all, mounts: host_paths}\n"
    "  c:\n" // the same, recorded only
    "    base: restricted\n"
    "    mode: audit\n"
    "    allow: ['*']\n"
    "    rules:\n"
    "      volumes_from: {judged: true}\n"
    "      namespace_sharing: {judged: true}\n"
    "      image_registry: {allow: [docker.io/library]}\n"
    "    scope: {own: true, owner: me}\n"
    "    redact: {env: all, mounts: host_paths}\n"
    "  d:\n"
    "    base: baseline\n"
    "    mode: warn\n"
    "    rules:\n"
    "      host_path_mount: {stable: true, symlinks: deny, allow: [{path: /srv/ci, access: rw}]}\n"
    "  e:\n" // rules of every level, those that no base has among them
    "    base: baseline\n"
    "    allow: ['*']\n"
    "    rules:\n"
    "      privileged: warn\n"
    "      host_path_mount: audit\n"
    "      docker_socket_mount: warn\n"
    "      default_bridge: deny\n"
    "      read_only_rootfs: {add: true}\n"
    "      network_icc: {add: true}\n"
    "      extra_hosts: warn\n"
    "      dns_options: audit\n"
    "      healthcheck: {optional: false}\n"
    "      volumes_from: {level: warn, judged: true}\n"
    "      namespace_sharing: {level: audit, judged: true}\n"
    "  f: {base: open}\n"
    "  g: {base: open, scope: {labels: {team: x}}, redact: {env: secrets, mounts: host_paths}}\n"
    "  h: {base: read_only, allow: ['*'], scope: {compose_project: p}}\n"
    "  i:\n" // where images are from, and nothing that refuses earlier
    "    base: open\n"
    "    rules:\n"
    "      image_registry: {local: true, allow: [docker.io/library, registry.example.org]}\n"
    "      image_tag: {allow: ['*/app:latest']}\n"
    "      host_network: deny\n"
    "      container_links: {networks: true}\n"
    "      id_like_name: deny\n"
    "      host_path_owner: deny\n";

/* One input, taken apart. */
struct script {
    const struct policy *policy;
    struct policy_request request;
    struct slice body;
    struct slice answer[MAX_ANSWERS];
    size_t count;
    size_t next;
    struct slice response;
    bool waited;
};

/* What was answered in the first run, for the second. */
struct memory {
    struct arena names; // those of the facts lie in what is freed with the verdict
    struct fact fact[MAX_FACTS];
    size_t count;
    bool lost; /* the second asked something else */
};

static const struct policy *policy_at(size_t index)
{
    static struct policy_file *file;

    if (!file) {
        struct diag diag = {0};
        int err = policy_file_parse(slice_from(policies), &file, &diag);

        assert(err == 0 && policy_file_set_engine_socket(file, "/run/docker.sock") == 0);
    }
    return file->listeners[index % file->listener_count].policy;
}

static struct sockade_engine engine_at(char letter)
{
    switch (letter | 0x20) {
    case 'd':
        return (struct sockade_engine){ENGINE_DOCKERD, 20, 10, 24};
    case 'n':
        return (struct sockade_engine){ENGINE_DOCKERD, 28, 0, 0};
    case 'p':
        return (struct sockade_engine){ENGINE_PODMAN, 5, 4, 0};
    default:
        return (struct sockade_engine){0};
    }
}

/* In memory of its own: what reads past the end is seen. */
static struct slice own(struct slice text)
{
    char *copy = malloc(text.len > 0 ? text.len : 1);

    assert(copy);
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return (struct slice){copy, text.len};
}

static void script_read(struct slice input, struct script *script)
{
    struct slice first = {0};
    struct slice line = {0};
    struct slice body = {0};
    bool more = slice_cut(input, '\x1e', &first, &input);

    *script = (struct script){.request = {.request_id = SLICE("R1"),
                                          .content_type = SLICE("application/json"),
                                          .listener_socket = SLICE("/run/a.sock")}};
    slice_cut(first, '\n', &line, &body);
    size_t letter = line.len > 0 ? (unsigned char)line.ptr[0] : 'a';

    script->policy = policy_at(letter >= 'a' ? letter - 'a' : letter);
    script->request.engine = engine_at(line.len > 2 ? line.ptr[2] : 'u');
    slice_cut(slice_from_index(line, 4), ' ', &script->request.method, &script->request.target);
    script->waited = line.len > 2 && line.ptr[2] >= 'A' && line.ptr[2] <= 'Z';
    script->body = own(body);
    while (more) {
        struct slice part = {0};

        more = slice_cut(input, '\x1e', &part, &input);
        if (slice_starts_with(part, SLICE("R"))) {
            script->response = slice_from_index(part, 1);
        } else if (script->count < MAX_ANSWERS) {
            script->answer[script->count++] = own(part);
        }
    }
}

static void script_free(struct script *script)
{
    free((void *)(uintptr_t)script->body.ptr);
    for (size_t i = 0; i < script->count; i++) {
        free((void *)(uintptr_t)script->answer[i].ptr);
    }
}

/* "@/srv/x link foreign engine …" */
static void answer_path(struct decision *decision, struct slice text, struct fact *fact)
{
    struct path_link *link = arena_alloc(&decision->arena, sizeof(*link));
    struct slice to = {0};
    struct slice words = {0};

    assert(link);
    slice_cut(slice_from_index(text, 1), ' ', &to, &words);
    fact->status = 200;
    fact->path =
        (struct path_answer){.view = PATH_RESOLVED, .resolved = fact->name, .exists = true};
    if (slice_starts_with(to, SLICE("/"))) {
        assert(path_clean(&decision->arena, to, &fact->path.resolved) == 0);
    } else if (slice_starts_with(to, SLICE("?"))) {
        fact->path.view = PATH_UNSEEN;
    } else if (slice_starts_with(to, SLICE("!"))) {
        fact->path = (struct path_answer){.view = PATH_UNRESOLVED, .why = "goes in a circle"};
    }
    *link = (struct path_link){.place = fact->name,
                               .foreign = memmem(text.ptr, text.len, "foreign", 7) != NULL};
    fact->path.link = link;
    fact->path.link_count = link->foreign || memmem(text.ptr, text.len, "link", 4) ? 1 : 0;
    fact->path.is_upstream = memmem(text.ptr, text.len, "upstream", 8) != NULL;
    fact->path.is_engine =
        fact->path.is_upstream || memmem(text.ptr, text.len, "engine", 6) != NULL;
    fact->path.holds_engine = memmem(text.ptr, text.len, "holds", 5) != NULL;
    fact->path.replaceable = memmem(text.ptr, text.len, "replaceable", 11) != NULL;
}

/* What an image, a container, an exec, a network, a service and a task have in common. */
static void answer_plainly(struct fact *fact)
{
    fact->status = fact->kind == FACT_VOLUME ? 404 : 200;
    fact->body = SLICE("{\"Id\":\"" ID "\",\"ID\":\"" ID "\",\"ServiceID\":\"" ID
                       "\",\"Name\":\"n\",\"ContainerID\":\"" ID "\","
                       "\"RepoDigests\":[\"app@sha256:" ID "\"],"
                       "\"ProcessConfig\":{\"user\":\"1000:1000\"},"
                       "\"Labels\":{\"io.sockade.owner\":\"me\",\"team\":\"x\","
                       "\"com.docker.compose.project\":\"p\"},"
                       "\"Config\":{\"User\":\"1000:1000\",\"Volumes\":{\"/v\":{}}},"
                       "\"HostConfig\":{\"Binds\":[\"data:/d\"],\"NetworkMode\":\"cafe00\"}}");
}

static void answer_fact(struct decision *decision, struct script *script, struct fact *fact)
{
    struct slice text = script->next < script->count ? script->answer[script->next] : SLICE("");

    script->next++;
    if (fact->kind == FACT_PATH) {
        answer_path(decision, text, fact);
    } else if (text.len < 3) {
        answer_plainly(fact);
    } else {
        static const unsigned statuses[] = {200, 404, 200, 500, 400, 409, 503, 200};

        fact->status = statuses[(unsigned char)text.ptr[0] % 8];
        fact->body = slice_from_index(text, 3);
    }
}

static void check_question(const struct decision *decision, const struct fact *fact)
{
    if (fact->kind == FACT_PATH) {
        assert(fact->name.len > 0 && fact->name.ptr[0] == '/');
    } else {
        assert(fact->target.len > 1 && fact->target.ptr[0] == '/');
        for (size_t i = 0; i < fact->target.len; i++) {
            assert(fact->target.ptr[i] > ' ' && fact->target.ptr[i] < 127);
        }
    }
    for (const struct fact *other = decision->facts; other != fact; other = other->next) {
        assert(other->kind != fact->kind || !slice_eq(other->name, fact->name));
    }
}

static void remember(struct memory *memory, const struct fact *fact)
{
    assert(memory->count < MAX_FACTS);
    struct fact *copy = &memory->fact[memory->count++];

    *copy = *fact;
    assert(arena_copy(&memory->names, fact->name, &copy->name) == 0);
    assert(arena_copy(&memory->names, fact->path.resolved, &copy->path.resolved) == 0);
    if (fact->path.link_count > 0) { // of this harness: one
        struct path_link *link = arena_alloc(&memory->names, sizeof(*link));

        assert(link && fact->path.link_count == 1);
        *link = fact->path.link[0];
        assert(arena_copy(&memory->names, link->place, &link->place) == 0);
        copy->path.link = link;
    }
}

/* By its name, or by the id that the answer gave. */
static bool is_about(const struct fact *known, const struct fact *asked)
{
    struct slice name = slice_head(asked->name, slice_find(asked->name, '@'));

    if (known->kind != asked->kind) {
        return false;
    }
    return slice_eq(known->name, asked->name) || slice_eq(known->name, name) ||
           (known->status == 200 && name.len >= 12 && known->body.len > 0 &&
            memmem(known->body.ptr, known->body.len, name.ptr, name.len) != NULL);
}

static void recall(struct memory *memory, struct fact *fact)
{
    for (size_t i = 0; i < memory->count; i++) {
        if (is_about(&memory->fact[i], fact)) {
            fact->status = memory->fact[i].status;
            fact->body = memory->fact[i].body;
            fact->path = memory->fact[i].path;
            return;
        }
    }
    memory->lost = true;
    fact->status = 404;
}

/* `script` is NULL in the second run. */
struct run {
    struct script *script;
    struct memory *memory;
};

static void look_up(void *context, struct decision *decision, struct fact *fact)
{
    const struct run *run = context;

    check_question(decision, fact);
    if (!run->script) {
        recall(run->memory, fact);
        return;
    }
    if (fact == decision->facts) { // what was known before the holds is forgotten
        run->memory->count = 0;
    }
    answer_fact(decision, run->script, fact);
    remember(run->memory, fact);
}

static bool hold(void *context, struct decision *decision)
{
    const struct run *run = context;

    (void)decision;
    return run->script && run->script->waited;
}

static void decide(const struct policy *policy, const struct policy_request *asked,
                   struct slice body, struct run run, struct decision *decision)
{
    struct evaluate_source source = {look_up, hold, &run};
    struct policy_request request = *asked;

    request.has_body = body.len > 0;
    request.content_length = body.len;
    policy_evaluate(policy, &request, body, &source, decision);
    assert(decision->verdict == VERDICT_DENY || decision->verdict == VERDICT_ALLOW);
}

static bool is_named(const struct decision *decision, const char *const *rules)
{
    for (const struct violation *v = decision->violations; v; v = v->next) {
        for (size_t i = 0; rules[i] && v->level == RULE_LEVEL_DENY; i++) {
            if (strcmp(v->rule, rules[i]) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* What is pasted into a policy's file is YAML, and one line that shows as it stands. */
static void check_policy_line(const struct violation *violation)
{
    struct arena arena;
    struct tree_node *root = NULL;
    struct diag diag = {0};

    for (size_t i = 0; i < violation->policy.len; i++) {
        assert(violation->policy.ptr[i] >= ' ' && violation->policy.ptr[i] <= '~');
    }
    if (violation->policy.len == 0) {
        return;
    }
    arena_init(&arena, 1 << 20);
    int err = yaml_tree_read(violation->policy, &arena, &root, &diag);

    assert(err == 0 || err == -ENOMEM);
    arena_deinit(&arena);
}

static void check_refusal(const struct script *script, const struct decision *decision)
{
    // What the mode never weakens: two readings, old versions, more than is read, no answer.
    static const char *const always[] = {"ambiguous",   "target",     "content_type", "api_version",
                                         "body_values", "body_bytes", "engine",       NULL};
    const struct violation *v = decision->violations;

    assert(decision->status >= 400 && decision->status < 600);
    // A 404 is the engine's, and a hostile engine says nothing.
    assert(decision->answer.len > 0 || decision->status == 404);
    if (decision->status != 403) {
        return; // the engine's own words, or a scope's
    }
    assert(violation_denies(decision));
    while (v->level != RULE_LEVEL_DENY) {
        v = v->next;
    }
    assert(v->text.len > 0);
    for (const struct violation *each = v; each; each = each->next) {
        check_policy_line(each);
    }
    assert(memmem(decision->answer.ptr, decision->answer.len, v->rule, strlen(v->rule)) != NULL);
    assert(script->policy->mode == RULE_LEVEL_DENY || is_named(decision, always));
}

static void check_again(const struct script *script, struct memory *memory,
                        const struct decision *first)
{
    struct policy_request request = script->request;
    struct decision again;
    bool whole = first->body == DECISION_BODY_WHOLE;

    request.target = first->forward_target;
    memory->lost = false;
    decision_init(&again);
    decide(script->policy, &request, whole ? first->forward_body : script->body,
           (struct run){NULL, memory}, &again);
    // 502: a hostile engine's answer, which an object is found by now, is another object's.
    if (!memory->lost && again.status != 502) {
        assert(again.verdict == VERDICT_ALLOW);
        assert(slice_eq(again.forward_target, first->forward_target));
        assert(slice_eq(again.forward_body, first->forward_body));
    }
    decision_deinit(&again);
}

static void rewrite(const struct script *script, struct decision *decision)
{
    struct buf out;

    if (!decision->rewrites_response) {
        return;
    }
    buf_init(&out, RESPONSE_BYTES);
    int err =
        rewrite_in_steps(decision, script->response, script->response.len / 3 + 1, &out, NULL);

    assert(err == 0 || err == -EBADMSG || err == -ENOMEM || err == -ENOBUFS);
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory memory;
    struct script script;
    struct decision decision;

    memory.count = 0;
    arena_init(&memory.names, 64 << 20);
    script_read((struct slice){(const char *)data, size}, &script);
    decision_init(&decision);
    decide(script.policy, &script.request, script.body, (struct run){&script, &memory}, &decision);
    if (decision.verdict == VERDICT_DENY) {
        check_refusal(&script, &decision);
    } else {
        check_again(&script, &memory, &decision);
        rewrite(&script, &decision);
    }
    decision_settle(&decision);
    decision_deinit(&decision);
    script_free(&script);
    arena_deinit(&memory.names);
    return 0;
}
