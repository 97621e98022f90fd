"""One client's appetite: what it can make sockade do, write and hold is bounded, and others have their share."""

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import time
import unittest

import test_identity
from harness import BASELINE, HARMLESS, PRIVILEGED, BlackboxTest, Policy, is_sanitized
from test_limits import ALICE, BOB, HEAD, LimitTest
from wire import request_bytes, wait_for

DENIED = [("PidMode", "host"), ("IpcMode", "host"), ("UTSMode", "host"), ("UsernsMode", "host"), ("NetworkMode", "host"),
          ("CgroupParent", "/a"), ("OomScoreAdj", -500), ("CapAdd", ["SYS_ADMIN"]), ("MaskedPaths", []),
          ("SecurityOpt", ["seccomp=unconfined"]), ("Runtime", "other")]  # each by a rule of its own

CONNECTED = """
import os, socket, sys
held = []
for uid in map(int, sys.argv[2:]):
    os.seteuid(uid)
    client = socket.socket(socket.AF_UNIX)
    client.connect(sys.argv[1])
    os.seteuid(0)
    client.settimeout(20)
    try:
        client.sendall(b"GET /v1.41/info HTTP/1.1\\r\\nHost: d\\r\\n\\r\\n")
    except BrokenPipeError:
        pass  # turned away before
    print(client.recv(65536).split()[1].decode(), flush=True)
    held.append(client)
sys.stdin.readline()
"""


@unittest.skipUnless(os.geteuid() == 0, "needs root to be several users")
class RefusalsTest(LimitTest):
    def statuses(self, client, count):
        """Of requests that are sent ahead."""
        client.send(request_bytes("GET", "/v1.41/swarm") * count)
        return [client.response().status for _ in range(count)]

    def test_too_many_are_slowed_down_and_told_so(self):
        self.start_limited({"per_uid": {"refusals_per_minute": 20}})
        client = self.connect(ALICE)
        done = 0
        while True:
            begun = time.monotonic()
            response = self.ask_as(ALICE, target="/v1.41/swarm", client=client)
            if response.status != 403:
                break
            done += 1
            self.assertLess(done, 60)
        self.assertGreaterEqual(done, 20)
        self.refused(response, 429, "limits.per_uid.refusals_per_minute")
        self.assertGreater(time.monotonic() - begun, 0.5, "the answer takes a while")
        self.assertEqual(self.ask_as(ALICE, client=client).status, 200, "what is allowed is served at once")
        self.assertEqual(self.ask_as(BOB, target="/v1.41/swarm").status, 403, "another user has its own")

    def test_a_flood_costs_little(self):
        """Requests sent ahead on a few connections, all of which are refused."""
        self.start_limited({"per_uid": {"refusals_per_minute": 100}})
        clients = [self.connect(ALICE) for _ in range(4)]
        flood = request_bytes("POST", "/v1.41/containers/create", PRIVILEGED) * 150
        for client in clients:
            client.send(flood)
        wait_for(lambda: clients[0].response().status == 429, "the first to be slowed down")
        begun = time.monotonic()
        self.assertEqual(self.ask_as(BOB).status, 200)
        self.assertEqual(self.ask_as(ALICE).status, 200, "the same user's other work goes on")
        time.sleep(2)
        took = time.monotonic() - begun
        refused = sum(record.get("count", 1) for record in self.audit() if record["decision"] == "deny")
        # Each connection is answered once a second at most.
        self.assertLess(refused, 100 + 4 * (took + 4))

    def test_by_default(self):
        self.start_limited({"hold_timeout": 60})
        client = self.connect(ALICE)
        for _ in range(59):
            self.assertEqual(self.statuses(client, 100), [403] * 100, "more than anybody is refused by mistake")
        for _ in range(100):
            client.send(request_bytes("GET", "/v1.41/swarm") * 100)
            if any(client.response().status == 429 for _ in range(100)):
                return
        self.fail("no limit")


class RecordsTest(BlackboxTest):
    """Repeated refusals are one record; and whatever there is of them, those of what passed are written."""

    def refuse(self, client, count, body=None):
        """Refusals sent ahead, and the ids that the client was told."""
        client.send(request_bytes("POST", "/v1.41/containers/create", body or PRIVILEGED) * count)
        answers = [client.response().json() for _ in range(count)]
        return [answer["request_id"] for answer in answers]

    def test_repetitions_are_one_record_that_says_how_many_and_which(self):
        self.start(BASELINE)
        ids = self.refuse(self.client(), 10)
        wait_for(lambda: sum(each.get("count", 1) for each in self.audit()) >= 10, "all to be recorded")
        records = self.audit()
        self.assertLessEqual(len(records), 4, "one, and one for each second or so")
        self.assertEqual(sum(each.get("count", 1) for each in records), 10)
        self.assertNotIn("count", records[0])
        told = [records[0]["req"]]
        for record in records[1:]:
            self.assertEqual(record["req"], record["reqs"][0])
            self.assertEqual(record["last_req"], record["reqs"][-1])
            self.assertEqual(record["count"], len(record["reqs"]))
            self.assertLessEqual(record["first"], record["last"])
            self.assertEqual([rule["id"] for rule in record["rules"]], ["privileged"])
            told += record["reqs"]
        self.assertEqual(told, ids, "each is found by the id that its sender was told")

    def test_a_flood_is_a_few_records(self):
        self.start(BASELINE)
        begun = time.monotonic()
        for _ in range(20):
            self.refuse(self.client(), 100)
        wait_for(lambda: sum(each.get("count", 1) for each in self.audit()) >= 2000, "all to be recorded")
        took = time.monotonic() - begun
        self.assertLess(len(self.audit()), 2 * (took + 2))

    def test_what_differs_is_not_hidden(self):
        self.start(BASELINE)
        client = self.client()
        self.refuse(client, 50)
        self.refuse(client, 1, {"Image": "a", "HostConfig": {"PidMode": "host"}})
        records = self.audit(2)
        self.assertIn(["host_pid"], [[rule["id"] for rule in record["rules"]] for record in records])

    def test_a_reload_and_the_end_write_what_is_counted(self):
        sockade = self.start(BASELINE)
        ids = self.refuse(self.client(), 5)
        sockade.signal(signal.SIGHUP)
        wait_for(lambda: "reloaded" in sockade.log(), "the reload")
        self.assertEqual(sum(each.get("count", 1) for each in self.audit()), 5)
        ids += self.refuse(self.client(), 5)
        sockade.stop()
        self.assertEqual(sum(each.get("count", 1) for each in self.audit()), 10)

    def test_no_flood_of_refusals_costs_a_record_of_what_passed(self):
        """A pipe that takes less than what comes, where requests are served without a record (drop), or not (deny)."""
        for on_error in ("drop", "deny"):
            with self.subTest(on_error=on_error):
                self.flood_past_a_slow_reader(on_error)
                self.sockade.stop()
                self.audit_path.unlink()

    def flood_past_a_slow_reader(self, on_error):
        os.mkfifo(self.audit_path)
        reader = os.open(self.audit_path, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
        self.start(Policy("baseline", BASELINE.allow, None, {"refusals_per_minute": 0,
                                                            "per_uid": {"refusals_per_minute": 0}}),
                   audit={"on_error": on_error})
        clients = [self.client() for _ in range(4)]
        text = b""
        for turn in range(40):
            for number, client in enumerate(clients):
                # Each differs, as far as a client can make it.
                bodies = [dict(PRIVILEGED, Image="a%d-%d-%d" % (turn, number, i)) for i in range(50)]
                client.send(b"".join(request_bytes("POST", "/v1.41/containers/create", each) for each in bodies))
                for _ in bodies:
                    self.assertEqual(client.response().status, 403)
            self.assertEqual(self.ask("GET", "/v1.41/info").status, 200, "nobody is refused for the others' records")
            text += os.read(reader, 4096)
        deadline = time.monotonic() + 20
        while text.count(b'"op":"system.info"') < 40 and time.monotonic() < deadline:
            if select.select([reader], [], [], 0.1)[0]:
                text += os.read(reader, 65536)
        os.close(reader)
        self.assertEqual(text.count(b'"op":"system.info"'), 40)


@unittest.skipUnless(os.geteuid() == 0, "needs root to be several users")
class ConnectionsTest(LimitTest):
    """When connections run short, the oldest idle ones of who has most are closed."""

    def is_open(self, client):
        return client.is_quiet(0.1)

    def fill(self, limits, idle):
        """Idle connections of ALICE, and one of a third user, which is older than all of them."""
        self.start_limited(limits)
        other = self.connect(1236)
        self.assertEqual(self.ask_as(1236, client=other).status, 200)
        clients = [self.connect(ALICE) for _ in range(idle)]
        for client in clients:
            self.assertEqual(self.ask_as(ALICE, client=client).status, 200)
        return other, clients

    def test_who_holds_most_gives_way(self):
        other, clients = self.fill({"connections": 10}, 9)
        wait_for(lambda: self.ask_as(BOB).status == 200, "room for another user")
        self.assertEqual(clients[0].read_to_end(), b"", "the oldest of those")
        self.assertTrue(self.is_open(clients[-1]))
        self.assertTrue(self.is_open(other), "who has one keeps it")

    def test_ones_own_too(self):
        other, clients = self.fill({"per_uid": {"connections": 5}}, 5)
        wait_for(lambda: self.ask_as(ALICE).status == 200, "a connection in place of an idle one")
        self.assertEqual(clients[0].read_to_end(), b"")
        self.assertTrue(self.is_open(other))

    def test_nobody_gives_way_to_who_has_as_much(self):
        """Work that is under way is not closed, and an idle connection not for one more of who has many."""
        self.start_limited({"connections": 5})
        self.busy(ALICE, ALICE, ALICE, ALICE)
        other = self.connect(BOB)
        self.assertEqual(self.ask_as(BOB, client=other).status, 200)
        time.sleep(1.5)  # it is idle for long enough
        self.refused(self.ask_as(ALICE), 503, "limits.connections")
        self.assertTrue(self.is_open(other))

    def test_half_a_head_is_no_work(self):
        self.start_limited({"connections": 5})
        clients = [self.connect(ALICE) for _ in range(5)]
        for client in clients:
            client.send(b"GET /v1.41/info HTTP/1.1\r\nHo")
        wait_for(lambda: self.ask_as(BOB).status == 200, "room for another user", 20)


@unittest.skipUnless(os.geteuid() == 0, "needs root to be several users")
class MemoryTest(LimitTest):
    """Memory counts as it is used, for each client, and none can have it all."""

    SIZE = 4 << 20

    def head(self, size):
        return (b"POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % size)

    def large(self, uid):
        """A create of almost that size."""
        body = dict(HARMLESS, Labels={"a": "b" * (self.SIZE - 4096)})
        return self.ask_as(uid, "POST", "/v1.41/containers/create", body)

    def test_what_is_announced_is_not_held(self):
        self.start_limited({"body_bytes": "4m", "total_body_bytes": "32m"})
        clients = [self.connect(ALICE) for _ in range(11)]
        for client in clients:
            client.send(self.head(self.SIZE))
        self.assertEqual(self.ask_as(ALICE).status, 200)
        self.assertEqual(self.large(BOB).status, 201)
        self.assertEqual(self.large(ALICE).status, 201)

    def test_bodies_that_do_not_come_give_way(self):
        self.start_limited({"body_bytes": "4m", "total_body_bytes": "32m"})
        clients = [self.connect(ALICE) for _ in range(11)]
        part = self.head(self.SIZE) + b'{"Image":"a","Labels":{"a":"' + b"b" * (self.SIZE // 4)
        for client in clients:
            try:
                client.send(part)
            except BrokenPipeError:
                pass  # 503 already
        wait_for(lambda: self.large(BOB).status == 201, "another user's", 20)
        wait_for(lambda: self.large(ALICE).status == 201, "one more of the same user", 20)
        records = [line for line in self.audit() if line["status"] == 503]
        self.assertEqual({rule["id"] for line in records for rule in line["rules"]}, {"limits.total_body_bytes"})

    def test_heads_count(self):
        """What hundreds of connections hold of heads is bounded, and another user is served."""
        self.start_limited({"total_body_bytes": "8m", "connections": 1000, "per_uid": {"connections": 1000}})
        self.assertEqual(self.ask_as(BOB).status, 200)
        before = self.sockade.rss_kib()
        clients = [self.connect(ALICE) for _ in range(400)]
        refused = 0
        for client in clients:
            try:
                client.send(b"GET /v1.41/info HTTP/1.1\r\nHost: d\r\nX: " + b"a" * 60000)
            except BrokenPipeError:
                refused += 1
        self.assertEqual(self.ask_as(BOB).status, 200)
        if not is_sanitized():
            self.assertLess(self.sockade.rss_kib() - before, 16 * 1024)
        self.assertEqual(clients[-1].response().status, 503)

    def test_pipelined_requests_count(self):
        """Behind a request that takes long, some of what is sent ahead is read and no more."""
        self.start_limited({"connections": 1000, "per_uid": {"connections": 1000}})
        held = self.hold("GET /events")
        before = self.sockade.rss_kib()
        clients = [self.connect(ALICE) for _ in range(200)]
        ahead = request_bytes("GET", "/v1.41/events") + request_bytes("GET", "/v1.41/info") * 1500
        for client in clients:
            client.sock.setblocking(False)
            try:
                client.sock.send(ahead)
            except BlockingIOError:
                pass
            client.sock.settimeout(20)
        wait_for(lambda: len(held) == 200, "all to be under way")
        self.assertEqual(self.ask_as(BOB).status, 200)
        if not is_sanitized():
            self.assertLess(self.sockade.rss_kib() - before, 40 * 1024)


class OthersRecordsTest(LimitTest):
    def test_a_flood_of_ones_refusals_costs_no_record_of_anothers(self):
        """A pipe that takes nothing meanwhile; each refusal differs, as far as a client can make it."""
        os.mkfifo(self.audit_path)
        reader = os.open(self.audit_path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
        self.start(listen=[{"socket": str(self.socket), "mode": "0666", "policy": "test"}], audit={"on_error": "drop"},
                   policies={"test": {"base": "baseline", "allow": BASELINE.allow,
                                      "limits": {"refusals_per_minute": 0, "per_uid": {"refusals_per_minute": 0}}}})
        alice, bob = self.connect(ALICE), self.connect(BOB)
        for turn in range(2 ** len(DENIED)):
            host = dict(item for bit, item in enumerate(DENIED) if turn & 1 << bit)
            body = {"Image": "i" * 200, "HostConfig": {"Privileged": True, **host}}
            self.assertEqual(self.ask_as(ALICE, "POST", "/v1.41/containers/create", body, alice).status, 403)
            if turn % 200 == 0:  # fewer than are folded
                self.assertEqual(self.ask_as(BOB, target="/v1.41/plugins/bob%d/json" % turn, client=bob).status, 403)
        text = b""
        while select.select([reader], [], [], 1)[0]:
            text += os.read(reader, 65536)
        self.ask_as(BOB, target="/v1.41/plugins/last/json", client=bob)
        wait_for(lambda: select.select([reader], [], [], 0.1)[0], "the line that says how many were lost")
        self.assertIn(b"audit_dropped", text + os.read(reader, 65536), "there was no room for all of the flood")
        missing = [turn for turn in range(0, 2 ** len(DENIED), 200) if b"/plugins/bob%d/json" % turn not in text]
        self.assertEqual(missing, [])


class SubordinateTest(LimitTest):
    def test_subordinate_ids_are_counted_as_their_owner(self):
        """A user may have 65,536 of them, and connects as each from a user namespace."""
        subuid = self.directory / "subuid"
        subuid.write_text("%d:700000:65536\n" % ALICE)
        mounts = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/subuid && exec "$@"', str(subuid)]
        if subprocess.run([*mounts, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.start_engine()
        self.engine.on("GET /events", lambda connection, request: connection.send(HEAD) and None)
        config = self.write_config(listen=[{"socket": str(self.socket), "mode": "0666", "policy": "test"}], policies={
            "test": {"base": "baseline", "allow": BASELINE.allow, "limits": {"per_uid": {"streams": 3}}}})
        self.run_sockade("--config", config, "--audit", self.audit_path, "--audit-format", "json", prefix=mounts)
        for uid, status in ((700000, 200), (700001, 200), (ALICE, 200), (765535, 429), (765536, 200), (BOB, 200)):
            client = self.connect(uid)
            client.send(request_bytes("GET", "/v1.41/events"))
            self.assertEqual(client.head().status, status, uid)
        self.assertEqual(self.last_refusal()["client"]["uid"], 765535, "the record says which it was")


@unittest.skipUnless(os.geteuid() == 0, "needs root to make control groups")
class ContainersTest(LimitTest):
    """Root of a container is as many users as it likes, and counted as one client."""

    group = test_identity.ContainerTest.group
    remove = staticmethod(test_identity.ContainerTest.remove)
    process = test_identity.ContainerTest.process
    container = test_identity.ContainerTest.container
    engine_knows = test_identity.ContainerTest.engine_knows
    inspections = 0

    def connect_as(self, group, uids):
        """The status that each of these users gets, all of whom stay connected."""
        with self.process(group, sys.executable, "-c", CONNECTED, str(self.socket), *map(str, uids)) as process:
            done, _ = process.communicate("\n", timeout=60)
        return [int(word) for word in done.split()]

    def test_connections_are_counted_for_the_container(self):
        self.group("docker", test_identity.IDENTITY)
        group = self.group("docker", test_identity.IDENTITY)
        self.start_limited({"per_container": {"connections": 3}})
        for knows in (False, True):
            # Whether the engine confirms the container or not: a lie is no way to be counted nowhere.
            self.engine.on("GET /containers/%s/json" % test_identity.IDENTITY, lambda connection, request:
                           connection.answer(404, {"message": "no"}) if not knows else
                           connection.answer(200, {"Id": test_identity.IDENTITY, "Name": "/a", "State": {"Pid": 1},
                                                   "Config": {"Labels": {}}, "Image": "sha256:" + "5" * 64}))
            self.assertEqual(self.connect_as(group, range(1001, 1007)), [200, 200, 200, 503, 503, 503])
        self.assertEqual(self.ask_as(1001).status, 200, "the same user elsewhere")
        record = [line for line in self.audit(6) if line["decision"] == "deny"][0]
        self.assertEqual([rule["id"] for rule in record["rules"]], ["limits.per_container.connections"])

    def test_a_uid_in_a_container_is_not_the_hosts(self):
        """Root of a container takes nothing away from the host's root, nor from root of another."""
        self.start_limited({"per_uid": {"streams": 3}})
        self.engine.on("GET /events", lambda connection, request: connection.send(HEAD) and None)
        self.group("docker")
        groups = [self.group("docker", name) for name in (test_identity.IDENTITY, "f" * 64)]
        with self.watching(groups[0], *[0] * 5) as process:
            self.assertEqual([int(process.stdout.readline()) for _ in range(5)], [200, 200, 200, 429, 429])
            with self.watching(groups[1], *[0] * 4) as other:
                self.assertEqual([int(other.stdout.readline()) for _ in range(4)], [200, 200, 200, 429])
            for expected in (200, 200, 200, 429):
                client = self.connect(0)
                client.send(request_bytes("GET", "/v1.41/events"))
                self.assertEqual(client.head().status, expected)

    def watching(self, group, *uids):
        return self.process(group, sys.executable, "-c", CONNECTED.replace("/info", "/events"), str(self.socket),
                            *map(str, uids))

    def test_who_may_name_control_groups_is_counted_as_the_user_that_it_is(self):
        """A user's session may make groups, and call them what an engine calls those of containers."""
        self.start_limited({"per_uid": {"streams": 3}})
        self.engine.on("GET /events", lambda connection, request: connection.send(HEAD) and None)
        session = self.group("session")
        groups = [self.group("session", "docker-%s.scope" % (digit * 64)) for digit in "abcd"]
        for owner, expected in ((0, [200] * 4), (ALICE, [200, 200, 200, 429])):
            os.chown(session, owner, owner)
            with contextlib.ExitStack() as stack:
                processes = [stack.enter_context(self.watching(group, ALICE)) for group in groups]
                self.assertEqual(sorted(int(process.stdout.readline()) for process in processes), expected)
            wait_for(lambda: self.ask_as(BOB, target="/v1.41/containers/json").status == 200, "the streams to end")

    def test_a_process_without_its_main_thread_is_counted_where_it_is(self):
        """Version 1 of control groups shows it in the root group."""
        self.group("docker", test_identity.IDENTITY)
        group = self.group("docker", test_identity.IDENTITY)
        program = self.directory / "headless"
        built = subprocess.run(["gcc", "-pthread", "-o", program, test_identity.HEADLESS], capture_output=True,
                               check=False)
        if built.returncode != 0:
            self.skipTest("no compiler")
        self.start_limited({"per_container": {"connections": 10}})
        with self.container(group), self.process(group, program, self.socket, "/v1.41/info") as process:
            done, _ = process.communicate(timeout=20)
        self.assertIn(" 200 ", done.splitlines()[0])
        self.assertEqual(self.audit(1)[0]["client"].get("container", {}).get("id"), test_identity.IDENTITY)


if __name__ == "__main__":
    unittest.main()
