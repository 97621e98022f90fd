/*
 * "user[:group]" as the engine resolves it, judged without the image's passwd
 * file.   Source: moby/sys/user GetExecUser: Go's Atoi takes "00", "+0" and "-0"
 * as 0; digits that overflow, and every other text, are looked up as a name.
 */
#ifndef SOCKADE_DOCKER_USER_H
#define SOCKADE_DOCKER_USER_H

#include "sockade/slice.h"

enum user_kind {
    USER_ROOT = 0, /* 0 in any spelling, "root", or a spelling that may end up as 0 */
    USER_NONE,     /* nothing before the colon: the image's or root */
    USER_NAME,     /* a name: the image's passwd file decides */
    USER_NUMBER    /* 1 to 2147483647, decimal, no sign, no leading zero */
};

struct user_spec {
    enum user_kind user;
    enum user_kind group; /* of the part behind the colon; USER_NONE without one */
    bool has_colon;
    struct slice user_text;
    struct slice group_text;
};

struct user_spec user_parse(struct slice text);

#endif
