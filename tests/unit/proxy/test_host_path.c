/*
 * Paths of a real directory: links in and out, loops, who can change what, /proc's links,
 * sockets by their inode. What needs root (owners, bind mounts) is skipped without.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/host/host_known.h"
#include "proxy/host/host_look.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Its own directory, root's and nobody else's below /tmp, and an arena. */
struct place {
    char root[64];
    char path[16][256]; /* made by at(), in turn */
    size_t used;
    struct arena arena;
    struct host_view view;
    struct path_answer answer;
    unsigned at_hand; /* answers that needed no waiting */
};

/* "%s/name" below the directory. */
static const char *at(struct place *place, const char *name)
{
    char *path = place->path[place->used++ % COUNT(place->path)];

    snprintf(path, sizeof(place->path[0]), "%s%s%s", place->root, *name ? "/" : "", name);
    return path;
}

static void make_directory(struct place *place, const char *name, mode_t mode)
{
    cr_assert_eq(mkdir(at(place, name), 0700), 0);
    cr_assert_eq(chmod(at(place, name), mode), 0);
}

static void make_link(struct place *place, const char *text, const char *name)
{
    cr_assert_eq(symlink(text, at(place, name)), 0);
}

static int make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    cr_assert_eq(listen(fd, 1), 0);
    return fd;
}

static void begin_view(struct place *place, enum policy_host_files wanted)
{
    struct policy_file *file = NULL;

    cr_assert_eq(policy_file_default("open", &file), 0);
    cr_assert_eq(policy_file_set_engine_socket(file, at(place, "engine/docker.sock")), 0);
    file->host_files = wanted;
    host_view_init(&place->view, file);
    policy_file_destroy(file);
}

static void make_place(struct place *place)
{
    arena_init(&place->arena, 1 << 24);
    make_directory(place, "work", 0755);
    make_directory(place, "work/real", 0755);
    make_directory(place, "outside", 0755);
    make_directory(place, "engine", 0755);
    begin_view(place, HOST_FILES_YES);
}

static void begin(struct place *place)
{
    *place = (struct place){.root = "/tmp/sockade-paths-XXXXXX"};
    cr_assert_not_null(mkdtemp(place->root));
    make_place(place);
}

/* Where nobody but root can change anything on the way: for root. */
static void begin_closed(struct place *place)
{
    *place = (struct place){.root = "/var/sockade-paths-XXXXXX"};
    if (geteuid() != 0 || !mkdtemp(place->root)) {
        cr_skip_test("needs root");
    }
    make_place(place);
}

static void end(struct place *place)
{
    char command[128];

    arena_deinit(&place->arena);
    host_view_deinit(&place->view);
    snprintf(command, sizeof(command), "rm -rf '%s'", place->root);
    cr_expect_eq(system(command), 0);
}

/* What is answered without waiting is what a thread would say. */
static bool expect_same_at_hand(struct place *place, struct host_known *known,
                                struct host_proofs *proofs, const struct path_look *by_thread)
{
    struct path_answer answer[8] = {0};
    struct path_look look = *by_thread;
    struct host_recent recent = {0};
    struct arena arena;

    cr_assert_leq(look.count, sizeof(answer) / sizeof(answer[0]));
    arena_init(&arena, 1 << 20);
    look.answer = answer;
    look.arena = &arena;
    host_recent_watch(&recent, proofs);
    enum look_result result = host_known_look_again(known, &recent, &look);

    for (size_t i = 0; result == LOOK_DONE && i < look.count; i++) {
        const struct path_answer *wanted = &by_thread->answer[i];

        cr_expect_eq(answer[i].view, wanted->view, "%.*s", SLICE_ARGS(look.question[i].path));
        cr_expect(slice_eq(answer[i].resolved, wanted->resolved));
        cr_expect_eq(answer[i].exists, wanted->exists);
        cr_expect_eq(answer[i].link_count, 0);
        cr_expect_eq(wanted->link_count, 0);
        cr_expect_eq(answer[i].replaceable, wanted->replaceable);
        cr_expect_eq(answer[i].is_engine, wanted->is_engine);
        cr_expect_eq(answer[i].holds_engine, wanted->holds_engine);
    }
    cr_expect(result == LOOK_DONE || result == LOOK_PENDING);
    host_recent_deinit(&recent);
    arena_deinit(&arena);
    place->at_hand += result == LOOK_DONE;
    return result == LOOK_DONE;
}

static enum look_result look_by(struct place *place, const char *path, struct arena *arena)
{
    struct path_question question = {.path = slice_from(path)};
    struct path_look look = {&question, &place->answer, 1, arena, NULL, 0};

    if (host_view_answer(&place->view, &place->answer)) {
        return LOOK_DONE;
    }
    struct host_known *known = host_known_create();
    struct host_proofs *proofs = host_view_proofs(&place->view);
    enum look_result result =
        host_known_look(known, &proofs, place->view.engine_socket, &look, NULL);

    if (result == LOOK_DONE && proofs && proofs->proof == HOST_GIVEN) {
        expect_same_at_hand(place, known, proofs, &look);
    }
    host_known_destroy(known);
    host_proofs_unref(proofs);
    return result;
}

static const struct path_answer *look(struct place *place, const char *path)
{
    cr_assert_eq(look_by(place, path, &place->arena), LOOK_DONE);
    return &place->answer;
}

static void expect_leads(struct place *place, const char *from, const char *to)
{
    const struct path_answer *answer = look(place, at(place, from));

    cr_expect_eq(answer->view, PATH_RESOLVED, "%s: %s", from, answer->why ? answer->why : "");
    cr_expect(slice_eq(answer->resolved, slice_from(at(place, to))), "%s leads to %.*s", from,
              SLICE_ARGS(answer->resolved));
}

static void expect_why(struct place *place, const char *path, const char *why)
{
    const struct path_answer *answer = look(place, path);

    cr_expect_eq(answer->view, PATH_UNRESOLVED, "%s", path);
    cr_expect(answer->why && strstr(answer->why, why), "%s: %s", path,
              answer->why ? answer->why : "");
}

Test(host_path, leads_where_the_kernel_would_go)
{
    static const char *const links[][2] = {
        {"real", "work/in"},
        {"./real/.", "work/dots"},
        {"../outside", "work/out"},
        {"real/../../outside", "work/climbs"},
        {"in/..", "work/itself"},
        {"dots", "work/twice"},
        {"../../../../../../../../../../..", "work/top"},
        {"nothing", "work/dangling"},
    };
    static const char *const leads[][2] = {
        {"work", "work"},
        {"work/in", "work/real"},
        {"work/dots", "work/real"},
        {"work/out", "outside"},
        {"work/climbs", "outside"},
        {"work/itself", "work"},
        {"work/twice", "work/real"},
        {"work/in/new/er", "work/real/new/er"},
        {"work/dangling", "work/nothing"},
        {"work/dangling/x/./y", "work/nothing/x/y"},
        {"work/nowhere/at/all", "work/nowhere/at/all"},
        {"work/out/../work/in", "work/real"},
    };
    struct place place;

    begin(&place);
    for (size_t i = 0; i < COUNT(links); i++) {
        make_link(&place, links[i][0], links[i][1]);
    }
    for (size_t i = 0; i < COUNT(leads); i++) {
        char *real = realpath(at(&place, leads[i][0]), NULL);

        expect_leads(&place, leads[i][0], leads[i][1]);
        if (real) {
            cr_expect_str_eq(real, at(&place, leads[i][1]), "%s", leads[i][0]);
        }
        cr_expect_eq(place.answer.exists, real != NULL, "%s", leads[i][0]);
        free(real);
    }
    cr_expect(slice_eq(look(&place, at(&place, "work/top"))->resolved, SLICE("/")));
    cr_expect(slice_eq(look(&place, "/")->resolved, SLICE("/")));
    cr_expect(slice_eq(look(&place, "/../..//.")->resolved, SLICE("/")));
    end(&place);
}

Test(host_path, follows_absolute_links_from_the_root)
{
    struct place place;

    begin(&place);
    make_link(&place, at(&place, "outside"), "work/absolute");
    make_link(&place, "/", "work/everything");
    expect_leads(&place, "work/absolute/x", "outside/x");
    cr_expect(slice_eq(look(&place, at(&place, "work/everything/etc"))->resolved, SLICE("/etc")));
    end(&place);
}

Test(host_path, names_the_links_in_their_order)
{
    struct place place;

    begin(&place);
    make_link(&place, "two", "work/one");
    make_link(&place, "real", "work/two");
    expect_leads(&place, "work/one/x", "work/real/x");
    cr_assert_eq(place.answer.link_count, 2);
    cr_expect(slice_eq(place.answer.link[0].place, slice_from(at(&place, "work/one"))));
    cr_expect(slice_eq(place.answer.link[1].place, slice_from(at(&place, "work/two"))));
    cr_expect_not(place.answer.link[0].foreign);
    end(&place);
}

Test(host_path, ends_at_what_cannot_be_followed)
{
    struct place place;
    char deep[2 * HOST_PATH_MAX_DEPTH + 8] = "";

    begin(&place);
    make_link(&place, "loop", "work/loop");
    make_link(&place, "b", "work/a");
    make_link(&place, "a", "work/b");
    make_link(&place, "nothing/..", "work/climbs_out_of_nothing");
    make_link(&place, "/proc/self/root", "work/magic");
    close(open(at(&place, "work/file"), O_CREAT | O_WRONLY, 0600));
    expect_why(&place, at(&place, "work/loop"), "loop");
    expect_why(&place, at(&place, "work/a/x"), "loop");
    expect_why(&place, at(&place, "work/climbs_out_of_nothing"), "does not exist");
    expect_why(&place, at(&place, "work/nothing/../real"), "does not exist");
    expect_why(&place, at(&place, "work/file/x"), "not a directory");
    expect_why(&place, at(&place, "work/magic/etc"), "/proc");
    expect_why(&place, "/proc/self/root/etc", "/proc");
    expect_why(&place, "/proc/self/cwd", "/proc");
    expect_why(&place, "/dev/fd/0", "/proc");
    for (size_t i = 0; i < HOST_PATH_MAX_DEPTH; i++) {
        cr_assert_lt(i * 2 + 2, sizeof(deep));
        deep[i * 2] = '/';
        deep[i * 2 + 1] = 'd';
    }
    cr_expect_eq(look(&place, deep)->view, PATH_RESOLVED, "none of it exists");
    end(&place);
}

Test(host_path, counts_links_as_the_kernel_does)
{
    struct place place;
    char name[64];
    char text[64];

    begin(&place);
    make_link(&place, "real", "work/l0");
    for (int i = 1; i <= HOST_PATH_MAX_LINKS; i++) {
        snprintf(name, sizeof(name), "work/l%d", i);
        snprintf(text, sizeof(text), "l%d", i - 1);
        make_link(&place, text, name);
    }
    snprintf(name, sizeof(name), "work/l%d", HOST_PATH_MAX_LINKS - 1);
    expect_leads(&place, name, "work/real");
    snprintf(name, sizeof(name), "work/l%d", HOST_PATH_MAX_LINKS);
    expect_why(&place, at(&place, name), "too many links");
    end(&place);
}

Test(host_path, bounds_what_links_make_of_a_path)
{
    struct place place;
    char text[4000];
    char path[8192];

    begin(&place);
    memset(text, '/', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    // Each begins with the next, so their rests come one before the other.
    memcpy(text, "../real", 7);
    make_link(&place, text, "work/real/l2");
    memcpy(text, "l2/////", 7);
    make_link(&place, text, "work/real/l1");
    memcpy(text, "l1/////", 7);
    make_link(&place, text, "work/real/l0");
    expect_leads(&place, "work/real/l1", "work/real");
    expect_why(&place, at(&place, "work/real/l0"), "links that are too long");
    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        text[i] = i % 200 == 0 ? '/' : 'n';
    }
    snprintf(path, sizeof(path), "%s%s%s", at(&place, "work"), text, text);
    expect_why(&place, path, "too long");
    path[300] = '\0';
    cr_expect_eq(look(&place, path)->view, PATH_RESOLVED);
    memset(path + 1, 'n', 299);
    expect_why(&place, path, "too long");
    end(&place);
}

struct access_case {
    const char *name;
    mode_t directory;
    uid_t owner;
    bool foreign;
};

Test(host_path, tells_who_could_turn_a_link_around)
{
    static const struct access_case cases[] = {
        {"only we write", 0755, 0, false},     {"the group writes", 0775, 0, true},
        {"all write", 0777, 0, true},          {"all write, sticky", 01777, 0, true},
        {"another owns it", 0755, 1000, true},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct place place;

        if (cases[i].owner != 0 && geteuid() != 0) {
            continue;
        }
        begin(&place);
        make_directory(&place, "work/d", 0755);
        make_directory(&place, "work/d/e", 0755);
        make_link(&place, "real", "work/own");
        make_link(&place, "../real", "work/d/link");
        make_link(&place, "../../real", "work/d/e/deeper");
        cr_assert_eq(chown(at(&place, "work/d"), cases[i].owner ? cases[i].owner : geteuid(), 0) *
                         (geteuid() == 0),
                     0);
        cr_assert_eq(chmod(at(&place, "work/d"), cases[i].directory), 0);
        expect_leads(&place, "work/d/link", "work/real");
        cr_assert_eq(place.answer.link_count, 1);
        cr_expect_eq(place.answer.link[0].foreign, cases[i].foreign, "%s", cases[i].name);
        // Who may rename "e" may put another with another link there; sticky forbids it.
        expect_leads(&place, "work/d/e/deeper", "work/real");
        cr_expect_eq(place.answer.link[0].foreign,
                     cases[i].foreign && !(cases[i].directory & S_ISVTX), "%s", cases[i].name);
        // The same for what is mounted: "e" stays where it is in a sticky directory; what isn't
        // there yet, anybody may make.
        expect_leads(&place, "work/d/e", "work/d/e");
        cr_expect_eq(place.answer.replaceable, cases[i].foreign && !(cases[i].directory & S_ISVTX),
                     "%s", cases[i].name);
        expect_leads(&place, "work/d/new", "work/d/new");
        cr_expect_eq(place.answer.replaceable, cases[i].foreign, "%s", cases[i].name);
        expect_leads(&place, "work/d", "work/d");
        cr_expect_not(place.answer.replaceable, "%s", cases[i].name);
        expect_leads(&place, "work/own", "work/real");
        cr_expect_not(place.answer.link[0].foreign, "%s", cases[i].name);
        end(&place);
    }
}

Test(host_path, trusts_no_entry_of_others_in_a_sticky_directory)
{
    struct place place;

    if (geteuid() != 0) {
        cr_skip_test("needs root");
    }
    begin(&place);
    make_directory(&place, "work/sticky", 01777);
    make_directory(&place, "work/sticky/theirs", 0755);
    make_link(&place, "../../real", "work/sticky/theirs/link");
    cr_assert_eq(chown(at(&place, "work/sticky/theirs"), 1000, 1000), 0);
    expect_leads(&place, "work/sticky/theirs/link", "work/real");
    cr_expect(place.answer.link[0].foreign);
    end(&place);
}

Test(host_path, cannot_be_followed_without_the_right_to_search)
{
    struct place place;

    if (geteuid() != 0) {
        cr_skip_test("needs root");
    }
    begin(&place);
    cr_assert_eq(chmod(at(&place, ""), 0755), 0);
    cr_assert_eq(chmod(at(&place, "work"), 0700), 0);
    cr_assert_eq(seteuid(65534), 0);
    expect_why(&place, at(&place, "work/real"), "permission denied");
    cr_assert_eq(seteuid(0), 0);
    end(&place);
}

Test(host_path, recognises_the_engines_socket_by_any_name)
{
    struct place place;

    begin(&place);
    int fd = make_socket(at(&place, "engine/docker.sock"));
    int other = make_socket(at(&place, "work/other.sock"));

    make_link(&place, "../engine/docker.sock", "work/link.sock");
    cr_assert_eq(link(at(&place, "engine/docker.sock"), at(&place, "work/hard.sock")), 0);
    cr_expect(look(&place, at(&place, "engine/docker.sock"))->is_upstream);
    cr_expect(look(&place, at(&place, "work/link.sock"))->is_upstream);
    cr_expect(look(&place, at(&place, "work/hard.sock"))->is_upstream);
    cr_expect(place.answer.is_engine);
    cr_expect_not(look(&place, at(&place, "work/other.sock"))->is_engine);
    cr_expect_not(place.answer.is_upstream);
    close(fd);
    close(other);
    end(&place);
}

Test(host_path, recognises_every_directory_above_the_engines_socket)
{
    struct place place;

    begin(&place);
    int fd = make_socket(at(&place, "engine/docker.sock"));

    make_link(&place, "../engine", "work/link");
    cr_expect(look(&place, at(&place, "engine"))->holds_engine);
    cr_expect(look(&place, at(&place, "work/link"))->holds_engine);
    cr_expect(look(&place, at(&place, ""))->holds_engine);
    cr_expect(look(&place, "/tmp")->holds_engine);
    cr_expect(look(&place, "/")->holds_engine);
    cr_expect_not(look(&place, at(&place, "work"))->holds_engine);
    cr_expect_not(look(&place, at(&place, "outside"))->holds_engine);
    cr_assert_eq(unlink(at(&place, "engine/docker.sock")), 0);
    cr_expect_not(look(&place, at(&place, "engine"))->holds_engine);
    close(fd);
    end(&place);
}

/* A bind mount is another name that is no link. In a namespace of our own: it goes with us. */
Test(host_path, recognises_bind_mounts_of_the_socket_and_of_what_is_above)
{
    struct place place;

    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        cr_skip_test("needs the right to mount");
    }
    begin(&place);
    int fd = make_socket(at(&place, "engine/docker.sock"));

    make_directory(&place, "work/a b", 0755);
    make_directory(&place, "work/a b/x", 0755);
    close(open(at(&place, "work/file"), O_CREAT | O_WRONLY, 0600));
    cr_assert_eq(
        mount(at(&place, "engine/docker.sock"), at(&place, "work/file"), NULL, MS_BIND, ""), 0);
    cr_assert_eq(mount(at(&place, "engine"), at(&place, "work/a b/x"), NULL, MS_BIND, ""), 0);
    cr_expect(look(&place, at(&place, "work/file"))->is_upstream);
    cr_expect(look(&place, at(&place, "work/a b/x/docker.sock"))->is_upstream);
    cr_expect(look(&place, at(&place, "work/a b/x"))->holds_engine);
    cr_expect(look(&place, at(&place, "work/a b"))->holds_engine, "a mount below it is one");
    cr_expect(look(&place, at(&place, "work"))->holds_engine);
    cr_expect_not(look(&place, at(&place, "outside"))->holds_engine);
    cr_assert_eq(umount(at(&place, "work/file")), 0);
    cr_assert_eq(umount(at(&place, "work/a b/x")), 0);
    cr_expect_not(look(&place, at(&place, "work"))->holds_engine);
    close(fd);
    end(&place);
}

Test(host_path, sees_nothing_where_the_files_are_others)
{
    struct place place;

    begin(&place);
    begin_view(&place, HOST_FILES_NO);
    cr_expect_eq(look(&place, "/etc")->view, PATH_UNSEEN);
    end(&place);
}

Test(host_path, says_so_when_memory_is_out)
{
    struct place place;

    begin(&place);
    make_link(&place, "real", "work/in");
    for (size_t limit = 0; limit < 64; limit++) {
        struct arena arena;

        arena_init(&arena, limit);
        cr_expect_eq(look_by(&place, at(&place, "work/in"), &arena), LOOK_FAILED);
        arena_deinit(&arena);
    }
    end(&place);
}

/* Several paths in one look; the answers are the arena's. */
static const struct path_answer *look_at(struct place *place, const struct path_question *question,
                                         size_t count)
{
    struct path_answer *answer = arena_alloc(&place->arena, count * sizeof(*answer));
    struct path_look look = {question, answer, count, &place->arena, NULL, 0};

    struct host_proofs *proofs = host_view_proofs(&place->view);

    cr_assert_eq(host_look_now(&proofs, place->view.engine_socket, &look, NULL), LOOK_DONE);
    host_proofs_unref(proofs);
    return answer;
}

/*
 * work/l0 to work/l<count>, each of which leads to the one before, by a long way of few components;
 * the first to work/real.
 */
static void make_chain(struct place *place, int count, size_t text_bytes)
{
    char text[4096];
    char name[256] = "work/";
    char long_name[160];

    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    memcpy(name + strlen(name), long_name, sizeof(long_name));
    make_directory(place, name, 0755);
    make_link(place, "real", "work/l0");
    for (int i = 1; i <= count; i++) {
        size_t len = 0;

        while (len + sizeof(long_name) + 3 <= text_bytes) {
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s/../", long_name);
        }
        snprintf(text + len, sizeof(text) - len, "l%d", i - 1);
        snprintf(name, sizeof(name), "work/l%d", i);
        make_link(place, text, name);
    }
}

static const char *why_of_many(struct place *place, const char *name, size_t count)
{
    struct path_question *question = arena_alloc(&place->arena, count * sizeof(*question));
    struct slice path = {0};

    cr_assert_eq(arena_copy(&place->arena, slice_from(at(place, name)), &path), 0);
    for (size_t i = 0; i < count; i++) {
        question[i].path = path;
    }
    const struct path_answer *answer = look_at(place, question, count);

    return answer[count - 1].why ? answer[count - 1].why : "";
}

Test(host_path, bounds_what_the_paths_of_a_request_cost_together)
{
    struct place place;

    begin(&place);
    make_chain(&place, 30, 3900);
    cr_expect_str_eq(why_of_many(&place, "work/l1", 17), "");
    cr_expect(strstr(why_of_many(&place, "work/l1", 18), "more than 64 KiB"));
    cr_expect_str_eq(why_of_many(&place, "work/l0", 512), "");
    cr_expect(strstr(why_of_many(&place, "work/l0", 513), "more than 512 links"));
    cr_expect_str_eq(why_of_many(&place, "work/./././././././././././real/./././././././.", 256),
                     "");
    cr_expect(strstr(why_of_many(&place, "work/./././././././././././real/./././././././.", 512),
                     "more than 8192 components"));
    end(&place);
}

Test(host_path, follows_no_link_inside_an_allowed_directory_where_none_may_be)
{
    struct place place;

    begin(&place);
    make_link(&place, "work", "way");
    make_link(&place, "../outside", "work/out");
    make_link(&place, "real", "work/in");
    struct path_question question[] = {
        {.path = slice_from(at(&place, "way/out")), .deny_links = true},
        {.path = slice_from(at(&place, "way/real")), .deny_links = true},
        {.path = slice_from(at(&place, "way/in"))},
        {.path = slice_from(at(&place, "way")), .root = true},
    };
    const struct path_answer *answer = look_at(&place, question, 4);

    cr_expect_eq(answer[0].view, PATH_UNRESOLVED);
    cr_expect(answer[0].why && strstr(answer[0].why, "symlinks: deny"));
    cr_expect_eq(answer[1].view, PATH_RESOLVED);
    cr_expect(slice_eq(answer[1].resolved, slice_from(at(&place, "work/real"))));
    cr_expect_eq(answer[1].link_count, 1, "the administrator's own");
    cr_expect_eq(answer[2].view, PATH_RESOLVED, "where they may be");
    cr_expect_eq(answer[3].view, PATH_RESOLVED);
    end(&place);
}

Test(host_path, looks_at_each_place_once)
{
    struct host_tree tree;
    const struct host_sight sight = {.proof = HOST_GIVEN, .whole = true};
    struct place place;
    struct path_answer first;
    struct path_answer second;
    const struct host_node *reached[2] = {NULL, NULL};

    begin(&place);
    host_tree_init(&tree, &place.arena, &sight, NULL);
    cr_assert_eq(
        host_path_resolve(&tree, slice_from(at(&place, "work/real")), NULL, &first, &reached[0]),
        0);
    cr_assert_eq(rmdir(at(&place, "work/real")), 0);
    make_link(&place, "../outside", "work/real");
    cr_assert_eq(host_path_resolve(&tree, slice_from(at(&place, "outside/../work/real")), NULL,
                                   &second, &reached[1]),
                 0);
    cr_expect_eq(reached[0], reached[1], "one view for all paths");
    cr_expect(slice_eq(first.resolved, second.resolved));
    end(&place);
}

Test(host_path, is_answered_at_once_where_all_is_at_hand)
{
    struct place place;

    begin(&place);
    look(&place, at(&place, "work/real"));
    look(&place, at(&place, "work/./real/../real"));
    look(&place, at(&place, "work/nothing"));
    cr_expect_eq(place.at_hand, 3);
    make_link(&place, "real", "work/in");
    look(&place, at(&place, "work/in"));
    cr_expect_eq(place.at_hand, 3, "what a link says may have to be read");
    int fd = make_socket(at(&place, "work/socket"));

    look(&place, at(&place, "work/socket"));
    cr_expect_eq(place.at_hand, 3, "sockets are looked at anew");
    close(fd);
    end(&place);
}

Test(host_path, is_not_answered_at_once_after_something_was_mounted)
{
    struct host_recent recent = {0};
    struct place place;

    begin(&place);
    if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        end(&place);
        cr_skip_test("needs root");
    }
    struct host_proofs *proofs = host_view_proofs(&place.view);

    host_recent_watch(&recent, proofs);
    host_recent_take(&recent, host_known_create(), recent.changes, 1000);
    cr_expect_not_null(host_recent_get(&recent, 1500));
    cr_expect_null(host_recent_get(&recent, 1000 + HOST_RECENT_MS + 1), "that is too long ago");
    unsigned before = recent.changes;

    cr_assert_eq(mount("none", at(&place, "work/real"), "tmpfs", 0, NULL), 0);
    cr_expect_null(host_recent_get(&recent, 1500));
    host_recent_take(&recent, host_known_create(), before, 1200);
    cr_expect_null(host_recent_get(&recent, 1500), "the look began before");
    // A file system in memory may be gone into.
    look(&place, at(&place, "work/real"));
    cr_expect_eq(place.at_hand, 1);
    look(&place, "/proc/sys/kernel");
    cr_expect_eq(place.at_hand, 1, "proc is none of those that are known not to wait");
    cr_assert_eq(umount(at(&place, "work/real")), 0);
    host_recent_deinit(&recent);
    host_proofs_unref(proofs);
    end(&place);
}

Test(host_path, recognises_sockets_of_other_listeners_by_any_name)
{
    struct place place;

    begin(&place);
    int fd = make_socket(at(&place, "engine/docker.sock"));

    make_directory(&place, "run", 0755);
    int other = make_socket(at(&place, "run/other.sock"));

    cr_assert_eq(link(at(&place, "run/other.sock"), at(&place, "work/hard.sock")), 0);
    static const char *const names[] = {"run/other.sock", "work/hard.sock", "run", "work"};

    for (size_t i = 0; i < 2 * sizeof(names) / sizeof(names[0]); i++) {
        const char *name = names[i / 2];
        struct slice socket = slice_from(strdup(at(&place, "run/other.sock")));
        struct slice path = slice_from(strdup(at(&place, name)));
        struct path_question question = {.path = path};
        struct path_answer answer = {0};
        struct path_look asked = {&question, &answer, 1, &place.arena, &socket, i % 2};
        struct host_proofs *proofs = host_view_proofs(&place.view);

        cr_assert_eq(host_look_now(&proofs, place.view.engine_socket, &asked, NULL), LOOK_DONE);
        host_proofs_unref(proofs);
        cr_expect_eq(answer.is_engine || answer.holds_engine,
                     i % 2 == 1 && strcmp(name, "work") != 0, "%s", name);
        free((char *)(uintptr_t)socket.ptr);
        free((char *)(uintptr_t)path.ptr);
    }
    close(fd);
    close(other);
    end(&place);
}

Test(host_path, is_not_answered_at_once_by_what_was_looked_at_for_another_listener)
{
    struct host_recent recent = {0};
    struct place place;
    struct slice socket = SLICE("/run/other.sock");

    begin(&place);
    struct host_proofs *proofs = host_view_proofs(&place.view);
    struct host_known *known = host_known_create();
    struct path_question question = {.path = slice_from(at(&place, "work/real"))};
    struct path_answer answer = {0};
    struct path_look asked = {&question, &answer, 1, &place.arena, &socket, 1};

    host_recent_watch(&recent, proofs);
    cr_assert_eq(host_known_look(known, &proofs, place.view.engine_socket, &asked, NULL),
                 LOOK_DONE);
    cr_expect_eq(host_known_look_again(known, &recent, &asked), LOOK_DONE);
    asked.socket_count = 0;
    cr_expect_eq(host_known_look_again(known, &recent, &asked), LOOK_PENDING);
    host_known_destroy(known);
    host_recent_deinit(&recent);
    host_proofs_unref(proofs);
    end(&place);
}

/* Looks again and again, with what a thread has found out once. */
struct again {
    struct place place;
    struct host_recent recent;
    struct host_proofs *proofs;
    struct host_known *known;         /* the recent's */
    struct path_question question[2]; /* an allowed directory, and what is asked about */
    struct path_answer answer[2];
};

static void begin_again(struct again *again, const char *allowed, const char *asked)
{
    struct place *place = &again->place;

    again->recent = (struct host_recent){0};
    again->known = host_known_create();
    again->proofs = host_view_proofs(&place->view);
    again->question[0] =
        (struct path_question){.path = slice_from(at(place, allowed)), .root = true};
    again->question[1] = (struct path_question){.path = slice_from(at(place, asked))};
    struct path_look look = {again->question, again->answer, 2, &place->arena, NULL, 0};

    host_recent_watch(&again->recent, again->proofs);
    cr_assert_eq(
        host_known_look(again->known, &again->proofs, place->view.engine_socket, &look, NULL),
        LOOK_DONE);
    host_recent_take(&again->recent, again->known, again->recent.changes, 1000);
}

static enum look_result look_again(struct again *again)
{
    struct path_look look = {again->question, again->answer, 2, &again->place.arena, NULL, 0};

    cr_assert_eq(host_recent_get(&again->recent, 1500), again->known);
    return host_known_look_again(again->known, &again->recent, &look);
}

static void end_again(struct again *again)
{
    host_recent_deinit(&again->recent);
    host_proofs_unref(again->proofs);
    end(&again->place);
}

/* As root does it: nobody else can. */
static void turn_into_a_link(struct place *place, const char *name)
{
    char command[256];

    snprintf(command, sizeof(command), "mv '%s' '%s.old'", at(place, name), at(place, name));
    cr_assert_eq(system(command), 0);
    make_link(place, "/etc", name);
}

Test(host_path, reuses_the_way_to_an_allowed_directory)
{
    struct again again;

    begin(&again.place);
    begin_again(&again, "work/real", "work/real");
    cr_expect_eq(look_again(&again), LOOK_DONE);
    turn_into_a_link(&again.place, "work");
    cr_expect_eq(look_again(&again), LOOK_DONE, "no more than root has changed it");
    cr_expect(slice_eq(again.answer[1].resolved, again.question[1].path));
    again.known->seen.count = 0; // with what is known else, after HOST_RECENT_MS
    cr_expect_eq(look_again(&again), LOOK_PENDING);
    end_again(&again);
}

Test(host_path, looks_anew_at_what_lies_in_an_allowed_directory)
{
    struct again again;

    begin(&again.place); // all of it is root's, and so is who writes there in a container
    make_directory(&again.place, "work/real/below", 0755);
    begin_again(&again, "work/real", "work/real/below");
    cr_expect_eq(look_again(&again), LOOK_DONE);
    turn_into_a_link(&again.place, "work/real/below");
    cr_expect_eq(look_again(&again), LOOK_PENDING);
    end_again(&again);
}

static void make_directories(struct again *again)
{
    begin(&again->place);
    make_directory(&again->place, "work/real/one", 0755);
    make_directory(&again->place, "work/real/one/two", 0755);
    begin_again(again, "work/real", "work/real/one/two");
    cr_expect_eq(look_again(again), LOOK_DONE);
    if (!again->known->seen.unwatchable) {
        cr_expect_eq(again->recent.watch.count, 2, "the directories that hold both");
    }
}

static void change_nothing(struct place *place)
{
    (void)place;
}

static void replace(struct place *place)
{
    turn_into_a_link(place, "work/real/one/two");
}

static void replace_above(struct place *place)
{
    turn_into_a_link(place, "work/real/one");
}

static void exchange(struct place *place)
{
    make_link(place, "/etc", "link");
    cr_assert_eq(renameat2(AT_FDCWD, at(place, "link"), AT_FDCWD, at(place, "work/real/one/two"),
                           RENAME_EXCHANGE),
                 0);
}

static void open_to_all(struct place *place)
{
    cr_assert_eq(chmod(at(place, "work/real/one"), 0777), 0);
}

static void open_by_descriptor(struct place *place)
{
    int fd = open(at(place, "work/real/one"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    cr_assert_eq(fchmod(fd, 0777), 0);
    close(fd);
}

static void take_away(struct place *place)
{
    cr_assert_eq(rmdir(at(place, "work/real/one/two")), 0);
}

static void make_another(struct place *place)
{
    make_directory(place, "work/real/one/three", 0755);
}

/* What is found out again is what a look without anything known finds out. */
Test(host_path, is_told_of_changes_in_an_allowed_directory)
{
    static void (*const changes[])(struct place * place) = {
        change_nothing,     replace,   replace_above, exchange, open_to_all,
        open_by_descriptor, take_away, make_another};

    for (size_t i = 0; i < COUNT(changes); i++) {
        struct again again;

        make_directories(&again);
        bool watchable = !again.known->seen.unwatchable; // not on every file system
        for (int look = 0; look < 2; look++) {
            cr_expect_eq(look_again(&again), LOOK_DONE);
            cr_expect(slice_eq(again.answer[1].resolved, again.question[1].path), "%zu", i);
            cr_expect_not(again.answer[1].replaceable, "%zu", i);
        }
        changes[i](&again.place);
        enum look_result result = look_again(&again);
        bool link = changes[i] == replace || changes[i] == replace_above || changes[i] == exchange;
        bool open = changes[i] == open_to_all || changes[i] == open_by_descriptor;

        cr_expect_eq(result, link ? LOOK_PENDING : LOOK_DONE, "%zu", i);
        if (!link) {
            cr_expect_eq(again.answer[1].exists, changes[i] != take_away, "%zu", i);
            cr_expect_eq(again.answer[1].replaceable, open, "%zu", i);
            cr_expect_eq(again.known->seen.unwatchable, !watchable || changes[i] != change_nothing,
                         "%zu", i);
        }
        end_again(&again);
    }
}

Test(host_path, looks_anew_at_files_which_have_names_elsewhere)
{
    struct again again;
    struct place *place = &again.place;

    begin(place);
    close(open(at(place, "work/real/file"), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    cr_assert_eq(link(at(place, "work/real/file"), at(place, "other")), 0);
    begin_again(&again, "work/real", "work/real/file");
    cr_expect_eq(look_again(&again), LOOK_DONE);
    for (size_t i = 0; i < again.known->seen.count; i++) {
        cr_expect_not(again.known->seen.watched[i]);
    }
    end_again(&again);
}

/* A mount may come while a look is under way, which goes on with what it has. */
Test(host_path, keeps_what_is_known_until_the_look_is_over)
{
    struct again again;
    int ends[2];

    begin(&again.place);
    begin_again(&again, "work/real", "work/real");
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    cr_assert_neq(dup2(ends[0], again.recent.own), -1);
    close(ends[0]);
    close(ends[1]); // as if something was mounted: it has something to tell
    cr_expect_not(host_recent_is_current(&again.recent));
    cr_expect_eq(again.recent.known, again.known, "somebody may be using it");
    cr_expect_null(host_recent_get(&again.recent, 1500));
    cr_expect_null(again.recent.known);
    end_again(&again);
}

Test(host_path, looks_anew_at_an_allowed_directory_in_another)
{
    struct again again;

    begin(&again.place);
    make_directory(&again.place, "work/real/below", 0755);
    begin_again(&again, "work/real/below", "work/real");
    again.question[1].root = true;
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(look_again(&again), LOOK_DONE);
    }
    turn_into_a_link(&again.place, "work/real/below");
    cr_expect_eq(look_again(&again), LOOK_PENDING);
    end_again(&again);
}

Test(host_path, looks_anew_at_what_another_policy_allows)
{
    struct again again;

    begin(&again.place);
    make_directory(&again.place, "work/real/below", 0755);
    begin_again(&again, "work/real/below", "work/real/below");
    cr_expect_eq(look_again(&again), LOOK_DONE);
    again.question[0].path = slice_from(at(&again.place, "work/real"));
    turn_into_a_link(&again.place, "work/real/below");
    cr_expect_eq(look_again(&again), LOOK_PENDING);
    end_again(&again);
}

Test(host_path, looks_anew_at_what_others_can_replace)
{
    static const mode_t modes[] = {0777, 0775, 01777};

    for (size_t i = 0; i < COUNT(modes); i++) {
        struct again again;

        begin(&again.place);
        make_directory(&again.place, "open", modes[i]);
        make_directory(&again.place, "open/own", 0755);
        make_directory(&again.place, "open/own/real", 0755);
        begin_again(&again, "open/own/real", "open/own/real");
        cr_expect_eq(look_again(&again), LOOK_DONE);
        turn_into_a_link(&again.place, "open/own");
        cr_expect_eq(look_again(&again), LOOK_PENDING, "%o", modes[i]);
        end_again(&again);
    }
}

Test(host_path, looks_anew_at_what_another_user_can_replace)
{
    struct again again;

    if (geteuid() != 0) {
        cr_skip_test("needs root");
    }
    begin(&again.place);
    cr_assert_eq(chown(at(&again.place, "work"), 65534, 65534), 0);
    begin_again(&again, "work/real", "work/real");
    cr_expect_eq(look_again(&again), LOOK_DONE);
    turn_into_a_link(&again.place, "work/real");
    cr_expect_eq(look_again(&again), LOOK_PENDING);
    end_again(&again);
}

Test(host_path, looks_anew_where_nothing_is_allowed_or_there)
{
    struct again again;

    begin(&again.place);
    begin_again(&again, "work/none", "work/real");
    again.question[0].root = false;
    cr_expect_eq(look_again(&again), LOOK_DONE);
    cr_expect_eq(again.known->seen.count, 0, "no directory is allowed");
    again.question[0].root = true;
    cr_expect_eq(look_again(&again), LOOK_DONE);
    cr_expect_not(again.answer[0].exists);
    make_link(&again.place, "/etc", "work/none");
    cr_expect_eq(look_again(&again), LOOK_PENDING, "what was missing is there");
    end_again(&again);
}

/* Asked twice: the second time nothing of it was looked at. False: it cannot be watched here. */
static bool begin_answered(struct again *again)
{
    begin_closed(&again->place);
    make_directory(&again->place, "work/real/below", 0755);
    begin_again(again, "work/real", "work/real/below");
    cr_expect_eq(look_again(again), LOOK_DONE);
    cr_expect_eq(again->known->seen.answers.count, 0, "it was looked at");
    cr_expect_eq(look_again(again), LOOK_DONE);
    if (again->known->seen.unwatchable) {
        return false;
    }
    cr_assert_eq(again->known->seen.answers.count, 1);
    // So that it shows whether it is used.
    again->known->seen.answers.look[0].answer[1].resolved = SLICE("/kept");
    return true;
}

static bool is_kept_answer(const struct again *again)
{
    return slice_eq(again->answer[1].resolved, SLICE("/kept"));
}

Test(host_path, answers_the_same_questions_without_a_step)
{
    struct again again;

    if (begin_answered(&again)) {
        again.answer[1] = (struct path_answer){0};
        cr_expect_eq(look_again(&again), LOOK_DONE);
        cr_expect(is_kept_answer(&again));
        cr_expect_eq(again.answer[1].view, PATH_RESOLVED);
        cr_expect(again.answer[1].exists);
    }
    end_again(&again);
}

Test(host_path, answers_other_questions_anew)
{
    struct again again;

    if (begin_answered(&again)) {
        again.question[1].written = true;
        cr_expect_eq(look_again(&again), LOOK_DONE);
        cr_expect_not(is_kept_answer(&again));
        again.question[1] = (struct path_question){.path = again.question[1].path, .root = true};
        cr_expect_eq(look_again(&again), LOOK_DONE);
        cr_expect_not(is_kept_answer(&again));
        again.question[1] = (struct path_question){.path = again.question[1].path};
        again.question[1].deny_links = true;
        cr_expect_eq(look_again(&again), LOOK_DONE);
        cr_expect_not(is_kept_answer(&again));
        again.question[1].deny_links = false;
        again.question[0].path = slice_from(at(&again.place, "work"));
        cr_expect_eq(look_again(&again), LOOK_DONE);
        cr_expect_not(is_kept_answer(&again), "another directory is allowed");
    }
    end_again(&again);
}

Test(host_path, answers_nothing_again_that_has_changed)
{
    struct again again;

    if (begin_answered(&again)) {
        turn_into_a_link(&again.place, "work/real/below");
        cr_expect_eq(look_again(&again), LOOK_PENDING);
        cr_expect_eq(again.known->seen.answers.count, 0);
    }
    end_again(&again);
}

Test(host_path, keeps_no_answer_about_what_is_missing)
{
    struct again again;

    begin_closed(&again.place);
    begin_again(&again, "work/real", "work/real/none");
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(look_again(&again), LOOK_DONE);
        cr_expect_not(again.answer[1].exists);
    }
    cr_expect_eq(again.known->seen.answers.count, 0);
    make_link(&again.place, "/etc", "work/real/none");
    cr_expect_eq(look_again(&again), LOOK_PENDING);
    end_again(&again);
}
