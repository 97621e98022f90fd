/*
 * Devices, limits, ports and networks of a container body.
 */
#include "docker/tables/container_parts.h"

#include "base/try.h"
#include "docker/tables/fields.h"

#include "base/banned.h"

/* A key in a message: enough of it to be recognised. */
enum { KEY_SHOWN = 64 };

int container_field(struct arena *arena, const char *prefix, const char *name, size_t index,
                    struct slice *out)
{
    char digits[24];
    size_t at = sizeof(digits);

    do {
        at--;
        digits[at] = (char)('0' + index % 10);
        index /= 10;
    } while (index > 0);
    return container_field_key(arena, prefix, name,
                               (struct slice){digits + at, sizeof(digits) - at}, out);
}

int container_field_key(struct arena *arena, const char *prefix, const char *name, struct slice key,
                        struct slice *out)
{
    return arena_join(arena,
                      ARENA_PARTS(slice_from(prefix), slice_from(name), SLICE("["),
                                  slice_head(key, KEY_SHOWN), SLICE("]")),
                      out);
}

/* As the engine: the first '=' if there is any, else the first ':'.
 * Source: moby daemon/daemon_unix.go, parseSecurityOpt. */
struct security_option security_option_parse(struct slice field, struct slice text)
{
    struct security_option option = {.field = field, .text = text};
    char separator = slice_find(text, '=') < text.len ? '=' : ':';

    option.has_value = slice_cut(text, separator, &option.key, &option.value);
    return option;
}

static int read_devices(struct container_spec *spec, const char *prefix)
{
    const struct json *list = spec->list.devices;

    spec->devices = arena_alloc(spec->arena, field_count(list) * sizeof(*spec->devices));
    TRY_ALLOC(spec->devices);
    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        struct device_spec *device = &spec->devices[spec->device_count];
        device->path_on_host = field_string(entry, SLICE("PathOnHost"));
        device->path_in_container = field_string(entry, SLICE("PathInContainer"));
        device->permissions = field_string(entry, SLICE("CgroupPermissions"));
        TRY(container_field(spec->arena, prefix, "Devices", spec->device_count, &device->field));
        spec->device_count++;
    }
    return 0;
}

static int read_device_request(struct arena *arena, const struct json *entry,
                               struct device_request_spec *request)
{
    request->driver = field_string(entry, SLICE("Driver"));
    request->count = field_int(entry, SLICE("Count"));
    TRY(field_strings(arena, json_member(entry, SLICE("DeviceIDs")), &request->ids));
    return field_string_map(arena, json_member(entry, SLICE("Options")), &request->options);
}

static int read_device_requests(struct container_spec *spec, const char *prefix)
{
    const struct json *list = spec->list.device_requests;

    spec->device_requests =
        arena_alloc(spec->arena, field_count(list) * sizeof(*spec->device_requests));
    TRY_ALLOC(spec->device_requests);
    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        struct device_request_spec *request = &spec->device_requests[spec->device_request_count];

        TRY(read_device_request(spec->arena, entry, request));
        TRY(container_field(spec->arena, prefix, "DeviceRequests", spec->device_request_count,
                            &request->field));
        spec->device_request_count++;
    }
    return 0;
}

/* In the order of the table. */
static const char *const blkio_names[CONTAINER_BLKIO_LISTS] = {
    "BlkioWeightDevice",   "BlkioDeviceReadBps",   "BlkioDeviceWriteBps",
    "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps",
};

static int read_blkio_list(struct container_spec *spec, const char *prefix, size_t which)
{
    const struct json *list = spec->list.blkio[which];
    size_t index = 0;

    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        struct device_spec *device = &spec->blkio_devices[spec->blkio_device_count];
        device->path_on_host = field_string(entry, SLICE("Path"));
        TRY(container_field(spec->arena, prefix, blkio_names[which], index, &device->field));
        spec->blkio_device_count++;
        index++;
    }
    return 0;
}

static int read_blkio_devices(struct container_spec *spec, const char *prefix)
{
    size_t count = 0;

    for (size_t i = 0; i < CONTAINER_BLKIO_LISTS; i++) {
        count += field_count(spec->list.blkio[i]);
    }
    spec->blkio_devices = arena_alloc(spec->arena, count * sizeof(*spec->blkio_devices));
    TRY_ALLOC(spec->blkio_devices);
    for (size_t i = 0; i < CONTAINER_BLKIO_LISTS; i++) {
        TRY(read_blkio_list(spec, prefix, i));
    }
    return 0;
}

int container_ulimits_read(struct container_spec *spec, const struct json *list, const char *prefix)
{
    spec->ulimits = arena_alloc(spec->arena, field_count(list) * sizeof(*spec->ulimits));
    TRY_ALLOC(spec->ulimits);
    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        struct ulimit_spec *ulimit = &spec->ulimits[spec->ulimit_count];
        ulimit->name = field_string(entry, SLICE("Name"));
        ulimit->soft = field_int(entry, SLICE("Soft"));
        ulimit->hard = field_int(entry, SLICE("Hard"));
        TRY(container_field(spec->arena, prefix, "Ulimits", spec->ulimit_count, &ulimit->field));
        spec->ulimit_count++;
    }
    return 0;
}

int container_devices_read(struct container_spec *spec, const char *prefix)
{
    TRY(read_devices(spec, prefix));
    TRY(read_device_requests(spec, prefix));
    TRY(read_blkio_devices(spec, prefix));
    return container_ulimits_read(spec, spec->list.ulimits, prefix);
}

/* A port without bindings is one entry too: engines from 28 on bind it to any free
 * port of every address, older ones not at all. */
static size_t port_entries(const struct json *list)
{
    size_t count = field_count(list);

    return count == 0 ? 1 : count;
}

static int add_port(struct container_spec *spec, const char *prefix, const struct json *list,
                    const struct json *binding)
{
    struct port_spec *port = &spec->ports[spec->port_count];

    port->container_port = list->name;
    port->host_ip = field_string(binding, SLICE("HostIp"));
    port->host_port = field_string(binding, SLICE("HostPort"));
    port->bound = binding != NULL;
    spec->port_count++;
    return container_field_key(spec->arena, prefix, "PortBindings", list->name, &port->field);
}

static int container_parts_read_ports(struct container_spec *spec, const char *prefix)
{
    const struct json *map = spec->list.port_bindings;
    const struct json *first = map ? map->child : NULL;
    size_t count = 0;

    for (const struct json *list = first; list; list = list->next) {
        count += port_entries(list);
    }
    spec->ports = arena_alloc(spec->arena, count * sizeof(*spec->ports));
    TRY_ALLOC(spec->ports);
    for (const struct json *list = first; list; list = list->next) {
        const struct json *binding = list->child;
        do {
            TRY(add_port(spec, prefix, list, binding));
            binding = binding ? binding->next : NULL;
        } while (binding);
    }
    return 0;
}

int container_endpoint_read(struct arena *arena, const struct json *entry,
                            struct network_endpoint *endpoint)
{
    const struct json *ipam = json_member(entry, SLICE("IPAMConfig"));

    endpoint->static_address = field_string(ipam, SLICE("IPv4Address")).len > 0 ||
                               field_string(ipam, SLICE("IPv6Address")).len > 0 ||
                               field_count(json_member(ipam, SLICE("LinkLocalIPs"))) > 0;
    endpoint->mac_address = field_string(entry, SLICE("MacAddress")).len > 0;
    endpoint->links = field_count(json_member(entry, SLICE("Links"))) > 0;
    return field_string_map(arena, json_member(entry, SLICE("DriverOpts")),
                            &endpoint->driver_options);
}

static int container_parts_read_endpoints(struct container_spec *spec)
{
    const struct json *map = spec->list.endpoints;

    spec->endpoints = arena_alloc(spec->arena, field_count(map) * sizeof(*spec->endpoints));
    TRY_ALLOC(spec->endpoints);
    for (const struct json *entry = map ? map->child : NULL; entry; entry = entry->next) {
        struct network_endpoint *endpoint = &spec->endpoints[spec->endpoint_count];
        endpoint->name = entry->name;
        TRY(container_field_key(spec->arena, "NetworkingConfig.", "EndpointsConfig", entry->name,
                                &endpoint->field));
        TRY(container_endpoint_read(spec->arena, entry, endpoint));
        spec->endpoint_count++;
    }
    return 0;
}

int container_network_read(struct container_spec *spec, const char *prefix)
{
    TRY(container_parts_read_ports(spec, prefix));
    return container_parts_read_endpoints(spec);
}
