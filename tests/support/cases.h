/*
 * Cases of tests/cases/, read and decided: for sockade-cases, and for the tests that go through
 * them. tests/cases/README.md says how a file looks. A file that cannot be read ends the program
 * with exit status 2 and a line on stderr that says where.
 */
#ifndef SOCKADE_TESTS_SUPPORT_CASES_H
#define SOCKADE_TESTS_SUPPORT_CASES_H

#include "base/cleanup.h"
#include "policy/file/loader.h"

#define CASES "tests/cases/"

struct case_file {
    char name[512]; /* for messages: "tests/cases/host_pid.yaml" */
    struct arena arena;
    struct tree_node *root;
    struct slice rule; /* that the file is about, or empty */
};

/* `name`: from the root of the sources, or absolute. case_file_close() frees what was read. */
void case_file_open(const char *name, struct case_file *file);
void case_file_close(struct case_file *file);

/* The first case; the others follow by `next`. Never NULL. */
const struct tree_node *case_file_first(const struct case_file *file);

/* Opens one file of tests/cases/ after the other, by name: false past the last. */
bool case_file_at(size_t index, struct case_file *file);

/* "tests/cases/host_pid.yaml:12: shares the host's: " and the message, on stderr. */
void case_complain(const struct case_file *file, const struct tree_node *node, const char *format,
                   ...) PRINTF_LIKE(3, 4);

/* The text of the member `key`; empty without it. */
struct slice case_text(const struct tree_node *node, const char *key);

/*
 * From the first byte to the verdict. The decision is the caller's to free, the policy to be
 * unref'd.
 */
struct policy *case_decide(struct case_file *file, const struct tree_node *node,
                           struct decision *decision);

/* Answers as the case says: case_answers.c. `context` points to a pointer to it. */
void case_look_up(void *context, struct decision *decision, struct fact *fact);

/* Whether `part` is in `text`; an empty one always is. */
bool case_contains(struct slice text, struct slice part);
bool case_has_rule(const struct decision *decision, struct slice rule);

#endif
