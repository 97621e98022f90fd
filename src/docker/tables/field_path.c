/*
 * See field_path.h.
 */
#include "docker/tables/field_path.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* Tables are nested this deep at most; they are ours, so it is an invariant. */
enum { PATH_MAX_STEPS = 16, PATH_MAX_TEXT = 320, PATH_MAX_NAME = 64 };

struct text {
    char bytes[PATH_MAX_TEXT];
    size_t len;
};

static void text_add(struct text *text, struct slice part)
{
    size_t room = sizeof(text->bytes) - text->len;
    size_t len = part.len < room ? part.len : room;

    if (len > 0) {
        memcpy(text->bytes + text->len, part.ptr, len);
        text->len += len;
    }
}

static void text_add_step(struct text *text, const struct step *step)
{
    char digits[24];
    int len = 0;

    switch (step->kind) {
    case STEP_NAME:
        if (text->len > 0) {
            text_add(text, SLICE("."));
        }
        text_add(text, step->name.len > 0 ? slice_head(step->name, PATH_MAX_NAME) : SLICE("\"\""));
        return;
    case STEP_KEY:
        text_add(text, SLICE("["));
        text_add(text, slice_head(step->name, PATH_MAX_NAME));
        text_add(text, SLICE("]"));
        return;
    case STEP_INDEX:
        len = snprintf(digits, sizeof(digits), "[%zu]", step->index);
        text_add(text, (struct slice){digits, (size_t)len});
        return;
    }
}

int field_path_write(const struct step *at, struct arena *arena, struct slice *out)
{
    const struct step *steps[PATH_MAX_STEPS];
    size_t count = 0;
    struct text text = {.len = 0};

    for (const struct step *step = at; step && count < PATH_MAX_STEPS; step = step->up) {
        steps[count] = step;
        count++;
    }
    while (count > 0) {
        count--;
        text_add_step(&text, steps[count]);
    }
    if (text.len == 0) {
        text_add(&text, SLICE("body"));
    }
    return arena_copy(arena, (struct slice){text.bytes, text.len}, out);
}
