/*
 * See exchange_answer.h. A head that comes in one piece is read where it lies.
 */
#include "proxy/exchange/exchange_answer.h"

#include "http/head_parser.h"

#include "base/banned.h"

static enum answer_head parse(struct slice text, size_t head_len, bool to_head, struct slice *rest,
                              struct response_head *out)
{
    struct http_problem why;

    if (head_parse_response(slice_head(text, head_len), to_head, out, &why) < 0) {
        return ANSWER_HEAD_BAD;
    }
    *rest = slice_from_index(text, head_len);
    return ANSWER_HEAD_DONE;
}

enum answer_head answer_head_read(struct upstream_call *call, bool to_head, struct slice *bytes,
                                  struct response_head *out)
{
    static const struct head_limits limits = {.bytes = HTTP_RESPONSE_HEAD_MAX_BYTES};
    struct http_problem why;
    struct slice text = *bytes;
    size_t head_len = 0;
    bool gathered = call->head.len > 0;

    if (gathered) {
        if (buf_append(&call->head, *bytes) < 0) {
            return ANSWER_HEAD_BAD;
        }
        text = buf_slice(&call->head);
    }
    switch (head_find_end(text, &limits, &call->scanned, &head_len, &why)) {
    case HEAD_BAD:
        return ANSWER_HEAD_BAD;
    case HEAD_COMPLETE:
        call->scanned = 0;
        return parse(text, head_len, to_head, bytes, out);
    case HEAD_INCOMPLETE:
        break;
    }
    if (!gathered && buf_append(&call->head, text) < 0) {
        return ANSWER_HEAD_BAD;
    }
    *bytes = (struct slice){NULL, 0};
    return ANSWER_HEAD_MORE;
}
