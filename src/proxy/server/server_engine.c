/*
 * What the log and the audit say of the engine that requests go to.
 */
#include <time.h>

#include "base/log.h"
#include "proxy/server/server_internal.h"

#include "base/banned.h"

static void record_engine(struct server *server, const struct engine_answer *answer)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    const struct audit_engine record = {
        .time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
        .socket = slice_from(server->pool.path),
        .name = slice_from(engine_kind_name(answer->engine.kind)),
        .version = answer->version,
        .api = answer->api,
    };

    audit_sink_write_engine(&server->audit, &record);
}

static void on_engine_changed(struct engine_watch *watch)
{
    struct server *server = watch->owner;
    const struct engine_answer *answer = &watch->answer;
    const struct sockade_engine *assumed = &watch->assumed;

    record_engine(server, answer);
    if (answer->engine.kind != ENGINE_UNKNOWN) {
        log_info("engine at %s: %s %.*s, API %.*s", server->pool.path,
                 engine_kind_name(answer->engine.kind), SLICE_ARGS(answer->version),
                 SLICE_ARGS(answer->api));
    } else if (assumed->kind != ENGINE_UNKNOWN) {
        log_warn("engine at %s: unknown; assuming %s %u.%u.%u (daemon.engine)", server->pool.path,
                 engine_kind_name(assumed->kind), assumed->major, assumed->minor, assumed->patch);
    } else {
        log_warn("engine at %s: unknown; refusing whatever any supported engine could misread",
                 server->pool.path);
    }
}

uint64_t server_wall_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec;
}

/* What an engine restarts by itself has been asked for by nobody. */
static void on_engine_lost(struct engine_watch *watch)
{
    struct server *server = watch->owner;

    volume_runs_raise(&server->volume_runs, server_wall_s());
}

static void on_engine_decided(struct engine_watch *watch)
{
    conns_engine_told(watch->owner);
}

const struct engine_watch_events server_engine_events = {
    .changed = on_engine_changed,
    .lost = on_engine_lost,
    .decided = on_engine_decided,
};
