"""However the bytes are cut on their way, the same messages come out: requests and
responses whole, byte by byte, and cut in two at every point."""

import unittest

from harness import BASELINE, HARMLESS, PRIVILEGED, BlackboxTest
from wire import LAST_CHUNK, chunk, request_bytes, send_apart

CHUNKED = [("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")]
BODY = b'{"Image":"nonroot","User":"1000:1000"}'

ALLOWED = {
    "ping": request_bytes("GET", "/_ping"),
    "list": request_bytes("GET", "/v1.41/containers/json?all=1", None,
                          [("User-Agent", "Docker-Client/28.2.2 (linux)")]),
    "create": request_bytes("POST", "/v1.41/containers/create?name=a", HARMLESS),
    "chunked create": request_bytes("POST", "/v1.41/containers/create",
                                    chunk(BODY[:7]) + chunk(BODY[7:], b";a=b") + LAST_CHUNK, CHUNKED),
    "tar": request_bytes("POST", "/v1.41/images/load", chunk(b"tar" * 9) + LAST_CHUNK,
                         [("Transfer-Encoding", "chunked"), ("Content-Type", "application/x-tar")]),
}

RESPONSES = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n"
               b'{"all":"x"}', b'{"all":"x"}'),
    "chunked": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n"
                b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: z\r\n\r\n", b"hello world"),
    "interim": (b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2"
                b"\r\n\r\nok", b"ok"),
    "empty": (b"HTTP/1.1 204 No Content\r\nApi-Version: 1.41\r\n\r\n", b""),
}


def cuts(data):
    return [(data[:at], data[at:]) for at in range(1, len(data))]


class RequestFragmentationTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        self.start(BASELINE)

    def check(self, pieces, client):
        send_apart(client.sock, pieces)
        response = client.response()
        self.assertIn(response.status, (200, 201), response.body)
        return response

    def test_requests_cut_at_every_point(self):
        for name, data in ALLOWED.items():
            with self.subTest(name):
                client = self.client()
                self.check([data], client)
                whole = self.engine.last()
                for pieces in cuts(data):
                    self.check(pieces, client)
                    now = self.engine.last()
                    self.assertEqual((now.head, now.body), (whole.head, whole.body), pieces)

    def test_requests_byte_by_byte(self):
        for name, data in ALLOWED.items():
            with self.subTest(name):
                client = self.client()
                self.check([data], client)
                whole = self.engine.last()
                self.check([data[i:i + 1] for i in range(len(data))], client)
                now = self.engine.last()
                self.assertEqual((now.head, now.body), (whole.head, whole.body))

    def test_a_refusal_does_not_depend_on_the_cut(self):
        data = request_bytes("POST", "/v1.41/containers/create", PRIVILEGED)
        for pieces in cuts(data)[::3]:
            client = self.client()
            send_apart(client.sock, pieces)
            self.assert_refused(client.response(), 403, "privileged")
            client.close()
        self.assert_untouched()

    def test_every_prefix_of_a_request_is_no_request(self):
        data = request_bytes("POST", "/v1.41/containers/create", HARMLESS)
        for end in range(1, len(data), 5):
            client = self.client()
            client.send(data[:end])
            client.close()
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.assertEqual(self.engine.asked(), ["GET /_ping"])


class ResponseFragmentationTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.pieces = []
        self.engine.on("GET /containers/json", self.answer)

    def answer(self, connection, _request):
        send_apart(connection.sock, self.pieces)

    def check(self, pieces, body, client):
        self.pieces = pieces
        response = client.ask("GET", "/v1.41/containers/json")
        self.assertEqual(response.body, body, pieces)
        self.assertTrue(response.complete)
        self.assertEqual(len(response.informational), b"".join(pieces).count(b" 103 "))

    def test_responses_cut_at_every_point(self):
        for name, (data, body) in RESPONSES.items():
            with self.subTest(name):
                client = self.client()
                for pieces in cuts(data):
                    self.check(pieces, body, client)

    def test_responses_byte_by_byte(self):
        for name, (data, body) in RESPONSES.items():
            with self.subTest(name):
                self.check([data[i:i + 1] for i in range(len(data))], body, self.client())
        self.assertEqual(self.engine.accepts, 1, "a complete response leaves the connection usable")

    def test_a_body_until_the_end_cut_at_every_point(self):
        data = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\nuntil the end"
        self.engine.on("GET /containers/json",
                       lambda c, r: send_apart(c.sock, self.pieces) or False)
        for pieces in [*cuts(data), [data[i:i + 1] for i in range(len(data))]]:
            self.check(pieces, b"until the end", self.client())


if __name__ == "__main__":
    unittest.main()
