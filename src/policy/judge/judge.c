/*
 * Asks the rules, in their order, about one request: by what it says alone before anything is
 * looked up, and again when everything is known; then it is refused or allowed.
 */
#include <assert.h>
#include <errno.h>

#include "base/try.h"
#include "policy/judge/judge.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/model/violation.h"
#include "policy/response/response.h"
#include "policy/rules/rule.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

static bool copies_in(const struct judgement *judgement)
{
    return judgement->operation == OP_CONTAINERS_FILES_WRITE;
}

/* What a rule sees of the container that the request wants to use. */
static struct rule_input of_existing(const struct rule_input *in, struct judgement *judgement,
                                     const struct known_facts *facts)
{
    return (struct rule_input){.arena = in->arena,
                               .kept = in->kept,
                               .rule = in->rule,
                               .param = in->param,
                               .level = in->level,
                               .container = &judgement->existing->spec,
                               .copies_in = copies_in(judgement),
                               .existing = true,
                               .existing_name = judgement_used_name(judgement),
                               .exec_user = in->exec ? in->exec->user : (struct slice){0},
                               .known_images = facts->images,
                               .peers = judgement->peers,
                               .volumes = facts->volumes,
                               .networks = facts->networks,
                               .facts = in->facts,
                               .tree = in->tree,
                               .engine = in->engine,
                               .written = in->written,
                               .engine_socket = in->engine_socket,
                               .listener_sockets = in->listener_sockets,
                               .listener_socket = in->listener_socket,
                               .tail = in->tail,
                               .objections = in->objections};
}

/*
 * A container that was created was judged then, by all rules: what is asked again is what leads to
 * the host. What a build left was judged by none.
 */
static bool judges_existing(const struct judgement *judgement, const struct rule *rule)
{
    return rule->judges_existing || holds_left_by_build(judgement, judgement->existing);
}

/* The containers that are joined, as a whole, and those whose mounts are taken over. */
static int ask_about_peers(struct rule_input *in, struct judgement *judgement,
                           const struct known_facts *facts)
{
    const struct rule *rule = in->rule;

    for (struct peer *peer = judgement->peers; peer; peer = peer->next) {
        bool asked = peer->mounts_only ? rule->judges_mounts : rule->judges_existing;

        if (!peer->answer || !(asked || holds_left_by_build(judgement, peer->answer))) {
            continue;
        }
        struct rule_input joined = {.arena = in->arena,
                                    .kept = in->kept,
                                    .rule = rule,
                                    .param = in->param,
                                    .level = in->level,
                                    .container = &peer->answer->spec,
                                    .copies_in = copies_in(judgement),
                                    .existing = true,
                                    .existing_name = peer->name,
                                    .peers = judgement->peers,
                                    .volumes = facts->volumes,
                                    .networks = facts->networks,
                                    .facts = in->facts,
                                    .engine = in->engine,
                                    .written = in->written,
                                    .engine_socket = in->engine_socket,
                                    .listener_sockets = in->listener_sockets,
                                    .listener_socket = in->listener_socket,
                                    .tail = in->tail,
                                    .objections = in->objections};
        int err = rule->check(&joined);

        if (err < 0) {
            return err;
        }
        in->tail = joined.tail;
    }
    return 0;
}

static int ask_rule(struct rule_input *in, struct judgement *judgement,
                    const struct known_facts *facts)
{
    int err = in->rule->check(in);

    if (err == 0 && judgement->existing && judges_existing(judgement, in->rule)) {
        struct rule_input existing = of_existing(in, judgement, facts);

        err = images_show_existing(judgement, &existing);
        err = err < 0 ? err : in->rule->check(&existing);
        in->tail = existing.tail;
    }
    return err < 0 ? err : ask_about_peers(in, judgement, facts);
}

/*
 * What a rule without needs says of a container that is to be made it says by the text alone. With
 * nothing against it then it is not asked again when the others have what they need.
 */
static bool is_settled_by_text(const struct judgement *judgement, const struct rule *rule,
                               const struct rule_input *in)
{
    return judgement_makes_container(judgement) && rule_is_textual(rule) && *in->objections == 0;
}

#ifdef SOCKADE_SELF_CHECKS
/*
 * Whether it is right not to ask. A rule that reads what its needs do not name objects here: every
 * case that has it refuse finds it, and so does what is fuzzed.
 */
static bool stays_settled(const struct rule_input *in, struct judgement *judgement,
                          const struct known_facts *facts)
{
    struct rule_input asked = *in;
    struct violation *unsaid = NULL;
    size_t objections = 0;

    asked.tail = &unsaid;
    asked.objections = &objections;
    asked.writes = false;
    return ask_rule(&asked, judgement, facts) < 0 || objections == 0;
}
#endif

/* Which rules were asked about the text, where nothing else has come to be judged since. */
static const bool *settled_rules(const struct judgement *judgement, const struct rule_input *in)
{
    static const bool none[RULE_COUNT];

    return in->tree && !judgement->existing && !judgement->peers ? judgement->settled : none;
}

static void show_rule(const struct policy *policy, enum rule_index index, struct rule_input *in)
{
    in->rule = rule_at(index);
    in->param = policy->rule[index].param;
    in->level = policy_rule_level(policy, policy->rule[index].level);
    in->writes = in->level == RULE_LEVEL_DENY;
}

static int ask_rule_in_turn(struct rule_input *in, struct judgement *judgement,
                            const struct known_facts *facts, bool *settled)
{
    size_t objections = 0;

    in->objections = &objections;
    int err = ask_rule(in, judgement, facts);

    err = err < 0 ? err : rule_object_more(in);
    *settled = !in->tree && is_settled_by_text(judgement, in->rule, in);
    in->objections = NULL;
    return err;
}

/* Whether a request without a body has anything that a rule could object to. */
static bool shows_something(const struct rule_input *in)
{
    return in->container || in->exec || in->volume || in->network || in->connect || in->swarm ||
           in->plugin || in->plugin_archive || in->build_query || in->image_count > 0 ||
           in->connect_network.len > 0 || in->names || in->facts;
}

static int ask_rules(struct rule_input *in, struct judgement *judgement,
                     const struct known_facts *facts)
{
    const struct policy *policy = judgement->policy;

    if (judgement->read == ROUTE_BODY_NONE && !judgement->existing && !judgement->peers &&
        !shows_something(in)) {
        return 0;
    }
    const bool *settled = settled_rules(judgement, in);

    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        if (settled[i]) {
#ifdef SOCKADE_SELF_CHECKS
            show_rule(policy, i, in);
            assert(stays_settled(in, judgement, facts));
#endif
            continue;
        }
        if (policy->rule[i].level == RULE_LEVEL_OFF) {
            continue;
        }
        show_rule(policy, i, in);
        TRY(ask_rule_in_turn(in, judgement, facts, &judgement->settled[i]));
    }
    return 0;
}

/* What the operation and its query say. */
static void show_operation(struct judgement *judgement, struct rule_input *in)
{
    in->plugin_archive = judgement->operation == OP_PLUGINS_CREATE;
    if (judgement->operation == OP_BUILD_CLASSIC || judgement->operation == OP_BUILD_BUILDKIT) {
        in->build = judgement->query;
        in->build_limits = &judgement->build_limits;
        in->build_query = &judgement->query;
    }
    if (judgement->exec_known) {
        in->exec = &judgement->exec;
    }
    if (judgement->operation == OP_NETWORKS_CONNECT) {
        in->connect_network = judgement->match.name;
    }
}

static void show_request(struct judgement *judgement, struct rule_input *in)
{
    switch (judgement->read) {
    case ROUTE_BODY_CONTAINER_CREATE:
        in->container = &judgement->container;
        break;
    case ROUTE_BODY_CONTAINER_UPDATE:
        in->container = &judgement->container;
        in->update = true;
        break;
    case ROUTE_BODY_EXEC_CREATE:
        in->exec = &judgement->exec;
        break;
    case ROUTE_BODY_VOLUME_CREATE:
        in->volume = &judgement->volume;
        break;
    case ROUTE_BODY_NETWORK_CREATE:
        in->network = &judgement->network;
        break;
    case ROUTE_BODY_NETWORK_CONNECT:
        in->connect = &judgement->connect;
        break;
    case ROUTE_BODY_SERVICE:
        in->container = &judgement->container;
        break;
    case ROUTE_BODY_SWARM_INIT:
    case ROUTE_BODY_SWARM_UPDATE:
        in->swarm = &judgement->swarm;
        break;
    case ROUTE_BODY_PLUGIN_PRIVILEGES:
    case ROUTE_BODY_PLUGIN_SETTINGS:
        in->plugin = &judgement->plugin;
        break;
    case ROUTE_BODY_VOLUME_UPDATE:
        in->volume = &judgement->volume;
        break;
    case ROUTE_BODY_NONE:
    case ROUTE_BODY_EXEC_START:
    case ROUTE_BODY_NETWORK_DISCONNECT:
    case ROUTE_BODY_COMMIT:
    case ROUTE_BODY_AUTH:
    case ROUTE_BODY_SWARM_JOIN:
    case ROUTE_BODY_SWARM_UNLOCK:
    case ROUTE_BODY_NODE:
    case ROUTE_BODY_SECRET:
    case ROUTE_BODY_CONFIG:
    case ROUTE_BODY_CHECKPOINT:
    case ROUTE_BODY_TAR:
        break;
    }
}

/* A value of which the engine may make another number, or none. */
static int object_to_limit(const struct judgement *judgement, struct slice key,
                           struct decision *out)
{
    struct slice text = {0};

    if (arena_printf(&out->arena, &text, "query parameter \"%.*s\" has an invalid value",
                     SLICE_ARGS(key)) < 0) {
        return -ENOMEM;
    }
    return violation_add_unknown(judgement, "unknown_query", text, NULL, out);
}

/* What takes more than a look. */
static int show_parts(struct judgement *judgement, struct rule_input *in, struct decision *out)
{
    int err = images_show(judgement, in);

    if (err == 0) {
        err = names_read(judgement, out);
        in->names = judgement->names;
    }
    if (err == 0 && in->build_limits) {
        err = build_limits_read(in->arena, judgement->query, &judgement->build_limits);
    }
    if (err == 0 && judgement->build_limits.bad.len > 0) {
        err = object_to_limit(judgement, judgement->build_limits.bad, out);
        in->tail = violation_tail(out);
    }
    if (err == 0 && in->connect) {
        err = connect_spec_read(in->arena, judgement->tree, &judgement->connect);
    }
    return err;
}

static int name_image(const struct judgement *judgement, struct decision *out)
{
    struct slice image = query_value(judgement->query, SLICE("fromImage"));
    struct slice tag = query_value(judgement->query, SLICE("tag"));

    if (judgement_makes_container(judgement)) {
        return arena_copy(&out->arena, judgement->container.image, &out->image);
    }
    if (judgement->operation != OP_IMAGES_PULL || image.len == 0) {
        return 0;
    }
    return arena_printf(&out->arena, &out->image, "%.*s%s%.*s", SLICE_ARGS(image),
                        tag.len > 0 ? ":" : "", SLICE_ARGS(tag));
}

/* Questions first, then what the answers say. Answers enum step; decided: there are some left. */
static int judge_gather(struct judgement *judgement, const struct policy_request *request,
                        struct known_facts *facts, struct decision *out)
{
    // Before the rules: what they say about an object is for those who may see it.
    int err = scope_judge(judgement, request, out);

    if (err == STEP_ON && !violation_denies(out) && !facts_wanted(out)) {
        err = facts_collect(judgement, request, out);
    }
    if (err == STEP_ON && !violation_denies(out) && facts_wanted(out)) {
        out->verdict = VERDICT_NEEDS_FACTS;
        return STEP_DECIDED;
    }
    return err == STEP_ON ? facts_read(out, facts) : err;
}

/* Answers that cannot be used end it. Answers enum step. */
static int gather_usable(struct judgement *judgement, const struct policy_request *request,
                         struct known_facts *facts, struct decision *out)
{
    int step = judge_gather(judgement, request, facts, out);

    if (step == -E2BIG) {
        step = refuse_malformed(judgement->policy, request, 413, "host_path_mount",
                                "the request names too many host paths", out);
        return step < 0 ? step : STEP_DECIDED;
    }
    if (step == -EBADMSG) {
        step = refuse_malformed(
            judgement->policy, request, 502, "engine",
            "the engine gave no usable answer about an object named in the request", out);
        return step < 0 ? step : STEP_DECIDED;
    }
    if (facts->missing && facts->missing->kind == FACT_IMAGE && judgement->existing) {
        facts->missing = NULL; // a container may outlive its image
    }
    return step;
}

/* What is objected to before anything is known, which an answer doesn't take back. */
static void judge_begin(struct judgement *judgement, const struct decision *out)
{
    for (const struct violation *v = out->violations; v && !judgement->begun; v = v->next) {
        judgement->violations_before++;
    }
    if (!judgement->begun && judgement->operation == OP_CONTAINERS_COMMIT) {
        judgement->committed = query_value(judgement->query, SLICE("container"));
    }
    judgement->begun = true;
}

/* `tree` is NULL before anything is looked up. */
static int ask_about(struct judgement *judgement, const struct policy_request *request,
                     const struct known_facts *facts, const struct tree_use *tree,
                     struct decision *out)
{
    struct rule_input in = {.arena = &out->document,
                            .kept = &out->arena,
                            .known_images = facts->images,
                            .image = facts->image,
                            .image_missing = facts->missing != NULL,
                            .facts_missing = !tree || violation_denies(out),
                            .volumes = judgement->existing ? NULL : facts->volumes,
                            .networks = facts->networks,
                            .peers = judgement->peers,
                            .facts = tree ? out->facts : NULL,
                            .tree = tree,
                            .engine = &request->engine,
                            .written = &judgement->policy->written,
                            .engine_socket = judgement->policy->engine_socket,
                            .listener_sockets = &judgement->policy->listener_sockets,
                            .listener_socket = request->listener_socket,
                            .tail = violation_tail(out)};

    show_operation(judgement, &in);
    show_request(judgement, &in);
    TRY(show_parts(judgement, &in, out));
    TRY(name_image(judgement, out));
    return ask_rules(&in, judgement, facts);
}

/*
 * What is refused for what it says costs nobody a lookup, neither the engine nor a file system;
 * and it says nothing of what they know. What a rule writes is there when it is asked again.
 */
static int judge_text(struct judgement *judgement, const struct policy_request *request,
                      struct decision *out)
{
    struct violation **end = violation_tail(out);
    struct known_facts none = {0};

    judgement->text_judged = true;
    TRY(ask_about(judgement, request, &none, NULL, out));
    if (violation_denies(out)) {
        return refuse_by_rules(judgement->policy, request, 403, out);
    }
    *end = NULL; // that is said again, when the rest is known
    out->verdict = VERDICT_NEEDS_FACTS;
    return 0;
}

/* The engine's own words: on them the CLI pulls the image and asks again. */
static int answer_missing(const struct judgement *judgement, const struct fact *missing,
                          struct decision *out)
{
    bool peer = missing->kind != FACT_IMAGE && judgement->read == ROUTE_BODY_CONTAINER_CREATE;

    out->verdict = VERDICT_DENY;
    out->status = peer ? 400 : 404;
    return arena_copy(&out->arena, missing->body, &out->answer);
}

int judge(struct judgement *judgement, const struct policy_request *request, struct decision *out)
{
    struct known_facts facts = {0};
    struct tree_use tree = {0};

    judge_begin(judgement, out);
    int err = gather_usable(judgement, request, &facts, out);

    if (err == STEP_DECIDED && out->verdict == VERDICT_NEEDS_FACTS && !judgement->text_judged) {
        return judge_text(judgement, request, out);
    }
    if (err == STEP_ON && !facts.missing) {
        err = holds_judge(judgement, request, out);
    }
    if (err == STEP_ON) {
        err = trees_show(judgement, request, out, &tree);
    }
    if (err != STEP_ON) {
        return err < 0 ? err : 0;
    }
    if (judgement_makes_container(judgement)) {
        facts.image = images_find(facts.images, judgement->container.image);
    }
    if (judgement->read == ROUTE_BODY_SERVICE) {
        facts.missing = NULL; // swarm would pull the image: what that means is the rules' affair
    }
    err = ask_about(judgement, request, &facts, &tree, out);
    err = err < 0 ? err : images_judge_env(judgement, facts.image, out);
    if (err < 0) {
        return err;
    }
    if (violation_denies(out)) {
        return refuse_by_rules(judgement->policy, request, 403, out);
    }
    if (facts.missing) {
        return answer_missing(judgement, facts.missing, out);
    }
    holds_spare(judgement, out);
    err = judgement_allow(judgement, request, &facts, out);
    if (err != -E2BIG) {
        return err;
    }
    return refuse_malformed(judgement->policy, request, 413, "scope",
                            "the image has too many volumes to label", out);
}
