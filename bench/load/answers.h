/*
 * What the mock engine says, word for word: whole answers with their heads, made once at the start.
 */
#ifndef SOCKADE_BENCH_ANSWERS_H
#define SOCKADE_BENCH_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

// What an engine 20.10 says in front of every answer.
#define COMMON                                                             \
    "Api-Version: 1.41\r\nDocker-Experimental: false\r\nOstype: linux\r\n" \
    "Server: Docker/20.10.24 (linux)\r\nDate: Tue, 03 Nov 2026 10:00:00 GMT\r\n"
#define JSON "Content-Type: application/json\r\n" COMMON

struct answer {
    const char *head;
    const char *body;
    char *text; /* both and the length between, made at the start */
    size_t length;
    uint64_t count;
};

enum answer_id {
    ANSWER_PING,
    ANSWER_LIST,
    ANSWER_CREATED,
    ANSWER_INSPECT,
    ANSWER_EXEC,
    ANSWER_VERSION, /* how a proxy learns which engine it is, now and then; not told in the counts
                     */
    ANSWER_LOADED,
    ANSWER_OTHER,
    ANSWER_COUNT
};

extern struct answer answers[ANSWER_COUNT];
extern const char answer_upgraded[];
extern const char answer_streaming[];
extern const char answer_continues[];
extern char answer_event[]; /* one event, as a chunk */

void answers_prepare(void);

#endif
