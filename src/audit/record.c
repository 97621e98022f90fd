/*
 * See record.h. Peer bytes are escaped and cut; environment values never get here,
 * because no violation shows them.
 */
#include "audit/record.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/escape.h"

#include "base/banned.h"

static int append_time(struct buf *out, int64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm utc;
    char text[32];

    if (!gmtime_r(&seconds, &utc)) {
        return buf_append_text(out, "-");
    }
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    return buf_printf(out, "%s.%03uZ", text, (unsigned)(time_ms % 1000));
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

static const char *level_word(enum rule_level level)
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
static int append_text_field(struct buf *out, const char *name, struct slice value)
{
    if (value.len == 0) {
        return 0;
    }
    int err = buf_printf(out, " %s=", name);

    return err < 0 ? err : escape_text(out, value, AUDIT_VALUE_MAX_BYTES);
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

static int append_text_rules(struct buf *out, const struct violation *violation)
{
    const char *before = " rules=";
    unsigned more = count_more(violation);
    int err = 0;

    for (unsigned i = 0; violation && i < AUDIT_MAX_RULES && err == 0;
         violation = violation->next, i++) {
        err = buf_printf(out, "%s%s%s%s", before, violation->rule,
                         violation->level == RULE_LEVEL_DENY ? "" : ":",
                         violation->level == RULE_LEVEL_DENY ? "" : level_word(violation->level));
        before = ",";
    }
    if (err == 0 && more > 0) {
        err = buf_printf(out, ",+%u", more);
    }
    return err;
}

static int append_text_head(struct buf *out, const struct audit_record *record)
{
    int err = append_time(out, record->time_ms);

    if (err == 0) {
        err = buf_printf(out, " %s ", outcome_column(record->outcome));
    }
    if (err == 0) {
        err = escape_text(out, record->policy, AUDIT_VALUE_MAX_BYTES);
    }
    if (err == 0) {
        err = buf_append_byte(out, ' ');
    }
    if (err == 0) {
        err = escape_text(out, record->method, 32);
    }
    return err == 0 ? buf_printf(out, " %s", record->operation) : err;
}

int audit_record_text(struct buf *out, const struct audit_record *record)
{
    int err = append_text_head(out, record);

    if (err == 0) {
        err = append_text_field(out, "path", record->path);
    }
    if (err == 0) {
        err = append_text_rules(out, record->violations);
    }
    if (err == 0) {
        err = append_text_field(out, "image", record->image);
    }
    if (err == 0) {
        err = buf_printf(out, " status=%u uid=%u pid=%d", record->status, record->peer.uid,
                         record->peer.pid);
    }
    if (err == 0) {
        err = append_text_field(out, "container",
                                record->container.len > 0 ? record->container
                                                          : slice_head(record->container_id, 12));
    }
    if (err == 0) {
        err = append_text_field(out, "req", record->request_id);
    }
    if (err == 0) {
        uint64_t total_us = record->filter_us + record->upstream_us;

        err = buf_printf(out, " %llu.%02llums\n", (unsigned long long)(total_us / 1000),
                         (unsigned long long)(total_us % 1000 / 10));
    }
    return err;
}

static int append_json_value(struct buf *out, struct slice value)
{
    struct buf shown;

    if (value.len <= AUDIT_VALUE_MAX_BYTES) {
        return escape_json(out, value);
    }
    buf_init(&shown, AUDIT_VALUE_MAX_BYTES + 3);
    int err = buf_append(&shown, slice_head(value, AUDIT_VALUE_MAX_BYTES));

    if (err == 0) {
        err = buf_append_text(&shown, "...");
    }
    if (err == 0) {
        err = escape_json(out, buf_slice(&shown));
    }
    buf_deinit(&shown);
    return err;
}

static int append_json_field(struct buf *out, const char *name, struct slice value)
{
    int err = buf_printf(out, ",\"%s\":", name);

    return err < 0 ? err : append_json_value(out, value);
}

static int append_json_rules(struct buf *out, const struct violation *violation)
{
    const char *before = ",\"rules\":[";
    unsigned more = count_more(violation);
    int err = 0;

    for (unsigned i = 0; violation && i < AUDIT_MAX_RULES && err == 0;
         violation = violation->next, i++) {
        err = buf_printf(out, "%s{\"id\":\"%s\"", before, violation->rule);
        if (err == 0 && violation->field.len > 0) {
            err = append_json_field(out, "field", violation->field);
        }
        if (err == 0) {
            err = append_json_field(out, "value", violation->text);
        }
        if (err == 0) {
            err = buf_printf(out, ",\"level\":\"%s\"}", level_word(violation->level));
        }
        before = ",";
    }
    if (err < 0) {
        return err;
    }
    err = buf_append_text(out, *before == ',' && before[1] != '\0' ? ",\"rules\":[]" : "]");
    return err == 0 && more > 0 ? buf_printf(out, ",\"rules_more\":%u", more) : err;
}

static int append_json_head(struct buf *out, const struct audit_record *record)
{
    const struct {
        const char *name;
        struct slice value;
    } fields[] = {
        {"req", record->request_id},
        {"decision", slice_from(outcome_word(record->outcome))},
        {"listener", record->listener},
        {"policy", record->policy},
        {"op", slice_from(record->operation)},
        {"method", record->method},
        {"path", record->path},
        {"api", record->api},
    };
    int err = buf_append_text(out, "{\"ts\":\"");

    if (err == 0) {
        err = append_time(out, record->time_ms);
    }
    if (err == 0) {
        err = buf_append_byte(out, '"');
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && err == 0; i++) {
        err = append_json_field(out, fields[i].name, fields[i].value);
    }
    return err;
}

static int append_json_client(struct buf *out, const struct audit_record *record)
{
    int err = buf_printf(out, ",\"client\":{\"uid\":%u,\"gid\":%u,\"pid\":%d", record->peer.uid,
                         record->peer.gid, record->peer.pid);

    if (err == 0 && record->container_id.len > 0) {
        err = buf_append_text(out, ",\"container\":{\"id\":");
        if (err == 0) {
            err = append_json_value(out, record->container_id);
        }
        if (err == 0 && record->container.len > 0) {
            err = append_json_field(out, "name", record->container);
        }
        if (err == 0) {
            err = buf_append_byte(out, '}');
        }
    }
    return err == 0 ? buf_append_byte(out, '}') : err;
}

int audit_record_json(struct buf *out, const struct audit_record *record)
{
    int err = append_json_head(out, record);

    if (err == 0) {
        err = buf_printf(out, ",\"status\":%u", record->status);
    }
    if (err == 0) {
        err = append_json_rules(out, record->violations);
    }
    if (err == 0) {
        err = append_json_client(out, record);
    }
    if (err == 0 && record->image.len > 0) {
        err = append_json_field(out, "image", record->image);
    }
    if (err == 0) {
        err = buf_printf(
            out,
            ",\"bytes_in\":%llu,\"bytes_out\":%llu,\"filter_us\":%llu,"
            "\"upstream_us\":%llu}\n",
            (unsigned long long)record->bytes_in, (unsigned long long)record->bytes_out,
            (unsigned long long)record->filter_us, (unsigned long long)record->upstream_us);
    }
    return err;
}
