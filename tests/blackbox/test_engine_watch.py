"""Which engine it is: asked once, before the first request, and again when the engine was lost."""

import signal
import threading
import time
import unittest

from fake_engine import PODMAN, FakeEngine, sends, version_answer
from harness import BASELINE, BlackboxTest
from wire import PATIENCE_S, SETTLE_S, wait_for


class EngineWatchTest(BlackboxTest):
    def engine_events(self, count):
        def read():
            found = self.audit_events() if self.audit_path.exists() else []
            return found if len(found) >= count else None
        return wait_for(read, "%d records of the engine" % count)

    def test_it_is_asked_once_and_told_first(self):
        self.start(BASELINE)
        for _ in range(5):
            self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.audit(5)
        self.assertEqual(self.engine.questions, 1)
        first = self.audit_path.read_text().splitlines()[0]
        self.assertIn('"event":"engine","name":"dockerd","version":"26.1.5+dfsg1","api":"1.45","socket":"%s"'
                      % self.engine_socket, first)
        self.assertIn("dockerd 26.1.5+dfsg1, API 1.45", self.sockade.log())

    def test_the_question_carries_nothing_of_the_client(self):
        self.start(BASELINE)
        self.ask("GET", "/_ping", fields=[("X-Secret", "word")])
        (watch,) = self.engine.watches
        self.assertRegex(bytes(watch.received).decode(),
                         r"\AGET /version HTTP/1\.1\r\nHost: [a-z]+\r\nUser-Agent: sockade/[0-9.]+\r\n\r\n\Z")

    def test_an_engine_that_starts_late_is_asked_by_the_first_request(self):
        self.start(BASELINE, engine=False)
        self.assertEqual(self.engine_events(1)[0]["name"], "unknown")
        self.start_engine()
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.assertEqual(self.engine_events(2)[1]["name"], "dockerd")

    def test_another_engine_at_the_same_place_is_noticed(self):
        self.start(BASELINE)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.engine.stop()
        self.engine.version = PODMAN
        self.engine.start()
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        second = self.engine_events(2)[-1]
        self.assertEqual((second["name"], second["version"]), ("podman", "5.4.2"))

    def test_a_socket_that_another_engine_has_taken_over_is_noticed(self):
        """The old engine lives on and keeps its connection."""
        self.start(BASELINE)
        self.engine_events(1)
        other = FakeEngine(self.directory / "new.sock", PODMAN)
        (self.directory / "new.sock").rename(self.engine_socket)
        other.path = str(self.directory / "gone")
        (self.directory / "gone").touch()
        self.addCleanup(other.stop)
        wait_for(lambda: self.ask("GET", "/_ping").status and len(self.audit_events()) > 1,
                 "the other engine to be asked")
        self.assertEqual(self.engine_events(2)[-1]["name"], "podman")

    def test_the_same_engine_after_a_restart_is_no_news(self):
        self.start(BASELINE)
        self.ask("GET", "/_ping")
        self.engine.drop_connections()
        wait_for(lambda: "lost the connection to the engine" in self.sockade.log(), "the loss to be noticed")
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        wait_for(lambda: self.engine.questions == 2, "the engine to be asked again")
        time.sleep(SETTLE_S)
        self.assertEqual(len(self.audit_events()), 1)

    def test_a_reload_asks_again(self):
        self.start(BASELINE)
        self.engine_events(1)
        other = FakeEngine(self.directory / "other.sock", PODMAN)
        self.addCleanup(other.stop)
        self.write_config(BASELINE, daemon={"socket": str(self.directory / "other.sock")})
        self.sockade.signal(signal.SIGHUP)
        second = self.engine_events(2)[1]
        self.assertEqual((second["name"], second["socket"]), ("podman", str(self.directory / "other.sock")))

    def test_requests_wait_for_the_answer(self):
        answer_now = threading.Event()

        def answer(connection, _request):
            answer_now.wait(PATIENCE_S)
            connection.answer(200, version_answer())

        self.start_engine().version = answer
        self.addCleanup(answer_now.set)
        self.start(BASELINE)
        clients = [self.client() for _ in range(20)]
        for client in clients:
            client.send(b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
        time.sleep(SETTLE_S)
        self.assertEqual(self.engine.asked(), [])
        answer_now.set()
        for client in clients:
            self.assertEqual(client.response().status, 200)
        self.assertEqual(self.engine.questions, 1)

    def restart(self, version):
        """Both, with an engine that answers so."""
        if self.engine:
            self.sockade.stop()
            self.engine.stop()
            self.audit_path.unlink()
            self.engine = None
        self.start_engine().version = version
        self.start(BASELINE)

    def test_answers_that_say_nothing(self):
        for version in ({}, {"Components": []}, version_answer("nerdctl"), ["Engine"]):
            with self.subTest(version=version):
                self.restart(version)
                self.assertEqual(self.ask("GET", "/_ping").status, 200)
                self.assertEqual(self.engine_events(1)[0]["name"], "unknown")
                self.assertEqual(self.ask("GET", "/_ping").status, 200)
                self.assertEqual(self.engine.questions, 1)

    def test_what_it_is_taken_for_where_it_does_not_say(self):
        """A variable without a value is refused in front of Podman, and of what may be Podman."""
        body = {"Image": "nonroot", "Env": ["HOME"], "User": "1000", "HostConfig": {"NetworkMode": "none"}}
        assumed = {"kind": "dockerd", "version": "26.1"}
        for version, engine, status in (({}, None, 403), ({}, assumed, 201), (PODMAN, assumed, 403),
                                        ({}, {"kind": "podman"}, 403), (version_answer(), {"kind": "podman"}, 201)):
            with self.subTest(version=version, engine=engine):
                if self.engine:
                    self.tearDown()
                    self.setUp()
                self.start_engine().version = version
                daemon = {"socket": str(self.engine_socket), **({"engine": engine} if engine else {})}
                self.start(BASELINE, daemon=daemon)
                self.assertEqual(self.ask("POST", "/v1.41/containers/create", body).status, status)

    def test_an_engine_that_has_no_such_answer(self):
        self.start_engine().version = lambda c, r: c.answer(404, {"message": "page not found"})
        self.start(BASELINE)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.assertEqual(self.engine_events(1)[0]["name"], "unknown")

    def test_an_engine_that_breaks_off(self):
        for text in (b"", b"HTTP/1.1 200 OK\r\nContent-Len", b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}",
                     b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"a" * 70000):
            with self.subTest(text[:40]):
                self.restart(sends(text))
                self.assertEqual(self.ask("GET", "/_ping").status, 200)
                self.assertEqual(self.engine_events(1)[0]["name"], "unknown")


if __name__ == "__main__":
    unittest.main()
