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
        if (__builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return -ERANGE;
        }
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

/* `count` digits at `at`, in the range. */
static int parse_time_part(struct slice text, size_t at, size_t count, int64_t max, int64_t *out)
{
    uint64_t value = 0;

    if (text.len < at + count) {
        return -EINVAL;
    }
    int err = parse_u64((struct slice){text.ptr + at, count}, &value);

    if (err < 0 || (int64_t)value > max) {
        return -EINVAL;
    }
    *out = (int64_t)value;
    return 0;
}

/* Days since 1970 in the calendar that RFC 3339 means; March is the first month of its year. */
static int64_t parse_time_days(int64_t year, int64_t month, int64_t day)
{
    int64_t from_march = (month + 9) % 12;
    int64_t years = month <= 2 ? year - 1 : year;

    return years * 365 + years / 4 - years / 100 + years / 400 + (from_march * 153 + 2) / 5 + day -
           1 - 719468;
}

/* What stands behind the seconds: a fraction, then "Z" or the distance from it. */
static int parse_time_zone(struct slice text, size_t at, int64_t *offset_s)
{
    int64_t hours = 0;
    int64_t minutes = 0;

    if (at < text.len && text.ptr[at] == '.') {
        at++;
        while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9') {
            at++;
        }
    }
    *offset_s = 0;
    if (at + 1 == text.len && text.ptr[at] == 'Z') {
        return 0;
    }
    if (at + 6 != text.len || (text.ptr[at] != '+' && text.ptr[at] != '-') ||
        text.ptr[at + 3] != ':' || parse_time_part(text, at + 1, 2, 23, &hours) < 0 ||
        parse_time_part(text, at + 4, 2, 59, &minutes) < 0) {
        return -EINVAL;
    }
    *offset_s = (hours * 60 + minutes) * 60 * (text.ptr[at] == '+' ? 1 : -1);
    return 0;
}

int parse_time(struct slice text, uint64_t *out)
{
    static const char separators[] = {'-', '-', 'T', ':', ':'};
    static const int64_t max[] = {9999, 12, 31, 23, 59, 60};
    int64_t part[6] = {0};
    int64_t offset_s = 0;
    size_t at = 0;

    for (size_t i = 0; i < 6; i++) {
        size_t digits = i == 0 ? 4 : 2;

        if (parse_time_part(text, at, digits, max[i], &part[i]) < 0) {
            return -EINVAL;
        }
        at += digits;
        if (i < 5 && (at >= text.len || text.ptr[at++] != separators[i])) {
            return -EINVAL;
        }
    }
    if (part[1] == 0 || part[2] == 0 || parse_time_zone(text, at, &offset_s) < 0) {
        return -EINVAL;
    }
    int64_t seconds =
        ((parse_time_days(part[0], part[1], part[2]) * 24 + part[3]) * 60 + part[4]) * 60 +
        part[5] - offset_s;

    if (seconds < 0) {
        return -EINVAL;
    }
    *out = (uint64_t)seconds;
    return 0;
}
