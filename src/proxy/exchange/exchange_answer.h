/*
 * Reading the head of an engine's answer, for questions of ours and for relayed
 * requests alike.
 */
#ifndef SOCKADE_PROXY_EXCHANGE_ANSWER_H
#define SOCKADE_PROXY_EXCHANGE_ANSWER_H

#include "http/message.h"
#include "proxy/exchange/exchange.h"

enum answer_head { ANSWER_HEAD_BAD = 0, ANSWER_HEAD_MORE, ANSWER_HEAD_DONE };

/*
 * Takes bytes of the answer off *bytes until its next head is complete. On DONE
 * `out` is the head (borrowed from *bytes or call->head) and *bytes what follows it; the
 * caller empties call->head when it has used both. On MORE all bytes were taken.
 */
enum answer_head answer_head_read(struct upstream_call *call, bool to_head, struct slice *bytes,
                                  struct response_head *out);

#endif
