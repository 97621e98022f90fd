/*
 * See query_texts.h. A unit test holds this list against the keys of all routes.
 *
 * Sources: moby api/server/router, for the values that its handlers take apart; podman
 * pkg/api/handlers/compat. A commit's and an import's `changes` are instructions of a Dockerfile
 * that change the configuration of an image and nothing else, in both.
 */
#include "docker/tables/query_texts.h"

#include "base/banned.h"

struct query_text {
    struct slice key;
    enum text_kind kind;
};

// clang-format off
static const struct query_text rows[] = {
    {SLICE_INIT("follow"),                 TEXT_OPAQUE},
    {SLICE_INIT("stdout"),                 TEXT_OPAQUE},
    {SLICE_INIT("stderr"),                 TEXT_OPAQUE},
    {SLICE_INIT("since"),                  TEXT_OPAQUE},
    {SLICE_INIT("until"),                  TEXT_OPAQUE},
    {SLICE_INIT("timestamps"),             TEXT_OPAQUE},
    {SLICE_INIT("tail"),                   TEXT_OPAQUE},
    {SLICE_INIT("details"),                TEXT_OPAQUE},
    {SLICE_INIT("dockerfile"),             TEXT_BUILD_FILE},
    {SLICE_INIT("t"),                      TEXT_IMAGE},
    {SLICE_INIT("remote"),                 TEXT_PARSED},
    {SLICE_INIT("q"),                      TEXT_OPAQUE},
    {SLICE_INIT("nocache"),                TEXT_OPAQUE},
    {SLICE_INIT("cachefrom"),              TEXT_OPAQUE},
    {SLICE_INIT("pull"),                   TEXT_OPAQUE},
    {SLICE_INIT("rm"),                     TEXT_OPAQUE},
    {SLICE_INIT("forcerm"),                TEXT_OPAQUE},
    {SLICE_INIT("memory"),                 TEXT_PARSED},
    {SLICE_INIT("memswap"),                TEXT_PARSED},
    {SLICE_INIT("cpushares"),              TEXT_PARSED},
    {SLICE_INIT("cpusetcpus"),             TEXT_OPAQUE},
    {SLICE_INIT("cpusetmems"),             TEXT_OPAQUE},
    {SLICE_INIT("cpuperiod"),              TEXT_PARSED},
    {SLICE_INIT("cpuquota"),               TEXT_PARSED},
    {SLICE_INIT("cgroupparent"),           TEXT_PARSED},
    {SLICE_INIT("networkmode"),            TEXT_NETWORK},
    {SLICE_INIT("extrahosts"),             TEXT_PARSED},
    {SLICE_INIT("securityopt"),            TEXT_PARSED},
    {SLICE_INIT("buildargs"),              TEXT_OPAQUE},
    {SLICE_INIT("shmsize"),                TEXT_PARSED},
    {SLICE_INIT("squash"),                 TEXT_OPAQUE},
    {SLICE_INIT("labels"),                 TEXT_BUILD_LABELS},
    {SLICE_INIT("platform"),               TEXT_OPAQUE},
    {SLICE_INIT("target"),                 TEXT_OPAQUE},
    {SLICE_INIT("outputs"),                TEXT_OPAQUE},
    {SLICE_INIT("version"),                TEXT_PARSED},
    {SLICE_INIT("session"),                TEXT_OPAQUE},
    {SLICE_INIT("buildid"),                TEXT_OPAQUE},
    {SLICE_INIT("isolation"),              TEXT_OPAQUE},
    {SLICE_INIT("ulimits"),                TEXT_PARSED},
    {SLICE_INIT("path"),                   TEXT_OPAQUE},
    {SLICE_INIT("all"),                    TEXT_OPAQUE},
    {SLICE_INIT("limit"),                  TEXT_OPAQUE},
    {SLICE_INIT("size"),                   TEXT_OPAQUE},
    {SLICE_INIT("filters"),                TEXT_PARSED},
    {SLICE_INIT("before"),                 TEXT_OPAQUE},
    {SLICE_INIT("ps_args"),                TEXT_PARSED},
    {SLICE_INIT("stream"),                 TEXT_OPAQUE},
    {SLICE_INIT("one-shot"),               TEXT_OPAQUE},
    {SLICE_INIT("detachKeys"),             TEXT_OPAQUE},
    {SLICE_INIT("logs"),                   TEXT_OPAQUE},
    {SLICE_INIT("stdin"),                  TEXT_OPAQUE},
    {SLICE_INIT("name"),                   TEXT_OPAQUE},
    {SLICE_INIT("signal"),                 TEXT_OPAQUE},
    {SLICE_INIT("condition"),              TEXT_OPAQUE},
    {SLICE_INIT("h"),                      TEXT_OPAQUE},
    {SLICE_INIT("w"),                      TEXT_OPAQUE},
    {SLICE_INIT("container"),              TEXT_OPAQUE},
    {SLICE_INIT("repo"),                   TEXT_IMAGE},
    {SLICE_INIT("tag"),                    TEXT_OPAQUE},
    {SLICE_INIT("comment"),                TEXT_OPAQUE},
    {SLICE_INIT("author"),                 TEXT_OPAQUE},
    {SLICE_INIT("pause"),                  TEXT_OPAQUE},
    {SLICE_INIT("changes"),                TEXT_OPAQUE},
    {SLICE_INIT("noOverwriteDirNonDir"),   TEXT_OPAQUE},
    {SLICE_INIT("copyUIDGID"),             TEXT_OPAQUE},
    {SLICE_INIT("v"),                      TEXT_OPAQUE},
    {SLICE_INIT("force"),                  TEXT_OPAQUE},
    {SLICE_INIT("link"),                   TEXT_OPAQUE},
    {SLICE_INIT("filter"),                 TEXT_OPAQUE},
    {SLICE_INIT("digests"),                TEXT_OPAQUE},
    {SLICE_INIT("shared-size"),            TEXT_OPAQUE},
    {SLICE_INIT("manifests"),              TEXT_OPAQUE},
    {SLICE_INIT("identity"),               TEXT_OPAQUE},
    {SLICE_INIT("term"),                   TEXT_OPAQUE},
    {SLICE_INIT("names"),                  TEXT_IMAGE},
    {SLICE_INIT("type"),                   TEXT_OPAQUE},
    {SLICE_INIT("statement"),              TEXT_OPAQUE},
    {SLICE_INIT("quiet"),                  TEXT_OPAQUE},
    {SLICE_INIT("fromImage"),              TEXT_IMAGE},
    {SLICE_INIT("fromSrc"),                TEXT_PARSED},
    {SLICE_INIT("message"),                TEXT_OPAQUE},
    {SLICE_INIT("noprune"),                TEXT_OPAQUE},
    {SLICE_INIT("platforms"),              TEXT_OPAQUE},
    {SLICE_INIT("verbose"),                TEXT_OPAQUE},
    {SLICE_INIT("keep-storage"),           TEXT_OPAQUE},
    {SLICE_INIT("reserved-space"),         TEXT_OPAQUE},
    {SLICE_INIT("max-used-space"),         TEXT_OPAQUE},
    {SLICE_INIT("min-free-space"),         TEXT_OPAQUE},
    {SLICE_INIT("id"),                     TEXT_OPAQUE},
    {SLICE_INIT("rotateWorkerToken"),      TEXT_OPAQUE},
    {SLICE_INIT("rotateManagerToken"),     TEXT_OPAQUE},
    {SLICE_INIT("rotateManagerUnlockKey"), TEXT_OPAQUE},
    {SLICE_INIT("status"),                 TEXT_OPAQUE},
    {SLICE_INIT("insertDefaults"),         TEXT_OPAQUE},
    {SLICE_INIT("registryAuthFrom"),       TEXT_OPAQUE},
    {SLICE_INIT("rollback"),               TEXT_PARSED},
    {SLICE_INIT("timeout"),                TEXT_OPAQUE},
    {SLICE_INIT("scope"),                  TEXT_OPAQUE},
    {SLICE_INIT("seconds"),                TEXT_OPAQUE},
    {SLICE_INIT("debug"),                  TEXT_OPAQUE},
    {SLICE_INIT("gc"),                     TEXT_OPAQUE},
};
// clang-format on

enum text_kind query_text_kind(struct slice key)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (slice_eq(rows[i].key, key)) {
            return rows[i].kind;
        }
    }
    return TEXT_NONE;
}
