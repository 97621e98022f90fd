/*
 * One request from its head to the last byte of its answer, then the next one of
 * the same client: the state machine. It knows no libuv: events in, wishes to a
 * struct transport out.
 *
 *   READING_HEAD -+- refused -----------------> (SLOWED) -> ANSWERING -+-> READING_HEAD
 *                 +- refused, an upgrade to h2c --> REFUSING ---------^
 *                 +- engine or client unknown --- LOOKING_UP -> (judged)
 *                 +- needs body -> READING_BODY -+- refused -^          +-> LINGERING -> CLOSED
 *                 +- needs facts ------ LOOKING_UP -+- refused -^
 *                 +- needs holds ------ WAITING ----+- refused -^
 *                 +- engine's queue full -> CONNECTING -> (goes on)
 *                 +- allowed ------------------------+--> RELAYING -+-> READING_HEAD
 *                                                                   +-> TUNNELLING -> CLOSED
 *                                                   +-> OUTLIVING --> CLOSED
 */
#ifndef SOCKADE_PROXY_EXCHANGE_H
#define SOCKADE_PROXY_EXCHANGE_H

#include "base/buf.h"
#include "http/body_reader.h"
#include "http/message.h"
#include "proxy/exchange/transport.h"
#include "proxy/exchange/underway.h"
#include "proxy/exchange/volume_runs.h"

struct http2_refusal;

enum { EXCHANGE_METHOD_BYTES = 16 };

enum exchange_state {
    EXCHANGE_CLOSED = 0,   /* nothing; late events are ignored */
    EXCHANGE_READING_HEAD, /* the client's next request head */
    EXCHANGE_READING_BODY, /* the whole body, to be judged */
    EXCHANGE_CONNECTING,   /* the engine's queue of connections to have room */
    EXCHANGE_LOOKING_UP,   /* the engine's answer to a question of ours, or a file system's */
    EXCHANGE_WAITING,      /* other requests to give back what this one needs */
    EXCHANGE_RELAYING,     /* the rest of the request, the engine's response */
    EXCHANGE_TUNNELLING,   /* raw bytes either way, until both ends are closed */
    EXCHANGE_OUTLIVING,    /* the engine to end what it does for a client that is gone */
    EXCHANGE_SLOWED,       /* some time to pass, before one refusal too many is answered */
    EXCHANGE_REFUSING,     /* the client to read, in HTTP/2, why it is refused */
    EXCHANGE_ANSWERING,    /* the client to take what was written */
    EXCHANGE_LINGERING     /* the client to close, so that it reads our last answer */
};

enum event_type {
    EVENT_BYTES = 0, /* `bytes` came from `side`; all of them must be taken */
    EVENT_EOF,       /* `side` sends no more */
    EVENT_FAILED,    /* `side` is broken */
    EVENT_WRITTEN,   /* what was pending towards `side` is out */
    EVENT_MOVED,     /* `count` bytes of content went from `side` to the other, past us */
    EVENT_TIMEOUT,
    EVENT_RETRY,  /* connecting to the engine may work now */
    EVENT_LOOKED, /* the paths of the host are looked at: `looked` */
    EVENT_RESUME  /* a turn: there is work that no event comes for, or that there may be much of */
};

struct event {
    enum event_type type;
    enum side side;
    struct slice bytes; /* borrowed during the call */
    enum look_result looked;
    uint64_t count;
    bool over; /* nothing that was moved is still under way, and nothing more will be */
    /*
     * With `over`: the other side takes no more, some of it is lost. With EVENT_FAILED: `side`
     * takes no more, but what it has said may still come.
     */
    bool cut;
};

/* The answer of the engine, while it is read. */
struct upstream_call {
    bool open;      /* we hold an upstream connection */
    bool reused;    /* it served another request before */
    bool any_bytes; /* something of the answer came */
    bool head_done;
    bool shut; /* our direction is closed, or the engine takes no more */
    bool eof;
    bool keep_alive; /* the answer allows another request */
    size_t scanned;  /* of `head`, by head_find_end() */
    struct buf head; /* until it is complete */
    struct body_reader body;
    enum body_framing framing;
    unsigned status;
    struct response_head *kept; /* in the decision's arena, until the body has begun to come out */
};

struct exchange {
    enum exchange_state state;
    const struct transport *io;
    void *context;
    struct policy *policy; /* a reference, from begin() to the record */
    struct decision decision;
    char request_id[REQUEST_ID_LEN];

    /* The client's side. */
    struct buf in;  /* bytes not taken yet: heads, early tunnel bytes, pipelined requests */
    size_t scanned; /* of `in`, by head_find_end() */
    size_t head_bytes;
    bool bare_lf; /* some line of the head ended so */
    bool begun;   /* the first byte of a request is here */
    bool client_eof;
    bool client_pending; /* a write to the client is pending */
    bool upstream_pending;
    bool draining;           /* finish this request, then close */
    bool abort_when_written; /* a tunnel whose client is gone */
    bool client_deaf;        /* or takes nothing any more, while what it said is still to be read */
    bool resume;             /* EVENT_RESUME is awaited */

    /* The request. `head` lives in the decision's arena; NULL once the engine answers. */
    struct request_head *head;
    char method[EXCHANGE_METHOD_BYTES]; /* for the record, when the head is gone */
    struct policy_request request;
    struct body_reader body; /* of the request */
    struct buf whole; /* a body to be judged, or what of a rewritten response is to be sent */
    bool to_head;     /* the method is HEAD */
    bool http10;
    bool keep_alive;
    bool upgrade_sent;
    bool body_done; /* all of it was taken from the client */
    bool body_read; /* a large one that is read, and waits for a turn to be judged */
    bool body_sent; /* and sent, or there was none */

    /* The engine's side. */
    struct upstream_call call;
    struct fact *asking;              /* in LOOKING_UP */
    struct path_look *look;           /* or that, which is pending */
    struct underway_claim claim;      /* what is held, or waited for */
    struct policy_rewriter *rewriter; /* of the response, or NULL: it goes on as it is */
    struct http2_refusal *inside;     /* in REFUSING */
    unsigned retry_after_s;
    bool identifying;   /* `asking` is about the client, before the request is judged */
    bool awaits_engine; /* in LOOKING_UP: which engine it is, before all else */
    bool admitted;      /* counted among those under way */
    bool refusal_counted;
    bool answer_begun; /* a response head went to the client */
    bool recorded;     /* its record is written */
    bool inside_over;  /* in REFUSING: nothing more is taken */
    bool rewritten_chunked;
    bool rewrite_over; /* all of the response is here, and waits for a turn to be read */

    /* For the record. */
    size_t record_bytes; /* that the sink has promised */
    unsigned status;
    enum audit_outcome outcome;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t filter_us;
    uint64_t filtering_since_us;
    uint64_t sent_at_us;
    uint64_t sent_turn; /* of volume_runs */
};

enum {
    EXCHANGE_IN_LIMIT = HTTP_HEAD_MAX_BYTES + 96 * 1024,
    EXCHANGE_IN_HIGH = 16 * 1024, /* reading the client stops here, but for a head */
    EXCHANGE_HEAD_TIMEOUT_MS = 30 * 1000,
    EXCHANGE_IDLE_TIMEOUT_MS = 15 * 60 * 1000,
    EXCHANGE_BODY_TIMEOUT_MS = 60 * 1000,
    EXCHANGE_LOOKUP_TIMEOUT_MS = 15 * 1000,
    EXCHANGE_CONNECT_TIMEOUT_MS = 10 * 1000,
    EXCHANGE_LOOK_TIMEOUT_MS = 5 * 1000, /* for file systems */
    EXCHANGE_ANSWER_TIMEOUT_MS = 30 * 1000,
    EXCHANGE_SLOWED_MS = 1000,
    EXCHANGE_REFUSING_TIMEOUT_MS = 10 * 1000,
    EXCHANGE_LINGER_TIMEOUT_MS = 2 * 1000,
    EXCHANGE_GONE_TIMEOUT_MS = 10 * 1000, /* for what a client said that is gone */
    EXCHANGE_LARGE_BYTES = 256 * 1024,    /* a body that takes more than one turn */
    EXCHANGE_SMALL_BYTES = 16 * 1024      /* what any exchange may hold, however busy others are */
};

/* `io` and `context` outlive the exchange. Starts reading the client. */
void exchange_init(struct exchange *ex, const struct transport *io, void *context);

/* Frees what it holds and writes the record of a request that is under way. */
void exchange_deinit(struct exchange *ex);

/*
 * The reader of what `from` is sending, when nobody has to see the rest of that: it may be moved
 * past the exchange, which is told with EVENT_MOVED. NULL: it can't.
 */
struct body_reader *exchange_bulk(struct exchange *ex, enum side from);

void exchange_handle(struct exchange *ex, const struct event *event);

/* The answer to io->engine() is here, for an exchange that may be waiting for it. */
void exchange_engine_told(struct exchange *ex);

/* No further request: closes now when none is under way, else behind its answer. */
void exchange_drain(struct exchange *ex);

/* How long the client of an answer under way may leave all of it unread; 0: as long as it likes. */
unsigned exchange_read_timeout_s(const struct exchange *ex);

/* It has: ends as when it leaves, and is recorded as such. */
void exchange_unread(struct exchange *ex);

/*
 * The request that streams, or tunnels, is not to go on: ends as when its client leaves. Others are
 * left alone. Whether it was one.
 */
bool exchange_withdraw(struct exchange *ex);

/* Closes both sides now; a request that is under way is recorded as an error. Again is fine. */
void exchange_end(struct exchange *ex);

/*
 * Bytes of memory that it takes: heads, bodies that are read, being judged, rewritten. Of a body
 * that is still being read, what has come counts three times, for its values and what is written of
 * them are to come; what is only announced counts nothing.
 */
size_t exchange_held(const struct exchange *ex);

/* Whether what is under way may last. */
bool exchange_streams(const struct exchange *ex);

/* Whether it is between two requests; and whether it is within one of which the rest is to come. */
bool exchange_is_idle(const struct exchange *ex);
bool exchange_waits_for_client(const struct exchange *ex);

/* The body that it is reading takes too long to come for what it holds: 503. */
void exchange_give_way(struct exchange *ex);

/* Whether a request is under way (for draining). */
bool exchange_busy(const struct exchange *ex);

#endif
