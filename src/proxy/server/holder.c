/*
 * See holder.h.
 */
#include "proxy/server/holder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* The part of all that others of a holder may take while one of it has whatever it needs. */
enum { ALONE_SHARE = 16 };

static struct holder *holder_find(const struct holders *holders, uid_t uid, struct slice container)
{
    struct holder *holder = holders->first;

    while (holder) {
        struct slice own = {holder->container, holder->container_len};

        if (slice_eq(own, container) && (own.len > 0 || holder->uid == uid)) {
            break;
        }
        holder = holder->next;
    }
    return holder;
}

struct holder *holders_enter(struct holders *holders, uid_t uid, struct slice container)
{
    struct holder *holder = holder_find(holders, uid, container);

    if (!holder) {
        holder = calloc(1, sizeof(*holder) + container.len);
        if (!holder) {
            return NULL;
        }
        holder->uid = uid;
        holder->container_len = container.len;
        if (container.len > 0) {
            memcpy(holder->container, container.ptr, container.len);
        }
        holder->next = holders->first;
        holders->first = holder;
    }
    holder->references++;
    return holder;
}

void holders_leave(struct holders *holders, struct holder *holder)
{
    struct holder **link = &holders->first;

    if (!holder || --holder->references > 0) {
        return;
    }
    assert(holder->held_bytes == 0 && holder->connections == 0 && holder->movers == 0);
    while (*link != holder) {
        link = &(*link)->next;
    }
    *link = holder->next;
    free(holder);
}

void holders_hold(struct holders *holders, struct holder *holder, size_t before, size_t now)
{
    holder->held_bytes = holder->held_bytes - before + now;
    holders->held_bytes = holders->held_bytes - before + now;
}

bool holders_have_room(const struct holders *holders, const struct holder *holder, size_t before,
                       size_t wanted, uint64_t limit)
{
    size_t others = holder->held_bytes - before;
    size_t own = others + wanted;
    size_t all = holders->held_bytes - before + wanted;

    if (own <= HOLDER_SMALL_BYTES) {
        return true;
    }
    return all <= limit && (own <= limit - all || others <= limit / ALONE_SHARE);
}
