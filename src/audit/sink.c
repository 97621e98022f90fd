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

/* Writes as much as is taken; what is left is returned, with the reason in `error`. */
static struct slice write_lines(struct audit_sink *sink, struct slice lines)
{
    sink->error = 0;
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
        sink->torn = lines.ptr[count - 1] != '\n';
        lines = slice_from_index(lines, (size_t)count);
    }
    return lines;
}

/* The lines lost with `text`: one that lacks its end only isn't. */
static uint64_t count_lines(struct slice text)
{
    uint64_t count = 0;

    for (size_t i = slice_starts_with(text, SLICE("\n")); i < text.len; i++) {
        count += text.ptr[i] == '\n';
    }
    return count;
}

static size_t pending_bytes(const struct audit_sink *sink)
{
    return sink->lines.len - sink->sent;
}

/* What comes before the first line: the end of one that was torn, and how many were lost. */
static int catch_up(struct audit_sink *sink)
{
    uint64_t lost = sink->dropped - sink->reported;
    // The rest of a line that was torn is lost; the next one begins its own.
    int err = sink->torn ? buf_append_byte(&sink->lines, '\n') : 0;

    if (err == 0 && lost > 0) {
        err = buf_printf(&sink->lines,
                         sink->text ? "%llu audit records dropped\n" : "{\"audit_dropped\":%llu}\n",
                         (unsigned long long)lost);
    }
    if (err < 0) {
        buf_clear(&sink->lines);
    }
    sink->caught_up_bytes = sink->lines.len;
    sink->reporting = sink->dropped;
    return err;
}

/* While nothing can be written, what was promised comes first: who is refused can't fill it up. */
static bool has_room(const struct audit_sink *sink, size_t reserved_bytes)
{
    return sink->error == 0 || reserved_bytes > 0 || pending_bytes(sink) < AUDIT_KEPT_OTHERS_BYTES;
}

static int begin_line(struct audit_sink *sink, size_t *before)
{
    int err = sink->lines.len == 0 ? catch_up(sink) : 0;

    *before = sink->lines.len;
    return err;
}

static void end_line(struct audit_sink *sink, size_t before, int err)
{
    if (err < 0) {
        sink->lines.len = before;
        sink->dropped++;
    }
    if (sink->error == 0 && sink->lines.len >= GATHERED_BYTES) {
        audit_sink_flush(sink);
    }
}

void audit_sink_write(struct audit_sink *sink, const struct audit_record *record)
{
    bool room = has_room(sink, record->reserved_bytes);
    size_t before = 0;

    sink->reserved_bytes -= record->reserved_bytes;
    if (!room) {
        sink->dropped++;
        return;
    }
    int err = begin_line(sink, &before);

    if (err == 0) {
        err = sink->text ? audit_record_text(&sink->lines, record)
                         : audit_record_json(&sink->lines, record);
    }
    end_line(sink, before, err);
}

void audit_sink_write_engine(struct audit_sink *sink, const struct audit_engine *engine)
{
    size_t before = 0;

    if (!has_room(sink, 0)) {
        sink->dropped++;
        return;
    }
    int err = begin_line(sink, &before);

    if (err == 0) {
        err = sink->text ? audit_engine_text(&sink->lines, engine)
                         : audit_engine_json(&sink->lines, engine);
    }
    end_line(sink, before, err);
}

static void forget_lines(struct audit_sink *sink)
{
    buf_clear(&sink->lines);
    sink->sent = 0;
    sink->caught_up_bytes = 0;
    if (sink->lines.cap > KEPT_BYTES) {
        buf_deinit(&sink->lines);
    }
}

static void drop_rest(struct audit_sink *sink, struct slice rest)
{
    size_t written = sink->lines.len - rest.len;

    // The end of its line may be missing: that is written with the next.
    if (written + 1 >= sink->caught_up_bytes) {
        sink->reported = sink->reporting;
    }
    if (written < sink->caught_up_bytes) {
        rest = slice_from_index(rest, sink->caught_up_bytes - written);
    }
    sink->dropped += count_lines(rest);
    sink->error = 0; // the next ones may get through
    forget_lines(sink);
}

/* Where the line begins that holds the byte at `index`, or is about to. */
static size_t line_begin(const struct audit_sink *sink, size_t index)
{
    while (index > 0 && sink->lines.data[index - 1] != '\n') {
        index--;
    }
    return index;
}

static uint64_t now_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A line that is written in part stays whole: another file may have to have all of it. */
static void keep_rest(struct audit_sink *sink, struct slice rest)
{
    sink->sent = sink->lines.len - rest.len;
    size_t done = line_begin(sink, sink->sent);

    if (done > 0) {
        sink->reported = sink->reporting; // the count is one line, and in front
    }
    if (done > 0 && done >= sink->lines.len / 2) {
        buf_consume(&sink->lines, done);
        sink->sent -= done;
        sink->caught_up_bytes = 0;
    }
    if (sink->failing_since_ms == 0) {
        sink->failing_since_ms = now_ms();
    }
}

void audit_sink_flush(struct audit_sink *sink)
{
    if (sink->lines.len == 0) {
        return;
    }
    struct slice rest = write_lines(sink, slice_from_index(buf_slice(&sink->lines), sink->sent));

    if (rest.len > 0 && sink->keeps) {
        keep_rest(sink, rest);
        return;
    }
    sink->failing_since_ms = 0;
    drop_rest(sink, rest);
}

const char *audit_sink_refuses(const struct audit_sink *sink)
{
    if (!sink->keeps || sink->error == 0) {
        return NULL;
    }
    if (sink->error != EAGAIN) {
        return strerror(sink->error); // NOLINT(concurrency-mt-unsafe): one thread
    }
    bool patient = pending_bytes(sink) < AUDIT_KEPT_OTHERS_BYTES &&
                   now_ms() - sink->failing_since_ms < AUDIT_PATIENCE_MS;

    return patient ? NULL : "their reader does not take them";
}

const char *audit_sink_reserve(struct audit_sink *sink, struct audit_record *record)
{
    const char *why = audit_sink_refuses(sink);

    if (why || !sink->keeps) {
        return why;
    }
    size_t bytes = audit_record_bound(record);
    size_t reserved = sink->reserved_bytes - record->reserved_bytes + bytes;

    if (pending_bytes(sink) + reserved > AUDIT_KEPT_MAX_BYTES) {
        return "too many requests are under way";
    }
    sink->reserved_bytes = reserved;
    record->reserved_bytes = bytes;
    return NULL;
}

int audit_sink_open(struct audit_sink *sink, const char *path, enum audit_format format)
{
    int fd = is_stdout(path) ? STDOUT_FILENO : open_file(path, 0);

    if (fd < 0) {
        return fd;
    }
    *sink = (struct audit_sink){0};
    use_fd(sink, fd, !is_stdout(path));
    sink->text = format == AUDIT_FORMAT_TEXT || (format == AUDIT_FORMAT_AUTO && isatty(fd) == 1);
    buf_init(&sink->lines, AUDIT_KEPT_MAX_BYTES + AUDIT_LINE_MAX_BYTES);
    return 0;
}

uint64_t audit_sink_close(struct audit_sink *sink)
{
    uint64_t before = sink->dropped;

    sink->keeps = false;
    audit_sink_flush(sink);
    uint64_t lost = sink->dropped - before;

    if (sink->owns_fd) {
        close(sink->fd);
    }
    buf_deinit(&sink->lines);
    *sink = (struct audit_sink){.fd = -1};
    return lost;
}

int audit_sink_reopen(struct audit_sink *sink, const char *path)
{
    if (is_stdout(path)) {
        return 0;
    }
    int fd = open_file(path, O_NONBLOCK); // a pipe that nobody reads is an error, not a wait

    if (fd < 0) {
        return fd;
    }
    audit_sink_flush(sink);
    if (sink->sent > 0) {
        sink->sent = line_begin(sink, sink->sent);
        sink->torn = false;
    }
    if (sink->owns_fd) {
        close(sink->fd);
    }
    use_fd(sink, fd, true);
    return 0;
}
