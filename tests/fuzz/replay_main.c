/*
 * Runs a fuzz harness over the files of one folder, so that its corpus is a
 * normal test where no libFuzzer is. A folder without files is a failure: it
 * would be a test that tests nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { FILE_MAX_BYTES = 16 * 1024 * 1024 };

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From memory of exactly the file's size, where a sanitizer sees a read past it. */
static int run_bytes(struct slice bytes)
{
    uint8_t *exact = malloc(bytes.len > 0 ? bytes.len : 1);

    if (!exact) {
        return -ENOMEM;
    }
    if (bytes.len > 0) {
        memcpy(exact, bytes.ptr, bytes.len);
    }
    LLVMFuzzerTestOneInput(exact, bytes.len);
    free(exact);
    return 0;
}

static int run_file(const char *folder, const char *name)
{
    CLEANUP(buf_deinit) struct buf path;
    CLEANUP(buf_deinit) struct buf content;

    buf_init(&path, 4096);
    buf_init(&content, FILE_MAX_BYTES);
    int err = buf_printf(&path, "%s/%s", folder, name);
    if (err == 0) {
        err = buf_append_byte(&path, '\0');
    }
    if (err == 0) {
        err = buf_read_file(&content, path.data);
    }
    return err < 0 ? err : run_bytes(buf_slice(&content));
}

int main(int argc, char **argv)
{
    size_t count = 0;
    int err = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    DIR *folder = opendir(argv[1]);
    struct dirent *entry = folder ? readdir(folder) : NULL;
    for (; entry && err == 0; entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            printf("%s\n", entry->d_name); // the last one named is the one that failed
            fflush(stdout);
            err = run_file(argv[1], entry->d_name);
            count++;
        }
    }
    if (folder) {
        closedir(folder);
    }
    if (count == 0 || err < 0) {
        fprintf(stderr, "%s: %s\n", argv[1], err < 0 ? strerror(-err) : "no corpus");
        return 1;
    }
    printf("%zu inputs\n", count);
    return 0;
}
