/*
 * See record.h. Peer bytes are escaped and cut; environment values never get here,
 * because no violation shows them.
 */
#include "audit/record.h"

#include <string.h>
#include <time.h>

#include "base/escape.h"

#include "base/banned.h"

enum {
    METHOD_MAX_BYTES = 32,
    CONTAINER_SHORT_ID_BYTES = 12,
    ESCAPE_GROWTH = 6,             /* \u001b */
    NAMES_AND_NUMBERS_BYTES = 600, /* of a line without rules */
    RULE_NAMES_BYTES = 64
};

/* A line under way. The first error stays, and nothing is written behind it. */
struct line {
    struct buf *out;
    int err;
};

static void put_slice(struct line *line, struct slice text)
{
    if (line->err == 0) {
        line->err = buf_append(line->out, text);
    }
}

/* Inline: the length of a literal is known here. */
static inline void record_put(struct line *line, const char *text)
{
    put_slice(line, slice_from(text));
}

static void record_put_number(struct line *line, uint64_t number)
{
    if (line->err == 0) {
        line->err = buf_append_number(line->out, number);
    }
}

static void record_put_escaped(struct line *line, struct slice value, size_t max_bytes)
{
    if (line->err == 0) {
        line->err = escape_text(line->out, value, max_bytes);
    }
}

/* `count` digits, with zeros in front. */
static void write_digits(char *out, unsigned number, unsigned count)
{
    for (unsigned i = count; i > 0; i--) {
        out[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
}

/* RFC 3339, in UTC. strftime() takes longer than judging a request. */
static void put_time(struct line *line, int64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm utc;
    char text[] = "0000-00-00T00:00:00.000Z";

    if (!gmtime_r(&seconds, &utc)) {
        record_put(line, "-");
        return;
    }
    write_digits(text, (unsigned)utc.tm_year + 1900, 4);
    write_digits(text + 5, (unsigned)utc.tm_mon + 1, 2);
    write_digits(text + 8, (unsigned)utc.tm_mday, 2);
    write_digits(text + 11, (unsigned)utc.tm_hour, 2);
    write_digits(text + 14, (unsigned)utc.tm_min, 2);
    write_digits(text + 17, (unsigned)utc.tm_sec, 2);
    write_digits(text + 20, (unsigned)(time_ms % 1000), 3);
    put_slice(line, (struct slice){text, sizeof(text) - 1});
}

static const char *outcome_word(enum audit_outcome outcome)
{
    switch (outcome) {
    case AUDIT_DENY:
        return "deny";
    case AUDIT_ALLOW:
        return "allow";
    case AUDIT_ERROR:
        return "error";
    }
    return "";
}

static const char *outcome_column(enum audit_outcome outcome)
{
    switch (outcome) {
    case AUDIT_DENY:
        return "DENY ";
    case AUDIT_ALLOW:
        return "ALLOW";
    case AUDIT_ERROR:
        return "ERROR";
    }
    return "";
}

static const char *record_level_word(enum rule_level level)
{
    switch (level) {
    case RULE_LEVEL_DENY:
        return "deny";
    case RULE_LEVEL_WARN:
        return "warn";
    case RULE_LEVEL_AUDIT:
        return "audit";
    case RULE_LEVEL_OFF:
        return "off";
    }
    return "";
}

/* " name=value", nothing for an empty value. */
static void put_text_field(struct line *line, const char *before, struct slice value)
{
    if (value.len > 0) {
        record_put(line, before);
        record_put_escaped(line, value, AUDIT_VALUE_MAX_BYTES);
    }
}

static unsigned count_violations(const struct violation *violation)
{
    unsigned count = 0;

    for (; violation; violation = violation->next) {
        count++;
    }
    return count;
}

/* How many are not shown: who is refused for thousands of things is recorded all the same. */
static unsigned count_more(const struct violation *violation)
{
    unsigned count = count_violations(violation);

    return count > AUDIT_MAX_RULES ? count - AUDIT_MAX_RULES : 0;
}

static void put_text_rules(struct line *line, const struct violation *violation)
{
    const char *before = " rules=";
    unsigned more = count_more(violation);

    for (unsigned i = 0; violation && i < AUDIT_MAX_RULES; violation = violation->next, i++) {
        record_put(line, before);
        record_put(line, violation->rule);
        if (violation->level != RULE_LEVEL_DENY) {
            record_put(line, ":");
            record_put(line, record_level_word(violation->level));
        }
        before = ",";
    }
    if (more > 0) {
        record_put(line, ",+");
        record_put_number(line, more);
    }
}

static uint64_t pid_number(pid_t pid)
{
    return pid > 0 ? (uint64_t)pid : 0;
}

int audit_record_text(struct buf *out, const struct audit_record *record)
{
    struct line line = {.out = out};
    uint64_t total_us = record->filter_us + record->upstream_us;
    char hundredths[2];
    bool named = record->container.len > 0;

    put_time(&line, record->time_ms);
    record_put(&line, " ");
    record_put(&line, outcome_column(record->outcome));
    record_put(&line, " ");
    record_put_escaped(&line, record->policy, AUDIT_VALUE_MAX_BYTES);
    record_put(&line, " ");
    record_put_escaped(&line, record->method, METHOD_MAX_BYTES);
    record_put(&line, " ");
    record_put(&line, record->operation);
    put_text_field(&line, " path=", record->path);
    put_text_rules(&line, record->violations);
    put_text_field(&line, " image=", record->image);
    put_text_field(&line, " name=", record->made_name);
    put_text_field(&line, " service=", record->made_service);
    if (record->unreadable > 0) {
        record_put(&line, " unreadable=");
        record_put_number(&line, record->unreadable);
    }
    record_put(&line, " status=");
    record_put_number(&line, record->status);
    record_put(&line, " uid=");
    record_put_number(&line, record->peer.uid);
    record_put(&line, " pid=");
    record_put_number(&line, pid_number(record->peer.pid));
    put_text_field(&line, " container=",
                   named ? record->container
                         : slice_head(record->container_id, CONTAINER_SHORT_ID_BYTES));
    put_text_field(&line, " req=", record->request_id);
    record_put(&line, " ");
    record_put_number(&line, total_us / 1000);
    write_digits(hundredths, (unsigned)(total_us % 1000 / 10), 2);
    record_put(&line, ".");
    put_slice(&line, (struct slice){hundredths, sizeof(hundredths)});
    record_put(&line, "ms\n");
    return line.err;
}

static int append_json_value(struct buf *out, struct slice value)
{
    struct buf shown;

    if (value.len <= AUDIT_VALUE_MAX_BYTES) {
        return escape_json_shown(out, value);
    }
    buf_init(&shown, AUDIT_VALUE_MAX_BYTES + 3);
    int err = buf_append(&shown, slice_head(value, AUDIT_VALUE_MAX_BYTES));

    if (err == 0) {
        err = buf_append_text(&shown, "...");
    }
    if (err == 0) {
        err = escape_json_shown(out, buf_slice(&shown));
    }
    buf_deinit(&shown);
    return err;
}

/* `before` is everything up to the value: ,"name": */
static void put_json(struct line *line, struct slice before, struct slice value)
{
    put_slice(line, before);
    if (line->err == 0) {
        line->err = append_json_value(line->out, value);
    }
}

static void put_json_number(struct line *line, struct slice before, uint64_t number)
{
    put_slice(line, before);
    record_put_number(line, number);
}

static void put_json_rules(struct line *line, const struct violation *violation)
{
    unsigned more = count_more(violation);

    record_put(line, ",\"rules\":[");
    for (unsigned i = 0; violation && i < AUDIT_MAX_RULES; violation = violation->next, i++) {
        record_put(line, i > 0 ? ",{\"id\":\"" : "{\"id\":\"");
        record_put(line, violation->rule);
        record_put(line, "\"");
        if (violation->field.len > 0) {
            put_json(line, SLICE(",\"field\":"), violation->field);
        }
        put_json(line, SLICE(",\"value\":"), violation->text);
        record_put(line, ",\"level\":\"");
        record_put(line, record_level_word(violation->level));
        record_put(line, "\"}");
    }
    record_put(line, "]");
    if (more > 0) {
        put_json_number(line, SLICE(",\"rules_more\":"), more);
    }
}

static void put_json_client(struct line *line, const struct audit_record *record)
{
    put_json_number(line, SLICE(",\"client\":{\"uid\":"), record->peer.uid);
    put_json_number(line, SLICE(",\"gid\":"), record->peer.gid);
    put_json_number(line, SLICE(",\"pid\":"), pid_number(record->peer.pid));
    if (record->container_id.len > 0) {
        put_json(line, SLICE(",\"container\":{\"id\":"), record->container_id);
        if (record->container.len > 0) {
            put_json(line, SLICE(",\"name\":"), record->container);
        }
        record_put(line, "}");
    }
    record_put(line, "}");
}

/* Escaped and cut, with its quotes. A byte takes six at most. */
static size_t value_bound(struct slice value)
{
    size_t shown = value.len < AUDIT_VALUE_MAX_BYTES ? value.len : AUDIT_VALUE_MAX_BYTES;

    return ESCAPE_GROWTH * shown + sizeof("\"...\"");
}

size_t audit_record_bound(const struct audit_record *record)
{
    const struct slice values[] = {
        record->request_id, record->listener,     record->policy,    slice_from(record->operation),
        record->method,     record->path,         record->api,       record->image,
        record->container,  record->container_id, record->made_name, record->made_service,
    };
    const struct violation *violation = record->violations;
    size_t bytes = NAMES_AND_NUMBERS_BYTES;

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        bytes += value_bound(values[i]);
    }
    for (unsigned i = 0; violation && i < AUDIT_MAX_RULES; violation = violation->next, i++) {
        bytes += RULE_NAMES_BYTES + strlen(violation->rule) + value_bound(violation->field) +
                 value_bound(violation->text);
    }
    return bytes;
}

int audit_record_json(struct buf *out, const struct audit_record *record)
{
    struct line line = {.out = out};

    record_put(&line, "{\"ts\":\"");
    put_time(&line, record->time_ms);
    put_json(&line, SLICE("\",\"req\":"), record->request_id);
    put_json(&line, SLICE(",\"decision\":"), slice_from(outcome_word(record->outcome)));
    put_json(&line, SLICE(",\"listener\":"), record->listener);
    put_json(&line, SLICE(",\"policy\":"), record->policy);
    put_json(&line, SLICE(",\"op\":"), slice_from(record->operation));
    put_json(&line, SLICE(",\"method\":"), record->method);
    put_json(&line, SLICE(",\"path\":"), record->path);
    put_json(&line, SLICE(",\"api\":"), record->api);
    put_json_number(&line, SLICE(",\"status\":"), record->status);
    put_json_rules(&line, record->violations);
    put_json_client(&line, record);
    if (record->image.len > 0) {
        put_json(&line, SLICE(",\"image\":"), record->image);
    }
    if (record->made_name.len > 0) {
        put_json(&line, SLICE(",\"name\":"), record->made_name);
    }
    if (record->made_service.len > 0) {
        put_json(&line, SLICE(",\"service\":"), record->made_service);
    }
    put_json_number(&line, SLICE(",\"bytes_in\":"), record->bytes_in);
    put_json_number(&line, SLICE(",\"bytes_out\":"), record->bytes_out);
    put_json_number(&line, SLICE(",\"filter_us\":"), record->filter_us);
    put_json_number(&line, SLICE(",\"upstream_us\":"), record->upstream_us);
    if (record->unreadable > 0) {
        put_json_number(&line, SLICE(",\"unreadable\":"), record->unreadable);
    }
    record_put(&line, "}\n");
    return line.err;
}

static void put_text_count(struct line *line, const struct audit_count *count)
{
    record_put(line, " count=");
    record_put_number(line, count->count);
    record_put(line, " first=");
    put_time(line, count->first_ms);
    record_put(line, " last=");
    put_time(line, count->last_ms);
    put_text_field(line, " last_req=", count->last_id);
    record_put(line, "\n");
}

static void put_json_count(struct line *line, const struct audit_count *count)
{
    put_json_number(line, SLICE(",\"count\":"), count->count);
    record_put(line, ",\"first\":\"");
    put_time(line, count->first_ms);
    record_put(line, "\",\"last\":\"");
    put_time(line, count->last_ms);
    record_put(line, "\",\"reqs\":[");
    for (size_t i = 0; i < count->count && i < AUDIT_COUNT_IDS; i++) {
        put_json(line, i > 0 ? SLICE(",") : SLICE(""), count->ids[i]);
    }
    put_json(line, SLICE("],\"last_req\":"), count->last_id);
    record_put(line, "}\n");
}

int audit_record_end_counted(struct buf *out, bool text, const struct audit_count *count)
{
    struct line line = {.out = out};

    if (text) {
        put_text_count(&line, count);
    } else {
        put_json_count(&line, count);
    }
    return line.err;
}

int audit_engine_text(struct buf *out, const struct audit_engine *engine)
{
    struct line line = {.out = out};

    put_time(&line, engine->time_ms);
    record_put(&line, " ENGINE");
    put_text_field(&line, " name=", engine->name);
    put_text_field(&line, " version=", engine->version);
    put_text_field(&line, " api=", engine->api);
    put_text_field(&line, " socket=", engine->socket);
    record_put(&line, "\n");
    return line.err;
}

int audit_engine_json(struct buf *out, const struct audit_engine *engine)
{
    struct line line = {.out = out};

    record_put(&line, "{\"ts\":\"");
    put_time(&line, engine->time_ms);
    record_put(&line, "\",\"event\":\"engine\"");
    put_json(&line, SLICE(",\"name\":"), engine->name);
    put_json(&line, SLICE(",\"version\":"), engine->version);
    put_json(&line, SLICE(",\"api\":"), engine->api);
    put_json(&line, SLICE(",\"socket\":"), engine->socket);
    record_put(&line, "}\n");
    return line.err;
}
