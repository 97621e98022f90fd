/*
 * A relay of gRPC between two connections of HTTP/2. It is the server of who opens the calls and
 * the client of who answers them; each call is a pair of streams. Its user decides about each call
 * and each message. Bytes in, bytes out: no I/O, no clock, no policy.
 *
 * What goes on is written anew: heads by the tables of the user, messages with frames of its own.
 * Padding, priorities, pushes, compression and what is no gRPC end here. PING and SETTINGS are
 * answered by the relay. A reset goes on with its code; GOAWAY of the answerer goes on as one.
 *
 * Backpressure: a stream's window opens again when the other side has taken the bytes, or when a
 * message that is larger than half a window was given memory to be whole. The connection's window
 * opens at once, as gRPC's own does, until H2_RELAY_HELD_BYTES wait on it; so calls do not hold up
 * each other.
 *
 * Memory of one relay, whatever the peers do: of both directions H2_RELAY_HELD_BYTES and a
 * connection's window of bytes that wait (6 MiB), config.memory_bytes of large messages, one large
 * message more while it is copied, and H2_RELAY_MAX_CALLS times config.head_bytes and 64 KiB for
 * heads, should all be that large; twice that at worst, since buffers grow by doubling. What is to
 * be sent is made when it is pulled.
 *
 * Source: RFC 9113; grpc/doc/PROTOCOL-HTTP2.md; for the windows grpc-go
 * internal/transport/flowcontrol.go.
 */
#ifndef SOCKADE_HTTP2_H2_RELAY_H
#define SOCKADE_HTTP2_H2_RELAY_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "http2/h2_head.h"

enum {
    H2_RELAY_MAX_STREAMS = 64,         /* open at once */
    H2_RELAY_MAX_CALLS = 128,          /* with those that one side has ended, the other not yet */
    H2_RELAY_WINDOW = 128 * 1024,      /* of a stream */
    H2_RELAY_CONNECTION = 1024 * 1024, /* the window of a connection */
    H2_RELAY_HELD_BYTES = 2 * 1024 * 1024,
    H2_RELAY_CHUNK = 17 * 1024 /* one frame */
};

enum h2_side { H2_OPENER = 0, H2_ANSWERER };

enum h2_verdict {
    H2_REFUSE = 0, /* with a status and a text; nothing more of the call goes on */
    H2_PASS,
    H2_REPLACE, /* a message by other bytes */
    H2_DROP,    /* a message: the next one follows */
    H2_HOLD     /* asked again after h2_relay_resume(); the user keeps the deadline */
};

enum h2_messages {
    H2_WHOLE = 0, /* each is judged */
    H2_PIECES     /* passed on unread as they come; their frames are checked */
};

/* The messages of one direction of a call. */
struct h2_flow_rules {
    enum h2_messages messages;
    bool single; /* a unary side: a request has exactly one, an answer at most one */
    size_t max_bytes;
};

struct h2_call_rules {
    struct h2_flow_rules from[2];   /* by the side that sends them */
    const struct h2_fields *fields; /* metadata of the request; NULL: none passes */
    const struct h2_fields *answer; /* the same of the answer's head and trailers */
};

struct h2_answer {
    enum h2_verdict verdict;
    enum grpc_status status;           /* H2_REFUSE; GRPC_OK is taken as GRPC_UNKNOWN */
    struct slice text;                 /* H2_REFUSE; copied */
    const struct h2_call_rules *rules; /* H2_PASS of a call: static, or alive until on_end */
    struct slice bytes;                /* H2_REPLACE; copied before the user is called again */
};

struct h2_relay;
struct h2_call;

/*
 * Called from h2_relay_feed(), _pull(), _resume() and _closed(). `answer` is zeroed before: what
 * says nothing is refused. A negative errno ends the relay. They may resume and refuse other
 * calls, and not free the relay.
 */
struct h2_relay_user {
    int (*on_call)(void *context, struct h2_call *call, struct h2_answer *answer);
    int (*on_message)(void *context, struct h2_call *call, enum h2_side from, struct slice message,
                      struct h2_answer *answer);
    /* Once for each call that on_call was asked about. It is not to be named any more. */
    void (*on_end)(void *context, struct h2_call *call);
};

struct h2_relay_config {
    const struct h2_relay_user *user; /* lives as long as the relay */
    void *context;
    struct slice authority; /* said to the answerer; lives as long as the relay */
    size_t memory_bytes;    /* of messages above half a window, all together */
    size_t head_bytes;      /* of a request: names, values, 32 for each field; up to 128 KiB */
};

struct h2_relay_counts {
    uint64_t calls;
    uint64_t refused;
    uint64_t floods; /* connections ended for frames that do nothing, or too many that wait */
};

/* NULL: out of memory. Freed by h2_relay_free(), which takes NULL and asks nobody. */
struct h2_relay *h2_relay_create(const struct h2_relay_config *config);
void h2_relay_free(struct h2_relay *relay);

/*
 * Takes all of `bytes`, which came from that side at `now_ms` of a clock that does not go back.
 * Then both sides are to be pulled. 0, also when the peer's connection is over after it;
 * -ENOMEM or what the user answered: the relay is to be freed.
 */
MUST_CHECK int h2_relay_feed(struct h2_relay *relay, enum h2_side side, struct slice bytes,
                             uint64_t now_ms);

/*
 * Appends what is to be sent to that side: until there is no more, or `out` holds at least
 * `enough` bytes; its limit is to be H2_RELAY_CHUNK more. To be called only when the side takes
 * bytes: that it is not called is the backpressure. Errors as _feed(). What is pulled here may let
 * the other side have something.
 */
MUST_CHECK int h2_relay_pull(struct h2_relay *relay, enum h2_side side, struct buf *out,
                             size_t enough);

/* Whether there may be something to pull. */
bool h2_relay_has(const struct h2_relay *relay, enum h2_side side);

/* Whether that side is to be read: not while too much that it asked for waits to be pulled. */
bool h2_relay_reads(const struct h2_relay *relay, enum h2_side side);

/* Whether that connection has come to its end, and its last bytes were pulled. */
bool h2_relay_over(const struct h2_relay *relay, enum h2_side side);

/* That side's connection is closed. Its calls end on the other side, which is told to go. */
MUST_CHECK int h2_relay_closed(struct h2_relay *relay, enum h2_side side);

/* Asks again about what is held in that call. Errors as _feed(); both sides are to be pulled. */
MUST_CHECK int h2_relay_resume(struct h2_relay *relay, struct h2_call *call);

/* Ends a call, as a verdict would. Errors as _feed(). */
MUST_CHECK int h2_relay_refuse(struct h2_relay *relay, struct h2_call *call,
                               enum grpc_status status, struct slice text);

struct h2_relay_counts h2_relay_counts(const struct h2_relay *relay);

/* "/package.Service/Method", and the request's fields. Borrowed until on_end. */
struct slice h2_call_path(const struct h2_call *call);
const struct h2_head *h2_call_head(const struct h2_call *call);

/* Something of the user's; NULL at first. */
void h2_call_set(struct h2_call *call, void *data);
void *h2_call_get(const struct h2_call *call);

#endif
