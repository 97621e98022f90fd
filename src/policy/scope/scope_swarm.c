/*
 * Scopes in a swarm: services, tasks, secrets and configs. A service hands its labels to its
 * containers and volumes, and uses networks, secrets and configs that must be inside too.
 * Source: moby daemon/cluster (helpers.go: how names are found), swarmkit manager/controlapi.
 */

#include "base/try.h"
#include "docker/tables/fields.h"
#include "docker/tables/service_spec.h"
#include "policy/lookup/judgement.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

static int refer_networks(struct judgement *judgement, struct decision *out)
{
    const struct container_spec *spec = &judgement->container;

    for (size_t i = 0; i < spec->endpoint_count; i++) {
        TRY(SCOPE_REFER(judgement, out, .kind = FACT_SWARM_NETWORK, .name = spec->endpoints[i].name,
                        .field = spec->endpoints[i].field.ptr,
                        .pin = service_spec_network(spec, i)));
    }
    return 0;
}

/* An entry without an id is for the engine to refuse. */
static int refer_files(struct judgement *judgement, struct decision *out,
                       struct scope_reference reference, struct slice list, struct slice member)
{
    const struct json *entries = json_member(judgement->container.config, list);

    for (const struct json *entry = entries ? entries->child : NULL; entry; entry = entry->next) {
        struct json *id = json_member(entry, member);

        if (id && id->text.len > 0) {
            reference.name = id->text;
            reference.pin = &id->text;
            TRY(scope_add_reference(judgement, out, &reference));
        }
    }
    return 0;
}

int scope_collect_service(struct judgement *judgement, struct decision *out)
{
    static const struct scope_reference secret = {.kind = FACT_SECRET,
                                                  .field = "TaskTemplate.ContainerSpec.Secrets"};
    static const struct scope_reference config = {.kind = FACT_CONFIG,
                                                  .field = "TaskTemplate.ContainerSpec.Configs"};

    if (judgement->container.plugin_task) {
        return scope_object(judgement, out, "use a policy without a scope",
                            "TaskTemplate.PluginSpec: a plugin cannot be restricted to a scope");
    }
    TRY(scope_refer_volumes(judgement, out));
    TRY(refer_networks(judgement, out));
    TRY(refer_files(judgement, out, secret, SLICE("Secrets"), SLICE("SecretID")));
    return refer_files(judgement, out, config, SLICE("Configs"), SLICE("ConfigID"));
}

/* The service's labels, which its tasks are listed by, and those of its containers. */
int scope_write_service(struct judgement *judgement, struct decision *out)
{
    TRY(scope_write_labels(judgement, &out->arena, judgement->container.config));
    return scope_write_container(judgement, out);
}

static bool is_swarm_list(enum operation operation)
{
    return operation == OP_SERVICES_LIST || operation == OP_TASKS_LIST ||
           operation == OP_SECRETS_LIST || operation == OP_CONFIGS_LIST;
}

/*
 * Swarm makes a map of the labels that are asked for: of two with one key either may win, and
 * one without a value fits every value. So a client's words about the scope's keys are taken
 * out. Source: moby daemon/cluster/filters.go, runconfig/opts ConvertKVStringsToMap.
 */
bool scope_clean_swarm_filters(const struct judgement *judgement, struct json *filters)
{
    struct json *filter = json_member(filters, SLICE("label"));
    struct json **link = filter ? &filter->child : NULL;
    bool inside = true;

    while (link && *link && is_swarm_list(judgement->operation)) {
        struct slice key = {0};
        struct slice value = {0};

        slice_cut((*link)->name, '=', &key, &value);
        const struct slice *own = string_map_get(&judgement->policy->scope.labels, key);

        if (own) {
            inside = inside && (value.len == 0 || slice_eq(*own, value));
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
    return inside;
}

/* Tasks of a service that isn't there are an error: names of others must look the same. */
int scope_refer_task_filters(struct judgement *judgement, struct decision *out,
                             const struct json *filters)
{
    const struct json *filter = json_member(filters, SLICE("service"));

    for (const struct json *value = filter ? filter->child : NULL; value; value = value->next) {
        TRY(SCOPE_REFER(judgement, out, .kind = FACT_SERVICE, .name = value->name));
    }
    return 0;
}
