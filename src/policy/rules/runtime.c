/*
 * A runtime is the program that builds the container, as root on the host: newer engines
 * take any shim on their PATH by its name. Annotations are passed to it and may switch
 * on what no field names.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW, ANNOTATIONS };

static const struct rule_param params[] = {
    {.name = "allow", .type = PARAM_WORDS, .preset = "runc", .doc = "runtimes that may be named"},
    {.name = "annotations",
     .type = PARAM_WORDS,
     .preset = "",
     .doc = "annotations that may be set, by their full name"},
    {0}};

enum { FIX_ANNOTATION, FIX_ISOLATION };

static const char *const fixes[] = {
    [FIX_ANNOTATION] = "remove it from --annotation",
    [FIX_ISOLATION] = "remove --isolation",
    NULL,
};

/* Podman's notes to itself, and to systemd of the end of a container, which it shows with each. */
static bool is_podmans(const struct rule_input *in, struct slice key)
{
    static const struct slice own[] = {SLICE_INIT("io.container.manager"),
                                       SLICE_INIT("org.opencontainers.image.stopSignal"),
                                       SLICE_INIT("org.systemd.property.KillSignal"),
                                       SLICE_INIT("org.systemd.property.TimeoutStopUSec")};

    for (size_t i = 0; in->existing && i < sizeof(own) / sizeof(own[0]); i++) {
        if (slice_eq(key, own[i])) {
            return true;
        }
    }
    return in->existing && slice_starts_with(key, SLICE("io.podman.annotations."));
}

static int object_annotation(struct rule_input *in, struct slice key)
{
    struct rule_remedy remedy = {
        .fix = fixes[FIX_ANNOTATION],
        .detail = rule_allowed(in, ANNOTATIONS),
        .change = {.kind = CHANGE_ADD, .param = ANNOTATIONS, .word = key},
    };

    return rule_object_remedy(in, &remedy, "HostConfig.Annotations has %.*s",
                              SLICE_ARGS(rule_show(in, key)));
}

static int judge_annotations(struct rule_input *in)
{
    for (size_t i = 0; i < in->container->annotations.count; i++) {
        struct slice key = in->container->annotations.item[i].key;

        if (!is_podmans(in, key) && !rule_allows_word(in, ANNOTATIONS, key) &&
            object_annotation(in, key) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

static bool is_isolation(struct slice isolation)
{
    return isolation.len > 0 && !slice_eq(isolation, SLICE("default"));
}

static int runtime_judge_build(struct rule_input *in)
{
    struct slice isolation = rule_build_query(in, SLICE("isolation"));

    return is_isolation(isolation) ? rule_object_fix(in, fixes[FIX_ISOLATION], "isolation is %.*s",
                                                     SLICE_ARGS(rule_show(in, isolation)))
                                   : 0;
}

static bool is_allowed(struct rule_input *in, struct slice runtime)
{
    // What Podman shows for the one that it has by itself.
    bool podman = in->existing && slice_eq(runtime, SLICE("oci"));

    return runtime.len == 0 || podman || rule_allows_word(in, ALLOW, runtime);
}

static int runtime_check(struct rule_input *in)
{
    int err = 0;

    if (!in->container) {
        return runtime_judge_build(in);
    }
    if (!is_allowed(in, in->container->runtime)) {
        err = rule_object_list(in, ALLOW, in->container->runtime, "HostConfig.Runtime is %.*s",
                               SLICE_ARGS(rule_show(in, in->container->runtime)));
    }
    if (err == 0 && is_isolation(in->container->isolation)) {
        err = rule_object_fix(in, fixes[FIX_ISOLATION], "HostConfig.Isolation is %.*s",
                              SLICE_ARGS(rule_show(in, in->container->isolation)));
    }
    return err < 0 ? err : judge_annotations(in);
}

const struct rule rule_runtime = {
    .id = "runtime",
    .summary = "Denies runtimes and annotations not in the allowlists.",
    .fix = "remove --runtime",
    .fixes = fixes,
    .judges_existing = true,
    .params = params,
    .check = runtime_check,
};
