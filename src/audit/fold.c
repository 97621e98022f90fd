/*
 * See fold.h. Kinds are compared in full, so that nobody hides one behind another. What each of
 * them says is compared by a hash: who finds two that collide hides one of both, as with any number
 * more than FOLD_DISTINCT.
 */
#include "audit/fold.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"

#include "base/banned.h"

enum { KIND_MAX_BYTES = 8 * 1024, TAIL_MAX_BYTES = 1024 };

struct fold {
    struct fold *next;
    struct audit_account *account; /* entered */
    uint64_t hash;                 /* of the kind */
    struct buf kind;
    uint64_t begun_ms;
    uint64_t said[FOLD_DISTINCT]; /* hashes of what was written last */
    unsigned said_count;
    unsigned written; /* since `begun_ms` */
    struct audit_count counted;
    char last_id[AUDIT_ID_MAX_BYTES];
    char ids[AUDIT_COUNT_IDS][AUDIT_ID_MAX_BYTES];
    struct slice id[AUDIT_COUNT_IDS];
    struct buf line; /* of the first that was counted, without its end */
    bool text;
};

static const uint64_t hash_begin = 0xcbf29ce484222325U;

/* What does not fit is meant to be lost. */
static uint64_t hash_step(uint64_t hash, unsigned byte)
{
    uint64_t product = 0;

    (void)__builtin_mul_overflow(hash ^ byte, UINT64_C(0x100000001b3), &product);
    return product;
}

/* FNV-1a, with a byte behind each that is in none. */
static uint64_t hash_slice(uint64_t hash, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        hash = hash_step(hash, (unsigned char)bytes.ptr[i]);
    }
    return hash_step(hash, 0x100U);
}

static int kind_add(struct buf *kind, struct slice text)
{
    TRY(buf_append(kind, slice_head(text, AUDIT_VALUE_MAX_BYTES)));
    return buf_append_byte(kind, '\0');
}

/* Who was refused what, and why. */
static int kind_write(struct buf *kind, const struct audit_record *record)
{
    const struct slice texts[] = {record->listener, record->policy, slice_from(record->operation),
                                  record->container_id};
    const struct violation *violation = record->violations;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        TRY(kind_add(kind, texts[i]));
    }
    TRY(buf_append_number(kind, record->peer.uid));
    TRY(kind_add(kind, (struct slice){NULL, 0}));
    TRY(buf_append_number(kind, record->peer.gid));
    TRY(kind_add(kind, (struct slice){NULL, 0}));
    TRY(buf_append_number(kind, record->status));
    TRY(buf_append_byte(kind, record->outcome == AUDIT_ERROR ? 'e' : 'd'));
    for (unsigned i = 0; violation && i < AUDIT_MAX_RULES; violation = violation->next, i++) {
        TRY(kind_add(kind, slice_from(violation->rule)));
    }
    return 0;
}

static uint64_t hash_of_what_is_said(const struct audit_record *record)
{
    const struct violation *violation = record->violations;
    uint64_t hash = hash_slice(hash_begin, record->method);

    hash = hash_slice(hash, slice_head(record->path, AUDIT_VALUE_MAX_BYTES));
    hash = hash_slice(hash, record->image);
    for (unsigned i = 0; violation && i < AUDIT_MAX_RULES; violation = violation->next, i++) {
        hash = hash_slice(hash, slice_head(violation->text, AUDIT_VALUE_MAX_BYTES));
    }
    return hash;
}

static struct fold *fold_find(const struct folds *folds, uint64_t hash, struct slice kind)
{
    struct fold *fold = folds->first;

    while (fold && (fold->hash != hash || !slice_eq(buf_slice(&fold->kind), kind))) {
        fold = fold->next;
    }
    return fold;
}

/* Ends the line that waits, and gives it away. */
static void emit(struct folds *folds, struct fold *fold)
{
    if (fold->counted.count == 0) {
        return;
    }
    assert(fold->account);
    folds->bytes -= fold->line.len;
    fold->account->folded_bytes -= fold->line.len;
    fold->line.limit_bytes += TAIL_MAX_BYTES;
    // What can't be ended for want of memory counts as lost.
    bool ended = audit_record_end_counted(&fold->line, fold->text, &fold->counted) == 0;

    folds->emit(folds->owner, fold->account,
                ended ? buf_slice(&fold->line) : (struct slice){NULL, 0}, fold->counted.count);
    buf_deinit(&fold->line);
    fold->counted = (struct audit_count){.ids = fold->id};
}

static void drop(struct folds *folds, struct fold **link)
{
    struct fold *fold = *link;

    emit(folds, fold);
    assert(fold->account);
    *link = fold->next;
    folds->count--;
    fold->account->folds--;
    audit_account_leave(folds->accounts, fold->account);
    buf_deinit(&fold->kind);
    free(fold);
}

/* Whose kinds are most. */
static const struct audit_account *folds_most(const struct folds *folds)
{
    const struct audit_account *most = NULL;

    for (const struct fold *fold = folds->first; fold; fold = fold->next) {
        most = !most || fold->account->folds > most->folds ? fold->account : most;
    }
    return most;
}

static void drop_oldest(struct folds *folds)
{
    const struct audit_account *most = folds_most(folds);
    struct fold **oldest = NULL;

    for (struct fold **link = &folds->first; *link; link = &(*link)->next) {
        oldest = (*link)->account == most ? link : oldest;
    }
    if (oldest) {
        drop(folds, oldest);
    }
}

/* Writes what has been counted for who has most of it. */
static void fold_emit_largest(struct folds *folds)
{
    const struct audit_account *most = NULL;

    for (const struct fold *fold = folds->first; fold; fold = fold->next) {
        most = !most || fold->account->folded_bytes > most->folded_bytes ? fold->account : most;
    }
    for (struct fold *fold = folds->first; fold; fold = fold->next) {
        if (fold->account == most) {
            emit(folds, fold);
        }
    }
}

/* The first of its kind. `kind` is taken over; without memory it is forgotten. */
static void fold_add(struct folds *folds, struct audit_account *account, uint64_t hash,
                     struct buf *kind, uint64_t said, uint64_t now_ms)
{
    if (folds->count == FOLD_MAX) {
        drop_oldest(folds);
    }
    struct fold *fold = calloc(1, sizeof(*fold));

    if (!fold) {
        return;
    }
    fold->account = account;
    account->references++;
    account->folds++;
    fold->hash = hash;
    fold->kind = *kind;
    *kind = (struct buf){0};
    fold->begun_ms = now_ms;
    fold->said[0] = said;
    fold->said_count = 1;
    fold->written = 1;
    fold->counted.ids = fold->id;
    fold->next = folds->first;
    folds->first = fold;
    folds->count++;
}

/* Whether this one is written: it says something that was not said lately. */
static bool says_more(struct fold *fold, uint64_t said)
{
    for (unsigned i = 0; i < fold->said_count; i++) {
        if (fold->said[i] == said) {
            return false;
        }
    }
    if (fold->written == FOLD_DISTINCT) {
        return false;
    }
    fold->said[fold->written % FOLD_DISTINCT] = said;
    fold->said_count += fold->said_count < FOLD_DISTINCT;
    fold->written++;
    return true;
}

static struct slice keep_id(char *place, struct slice id)
{
    id = slice_head(id, AUDIT_ID_MAX_BYTES);
    if (id.len > 0) {
        memcpy(place, id.ptr, id.len);
    }
    return (struct slice){place, id.len};
}

static bool begin_line(struct folds *folds, struct fold *fold, const struct audit_record *record,
                       bool text)
{
    buf_init(&fold->line, AUDIT_LINE_MAX_BYTES);
    int err =
        text ? audit_record_text(&fold->line, record) : audit_record_json(&fold->line, record);

    if (err < 0) {
        buf_deinit(&fold->line);
        return false;
    }
    fold->line.len -= text ? 1 : 2; // the newline, the brace
    fold->text = text;
    folds->bytes += fold->line.len;
    fold->account->folded_bytes += fold->line.len;
    fold->counted.first_ms = record->time_ms;
    return true;
}

static bool count_one(struct folds *folds, struct fold *fold, const struct audit_record *record,
                      bool text)
{
    struct audit_count *counted = &fold->counted;

    if (counted->count == 0 && !begin_line(folds, fold, record, text)) {
        return false;
    }
    if (counted->count < AUDIT_COUNT_IDS) {
        fold->id[counted->count] = keep_id(fold->ids[counted->count], record->request_id);
    }
    counted->count++;
    counted->last_ms = record->time_ms;
    counted->last_id = keep_id(fold->last_id, record->request_id);
    return true;
}

bool folds_take(struct folds *folds, struct audit_account *account,
                const struct audit_record *record, bool text, uint64_t now_ms)
{
    CLEANUP(buf_deinit) struct buf kind = {.limit_bytes = KIND_MAX_BYTES};

    if (!account || kind_write(&kind, record) < 0) {
        return false;
    }
    uint64_t hash = hash_slice(hash_begin, buf_slice(&kind));
    uint64_t said = hash_of_what_is_said(record);
    struct fold *fold = fold_find(folds, hash, buf_slice(&kind));

    if (!fold) {
        fold_add(folds, account, hash, &kind, said, now_ms);
        return false;
    }
    if (says_more(fold, said) || !count_one(folds, fold, record, text)) {
        return false;
    }
    if (folds->bytes > FOLD_MAX_BYTES) {
        fold_emit_largest(folds);
    }
    return true;
}

/* One that was not repeated is forgotten; else the next repetition is counted as well. */
void folds_tick(struct folds *folds, uint64_t now_ms)
{
    struct fold **link = &folds->first;

    while (*link) {
        struct fold *fold = *link;

        if (now_ms - fold->begun_ms < FOLD_MS) {
            link = &fold->next;
        } else if (fold->counted.count == 0) {
            drop(folds, link);
        } else {
            emit(folds, fold);
            fold->begun_ms = now_ms;
            fold->written = 0;
            link = &fold->next;
        }
    }
}

void folds_flush(struct folds *folds)
{
    while (folds->first) {
        drop(folds, &folds->first);
    }
}
