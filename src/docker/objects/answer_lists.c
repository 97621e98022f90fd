/*
 * See answer_lists.h. What a row does not open comes whole, so that nothing is lost where the
 * engine answers something else: null for an empty list, an object for an error.
 */
#include "docker/objects/answer_lists.h"

#include "base/banned.h"

static bool answer_lists_is_one_of(struct slice name, const struct slice *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq(name, list[i])) {
            return true;
        }
    }
    return false;
}
#define IS_ONE_OF(name, list) answer_lists_is_one_of(name, list, sizeof(list) / sizeof((list)[0]))

static bool opens_list(const struct json_split *split, char bracket)
{
    return split->depth == 0 && bracket == '[';
}

bool answer_opens_object(const struct json_split *split, char bracket)
{
    return split->depth == 0 && bracket == '{';
}

/* {"Volumes": […], "Warnings": […]} */
static bool opens_volumes(const struct json_split *split, char bracket)
{
    return answer_opens_object(split, bracket) ||
           (split->depth == 1 && bracket == '[' && slice_eq(split->name, SLICE("Volumes")));
}

/* {"Images": […], …}, and {"ImageUsage": {"Items": […], …}, …} */
static bool opens_usage(const struct json_split *split, char bracket)
{
    static const struct slice lists[] = {SLICE_INIT("Images"), SLICE_INIT("Containers"),
                                         SLICE_INIT("Volumes"), SLICE_INIT("BuildCache")};
    static const struct slice holders[] = {SLICE_INIT("ImageUsage"), SLICE_INIT("ContainerUsage"),
                                           SLICE_INIT("VolumeUsage"),
                                           SLICE_INIT("BuildCacheUsage")};

    switch (split->depth) {
    case 0:
        return bracket == '{';
    case 1:
        return bracket == '[' ? IS_ONE_OF(split->name, lists) : IS_ONE_OF(split->name, holders);
    default:
        return split->depth == 2 && bracket == '[' && slice_eq(split->name, SLICE("Items"));
    }
}

// clang-format off
static json_split_opens *const lists[OP_COUNT] = {
    [OP_CONTAINERS_LIST] = opens_list,
    [OP_IMAGES_LIST]     = opens_list,
    [OP_IMAGES_HISTORY]  = opens_list,
    [OP_NETWORKS_LIST]   = opens_list,
    [OP_VOLUMES_LIST]    = opens_volumes,
    [OP_SERVICES_LIST]   = opens_list,
    [OP_TASKS_LIST]      = opens_list,
    [OP_SECRETS_LIST]    = opens_list,
    [OP_CONFIGS_LIST]    = opens_list,
    [OP_PLUGINS_LIST]    = opens_list,
    [OP_SYSTEM_DF]       = opens_usage,
};
// clang-format on

json_split_opens *answer_lists(enum operation operation)
{
    return lists[operation];
}

unsigned answer_names_object(struct slice member)
{
    static const struct slice names[] = {SLICE_INIT("Id"), SLICE_INIT("ID"), SLICE_INIT("Name"),
                                         SLICE_INIT("Names"), SLICE_INIT("RepoTags")};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_eq(member, names[i])) {
            return 1U << i;
        }
    }
    return 0;
}

bool answer_opens_owner(const struct json_split *split, char bracket)
{
    static const struct slice holders[] = {SLICE_INIT("Config"), SLICE_INIT("Spec"),
                                           SLICE_INIT("HostConfig"), SLICE_INIT("Labels")};

    switch (split->depth) {
    case 0:
        return bracket == '{';
    case 1:
        return bracket == '{' && IS_ONE_OF(split->name, holders);
    default:
        return split->depth == 2 && bracket == '{' && slice_eq(split->name, SLICE("Labels"));
    }
}

/* Image and LogConfig tell what a build left behind: container_is_left_by_build(). */
bool answer_says_what(struct slice member)
{
    static const struct slice names[] = {
        SLICE_INIT("Id"),        SLICE_INIT("ID"),    SLICE_INIT("Name"),     SLICE_INIT("Driver"),
        SLICE_INIT("ServiceID"), SLICE_INIT("Image"), SLICE_INIT("LogConfig")};

    return IS_ONE_OF(member, names);
}
