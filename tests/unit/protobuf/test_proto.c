/*
 * What the reader refuses, what it takes, and what the writer makes of that.
 */
#include "protobuf/proto.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/proto_sample.h"

enum { ARENA_BYTES = 64 * 1024 * 1024 };

#define B(literal) SLICE_INIT(literal)

struct fixture {
    struct arena arena;
    struct proto_reader reader;
    struct sample message;
    struct buf out;
};

static int read_sample(struct fixture *on, struct slice bytes)
{
    // From memory of exactly its size, where a sanitizer sees a read past it.
    char *exact = malloc(bytes.len > 0 ? bytes.len : 1);
    struct slice copy = {0};

    cr_assert_not_null(exact);
    memcpy(exact, bytes.ptr, bytes.len);
    arena_init(&on->arena, ARENA_BYTES);
    cr_assert_eq(arena_adopt(&on->arena, exact, bytes.len > 0 ? bytes.len : 1), 0);
    copy = (struct slice){exact, bytes.len};
    on->reader.arena = &on->arena;
    buf_init(&on->out, 2 * PROTO_MAX_BYTES);
    return proto_read(&on->reader, &sample_table, copy, &on->message);
}

static void finish(struct fixture *on)
{
    buf_deinit(&on->out);
    arena_deinit(&on->arena);
}

struct refused {
    const char *name;
    struct slice bytes;
    enum proto_problem_kind kind;
    const char *field;
    const char *sentence;
};

// clang-format off
static const struct refused refused[] = {
    {"a scalar twice",            B("\x08\x01\x08\x01"), PROTO_PROBLEM_MALFORMED, "yes", "is there twice"},
    {"a scalar twice, zero first", B("\x10\x00\x10\x01"), PROTO_PROBLEM_MALFORMED, "i32", "is there twice"},
    {"a text twice, others between", B("\x3a\x01" "a\x08\x01\x3a\x01" "a"), PROTO_PROBLEM_MALFORMED, "text", "is there twice"},
    {"a message twice",           B("\x4a\x00\x4a\x00"), PROTO_PROBLEM_MALFORMED, "inner", "is there twice"},
    {"an opaque message twice",   B("\x52\x00\x52\x00"), PROTO_PROBLEM_MALFORMED, "opaque", "is there twice"},
    {"a packed list twice",       B("\x72\x01\x01\x72\x01\x02"), PROTO_PROBLEM_MALFORMED, "numbers", "is there twice"},
    {"inside a message",          B("\x4a\x04\x18\x01\x18\x01"), PROTO_PROBLEM_MALFORMED, "inner.number", "is there twice"},
    {"one member of a oneof twice", B("\xb0\x01\x01\xb0\x01\x01"), PROTO_PROBLEM_MALFORMED, "one_number", "is there twice"},
    {"two members of a oneof",    B("\xa2\x01\x01" "a\xb0\x01\x01"), PROTO_PROBLEM_MALFORMED, "one_number", "stands beside another member of its oneof"},
    {"two members, the first zero", B("\xb0\x01\x00\xaa\x01\x00"), PROTO_PROBLEM_MALFORMED, "one_inner", "stands beside another member of its oneof"},
    {"a key twice",               B("\x7a\x05\x0a\x01" "a\x12\x00\x7a\x03\x0a\x01" "a"), PROTO_PROBLEM_MALFORMED, "text_map{0}", "has a key twice"},
    {"the empty key twice",       B("\x7a\x02\x0a\x00\x7a\x00"), PROTO_PROBLEM_MALFORMED, "text_map{0}", "has a key twice"},
    {"an unknown field",          B("\x98\x06\x01"), PROTO_PROBLEM_UNKNOWN, "message", "has a field that is not known"},
    {"an unknown field within",   B("\x62\x00\x62\x02\x20\x01"), PROTO_PROBLEM_UNKNOWN, "inners[1]", "has a field that is not known"},
    {"a varint for a text",       B("\x38\x01"), PROTO_PROBLEM_MALFORMED, "text", "has the wire type of another field"},
    {"a text for a varint",       B("\x0a\x00"), PROTO_PROBLEM_MALFORMED, "yes", "has the wire type of another field"},
    {"64 bits for a varint",      B("\x09\x01\0\0\0\0\0\0\0"), PROTO_PROBLEM_MALFORMED, "yes", "has the wire type of another field"},
    {"32 bits for a varint",      B("\x0d\x01\0\0\0"), PROTO_PROBLEM_MALFORMED, "yes", "has the wire type of another field"},
    {"a varint for a map",        B("\x78\x01"), PROTO_PROBLEM_MALFORMED, "text_map{0}", "has the wire type of another field"},
    {"a number of a packed list by itself", B("\x70\x01"), PROTO_PROBLEM_MALFORMED, "numbers", "has the wire type of another field"},
    {"a group",                   B("\x4b\x4c"), PROTO_PROBLEM_MALFORMED, "message", "has a group"},
    {"the end of a group",        B("\x4c"), PROTO_PROBLEM_MALFORMED, "message", "has a group"},
    {"an unknown group",          B("\x9b\x06\x9c\x06"), PROTO_PROBLEM_MALFORMED, "message", "has a group"},
    {"wire type 6",               B("\x0e\x01"), PROTO_PROBLEM_MALFORMED, "message", "has a field of an unknown wire type"},
    {"wire type 7",               B("\x0f\x01"), PROTO_PROBLEM_MALFORMED, "message", "has a field of an unknown wire type"},
    {"a number that is too long", B("\x18\x81\x00"), PROTO_PROBLEM_MALFORMED, "message", "has a number in more bytes than it needs"},
    {"zero that is too long",     B("\x18\x80\x00"), PROTO_PROBLEM_MALFORMED, "message", "has a number in more bytes than it needs"},
    {"a length that is too long", B("\x3a\x81\x00" "a"), PROTO_PROBLEM_MALFORMED, "message", "has a number in more bytes than it needs"},
    {"a tag that is too long",    B("\x88\x00\x01"), PROTO_PROBLEM_MALFORMED, "message", "has a number in more bytes than it needs"},
    {"65 bits",                   B("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), PROTO_PROBLEM_MALFORMED, "message", "has a number of more than 64 bits"},
    {"11 bytes",                  B("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"), PROTO_PROBLEM_MALFORMED, "message", "has a number of more than 64 bits"},
    {"a cut number",              B("\x18\x81"), PROTO_PROBLEM_MALFORMED, "message", "ends in the middle of a number"},
    {"a cut tag",                 B("\x88"), PROTO_PROBLEM_MALFORMED, "message", "ends in the middle of a number"},
    {"no value",                  B("\x18"), PROTO_PROBLEM_MALFORMED, "message", "ends in the middle of a number"},
    {"field 1 + 2^32, in gogo field 1", B("\x88\x80\x80\x80\x80\x01\x01"), PROTO_PROBLEM_MALFORMED, "message", "has a field number in more than 5 bytes"},
    {"field 2^29",                B("\x80\x80\x80\x80\x10\x01"), PROTO_PROBLEM_MALFORMED, "message", "has a field number that is out of range"},
    {"field 2^32 - 1",            B("\xf8\xff\xff\xff\x7f\x01"), PROTO_PROBLEM_MALFORMED, "message", "has a field number that is out of range"},
    {"field 0",                   B("\x00\x01"), PROTO_PROBLEM_MALFORMED, "message", "has a field number that is out of range"},
    {"a boolean of 2",            B("\x08\x02"), PROTO_PROBLEM_MALFORMED, "yes", "is out of range"},
    {"int32 of 2^31",             B("\x10\x80\x80\x80\x80\x08"), PROTO_PROBLEM_MALFORMED, "i32", "is out of range"},
    {"int32 of -1 in 32 bits",    B("\x10\xff\xff\xff\xff\x0f"), PROTO_PROBLEM_MALFORMED, "i32", "is out of range"},
    {"int32 of -2^31 - 1",        B("\x10\xff\xff\xff\xff\xf7\xff\xff\xff\xff\x01"), PROTO_PROBLEM_MALFORMED, "i32", "is out of range"},
    {"uint32 of 2^32",            B("\x20\x80\x80\x80\x80\x10"), PROTO_PROBLEM_MALFORMED, "u32", "is out of range"},
    {"an unknown value",          B("\x30\x03"), PROTO_PROBLEM_MALFORMED, "color", "is no known value"},
    {"a value that is 1 in 32 bits", B("\x30\x81\x80\x80\x80\x10"), PROTO_PROBLEM_MALFORMED, "color", "is no known value"},
    {"a negative value",          B("\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), PROTO_PROBLEM_MALFORMED, "color", "is no known value"},
    {"a packed number out of range", B("\x72\x05\x80\x80\x80\x80\x08"), PROTO_PROBLEM_MALFORMED, "numbers", "is out of range"},
    {"a packed number, cut",      B("\x72\x01\x80"), PROTO_PROBLEM_MALFORMED, "numbers", "ends in the middle of a number"},
    {"a packed number, too long", B("\x72\x02\x81\x00"), PROTO_PROBLEM_MALFORMED, "numbers", "has a number in more bytes than it needs"},
    {"not UTF-8",                 B("\x3a\x02\xc3\x28"), PROTO_PROBLEM_MALFORMED, "text", "is not valid UTF-8"},
    {"an overlong NUL",           B("\x3a\x02\xc0\x80"), PROTO_PROBLEM_MALFORMED, "text", "is not valid UTF-8"},
    {"a surrogate",               B("\x3a\x03\xed\xa0\x80"), PROTO_PROBLEM_MALFORMED, "text", "is not valid UTF-8"},
    {"a text of a list",          B("\x5a\x01" "a\x5a\x01\xff"), PROTO_PROBLEM_MALFORMED, "texts[1]", "is not valid UTF-8"},
    {"a key",                     B("\x7a\x03\x0a\x01\xff"), PROTO_PROBLEM_MALFORMED, "text_map{0}", "has a key that is not valid UTF-8"},
    {"a value of a map",          B("\x7a\x03\x12\x01\xff"), PROTO_PROBLEM_MALFORMED, "text_map{0}", "is not valid UTF-8"},
    {"longer than the message",   B("\x3a\x02" "a"), PROTO_PROBLEM_MALFORMED, "message", "has a field that is longer than what holds it"},
    {"2^64 - 1 long",             B("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" "a"), PROTO_PROBLEM_MALFORMED, "message", "has a field that is longer than what holds it"},
    {"a key that is longer than its entry", B("\x7a\x03\x0a\x02" "aa"), PROTO_PROBLEM_MALFORMED, "text_map{0}", "has a field that is longer than what holds it"},
    {"a value that is longer than its entry", B("\x7a\x04\x0a\x00\x12\x02" "aa"), PROTO_PROBLEM_MALFORMED, "text_map{0}", "has a field that is longer than what holds it"},
    {"a key of another type",     B("\x7a\x02\x08\x01"), PROTO_PROBLEM_MALFORMED, "text_map{0}", "is no entry of a key and a value"},
    {"a value of another type",   B("\x7a\x02\x10\x01"), PROTO_PROBLEM_MALFORMED, "text_map{0}", "is no entry of a key and a value"},
    {"a number of another type",  B("\x92\x01\x02\x12\x00"), PROTO_PROBLEM_MALFORMED, "number_map{0}", "is no entry of a key and a value"},
    {"an entry with two keys",    B("\x7a\x04\x0a\x00\x0a\x00"), PROTO_PROBLEM_MALFORMED, "text_map{0}", "is no entry of a key and a value"},
    {"an entry with two values",  B("\x7a\x04\x12\x00\x12\x00"), PROTO_PROBLEM_MALFORMED, "text_map{0}", "is no entry of a key and a value"},
    {"an entry with more",        B("\x7a\x02\x1a\x00"), PROTO_PROBLEM_MALFORMED, "text_map{0}", "is no entry of a key and a value"},
    {"an entry without a message", B("\x8a\x01\x02\x0a\x00"), PROTO_PROBLEM_MALFORMED, "inner_map{0}", "has no value"},
    {"an entry without an opaque message", B("\x9a\x01\x02\x0a\x00"), PROTO_PROBLEM_MALFORMED, "opaque_map{0}", "has no value"},
    {"a number of a map out of range", B("\x92\x01\x06\x10\x80\x80\x80\x80\x10"), PROTO_PROBLEM_MALFORMED, "number_map{0}", "is out of range"},
    {"a refused field",           B("\xf2\x01\x01" "a"), PROTO_PROBLEM_REFUSED, "secret", "is not for you"},
    {"a refused field twice, zero first", B("\xf2\x01\x00\xf2\x01\x01" "a"), PROTO_PROBLEM_MALFORMED, "secret", "is there twice"},
    {"a refused list of an empty text", B("\xfa\x01\x00"), PROTO_PROBLEM_REFUSED, "secrets[0]", "are not for you"},
    {"a dropped field twice",     B("\x80\x02\x01\x80\x02\x01"), PROTO_PROBLEM_MALFORMED, "noise", "is there twice"},
    {"a dropped field of another type", B("\x82\x02\x00"), PROTO_PROBLEM_MALFORMED, "noise", "has the wire type of another field"},
};
// clang-format on

Test(proto, refuses_what_can_be_read_in_two_ways)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct fixture on = {0};
        int err = read_sample(&on, refused[i].bytes);
        const struct proto_problem *why = &on.reader.why;

        cr_expect_eq(err, -EBADMSG, "%s: taken", refused[i].name);
        if (err == -EBADMSG) {
            cr_expect_eq(why->kind, refused[i].kind, "%s", refused[i].name);
            cr_expect(slice_eq(why->field, slice_from(refused[i].field)), "%s: at %.*s",
                      refused[i].name, SLICE_ARGS(why->field));
            cr_expect_str_eq(why->sentence, refused[i].sentence, "%s", refused[i].name);
        }
        finish(&on);
    }
}

struct taken {
    const char *name;
    struct slice bytes;
    struct slice written;
};

// clang-format off
static const struct taken taken[] = {
    {"nothing",                  B(""), B("")},
    {"true",                     B("\x08\x01"), B("\x08\x01")},
    {"an explicit false",        B("\x08\x00"), B("")},
    {"an explicit empty text",   B("\x3a\x00\x42\x00"), B("")},
    {"int32 of 2^31 - 1",        B("\x10\xff\xff\xff\xff\x07"), B("\x10\xff\xff\xff\xff\x07")},
    {"int32 of -2^31",           B("\x10\x80\x80\x80\x80\xf8\xff\xff\xff\xff\x01"), B("\x10\x80\x80\x80\x80\xf8\xff\xff\xff\xff\x01")},
    {"int64 of -1",              B("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), B("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
    {"uint32 of 2^32 - 1",       B("\x20\xff\xff\xff\xff\x0f"), B("\x20\xff\xff\xff\xff\x0f")},
    {"uint64 of 2^64 - 1",       B("\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), B("\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
    {"the highest known value",  B("\x30\x02"), B("\x30\x02")},
    {"a text with NUL",          B("\x3a\x03" "a\0b"), B("\x3a\x03" "a\0b")},
    {"bytes that are no UTF-8",  B("\x42\x01\xff"), B("\x42\x01\xff")},
    {"an empty message",         B("\x4a\x00"), B("\x4a\x00")},
    {"an empty opaque message",  B("\x52\x00"), B("\x52\x00")},
    {"what is in an opaque message", B("\x52\x03\x08\x80\x00"), B("\x52\x03\x08\x80\x00")},
    {"another order",            B("\x3a\x01" "a\x18\x01\x08\x01"), B("\x08\x01\x18\x01\x3a\x01" "a")},
    {"a list, with others between", B("\x5a\x01" "b\x08\x01\x5a\x00\x5a\x01" "a"), B("\x08\x01\x5a\x01" "b\x5a\x00\x5a\x01" "a")},
    {"messages",                 B("\x62\x02\x18\x01\x62\x00"), B("\x62\x02\x18\x01\x62\x00")},
    {"opaque messages",          B("\x6a\x00\x6a\x01\xff"), B("\x6a\x00\x6a\x01\xff")},
    {"a packed list",            B("\x72\x0c\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01"), B("\x72\x0c\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01")},
    {"an empty packed list",     B("\x72\x00"), B("")},
    {"maps, by key",             B("\x7a\x06\x0a\x01" "b\x12\x01" "x\x7a\x06\x0a\x01" "a\x12\x01" "y"), B("\x7a\x06\x0a\x01" "a\x12\x01" "y\x7a\x06\x0a\x01" "b\x12\x01" "x")},
    {"a shorter key first, bytes as they are", B("\x7a\x05\x0a\x01\x7f\x12\x00\x7a\x06\x0a\x02\xc2\x80\x12\x00\x7a\x04\x0a\x00\x12\x00"), B("\x7a\x04\x0a\x00\x12\x00\x7a\x05\x0a\x01\x7f\x12\x00\x7a\x06\x0a\x02\xc2\x80\x12\x00")},
    {"an entry the other way round", B("\x7a\x06\x12\x01" "x\x0a\x01" "a"), B("\x7a\x06\x0a\x01" "a\x12\x01" "x")},
    {"an entry without anything", B("\x7a\x00"), B("\x7a\x04\x0a\x00\x12\x00")},
    {"gogo's entry of empty bytes", B("\x82\x01\x03\x0a\x01" "a"), B("\x82\x01\x05\x0a\x01" "a\x12\x00")},
    {"an entry without a number", B("\x92\x01\x03\x0a\x01" "a"), B("\x92\x01\x05\x0a\x01" "a\x10\x00")},
    {"an entry with a message",  B("\x8a\x01\x07\x0a\x01" "a\x12\x02\x18\x01"), B("\x8a\x01\x07\x0a\x01" "a\x12\x02\x18\x01")},
    {"an entry with an opaque message", B("\x9a\x01\x04\x0a\x00\x12\x00"), B("\x9a\x01\x04\x0a\x00\x12\x00")},
    {"a oneof that is zero",     B("\xb0\x01\x00"), B("\xb0\x01\x00")},
    {"a oneof that is empty",    B("\xa2\x01\x00"), B("\xa2\x01\x00")},
    {"a oneof with a message",   B("\xaa\x01\x02\x18\x01"), B("\xaa\x01\x02\x18\x01")},
    {"a refused field that is zero", B("\xf2\x01\x00"), B("")},
    {"a dropped field",          B("\x80\x02\x01\x08\x01"), B("\x08\x01")},
    {"the highest field number", B("\xf8\xff\xff\xff\x0f\x01"), B("\xf8\xff\xff\xff\x0f\x01")},
    {"messages in messages",     B("\x4a\x08\x0a\x01" "a\x12\x03\x0a\x01" "b"), B("\x4a\x08\x0a\x01" "a\x12\x03\x0a\x01" "b")},
};
// clang-format on

static void expect_written(struct fixture *on, const char *name, struct slice written)
{
    cr_assert_eq(proto_write(&on->out, &sample_table, &on->message), 0);
    cr_expect(slice_eq(buf_slice(&on->out), written), "%s: written as another", name);
}

Test(proto, writes_what_it_has_read_in_one_form)
{
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        struct fixture on = {0};
        int err = read_sample(&on, taken[i].bytes);

        cr_expect_eq(err, 0, "%s: %s", taken[i].name, on.reader.why.sentence);
        if (err == 0) {
            expect_written(&on, taken[i].name, taken[i].written);
        }
        finish(&on);
    }
}

/* No part of a message is the message: each cut is refused, or is another message that is shorter.
 */
Test(proto, reads_nothing_past_a_cut)
{
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        for (size_t len = 0; len < taken[i].bytes.len; len++) {
            struct fixture on = {0};
            int err = read_sample(&on, slice_head(taken[i].bytes, len));

            cr_expect(err == 0 || err == -EBADMSG, "%s, %zu bytes", taken[i].name, len);
            finish(&on);
        }
    }
}

Test(proto, an_engines_message_loses_what_we_do_not_know)
{
    static const struct taken lenient[] = {
        {"a number", B("\x98\x06\x01\x08\x01"), B("\x08\x01")},
        {"32 and 64 bits", B("\x9d\x06\x01\0\0\0\x99\x06\x01\0\0\0\0\0\0\0\x08\x01"),
         B("\x08\x01")},
        {"within a message", B("\x4a\x05\x22\x01x\x18\x01"), B("\x4a\x02\x18\x01")},
        {"what is refused",
         B("\xf2\x01\x01"
           "a\xfa\x01\x00\x08\x01"),
         B("\x08\x01")},
    };

    for (size_t i = 0; i < sizeof(lenient) / sizeof(lenient[0]); i++) {
        struct fixture on = {.reader = {.drop_unknown = true}};

        cr_assert_eq(read_sample(&on, lenient[i].bytes), 0, "%s", lenient[i].name);
        expect_written(&on, lenient[i].name, lenient[i].written);
        finish(&on);
    }
    // All else is as strict as ever: groups, duplicates, cuts within what is unknown.
    static const struct slice strict[] = {B("\x9b\x06\x9c\x06"), B("\x08\x01\x08\x01"),
                                          B("\x9a\x06\x02"
                                            "a"),
                                          B("\x9d\x06\x01\0\0")};

    for (size_t i = 0; i < sizeof(strict) / sizeof(strict[0]); i++) {
        struct fixture on = {.reader = {.drop_unknown = true}};

        cr_expect_eq(read_sample(&on, strict[i]), -EBADMSG, "%zu", i);
        finish(&on);
    }
}

/* `depth` messages in each other, the outermost being the sample itself. */
static size_t nest(char *bytes, size_t room, unsigned depth)
{
    size_t at = room;

    for (unsigned i = 1; i < depth; i++) {
        bytes[at - 1] = (char)(room - at);
        bytes[at - 2] = i + 1 == depth ? 0x4a : 0x12;
        at -= 2;
    }
    memmove(bytes, bytes + at, room - at);
    return room - at;
}

Test(proto, nests_sixteen_deep)
{
    char bytes[2 * PROTO_MAX_DEPTH + 2];
    struct fixture on = {0};
    size_t len = nest(bytes, sizeof(bytes), PROTO_MAX_DEPTH);

    cr_assert_eq(read_sample(&on, (struct slice){bytes, len}), 0);
    expect_written(&on, "16", (struct slice){bytes, len});
    finish(&on);
    len = nest(bytes, sizeof(bytes), PROTO_MAX_DEPTH + 1);
    cr_assert_eq(read_sample(&on, (struct slice){bytes, len}), -EBADMSG);
    cr_expect_eq(on.reader.why.kind, PROTO_PROBLEM_TOO_LARGE);
    cr_expect_str_eq(on.reader.why.sentence, "is nested too deeply");
    finish(&on);
}

Test(proto, counts_elements_of_all_lists_together)
{
    static char bytes[2 * PROTO_MAX_ELEMENTS + 2];
    struct fixture on = {0};

    for (size_t i = 0; i < sizeof(bytes); i += 2) {
        bytes[i] = i % 4 == 0 ? 0x5a : 0x62; // texts and messages, in turn
    }
    cr_assert_eq(read_sample(&on, (struct slice){bytes, sizeof(bytes) - 2}), 0);
    cr_expect_eq(on.message.texts.count + on.message.inners.count, PROTO_MAX_ELEMENTS);
    finish(&on);
    cr_assert_eq(read_sample(&on, (struct slice){bytes, sizeof(bytes)}), -EBADMSG);
    cr_expect_eq(on.reader.why.kind, PROTO_PROBLEM_TOO_LARGE);
    finish(&on);
}

Test(proto, is_limited_in_bytes)
{
    struct fixture on = {.reader = {.max_bytes = 2}};

    cr_assert_eq(read_sample(&on, SLICE("\x08\x01")), 0);
    finish(&on);
    cr_assert_eq(read_sample(&on, SLICE("\x08\x01\x18\x01")), -EBADMSG);
    cr_expect_eq(on.reader.why.kind, PROTO_PROBLEM_TOO_LARGE);
    finish(&on);
}

/* Whichever allocation fails, it is said, and the same bytes are read where there is room. */
Test(proto, memory_that_runs_out_is_said)
{
    static const struct slice bytes =
        B("\x4a\x04\x12\x02\x18\x01\x5a\x01"
          "a\x62\x00\x72\x02\x01\x02\x7a\x00\x8a\x01\x04\x0a\x00\x12\x00");
    bool taken = false;

    for (size_t limit = 0; limit < 4096 && !taken; limit += 16) {
        struct arena arena;
        struct proto_reader reader = {.arena = &arena};
        struct sample message;

        arena_init(&arena, limit);
        int err = proto_read(&reader, &sample_table, bytes, &message);

        cr_assert(err == 0 || err == -ENOMEM, "%zu: %d", limit, err);
        taken = err == 0;
        cr_expect(!taken || message.numbers.count == 2);
        arena_deinit(&arena);
    }
    cr_expect(taken);
    // Nor is what is refused taken, when there is no room for the reason.
    struct arena arena;
    struct proto_reader reader = {.arena = &arena};
    struct sample message;

    arena_init(&arena, 0);
    cr_expect_eq(proto_read(&reader, &sample_table, SLICE("\x08\x02"), &message), -ENOMEM);
    arena_deinit(&arena);
}

/* Thousands of keys in the worst order are sorted, and found twice when they are. */
Test(proto, sorts_large_maps)
{
    struct fixture on = {0};
    struct buf bytes = {.limit_bytes = PROTO_MAX_BYTES};

    for (unsigned i = 10000; i > 0; i--) {
        cr_assert_eq(buf_printf(&bytes, "%c%c%c%c%05u", 0x7a, 7, 0x0a, 5, i * 7919 % 100000), 0);
    }
    cr_assert_eq(read_sample(&on, buf_slice(&bytes)), 0);
    cr_expect_eq(on.message.text_map.count, 10000);
    for (const struct proto_item *item = on.message.text_map.first; item->next; item = item->next) {
        cr_assert_lt(memcmp(item->key.ptr, item->next->key.ptr, 5), 0);
    }
    finish(&on);
    cr_assert_eq(buf_append(&bytes, SLICE("\x7a\x07\x0a\x05"
                                          "07919")),
                 0);
    cr_assert_eq(read_sample(&on, buf_slice(&bytes)), -EBADMSG);
    cr_expect_str_eq(on.reader.why.sentence, "has a key twice");
    finish(&on);
    buf_deinit(&bytes);
}

Test(proto, lengths_of_any_size_are_written)
{
    static const size_t sizes[] = {0,   1,   123,   124,   125,   126,
                                   127, 128, 16379, 16380, 16384, 2097151};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *text = calloc(1, sizes[i] + 1);
        struct sample_inner inner = {.name = {text, sizes[i]}, .number = 5};
        struct sample out_of = {.inner = &inner};
        struct fixture on = {0};
        struct buf written = {.limit_bytes = PROTO_MAX_BYTES};

        cr_assert_eq(proto_write(&written, &sample_table, &out_of), 0);
        cr_assert_eq(read_sample(&on, buf_slice(&written)), 0, "%zu", sizes[i]);
        cr_expect(slice_eq(on.message.inner->name, inner.name), "%zu", sizes[i]);
        cr_expect_eq(on.message.inner->number, 5);
        finish(&on);
        buf_deinit(&written);
        free(text);
    }
}

Test(proto, a_full_buffer_is_said)
{
    struct sample message = {.text = SLICE_INIT("text"), .yes = true};
    struct buf out = {.limit_bytes = 3};

    cr_assert_eq(proto_write(&out, &sample_table, &message), -ENOBUFS);
    buf_deinit(&out);
}

static const char *value_of(const struct proto_items *map, struct slice key)
{
    const union proto_value *value = proto_map_get(map, key);

    return value ? value->text.ptr : NULL;
}

Test(proto, maps_can_be_changed)
{
    struct fixture on = {0};

    cr_assert_eq(read_sample(&on, SLICE("\x7a\x06\x0a\x01"
                                        "b\x12\x01"
                                        "x")),
                 0);
    struct proto_items *map = &on.message.text_map;

    cr_assert_eq(proto_map_set(&on.arena, map, SLICE("c"), (union proto_value){.text = SLICE("C")}),
                 0);
    cr_assert_eq(proto_map_set(&on.arena, map, SLICE("a"), (union proto_value){.text = SLICE("A")}),
                 0);
    cr_assert_eq(proto_map_set(&on.arena, map, SLICE("b"), (union proto_value){.text = SLICE("B")}),
                 0);
    cr_expect_str_eq(value_of(map, SLICE("b")), "B");
    cr_expect_null(value_of(map, SLICE("")));
    cr_expect_null(value_of(map, SLICE("bb")));
    expect_written(&on, "changed",
                   SLICE("\x7a\x06\x0a\x01"
                         "a\x12\x01"
                         "A\x7a\x06\x0a\x01"
                         "b\x12\x01"
                         "B\x7a\x06\x0a\x01"
                         "c\x12\x01"
                         "C"));
    proto_items_remove(map, map->first->next); // c
    proto_items_remove(map, NULL);             // a
    cr_expect_eq(map->count, 1);
    cr_expect_eq(map->first, map->last);
    proto_items_remove(map, map->last); // nothing is behind it
    proto_items_remove(map, NULL);
    cr_expect_eq(map->count, 0);
    cr_expect_null(map->last);
    proto_items_remove(map, NULL);
    cr_assert_eq(
        proto_list_add(&on.arena, &on.message.texts, (union proto_value){.text = SLICE("t")}), 0);
    buf_clear(&on.out);
    expect_written(&on, "emptied", SLICE("\x5a\x01t"));
    finish(&on);
}
