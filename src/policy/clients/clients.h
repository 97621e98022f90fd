/*
 * The entries of `clients:` of one listener, in order.
 */
#ifndef SOCKADE_POLICY_CLIENTS_H
#define SOCKADE_POLICY_CLIENTS_H

#include "docker/spec.h"
#include "sockade/client.h"

struct id_list {
    const unsigned *id;
    size_t count;
};

/* For whom an entry is: whatever it names has to fit. An id fits when it is in the list. */
struct client_entry {
    struct id_list uid;
    struct id_list gid;            /* the primary group or a supplementary one */
    struct string_list containers; /* names */
    struct string_pair label;      /* of the container; an empty key: none is wanted */
    struct string_list made_by;    /* policies through which such a container may be made */
    struct policy *policy;         /* a reference */
};

struct policy_clients {
    unsigned references;
    struct arena arena; /* owns everything below */
    struct client_entry *entry;
    size_t count;
};

#endif
