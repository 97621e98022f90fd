/*
 * The request line's part of the judgement: which operation it really is, whether
 * every query key is known, and the one spelling in which it is sent.
 */
#include <errno.h>

#include "base/try.h"
#include "docker/tables/query_texts.h"
#include "policy/judge/judge.h"
#include "policy/judge/ps_args.h"
#include "policy/lookup/judgement.h"
#include "policy/model/policy_data.h"
#include "policy/model/violation.h"
#include "policy/response/response.h"

#include "base/banned.h"

enum { CANONICAL_TARGET_BYTES = 3 * HTTP_HEAD_MAX_BYTES }; // every byte an escape

static bool has_value(const struct judgement *judgement, struct slice key)
{
    return query_value(judgement->query, key).len > 0;
}

/* The engine reads version=2 as BuildKit; a session or outputs make sense only there. */
static bool wants_buildkit(const struct judgement *judgement)
{
    struct slice version = query_value(judgement->query, SLICE("version"));

    return (version.len > 0 && !slice_eq(version, SLICE("1"))) ||
           has_value(judgement, SLICE("session")) || has_value(judgement, SLICE("outputs")) ||
           slice_eq(query_value(judgement->query, SLICE("remote")), SLICE("client-session"));
}

/* One route can be several operations: the query tells. */
static enum operation real_operation(const struct judgement *judgement)
{
    enum operation operation = judgement->match.route->operation;

    if (operation == OP_BUILD_CLASSIC && wants_buildkit(judgement)) {
        return OP_BUILD_BUILDKIT;
    }
    if (operation == OP_IMAGES_PULL && has_value(judgement, SLICE("fromSrc"))) {
        return OP_IMAGES_IMPORT;
    }
    return operation;
}

/*
 * `docker inspect NAME` tries one kind of object after the other, plugins last, and goes on after
 * an error only if that is a 404 or has the words "not supported" in it. Saying so for plugins
 * lets it end with its own "No such object", which is what the user needs to read. The other kinds
 * don't say it: whoever may not inspect images should read that, not that the image is not there.
 */
static const char *reason_for_inspect(enum operation operation)
{
    return operation == OP_PLUGINS_INSPECT ? "; plugins are not supported by this policy" : "";
}

/* What a client can do instead; nothing helps against most. */
static const char *fix_for(enum operation operation)
{
    return operation == OP_BUILD_BUILDKIT || operation == OP_SESSION_OPEN ||
                   operation == OP_SESSION_GRPC
               ? "build with the classic builder: DOCKER_BUILDKIT=0"
               : "";
}

static int not_allowed(const struct judgement *judgement, struct decision *out)
{
    struct slice name = slice_from(operation_name(judgement->operation));
    struct slice text = {0};
    struct violation **added = violation_tail(out);
    const struct slice said[] = {SLICE("operation "), name, SLICE(" is not allowed"),
                                 slice_from(reason_for_inspect(judgement->operation))};
    TRY(arena_join(&out->arena, said, sizeof(said) / sizeof(said[0]), &text));
    TRY(violation_add(out, "operation", judgement->policy->mode, text,
                      slice_from(fix_for(judgement->operation))));
    return arena_join(&out->arena, ARENA_PARTS(SLICE("allow+: ["), name, SLICE("]")),
                      &(*added)->policy);
}

static int judge_ps_args(const struct judgement *judgement, struct decision *out)
{
    if (judgement->operation != OP_CONTAINERS_TOP ||
        ps_args_are_harmless(query_value(judgement->query, SLICE("ps_args")))) {
        return 0;
    }
    return violation_add_unknown(
        judgement, "operation",
        SLICE("containers.top allows only the usual forms of ps (aux, -ef) and known columns (-o "
              "pid,user,args): others show host processes"),
        "remove the arguments of top", out);
}

/* Source: moby daemon/cluster/services.go: "previous" does, and what else is given is an error. */
static bool rolls_back(const struct judgement *judgement)
{
    struct slice rollback = query_value(judgement->query, SLICE("rollback"));

    return rollback.len > 0 && !slice_eq(rollback, SLICE("none"));
}

/*
 * What a request asks for beyond its operation: a fetch by the engine from its own place in
 * the network, a service as it was before.
 */
static int judge_extras(const struct judgement *judgement, struct decision *out)
{
    enum operation operation = judgement->operation;
    int err = 0;

    if (operation == OP_SERVICES_UPDATE && rolls_back(judgement)) {
        err = violation_add_unknown(
            judgement, "operation",
            SLICE("services.update with rollback restores a specification that is not inspected"),
            "update the service to the specification that you want", out);
    }
    if (operation == OP_IMAGES_IMPORT &&
        !slice_eq(query_value(judgement->query, SLICE("fromSrc")), SLICE("-"))) {
        err = violation_add_unknown(judgement, "operation",
                                    SLICE("images.import accepts only content in the request: "
                                          "fromSrc is an address that the engine would fetch"),
                                    "download it and import it with fromSrc=-", out);
    }
    if (operation == OP_BUILD_CLASSIC && has_value(judgement, SLICE("remote"))) {
        err = violation_add_unknown(judgement, "operation",
                                    SLICE("build.classic accepts only a context in the request: "
                                          "remote is an address that the engine would fetch"),
                                    "download the context and send it with the build", out);
    }
    return err < 0 ? err : judge_ps_args(judgement, out);
}

static bool repeats(const struct query_pair *from, const struct query_pair *pair)
{
    for (; from != pair; from = from->next) {
        if (slice_eq(from->key, pair->key)) {
            return true;
        }
    }
    return false;
}

/*
 * dockerd takes the first of two (docker-py names a Dockerfile twice), Podman the last: nobody gets
 * to see the others, neither the rules nor the engine. Where the engine takes them all, all are
 * judged and sent.
 */
static void drop_repeated(struct judgement *judgement)
{
    for (struct query_pair **link = &judgement->query; *link;) {
        if (route_query_key(judgement->match.route, (*link)->key) == QUERY_KEY_ONCE &&
            repeats(judgement->query, *link)) {
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
}

int decide_operation(struct judgement *judgement, struct decision *out)
{
    if (!judgement->match.route) {
        return STEP_ON;
    }
    drop_repeated(judgement);
    judgement->operation = real_operation(judgement);
    out->operation = operation_name(judgement->operation);
    out->creates = slice_ends_with(slice_from(out->operation), SLICE(".create"));
    int err = 0;

    if (!operation_set_has(&judgement->policy->allowed, judgement->operation)) {
        err = not_allowed(judgement, out);
    }
    // images/create with both is a pull for one engine and an import for another.
    if (err == 0 && judgement->operation == OP_IMAGES_IMPORT &&
        has_value(judgement, SLICE("fromImage"))) {
        err = violation_add_unknown(judgement, "operation",
                                    SLICE("fromImage and fromSrc are both set: pull or import?"),
                                    "send one of them", out);
    }
    return err < 0 ? err : judge_extras(judgement, out);
}

/* What a client writes that has nothing to say; no engine takes it for more. */
static bool is_empty_value(struct slice value)
{
    static const struct slice empty[] = {SLICE_INIT(""),    SLICE_INIT("null"), SLICE_INIT("false"),
                                         SLICE_INIT("0"),   SLICE_INIT("[]"),   SLICE_INIT("{}"),
                                         SLICE_INIT("\"\"")};

    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        if (slice_eq(value, empty[i])) {
            return true;
        }
    }
    return false;
}

static int decide_query_unknown_key(const struct judgement *judgement, struct slice key,
                                    struct decision *out)
{
    struct slice shown = {0};
    struct slice text = {0};

    if (show_text(&out->arena, key, &shown) < 0 ||
        arena_printf(&out->arena, &text, "query parameter \"%.*s\" is not known",
                     SLICE_ARGS(shown)) < 0) {
        return -ENOMEM;
    }
    return violation_add_unknown(judgement, "unknown_query", text, NULL, out);
}

/* What the engine takes apart once more. */
static int decide_query_judge_text(const struct judgement *judgement,
                                   const struct policy_request *request, const char *what,
                                   struct slice name, enum text_kind kind, struct slice value,
                                   struct decision *out)
{
    struct text_objection why = text_judge(kind, value, &request->engine);
    struct slice text = {0};

    if (!why.sentence) {
        return STEP_ON;
    }
    TRY(arena_printf(&out->arena, &text, "%s%.*s %s", what, SLICE_ARGS(name), why.sentence));
    return violation_add_unknown(judgement, "engine_syntax", text, why.fix, out);
}

static int judge_value(const struct judgement *judgement, const struct policy_request *request,
                       const struct query_pair *pair, struct decision *out)
{
    return decide_query_judge_text(judgement, request, "query parameter ", pair->key,
                                   query_text_kind(pair->key), pair->value, out);
}

/* A file's name in a container is bytes, and nobody makes more of it. */
static bool may_be_bytes(const struct judgement *judgement, struct slice key)
{
    bool archive = judgement->operation == OP_CONTAINERS_FILES_READ ||
                   judgement->operation == OP_CONTAINERS_FILES_WRITE;

    return policy_judges_nothing(judgement->policy) || (archive && slice_eq(key, SLICE("path")));
}

/* Answers enum step. *keep: the pair is sent. */
static int judge_pair(const struct judgement *judgement, const struct policy_request *request,
                      const struct query_pair *pair, bool *keep, struct decision *out)
{
    *keep = true;
    if (pair->is_bytes && !may_be_bytes(judgement, pair->key)) {
        int err = refuse_malformed(judgement->policy, request, 400, "target",
                                   "the request target is not valid UTF-8", out);

        return err < 0 ? err : STEP_DECIDED;
    }
    switch (route_query_key(judgement->match.route, pair->key)) {
    case QUERY_KEY_DROPPED:
        *keep = false;
        return STEP_ON;
    case QUERY_KEY_REPEATED:
        return judge_value(judgement, request, pair, out);
    case QUERY_KEY_UNKNOWN:
        // Taken out: an engine could go by its being there. Docker's SDK for Node asks for
        // /_ping?accept=text/plain, where no key is read.
        if (policy_unknown_level(judgement->policy) == RULE_LEVEL_DENY &&
            (is_empty_value(pair->value) || !route_reads_query(judgement->match.route))) {
            *keep = false;
            return STEP_ON;
        }
        return decide_query_unknown_key(judgement, pair->key, out);
    case QUERY_KEY_ONCE:
        break;
    }
    return judge_value(judgement, request, pair, out);
}

/* Podman pushes to where the name says, which may be a directory of the host. */
static int judge_pushed(const struct judgement *judgement, const struct policy_request *request,
                        struct decision *out)
{
    return judgement->operation == OP_IMAGES_PUSH
               ? decide_query_judge_text(judgement, request, "the image to be pushed",
                                         (struct slice){0}, TEXT_IMAGE, judgement->match.name, out)
               : STEP_ON;
}

int decide_query(struct judgement *judgement, const struct policy_request *request,
                 struct decision *out)
{
    struct query_pair *kept = NULL;
    struct query_pair **tail = &kept;

    if (!judgement->match.route) {
        return STEP_ON;
    }
    TRY(judge_pushed(judgement, request, out));
    for (struct query_pair *pair = judgement->query; pair; pair = pair->next) {
        bool keep = false;
        int step = judge_pair(judgement, request, pair, &keep, out);

        if (step != STEP_ON) {
            return step;
        }
        if (keep) {
            struct query_pair *copy = arena_alloc(&out->arena, sizeof(*copy));

            if (!copy) {
                return -ENOMEM;
            }
            *copy = (struct query_pair){.key = pair->key, .value = pair->value};
            *tail = copy;
            tail = &copy->next;
        }
    }
    judgement->query = kept;
    return STEP_ON;
}

int decide_target(const struct judgement *judgement, struct decision *out)
{
    CLEANUP(buf_deinit) struct buf target = {0};

    if (judgement->raw_target.len > 0) {
        return arena_copy(&out->arena, judgement->raw_target, &out->forward_target);
    }
    buf_init(&target, CANONICAL_TARGET_BYTES);
    int err = target_write(&target, judgement->path, judgement->query);

    return err < 0 ? -ENOMEM : arena_copy(&out->arena, buf_slice(&target), &out->forward_target);
}
