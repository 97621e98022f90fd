/*
 * See pump.h.
 */
#include "proxy/exchange/pump.h"

#include "proxy/exchange/exchange_internal.h"

#include "base/banned.h"

void pump_init(struct pump *pump, struct exchange *ex, enum side side)
{
    pump->ex = ex;
    pump->side = side;
    pump->count = 0;
}

int pump_flush(struct pump *pump)
{
    size_t count = pump->count;

    pump->count = 0;
    return count > 0 ? exchange_write(pump->ex, pump->side, pump->part, count) : 0;
}

int pump_add(struct pump *pump, struct slice piece)
{
    struct slice *last = pump->count > 0 ? &pump->part[pump->count - 1] : NULL;

    if (piece.len == 0) {
        return 0;
    }
    if (last && last->ptr + last->len == piece.ptr) {
        last->len += piece.len;
        return 0;
    }
    int err = pump->count == PUMP_MAX_PARTS ? pump_flush(pump) : 0;

    pump->part[pump->count++] = piece;
    return err;
}
