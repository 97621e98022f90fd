/*
 * A container that is called like the beginning of another's id is what the others stop, enter or
 * copy from when they say that id, and an image so called is what they run. So what clients
 * show as an id (12 digits, or all 64) is no name, whether there is such an object or not: an
 * image's id is known before the image is here, and a container's is remembered when it is
 * gone. What may only be the beginning of one ("cafe", a commit's 40 digits) is a name unless an id
 * begins so.
 */
#include "base/try.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static int id_like_name_judge_name(struct rule_input *in, const struct given_name *given)
{
    enum name_meaning meaning = NAME_UNKNOWN;
    const char *why = NULL;

    if (name_is_written_like_an_id(given)) {
        why = "looks like an id";
    } else {
        TRY(name_meaning(in->arena, given, &meaning));
        switch (meaning) {
        case NAME_FREE:
            return 0;
        case NAME_BEGINS_AN_ID:
            why = "is the prefix of an id";
            break;
        case NAME_UNKNOWN:
            why = in->facts_missing ? NULL : "may be the prefix of an id";
            break;
        }
    }
    return why ? rule_object(in, "%s: %.*s %s", given->field,
                             SLICE_ARGS(rule_show(in, given->text)), why)
               : 0;
}

static int id_like_name_check(struct rule_input *in)
{
    for (const struct given_name *given = in->names; given; given = given->next) {
        TRY(id_like_name_judge_name(in, given));
    }
    return 0;
}

const struct rule rule_id_like_name = {
    .id = "id_like_name",
    .summary = "Denies names that an engine may take for the id of another object.",
    .fix = "choose a name with a hyphen in it, or a letter after f",
    .needs = NEED_NAMES,
    .check = id_like_name_check,
};
