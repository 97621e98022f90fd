/*
 * The engine runs the host's ps, as root and over all processes, with the client's
 * arguments, and keeps the lines whose column headed PID holds one of the container's.
 * Who renames another column to PID (supgid=PID) chooses the lines; "e" shows
 * environments. So: the usual forms, or a list of known columns under their own names, and those
 * that hold blanks behind PID: lines are cut at blanks.
 * Source: moby daemon/top_unix.go.
 */
#include "policy/judge/ps_args.h"

#include "base/banned.h"

static bool ps_args_is_one_of(struct slice word, const struct slice *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq(word, list[i])) {
            return true;
        }
    }
    return false;
}

static bool ps_args_is_form(struct slice word)
{
    static const struct slice forms[] = {
        SLICE_INIT("-e"),  SLICE_INIT("-f"),    SLICE_INIT("-ef"),   SLICE_INIT("aux"),
        SLICE_INIT("ax"),  SLICE_INIT("-aux"),  SLICE_INIT("-ax"),   SLICE_INIT("-A"),
        SLICE_INIT("-Af"), SLICE_INIT("auxww"), SLICE_INIT("-efww"),
    };

    return ps_args_is_one_of(word, forms, sizeof(forms) / sizeof(forms[0]));
}

/* *has_pid: whether there was one, in this list or in those before. */
static bool are_columns(struct slice list, bool *has_pid)
{
    static const struct slice with_blanks[] = {SLICE_INIT("comm"), SLICE_INIT("args"),
                                               SLICE_INIT("cmd"), SLICE_INIT("command")};
    static const struct slice columns[] = {
        SLICE_INIT("pid"),   SLICE_INIT("ppid"),  SLICE_INIT("user"),   SLICE_INIT("uid"),
        SLICE_INIT("ruser"), SLICE_INIT("euser"), SLICE_INIT("group"),  SLICE_INIT("gid"),
        SLICE_INIT("comm"),  SLICE_INIT("args"),  SLICE_INIT("cmd"),    SLICE_INIT("command"),
        SLICE_INIT("time"),  SLICE_INIT("etime"), SLICE_INIT("etimes"), SLICE_INIT("stime"),
        SLICE_INIT("stat"),  SLICE_INIT("state"), SLICE_INIT("tty"),    SLICE_INIT("pcpu"),
        SLICE_INIT("%cpu"),  SLICE_INIT("pmem"),  SLICE_INIT("%mem"),   SLICE_INIT("rss"),
        SLICE_INIT("vsz"),   SLICE_INIT("nice"),  SLICE_INIT("ni"),     SLICE_INIT("pri"),
    };
    bool any = false;

    while (list.len > 0) {
        struct slice column = {0};

        slice_cut(list, ',', &column, &list);
        if (!ps_args_is_one_of(column, columns, sizeof(columns) / sizeof(columns[0]))) {
            return false;
        }
        *has_pid = *has_pid || slice_eq(column, SLICE("pid"));
        if (!*has_pid &&
            ps_args_is_one_of(column, with_blanks, sizeof(with_blanks) / sizeof(with_blanks[0]))) {
            return false;
        }
        any = true;
    }
    return any;
}

/* "-o a,b", "-eo a,b" and "-oa,b" */
static bool takes_columns(struct slice word, struct slice *list)
{
    static const struct slice options[] = {SLICE_INIT("-eo"), SLICE_INIT("-o")};

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (slice_starts_with(word, options[i])) {
            *list = slice_from_index(word, options[i].len);
            return true;
        }
    }
    return false;
}

bool ps_args_are_harmless(struct slice args)
{
    bool has_pid = false;

    while (args.len > 0) {
        struct slice word = {0};
        struct slice list = {0};

        slice_cut(args, ' ', &word, &args);
        if (word.len == 0 || ps_args_is_form(word)) {
            continue;
        }
        if (!takes_columns(word, &list)) {
            return false;
        }
        if (list.len == 0) {
            slice_cut(args, ' ', &list, &args);
        }
        if (!are_columns(list, &has_pid)) {
            return false;
        }
    }
    return true;
}
