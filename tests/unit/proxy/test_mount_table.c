/*
 * Tables of mounts as the kernel writes them: which place of a file system a path is.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/host/mount_table.h"

static int read_text(const char *text, struct mount_table *table)
{
    char directory[] = "/tmp/sockade-mounts-XXXXXX";
    char path[64];

    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/mountinfo", directory);
    FILE *file = fopen(path, "we");

    cr_assert(fputs(text, file) >= 0);
    fclose(file);
    int fd = open(directory, O_PATH | O_CLOEXEC);
    int err = mount_table_read(table, fd);

    close(fd);
    unlink(path);
    rmdir(directory);
    return err;
}

static const char host[] = "20 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
                           "30 20 8:2 / /data rw shared:2 - ext4 /dev/sdb1 rw\n"
                           "31 20 8:2 /ci\\040jobs /srv/ci rw - ext4 /dev/sdb1 rw\n"
                           "32 31 0:40 / /srv/ci/tmp rw - tmpfs tmpfs rw\n"
                           "33 20 0:41 / /run rw - tmpfs tmpfs rw\n";

static struct mount_place find(const struct mount_table *table, const char *path)
{
    struct mount_place place = {0};

    cr_assert(mount_table_find(table, slice_from(path), &place), "%s", path);
    return place;
}

Test(mount_table, finds_what_a_path_shows)
{
    static const struct {
        const char *path;
        uint64_t id;
        const char *rest;
    } rows[] = {{"/", 20, "/"},
                {"/etc", 20, "/etc"},
                {"/data", 30, ""},
                {"/data/x/y", 30, "/x/y"},
                {"/database", 20, "/database"},
                {"/srv/ci/a", 31, "/a"},
                {"/srv/ci/tmp/a", 32, "/a"}};
    struct mount_table table;

    cr_assert_eq(read_text(host, &table), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mount_place place = find(&table, rows[i].path);

        cr_expect_eq(place.mount->id, rows[i].id, "%s", rows[i].path);
        cr_expect(slice_eq(place.rest, slice_from(rows[i].rest)), "%s", rows[i].path);
    }
    struct mount_place spaced = find(&table, "/srv/ci");

    cr_expect(slice_eq(spaced.mount->root, SLICE("/ci jobs")));
    cr_expect(mount_table_has_point(&table, SLICE("/data")));
    cr_expect_not(mount_table_has_point(&table, SLICE("/data/x")));
    mount_table_deinit(&table);
}

Test(mount_table, goes_by_what_is_on_top)
{
    struct mount_table table;
    struct mount_place place;

    // /a/b was mounted, then /a was mounted over, then / itself.
    cr_assert_eq(read_text("1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /a rw - ext4 b rw\n"
                           "3 2 8:3 / /a/b rw - ext4 c rw\n4 2 8:4 / /a rw - ext4 d rw\n",
                           &table),
                 0);
    cr_expect_eq(find(&table, "/a/b/c").mount->id, 4);
    mount_table_deinit(&table);
    cr_assert_eq(read_text("1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / / rw - ext4 b rw\n", &table), 0);
    cr_expect_eq(find(&table, "/a").mount->id, 2);
    mount_table_deinit(&table);
    cr_assert_eq(read_text("1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /a rw - ext4 b rw\n"
                           "3 1 8:3 / /a rw - ext4 c rw\n",
                           &table),
                 0);
    cr_expect_not(mount_table_find(&table, SLICE("/a/b"), &place), "which is on top isn't known");
    mount_table_deinit(&table);
}

Test(mount_table, knows_nothing_without_a_root)
{
    static const char *const texts[] = {
        "",
        "2 1 8:2 / /a rw - ext4 b rw\n",
        "1 7 8:1 / / rw - ext4 a rw\n2 8 8:2 / / rw - ext4 b rw\n",
    };
    struct mount_place place;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct mount_table table;

        cr_assert_eq(read_text(texts[i], &table), 0);
        cr_expect_null(table.root, "%zu", i);
        cr_expect_not(mount_table_find(&table, SLICE("/a"), &place), "%zu", i);
        mount_table_deinit(&table);
    }
}

Test(mount_table, reads_nothing_but_whole_lines)
{
    static const char *const texts[] = {"1 0 8:1 /", "x 0 8:1 / / rw\n", "1 - 8:1 / / rw\n",
                                        "\n1\n"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct mount_table table;

        cr_expect_lt(read_text(texts[i], &table), 0, "%zu", i);
        mount_table_deinit(&table);
    }
}

Test(mount_table, compares_places_by_device_and_path_within)
{
    static const struct {
        const char *one;
        const char *other;
        const char *path;
        bool same;
    } rows[] = {
        {"8:1 / /", "8:1 / /", "/a/b", true},
        {"8:1 / /", "8:2 / /", "/a/b", false},
        {"8:1 / /", "8:1 /x /", "/a/b", false},
        // The view of one directory of it, which is mounted in its own place.
        {"8:1 / /", "8:1 /a/b /a/b", "/a/b", true},
        {"8:1 / /", "8:1 /a/b /a/b", "/a/b/c", true},
        {"8:1 / /", "8:1 /a/b2 /a/b", "/a/b", false},
        {"8:1 / /", "8:1 /a /a/b", "/a/b", false},
        {"8:1 / /", "8:1 /a/b//deleted /a/b", "/a/b", false},
        {"8:1 /a/b//deleted /a/b", "8:1 /a/b//deleted /a/b", "/a/b", false},
        {"8:1 /sub /", "8:1 /sub/a /a", "/a/b", true},
        {"8:1 /sub /", "8:1 /a /a", "/a/b", false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        struct mount_table table[2];
        struct mount_place place[2];
        const char *const say[2] = {rows[i].one, rows[i].other};

        for (int at = 0; at < 2; at++) {
            snprintf(text, sizeof(text), "1 0 7:7 /none / rw - x x rw\n2 1 %s rw - ext4 a rw\n",
                     say[at]);
            cr_assert_eq(read_text(text, &table[at]), 0);
            place[at] = find(&table[at], rows[i].path);
        }
        cr_expect_eq(mount_place_is_same(&place[0], &place[1]), rows[i].same, "%zu", i);
        cr_expect_eq(mount_place_is_same(&place[1], &place[0]), rows[i].same, "%zu", i);
        mount_table_deinit(&table[0]);
        mount_table_deinit(&table[1]);
    }
}
