/*
 * A relay between two peers in memory, with a user that decides by paths and first words:
 * /t.S/Unary, /Stream, /Bidi and /Pieces pass, /Held is held as long as the test wants, all others
 * are refused for want of a decision; messages "refuse…", "drop…", "replace…" and "hold…" are.
 */
#ifndef SOCKADE_TESTS_H2_RIG_H
#define SOCKADE_TESTS_H2_RIG_H

#include "http2/h2_relay.h"
#include "support/h2_peer.h"

enum {
    H2_RIG_MESSAGE = 1024 * 1024,
    H2_RIG_MEMORY = 2 * 1024 * 1024,
    H2_RIG_MEMORY_LARGE = 8 * 1024 * 1024,
    H2_RIG_HEAD = 16384
};

struct h2_rig {
    struct h2_relay *relay;
    struct h2_test_peer peer[2]; /* by side */
    bool stuck[2];               /* that peer does not read */
    bool holding;
    /* Instead of the paths above. */
    void (*decide)(struct h2_call *call, struct h2_answer *answer);
    struct slice replacement;
    size_t piece; /* bytes fed at once; 0: all */
    uint64_t now_ms;
    unsigned calls;
    unsigned messages;
    unsigned ends;
    struct h2_call *held; /* the last one */
    size_t pulled[2];
};

/* Keeps `decide` as it was; the rest is set. */
void h2_rig_open(struct h2_rig *rig, bool keeps_windows);
void h2_rig_close(struct h2_rig *rig);

/* Bytes both ways until nothing moves any more. */
void h2_rig_run(struct h2_rig *rig);

/* Bytes to the relay beside what the peer's session says. */
void h2_rig_feed(struct h2_rig *rig, enum h2_side side, struct slice bytes);

#endif
