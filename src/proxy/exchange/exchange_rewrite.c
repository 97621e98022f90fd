/*
 * An answer that the policy reads: its body goes through a rewriter as it comes, and what comes out
 * is sent in a framing of our own. The head waits for the first bytes of that, so that an answer
 * that cannot be read is still a 502; one that is short gets its length.
 */
#include <errno.h>
#include <stdio.h>

#include "base/try.h"
#include "http/head_writer.h"
#include "proxy/exchange/exchange_internal.h"
#include "proxy/exchange/pump.h"

#include "base/banned.h"

enum {
    HEAD_MAX_BYTES = 2 * HTTP_RESPONSE_HEAD_MAX_BYTES,
    OUT_MAX_BYTES = 4 * POLICY_REWRITE_MAX_BYTES, // by one read and one value: escapes, marks
    PIECE_BYTES = 64 * 1024,
    ROOM_BYTES = 128 * 1024, // that is kept for the next piece
    CHUNK_SIZE_BYTES = 24,
    TURN_BYTES = 32 * 1024 // read at once: there may be much more
};

enum exchange_state exchange_give_up_rewrite(struct exchange *ex)
{
    if (ex->answer_begun) {
        return exchange_abort(ex);
    }
    return exchange_refuse(
        ex, 502, "engine",
        "the engine's answer cannot be redacted: it is larger than 1 MiB or malformed");
}

/* Copies the head into the decision's arena: its bytes go away before it is sent. */
static int keep_head(struct exchange *ex, const struct response_head *head)
{
    struct arena *arena = &ex->decision.arena;
    struct response_head *kept = arena_alloc(arena, sizeof(*kept));

    TRY_ALLOC(kept);
    *kept = *head;
    TRY(arena_copy(arena, head->reason, &kept->reason));
    for (size_t i = 0; i < head->headers.count; i++) {
        TRY(arena_copy(arena, head->headers.item[i].name, &kept->headers.item[i].name));
        TRY(arena_copy(arena, head->headers.item[i].value, &kept->headers.item[i].value));
    }
    ex->call.kept = kept;
    return 0;
}

enum exchange_state exchange_begin_rewrite(struct exchange *ex, const struct response_head *head,
                                           struct slice bytes)
{
    int err = keep_head(ex, head);

    err = err < 0 ? err : policy_rewriter_create(&ex->decision, &ex->rewriter);
    if (err < 0) {
        return exchange_give_up_rewrite(ex);
    }
    buf_deinit(&ex->whole);
    buf_init(&ex->whole, OUT_MAX_BYTES);
    return exchange_rewrite(ex, bytes);
}

/* The head, in front of the first piece. */
static int write_head(struct exchange *ex, bool last, struct buf *out)
{
    struct response_head *head = ex->call.kept;

    head->content_length = ex->whole.len;
    TRY(exchange_write_response_head(out, ex, head, last ? BODY_LENGTH : BODY_CHUNKED));
    ex->rewritten_chunked = !last && !ex->http10;
    ex->call.kept = NULL;
    return 0;
}

/* What has come out so far; `last`: nothing more will. */
static int send_piece(struct exchange *ex, bool last)
{
    CLEANUP(buf_deinit) struct buf head = {.limit_bytes = HEAD_MAX_BYTES};
    char size[CHUNK_SIZE_BYTES] = "";
    struct slice body = buf_slice(&ex->whole);

    if (ex->call.kept) {
        TRY(write_head(ex, last, &head));
    }
    bool chunk = ex->rewritten_chunked && body.len > 0;

    if (chunk) {
        snprintf(size, sizeof(size), "%zx\r\n", body.len);
    }
    const struct slice parts[] = {buf_slice(&head), slice_from(size), body,
                                  chunk ? SLICE("\r\n") : SLICE(""),
                                  last && ex->rewritten_chunked ? SLICE("0\r\n\r\n") : SLICE("")};
    struct pump pump;

    pump_init(&pump, ex, SIDE_CLIENT);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        TRY(pump_add(&pump, parts[i]));
    }
    TRY(pump_flush(&pump));
    ex->bytes_out += body.len;
    buf_clear(&ex->whole);
    if (ex->whole.cap > ROOM_BYTES) {
        buf_deinit(&ex->whole); // one large value is no reason to keep room for others
    }
    return 0;
}

static int feed(struct exchange *ex, struct slice *bytes, enum body_piece *kind)
{
    do {
        struct slice piece = {NULL, 0};

        *kind = body_reader_next(&ex->call.body, bytes, &piece);
        if (*kind == BODY_PIECE_BAD) {
            return -EBADMSG;
        }
        if (*kind == BODY_PIECE_DATA) {
            TRY(policy_rewriter_feed(ex->rewriter, piece, &ex->whole));
        }
    } while (*kind != BODY_PIECE_MORE && *kind != BODY_PIECE_END);
    return 0;
}

/* Sends what there is, when it is enough or its beginning is out already. */
static int send_some(struct exchange *ex)
{
    bool begins = ex->call.kept != NULL;
    bool waits = begins && ex->whole.len < PIECE_BYTES;

    if (policy_rewriter_is_stream(ex->rewriter) ? !begins && ex->whole.len == 0
                                                : waits || ex->whole.len == 0) {
        return 0;
    }
    TRY(send_piece(ex, false));
    if (begins) {
        exchange_settle(ex); // the rewriter needs the policy only
    }
    return 0;
}

enum exchange_state exchange_rewrite(struct exchange *ex, struct slice bytes)
{
    bool much = bytes.len >= TURN_BYTES;
    enum body_piece kind = BODY_PIECE_MORE;

    if (!exchange_has_room(ex, bytes.len)) {
        return ex->answer_begun ? exchange_abort(ex) : exchange_refuse_busy(ex);
    }
    exchange_starts_filtering(ex);
    int err = feed(ex, &bytes, &kind);

    exchange_has_filtered(ex);
    if (err == 0 && kind == BODY_PIECE_END) {
        ex->call.keep_alive = ex->call.keep_alive && bytes.len == 0;
        // Large ones of one client come to their end one after the other.
        ex->rewrite_over = policy_rewriter_held(ex->rewriter) >= TURN_BYTES;
        if (!ex->rewrite_over) {
            return exchange_response_ended(ex);
        }
    }
    err = err < 0 ? err : send_some(ex);
    if (err < 0) {
        return exchange_give_up_rewrite(ex);
    }
    if (much || ex->rewrite_over) {
        ex->io->read(ex->context, SIDE_UPSTREAM, false);
        exchange_wait_for_turn(ex);
    } else {
        ex->io->read(ex->context, SIDE_UPSTREAM, !ex->client_pending);
    }
    return EXCHANGE_RELAYING;
}

int exchange_end_rewrite(struct exchange *ex)
{
    TRY(policy_rewriter_end(ex->rewriter, &ex->whole));
    return send_piece(ex, true);
}

void exchange_drop_rewriter(struct exchange *ex)
{
    policy_rewriter_destroy(ex->rewriter);
    ex->rewriter = NULL;
}
