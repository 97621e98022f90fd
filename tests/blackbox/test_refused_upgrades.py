"""BuildKit's tunnels, refused: the answer is 101, and the reason is read inside (docs/clients.md). What clients
make of it is in tests/clients; what they read, frame by frame, in tests/unit/http2."""

import unittest

from harness import BASELINE, BlackboxTest
from wire import request_bytes

UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "h2c")]
GRPC = request_bytes("POST", "/grpc", None, UPGRADE)
SESSION = request_bytes("POST", "/session", None, UPGRADE + [("X-Docker-Expose-Session-Uuid", "x" * 25)])
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\0\0\0\4\0\0\0\0\0"
FRAME_SETTINGS, FRAME_HEADERS, FRAME_GOAWAY = 4, 1, 7
END_STREAM = 1


def call(stream):
    """A POST of /x, in literals of HPACK that name their fields by the static table."""
    fields = b"\x83\x86" + b"\x04\x02/x" + b"\x01\x01d"
    return len(fields).to_bytes(3, "big") + bytes([FRAME_HEADERS, 4]) + stream.to_bytes(4, "big") + fields


class RefusedUpgradeTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        self.start(BASELINE)

    def upgraded(self, request, more=b""):
        client = self.client()
        client.send(request + more)
        head = client.head()
        self.assertEqual(head.status, 101)
        self.assertEqual(head.all("Upgrade"), ["h2c"])
        return client

    @staticmethod
    def frame(client):
        head = client.read_exactly(9)
        client.read_exactly(int.from_bytes(head[:3], "big"))
        return head[3], head[4]

    def frame_of(self, client, kind):
        while True:
            got, flags = self.frame(client)
            if got == kind:
                return flags

    def test_each_call_is_answered(self):
        for early in (True, False):
            client = self.upgraded(GRPC, PREFACE + SETTINGS + call(1) if early else b"")
            self.assertEqual(self.frame(client)[0], FRAME_SETTINGS)
            if not early:
                client.send(PREFACE + SETTINGS + call(1))
            self.assertTrue(self.frame_of(client, FRAME_HEADERS) & END_STREAM)
            client.send(call(3))
            self.assertTrue(self.frame_of(client, FRAME_HEADERS) & END_STREAM)
            client.close()
        self.assertNotIn(b"grpc", self.engine.received())

    def test_the_record(self):
        client = self.upgraded(GRPC)
        (record,) = self.audit(1)
        self.assertEqual([record["decision"], record["status"], record["rules"][0]["id"]], ["deny", 101, "operation"])
        client.close()

    def test_a_session_is_refused_plainly(self):
        client = self.client()
        client.send(SESSION)
        self.assert_refused(client.response(), 403, "operation")

    def test_what_is_no_http2_ends_it(self):
        client = self.upgraded(GRPC)
        self.frame(client)
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual(client.read_to_end(), b"")

    def test_calls_without_end_are_ended(self):
        client = self.upgraded(GRPC, PREFACE + SETTINGS)
        for stream in range(1, 200, 2):
            try:
                client.send(call(stream))
            except OSError:
                break
        self.frame_of(client, FRAME_GOAWAY)

    def test_a_plain_request_is_answered_plainly(self):
        for headers in ([], [("Connection", "Upgrade"), ("Upgrade", "websocket")]):
            client = self.client()
            client.send(request_bytes("POST", "/grpc", None, headers))
            self.assertEqual(client.response().status, 403)


if __name__ == "__main__":
    unittest.main()
