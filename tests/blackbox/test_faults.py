"""What goes wrong around it and is no fault of its own: an engine that hangs or is another one
now, a full disk, no memory, no descriptors, crowds that come and go, clocks that jump. Nothing
is lost, nobody else notices, and afterwards all is as it was.
"""

import json
import os
import pathlib
import shutil
import subprocess
import threading
import time
import unittest

from harness import BASELINE, HARMLESS, PRIVILEGED, BlackboxTest, Policy, is_sanitized
from wire import Client, request_bytes, wait_for

CREATE = "/v1.41/containers/create"


class HangingEngineTest(BlackboxTest):
    policy = Policy("baseline", BASELINE.allow, limits={"answer_timeout": 3})

    def hold(self, pattern):
        held = []
        self.engine.on(pattern, lambda connection, request: held.append(connection))
        return held

    def test_an_answer_that_does_not_come_is_a_504(self):
        self.start(self.policy)
        held = self.hold("GET /containers/json")
        client = self.client()
        self.assert_refused(client.ask("GET", "/v1.41/containers/json"), 504)
        self.assertEqual(len(held), 1)
        # The same connection goes on, and with another one of the engine's.
        self.assertEqual(client.ask("GET", "/_ping").body, b"OK")
        record = self.audit(2)[0]
        self.assertEqual((record["decision"], record["status"]), ("error", 504))

    def test_what_comes_too_late_reaches_nobody(self):
        self.start(self.policy)
        held = self.hold("POST /containers/create")
        client = self.client()
        self.assert_refused(client.ask("POST", CREATE, HARMLESS), 504)
        try:
            held[0].answer(201, {"Id": "late"})
        except OSError:
            pass  # hung up on, which is what it should be
        client = self.client()  # the other one ended with the answer: what it holds outlives it
        for _ in range(3):
            self.assertEqual(client.ask("GET", "/_ping").body, b"OK")

    def test_what_may_last_is_waited_for(self):
        self.start(self.policy)
        waits = self.hold("POST /containers/a/wait"), self.hold("POST /containers/a/stop"), self.hold("GET /events")
        clients = [self.client() for _ in waits]
        for client, (method, target) in zip(clients, (("POST", "/v1.41/containers/a/wait"),
                                                      ("POST", "/v1.41/containers/a/stop"),
                                                      ("GET", "/v1.41/events"))):
            client.send(request_bytes(method, target))
        wait_for(lambda: all(waits), "three requests")
        self.hold("GET /images/json")
        # Twice the limit, by what has it.
        for _ in range(2):
            self.assert_refused(self.ask("GET", "/v1.41/images/json"), 504)
        for client, held in zip(clients, waits):
            held[0].answer(200, {"lasted": True})
            self.assertEqual(client.response().json(), {"lasted": True})

    def test_a_body_that_takes_its_time_is_not_cut(self):
        self.start(self.policy)

        def play(connection, _request):
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")
            for byte in (b"a", b"b", b"c", b"d", b"e", b"f"):
                time.sleep(0.7)
                connection.send(byte)

        self.engine.on("GET /containers/json", play)
        self.assertEqual(self.ask("GET", "/v1.41/containers/json").body, b"abcdef")


class AnotherEngineTest(BlackboxTest):
    def test_an_engine_that_was_replaced(self):
        """The connections to the old one are in the pool when the new one takes its socket."""
        self.start(BASELINE)
        clients = [self.client() for _ in range(4)]
        for client in clients:
            self.assertEqual(client.ask("GET", "/_ping").status, 200)
        old = self.engine
        old.stop()
        refused = clients[0].ask("POST", CREATE, HARMLESS)
        self.assert_refused(refused, 502)
        self.start_engine()
        for client in clients:
            self.assertEqual(client.ask("POST", CREATE, HARMLESS).status, 201)
            self.assertEqual(client.ask("GET", "/_ping").status, 200)
        self.assertEqual(old.problems, [])

    def test_in_flight_when_the_engine_dies(self):
        self.start(BASELINE)
        held = []
        self.engine.on("POST /containers/a/wait", lambda connection, request: held.append(connection))
        clients = [self.client() for _ in range(8)]
        for client in clients:
            client.send(request_bytes("POST", "/v1.41/containers/a/wait"))
        wait_for(lambda: len(held) == len(clients), "requests under way")
        self.engine.stop()
        for client in clients:
            self.assert_refused(client.response(), 502)
        self.start_engine()
        for client in clients:
            self.assertEqual(client.ask("GET", "/_ping").status, 200)


class FullDiskTest(BlackboxTest):
    def test_records_that_were_lost_are_counted(self):
        """A limit for files is a disk that is full, and that has room again when it is raised."""
        self.start_engine()
        self.audit_path.touch()
        config = self.write_config(BASELINE, audit={"on_error": "drop"})
        self.run_sockade("--config", config, "--audit", self.audit_path, "--audit-format", "json",
                         prefix=("prlimit", "--fsize=2000:unlimited"))
        for _ in range(20):
            self.assertEqual(self.ask("GET", "/_ping").status, 200)
            self.assertEqual(self.ask("POST", CREATE, PRIVILEGED).status, 403)
        client = self.client()
        many = 5000  # whose records are more than what is kept
        for _ in range(0, many, 100):
            client.send(request_bytes("GET", "/_ping") * 100)
            self.assertEqual({client.response().status for _ in range(100)}, {200})
        subprocess.run(["prlimit", "--pid", str(self.sockade.pid), "--fsize=unlimited:unlimited"], check=True)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        # The last answer may be there before its record, and before that of the request before it.
        wait_for(lambda: sum(self.kept_and_lost()[:2]) >= 41 + many, "all requests to be accounted for")
        kept, lost, torn = self.kept_and_lost()
        self.assertEqual(kept + lost, 41 + many)
        self.assertGreater(lost, 10)
        self.assertLessEqual(torn, 1)

    def kept_and_lost(self):
        records, torn = [], 0
        for line in self.audit_path.read_text().splitlines():
            try:
                records.append(json.loads(line))
            except ValueError:
                torn += 1
        kept = sum(record.get("count", 1) for record in records if "decision" in record)
        return kept, sum(record.get("audit_dropped", 0) for record in records), torn


class MemoryTest(BlackboxTest):
    @unittest.skipIf(is_sanitized(), "a sanitizer needs the address space for itself")
    def test_no_memory_is_no_end(self):
        self.start(Policy("baseline", BASELINE.allow, limits={"body_bytes": "8m"}))
        self.assertEqual(self.ask("POST", CREATE, HARMLESS).status, 201)
        with open("/proc/%d/statm" % self.sockade.pid, encoding="ascii") as file:
            pages = int(file.read().split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + (4 << 20)
        subprocess.run(["prlimit", "--pid", str(self.sockade.pid), "--as=%d:unlimited" % limit], check=True)
        body = dict(HARMLESS, Env=["FILL=" + "x" * 200000] * 30)
        clients = [self.client() for _ in range(16)]
        answers = []

        def create(client):
            try:
                answers.append(client.ask("POST", CREATE, body).status)
            except (OSError, AssertionError, EOFError):
                answers.append(None)  # closed: there was no memory for an answer either

        threads = [threading.Thread(target=create, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIsNone(self.sockade.process.poll(), self.sockade.log())
        self.assertTrue(set(answers) - {201}, "there was memory enough: %s" % answers)
        for client in clients:
            client.close()
        subprocess.run(["prlimit", "--pid", str(self.sockade.pid), "--as=unlimited:unlimited"], check=True)
        self.assertEqual(self.ask("POST", CREATE, body).status, 201)


class DescriptorsTest(BlackboxTest):
    def test_accepting_pauses_and_goes_on(self):
        self.start_engine()
        config = self.write_config(BASELINE)
        self.run_sockade("--config", config, prefix=("prlimit", "--nofile=48:48"))
        served = self.client()
        self.assertEqual(served.ask("GET", "/_ping").status, 200)
        crowd = [self.client() for _ in range(80)]
        wait_for(lambda: "cannot accept" in self.sockade.log(), "a word in the log")
        # Who is there already is served on, as long as the engine's connection is.
        self.assertEqual(served.ask("GET", "/_ping").status, 200)
        self.assertEqual(served.ask("POST", CREATE, PRIVILEGED).status, 403)
        spent = cpu_ticks(self.sockade.pid)
        time.sleep(1)
        self.assertLess(cpu_ticks(self.sockade.pid) - spent, 50, "it spins")
        for client in crowd:
            client.close()
        wait_for(lambda: self.ask("GET", "/_ping").status == 200, "service again")
        self.assertEqual(self.sockade.log().count("cannot accept"), 1)


def cpu_ticks(pid):
    fields = pathlib.Path("/proc/%d/stat" % pid).read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


class CrowdTest(BlackboxTest):
    def test_ten_thousand_connections_come_and_go(self):
        self.start(BASELINE)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        half_a_body = request_bytes("POST", CREATE, HARMLESS)[:-5]
        states = (b"", b"GET /_pi", b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n", half_a_body, b"\x16\x03\x01\x02\x00",
                  request_bytes("GET", "/v1.41/events"), request_bytes("POST", CREATE, PRIVILEGED))

        def crowd():
            for index in range(5000):
                try:
                    client = Client(self.socket)
                except BlockingIOError:  # faster than they are let in
                    time.sleep(0.01)
                    continue
                try:
                    client.send(states[index % len(states)])
                except OSError:
                    pass
                client.close()

        crowd()
        wait_for(lambda: self.sockade.open_descriptors() < 60, "descriptors given back")
        before = self.sockade.rss_kib()
        crowd()
        wait_for(lambda: self.sockade.open_descriptors() < 60, "descriptors given back")
        # The scripted engine may still have the crowd before it.
        wait_for(lambda: self.ask("POST", CREATE, HARMLESS).status == 201, "service again")
        if not is_sanitized():
            self.assertLess(self.sockade.rss_kib() - before, 1024)


class ReloadUnderLoadTest(BlackboxTest):
    def policy(self, number):
        return Policy("baseline", BASELINE.allow, {
            "memory_limit": {"default": "%dg" % number, "max": "%dg" % number},
            "pids_limit": {"default": number * 100, "max": number * 100}})

    def test_no_request_sees_half_a_policy(self):
        self.start(self.policy(1))
        done, wrong = threading.Event(), []

        def create():
            client = self.client()
            while not done.is_set():
                status = client.ask("POST", CREATE, HARMLESS).status
                if status != 201:
                    wrong.append(status)

        threads = [threading.Thread(target=create) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in [2, 1] * 10:
            self.write_config(self.policy(number))
            self.reload()
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        seen = set()
        for request in self.engine.requests:
            if request.route == "/containers/create":
                limits = json.loads(request.body)["HostConfig"]
                seen.add((limits["Memory"] >> 30, limits["PidsLimit"]))
        self.assertEqual(seen, {(1, 100), (2, 200)})


JUMPING_CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static unsigned calls;
    int err = (int)syscall(SYS_clock_gettime, clock, now);

    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
        now->tv_sec += ++calls % 2 ? 10 * 365 * 86400 : -365 * 86400;
    }
    return err;
}

time_t time(time_t *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (out) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}
"""


class ClockTest(BlackboxTest):
    @unittest.skipIf(is_sanitized(), "a sanitizer wants to be loaded first")
    @unittest.skipUnless(shutil.which("cc"), "no compiler")
    def test_a_clock_that_jumps_changes_the_records_only(self):
        """Years forth and back at every look at it."""
        source, library = self.directory / "clock.c", self.directory / "clock.so"
        source.write_text(JUMPING_CLOCK)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
        self.start_engine()
        held = []
        self.engine.on("POST /containers/a/wait", lambda connection, request: held.append(connection))
        config = self.write_config(BASELINE)
        self.run_sockade("--config", config, "--audit", self.audit_path, "--audit-format", "json",
                         environment={"LD_PRELOAD": str(library)})
        stream, slow = self.client(), self.client()
        stream.send(request_bytes("POST", "/v1.41/containers/a/wait"))
        slow.send(request_bytes("POST", CREATE, HARMLESS)[:-5])
        for _ in range(10):
            self.assertEqual(self.ask("POST", CREATE, HARMLESS).status, 201)
        time.sleep(1.5)  # the server looks at its deadlines each second
        slow.send(request_bytes("POST", CREATE, HARMLESS)[-5:])
        self.assertEqual(slow.response().status, 201)
        held[0].answer(200, {"StatusCode": 0})
        self.assertEqual(stream.response().json(), {"StatusCode": 0})
        years = {record["ts"][:4] for record in self.audit(12)}
        self.assertGreater(len(years), 1, "the clock did not jump")


if __name__ == "__main__":
    unittest.main()
