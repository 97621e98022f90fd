/*
 * What an engine makes of a string that a body or a query holds, once it has it: some are taken
 * apart a second time, by an engine that puts them together for its command line's parser first.
 * Then a byte that means nothing to whoever reads the field means something else there. Every row
 * that holds text says which kind it is; one that does not is no row.
 *
 * Sources: podman pkg/api/handlers/compat/containers_create.go (cliOpts), pkg/specgenutil
 * (FillOutSpecGen, parseVolumes), pkg/specgen (GenVolumeMounts, ParseNetworkFlag,
 * ParseNamespace), pkg/env; pkg/api/handlers/compat/images_build.go; containers/image
 * transports/alltransports. moby daemon/container_operations_unix.go, libnetwork/resolvconf,
 * libnetwork/etchosts.
 */
#ifndef SOCKADE_DOCKER_TEXTS_H
#define SOCKADE_DOCKER_TEXTS_H

#include "sockade/engine.h"
#include "sockade/slice.h"

enum text_kind {
    TEXT_NONE = 0,      /* no text: what rows of other types have */
    TEXT_OPAQUE,        /* taken as it is, or read by the container alone */
    TEXT_PARSED,        /* taken apart, and read here as every engine reads it */
    TEXT_LINE,          /* becomes a part of a line of a file: no control characters */
    TEXT_KEY,           /* Podman joins it with its value by '=' */
    TEXT_LOG_OPTION,    /* so, and "path" and "driver" mean more to Podman */
    TEXT_ENV,           /* Podman fills in what has no '=' from its own environment */
    TEXT_VOLUME_TARGET, /* a -v of Podman's */
    TEXT_TMPFS,         /* a --tmpfs of Podman's, with its options */
    TEXT_MOUNT,         /* a member of a --mount of Podman's, which is a record of CSV */
    TEXT_JOINED,        /* Podman joins it by ':' with what stands beside it */
    TEXT_CDI,           /* a whole --device of Podman's */
    TEXT_ULIMIT,        /* a --ulimit of Podman's */
    TEXT_GROUP,         /* Podman has a word that is no group */
    TEXT_NETWORK,       /* a --network of Podman's */
    TEXT_NAMESPACE,     /* a namespace, which Podman takes by a path of the host, too */
    TEXT_SECURITY,      /* Podman has further options, and takes a profile by its path */
    TEXT_PORT,          /* Podman cuts a number to 16 bits */
    TEXT_IMAGE,         /* Podman takes images from other places than registries */
    TEXT_BUILD_FILE,    /* Podman takes it by any path, by an address, or as a list */
    TEXT_BUILD_LABELS,  /* JSON whose keys Podman joins with their values by '=' */
    TEXT_COMMAND,       /* Podman takes some programs for systemd: judged at the start */
    TEXT_WORKING_DIR,   /* Podman makes it where it is missing: judged at the start */
    TEXT_KINDS
};

/* Why a text is not passed on: a sentence without its subject, and what to do. Static. */
struct text_objection {
    const char *sentence; /* NULL: there is none */
    const char *fix;
};

/* Whether nothing is objected to whatever the text is: most of it, and all of dockerd's but lines.
 */
static inline bool text_passes(enum text_kind kind, const struct sockade_engine *engine)
{
    bool everywhere = kind == TEXT_NONE || kind == TEXT_LINE;

    return kind == TEXT_OPAQUE || kind == TEXT_PARSED ||
           (!everywhere && engine && !engine_may_be(engine, ENGINE_PODMAN));
}

/* NULL for `engine` is an unknown one. TEXT_NONE objects to everything. */
struct text_objection text_judge(enum text_kind kind, struct slice text,
                                 const struct sockade_engine *engine);

/* For the documentation: a word, and what is refused ("" when nothing is). */
const char *text_kind_word(enum text_kind kind);
const char *text_kind_meaning(enum text_kind kind);

#endif
