"""Paths of the host cost only who names them: many links, and file systems that do not answer."""

import contextlib
import os
import threading
import time
import unittest

from harness import EVERYDAY, BlackboxTest, is_sanitized
from silent_fs import SilentFs, available
from test_limits import acting_as
from wire import request_bytes, wait_for

CREATE = "/v1.41/containers/create"
LATENCY_S = 2.5  # on a busy machine, and still less than it takes until a file system is known to hang


def create(*sources):
    binds = ["%s:/m%d" % (source, i) for i, source in enumerate(sources)]
    return {"Image": "nonroot", "User": "1000:1000", "HostConfig": {"NetworkMode": "none", "Binds": binds}}


class HostPathTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.directory, 0o711)
        self.work = self.directory / "work"
        (self.work / "a").mkdir(parents=True)

    def serve(self, allow=None, **rule):
        rule = {"allow": [{"path": str(path), "access": "rw"} for path in allow or [self.work]], **rule}
        self.start_engine()
        self.start(listen=[{"socket": str(self.socket), "mode": "0666", "policy": "test"}],
                   daemon={"socket": str(self.engine_socket), "host_files": "yes"},
                   policies={"test": {"base": "baseline", "allow": EVERYDAY, "rules": {"host_path_mount": rule}}})

    @contextlib.contextmanager
    def latency(self, most_s):
        """Somebody else asks all the while, and never waits longer than that."""
        over, waits = threading.Event(), []

        def ask():
            client = self.client()
            while not over.is_set():
                begin = time.monotonic()
                client.ask("GET", "/_ping")
                waits.append(time.monotonic() - begin)
                time.sleep(0.002)
            client.close()

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        self.assertLess(max(waits), most_s)


class ManyLinksTest(HostPathTest):
    def plant(self, count, text_bytes):
        """Links one after the other, each of them as long as the kernel takes them."""
        (self.work / "l0").symlink_to("a")
        for i in range(count):
            text = "./" * (text_bytes // 2) + "l%d" % i
            (self.work / ("l%d" % (i + 1))).symlink_to(text)

    def test_a_request_with_many_long_links_is_refused_and_keeps_nobody_waiting(self):
        self.serve()
        self.plant(38, 4000)
        with self.latency(LATENCY_S):
            begin = time.monotonic()
            response = self.ask("POST", CREATE, create(*["%s/l38/./%d" % (self.work, i) for i in range(250)]))
            self.assertLess(time.monotonic() - begin, 10)
        self.assert_refused(response, 403, "host_path_mount")
        self.assertIn("more than", response.message())
        self.assertNotIn("POST /containers/create", self.engine.asked())

    def test_many_binds_through_a_link_or_two_pass(self):
        self.serve()
        self.plant(1, 10)
        for i in range(60):
            (self.work / "a" / str(i)).mkdir()
        response = self.ask("POST", CREATE, create(*["%s/l1/%d" % (self.work, i) for i in range(60)]))
        self.assertEqual(response.status, 201, response.body)
        binds = self.engine.last("POST /containers/create").json()["HostConfig"]["Binds"]
        self.assertEqual(binds[7], "%s/a/7:/m7" % self.work)

    def test_denied_links_are_not_followed(self):
        self.serve(symlinks="deny")
        (self.work / "out").symlink_to("/proc/self/root/nowhere")
        response = self.ask("POST", CREATE, create(self.work / "out"))
        self.assert_refused(response, 403, "host_path_mount")
        self.assertIn("link", response.message())
        self.assertNotIn("/proc", response.message())


class SharedDirectoryTest(HostPathTest):
    """One policy's allowed directory lies in one that the containers of another write to."""

    def serve_two(self, host_files="yes", **rule):
        outer = {"allow": [{"path": str(self.work), "access": "rw"}]}
        inner = {"allow": [{"path": str(self.work / "a"), "access": "rw"}], **rule}
        self.inner = self.directory / "inner.sock"
        self.start_engine()
        self.start(listen=[{"socket": str(self.socket), "mode": "0666", "policy": "outer"},
                           {"socket": str(self.inner), "mode": "0666", "policy": "inner"}],
                   daemon={"socket": str(self.engine_socket), "host_files": host_files},
                   policies={name: {"base": "baseline", "allow": EVERYDAY, "rules": {"host_path_mount": paths}}
                             for name, paths in (("outer", outer), ("inner", inner))})
        wait_for(self.inner.exists, "the second listener")

    def ask_inner(self, *sources):
        client = self.client(self.inner)
        try:
            return client.ask("POST", CREATE, create(*sources))
        finally:
            client.close()

    def put_link(self, target):
        """What a container of the outer policy can do, as root, in the directory that it writes to."""
        (self.work / "a").rename(self.work / "moved")
        (self.work / "a").symlink_to(target)

    def test_a_link_in_its_place_is_seen_at_once_and_makes_nothing_allowed(self):
        self.serve_two()
        for _ in range(3):  # what was seen is at hand then
            self.assertEqual(self.ask_inner(self.work / "a").status, 201)
        self.put_link("/etc")
        for source in (self.work / "a", "%s/a/ssl" % self.work):
            response = self.ask_inner(source)
            self.assert_refused(response, 403, "host_path_mount")
            self.assertIn("/etc", response.message())

    def test_a_link_that_stays_in_the_directory_around_it_is_followed(self):
        self.serve_two()
        self.put_link("moved")
        response = self.ask_inner(self.work / "a")
        self.assertEqual(response.status, 201, response.body)
        self.assertEqual(self.engine.last("POST /containers/create").json()["HostConfig"]["Binds"],
                         ["%s/moved:/m0" % self.work])

    def test_where_nobody_sees_it_it_is_refused(self):
        self.serve_two(host_files="no")
        self.assert_refused(self.ask_inner(self.work / "a"), 403, "host_path_mount")
        self.assertEqual(self.ask("POST", CREATE, create(self.work)).status, 201)

    def test_where_it_must_be_stable_it_is_refused(self):
        self.serve_two(stable=True)
        response = self.ask_inner(self.work / "a")
        self.assert_refused(response, 403, "host_path_mount")
        self.assertIn("replaced", response.message())


@unittest.skipUnless(available(), "needs root and /dev/fuse")
class SilentFileSystemTest(HostPathTest):
    def setUp(self):
        super().setUp()
        self.silent = self.work / "net"
        self.other = self.directory / "other"
        self.silent.mkdir()
        self.other.mkdir()
        self.fs = SilentFs(self.silent)
        self.addCleanup(self.fs.end)

    def serve(self, *arguments, **options):
        super().serve(*arguments, **options)
        self.addCleanup(self.fs.end)  # before sockade ends: a sanitizer waits for threads that hang

    def ask_as(self, uid, *sources):
        with acting_as(uid):
            client = self.client()
        client.send(request_bytes("POST", CREATE, create(*sources)))
        return client

    def test_it_costs_its_own_client_and_nobody_else(self):
        self.serve([self.work, self.other])
        with self.latency(LATENCY_S):
            begin = time.monotonic()
            waiting = self.ask_as(1000, self.silent / "x")
            self.assertEqual(self.ask_as(1000, self.work / "a").response("POST").status, 201)
            self.assertEqual(self.ask_as(1001, self.other).response("POST").status, 201)
            response = waiting.response("POST")
            self.assert_refused(response, 504)
            self.assertEqual(response.json()["rules"][0]["id"], "host_path_mount")
            self.assertLess(time.monotonic() - begin, 20)
        # The connection goes on, and what is asked anew is as good as before.
        self.assertEqual(waiting.ask("GET", "/_ping").status, 200)
        self.assertEqual(self.ask_as(1000, self.work / "a").response("POST").status, 201)

    def test_however_many_such_requests_come(self):
        self.serve([self.work, self.other])
        with self.latency(LATENCY_S):
            clients = [self.ask_as(1000 + i % 12, self.silent / str(i)) for i in range(90)]
            # Others are not kept from looking meanwhile.
            self.assertEqual(self.ask_as(2000, self.other).response("POST").status, 201)
            answers = [client.response("POST").status for client in clients]
            self.assertEqual(set(answers) - {503, 504}, set())
            begin = time.monotonic()
            response = self.ask_as(1000, self.silent / "again").response("POST")
            self.assertIn(response.status, (503, 504))
            self.assertLess(time.monotonic() - begin, LATENCY_S, "nobody waits once more for what is known to hang")
            self.assertEqual(self.ask_as(2000, self.other).response("POST").status, 201)
        self.fs.end()
        wait_for(lambda: self.ask_as(1000, self.work / "a").response("POST").status == 201, "it to work again")

    def test_one_that_stops_answering_later(self):
        """What is at hand is answered without a thread, and what is not costs nobody else anything."""
        self.serve([self.work, self.other])
        for _ in range(3):
            self.assertEqual(self.ask_as(1000, self.work / "a", self.other).response("POST").status, 201)
        with self.latency(LATENCY_S):
            waiting = self.ask_as(1000, self.silent)
            for _ in range(20):
                self.assertEqual(self.ask_as(1000, self.work / "a", self.other).response("POST").status, 201)
            self.assertEqual(waiting.response("POST").status, 504)

    @unittest.skipIf(is_sanitized(), "a sanitizer waits for threads that hang")
    def test_the_daemon_ends_while_threads_hang(self):
        self.serve()
        client = self.ask_as(1000, self.silent / "x")
        self.assertEqual(client.response("POST").status, 504)
        begin = time.monotonic()
        self.sockade.stop()
        self.assertLess(time.monotonic() - begin, 8)

    def test_a_client_that_leaves(self):
        self.serve()
        for _ in range(20):
            client = self.ask_as(1000, self.silent / "x")
            client.close()
        self.assertEqual(self.ask_as(1001, self.work / "a").response("POST").status, 201)
