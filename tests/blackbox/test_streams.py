"""Responses that never end: each piece arrives at once, quiet is no fault, and a client that
leaves takes the engine's side with it."""

import statistics
import threading
import time
import unittest

from harness import BASELINE, BlackboxTest
from wire import LAST_CHUNK, chunk, request_bytes, wait_for

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
STREAMS = {
    "events": ("GET", "/v1.41/events", "/events"),
    "logs": ("GET", "/v1.41/containers/a/logs?stdout=1&follow=1", "/containers/a/logs"),
    "stats": ("GET", "/v1.41/containers/a/stats", "/containers/a/stats"),
    "wait": ("POST", "/v1.41/containers/a/wait?condition=next-exit", "/containers/a/wait"),
    "pull": ("POST", "/v1.41/images/create?fromImage=a&tag=b", "/images/create"),
}


class StreamTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        self.start(BASELINE)
        self.connection = None

    def hold(self, connection, _request):
        """Leaves the answer to the test."""
        self.connection = connection

    def open_stream(self, name):
        method, target, route = STREAMS[name]
        self.connection = None
        self.engine.on("%s %s" % (method, route), self.hold)
        client = self.client()
        client.send(request_bytes(method, target))
        wait_for(lambda: self.connection, "the request at the engine")
        return client

    def test_the_head_comes_before_any_content(self):
        for name in STREAMS:
            with self.subTest(name):
                client = self.open_stream(name)
                self.connection.send(HEAD)
                self.assertEqual(client.head().status, 200)
                client.close()

    def test_each_piece_arrives_before_the_next_is_sent(self):
        for name in STREAMS:
            with self.subTest(name):
                client = self.open_stream(name)
                self.connection.send(HEAD)
                client.head()
                waits = []
                for number in range(20):
                    text = b'{"number":%d}\n' % number
                    begin = time.monotonic()
                    self.connection.send(chunk(text))
                    self.assertEqual(client.read_chunk(), text)
                    waits.append(time.monotonic() - begin)
                self.connection.send(LAST_CHUNK)
                self.assertEqual(client.read_chunk(), b"")
                self.assertLess(statistics.median(waits), 0.5)
                self.assertEqual(client.ask("GET", "/_ping").body, b"OK")

    def test_half_a_chunk_arrives_too(self):
        client = self.open_stream("logs")
        self.connection.send(HEAD)
        client.head()
        self.connection.send(b"64\r\n" + b"a" * 10)
        wait_for(lambda: client.fill() and client.buffer.count(b"a") == 10, "the first ten bytes")

    def test_a_body_until_the_end_arrives_piece_by_piece(self):
        client = self.open_stream("logs")
        self.connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n")
        head = client.head()
        for _ in range(5):
            self.connection.send(b"a line\n")
            data = client.read_chunk() if head.framing() == "chunked" else client.read_exactly(7)
            self.assertEqual(data, b"a line\n")
        self.connection.send_end()
        rest = client.read_to_end()
        self.assertEqual(rest, LAST_CHUNK if head.framing() == "chunked" else b"")

    def test_a_client_that_leaves_ends_the_engines_side(self):
        for name in STREAMS:
            for begun in (True, False):
                with self.subTest(name, begun=begun):
                    client = self.open_stream(name)
                    if begun:
                        self.connection.send(HEAD + chunk(b"x"))
                        client.head()
                        client.read_chunk()
                    connection = self.connection
                    client.close()
                    wait_for(lambda connection=connection: connection.ended, "the engine's side to end")

    def test_a_quiet_stream_survives(self):
        client = self.open_stream("events")
        self.connection.send(HEAD)
        client.head()
        self.assertTrue(client.is_quiet(5))
        self.connection.send(chunk(b"after a while"))
        self.assertEqual(client.read_chunk(), b"after a while")

    def test_a_quiet_wait_survives(self):
        """The answer's head itself takes long."""
        client = self.open_stream("wait")
        self.assertTrue(client.is_quiet(3))
        self.connection.answer(200, {"StatusCode": 0})
        self.assertEqual(client.response().json(), {"StatusCode": 0})

    def test_many_streams_at_once(self):
        connections = []
        self.engine.on("GET /events", lambda c, r: (connections.append(c), c.send(HEAD)) and None)
        clients = [self.client() for _ in range(50)]
        for client in clients:
            client.send(request_bytes("GET", "/v1.41/events"))
        for client in clients:
            self.assertEqual(client.head().status, 200)
        for round_number in range(5):
            text = b"event %d" % round_number
            for connection in list(connections):
                connection.send(chunk(text))
            for client in clients:
                self.assertEqual(client.read_chunk(), text)
        self.assertEqual(self.ask("GET", "/_ping").body, b"OK")

    def test_slow_streams_do_not_hold_up_others(self):
        blocker = self.client()
        stop = threading.Event()
        self.addCleanup(stop.set)

        def flood(connection, _request):
            connection.send(HEAD)
            while not stop.is_set():
                connection.send(chunk(b"a" * 65536))

        self.engine.on("GET /containers/a/logs", flood)
        blocker.send(request_bytes("GET", "/v1.41/containers/a/logs?stdout=1&follow=1"))
        time.sleep(0.2)  # until no more of it fits anywhere

        def ask_often():
            for _ in range(20):
                self.assertEqual(self.ask("GET", "/_ping").body, b"OK")

        self.assert_soon(ask_often, 2)

    def test_a_client_that_leaves_with_much_unread_takes_the_engines_side_with_it(self):
        """Nothing is read behind so many requests sent ahead, so no event tells of its end."""
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        before = self.sockade.open_descriptors()
        client = self.open_stream("events")
        self.connection.send(HEAD + chunk(b"event"))
        self.assertEqual(client.head().status, 200)
        client.send(b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n" * 6000)
        client.close()
        wait_for(lambda: self.sockade.open_descriptors() <= before, "both sides to be closed")


class ScopedEventsTest(BlackboxTest):
    """In a scope the stream is looked at event by event, for engines that filter less."""

    def event(self, owner, number):
        return b'{"Type":"container","Actor":{"Attributes":{"io.sockade.owner":"%s"}},"time":%d}\n' % (owner, number)

    def test_events_of_the_scope_arrive_at_once_and_no_others(self):
        self.start_engine()
        config = self.directory / "scope.yaml"
        config.write_text("version: 1\npolicies: {us: {base: baseline, scope: {own: true}}}\n"
                          "listen: [{socket: %s, policy: us}]\n" % self.socket)
        self.run_sockade("--config", config, "--upstream", "unix:%s" % self.engine_socket)
        held = []
        self.engine.on("GET /events", lambda connection, _request: held.append(connection))
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/events"))
        wait_for(lambda: held, "the request at the engine")
        held[0].send(HEAD)
        self.assertEqual(client.head().status, 200)
        for number in range(20):
            ours = self.event(b"us", number)
            for part in (self.event(b"them", number), ours[:30], ours[30:]):
                held[0].send(chunk(part))
            self.assertEqual(client.read_chunk(), ours)
        held[0].send(chunk(self.event(b"them", 20)) + LAST_CHUNK)
        self.assertEqual(client.read_chunk(), b"")
        self.assertEqual(client.ask("GET", "/_ping").body, b"OK")


if __name__ == "__main__":
    unittest.main()
