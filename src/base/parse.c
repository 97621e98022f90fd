/*
 * See parse.h.
 */
#include "base/parse.h"

#include <errno.h>

#include "base/banned.h"

static int parse_digits(struct slice text, unsigned base, uint64_t *out)
{
    uint64_t value = 0;

    if (text.len == 0) {
        return -EINVAL;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return -EINVAL;
        }
        unsigned digit = (unsigned)(text.ptr[i] - '0');

        if (digit >= base) {
            return -EINVAL;
        }
        if (value > (UINT64_MAX - digit) / base) {
            return -ERANGE;
        }
        value = value * base + digit;
    }
    *out = value;
    return 0;
}

int parse_u64(struct slice text, uint64_t *out)
{
    return parse_digits(text, 10, out);
}

int parse_i64(struct slice text, int64_t *out)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    uint64_t magnitude = 0;
    int err = parse_digits(negative ? slice_from_index(text, 1) : text, 10, &magnitude);

    if (err < 0) {
        return err;
    }
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        return -ERANGE;
    }
    if (negative) {
        *out = magnitude == 0 ? 0 : -(int64_t)(magnitude - 1) - 1;
    } else {
        *out = (int64_t)magnitude;
    }
    return 0;
}

int parse_octal(struct slice text, unsigned *out)
{
    uint64_t value = 0;
    int err = parse_digits(text, 8, &value);

    if (err < 0) {
        return err;
    }
    if (value > UINT32_MAX) {
        return -ERANGE;
    }
    *out = (unsigned)value;
    return 0;
}

static unsigned unit_shift(char unit)
{
    switch (unit) {
    case 'k':
    case 'K':
        return 10;
    case 'm':
    case 'M':
        return 20;
    case 'g':
    case 'G':
        return 30;
    default:
        return 0;
    }
}

int parse_size(struct slice text, uint64_t *out)
{
    unsigned shift = text.len > 0 ? unit_shift(text.ptr[text.len - 1]) : 0;
    uint64_t value = 0;
    int err = parse_u64(slice_head(text, text.len - (shift > 0 ? 1 : 0)), &value);

    if (err < 0) {
        return err;
    }
    if (value > UINT64_MAX >> shift) {
        return -ERANGE;
    }
    *out = value << shift;
    return 0;
}
