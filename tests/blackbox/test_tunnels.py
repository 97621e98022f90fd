"""Attach and exec: raw bytes both ways once the engine has proved the switch, HTTP until
then and ever after when it did not."""

import hashlib
import os
import threading
import time
import unittest

from harness import BASELINE, PRIVILEGED, BlackboxTest, is_sanitized
from wire import MIB, PATIENCE_S, Client, chunk, request_bytes, response_bytes, wait_for

UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "tcp")]
ATTACH = request_bytes("POST", "/v1.41/containers/a/attach?stream=1&stdin=1&stdout=1&stderr=1", None, UPGRADE)
EXEC = request_bytes("POST", "/v1.41/exec/%s/start" % ("e" * 64), {"Detach": False, "Tty": True}, UPGRADE)
EXEC_WITHOUT_UPGRADE = request_bytes("POST", "/v1.41/exec/%s/start" % ("e" * 64),
                                     {"Detach": False, "Tty": True})
SWITCHED = (b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
RAW = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
TUNNEL_ROUTES = "POST /(containers/a/attach|exec/e+/start)"


def copy_stream(wire, digest, pause=None):
    """Reads to the end, counting."""
    total = 0
    while wire.buffer or wire.fill():
        digest.update(wire.buffer)
        total += len(wire.buffer)
        wire.buffer.clear()
        if pause:
            pause()
    return total


class TunnelTest(BlackboxTest):
    """`play` is what the engine does once a tunnel is asked for."""

    def setUp(self):
        super().setUp()
        self.start(BASELINE)
        self.failures = []

    def engine_plays(self, function, pattern=TUNNEL_ROUTES):
        self.engine.on(pattern, function)

    @staticmethod
    def echo(connection, _request, answer=SWITCHED):
        connection.send(answer)
        connection.records = False
        while connection.buffer or connection.fill():
            connection.send(connection.take(len(connection.buffer)))
        return False

    def open_tunnel(self, data=ATTACH, status=101):
        client = self.client()
        client.send(data)
        head = client.head()
        self.assertEqual(head.status, status)
        return client, head


class OpeningTest(TunnelTest):
    def test_attach_and_exec_are_echoed(self):
        self.engine_plays(self.echo)
        for data in (ATTACH, EXEC):
            client, head = self.open_tunnel(data)
            self.assertTrue(head.has_token("Connection", "upgrade"))
            self.assertEqual(head.all("Upgrade"), ["tcp"])
            self.assertIsNone(head.framing())
            for text in (b"one", b"two", b"\0\xff\r\n\r\n"):
                client.send(text)
                self.assertEqual(client.read_exactly(len(text)), text)
            client.close()

    def test_the_engine_is_asked_for_the_switch(self):
        self.engine_plays(self.echo)
        self.open_tunnel(EXEC)
        request = self.engine.last()
        self.assertEqual(request.all("Upgrade"), ["tcp"])
        self.assertTrue(request.has_token("Connection", "upgrade"))
        self.assertEqual(request.json(), {"Detach": False, "Tty": True})

    def test_a_switch_without_upgrade(self):
        """Old clients hijack what is answered 200 with a raw stream."""
        self.engine_plays(lambda c, r: self.echo(c, r, RAW))
        client, _ = self.open_tunnel(EXEC_WITHOUT_UPGRADE, 200)
        self.assertNotIn("upgrade", self.engine.last().names(), "nothing the client didn't ask for")
        client.send(b"hello")
        self.assertEqual(client.read_exactly(5), b"hello")
        client.send_end()
        self.assertEqual(client.read_to_end(), b"")

    def test_a_multiplexed_stream_is_raw_as_well(self):
        self.engine_plays(lambda c, r: self.echo(c, r, RAW.replace(b"raw-stream", b"multiplexed-stream")))
        client, _ = self.open_tunnel(EXEC_WITHOUT_UPGRADE, 200)
        client.send(b"hello")
        self.assertEqual(client.read_exactly(5), b"hello")

    def test_early_bytes_wait_for_the_proof(self):
        quiet = []

        def play(connection, request):
            quiet.append(connection.is_quiet(0.3))
            self.echo(connection, request)

        self.engine_plays(play)
        for data in (ATTACH, EXEC):
            client, _ = self.open_tunnel(data + b"early bytes")
            self.assertEqual(client.read_exactly(11), b"early bytes")
            client.close()
        self.assertEqual(quiet, [True, True])

    def test_the_engines_first_bytes_come_with_the_switch(self):
        self.engine_plays(lambda c, r: c.send(SWITCHED + b"prompt $ ") or False)
        client, _ = self.open_tunnel()
        self.assertEqual(client.read_to_end(), b"prompt $ ")

    def test_a_websocket(self):
        fields = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                  ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Origin", "http://localhost")]
        answer = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
        self.engine_plays(lambda c, r: self.echo(c, r, answer), "GET /containers/a/attach/ws")
        client, head = self.open_tunnel(
            request_bytes("GET", "/v1.41/containers/a/attach/ws?stream=1&stdout=1", None, fields))
        self.assertEqual(head.get("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        self.assertEqual(self.engine.last().get("Sec-WebSocket-Key"), "dGhlIHNhbXBsZSBub25jZQ==")
        client.send(b"\x81\x05hello")
        self.assertEqual(client.read_exactly(7), b"\x81\x05hello")

    def test_a_tunnels_connection_is_never_used_again(self):
        self.engine_plays(lambda c, r: c.send(SWITCHED + b"bye") or False)
        client, _ = self.open_tunnel()
        self.assertEqual(client.read_to_end(), b"bye")
        self.assertEqual(self.ask("GET", "/_ping").body, b"OK")
        self.assertEqual(self.engine.accepts, 2)


class NoTunnelTest(TunnelTest):
    """The engine did not switch: whatever the client sends is a request, and judged."""

    def check(self, request, answer, status):
        self.engine_plays(lambda c, r: c.send(answer))
        for second, expected in ((request_bytes("POST", "/v1.41/containers/create?name=tunnelled", PRIVILEGED), 403),
                                 (request_bytes("GET", "/_ping"), 200)):
            for early in (True, False):
                client = self.client()
                client.send(request + second if early else request)
                first = client.response()
                self.assertEqual(first.status, status)
                if not early and not first.closes():
                    client.send(second)
                if first.closes():
                    self.assertEqual(client.read_to_end(), b"")
                else:
                    self.assertEqual(client.response().status, expected)
                client.close()
        self.assertNotIn(b"tunnelled", self.engine.received())

    def test_not_found(self):
        self.check(EXEC, response_bytes(404, b'{"message":"no such exec"}', content_type="application/json"), 404)

    def test_conflict(self):
        self.check(ATTACH, response_bytes(409, b'{"message":"paused"}', content_type="application/json"), 409)

    def test_an_ordinary_200(self):
        detach = request_bytes("POST", "/v1.41/exec/%s/start" % ("e" * 64), {"Detach": True}, UPGRADE)
        self.check(detach, response_bytes(200, b""), 200)
        self.check(EXEC, response_bytes(200, b"text", content_type="text/plain"), 200)

    def test_a_framed_raw_stream(self):
        """A length or chunks frame a body: no tunnel, whatever the type says."""
        kind = [("Content-Type", "application/vnd.docker.raw-stream")]
        self.check(EXEC, response_bytes(200, b"out", kind), 200)
        self.check(EXEC, response_bytes(200, b"out", kind, chunked=True), 200)

    def test_a_chunked_answer(self):
        self.check(ATTACH, response_bytes(500, b'{"message":"x"}', chunked=True,
                                          content_type="application/json"), 500)

    def test_a_switch_that_nobody_asked_for(self):
        for target in ("/v1.41/containers/json", "/v1.41/info"):
            self.engine.on("GET .*", lambda c, r: c.send(SWITCHED))
            client = self.client()
            client.send(request_bytes("GET", target) + request_bytes(
                "POST", "/v1.41/containers/create?name=tunnelled", PRIVILEGED))
            self.assert_refused(client.response(), 502)
            client.send_end()
            client.read_to_end()
        self.assertNotIn(b"tunnelled", self.engine.received())

    def test_a_switch_of_a_request_without_upgrade(self):
        """101 answers an Upgrade; without one it is no answer to what was asked."""
        self.engine_plays(lambda c, r: c.send(SWITCHED))
        client = self.client()
        client.send(EXEC_WITHOUT_UPGRADE)
        self.assert_refused(client.response(), 502)

    def test_a_raw_stream_of_a_plain_route(self):
        self.engine.on("GET /containers/json", lambda c, r: c.send(RAW + b"text"))
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/containers/json"))
        self.assertEqual(client.head().status, 200)
        client.send(request_bytes("POST", "/v1.41/containers/create?name=tunnelled", PRIVILEGED))
        wait_for(lambda: self.engine.received(), "the first request")
        time.sleep(0.2)
        self.assertNotIn(b"tunnelled", self.engine.received())


class HalfCloseTest(TunnelTest):
    def test_all_output_comes_after_the_clients_end(self):
        """docker exec without -i ends its side at once and waits for the output."""
        output = os.urandom(MIB)

        def play(connection, _request):
            connection.send(SWITCHED)
            if connection.read_to_end() != b"input":
                raise AssertionError("the input did not arrive whole")
            time.sleep(0.2)
            connection.send(output)
            return False

        self.engine_plays(play)
        for early in (True, False):
            client = self.client()
            client.send(EXEC + b"input" if early else EXEC)
            if early:
                client.send_end()
            self.assertEqual(client.head().status, 101)
            if not early:
                client.send(b"input")
                client.send_end()
            self.assertEqual(client.read_to_end(), output)
            client.close()

    def test_all_input_goes_after_the_engines_end(self):
        text = os.urandom(MIB)
        arrived = []

        def play(connection, _request):
            connection.send(SWITCHED + b"last words")
            connection.send_end()
            arrived.append(connection.read_to_end())
            return False

        self.engine_plays(play)
        client, _ = self.open_tunnel()
        self.assertEqual(client.read_to_end(), b"last words")
        client.send(text)
        client.send_end()
        wait_for(lambda: arrived, "the engine to get all input")
        self.assertEqual(arrived[0], text)

    def test_what_a_client_said_last_arrives_though_its_output_fails(self):
        """It is gone, and the engine still writes to it before it reads."""
        text = os.urandom(8 * MIB)
        arrived, gone = [], threading.Event()

        def play(connection, _request):
            connection.send(SWITCHED)
            gone.wait(PATIENCE_S)
            connection.send(b"output" * 100)
            time.sleep(0.3)
            got = b""
            try:
                while piece := connection.sock.recv(MIB):
                    got += piece
            except ConnectionResetError:
                pass  # not all of its output was read
            arrived.append(got)
            return False

        self.engine_plays(play)
        client, _ = self.open_tunnel()
        client.sock.settimeout(0.5)
        sent = 0
        try:
            while sent < len(text):
                sent += client.sock.send(text[sent:])
        except TimeoutError:
            pass  # nothing more fits anywhere
        self.assertGreater(sent, 0)
        client.close()
        gone.set()
        wait_for(lambda: arrived, "the engine to get all input")
        self.assertEqual(len(arrived[0]), sent)
        self.assertEqual(arrived[0], text[:sent])

    def test_a_client_that_vanishes_ends_the_engines_side(self):
        ended = threading.Event()

        def play(connection, _request):
            connection.send(SWITCHED)
            connection.read_to_end()
            ended.set()
            return False

        self.engine_plays(play)
        client, _ = self.open_tunnel()
        client.close()
        self.assertTrue(ended.wait(PATIENCE_S))

    def test_an_engine_that_vanishes_ends_the_clients_side(self):
        self.engine_plays(lambda c, r: c.send(SWITCHED))
        client, _ = self.open_tunnel()
        self.engine.drop_connections()
        self.assertEqual(client.read_to_end(), b"")

    def test_no_descriptor_stays_behind(self):
        self.engine_plays(self.echo)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        before = self.sockade.open_descriptors()
        for _ in range(30):
            client, _ = self.open_tunnel()
            client.send(b"x")
            client.read_exactly(1)
            client.close()
        wait_for(lambda: self.sockade.open_descriptors() <= before + 1, "descriptors to be closed")


class BulkTest(TunnelTest):
    def test_64_mib_come_back_unchanged(self):
        self.engine_plays(self.echo)
        block = os.urandom(MIB)
        sent, back = hashlib.sha256(), hashlib.sha256()
        client, _ = self.open_tunnel(EXEC)
        client.records = False

        def feed():
            for number in range(64):
                data = block[number:] + block[:number]
                sent.update(data)
                client.send(data)
            client.send_end()

        feeder = threading.Thread(target=feed)
        feeder.start()
        total = copy_stream(client, back)
        feeder.join()
        self.assertEqual(total, 64 * MIB)
        self.assertEqual(back.digest(), sent.digest())


class SlowReaderTest(BlackboxTest):
    """A peer that does not read stops the other side, not the memory."""

    def setUp(self):
        super().setUp()
        self.start(BASELINE)
        self.total = (64 if is_sanitized() else 256) * MIB
        self.go = threading.Event()
        self.addCleanup(self.go.set)
        # A first round, so that what is allocated once has been.
        self.ask("GET", "/_ping")
        self.ask("POST", "/v1.41/images/load", os.urandom(4 * MIB), [("Content-Type", "application/x-tar")])

    def check_memory(self, before, progress):
        """Waits until nothing moves any more, then looks."""
        last = -1
        while progress() != last:
            last = progress()
            time.sleep(0.2)
        self.assertLess(last, self.total // 2, "the sender was never stopped")
        growth_kib = self.sockade.rss_kib() - before
        self.assertLess(growth_kib, 2048 * (8 if is_sanitized() else 1))

    @staticmethod
    def push(send, total, counter):
        block = b"\x5a" * MIB
        view = memoryview(block)
        for _ in range(total // MIB):
            # Small steps, so that the counter tells how far it got.
            for at in range(0, MIB, 65536):
                send(view[at:at + 65536])
                counter[0] += 65536

    def read_all(self, wire):
        wire.records = False
        count = len(wire.buffer)
        wire.buffer.clear()
        while wire.fill():
            count += len(wire.buffer)
            wire.buffer.clear()
        return count

    def test_engine_that_does_not_read_a_tunnel(self):
        counts = []

        def play(connection, _request):
            connection.send(SWITCHED)
            connection.records = False
            self.go.wait(PATIENCE_S)
            counts.append(self.read_all(connection))
            return False

        self.engine.on(TUNNEL_ROUTES, play)
        client = Client(self.socket)
        self.addCleanup(client.close)
        client.send(ATTACH)
        self.assertEqual(client.head().status, 101)
        before, counter = self.sockade.rss_kib(), [0]
        pusher = threading.Thread(target=lambda: (self.push(client.send, self.total, counter), client.send_end()))
        pusher.start()
        self.check_memory(before, lambda: counter[0])
        self.go.set()
        pusher.join()
        wait_for(lambda: counts, "all to arrive")
        self.assertEqual(counts, [self.total])

    def test_client_that_does_not_read_a_tunnel(self):
        counter = [0]

        def play(connection, _request):
            connection.send(SWITCHED)
            self.push(connection.send, self.total, counter)
            return False

        self.engine.on(TUNNEL_ROUTES, play)
        client = Client(self.socket)
        self.addCleanup(client.close)
        before = self.sockade.rss_kib()
        client.send(ATTACH)
        self.assertEqual(client.head().status, 101)
        self.check_memory(before, lambda: counter[0])
        self.assertEqual(self.read_all(client), self.total)

    def test_client_that_does_not_read_a_body(self):
        for framing in (b"Content-Length: %d\r\n" % self.total, b"Transfer-Encoding: chunked\r\n"):
            with self.subTest(framing):
                counter = [0]

                def play(connection, _request, framing=framing, counter=counter):
                    connection.send(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n")
                    wrap = chunk if b"chunked" in framing else lambda data: data
                    self.push(lambda data: connection.send(wrap(bytes(data))), self.total, counter)
                    if b"chunked" in framing:
                        connection.send(b"0\r\n\r\n")

                self.engine.on("GET /images/a/get", play)
                self.engine.on("GET /containers/a/logs", play)
                client = Client(self.socket)
                self.addCleanup(client.close)
                before = self.sockade.rss_kib()
                client.send(request_bytes("GET", "/v1.41/containers/a/logs?stdout=1"))
                head = client.head()
                self.assertEqual(head.status, 200)
                self.check_memory(before, lambda counter=counter: counter[0])
                client.records = False
                got = 0
                if head.framing() == "chunked":
                    while data := client.read_chunk():
                        got += len(data)
                else:
                    while got < self.total:
                        got += len(client.read_exactly(min(MIB, self.total - got)))
                self.assertEqual(got, self.total)
                client.close()

    def test_engine_that_does_not_read_an_upload(self):
        counts = []

        def play(connection, request):
            connection.records = False
            self.go.wait(PATIENCE_S)
            left = request.framing()
            while left > 0:
                left -= len(connection.read_exactly(min(MIB, left)))
            counts.append(left)
            connection.answer(200)

        self.engine.on("POST /images/load", play, reads_body=False)
        client = Client(self.socket)
        self.addCleanup(client.close)
        before, counter = self.sockade.rss_kib(), [0]
        client.send(request_bytes("POST", "/v1.41/images/load", b"",
                                  [("Content-Type", "application/x-tar"), ("Content-Length", str(self.total))]))
        pusher = threading.Thread(target=self.push, args=(client.send, self.total, counter))
        pusher.start()
        self.check_memory(before, lambda: counter[0])
        self.go.set()
        pusher.join()
        self.assertEqual(client.response().status, 200)
        self.assertEqual(counts, [0])

    def test_a_client_that_asks_and_never_reads(self):
        """Pipelined requests wait while answers do."""
        self.engine.on("GET /info", lambda c, r: c.answer(200, b"a" * 65536))
        client = self.client(timeout=0.5)
        before = self.sockade.rss_kib()
        data = request_bytes("GET", "/v1.41/info") * 100
        try:
            for _ in range(200):
                client.send(data)
        except TimeoutError:
            pass
        else:
            self.fail("20,000 requests were taken without reading an answer")
        self.assertLess(self.sockade.rss_kib() - before, 2048 * (8 if is_sanitized() else 1))
        self.assertEqual(self.ask("GET", "/_ping").body, b"OK")


if __name__ == "__main__":
    unittest.main()
