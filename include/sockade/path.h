/*
 * A resolved host path: where it leads when its symbolic links are followed, and
 * whether it is an engine's socket. The policy asks; the code that sees the host's
 * files answers.
 */
#ifndef SOCKADE_PATH_H
#define SOCKADE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "sockade/arena.h"
#include "sockade/slice.h"

enum path_view {
    PATH_UNANSWERED = 0,
    PATH_UNSEEN, /* nothing proves that sockade sees the engine's files: only the text is known */
    PATH_UNRESOLVED, /* `why` gives the reason */
    PATH_RESOLVED
};

/* A symbolic link that was followed. */
struct path_link {
    struct slice place; /* the link's own path, with all links before it resolved */
    bool foreign;       /* users other than root can replace it */
};

struct path_answer {
    enum path_view view;
    /* Static. PATH_UNRESOLVED: "has more than 40 links"; PATH_UNSEEN: what is in the way, or NULL
     */
    const char *why;

    /* With PATH_RESOLVED, in the arena that was given: */
    struct slice resolved; /* absolute and clean; what doesn't exist is appended as it is */
    bool exists;
    const struct path_link *link; /* in the order followed */
    size_t link_count;
    bool replaceable;  /* users other than root can replace `resolved` */
    bool is_upstream;  /* the socket this process forwards to, under any name */
    bool is_engine;    /* that, or another engine's socket */
    bool holds_engine; /* a directory with such a socket somewhere below */
};

struct path_question {
    struct slice path; /* absolute */
    bool root;         /* an allowed directory, in which the other paths must lie */
    bool written;      /* the path lies in a directory that containers write to as root */
    bool deny_links;   /* links that lie in a root are not followed */
};

/* All paths of one request: asked together, and answered from one view of the host. */
struct path_look {
    const struct path_question *question;
    struct path_answer *answer; /* one for each question */
    size_t count;
    struct arena *arena; /* for the answers' memory */
    /* Terminated paths of sockets that count as an engine's: those of other listeners. */
    const struct slice *socket;
    size_t socket_count;
};

#endif
