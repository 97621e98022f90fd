/*
 * See log.h. One write() per line, so that lines of two processes don't mix.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"

enum { LOG_LINE_BYTES = 1024 };

static enum log_level log_threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    log_threshold = level;
}

static const char *log_level_word(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARN:
        return "warning";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        return "debug";
    }
    return "";
}

/* sd-daemon(3): the journal reads "<N>" at the start of a line as its priority. */
static const char *journal_prefix(enum log_level level)
{
    static const char *const prefix[] = {"<3>", "<4>", "<6>", "<7>"};

    return getenv("JOURNAL_STREAM") ? prefix[level] : "";
}

void log_message(enum log_level level, const char *format, ...)
{
    char line[LOG_LINE_BYTES];
    va_list arguments;

    if (level > log_threshold) {
        return;
    }
    int len = snprintf(line, sizeof(line), "%ssockade: %s: ", journal_prefix(level),
                       log_level_word(level));

    va_start(arguments, format);
    int more = vsnprintf(line + len, sizeof(line) - (size_t)len - 1, format, arguments);
    va_end(arguments);
    size_t end = (size_t)len + (more > 0 ? (size_t)more : 0);

    if (end > sizeof(line) - 2) {
        end = sizeof(line) - 2;
    }
    line[end] = '\n';
    ssize_t written;

    do {
        written = write(STDERR_FILENO, line, end + 1);
    } while (written < 0 && errno == EINTR);
    // A log that can't be written has nobody to tell.
}
