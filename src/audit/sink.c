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
#include <unistd.h>

#include "base/banned.h"

enum { AUDIT_FILE_MODE = 0640 };

static bool is_stdout(const char *path)
{
    return !path || strcmp(path, "-") == 0;
}

static int open_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, AUDIT_FILE_MODE);

    return fd < 0 ? -errno : fd;
}

int audit_sink_open(struct audit_sink *sink, const char *path, enum audit_format format)
{
    int fd = is_stdout(path) ? STDOUT_FILENO : open_file(path);

    if (fd < 0) {
        return fd;
    }
    *sink = (struct audit_sink){.fd = fd, .owns_fd = !is_stdout(path)};
    sink->text = format == AUDIT_FORMAT_TEXT || (format == AUDIT_FORMAT_AUTO && isatty(fd) == 1);
    buf_init(&sink->line, AUDIT_LINE_MAX_BYTES);
    return 0;
}

void audit_sink_close(struct audit_sink *sink)
{
    if (sink->owns_fd) {
        close(sink->fd);
    }
    buf_deinit(&sink->line);
    *sink = (struct audit_sink){.fd = -1};
}

int audit_sink_reopen(struct audit_sink *sink, const char *path)
{
    if (is_stdout(path)) {
        return 0;
    }
    int fd = open_file(path);

    if (fd < 0) {
        return fd;
    }
    if (sink->owns_fd) {
        close(sink->fd);
    }
    sink->fd = fd;
    sink->owns_fd = true;
    return 0;
}

/*
 * Whether all of `line` was written. A line whose first part went out is finished
 * only if the reader keeps up.
 */
static bool write_line(struct audit_sink *sink, struct slice line)
{
    while (line.len > 0) {
        struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};
        struct slice part = slice_head(line, PIPE_BUF);

        if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT)) {
            return false;
        }
        ssize_t count = write(sink->fd, part.ptr, part.len);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        sink->torn = line.ptr[count - 1] != '\n';
        line = slice_from_index(line, (size_t)count);
    }
    return true;
}

static int append_dropped(struct audit_sink *sink)
{
    uint64_t lost = sink->dropped - sink->reported;

    if (lost == 0) {
        return 0;
    }
    return buf_printf(&sink->line,
                      sink->text ? "%llu audit records dropped\n" : "{\"audit_dropped\":%llu}\n",
                      (unsigned long long)lost);
}

void audit_sink_write(struct audit_sink *sink, const struct audit_record *record)
{
    buf_clear(&sink->line);
    // The rest of a line that was torn is lost; this one begins its own.
    int err = sink->torn ? buf_append_byte(&sink->line, '\n') : 0;

    if (err == 0) {
        err = append_dropped(sink);
    }
    if (err == 0) {
        err = sink->text ? audit_record_text(&sink->line, record)
                         : audit_record_json(&sink->line, record);
    }
    if (err == 0 && write_line(sink, buf_slice(&sink->line))) {
        sink->reported = sink->dropped;
    } else {
        sink->dropped++;
    }
}
