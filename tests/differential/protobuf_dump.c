/*
 * Prints what the message tables say: --fields as lines of tabs for the differential test, --proto
 * as the .proto file from which its decoders are made, or --markdown as docs/buildkit-fields.md.
 */
#include <stdio.h>
#include <string.h>

#include "protobuf_tables.h"

#include "base/banned.h"

static const char *type_word(enum proto_type type)
{
    static const char *const words[] = {
        [PROTO_BOOL] = "bool",     [PROTO_INT32] = "int32",   [PROTO_INT64] = "int64",
        [PROTO_UINT32] = "uint32", [PROTO_UINT64] = "uint64", [PROTO_ENUM] = "enum",
        [PROTO_STRING] = "string", [PROTO_BYTES] = "bytes",   [PROTO_MESSAGE] = "message",
        [PROTO_OPAQUE] = "opaque"};

    return words[type];
}

static const char *shape_word(enum proto_shape shape)
{
    static const char *const words[] = {[PROTO_ONE] = "one",
                                        [PROTO_ONEOF] = "oneof",
                                        [PROTO_LIST] = "list",
                                        [PROTO_PACKED] = "packed",
                                        [PROTO_MAP] = "map"};

    return words[shape];
}

static const char *use_word(enum proto_use use)
{
    static const char *const words[] = {[PROTO_REFUSED] = "refused",
                                        [PROTO_DROPPED] = "dropped",
                                        [PROTO_PASSED] = "passed",
                                        [PROTO_JUDGED] = "judged"};

    return words[use];
}

static void print_fields(const struct tables *tables)
{
    for (size_t i = 0; i < tables->count; i++) {
        const struct proto_table *table = tables->table[i];

        printf("message\t%zu\t%s\n", i, table->name);
        for (size_t row = 0; row < table->count; row++) {
            const struct proto_field *field = &table->field[row];

            printf("field\t%u\t%s\t%s\t%s\t%s\t%u\t%zu\n", field->number, field->name,
                   type_word(field->type), shape_word(field->shape), use_word(field->use),
                   field->most, field->table ? tables_index(tables, field->table) : 0);
        }
    }
}

/* In one package, so with its own packages in the name. */
static void print_message_name(const struct proto_table *table)
{
    for (const char *at = table->name; *at; at++) {
        putchar(*at == '.' ? '_' : *at);
    }
}

/* What is in an opaque message nobody decodes: to the referee it is bytes. */
static void print_proto_type(const struct proto_field *field)
{
    if (field->type == PROTO_MESSAGE) {
        print_message_name(field->table);
    } else if (field->type == PROTO_ENUM) {
        printf("int32");
    } else {
        printf("%s", field->type == PROTO_OPAQUE ? "bytes" : type_word(field->type));
    }
}

static void print_proto_field(const struct proto_field *field)
{
    bool many = field->shape == PROTO_LIST || field->shape == PROTO_PACKED;

    if (field->use == PROTO_REFUSED || field->use == PROTO_DROPPED) {
        return;
    }
    printf("  %s", many ? "repeated " : field->shape == PROTO_MAP ? "map<string, " : "");
    print_proto_type(field);
    printf("%s f%u = %u;\n", field->shape == PROTO_MAP ? ">" : "", field->number, field->number);
}

static void print_proto(const struct tables *tables)
{
    puts("syntax = \"proto3\";\npackage tables;\noption go_package = \".;tables\";");
    for (size_t i = 0; i < tables->count; i++) {
        const struct proto_table *table = tables->table[i];
        bool oneof = false;

        printf("message ");
        print_message_name(table);
        puts(" {");
        for (size_t row = 0; row < table->count; row++) {
            bool member = table->field[row].shape == PROTO_ONEOF;

            if (member != oneof) {
                puts(member ? "  oneof which {" : "  }");
            }
            oneof = member;
            print_proto_field(&table->field[row]);
        }
        puts(oneof ? "  }\n}" : "}");
    }
}

static void print_type(const struct proto_field *field)
{
    bool many = field->shape == PROTO_LIST || field->shape == PROTO_PACKED;

    printf("%s", many ? "list of " : field->shape == PROTO_MAP ? "map of " : "");
    if (field->table) {
        printf("`%s`", field->table->name);
    } else {
        printf("%s", type_word(field->type));
    }
    printf("%s", field->shape == PROTO_ONEOF ? ", one of several" : "");
}

static void print_markdown_table(const struct proto_table *table)
{
    printf("\n### %s\n\n", table->name);
    if (table->count == 0) {
        puts("No fields.");
        return;
    }
    puts("| # | field | type | use | since | why |\n|--:|---|---|---|---|---|");
    for (size_t row = 0; row < table->count; row++) {
        const struct proto_field *field = &table->field[row];

        printf("| %u | `%s` | ", field->number, field->name);
        print_type(field);
        printf(" | %s | %s | %s |\n", use_word(field->use), field->since ? field->since : "",
               field->why ? field->why : "");
    }
}

static void print_methods(void)
{
    size_t count = 0;
    const struct buildkit_method *method = buildkit_methods(&count);

    puts("\n## Methods\n\n| method | called by | request | answer |\n|---|---|---|---|");
    for (size_t i = 0; i < count; i++) {
        printf("| `%s` | %s | `%s` | ", method[i].path,
               method[i].from_engine ? "the engine" : "the client", method[i].asked->name);
        if (method[i].answered) {
            printf("`%s` |\n", method[i].answered->name);
        } else {
            puts("not read |");
        }
    }
}

static void print_markdown(const struct tables *tables)
{
    puts("# The fields of BuildKit's messages\n\n"
         "Which fields each message may have, and what becomes of them. Made from the tables in "
         "`src/buildkit/` by\n`protobuf_dump --markdown`; a test compares the two. These tables "
         "are not used\nyet: BuildKit is refused, or relayed unread where a policy allows "
         "`build.buildkit`.\n\n"
         "| word | what it means |\n|---|---|\n"
         "| judged | its form is checked, and the policy decides about it |\n"
         "| passed | its form is checked, and it is sent on |\n"
         "| dropped | taken out |\n"
         "| refused | refused unless it is zero; taken out of what the engine sends |\n"
         "| opaque | a message within that is not read |\n\n"
         "What a client sends is refused if it has any other field. `since` is the first version "
         "of BuildKit that has the field,\nwhere it is newer than 0.8.");
    print_methods();
    puts("\n## Messages");
    for (size_t i = 0; i < tables->count; i++) {
        if (strncmp(tables->table[i]->name, "sample.", 7) != 0) {
            print_markdown_table(tables->table[i]);
        }
    }
}

int main(int argc, char **argv)
{
    struct tables tables = {0};
    const char *what = argc == 2 ? argv[1] : "";

    tables_collect(&tables);
    if (strcmp(what, "--fields") == 0) {
        print_fields(&tables);
    } else if (strcmp(what, "--proto") == 0) {
        print_proto(&tables);
    } else if (strcmp(what, "--markdown") == 0) {
        print_markdown(&tables);
    } else {
        fputs("Usage: protobuf_dump --fields|--proto|--markdown\n", stderr);
        return 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
