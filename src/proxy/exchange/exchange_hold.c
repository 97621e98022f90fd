/*
 * The objects that a request needs to itself, or shares with its like: held from before the last
 * lookups until the engine is done with it. Who has to wait does so in order and for a bounded
 * time. A client that leaves does not end what the engine does for it, so what is held
 * stays held until the engine says that it is over.
 */
#include <errno.h>

#include "base/try.h"
#include "proxy/exchange/exchange_internal.h"

#include "base/banned.h"

/* Whose turn it is goes on with the loop's next round, not within the other's end. */
static void on_granted(void *owner)
{
    struct exchange *ex = owner;

    ex->io->resume(ex->context);
}

void exchange_release(struct exchange *ex)
{
    underway_release(ex->io->underway(ex->context), &ex->claim);
}

/* What is in the way, as the one reads it who is refused. */
static int describe_blocker(struct exchange *ex, struct slice *out)
{
    static const char *const doing[] = {
        [HOLD_ALONE] = "is being filled or removed by another request",
        [HOLD_WALKS] = "is being read or written by another request",
        [HOLD_RUNS] = "is about to be changed by another request",
        [HOLD_GIVES] = "is being assigned or used by another client's request",
        [HOLD_BRINGS] = "is being assigned by another client's request"};
    static const char *const kinds[] = {[HOLD_CONTAINER] = "container",
                                        [HOLD_VOLUME] = "volume",
                                        [HOLD_BUILDS] = "build",
                                        [HOLD_IMAGE_NAME] = "the image name",
                                        [HOLD_VOLUME_NAME] = "the volume name",
                                        [HOLD_NETWORK_NAME] = "the network name"};
    enum hold_kind kind = HOLD_BUILDS;
    enum hold_mode mode = HOLD_WALKS;
    struct slice key = {NULL, 0};
    struct arena *arena = &ex->decision.arena;

    if (!underway_blocker(&ex->claim, &kind, &mode, &key) || kind == HOLD_BUILDS) {
        return arena_copy(arena,
                          SLICE("the container was left by a build, and a build is running: try "
                                "again when it has ended"),
                          out);
    }
    if (kind == HOLD_VOLUME_NAME && slice_starts_with(key, SLICE("*"))) {
        return arena_printf(arena, out, "a volume of the scope %s: try again when that has ended",
                            doing[mode]);
    }
    return arena_printf(arena, out, "%s %.*s %s: try again when that has ended", kinds[kind],
                        SLICE_ARGS(slice_head(key, kind == HOLD_CONTAINER ? 12 : 128)),
                        doing[mode]);
}

/* Names are held for scopes, trees for the rule. */
static const char *rule_of_blocker(const struct exchange *ex)
{
    enum hold_kind kind = HOLD_BUILDS;
    enum hold_mode mode = HOLD_WALKS;
    struct slice key = {NULL, 0};

    return underway_blocker(&ex->claim, &kind, &mode, &key) &&
                   (kind == HOLD_IMAGE_NAME || kind == HOLD_VOLUME_NAME ||
                    kind == HOLD_NETWORK_NAME)
               ? "scope"
               : "live_tree";
}

static enum exchange_state refuse_as_held(struct exchange *ex)
{
    struct slice sentence = {NULL, 0};
    int err = describe_blocker(ex, &sentence);

    return exchange_refuse(ex, 409, rule_of_blocker(ex),
                           err < 0 ? "an operation that excludes this one is running"
                                   : sentence.ptr);
}

/*
 * Whether the engine may be filling volumes for others that this request can name: those of creates
 * and of steps of builds, whose volumes have no owner.
 */
static bool others_fill(struct exchange *ex)
{
    const struct underway *table = ex->io->underway(ex->context);
    const struct underway_claim *claim = &ex->claim;
    struct slice fillers = ex->decision.fillers;

    return underway_has_others(table, claim, HOLD_CREATES, fillers) ||
           (fillers.len > 0
                ? underway_has_others(table, claim, HOLD_CREATES, SLICE(HOLD_CREATES_UNOWNED))
                : underway_has_others(table, claim, HOLD_BUILDS, fillers));
}

/* What starts now has what it mounts open; and what ran before, of volumes that are to be filled.
 */
static void exchange_hold_show_runs(struct exchange *ex)
{
    struct volume_runs *runs = ex->io->volume_runs(ex->context);

    for (struct decision_hold *hold = ex->decision.holds; hold; hold = hold->next) {
        if (hold->kind != HOLD_VOLUME) {
            continue;
        }
        if (hold->mode == HOLD_RUNS) {
            volume_runs_note(runs, hold->key, ex->io->wall_s(ex->context));
        }
        hold->ran = volume_runs_find(runs, hold->key, &hold->ran_s);
    }
}

void exchange_note_removed(struct exchange *ex)
{
    if (ex->decision.removes.len > 0 && ex->call.status == 204) {
        volume_runs_forget(ex->io->volume_runs(ex->context), ex->decision.removes, ex->sent_turn);
    }
}

static enum exchange_state exchange_hold_go_on(struct exchange *ex, bool waited)
{
    exchange_hold_show_runs(ex);
    ex->decision.filling = others_fill(ex);
    ex->decision.building = underway_has_others(ex->io->underway(ex->context), &ex->claim,
                                                HOLD_BUILDS, (struct slice){NULL, 0});
    exchange_starts_filtering(ex);
    policy_decide_held(ex->policy, &ex->request, waited, &ex->decision);
    exchange_has_filtered(ex);
    return exchange_act(ex);
}

enum exchange_state exchange_hold(struct exchange *ex)
{
    if (ex->claim.count > 0) {
        return exchange_refuse(ex, 500, "internal", "the request could not be evaluated");
    }
    ex->claim = (struct underway_claim){.granted = on_granted, .owner = ex};
    int err = underway_take(ex->io->underway(ex->context), ex->decision.holds, &ex->claim);

    if (err == -EAGAIN) {
        return refuse_as_held(ex);
    }
    if (err < 0) {
        return exchange_refuse(ex, 500, "internal", "out of memory");
    }
    if (ex->claim.waiting == 0) {
        return exchange_hold_go_on(ex, false);
    }
    // It may take a while: what is in memory meanwhile has to fit.
    if (!exchange_has_room(ex, 0)) {
        return exchange_refuse_busy(ex);
    }
    exchange_read_ahead(ex);
    ex->io->deadline(ex->context, policy_limits(ex->policy)->hold_timeout_s * 1000U);
    return EXCHANGE_WAITING;
}

enum exchange_state in_waiting(struct exchange *ex, const struct event *event)
{
    switch (event->type) {
    case EVENT_RESUME:
        return ex->claim.waiting == 0 ? exchange_hold_go_on(ex, true) : ex->state;
    case EVENT_BYTES:
        return in_answering(ex, event); // of the next request, or of a body that is streamed
    case EVENT_EOF:
        ex->client_eof = true;
        return ex->body_done ? ex->state : exchange_abort(ex);
    case EVENT_TIMEOUT:
        // What it waited for may be its own since a moment ago: the loop has not come to it yet.
        return ex->claim.waiting == 0 ? exchange_hold_go_on(ex, true) : refuse_as_held(ex);
    case EVENT_FAILED:
        return exchange_abort(ex);
    case EVENT_WRITTEN:
    case EVENT_MOVED:
    case EVENT_RETRY:
    case EVENT_LOOKED:
        break;
    }
    return ex->state;
}

void exchange_give_spare(struct exchange *ex)
{
    for (const struct decision_hold *hold = ex->decision.holds; hold; hold = hold->next) {
        if (hold->spare) {
            underway_give(ex->io->underway(ex->context), &ex->claim, hold);
        }
    }
}

bool exchange_must_outlive(const struct exchange *ex)
{
    return ex->claim.count > 0 && ex->sent_at_us > 0 && ex->call.open && !ex->call.eof;
}

/*
 * An archive may be without an end for all that can be seen (a file with holes has any size), but
 * what the engine does is to write it: without a connection it can't.
 */
static unsigned outliving_ms(const struct exchange *ex)
{
    // The engine's answer, and not one of ours that it came too late for.
    bool writes = ex->call.head_done && ex->decision.finite_answer;

    return writes ? policy_limits(ex->policy)->read_timeout_s * 1000U : 0;
}

/*
 * Half-closed, the engine knows that nobody waits, and cancels what it can; the end of its answer
 * is the end of what it did.   Source: Go net/http, server.go, backgroundRead.
 */
enum exchange_state exchange_outlive(struct exchange *ex)
{
    ex->io->abandon(ex->context);
    buf_deinit(&ex->in);
    if (!ex->call.shut) {
        ex->call.shut = true;
        ex->io->shutdown(ex->context, SIDE_UPSTREAM);
    }
    ex->io->deadline(ex->context, outliving_ms(ex));
    ex->io->read(ex->context, SIDE_UPSTREAM, true);
    return EXCHANGE_OUTLIVING;
}

enum exchange_state in_outliving(struct exchange *ex, const struct event *event)
{
    bool ended = event->type == EVENT_EOF || event->type == EVENT_FAILED;

    // The deadline's side is no side.
    if (event->type != EVENT_TIMEOUT && (!ended || event->side != SIDE_UPSTREAM)) {
        return ex->state;
    }
    ex->call.eof = true;
    return exchange_abort(ex);
}
