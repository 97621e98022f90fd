/*
 * Who the records of refusals are of that wait to be written or are counted, and how much each
 * has of the room for them. A client is a container, whatever users it has, or a user of the host:
 * so that a flood of one costs others none of theirs. Pure counting; what nothing waits of is
 * forgotten.
 */
#ifndef SOCKADE_AUDIT_ACCOUNT_H
#define SOCKADE_AUDIT_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "audit/record.h"

enum {
    AUDIT_ACCOUNT_BYTES = 4096, /* that each may have waiting, however much others have */
    AUDIT_ACCOUNTS_MAX = 256    /* at once; further ones are counted as one, which may not */
};

#define AUDIT_ACCOUNT_OTHERS ((uid_t)-1) /* nobody's */

struct audit_account {
    struct audit_account *next;
    unsigned references;
    size_t waiting_bytes; /* of lines in the queue */
    size_t folded_bytes;  /* of lines that wait for their count */
    unsigned folds;
    uid_t uid; /* AUDIT_ACCOUNT_OTHERS: the further ones' */
    size_t container_len;
    char container[]; /* its control group; nothing: the user's */
};

/* Lines next to each other in the queue. */
struct audit_part {
    struct audit_account *account; /* NULL: nobody's */
    size_t bytes;
};

/* All zero is one that nothing waits of. */
struct audit_accounts {
    struct audit_account *first;
    unsigned count;
    struct audit_part *part; /* in the order of the queue */
    size_t part_first, part_end, part_cap;
};

/* The account that a record is for, until audit_account_leave(). NULL without memory. */
struct audit_account *audit_account_enter(struct audit_accounts *accounts,
                                          const struct audit_record *record);
/* Takes NULL. */
void audit_account_leave(struct audit_accounts *accounts, struct audit_account *account);

/*
 * Whether one more line of it may wait while `all` bytes of a queue of `max` do: one may have as
 * much as it leaves free, and a little in any case. NULL: as long as there is room.
 */
bool audit_account_has_room(const struct audit_account *account, size_t all, size_t max);

/* So many bytes of it went to the end of the queue; so many left at its front. */
void audit_account_waits(struct audit_accounts *accounts, struct audit_account *account,
                         size_t bytes);
void audit_account_written(struct audit_accounts *accounts, size_t bytes);

/* Nothing waits any more. */
void audit_accounts_clear(struct audit_accounts *accounts);
/* The same, and frees what is left: nobody has entered who has not left. */
void audit_accounts_deinit(struct audit_accounts *accounts);

#endif
