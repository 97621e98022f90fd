/*
 * All message tables, each once: the sample, then those that BuildKit's methods lead to. The order
 * is that of the numbers which protobuf_dump and protobuf_judge use.
 */
#ifndef SOCKADE_TESTS_PROTOBUF_TABLES_H
#define SOCKADE_TESTS_PROTOBUF_TABLES_H

#include <assert.h>

#include "buildkit/messages.h"
#include "support/proto_sample.h"

enum { TABLES_MAX = 128 };

struct tables {
    const struct proto_table *table[TABLES_MAX];
    size_t count;
};

static size_t tables_index(const struct tables *tables, const struct proto_table *table)
{
    size_t i = 0;

    while (i < tables->count && tables->table[i] != table) {
        i++;
    }
    return i;
}

/* With those that it holds. */
static void tables_add(struct tables *tables, const struct proto_table *table)
{
    if (!table || tables_index(tables, table) < tables->count) {
        return;
    }
    assert(tables->count < TABLES_MAX);
    tables->table[tables->count++] = table;
    for (size_t i = 0; i < table->count; i++) {
        tables_add(tables, table->field[i].table);
    }
}

static void tables_collect(struct tables *tables)
{
    size_t count = 0;
    const struct buildkit_method *method = buildkit_methods(&count);

    tables_add(tables, &sample_table);
    for (size_t i = 0; i < count; i++) {
        tables_add(tables, method[i].asked);
        tables_add(tables, method[i].answered);
    }
}

#endif
