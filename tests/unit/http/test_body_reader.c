/* Bodies of every framing, however they arrive. */
#include "http/body_reader.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "support/heads.h"

/* What came out of a reader. */
struct outcome {
    struct buf content;
    struct buf framed; /* DATA and FRAMING in their order */
    enum body_piece end;
    size_t used; /* bytes of the input when it ended */
};

static void outcome_init(struct outcome *outcome)
{
    *outcome = (struct outcome){0};
    buf_init(&outcome->content, 1 << 20);
    buf_init(&outcome->framed, 1 << 20);
}

static void outcome_deinit(struct outcome *outcome)
{
    buf_deinit(&outcome->content);
    buf_deinit(&outcome->framed);
}

/* Feeds one part of the input and says how it ended. */
static enum body_piece feed(struct body_reader *reader, struct slice part, struct outcome *out)
{
    char *copy = heap_copy(part);
    struct slice input = {copy, part.len};
    struct slice piece = {0};
    enum body_piece kind;

    while ((kind = body_reader_next(reader, &input, &piece)) == BODY_PIECE_DATA ||
           kind == BODY_PIECE_FRAMING) {
        cr_assert_gt(piece.len, 0, "an empty piece");
        cr_assert_eq(buf_append(&out->framed, piece), 0);
        cr_assert(kind == BODY_PIECE_FRAMING || buf_append(&out->content, piece) == 0);
    }
    cr_assert(kind != BODY_PIECE_MORE || input.len == 0, "MORE with input left");
    out->used += part.len - input.len;
    free(copy);
    return kind;
}

/* The input in two parts cut at `cut`, or byte by byte with `each`. */
static void run(struct body_reader reader, struct slice input, size_t cut, bool each,
                struct outcome *out)
{
    size_t step = each ? 1 : cut;

    out->end = BODY_PIECE_MORE;
    for (size_t at = 0; at <= input.len && out->end == BODY_PIECE_MORE;) {
        out->end = feed(&reader, slice_head(slice_from_index(input, at), step), out);
        at = step > 0 ? at + step : at;
        if (!each || step == 0) {
            step = each ? 1 : input.len - cut + 1;
        }
    }
    if (out->end != BODY_PIECE_MORE) { // and stays so
        struct slice rest = {0};
        struct slice piece;
        cr_assert_eq(body_reader_next(&reader, &rest, &piece), out->end);
    }
}

static const struct {
    struct slice input;
    enum body_piece end;
    size_t left; /* bytes of the input that aren't part of the body, at END */
    const char *content;
    const char *framed;
} chunked[] = {
    {SLICE_INIT("0\r\n\r\n"), BODY_PIECE_END, 0, "", "0\r\n\r\n"},
    {SLICE_INIT("5\r\nhello\r\n0\r\n\r\n"), BODY_PIECE_END, 0, "hello", "5\r\nhello\r\n0\r\n\r\n"},
    {SLICE_INIT("5\r\nhello\r\n0\r\n\r\nGET / "), BODY_PIECE_END, 6, "hello",
     "5\r\nhello\r\n0\r\n\r\n"},
    {SLICE_INIT("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), BODY_PIECE_END, 0, "hello",
     "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"},
    {SLICE_INIT("0A\r\n0123456789\r\n00\r\n\r\n"), BODY_PIECE_END, 0, "0123456789",
     "A\r\n0123456789\r\n0\r\n\r\n"},
    {SLICE_INIT("10\r\n0123456789abcdef\r\n0\r\n\r\n"), BODY_PIECE_END, 0, "0123456789abcdef",
     "10\r\n0123456789abcdef\r\n0\r\n\r\n"},
    {SLICE_INIT("0000000000000005\r\nhello\r\n0\r\n\r\n"), BODY_PIECE_END, 0, "hello",
     "5\r\nhello\r\n0\r\n\r\n"},
    {SLICE_INIT("2\r\n\r\n\r\n0\r\n\r\n"), BODY_PIECE_END, 0, "\r\n", "2\r\n\r\n\r\n0\r\n\r\n"},
    /* what is dropped */
    {SLICE_INIT("5;a=b\r\nhello\r\n0;c\r\n\r\n"), BODY_PIECE_END, 0, "hello",
     "5\r\nhello\r\n0\r\n\r\n"},
    {SLICE_INIT("5;\r\nhello\r\n0\r\nA: b\r\nContent-Length: 9\r\n\r\n"), BODY_PIECE_END, 0,
     "hello", "5\r\nhello\r\n0\r\n\r\n"},
    /* not finished */
    {SLICE_INIT(""), BODY_PIECE_MORE, 0, "", ""},
    {SLICE_INIT("1f"), BODY_PIECE_MORE, 0, "", "1f"},
    {SLICE_INIT("5\r\nhel"), BODY_PIECE_MORE, 0, "hel", "5\r\nhel"},
    {SLICE_INIT("5\r\nhello"), BODY_PIECE_MORE, 0, "hello", "5\r\nhello"},
    {SLICE_INIT("5\r\nhello\r\n0\r\n"), BODY_PIECE_MORE, 0, "hello", "5\r\nhello\r\n0\r\n"},
    {SLICE_INIT("5\r\nhello\r\n0\r\n\r"), BODY_PIECE_MORE, 0, "hello", "5\r\nhello\r\n0\r\n"},
    {SLICE_INIT("ffffffffffffffff\r\na"), BODY_PIECE_MORE, 0, "a", "ffffffffffffffff\r\na"},
    /* sizes */
    {SLICE_INIT("\r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT(";a\r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT("x\r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT("-1\r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT("+1\r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT("0x1\r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT(" 1\r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT("0 \r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT("0\t\r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT("00000000000000005\r\nhello"), BODY_PIECE_BAD, 0, "", ""},
    /* line ends */
    {SLICE_INIT("0\n\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT("0\r\r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT("0\r\n\n"), BODY_PIECE_BAD, 0, "", "0\r\n"},
    {SLICE_INIT("0\r\n\rx"), BODY_PIECE_BAD, 0, "", "0\r\n"},
    {SLICE_INIT("0;a\n\r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT("0;a\rb\r\n\r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT("0;a\0\r\n\r\n"), BODY_PIECE_BAD, 0, "", ""},
    {SLICE_INIT("0\r\nA: b\n\r\n"), BODY_PIECE_BAD, 0, "", "0\r\n"},
    {SLICE_INIT("0\r\nA: b\rc\r\n\r\n"), BODY_PIECE_BAD, 0, "", "0\r\n"},
    {SLICE_INIT("0\r\n A: b\r\n\r\n"), BODY_PIECE_BAD, 0, "", "0\r\n"},
    {SLICE_INIT("0\r\n: b\r\n\r\n"), BODY_PIECE_BAD, 0, "", "0\r\n"},
};

static void expect_outcome(size_t i, size_t cut, bool each)
{
    struct body_reader reader;
    struct outcome out;

    outcome_init(&out);
    body_reader_init(&reader, BODY_CHUNKED, 0);
    run(reader, chunked[i].input, cut, each, &out);
    cr_expect_eq(out.end, chunked[i].end, "case %zu cut %zu: %d", i, cut, out.end);
    cr_expect(slice_eq(buf_slice(&out.content), slice_from(chunked[i].content)), "case %zu cut %zu",
              i, cut);
    cr_expect(slice_eq(buf_slice(&out.framed), slice_from(chunked[i].framed)),
              "case %zu cut %zu: %.*s", i, cut, SLICE_ARGS(buf_slice(&out.framed)));
    cr_expect(out.end != BODY_PIECE_END || out.used + chunked[i].left == chunked[i].input.len,
              "case %zu cut %zu: used %zu", i, cut, out.used);
    outcome_deinit(&out);
}

Test(body_reader, reads_chunks_whole_byte_by_byte_and_cut_at_each_point)
{
    for (size_t i = 0; i < sizeof(chunked) / sizeof(chunked[0]); i++) {
        expect_outcome(i, chunked[i].input.len, false);
        expect_outcome(i, 0, true);
        for (size_t cut = 0; cut < chunked[i].input.len; cut++) {
            expect_outcome(i, cut, false);
        }
    }
}

Test(body_reader, what_it_passes_on_is_a_body_that_reads_the_same)
{
    for (size_t i = 0; i < sizeof(chunked) / sizeof(chunked[0]); i++) {
        struct body_reader reader;
        struct outcome again;
        outcome_init(&again);
        body_reader_init(&reader, BODY_CHUNKED, 0);
        run(reader, slice_from(chunked[i].framed), strlen(chunked[i].framed), false, &again);
        if (chunked[i].end == BODY_PIECE_END) {
            cr_expect_eq(again.end, BODY_PIECE_END, "case %zu", i);
        }
        cr_expect(slice_eq(buf_slice(&again.content), slice_from(chunked[i].content)), "case %zu",
                  i);
        cr_expect(slice_eq(buf_slice(&again.framed), slice_from(chunked[i].framed)), "case %zu", i);
        outcome_deinit(&again);
    }
}

/* `before`, `count` times 'a', `after`. */
static enum body_piece end_of_long(const char *before, size_t count, const char *after)
{
    static char text[64 * 1024];
    struct body_reader reader;
    struct outcome out;

    outcome_init(&out);
    body_reader_init(&reader, BODY_CHUNKED, 0);
    int len = snprintf(text, sizeof(text), "%s%*s%s", before, (int)count, "a", after);
    cr_assert(len > 0 && (size_t)len < sizeof(text));
    run(reader, (struct slice){text, (size_t)len}, (size_t)len, false, &out);
    outcome_deinit(&out);
    return out.end;
}

Test(body_reader, bounds_what_it_drops)
{
    cr_assert_eq(end_of_long("0;", 1000, "\r\n\r\n"), BODY_PIECE_END);
    cr_assert_eq(end_of_long("0;", 2000, "\r\n\r\n"), BODY_PIECE_BAD);
    cr_assert_eq(end_of_long("0\r\nA:", 8000, "\r\n\r\n"), BODY_PIECE_END);
    cr_assert_eq(end_of_long("0\r\nA:", 9000, "\r\n\r\n"), BODY_PIECE_BAD);
    // the limit is for all trailers together
    cr_assert_eq(end_of_long("0\r\nE:", 8185, "\r\n\r\n"), BODY_PIECE_END);
    cr_assert_eq(end_of_long("0\r\nA: b\r\nC: d\r\nE:", 8185, "\r\n\r\n"), BODY_PIECE_BAD);
}

Test(body_reader, counts_a_body_of_known_length)
{
    struct slice input = SLICE("hello, and more");

    for (size_t length = 0; length <= input.len; length++) {
        for (size_t cut = 0; cut <= input.len; cut++) {
            struct body_reader reader;
            struct outcome out;
            outcome_init(&out);
            body_reader_init(&reader, BODY_LENGTH, length);
            run(reader, input, cut, cut == 0, &out);
            cr_expect_eq(out.end, BODY_PIECE_END);
            cr_expect(slice_eq(buf_slice(&out.content), slice_head(input, length)));
            cr_expect_eq(out.used, length);
            outcome_deinit(&out);
        }
    }
}

Test(body_reader, wants_more_until_the_length_is_there)
{
    struct body_reader reader;
    struct outcome out;

    outcome_init(&out);
    body_reader_init(&reader, BODY_LENGTH, UINT64_MAX);
    run(reader, SLICE("hello"), 2, false, &out);
    cr_assert_eq(out.end, BODY_PIECE_MORE);
    cr_assert(slice_eq(buf_slice(&out.content), SLICE("hello")));
    outcome_deinit(&out);
}

Test(body_reader, never_ends_a_body_that_runs_until_eof)
{
    struct body_reader reader;
    struct outcome out;

    outcome_init(&out);
    body_reader_init(&reader, BODY_UNTIL_EOF, 0);
    run(reader, SLICE("0\r\n\r\n"), 2, false, &out);
    cr_assert_eq(out.end, BODY_PIECE_MORE);
    cr_assert(slice_eq(buf_slice(&out.content), SLICE("0\r\n\r\n")));
    outcome_deinit(&out);
}

Test(body_reader, ends_at_once_without_a_body)
{
    struct body_reader reader = {0};
    struct outcome out;

    outcome_init(&out);
    run(reader, SLICE("GET"), 3, false, &out);
    cr_assert_eq(out.end, BODY_PIECE_END);
    cr_assert_eq(out.used, 0);
    outcome_deinit(&out);
}

Test(body_reader, gives_content_back_in_place)
{
    struct body_reader reader;
    struct slice input = SLICE("8\r\n01234567\r\n");
    const char *content = input.ptr + 3;
    struct slice piece = {0};

    body_reader_init(&reader, BODY_CHUNKED, 0);
    while (body_reader_next(&reader, &input, &piece) == BODY_PIECE_FRAMING) {
    }
    cr_assert_eq(piece.ptr, content);
    cr_assert_eq(piece.len, 8);
}

/* So that a chunk goes out in one write, from where it came in. */
Test(body_reader, gives_framing_back_in_place_where_it_is_whole)
{
    struct slice text = SLICE("1f\r\n0123456789012345678901234567890\r\n5\r\nhello\r\n");
    struct slice input = text;
    struct slice piece = {0};
    struct body_reader reader;
    const char *expected = text.ptr;

    body_reader_init(&reader, BODY_CHUNKED, 0);
    while (body_reader_next(&reader, &input, &piece) != BODY_PIECE_MORE) {
        cr_assert_eq(piece.ptr, expected);
        expected += piece.len;
    }
    cr_assert_eq(expected, text.ptr + text.len);
    // Half of it came before.
    input = SLICE("0\r");
    cr_assert_eq(body_reader_next(&reader, &input, &piece), BODY_PIECE_MORE);
    input = SLICE("\n\r\n");
    cr_assert_eq(body_reader_next(&reader, &input, &piece), BODY_PIECE_FRAMING);
    cr_assert(slice_eq(piece, SLICE("0\r\n")));
}
