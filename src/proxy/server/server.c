/*
 * See server.h. Everything a signal or the clock starts is here: reload, drain,
 * deadlines. Policies are swapped as a whole; a request keeps the one it began with.
 */
#include "proxy/server/server.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include "base/diag.h"
#include "base/log.h"
#include "proxy/server/server_config.h"
#include "proxy/server/server_internal.h"

#include "base/banned.h"

enum { LARGE_BLOCK_BYTES = 128 * 1024, TRIM_AFTER_CONNS = 32 };

static void tell_of_refusals(struct server *server)
{
    const char *why = audit_sink_refuses(&server->audit);

    if (why && !server->refusing) {
        log_error("requests are refused: audit records cannot be written: %s", why);
    } else if (!why && server->refusing) {
        log_warn("audit records can be written again; requests are served");
    }
    server->refusing = why != NULL;
}

static void on_audit_retry(uv_timer_t *timer)
{
    (void)timer; // records are flushed in each iteration
}

/* Their loss is told once when it begins and once when it ends. */
static void flush_records(struct server *server)
{
    struct audit_sink *sink = &server->audit;

    if (!audit_sink_waits(sink) && sink->dropped == server->dropped_records) {
        return;
    }
    audit_sink_flush(sink);
    if (audit_sink_waits(sink)) {
        uv_timer_start(&server->audit_retry, on_audit_retry, SERVER_AUDIT_RETRY_MS, 0);
    }
    tell_of_refusals(server);
    bool lost = sink->dropped > server->dropped_records;

    if (lost && !server->losing_records) {
        log_error("dropping audit records: they cannot be written");
    } else if (!lost && server->losing_records && !audit_sink_waits(sink)) {
        log_warn("audit records are written again; %llu were dropped since the start",
                 (unsigned long long)sink->dropped);
    }
    server->losing_records = lost || (server->losing_records && audit_sink_waits(sink));
    server->dropped_records = sink->dropped;
}

/* Before the loop waits: the records of this turn, all at once. */
static void on_turn_over(uv_prepare_t *handle)
{
    flush_records(handle->data);
}

void server_request_id(struct server *server, char out[REQUEST_ID_LEN])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t number = server->next_request++;

    for (size_t i = REQUEST_ID_LEN; i > 0; i--) {
        out[i - 1] = digits[number % 32];
        number /= 32;
    }
}

void server_hold(struct server *server, struct holder *holder, size_t before, size_t now)
{
    holders_hold(&server->holders, holder, before, now);
    size_t held = server->holders.held_bytes;

    server->buffer.offered =
        held < SERVER_READS_LESS_BYTES ? STREAM_READ_BYTES : SERVER_SMALL_READ_BYTES;
}

static struct listener *find_listener(struct server *server, const struct policy_listener *spec)
{
    const char *name = spec->socket ? spec->socket : spec->systemd;

    for (struct listener *listener = server->listeners; listener; listener = listener->next) {
        if (listener->passed == !spec->socket && strcmp(listener->name, name) == 0) {
            return listener;
        }
    }
    return NULL;
}

static bool server_is_listed(const struct listener *listener, const struct server_config *config)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct policy_listener *spec = &config->listeners[i];
        const char *name = spec->socket ? spec->socket : spec->systemd;

        if (listener->passed == !spec->socket && strcmp(listener->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void close_unlisted(struct server *server, const struct server_config *config)
{
    struct listener *listener = server->listeners;

    while (listener) {
        struct listener *next = listener->next;

        if (!server_is_listed(listener, config)) {
            log_info("no longer listening on %s", listener->name);
            listener_close(listener);
        }
        listener = next;
    }
}

/* Brings the listeners in line with the configuration: new policies, new and old sockets. */
static int apply(struct server *server, const struct server_config *config)
{
    int err = 0;

    subordinates_load(&server->subordinates, "/etc/subuid");
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct policy_listener *spec = &config->listeners[i];
        struct listener *listener = find_listener(server, spec);

        if (listener) {
            int updated = listener_update(listener, spec);

            err = err < 0 ? err : updated;
        } else {
            int opened = listener_open(server, spec);

            err = err < 0 ? err : opened;
        }
    }
    host_view_init(&server->host, config->file);
    host_report_start(&server->report, server->walkers, &server->host, config->file);
    server->audit.keeps = config->keeps_records;
    close_unlisted(server, config);
    conns_reloaded(server);
    return err;
}

static void on_reload(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    struct server_config config;

    (void)number;
    if (server->drain_until_ms > 0) {
        return;
    }
    activation_notify("RELOADING=1");
    if (audit_sink_reopen(&server->audit, server->options->audit_path) < 0) {
        log_error("%s: cannot be reopened; the old file stays in use", server->options->audit_path);
    }
    int err = server_config_load(server->options, &config);

    if (err == 0) {
        err = pool_set_path(&server->pool, config.engine_socket);
        if (err == 0) {
            engine_watch_reset(&server->watch, &config.file->engine);
        }
        if (err == 0 && apply(server, &config) < 0) {
            log_error("reloaded, but not every new socket could be opened");
        } else if (err == 0) {
            log_info("reloaded");
        }
        server_config_deinit(&config);
    }
    if (err < 0) {
        log_error("reload failed, the old policy stays in force");
    }
    activation_notify("READY=1");
}

static void close_handles(struct server *server)
{
    uv_close((uv_handle_t *)&server->signal_term, NULL);
    uv_close((uv_handle_t *)&server->signal_int, NULL);
    uv_close((uv_handle_t *)&server->signal_hup, NULL);
    uv_close((uv_handle_t *)&server->tick, NULL);
    uv_close((uv_handle_t *)&server->audit_retry, NULL);
    uv_close((uv_handle_t *)&server->connect_retry, NULL);
    uv_close((uv_handle_t *)&server->idle, NULL);
    uv_close((uv_handle_t *)&server->turn_over, NULL);
    movers_deinit(&server->movers);
    host_report_stop(&server->report);
    walkers_destroy(server->walkers);
}

static void end_when_drained(struct server *server)
{
    if (server->drain_until_ms == 0 || server->conns ||
        uv_is_closing((uv_handle_t *)&server->tick)) {
        return;
    }
    // The loop ends when the last handle has closed.
    engine_watch_deinit(&server->watch);
    volume_runs_deinit(&server->volume_runs);
    pool_deinit(&server->pool);
    close_handles(server);
}

static void on_terminate(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    bool again = server->drain_until_ms > 0;

    if (!again) {
        log_info("%s: draining", number == SIGINT ? "SIGINT" : "SIGTERM");
        activation_notify("STOPPING=1");
        server->drain_until_ms = uv_now(&server->loop) + SERVER_DRAIN_MS;
        while (server->listeners) {
            listener_close(server->listeners);
        }
        uv_timer_start(&server->tick, server->tick.timer_cb, SERVER_DRAIN_TICK_MS,
                       SERVER_DRAIN_TICK_MS);
    }
    conns_drain(server, again);
}

/*
 * What a burst of connections, or of their first requests, has left between living objects is of no
 * use to anybody. Once it is over, for looking through the heap takes its time.
 */
static void give_memory_back(struct server *server)
{
    if (server->conns_changed >= TRIM_AFTER_CONNS &&
        server->conns_changed == server->conns_changed_before) {
        malloc_trim(0);
        server->conns_changed = 0;
    }
    server->conns_changed_before = server->conns_changed;
}

/* Looked at now and then, for bodies that come and go pass that mark again and again. */
static void tell_of_room(struct server *server)
{
    if (server->holders.held_bytes < server->short_of_bytes / 2) {
        server->short_of_bytes = 0;
        log_info("accepting large requests again");
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct server *server = timer->data;
    uint64_t now_ms = uv_now(&server->loop);

    conns_tick(server, now_ms);
    engine_watch_tick(&server->watch, now_ms);
    audit_sink_tick(&server->audit);
    tell_of_room(server);
    pool_sweep(&server->pool, now_ms);
    listeners_resume(server);
    host_report_tick(&server->report);
    give_memory_back(server);
    if (server->drain_until_ms > 0 && now_ms >= server->drain_until_ms) {
        conns_drain(server, true);
    }
    end_when_drained(server);
}

static int start_signal(struct server *server, uv_signal_t *handle, uv_signal_cb callback,
                        int number)
{
    int err = uv_signal_init(&server->loop, handle);

    handle->data = server;
    return err < 0 ? err : uv_signal_start(handle, callback, number);
}

static int start_handles(struct server *server)
{
    int err = uv_timer_init(&server->loop, &server->tick);

    if (err == 0) {
        err = uv_timer_init(&server->loop, &server->audit_retry);
    }
    if (err == 0) {
        err = uv_timer_init(&server->loop, &server->connect_retry);
    }
    server->connect_retry.data = server;
    server->tick.data = server;
    server->idle.data = server;
    if (err == 0) {
        err = uv_idle_init(&server->loop, &server->idle);
    }
    if (movers_init(&server->movers, &server->loop) < 0) {
        log_warn("large bodies will be copied: no epoll for the zero-copy relay");
    }
    server->turn_over.data = server;
    if (err == 0) {
        err = walkers_create(&server->walkers, &server->loop);
    }
    if (err == 0) {
        err = uv_prepare_init(&server->loop, &server->turn_over);
    }
    if (err == 0) {
        err = uv_prepare_start(&server->turn_over, on_turn_over);
    }
    if (err == 0) {
        err = uv_timer_start(&server->tick, on_tick, SERVER_TICK_MS, SERVER_TICK_MS);
    }
    if (err == 0) {
        err = start_signal(server, &server->signal_term, on_terminate, SIGTERM);
    }
    if (err == 0) {
        err = start_signal(server, &server->signal_int, on_terminate, SIGINT);
    }
    if (err == 0) {
        err = start_signal(server, &server->signal_hup, on_reload, SIGHUP);
    }
    return err;
}

/* Each connection needs two descriptors. So an accepted connection can always be served. */
static size_t connections_for(rlim_t descriptors)
{
    rlim_t left = descriptors > SERVER_OWN_DESCRIPTORS ? descriptors - SERVER_OWN_DESCRIPTORS : 0;

    return left > 2 ? (size_t)(left / 2) : 1;
}

/* Returns the new limit. The soft limit is often only 1,024. */
static rlim_t raise_descriptor_limit(void)
{
    struct rlimit limit = {.rlim_cur = SERVER_OWN_DESCRIPTORS};

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0) {
            log_warn("cannot raise the limit of open files: %s", strerror(errno));
            getrlimit(RLIMIT_NOFILE, &limit);
        }
    }
    return limit.rlim_cur;
}

/* Request ids start anywhere, so that those of two runs are told apart. */
static uint64_t first_request_id(void)
{
    uint64_t id = 0;

    if (getrandom(&id, sizeof(id), GRND_NONBLOCK) != (ssize_t)sizeof(id)) {
        id = uv_hrtime();
    }
    return id >> 16;
}

static void walk_close(uv_handle_t *handle, void *argument)
{
    (void)argument;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

/* Takes down what was started when the rest could not be. */
static void server_give_up(struct server *server)
{
    while (server->listeners) {
        listener_close(server->listeners);
    }
    pool_deinit(&server->pool);
    host_report_stop(&server->report);
    walkers_destroy(server->walkers);
    uv_walk(&server->loop, walk_close, NULL);
    uv_run(&server->loop, UV_RUN_DEFAULT);
}

static int serve(struct server *server, const struct server_config *config)
{
    int err = pool_init(&server->pool, &server->loop, &server->buffer, config->engine_socket);

    if (err < 0) {
        log_error("%s: %s", config->engine_socket, strerror(-err));
        return err;
    }
    err = start_handles(server);
    if (err == 0) {
        err = apply(server, config);
    }
    if (err < 0) {
        server_give_up(server);
        return err;
    }
    volume_runs_raise(&server->volume_runs, server_wall_s());
    engine_watch_init(&server->watch, &server->pool, &config->file->engine, &server_engine_events,
                      server);
    activation_notify("READY=1");
    uv_run(&server->loop, UV_RUN_DEFAULT);
    return 0;
}

static int server_start(struct server *server, const struct server_options *options)
{
    struct server_config config;
    int err = server_config_load(options, &config);

    if (err < 0) {
        return err;
    }
    err = audit_sink_open(&server->audit, options->audit_path, options->audit_format);
    if (err < 0) {
        log_error("%s: %s", options->audit_path, strerror(-err));
        server_config_deinit(&config);
        return err;
    }
    err = uv_loop_init(&server->loop);
    if (err == 0) {
        err = serve(server, &config);
        uv_loop_close(&server->loop);
    }
    host_view_deinit(&server->host);
    subordinates_deinit(&server->subordinates);
    server_config_deinit(&config);
    uint64_t lost = audit_sink_close(&server->audit);

    if (lost > 0) {
        log_error("%llu audit records could not be written and are lost", (unsigned long long)lost);
    }
    return err;
}

int server_run(const struct server_options *options)
{
    struct server *server = calloc(1, sizeof(*server));

    if (!server) {
        return -ENOMEM;
    }
    server->options = options;
    server->next_request = first_request_id();
    server->buffer.offered = STREAM_READ_BYTES;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); // a full disk is an error of write()
    server->conn_max = connections_for(raise_descriptor_limit());
    mallopt(M_ARENA_MAX, 1); // threads are few and take little: none needs a heap of its own
    // Otherwise glibc raises it with each large block that is freed, and keeps the next ones.
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
    int err = server_start(server, options);

    free(server);
    if (err == 0) {
        log_info("stopped");
    }
    return err;
}
