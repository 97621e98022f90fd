/*
 * Any bytes as what a client sends after its upgrade to h2c, in two pieces: what is answered is
 * bounded, whatever it is, and nothing is answered once it is over. The first byte says where they
 * are cut; the client preface comes before them, or few inputs would get past it.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>

#include "http2/refusal.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(struct http2_refusal *refusal, struct slice bytes)
{
    struct buf out = {.limit_bytes = HTTP2_REFUSAL_MAX_OUT};
    int err = http2_refusal_take(refusal, bytes, &out);

    assert(err == 0 || err == -EPROTO);
    buf_deinit(&out);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MAX_BYTES = 64 * 1024 }; // what is read from a client at once
    struct slice bytes = {(const char *)data, size < MAX_BYTES ? size : MAX_BYTES};
    size_t cut = size > 0 ? data[0] : 0;
    struct http2_refusal *refusal = http2_refusal_create(SLICE("denied by policy\n  - because"));

    assert(refusal);
    cut = cut < bytes.len ? cut : bytes.len;
    if (take(refusal, SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) == 0 &&
        take(refusal, slice_head(bytes, cut)) == 0) {
        int err = take(refusal, slice_from_index(bytes, cut));

        assert(err < 0 || !http2_refusal_over(refusal));
    }
    http2_refusal_free(refusal);
    return 0;
}
