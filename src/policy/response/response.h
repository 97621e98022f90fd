/*
 * What clients read: refusals, and answers in which something is hidden.
 */
#ifndef SOCKADE_POLICY_RESPONSE_RESPONSE_H
#define SOCKADE_POLICY_RESPONSE_RESPONSE_H

#include "base/buf.h"
#include "policy/lookup/judgement.h"
#include "policy/model/policy_data.h"

struct arena;
struct decision;
struct json;
struct judgement;
struct policy;
struct policy_request;

/*
 * scope_events.c: a stream of events, each on a line, of which those of the scope are left. A line
 * that is above POLICY_REWRITE_MAX_BYTES or cannot be read is left out. The errors are those of
 * policy_rewriter_feed().
 */
struct scope_stream {
    struct buf line; /* that has begun; owned */
    bool too_long;
};

bool scope_filters_stream(const struct policy *policy, enum operation operation);
MUST_CHECK int scope_stream_feed(struct scope_stream *stream, const struct policy *policy,
                                 struct slice bytes, struct buf *out);
MUST_CHECK int scope_stream_end(struct scope_stream *stream, const struct policy *policy,
                                struct buf *out);

/*
 * scope_response.c: what of other people's a scope's answers would still show, the labels of
 * images, which everybody may look at, and who is in the networks that every engine has.
 */
bool scope_response_wanted(const struct policy *policy, enum operation operation);
/* Takes it out, in place, of an answer or a part of one. 0, -EBADMSG or -ENOMEM. */
MUST_CHECK int scope_response(const struct policy *policy, enum operation operation,
                              struct arena *arena, struct json *tree);

/* refusal.c: the ends of a judgement. 0 or -ENOMEM, but for the last, which can't fail. */
MUST_CHECK int refuse_malformed(const struct policy *policy, const struct policy_request *request,
                                unsigned status, const char *rule, const char *sentence,
                                struct decision *out);
/* With 403 it is 409 where only what others have under way is in the way. */
MUST_CHECK int refuse_by_rules(const struct policy *policy, const struct policy_request *request,
                               unsigned status, struct decision *out);
void refuse_without_memory(const struct policy_request *request, struct decision *out);

/* response.c: what is changed in an object of which nothing is hidden, in place. 0 or -ENOMEM. */
MUST_CHECK int response_edit(const struct decision *decision, struct arena *arena,
                             struct json *tree);

/* Whether an answer to this request has to be read, and perhaps changed, before it is sent. */
bool redact_wanted(const struct judgement *judgement);

/*
 * Hides in place, in the answer to that operation or in a part of it. 0; -EBADMSG when it isn't
 * what the engine sends; -ENOMEM.
 */
MUST_CHECK int redact_response(const struct policy *policy, enum operation operation,
                               struct arena *arena, struct json *tree);

/*
 * A service's update says everything, and clients send back what they were shown: objects
 * to a value that stands for a hidden one. 0 or -ENOMEM.
 */
MUST_CHECK int redact_check_service(const struct judgement *judgement, struct decision *out);

#endif
