/*
 * Where a body ends, for requests and responses alike. It keeps no bytes: the
 * caller feeds what arrived and gets back pieces of it.
 */
#ifndef SOCKADE_HTTP_BODY_READER_H
#define SOCKADE_HTTP_BODY_READER_H

#include "http/message.h"

enum body_piece {
    BODY_PIECE_BAD = 0, /* no valid framing: give up the connection */
    BODY_PIECE_MORE,    /* all input was used, the body goes on */
    BODY_PIECE_DATA,    /* `piece` is content */
    BODY_PIECE_FRAMING, /* `piece` is chunk framing in canonical form: CRLF, size lines */
    BODY_PIECE_END      /* the body is complete; what is left of the input isn't part of it */
};

struct body_reader {
    enum body_framing framing;
    uint64_t left;   /* content bytes to come (LENGTH), or of this chunk */
    unsigned state;  /* private to the chunk grammar */
    unsigned digits; /* of the size line so far; bytes of a dropped part (private) */
    bool last_chunk;
};

void body_reader_init(struct body_reader *reader, enum body_framing framing,
                      uint64_t content_length);

/*
 * Takes the next piece off the front of *input. Chunk extensions and trailers are
 * used up without showing in any piece; DATA and FRAMING pieces in their order are
 * a valid chunked body. A DATA piece points into the input, a FRAMING piece there or
 * at static text: both stay valid as long as the input does. Strict: CRLF only, at most 16 hex
 * digits with no overflow, no white space, bounded extensions and trailers. A BODY_UNTIL_EOF body
 * never ENDs here. A BODY_NONE body ENDs at once.   Source: RFC 9112, section 7.1.
 */
enum body_piece body_reader_next(struct body_reader *reader, struct slice *input,
                                 struct slice *piece);

/*
 * How many bytes of content come next, without framing between them: 0 when there is framing
 * first, or nothing more; UINT64_MAX when the end isn't known.
 */
uint64_t body_reader_content(const struct body_reader *reader);

/* As if `count` bytes of that content had been fed. */
void body_reader_skip(struct body_reader *reader, uint64_t count);

#endif
