/*
 * A session of nghttp2 with the limits that a peer is held to. Callbacks and bytes are the
 * caller's.
 * Source: RFC 9113, sections 6.5.2 and 10.5; CVE-2019-9511 to -9518, CVE-2023-44487 (rapid reset),
 * CVE-2024-28182 (CONTINUATION).
 */
#ifndef SOCKADE_HTTP2_H2_SESSION_H
#define SOCKADE_HTTP2_H2_SESSION_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct h2_session_limits {
    bool client;           /* the role; zero: server */
    bool manual_windows;   /* windows open by nghttp2_session_consume*() only */
    uint32_t streams;      /* that the peer may have open at once */
    uint32_t header_bytes; /* MAX_HEADER_LIST_SIZE: nghttp2 says it and does not enforce it */
    int32_t stream_window; /* bytes; 0: the protocol's 65,535 */
    int32_t connection_window;
    uint64_t
        resets_at_once; /* of a client's streams, by the client; and how many more per second */
    uint64_t resets_per_s;
};

/*
 * With its SETTINGS submitted. 0 or -ENOMEM. The session is the caller's: nghttp2_session_del().
 */
MUST_CHECK int h2_session_create(const struct h2_session_limits *limits,
                                 const nghttp2_session_callbacks *callbacks, void *context,
                                 nghttp2_session **out);

#endif
