/*
 * See mount_table.h.
 */
#include "proxy/host/mount_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/try.h"

#include "base/banned.h"

enum { READ_BYTES = 16 * 1024 };

static int mount_table_read_text(struct buf *text, int process)
{
    int fd = openat(process, "mountinfo", O_RDONLY | O_CLOEXEC);
    ssize_t count = fd < 0 ? -1 : 1;
    int err = 0;

    while (count > 0 && err == 0) {
        err = buf_reserve(text, READ_BYTES);
        if (err == 0) {
            count = read(fd, text->data + text->len, READ_BYTES);
            text->len += count > 0 ? (size_t)count : 0;
        }
    }
    err = count < 0 ? -errno : err;
    if (fd >= 0) {
        close(fd);
    }
    return err;
}

static bool is_octal(const char *digits)
{
    return digits[0] >= '0' && digits[0] <= '3' && digits[1] >= '0' && digits[1] <= '7' &&
           digits[2] >= '0' && digits[2] <= '7';
}

/* "\040" is a space: in place, for it only gets shorter. */
static void mount_table_unescape(char *text, struct slice *field)
{
    size_t len = 0;

    for (size_t i = 0; i < field->len; len++) {
        const char *from = field->ptr + i;

        if (*from == '\\' && i + 3 < field->len && is_octal(from + 1)) {
            text[len] = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            i += 4;
        } else {
            text[len] = *from;
            i++;
        }
    }
    field->len = len;
}

/* Behind the options, of which there is one at least, and a hyphen. */
static bool mount_table_cut_type(struct slice line, struct slice *out)
{
    struct slice field = {0};

    while (!slice_eq(field, SLICE("-"))) {
        if (!slice_cut(line, ' ', &field, &line)) {
            return false;
        }
    }
    return slice_cut(line, ' ', out, &line);
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static int mount_table_add(struct mount_table *table, struct slice line)
{
    struct mount_entry entry = {0};
    struct slice id = {0};
    struct slice parent = {0};
    bool whole =
        slice_cut(line, ' ', &id, &line) && slice_cut(line, ' ', &parent, &line) &&
        slice_cut(line, ' ', &entry.device, &line) && slice_cut(line, ' ', &entry.root, &line) &&
        slice_cut(line, ' ', &entry.point, &line) && mount_table_cut_type(line, &entry.type);

    if (!whole || parse_u64(id, &entry.id) < 0 || parse_u64(parent, &entry.parent) < 0) {
        return -EBADMSG;
    }
    mount_table_unescape(table->text.data + (entry.root.ptr - table->text.data), &entry.root);
    mount_table_unescape(table->text.data + (entry.point.ptr - table->text.data), &entry.point);
    table->entry[table->count] = entry;
    table->count++;
    return 0;
}

static const struct mount_entry *mount_table_find_id(const struct mount_table *table, uint64_t id)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->entry[i].id == id) {
            return &table->entry[i];
        }
    }
    return NULL;
}

/* The first of those at "/": what it is mounted on is out of the process' sight. */
static const struct mount_entry *mount_table_find_root(const struct mount_table *table)
{
    const struct mount_entry *root = NULL;

    for (size_t i = 0; i < table->count; i++) {
        const struct mount_entry *entry = &table->entry[i];
        bool first = entry->parent == entry->id || !mount_table_find_id(table, entry->parent);

        if (slice_eq(entry->point, SLICE("/")) && first) {
            if (root) {
                return NULL;
            }
            root = entry;
        }
    }
    return root;
}

static size_t mount_table_count_lines(struct slice text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        count += text.ptr[i] == '\n';
    }
    return count;
}

int mount_table_read(struct mount_table *table, int process)
{
    *table = (struct mount_table){0};
    buf_init(&table->text, MOUNT_TABLE_MAX_BYTES);
    TRY(mount_table_read_text(&table->text, process));
    struct slice rest = buf_slice(&table->text);

    table->entry = calloc(mount_table_count_lines(rest) + 1, sizeof(*table->entry));
    TRY_ALLOC(table->entry);
    while (rest.len > 0) {
        struct slice line = {0};

        slice_cut(rest, '\n', &line, &rest);
        TRY(line.len > 0 ? mount_table_add(table, line) : 0);
    }
    table->root = mount_table_find_root(table);
    return 0;
}

void mount_table_deinit(struct mount_table *table)
{
    buf_deinit(&table->text);
    free(table->entry);
    *table = (struct mount_table){0};
}

static bool mount_table_is_within(struct slice path, struct slice directory)
{
    if (slice_eq(directory, SLICE("/"))) {
        return true;
    }
    return slice_starts_with(path, directory) &&
           (path.len == directory.len || path.ptr[directory.len] == '/');
}

/*
 * The next mount on the way down from `mount` to `path`: of those on it, the one that is
 * met first. One that is hidden by another is on no way down.
 */
static bool mount_table_next(const struct mount_table *table, struct slice path,
                             const struct mount_entry **mount)
{
    const struct mount_entry *next = NULL;

    for (size_t i = 0; i < table->count; i++) {
        const struct mount_entry *entry = &table->entry[i];

        if (entry->parent != (*mount)->id || entry == *mount ||
            !mount_table_is_within(path, entry->point)) {
            continue;
        }
        if (next && next->point.len == entry->point.len) {
            *mount = NULL; // which of them is on top is not known
            return false;
        }
        next = next && next->point.len < entry->point.len ? next : entry;
    }
    *mount = next ? next : *mount;
    return next != NULL;
}

bool mount_table_find(const struct mount_table *table, struct slice path, struct mount_place *out)
{
    const struct mount_entry *mount = table->root;
    size_t steps = 0;

    // Each step goes to a mount on the one before: no more steps than mounts.
    while (mount && mount_table_next(table, path, &mount)) {
        steps++;
        if (steps > table->count) {
            return false;
        }
    }
    if (!mount) {
        return false;
    }
    size_t above = slice_eq(mount->point, SLICE("/")) ? 0 : mount->point.len;

    *out = (struct mount_place){.mount = mount, .rest = slice_from_index(path, above)};
    return true;
}

bool mount_table_has_point(const struct mount_table *table, struct slice path)
{
    for (size_t i = 0; i < table->count; i++) {
        if (slice_eq(table->entry[i].point, path)) {
            return true;
        }
    }
    return false;
}

/* The two parts of a path within a file system, "/" for its root. */
static struct slice mount_table_without_slash(struct slice part)
{
    return slice_eq(part, SLICE("/")) ? (struct slice){part.ptr, 0} : part;
}

bool mount_place_is_same(const struct mount_place *one, const struct mount_place *other)
{
    struct slice root = mount_table_without_slash(one->mount->root);
    struct slice rest = mount_table_without_slash(one->rest);
    struct slice other_root = mount_table_without_slash(other->mount->root);
    struct slice other_rest = mount_table_without_slash(other->rest);

    // Of what was removed only the name is left, which others may have had before or since.
    if (slice_ends_with(root, SLICE("//deleted")) ||
        slice_ends_with(other_root, SLICE("//deleted")) ||
        !slice_eq(one->mount->device, other->mount->device) ||
        root.len + rest.len != other_root.len + other_rest.len) {
        return false;
    }
    // One root is the beginning of the other, and what it lacks begins the rest.
    if (root.len > other_root.len) {
        struct slice swap = root;

        root = other_root;
        other_root = swap;
        swap = rest;
        rest = other_rest;
        other_rest = swap;
    }
    size_t more = other_root.len - root.len;

    return slice_starts_with(other_root, root) &&
           slice_eq(slice_from_index(other_root, root.len), slice_head(rest, more)) &&
           slice_eq(slice_from_index(rest, more), other_rest);
}
