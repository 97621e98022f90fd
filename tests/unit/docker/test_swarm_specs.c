/*
 * The bodies of swarm, its nodes, secrets and configs, of plugins and checkpoints: what
 * real clients send stays as it is, what no rule could judge is a problem.
 */
#include <criterion/criterion.h>

#include <errno.h>

#include "docker/tables/other_specs.h"
#include "docker/tables/swarm_specs.h"
#include "support/bodies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct plain_case {
    enum route_body kind;
    const char *text;
    const char *written;
    const char *problems;
};

#define SAME(kind, text)     \
    {                        \
        kind, text, text, "" \
    }

static int read_any(struct body *body, enum route_body kind)
{
    struct swarm_spec swarm;
    struct plugin_spec plugin;
    struct volume_spec volume;

    if (kind == ROUTE_BODY_SWARM_INIT || kind == ROUTE_BODY_SWARM_UPDATE) {
        return swarm_spec_read(&body->reader, kind, body->tree, &swarm);
    }
    if (kind == ROUTE_BODY_PLUGIN_PRIVILEGES || kind == ROUTE_BODY_PLUGIN_SETTINGS) {
        return plugin_spec_read(&body->reader, kind, body->tree, &plugin);
    }
    if (kind == ROUTE_BODY_VOLUME_UPDATE) {
        return volume_spec_read_update(&body->reader, body->tree, &volume);
    }
    return plain_spec_read(&body->reader, kind, body->tree);
}

Test(swarm_specs, keep_what_is_known_and_report_the_rest)
{
    static const struct plain_case cases[] = {
        SAME(
            ROUTE_BODY_SWARM_INIT,
            "{\"ListenAddr\":\"0.0.0.0:2377\",\"AdvertiseAddr\":\"127.0.0.1\",\"DataPathAddr\":"
            "\"\",\"DataPathPort\":0,\"DefaultAddrPool\":[\"10.0.0.0/8\"],\"SubnetSize\":24,"
            "\"ForceNewCluster\":false,\"AutoLockManagers\":false,\"Availability\":\"active\","
            "\"Spec\":{\"Labels\":{},\"Orchestration\":{\"TaskHistoryRetentionLimit\":5},\"Raft\":{"
            "\"SnapshotInterval\":1,\"KeepOldSnapshots\":0,\"LogEntriesForSlowFollowers\":500,"
            "\"ElectionTick\":10,\"HeartbeatTick\":1},\"Dispatcher\":{\"HeartbeatPeriod\":1},"
            "\"CAConfig\":{\"NodeCertExpiry\":1,\"ExternalCAs\":[{\"Protocol\":\"cfssl\",\"URL\":"
            "\"u\",\"Options\":{\"a\":\"b\"},\"CACert\":\"c\"}],\"SigningCACert\":\"x\","
            "\"SigningCAKey\":\"y\",\"ForceRotate\":1},\"TaskDefaults\":{\"LogDriver\":{\"Name\":"
            "\"local\",\"Options\":{\"max-size\":\"1m\"}}},\"EncryptionConfig\":{"
            "\"AutoLockManagers\":true}}}"),
        {ROUTE_BODY_SWARM_INIT, "{\"ListenAddr\":1}", "{}",
         "AMBIGUOUS ListenAddr must be a string"},
        {ROUTE_BODY_SWARM_UPDATE, "{\"Name\":\"default\",\"Labels\":null,\"TaskDefaults\":{}}",
         "{\"Name\":\"default\",\"TaskDefaults\":{}}", ""},
        {ROUTE_BODY_SWARM_UPDATE, "{\"Spec\":{\"Name\":\"x\"}}", "{}", "UNKNOWN Spec is not known"},
        SAME(ROUTE_BODY_SWARM_JOIN,
             "{\"ListenAddr\":\"a\",\"AdvertiseAddr\":\"b\",\"DataPathAddr\":"
             "\"c\",\"RemoteAddrs\":[\"d\"],\"JoinToken\":\"e\","
             "\"Availability\":\"active\"}"),
        {ROUTE_BODY_SWARM_JOIN, "{\"RemoteAddrs\":\"d\"}", "{}",
         "AMBIGUOUS RemoteAddrs must be a list of strings"},
        SAME(ROUTE_BODY_SWARM_UNLOCK, "{\"UnlockKey\":\"SWMKEY\"}"),
        {ROUTE_BODY_SWARM_UNLOCK, "{\"unlockKey\":\"k\"}", "{\"UnlockKey\":\"k\"}", ""},
        SAME(ROUTE_BODY_NODE, "{\"Name\":\"n\",\"Labels\":{\"a\":\"b\"},\"Role\":\"manager\","
                              "\"Availability\":\"drain\"}"),
        {ROUTE_BODY_NODE, "{\"Foo\":1}", "{}", "UNKNOWN Foo is not known"},
        SAME(ROUTE_BODY_SECRET, "{\"Name\":\"s\",\"Labels\":{},\"Data\":\"eA==\"}"),
        {ROUTE_BODY_SECRET, "{\"Data\":[120]}", "{}", "AMBIGUOUS Data must be a string"},
        {ROUTE_BODY_SECRET, "{\"Driver\":{\"Name\":\"x\"}}", "{}",
         "REFUSED Driver is not accepted here"},
        {ROUTE_BODY_SECRET, "{\"Driver\":null,\"Templating\":{}}", "{}", ""},
        SAME(ROUTE_BODY_CONFIG, "{\"Name\":\"c\",\"Labels\":{},\"Data\":\"eA==\"}"),
        {ROUTE_BODY_CONFIG, "{\"Templating\":{\"Name\":\"golang\"}}", "{}",
         "REFUSED Templating is not accepted here"},
        {ROUTE_BODY_CONFIG, "{\"Driver\":{\"Name\":\"x\"}}", "{}", "UNKNOWN Driver is not known"},
        {ROUTE_BODY_CHECKPOINT, "{\"CheckpointID\":\"c\",\"CheckpointDir\":\"\",\"Exit\":true}",
         "{\"CheckpointID\":\"c\",\"Exit\":true}", ""},
        {ROUTE_BODY_CHECKPOINT, "{\"CheckpointID\":\"c\",\"CheckpointDir\":\"/etc\"}",
         "{\"CheckpointID\":\"c\"}", "REFUSED CheckpointDir is not accepted here"},
        SAME(ROUTE_BODY_PLUGIN_PRIVILEGES, "[]"),
        SAME(ROUTE_BODY_PLUGIN_PRIVILEGES,
             "[{\"Name\":\"network\",\"Description\":\"d\",\"Value\":["
             "\"host\"]}]"),
        {ROUTE_BODY_PLUGIN_PRIVILEGES, "null", "[]", ""},
        {ROUTE_BODY_PLUGIN_PRIVILEGES, "{}", "[]", "AMBIGUOUS body must be a list of objects"},
        {ROUTE_BODY_PLUGIN_PRIVILEGES, "[{\"name\":\"mount\"}]", "[{\"Name\":\"mount\"}]", ""},
        SAME(ROUTE_BODY_PLUGIN_SETTINGS, "[\"DEBUG=1\"]"),
        {ROUTE_BODY_PLUGIN_SETTINGS, "null", "[]", ""},
        {ROUTE_BODY_PLUGIN_SETTINGS, "[1]", "[]", "AMBIGUOUS body must be a list of strings"},
        SAME(ROUTE_BODY_VOLUME_UPDATE, "{\"Spec\":{\"Availability\":\"drain\"}}"),
        {ROUTE_BODY_VOLUME_UPDATE, "{\"Availability\":\"drain\"}", "{}",
         "UNKNOWN Availability is not known"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        cr_assert_eq(body_open(&body, cases[i].text), 0, "%s", cases[i].text);
        cr_assert_eq(read_any(&body, cases[i].kind), 0, "%s", cases[i].text);
        cr_expect_str_eq(body_problems(&body), cases[i].problems, "%s", cases[i].text);
        cr_expect_str_eq(body_written(&body), cases[i].written, "%s", cases[i].text);
        body_close(&body);
    }
}

Test(swarm_spec, finds_the_log_driver_in_both_bodies)
{
    static const struct plain_case cases[] = {
        {ROUTE_BODY_SWARM_INIT,
         "{\"Spec\":{\"TaskDefaults\":{\"LogDriver\":{\"Name\":\"syslog\",\"Options\":{\"a\":\"b\"}"
         "}}"
         "}}",
         "", ""},
        {ROUTE_BODY_SWARM_UPDATE,
         "{\"TaskDefaults\":{\"LogDriver\":{\"Name\":\"syslog\",\"Options\":{\"a\":\"b\"}}}}", "",
         ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct swarm_spec spec;
        cr_assert_eq(body_open(&body, cases[i].text), 0);
        cr_assert_eq(swarm_spec_read(&body.reader, cases[i].kind, body.tree, &spec), 0);
        cr_expect(body_text_eq(spec.log_driver, "syslog"));
        cr_expect_eq(spec.log_options.count, 1);
        body_close(&body);
    }
}

Test(plugin_spec, lists_privileges_and_settings)
{
    struct body body;
    struct plugin_spec spec;

    cr_assert_eq(body_open(&body, "[{\"Name\":\"mount\",\"Value\":[\"/a\",\"/b\"]},{}]"), 0);
    cr_assert_eq(plugin_spec_read(&body.reader, ROUTE_BODY_PLUGIN_PRIVILEGES, body.tree, &spec), 0);
    cr_assert_eq(spec.privilege_count, 2);
    cr_expect(body_text_eq(spec.privileges[0].field, "body[0]"));
    cr_expect(body_text_eq(spec.privileges[0].name, "mount"));
    cr_expect_eq(spec.privileges[0].values.count, 2);
    cr_expect_eq(spec.settings.count, 0);
    body_close(&body);
    cr_assert_eq(body_open(&body, "[\"A=1\",\"m.source=/\"]"), 0);
    cr_assert_eq(plugin_spec_read(&body.reader, ROUTE_BODY_PLUGIN_SETTINGS, body.tree, &spec), 0);
    cr_expect_eq(spec.privilege_count, 0);
    cr_assert_eq(spec.settings.count, 2);
    cr_expect(body_text_eq(spec.settings.item[1], "m.source=/"));
    body_close(&body);
}

Test(volume_spec, of_an_update_is_a_cluster_volumes)
{
    struct body body;
    struct volume_spec spec;

    cr_assert_eq(body_open(&body, "{}"), 0);
    cr_assert_eq(volume_spec_read_update(&body.reader, body.tree, &spec), 0);
    cr_expect(spec.cluster);
    body_close(&body);
}
