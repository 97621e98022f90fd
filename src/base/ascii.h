/*
 * Letters and digits of ASCII, whatever the locale: what names are made of.
 */
#ifndef SOCKADE_BASE_ASCII_H
#define SOCKADE_BASE_ASCII_H

#include "sockade/slice.h"

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_alphanumeric(char c)
{
    return ascii_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether there is nothing in it but letters, digits and what `others` lists. */
static inline bool ascii_is_made_of(struct slice text, struct slice others)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_alphanumeric(text.ptr[i]) && slice_find(others, text.ptr[i]) == others.len) {
            return false;
        }
    }
    return true;
}

#endif
