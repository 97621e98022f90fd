/*
 * See fake_transport.h.
 */
#include "support/fake_transport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "policy/file/loader.h"

static int fake_connect(void *context, bool fresh)
{
    struct fake *fake = context;
    int result = fresh ? TRANSPORT_DONE : fake->connect_result;

    fake->connects++;
    if (result >= 0) {
        fake->engine_open = true;
        fake->engine_shut = false;
    }
    return result;
}

static int fake_write(void *context, enum side side, const struct slice *parts, size_t count)
{
    struct fake *fake = context;
    struct buf *out = side == SIDE_CLIENT ? &fake->to_client : &fake->to_engine;

    if (side == SIDE_UPSTREAM && fake->engine_write_error < 0) {
        int err = fake->engine_write_error;

        fake->engine_write_error = 0;
        return err;
    }
    if (side == SIDE_CLIENT && fake->client_write_error < 0) {
        int err = fake->client_write_error;

        fake->client_write_error = 0;
        return err;
    }
    for (size_t i = 0; i < count; i++) {
        if (buf_append(out, parts[i]) < 0) {
            return -ENOMEM;
        }
    }
    return (side == SIDE_CLIENT ? fake->client_full : fake->engine_full) ? TRANSPORT_PENDING
                                                                         : TRANSPORT_DONE;
}

static void fake_read(void *context, enum side side, bool on)
{
    struct fake *fake = context;

    *(side == SIDE_CLIENT ? &fake->reading_client : &fake->reading_engine) = on;
}

static void fake_abandon(void *context)
{
    struct fake *fake = context;

    fake->abandoned = true;
    fake->reading_client = false;
}

static struct underway *fake_underway(void *context)
{
    struct fake *fake = context;

    return fake->table ? fake->table : &fake->underway;
}

static struct volume_runs *fake_volume_runs(void *context)
{
    struct fake *fake = context;

    return &fake->volume_runs;
}

static uint64_t fake_wall_s(void *context)
{
    const struct fake *fake = context;

    return fake->wall_s;
}

static void fake_shutdown(void *context, enum side side)
{
    struct fake *fake = context;

    *(side == SIDE_CLIENT ? &fake->client_shut : &fake->engine_shut) = true;
}

static void fake_close(void *context, enum side side)
{
    struct fake *fake = context;

    if (side == SIDE_CLIENT) {
        fake->client_closed = true;
    } else {
        fake->engine_open = false;
    }
}

static void fake_release(void *context)
{
    struct fake *fake = context;

    fake->releases++;
    fake->engine_open = false;
}

static void fake_deadline(void *context, unsigned timeout_ms)
{
    struct fake *fake = context;

    fake->deadline_ms = timeout_ms;
}

static void fake_resume(void *context)
{
    struct fake *fake = context;

    fake->waits = true;
}

static bool fake_room(void *context, size_t bytes, uint64_t limit)
{
    const struct fake *fake = context;

    return fake->held_by_others + bytes <= limit;
}

static uint64_t fake_now_us(void *context)
{
    (void)context;
    return 1;
}

static struct policy *fake_begin(void *context, struct sockade_peer *peer,
                                 char request_id[REQUEST_ID_LEN], struct slice *listener_socket)
{
    struct fake *fake = context;

    *listener_socket = slice_from(fake->listener_socket);

    *peer = (struct sockade_peer){1000, 1000, 42};
    memcpy(request_id, "0123456789", REQUEST_ID_LEN);
    return policy_ref(fake->nobody ? NULL : fake->policy);
}

static bool fake_engine_kind(void *context, struct sockade_engine *out)
{
    struct fake *fake = context;

    *out = fake->engine;
    return !fake->engine_waits;
}

static int fake_identify(void *context, struct arena *arena, struct slice *question)
{
    struct fake *fake = context;

    return arena_copy(arena, slice_from(fake->question), question);
}

static int fake_identified(void *context, unsigned status, struct slice body, struct arena *arena,
                           struct policy **policy)
{
    struct fake *fake = context;

    (void)body;
    (void)arena;
    fake->question = NULL;
    fake->identified_status = status;
    if (fake->identified_error == 0) {
        *policy = policy_ref(fake->policy);
    }
    return fake->identified_error;
}

static bool fake_admit(void *context, enum policy_limit limit, struct quota_refusal *why)
{
    struct fake *fake = context;

    if (fake->full[limit]) {
        *why =
            (struct quota_refusal){.limit = fake->refuse_as_connection ? LIMIT_CONNECTIONS : limit,
                                   .max = 7,
                                   .retry_after_s = 9};
        return false;
    }
    fake->admitted[limit]++;
    return true;
}

static void fake_leave(void *context)
{
    struct fake *fake = context;

    fake->left++;
}

static enum look_result fake_look(void *context, struct path_look *look)
{
    struct fake *fake = context;

    for (size_t i = 0; i < look->count; i++) {
        look->answer[i] = fake->look;
        if (fake->look.view == PATH_RESOLVED && fake->look.resolved.len == 0) {
            look->answer[i].resolved = look->question[i].path;
        }
        fake->looks++;
    }
    fake->looking = fake->look_result == LOOK_PENDING;
    return fake->look_result;
}

static void fake_stop_looking(void *context)
{
    struct fake *fake = context;

    fake->looks_stopped += fake->looking;
    fake->looking = false;
}

static const char *fake_reserve(void *context, struct audit_record *record)
{
    struct fake *fake = context;

    if (!fake->unrecorded) {
        fake->reserved += record->reserved_bytes == 0;
        record->reserved_bytes = 1;
    }
    return fake->unrecorded;
}

static void keep_line(struct fake *fake, const struct audit_record *record)
{
    struct buf line;

    buf_init(&line, 64 * 1024);
    fake->line[0] = '\0';
    if (audit_record_text(&line, record) < 0) {
        buf_deinit(&line); // the torture run fails this one, too
        return;
    }
    struct slice text = slice_from_index(buf_slice(&line), sizeof("2026-11-24T00:00:00.000Z ") - 1);

    snprintf(fake->line, sizeof(fake->line), "%.*s", (int)text.len, text.ptr);
    buf_deinit(&line);
}

static void fake_record(void *context, struct audit_record *record)
{
    struct fake *fake = context;

    fake->records++;
    fake->reserved -= record->reserved_bytes;
    fake->outcome = record->outcome;
    fake->status = record->status;
    fake->bytes_in = record->bytes_in;
    fake->bytes_out = record->bytes_out;
    snprintf(fake->operation, sizeof(fake->operation), "%s", record->operation);
    snprintf(fake->rule, sizeof(fake->rule), "%s",
             record->violations ? record->violations->rule : "");
    keep_line(fake, record);
}

static const struct transport transport = {
    .connect = fake_connect,
    .write = fake_write,
    .read = fake_read,
    .shutdown = fake_shutdown,
    .abandon = fake_abandon,
    .underway = fake_underway,
    .volume_runs = fake_volume_runs,
    .wall_s = fake_wall_s,
    .close = fake_close,
    .release = fake_release,
    .deadline = fake_deadline,
    .resume = fake_resume,
    .room = fake_room,
    .now_us = fake_now_us,
    .begin = fake_begin,
    .engine = fake_engine_kind,
    .identify = fake_identify,
    .identified = fake_identified,
    .admit = fake_admit,
    .leave = fake_leave,
    .look = fake_look,
    .stop_looking = fake_stop_looking,
    .reserve = fake_reserve,
    .record = fake_record,
};

/* Takes over `file`. */
static void init(struct fake *fake, struct policy_file *file)
{
    memset(fake, 0, sizeof(*fake));
    buf_init(&fake->to_client, 64 * 1024 * 1024);
    buf_init(&fake->to_engine, 64 * 1024 * 1024);
    fake->engine = (struct sockade_engine){ENGINE_DOCKERD, 26, 1, 5};
    fake->look.view = PATH_RESOLVED;
    fake->look_result = LOOK_DONE;
    fake->policy = policy_ref(file->listeners[0].policy);
    policy_file_destroy(file);
    exchange_init(&fake->exchange, &transport, fake);
}

void fake_init(struct fake *fake, const char *base)
{
    struct policy_file *file = NULL;

    if (policy_file_default(base, &file) < 0) {
        abort();
    }
    init(fake, file);
}

void fake_init_policy(struct fake *fake, const char *text)
{
    struct policy_file *file = NULL;
    struct diag diag = {0};

    if (policy_file_parse(slice_from(text), &file, &diag) < 0) {
        fprintf(stderr, "%s\n", diag.sentence);
        abort();
    }
    init(fake, file);
}

void fake_deinit(struct fake *fake)
{
    exchange_deinit(&fake->exchange);
    buf_deinit(&fake->to_client);
    buf_deinit(&fake->to_engine);
    policy_unref(fake->policy);
}

void fake_handle(struct fake *fake, const struct event *event)
{
    exchange_handle(&fake->exchange, event);
    while (fake->waits && !fake->no_turns) {
        fake->waits = false;
        exchange_handle(&fake->exchange, &(struct event){.type = EVENT_RESUME});
    }
}

static void deliver(struct fake *fake, enum side side, struct slice bytes)
{
    // A copy of exactly that size, so that reading past it is found by ASan.
    char *copy = malloc(bytes.len > 0 ? bytes.len : 1);

    if (!copy) {
        abort();
    }
    memcpy(copy, bytes.ptr, bytes.len);
    fake_handle(fake,
                &(struct event){.type = EVENT_BYTES, .side = side, .bytes = {copy, bytes.len}});
    free(copy);
}

void fake_client_bytes(struct fake *fake, struct slice bytes)
{
    deliver(fake, SIDE_CLIENT, bytes);
}

void fake_client(struct fake *fake, const char *bytes)
{
    deliver(fake, SIDE_CLIENT, slice_from(bytes));
}

void fake_engine_bytes(struct fake *fake, struct slice bytes)
{
    deliver(fake, SIDE_UPSTREAM, bytes);
}

void fake_engine(struct fake *fake, const char *bytes)
{
    deliver(fake, SIDE_UPSTREAM, slice_from(bytes));
}

void fake_event(struct fake *fake, enum event_type type, enum side side)
{
    fake_handle(fake, &(struct event){.type = type, .side = side});
}

void fake_looked(struct fake *fake, enum look_result result)
{
    fake->looking = false;
    fake_handle(fake, &(struct event){.type = EVENT_LOOKED, .looked = result});
}

void fake_drain(struct fake *fake, enum side side)
{
    *(side == SIDE_CLIENT ? &fake->client_full : &fake->engine_full) = false;
    fake_event(fake, EVENT_WRITTEN, side);
}

static bool holds(const struct buf *buf, const char *text)
{
    return buf->len >= strlen(text) && memmem(buf->data, buf->len, text, strlen(text)) != NULL;
}

bool fake_client_got(const struct fake *fake, const char *text)
{
    return holds(&fake->to_client, text);
}

bool fake_engine_got(const struct fake *fake, const char *text)
{
    return holds(&fake->to_engine, text);
}
