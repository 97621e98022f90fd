/*
 * Who holds what all listeners and policies share: connections, memory, pipes. A holder is a
 * container, whatever users it has, or a user of the host. One may hold of the memory as much as it
 * leaves free, so that whoever comes next finds some. Pure counting.
 */
#ifndef SOCKADE_PROXY_HOLDER_H
#define SOCKADE_PROXY_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sockade/slice.h"

enum { HOLDER_SMALL_BYTES = 1024 * 1024 }; /* what each may hold, however busy others are */

struct holder {
    struct holder *next;
    unsigned references;
    size_t connections; /* that are served */
    size_t movers;
    size_t held_bytes;
    uid_t uid;
    size_t container_len;
    char container[]; /* its control group; nothing: the user's */
};

/* All zero has none. */
struct holders {
    struct holder *first;
    size_t held_bytes; /* of all of them */
};

/* `container` is copied; empty: in none. NULL without memory. */
struct holder *holders_enter(struct holders *holders, uid_t uid, struct slice container);
/* Takes NULL. What was held is given back before. */
void holders_leave(struct holders *holders, struct holder *holder);

/* What held `before` bytes holds `now`. */
void holders_hold(struct holders *holders, struct holder *holder, size_t before, size_t now);

/*
 * Whether what holds `before` may hold `wanted`, when all together may hold `limit`. What is alone
 * may use all of it.
 */
bool holders_have_room(const struct holders *holders, const struct holder *holder, size_t before,
                       size_t wanted, uint64_t limit);

#endif
