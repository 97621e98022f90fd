/*
 * A hash of names that clients choose: its key is this process' own, so nobody can choose names
 * that have the same.   Source: Aumasson and Bernstein, SipHash (2012), with one round for each
 * eight bytes and three at the end.
 */
#ifndef SOCKADE_BASE_KEYED_HASH_H
#define SOCKADE_BASE_KEYED_HASH_H

#include <stdint.h>

#include "sockade/slice.h"

/* Equal texts have equal hashes, as long as the process lives. Any thread may ask. */
uint64_t keyed_hash(struct slice text);

#endif
