/*
 * Every text that a body or a query may hold says what an engine makes of it, and what that is.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "docker/api/routes.h"
#include "docker/tables/other_specs.h"
#include "docker/tables/query_texts.h"

static const struct sockade_engine podman = {ENGINE_PODMAN, 5, 4, 2};
static const struct sockade_engine dockerd = {ENGINE_DOCKERD, 20, 10, 24};
static const struct sockade_engine unknown = {0};

static bool has_keys(enum field_type type)
{
    return type == FIELD_STRING_MAP || type == FIELD_OBJECT_MAP || type == FIELD_OBJECTS_MAP;
}

static bool has_values(enum field_type type)
{
    return type == FIELD_STRING || type == FIELD_STRINGS || type == FIELD_STRING_OR_STRINGS ||
           type == FIELD_STRING_LISTS || type == FIELD_STRING_MAP;
}

static size_t check_table(const struct field_table *table)
{
    size_t texts = 0;

    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->field[i];

        cr_expect_eq(has_keys(field->type), field->key != TEXT_NONE, "%.*s",
                     SLICE_ARGS(field->name));
        cr_expect_eq(has_values(field->type), field->value != TEXT_NONE, "%.*s",
                     SLICE_ARGS(field->name));
        texts += has_values(field->type) || has_keys(field->type);
        texts += field->table ? check_table(field->table) : 0;
    }
    return texts;
}

Test(texts, of_every_table_have_a_kind)
{
    size_t texts = 0;

    for (enum route_body body = 0; body <= ROUTE_BODY_TAR; body++) {
        texts += spec_table(body) ? check_table(spec_table(body)) : 0;
    }
    cr_expect_gt(texts, 200);
}

Test(texts, of_every_query_key_have_a_kind)
{
    size_t count = 0;
    const struct route *route = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        struct slice rest = slice_from(route[i].query);

        while (rest.len > 0) {
            struct slice key = {0};

            slice_cut(rest, ' ', &key, &rest);
            key.len -= slice_ends_with(key, SLICE("*")) ? 1 : 0;
            bool sent = !slice_starts_with(key, SLICE("-")) && !slice_starts_with(key, SLICE("!"));
            cr_expect(!sent || query_text_kind(key) != TEXT_NONE, "%s %s: %.*s", route[i].method,
                      route[i].path, SLICE_ARGS(key));
        }
    }
    cr_expect_eq(query_text_kind(SLICE("checkpoint-dir")), TEXT_NONE);
    cr_expect_eq(query_text_kind(SLICE("")), TEXT_NONE);
}

struct text_case {
    enum text_kind kind;
    struct slice text;
    bool refused; /* in front of Podman, and of an unknown engine */
};

#define CASE(kind, text, refused)              \
    {                                          \
        TEXT_##kind, SLICE_INIT(text), refused \
    }

Test(texts, are_refused_where_podman_takes_them_apart)
{
    static const struct text_case cases[] = {
        CASE(OPAQUE, "a:b,c=d\"e\nf", false),
        CASE(PARSED, "a:b,c=d", false),
        CASE(KEY, "a", false),
        CASE(KEY, "a:b,c", false),
        CASE(KEY, "a=", true),
        CASE(KEY, "=", true),
        CASE(LOG_OPTION, "max-size", false),
        CASE(LOG_OPTION, "path", true),
        CASE(LOG_OPTION, "PATH", true),
        CASE(LOG_OPTION, "Driver", true),
        CASE(LOG_OPTION, "driver=x", true),
        CASE(ENV, "A=", false),
        CASE(ENV, "A*=b", false),
        CASE(ENV, "A", true),
        CASE(ENV, "*", true),
        CASE(ENV, "", true),
        CASE(VOLUME_TARGET, "/a,b=c", false),
        CASE(VOLUME_TARGET, "/a:", true),
        CASE(TMPFS, "size=1m,mode=0700", false),
        CASE(TMPFS, "/a:b", true),
        CASE(MOUNT, "/a:b=c", false),
        CASE(MOUNT, "/a,b", true),
        CASE(MOUNT, "\"/a\"", true),
        CASE(MOUNT, "/a\nb", true),
        CASE(MOUNT, "/a\rb", true),
        CASE(JOINED, "/dev/fuse", false),
        CASE(JOINED, "/dev/fuse:rwm", true),
        CASE(CDI, "vendor.com/gpu=all", false),
        CASE(CDI, "", true),
        CASE(CDI, "/dev/a=b", true),
        CASE(CDI, "./dev/a=b", true),
        CASE(CDI, "../dev/a=b", true),
        CASE(CDI, "dev/sda", true),
        CASE(CDI, "a/b=c:/dev/sda", true),
        CASE(ULIMIT, "nofile", false),
        CASE(ULIMIT, "NOFILE", true),
        CASE(ULIMIT, "rlimit_nofile", true),
        CASE(ULIMIT, "nofile=1", true),
        CASE(GROUP, "1000", false),
        CASE(GROUP, "keep-groups", true),
        CASE(NETWORK, "", false),
        CASE(NETWORK, "bridge", false),
        CASE(NETWORK, "container:a,b:c", false),
        CASE(NETWORK, "bridge:ip=10.0.0.1", true),
        CASE(NETWORK, "ns:/x", true),
        CASE(NETWORK, "a,b", true),
        CASE(NETWORK, "slirp4netns", true),
        CASE(NETWORK, "pasta", true),
        CASE(NETWORK, "private", true),
        CASE(NETWORK, "pod", true),
        CASE(PORT, "", false),
        CASE(PORT, "80", false),
        CASE(PORT, "65535", false),
        CASE(PORT, "8000-8010", false),
        CASE(PORT, "65536", true),
        CASE(PORT, "65616", true),
        CASE(PORT, "-65456", true),
        CASE(PORT, "+80", true),
        CASE(PORT, "8000-65536", true),
        CASE(NETWORK, "pasta:-T,auto", true),
        CASE(COMMAND, "/usr/lib/systemd/systemd", false),
        CASE(WORKING_DIR, "/app", false),
        CASE(NAMESPACE, "private", false),
        CASE(NAMESPACE, "container:a", false),
        CASE(NAMESPACE, "ns:/x", true),
        CASE(NAMESPACE, "keep-id:uid=0", true),
        CASE(SECURITY, "no-new-privileges", false),
        CASE(SECURITY, "no-new-privileges:true", false),
        CASE(SECURITY, "label=type:x", false),
        CASE(SECURITY, "label:disable", false),
        CASE(SECURITY, "apparmor=unconfined", false),
        CASE(SECURITY, "seccomp=unconfined", false),
        CASE(SECURITY, "seccomp:unconfined", false),
        CASE(SECURITY, "seccomp=/x", true),
        CASE(SECURITY, "seccomp={}", true),
        CASE(SECURITY, "label=nested", true),
        CASE(SECURITY, "unmask=ALL", true),
        CASE(SECURITY, "mask=/proc", true),
        CASE(SECURITY, "proc-opts=hidepid=0", true),
        CASE(SECURITY, "", true),
        CASE(IMAGE, "docker:dind", false),
        CASE(IMAGE, "localhost:5000/dir:1", false),
        CASE(IMAGE, "dir", true),
        CASE(IMAGE, "dir:/srv", true),
        CASE(IMAGE, "dir:srv", true),
        CASE(IMAGE, "oci-archive:x:y", true),
        CASE(IMAGE, "docker-archive:/x", true),
        CASE(IMAGE, "containers-storage:x", true),
        CASE(IMAGE, "docker://x", true),
        CASE(IMAGE, "https://x/y", true),
        CASE(BUILD_FILE, "", false),
        CASE(BUILD_FILE, "Dockerfile", false),
        CASE(BUILD_FILE, "/a/..b/c..", false),
        CASE(BUILD_FILE, "..", true),
        CASE(BUILD_FILE, "a/../b", true),
        CASE(BUILD_FILE, "/..", true),
        CASE(BUILD_FILE, "[\"a\"]", true),
        CASE(BUILD_FILE, "\t\n [\"a\"]", true),
        CASE(BUILD_FILE, "http://x", true),
        CASE(BUILD_FILE, "https://x", true),
        CASE(BUILD_LABELS, "", false),
        CASE(BUILD_LABELS, "{}", false),
        CASE(BUILD_LABELS, "{\"a\":\"b=c\",\"d\":\"e:f\"}", false),
        CASE(BUILD_LABELS, "{\"a\":\"\\\\\\\"=:\"}", false),
        CASE(BUILD_LABELS, "null", false),
        CASE(BUILD_LABELS, " [\"a=b\"]", true),
        CASE(BUILD_LABELS, "{\"a=b\":\"c\"}", true),
        CASE(BUILD_LABELS, "{\"a\":\"b\",\"c=\" : \"d\"}", true),
        CASE(BUILD_LABELS, "{\"a\\u003db\":\"c\"}", true),
        CASE(BUILD_LABELS, "{\"a\\u003Db\":\"c\"}", true),
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct text_case *c = &cases[i];
        struct text_objection why = text_judge(c->kind, c->text, &podman);

        cr_expect_eq(why.sentence != NULL, c->refused, "%s: %.*s", text_kind_word(c->kind),
                     SLICE_ARGS(c->text));
        cr_expect_eq(why.fix != NULL, c->refused);
        cr_expect_eq(text_judge(c->kind, c->text, &unknown).sentence, why.sentence);
        cr_expect_eq(text_judge(c->kind, c->text, NULL).sentence, why.sentence);
        cr_expect_null(text_judge(c->kind, c->text, &dockerd).sentence, "%s: %.*s",
                       text_kind_word(c->kind), SLICE_ARGS(c->text));
    }
}

Test(texts, that_become_lines_hold_no_control_characters)
{
    static const struct slice bad[] = {SLICE_INIT("a\nb"), SLICE_INIT("\r"), SLICE_INIT("a\0b"),
                                       SLICE_INIT("\x7f"), SLICE_INIT("\x1b[0m")};
    static const struct sockade_engine *const engines[] = {&podman, &dockerd, &unknown, NULL};

    for (size_t i = 0; i < 4; i++) {
        cr_expect_null(text_judge(TEXT_LINE, SLICE("a b.c=d\xc3\xa4"), engines[i]).sentence);
        for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
            cr_expect_not_null(text_judge(TEXT_LINE, bad[j], engines[i]).sentence, "%zu", j);
        }
        cr_expect_not_null(text_judge(TEXT_NONE, SLICE(""), engines[i]).sentence);
    }
}

Test(texts, have_words_for_the_documentation)
{
    for (enum text_kind kind = TEXT_OPAQUE; kind < TEXT_KINDS; kind++) {
        cr_expect_gt(strlen(text_kind_word(kind)), 0, "%u", kind);
    }
}
