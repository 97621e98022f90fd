/*
 * An engine's answer through the policy's rewriter, cut in pieces of `step` bytes.
 */
#ifndef SOCKADE_TESTS_REWRITE_H
#define SOCKADE_TESTS_REWRITE_H

#include <assert.h>

#include "base/buf.h"
#include "sockade/policy.h"

/* Appends to `out`, which has a limit. 0 or the rewriter's error; *unreadable may be NULL. */
static inline int rewrite_in_steps(const struct decision *decision, struct slice body, size_t step,
                                   struct buf *out, uint64_t *unreadable)
{
    struct policy_rewriter *rewriter = NULL;
    int err = policy_rewriter_create(decision, &rewriter);

    for (size_t at = 0; at < body.len && err == 0; at += step) {
        err = policy_rewriter_feed(rewriter, slice_head(slice_from_index(body, at), step), out);
    }
    err = err < 0 ? err : policy_rewriter_end(rewriter, out);
    if (unreadable) {
        *unreadable = policy_rewriter_unreadable(rewriter);
    }
    policy_rewriter_destroy(rewriter);
    return err;
}

static inline int rewrite_whole(const struct decision *decision, struct slice body, struct buf *out)
{
    return rewrite_in_steps(decision, body, body.len > 0 ? body.len : 1, out, NULL);
}

#endif
