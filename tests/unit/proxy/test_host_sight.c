/*
 * What is taken for the engine's own files: an engine of ours that says what a test wants, in front
 * of a process in a mount namespace of its own. What needs root is skipped without.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/host/host_look.h"

/* An engine that answers GET /info with `info`, unless it is to be silent, and knows nothing else.
 */
struct engine {
    char root[64];
    char info[1024];
    bool silent;
    int fd;
    pthread_t thread;
    struct host_view view;
};

static void *answer_all(void *context)
{
    struct engine *engine = context;

    for (;;) {
        char request[2048];
        char response[2048];
        int fd = accept(engine->fd, NULL, NULL);

        if (fd < 0) {
            return NULL;
        }
        ssize_t count = recv(fd, request, sizeof(request) - 1, 0);
        bool asks = count > 0 && strncmp(request, "GET /info ", 10) == 0;

        while (engine->silent && recv(fd, request, sizeof(request), 0) > 0) {
        }
        if (count > 0 && !engine->silent) {
            snprintf(response, sizeof(response), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s",
                     asks ? "200 OK" : "404 Not Found", asks ? strlen(engine->info) : 0,
                     asks ? engine->info : "");
            cr_assert_gt(send(fd, response, strlen(response), MSG_NOSIGNAL), 0);
        }
        close(fd);
    }
}

static void describe(struct engine *engine, const char *name, unsigned long more_kib)
{
    struct utsname system;
    struct sysinfo memory;

    cr_assert_eq(uname(&system), 0);
    cr_assert_eq(sysinfo(&memory), 0);
    snprintf(engine->info, sizeof(engine->info),
             "{\"Name\":\"%s\",\"KernelVersion\":\"%s\",\"MemTotal\":%llu}",
             name ? name : system.nodename, system.release,
             (unsigned long long)memory.totalram * memory.mem_unit / 1024 * 1024 +
                 more_kib * 1024ULL);
}

static const char *at(const struct engine *engine, const char *name)
{
    static char path[8][256];
    static size_t used;
    char *out = path[used++ % 8];

    snprintf(out, sizeof(path[0]), "%s/%s", engine->root, name);
    return out;
}

static void listen_at(struct engine *engine)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", at(engine, "docker.sock"));
    unlink(address.sun_path);
    engine->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(engine->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    cr_assert_eq(listen(engine->fd, 8), 0);
    cr_assert_eq(pthread_create(&engine->thread, NULL, answer_all, engine), 0);
}

static void view_it(struct engine *engine)
{
    struct policy_file *file = NULL;

    cr_assert_eq(policy_file_default("open", &file), 0);
    cr_assert_eq(policy_file_set_engine_socket(file, at(engine, "docker.sock")), 0);
    host_view_deinit(&engine->view);
    host_view_init(&engine->view, file);
    policy_file_destroy(file);
}

static void begin(struct engine *engine)
{
    *engine = (struct engine){.root = "/tmp/sockade-sight-XXXXXX"};
    cr_assert_not_null(mkdtemp(engine->root));
    cr_assert_eq(chmod(engine->root, 0755), 0);
    cr_assert_eq(mkdir(at(engine, "work"), 0755), 0);
    cr_assert_eq(mkdir(at(engine, "work/real"), 0755), 0);
    cr_assert_eq(mkdir(at(engine, "other"), 0755), 0);
    describe(engine, NULL, 0);
    listen_at(engine);
    view_it(engine);
}

static void end(struct engine *engine)
{
    char command[128];

    shutdown(engine->fd, SHUT_RDWR);
    pthread_join(engine->thread, NULL);
    close(engine->fd);
    host_view_deinit(&engine->view);
    snprintf(command, sizeof(command), "rm -rf '%s'", engine->root);
    cr_expect_eq(system(command), 0);
}

static enum path_view look(struct engine *engine, const char *path, char why[128])
{
    struct arena arena;
    struct path_answer answer = {0};

    arena_init(&arena, 1 << 20);
    struct path_question question = {.path = slice_from(path)};
    struct path_look asked = {&question, &answer, 1, &arena, NULL, 0};
    enum look_result result = LOOK_DONE;

    if (!host_view_answer(&engine->view, &answer)) {
        struct host_proofs *proofs = host_view_proofs(&engine->view);

        result = host_look_now(&proofs, engine->view.engine_socket, &asked, NULL);
        host_view_take(&engine->view, proofs);
    }
    snprintf(why, 128, "%s", answer.why ? answer.why : "");
    arena_deinit(&arena);
    return result == LOOK_DONE ? answer.view : PATH_UNANSWERED;
}

#define EXPECT(engine, path, expected, reason)                            \
    do {                                                                  \
        char why[128];                                                    \
        enum path_view view = look(engine, path, why);                    \
        cr_expect_eq(view, expected, "%s: view %d, %s", path, view, why); \
        cr_expect(strstr(why, reason), "%s: %s", path, why);              \
    } while (0)

Test(host_sight, sees_what_an_engine_with_the_same_mounts_has)
{
    struct engine engine;

    begin(&engine);
    EXPECT(&engine, at(&engine, "work/real"), PATH_RESOLVED, "");
    EXPECT(&engine, "/etc", PATH_RESOLVED, "");
    cr_expect_str_eq(host_view_proof(&engine.view), "its mounts are the engine's");
    end(&engine);
}

Test(host_sight, sees_nothing_of_an_engine_that_describes_another_host)
{
    static const char *const infos[] = {"{\"Name\":\"elsewhere\"}", "[]", "{}", "not JSON",
                                        "{\"Name\":\"a\",\"KernelVersion\":\"b\",\"MemTotal\":-1}"};
    struct engine engine;

    begin(&engine);
    describe(&engine, "elsewhere", 0);
    EXPECT(&engine, "/etc", PATH_UNSEEN, "on another host");
    describe(&engine, NULL, 4);
    view_it(&engine);
    EXPECT(&engine, "/etc", PATH_UNSEEN, "on another host");
    for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
        snprintf(engine.info, sizeof(engine.info), "%s", infos[i]);
        view_it(&engine);
        EXPECT(&engine, "/etc", PATH_UNSEEN, "does not say");
    }
    end(&engine);
}

Test(host_sight, waits_for_an_engine_that_is_down_and_asks_who_takes_its_place)
{
    struct engine engine;

    begin(&engine);
    shutdown(engine.fd, SHUT_RDWR);
    pthread_join(engine.thread, NULL);
    close(engine.fd);
    EXPECT(&engine, "/etc", PATH_UNRESOLVED, "engine is down");
    listen_at(&engine);
    EXPECT(&engine, "/etc", PATH_RESOLVED, "");
    describe(&engine, "elsewhere", 0);
    EXPECT(&engine, "/etc", PATH_RESOLVED, "");
    shutdown(engine.fd, SHUT_RDWR);
    pthread_join(engine.thread, NULL);
    close(engine.fd);
    listen_at(&engine);
    EXPECT(&engine, "/etc", PATH_UNSEEN, "on another host");
    end(&engine);
}

Test(host_sight, does_not_wait_for_ever)
{
    struct engine engine;

    begin(&engine);
    engine.silent = true;
    uint64_t before_s = (uint64_t)time(NULL);

    EXPECT(&engine, "/etc", PATH_UNRESOLVED, "engine is down");
    EXPECT(&engine, "/etc", PATH_UNRESOLVED, "engine is down"); // not asked again at once
    cr_expect_lt((uint64_t)time(NULL) - before_s, 6);
    end(&engine);
}

/* In a mount namespace of its own, with `act`; the engine stays outside. Its failures are an exit
 * status. */
static void in_sandbox(struct engine *engine, void (*act)(struct engine *engine))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) {
            _exit(77);
        }
        act(engine);
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        end(engine);
        cr_skip_test("needs the right to make namespaces");
    }
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "line %d",
              WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* For the child: a line that fails is the exit status, from line 200 of this file on. */
static void child_expects(struct engine *engine, const char *path, enum path_view expected,
                          const char *reason, int line)
{
    char why[128];
    enum path_view view = look(engine, path, why);

    if (view != expected || !strstr(why, reason)) {
        fprintf(stderr, "%d: %s: view %d, %s\n", line, path, view, why);
        _exit(1);
    }
}
#define CHILD_EXPECT(path, expected, reason) child_expects(engine, path, expected, reason, __LINE__)

static void child_mounts(const char *type, const char *from, const char *to, unsigned long flags)
{
    if (mount(from, to, type, flags, NULL) < 0) {
        perror(to);
        _exit(2);
    }
}

/* As ProtectHome=tmpfs and BindReadOnlyPaths= do it. The socket goes along. */
static void show_work_only(struct engine *engine)
{
    int work = open(at(engine, "work"), O_PATH | O_CLOEXEC);
    char by_fd[64];

    child_mounts("tmpfs", "tmpfs", engine->root, 0);
    CHILD_EXPECT(at(engine, "work/real"), PATH_UNRESOLVED, "engine is down");
    snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d", work);
    if (mkdir(at(engine, "work"), 0755) < 0 || mkdir(at(engine, "other"), 0755) < 0) {
        _exit(3);
    }
    child_mounts(NULL, by_fd, at(engine, "work"), MS_BIND);
    snprintf(engine->view.engine_socket, sizeof(engine->view.engine_socket), "%s",
             at(engine, "work/docker.sock"));
}

static void hidden_but_for_one(struct engine *engine)
{
    CHILD_EXPECT(at(engine, "work/real"), PATH_RESOLVED, "");
    CHILD_EXPECT("/etc", PATH_RESOLVED, "");
    show_work_only(engine);
    CHILD_EXPECT(at(engine, "work"), PATH_RESOLVED, "");
    CHILD_EXPECT(at(engine, "work/real"), PATH_RESOLVED, "");
    CHILD_EXPECT(at(engine, "work/new"), PATH_RESOLVED, "");
    CHILD_EXPECT(at(engine, "other"), PATH_UNSEEN, "not the engine's");
    CHILD_EXPECT(at(engine, "none"), PATH_UNSEEN, "not the engine's");
    CHILD_EXPECT(at(engine, "work/out"), PATH_UNRESOLVED,
                 "leads through a link to a place that sockade cannot see");
    CHILD_EXPECT(at(engine, "work/etc"), PATH_RESOLVED, "");
    // Another file system over a part of it, and another directory in its place.
    child_mounts("tmpfs", "tmpfs", at(engine, "work/real"), 0);
    CHILD_EXPECT(at(engine, "work/real"), PATH_UNSEEN, "not the engine's");
    CHILD_EXPECT(at(engine, "work/real/x"), PATH_UNSEEN, "not the engine's");
    CHILD_EXPECT(at(engine, "work"), PATH_RESOLVED, "");
    child_mounts(NULL, "/etc", at(engine, "other"), MS_BIND);
    CHILD_EXPECT(at(engine, "other/passwd"), PATH_UNSEEN, "not the engine's");
}

Test(host_sight, sees_in_a_sandbox_what_is_the_engines_and_nothing_else)
{
    struct engine engine;

    begin(&engine);
    cr_assert_eq(symlink("../other", at(&engine, "work/out")), 0);
    cr_assert_eq(symlink("/etc", at(&engine, "work/etc")), 0);
    cr_assert_eq(link(at(&engine, "docker.sock"), at(&engine, "work/docker.sock")), 0);
    in_sandbox(&engine, hidden_but_for_one);
    end(&engine);
}

/* Somebody else on the host, who puts another directory in the place of "work" when told to. */
static pid_t start_replacing(struct engine *engine, int when[2])
{
    char byte = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, when) < 0) {
        _exit(3);
    }
    pid_t host = fork();

    if (host == 0) { // with the mounts of now
        _exit(unshare(CLONE_NEWNS) < 0 || write(when[1], "r", 1) != 1 ||
              read(when[1], &byte, 1) != 1 || rename(at(engine, "work"), at(engine, "moved")) < 0 ||
              mkdir(at(engine, "work"), 0755) < 0);
    }
    if (host < 0 || read(when[0], &byte, 1) != 1) {
        _exit(3);
    }
    return host;
}

static void replace_now(pid_t host, const int when[2])
{
    int status = 0;

    if (write(when[0], "x", 1) != 1 || waitpid(host, &status, 0) != host || status != 0) {
        _exit(4);
    }
}

static void replaced_on_the_host(struct engine *engine)
{
    int when[2];
    pid_t host = start_replacing(engine, when);

    show_work_only(engine);
    CHILD_EXPECT(at(engine, "work/real"), PATH_RESOLVED, "");
    replace_now(host, when);
    CHILD_EXPECT(at(engine, "work"), PATH_UNSEEN, "not the engine's");
    CHILD_EXPECT(at(engine, "work/real"), PATH_UNSEEN, "not the engine's");
    CHILD_EXPECT(at(engine, "work/new"), PATH_UNSEEN, "not the engine's");
}

static void replaced_under_a_mount(struct engine *engine)
{
    int when[2];
    pid_t host = start_replacing(engine, when);

    child_mounts(NULL, at(engine, "work"), at(engine, "work"), MS_BIND);
    CHILD_EXPECT(at(engine, "work/real"), PATH_RESOLVED, "");
    replace_now(host, when);
    // The kernel has taken the mount along: what is seen is what is there now.
    CHILD_EXPECT(at(engine, "work"), PATH_RESOLVED, "");
    CHILD_EXPECT(at(engine, "moved/real"), PATH_RESOLVED, "");
}

Test(host_sight, notices_that_a_directory_was_replaced_since_it_was_mounted)
{
    struct engine engine;

    begin(&engine);
    cr_assert_eq(link(at(&engine, "docker.sock"), at(&engine, "work/docker.sock")), 0);
    in_sandbox(&engine, replaced_on_the_host);
    end(&engine);
}

Test(host_sight, sees_what_took_the_place_of_a_directory_that_shows_through)
{
    struct engine engine;

    begin(&engine);
    in_sandbox(&engine, replaced_under_a_mount);
    end(&engine);
}
