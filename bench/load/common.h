/*
 * What the load generator and the mock engine share: sockets, clocks, the length of a message.
 * They are measured against, not measured, so that they end the process when something is wrong.
 */
#ifndef SOCKADE_BENCH_COMMON_H
#define SOCKADE_BENCH_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MESSAGE_CHUNK_BYTES = 32 * 1024, BULK_PIECE_BYTES = 1024 * 1024 };

/* What a head says of itself and of its body. */
struct head {
    size_t length;   /* with its empty line; 0: not all of it is there */
    unsigned status; /* of an answer */
    bool chunked;
    bool closes;
    bool upgrades;
    uint64_t content_length;
};

/* Where a chunked body has got to. Zero it to begin. */
struct chunks {
    uint64_t left;    /* of the chunk's data, its line end included */
    uint64_t size;    /* as far as it is read */
    uint64_t payload; /* bytes of data so far */
    bool in_size_line;
    bool is_trailer;
    bool ended;
};

/* Prints what could not be done and why, and ends the process. */
_Noreturn void die(const char *what);

uint64_t now_ns(void);

/* User and system time of all threads of a process, in nanoseconds. */
uint64_t cpu_ns(const pid_t *pids, size_t count);

/* As many descriptors as the system gives. */
void raise_descriptors(void);

/* Neither blocks afterwards. */
int unix_connect(const char *path);
int unix_listen(const char *path);

void set_blocking(int fd, bool blocking);
void send_all(int fd, const void *data, size_t length); /* of a descriptor that blocks */

struct head head_read(const char *data, size_t length);

/* Reads chunked framing; `payload` and `ended` tell what came of it. */
void chunks_read(struct chunks *chunks, const char *data, size_t length);

/*
 * A mebibyte of data that does not compress, plain or as 32 KiB chunks (what Go programs send).
 * Never freed; *length is what it takes with its framing.
 */
const char *bulk_piece(bool chunked, size_t *length);

#endif
