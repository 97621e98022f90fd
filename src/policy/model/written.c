/*
 * See written.h.
 */
#include "policy/model/written.h"

#include "base/try.h"
#include "docker/mount.h"
#include "policy/model/policy_data.h"

#include "base/banned.h"

/* Those of one policy; `out` is NULL where they are only counted. 0 or -ENOMEM. */
static int written_add(const struct policy *policy, struct arena *arena, struct written_path *out,
                       size_t *count)
{
    struct policy_root root = {0};

    for (size_t i = 0; policy_allowed_path(policy, i, &root); i++) {
        if (!root.writable) {
            continue;
        }
        if (out) {
            out[*count].by_root = root.copies || !policy_keeps_owner(policy);
            TRY(arena_copy(arena, root.path, &out[*count].path));
        }
        (*count)++;
    }
    return 0;
}

int written_join(struct policy *const *policies, size_t count)
{
    size_t all = 0;

    for (size_t i = 0; i < count; i++) {
        TRY(written_add(policies[i], NULL, NULL, &all));
    }
    for (size_t i = 0; i < count; i++) {
        struct arena *arena = &policies[i]->arena; // a policy may outlive its file
        struct written_path *item = arena_alloc(arena, all * sizeof(*item));
        size_t used = 0;

        TRY_ALLOC(item);
        for (size_t j = 0; j < count; j++) {
            TRY(written_add(policies[j], arena, item, &used));
        }
        policies[i]->written = (struct written_paths){item, used};
    }
    return 0;
}

bool written_holds(struct slice directory, struct slice path)
{
    return path_is_within(path, directory) && !slice_eq(path, directory);
}

const struct written_path *written_around(const struct written_paths *written, struct slice path,
                                          bool by_root)
{
    const struct written_path *found = NULL;

    for (size_t i = 0; i < written->count; i++) {
        const struct written_path *item = &written->item[i];

        if ((item->by_root || !by_root) && written_holds(item->path, path) &&
            (!found || item->path.len < found->path.len)) {
            found = item;
        }
    }
    return found;
}
