"""One record for every request, whatever became of it; and never a secret in it or in the log."""

import os
import re
import signal
import time
import unittest

from fake_engine import sends
from harness import BASELINE, HARMLESS, PRIVILEGED, BlackboxTest, Policy
from wire import chunk, request_bytes, wait_for

FIELDS = {"ts", "req", "decision", "listener", "policy", "op", "method", "path", "api", "status", "rules",
          "client", "bytes_in", "bytes_out", "filter_us", "upstream_us"}
UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "tcp")]


class AuditTest(BlackboxTest):
    def only_record(self):
        records = self.audit(1)
        self.assertEqual(len(records), 1, records)
        self.assertLessEqual(FIELDS, set(records[0]))
        return records[0]

    def test_an_allowed_request(self):
        self.start(BASELINE)
        self.assertEqual(self.ask("POST", "/v1.41/containers/create?name=a", HARMLESS).status, 201)
        record = self.only_record()
        self.assertEqual({key: record[key] for key in ("decision", "policy", "op", "method", "api", "status",
                                                       "rules", "image")},
                         {"decision": "allow", "policy": "test", "op": "containers.create", "method": "POST",
                          "api": "1.41", "status": 201, "rules": [], "image": "nonroot"})
        self.assertRegex(record["ts"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ$")
        self.assertIn("/containers/create", record["path"])
        self.assertIn(str(self.socket), record["listener"])
        self.assertEqual(record["client"], {"uid": os.getuid(), "gid": os.getgid(), "pid": os.getpid()})
        self.assertGreater(record["bytes_in"], 0)
        self.assertGreater(record["bytes_out"], 0)

    def test_a_refused_request(self):
        self.start(BASELINE)
        body = dict(PRIVILEGED, HostConfig={"Privileged": True, "PidMode": "host"})
        response = self.ask("POST", "/v1.41/containers/create", body)
        self.assert_refused(response, 403, "privileged")
        record = self.only_record()
        self.assertEqual((record["decision"], record["status"]), ("deny", 403))
        self.assertEqual(record["req"], response.json()["request_id"])
        self.assertIn(record["req"], response.message())
        self.assertLessEqual({"privileged", "host_pid"}, {rule["id"] for rule in record["rules"]})
        for rule in record["rules"]:
            self.assertEqual(rule["level"], "deny")
            self.assertTrue(rule["value"])

    def test_a_refusal_by_operation(self):
        self.start(BASELINE)
        self.assert_refused(self.ask("POST", "/v1.41/swarm/init", {}), 403)
        record = self.only_record()
        self.assertEqual((record["decision"], record["op"]), ("deny", "swarm.init"))

    def test_malformed_requests(self):
        self.start(BASELINE)
        for data in (b"nonsense\r\n\r\n", b"GET /_ping HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
                     b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            client = self.client()
            client.send(data)
            client.read_to_end()
        records = self.audit(4)
        self.assertEqual(len(records), 4)
        for record in records:
            self.assertEqual(record["decision"], "deny")
            self.assertIn(record["status"], (400, 403, 505))

    def test_requests_that_break_off(self):
        """Half a head, half a body: a request was begun, so it is told."""
        self.start(BASELINE)
        data = request_bytes("POST", "/v1.41/containers/create", HARMLESS)
        for end in (20, len(data) - 5):
            client = self.client()
            client.send(data[:end])
            time.sleep(0.05)
            client.close()
        records = self.audit(2)
        self.assertEqual(len(records), 2)
        self.assertTrue(all(record["decision"] != "allow" for record in records))

    def test_a_connection_without_a_request(self):
        self.start(BASELINE)
        for _ in range(5):
            self.client().close()
        time.sleep(0.1)
        self.assertEqual(self.audit(), [])

    def test_a_client_that_leaves_before_the_answer(self):
        self.start(BASELINE)
        held = []
        self.engine.on("GET /info", lambda c, r: held.append(c))
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/info"))
        wait_for(lambda: held, "the request")
        client.close()
        self.assertEqual(self.only_record()["decision"], "error")

    def test_an_engine_that_gives_no_answer(self):
        self.start(BASELINE)
        self.engine.on("POST /containers/create", sends())
        self.assert_refused(self.ask("POST", "/v1.41/containers/create", HARMLESS), 502)
        record = self.only_record()
        self.assertEqual((record["decision"], record["status"]), ("error", 502))

    def test_an_answer_that_breaks_off(self):
        self.start(BASELINE)
        self.engine.on("GET /info", sends(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"))
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/info"))
        client.read_to_end()
        record = self.only_record()
        self.assertEqual((record["op"], record["status"]), ("system.info", 200))

    def test_a_tunnel_counts_its_bytes(self):
        self.start(BASELINE)

        def echo(connection, _request):
            connection.send(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
            connection.send(connection.read_to_end() * 3)
            return False

        self.engine.on("POST /containers/a/attach", echo)
        client = self.client()
        client.send(request_bytes("POST", "/v1.41/containers/a/attach?stream=1", None, UPGRADE))
        self.assertEqual(client.head().status, 101)
        self.assertEqual(self.audit(), [], "a tunnel is told when it has ended")
        client.send(b"a" * 1000)
        client.send_end()
        self.assertEqual(client.read_to_end(), b"a" * 3000)
        record = self.only_record()
        self.assertEqual((record["decision"], record["op"], record["status"]),
                         ("allow", "containers.attach", 101))
        self.assertEqual((record["bytes_in"], record["bytes_out"]), (1000, 3000))

    def test_a_stream_that_the_client_leaves(self):
        self.start(BASELINE)
        self.engine.on("GET /events", lambda c, r: c.send(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"event")))
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/events"))
        client.head()
        client.read_chunk()
        client.close()
        record = self.only_record()
        self.assertEqual((record["op"], record["status"]), ("system.events", 200))

    def test_a_look_up_is_no_request(self):
        self.start(Policy("baseline", BASELINE.allow,
                          {"run_as_root": {"level": "deny", "trust_image_user": True}}))
        self.assertEqual(self.ask("POST", "/v1.41/containers/create", {"Image": "nonroot"}).status, 201)
        self.assertEqual(self.only_record()["op"], "containers.create")

    def test_pipelined_requests_have_a_record_each(self):
        self.start(BASELINE)
        client = self.client()
        client.send(request_bytes("GET", "/_ping") * 20)
        ids = set()
        for _ in range(20):
            self.assertEqual(client.response().status, 200)
        records = self.audit(20)
        self.assertEqual(len(records), 20)
        ids = {record["req"] for record in records}
        self.assertEqual(len(ids), 20)

    def test_secrets_are_told_to_nobody(self):
        self.start(BASELINE)
        secret, credential = "hunter2-in-the-environment", "aHVudGVyMy1hcy1jcmVkZW50aWFs"
        body = {"Image": "nonroot", "User": "1000", "Env": ["PASSWORD=" + secret, secret],
                "Cmd": ["login", "--password", secret]}
        for more in ({}, {"HostConfig": {"Privileged": True}}, {"Surprise": 1}, {"Env": "PASSWORD=" + secret},
                     {"HostConfig": {"Binds": ["/etc:/x"], "LogConfig": {"Type": "gelf"}}}):
            self.ask("POST", "/v1.41/containers/create?name=a", dict(body, **more))
        self.ask("POST", "/v1.41/containers/a/exec", {"Cmd": ["a"], "Env": ["PASSWORD=" + secret], "Privileged": True})
        self.ask("POST", "/v1.41/containers/create", b'{"Env":["%s"' % secret.encode(),
                 [("Content-Type", "application/json")])
        for target in ("/v1.41/images/create?fromImage=a", "/v1.41/images/a/push", "/v1.41/plugins/pull"):
            self.ask("POST", target, None, [("X-Registry-Auth", credential), ("Authorization", credential)])
        self.ask("POST", "/v1.41/auth", {"username": "u", "password": secret})
        self.ask("POST", "/v1.41/build?buildargs=%7B%22P%22%3A%22" + secret + "%22%7D", b"tar",
                 [("Content-Type", "application/x-tar"), ("X-Registry-Config", credential)])
        client = self.client()
        client.send(b"GET /_ping HTTP/1.1\r\nHost: a\r\nX-Registry-Auth : " + credential.encode() + b"\r\n\r\n")
        client.read_to_end()
        self.assertGreaterEqual(len(self.audit(13)), 13)
        text = self.audit_path.read_text() + self.sockade.log()
        self.assertNotIn(secret, text)
        self.assertNotIn(credential, text)

    def test_control_characters_are_escaped(self):
        self.start(BASELINE)
        hostile = 'a\n{"decision":"allow"}\r\x1b[2J\x00\x7f'
        for body in ({"Image": hostile.replace("\x00", ""), "User": "1000"},
                     {"Image": "nonroot", "User": "1000", "HostConfig": {"Binds": ["/etc/\x1b[31m\n:/x"]}},
                     {"Image": "nonroot", "User": "1000", "HostConfig": {"PidMode": "container:\x1b[2J\nx"}}):
            self.ask("POST", "/v1.41/containers/create", body)
        for data in (b"GET /\x1b[2J HTTP/1.1\r\nHost: a\r\n\r\n", b"\x1b[2J\n\n\r\n\r\n",
                     b"GET /v1.41/containers/%1b%5b2J%0a/json HTTP/1.1\r\nHost: a\r\n\r\n"):
            client = self.client()
            client.send(data)
            client.send_end()
            client.read_to_end()
        self.assertEqual(len(self.audit(6)), 6)
        for text in (self.audit_path.read_bytes(), self.sockade.log_path.read_bytes()):
            self.assertIsNone(re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", text), "a raw control character")

    def test_long_values_are_cut(self):
        self.start(BASELINE)
        self.ask("POST", "/v1.41/containers/create", {
            "Image": "a" * 5000, "User": "1000", "HostConfig": {"Binds": ["/" + "b" * 5000 + ":/x"]}})
        self.only_record()
        self.assertLess(len(self.audit_path.read_text()), 4000)

    def test_text_for_people(self):
        self.start_engine()
        self.run_sockade("--config", self.write_config(BASELINE), "--audit", self.audit_path,
                         "--audit-format", "text")
        self.assert_refused(self.ask("POST", "/v1.41/containers/create", PRIVILEGED), 403)
        text = wait_for(lambda: self.audit_path.read_text() if "DENY" in self.audit_path.read_text() else None,
                        "a record")
        engine, record = text.splitlines()
        self.assertRegex(engine, r"^20\S+Z ENGINE name=dockerd version=\S+ api=\S+ socket=\S+$")
        self.assertRegex(record, r"^20\S+Z DENY +test POST containers\.create .*rules=privileged")

    def test_standard_output_is_the_default(self):
        config = self.write_config(BASELINE)
        self.start_engine()
        self.run_sockade("--config", config)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        wait_for(lambda: '"decision":"allow"' in self.sockade.out_path.read_text(), "a record")

    def test_a_file_moved_away_is_opened_again(self):
        self.start(BASELINE)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.audit(1)
        moved = self.audit_path.with_suffix(".1")
        self.audit_path.rename(moved)
        self.sockade.signal(signal.SIGHUP)
        wait_for(self.audit_path.exists, "a new file")
        self.assertEqual(self.ask("GET", "/v1.41/info").status, 200)
        self.assertEqual([record["op"] for record in self.audit(1)], ["system.info"])
        self.assertEqual(moved.read_text().count('"op":'), 1)
        self.assertEqual([event["event"] for event in self.audit_events()], ["engine"], "told in each file")

    def test_the_file_is_not_for_everybody(self):
        self.start(BASELINE)
        self.ask("GET", "/_ping")
        self.audit(1)
        self.assertEqual(self.audit_path.stat().st_mode & 0o007, 0)


if __name__ == "__main__":
    unittest.main()
