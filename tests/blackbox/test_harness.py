"""The harness itself, client straight to fake engine: what the other tests conclude from
it is only as good as this."""

import socket
import threading
import unittest

from fake_engine import sends
from harness import BlackboxTest
from wire import (LAST_CHUNK, Client, Request, Response, Wire, chunk, request_bytes, send_apart,
                  unread_bytes)


class HarnessTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        self.start_engine()
        self.peer = Client(self.engine_socket)
        self.addCleanup(self.peer.close)

    def test_a_request_and_its_answer_survive_the_round_trip(self):
        response = self.peer.ask("POST", "/v1.41/containers/create?name=a", {"Image": "x"})
        self.assertEqual(response.status, 201)
        self.assertEqual(response.json()["Id"], "c" * 64)
        request = self.engine.last()
        self.assertEqual((request.method, request.route, request.query),
                         ("POST", "/containers/create", "name=a"))
        self.assertEqual(request.json(), {"Image": "x"})

    def test_connections_are_kept_and_counted(self):
        for _ in range(3):
            self.assertEqual(self.peer.ask("GET", "/_ping").body, b"OK")
        self.assertEqual(self.peer.ask("HEAD", "/_ping").body, b"")
        self.assertEqual(self.engine.accepts, 1)
        self.assertEqual(len(self.engine.asked()), 4)

    def test_chunked_bodies_are_read_both_ways(self):
        self.engine.on("POST /x", lambda c, r: c.answer(200, r.body[::-1], chunked=True))
        body = chunk(b"abc") + chunk(b"def") + LAST_CHUNK
        response = self.peer.ask("POST", "/x", body, [("Transfer-Encoding", "chunked")])
        self.assertEqual(response.body, b"fedcba")

    def test_pieces_arrive_apart(self):
        left, right = socket.socketpair()
        seen = []

        def read():
            while True:
                data = right.recv(100)
                if not data:
                    return
                seen.append(data)

        reader = threading.Thread(target=read)
        reader.start()
        send_apart(left, [b"one", b"two", b"three"])
        left.close()
        reader.join()
        right.close()
        self.assertEqual(seen, [b"one", b"two", b"three"])

    def test_unread_bytes_are_seen(self):
        left, right = socket.socketpair()
        self.assertEqual(unread_bytes(left), 0)
        left.sendall(b"x" * 1000)
        self.assertGreaterEqual(unread_bytes(left), 1000)
        right.recv(5000)
        self.assertEqual(unread_bytes(left), 0)
        left.close()
        right.close()

    def test_ambiguous_requests_are_problems(self):
        for head in (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
                     b"GET / HTTP/1.1\nHost: a\r\n\r\n",
                     b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"):
            with self.subTest(head=head), self.assertRaises(AssertionError):
                Request(head)
        twice = Request(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n")
        with self.assertRaises(AssertionError):
            twice.framing()

    def test_quiet_is_told_from_closed(self):
        left, right = socket.socketpair()
        wire = Wire(left)
        self.assertTrue(wire.is_quiet(0.02))
        right.close()
        self.assertFalse(wire.is_quiet(0.02))
        wire.close()

    def test_a_short_body_is_no_complete_one(self):
        self.engine.on("GET /x", sends(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"))
        with self.assertRaises(EOFError):
            self.peer.ask("GET", "/x")

    def test_request_bytes_frame_what_has_a_body(self):
        self.assertIn(b"Content-Length: 0\r\n", request_bytes("POST", "/x"))
        self.assertNotIn(b"Content-Length", request_bytes("GET", "/x"))
        self.assertTrue(request_bytes("POST", "/x", b"abc").endswith(b"Content-Length: 3\r\n\r\nabc"))

    def test_a_status_line_must_be_one(self):
        with self.assertRaises(AssertionError):
            Response(b"ICY 200 OK\r\n\r\n")


if __name__ == "__main__":
    unittest.main()
