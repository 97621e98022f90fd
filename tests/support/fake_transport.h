/*
 * A transport made of arrays: what the exchange writes is gathered, what it wishes
 * is remembered, and a test plays the two peers.
 */
#ifndef SOCKADE_TESTS_FAKE_TRANSPORT_H
#define SOCKADE_TESTS_FAKE_TRANSPORT_H

#include "proxy/exchange/exchange.h"

struct fake {
    struct exchange exchange;
    struct policy *policy;
    struct buf to_client;
    struct buf to_engine;
    unsigned connects;
    unsigned releases;
    int connect_result;     /* 0 or TRANSPORT_REUSED, or an error */
    int engine_write_error; /* once: the next write to the engine fails */
    int client_write_error; /* the same to the client */
    bool client_full;       /* writes to the client stay pending */
    bool engine_full;
    bool client_closed;
    bool engine_open;
    bool client_shut;
    bool engine_shut;
    bool reading_client;
    bool reading_engine;
    unsigned deadline_ms;
    const char *listener_socket;  /* or NULL */
    struct path_answer look;      /* to every path; at first it leads to itself, and isn't there */
    enum look_result look_result; /* LOOK_DONE unless a test says otherwise */
    unsigned looks;               /* at paths */
    unsigned looks_stopped;
    bool looking;
    bool waits;                   /* for a turn; it comes with the next event */
    bool no_turns;                /* or only when the test says so */
    struct sockade_engine engine; /* a dockerd unless a test says otherwise */
    bool engine_waits;            /* and is being asked */
    bool nobody;                  /* begin() has no policy for this client */
    const char *question;         /* about the client, asked once, or NULL */
    unsigned identified_status;
    int identified_error;
    bool refuse_as_connection;
    bool full[LIMIT_COUNT]; /* admit() refuses these */
    unsigned admitted[LIMIT_COUNT];
    unsigned left;
    size_t held_by_others;  /* bytes that other exchanges hold for bodies */
    const char *unrecorded; /* reserve() says this */
    size_t reserved;        /* records that are promised */
    struct underway *table; /* that several share, or NULL: `underway` */
    struct underway underway;
    struct volume_runs volume_runs;
    uint64_t wall_s;
    bool abandoned;
    unsigned records;
    enum audit_outcome outcome;
    unsigned status;
    char operation[64];
    char line[512]; /* the last record as text, from its policy on */
    char rule[64];  /* first violation of the last record, or "" */
    uint64_t bytes_in;
    uint64_t bytes_out;
};

/* `base`: the base policy to judge by. Zeroed first. */
void fake_init(struct fake *fake, const char *base);
/* `text`: a policy file with one policy. */
void fake_init_policy(struct fake *fake, const char *text);
void fake_deinit(struct fake *fake);

void fake_client(struct fake *fake, const char *bytes);
void fake_client_bytes(struct fake *fake, struct slice bytes);
void fake_engine(struct fake *fake, const char *bytes);
void fake_engine_bytes(struct fake *fake, struct slice bytes);
/* An event, and the turns it asks for. */
void fake_handle(struct fake *fake, const struct event *event);
void fake_event(struct fake *fake, enum event_type type, enum side side);
/* The end of a pending look. */
void fake_looked(struct fake *fake, enum look_result result);
/* Lets pending writes out. */
void fake_drain(struct fake *fake, enum side side);

/* Whether the gathered bytes hold the text. */
bool fake_client_got(const struct fake *fake, const char *text);
bool fake_engine_got(const struct fake *fake, const char *text);

#endif
