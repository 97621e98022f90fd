/*
 * What a request leaves open and the engine knows: the user of an image, how an
 * existing volume was made. Asked right before the verdict and never remembered.
 * Where paths of the host lead is facts_path.c's.
 */
#include <errno.h>

#include "docker/user.h"
#include "policy/internal.h"

#include "base/banned.h"

enum { FACT_TARGET_BYTES = 8192 };

bool policy_rule_is_on(const struct policy *policy, enum rule_index index)
{
    return policy->rule[index].level != RULE_LEVEL_OFF;
}

static bool rule_is_on(const struct judgement *judgement, enum rule_index index)
{
    return policy_rule_is_on(judgement->policy, index);
}

/* `kind` and then the name, as one path that is clean and stays one. */
static int fact_target(const struct judgement *judgement, const char *before, struct slice name,
                       const char *after, struct decision *out, struct slice *target)
{
    CLEANUP(buf_deinit) struct buf written = {0};
    struct slice path = {0};
    struct slice clean = {0};
    int err = arena_printf(&out->arena, &path, "%.*s%s%.*s%s", SLICE_ARGS(judgement->prefix),
                           before, SLICE_ARGS(name), after);

    if (err == 0) {
        err = path_clean(&out->arena, path, &clean);
    }
    if (err < 0) {
        return err;
    }
    // "../containers/x/json#" would ask about something else: such a name is none.
    if (!slice_eq(path, clean)) {
        return -EINVAL;
    }
    buf_init(&written, FACT_TARGET_BYTES);
    err = target_write(&written, path, NULL);
    if (err == -ENOBUFS) {
        return -EINVAL;
    }
    return err < 0 ? err : arena_copy(&out->arena, buf_slice(&written), target);
}

int fact_add(struct decision *out, enum fact_kind kind, struct slice name, struct slice target)
{
    struct fact *fact = arena_alloc(&out->arena, sizeof(*fact));
    struct fact **tail = &out->facts;

    if (!fact) {
        return -ENOMEM;
    }
    *fact = (struct fact){.kind = kind, .name = name, .target = target};
    while (*tail) {
        tail = &(*tail)->next;
    }
    *tail = fact;
    return 0;
}

/* Letters, digits and what references are made of: nothing that a path could trip over. */
static bool is_plain_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];

        if (c <= ' ' || c >= 127 || c == '?' || c == '#' || c == '%' || c == '\\') {
            return false;
        }
    }
    return name.len > 0 && name.len <= 1024;
}

/* A name that can't be asked about: the rules will find no answer, and object. */
static int add_image(const struct judgement *judgement, struct decision *out)
{
    struct slice target = {0};

    if (!is_plain_name(judgement->container.image)) {
        return 0;
    }
    int err = fact_target(judgement, "/images/", judgement->container.image, "/json", out, &target);

    if (err == -EINVAL) {
        return 0;
    }
    return err < 0 ? err : fact_add(out, FACT_IMAGE, judgement->container.image, target);
}

static bool is_asked(const struct decision *out, struct slice name)
{
    for (const struct fact *fact = out->facts; fact; fact = fact->next) {
        if (fact->kind == FACT_VOLUME && slice_eq(fact->name, name)) {
            return true;
        }
    }
    return false;
}

static int add_volume(const struct judgement *judgement, struct slice name, struct decision *out)
{
    struct slice target = {0};

    if (!is_plain_name(name) || slice_find(name, '/') < name.len || is_asked(out, name)) {
        return 0;
    }
    int err = fact_target(judgement, "/volumes/", name, "", out, &target);

    if (err == -EINVAL) {
        return 0;
    }
    return err < 0 ? err : fact_add(out, FACT_VOLUME, name, target);
}

static int add_volumes(const struct judgement *judgement, const struct container_spec *spec,
                       struct decision *out)
{
    size_t volumes = 0;

    if (!rule_is_on(judgement, RULE_host_path_mount) &&
        !rule_is_on(judgement, RULE_volume_driver) &&
        !rule_is_on(judgement, RULE_docker_socket_mount)) {
        return 0;
    }
    for (size_t i = 0; i < spec->mounts.count && volumes < POLICY_MAX_VOLUME_FACTS; i++) {
        if (spec->mounts.item[i].kind == MOUNT_VOLUME) {
            int err = add_volume(judgement, spec->mounts.item[i].source, out);

            if (err < 0) {
                return err;
            }
            volumes++;
        }
    }
    return 0;
}

/* Whether the request runs something in a container that exists, or reaches its files. */
static bool uses_existing(const struct judgement *judgement)
{
    static const enum operation uses[] = {OP_CONTAINERS_START,      OP_CONTAINERS_RESTART,
                                          OP_CONTAINERS_UNPAUSE,    OP_CONTAINERS_ATTACH,
                                          OP_EXEC_CREATE,           OP_CONTAINERS_FILES_READ,
                                          OP_CONTAINERS_FILES_WRITE};
    bool judged = false;

    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        judged = judged || (rule_at(i)->judges_existing && rule_is_on(judgement, i));
    }
    for (size_t i = 0; judged && i < sizeof(uses) / sizeof(uses[0]); i++) {
        if (judgement->operation == uses[i]) {
            return true;
        }
    }
    return false;
}

static int add_container(const struct judgement *judgement, struct decision *out)
{
    struct slice target = {0};
    int err = fact_target(judgement, "/containers/", judgement->match.name, "/json", out, &target);

    if (err == -EINVAL) {
        return -EBADMSG; // a name the route took and nobody can ask for
    }
    return err < 0 ? err : fact_add(out, FACT_CONTAINER, judgement->match.name, target);
}

static const struct fact *container_fact(const struct decision *decision)
{
    const struct fact *fact = decision->facts;

    while (fact && fact->kind != FACT_CONTAINER) {
        fact = fact->next;
    }
    return fact;
}

/* First the container, then, with its answer, the volumes it mounts. */
static int collect_existing(struct judgement *judgement, struct decision *out)
{
    const struct fact *fact = container_fact(out);

    if (!fact) {
        return add_container(judgement, out);
    }
    if (judgement->existing || fact->status == 404) {
        return 0;
    }
    struct container_answer *answer = arena_alloc(&out->arena, sizeof(*answer));

    if (!answer) {
        return -ENOMEM;
    }
    int err =
        fact->status == 200 ? container_answer_read(fact->body, &out->arena, answer) : -EBADMSG;

    if (err < 0) {
        return err;
    }
    judgement->existing = answer;
    return add_volumes(judgement, &answer->spec, out);
}

/* What only the engine knows. */
static int collect_of_engine(struct judgement *judgement, struct decision *out)
{
    const struct container_spec *spec = &judgement->container;
    int err = 0;

    if (uses_existing(judgement)) {
        return collect_existing(judgement, out);
    }
    if (judgement->read != ROUTE_BODY_CONTAINER_CREATE || out->facts) {
        return 0;
    }
    if (spec->user.len == 0 &&
        (rule_is_on(judgement, RULE_run_as_root) || rule_is_on(judgement, RULE_root_group))) {
        err = add_image(judgement, out);
    }
    return err < 0 ? err : add_volumes(judgement, spec, out);
}

int facts_collect(struct judgement *judgement, struct decision *out)
{
    int err = collect_of_engine(judgement, out);

    return err < 0 ? err : paths_collect(judgement, out);
}

bool facts_wanted(const struct decision *decision)
{
    for (const struct fact *fact = decision->facts; fact; fact = fact->next) {
        if (fact->status == 0) {
            return true;
        }
    }
    return false;
}

static int read_volume(struct decision *decision, const struct fact *fact,
                       struct known_volume **out)
{
    struct known_volume *volume = arena_alloc(&decision->arena, sizeof(*volume));

    if (!volume) {
        return -ENOMEM;
    }
    volume->name = fact->name;
    if (fact->status == 404) {
        volume->answer.driver = SLICE("local"); // the create will make it, with nothing special
    } else {
        int err = fact->status == 200
                      ? volume_answer_read(fact->body, &decision->arena, &volume->answer)
                      : -EBADMSG;

        if (err < 0) {
            return err;
        }
    }
    *out = volume;
    return 0;
}

static int read_image(struct decision *decision, const struct fact *fact, struct known_facts *out)
{
    struct image_answer *image = arena_alloc(&decision->arena, sizeof(*image));

    if (!image) {
        return -ENOMEM;
    }
    int err =
        fact->status == 200 ? image_answer_read(fact->body, &decision->arena, image) : -EBADMSG;

    if (err == 0) {
        out->image = image;
    }
    return err;
}

int facts_read(struct decision *decision, struct known_facts *out)
{
    struct known_volume **tail = &out->volumes;
    int err = 0;

    for (const struct fact *fact = decision->facts; fact && err == 0; fact = fact->next) {
        switch (fact->kind) {
        case FACT_CONTAINER:
            out->missing = fact->status == 404 ? fact : out->missing;
            break; // facts_collect() has read it
        case FACT_IMAGE:
            if (fact->status == 404) {
                out->missing = fact;
                break;
            }
            err = read_image(decision, fact, out);
            break;
        case FACT_VOLUME:
            err = read_volume(decision, fact, tail);
            tail = err < 0 ? tail : &(*tail)->next;
            break;
        case FACT_PATH:
            break; // rule_path() finds it
        }
    }
    return err;
}
