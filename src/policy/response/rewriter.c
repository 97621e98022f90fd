/*
 * Bodies of the engine's answers, as the policy lets them be seen. A list is taken apart by
 * json_split: one value in memory, however long it is. See policy.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/try.h"
#include "docker/objects/answer_lists.h"
#include "policy/lookup/judgement.h"
#include "policy/model/policy_data.h"
#include "policy/model/scope_data.h"
#include "policy/response/response.h"

#include "base/banned.h"

enum {
    VALUE_ARENA_BYTES =
        8 * 1024 * 1024,       // its values: some 100,000, five times what creates may say
    NAME_MAX_BYTES = 4 * 1024, // of what an object is called by
    NAMES_MAX_BYTES = 16 * 1024,
    NAMES_ARENA_BYTES = 256 * 1024,
    OWNER_MAX_BYTES = 16 * 1024, // of one label, or of what says what an object is
    OWNER_ARENA_BYTES = 1024 * 1024
};

struct policy_rewriter {
    const struct decision *decision; /* of an answer about one object, until it is complete */
    const struct policy *policy;
    enum operation operation;
    bool hides;
    unsigned labels; /* of an owner's reader: the depth of the labels, 0 outside of them */
    bool owner_only;
    bool passes; /* on unread: nothing is hidden, and it is too large to be changed */

    struct buf whole; /* of an answer about one object */

    struct scope_stream stream;
    bool is_stream; /* of events */

    json_split_opens *opens; /* NULL: about one object */
    struct json_split split;
    bool filled[JSON_SPLIT_MAX_OPEN + 1]; /* by depth: the container has a member */
    /* By depth: the names that it has, each behind the two bytes of its length. */
    struct buf used[JSON_SPLIT_MAX_OPEN + 1];
    uint64_t unreadable;

    /* A value above the limit: only what it is called by is looked for. */
    bool naming;
    struct json_split members;
    struct buf names;
    unsigned named; /* those that are in `names`, one bit each */
};

int policy_rewriter_create(const struct decision *decision, struct policy_rewriter **out)
{
    const struct judgement *judgement = decision->judgement;
    struct policy_rewriter *rewriter = calloc(1, sizeof(*rewriter));

    TRY_ALLOC(rewriter);
    rewriter->decision = decision;
    rewriter->policy = judgement->policy;
    rewriter->operation = judgement->operation;
    rewriter->hides = redact_wanted(judgement);
    rewriter->is_stream = scope_filters_stream(judgement->policy, judgement->operation);
    rewriter->opens = rewriter->hides ? answer_lists(judgement->operation) : NULL;
    buf_init(&rewriter->whole, POLICY_REWRITE_MAX_BYTES);
    buf_init(&rewriter->names, NAMES_MAX_BYTES);
    for (size_t i = 0; i <= JSON_SPLIT_MAX_OPEN; i++) {
        buf_init(&rewriter->used[i], NAMES_MAX_BYTES);
    }
    json_split_init(&rewriter->split, rewriter->opens, POLICY_REWRITE_MAX_BYTES);
    *out = rewriter;
    return 0;
}

int policy_owner_reader_create(const struct decision *decision, struct policy_rewriter **out)
{
    struct policy_rewriter *reader = NULL;

    TRY(policy_rewriter_create(decision, &reader));
    reader->owner_only = true;
    reader->opens = answer_opens_owner;
    json_split_init(&reader->split, reader->opens, OWNER_MAX_BYTES);
    *out = reader;
    return 0;
}

void policy_rewriter_destroy(struct policy_rewriter *rewriter)
{
    if (rewriter) {
        buf_deinit(&rewriter->whole);
        buf_deinit(&rewriter->stream.line);
        buf_deinit(&rewriter->names);
        for (size_t i = 0; i <= JSON_SPLIT_MAX_OPEN; i++) {
            buf_deinit(&rewriter->used[i]);
        }
        json_split_deinit(&rewriter->split);
        json_split_deinit(&rewriter->members);
        free(rewriter);
    }
}

size_t policy_rewriter_held(const struct policy_rewriter *rewriter)
{
    return rewriter ? rewriter->whole.cap + rewriter->stream.line.cap +
                          json_split_held(&rewriter->split) + json_split_held(&rewriter->members) +
                          rewriter->names.cap
                    : 0;
}

uint64_t policy_rewriter_unreadable(const struct policy_rewriter *rewriter)
{
    return rewriter ? rewriter->unreadable : 0;
}

/* -EBADMSG: the object has that name already, or more of them than any answer has. */
static int use_name(struct buf *used, struct slice name)
{
    struct slice rest = buf_slice(used);
    uint16_t len = (uint16_t)name.len; // JSON_SPLIT_NAME_BYTES at most

    while (rest.len > 0) {
        uint16_t other = 0;

        memcpy(&other, rest.ptr, sizeof(other));
        rest = slice_from_index(rest, sizeof(other));
        if (slice_eq(slice_head(rest, other), name)) {
            return -EBADMSG;
        }
        rest = slice_from_index(rest, other);
    }
    int err = buf_append(used, (struct slice){(const char *)&len, sizeof(len)});

    err = err < 0 ? err : buf_append(used, name);
    return err == -ENOBUFS ? -EBADMSG : err;
}

/* Before a value or a container: the comma and the name. `depth` containers are open around it. */
static int begin_member(struct policy_rewriter *rewriter, unsigned depth, struct buf *out)
{
    struct slice name = rewriter->split.name;

    // What is read of an owner is refused with a name that it has twice.
    if (name.ptr && !rewriter->owner_only) {
        TRY(use_name(&rewriter->used[depth], name));
    }
    if (rewriter->filled[depth]) {
        TRY(buf_append_byte(out, ','));
    }
    rewriter->filled[depth] = true;
    if (name.ptr) {
        TRY(escape_json(out, name));
        TRY(buf_append_byte(out, ':'));
    }
    return 0;
}

static int rewriter_open(struct policy_rewriter *rewriter, struct slice bracket, struct buf *out)
{
    unsigned depth = rewriter->split.depth;

    TRY(begin_member(rewriter, depth - 1, out));
    rewriter->filled[depth] = false;
    buf_clear(&rewriter->used[depth]);
    return buf_append(out, bracket);
}

/* An element of the list, or what is there instead of a list. */
static bool leaves_out(const struct policy_rewriter *rewriter, const struct json *tree)
{
    if (!scope_filters_list(rewriter->policy, rewriter->operation)) {
        return false;
    }
    return rewriter->split.depth == 0
               ? tree->type != JSON_NULL
               : !rewriter->split.name.ptr && scope_leaves_out(&rewriter->policy->scope, tree);
}

/* `text` is a value of the list, or a member of what holds the lists. 1: it is left out. */
static int write_value(const struct policy_rewriter *rewriter, struct arena *arena,
                       struct slice text, struct buf *out)
{
    struct json holder = {.type = JSON_OBJECT};
    struct json *tree = NULL;

    TRY(json_read_shown(text, arena, &tree));
    if (leaves_out(rewriter, tree)) {
        return 1;
    }
    // Fields are found by their names, and a member has its own outside of its text.
    if (rewriter->split.name.ptr) {
        tree->name = rewriter->split.name;
        holder.child = tree;
    }
    TRY(redact_response(rewriter->policy, rewriter->operation, arena,
                        holder.child ? &holder : tree));
    return json_write(out, tree);
}

/* {"Id": "…", "Names": ["/web"]}: enough for its owner to remove it. At the top there is no list.
 */
static int write_names(struct policy_rewriter *rewriter, struct buf *out)
{
    if (rewriter->split.depth == 0) {
        return -EBADMSG;
    }
    rewriter->unreadable++;
    // What cannot be read may be what is to be left out.
    if (rewriter->names.len == 0 || rewriter->split.name.ptr ||
        scope_filters_list(rewriter->policy, rewriter->operation)) {
        return 0;
    }
    TRY(begin_member(rewriter, rewriter->split.depth, out));
    TRY(buf_append_byte(out, '{'));
    TRY(buf_append(out, buf_slice(&rewriter->names)));
    return buf_append_byte(out, '}');
}

static bool rewriter_is_name(const struct json *value)
{
    if (value->type == JSON_STRING) {
        return true;
    }
    for (const struct json *entry = value->child; entry; entry = entry->next) {
        if (entry->type != JSON_STRING) {
            return false;
        }
    }
    return value->type == JSON_ARRAY;
}

/* A name that cannot be read is none, and each is said once: what comes out is JSON. */
static int rewriter_keep_name(struct policy_rewriter *rewriter, unsigned name, struct arena *arena,
                              struct slice text)
{
    struct buf *names = &rewriter->names;
    struct json *value = NULL;
    size_t before = names->len;
    int err = json_read_shown(text, arena, &value);

    if (err < 0 || !rewriter_is_name(value) || (rewriter->named & name)) {
        return err == -ENOMEM ? err : 0;
    }
    err = before > 0 ? buf_append_byte(names, ',') : 0;
    err = err < 0 ? err : escape_json(names, rewriter->members.name);
    err = err < 0 ? err : buf_append_byte(names, ':');
    err = err < 0 ? err : json_write(names, value);
    if (err < 0) {
        names->len = before;
    } else {
        rewriter->named |= name;
    }
    return err == -ENOMEM ? err : 0;
}

/* More of the text of an object that cannot be read. */
static int look_for_names(struct policy_rewriter *rewriter, struct slice text)
{
    enum json_piece piece = JSON_PIECE_PART;
    int err = 0;

    while (err == 0 && piece != JSON_PIECE_MORE && piece != JSON_PIECE_BAD) {
        struct slice value = {NULL, 0};

        err = json_split_next(&rewriter->members, &text, &piece, &value);
        bool whole = err == 0 && piece == JSON_PIECE_VALUE && rewriter->members.depth == 1;
        unsigned name = whole ? answer_names_object(rewriter->members.name) : 0;

        if (name > 0) {
            struct arena arena;

            arena_init(&arena, NAMES_ARENA_BYTES);
            err = rewriter_keep_name(rewriter, name, &arena, value);
            arena_deinit(&arena);
        }
    }
    return err;
}

static void begin_names(struct policy_rewriter *rewriter)
{
    json_split_deinit(&rewriter->members);
    json_split_init(&rewriter->members, answer_opens_object, NAME_MAX_BYTES);
    buf_clear(&rewriter->names);
    rewriter->named = 0;
    rewriter->naming = true;
}

/* A value above the limit comes in parts. */
static int take_part(struct policy_rewriter *rewriter, struct slice text)
{
    if (!rewriter->naming) {
        begin_names(rewriter);
    }
    return look_for_names(rewriter, text);
}

static int take_value(struct policy_rewriter *rewriter, struct slice text, struct buf *out)
{
    struct arena arena;
    size_t before = out->len;
    unsigned depth = rewriter->split.depth;
    bool filled = rewriter->filled[depth];

    arena_init(&arena, VALUE_ARENA_BYTES);
    int err = begin_member(rewriter, depth, out);

    err = err < 0 ? err : write_value(rewriter, &arena, text, out);
    // Its values take more memory than any real one's: this one's fault, and not the system's.
    err = err == -ENOMEM && arena.full ? -EBADMSG : err;
    arena_deinit(&arena);
    if (err != -EBADMSG && err != 1) {
        return err;
    }
    out->len = before;
    rewriter->filled[depth] = filled;
    if (err == 1) {
        return depth > 0 ? 0 : -EBADMSG;
    }
    begin_names(rewriter);
    rewriter->naming = false;
    TRY(look_for_names(rewriter, text));
    return write_names(rewriter, out);
}

/* One that cannot be read is none: without an id there is no answer, without its labels no owner.
 */
static int keep_value(struct policy_rewriter *reader, struct slice text, struct buf *out)
{
    struct slice name = reader->split.name;
    struct arena arena;
    struct json *value = NULL;
    const struct scope *scope = &reader->policy->scope;
    bool wanted = reader->labels > 0 ? scope_label(scope, name) || scope_exclude_reads(scope, name)
                                     : answer_says_what(name);

    if (!wanted) {
        return 0;
    }
    arena_init(&arena, OWNER_ARENA_BYTES);
    int err = json_read_shown(text, &arena, &value);

    err = err == -ENOMEM && arena.full ? -EBADMSG : err;
    if (err == 0) {
        err = begin_member(reader, reader->split.depth, out);
        err = err < 0 ? err : json_write(out, value);
    }
    arena_deinit(&arena);
    return err == -EBADMSG ? 0 : err;
}

static int take_piece_of_owner(struct policy_rewriter *reader, enum json_piece piece,
                               struct slice text, struct buf *out)
{
    unsigned depth = reader->split.depth;

    switch (piece) {
    case JSON_PIECE_BAD:
        return -EBADMSG;
    case JSON_PIECE_MORE:
    case JSON_PIECE_PART:
    case JSON_PIECE_LONG_END:
        return 0;
    case JSON_PIECE_OPEN:
        reader->labels = slice_eq(reader->split.name, SLICE("Labels")) ? depth : reader->labels;
        return rewriter_open(reader, text, out);
    case JSON_PIECE_CLOSE:
        reader->labels = depth < reader->labels ? 0 : reader->labels;
        return buf_append(out, text);
    case JSON_PIECE_VALUE:
        return keep_value(reader, text, out);
    }
    return -EBADMSG;
}

static int take_piece(struct policy_rewriter *rewriter, enum json_piece piece, struct slice text,
                      struct buf *out)
{
    if (rewriter->owner_only) {
        return take_piece_of_owner(rewriter, piece, text, out);
    }
    switch (piece) {
    case JSON_PIECE_BAD:
        return -EBADMSG;
    case JSON_PIECE_MORE:
        return 0;
    case JSON_PIECE_OPEN:
        return rewriter_open(rewriter, text, out);
    case JSON_PIECE_CLOSE:
        return buf_append(out, text);
    case JSON_PIECE_VALUE:
        return take_value(rewriter, text, out);
    case JSON_PIECE_PART:
        return take_part(rewriter, text);
    case JSON_PIECE_LONG_END:
        rewriter->naming = false;
        return write_names(rewriter, out);
    }
    return -EBADMSG;
}

static int feed_list(struct policy_rewriter *rewriter, struct slice bytes, struct buf *out)
{
    enum json_piece piece = JSON_PIECE_PART;

    while (piece != JSON_PIECE_MORE) {
        struct slice text = {NULL, 0};

        TRY(json_split_next(&rewriter->split, &bytes, &piece, &text));
        TRY(take_piece(rewriter, piece, text, out));
    }
    return 0;
}

bool policy_rewriter_is_stream(const struct policy_rewriter *rewriter)
{
    return rewriter->is_stream;
}

/* What is too large to be changed goes on as it is, unless something in it is to be hidden. */
static int feed_whole(struct policy_rewriter *rewriter, struct slice bytes, struct buf *out)
{
    int err = rewriter->passes ? -ENOBUFS : buf_append(&rewriter->whole, bytes);

    if (err != -ENOBUFS) {
        return err;
    }
    if (rewriter->hides) {
        return -EBADMSG;
    }
    TRY(buf_append(out, buf_slice(&rewriter->whole)));
    buf_deinit(&rewriter->whole);
    rewriter->passes = true;
    return buf_append(out, bytes);
}

int policy_rewriter_feed(struct policy_rewriter *rewriter, struct slice bytes, struct buf *out)
{
    if (rewriter->is_stream) {
        return scope_stream_feed(&rewriter->stream, rewriter->policy, bytes, out);
    }
    return rewriter->opens ? feed_list(rewriter, bytes, out) : feed_whole(rewriter, bytes, out);
}

static int edit_whole(const struct policy_rewriter *rewriter, struct arena *arena,
                      struct json *tree)
{
    if (rewriter->hides) {
        return redact_response(rewriter->policy, rewriter->operation, arena, tree);
    }
    return tree->type == JSON_OBJECT ? response_edit(rewriter->decision, arena, tree) : -EBADMSG;
}

static int rewriter_write(const struct policy_rewriter *rewriter, struct arena *arena,
                          struct buf *out)
{
    struct json *tree = NULL;

    TRY(json_read_shown(buf_slice(&rewriter->whole), arena, &tree));
    TRY(edit_whole(rewriter, arena, tree));
    TRY(json_write(out, tree));
    return buf_append_byte(out, '\n'); // as the engine ends its answers
}

static int end_whole(struct policy_rewriter *rewriter, struct buf *out)
{
    struct arena arena;
    size_t before = out->len;

    if (rewriter->passes) {
        return 0;
    }
    arena_init(&arena, VALUE_ARENA_BYTES);
    int err = rewriter_write(rewriter, &arena, out);

    err = err == -ENOMEM && arena.full ? -EBADMSG : err;
    arena_deinit(&arena);
    if (err == -EBADMSG && !rewriter->hides) {
        out->len = before;
        err = buf_append(out, buf_slice(&rewriter->whole));
    }
    buf_deinit(&rewriter->whole);
    return err;
}

int policy_rewriter_end(struct policy_rewriter *rewriter, struct buf *out)
{
    if (rewriter->is_stream) {
        return scope_stream_end(&rewriter->stream, rewriter->policy, out);
    }
    if (!rewriter->opens) {
        return end_whole(rewriter, out);
    }
    // A word at the top ends with what follows it.
    TRY(feed_list(rewriter, SLICE("\n"), out));
    return rewriter->split.done ? buf_append_byte(out, '\n') : -EBADMSG;
}
