/*
 * Gathers pieces of a body that lie side by side into as few parts as possible and
 * writes them in one go.
 */
#ifndef SOCKADE_PROXY_PUMP_H
#define SOCKADE_PROXY_PUMP_H

#include "base/cleanup.h"
#include "proxy/exchange/exchange.h"

enum { PUMP_MAX_PARTS = 32 };

struct pump {
    struct exchange *ex;
    enum side side; /* written to */
    struct slice part[PUMP_MAX_PARTS];
    size_t count;
};

void pump_init(struct pump *pump, struct exchange *ex, enum side side);

/* Borrowed until pump_flush(); flushes by itself when full. 0 or a negative errno. */
MUST_CHECK int pump_add(struct pump *pump, struct slice piece);
MUST_CHECK int pump_flush(struct pump *pump);

#endif
