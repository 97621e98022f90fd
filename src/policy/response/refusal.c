/*
 * The ends of a judgement that went wrong, and the words the user reads. The docker
 * CLI shows `message` only, with its line breaks; the other keys are for machines.
 */
#include <errno.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/escape.h"
#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/model/policy_data.h"
#include "policy/model/violation.h"
#include "policy/response/response.h"

#include "base/banned.h"

enum {
    ANSWER_BYTES = 512 * 1024,
    ID_MAX_BYTES = 32,
    LAST_WORDS_BYTES = 320,
    USUAL_MESSAGE_BYTES = 500,
    SHOWN_NAME_BYTES = 128
};

/* A request that takes more than one may is too large; it is not the system that has no memory. */
void refuse_without_memory(const struct policy_request *request, struct decision *out)
{
    static char last_words[LAST_WORDS_BYTES];
    bool too_large = out->arena.full || out->document.full;
    struct slice id = request->request_id;

    // Ours has letters and digits, which need no escape.
    if (id.len > ID_MAX_BYTES || !ascii_is_made_of(id, SLICE(""))) {
        id = SLICE("");
    }
    int len = snprintf(
        last_words, sizeof(last_words),
        "{\"message\":\"refused: %s (request %.*s)\",\"code\":\"%s\","
        "\"request_id\":\"%.*s\",\"rules\":[]}",
        too_large ? "the request is too large: its values need more memory than one request may use"
                  : "sockade ran out of memory while judging the request",
        SLICE_ARGS(id), too_large ? "too_large" : "internal", SLICE_ARGS(id));

    out->verdict = VERDICT_DENY;
    out->status = too_large ? 413 : 500;
    out->answer = (struct slice){last_words, (size_t)len};
}

static const char *code_of(unsigned status)
{
    switch (status) {
    case 400:
        return "malformed";
    case 403:
        return "denied";
    case 413:
        return "too_large";
    case 415:
        return "content_type";
    case 409:
    case 429:
    case 503:
        return "busy";
    case 502:
    case 504:
        return "engine";
    default:
        return status < 500 ? "malformed" : "internal";
    }
}

static int append_request_id(struct buf *out, struct slice id)
{
    if (id.len == 0) {
        return 0;
    }
    TRY(buf_append_text(out, " (request "));
    TRY(escape_text(out, id, 64));
    return buf_append_text(out, ")");
}

static int append_objection(struct buf *out, const struct violation *violation)
{
    TRY(buf_append_texts(out, BUF_TEXTS("\n  - ", violation->rule, ": ")));
    TRY(buf_append(out, violation->text));
    if (violation->fix.len > 0) {
        TRY(buf_append_text(out, "\n    fix: "));
        TRY(buf_append(out, violation->fix));
    }
    if (violation->policy.len > 0) {
        TRY(buf_append_text(out, violation->fix.len > 0 ? "\n    or in the policy (administrator): "
                                                        : "\n    in the policy (administrator): "));
        TRY(buf_append(out, violation->policy));
    }
    return 0;
}

/* Who starts many at once has to know which one it is: the name is the query's, Compose's a label.
 */
static int name_made(const struct judgement *judgement, struct decision *out)
{
    if (!judgement || judgement->operation != OP_CONTAINERS_CREATE) {
        return 0;
    }
    const struct json *service = json_member(json_member(judgement->tree, SLICE("Labels")),
                                             SLICE("com.docker.compose.service"));

    if (service && service->type == JSON_STRING) {
        TRY(arena_copy(&out->arena, service->text, &out->made_service));
    }
    return arena_copy(&out->arena, query_value(judgement->query, SLICE("name")), &out->made_name);
}

static int append_made(struct buf *out, const char *what, struct slice name)
{
    if (name.len == 0) {
        return 0;
    }
    TRY(buf_append_texts(out, BUF_TEXTS(", ", what, " \"")));
    TRY(escape_text(out, name, SHOWN_NAME_BYTES));
    return buf_append_byte(out, '"');
}

/*
 * "denied by policy "ci" (request 01J9Z3KQ), container "web", Compose service "web"" and each
 * objection that denies.
 */
static int write_denial(struct buf *out, const struct policy *policy, struct slice id,
                        const struct decision *decision)
{
    const struct violation *violations = decision->violations;

    TRY(buf_append_texts(out, BUF_TEXTS("denied by policy \"", policy_name(policy), "\"")));
    TRY(append_request_id(out, id));
    TRY(append_made(out, "container", decision->made_name));
    TRY(append_made(out, "Compose service", decision->made_service));
    for (const struct violation *v = violations; v; v = v->next) {
        if (v->level == RULE_LEVEL_DENY) {
            TRY(append_objection(out, v));
        }
    }
    return 0;
}

/* "refused: a name is repeated (request 01J9Z3KQ)" */
static int write_complaint(struct buf *out, struct slice id, const struct violation *violations)
{
    bool first = true;

    TRY(buf_append_text(out, "refused: "));
    for (const struct violation *v = violations; v; v = v->next) {
        if (v->level != RULE_LEVEL_DENY) {
            continue;
        }
        if (!first) {
            TRY(buf_append_text(out, "; "));
        }
        TRY(buf_append(out, v->text));
        first = false;
    }
    return append_request_id(out, id);
}

static int append_member(struct buf *out, const char *name, struct slice text)
{
    TRY(buf_append_text(out, name));
    return escape_json_shown(out, text);
}

static int append_rules(struct buf *out, const struct violation *violations)
{
    const char *separator = "";

    TRY(buf_append_text(out, ",\"rules\":["));
    for (const struct violation *v = violations; v; v = v->next) {
        if (v->level != RULE_LEVEL_DENY) {
            continue;
        }
        TRY(buf_append_texts(out, BUF_TEXTS(separator, "{\"id\":\"", v->rule, "\"")));
        TRY(append_member(out, ",\"text\":", v->text));
        TRY(append_member(out, ",\"fix\":", v->fix));
        if (v->policy.len > 0) {
            TRY(append_member(out, ",\"policy\":", v->policy));
        }
        TRY(buf_append_byte(out, '}'));
        separator = ",";
    }
    return buf_append_text(out, "]}");
}

static int refusal_write_answer(struct buf *out, struct slice message, unsigned status,
                                struct slice id, const struct violation *violations)
{
    TRY(append_member(out, "{\"message\":", message));
    TRY(buf_append_texts(out, BUF_TEXTS(",\"code\":\"", code_of(status), "\"")));
    TRY(append_member(out, ",\"request_id\":", id));
    return append_rules(out, violations);
}

/* Whether the same request will do when others are done. */
static bool denial_passes(const struct violation *violations)
{
    for (const struct violation *v = violations; v; v = v->next) {
        if (v->level == RULE_LEVEL_DENY && !v->passes) {
            return false;
        }
    }
    return true;
}

int refuse_by_rules(const struct policy *policy, const struct policy_request *request,
                    unsigned status, struct decision *out)
{
    CLEANUP(buf_deinit) struct buf message = {0};
    CLEANUP(buf_deinit) struct buf answer = {0};
    struct slice text = {0};

    buf_init(&message, ANSWER_BYTES);
    buf_init(&answer, 2UL * ANSWER_BYTES);
    int err = buf_reserve(&message, USUAL_MESSAGE_BYTES);

    err = err < 0 ? err : buf_reserve(&answer, 2UL * USUAL_MESSAGE_BYTES);
    if (err < 0) {
        return -ENOMEM;
    }
    bool by_policy = policy && status == 403;

    status = by_policy && denial_passes(out->violations) ? 409 : status;
    if (by_policy && name_made(out->judgement, out) < 0) {
        return -ENOMEM;
    }
    err = by_policy ? write_denial(&message, policy, request->request_id, out)
                    : write_complaint(&message, request->request_id, out->violations);

    // A message too long to be read is cut, not lost: so are its objections for machines.
    if (err == 0 || err == -ENOBUFS) {
        err = refusal_write_answer(&answer, buf_slice(&message), status, request->request_id,
                                   err == 0 ? out->violations : NULL);
    }
    if (err == 0) {
        err = arena_copy(&out->arena, buf_slice(&answer), &text);
    }
    if (err == 0 && out->refusal != DECISION_REFUSE_PLAIN) {
        err = arena_copy(&out->arena, buf_slice(&message), &out->message);
    }
    if (err < 0) {
        return -ENOMEM;
    }
    out->verdict = VERDICT_DENY;
    out->status = status;
    out->answer = text;
    return 0;
}

int refuse_malformed(const struct policy *policy, const struct policy_request *request,
                     unsigned status, const char *rule, const char *sentence, struct decision *out)
{
    struct slice text = {0};

    TRY(arena_copy(&out->arena, slice_from(sentence), &text));
    TRY(violation_add(out, rule, RULE_LEVEL_DENY, text, (struct slice){0}));
    return refuse_by_rules(policy, request, status, out);
}

void policy_refuse(const struct policy *policy, const struct policy_request *request,
                   unsigned status, const char *rule, const char *sentence, struct decision *out)
{
    if (refuse_malformed(policy, request, status, rule, sentence, out) < 0) {
        refuse_without_memory(request, out);
    }
}
