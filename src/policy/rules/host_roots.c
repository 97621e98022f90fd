/*
 * See host_roots.h.
 */
#include "policy/rules/host_roots.h"

#include "policy/model/paths.h"
#include "policy/model/written.h"

#include "base/banned.h"

bool host_roots_foreign(const struct path_answer *answer)
{
    for (size_t i = 0; i < answer->link_count; i++) {
        if (answer->link[i].foreign) {
            return true;
        }
    }
    return false;
}

/*
 * Whether an allowed path leads into the directory around it that containers write to as root, if
 * there is one: by a link they could make it any directory. What others write shows by its owner.
 */
static bool host_roots_stay(const struct rule_input *in, struct slice root,
                            const struct path_answer *answer)
{
    const struct written_path *around = written_around(in->written, root, true);
    const struct path_answer *outer = around ? rule_path(in, around->path) : NULL;

    return !around || (outer && outer->view == PATH_RESOLVED && !host_roots_foreign(outer) &&
                       path_is_within(answer->resolved, outer->resolved));
}

struct slice host_roots_real(const struct rule_input *in, struct slice root, bool unseen)
{
    const struct path_answer *answer = rule_path(in, root);

    if (answer && answer->view == PATH_UNSEEN && unseen) {
        return root;
    }
    if (!answer || answer->view != PATH_RESOLVED) {
        return (struct slice){0};
    }
    // Whoever can turn such a link around could make the root any directory.
    return host_roots_foreign(answer) || !host_roots_stay(in, root, answer) ? (struct slice){0}
                                                                            : answer->resolved;
}

bool host_roots_lists(const struct rule_input *in, const struct param_value *allow,
                      struct slice path)
{
    bool listed = false;

    for (size_t i = 0; i < allow->path_count; i++) {
        listed = listed || slice_eq(allow->paths[i].path, path);
    }
    return listed && !written_around(in->written, path, false);
}

/* Whether containers may write, as root, to what `path` lies in. */
static bool host_roots_written(const struct rule_input *in, const struct written_path *written,
                               struct slice path)
{
    const struct path_answer *real = rule_path(in, written->path);

    return written->by_root &&
           (written_holds(written->path, path) ||
            (real && real->view == PATH_RESOLVED && written_holds(real->resolved, path)));
}

bool host_roots_turns(const struct rule_input *in, const struct path_link *link)
{
    bool found = link->foreign;

    for (size_t i = 0; i < in->written->count && !found; i++) {
        found = host_roots_written(in, &in->written->item[i], link->place);
    }
    return found;
}

bool host_roots_lets_replace(const struct rule_input *in, struct slice source,
                             const struct path_answer *answer)
{
    bool found = answer->replaceable;

    for (size_t i = 0; i < in->written->count && !found; i++) {
        const struct written_path *written = &in->written->item[i];

        found = (written->by_root && written_holds(written->path, source)) ||
                host_roots_written(in, written, answer->resolved);
    }
    return found;
}
