"""An engine that is absent, dies, says nonsense or answers too early: the client gets a
readable 502, or a body that is visibly broken, never one that only looks complete."""

import os
import socket
import threading
import time
import unittest

from fake_engine import FakeEngine, sends
from harness import BASELINE, HARMLESS, BlackboxTest, Policy
from wire import LAST_CHUNK, MIB, PATIENCE_S, chunk, request_bytes, response_bytes, wait_for

OK = b"HTTP/1.1 200 OK\r\n"
TAR = ("Content-Type", "application/x-tar")


class AbsentEngineTest(BlackboxTest):
    def test_absent_at_the_start_then_there_then_gone_again(self):
        self.start(BASELINE, engine=False)
        client = self.client()
        for _ in range(3):
            response = client.ask("GET", "/v1.41/containers/json")
            self.assert_refused(response, 502)
            if response.closes():
                client = self.client()
        self.start_engine()
        self.assertEqual(self.ask("GET", "/v1.41/containers/json").status, 200)
        self.engine.stop()
        self.assert_refused(self.ask("GET", "/v1.41/containers/json"), 502)
        self.engine.start()
        self.assertEqual(self.ask("GET", "/v1.41/containers/json").status, 200)

    def test_every_kind_of_request_gets_its_502(self):
        self.start(BASELINE, engine=False)
        upgrade = [("Connection", "Upgrade"), ("Upgrade", "tcp")]
        for method, target, body, fields in (
                ("POST", "/v1.41/containers/create", HARMLESS, ()),
                ("POST", "/v1.41/images/load", b"tar" * 1000, [TAR]),
                ("POST", "/v1.41/containers/a/attach?stream=1", None, upgrade),
                ("GET", "/v1.41/events", None, ()), ("GET", "/_ping", None, ())):
            with self.subTest(target):
                response = self.ask(method, target, body, fields)
                self.assert_refused(response, 502)
                self.assertIn("engine", response.message())

    def test_a_refusal_needs_no_engine(self):
        self.start(BASELINE, engine=False)
        self.assert_refused(self.ask("POST", "/v1.41/swarm/init", {}), 403)

    def test_a_socket_that_nobody_listens_on(self):
        self.start(BASELINE)
        self.engine.listener.shutdown(socket.SHUT_RDWR)
        self.engine.listener.close()
        self.engine.listener = None
        self.assertTrue(os.path.exists(self.engine_socket))
        self.assert_refused(self.ask("GET", "/_ping"), 502)


class DyingEngineTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        self.start(BASELINE)

    def answer_with(self, *pieces):
        self.engine.on("(GET|POST) /(containers/json|containers/create|images/load)", sends(*pieces))

    def assert_no_answer(self):
        """For a GET and for a POST, whose failure must not make it a second one."""
        self.assert_refused(self.ask("GET", "/v1.41/containers/json"), 502)
        self.assert_refused(self.ask("POST", "/v1.41/containers/create", HARMLESS), 502)
        self.assertEqual(self.engine.asked().count("POST /containers/create"), 1)
        self.assertEqual(self.ask("GET", "/_ping").body, b"OK")

    def test_closes_before_it_answers(self):
        self.answer_with()
        self.assert_no_answer()

    def test_dies_within_the_head(self):
        self.answer_with(OK + b"Content-Type: appl")
        self.assert_no_answer()

    def test_dies_after_an_interim_answer(self):
        self.answer_with(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        self.assert_no_answer()

    def test_dies_within_a_body(self):
        for name, data in {
                "length": OK + b"Content-Length: 100\r\n\r\n" + b"a" * 50,
                "no chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n",
                "within a chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\n" + b"a" * 50,
                "behind a chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"abc"),
                "within the last": OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"abc") + b"0\r\n"}.items():
            with self.subTest(name):
                self.answer_with(data)
                client = self.client()
                client.send(request_bytes("GET", "/v1.41/containers/json"))
                head = client.head()
                self.assertEqual(head.status, 200)
                with self.assertRaises(EOFError):
                    client.read_body(head)
                    raise AssertionError("the body looks complete")
        self.assertEqual(self.ask("GET", "/_ping").body, b"OK")

    def test_dies_within_a_body_of_an_old_client(self):
        """HTTP/1.0 has no last chunk to miss: a reset tells, where the length can't."""
        self.answer_with(OK + b"Content-Length: 100\r\n\r\n" + b"a" * 50)
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/containers/json", version="1.0"))
        head = client.head()
        self.assertEqual(head.framing(), 100)
        with self.assertRaises(EOFError):
            client.read_body(head)

    def test_dies_while_it_is_sent_to(self):
        def play(connection, _request):
            connection.read_exactly(MIB)
            return False

        self.engine.on("POST /images/load", play, reads_body=False)
        client = self.client()
        client.send(request_bytes("POST", "/v1.41/images/load", b"", [TAR, ("Content-Length", str(64 * MIB))]))
        try:
            for _ in range(64):
                client.send(b"a" * MIB)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.assert_refused(client.response(), 502)


class NonsenseTest(BlackboxTest):
    def test_what_is_no_answer_becomes_502(self):
        self.start(BASELINE)
        for name, data in {
                "text": b"hello, world\r\n\r\n", "binary": os.urandom(64) + b"\r\n\r\n",
                "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
                "a request": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                "status 99": b"HTTP/1.1 99 Odd\r\nContent-Length: 0\r\n\r\n",
                "status 1000": b"HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n",
                "status text": b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n",
                "HTTP/2": b"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
                "HTTP/3.0": b"HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                "two framings": OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "two lengths": OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                "no length": OK + b"Content-Length: x\r\n\r\n",
                "a signed length": OK + b"Content-Length: +3\r\n\r\nabc",
                "an unknown coding": OK + b"Transfer-Encoding: gzip\r\n\r\n",
                "a folded line": OK + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
                "a space before the colon": OK + b"X : a\r\nContent-Length: 0\r\n\r\n",
                "NUL": OK + b"X: a\0b\r\nContent-Length: 0\r\n\r\n",
                "line feeds": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"}.items():
            with self.subTest(name):
                self.engine.on("GET /containers/json", sends(data))
                self.assert_refused(self.ask("GET", "/v1.41/containers/json"), 502)
                self.assertEqual(self.ask("GET", "/_ping").body, b"OK")

    def test_a_head_without_end_is_cut_off(self):
        self.start(BASELINE)

        def play(connection, _request):
            connection.send(OK)
            for _ in range(100000):
                connection.send(b"X: " + b"a" * 1000 + b"\r\n")
            return False

        self.engine.on("GET /containers/json", play)
        self.assert_refused(self.ask("GET", "/v1.41/containers/json"), 502)

    def test_a_head_as_large_as_engines_send(self):
        self.start(Policy("open"))
        fields = [("X-Docker-Container-Path-Stat", "a" * 60000)]
        self.engine.on("HEAD /containers/a/archive", lambda c, r: c.send(
            response_bytes(200, b"", fields)))
        response = self.ask("HEAD", "/v1.41/containers/a/archive?path=/x")
        self.assertEqual(response.status, 200)
        self.assertEqual(len(response.get("X-Docker-Container-Path-Stat")), 60000)

    def test_chunks_that_are_none_break_the_body(self):
        self.start(BASELINE)
        for data in (b"zz\r\nabc\r\n0\r\n\r\n", b"3\nabc\r\n0\r\n\r\n", b"3\r\nabcd\r\n0\r\n\r\n",
                     b"-1\r\n\r\n", b"10000000000000000\r\n"):
            with self.subTest(data):
                self.engine.on("GET /containers/json",
                               sends(OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"good"), data))
                client = self.client()
                client.send(request_bytes("GET", "/v1.41/containers/json"))
                head = client.head()
                self.assertEqual(head.status, 200)
                self.assertEqual(client.read_chunk(), b"good")
                self.assertNotIn(LAST_CHUNK, client.read_to_end())


class EarlyAnswerTest(BlackboxTest):
    """The engine answers before it has the whole request."""

    def setUp(self):
        super().setUp()
        self.start(BASELINE)

    def upload(self, play, size, chunked=False):
        self.engine.on("POST /images/load", play, reads_body=False)
        client = self.client()
        if chunked:
            client.send(request_bytes("POST", "/v1.41/images/load", b"", [TAR, ("Transfer-Encoding", "chunked")]))
        else:
            client.send(request_bytes("POST", "/v1.41/images/load", b"", [TAR, ("Content-Length", str(size))]))
        done = threading.Event()

        def feed():
            try:
                for _ in range(size // 65536):
                    client.send(chunk(b"a" * 65536) if chunked else b"a" * 65536)
                if chunked:
                    client.send(LAST_CHUNK)
            except OSError:
                pass  # sockade need not take what nobody wants
            done.set()

        threading.Thread(target=feed, daemon=True).start()
        response = client.response()
        self.assertTrue(done.wait(PATIENCE_S), "the client's upload neither ended nor failed")
        return client, response

    def check(self, close, size=8 * MIB, chunked=False):
        answer = response_bytes(400, b'{"message":"not a tar"}', [("Connection", "close")] if close else (),
                                content_type="application/json")

        def play(connection, _request):
            connection.read_exactly(65536)
            connection.send(answer)
            if close:
                return False
            time.sleep(0.2)
            connection.read_to_end()
            return False

        client, response = self.upload(play, size, chunked)
        self.assertEqual(response.status, 400)
        self.assertEqual(response.message(), "not a tar")
        client.close()
        self.assertEqual(self.ask("GET", "/_ping").body, b"OK")

    def test_and_closes(self):
        self.check(close=True)

    def test_and_closes_on_a_chunked_upload(self):
        self.check(close=True, chunked=True)

    def test_and_leaves_its_side_open(self):
        self.check(close=False)

    def test_and_the_upload_never_ends(self):
        """What the client still sends is read and dropped, or its connection closed."""
        self.check(close=True, size=128 * MIB)

    def test_and_reads_on(self):
        """As dockerd does for build: the output begins while the context is still coming."""
        progress = []

        def play(connection, request):
            connection.read_exactly(65536)
            connection.send(OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"begun"))
            left = request.framing() - 65536
            while left:
                left -= len(connection.read_exactly(min(left, 65536)))
            progress.append(True)
            connection.send(chunk(b" and done") + LAST_CHUNK)

        client, response = self.upload(play, 8 * MIB)
        self.assertEqual(response.body, b"begun and done")
        self.assertEqual(progress, [True])
        client.close()


class SlowEngineTest(BlackboxTest):
    def test_an_answer_may_take_its_time(self):
        self.start(BASELINE)

        def play(connection, _request):
            time.sleep(2)
            connection.answer(200, {"slow": True})

        self.engine.on("POST /containers/a/stop", play)
        self.assertEqual(self.ask("POST", "/v1.41/containers/a/stop").json(), {"slow": True})

    def test_others_do_not_wait(self):
        self.start(BASELINE)
        held = []
        self.engine.on("POST /containers/a/stop", lambda c, r: held.append(c))
        client = self.client()
        client.send(request_bytes("POST", "/v1.41/containers/a/stop"))
        wait_for(lambda: held, "the slow request")

        def ask_often():
            for _ in range(20):
                self.assertEqual(self.ask("GET", "/_ping").body, b"OK")

        self.assert_soon(ask_often, 2)
        held[0].answer(204)
        self.assertEqual(client.response().status, 204)

    def test_an_engine_that_accepts_nothing_blocks_nobody(self):
        """A full backlog: connecting neither succeeds nor fails."""
        self.start(BASELINE, engine=False)
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(str(self.engine_socket))
        listener.listen(0)
        clients = [self.client() for _ in range(5)]
        for client in clients:
            client.send(request_bytes("GET", "/v1.41/containers/json"))
        # Once it is known that it does not say which engine it is.
        wait_for(lambda: "does not report its name and version" in self.sockade.log(), "the question to be given up")
        for _ in range(8):
            self.assert_soon(lambda: self.assert_refused(self.ask("POST", "/v1.41/swarm/init", {}), 403), 1)
            time.sleep(1)


class SmallQueue(FakeEngine):
    """Two connections wait at most, and each is accepted after a while."""

    def start(self):
        super().start()
        self.listener.listen(1)

    def _accept(self, listener):
        class Slow:  # pylint: disable=too-few-public-methods
            @staticmethod
            def accept():
                time.sleep(0.005)
                return listener.accept()

        super()._accept(Slow)


class CrowdTest(BlackboxTest):
    def start_engine(self):
        self.engine = SmallQueue(self.engine_socket)
        self.addCleanup(self._end_engine, self.engine)
        return self.engine

    def test_a_full_queue_of_the_engine_is_waited_for(self):
        self.start(BASELINE)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        held = [self.client() for _ in range(200)]
        for number, client in enumerate(held):
            client.send(request_bytes("POST", "/v1.41/containers/create", HARMLESS) if number % 2 else
                        request_bytes("GET", "/v1.41/info"))
        statuses = [client.response().status for client in held]
        self.assertEqual(statuses, [200, 201] * 100)

    def test_who_leaves_meanwhile_is_forgotten(self):
        self.start(BASELINE)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        before = self.sockade.open_descriptors()
        clients = [self.client() for _ in range(50)]
        for client in clients:
            client.send(request_bytes("GET", "/v1.41/info"))
        for client in clients[::2]:
            client.close()
        for client in clients[1::2]:
            self.assertEqual(client.response().status, 200)
            client.close()
        wait_for(lambda: self.sockade.open_descriptors() <= before + 32, "descriptors to be closed")


if __name__ == "__main__":
    unittest.main()
