/*
 * The load generator: what a run is asked for, what it has found, and the kinds of load.
 */
#ifndef SOCKADE_BENCH_LOAD_H
#define SOCKADE_BENCH_LOAD_H

#include "common.h"

enum { LOAD_MAX_PROCESSES = 64, LATENCY_BUCKETS = 64 * 64, REQUEST_MAX_BYTES = 16 * 1024 };

struct load {
    const char *kind;
    const char *socket;
    const char *engine; /* fan-out: where events are asked for */
    const char *method;
    const char *target;
    const char *body; /* path of a file, or NULL */
    unsigned connections;
    unsigned expect;    /* the status of every answer */
    uint64_t mebibytes; /* of one upload */
    bool anew;          /* a connection for each request */
    bool chunked;
    uint64_t warmup_ns;
    uint64_t measure_ns;
    pid_t pids[LOAD_MAX_PROCESSES];
    size_t pid_count;
    char **command; /* start: what is started */
};

/* Counts what falls into the measured part of a run. */
struct meter {
    const struct load *load;
    uint64_t begin_ns; /* of the warm-up */
    uint64_t start_ns; /* of what is measured; 0: not yet */
    uint64_t end_ns;
    uint64_t start_cpu_ns;
    uint64_t cpu_ns;
    uint64_t requests;
    uint64_t bytes;
    uint64_t reconnects;
    uint64_t latencies[LATENCY_BUCKETS];
};

void meter_begin(struct meter *meter, const struct load *load);

/*
 * `count` things have been done in the time since `since_ns`, with `bytes` of payload. False when
 * enough has been measured.
 */
bool meter_done(struct meter *meter, uint64_t since_ns, uint64_t count, uint64_t bytes);
void meter_print(const struct meter *meter);

/* The kinds of load. Each returns when the meter has enough, or ends the process. */
void load_requests(const struct load *load, struct meter *meter);
void load_echo(const struct load *load, struct meter *meter);
void load_download(const struct load *load, struct meter *meter);
void load_upload(const struct load *load, struct meter *meter);
void load_fan(const struct load *load, struct meter *meter);
void load_start(const struct load *load, struct meter *meter);

/* Opens streams (or plain connections) and holds them until standard input ends. */
void load_hold(const struct load *load);

/* The bytes of the request; its length. */
size_t load_request_bytes(const struct load *load, const char *fields, char *out, size_t size);

/* Reads a head of a connection that blocks, ends the process when the status is another. */
struct head load_read_head(int fd, unsigned expect, char *buffer, size_t size, size_t *length);

#endif
