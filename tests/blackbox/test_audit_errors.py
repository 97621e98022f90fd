"""While audit records cannot be written, nothing is served without one (audit.on_error: deny), or it is
and what is lost is counted (drop). Full disk, full pipe, closed pipe; and what happens afterwards."""

import fcntl
import json
import os
import resource
import select
import signal
import time
import unittest

from harness import BASELINE, HARMLESS, BlackboxTest
from wire import PATIENCE_S, request_bytes, wait_for

MANY = 40  # requests, whose records are more than the place has


class AuditErrorsTest(BlackboxTest):
    def start_with(self, on_error=None, limit_bytes=None):
        more = {} if on_error is None else {"audit": {"on_error": on_error}}
        self.start_engine()
        config = self.write_config(BASELINE, **more)
        options = {} if limit_bytes is None else {"prefix": ("prlimit", "--fsize=%d:unlimited" % limit_bytes)}
        return self.run_sockade("--config", config, "--audit", self.audit_path, "--audit-format", "json", **options)

    def lift_limit(self):
        resource.prlimit(self.sockade.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def statuses(self, count):
        return [self.ask("GET", "/v1.41/info").status for _ in range(count)]

    def wait_for_status(self, status):
        wait_for(lambda: self.ask("GET", "/v1.41/info").status == status, "an answer with %d" % status)

    def make_pipe(self):
        """A reader of a small pipe, which is where records go."""
        os.mkfifo(self.audit_path)
        reader = os.open(self.audit_path, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
        return reader

    @staticmethod
    def read_lines(reader, enough=None, quiet_s=0.3):
        """All that comes until that is `enough` and nothing more has come for a while; or nothing has for long."""
        text, records, end = b"", [], time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if select.select([reader], [], [], quiet_s)[0]:
                text += os.read(reader, 65536)
                lines = [json.loads(line) for line in text.rpartition(b"\n")[0].splitlines()]
                records = [record for record in lines if "status" in record or "audit_dropped" in record]
            elif enough is None or enough(records):
                break
        return records

    @staticmethod
    def count(records, status):
        return sum(record.get("status") == status for record in records)

    def assert_refuses(self):
        """From the second request on: the record of the first, or of the engine, tells that nothing can be written."""
        statuses = self.statuses(3)
        self.assertIn(statuses[0], (200, 503))
        self.assertEqual(statuses[1:], [503, 503])

    def test_a_full_disk_refuses_before_the_engine_hears_of_it(self):
        self.start_with(limit_bytes=2000)
        statuses = self.statuses(MANY)
        self.assertEqual(statuses[0], 200)
        self.assertEqual(statuses[-1], 503)
        self.assertNotIn(200, statuses[statuses.index(503):])
        passed = statuses.count(200)
        self.assertEqual(self.engine.received().count(b"GET /v1.41/info"), passed)
        refusal = self.ask("POST", "/v1.41/containers/create", HARMLESS)
        self.assert_refused(refusal, 503, "audit")
        self.assertIn("File too large", refusal.message())
        self.assertIn("audit.on_error", refusal.message())
        self.assertNotIn(b"create", self.engine.received())
        self.assert_refused(self.ask("POST", "/v1.41/swarm/init", {}), 403)
        self.lift_limit()
        self.wait_for_status(200)
        records = self.audit(passed + 1)
        self.assertEqual(sum(record.get("status") == 200 for record in records), passed + 1, "none is lost or twice")
        self.assertEqual(sum(record.get("op") == "swarm.init" for record in records), 1)
        self.assertIn("requests are refused", self.sockade.log())
        self.assertIn("written again", self.sockade.log())

    def test_what_was_under_way_is_recorded_afterwards(self):
        self.start_with(limit_bytes=1500)
        held = []
        self.engine.on("GET /events", lambda c, r: (c.send(b"HTTP/1.1 200 OK\r\n\r\n"), held.append(c)) and True)
        clients = [self.client() for _ in range(20)]
        for client in clients:
            client.send(request_bytes("GET", "/v1.41/events"))
            self.assertEqual(client.head().status, 200)
        self.statuses(10)
        self.wait_for_status(503)
        for client in clients:
            client.close()
        for _ in range(300):  # their records are not in the place of those
            self.ask("GET", "/v1.41/info")
        self.lift_limit()
        self.wait_for_status(200)
        self.assertEqual(sum(record.get("op") == "system.events" for record in self.audit(20)), 20)

    def test_a_disk_without_room_at_all(self):
        os.symlink("/dev/full", self.audit_path)
        self.start_with()
        self.assert_refuses()
        self.assertIn("No space left on device", self.ask("GET", "/_ping").message())

    def test_a_file_that_was_moved_away_from_a_full_disk(self):
        os.symlink("/dev/full", self.audit_path)
        self.start_with()
        self.assert_refuses()
        self.audit_path.unlink()
        self.sockade.signal(signal.SIGHUP)
        self.wait_for_status(200)
        wait_for(lambda: self.counted(status=503) >= 2, "those of the refused requests")

    def test_a_pipe_that_nobody_empties(self):
        reader = self.make_pipe()
        self.start_with()
        passed = 0
        start = time.monotonic()
        while self.ask("GET", "/v1.41/info").status == 200:
            passed += 1
            self.assertLess(time.monotonic() - start, PATIENCE_S)
            time.sleep(0.02)
        self.assertIn("reader", self.ask("GET", "/v1.41/info").message())
        records = self.read_lines(reader, lambda records: self.count(records, 200) >= passed)
        self.assertEqual(self.count(records, 200), passed, "none is lost or twice")
        self.assertFalse([record for record in records if "audit_dropped" in record])
        self.wait_for_status(200)
        os.close(reader)

    def test_a_pipe_whose_reader_is_slow_for_a_moment_refuses_nobody(self):
        reader = self.make_pipe()
        self.start_with()
        client, count = self.client(), 25  # in one go: it is patient for a second
        client.send(request_bytes("GET", "/_ping") * count)
        self.assertEqual({client.response().status for _ in range(count)}, {200})
        records = self.read_lines(reader, lambda records: len(records) >= count)
        self.assertEqual(len(records), count)
        os.close(reader)

    def test_a_pipe_whose_reader_has_gone(self):
        reader = self.make_pipe()
        self.start_with()
        self.assertEqual(self.statuses(2), [200, 200])
        self.assertEqual(len(self.read_lines(reader, lambda records: len(records) >= 2)), 2)
        os.close(reader)
        self.assertEqual(self.statuses(3), [200, 503, 503])
        self.assertIn("Broken pipe", self.ask("GET", "/_ping").message())
        reader = os.open(self.audit_path, os.O_RDONLY | os.O_NONBLOCK)
        self.wait_for_status(200)
        records = self.read_lines(reader, lambda records: self.count(records, 503) >= 2)
        self.assertEqual(records[0]["status"], 200, "the one that was not known")
        self.assertGreaterEqual(self.count(records, 503), 2)
        os.close(reader)

    def test_a_reload_waits_for_no_reader(self):
        reader = self.make_pipe()
        self.start_with(on_error="drop")
        os.close(reader)
        self.sockade.signal(signal.SIGHUP)
        wait_for(lambda: "reloaded" in self.sockade.log(), "the reload")
        self.assertEqual(self.ask("GET", "/_ping").status, 200)

    def test_drop_serves_and_counts(self):
        reader = self.make_pipe()
        self.start_with(on_error="drop")
        client = self.client()
        asked = 5000  # whose records are more than 1 MiB
        for _ in range(0, asked, 100):
            client.send(request_bytes("GET", "/v1.41/info") * 100)
            self.assertEqual({client.response().status for _ in range(100)}, {200})
        wait_for(lambda: "dropping audit records" in self.sockade.log(), "some to be lost")
        records = self.read_lines(reader)
        self.assertEqual(self.ask("GET", "/v1.41/info").status, 200)
        records += self.read_lines(reader, lambda more: self.kept_and_lost(records + more)[0] > asked)
        known, lost = self.kept_and_lost(records)
        self.assertGreater(lost, 0)
        self.assertIn(known, (asked + 1, asked + 2), "the engine's record may be one of them")
        os.close(reader)
        self.assertEqual(set(self.statuses(3)), {200})

    def kept_and_lost(self, records):
        """How many are accounted for, and how many of them were lost."""
        lost = sum(record.get("audit_dropped", 0) for record in records)
        return self.count(records, 200) + lost, lost

    def test_drop_on_a_full_disk(self):
        os.symlink("/dev/full", self.audit_path)
        self.start_with(on_error="drop")
        self.assertEqual(set(self.statuses(3)), {200})
        self.assertEqual(self.ask("POST", "/v1.41/swarm/init", {}).status, 403)

    def test_standard_output_is_dropped_unless_the_file_says_deny(self):
        self.start_engine()
        for on_error, status in ((None, 200), ("deny", 503)):
            more = {} if on_error is None else {"audit": {"on_error": on_error}}
            config = self.write_config(BASELINE, **more)
            sockade = self.run_sockade("--config", config, prefix=("sh", "-c", 'exec "$@" >/dev/full', "sh"))
            self.assertEqual(self.statuses(3)[1:], [status, status])
            sockade.stop()

    def test_a_reload_changes_it(self):
        os.symlink("/dev/full", self.audit_path)
        self.start_with()
        self.assert_refuses()
        self.write_config(BASELINE, audit={"on_error": "drop"})
        self.sockade.signal(signal.SIGHUP)
        self.wait_for_status(200)

    def test_the_end_is_not_held_up(self):
        os.symlink("/dev/full", self.audit_path)
        self.start_with()
        self.assert_refuses()
        start = time.monotonic()
        self.sockade.stop()
        self.assertLess(time.monotonic() - start, 8)
        self.assertIn("are lost", self.sockade.log())


if __name__ == "__main__":
    unittest.main()
