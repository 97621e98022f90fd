/*
 * What the engine and the host answer in a case: its `facts` by their target, its `paths` by their
 * name. Without an answer images and containers are harmless and volumes do not exist.
 */
#include "support/cases.h"

#include <assert.h>
#include <string.h>

#include "base/parse.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define DIGEST "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

/* An image that was pulled under the name that is asked for. */
static void answer_image(struct arena *arena, struct fact *fact)
{
    struct slice name = slice_head(fact->name, slice_find(fact->name, '@'));
    size_t end = name.len;

    while (end > 0 && name.ptr[end - 1] != ':' && name.ptr[end - 1] != '/') {
        end--;
    }
    if (end > 0 && name.ptr[end - 1] == ':') {
        name = slice_head(name, end - 1);
    }
    int err = arena_printf(arena, &fact->body,
                           "{\"Id\":\"sha256:0\",\"RepoDigests\":[\"%.*s@" DIGEST
                           "\"],\"Config\":{\"User\":\"1000:1000\"}}",
                           SLICE_ARGS(name));

    assert(err == 0);
}

static void answer_plainly(struct arena *arena, struct fact *fact)
{
    fact->status = 200;
    switch (fact->kind) {
    case FACT_IMAGE:
        answer_image(arena, fact);
        break;
    case FACT_CONTAINER:
        fact->body = SLICE("{\"Id\":\"" ID "\",\"Config\":{\"User\":\"1000:1000\"},"
                           "\"HostConfig\":{\"NetworkMode\":\"none\"}}");
        break;
    case FACT_EXEC:
        fact->body = SLICE("{\"ID\":\"e\",\"ContainerID\":\"" ID "\","
                           "\"ProcessConfig\":{\"privileged\":false,\"user\":\"1000:1000\"}}");
        break;
    case FACT_NETWORK:
        fact->body = SLICE("{\"Name\":\"app-net\",\"Driver\":\"bridge\"}");
        break;
    case FACT_VOLUME:
        fact->status = 404;
        break;
    case FACT_PATH: // answer_path()
        break;
    case FACT_VOLUME_USERS:
        fact->body = SLICE("[]");
        break;
    case FACT_INFO:
        fact->body = SLICE("{\"Swarm\":{\"LocalNodeState\":\"inactive\"}}");
        break;
    case FACT_SERVICE:
    case FACT_TASK:
    case FACT_SECRET:
    case FACT_CONFIG:
        fact->status = 404;
        break;
    case FACT_SWARM_NETWORK:
        fact->body = SLICE("{\"Id\":\"net1\",\"Name\":\"back\",\"Driver\":\"overlay\"}");
        break;
    }
}

enum { MAX_LINKS = 4 };

static void take_path_word(struct path_answer *answer, struct path_link *links, struct slice word)
{
    struct slice key = {0};
    struct slice value = {0};

    slice_cut(word, '=', &key, &value);
    if (slice_eq(key, SLICE("to"))) {
        answer->resolved = value;
    } else if (slice_eq(key, SLICE("link")) || slice_eq(key, SLICE("foreign"))) {
        assert(answer->link_count < MAX_LINKS);
        links[answer->link_count] =
            (struct path_link){.place = value, .foreign = slice_eq(key, SLICE("foreign"))};
        answer->link_count++;
    } else if (slice_eq(key, SLICE("upstream"))) {
        answer->is_upstream = true;
        answer->is_engine = true;
    } else if (slice_eq(key, SLICE("engine"))) {
        answer->is_engine = true;
    } else if (slice_eq(key, SLICE("holds"))) {
        answer->holds_engine = true;
    } else if (slice_eq(key, SLICE("missing"))) {
        answer->exists = false;
    } else if (slice_eq(key, SLICE("replaceable"))) {
        answer->replaceable = true;
    } else if (slice_eq(key, SLICE("unseen"))) {
        answer->view = PATH_UNSEEN;
    } else {
        assert(slice_eq(key, SLICE("unresolved")));
        answer->view = PATH_UNRESOLVED;
        answer->why = "goes in a circle";
    }
}

static void answer_path(struct arena *arena, const struct tree_node *paths, struct fact *fact)
{
    const struct tree_node *node = paths ? paths->child : NULL;
    struct path_link *links = arena_alloc(arena, MAX_LINKS * sizeof(*links));
    struct slice run = SLICE("/var/run");
    bool linked = slice_starts_with(fact->name, run); // as on every host: to /run
    struct path_answer answer = {.view = PATH_RESOLVED,
                                 .resolved = linked ? slice_from_index(fact->name, strlen("/var"))
                                                    : fact->name,
                                 .exists = paths != NULL,
                                 .link = links};

    while (node && !slice_eq(node->key, fact->name)) {
        node = node->next;
    }
    if (!node && paths && paths->kind == TREE_SCALAR) {
        node = paths; // of all paths
    }
    for (struct slice words = node ? node->text : (struct slice){0}; words.len > 0;) {
        struct slice word = {0};

        slice_cut(words, ' ', &word, &words);
        take_path_word(&answer, links, word);
    }
    fact->path = answer;
}

void case_look_up(void *context, struct decision *decision, struct fact *fact)
{
    const struct tree_node *const *node = context;
    const struct tree_node *facts = tree_member(*node, "facts");
    const struct tree_node *answer = facts ? facts->child : NULL;
    uint64_t status = 0;

    while (answer && !slice_eq(answer->key, fact->target)) {
        answer = answer->next;
    }
    answer_plainly(&decision->arena, fact);
    if (fact->kind == FACT_PATH) {
        answer_path(&decision->arena, tree_member(*node, "paths"), fact);
    }
    if (answer && answer->plain && parse_u64(answer->text, &status) == 0) {
        fact->status = (unsigned)status;
        fact->body = SLICE("{\"message\":\"the engine's words\"}");
    } else if (answer) {
        fact->status = 200;
        fact->body = answer->text;
    }
}
