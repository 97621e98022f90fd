/*
 * See network_spec.h.
 */
#include "docker/tables/network_spec.h"

#include "base/try.h"
#include "docker/tables/container_parts.h"
#include "docker/tables/fields.h"

#include "base/banned.h"

int connect_spec_read(struct arena *arena, const struct json *tree, struct connect_spec *out)
{
    struct connect_spec spec = {.container = field_string(tree, SLICE("Container"))};

    spec.endpoint.field = SLICE("EndpointConfig");
    TRY(container_endpoint_read(arena, json_member(tree, SLICE("EndpointConfig")), &spec.endpoint));
    *out = spec;
    return 0;
}

int network_spec_set_option(struct arena *arena, struct network_spec *spec, struct slice key,
                            struct slice value)
{
    struct json *options = json_member(spec->tree, SLICE("Options"));
    struct json *node = json_new_string(arena, value);

    TRY_ALLOC(node);
    if (!options) {
        options = json_new(arena, JSON_OBJECT);
        TRY_ALLOC(options);
        json_set(spec->tree, SLICE("Options"), options);
    }
    json_set(options, key, node);
    return field_string_map(arena, options, &spec->options);
}
