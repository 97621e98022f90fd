/*
 * Any bytes as /proc/PID/cgroup: what is found is an id, where it says it is, and finding
 * it again in its own path finds the same.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "sockade/client.h"

enum { LINE_BYTES = 4096 };

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct cgroup_container *found)
{
    struct cgroup_container again = {0};
    char line[LINE_BYTES] = "0::";

    if (found->path.len > sizeof(line) - 4) {
        return;
    }
    memcpy(line + 3, found->path.ptr, found->path.len);
    assert(cgroup_find_container((struct slice){line, found->path.len + 3}, &again));
    assert(slice_eq(again.path, found->path) && slice_eq(again.id, found->id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cgroup_container found = {0};

    if (!cgroup_find_container((struct slice){(const char *)data, size}, &found)) {
        assert(found.id.len == 0 && found.path.len == 0);
        return 0;
    }
    assert(found.id.len == CONTAINER_ID_DIGITS);
    for (size_t i = 0; i < found.id.len; i++) {
        assert(strchr("0123456789abcdef", found.id.ptr[i]) && found.id.ptr[i] != '\0');
    }
    assert(found.path.ptr[0] == '/');
    assert(found.path.ptr <= found.id.ptr &&
           found.id.ptr + found.id.len <= found.path.ptr + found.path.len);
    assert(!memchr(found.path.ptr, '\n', found.path.len));
    check_again(&found);
    return 0;
}
