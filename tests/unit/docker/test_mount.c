/*
 * Paths and Binds entries, against what the engine's parser does with them.
 */
#include <criterion/criterion.h>

#include "docker/mount.h"
#include "support/bodies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

Test(mount, cleans_paths_as_go_does)
{
    static const char *const cases[][2] = {
        {"/", "/"},
        {"//", "/"},
        {"/.", "/"},
        {"/..", "/"},
        {"/../..", "/"},
        {"/a", "/a"},
        {"/a/", "/a"},
        {"/a//b", "/a/b"},
        {"//var/run/../run//docker.sock", "/var/run/docker.sock"},
        {"/srv/ci/../../etc", "/etc"},
        {"/srv/ci/./x/.", "/srv/ci/x"},
        {"/a/../../../b/c/..", "/b"},
        {"/...", "/..."},
        {"/a/..b", "/a/..b"},
        {"/a/b../c", "/a/b../c"},
        {"/.hidden", "/.hidden"},
        {"/ /etc", "/ /etc"},
        {"/a\\..\\b", "/a\\..\\b"},
        {"/proc/self/root/../..", "/proc"},
        {"/\xC3\xA9/../\xE2\x82\xAC", "/\xE2\x82\xAC"},
    };
    struct arena arena;

    arena_init(&arena, 1024UL * 1024);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct slice clean;
        struct slice again;
        cr_assert_eq(path_clean(&arena, slice_from(cases[i][0]), &clean), 0);
        cr_expect(body_text_eq(clean, cases[i][1]), "%s: %.*s", cases[i][0], SLICE_ARGS(clean));
        cr_expect_eq(path_is_clean(slice_from(cases[i][0])),
                     slice_eq(clean, slice_from(cases[i][0])), "%s", cases[i][0]);
        cr_assert_eq(path_clean(&arena, clean, &again), 0);
        cr_expect(slice_eq(clean, again), "%s", cases[i][0]);
    }
    arena_deinit(&arena);
}

Test(mount, compares_paths_by_components)
{
    static const char *const within[][2] = {
        {"/srv/ci", "/srv/ci"}, {"/srv/ci/x", "/srv/ci"}, {"/srv/ci", "/"}, {"/", "/"},
        {"/srv", "/srv"},
    };
    static const char *const outside[][2] = {
        {"/srv/ci-evil", "/srv/ci"}, {"/srv", "/srv/ci"}, {"/", "/srv"},
        {"/srv/c", "/srv/ci"},       {"/etc", "/srv/ci"},
    };

    for (size_t i = 0; i < COUNT(within); i++) {
        cr_expect(path_is_within(slice_from(within[i][0]), slice_from(within[i][1])), "%s",
                  within[i][0]);
    }
    for (size_t i = 0; i < COUNT(outside); i++) {
        cr_expect_not(path_is_within(slice_from(outside[i][0]), slice_from(outside[i][1])), "%s",
                      outside[i][0]);
    }
}

Test(mount, knows_volume_names)
{
    static const char *const good[] = {"ab", "a1", "0x", "my_volume.1-2", "A-"};
    static const char *const bad[] = {"",    "a",   ".a",  "-a",   "_a",    "../x",
                                      "./x", "a/b", "a b", " etc", "\\etc", "\xC3\xA9t"};

    for (size_t i = 0; i < COUNT(good); i++) {
        cr_expect(volume_name_is_valid(slice_from(good[i])), "%s", good[i]);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        cr_expect_not(volume_name_is_valid(slice_from(bad[i])), "%s", bad[i]);
    }
}

struct bind_case {
    const char *text;
    enum mount_kind kind;
    const char *source;
    const char *target;
    bool read_only;
    bool relabel;
    const char *propagation;
};

static struct mount_spec from_bind(struct arena *arena, const char *text)
{
    struct mount_spec mount;

    cr_assert_eq(mount_from_bind(arena, slice_from(text), &mount), 0, "%s", text);
    return mount;
}

Test(mount, reads_binds)
{
    static const struct bind_case cases[] = {
        {"/srv/ci:/src", MOUNT_BIND, "/srv/ci", "/src", false, false, ""},
        {"/srv/ci:/src:ro", MOUNT_BIND, "/srv/ci", "/src", true, false, ""},
        {"/srv/ci/proj:/src:rw,rprivate", MOUNT_BIND, "/srv/ci/proj", "/src", false, false,
         "rprivate"},
        {"/srv/ci/../../etc:/h", MOUNT_BIND, "/etc", "/h", false, false, ""},
        {"//var/run/../run//docker.sock:/s", MOUNT_BIND, "/var/run/docker.sock", "/s", false, false,
         ""},
        {"/:/h:ro", MOUNT_BIND, "/", "/h", true, false, ""},
        {"/a:/b:Z,ro", MOUNT_BIND, "/a", "/b", true, true, ""},
        {"/a:/b:z,shared,cached", MOUNT_BIND, "/a", "/b", false, true, "shared"},
        {"/a:/b:", MOUNT_BIND, "/a", "/b", false, false, ""},
        {"/a:/b/../c/", MOUNT_BIND, "/a", "/c", false, false, ""},
        {"/a b:/c", MOUNT_BIND, "/a b", "/c", false, false, ""},
        {"vol:/data", MOUNT_VOLUME, "vol", "/data", false, false, ""},
        {"vol:/data:nocopy,ro", MOUNT_VOLUME, "vol", "/data", true, false, ""},
        {"/anon", MOUNT_ANONYMOUS, "", "/anon", false, false, ""},
    };
    struct arena arena;

    arena_init(&arena, 1024UL * 1024);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mount_spec mount = from_bind(&arena, cases[i].text);
        cr_expect_eq(mount.kind, cases[i].kind, "%s", cases[i].text);
        cr_expect_not(mount.problem, "%s", cases[i].text);
        cr_expect(body_text_eq(mount.source, cases[i].source), "%s", cases[i].text);
        cr_expect(body_text_eq(mount.target, cases[i].target), "%s", cases[i].text);
        cr_expect(body_text_eq(mount.propagation, cases[i].propagation), "%s", cases[i].text);
        cr_expect_eq(mount.read_only, cases[i].read_only, "%s", cases[i].text);
        cr_expect_eq(mount.relabel, cases[i].relabel, "%s", cases[i].text);
        cr_expect_eq(mount.create_mountpoint, cases[i].kind == MOUNT_BIND, "%s", cases[i].text);
    }
    arena_deinit(&arena);
}

Test(mount, refuses_binds_that_the_engine_does_not_take)
{
    static const char *const cases[] = {
        "",
        ":",
        "::",
        ":/h",
        "/etc:",
        "/etc:/h:ro:x",
        "/etc:/h:ro:",
        "a:/h",
        "../x:/h",
        "./x:/h",
        " /etc:/h",
        "\\etc:/h",
        "/etc:/",
        "/etc:/..",
        "/",
        "h",
        "/etc:h",
        "/etc:ro",
        "/foo:rw",
        "/foo:z,ro",
        "/etc:/h:RO",
        "/etc:/h:ro,rw",
        "/etc:/h:ro,ro",
        "/etc:/h:z,Z",
        "/etc:/h:shared,slave",
        "/etc:/h:ro,",
        "/etc:/h:,",
        "/etc:/h: ro",
        "/etc:/h:nocopy",
        "/etc:/h:default",
        "vol:/h:shared",
        "C:\\x:/h",
        "vol\xC3\xA9:/h",
        "/etc:\\h",
    };
    struct arena arena;

    arena_init(&arena, 1024UL * 1024);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mount_spec mount = from_bind(&arena, cases[i]);
        cr_expect(mount.problem, "%s", cases[i]);
        cr_expect_eq(mount.kind, MOUNT_UNKNOWN, "%s", cases[i]);
    }
    arena_deinit(&arena);
}
