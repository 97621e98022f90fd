/*
 * The entries of `clients:` of one listener, in order.
 */
#ifndef SOCKADE_POLICY_CLIENTS_H
#define SOCKADE_POLICY_CLIENTS_H

#include "policy/loader.h"
#include "sockade/client.h"

/* For whom an entry is: whatever it names has to fit. An id fits when it is in the list. */
struct client_entry {
    const unsigned *uid;
    size_t uid_count;
    const unsigned *gid; /* the primary group or a supplementary one */
    size_t gid_count;
    struct string_list containers; /* names */
    struct string_pair label;      /* of the container; an empty key: none is wanted */
    struct policy *policy;         /* a reference */
};

struct policy_clients {
    unsigned references;
    struct arena arena; /* owns everything below */
    struct client_entry *entry;
    size_t count;
};

/* A user or group by name or number. 0, -EINVAL with the diagnosis filled, or -ENOMEM. */
MUST_CHECK int load_uid(struct loader *loader, const struct tree_node *node, unsigned *out);
MUST_CHECK int load_gid(struct loader *loader, const struct tree_node *node, unsigned *out);

/* The value of `clients`; the policies are joined later. */
MUST_CHECK int load_clients(struct loader *loader, const struct tree_node *node,
                            struct policy_clients **out);

#endif
