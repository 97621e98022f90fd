/*
 * An end of an HTTP/2 connection in memory, nghttp2 being that end: it says what the test wants,
 * and keeps what it was told.
 */
#ifndef SOCKADE_TESTS_H2_PEER_H
#define SOCKADE_TESTS_H2_PEER_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>

#include "base/buf.h"

enum { H2_TEST_STREAMS = 2048 };

struct h2_test_stream {
    struct h2_test_peer *peer;
    int32_t id;
    struct buf fields; /* "name: value\n", of all blocks */
    struct buf data;   /* that came */
    bool ended;        /* the other end has ended it */
    bool closed;
    uint32_t code;
    struct buf say; /* to be sent, from `said` on */
    size_t said;
    bool finish;          /* end it after that */
    const char *trailers; /* "name: value\n"; sent after that */
};

struct h2_test_peer {
    nghttp2_session *session;
    struct h2_test_stream streams[H2_TEST_STREAMS];
    unsigned count;
    unsigned pongs;
    unsigned goaways;
    uint32_t goaway_code;
    uint32_t max_streams; /* as the other end's SETTINGS say */
    uint32_t push;
    bool keeps_windows; /* opens none by itself */
};

void h2_test_open(struct h2_test_peer *peer, bool server, bool keeps_windows);
void h2_test_close(struct h2_test_peer *peer);

/* The stream with that id; NULL: there is none. */
struct h2_test_stream *h2_test_find(struct h2_test_peer *peer, int32_t id);

/* "name: value\n" lines. A call of gRPC has the lines that each has, and `more`. */
int32_t h2_test_request(struct h2_test_peer *peer, const char *fields);
int32_t h2_test_call(struct h2_test_peer *peer, const char *path, const char *more);

/* Bytes of DATA; a whole message; the end. */
void h2_test_say(struct h2_test_peer *peer, int32_t id, struct slice bytes);
void h2_test_message(struct h2_test_peer *peer, int32_t id, struct slice message);
void h2_test_finish(struct h2_test_peer *peer, int32_t id);

/* An answer's head, with `more` lines; its trailers; both in one. */
void h2_test_answer(struct h2_test_peer *peer, int32_t id, const char *more);
void h2_test_trailers(struct h2_test_peer *peer, int32_t id, const char *fields);
void h2_test_respond(struct h2_test_peer *peer, int32_t id, const char *fields);

/* Whether the stream was told that line. */
bool h2_test_told(struct h2_test_peer *peer, int32_t id, const char *line);

#endif
