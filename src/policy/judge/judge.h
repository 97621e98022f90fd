/*
 * The steps of a judgement, and what is sent of a request that no rule refuses.
 */
#ifndef SOCKADE_POLICY_JUDGE_JUDGE_H
#define SOCKADE_POLICY_JUDGE_JUDGE_H

#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"

struct decision;
struct judgement;
struct policy_request;

/* decide_query.c: operation, query keys, canonical target. Answer enum step. */
MUST_CHECK int decide_operation(struct judgement *judgement, struct decision *out);
MUST_CHECK int decide_query(struct judgement *judgement, const struct policy_request *request,
                            struct decision *out);
MUST_CHECK int decide_target(const struct judgement *judgement, struct decision *out);

/* decide_media.c: the Content-Type and what is done with the body. Answers enum step. */
MUST_CHECK int decide_media(struct judgement *judgement, const struct policy_request *request,
                            struct decision *out);

/* decide_body.c: GET, HEAD and DELETE carry no body but an empty one, or an object nobody reads. */
bool method_takes_no_body(struct slice method);
MUST_CHECK int refuse_body(const struct judgement *judgement, const struct policy_request *request,
                           struct decision *out);

/*
 * A create is written for Podman: each text has to pass in the field that it is in now, which may
 * be another than it was sent in (a target of Binds that became one of Mounts, a volume of the
 * image, where a link leads). Answers enum step.
 */
MUST_CHECK int decide_written(const struct judgement *judgement,
                              const struct policy_request *request, struct decision *out);

/* judge.c: asks the rules and ends the judgement: refused, or allowed and written. 0 or -ENOMEM. */
MUST_CHECK int judge(struct judgement *judgement, const struct policy_request *request,
                     struct decision *out);

/* Frees the body's values and the facts, to which nothing points afterwards. */
void drop_values(struct judgement *judgement, struct decision *out);

/*
 * holds.c: lists in out->holds what has to be held, when it is known by which ids. Answers enum
 * step.
 */
MUST_CHECK int holds_judge(const struct judgement *judgement, const struct policy_request *request,
                           struct decision *out);
/* Adds one, unless the object is on the list. 0, -E2BIG or -ENOMEM. */
MUST_CHECK int hold_add(struct decision *out, struct decision_hold **list, enum hold_kind kind,
                        enum hold_mode mode, struct slice key);
/* holds_names.c: the names that it goes by or gives. The same errors. */
MUST_CHECK int holds_list_names(const struct judgement *judgement, struct decision *out,
                                struct decision_hold **list);
/* It holds what it has listed. `waited`: others were under way, and what they did is not known. */
void holds_taken(struct judgement *judgement, bool waited, struct decision *out);
/* What the request holds and does not need as it is sent. */
void holds_spare(const struct judgement *judgement, const struct decision *out);
/* Whether a build left the container, so that no rule has judged it. NULL: no. */
bool holds_left_by_build(const struct judgement *judgement,
                         const struct container_answer *container);

/*
 * allow.c: writes what is sent of a request that no rule refuses, or refuses it for what is
 * written. 0, -ENOMEM, or -E2BIG when a scope would have to label too much.
 */
MUST_CHECK int judgement_allow(struct judgement *judgement, const struct policy_request *request,
                               const struct known_facts *facts, struct decision *out);

MUST_CHECK int maker_write(const struct judgement *judgement, struct decision *out);

/* pin.c: sets a query key that is given. */
void pin_query(struct judgement *judgement, struct slice key, struct slice value);

/* Ids and answers go into what is sent, in place of names that could move. 0 or -ENOMEM. */
MUST_CHECK int pin_names(struct judgement *judgement, const struct known_facts *facts,
                         struct decision *out);

#endif
