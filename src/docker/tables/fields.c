/*
 * See fields.h.
 */
#include "docker/tables/field_names.h"

#include <errno.h>

#include "base/try.h"
#include "docker/tables/field_path.h"

#include "base/banned.h"

/*
 * More members than any table has several times over. Each is compared with each
 * row, so a body must not bring thousands of them.
 */
enum { OBJECT_MAX_MEMBERS = 1000 };

struct context {
    struct spec_reader *reader;
    void *spec;
};

/* A problem of the value at `at`, which is then left out. */
static int fields_report(const struct context *context, const struct step *at,
                         enum spec_problem_kind kind, const char *sentence)
{
    struct slice field = {0};

    TRY(field_path_write(at, context->reader->arena, &field));
    return spec_report(context->reader, kind, field, sentence);
}

static int wrong_type(const struct context *context, const struct step *at, const char *sentence)
{
    return fields_report(context, at, SPEC_PROBLEM_AMBIGUOUS, sentence);
}

static void *fields_place_of(const struct context *context, const struct field *field)
{
    return (char *)context->spec + field->place;
}

static int read_bool(const struct context *context, const struct field *field, struct json *node,
                     const struct step *at, bool *keep)
{
    *keep = node->type == JSON_TRUE || node->type == JSON_FALSE;
    if (!*keep) {
        return wrong_type(context, at, "must be a boolean");
    }
    if (field->placed == FIELD_VALUE_PLACED) {
        *(bool *)fields_place_of(context, field) = node->type == JSON_TRUE;
    }
    return 0;
}

static int read_int(const struct context *context, const struct field *field, struct json *node,
                    const struct step *at, bool *keep)
{
    int64_t value = 0;
    int err = json_int64(node, &value);

    *keep = err == 0;
    if (err == -ERANGE) {
        return wrong_type(context, at, "does not fit into 64 bits");
    }
    if (err < 0) {
        return wrong_type(context, at, "must be an integer");
    }
    if (field->placed == FIELD_VALUE_PLACED) {
        *(int64_t *)fields_place_of(context, field) = value;
    }
    return 0;
}

static int fields_read_number(const struct context *context, const struct field *field,
                              struct json *node, const struct step *at, bool *keep)
{
    (void)field;
    *keep = node->type == JSON_NUMBER;
    return *keep ? 0 : wrong_type(context, at, "must be a number");
}

static int fields_read_string(const struct context *context, const struct field *field,
                              struct json *node, const struct step *at, bool *keep)
{
    *keep = node->type == JSON_STRING;
    if (!*keep) {
        return wrong_type(context, at, "must be a string");
    }
    if (field->placed == FIELD_VALUE_PLACED) {
        *(struct slice *)fields_place_of(context, field) = node->text;
    }
    return 0;
}

/* Whether `list` is one whose elements all have that type; else it is reported. */
static int check_list(const struct context *context, const struct json *list, enum json_type type,
                      const struct step *at, bool *keep)
{
    const char *sentence =
        type == JSON_STRING ? "must be a list of strings" : "must be a list of lists of strings";

    *keep = list->type == JSON_ARRAY;
    for (const struct json *node = list->child; *keep && node; node = node->next) {
        *keep = node->type == type;
    }
    return *keep ? 0 : wrong_type(context, at, sentence);
}

static int fields_read_strings(const struct context *context, const struct field *field,
                               struct json *node, const struct step *at, bool *keep)
{
    int err = check_list(context, node, JSON_STRING, at, keep);

    if (err == 0 && *keep && field->placed == FIELD_VALUE_PLACED) {
        err = field_strings(context->reader->arena, node,
                            (struct string_list *)fields_place_of(context, field));
    }
    return err;
}

/* {"Cmd": "id"} is {"Cmd": ["id"]}; an older engine takes CapAdd that way too. */
static int read_string_or_strings(const struct context *context, const struct field *field,
                                  struct json *node, const struct step *at, bool *keep)
{
    if (node->type == JSON_STRING) {
        struct json *element = json_new(context->reader->arena, JSON_STRING);

        if (!element) {
            return -ENOMEM;
        }
        element->text = node->text;
        node->type = JSON_ARRAY;
        node->text = (struct slice){0};
        node->child = element;
    }
    return fields_read_strings(context, field, node, at, keep);
}

static int read_string_lists(const struct context *context, const struct field *field,
                             struct json *node, const struct step *at, bool *keep)
{
    (void)field;
    int err = check_list(context, node, JSON_ARRAY, at, keep);

    for (const struct json *list = node->child; err == 0 && *keep && list; list = list->next) {
        err = check_list(context, list, JSON_STRING, at, keep);
    }
    return err;
}

static int read_int_pair(const struct context *context, const struct field *field,
                         struct json *node, const struct step *at, bool *keep)
{
    int64_t value = 0;

    (void)field;
    *keep = node->type == JSON_ARRAY && field_count(node) <= 2;
    for (const struct json *child = node->child; *keep && child; child = child->next) {
        *keep = json_int64(child, &value) == 0;
    }
    return *keep ? 0 : wrong_type(context, at, "must be two integers");
}

static int read_string_map(const struct context *context, const struct field *field,
                           struct json *node, const struct step *at, bool *keep)
{
    int err = 0;

    *keep = node->type == JSON_OBJECT;
    if (!*keep) {
        return wrong_type(context, at, "must be an object of strings");
    }
    for (struct json *child = node->child; child && err == 0; child = child->next) {
        if (child->type == JSON_NULL) {
            child->type = JSON_STRING;
        } else if (child->type != JSON_STRING) {
            struct step key = {.up = at, .kind = STEP_KEY, .name = child->name};
            *keep = false;
            err = wrong_type(context, &key, "must be a string");
        }
    }
    if (err == 0 && *keep && field->placed == FIELD_VALUE_PLACED) {
        err = field_string_map(context->reader->arena, node,
                               (struct string_map *)fields_place_of(context, field));
    }
    return err;
}

static int fields_read_members(const struct context *context, const struct field_table *table,
                               struct json *object, const struct step *at);

static int fields_read_object(const struct context *context, const struct field *field,
                              struct json *node, const struct step *at, bool *keep)
{
    *keep = node->type == JSON_OBJECT;
    if (!*keep) {
        return wrong_type(context, at, "must be an object");
    }
    return fields_read_members(context, field->table, node, at);
}

static int read_objects(const struct context *context, const struct field *field, struct json *node,
                        const struct step *at, bool *keep)
{
    struct step element = {.up = at, .kind = STEP_INDEX};
    int err = 0;

    *keep = node->type == JSON_ARRAY;
    if (!*keep) {
        return wrong_type(context, at, "must be a list of objects");
    }
    for (struct json *child = node->child; child && err == 0; child = child->next) {
        bool good = true;
        err = fields_read_object(context, field, child, &element, &good);
        *keep = *keep && good;
        element.index++;
    }
    return err;
}

static int read_object_map(const struct context *context, const struct field *field,
                           struct json *node, const struct step *at, bool *keep)
{
    bool lists = field->type == FIELD_OBJECTS_MAP;
    int err = 0;

    *keep = node->type == JSON_OBJECT;
    if (!*keep) {
        return wrong_type(context, at, "must be an object");
    }
    for (struct json *child = node->child; child && err == 0; child = child->next) {
        struct step key = {.up = at, .kind = STEP_KEY, .name = child->name};
        bool good = true;
        if (child->type == JSON_NULL) {
            child->type = lists ? JSON_ARRAY : JSON_OBJECT;
        }
        err = lists ? read_objects(context, field, child, &key, &good)
                    : fields_read_object(context, field, child, &key, &good);
        *keep = *keep && good;
    }
    return err;
}

static int (*const readers[])(const struct context *context, const struct field *field,
                              struct json *node, const struct step *at, bool *keep) = {
    [FIELD_BOOL] = read_bool,
    [FIELD_INT] = read_int,
    [FIELD_NUMBER] = fields_read_number,
    [FIELD_STRING] = fields_read_string,
    [FIELD_STRINGS] = fields_read_strings,
    [FIELD_STRING_OR_STRINGS] = read_string_or_strings,
    [FIELD_STRING_LISTS] = read_string_lists,
    [FIELD_INT_PAIR] = read_int_pair,
    [FIELD_STRING_MAP] = read_string_map,
    [FIELD_OBJECT] = fields_read_object,
    [FIELD_OBJECTS] = read_objects,
    [FIELD_OBJECT_MAP] = read_object_map,
    [FIELD_OBJECTS_MAP] = read_object_map,
};

static int fields_check_text(const struct context *context, enum text_kind kind, struct slice text,
                             const struct step *at)
{
    struct text_objection why = text_judge(kind, text, context->reader->engine);
    struct slice field = {0};

    if (!why.sentence) {
        return 0;
    }
    TRY(field_path_write(at, context->reader->arena, &field));
    return spec_report_problem(context->reader, (struct spec_problem){.kind = SPEC_PROBLEM_REPARSED,
                                                                      .field = field,
                                                                      .sentence = why.sentence,
                                                                      .fix = why.fix});
}

static int check_list_texts(const struct context *context, enum text_kind kind,
                            const struct json *list, const struct step *at)
{
    struct step element = {.up = at, .kind = STEP_INDEX};

    if (text_passes(kind, context->reader->engine)) {
        return 0;
    }
    for (const struct json *child = list->child; child; child = child->next) {
        TRY(fields_check_text(context, kind, child->text, &element));
        element.index++;
    }
    return 0;
}

static int check_map_texts(const struct context *context, const struct field *field,
                           const struct json *map, const struct step *at)
{
    bool keys = !text_passes(field->key, context->reader->engine);
    bool values =
        field->type == FIELD_STRING_MAP && !text_passes(field->value, context->reader->engine);

    for (const struct json *child = keys || values ? map->child : NULL; child;
         child = child->next) {
        struct step key = {.up = at, .kind = STEP_KEY, .name = child->name};

        if (keys) {
            TRY(fields_check_text(context, field->key, child->name, &key));
        }
        if (values) {
            TRY(fields_check_text(context, field->value, child->text, &key));
        }
    }
    return 0;
}

/* What an engine takes apart once more. The value stays: it is refused, or recorded and sent. */
static int check_texts(const struct context *context, const struct field *field,
                       const struct json *node, const struct step *at)
{
    struct step element = {.up = at, .kind = STEP_INDEX};

    switch (field->type) {
    case FIELD_STRING:
        return fields_check_text(context, field->value, node->text, at);
    case FIELD_STRINGS:
    case FIELD_STRING_OR_STRINGS:
        return check_list_texts(context, field->value, node, at);
    case FIELD_STRING_LISTS:
        for (const struct json *list = node->child; list; list = list->next) {
            TRY(check_list_texts(context, field->value, list, &element));
            element.index++;
        }
        return 0;
    case FIELD_STRING_MAP:
    case FIELD_OBJECT_MAP:
    case FIELD_OBJECTS_MAP:
        return check_map_texts(context, field, node, at);
    case FIELD_BOOL:
    case FIELD_INT:
    case FIELD_NUMBER:
    case FIELD_INT_PAIR:
    case FIELD_OBJECT:
    case FIELD_OBJECTS:
        break;
    }
    return 0;
}

/* Nearly all: no text at all, or none that anybody takes apart. */
static inline bool has_texts_that_pass(const struct context *context, const struct field *field)
{
    const struct sockade_engine *engine = context->reader->engine;

    return field->type < FIELD_STRING ||
           (text_passes(field->value, engine) &&
            (field->key == TEXT_NONE || text_passes(field->key, engine)));
}

static int read_refused(const struct context *context, const struct json *node,
                        const struct step *at)
{
    if (json_is_zero(node)) {
        return 0;
    }
    return fields_report(context, at, SPEC_PROBLEM_REFUSED, "is not accepted here");
}

static int read_unknown(const struct context *context, const struct json *node,
                        const struct step *at, bool *keep)
{
    if (json_is_zero(node)) {
        return 0;
    }
    *keep = context->reader->keep_unknown;
    return *keep ? 0 : fields_report(context, at, SPEC_PROBLEM_UNKNOWN, "is not known");
}

static int read_member(const struct context *context, const struct field *field, struct json *node,
                       const struct step *at, bool *keep)
{
    if (node->type == JSON_NULL) {
        return 0;
    }
    switch (field->use) {
    case FIELD_REFUSED:
        return read_refused(context, node, at);
    case FIELD_UNJUDGED:
        *keep = context->reader->keep_unknown;
        return *keep ? 0 : read_refused(context, node, at);
    case FIELD_DROPPED:
        return 0;
    case FIELD_HARMLESS:
    case FIELD_JUDGED:
        break;
    }
    TRY(readers[field->type](context, field, node, at, keep));
    if (*keep && !has_texts_that_pass(context, field)) {
        TRY(check_texts(context, field, node, at));
    }
    if (*keep && field->placed == FIELD_MEMBER_PLACED) {
        *(struct json **)fields_place_of(context, field) = node;
    }
    return 0;
}

static int read_named(const struct context *context, const struct field_name *name,
                      struct json *node, const struct step *at, bool *keep)
{
    switch (name->kind) {
    case FIELD_NAME_KNOWN:
    case FIELD_NAME_RESPELLED:
        return read_member(context, name->field, node, at, keep);
    case FIELD_NAME_REPEATED:
        return 0;
    case FIELD_NAME_ELSEWHERE:
        return read_refused(context, node, at);
    case FIELD_NAME_AMBIGUOUS:
        return fields_report(context, at, SPEC_PROBLEM_AMBIGUOUS,
                             "differs from a known field only in spelling");
    case FIELD_NAME_UNKNOWN:
        break;
    }
    return read_unknown(context, node, at, keep);
}

/* Recursion ends with the tables, which don't contain themselves. */
static int fields_read_members(const struct context *context, const struct field_table *table,
                               struct json *object, const struct step *at)
{
    struct json **link = &object->child;
    struct step step = {.up = at, .kind = STEP_NAME};
    size_t next = 0;

    if (table->count == 0) {
        object->child = NULL; // an empty struct of the engine's, whatever is sent
        return 0;
    }
    if (field_count(object) > OBJECT_MAX_MEMBERS) {
        object->child = NULL;
        return fields_report(context, at, SPEC_PROBLEM_AMBIGUOUS, "has too many members");
    }
    while (*link) {
        struct json *node = *link;
        struct field_name name = field_name_find(table, object, node, &next);
        bool keep = false;

        step.name = node->name;
        int err = read_named(context, &name, node, &step, &keep);

        if (err < 0) {
            return err;
        }
        if (name.kind == FIELD_NAME_RESPELLED) {
            node->name = name.field->name; // in the table's spelling from here on
        }
        if (keep) {
            link = &node->next;
        } else {
            *link = node->next;
        }
    }
    return 0;
}

int fields_read(struct spec_reader *reader, const struct field_table *table, struct json *object,
                void *spec)
{
    struct context context = {.reader = reader, .spec = spec};

    if (object->type != JSON_OBJECT) {
        *object = (struct json){.type = JSON_OBJECT, .name = object->name, .next = object->next};
        return wrong_type(&context, NULL, "must be an object");
    }
    return fields_read_members(&context, table, object, NULL);
}

int fields_read_list(struct spec_reader *reader, const struct field *field, struct json *list,
                     void *spec)
{
    struct context context = {.reader = reader, .spec = spec};
    struct step step = {.kind = STEP_NAME, .name = field->name};
    bool keep = false;
    int err =
        list->type == JSON_NULL ? 0 : readers[field->type](&context, field, list, &step, &keep);

    if (err == 0 && keep) {
        err = check_texts(&context, field, list, &step);
    }
    if (!keep) {
        *list = (struct json){.type = JSON_ARRAY, .name = list->name, .next = list->next};
    }
    return err;
}
