/*
 * The stream of events: Podman takes one of several filters by label for enough, and no engine
 * filters all kinds by label. So in a scope each event is looked at here as well.
 * Source: moby daemon/events, api/server/httputils WriteJSON (a line for each event);
 * RFC 7464 (a record separator before it); Podman libpod/events, filters for one key are ORed.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/model/policy_data.h"
#include "policy/model/scope_data.h"
#include "policy/response/response.h"

#include "base/banned.h"

enum {
    LINE_ARENA_BYTES = 8 * 1024 * 1024, // its values
    LINE_ROOM_BYTES = 16 * 1024         // that is kept for the next line
};

bool scope_filters_stream(const struct policy *policy, enum operation operation)
{
    return policy->scope.on && policy->mode == RULE_LEVEL_DENY && operation == OP_SYSTEM_EVENTS;
}

/* 1: this one is of the scope; 0: it isn't, or cannot be read; -ENOMEM. */
static int scope_events_show(const struct policy *policy, struct arena *arena, struct slice line)
{
    static const char separator[] = {0x1e};
    struct slice mark = {separator, sizeof(separator)};
    struct json *event = NULL;

    if (slice_starts_with(line, mark)) {
        line = slice_from_index(line, mark.len);
    }
    int err = json_read_shown(line, arena, &event);

    if (err < 0) {
        return err == -ENOMEM && !arena->full ? err : 0;
    }
    const struct json *actor = json_member(event, SLICE("Actor"));
    const struct json *labels = actor ? json_member(actor, SLICE("Attributes")) : NULL;

    return labels && labels->type == JSON_OBJECT &&
           (policy->scope.labels.count == 0 || scope_holds_json(&policy->scope, labels)) &&
           !(scope_has_exclusions(&policy->scope) && scope_leaves_out_event(&policy->scope, event));
}

/* Its line is complete, or the stream is. */
static int scope_events_take(struct scope_stream *stream, const struct policy *policy,
                             struct buf *out)
{
    struct slice line = buf_slice(&stream->line);
    struct arena arena;

    arena_init(&arena, LINE_ARENA_BYTES);
    int shown =
        stream->too_long || slice_trim(line).len == 0 ? 0 : scope_events_show(policy, &arena, line);

    arena_deinit(&arena);
    if (shown > 0) {
        TRY(buf_append(out, line));
        TRY(buf_append_byte(out, '\n'));
    }
    stream->too_long = false;
    buf_clear(&stream->line);
    if (stream->line.cap > LINE_ROOM_BYTES) {
        buf_deinit(&stream->line);
    }
    return shown < 0 ? shown : 0;
}

int scope_stream_feed(struct scope_stream *stream, const struct policy *policy, struct slice bytes,
                      struct buf *out)
{
    stream->line.limit_bytes = POLICY_REWRITE_MAX_BYTES;
    while (bytes.len > 0) {
        struct slice part = {0};
        bool ends = slice_cut(bytes, '\n', &part, &bytes);
        int err = stream->too_long ? 0 : buf_append(&stream->line, part);

        if (err < 0 && err != -ENOBUFS) {
            return err;
        }
        if (err == -ENOBUFS) {
            stream->too_long = true;
            buf_deinit(&stream->line);
        }
        TRY(ends ? scope_events_take(stream, policy, out) : 0);
    }
    return 0;
}

int scope_stream_end(struct scope_stream *stream, const struct policy *policy, struct buf *out)
{
    return scope_events_take(stream, policy, out);
}
