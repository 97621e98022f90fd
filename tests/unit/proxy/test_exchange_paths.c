/*
 * The state machine where the verdict needs more than the engine's answers: paths of the
 * host, which are looked at, and the listener's own socket, which containers may get.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/fake_transport.h"

static const char container[] =
    "{\"Id\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
    "\"HostConfig\":{\"Binds\":[\"/run/sockade/ci.sock:/s\"]}}";

static const char host_paths[] =
    "version: 1\npolicies: {a: {base: baseline, rules: {docker_socket_mount: substitute,"
    " host_path_mount: {allow: [{path: /srv, access: rw}]}}}}\n";

/* Sends a create of a container with these Binds; the framing is its own. */
static void create_with(struct fake *fake, const char *binds)
{
    char body[256];
    char request[512];

    snprintf(body, sizeof(body), "{\"Image\":\"a\",\"HostConfig\":{\"Binds\":[\"%s\"]}}", binds);
    snprintf(request, sizeof(request),
             "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    fake_client(fake, request);
}

Test(exchange_paths, looks_at_paths_of_the_host_without_asking_the_engine)
{
    struct fake fake;

    fake_init_policy(&fake, host_paths);
    create_with(&fake, "/srv/a:/a");
    cr_expect_eq(fake.looks, 2, "the source and what is allowed");
    cr_expect_eq(fake.connects, 1, "for the request itself");
    cr_expect(fake_engine_got(&fake, "\"Binds\":[\"/srv/a:/a\"]"));
    fake_deinit(&fake);
}

Test(exchange_paths, refuses_by_where_a_path_leads)
{
    struct fake fake;

    fake_init_policy(&fake, host_paths);
    fake.look = (struct path_answer){.view = PATH_UNRESOLVED, .why = "has too many links"};
    create_with(&fake, "/srv/a:/a");
    cr_expect_eq(fake.connects, 0);
    cr_expect(fake_client_got(&fake, "HTTP/1.1 403 "));
    cr_expect(fake_client_got(&fake, "has too many links"));
    cr_expect_eq(fake.outcome, AUDIT_DENY);
    fake_deinit(&fake);
}

Test(exchange_paths, refuses_what_lies_below_an_allowed_path_that_is_not_seen)
{
    struct fake fake;

    fake_init_policy(&fake, host_paths);
    fake.look = (struct path_answer){.view = PATH_UNSEEN, .why = "it is dark"};
    create_with(&fake, "/srv/a:/a");
    cr_expect_eq(fake.connects, 0);
    cr_expect(fake_client_got(&fake, "HTTP/1.1 403 "));
    cr_expect(fake_client_got(&fake, "cannot see where"));
    cr_expect(fake_client_got(&fake, "it is dark"));
    fake_deinit(&fake);
}

Test(exchange_paths, passes_an_allowed_path_itself_that_is_not_seen)
{
    struct fake fake;

    fake_init_policy(&fake, host_paths);
    fake.look = (struct path_answer){.view = PATH_UNSEEN};
    create_with(&fake, "/srv:/a");
    cr_expect(fake_engine_got(&fake, "\"Binds\":[\"/srv:/a\"]"));
    fake_deinit(&fake);
}

Test(exchange_paths, refuses_a_path_that_nobody_answers_for)
{
    struct fake fake;

    fake_init_policy(&fake, host_paths);
    fake.look = (struct path_answer){.view = PATH_UNANSWERED};
    create_with(&fake, "/srv/a:/a");
    cr_expect_eq(fake.connects, 0);
    cr_expect(fake_client_got(&fake, "could not be resolved"));
    fake_deinit(&fake);
}

Test(exchange_paths, refuses_when_memory_is_out_while_it_looks)
{
    struct fake fake;

    fake_init_policy(&fake, host_paths);
    fake.look_result = LOOK_FAILED;
    create_with(&fake, "/srv/a:/a");
    cr_expect_eq(fake.connects, 0);
    cr_expect(fake_client_got(&fake, "HTTP/1.1 500 "));
    cr_expect_eq(fake.outcome, AUDIT_ERROR);
    fake_deinit(&fake);
}

Test(exchange_paths, gives_a_container_the_socket_that_the_request_came_through)
{
    struct fake fake;
    char path[] = "/run/sockade/ci.sock";

    fake_init_policy(&fake, host_paths);
    fake.listener_socket = path;
    create_with(&fake, "/var/run/docker.sock:/s:ro");
    cr_expect(fake_engine_got(&fake,
                              "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/run/sockade/ci.sock\","
                              "\"Target\":\"/s\",\"ReadOnly\":true}]"));
    fake_deinit(&fake);
}

/* A reload while the engine is asked may change the path; the request keeps the one it began with.
 */
Test(exchange_paths, keeps_the_listeners_path_that_a_request_began_with)
{
    struct fake fake;
    char path[] = "/run/sockade/ci.sock";
    char answer[256];

    fake_init_policy(&fake, host_paths);
    fake.listener_socket = path;
    fake_client(&fake, "POST /v1.41/containers/c1/start HTTP/1.1\r\nHost: d\r\n\r\n");
    cr_assert_eq(fake.exchange.state, EXCHANGE_LOOKING_UP);
    memset(path, 'x', sizeof(path) - 1);
    snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(container), container);
    fake_engine(&fake, answer);
    cr_expect(fake_engine_got(&fake, "/start HTTP/1.1"), "%.*s", (int)fake.to_client.len,
              fake.to_client.data);
    fake_deinit(&fake);
}

Test(exchange_paths, looks_at_no_more_paths_than_a_request_can_need)
{
    struct fake fake;
    struct buf body;
    char head[256];

    fake_init_policy(&fake, host_paths);
    buf_init(&body, 1024 * 1024);
    cr_assert_eq(buf_append_text(&body, "{\"Image\":\"a\",\"HostConfig\":{\"Binds\":["), 0);
    for (int i = 0; i < 300; i++) {
        cr_assert_eq(buf_printf(&body, "%s\"/srv/%d:/%d\"", i > 0 ? "," : "", i, i), 0);
    }
    cr_assert_eq(buf_append_text(&body, "]}}"), 0);
    snprintf(head, sizeof(head),
             "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
             body.len);
    fake_client(&fake, head);
    fake_client_bytes(&fake, buf_slice(&body));
    cr_expect_eq(fake.looks, 0);
    cr_expect(fake_client_got(&fake, "HTTP/1.1 413 "));
    buf_deinit(&body);
    fake_deinit(&fake);
}

Test(exchange_paths, waits_for_a_look_that_takes_time)
{
    struct fake fake;

    fake_init_policy(&fake, host_paths);
    fake.look_result = LOOK_PENDING;
    create_with(&fake, "/srv/a:/a");
    cr_assert_eq(fake.exchange.state, EXCHANGE_LOOKING_UP);
    cr_expect_eq(fake.deadline_ms, EXCHANGE_LOOK_TIMEOUT_MS);
    cr_expect_eq(fake.connects, 0);
    fake_looked(&fake, LOOK_DONE);
    cr_expect(fake_engine_got(&fake, "\"Binds\":[\"/srv/a:/a\"]"));
    fake_deinit(&fake);
    cr_expect_eq(fake.looks_stopped, 0);
}

Test(exchange_paths, gives_up_a_look_that_takes_too_long)
{
    struct fake fake;

    fake_init_policy(&fake, host_paths);
    fake.look_result = LOOK_PENDING;
    create_with(&fake, "/srv/a:/a");
    fake_event(&fake, EVENT_TIMEOUT, SIDE_CLIENT);
    cr_expect_eq(fake.looks_stopped, 1);
    cr_expect(fake_client_got(&fake, "HTTP/1.1 504 "));
    cr_expect_str_eq(fake.rule, "host_path_mount");
    cr_expect_eq(fake.connects, 0);
    // The connection is as good as before.
    fake_client(&fake, "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n");
    cr_expect(fake_engine_got(&fake, "GET /_ping"));
    fake_deinit(&fake);
}

Test(exchange_paths, says_at_once_when_earlier_looks_hang)
{
    struct fake fake;

    fake_init_policy(&fake, host_paths);
    fake.look_result = LOOK_HANGS;
    create_with(&fake, "/srv/a:/a");
    cr_expect(fake_client_got(&fake, "HTTP/1.1 503 "));
    cr_expect(fake_client_got(&fake, "Retry-After: 5\r\n"));
    cr_expect_str_eq(fake.rule, "host_path_mount");
    cr_expect_eq(fake.connects, 0);
    fake_deinit(&fake);
}

Test(exchange_paths, stops_looking_for_a_client_that_leaves)
{
    struct fake fake;

    fake_init_policy(&fake, host_paths);
    fake.look_result = LOOK_PENDING;
    create_with(&fake, "/srv/a:/a");
    fake_event(&fake, EVENT_FAILED, SIDE_CLIENT);
    cr_expect_eq(fake.looks_stopped, 1);
    cr_expect(fake.client_closed);
    fake_deinit(&fake);
}
