/*
 * Looking things up in the fields of a head. Names are compared with ASCII
 * letters folded and nothing else: to Go `Content_Length` is just another field.
 */
#include "http/message.h"

#include "base/banned.h"

struct slice headers_get(const struct http_headers *headers, struct slice name)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (slice_eq_nocase(headers->item[i].name, name)) {
            return headers->item[i].value;
        }
    }
    return (struct slice){0};
}

size_t headers_count(const struct http_headers *headers, struct slice name)
{
    size_t count = 0;

    for (size_t i = 0; i < headers->count; i++) {
        if (slice_eq_nocase(headers->item[i].name, name)) {
            count++;
        }
    }
    return count;
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

bool headers_have_token(const struct http_headers *headers, struct slice name, struct slice token)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (slice_eq_nocase(headers->item[i].name, name) &&
            list_has(headers->item[i].value, token)) {
            return true;
        }
    }
    return false;
}
