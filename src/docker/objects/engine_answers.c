/*
 * See engine_answers.h. Only what is needed is looked at, and that has to have its type.
 */
#include "docker/objects/engine_answers.h"

#include <errno.h>

#include "base/try.h"

#include "base/banned.h"

enum { ID_DIGITS = 64 };

bool engine_id_is_full(struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return id.len == ID_DIGITS;
}

static int engine_answers_read_object(struct slice body, struct arena *arena, struct json **out)
{
    struct json_problem why = {0};

    TRY(json_read_answer(body, arena, out, &why));
    return (*out)->type == JSON_OBJECT ? 0 : -EBADMSG;
}

/* Absent is empty. */
static int take_string(const struct json *object, struct slice name, struct slice *out)
{
    const struct json *node = json_member(object, name);

    if (node && node->type != JSON_STRING) {
        return -EBADMSG;
    }
    *out = node ? node->text : (struct slice){0};
    return 0;
}

int exec_answer_read(struct slice body, struct arena *arena, struct exec_answer *out)
{
    struct exec_answer answer = {0};
    struct json *exec = NULL;

    TRY(engine_answers_read_object(body, arena, &exec));
    TRY(take_string(exec, SLICE("ContainerID"), &answer.container));
    const struct json *process = json_member(exec, SLICE("ProcessConfig"));
    const struct json *privileged = json_member(process, SLICE("privileged"));

    if (!process || process->type != JSON_OBJECT || !engine_id_is_full(answer.container)) {
        return -EBADMSG;
    }
    if (privileged && privileged->type != JSON_TRUE && privileged->type != JSON_FALSE &&
        privileged->type != JSON_NULL) {
        return -EBADMSG;
    }
    answer.privileged = privileged && privileged->type == JSON_TRUE;
    TRY(take_string(process, SLICE("user"), &answer.user));
    *out = answer;
    return 0;
}

int network_answer_read(struct slice body, struct arena *arena, struct network_answer *out)
{
    struct network_answer answer = {0};
    struct json *network = NULL;

    TRY(engine_answers_read_object(body, arena, &network));
    TRY(take_string(network, SLICE("Id"), &answer.id));
    TRY(take_string(network, SLICE("Name"), &answer.name));
    TRY(take_string(network, SLICE("Driver"), &answer.driver));
    if (answer.name.len == 0) {
        return -EBADMSG;
    }
    *out = answer;
    return 0;
}

/* Source: moby api/types/swarm Info, LocalNodeState. */
int info_answer_read(struct slice body, struct arena *arena, struct info_answer *out)
{
    struct json *info = NULL;
    struct slice state = {0};

    TRY(engine_answers_read_object(body, arena, &info));
    const struct json *swarm = json_member(info, SLICE("Swarm"));

    TRY(take_string(swarm, SLICE("LocalNodeState"), &state));
    *out = (struct info_answer){.no_swarm = slice_eq(state, SLICE("inactive"))};
    return 0;
}
