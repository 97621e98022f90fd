/*
 * What a request leaves open and the engine knows: the user of an image, how an
 * existing volume was made. Asked right before the verdict and never remembered.
 */
#include <errno.h>

#include "docker/user.h"
#include "policy/internal.h"

#include "base/banned.h"

enum { FACT_TARGET_BYTES = 4096 };

static bool rule_is_on(const struct judgement *judgement, enum rule_index index)
{
    return judgement->policy->rule[index].level != RULE_LEVEL_OFF;
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

static int add_fact(struct decision *out, enum fact_kind kind, struct slice name,
                    struct slice target)
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
    return err < 0 ? err : add_fact(out, FACT_IMAGE, judgement->container.image, target);
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
    return err < 0 ? err : add_fact(out, FACT_VOLUME, name, target);
}

int facts_collect(const struct judgement *judgement, struct decision *out)
{
    const struct container_spec *spec = &judgement->container;
    size_t volumes = 0;
    int err = 0;

    if (judgement->read != ROUTE_BODY_CONTAINER_CREATE) {
        return 0;
    }
    if (spec->user.len == 0 &&
        (rule_is_on(judgement, RULE_run_as_root) || rule_is_on(judgement, RULE_root_group))) {
        err = add_image(judgement, out);
    }
    if (!rule_is_on(judgement, RULE_host_path_mount) &&
        !rule_is_on(judgement, RULE_volume_driver) &&
        !rule_is_on(judgement, RULE_docker_socket_mount)) {
        return err;
    }
    for (size_t i = 0; i < spec->mounts.count && err == 0; i++) {
        if (spec->mounts.item[i].kind == MOUNT_VOLUME && volumes < POLICY_MAX_VOLUME_FACTS) {
            err = add_volume(judgement, spec->mounts.item[i].source, out);
            volumes++;
        }
    }
    return err;
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
    if (fact->status == 404) {
        out->image_is_missing = true;
        return arena_copy(&decision->arena, fact->body, &out->image_missing);
    }
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
        case FACT_IMAGE:
            err = read_image(decision, fact, out);
            break;
        case FACT_VOLUME:
            err = read_volume(decision, fact, tail);
            tail = err < 0 ? tail : &(*tail)->next;
            break;
        }
    }
    return err;
}
