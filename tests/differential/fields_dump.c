/*
 * Prints what the field tables say: as lines of tabs for the differential test, or with
 * --markdown as docs/fields.md. A rule that a row names and the catalogue doesn't ends it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docker/api/routes.h"
#include "docker/tables/container_tables.h"
#include "docker/tables/other_specs.h"
#include "docker/tables/query_texts.h"
#include "policy/model/registry.h"

#include "base/banned.h"

enum { PATH_MAX_BYTES = 256, QUERY_MAX_KEYS = 256 };

struct body {
    enum route_body body;
    const char *name;
    const char *title;
};

// clang-format off
static const struct body bodies[] = {
    {ROUTE_BODY_CONTAINER_CREATE,   "containers.create",   "POST /containers/create"},
    {ROUTE_BODY_CONTAINER_UPDATE,   "containers.update",   "POST /containers/{id}/update"},
    {ROUTE_BODY_EXEC_CREATE,        "exec.create",         "POST /containers/{id}/exec"},
    {ROUTE_BODY_EXEC_START,         "exec.start",          "POST /exec/{id}/start"},
    {ROUTE_BODY_VOLUME_CREATE,      "volumes.create",      "POST /volumes/create"},
    {ROUTE_BODY_NETWORK_CREATE,     "networks.create",     "POST /networks/create"},
    {ROUTE_BODY_NETWORK_CONNECT,    "networks.connect",    "POST /networks/{id}/connect"},
    {ROUTE_BODY_NETWORK_DISCONNECT, "networks.disconnect", "POST /networks/{id}/disconnect"},
    {ROUTE_BODY_COMMIT,             "containers.commit",   "POST /commit"},
    {ROUTE_BODY_AUTH,               "auth.login",          "POST /auth"},
    {ROUTE_BODY_SERVICE,            "services.create",     "POST /services/create and /services/{id}/update"},
    {ROUTE_BODY_SWARM_INIT,         "swarm.init",          "POST /swarm/init"},
    {ROUTE_BODY_SWARM_JOIN,         "swarm.join",          "POST /swarm/join"},
    {ROUTE_BODY_SWARM_UPDATE,       "swarm.update",        "POST /swarm/update"},
    {ROUTE_BODY_SWARM_UNLOCK,       "swarm.unlock",        "POST /swarm/unlock"},
    {ROUTE_BODY_NODE,               "nodes.update",        "POST /nodes/{id}/update"},
    {ROUTE_BODY_SECRET,             "secrets.create",      "POST /secrets/create and /secrets/{id}/update"},
    {ROUTE_BODY_CONFIG,             "configs.create",      "POST /configs/create and /configs/{id}/update"},
    {ROUTE_BODY_PLUGIN_PRIVILEGES,  "plugins.pull",        "POST /plugins/pull and /plugins/{name}/upgrade: each of a list"},
    {ROUTE_BODY_VOLUME_UPDATE,      "volumes.update",      "PUT /volumes/{name}"},
    {ROUTE_BODY_CHECKPOINT,         "checkpoints.create",  "POST /containers/{id}/checkpoints"},
};
// clang-format on

static const char *type_word(enum field_type type)
{
    switch (type) {
    case FIELD_BOOL:
        return "boolean";
    case FIELD_INT:
        return "integer";
    case FIELD_NUMBER:
        return "number";
    case FIELD_STRING:
        return "string";
    case FIELD_STRINGS:
        return "strings";
    case FIELD_STRING_OR_STRINGS:
        return "string or strings";
    case FIELD_STRING_LISTS:
        return "lists of strings";
    case FIELD_INT_PAIR:
        return "two integers";
    case FIELD_STRING_MAP:
        return "map of strings";
    case FIELD_OBJECT:
        return "object";
    case FIELD_OBJECTS:
        return "objects";
    case FIELD_OBJECT_MAP:
        return "map of objects";
    case FIELD_OBJECTS_MAP:
        return "map of lists of objects";
    }
    return "";
}

static const char *use_word(const struct field *field)
{
    switch (field->use) {
    case FIELD_REFUSED:
    case FIELD_UNJUDGED:
        return "refused";
    case FIELD_DROPPED:
        return "dropped";
    case FIELD_HARMLESS:
        return "passed";
    case FIELD_JUDGED:
        return field->rules ? "judged" : "passed";
    }
    return "";
}

/* The suffix of a field's name in the paths of its members. */
static const char *below(enum field_type type)
{
    switch (type) {
    case FIELD_OBJECTS:
        return "[]";
    case FIELD_OBJECT_MAP:
        return "{}";
    case FIELD_OBJECTS_MAP:
        return "{}[]";
    case FIELD_BOOL:
    case FIELD_INT:
    case FIELD_NUMBER:
    case FIELD_STRING:
    case FIELD_STRINGS:
    case FIELD_STRING_OR_STRINGS:
    case FIELD_STRING_LISTS:
    case FIELD_INT_PAIR:
    case FIELD_STRING_MAP:
    case FIELD_OBJECT:
        break;
    }
    return "";
}

static void check_rules(const char *path, const char *rules)
{
    struct slice words = slice_from(rules);

    while (words.len > 0) {
        struct slice word = {0};

        slice_cut(words, ' ', &word, &words);
        if (rule_find(word) == RULE_COUNT) {
            fprintf(stderr, "%s: there is no rule %.*s\n", path, SLICE_ARGS(word));
            exit(1);
        }
    }
}

static void print_rules(const char *rules)
{
    struct slice words = slice_from(rules);

    while (words.len > 0) {
        struct slice word = {0};

        slice_cut(words, ' ', &word, &words);
        printf("`%.*s`%s", SLICE_ARGS(word), words.len > 0 ? " " : "");
    }
}

/* "key: opaque": of free names and of values; what an engine makes of the text. */
static void print_texts(const struct field *field)
{
    if (field->key != TEXT_NONE) {
        printf("%s%s", text_kind_word(field->key), field->value != TEXT_NONE ? ": " : ":");
    }
    printf("%s", text_kind_word(field->value));
}

static void print_field(const struct body *body, const char *path, const struct field *field,
                        bool markdown)
{
    const char *rules = field->rules ? field->rules : "";
    bool typed = field->use == FIELD_HARMLESS || field->use == FIELD_JUDGED;

    check_rules(path, rules);
    if (!markdown) {
        printf("%s\t%s\t%s\t%s\t%s\n", body->name, path, typed ? type_word(field->type) : "any",
               use_word(field), rules);
        return;
    }
    printf("| `%s` | %s | %s | ", path, typed ? type_word(field->type) : "any", use_word(field));
    print_rules(rules);
    printf(" | ");
    if (typed) {
        print_texts(field);
    }
    puts(" |");
}

/* Recursion ends with the tables, which don't contain themselves. */
// NOLINTNEXTLINE(misc-no-recursion)
static void print_table(const struct body *body, const char *prefix,
                        const struct field_table *table, bool markdown)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->field[i];
        char path[PATH_MAX_BYTES];
        char inner[PATH_MAX_BYTES + 8];

        snprintf(path, sizeof(path), "%s%.*s", prefix, SLICE_ARGS(field->name));
        print_field(body, path, field, markdown);
        if (field->table) {
            snprintf(inner, sizeof(inner), "%s%s.", path, below(field->type));
            print_table(body, inner, field->table, markdown);
        }
    }
}

static void print_head(void)
{
    puts(
        "# The fields of request bodies\n"
        "\n"
        "This page lists the fields that each request body may have, and what sockade does with "
        "them. `fields_dump --markdown` makes it\n"
        "from the field tables in `src/docker/`; a test compares the two.\n"
        "\n"
        "| word | meaning |\n"
        "|---|---|\n"
        "| judged | its type is checked, the named rules inspect it, and it is forwarded |\n"
        "| passed | its type is checked, and it is forwarded |\n"
        "| dropped | clients send it and the engine ignores it: removed |\n"
        "| refused | refused with 403 unless its value is empty |\n"
        "\n"
        "Names may differ in letter case, and are sent as written here. Two spellings of one "
        "name with different values\n"
        "are refused with 400. So are letters that are not ASCII (U+017F, U+212A), and wrong "
        "types. Unknown fields\n"
        "are refused with 403 unless their value is empty. `[]` stands for each element of a list, "
        "and `{}` for each member of a map.\n"
        "The column *rules* names the rules that inspect the field. `sockade rules ID` says what a "
        "rule denies, and the\n"
        "policy says which rules are on. The body of `plugins.set` is a list of strings, which "
        "`privileged` inspects.\n\n"
        "`open` with nothing added reads no body and forwards it unchanged. With a rule, a scope "
        "or `redact` added,\n"
        "bodies are read strictly and written anew. Unknown fields are then recorded and "
        "forwarded. Fields that this\n"
        "table refuses are recorded and removed (including members of `HostConfig` at the top "
        "level, where old engines\n"
        "look for them). Dropped fields are removed, and sources of binds are sent as "
        "canonicalized paths.");
}

static void print_kinds(void)
{
    puts("\n## Texts\n\n"
         "Some engines split a string again after they have read it. Podman's "
         "Docker-compatible service turns many fields into options of its\n"
         "own command line, and parses them as such. So each text has a kind. The rule "
         "`engine_syntax` refuses what this table lists for\n"
         "that kind, in front of Podman and of an engine that sockade could not identify "
         "(docs/engines.md). In front of dockerd\n"
         "everything passes except control characters in a `line`. For a map, the kind before the "
         "colon is that of its keys, the kind\n"
         "after it that of its values.\n\n"
         "| kind | refused in front of Podman |\n|---|---|");
    for (enum text_kind kind = TEXT_OPAQUE; kind < TEXT_KINDS; kind++) {
        const char *meaning = text_kind_meaning(kind);

        printf("| %s | %s |\n", text_kind_word(kind), meaning[0] ? meaning : "nothing");
    }
    puts("\nNo engine splits `opaque` texts; only the container may. Engines split `parsed` texts, "
         "and the rules read them the same way.");
}

static bool is_listed(const struct slice *list, size_t count, struct slice key)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq(list[i], key)) {
            return true;
        }
    }
    return false;
}

/* Each key once, in the order of the routes. */
static void print_query(void)
{
    struct slice seen[QUERY_MAX_KEYS];
    size_t seen_count = 0;
    size_t count = 0;
    const struct route *route = routes_all(&count);

    puts("\n## Query keys\n\n| key | text |\n|---|---|");
    for (size_t i = 0; i < count; i++) {
        struct slice rest = slice_from(route[i].query);

        while (rest.len > 0) {
            struct slice key = {0};

            slice_cut(rest, ' ', &key, &rest);
            key.len -= slice_ends_with(key, SLICE("*")) ? 1 : 0;
            if (slice_starts_with(key, SLICE("-")) || slice_starts_with(key, SLICE("!")) ||
                seen_count == QUERY_MAX_KEYS || is_listed(seen, seen_count, key)) {
                continue;
            }
            seen[seen_count] = key;
            seen_count++;
            printf("| `%.*s` | %s |\n", SLICE_ARGS(key), text_kind_word(query_text_kind(key)));
        }
    }
}

static void print_body(const struct body *body, bool markdown)
{
    const struct field_table *table = spec_table(body->body);

    if (markdown) {
        printf("\n## %s\n\n`%s`\n\n| field | type | use | rules | text |\n|---|---|---|---|---|\n",
               body->name, body->title);
    }
    print_table(body, "", table, markdown);
    if (markdown && table->refused) {
        puts("\nEngines up to 20.10 also accept the fields of `HostConfig` at the top level. "
             "sockade "
             "refuses them there.");
    }
}

int main(int argc, char **argv)
{
    bool markdown = argc > 1 && strcmp(argv[1], "--markdown") == 0;

    if (argc > 2 || (argc == 2 && !markdown)) {
        fputs("Usage: fields_dump [--markdown]\n", stderr);
        return 2;
    }
    if (markdown) {
        print_head();
        print_kinds();
    }
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        print_body(&bodies[i], markdown);
    }
    if (markdown) {
        print_query();
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
