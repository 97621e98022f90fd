/*
 * Refusals that repeat: what is refused again within about a second, for the same client, policy,
 * operation and rules, is counted instead of written, and one record says how often. So a flood of
 * refusals is a few lines a second. The first of each kind is written at once, and so are some that
 * differ from it in what they say (path, values). Memory is bounded, whatever comes; where it runs
 * short, the client that has most of it gives way.
 */
#ifndef SOCKADE_AUDIT_FOLD_H
#define SOCKADE_AUDIT_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/account.h"
#include "audit/record.h"

enum {
    FOLD_MS = 1000,
    FOLD_MAX = 256,               /* kinds at once; one more ends who has most's oldest */
    FOLD_MAX_BYTES = 1024 * 1024, /* of lines that wait for their count; more ends who has most's */
    FOLD_DISTINCT = 16            /* of one kind, written in FOLD_MS though they are alike */
};

struct fold;

/* All zero, but for the last three, is one that counts nothing. */
struct folds {
    struct fold *first; /* the latest */
    size_t count;
    size_t bytes;
    /* Takes a line with its newline, which stands for that many records of `account`. */
    void (*emit)(void *owner, struct audit_account *account, struct slice line, uint64_t count);
    void *owner;
    struct audit_accounts *accounts; /* borrowed */
};

/*
 * Whether the record of a refusal was counted, and is not to be written. `text`: as a line of
 * text, else of JSON. `account`: whose it is; without it, or memory, nothing is folded.
 */
bool folds_take(struct folds *folds, struct audit_account *account,
                const struct audit_record *record, bool text, uint64_t now_ms);

/* Emits what has waited for FOLD_MS; again at least each second. */
void folds_tick(struct folds *folds, uint64_t now_ms);

/* Emits all there is, and frees it. */
void folds_flush(struct folds *folds);

#endif
