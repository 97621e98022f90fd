/*
 * Names of fields to numbers, once for each field, and looking fields up by them.
 */
#include "http/message.h"

#include "base/banned.h"

static const struct slice names[] = {
    [HEADER_TE] = SLICE_INIT("TE"),
    [HEADER_HOST] = SLICE_INIT("Host"),
    [HEADER_EXPECT] = SLICE_INIT("Expect"),
    [HEADER_ORIGIN] = SLICE_INIT("Origin"),
    [HEADER_UPGRADE] = SLICE_INIT("Upgrade"),
    [HEADER_TRAILER] = SLICE_INIT("Trailer"),
    [HEADER_CONNECTION] = SLICE_INIT("Connection"),
    [HEADER_KEEP_ALIVE] = SLICE_INIT("Keep-Alive"),
    [HEADER_USER_AGENT] = SLICE_INIT("User-Agent"),
    [HEADER_API_VERSION] = SLICE_INIT("Api-Version"),
    [HEADER_CONTENT_TYPE] = SLICE_INIT("Content-Type"),
    [HEADER_CONTENT_LENGTH] = SLICE_INIT("Content-Length"),
    [HEADER_HTTP2_SETTINGS] = SLICE_INIT("HTTP2-Settings"),
    [HEADER_X_REGISTRY_AUTH] = SLICE_INIT("X-Registry-Auth"),
    [HEADER_CONTENT_ENCODING] = SLICE_INIT("Content-Encoding"),
    [HEADER_TRANSFER_ENCODING] = SLICE_INIT("Transfer-Encoding"),
    [HEADER_X_REGISTRY_CONFIG] = SLICE_INIT("X-Registry-Config"),
    [HEADER_SEC_WEBSOCKET_KEY] = SLICE_INIT("Sec-WebSocket-Key"),
    [HEADER_SEC_WEBSOCKET_VERSION] = SLICE_INIT("Sec-WebSocket-Version"),
    [HEADER_PROXY] = SLICE_INIT("Proxy-"),
};

/* The first name of each length. */
static const unsigned char first_of[] = {
    [2] = HEADER_TE,
    [4] = HEADER_HOST,
    [6] = HEADER_EXPECT,
    [7] = HEADER_UPGRADE,
    [10] = HEADER_CONNECTION,
    [11] = HEADER_API_VERSION,
    [12] = HEADER_CONTENT_TYPE,
    [14] = HEADER_CONTENT_LENGTH,
    [15] = HEADER_X_REGISTRY_AUTH,
    [16] = HEADER_CONTENT_ENCODING,
    [17] = HEADER_TRANSFER_ENCODING,
    [21] = HEADER_SEC_WEBSOCKET_VERSION,
};

/* The first letter tells most names apart, and most are spelled as they are here. */
static bool is_named(struct slice name, struct slice known)
{
    return name.len > 0 && (name.ptr[0] | 0x20) == (known.ptr[0] | 0x20) &&
           (slice_eq(name, known) || slice_eq_nocase(name, known));
}

enum header_id header_identify(struct slice name)
{
    unsigned id = name.len < sizeof(first_of) ? first_of[name.len] : HEADER_OTHER;

    for (; id != HEADER_OTHER && names[id].len == name.len; id++) {
        if (is_named(name, names[id])) {
            return (enum header_id)id;
        }
    }
    return is_named(slice_head(name, names[HEADER_PROXY].len), names[HEADER_PROXY]) ? HEADER_PROXY
                                                                                    : HEADER_OTHER;
}

void headers_clear(struct http_headers *headers)
{
    headers->count = 0;
    headers->sent = 0;
    headers->twice = 0;
}

bool headers_add(struct http_headers *headers, enum header_id id, struct slice name,
                 struct slice value)
{
    if (headers->count == HTTP_MAX_HEADERS) {
        return false;
    }
    headers->item[headers->count++] = (struct http_header){name, value, id};
    headers->twice |= headers->sent & 1U << id;
    headers->sent |= 1U << id;
    return true;
}

struct slice headers_get(const struct http_headers *headers, enum header_id id)
{
    for (size_t i = 0; headers_have(headers, id) && i < headers->count; i++) {
        if (headers->item[i].id == id) {
            return headers->item[i].value;
        }
    }
    return (struct slice){0};
}

static bool list_has(struct slice list, struct slice token)
{
    while (list.len > 0) {
        struct slice item;

        slice_cut(list, ',', &item, &list);
        if (slice_eq_nocase(slice_trim(item), token)) {
            return true;
        }
    }
    return false;
}

bool headers_have_token(const struct http_headers *headers, enum header_id id, struct slice token)
{
    for (size_t i = 0; headers_have(headers, id) && i < headers->count; i++) {
        if (headers->item[i].id == id && list_has(headers->item[i].value, token)) {
            return true;
        }
    }
    return false;
}
