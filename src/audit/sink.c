/*
 * See sink.h. The descriptor may be shared with others (a terminal, a pipe), so it
 * is not made non-blocking: poll() says first whether a line can be taken. A pipe
 * that polls writable takes PIPE_BUF bytes at once, so a longer line goes out in
 * such parts, each after its own poll.
 */
#include "audit/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"

enum {
    AUDIT_FILE_MODE = 0640,
    GATHERED_BYTES = 64 * 1024, /* and then written, though the iteration isn't over */
    KEPT_BYTES = 16 * 1024      /* of memory, for the next one */
};

static bool is_stdout(const char *path)
{
    return !path || strcmp(path, "-") == 0;
}

static int open_file(const char *path, int flags)
{
    int fd =
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | flags, AUDIT_FILE_MODE);

    return fd < 0 ? -errno : fd;
}

/* The counts are of the sink, not of its file. */
static void use_fd(struct audit_sink *sink, int fd, bool owned)
{
    struct stat what;

    sink->fd = fd;
    sink->owns_fd = owned;
    sink->always_ready = fstat(fd, &what) == 0 && S_ISREG(what.st_mode);
}

static bool is_ready(const struct audit_sink *sink)
{
    struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};

    return sink->always_ready || (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT));
}

/* What one write may be: all for a file; else whole lines, or a part of one that is longer. */
static struct slice next_part(const struct audit_sink *sink, struct slice lines)
{
    if (sink->always_ready || lines.len <= PIPE_BUF) {
        return lines;
    }
    size_t len = PIPE_BUF;

    while (len > 0 && lines.ptr[len - 1] != '\n') {
        len--;
    }
    return slice_head(lines, len > 0 ? len : PIPE_BUF);
}

static uint64_t sink_now_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Writes as much as is taken; what is left is returned, with the reason in `error`. */
static struct slice write_lines(struct audit_sink *sink, struct slice lines)
{
    while (lines.len > 0) {
        if (!is_ready(sink)) {
            sink->error = EAGAIN;
            break;
        }
        struct slice part = next_part(sink, lines);
        ssize_t count = write(sink->fd, part.ptr, part.len);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            sink->error = count < 0 ? errno : EIO;
            break;
        }
        sink->stuck_since_ms = 0;
        lines = slice_from_index(lines, (size_t)count);
    }
    return lines;
}

static size_t queue_waits(const struct audit_queue *queue)
{
    return queue->lines.len - queue->sent;
}

bool audit_sink_waits(const struct audit_sink *sink)
{
    return queue_waits(&sink->passed) + queue_waits(&sink->refused) > 0;
}

/* Where the line begins that holds the byte at `index`, or is about to. */
static size_t line_begin(const struct audit_queue *queue, size_t index)
{
    while (index > 0 && queue->lines.data[index - 1] != '\n') {
        index--;
    }
    return index;
}

static bool is_torn(const struct audit_queue *queue)
{
    return queue->sent > line_begin(queue, queue->sent);
}

/* A line that is written in part stays whole: another file may have to have all of it. */
static void queue_sent(struct audit_queue *queue, size_t sent)
{
    if (sent == queue->lines.len) {
        buf_clear(&queue->lines);
        queue->sent = 0;
        if (queue->lines.cap > KEPT_BYTES) {
            buf_deinit(&queue->lines);
        }
        return;
    }
    queue->sent = sent;
    size_t done = line_begin(queue, sent);

    if (done > 0 && done >= queue->lines.len / 2) {
        buf_consume(&queue->lines, done);
        queue->sent -= done;
    }
}

static void queue_flush(struct audit_sink *sink, struct audit_queue *queue)
{
    if (sink->error == 0 && queue_waits(queue) > 0) {
        struct slice rest =
            write_lines(sink, slice_from_index(buf_slice(&queue->lines), queue->sent));

        if (queue == &sink->refused) {
            audit_account_written(&sink->accounts, queue_waits(queue) - rest.len);
        }
        queue_sent(queue, queue->lines.len - rest.len);
        if (queue == &sink->refused && queue_waits(queue) == 0) {
            audit_accounts_clear(&sink->accounts);
        }
    }
}

void audit_sink_flush(struct audit_sink *sink)
{
    sink->error = 0;
    if (is_torn(&sink->refused)) {
        queue_flush(sink, &sink->refused); // nothing may come between
    }
    queue_flush(sink, &sink->passed);
    queue_flush(sink, &sink->refused);
    if (sink->error == 0) {
        sink->stuck_since_ms = 0;
    } else if (sink->stuck_since_ms == 0) {
        sink->stuck_since_ms = sink_now_ms();
    }
}

/* In front of the next line: how many were lost. */
static int report_dropped(struct audit_sink *sink, struct audit_queue *queue)
{
    uint64_t lost = sink->dropped - sink->reported;

    if (lost == 0) {
        return 0;
    }
    int err = buf_printf(&queue->lines,
                         sink->text ? "%llu audit records dropped\n" : "{\"audit_dropped\":%llu}\n",
                         (unsigned long long)lost);

    if (err == 0) {
        sink->reported = sink->dropped;
    }
    return err;
}

static void end_line(struct audit_sink *sink, struct audit_queue *queue, size_t before, int err)
{
    if (err < 0) {
        queue->lines.len = before;
        sink->dropped++;
    }
    if (sink->error == 0 && queue->lines.len >= GATHERED_BYTES) {
        audit_sink_flush(sink);
    }
}

static bool passed_has_room(const struct audit_sink *sink, size_t reserved_bytes)
{
    return (sink->keeps && reserved_bytes > 0) ||
           queue_waits(&sink->passed) < AUDIT_KEPT_UNPROMISED_BYTES;
}

static bool refused_has_room(const struct audit_sink *sink, const struct audit_account *account)
{
    return audit_account_has_room(account, queue_waits(&sink->refused), AUDIT_KEPT_REFUSALS_BYTES);
}

static int write_record(struct audit_sink *sink, struct audit_queue *queue,
                        const struct audit_record *record)
{
    return sink->text ? audit_record_text(&queue->lines, record)
                      : audit_record_json(&queue->lines, record);
}

static void sink_write_passed(struct audit_sink *sink, const struct audit_record *record, bool room)
{
    struct audit_queue *queue = &sink->passed;

    if (!room) {
        sink->dropped++;
        return;
    }
    int err = report_dropped(sink, queue);
    size_t before = queue->lines.len;

    end_line(sink, queue, before, err < 0 ? err : write_record(sink, queue, record));
}

static void sink_write_refused(struct audit_sink *sink, struct audit_account *account,
                               const struct audit_record *record)
{
    struct audit_queue *queue = &sink->refused;

    if (!refused_has_room(sink, account)) {
        sink->dropped++;
        return;
    }
    size_t before = queue->lines.len;
    int err = report_dropped(sink, queue);
    size_t begin = queue->lines.len;

    err = err < 0 ? err : write_record(sink, queue, record);
    audit_account_waits(&sink->accounts, account, (err < 0 ? begin : queue->lines.len) - before);
    end_line(sink, queue, begin, err);
}

void audit_sink_write(struct audit_sink *sink, const struct audit_record *record)
{
    bool room = passed_has_room(sink, record->reserved_bytes);

    sink->reserved_bytes -= record->reserved_bytes;
    if (!audit_record_is_refusal(record)) {
        sink_write_passed(sink, record, room);
        return;
    }
    struct audit_account *account = audit_account_enter(&sink->accounts, record);

    if (!folds_take(&sink->folds, account, record, sink->text, sink_now_ms())) {
        sink_write_refused(sink, account, record);
    }
    audit_account_leave(&sink->accounts, account);
}

/* A count of refusals, which may be lost as they may. */
static void on_folded(void *owner, struct audit_account *account, struct slice line, uint64_t count)
{
    struct audit_sink *sink = owner;
    struct audit_queue *queue = &sink->refused;
    size_t before = queue->lines.len;

    if (line.len == 0 || !refused_has_room(sink, account) || report_dropped(sink, queue) < 0 ||
        buf_append(&queue->lines, line) < 0) {
        sink->dropped += count;
    }
    audit_account_waits(&sink->accounts, account, queue->lines.len - before);
}

void audit_sink_tick(struct audit_sink *sink)
{
    folds_tick(&sink->folds, sink_now_ms());
}

void audit_sink_write_engine(struct audit_sink *sink, const struct audit_engine *engine)
{
    struct audit_queue *queue = &sink->passed;

    if (!passed_has_room(sink, 0)) {
        sink->dropped++;
        return;
    }
    int err = report_dropped(sink, queue);
    size_t before = queue->lines.len;

    if (err == 0) {
        err = sink->text ? audit_engine_text(&queue->lines, engine)
                         : audit_engine_json(&queue->lines, engine);
    }
    end_line(sink, queue, before, err);
}

const char *audit_sink_refuses(const struct audit_sink *sink)
{
    if (!sink->keeps || sink->error == 0) {
        return NULL;
    }
    if (sink->error != EAGAIN) {
        return strerror(sink->error); // NOLINT(concurrency-mt-unsafe): one thread
    }
    bool patient = queue_waits(&sink->passed) < AUDIT_KEPT_UNPROMISED_BYTES &&
                   sink_now_ms() - sink->stuck_since_ms < AUDIT_PATIENCE_MS;

    return patient ? NULL : "their reader does not read";
}

const char *audit_sink_reserve(struct audit_sink *sink, struct audit_record *record)
{
    const char *why = audit_sink_refuses(sink);

    if (why || !sink->keeps) {
        return why;
    }
    size_t bytes = audit_record_bound(record);
    size_t reserved = sink->reserved_bytes - record->reserved_bytes + bytes;

    if (queue_waits(&sink->passed) + reserved > AUDIT_KEPT_MAX_BYTES) {
        return "too many requests in flight";
    }
    sink->reserved_bytes = reserved;
    record->reserved_bytes = bytes;
    return NULL;
}

static void init(struct audit_sink *sink, int fd, bool owned)
{
    *sink = (struct audit_sink){
        .folds = {.emit = on_folded, .owner = sink, .accounts = &sink->accounts}};
    use_fd(sink, fd, owned);
    // Half of what is written waits for the other half: see queue_sent().
    buf_init(&sink->passed.lines, 2UL * AUDIT_KEPT_MAX_BYTES + AUDIT_LINE_MAX_BYTES);
    buf_init(&sink->refused.lines,
             2UL * (AUDIT_KEPT_REFUSALS_BYTES + (size_t)AUDIT_ACCOUNTS_MAX * AUDIT_ACCOUNT_BYTES) +
                 AUDIT_LINE_MAX_BYTES);
}

void audit_sink_use(struct audit_sink *sink, int fd, bool text)
{
    init(sink, fd, false);
    sink->text = text;
}

int audit_sink_open(struct audit_sink *sink, const char *path, enum audit_format format)
{
    int fd = is_stdout(path) ? STDOUT_FILENO : open_file(path, 0);

    if (fd < 0) {
        return fd;
    }
    init(sink, fd, !is_stdout(path));
    sink->text = format == AUDIT_FORMAT_TEXT || (format == AUDIT_FORMAT_AUTO && isatty(fd) == 1);
    return 0;
}

/* Lines of which all, or some, could not be written. */
static uint64_t sink_count_lines(const struct audit_queue *queue)
{
    uint64_t count = 0;

    for (size_t i = queue->sent; i < queue->lines.len; i++) {
        count += queue->lines.data[i] == '\n';
    }
    return count;
}

uint64_t audit_sink_close(struct audit_sink *sink)
{
    folds_flush(&sink->folds);
    audit_sink_flush(sink);
    uint64_t lost = sink->dropped - sink->reported + sink_count_lines(&sink->passed) +
                    sink_count_lines(&sink->refused);

    if (sink->owns_fd) {
        close(sink->fd);
    }
    buf_deinit(&sink->passed.lines);
    buf_deinit(&sink->refused.lines);
    audit_accounts_deinit(&sink->accounts);
    *sink = (struct audit_sink){.fd = -1};
    return lost;
}

int audit_sink_reopen(struct audit_sink *sink, const char *path)
{
    folds_flush(&sink->folds);
    if (is_stdout(path)) {
        return 0;
    }
    int fd = open_file(path, O_NONBLOCK); // a pipe that nobody reads is an error, not a wait

    if (fd < 0) {
        return fd;
    }
    audit_sink_flush(sink);
    sink->passed.sent = line_begin(&sink->passed, sink->passed.sent);
    sink->refused.sent = line_begin(&sink->refused, sink->refused.sent);
    if (sink->owns_fd) {
        close(sink->fd);
    }
    use_fd(sink, fd, true);
    return 0;
}
