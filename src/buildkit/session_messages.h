/*
 * The messages that go through a session: the engine asks, the client answers.
 *
 * Source: moby/buildkit v0.32.2 session/auth/auth.proto, session/secrets/secrets.proto,
 * session/sshforward/ssh.proto, session/filesync/filesync.proto, session/upload/upload.proto;
 * tonistiigi/fsutil 6d9dc2e types/wire.proto, types/stat.proto; grpc/grpc-proto
 * grpc/health/v1/health.proto.
 */
#ifndef SOCKADE_BUILDKIT_SESSION_MESSAGES_H
#define SOCKADE_BUILDKIT_SESSION_MESSAGES_H

#include "protobuf/proto_rows.h"

struct credentials_request {
    struct slice host;
};

struct credentials_response {
    struct slice username;
    struct slice secret;
};

struct fetch_token_request {
    struct slice client_id;
    struct slice host;
    struct slice realm;
    struct slice service;
    struct proto_items scopes; /* texts */
};

struct fetch_token_response {
    struct slice token;
    int64_t expires_in_s;
    int64_t issued_at_s;
};

struct token_authority_request {
    struct slice host;
    struct slice salt;
};

struct token_authority_response {
    struct slice public_key;
};

struct verify_token_request {
    struct slice host;
    struct slice payload;
    struct slice salt;
};

struct verify_token_response {
    struct slice sealed;
};

struct get_secret_request {
    struct slice id;
    struct proto_items annotations; /* text to text */
};

struct get_secret_response {
    struct slice data;
};

struct check_agent_request {
    struct slice id;
};

/* A piece of a stream: FileSend, SSH, Upload and Control.Session have the same. */
struct bytes_message {
    struct slice data;
};

/*
 * Paths and link names are bytes: Go's decoders in BuildKit don't check them, and contexts with
 * names of other encodings are built.
 */
struct fsutil_stat {
    struct slice path;
    uint32_t mode; /* Go's FileMode bits */
    uint32_t uid;
    uint32_t gid;
    int64_t size_bytes;
    int64_t mod_time_ns;
    struct slice link_name;
    int64_t dev_major;
    int64_t dev_minor;
    struct proto_items xattrs; /* text to bytes */
};

enum { PACKET_STAT = 0, PACKET_REQ, PACKET_DATA, PACKET_FIN, PACKET_ERR };

struct fsutil_packet {
    uint32_t type; /* PACKET_* */
    struct fsutil_stat *stat;
    uint32_t id;
    struct slice data;
};

struct health_request {
    struct slice service;
};

enum { HEALTH_UNKNOWN = 0, HEALTH_SERVING, HEALTH_NOT_SERVING, HEALTH_SERVICE_UNKNOWN };

struct health_response {
    uint32_t status; /* HEALTH_* */
};

extern const struct proto_table credentials_request_table, credentials_response_table,
    fetch_token_request_table, fetch_token_response_table, token_authority_request_table,
    token_authority_response_table, verify_token_request_table, verify_token_response_table;
extern const struct proto_table get_secret_request_table, get_secret_response_table,
    check_agent_request_table, check_agent_response_table, bytes_message_table, fsutil_stat_table,
    fsutil_packet_table, health_request_table, health_response_table;

#endif
