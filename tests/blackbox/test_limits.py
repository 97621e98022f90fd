"""Limits: who is one too many is told so, and when; everybody else notices nothing, and so does
the same client a moment later."""

import contextlib
import json
import os
import time
import unittest

from harness import BASELINE, HARMLESS, BlackboxTest
from wire import request_bytes, wait_for

ALICE, BOB = 1234, 1235
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextlib.contextmanager
def acting_as(uid, gid=None, groups=()):
    """What connects meanwhile has that user; the kernel notes it at connect()."""
    before = os.getgroups()
    os.setgroups(groups)
    os.setegid(uid if gid is None else gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(before)


@unittest.skipUnless(os.geteuid() == 0, "needs root to be several users")
class LimitTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.directory, 0o711)

    def start_limited(self, limits, **policy):
        self.policies = {"test": {"base": "baseline", "allow": BASELINE.allow, "limits": limits, **policy}}
        self.start(listen=[{"socket": str(self.socket), "mode": "0666", "policy": "test"}],
                   policies=self.policies)

    def connect(self, uid=0, **options):
        with acting_as(uid, **options):
            return self.client()

    def ask_as(self, uid, method="GET", target="/v1.41/info", body=None, client=None):
        client = client or self.connect(uid)
        try:
            client.send(request_bytes(method, target, body))
        except BrokenPipeError:
            pass  # turned away before
        return client.response(method)

    def create(self, uid, client=None):
        return self.ask_as(uid, "POST", "/v1.41/containers/create", HARMLESS, client)

    def refused(self, response, status, rule):
        self.assertEqual(response.status, status, response.body)
        self.assertEqual(response.all("Content-Type"), ["application/json"])
        self.assertRegex(response.get("Retry-After", ""), r"\A[1-9][0-9]*\Z")
        answer = response.json()
        self.assertEqual(answer["code"], "busy")
        self.assertEqual([entry["id"] for entry in answer["rules"]], [rule])
        self.assertIn("(%s)" % rule, answer["message"])
        return int(response.get("Retry-After"))

    def last_refusal(self):
        return [record for record in self.audit(1) if record["decision"] == "deny"][-1]

    def busy(self, *uids):
        """Connections that are not idle: an idle one may be closed for others."""
        held = self.hold("GET /events")
        clients = [self.connect(uid) for uid in uids]
        for client in clients:
            client.send(request_bytes("GET", "/v1.41/events"))
        wait_for(lambda: len(held) == len(uids), "all to be under way")
        return clients

    def hold(self, pattern):
        """The engine takes such requests and answers when told so."""
        held = []
        self.engine.on(pattern, lambda connection, request: held.append(connection))
        return held


class ConnectionsTest(LimitTest):
    def test_of_one_user(self):
        self.start_limited({"per_uid": {"connections": 3}})
        clients = self.busy(ALICE, ALICE, ALICE)
        extra = self.connect(ALICE)
        self.refused(self.ask_as(ALICE, client=extra), 503, "limits.per_uid.connections")
        self.assertEqual(extra.read_to_end(), b"")
        self.assertEqual(self.ask_as(BOB).status, 200, "another user has its own")
        self.assertEqual(self.ask_as(0).status, 200)
        clients.pop().close()
        wait_for(lambda: self.ask_as(ALICE).status == 200, "room for a connection again")
        record = self.last_refusal()
        self.assertEqual(record["op"], "connect")
        self.assertEqual(record["client"]["uid"], ALICE)
        self.assertEqual([rule["id"] for rule in record["rules"]], ["limits.per_uid.connections"])

    def test_of_all(self):
        self.start_limited({"connections": 3})
        self.busy(ALICE, BOB, 0)
        self.refused(self.ask_as(BOB), 503, "limits.connections")

    def test_the_log_is_told_now_and_then(self):
        self.start_limited({"connections": 1})
        self.busy(ALICE)
        for _ in range(20):
            self.refused(self.ask_as(BOB), 503, "limits.connections")
        self.assertEqual(self.sockade.log().count("rejected a connection"), 1)
        wait_for(lambda: self.counted(op="connect") == 20, "each to be recorded, or counted")


class RequestsTest(LimitTest):
    def test_of_one_user(self):
        self.start_limited({"per_uid": {"requests": 2}})
        held = self.hold("GET /info")
        clients = [self.connect(ALICE) for _ in range(2)]
        for client in clients:
            client.send(request_bytes("GET", "/v1.41/info"))
        wait_for(lambda: len(held) == 2, "two requests to be under way")
        third = self.connect(ALICE)
        self.assertEqual(self.refused(self.ask_as(ALICE, target="/v1.41/version", client=third), 429,
                                      "limits.per_uid.requests"), 1)
        self.assertEqual(self.ask_as(BOB, target="/v1.41/version").status, 200)
        self.assertEqual(self.last_refusal()["op"], "system.version")
        held[0].answer(200, {})
        wait_for(lambda: len(self.audit()) >= 3, "the first to end")
        response = self.ask_as(ALICE, target="/v1.41/version", client=third)
        self.assertEqual(response.status, 200, "the same connection, a moment later")

    def test_of_all(self):
        self.start_limited({"requests": 1})
        held = self.hold("GET /info")
        client = self.connect(ALICE)
        client.send(request_bytes("GET", "/v1.41/info"))
        wait_for(lambda: held, "a request to be under way")
        self.refused(self.ask_as(BOB, target="/v1.41/version"), 429, "limits.requests")
        client.close()  # who is gone counts no more
        wait_for(lambda: self.ask_as(BOB, target="/v1.41/version").status == 200, "room again")

    def test_streams_are_no_requests(self):
        self.start_limited({"per_uid": {"requests": 1, "streams": 5}})
        self.engine.on("GET /events", lambda connection, request: connection.send(HEAD) and None)
        streams = [self.connect(ALICE) for _ in range(5)]
        for stream in streams:
            stream.send(request_bytes("GET", "/v1.41/events"))
            self.assertEqual(stream.head().status, 200)
        self.assertEqual(self.ask_as(ALICE).status, 200, "a monitoring tool may still ask")
        self.refused(self.ask_as(ALICE, target="/v1.41/events"), 429, "limits.per_uid.streams")
        streams.pop().close()
        wait_for(lambda: self.opens_events(), "room for a stream again")

    def opens_events(self):
        client = self.connect(ALICE)
        client.send(request_bytes("GET", "/v1.41/events"))
        opened = client.head().status == 200
        client.close()
        return opened

    def test_tunnels_are_streams(self):
        self.start_limited({"streams": 1})
        self.engine.on("POST /containers/a/attach", lambda connection, request: connection.send(
            b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n") and None)
        attach = request_bytes("POST", "/v1.41/containers/a/attach?stream=1", None,
                               [("Connection", "Upgrade"), ("Upgrade", "tcp")])
        tunnel = self.connect(ALICE)
        tunnel.send(attach)
        self.assertEqual(tunnel.head().status, 101)
        other = self.connect(BOB)
        other.send(attach)
        self.refused(other.response(), 429, "limits.streams")

    def test_a_refused_request_is_not_counted(self):
        self.start_limited({"requests": 1, "creates_per_minute": 1})
        for _ in range(5):
            self.assertEqual(self.ask_as(ALICE, target="/v1.41/swarm").status, 403)
        privileged = {"Image": "nonroot", "User": "1000", "HostConfig": {"Privileged": True}}
        for _ in range(5):
            self.assertEqual(self.ask_as(ALICE, "POST", "/v1.41/containers/create", privileged).status, 403)
        self.assertEqual(self.create(ALICE).status, 201)


class CreatesTest(LimitTest):
    def test_in_a_minute(self):
        self.start_limited({"creates_per_minute": 600, "per_uid": {"creates_per_minute": 60}})
        client = self.connect(ALICE)
        started = time.monotonic()
        done = 0
        while (response := self.create(ALICE, client)).status == 201:
            done += 1
            self.assertLess(done, 200)
        took = time.monotonic() - started
        self.assertGreaterEqual(done, 60)
        self.assertLessEqual(done, 61 + took)
        wait = self.refused(response, 429, "limits.per_uid.creates_per_minute")
        self.assertEqual(wait, 1)
        self.assertEqual(len(self.engine.asked()), done, "what is refused does not reach the engine")
        self.assertEqual(self.create(BOB).status, 201, "another user has its own")
        self.assertEqual(self.ask_as(ALICE).status, 200, "and nothing else is held up")
        time.sleep(wait + 0.1)
        self.assertEqual(self.create(ALICE, client).status, 201)

    def test_execs_networks_and_volumes_are_created_as_well(self):
        self.start_limited({"creates_per_minute": 2})
        for kind in ("networks", "volumes"):
            response = self.ask_as(ALICE, "POST", "/v1.41/%s/create" % kind, {"Name": "a-1"})
            self.assertLess(response.status, 300, response.body)
        self.refused(self.ask_as(BOB, "POST", "/v1.41/containers/a/exec", {"Cmd": ["true"]}),
                     429, "limits.creates_per_minute")

    def test_a_reload_forgets_nothing(self):
        self.start_limited({"creates_per_minute": 1})
        self.assertEqual(self.create(ALICE).status, 201)
        self.refused(self.create(ALICE), 429, "limits.creates_per_minute")
        self.reload_policies()
        self.assertGreater(self.refused(self.create(ALICE), 429, "limits.creates_per_minute"), 20)
        self.policies["test"]["limits"] = {"creates_per_minute": 120}
        self.reload_policies()
        wait_for(lambda: self.create(ALICE).status == 201, "the wider limit")

    def reload_policies(self):
        config = self.directory / "sockade.yaml"
        document = json.loads(config.read_text())
        document["policies"] = self.policies
        config.write_text(json.dumps(document))
        self.reload()


if __name__ == "__main__":
    unittest.main()
