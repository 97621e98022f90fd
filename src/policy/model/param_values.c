/*
 * What the words of a rule's list may be, where any other could never match: a mistake that nothing
 * else would tell. What engines or their plugins may add to is left open as far as its form goes.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/ascii.h"
#include "base/parse.h"
#include "policy/model/params.h"

#include "base/banned.h"

enum { ADDRESS_BYTES = 64 };

/* Source: capability.h of Linux 6.12. */
static const char *const capabilities[] = {"ALL",
                                           "AUDIT_CONTROL",
                                           "AUDIT_READ",
                                           "AUDIT_WRITE",
                                           "BLOCK_SUSPEND",
                                           "BPF",
                                           "CHECKPOINT_RESTORE",
                                           "CHOWN",
                                           "DAC_OVERRIDE",
                                           "DAC_READ_SEARCH",
                                           "FOWNER",
                                           "FSETID",
                                           "IPC_LOCK",
                                           "IPC_OWNER",
                                           "KILL",
                                           "LEASE",
                                           "LINUX_IMMUTABLE",
                                           "MAC_ADMIN",
                                           "MAC_OVERRIDE",
                                           "MKNOD",
                                           "NET_ADMIN",
                                           "NET_BIND_SERVICE",
                                           "NET_BROADCAST",
                                           "NET_RAW",
                                           "PERFMON",
                                           "SETFCAP",
                                           "SETGID",
                                           "SETPCAP",
                                           "SETUID",
                                           "SYS_ADMIN",
                                           "SYS_BOOT",
                                           "SYS_CHROOT",
                                           "SYS_MODULE",
                                           "SYS_NICE",
                                           "SYS_PACCT",
                                           "SYS_PTRACE",
                                           "SYS_RAWIO",
                                           "SYS_RESOURCE",
                                           "SYS_TIME",
                                           "SYS_TTY_CONFIG",
                                           "SYSLOG",
                                           "WAKE_ALARM",
                                           NULL};

static const char *const restarts[] = {"always", "unless-stopped", "on-failure", "no", NULL};
static const char *const propagations[] = {"private", "rprivate", "shared", "rshared",
                                           "slave",   "rslave",   NULL};
static const char *const endpoints[] = {"static_address", "mac_address", NULL};

static bool is_capability(struct slice word)
{
    bool prefixed = slice_eq_nocase(slice_head(word, 4), SLICE("CAP_"));
    struct slice name = slice_from_index(word, prefixed ? 4 : 0);

    for (size_t i = 0; capabilities[i]; i++) {
        if (slice_eq_nocase(name, slice_from(capabilities[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_selinux_option(struct slice word)
{
    static const struct slice kinds[] = {SLICE_INIT("user:"), SLICE_INIT("role:"),
                                         SLICE_INIT("type:"), SLICE_INIT("level:"),
                                         SLICE_INIT("filetype:")};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (slice_starts_with(word, kinds[i])) {
            return word.len > kinds[i].len;
        }
    }
    return slice_eq(word, SLICE("disable")) || slice_eq(word, SLICE("nested"));
}

static bool is_sysctl(struct slice word)
{
    bool has_parts = slice_find(word, '.') < word.len || slice_find(word, '/') < word.len;

    return has_parts && ascii_is_made_of(word, SLICE("._-/"));
}

static bool read_address(struct slice word, unsigned *bits)
{
    unsigned char bytes[16];
    char text[ADDRESS_BYTES];

    if (word.len == 0 || word.len >= sizeof(text)) {
        return false;
    }
    memcpy(text, word.ptr, word.len);
    text[word.len] = '\0';
    bool six = strchr(text, ':') != NULL;

    *bits = six ? 128 : 32;
    return inet_pton(six ? AF_INET6 : AF_INET, text, bytes) == 1;
}

static bool param_values_is_address(struct slice word)
{
    unsigned bits = 0;

    return read_address(word, &bits);
}

static bool is_subnet(struct slice word)
{
    struct slice host = {0};
    struct slice length = {0};
    uint64_t given = 0;
    unsigned bits = 0;
    bool has_length = slice_cut(word, '/', &host, &length);

    return read_address(host, &bits) &&
           (!has_length || (parse_u64(length, &given) == 0 && given <= bits));
}

static bool is_log_option(struct slice word)
{
    return slice_find(word, '_') == word.len;
}

static bool is_registry(struct slice word)
{
    return slice_find(word, ':') == word.len || slice_find(word, ':') + 1 < slice_find(word, '/');
}

static bool is_device(struct slice word)
{
    return slice_starts_with(word, SLICE("/"));
}

// clang-format off
static const struct value_rules kinds[] = {
    [VALUE_ANY]         = {0},
    [VALUE_CAPABILITY]  = {"capability", capabilities, is_capability, NULL},
    [VALUE_RESTART]     = {"restart policy", restarts, NULL, NULL},
    [VALUE_PROPAGATION] = {"propagation mode", propagations, NULL, NULL},
    [VALUE_ENDPOINT]    = {"network setting of a container", endpoints, NULL, NULL},
    [VALUE_SELINUX]     = {NULL, NULL, is_selinux_option, "be a value of label=, such as disable or type:container_t"},
    [VALUE_SYSCTL]      = {NULL, NULL, is_sysctl, "be the name of one sysctl, written with dots (there are no patterns)"},
    [VALUE_ADDRESS]     = {NULL, NULL, param_values_is_address, "be an address of the host, such as 127.0.0.1"},
    [VALUE_SUBNET]      = {NULL, NULL, is_subnet, "be a range of addresses, such as 10.0.0.0/8"},
    [VALUE_LOG_OPTION]  = {NULL, NULL, is_log_option, "be an option of a log driver, written with dashes, such as max-size"},
    [VALUE_REGISTRY]    = {NULL, NULL, is_registry, "be a registry without a scheme, such as registry.example.org/team"},
    [VALUE_DEVICE]      = {NULL, NULL, is_device, "be the full path of a device, such as /dev/fuse"},
};
// clang-format on

bool value_is_taken(enum value_kind kind, struct slice word)
{
    if (kinds[kind].takes) {
        return kinds[kind].takes(word);
    }
    for (size_t i = 0; kinds[kind].words && kinds[kind].words[i]; i++) {
        if (slice_eq(word, slice_from(kinds[kind].words[i]))) {
            return true;
        }
    }
    return !kinds[kind].words;
}

const struct value_rules *value_rules_of(enum value_kind kind)
{
    return &kinds[kind];
}
