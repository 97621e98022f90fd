/*
 * See container_spec.h: the tables do the reading, this file what needs more than
 * a place in the spec, and the edits.
 */
#include "docker/tables/container_spec.h"

#include <errno.h>

#include "docker/tables/container_parts.h"
#include "docker/tables/container_tables.h"
#include "docker/tables/fields.h"
#include "docker/tables/service_spec.h"

#include "base/banned.h"

int container_env_read(struct container_spec *spec)
{
    const struct json *list = json_member(spec->config, SLICE("Env"));
    struct string_pair *item = arena_alloc(spec->arena, field_count(list) * sizeof(*item));

    if (!item) {
        return -ENOMEM;
    }
    spec->env = (struct string_map){.item = item};
    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        struct string_pair *pair = &item[spec->env.count];
        slice_cut(entry->text, '=', &pair->key, &pair->value);
        spec->env.count++;
    }
    return 0;
}

void container_healthcheck_read(struct container_spec *spec)
{
    const struct json *healthcheck = json_member(spec->config, SLICE("Healthcheck"));
    const struct json *test = json_member(healthcheck, SLICE("Test"));

    int64_t interval = field_int(healthcheck, SLICE("Interval"));
    int64_t start_interval = field_int(healthcheck, SLICE("StartInterval"));

    // An empty test is the image's.
    spec->has_healthcheck = test && test->child;
    spec->healthcheck_disabled = spec->has_healthcheck && !health_test_runs(test->child->text);
    spec->health_interval = start_interval != 0 && (interval == 0 || start_interval < interval)
                                ? start_interval
                                : interval;
    spec->health_retries = field_int(healthcheck, SLICE("Retries"));
}

static int add_security_option(struct container_spec *spec, struct slice text)
{
    size_t index = spec->security_opt_count;
    struct slice field = {0};

    int err = container_field(spec->arena, "HostConfig.", "SecurityOpt", index, &field);
    if (err < 0) {
        return err;
    }
    spec->security_opt[index] = security_option_parse(field, text);
    spec->security_opt_count++;
    return 0;
}

/* Reads the list, with room for what it holds now. */
static int read_security_options(struct container_spec *spec)
{
    const struct json *list = spec->list.security_opt;
    int err = 0;

    spec->security_opt_count = 0;
    spec->security_opt = arena_alloc(spec->arena, field_count(list) * sizeof(*spec->security_opt));
    if (!spec->security_opt) {
        return -ENOMEM;
    }
    for (const struct json *entry = list ? list->child : NULL; entry && err == 0;
         entry = entry->next) {
        err = add_security_option(spec, entry->text);
    }
    return err;
}

static int container_spec_check_isolation(struct spec_reader *reader,
                                          const struct container_spec *spec)
{
    if (spec->isolation.len == 0 || slice_eq(spec->isolation, SLICE("default"))) {
        return 0;
    }
    return spec_report(reader, SPEC_PROBLEM_REFUSED, SLICE("HostConfig.Isolation"),
                       "must be empty or \"default\"");
}

/*
 * An engine up to 20.10 looks for HostConfig's fields at the top level when there
 * is no HostConfig, so there always is one. Source: runconfig/config_unix.go.
 */
static int ensure_host_config(struct container_spec *spec)
{
    if (spec->host_config) {
        return 0;
    }
    spec->host_config = json_new(spec->arena, JSON_OBJECT);
    if (!spec->host_config) {
        return -ENOMEM;
    }
    json_set(spec->tree, SLICE("HostConfig"), spec->host_config);
    return 0;
}

static void read_pids_limit(struct container_spec *spec)
{
    spec->has_pids_limit = json_member(spec->host_config, SLICE("PidsLimit")) != NULL;
}

static int read_create_parts(struct spec_reader *reader, struct container_spec *spec)
{
    container_healthcheck_read(spec);
    read_pids_limit(spec);
    spec->mac_address = field_string(spec->tree, SLICE("MacAddress")).len > 0;

    int err = container_env_read(spec);
    if (err == 0) {
        err = read_security_options(spec);
    }
    if (err == 0) {
        err = container_spec_check_isolation(reader, spec);
    }
    if (err == 0) {
        err = container_mounts_read(reader, spec, "HostConfig.");
    }
    if (err == 0) {
        err = container_devices_read(spec, "HostConfig.");
    }
    if (err == 0) {
        err = container_network_read(spec, "HostConfig.");
    }
    return err;
}

int container_spec_read_create(struct spec_reader *reader, struct json *tree,
                               struct container_spec *out)
{
    *out = (struct container_spec){.tree = tree, .config = tree, .arena = reader->arena};

    int err = fields_read(reader, &container_create_table, tree, out);
    if (err == 0) {
        err = ensure_host_config(out);
    }
    return err < 0 ? err : read_create_parts(reader, out);
}

int container_spec_read_update(struct spec_reader *reader, struct json *tree,
                               struct container_spec *out)
{
    struct container_spec spec = {
        .tree = tree, .config = tree, .host_config = tree, .arena = reader->arena};

    int err = fields_read(reader, &container_update_table, tree, &spec);
    if (err < 0) {
        return err;
    }
    read_pids_limit(&spec);
    err = container_devices_read(&spec, "");
    if (err < 0) {
        return err;
    }
    *out = spec;
    return 0;
}

int container_spec_set_user(struct container_spec *spec, struct slice user)
{
    struct json *node = json_new_string(spec->arena, user);

    if (!node) {
        return -ENOMEM;
    }
    json_set(spec->config, SLICE("User"), node);
    spec->user = node->text;
    return 0;
}

static const struct field *integer_row(struct slice name)
{
    const struct field_table *table = &container_host_config_table;

    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->field[i];
        if (slice_eq(field->name, name) && field->type == FIELD_INT &&
            field->placed == FIELD_VALUE_PLACED) {
            return field;
        }
    }
    return NULL;
}

int container_spec_set_host_int(struct container_spec *spec, struct slice name, int64_t value)
{
    if (spec->service) {
        return service_spec_set_int(spec, name, value);
    }
    const struct field *field = integer_row(name);

    if (!field) {
        return -EINVAL;
    }
    struct json *node = json_new_int(spec->arena, value);
    if (!node) {
        return -ENOMEM;
    }
    void *place = (char *)spec + field->place;
    json_set(spec->host_config, field->name, node);
    *(int64_t *)place = value;
    read_pids_limit(spec);
    return 0;
}

int container_spec_add_security_opt(struct container_spec *spec, struct slice text)
{
    if (spec->service) {
        return service_spec_add_security_opt(spec, text);
    }
    struct json *node = json_new_string(spec->arena, text);

    if (!node) {
        return -ENOMEM;
    }
    if (!spec->list.security_opt) {
        spec->list.security_opt = json_new(spec->arena, JSON_ARRAY);
        if (!spec->list.security_opt) {
            return -ENOMEM;
        }
        json_set(spec->host_config, SLICE("SecurityOpt"), spec->list.security_opt);
    }
    json_append(spec->list.security_opt, node);
    return read_security_options(spec);
}

int container_spec_write(struct buf *out, const struct container_spec *spec)
{
    return json_write(out, spec->tree);
}
