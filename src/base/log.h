/*
 * The operator's log: one line per event on stderr, with a level and, where
 * there is one, the connection. systemd's "<N>" prefix when stderr is the
 * journal. The audit record is something else (audit/). Only proxy/ and cli/ log.
 */
#ifndef SOCKADE_BASE_LOG_H
#define SOCKADE_BASE_LOG_H

#include "base/cleanup.h"
#include "sockade/slice.h"

enum log_level { LOG_LEVEL_ERROR = 0, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);
void log_message(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_message(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
