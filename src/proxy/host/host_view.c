/*
 * What is known of the engine's files, kept until the engine's process ends or another socket takes
 * the place of its own.
 */
#include <stdio.h>
#include <string.h>

#include "proxy/host/host_call.h"
#include "proxy/host/host_path.h"

#include "base/banned.h"

enum { RETRY_MS = 2000 };

const char *host_view_proof(const struct host_view *view)
{
    switch (view->proofs ? view->proofs->proof : HOST_UNDECIDED) {
    case HOST_GIVEN:
        return "host_files: yes";
    case HOST_COMPARED:
        return "its mounts are the engine's";
    case HOST_CONTAINER:
        return "the engine mounted it here";
    case HOST_UNDECIDED:
    case HOST_UNSEEN:
        break;
    }
    return "";
}

bool host_view_is_undecided(const struct host_view *view)
{
    return !view->proofs || view->proofs->proof == HOST_UNDECIDED;
}

bool host_view_answer(struct host_view *view, struct path_answer *out)
{
    bool asks = view->wanted == HOST_FILES_AUTO;
    struct host_socket socket =
        asks ? host_socket_at(view->engine_socket) : (struct host_socket){0};

    if (asks && !host_socket_is_same(&socket, &view->socket)) {
        host_proofs_unref(view->proofs);
        view->proofs = NULL;
        view->socket = socket;
        view->retry_ms = 0;
    }
    if (view->proofs && view->proofs->proof == HOST_UNSEEN) {
        *out = (struct path_answer){.view = PATH_UNSEEN, .why = view->proofs->why};
        return true;
    }
    bool waits = view->wanted != HOST_FILES_AUTO || host_call_now_ms() < view->retry_ms;

    if (host_view_is_undecided(view) && waits) {
        *out = (struct path_answer){.view = PATH_UNRESOLVED, .why = HOST_UNDECIDED_WHY};
        return true;
    }
    return false;
}

struct host_proofs *host_view_proofs(const struct host_view *view)
{
    return host_view_is_undecided(view) ? NULL : host_proofs_ref(view->proofs);
}

void host_view_take(struct host_view *view, struct host_proofs *proofs)
{
    if (view->wanted != HOST_FILES_AUTO || !proofs) {
        host_proofs_unref(proofs);
        return;
    }
    host_proofs_unref(view->proofs);
    view->proofs = proofs;
    // Who does not answer is not waited for by everybody.
    view->retry_ms = proofs->slow ? host_call_now_ms() + RETRY_MS : 0;
}

const char *host_view_problem(const struct path_answer *answer)
{
    if (answer->view == PATH_RESOLVED) {
        return NULL;
    }
    return answer->why ? answer->why : "could not be resolved";
}

void host_view_init(struct host_view *view, const struct policy_file *file)
{
    if (view->begun && view->wanted == file->host_files &&
        strcmp(view->engine_socket, file->engine_socket) == 0) {
        return;
    }
    host_view_deinit(view);
    view->begun = true;
    view->wanted = file->host_files;
    snprintf(view->engine_socket, sizeof(view->engine_socket), "%s", file->engine_socket);
    if (view->wanted != HOST_FILES_AUTO) {
        view->proofs = host_proofs_given(view->wanted == HOST_FILES_YES,
                                         "the policy file says so (host_files: no)");
    }
}

void host_view_deinit(struct host_view *view)
{
    host_recent_deinit(&view->recent);
    host_proofs_unref(view->proofs);
    *view = (struct host_view){0};
}
