/*
 * What rules read of the lookups that were made for them.
 */
#include "docker/objects/object_answer.h"
#include <errno.h>

#include "policy/rules/rule.h"

#include "base/banned.h"

static const struct fact *rule_facts_find(const struct fact *fact, struct slice path)
{
    while (fact && !(fact->kind == FACT_PATH && slice_eq(fact->name, path))) {
        fact = fact->next;
    }
    return fact;
}

const struct path_answer *rule_path(const struct rule_input *in, struct slice source)
{
    const struct fact *fact = rule_facts_find(in->facts, source);

    return fact ? &fact->path : NULL;
}

struct slice rule_unified_cgroup(void)
{
    return SLICE("/sys/fs/cgroup/cgroup.controllers");
}

const char *rule_path_problem(const struct mount_spec *mount, const struct path_answer *answer)
{
    switch (answer->view) {
    case PATH_UNANSWERED:
        return "could not be resolved";
    case PATH_UNRESOLVED:
        return answer->why;
    case PATH_UNSEEN:
        return NULL;
    case PATH_RESOLVED:
        break;
    }
    bool stays = !mount || slice_eq(answer->resolved, mount->source);

    return stays || mount_can_name(mount, answer->resolved)
               ? NULL
               : "leads to a name that the request cannot hold";
}

bool name_is_written_like_an_id(const struct given_name *given)
{
    // Networks are called so (Testcontainers' are 12 random digits); nobody knows their ids before.
    bool is_short = given->digits.len == NAME_SHORT_ID_DIGITS && given->kind != FACT_NETWORK;

    return !fact_is_swarms(given->kind) && (is_short || given->digits.len == NAME_ID_DIGITS);
}

static enum object_kind object_of(enum fact_kind kind)
{
    if (kind == FACT_IMAGE) {
        return OBJECT_IMAGE;
    }
    if (kind == FACT_NETWORK) {
        return OBJECT_NETWORK;
    }
    return fact_is_swarms(kind) ? OBJECT_SWARM : OBJECT_CONTAINER;
}

/* Where the engine isn't part of a swarm, it says so itself.   Source: moby daemon/cluster/errors.
 */
static bool has_no_swarm(const struct given_name *given)
{
    return fact_is_swarms(given->kind) &&
           (given->fact->status == 503 || given->fact->status == 406);
}

/* An answer without an id is about nothing that could be meant by one. */
static bool shows_no_id(struct arena *arena, struct slice body)
{
    struct json_problem why = {0};
    struct json *tree = NULL;

    return json_read_answer(body, arena, &tree, &why) == 0 && tree->type == JSON_OBJECT &&
           !json_member(tree, SLICE("Id")) && !json_member(tree, SLICE("ID"));
}

int name_meaning(struct arena *arena, const struct given_name *given, enum name_meaning *out)
{
    const struct fact *fact = given->fact;
    struct object_answer answer = {0};

    *out = NAME_UNKNOWN;
    if (!fact || fact->status == 0) {
        return 0;
    }
    if (fact->status == 404 || has_no_swarm(given)) {
        *out = NAME_FREE;
        return 0;
    }
    if (fact->status != 200) {
        return 0; // the beginning of several, in most engines' words
    }
    int err = object_answer_read(fact->body, arena, object_of(given->kind), &answer);

    if (err < 0) {
        *out = err == -EBADMSG && shows_no_id(arena, fact->body) ? NAME_FREE : NAME_UNKNOWN;
        return err == -EBADMSG ? 0 : err;
    }
    struct slice id =
        slice_starts_with(answer.id, SLICE("sha256:")) ? slice_from_index(answer.id, 7) : answer.id;

    *out = slice_starts_with(id, given->digits) ? NAME_BEGINS_AN_ID : NAME_FREE;
    return 0;
}

/*
 * Whether the engine itself gave a volume this name, as it does for volumes that an image or a
 * create leaves without one. It fills such a volume as well, and shows it before that is done.
 */
static bool is_engines_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!((name.ptr[i] >= '0' && name.ptr[i] <= '9') ||
              (name.ptr[i] >= 'a' && name.ptr[i] <= 'f'))) {
            return false;
        }
    }
    return name.len == NAME_ID_DIGITS;
}

bool tree_volume_is_engines(const struct mount_spec *mount)
{
    return mount->kind == MOUNT_VOLUME && is_engines_name(mount->source);
}

static bool has_name(const struct string_list *list, struct slice name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (slice_eq(list->item[i], name)) {
            return true;
        }
    }
    return false;
}

bool tree_volume_is_used(const struct tree_use *tree, struct slice volume)
{
    return has_name(&tree->users, volume) || !tree->users.present;
}

bool tree_volume_has_run(const struct tree_use *tree, struct slice volume)
{
    return has_name(&tree->run, volume);
}

bool tree_volume_is_of_step(const struct tree_use *tree, const struct mount_spec *mount)
{
    return tree->building && tree_volume_is_engines(mount) &&
           (has_name(&tree->steps, mount->source) || !tree->users.present);
}

bool tree_volume_is_being_filled(const struct tree_use *tree, const struct mount_spec *mount)
{
    return (tree->filling || tree->swarms) && tree_volume_is_engines(mount) &&
           !has_name(&tree->users, mount->source);
}
