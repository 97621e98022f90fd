/*
 * Any bytes as a body. The first byte chooses the framing, the second how the
 * rest is cut, the third a length. However it is cut the outcome is the same, and
 * what a chunked body passes on is a chunked body with the same content.
 */
#include <assert.h>
#include <stdint.h>

#include "base/buf.h"
#include "http/body_reader.h"

enum { OPTION_BYTES = 3 };

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    struct buf content;
    struct buf framed; /* DATA and FRAMING in their order */
    enum body_piece end;
    size_t used;
};

static void append_piece(struct outcome *out, enum body_piece kind, struct slice piece)
{
    assert(piece.len > 0);
    assert(buf_append(&out->framed, piece) == 0);
    if (kind == BODY_PIECE_DATA) {
        assert(buf_append(&out->content, piece) == 0);
    }
}

static void feed(struct body_reader *reader, struct slice part, struct outcome *out)
{
    struct slice input = part;
    struct slice piece = {0};

    out->end = body_reader_next(reader, &input, &piece);
    while (out->end == BODY_PIECE_DATA || out->end == BODY_PIECE_FRAMING) {
        append_piece(out, out->end, piece);
        out->end = body_reader_next(reader, &input, &piece);
    }
    assert(out->end != BODY_PIECE_MORE || input.len == 0);
    out->used += part.len - input.len;
}

/* `step` bytes at a time; 0: all at once. */
static void run(struct body_reader reader, struct slice input, size_t step, struct outcome *out)
{
    *out = (struct outcome){0};
    buf_init(&out->content, input.len + 1);
    buf_init(&out->framed, input.len * 4 + 8);
    step = step > 0 && step < input.len ? step : input.len;
    do {
        feed(&reader, slice_head(input, step), out);
        input = slice_from_index(input, step);
    } while (out->end == BODY_PIECE_MORE && input.len > 0);
}

static void outcome_deinit(struct outcome *outcome)
{
    buf_deinit(&outcome->content);
    buf_deinit(&outcome->framed);
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    assert(slice_eq(buf_slice(&a->content), buf_slice(&b->content)));
    assert(slice_eq(buf_slice(&a->framed), buf_slice(&b->framed)));
}

/* Of a bad body more or less framing may have been passed on before it showed. */
static void check_both_bad(const struct outcome *a, const struct outcome *b)
{
    size_t common = a->framed.len < b->framed.len ? a->framed.len : b->framed.len;

    assert(a->end == BODY_PIECE_BAD && b->end == BODY_PIECE_BAD);
    assert(slice_eq(buf_slice(&a->content), buf_slice(&b->content)));
    assert(slice_eq(slice_head(buf_slice(&a->framed), common),
                    slice_head(buf_slice(&b->framed), common)));
}

static void check_framed(struct body_reader reader, const struct outcome *whole)
{
    struct outcome again;

    run(reader, buf_slice(&whole->framed), 0, &again);
    check_same(whole, &again);
    assert(whole->end != BODY_PIECE_END || again.end == BODY_PIECE_END);
    assert(whole->end != BODY_PIECE_END || again.used == whole->framed.len);
    outcome_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum body_framing framings[] = {BODY_CHUNKED, BODY_CHUNKED, BODY_LENGTH,
                                                 BODY_UNTIL_EOF, BODY_NONE};
    struct body_reader reader;
    struct outcome whole;
    struct outcome parts;

    if (size < OPTION_BYTES) {
        return 0;
    }
    enum body_framing framing = framings[data[0] % (sizeof(framings) / sizeof(framings[0]))];
    struct slice input = {(const char *)data + OPTION_BYTES, size - OPTION_BYTES};
    body_reader_init(&reader, framing, data[2]);
    run(reader, input, 0, &whole);
    run(reader, input, (size_t)data[1] % 16 + 1, &parts);
    if (whole.end == BODY_PIECE_BAD) {
        check_both_bad(&whole, &parts);
    } else {
        check_same(&whole, &parts);
        assert(whole.end == parts.end && whole.used == parts.used);
    }
    assert(framing != BODY_LENGTH || whole.content.len <= data[2]);
    if (framing == BODY_CHUNKED) {
        check_framed(reader, &whole);
    }
    outcome_deinit(&whole);
    outcome_deinit(&parts);
    return 0;
}
