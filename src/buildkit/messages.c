/*
 * See messages.h.
 */
#include "buildkit/messages.h"

#include "buildkit/gateway_messages.h"

#include "base/banned.h"

// clang-format off
static const struct buildkit_method methods[] = {
    {"/moby.buildkit.v1.Control/Solve",       &control_solve_request_table,  &control_solve_response_table, false},
    {"/moby.buildkit.v1.Control/Status",      &control_status_request_table, NULL,                          false},
    {"/moby.buildkit.v1.Control/ListWorkers", &list_workers_request_table,   &list_workers_response_table,  false},
    {"/moby.buildkit.v1.Control/Info",        &info_request_table,           &info_response_table,          false},
    {"/moby.buildkit.v1.frontend.LLBBridge/Solve",    &gateway_solve_request_table, &gateway_solve_response_table, false},
    {"/moby.buildkit.v1.frontend.LLBBridge/Ping",     &ping_request_table,          &pong_response_table,          false},
    {"/moby.buildkit.v1.frontend.LLBBridge/Return",   &return_request_table,        &return_response_table,        false},
    {"/moby.buildkit.v1.frontend.LLBBridge/Inputs",   &inputs_request_table,        &inputs_response_table,        false},
    {"/moby.buildkit.v1.frontend.LLBBridge/StatFile", &stat_file_request_table,     &stat_file_response_table,     false},
    {"/moby.buildkit.v1.frontend.LLBBridge/Evaluate", &evaluate_request_table,      &evaluate_response_table,      false},
    {"/moby.buildkit.v1.frontend.LLBBridge/Warn",     &warn_request_table,          &warn_response_table,          false},
    {"/moby.filesync.v1.Auth/Credentials",          &credentials_request_table,     &credentials_response_table,     true},
    {"/moby.filesync.v1.Auth/FetchToken",           &fetch_token_request_table,     &fetch_token_response_table,     true},
    {"/moby.filesync.v1.Auth/GetTokenAuthority",    &token_authority_request_table, &token_authority_response_table, true},
    {"/moby.filesync.v1.Auth/VerifyTokenAuthority", &verify_token_request_table,    &verify_token_response_table,    true},
    {"/moby.filesync.v1.FileSync/DiffCopy",         &fsutil_packet_table,           &fsutil_packet_table,            true},
    {"/moby.buildkit.secrets.v1.Secrets/GetSecret", &get_secret_request_table,      &get_secret_response_table,      true},
    {"/moby.sshforward.v1.SSH/CheckAgent",          &check_agent_request_table,     &check_agent_response_table,     true},
    {"/moby.sshforward.v1.SSH/ForwardAgent",        &bytes_message_table,           &bytes_message_table,            true},
    {"/moby.upload.v1.Upload/Pull",                 &bytes_message_table,           &bytes_message_table,            true},
    {"/grpc.health.v1.Health/Check",                &health_request_table,          &health_response_table,          true},
};
// clang-format on

const struct buildkit_method *buildkit_methods(size_t *count)
{
    *count = sizeof(methods) / sizeof(methods[0]);
    return methods;
}

const struct buildkit_method *buildkit_method_find(struct slice path)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (slice_eq(path, slice_from(methods[i].path))) {
            return &methods[i];
        }
    }
    return NULL;
}
