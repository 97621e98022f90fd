/*
 * See subordinate.h. Source: subuid(5), newuidmap(1): who is no root may map the ids of its ranges,
 * and no others but its own.
 */
#include "proxy/host/subordinate.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/parse.h"

#include "base/banned.h"

enum { FILE_MAX_BYTES = 1024 * 1024, NAME_MAX_BYTES = 256 };

static bool subordinate_read_uid(struct slice text, uid_t *out)
{
    uint64_t number = 0;

    if (parse_u64(text, &number) < 0 || number >= UINT32_MAX) {
        return false;
    }
    *out = (uid_t)number;
    return true;
}

static bool subordinate_find_user(struct slice name, uid_t *uid)
{
    char text[NAME_MAX_BYTES];

    if (name.len == 0 || name.len >= sizeof(text)) {
        return false;
    }
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    const struct passwd *entry = getpwnam(text); // NOLINT(concurrency-mt-unsafe): the loop's thread

    if (!entry) {
        return false;
    }
    *uid = entry->pw_uid;
    return true;
}

/* "OWNER:FIRST:COUNT" */
static bool subordinate_read_line(struct slice line, bool (*find)(struct slice name, uid_t *uid),
                                  struct subordinate_range *out)
{
    struct slice owner = {0};
    struct slice first = {0};
    struct slice count = {0};

    return slice_cut(slice_trim(line), ':', &owner, &line) &&
           slice_cut(line, ':', &first, &count) && subordinate_read_uid(first, &out->first) &&
           subordinate_read_uid(count, &out->count) && out->count > 0 &&
           out->count <= UINT32_MAX - out->first &&
           (subordinate_read_uid(owner, &out->owner) || find(owner, &out->owner));
}

int subordinates_add(struct subordinates *all, struct slice text,
                     bool (*find)(struct slice name, uid_t *uid))
{
    bool more = true;

    while (more && all->count < SUBORDINATE_MAX) {
        struct subordinate_range range = {0};
        struct slice line = {0};

        more = slice_cut(text, '\n', &line, &text);
        if (!subordinate_read_line(line, find, &range)) {
            continue;
        }
        struct subordinate_range *list = realloc(all->range, (all->count + 1) * sizeof(*list));

        if (!list) {
            return -ENOMEM;
        }
        list[all->count] = range;
        all->range = list;
        all->count++;
    }
    return 0;
}

void subordinates_load(struct subordinates *all, const char *path)
{
    CLEANUP(buf_deinit) struct buf text = {0};

    subordinates_deinit(all);
    buf_init(&text, FILE_MAX_BYTES);
    int err = buf_read_file(&text, path);

    if (err == 0) {
        err = subordinates_add(all, buf_slice(&text), subordinate_find_user);
    }
    if (err < 0 && err != -ENOENT) {
        log_warn("%s: %s: users that have subordinate ids count as several", path, strerror(-err));
    }
}

uid_t subordinates_owner(const struct subordinates *all, uid_t uid)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct subordinate_range *range = &all->range[i];

        if (uid >= range->first && uid - range->first < range->count && range->owner != 0) {
            return range->owner;
        }
    }
    return uid;
}

void subordinates_deinit(struct subordinates *all)
{
    free(all->range);
    *all = (struct subordinates){0};
}
