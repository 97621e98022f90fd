/*
 * Request bodies in tests: text in, tree, problems and the written text out.
 */
#ifndef SOCKADE_TESTS_SUPPORT_BODIES_H
#define SOCKADE_TESTS_SUPPORT_BODIES_H

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "docker/tables/container_spec.h"

struct body {
    struct arena arena;
    struct spec_reader reader;
    struct json *tree; /* NULL: not JSON, see `why` */
    struct json_problem why;
    char text[4096]; /* of the functions below */
};

/* The text of a file in tests/bodies/. It stays until the program ends. */
static inline const char *body_file(const char *name)
{
    static char room[256 * 1024];
    static size_t used;
    char path[512];
    struct buf text;
    char *start = room + used;

    (void)snprintf(path, sizeof(path), "%s/tests/bodies/%s", SOCKADE_SOURCE_DIR, name);
    buf_init(&text, sizeof(room) - used - 1);
    int err = buf_read_file(&text, path);

    assert(err == 0);
    memcpy(start, text.data, text.len);
    start[text.len] = '\0';
    used += text.len + 1;
    buf_deinit(&text);
    return start;
}

/* The text without blanks between values; static. */
static inline const char *body_compact(const char *text)
{
    static char compact[64 * 1024];
    bool quoted = false;
    size_t used = 0;

    assert(strlen(text) < sizeof(compact));
    for (const char *at = text; *at; at++) {
        quoted = quoted != (*at == '"' && (at == text || at[-1] != '\\'));
        if (quoted || (*at != ' ' && *at != '\n')) {
            compact[used++] = *at;
        }
    }
    compact[used] = '\0';
    return compact;
}

/* json_read()'s result. The engine is a dockerd; reader.engine may be changed. */
static inline int body_open_slice(struct body *body, struct slice text)
{
    static const struct sockade_engine dockerd = {ENGINE_DOCKERD, 26, 1, 5};

    memset(body, 0, sizeof(*body));
    arena_init(&body->arena, 64U * 1024 * 1024);
    body->reader.arena = &body->arena;
    body->reader.engine = &dockerd;
    return json_read(text, &body->arena, &body->tree, &body->why);
}

static inline int body_open(struct body *body, const char *text)
{
    return body_open_slice(body, slice_from(text));
}

static inline void body_close(struct body *body)
{
    arena_deinit(&body->arena);
}

/* "AMBIGUOUS User must be a string; UNKNOWN Foo is not known", or "". */
static inline const char *body_problems(struct body *body)
{
    static const char *const kinds[] = {"AMBIGUOUS", "UNKNOWN", "REFUSED", "REPARSED"};
    size_t used = 0;

    body->text[0] = '\0';
    for (const struct spec_problem *problem = body->reader.problems; problem;
         problem = problem->next) {
        int len = snprintf(body->text + used, sizeof(body->text) - used, "%s%s %.*s %s",
                           used > 0 ? "; " : "", kinds[problem->kind], SLICE_ARGS(problem->field),
                           problem->sentence);
        if (len < 0 || (size_t)len >= sizeof(body->text) - used) {
            break;
        }
        used += (size_t)len;
    }
    return body->text;
}

/* What would be sent, or "!" when it can't be written. */
static inline const char *body_written(struct body *body)
{
    struct buf out;

    buf_init(&out, sizeof(body->text) - 1);
    if (json_write(&out, body->tree) < 0) {
        (void)snprintf(body->text, sizeof(body->text), "!");
    } else {
        memcpy(body->text, out.data, out.len);
        body->text[out.len] = '\0';
    }
    buf_deinit(&out);
    return body->text;
}

static inline bool body_text_eq(struct slice slice, const char *text)
{
    return slice_eq(slice, slice_from(text));
}

#endif
