/*
 * See account.h.
 */
#include "audit/account.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum { PARTS_FIRST = 16 };

static struct audit_account *account_find(const struct audit_accounts *accounts, uid_t uid,
                                          struct slice container)
{
    struct audit_account *account = accounts->first;

    while (account) {
        struct slice own = {account->container, account->container_len};

        if (slice_eq(own, container) && (own.len > 0 || account->uid == uid)) {
            break;
        }
        account = account->next;
    }
    return account;
}

static struct audit_account *account_add(struct audit_accounts *accounts, uid_t uid,
                                         struct slice container)
{
    struct audit_account *account = calloc(1, sizeof(*account) + container.len);

    if (!account) {
        return NULL;
    }
    account->uid = uid;
    account->container_len = container.len;
    if (container.len > 0) {
        memcpy(account->container, container.ptr, container.len);
    }
    account->next = accounts->first;
    accounts->first = account;
    accounts->count++;
    return account;
}

struct audit_account *audit_account_enter(struct audit_accounts *accounts,
                                          const struct audit_record *record)
{
    const struct slice none = {NULL, 0};
    struct slice container = record->counted_in;
    uid_t uid = record->counted_as;
    struct audit_account *account = account_find(accounts, uid, container);

    if (!account && accounts->count >= AUDIT_ACCOUNTS_MAX) {
        uid = AUDIT_ACCOUNT_OTHERS;
        container = none;
        account = account_find(accounts, uid, container);
    }
    if (!account) {
        account = account_add(accounts, uid, container);
    }
    if (account) {
        account->references++;
    }
    return account;
}

void audit_account_leave(struct audit_accounts *accounts, struct audit_account *account)
{
    struct audit_account **link = &accounts->first;

    if (!account || --account->references > 0) {
        return;
    }
    assert(account->waiting_bytes == 0 && account->folds == 0 && account->folded_bytes == 0);
    while (*link != account) {
        link = &(*link)->next;
    }
    *link = account->next;
    accounts->count--;
    free(account);
}

bool audit_account_has_room(const struct audit_account *account, size_t all, size_t max)
{
    size_t own = account ? account->waiting_bytes : 0;

    if (account && account->uid != AUDIT_ACCOUNT_OTHERS && own < AUDIT_ACCOUNT_BYTES) {
        return true;
    }
    return all < max && own < max - all;
}

/* One more, behind the others; moves what is left to the front, or gets more room. NULL: none. */
static struct audit_part *account_add_part(struct audit_accounts *accounts)
{
    size_t count = accounts->part_end - accounts->part_first;

    if (accounts->part_end == accounts->part_cap && accounts->part_first <= count) {
        size_t cap = accounts->part_cap > 0 ? accounts->part_cap * 2 : PARTS_FIRST;
        struct audit_part *part = realloc(accounts->part, cap * sizeof(*part));

        if (!part) {
            return NULL;
        }
        accounts->part = part;
        accounts->part_cap = cap;
    } else if (accounts->part_end == accounts->part_cap && accounts->part) {
        memmove(accounts->part, accounts->part + accounts->part_first,
                count * sizeof(*accounts->part));
        accounts->part_first = 0;
        accounts->part_end = count;
    }
    assert(accounts->part);
    return &accounts->part[accounts->part_end++];
}

void audit_account_waits(struct audit_accounts *accounts, struct audit_account *account,
                         size_t bytes)
{
    struct audit_part *last =
        accounts->part_end > accounts->part_first ? &accounts->part[accounts->part_end - 1] : NULL;

    if (bytes == 0) {
        return;
    }
    if (!last || last->account != account) {
        last = account_add_part(accounts);
        if (!last) {
            return; // it counts for nobody, and others' are written a bit earlier than they count
        }
        *last = (struct audit_part){.account = account};
        if (account) {
            account->references++;
        }
    }
    last->bytes += bytes;
    if (account) {
        account->waiting_bytes += bytes;
    }
}

void audit_account_written(struct audit_accounts *accounts, size_t bytes)
{
    while (bytes > 0 && accounts->part_first < accounts->part_end) {
        struct audit_part *part = &accounts->part[accounts->part_first];
        size_t some = bytes < part->bytes ? bytes : part->bytes;

        part->bytes -= some;
        bytes -= some;
        if (part->account) {
            part->account->waiting_bytes -= some;
        }
        if (part->bytes == 0) {
            audit_account_leave(accounts, part->account);
            accounts->part_first++;
        }
    }
}

void audit_accounts_clear(struct audit_accounts *accounts)
{
    audit_account_written(accounts, SIZE_MAX);
    free(accounts->part);
    accounts->part = NULL;
    accounts->part_first = accounts->part_end = accounts->part_cap = 0;
}

void audit_accounts_deinit(struct audit_accounts *accounts)
{
    audit_accounts_clear(accounts);
    assert(!accounts->first);
    *accounts = (struct audit_accounts){0};
}
