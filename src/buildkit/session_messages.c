/*
 * The tables: see session_messages.h.
 */
#include "buildkit/session_messages.h"

#include "base/banned.h"

// clang-format off
#define M struct credentials_request
static const struct proto_field credentials_request_fields[] = {
    JUDGED(1, "Host", STRING(host)),
};
#undef M
PROTO_TABLE(credentials_request, "moby.filesync.v1.CredentialsRequest");

#define M struct credentials_response
static const struct proto_field credentials_response_fields[] = {
    PASSED(1, "Username", STRING(username)),
    PASSED(2, "Secret",   STRING(secret)),
};
#undef M
PROTO_TABLE(credentials_response, "moby.filesync.v1.CredentialsResponse");

#define M struct fetch_token_request
static const struct proto_field fetch_token_request_fields[] = {
    PASSED(1, "ClientID", STRING(client_id)),
    JUDGED(2, "Host",     STRING(host)),
    PASSED(3, "Realm",    STRING(realm)),
    PASSED(4, "Service",  STRING(service)),
    PASSED(5, "Scopes",   LIST(scopes, PROTO_STRING)),
};
#undef M
PROTO_TABLE(fetch_token_request, "moby.filesync.v1.FetchTokenRequest");

#define M struct fetch_token_response
static const struct proto_field fetch_token_response_fields[] = {
    PASSED(1, "Token",     STRING(token)),
    PASSED(2, "ExpiresIn", INT64(expires_in_s)),
    PASSED(3, "IssuedAt",  INT64(issued_at_s)),
};
#undef M
PROTO_TABLE(fetch_token_response, "moby.filesync.v1.FetchTokenResponse");

#define M struct token_authority_request
static const struct proto_field token_authority_request_fields[] = {
    JUDGED(1, "Host", STRING(host)),
    PASSED(2, "Salt", BYTES(salt)),
};
#undef M
PROTO_TABLE(token_authority_request, "moby.filesync.v1.GetTokenAuthorityRequest");

#define M struct token_authority_response
static const struct proto_field token_authority_response_fields[] = {
    PASSED(1, "PublicKey", BYTES(public_key)),
};
#undef M
PROTO_TABLE(token_authority_response, "moby.filesync.v1.GetTokenAuthorityResponse");

#define M struct verify_token_request
static const struct proto_field verify_token_request_fields[] = {
    JUDGED(1, "Host",    STRING(host)),
    PASSED(2, "Payload", BYTES(payload)),
    PASSED(3, "Salt",    BYTES(salt)),
};
#undef M
PROTO_TABLE(verify_token_request, "moby.filesync.v1.VerifyTokenAuthorityRequest");

#define M struct verify_token_response
static const struct proto_field verify_token_response_fields[] = {
    PASSED(1, "Signed", BYTES(sealed)),
};
#undef M
PROTO_TABLE(verify_token_response, "moby.filesync.v1.VerifyTokenAuthorityResponse");

#define M struct get_secret_request
static const struct proto_field get_secret_request_fields[] = {
    PASSED(1, "ID",          STRING(id)),
    PASSED(2, "annotations", MAP(annotations, PROTO_STRING)),
};
#undef M
PROTO_TABLE(get_secret_request, "moby.buildkit.secrets.v1.GetSecretRequest");

#define M struct get_secret_response
static const struct proto_field get_secret_response_fields[] = {
    PASSED(1, "data", BYTES(data)),
};
#undef M
PROTO_TABLE(get_secret_response, "moby.buildkit.secrets.v1.GetSecretResponse");

#define M struct check_agent_request
static const struct proto_field check_agent_request_fields[] = {
    PASSED(1, "ID", STRING(id)),
};
#undef M
PROTO_TABLE(check_agent_request, "moby.sshforward.v1.CheckAgentRequest");
PROTO_EMPTY_TABLE(check_agent_response, "moby.sshforward.v1.CheckAgentResponse");

#define M struct bytes_message
static const struct proto_field bytes_message_fields[] = {
    PASSED(1, "data", BYTES(data)),
};
#undef M
PROTO_TABLE(bytes_message, "moby.filesync.v1.BytesMessage");

#define M struct fsutil_stat
static const struct proto_field fsutil_stat_fields[] = {
    JUDGED(1,  "path",     BYTES(path)),
    JUDGED(2,  "mode",     UINT32(mode)),
    PASSED(3,  "uid",      UINT32(uid)),
    PASSED(4,  "gid",      UINT32(gid)),
    JUDGED(5,  "size",     INT64(size_bytes)),
    PASSED(6,  "modTime",  INT64(mod_time_ns)),
    JUDGED(7,  "linkname", BYTES(link_name)),
    JUDGED(8,  "devmajor", INT64(dev_major)),
    JUDGED(9,  "devminor", INT64(dev_minor)),
    JUDGED(10, "xattrs",   MAP(xattrs, PROTO_BYTES)),
};
#undef M
PROTO_TABLE(fsutil_stat, "fsutil.types.Stat");

#define M struct fsutil_packet
static const struct proto_field fsutil_packet_fields[] = {
    JUDGED(1, "type", ENUM(type, PACKET_ERR)),
    JUDGED(2, "stat", MESSAGE(stat, fsutil_stat)),
    JUDGED(3, "ID",   UINT32(id)),
    JUDGED(4, "data", BYTES(data)),
};
#undef M
PROTO_TABLE(fsutil_packet, "fsutil.types.Packet");

#define M struct health_request
static const struct proto_field health_request_fields[] = {
    PASSED(1, "service", STRING(service)),
};
#undef M
PROTO_TABLE(health_request, "grpc.health.v1.HealthCheckRequest");

#define M struct health_response
static const struct proto_field health_response_fields[] = {
    PASSED(1, "status", ENUM(status, HEALTH_SERVICE_UNKNOWN)),
};
#undef M
PROTO_TABLE(health_response, "grpc.health.v1.HealthCheckResponse");
// clang-format on
