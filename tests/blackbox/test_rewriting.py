"""What reaches the engine was written by sockade from what it judged: known header fields,
one framing, one spelling of the target, JSON that says what the client's said."""

import json
import unittest
from urllib.parse import parse_qsl, quote

from harness import BASELINE, HARMLESS, BlackboxTest, Policy, without_zeros
from wire import LAST_CHUNK, chunk

# Field names that a request of any route may have when the engine gets it.
KNOWN = {"host", "user-agent", "content-type", "content-length", "transfer-encoding", "accept",
         "accept-encoding", "connection", "docker-experimental"}
ANY_BUT_HOP_BY_HOP = KNOWN | {"x-foo", "x-http-method-override", "cookie", "authorization", "x-forwarded-for",
                              "content_length", "origin", "via", "range"}
AUTH = ("X-Registry-Auth", "eyJ1c2VybmFtZSI6ImEifQ==")
CONFIG = ("X-Registry-Config", "e30=")


class HeadTest(BlackboxTest):
    def sent(self, method, target, fields=(), body=None):
        response = self.ask(method, target, body, fields)
        self.assertLess(response.status, 300, response.body)
        return self.engine.last()

    def test_unknown_fields_stay_behind(self):
        for policy in (BASELINE, Policy("open")):
            with self.subTest(policy.base):
                self.start(policy)
                # What is the connection's own goes nowhere; the rest an open policy doesn't judge.
                allowed = KNOWN if policy is BASELINE else ANY_BUT_HOP_BY_HOP
                hostile = [("X-Foo", "bar"), ("X-HTTP-Method-Override", "DELETE"), ("Cookie", "a=b"),
                           ("Authorization", "Basic eDp5"), ("X-Forwarded-For", "1.2.3.4"),
                           ("Content_Length", "5"), ("Origin", "http://evil"), ("Via", "1.1 x"),
                           ("Keep-Alive", "timeout=5"), ("TE", "trailers"), ("Trailer", "X"),
                           ("Proxy-Authorization", "Basic eDp5"), ("Proxy-Connection", "close"),
                           ("Range", "bytes=0-1")]
                request = self.sent("GET", "/v1.41/containers/json", hostile)
                self.assertLessEqual(request.names(), allowed)
                request = self.sent("POST", "/v1.41/containers/create", hostile, HARMLESS)
                self.assertLessEqual(request.names(), allowed)
                self.sockade.stop()

    def test_connection_names_nothing_away(self):
        """Whoever takes out what Connection names must not take out its own framing."""
        self.start(BASELINE)
        for named in ("content-length", "transfer-encoding", "host", "content-type", "X-Foo, close"):
            with self.subTest(named):
                response = self.ask("POST", "/v1.41/containers/create", HARMLESS,
                                    [("Connection", named), ("X-Foo", "1")])
                if response.status != 201:
                    self.assert_refused(response, 400)
                    continue
                request = self.engine.last()
                self.assertEqual(request.json(), HARMLESS)
                self.assertIsNotNone(request.framing())
                self.assertEqual(request.get("Content-Type"), "application/json")
                self.assertNotIn("x-foo", request.names())

    def test_fields_that_clients_need_pass(self):
        self.start(BASELINE)
        request = self.sent("GET", "/v1.41/containers/json",
                            [("User-Agent", "Docker-Client/28.2.2 (linux)")])
        self.assertEqual(request.all("User-Agent"), ["Docker-Client/28.2.2 (linux)"])

    def test_archives_may_be_compressed(self):
        """docker-py, build(gzip=True): api/build.py."""
        self.start(BASELINE)
        for target in ("/v1.41/build?t=a", "/v1.41/images/load"):
            with self.subTest(target):
                request = self.sent("POST", target, [("Content-Encoding", "gzip"),
                                                     ("Content-Type", "application/x-tar")], b"\x1f\x8barchive")
                self.assertEqual(request.body, b"\x1f\x8barchive")
                self.assertIsNone(request.get("Content-Encoding"))
        for target in ("/v1.41/containers/create", "/v1.41/containers/a/start"):
            with self.subTest(target):
                self.assert_refused(self.ask("POST", target, HARMLESS, [("Content-Encoding", "gzip")]), 415)

    def test_credentials_go_where_they_are_needed(self):
        self.start(BASELINE)
        for method, target, fields, body in (
                ("POST", "/v1.41/images/create?fromImage=a&tag=b", [AUTH], None),
                ("POST", "/v1.41/images/a/push?tag=b", [AUTH], None),
                ("POST", "/v1.41/build?t=a", [CONFIG, ("Content-Type", "application/x-tar")], b"tar")):
            with self.subTest(target):
                request = self.sent(method, target, fields, body)
                self.assertEqual(request.all(fields[0][0]), [fields[0][1]])

    def test_credentials_go_nowhere_else(self):
        self.start(BASELINE)
        for method, target in (("GET", "/v1.41/containers/json"), ("POST", "/v1.41/containers/a/start"),
                               ("GET", "/v1.41/images/json")):
            with self.subTest(target):
                request = self.sent(method, target, [AUTH, CONFIG])
                self.assertFalse(request.names() & {"x-registry-auth", "x-registry-config"})

    def test_a_field_sent_twice_is_sent_once_or_refused(self):
        self.start(BASELINE)
        response = self.ask("POST", "/v1.41/images/create?fromImage=a", None, [AUTH, ("x-registry-auth", "e30=")])
        if response.status == 200:
            self.assertEqual(len(self.engine.last().all("X-Registry-Auth")), 1)
        else:
            self.assert_refused(response, 400)

    def test_upgrade_is_for_routes_that_have_one(self):
        self.start(BASELINE)
        for upgrade in ("tcp", "h2c", "websocket", "foo"):
            with self.subTest(upgrade):
                response = self.ask("GET", "/v1.41/containers/json", None,
                                    [("Connection", "Upgrade"), ("Upgrade", upgrade)])
                if response.status != 200:
                    self.assert_refused(response, response.status)
                    continue
                request = self.engine.last()
                self.assertNotIn("upgrade", request.names())
                self.assertFalse(request.has_token("Connection", "upgrade"))

    def test_http_2_has_no_way_in(self):
        self.start(BASELINE)
        response = self.ask("GET", "/v1.41/containers/json", None, [
            ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")])
        self.assertIn(response.status, (200, 400, 403))
        self.assertNotIn(b"h2c", self.engine.received())
        self.assertNotIn(b"HTTP2", self.engine.received())

    def test_the_target_has_one_spelling(self):
        self.start(BASELINE)
        request = self.sent("GET", "/v1.41/containers/json?all=1&limit=5")
        self.assertEqual((request.route, request.query), ("/containers/json", "all=1&limit=5"))
        response = self.ask("GET", "/v1.41/%63ontainers/%6Ason?%61ll=%31")
        if response.status == 200:
            request = self.engine.last()
            self.assertEqual((request.route, request.query), ("/containers/json", "all=1"))
        else:
            self.assert_refused(response, 400)

    def test_a_query_keeps_its_meaning(self):
        self.start(BASELINE)
        filters = json.dumps({"label": ["a=b c&d;e+f%", "ü"]})
        request = self.sent("GET", "/v1.41/containers/json?all=1&filters=" + quote(filters))
        self.assertEqual(parse_qsl(request.query), [("all", "1"), ("filters", filters)])
        request = self.sent("GET", "/v1.41/containers/json?filters=" + quote(filters).replace("%20", "+"))
        self.assertEqual(parse_qsl(request.query), [("filters", filters)])

    def test_an_image_name_keeps_its_slashes(self):
        self.start(BASELINE)
        request = self.sent("GET", "/v1.41/images/registry.example.org:5000/team/app:1.2/json")
        self.assertEqual(request.route.replace("%3A", ":"),
                         "/images/registry.example.org:5000/team/app:1.2/json")

    def test_unknown_query_keys_are_refused(self):
        self.start(BASELINE)
        self.assert_refused(self.ask("GET", "/v1.41/containers/json?allx=1"), 403)
        self.assert_refused(self.ask("GET", "/v1.41/containers/json?All=1"), 403)
        self.assert_untouched()


class BodyTest(BlackboxTest):
    def sent(self, body, fields=()):
        fields = [("Content-Type", "application/json"), *fields]
        response = self.ask("POST", "/v1.41/containers/create", body, fields)
        self.assertEqual(response.status, 201, response.body)
        return self.engine.last()

    def test_json_is_written_anew(self):
        self.start(BASELINE)
        text = (b' {\r\n\t"\\u0049mage" : "nonro\\u006ft",\n "User":"1000",  "Cmd" : [ "\\u0041" , "\\"\\\\\\/" ],'
                b'"Labels":{"a":"1","A":"2","\xc3\xbc":"\xf0\x9f\x98\x80 \\ud83d\\ude00"}, "HostConfig":'
                b'{ "Memory" : 9007199254740993 ,"CpuShares":-0, "NetworkMode":"none" } }\n')
        request = self.sent(text)
        self.assertEqual(request.all("Content-Type"), ["application/json"])
        self.assertEqual(request.framing(), len(request.body))
        self.assertNotIn(b"\\u0049", request.body)
        body = request.json()
        self.assertEqual(body["Image"], "nonroot")
        self.assertEqual(body["Cmd"], ["A", '"\\/'])
        self.assertEqual(body["Labels"], {"a": "1", "A": "2", "ü": "\U0001f600 \U0001f600"})
        self.assertIn(b"9007199254740993", request.body)

    def test_the_body_keeps_its_meaning(self):
        self.start(BASELINE)
        body = {"Hostname": "h", "User": "1000:1000", "AttachStdout": True, "Tty": False,
                "Env": ["A=b", "C=d=e"], "Cmd": ["sh", "-c", "echo \u2028 ü"], "Image": "nonroot",
                "Volumes": {"/data": {}}, "WorkingDir": "/w", "Entrypoint": ["/e"],
                "Labels": {"com.example.key": "value"}, "StopSignal": "SIGINT", "StopTimeout": 5,
                "HostConfig": {"NetworkMode": "none", "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
                               "CapDrop": ["ALL"], "ReadonlyRootfs": True, "Memory": 67108864,
                               "ExtraHosts": ["a:1.2.3.4"], "ShmSize": 1048576,
                               "Ulimits": [{"Name": "nofile", "Soft": 10, "Hard": 20}]},
                "NetworkingConfig": {"EndpointsConfig": {}}}
        request = self.sent(body)
        self.assertEqual(without_zeros(request.json()), without_zeros(body))

    def test_chunked_json_is_sent_with_its_length(self):
        self.start(BASELINE)
        data = json.dumps(HARMLESS).encode()
        request = self.sent(chunk(data[:10]) + chunk(data[10:]) + LAST_CHUNK,
                            [("Transfer-Encoding", "chunked")])
        self.assertIsInstance(request.framing(), int)
        self.assertEqual(request.json(), HARMLESS)

    def test_what_the_clients_say_of_json_does_not_matter(self):
        """The engine takes any letter case and any parameters; it gets one spelling."""
        self.start(BASELINE)
        data = json.dumps(HARMLESS).encode()
        response = self.ask("POST", "/v1.41/containers/create", data,
                            [("Content-Type", "Application/JSON; charset=utf-16")])
        if response.status == 201:
            self.assertEqual(self.engine.last().all("Content-Type"), ["application/json"])
        else:
            self.assertIn(response.status, (400, 415))

    def test_fields_no_table_knows(self):
        self.start(BASELINE)
        body = dict(HARMLESS, Surprise={"HostConfig": {"Privileged": True}})
        self.assert_refused(self.ask("POST", "/v1.41/containers/create", body), 403, "unknown_field")
        for zero in (None, False, 0, "", [], {}):
            with self.subTest(zero):
                request = self.sent(json.dumps(dict(HARMLESS, Surprise=zero)).encode())
                self.assertNotIn("Surprise", request.json())
        self.assertEqual(self.engine.asked().count("POST /containers/create"), 6)

    def test_fields_no_table_knows_pass_under_open(self):
        self.start()
        body = dict(HARMLESS, Surprise={"a": [1, "x", None, 1.5e3]})
        request = self.sent(json.dumps(body).encode())
        self.assertEqual(request.json()["Surprise"], body["Surprise"])

    def test_a_body_of_null_is_no_way_round(self):
        self.start(BASELINE)
        for text in (b"null", b"[]", b'"x"', b"0"):
            with self.subTest(text):
                response = self.ask("POST", "/v1.41/containers/create", text,
                                    [("Content-Type", "application/json")])
                self.assertGreaterEqual(response.status, 400)
        self.assert_untouched()


if __name__ == "__main__":
    unittest.main()
