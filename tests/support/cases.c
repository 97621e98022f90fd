/*
 * See cases.h.
 */
#include "support/cases.h"

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/parse.h"
#include "sockade/evaluate.h"

enum { FILE_MAX_BYTES = 1 << 20, ARENA_MAX_BYTES = 64 << 20 };

static void fail(const char *format, ...) __attribute__((noreturn)) PRINTF_LIKE(1, 2);
static void fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(2);
}

void case_complain(const struct case_file *file, const struct tree_node *node, const char *format,
                   ...)
{
    struct slice name = case_text(node, "name");
    va_list args;

    fprintf(stderr, "%s:%u: %.*s: ", file->name, node->line, SLICE_ARGS(name));
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

struct slice case_text(const struct tree_node *node, const char *key)
{
    const struct tree_node *member = tree_member(node, key);

    return member ? member->text : (struct slice){0};
}

void case_file_open(const char *name, struct case_file *file)
{
    CLEANUP(buf_deinit) struct buf text = {.limit_bytes = FILE_MAX_BYTES};
    struct diag diag = {0};
    char path[1024];

    snprintf(path, sizeof(path), "%s%s", name[0] == '/' ? "" : SOCKADE_SOURCE_DIR "/", name);
    *file = (struct case_file){0};
    snprintf(file->name, sizeof(file->name), "%s", name);
    arena_init(&file->arena, ARENA_MAX_BYTES);
    int err = buf_read_file(&text, path);

    if (err < 0) {
        fail("%s: %s", path, strerror(-err));
    }
    if (yaml_tree_read(buf_slice(&text), &file->arena, &file->root, &diag) < 0) {
        fail("%s:%u:%u: %s", name, diag.line, diag.column, diag.sentence);
    }
    file->rule = case_text(file->root, "rule");
    const struct tree_node *cases = tree_member(file->root, "cases");

    if (!cases || !cases->child) {
        fail("%s: no cases", name);
    }
}

void case_file_close(struct case_file *file)
{
    arena_deinit(&file->arena);
}

const struct tree_node *case_file_first(const struct case_file *file)
{
    return tree_member(file->root, "cases")->child;
}

bool case_file_at(size_t index, struct case_file *file)
{
    glob_t found = {0};
    const char *pattern = SOCKADE_SOURCE_DIR "/" CASES "*.yaml";

    if (glob(pattern, 0, NULL, &found) != 0 ||
        glob(SOCKADE_SOURCE_DIR "/" CASES "other/*.yaml", GLOB_APPEND, NULL, &found) != 0) {
        fail("%s: no files", pattern);
    }
    bool more = index < found.gl_pathc;

    if (more) {
        case_file_open(found.gl_pathv[index] + strlen(SOCKADE_SOURCE_DIR "/"), file);
    }
    globfree(&found);
    return more;
}

static struct policy *load_case_policy(struct case_file *file, const struct tree_node *node)
{
    // Of the process.
    static const struct slice listeners[] = {SLICE_INIT("/run/sockade/ci.sock"),
                                             SLICE_INIT("/run/apart/other.sock")};
    struct diag diag = {0};
    struct loader loader = {.arena = &file->arena, .diag = &diag};
    const struct tree_node *own = tree_member(node, "policy");
    const struct tree_node *policies = own ? own : tree_member(file->root, "policy");
    struct policy *policy = NULL;

    if (!policies) {
        fail("%s:%u: no policy", file->name, node->line);
    }
    struct tree_node section = *policies;

    section.key = SLICE("case");
    if (load_policy(&loader, &section, &policy) < 0) {
        fail("%s:%u:%u: %s", file->name, diag.line, diag.column, diag.sentence);
    }
    policy->engine_socket = SLICE("/run/docker.sock");
    policy->listener_sockets = (struct string_list){.item = listeners, .count = 2};
    return policy;
}

/* "dockerd 26.1.5"; without it the engine is not known. */
static struct sockade_engine engine_of(const struct case_file *file, const struct tree_node *node)
{
    struct sockade_engine engine = {0};
    struct slice kind = {0};
    struct slice rest = case_text(tree_member(node, "engine") ? node : file->root, "engine");
    unsigned *const numbers[] = {&engine.major, &engine.minor, &engine.patch};

    if (rest.len == 0 || slice_eq(rest, SLICE("unknown"))) {
        return engine;
    }
    slice_cut(rest, ' ', &kind, &rest);
    engine.kind = slice_eq(kind, SLICE("podman")) ? ENGINE_PODMAN : ENGINE_DOCKERD;
    for (size_t i = 0; i < 3; i++) {
        struct slice number = {0};
        uint64_t value = 0;

        slice_cut(rest, '.', &number, &rest);
        if (parse_u64(number, &value) < 0) {
            fail("%s:%u: engine: %.*s is not a number", file->name, node->line, SLICE_ARGS(number));
        }
        *numbers[i] = (unsigned)value;
    }
    return engine;
}

/* The request of a case; its texts are the file's. Returns its body. */
static struct slice build_request(struct case_file *file, const struct tree_node *node,
                                  struct policy_request *request)
{
    struct slice host_config = case_text(node, "host_config");
    struct slice create = case_text(node, "create");
    struct slice body = case_text(node, "body");

    request->method = SLICE("POST");
    request->target = SLICE("/v1.41/containers/create");
    request->request_id = SLICE("R1");
    if (host_config.len > 0) {
        if (arena_printf(&file->arena, &body,
                         "{\"Image\":\"app\",\"User\":\"1000:1000\",\"HostConfig\":%.*s}",
                         SLICE_ARGS(host_config)) < 0) {
            fail("%s:%u: out of memory", file->name, node->line);
        }
    } else if (create.len > 0) {
        body = create;
    } else {
        slice_cut(case_text(node, "target"), ' ', &request->method, &request->target);
    }
    request->has_body = body.len > 0;
    request->content_length = body.len;
    request->content_type = case_text(node, "type");
    request->upgrade = case_text(node, "upgrade");
    request->listener_socket = case_text(node, "listener");
    request->engine = engine_of(file, node);
    if (request->has_body && !tree_member(node, "type")) {
        request->content_type = SLICE("application/json");
    }
    return body;
}

/* `ran`: by volumes, until when something ran with them; "since …" for what is older than that. */
static void show_runs(const struct tree_node *node, struct decision *decision)
{
    const struct tree_node *ran = tree_member(node, "ran");

    for (struct decision_hold *hold = decision->holds; hold; hold = hold->next) {
        for (const struct tree_node *run = ran ? ran->child : NULL; run; run = run->next) {
            struct slice when = run->text;

            if (hold->kind != HOLD_VOLUME || !slice_eq(run->key, hold->key)) {
                continue;
            }
            hold->ran = !slice_starts_with(when, SLICE("since "));
            if (parse_time(hold->ran ? when : slice_from_index(when, 6), &hold->ran_s) < 0) {
                fail("line %u: not a time", run->line);
            }
        }
    }
}

/*
 * `held`: the answers of lookups are others once everything is held; `filling`: and other creates
 * are under way; `building`: and builds.
 */
static bool case_hold(void *context, struct decision *decision)
{
    const struct tree_node **node = context;
    const struct tree_node *held = tree_member(*node, "held");

    decision->filling = tree_member(*node, "filling") != NULL;
    decision->building = tree_member(*node, "building") != NULL;
    show_runs(*node, decision);
    *node = held ? held : *node;
    return held != NULL;
}

struct policy *case_decide(struct case_file *file, const struct tree_node *node,
                           struct decision *decision)
{
    struct policy *policy = load_case_policy(file, node);
    struct policy_request request = {0};
    struct slice body = build_request(file, node, &request);

    struct evaluate_source source = {case_look_up, case_hold, &node};

    decision_init(decision);
    policy_evaluate(policy, &request, body, &source, decision);
    return policy;
}

bool case_contains(struct slice text, struct slice part)
{
    return part.len == 0 ||
           (text.len > 0 && memmem(text.ptr, text.len, part.ptr, part.len) != NULL);
}

bool case_has_rule(const struct decision *decision, struct slice rule)
{
    for (const struct violation *v = decision->violations; v; v = v->next) {
        if (slice_eq(slice_from(v->rule), rule)) {
            return true;
        }
    }
    return false;
}
