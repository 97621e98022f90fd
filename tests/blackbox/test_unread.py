"""Answers that have an end and that nobody reads: given up after a while, however they are sent, so
that the engine is done with them. Who reads slowly is left alone, and so are streams."""

import threading
import time
import unittest

from harness import BASELINE, BlackboxTest, Policy
from wire import PATIENCE_S, chunk, request_bytes, wait_for

ALLOW = BASELINE.allow + ["containers.files.*", "containers.export"]
WEB = "a" * 64
PIECE = b"x" * 65536
LIMIT_S = 1
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nContent-Length: 1000000000000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n"


class UnreadTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        self.over = threading.Event()
        self.head = LENGTH
        self.piece = PIECE
        self.start_engine()
        self.engine.on("GET /containers/(a|web)/(archive|export|logs)", self.write)
        self.engine.on("GET /containers/(web|a)/json", lambda connection, request: connection.answer(200, {
            "Id": WEB, "Name": "/web", "State": {"Running": False}, "Config": {"User": "1000", "Image": "nonroot"},
            "HostConfig": {"NetworkMode": "none", "LogConfig": {"Type": "json-file"}}, "Mounts": []}))
        self.engine.on("POST /containers/a/start", lambda connection, request: connection.answer(204))

    def start_limited(self, **limits):
        self.start(Policy("baseline", ALLOW, {"live_tree": "deny"}, {"read_timeout": LIMIT_S, **limits}), engine=False)

    def write(self, connection, _request):
        """Without an end, until it is cut off."""
        try:
            connection.send(self.head)
            while True:
                connection.send(self.piece)
        except OSError:
            self.over.set()
        return False

    def ask_for(self, target):
        self.over.clear()
        client = self.client()
        client.send(request_bytes("GET", "/v1.41" + target))
        self.assertEqual(client.head().status, 200)
        return client

    def record_of(self, operation):
        wait_for(lambda: any(record["op"] == operation for record in self.audit()), "the record")
        return [record for record in self.audit() if record["op"] == operation][-1]

    def test_what_nobody_reads_is_given_up(self):
        self.start_limited()
        for target, operation, head, piece in (
                ("/containers/web/archive?path=/x", "containers.files.read", LENGTH, PIECE),
                ("/containers/web/export", "containers.export", CHUNKED, chunk(PIECE)),
                ("/containers/web/archive?path=/x", "containers.files.read", CHUNKED, chunk(b"small"))):
            with self.subTest(operation, head=head, piece=len(piece)):
                self.head, self.piece = head, piece
                client = self.ask_for(target)
                self.assertTrue(self.over.wait(PATIENCE_S), "the engine still writes")
                record = self.record_of(operation)
                self.assertEqual(record["decision"], "error")
                self.assertEqual([rule["id"] for rule in record["rules"]], ["limits.read_timeout"])
                client.close()

    def test_who_waits_for_it_has_a_turn(self):
        self.start_limited()
        self.ask_for("/containers/web/archive?path=/x")
        response = self.ask("POST", "/v1.41/containers/web/start")
        self.assertEqual(response.status, 204, response.body)

    def test_of_a_client_that_has_left_too(self):
        self.start_limited()
        self.ask_for("/containers/web/archive?path=/x").close()
        response = self.ask("POST", "/v1.41/containers/web/start")
        self.assertEqual(response.status, 204, response.body)
        self.assertTrue(self.over.wait(PATIENCE_S), "the engine still writes")

    def test_who_reads_slowly_is_left_alone(self):
        self.start_limited(read_timeout=4)  # a busy machine keeps nobody from reading for so long
        client = self.ask_for("/containers/web/archive?path=/x")
        for _ in range(12):
            time.sleep(0.5)
            client.sock.recv(65536)
        self.assertFalse(self.over.is_set())

    def test_streams_wait_for_their_readers(self):
        self.start_limited()
        self.head, self.piece = CHUNKED, chunk(PIECE)
        client = self.ask_for("/containers/web/logs?stdout=1&follow=1")
        self.assertFalse(self.over.wait(3 * LIMIT_S))
        self.assertEqual(client.read_chunk(), PIECE)

    def test_without_a_limit_it_waits(self):
        self.start_limited(read_timeout=0)
        client = self.ask_for("/containers/web/archive?path=/x")
        self.assertFalse(self.over.wait(3 * LIMIT_S))
        client.close()


if __name__ == "__main__":
    unittest.main()
