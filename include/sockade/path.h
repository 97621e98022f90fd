/*
 * A host path, resolved: where it leads when its symbolic links are followed, and
 * whether an engine's socket is there. The policy asks; the code that sees the host's
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
    PATH_UNSEEN,     /* nothing proves that we see the engine's files: only the text is known */
    PATH_UNRESOLVED, /* `why` says the reason */
    PATH_RESOLVED
};

/* A symbolic link that was followed. */
struct path_link {
    struct slice place; /* its own path, all links before it resolved */
    bool foreign;       /* others than root can put something else there */
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
    bool replaceable;  /* others than root can put something else in the place of `resolved` */
    bool is_upstream;  /* the socket this process forwards to, by whatever name */
    bool is_engine;    /* that, or another engine's socket */
    bool holds_engine; /* a directory with such a socket somewhere below */
};

struct path_question {
    struct slice path; /* absolute */
    bool root;         /* an allowed directory, in which the others have to lie */
    bool written;      /* it lies in a directory that containers write to as root */
    bool deny_links;   /* none is followed that lies in a root */
};

/* What one request has to know: asked together, and answered by one view. */
struct path_look {
    const struct path_question *question;
    struct path_answer *answer; /* one for each question */
    size_t count;
    struct arena *arena; /* of the answers' memory */
    /* Paths, terminated, of sockets that are as good as an engine's: other listeners'. */
    const struct slice *socket;
    size_t socket_count;
};

#endif
