/*
 * The grammar of chunked bodies, byte by byte in the framing and in whole pieces
 * in the content. Go takes bare LF, white space after the size and extensions of
 * any length here; each of these has been somebody's smuggling hole
 * (CVE-2025-22871 is the bare LF).   Source: RFC 9112, section 7.1.
 */
#include "http/body_reader.h"

#include <assert.h>

#include "http/grammar.h"

#include "base/banned.h"

enum {
    SIZE_MAX_DIGITS = 16,
    EXTENSION_MAX_BYTES = 1024, /* of one size line */
    TRAILERS_MAX_BYTES = 8192   /* of all of them */
};

enum chunk_state {
    CHUNK_SIZE = 0,
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_CONTENT,
    CHUNK_CONTENT_CR,
    CHUNK_CONTENT_LF,
    CHUNK_TRAILER_START, /* of a line: a trailer field or the end */
    CHUNK_TRAILER,
    CHUNK_TRAILER_LF,
    CHUNK_FINAL_LF,
    CHUNK_DONE,
    CHUNK_BAD
};

void body_reader_init(struct body_reader *reader, enum body_framing framing,
                      uint64_t content_length)
{
    *reader = (struct body_reader){.framing = framing};
    if (framing == BODY_LENGTH) {
        reader->left = content_length;
    }
}

static void body_reader_take(struct slice *input, size_t count, struct slice *piece)
{
    *piece = slice_head(*input, count);
    *input = slice_from_index(*input, count);
}

/* At most `left` bytes of content. */
static enum body_piece body_reader_take_content(struct body_reader *reader, struct slice *input,
                                                struct slice *piece)
{
    if (input->len == 0) {
        return BODY_PIECE_MORE;
    }
    body_reader_take(input, reader->left < input->len ? (size_t)reader->left : input->len, piece);
    reader->left -= piece->len;
    return BODY_PIECE_DATA;
}

/* 16 hex digits are 64 bits, so the count of digits is all that keeps it from overflowing. */
static enum chunk_state in_size(struct body_reader *reader, char byte)
{
    int digit = grammar_hex_digit(byte);

    if (digit >= 0) {
        if (++reader->digits > SIZE_MAX_DIGITS) {
            return CHUNK_BAD;
        }
        reader->left = reader->left << 4 | (unsigned)digit;
        return CHUNK_SIZE;
    }
    if (reader->digits == 0) {
        return CHUNK_BAD;
    }
    reader->digits = 0;
    if (byte == ';') {
        return CHUNK_EXTENSION;
    }
    return byte == '\r' ? CHUNK_SIZE_LF : CHUNK_BAD;
}

/* A byte of an extension or a trailer, which is dropped. */
static enum chunk_state in_dropped(struct body_reader *reader, char byte, unsigned limit,
                                   enum chunk_state stay, enum chunk_state after_cr)
{
    if (++reader->digits > limit) {
        return CHUNK_BAD;
    }
    if (byte == '\r') {
        return after_cr;
    }
    return grammar_is_value((struct slice){&byte, 1}) ? stay : CHUNK_BAD;
}

static enum chunk_state in_trailer_start(struct body_reader *reader, char byte)
{
    if (byte == '\r') {
        return CHUNK_FINAL_LF;
    }
    if (!grammar_is_token_byte(byte)) {
        return CHUNK_BAD; // a folded line, for one
    }
    return in_dropped(reader, byte, TRAILERS_MAX_BYTES, CHUNK_TRAILER, CHUNK_TRAILER_LF);
}

static enum chunk_state after_size(struct body_reader *reader)
{
    reader->digits = 0;
    reader->last_chunk = reader->left == 0;
    return reader->last_chunk ? CHUNK_TRAILER_START : CHUNK_CONTENT;
}

static enum chunk_state chunk_step(struct body_reader *reader, char byte)
{
    switch ((enum chunk_state)reader->state) {
    case CHUNK_SIZE:
        return in_size(reader, byte);
    case CHUNK_EXTENSION:
        return in_dropped(reader, byte, EXTENSION_MAX_BYTES, CHUNK_EXTENSION, CHUNK_SIZE_LF);
    case CHUNK_SIZE_LF:
        return byte == '\n' ? after_size(reader) : CHUNK_BAD;
    case CHUNK_CONTENT_CR:
        return byte == '\r' ? CHUNK_CONTENT_LF : CHUNK_BAD;
    case CHUNK_CONTENT_LF:
        return byte == '\n' ? CHUNK_SIZE : CHUNK_BAD;
    case CHUNK_TRAILER_START:
        return in_trailer_start(reader, byte);
    case CHUNK_TRAILER:
        return in_dropped(reader, byte, TRAILERS_MAX_BYTES, CHUNK_TRAILER, CHUNK_TRAILER_LF);
    case CHUNK_TRAILER_LF:
        return byte == '\n' ? CHUNK_TRAILER_START : CHUNK_BAD;
    case CHUNK_FINAL_LF:
        return byte == '\n' ? CHUNK_DONE : CHUNK_BAD;
    case CHUNK_CONTENT:
    case CHUNK_DONE:
    case CHUNK_BAD:
        break;
    }
    return CHUNK_BAD;
}

/* Framing that stands where `from` became `to`; the bytes that led there may be long gone. */
static bool framing_after(const struct body_reader *reader, enum chunk_state from,
                          enum chunk_state to, struct slice *piece)
{
    if (from == CHUNK_SIZE_LF) {
        *piece = reader->last_chunk ? SLICE("0\r\n") : SLICE("\r\n");
        return true;
    }
    if (from == CHUNK_CONTENT_LF || to == CHUNK_DONE) {
        *piece = SLICE("\r\n");
        return true;
    }
    return false;
}

/*
 * The digits of a size at the front of *input, without leading zeros, which are
 * used up: "0\r\n" is written when the line turns out to be the last chunk's.
 */
static bool take_digits(struct body_reader *reader, struct slice *input, struct slice *piece)
{
    size_t skipped = 0;
    size_t end = 0;

    while (end < input->len && grammar_hex_digit(input->ptr[end]) >= 0) {
        reader->state = in_size(reader, input->ptr[end]);
        if (reader->state == CHUNK_BAD) {
            return false;
        }
        end++;
        skipped = reader->left == 0 ? end : skipped;
    }
    *piece = slice_head(slice_from_index(*input, skipped), end - skipped);
    *input = slice_from_index(*input, end);
    return piece->len > 0;
}

static enum body_piece next_framing(struct body_reader *reader, struct slice *input,
                                    struct slice *piece)
{
    const char *before = NULL; // the byte in front of the next one, if it was read here

    while (reader->state != CHUNK_BAD) {
        if (reader->state == CHUNK_SIZE && take_digits(reader, input, piece)) {
            return BODY_PIECE_FRAMING;
        }
        if (reader->state == CHUNK_BAD || input->len == 0) {
            break;
        }
        enum chunk_state from = (enum chunk_state)reader->state;
        const char *at = input->ptr;

        reader->state = chunk_step(reader, *at);
        *input = slice_from_index(*input, 1);
        if (reader->state != CHUNK_BAD &&
            framing_after(reader, from, (enum chunk_state)reader->state, piece)) {
            if (before && before + 1 == at && piece->len == 2) {
                piece->ptr = before; // the CRLF that was sent: pieces side by side are one write
            }
            return BODY_PIECE_FRAMING;
        }
        before = at;
    }
    return reader->state == CHUNK_BAD ? BODY_PIECE_BAD : BODY_PIECE_MORE;
}

uint64_t body_reader_content(const struct body_reader *reader)
{
    switch (reader->framing) {
    case BODY_NONE:
        return 0;
    case BODY_LENGTH:
        return reader->left;
    case BODY_CHUNKED:
        return reader->state == CHUNK_CONTENT ? reader->left : 0;
    case BODY_UNTIL_EOF:
        return UINT64_MAX;
    }
    return 0;
}

void body_reader_skip(struct body_reader *reader, uint64_t count)
{
    if (reader->framing == BODY_UNTIL_EOF) {
        return;
    }
    assert(count <= body_reader_content(reader));
    reader->left -= count;
    if (reader->framing == BODY_CHUNKED && reader->left == 0) {
        reader->state = CHUNK_CONTENT_CR;
    }
}

static enum body_piece next_chunked(struct body_reader *reader, struct slice *input,
                                    struct slice *piece)
{
    if (reader->state == CHUNK_DONE) {
        return BODY_PIECE_END;
    }
    if (reader->state != CHUNK_CONTENT) {
        return next_framing(reader, input, piece);
    }
    enum body_piece kind = body_reader_take_content(reader, input, piece);
    if (reader->left == 0) {
        reader->state = CHUNK_CONTENT_CR;
    }
    return kind;
}

enum body_piece body_reader_next(struct body_reader *reader, struct slice *input,
                                 struct slice *piece)
{
    switch (reader->framing) {
    case BODY_NONE:
        return BODY_PIECE_END;
    case BODY_LENGTH:
        return reader->left == 0 ? BODY_PIECE_END : body_reader_take_content(reader, input, piece);
    case BODY_CHUNKED:
        return next_chunked(reader, input, piece);
    case BODY_UNTIL_EOF:
        if (input->len == 0) {
            return BODY_PIECE_MORE;
        }
        body_reader_take(input, input->len, piece);
        return BODY_PIECE_DATA;
    }
    return BODY_PIECE_BAD;
}
