"""What the engine does as root in a container's files, and what runs in them, exclude each other:
who waits, in which order, for how long, and what becomes of it when somebody leaves."""

import json
import threading
import time
from datetime import datetime, timezone

from fake_engine import PODMAN, version_answer
from harness import BASELINE, BlackboxTest
from wire import PATIENCE_S, SETTLE_S, request_bytes, wait_for

ALLOW = BASELINE.allow + ["containers.commit", "containers.files.*", "containers.export"]
WEB, DB, STEP = "a" * 64, "d" * 64, "b" * 64


class RaceTest(BlackboxTest):
    """An engine with three containers: `web` and `db`, which mount the volume `data`, and a step
    that a build left. What it is asked to do it begins, and ends when the test says so."""

    def setUp(self):
        super().setUp()
        self.running = set()
        self.begun = []
        self.ended = []
        self.lock = threading.Lock()

    def start_racing(self, rules=None, limits=None, version=None, scopes=None, **more):
        self.start_engine()
        if version:
            self.engine.version = version
        self.policy = {"base": "baseline", "allow": ALLOW, "rules": {"live_tree": "deny", **(rules or {})}}
        self.policy["limits"] = {"hold_timeout": 60, **(limits or {})}
        self.engine.on(r"GET /containers/(web|db|step|[abd])/json", self.inspect)
        self.engine.on(r"GET /containers/json", self.list)
        self.engine.on(r"GET /info", lambda c, r: c.answer(200, {"Swarm": {"LocalNodeState": "inactive"}}))
        self.engine.on(r"POST /(commit|build|containers/(create|[abd]/(start|unpause|kill|restart)))|"
                       r"(GET|HEAD|PUT) /containers/[abd]/archive|DELETE /containers/[abd]", self.begin)
        policies = {"test": self.policy, "scoped": {**self.policy, "scope": {"labels": {"team": "red"}}}}
        for name, scope in (scopes or {}).items():
            policies[name] = {**self.policy, **({"scope": scope} if scope else {})}
        self.start(policies=policies, engine=False, **more)

    def inspect(self, connection, request):
        name = request.route.split("/")[2]
        full = {"web": WEB, "db": DB, "step": STEP}.get(name, name * 64)
        log = "none" if full == STEP else "json-file"
        volumes = [] if full == STEP else [{"Type": "volume", "Name": "data", "Destination": "/data"}]
        connection.answer(200, {
            "Id": full, "Name": "/" + name, "State": {"Running": full in self.running, "Restarting": False},
            "Config": {"User": "1000", "Image": "sha256:1" if full == STEP else "nonroot", "Labels": {"team": "red"}},
            "HostConfig": {"NetworkMode": "none", "LogConfig": {"Type": log}}, "Mounts": volumes})

    def list(self, connection, request):
        self.assertIn("filters", request.target)
        connection.answer(200, [{"Id": each, "Mounts": [{"Type": "volume", "Name": "data"}]}
                                for each in sorted(self.running)])

    def begin(self, connection, request):
        done = threading.Event()
        with self.lock:
            self.begun.append((request, done, connection))
        done.wait(2 * PATIENCE_S)
        with self.lock:
            self.ended.append(request)
        connection.answer(201, {"Id": "c" * 64, "Warnings": []})

    def begins(self, count):
        """The requests that the engine has begun with, once there are `count`."""
        wait_for(lambda: len(self.begun) >= count, "%d requests at the engine" % count)
        time.sleep(SETTLE_S)  # one more would come now
        self.assertEqual(len(self.begun), count, self.engine.asked())
        return [request.route for request, _, _ in self.begun]

    def end(self, index):
        self.begun[index][1].set()

    def send(self, method, target, body=None, path=None):
        client = self.client(path)
        fields = [("Content-Type", "application/x-tar")] if isinstance(body, bytes) else []
        client.send(request_bytes(method, "/v1.41" + target, body, fields))
        return client

    def create(self, *binds, path=None):
        return self.send("POST", "/containers/create", {"Image": "nonroot", "User": "1000",
                         "HostConfig": {"NetworkMode": "none", "Binds": list(binds)}}, path)

    def binds(self, index):
        return json.loads(self.begun[index][0].body)["HostConfig"]["Binds"]

    def answers(self, client, status=201, method="POST"):
        response = client.response(method)
        self.assertEqual(response.status, status, response.body)
        return response


class VolumesTest(RaceTest):
    def test_a_volume_in_use_is_not_filled_and_holds_nobody_up(self):
        self.start_racing()
        self.running.add(WEB)
        clients = [self.create("data:/data"), self.create("data:/data:ro")]
        self.begins(2)
        self.assertEqual(sorted(self.binds(0) + self.binds(1)), ["data:/data:nocopy", "data:/data:ro,nocopy"])
        self.end(0)
        self.end(1)
        for client in clients:
            self.answers(client)
        self.assertEqual(self.engine.asked().count("GET /containers/json"), 2, "one question each")

    def test_one_that_nobody_uses_is_filled_by_one_at_a_time(self):
        self.start_racing()
        first = self.create("data:/data")
        self.begins(1)
        start = self.send("POST", "/containers/web/start")
        other = self.create("else:/data")
        self.begins(2)
        second = self.create("data:/data")
        self.begins(2)
        self.assertEqual(self.binds(0), ["data:/data"])
        self.end(1)
        self.answers(other)
        self.end(0)
        self.answers(first)
        self.assertEqual(self.begins(3)[2], "/containers/a/start", "in the order of coming")
        self.running.add(WEB)
        self.end(2)
        self.answers(start)
        self.begins(4)
        self.assertEqual(self.binds(3), ["data:/data:nocopy"], "it is in use by now")
        self.end(3)
        self.answers(second)

    def volume_was_made(self, seconds):
        """So many seconds after now."""
        at = datetime.fromtimestamp(time.time() + seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.engine.on(r"GET /volumes/data", lambda c, r: c.answer(200, {"Name": "data", "Driver": "local",
                                                                         "CreatedAt": at}))

    def creates(self, expected):
        count = len(self.begun) + 1
        client = self.create("data:/data")
        self.begins(count)
        self.end(-1)
        self.answers(client)
        self.assertEqual(self.binds(-1), [expected])

    def starts(self):
        count = len(self.begun) + 1
        client = self.send("POST", "/containers/web/start")
        self.begins(count)
        self.end(-1)
        self.answers(client)

    def test_one_that_something_ran_with_is_not_filled_though_nobody_mounts_it(self):
        self.start_racing()
        self.volume_was_made(-3600)
        self.creates("data:/data:nocopy")  # before anything is known
        self.volume_was_made(60)
        self.creates("data:/data")
        self.starts()
        self.volume_was_made(-1)
        self.creates("data:/data:nocopy")
        self.volume_was_made(60)
        self.creates("data:/data")  # another one of that name

    def test_an_older_engine_says_nothing_of_what_was_made_anew(self):
        self.start_racing(version=version_answer(version="20.10.24", api="1.41"))
        self.volume_was_made(60)
        self.creates("data:/data")
        self.starts()
        self.creates("data:/data:nocopy")
        for status, expected in ((409, "data:/data:nocopy"), (204, "data:/data")):
            self.engine.on(r"DELETE /volumes/data", lambda c, r, s=status: c.answer(s, b""))
            client = self.send("DELETE", "/volumes/data")
            self.answers(client, status, "DELETE")
            self.creates(expected)

    def test_what_an_engine_started_by_itself_is_not_known(self):
        self.start_racing()
        self.volume_was_made(1)
        wait_for(lambda: self.filled(), "a volume that is younger than what is known")
        wait_for(lambda: self.engine.drop_connections() or not self.filled(),
                 "the engine to be taken for one that began anew, in another second")

    def filled(self):
        count = len(self.begun) + 1
        client = self.create("data:/data")
        wait_for(lambda: len(self.begun) >= count, "the create")
        self.end(-1)
        self.answers(client)
        return self.binds(-1) == ["data:/data"]

    def test_a_step_of_a_build_shares_its_volume_with_nobody(self):
        self.start_racing()
        named = "e" * 64
        image = ["sha256:" + "1" * 64]
        self.engine.on(r"GET /containers/json", lambda c, r: c.answer(200, [
            {"Id": STEP, "Image": image[0], "Mounts": [{"Type": "volume", "Name": named}]}]))
        builder = self.send("POST", "/build", b"tar")
        self.begins(1)
        refused = self.answers(self.create(named + ":/data:nocopy"), 409)
        self.assertIn(b"a step of a running build", refused.body)
        image[0] = "app:1"
        for count in (2, 3):
            client = self.create(named + ":/data:nocopy")
            self.begins(count)
            self.end(-1)
            self.answers(client)
            image[0] = "sha256:" + "1" * 64
            self.end(0)
            self.answers(builder) if count == 2 else None

    def test_starts_do_not_wait_for_each_other(self):
        self.start_racing()
        clients = [self.send("POST", "/containers/%s/start" % name) for name in ("web", "db", "web")]
        self.begins(3)
        for index in range(3):
            self.end(index)
        for client in clients:
            self.answers(client)

    def test_without_volumes_nothing_is_asked(self):
        self.start_racing()
        client = self.create("fresh:/data:nocopy")
        self.begins(1)
        self.end(0)
        self.answers(client)
        self.assertNotIn("GET /containers/json", self.engine.asked())

    def test_a_volume_that_the_engine_names_waits_for_who_may_be_filling_it(self):
        self.start_racing()
        named = "e" * 64
        for count, making in enumerate((self.create, lambda: self.send("POST", "/build", b"tar")), 1):
            maker = making()
            self.begins(count)
            refused = self.answers(self.create(named + ":/data:nocopy"), 409)
            self.assertIn(b"may be filling it", refused.body)
            self.end(-1)
            self.answers(maker)
        client = self.create(named + ":/data")
        self.begins(3)
        self.end(-1)
        self.answers(client)
        self.engine.on(r"GET /info", lambda c, r: c.answer(200, {"Swarm": {"LocalNodeState": "active"}}))
        refused = self.answers(self.create(named + ":/data"), 403)
        self.assertIn(b"for a swarm task", refused.body)

    def test_owners_do_not_keep_each_other_from_volumes_that_the_engine_names(self):
        named = "e" * 64
        paths = {name: self.directory / (name + ".sock") for name in ("red", "blue", "free")}
        self.start_racing(listen=[{"socket": str(self.socket), "policy": "test"},
                                  *({"socket": str(path), "policy": name} for name, path in paths.items())],
                          scopes={name: {"own": True} for name in ("red", "blue")} | {"free": None})
        self.engine.on(r"GET /images/.*", lambda c, r: c.answer(200, {"Id": "sha256:" + "a" * 64, "Config": {}}))
        self.engine.on(r"GET /volumes/.*", lambda c, r: c.answer(200, {"Name": named, "Driver": "local",
                                                                       "Labels": {"io.sockade.owner": "red"}}))

        for path in paths.values():
            wait_for(path.exists, "%s to be there" % path)

        def takes(who, status, count):
            client = self.create(named + ":/data:nocopy", path=paths[who])
            if status == 201:
                self.begins(count + 1)
                self.end(-1)
            return self.answers(client, status)

        for maker, statuses in (("blue", {"red": 201, "free": 409}), ("red", {"red": 409}), ("free", {"red": 409})):
            for who, status in statuses.items():
                with self.subTest(maker=maker, who=who):
                    count = len(self.begun) + 1
                    making = self.create(path=paths[maker])
                    self.begins(count)
                    takes(who, status, count)
                    self.end(count - 1)
                    self.answers(making)
        count = len(self.begun) + 1
        builder = self.send("POST", "/build", b"tar", path=paths["free"])
        self.begins(count)
        takes("red", 201, count)
        self.end(count - 1)
        self.answers(builder)

    def test_files_are_copied_into_no_volume_that_is_being_filled(self):
        for version in (version_answer(), version_answer(version="29.5.1", api="1.52")):
            with self.subTest(version=version):
                self.start_racing(version=version)
                filler = self.create("data:/data")
                self.begins(1)
                copy = self.send("PUT", "/containers/web/archive?path=/data", b"tar")
                self.begins(1)
                self.end(0)
                self.answers(filler)
                self.assertEqual(self.begins(2)[1], "/containers/a/archive")
                late = self.create("data:/data")
                self.begins(2)
                self.end(1)
                self.answers(copy)
                self.begins(3)
                self.end(2)
                self.answers(late)
                self.tearDown()
                self.setUp()

    def test_files_are_copied_into_no_container_that_podman_starts(self):
        self.start_racing(version=PODMAN)
        for running in (set(), {WEB}):
            with self.subTest(running=running):
                self.running = running
                done = len(self.begun)
                copy = self.send("PUT", "/containers/web/archive?path=/", b"tar")
                self.begins(done + 1)
                look = self.send("GET", "/containers/web/archive?path=/")
                start = self.send("POST", "/containers/web/restart")
                self.begins(done + 2)
                self.end(done + 1)
                self.answers(look, method="GET")
                self.end(done)
                self.answers(copy)
                self.begins(done + 3)
                late = self.send("PUT", "/containers/web/archive?path=/", b"tar")
                self.begins(done + 3)
                self.end(done + 2)
                self.answers(start)
                self.begins(done + 4)
                self.end(done + 3)
                self.answers(late)

    def test_nothing_starts_in_volumes_of_a_container_whose_files_are_copied(self):
        self.start_racing(version=version_answer())
        copy = self.send("GET", "/containers/web/archive?path=/data")
        self.begins(1)
        start = self.send("POST", "/containers/db/start")
        self.begins(1)
        self.end(0)
        self.answers(copy, method="GET")
        self.begins(2)
        self.end(1)
        self.answers(start)

    def test_the_table_is_of_all_listeners(self):
        other = self.directory / "other.sock"
        self.start_racing(listen=[{"socket": str(self.socket), "policy": "test"},
                                  {"socket": str(other), "policy": "test"}])
        first = self.create("data:/data")
        self.begins(1)
        second = self.create("data:/data", path=other)
        self.begins(1)
        self.end(0)
        self.answers(first)
        self.begins(2)
        self.end(1)
        self.answers(second)


class WaitingTest(RaceTest):
    def test_a_commit_and_a_start_of_one_container_wait_for_each_other(self):
        self.start_racing()
        commit = self.send("POST", "/commit?container=db")
        self.assertEqual(self.begins(1), ["/commit"])
        start = self.send("POST", "/containers/db/start")
        other = self.send("POST", "/containers/web/start")
        self.assertEqual(self.begins(2)[1], "/containers/a/start")
        for verb in ("kill", "unpause", "restart"):
            waiting = self.send("POST", "/containers/db/" + verb)
            self.begins(2)
            waiting.close()
        removal = self.send("DELETE", "/containers/db?force=1")
        self.begins(2)
        self.end(0)
        self.answers(commit)
        self.begins(4)
        for index in (1, 2, 3):
            self.end(index)
        self.answers(start)
        self.answers(other)
        self.answers(removal, method="DELETE")

    def test_what_is_true_when_the_turn_comes_decides(self):
        self.start_racing()
        start = self.send("POST", "/containers/db/start")
        self.begins(1)
        commit = self.send("POST", "/commit?container=db")
        self.begins(1)
        self.running.update((DB, WEB))
        self.end(0)
        self.answers(start)
        self.assert_refused(commit.response("POST"), 403, "live_tree")
        self.begins(1)

    def test_the_time_is_bounded(self):
        self.start_racing(limits={"hold_timeout": 1})
        first = self.create("data:/data")
        self.begins(1)
        second = self.create("data:/data")
        began = time.monotonic()
        response = second.response("POST")
        self.assert_refused(response, 409)
        self.assertEqual(response.json()["rules"][0]["id"], "live_tree")
        self.assertIn("volume data is being filled", response.json()["message"])
        self.assertLess(time.monotonic() - began, 20)
        self.end(0)
        self.answers(first)
        self.answers_at_once()
        self.assertEqual([record["rules"][0]["id"] for record in self.audit(3) if record["status"] == 409],
                         ["live_tree"])

    def answers_at_once(self):
        """Nothing is left of those before."""
        count = len(self.begun)
        client = self.create("data:/data")
        self.begins(count + 1)
        self.end(count)
        self.answers(client)

    def test_who_waits_counts_against_its_limits(self):
        self.start_racing(limits={"requests": 2})
        first = self.create("data:/data")
        self.begins(1)
        second = self.create("data:/data")
        time.sleep(SETTLE_S)
        self.assertEqual(self.create("else:/data").response("POST").status, 429)
        self.end(0)
        self.answers(first)
        self.begins(2)
        self.end(1)
        self.answers(second)
        self.answers_at_once()

    def test_who_leaves_while_it_waits_is_out_of_the_way(self):
        self.start_racing()
        first = self.send("POST", "/containers/web/start")
        self.begins(1)
        gone = self.create("data:/data")
        time.sleep(SETTLE_S)
        second = self.send("POST", "/containers/db/start")
        self.begins(1)
        gone.close()
        self.begins(2)
        for index in (0, 1):
            self.end(index)
        self.answers(first)
        self.answers(second)

    def test_who_leaves_what_the_engine_is_at_leaves_it_held(self):
        self.start_racing()
        gone = self.create("data:/data")
        self.begins(1)
        gone.close()
        start = self.send("POST", "/containers/web/start")
        self.begins(1)
        connection = self.begun[0][2]
        self.assertEqual(connection.sock.recv(1), b"", "the engine sees that nobody waits")
        self.end(0)
        self.begins(2)
        self.end(1)
        self.answers(start)

    def test_who_is_told_that_the_engine_takes_too_long_leaves_it_held(self):
        self.start_racing(limits={"answer_timeout": 2})
        late = self.create("data:/data")
        self.begins(1)
        self.assertEqual(late.response("POST").status, 504)
        self.assertEqual(self.audit(1)[0]["status"], 504)
        start = self.send("POST", "/containers/web/start")
        self.begins(1)
        self.end(0)
        self.begins(2)
        self.end(1)
        self.answers(start)

    def test_an_answer_that_is_not_the_engines_ends_no_hold_either(self):
        self.start_racing(limits={"answer_timeout": 2, "read_timeout": 1})
        late = self.create("data:/data")
        self.begins(1)
        self.assertEqual(late.response("POST").status, 504)
        start = self.send("POST", "/containers/web/start")
        time.sleep(4)  # longer than what the engine has begun to send may go unread
        self.begins(1)
        self.end(0)
        self.begins(2)
        self.end(1)
        self.answers(start)

    def test_who_leaves_in_the_middle_of_an_archive_leaves_it_held(self):
        self.start_racing()
        done = threading.Event()

        def archive(connection, _request):
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(40):
                connection.send(b"10000\r\n" + bytes(65536) + b"\r\n")
            done.wait(2 * PATIENCE_S)
            connection.send(b"0\r\n\r\n")
            return False

        self.engine.on(r"GET /containers/d/archive", archive)
        gone = self.send("GET", "/containers/db/archive?path=/")
        gone.read_exactly(300000)
        gone.close()
        start = self.send("POST", "/containers/db/start")
        self.begins(0)
        done.set()
        self.begins(1)
        self.end(0)
        self.answers(start)

    def test_a_client_that_reads_nothing_holds_nothing_once_the_engine_is_done(self):
        self.start_racing()
        lazy = self.create("data:/data")
        self.begins(1)
        self.end(0)
        start = self.send("POST", "/containers/web/start")
        self.begins(2)
        self.end(1)
        self.answers(start)
        lazy.close()

    def test_an_engine_that_dies_leaves_nothing_held(self):
        self.start_racing()
        first = self.create("data:/data")
        self.begins(1)
        second = self.create("data:/data")
        time.sleep(SETTLE_S)
        self.engine.stop()
        self.assertEqual(first.response("POST").status, 502)
        self.assertEqual(second.response("POST").status, 502)
        self.engine.start()
        self.answers_at_once()

    def test_a_reload_does_not_disturb_it(self):
        self.start_racing()
        first = self.create("data:/data")
        self.begins(1)
        second = self.create("data:/data")
        time.sleep(SETTLE_S)
        self.sockade.signal(1)
        wait_for(lambda: "reload" in self.sockade.log(), "the reload")
        self.begins(1)
        self.end(0)
        self.answers(first)
        self.begins(2)
        self.end(1)
        self.answers(second)

    def test_requests_sent_ahead_wait_as_well(self):
        self.start_racing()
        first = self.create("data:/data")
        self.begins(1)
        second = self.create("data:/data")
        second.send(request_bytes("GET", "/v1.41/_ping"))
        time.sleep(SETTLE_S)
        second.send_end()
        self.begins(1)
        self.end(0)
        self.answers(first)
        self.begins(2)
        self.end(1)
        self.answers(second)
        self.assertEqual(second.response("GET").status, 200)


class RefusedTest(RaceTest):
    def test_what_waiting_does_not_cure(self):
        self.start_racing()
        self.running.add(WEB)
        for method, target in (("POST", "/commit?container=web&pause=0"), ("POST", "/commit?container=db&pause=false"),
                               ("POST", "/commit?container=web"), ("POST", "/commit?container=db"),
                               ("GET", "/containers/web/archive?path=/"), ("PUT", "/containers/web/archive?path=/"),
                               ("GET", "/containers/db/archive?path=/")):
            with self.subTest(method=method, target=target):
                client = self.send(method, target, b"tar" if method == "PUT" else None)
                self.assert_refused(client.response(method), 403, "live_tree")
        self.begins(0)

    def test_an_engine_that_holds_is_asked_for_archives(self):
        self.start_racing(version=version_answer(version="29.5.1", api="1.52"))
        self.running.add(WEB)
        client = self.send("GET", "/containers/web/archive?path=/")
        self.begins(1)
        start = self.send("POST", "/containers/web/start")
        self.begins(2)
        for index in (0, 1):
            self.end(index)
        self.answers(client, method="GET")
        self.answers(start)

    def test_what_a_build_left(self):
        self.start_racing(rules={"log_driver": "off", "read_only_rootfs": "deny"})
        build = self.send("POST", "/build?t=app", b"tar")
        self.begins(1)
        second = self.send("POST", "/build?t=app", b"tar")
        self.begins(2)
        for method, target, body in (("POST", "/containers/step/start", None), ("POST", "/commit?container=step", None),
                                     ("POST", "/containers/step/exec", {"Cmd": ["id"]}),
                                     ("POST", "/containers/step/attach?stream=1", None),
                                     ("POST", "/containers/step/update", {"RestartPolicy": {"Name": "always"}})):
            response = self.send(method, target, body).response(method)
            self.assertEqual(response.status, 409, response.body)
            self.assertIn("a build is running", response.json()["message"])
        start = self.send("POST", "/containers/web/start")
        self.begins(3)
        for index in (0, 1, 2):
            self.end(index)
        for client in (build, second, start):
            self.answers(client)
        response = self.send("POST", "/containers/step/start").response("POST")
        self.assert_refused(response, 403, "read_only_rootfs")

    def test_what_a_build_left_is_in_no_scope(self):
        self.start_racing(listen=[{"socket": str(self.socket), "policy": "scoped"}])
        for method, target in (("GET", "/containers/step/json"), ("POST", "/containers/step/start"),
                               ("POST", "/containers/step/exec"), ("DELETE", "/containers/step")):
            body = {"Cmd": ["id"]} if target.endswith("exec") else None
            response = self.send(method, target, body).response(method)
            self.assertEqual(response.status, 404, response.body)
        self.assertEqual(self.send("GET", "/containers/web/json").response("GET").status, 200)

    def test_nothing_is_held_where_the_rule_is_off(self):
        self.start_racing(rules={"live_tree": "off"})
        clients = [self.create("data:/data"), self.create("data:/data"),
                   self.send("POST", "/commit?container=db&pause=0"), self.send("POST", "/containers/db/start")]
        self.begins(4)
        for index, client in enumerate(clients):
            self.end(index)
        for client in clients:
            self.answers(client)
