/*
 * Inspections of containers: what is read of them, and what is no inspection.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "docker/objects/container_answer.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int read_answer(const char *text, struct arena *arena, struct container_answer *out)
{
    arena_init(arena, 1 << 20);
    return container_answer_read(slice_from(text), arena, out);
}

Test(container_answer, shows_what_a_client_chose)
{
    struct arena arena;
    struct container_answer answer = {0};

    cr_assert_eq(
        read_answer("{\"Id\":\"" ID "\",\"Name\":\"/a\",\"Config\":{\"User\":\"app\","
                    "\"Env\":[\"A=1\"]},\"HostConfig\":{\"Privileged\":true,\"Binds\":"
                    "[\"/etc:/e:ro\",\"vol:/v\"],\"CapAdd\":null,\"PidMode\":\"host\","
                    "\"MaskedPaths\":[\"/proc/asound\",\"/proc/acpi\",\"/proc/interrupts\",\"/proc/"
                    "kcore\",\"/proc/keys\",\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/"
                    "timer_stats\",\"/proc/sched_debug\",\"/proc/scsi\",\"/sys/"
                    "firmware\"],\"Future\":{\"a\":[]}},"
                    "\"Mounts\":[]}",
                    &arena, &answer),
        0);
    cr_expect(slice_eq(answer.id, SLICE(ID)));
    cr_expect(slice_eq(answer.spec.user, SLICE("app")));
    cr_expect(answer.spec.privileged);
    cr_expect(slice_eq(answer.spec.pid_mode, SLICE("host")));
    cr_assert_eq(answer.spec.mounts.count, 2);
    cr_expect(slice_eq(answer.spec.mounts.item[0].source, SLICE("/etc")));
    cr_expect(answer.spec.masked_paths.present, "the rule knows the engine's own");
    arena_deinit(&arena);
}

Test(container_answer, reads_what_podman_writes_into_binds)
{
    struct arena arena;
    struct container_answer answer = {0};

    cr_assert_eq(read_answer("{\"Id\":\"" ID "\",\"Config\":{},\"HostConfig\":{\"Binds\":["
                             "\"data:/data:rw,rprivate,nosuid,nodev,rbind\","
                             "\"/etc:/e:ro,rprivate,rbind\",\"/srv:/s:rbind,rshared\","
                             "\"/srv:/t\",\"data:/u:rprivate\",\"data:/v:rshared\","
                             "\"/srv:/w:U\",\"/srv:/x:\"]},\"Mounts\":[]}",
                             &arena, &answer),
                 0);
    const struct mount_spec *mount = answer.spec.mounts.item;

    cr_assert_eq(answer.spec.mounts.count, 8);
    cr_expect_eq(mount[0].kind, MOUNT_VOLUME);
    cr_expect(slice_eq(mount[0].source, SLICE("data")));
    cr_expect_not(mount[0].read_only);
    cr_expect_eq(mount[1].kind, MOUNT_BIND);
    cr_expect(mount[1].read_only);
    cr_expect(slice_eq(mount[1].propagation, SLICE("rprivate")));
    cr_expect(slice_eq(mount[2].propagation, SLICE("rshared")));
    cr_expect_eq(mount[3].kind, MOUNT_BIND);
    cr_expect_eq(mount[4].kind, MOUNT_VOLUME);
    cr_expect_eq(mount[5].kind, MOUNT_UNKNOWN, "who would see a shared volume is not known");
    cr_expect_eq(mount[6].kind, MOUNT_UNKNOWN, "a word that is known to nobody here");
    cr_expect_eq(mount[7].kind, MOUNT_BIND);
    arena_deinit(&arena);
}

Test(container_answer, shows_mounts_that_were_taken_over)
{
    struct arena arena;
    struct container_answer answer = {0};

    cr_assert_eq(read_answer("{\"Id\":\"" ID "\",\"Config\":{\"Image\":\"app\"},\"HostConfig\":"
                             "{\"Binds\":[\"vol:/v\"],\"VolumesFrom\":[\"x\"]},\"Mounts\":["
                             "{\"Type\":\"bind\",\"Source\":\"/etc/\",\"RW\":false,"
                             "\"Propagation\":\"rshared\"},"
                             "{\"Type\":\"volume\",\"Name\":\"data\",\"Driver\":\"nfs\"},"
                             "{\"Type\":\"tmpfs\"},{\"Type\":\"bind\",\"Source\":\"etc\"},"
                             "{\"Type\":\"npipe\"}]}",
                             &arena, &answer),
                 0);
    const struct mount_spec *mount = answer.spec.mounts.item;

    cr_expect(slice_eq(answer.spec.image, SLICE("app")));
    cr_assert_eq(answer.spec.mounts.count, 6);
    cr_expect(slice_eq(mount[0].source, SLICE("vol")));
    cr_expect_eq(mount[1].kind, MOUNT_BIND);
    cr_expect(slice_eq(mount[1].source, SLICE("/etc")));
    cr_expect(mount[1].read_only);
    cr_expect(slice_eq(mount[1].propagation, SLICE("rshared")));
    cr_expect(slice_eq(mount[1].field, SLICE("Mounts[0]")));
    cr_expect_eq(mount[2].kind, MOUNT_VOLUME);
    cr_expect(slice_eq(mount[2].source, SLICE("data")));
    cr_expect(slice_eq(mount[2].driver, SLICE("nfs")));
    cr_expect_eq(mount[3].kind, MOUNT_TMPFS);
    cr_expect(mount[4].problem, "a bind without an absolute path");
    cr_expect(mount[5].problem, "a type that nobody knows");
    arena_deinit(&arena);
}

Test(container_answer, refuses_what_is_no_inspection)
{
    static const char *const wrong[] = {
        "",
        "[]",
        "{}",
        "{\"Id\":\"" ID "\"}",
        "{\"Id\":\"" ID "\",\"HostConfig\":null}",
        "{\"Id\":\"" ID "\",\"HostConfig\":[]}",
        "{\"Id\":\"abc\",\"HostConfig\":{}}",
        "{\"Id\":\"../../../../../../../../../../../../../../../../../../../../../etc\","
        "\"HostConfig\":{}}",
        "{\"Id\":\"" ID "\",\"HostConfig\":{\"Privileged\":\"yes\"}}",
        "{\"Id\":\"" ID "\",\"HostConfig\":{\"Binds\":\"/:/h\"}}",
        "{\"Id\":\"" ID "\",\"Config\":{\"User\":0},\"HostConfig\":{}}",
        "{\"Id\":\"" ID "\",\"HostConfig\":{},\"HostConfig\":{}}",
        "{\"Id\":\"" ID "\",\"HostConfig\":{\"VolumesFrom\":[\"x\"]}}",
        "{\"Id\":\"" ID "\",\"Config\":{\"Image\":1},\"HostConfig\":{}}",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct arena arena;
        struct container_answer answer = {0};

        cr_expect_eq(read_answer(wrong[i], &arena, &answer), -EBADMSG, "%s", wrong[i]);
        arena_deinit(&arena);
    }
}
