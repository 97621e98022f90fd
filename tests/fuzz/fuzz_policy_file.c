/*
 * A policy file's text: taken, or refused with a sentence; nothing in between.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "policy/clients/clients.h"
#include "policy/file/loader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy_file *file = NULL;
    struct diag diag = {0};
    int err = policy_file_parse((struct slice){(const char *)data, size}, &file, &diag);

    assert((err == 0) == (file != NULL));
    assert(err == 0 || diag.sentence[0] != '\0');
    for (size_t i = 0; file && i < file->listener_count; i++) {
        const struct policy_listener *listener = &file->listeners[i];

        const struct policy_clients *clients = listener->clients;

        assert(listener->policy || clients);
        assert(!listener->socket != !listener->systemd);
        assert(!listener->policy || operation_set_has(&listener->policy->allowed, OP_SYSTEM_PING));
        assert(!clients || clients->count > 0);
        for (size_t j = 0; clients && j < clients->count; j++) {
            assert(clients->entry[j].policy);
        }
    }
    policy_file_destroy(file);
    return 0;
}
