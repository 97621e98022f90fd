/*
 * The table of references, held against everything that a request can say: what names an object
 * has a row, what has none is known to name nothing, and each row does what it says.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "docker/tables/container_tables.h"
#include "docker/tables/other_specs.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/model/scope_data.h"
#include "policy/scope/references.h"
#include "policy/scope/scope.h"
#include "sockade/evaluate.h"

enum { PATH_MAX_BYTES = 256 };

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static bool has_word(const char *words, struct slice word)
{
    struct slice rest = slice_from(words);

    while (rest.len > 0) {
        struct slice next = {0};

        slice_cut(rest, ' ', &next, &rest);
        if (slice_eq(next, word)) {
            return true;
        }
    }
    return false;
}

/* Keys that name no object of the engine, in whatever operation. */
static const char *const plain_keys =
    "dir follow stdout stderr until timestamps tail details all limit size path ps_args stream "
    "one-shot detachKeys logs stdin signal t platform checkpoint checkpoint-dir condition h w "
    "comment author pause changes noOverwriteDirNonDir copyUIDGID v force link digests "
    "shared-size manifests identity term type statement quiet fromSrc message noprune platforms "
    "verbose version dockerfile remote q nocache pull rm forcerm memory memswap cpushares "
    "cpusetcpus cpusetmems cpuperiod cpuquota cgroupparent extrahosts securityopt buildargs "
    "shmsize squash labels target outputs session buildid isolation ulimits status "
    "insertDefaults registryAuthFrom rollback scope";

static bool has_key_row(enum operation operation, struct slice key)
{
    size_t count = 0;
    const struct reference *row = references_all(&count);

    for (size_t i = 0; i < count; i++) {
        if (row[i].place == REFERENCE_IN_QUERY && row[i].operation == operation &&
            slice_eq(slice_from(row[i].name), key)) {
            return true;
        }
    }
    return false;
}

/* `t` is the time that a stop takes, and an image's name of a build. */
static bool is_plain_key(enum operation operation, struct slice key)
{
    return has_word(plain_keys, key) &&
           !(operation == OP_BUILD_CLASSIC && slice_eq(key, SLICE("t")));
}

Test(references, each_key_of_each_route_is_a_reference_or_names_nothing)
{
    size_t count = 0;
    const struct route *route = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        struct slice rest = slice_from(route[i].query);

        while (rest.len > 0 && scope_allows(route[i].operation)) {
            struct slice key = {0};

            slice_cut(rest, ' ', &key, &rest);
            key.len -= slice_ends_with(key, SLICE("*")) ? 1 : 0;
            if (slice_starts_with(key, SLICE("-")) || slice_starts_with(key, SLICE("!"))) {
                continue;
            }
            // The import is the pull's row, without fromImage.
            bool row = has_key_row(route[i].operation, key) ||
                       (route[i].operation == OP_IMAGES_PULL && has_key_row(OP_IMAGES_IMPORT, key));

            cr_expect(row || is_plain_key(route[i].operation, key),
                      "%s %s: is the key %.*s a reference? give it a row in references.c, or list "
                      "it here",
                      route[i].method, route[i].path, SLICE_ARGS(key));
        }
    }
}

Test(references, each_name_in_a_path_is_pinned_or_its_operation_refused)
{
    size_t count = 0;
    const struct route *route = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        struct slice path = slice_from(route[i].path);
        struct reference found = {0};

        if (slice_find(path, '{') == path.len) {
            continue;
        }
        cr_expect(reference_of_path(route[i].operation, &found) &&
                      scope_allows(route[i].operation) == (found.pin != REFERENCE_REFUSED),
                  "%s %s: how is the name pinned?", route[i].method, route[i].path);
    }
}

/* Fields, by their own names, that hold text and name no object of the engine. */
static const char *const plain_fields =
    "Aliases Annotations Architecture Args AuxiliaryAddresses Availability CapAdd CapDrop "
    "Capabilities CapabilityAdd CapabilityDrop CgroupParent CgroupPermissions CheckpointID Cmd "
    "Command Condition ConfigName Consistency Constraints CpusetCpus CpusetMems Data DetachKeys "
    "DeviceCgroupRules DeviceIDs Dir Dns DnsOptions DnsSearch Domainname DriverOpts Entrypoint "
    "Env ExposedPorts ExtraHosts FailureAction FsType GID Gateway GroupAdd Groups HostIp HostPort "
    "Hostname Hosts IPRange IPv4Address IPv6Address Isolation Key Kind Labels Level LinkLocalIPs "
    "MacAddress MaskedPaths MountFlags Nameservers OS OnBuild Options Order Path PathInContainer "
    "PathOnHost PortBindings Profile Propagation Protocol PublishMode ReadonlyPaths Role Runtime "
    "Scope Search SecretName SecurityOpt Segments Sharing Shell SpreadDescriptor StopSignal "
    "StorageOpt Subnet Subpath Sysctls Test Tmpfs Type UID User Value VolumeDriver Volumes "
    "WorkingDir Driver "
    "username password auth email serveraddress identitytoken registrytoken description value env";

/* Fields of names that are references elsewhere, by their whole paths. */
static const char *const plain_paths =
    "HostConfig.LogConfig.Config HostConfig.RestartPolicy.Name HostConfig.Ulimits[].Name "
    "HostConfig.Mounts[].Target HostConfig.Mounts[].VolumeOptions.DriverConfig.Name "
    "Ulimits[].Name RestartPolicy.Name "
    "TaskTemplate.ContainerSpec.Privileges.Seccomp.Mode "
    "TaskTemplate.ContainerSpec.Privileges.AppArmor.Mode "
    "TaskTemplate.ContainerSpec.Mounts[].Target "
    "TaskTemplate.ContainerSpec.Mounts[].VolumeOptions.DriverConfig.Name "
    "TaskTemplate.ContainerSpec.Secrets[].File.Name TaskTemplate.ContainerSpec.Configs[].File.Name "
    "TaskTemplate.ContainerSpec.Ulimits[].Name TaskTemplate.LogDriver.Name EndpointSpec.Mode "
    "EndpointSpec.Ports[].Name TaskTemplate.PluginSpec.privileges[].name";

struct body_row {
    enum route_body body;
    enum operation operation;
};

static bool has_field_row(enum route_body body, struct slice path)
{
    size_t count = 0;
    const struct reference *row = references_all(&count);

    for (size_t i = 0; i < count; i++) {
        if (row[i].place == REFERENCE_IN_BODY && row[i].body == body &&
            slice_eq(slice_from(row[i].name), path)) {
            return true;
        }
    }
    return false;
}

static bool holds_text(const struct field *field)
{
    bool sent = field->use == FIELD_HARMLESS || field->use == FIELD_JUDGED;

    return sent && (field->key != TEXT_NONE || field->value != TEXT_NONE);
}

/* What is written into an image's configuration by a commit is read by nobody. */
static bool is_plain_field(enum route_body body, struct slice path, struct slice name)
{
    return has_word(plain_fields, name) || has_word(plain_paths, path) ||
           (body == ROUTE_BODY_COMMIT && slice_eq(path, SLICE("Image")));
}

static const char *below(enum field_type type)
{
    return type == FIELD_OBJECTS       ? "[]"
           : type == FIELD_OBJECT_MAP  ? "{}"
           : type == FIELD_OBJECTS_MAP ? "{}[]"
                                       : "";
}

// NOLINTNEXTLINE(misc-no-recursion)
static void expect_fields(enum route_body body, const char *prefix, const struct field_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->field[i];
        char path[PATH_MAX_BYTES];
        char inner[PATH_MAX_BYTES + 8];

        snprintf(path, sizeof(path), "%s%.*s", prefix, SLICE_ARGS(field->name));
        cr_expect(!holds_text(field) || has_field_row(body, slice_from(path)) ||
                      is_plain_field(body, slice_from(path), field->name),
                  "body %d: is the field %s a reference? give it a row in references.c, or list it "
                  "here",
                  (int)body, path);
        if (field->table) {
            snprintf(inner, sizeof(inner), "%s%s.", path, below(field->type));
            expect_fields(body, inner, field->table);
        }
    }
}

Test(references, each_field_of_each_body_is_a_reference_or_names_nothing)
{
    size_t count = 0;
    const struct route *route = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        const struct field_table *table = spec_table(route[i].body);

        if (table && scope_allows(route[i].operation)) {
            expect_fields(route[i].body, "", table);
        }
    }
}

/* Whether the field is there, so that no row outlives what it is about. */
// NOLINTNEXTLINE(misc-no-recursion)
static bool has_field(const struct field_table *table, const char *prefix, const char *wanted)
{
    bool found = false;

    for (size_t i = 0; i < table->count && !found; i++) {
        const struct field *field = &table->field[i];
        char path[PATH_MAX_BYTES];
        char inner[PATH_MAX_BYTES + 8];

        snprintf(path, sizeof(path), "%s%.*s", prefix, SLICE_ARGS(field->name));
        snprintf(inner, sizeof(inner), "%s%s.", path, below(field->type));
        found =
            strcmp(path, wanted) == 0 || (field->table && has_field(field->table, inner, wanted));
    }
    return found;
}

Test(references, each_row_is_about_something_that_exists)
{
    size_t count = 0;
    size_t routes = 0;
    const struct reference *row = references_all(&count);
    const struct route *route = routes_all(&routes);

    for (size_t i = 0; i < count; i++) {
        bool found = row[i].place == REFERENCE_IN_BODY &&
                     has_field(spec_table(row[i].body), "", row[i].name);

        for (size_t j = 0; j < routes && row[i].place == REFERENCE_IN_QUERY && !found; j++) {
            enum operation operation =
                row[i].operation == OP_IMAGES_IMPORT ? OP_IMAGES_PULL : row[i].operation;

            found = route[j].operation == operation &&
                    route_query_key(&route[j], slice_from(row[i].name)) != QUERY_KEY_UNKNOWN;
        }
        cr_expect(found, "%s: %s is in no table", operation_name(row[i].operation), row[i].name);
        cr_expect(row[i].pin == REFERENCE_NONE || reference_pin_meaning(row[i].pin)[0] != '\0');
    }
}

/* A request that refers to "thing", for a row that says that it is looked up. */
struct sample {
    enum operation operation;
    const char *name; /* of the row */
    const char *object;
    const char *target; /* behind POST /v1.41 */
    const char *body;   /* NULL: none */
};

// clang-format off
#define CREATE "/containers/create"
#define SERVICE "/services/create"
static const struct sample samples[] = {
    {OP_CONTAINERS_COMMIT, "container", "container", "/commit?container=thing", "{}"},
    {OP_CONTAINERS_COMMIT, "repo", "image", "/commit?container=c&repo=thing", "{}"},
    {OP_CONTAINERS_COMMIT, "tag", "image", "/commit?container=c&repo=a&tag=thing", "{}"},
    {OP_IMAGES_SAVE, "names", "image", "/images/get?names=thing:1", NULL},
    {OP_IMAGES_PULL, "fromImage", "image", "/images/create?fromImage=thing&tag=1", NULL},
    {OP_IMAGES_PULL, "tag", "image", "/images/create?fromImage=a&tag=thing", NULL},
    {OP_IMAGES_IMPORT, "repo", "image", "/images/create?fromSrc=-&repo=thing", NULL},
    {OP_IMAGES_IMPORT, "tag", "image", "/images/create?fromSrc=-&repo=a&tag=thing", NULL},
    {OP_IMAGES_TAG, "repo", "image", "/images/a/tag?repo=thing", NULL},
    {OP_IMAGES_TAG, "tag", "image", "/images/a/tag?repo=a&tag=thing", NULL},
    {OP_IMAGES_PUSH, "tag", "image", "/images/a/push?tag=thing", NULL},
    {OP_BUILD_CLASSIC, "t", "image", "/build?t=thing", NULL},
    {OP_BUILD_CLASSIC, "networkmode", "network", "/build?networkmode=thing", NULL},
    {OP_BUILD_CLASSIC, "networkmode", "container", "/build?networkmode=container:thing", NULL},
    {OP_CONTAINERS_CREATE, "HostConfig.Binds", "volume", CREATE, "{\"HostConfig\":{\"Binds\":[\"thing:/a\"]}}"},
    {OP_CONTAINERS_CREATE, "HostConfig.Mounts[].Source", "volume", CREATE,
     "{\"HostConfig\":{\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"thing\",\"Target\":\"/a\"}]}}"},
    {OP_CONTAINERS_CREATE, "HostConfig.NetworkMode", "network", CREATE, "{\"HostConfig\":{\"NetworkMode\":\"thing\"}}"},
    {OP_CONTAINERS_CREATE, "HostConfig.NetworkMode", "container", CREATE, "{\"HostConfig\":{\"NetworkMode\":\"container:thing\"}}"},
    {OP_CONTAINERS_CREATE, "HostConfig.PidMode", "container", CREATE, "{\"HostConfig\":{\"PidMode\":\"container:thing\"}}"},
    {OP_CONTAINERS_CREATE, "HostConfig.IpcMode", "container", CREATE, "{\"HostConfig\":{\"IpcMode\":\"container:thing\"}}"},
    {OP_CONTAINERS_CREATE, "HostConfig.UTSMode", "container", CREATE, "{\"HostConfig\":{\"UTSMode\":\"container:thing\"}}"},
    {OP_CONTAINERS_CREATE, "HostConfig.UsernsMode", "container", CREATE, "{\"HostConfig\":{\"UsernsMode\":\"container:thing\"}}"},
    {OP_CONTAINERS_CREATE, "HostConfig.CgroupnsMode", "container", CREATE, "{\"HostConfig\":{\"CgroupnsMode\":\"container:thing\"}}"},
    {OP_CONTAINERS_CREATE, "HostConfig.Cgroup", "container", CREATE, "{\"HostConfig\":{\"Cgroup\":\"container:thing\"}}"},
    {OP_CONTAINERS_CREATE, "HostConfig.VolumesFrom", "container", CREATE, "{\"HostConfig\":{\"VolumesFrom\":[\"thing:ro\"]}}"},
    {OP_CONTAINERS_CREATE, "HostConfig.Links", "container", CREATE, "{\"HostConfig\":{\"Links\":[\"thing:db\"]}}"},
    {OP_CONTAINERS_CREATE, "NetworkingConfig.EndpointsConfig", "network", CREATE, "{\"NetworkingConfig\":{\"EndpointsConfig\":{\"thing\":{}}}}"},
    {OP_CONTAINERS_CREATE, "NetworkingConfig.EndpointsConfig{}.Links", "container", CREATE,
     "{\"NetworkingConfig\":{\"EndpointsConfig\":{\"bridge\":{\"Links\":[\"thing:db\"]}}}}"},
    {OP_VOLUMES_CREATE, "Name", "volume", "/volumes/create", "{\"Name\":\"thing\"}"},
    {OP_NETWORKS_CREATE, "Name", "network", "/networks/create", "{\"Name\":\"thing\"}"},
    {OP_NETWORKS_CREATE, "ConfigFrom.Network", "network", "/networks/create", "{\"ConfigFrom\":{\"Network\":\"thing\"}}"},
    {OP_NETWORKS_CONNECT, "Container", "container", "/networks/n/connect", "{\"Container\":\"thing\"}"},
    {OP_NETWORKS_CONNECT, "EndpointConfig.Links", "container", "/networks/n/connect",
     "{\"Container\":\"c\",\"EndpointConfig\":{\"Links\":[\"thing:db\"]}}"},
    {OP_NETWORKS_DISCONNECT, "Container", "container", "/networks/n/disconnect", "{\"Container\":\"thing\"}"},
    {OP_SERVICES_CREATE, "Networks[].Target", "network", SERVICE, "{\"Networks\":[{\"Target\":\"thing\"}]}"},
    {OP_SERVICES_CREATE, "TaskTemplate.Networks[].Target", "network", SERVICE, "{\"TaskTemplate\":{\"Networks\":[{\"Target\":\"thing\"}]}}"},
    {OP_SERVICES_CREATE, "TaskTemplate.ContainerSpec.Mounts[].Source", "volume", SERVICE,
     "{\"TaskTemplate\":{\"ContainerSpec\":{\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"thing\",\"Target\":\"/a\"}]}}}"},
    {OP_SERVICES_CREATE, "TaskTemplate.ContainerSpec.Secrets[].SecretID", "secret", SERVICE,
     "{\"TaskTemplate\":{\"ContainerSpec\":{\"Secrets\":[{\"SecretID\":\"thing\"}]}}}"},
    {OP_SERVICES_CREATE, "TaskTemplate.ContainerSpec.Configs[].ConfigID", "config", SERVICE,
     "{\"TaskTemplate\":{\"ContainerSpec\":{\"Configs\":[{\"ConfigID\":\"thing\"}]}}}"},
};
// clang-format on

#define LABELS(owner) "\"Labels\":{\"io.sockade.owner\":\"" owner "\"}"
#define OBJECT(name, owner)                                                                    \
    "{\"Id\":\"" ID "\",\"ID\":\"" ID "\",\"Name\":\"" name "\",\"Driver\":\"local\"," LABELS( \
        owner) ",\"Config\":{" LABELS(owner) "},\"Spec\":{" LABELS(owner) "},\"HostConfig\":{}}"

struct trial {
    struct policy *policy;
    struct policy_request request;
    struct decision decision;
    const char *thing; /* what the engine answers about it; NULL: there is none */
    bool asked;        /* about the thing */
    bool held;
    size_t questions; /* about it, in a row */
};

/* An `open` policy, so that no rule says anything, with a scope that may give any name. */
static void set_up(struct trial *trial)
{
    static struct string_pair own = {SLICE_INIT("io.sockade.owner"), SLICE_INIT("case")};
    static struct string_pair other = {SLICE_INIT("io.sockade.owner"), SLICE_INIT("other")};
    static struct string_map foreign = {.item = &other, .count = 1};
    static struct slice any = SLICE_INIT("*");

    *trial = (struct trial){.policy = policy_create(SLICE("case"), BASE_OPEN)};
    cr_assert_not_null(trial->policy);
    trial->policy->scope = (struct scope){.on = true,
                                          .names_held = true,
                                          .owner = true,
                                          .image_names = {.item = &any, .count = 1},
                                          .labels = {.item = &own, .count = 1},
                                          .foreign = &foreign,
                                          .foreign_count = 1};
    decision_init(&trial->decision);
}

static bool is_the_thing(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (slice_starts_with(slice_from_index(text, i), SLICE("thing"))) {
            return true;
        }
    }
    return false;
}

static void look_up(void *context, struct decision *decision, struct fact *fact)
{
    struct trial *trial = context;
    bool about = is_the_thing(fact->name);

    (void)decision;
    trial->questions += about;
    trial->asked = trial->asked || about;
    fact->status = about && !trial->thing ? 404 : 200;
    fact->body = slice_from(about && trial->thing ? trial->thing : OBJECT("x", "case"));
    if (fact->kind == FACT_IMAGE && !about) {
        fact->body = SLICE("{\"Id\":\"sha256:" ID "\",\"Config\":{" LABELS("case") "}}");
    }
}

static bool hold(void *context, struct decision *decision)
{
    struct trial *trial = context;

    for (struct decision_hold *hold = decision->holds; hold; hold = hold->next) {
        trial->held = trial->held || is_the_thing(hold->key);
    }
    return false;
}

static void run(struct trial *trial, const struct sample *sample, const char *thing)
{
    char target[PATH_MAX_BYTES];

    snprintf(target, sizeof(target), "/v1.41%s", sample->target);
    trial->request = (struct policy_request){
        .method = slice_from(sample->operation == OP_IMAGES_SAVE ? "GET" : "POST"),
        .target = slice_from(target),
        .request_id = SLICE("R1"),
        .has_body = sample->body != NULL,
        .content_type = slice_from(sample->body ? "application/json" : "")};
    struct evaluate_source source = {look_up, hold, trial};

    trial->thing = thing;
    policy_evaluate(trial->policy, &trial->request, slice_from(sample->body), &source,
                    &trial->decision);
}

static void tear_down(struct trial *trial)
{
    decision_deinit(&trial->decision);
    policy_unref(trial->policy);
}

static bool sends(const struct trial *trial, bool (*what)(struct slice text))
{
    return what(trial->decision.forward_target) || what(trial->decision.forward_body);
}

static bool has_id(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (slice_starts_with(slice_from_index(text, i), SLICE(ID))) {
            return true;
        }
    }
    return false;
}

static void expect_own(const struct sample *sample, enum reference_pin pin)
{
    bool holds = pin == REFERENCE_HELD || pin == REFERENCE_GIVEN || pin == REFERENCE_PULLED;
    struct trial trial;

    set_up(&trial);
    run(&trial, sample, OBJECT("thing", "case"));
    cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW, "%s %s: %.*s", sample->target, sample->name,
                 SLICE_ARGS(trial.decision.answer));
    cr_expect(trial.asked, "%s %s: not looked up", sample->target, sample->name);
    cr_expect_eq(trial.held, holds, "%s %s: held %d", sample->target, sample->name, trial.held);
    // Held, it is looked at once more: what it was before says nothing.
    cr_expect_eq(trial.questions, holds && pin != REFERENCE_PULLED ? 2U : 1U,
                 "%s %s: %zu questions", sample->target, sample->name, trial.questions);
    if (pin == REFERENCE_BY_ID) {
        cr_expect(sends(&trial, has_id) && !sends(&trial, is_the_thing), "%s %s: sent %.*s %.*s",
                  sample->target, sample->name, SLICE_ARGS(trial.decision.forward_target),
                  SLICE_ARGS(trial.decision.forward_body));
    }
    tear_down(&trial);
}

static void expect_others(const struct sample *sample, enum reference_pin pin)
{
    struct trial trial;

    set_up(&trial);
    run(&trial, sample, OBJECT("thing", "other"));
    cr_expect_eq(trial.decision.verdict, VERDICT_DENY, "%s %s: another's may be meant",
                 sample->target, sample->name);
    tear_down(&trial);
    set_up(&trial);
    run(&trial, sample, NULL);

    bool makes = pin == REFERENCE_GIVEN || pin == REFERENCE_PULLED ||
                 (sample->operation == OP_CONTAINERS_CREATE && pin == REFERENCE_HELD);

    cr_expect_eq(trial.decision.verdict == VERDICT_ALLOW, makes, "%s %s: one that is not there",
                 sample->target, sample->name);
    tear_down(&trial);
}

/* Those that are looked up: by the name that the request says. */
static bool needs_sample(enum reference_pin pin)
{
    return pin != REFERENCE_REFUSED && pin != REFERENCE_NEW && pin != REFERENCE_SHARED &&
           pin != REFERENCE_FILTER && pin != REFERENCE_NONE;
}

Test(references, each_row_does_what_it_says)
{
    size_t count = 0;
    const struct reference *row = references_all(&count);

    for (size_t i = 0; i < count; i++) {
        size_t at = 0;

        while (at < sizeof(samples) / sizeof(samples[0]) &&
               (samples[at].operation != row[i].operation ||
                strcmp(samples[at].name, row[i].name) != 0 ||
                strcmp(samples[at].object, row[i].object) != 0)) {
            at++;
        }
        if (!needs_sample(row[i].pin)) {
            continue;
        }
        cr_assert_lt(at, sizeof(samples) / sizeof(samples[0]), "%s %s has no sample",
                     operation_name(row[i].operation), row[i].name);
        expect_own(&samples[at], row[i].pin);
        expect_others(&samples[at], row[i].pin);
    }
}
