"""The few answers of the engine that are changed: warnings for who creates a container, and
the API version, which is never above what is understood here."""

import gzip
import json
import unittest

from fake_engine import sends
from harness import BASELINE, EVERYDAY, PRIVILEGED, BlackboxTest, Policy
from wire import LAST_CHUNK, chunk, request_bytes, response_bytes

WARN = Policy("baseline", EVERYDAY, {"privileged": "warn"})
CREATED = {"Id": "c" * 64, "Warnings": ["of the engine"]}


class WarningTest(BlackboxTest):
    def create(self, body=None, **options):
        return self.ask("POST", "/v1.41/containers/create", body or PRIVILEGED, **options)

    def engine_answers(self, *pieces, keep=True):
        self.engine.on("POST /containers/create", sends(*pieces, keep=keep))

    def assert_warned(self, response, text="privileged"):
        self.assertEqual(response.status, 201, response.body)
        self.assertTrue(any(text in warning for warning in response.json()["Warnings"]), response.body)

    def test_a_warning_is_shown_and_recorded(self):
        self.start(WARN)
        self.assert_warned(self.create())
        self.assertTrue(self.engine.last().json()["HostConfig"]["Privileged"])
        record = self.audit(1)[0]
        self.assertEqual(record["decision"], "allow")
        self.assertEqual([(rule["id"], rule["level"]) for rule in record["rules"]], [("privileged", "warn")])

    def test_audit_is_for_the_operator_only(self):
        self.start(Policy("baseline", EVERYDAY, {"privileged": "audit"}))
        response = self.create()
        self.assertEqual((response.status, response.json()["Warnings"]), (201, []))
        self.assertEqual([(rule["id"], rule["level"]) for rule in self.audit(1)[0]["rules"]],
                         [("privileged", "audit")])

    def test_off_is_off(self):
        self.start(Policy("baseline", EVERYDAY, {"privileged": "off"}))
        self.assertEqual(self.create().json()["Warnings"], [])
        self.assertEqual(self.audit(1)[0]["rules"], [])

    def test_a_warning_excuses_nothing_else(self):
        self.start(WARN)
        body = dict(PRIVILEGED, HostConfig={"Privileged": True, "PidMode": "host"})
        self.assert_refused(self.create(body), 403, "host_pid")
        self.assert_untouched()

    def test_a_whole_policy_on_trial(self):
        body = dict(PRIVILEGED, HostConfig={"Privileged": True, "PidMode": "host", "Binds": ["/etc:/x"]})
        for mode, shown in (("warn", 3), ("audit", 0)):
            with self.subTest(mode):
                self.start(policies={"test": {"base": "baseline", "mode": mode}})
                response = self.create(body)
                self.assertEqual(response.status, 201, response.body)
                self.assertEqual(len(response.json()["Warnings"]), shown)
                self.sockade.stop()

    def test_integrity_is_never_on_trial(self):
        self.start(policies={"test": {"base": "baseline", "mode": "audit"}})
        response = self.ask("POST", "/v1.41/containers/create", b'{"Image":"a","Image":"b"}',
                            [("Content-Type", "application/json")])
        self.assert_refused(response, 400)
        self.assert_untouched()

    def test_the_engines_own_warnings_stay(self):
        self.start(WARN)
        self.engine.on("POST /containers/create", lambda c, r: c.answer(201, CREATED))
        response = self.create()
        self.assert_warned(response)
        self.assert_warned(response, "of the engine")
        self.assertEqual(response.json()["Id"], "c" * 64)

    def test_every_framing(self):
        self.start(WARN)
        data = json.dumps(CREATED).encode()
        head = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
        for name, pieces, keep in (
                ("length", (head + b"Content-Length: %d\r\n\r\n" % len(data) + data,), True),
                ("chunked", (head + b"Transfer-Encoding: chunked\r\n\r\n", chunk(data[:9], b";x=y"), chunk(data[9:]),
                             LAST_CHUNK), True),
                ("until the end", (head + b"\r\n", data[:20], data[20:]), False),
                ("interim", (b"HTTP/1.1 103 Early Hints\r\n\r\n", response_bytes(201, data)), True)):
            for version in ("1.1", "1.0"):
                with self.subTest(name, version=version):
                    self.engine_answers(*pieces, keep=keep)
                    self.assert_warned(self.create(version=version))

    def test_the_next_request_is_answered(self):
        self.start(WARN)
        client = self.client()
        client.send(request_bytes("POST", "/v1.41/containers/create", PRIVILEGED) + request_bytes("GET", "/_ping"))
        self.assert_warned(client.response())
        self.assertEqual(client.response().body, b"OK")

    def test_errors_of_the_engine_are_unchanged(self):
        self.start(WARN)
        text = b'{"message" : "no such image"}\n'
        self.engine_answers(response_bytes(404, text, content_type="application/json"))
        response = self.create()
        self.assertEqual((response.status, response.body), (404, text))

    def test_answers_that_are_not_understood_are_unchanged(self):
        self.start(WARN)
        for text in (b"", b"hello", b"[1,2]", b'{"Id":"a","Id":"b"}', b'{"Id":"a"'):
            with self.subTest(text):
                self.engine_answers(response_bytes(201, text, content_type="application/json"))
                self.assertEqual(self.create().body, text)

    def test_a_compressed_answer_is_not_asked_for(self):
        self.start(WARN)

        def play(connection, request):
            data = json.dumps(CREATED).encode()
            if request.has_token("Accept-Encoding", "gzip"):
                connection.answer(201, gzip.compress(data), [("Content-Encoding", "gzip")])
            else:
                connection.answer(201, data)

        self.engine.on("POST /containers/create", play)
        self.assert_warned(self.ask("POST", "/v1.41/containers/create", PRIVILEGED, [("Accept-Encoding", "gzip")]))

    def test_an_answer_that_breaks_off_is_no_answer(self):
        self.start(WARN)
        data = json.dumps(CREATED).encode()
        self.engine_answers(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(data) + data[:10], keep=False)
        self.assert_refused(self.create(), 502)


class VersionTest(BlackboxTest):
    def start_capped(self, newest):
        self.start_engine()
        answer = {"ApiVersion": newest, "MinAPIVersion": "1.24", "Version": "99", "Components": [
            {"Name": "Engine", "Details": {"ApiVersion": newest, "MinAPIVersion": "1.24"}}, {"Name": "runc"}]}
        self.engine.on("GET /version", lambda c, r: c.answer(200, answer, [("Api-Version", newest)]))
        self.engine.on("(GET|HEAD) /_ping", lambda c, r: c.send(
            b"HTTP/1.1 200 OK\r\nApi-Version: %s\r\nContent-Length: 2\r\n\r\n" % newest.encode()
            + (b"OK" if r.method == "GET" else b"")))
        self.start(BASELINE, daemon={"socket": str(self.engine_socket), "api": {"min": "1.30", "max": "1.45"}})

    def told(self):
        version = self.ask("GET", "/version")
        return [self.ask("GET", "/_ping").get("Api-Version"), self.ask("HEAD", "/_ping").get("Api-Version"),
                version.get("Api-Version"), version.json()["ApiVersion"],
                version.json()["Components"][0]["Details"]["ApiVersion"]]

    def test_a_newer_engine_looks_older(self):
        self.start_capped("1.60")
        self.assertEqual(self.told(), ["1.45"] * 5)
        self.assertEqual(self.ask("GET", "/version").json()["Version"], "99")

    def test_an_older_engine_looks_as_it_is(self):
        self.start_capped("1.41")
        self.assertEqual(self.told(), ["1.41"] * 5)

    def test_versions_outside_the_window(self):
        self.start_capped("1.60")
        for version in ("v1.29", "v1.46", "v1.60", "v1.4", "v1", "v2.0", "v01.41", "v1.041", "v1.41.0", "v1..41",
                        "V1.41", "v1.41/v1.41", "v.1.41", "v1.99999999999999999999"):
            with self.subTest(version):
                response = self.ask("GET", "/%s/containers/json" % version)
                self.assertIn(response.status, (400, 403, 404))
                self.assert_refused(response, response.status)
        self.assertEqual(self.engine.asked(), [])
        for version in ("v1.30", "v1.45"):
            self.assertEqual(self.ask("GET", "/%s/containers/json" % version).status, 200)


if __name__ == "__main__":
    unittest.main()
