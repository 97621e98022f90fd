"""Bodies so large that they are moved past the exchange: the bytes, the ends, the records and the
descriptors are the same as those of bodies that are copied."""

import collections
import hashlib
import os
import random
import signal
import threading
import time
import unittest

from harness import BASELINE, BlackboxTest, is_sanitized
from test_limits import ALICE, acting_as
from wire import LAST_CHUNK, MIB, chunk, request_bytes, unread_bytes, wait_for

LONG_S = 120  # for a bulk, on a machine that does something else as well
SIZE = 24 * MIB
UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "tcp")]
ATTACH = request_bytes("POST", "/v1.41/containers/a/attach?stream=1&stdin=1&stdout=1", None, UPGRADE)
SWITCHED = (b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
EXPORT = request_bytes("GET", "/v1.41/containers/a/export")
EXPORT_ROUTE = "GET /containers/a/export"
LOAD_ROUTE = "POST /images/load"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n"
EXPORTING = BASELINE._replace(allow=BASELINE.allow + ["containers.export"])

Digest = collections.namedtuple("Digest", "size hash")


def digest_of(data):
    return Digest(len(data), hashlib.sha256(data).hexdigest())


def length_head(size):
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nContent-Length: %d\r\n\r\n" % size


def load_head(framing):
    return (b"POST /v1.41/images/load HTTP/1.1\r\nHost: docker\r\nContent-Type: application/x-tar\r\n"
            + framing + b"\r\n\r\n")


def cut(data, sizes):
    """`data` in pieces of the sizes, again and again."""
    at = 0
    while at < len(data):
        for size in sizes:
            if at < len(data):
                yield data[at:at + size]
                at += size


def as_chunks(data, sizes, extension=b""):
    return b"".join(chunk(piece, extension) for piece in cut(data, sizes)) + LAST_CHUNK


def read_length(wire, size, pause=None):
    """Reads so much of a body; what is kept is its digest."""
    digest, left = hashlib.sha256(), size
    while left > 0:
        if not wire.buffer and not wire.fill():
            break
        piece = wire.take(min(left, len(wire.buffer)))
        digest.update(piece)
        left -= len(piece)
        if pause:
            pause()
    return Digest(size - left, digest.hexdigest())


def read_chunks(wire, pause=None):
    """Reads to the last chunk; EOFError when the stream ends before."""
    digest, size = hashlib.sha256(), 0
    while True:
        piece = wire.read_chunk()
        if not piece:
            return Digest(size, digest.hexdigest())
        digest.update(piece)
        size += len(piece)
        if pause:
            pause()


class Now(threading.Thread):
    """A function that runs beside the test and whose result is asked for."""

    def __init__(self, function, *arguments):
        super().__init__(daemon=True)
        self.function, self.arguments = function, arguments
        self.value, self.problem = None, None
        self.start()

    def run(self):
        try:
            self.value = self.function(*self.arguments)
        except Exception as problem:  # pylint: disable=broad-except
            self.problem = problem

    def result(self):
        self.join(LONG_S)
        if self.is_alive():
            raise AssertionError("it still runs")
        if self.problem:
            raise self.problem
        return self.value


def send_quietly(wire, data):
    """What is sent to somebody who may be gone."""
    try:
        wire.send(data)
    except OSError:
        pass


class BulkTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        self.start(EXPORTING)
        self.ask("GET", "/_ping")
        self.audit(1)
        self.descriptors = self.sockade.open_descriptors()
        self.data = random.Random(1).randbytes(SIZE)
        self.digest = digest_of(self.data)

    def bulk_client(self):
        client = self.client(timeout=LONG_S)
        client.records = False
        return client

    def engine_takes(self, function, pattern=LOAD_ROUTE):
        """`function` reads the body itself and returns what it got, which is kept."""
        got = []

        def play(connection, request):
            connection.records = False
            connection.sock.settimeout(LONG_S)
            result = function(connection, request)
            got.append(result)
            return result is not False

        self.engine.on(pattern, play, reads_body=False)
        return got

    def engine_sends(self, *pieces, keep=True, then=None):
        """Whether all was taken and who reads it is the test's business."""
        def play(connection, _request):
            connection.sock.settimeout(LONG_S)
            for piece in pieces:
                connection.send(piece)
            if then:
                then(connection)
            return keep
        self.engine.on(EXPORT_ROUTE, play)

    def record_of(self, path):
        def find():
            return [record for record in self.audit() if record["path"].endswith(path)]
        wait_for(find, "the record of " + path, LONG_S)
        records = find()
        self.assertEqual(len(records), 1)
        return records[0]

    def check_descriptors(self):
        """None but that of the engine's connections that wait in the pool."""
        wait_for(lambda: self.sockade.open_descriptors() <= self.descriptors + 1,
                 "descriptors to be closed", LONG_S)


class DownloadTest(BulkTest):
    def download(self, client, chunked, pause=None):
        client.send(EXPORT)
        head = client.head()
        self.assertEqual(head.status, 200)
        self.assertEqual(head.framing(), "chunked" if chunked else SIZE)
        return read_chunks(client, pause) if chunked else read_length(client, SIZE, pause)

    def check(self, answer, chunked, pause=None):
        self.engine_sends(answer)
        client = self.bulk_client()
        self.assertEqual(self.download(client, chunked, pause), self.digest)
        self.assertEqual(client.ask("GET", "/_ping").body, b"OK", "the same connection goes on")
        self.assertEqual(self.engine.accepts, 1, "so does the engine's")
        client.close()
        record = self.record_of("/containers/a/export")
        self.assertEqual((record["bytes_in"], record["bytes_out"]), (0, SIZE))
        self.check_descriptors()

    def test_with_a_length(self):
        self.check(length_head(SIZE) + self.data, False)

    def test_with_a_length_through_a_slow_reader(self):
        rare = random.Random(2)
        self.check(length_head(SIZE) + self.data, False,
                   lambda: rare.random() < 0.2 and time.sleep(0.002))

    def test_in_large_chunks(self):
        self.check(CHUNKED + as_chunks(self.data, [32 * 1024]), True)

    def test_in_chunks_of_all_sizes_through_a_slow_reader(self):
        sizes = [3 * MIB, 1, 65536, 8191, 8192, 8193, 2, MIB, 300000, 40000, 16, 128 * 1024, 4096, 5 * MIB]
        rare = random.Random(3)
        self.check(CHUNKED + as_chunks(self.data, sizes), True,
                   lambda: rare.random() < 0.1 and time.sleep(0.002))

    def test_extensions_and_trailers_are_not_passed_on(self):
        chunks = as_chunks(self.data, [300000, 50000], b";name=" + b"v" * 900)
        self.check(CHUNKED + chunks[:-2] + b"Trailer: " + b"t" * 4000 + b"\r\n\r\n", True)

    def test_until_the_end_of_the_connection(self):
        self.engine_sends(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\n\r\n", self.data,
                          keep=False)
        client = self.bulk_client()
        client.send(EXPORT)
        self.assertIsNone(client.head().framing())
        self.assertEqual(read_length(client, SIZE + 1), self.digest)
        self.assertTrue(client.ended)
        self.assertEqual(self.record_of("/containers/a/export")["bytes_out"], SIZE)
        self.check_descriptors()

    def test_an_old_client_gets_no_chunks(self):
        self.engine_sends(CHUNKED + as_chunks(self.data, [200000]))
        client = self.bulk_client()
        client.send(request_bytes("GET", "/v1.41/containers/a/export", version="1.0"))
        self.assertIsNone(client.head().framing())
        self.assertEqual(read_length(client, SIZE + 1), self.digest)

    def test_what_the_engine_says_behind_it_reaches_nobody(self):
        """More than it announced: its connection is not used again."""
        more = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nevil..."
        for answer, chunked in ((length_head(SIZE) + self.data, False),
                                (CHUNKED + as_chunks(self.data, [500000]), True)):
            with self.subTest(chunked=chunked):
                accepts = self.engine.accepts
                self.engine_sends(answer + more)
                client = self.bulk_client()
                self.assertEqual(self.download(client, chunked), self.digest)
                self.assertEqual(client.ask("GET", "/_ping").body, b"OK")
                self.assertEqual(self.ask("GET", "/_ping").body, b"OK")
                self.assertEqual(self.engine.accepts, accepts + 1)
                client.close()

    def test_requests_sent_ahead_are_answered_behind_it(self):
        self.engine_sends(length_head(SIZE) + self.data)
        client = self.bulk_client()
        client.send(EXPORT + request_bytes("GET", "/_ping"))
        client.head()
        self.assertEqual(read_length(client, SIZE), self.digest)
        self.assertEqual(client.response().body, b"OK")


class CutDownloadTest(BulkTest):
    def check_cut(self, answer, chunked):
        self.engine_sends(answer, keep=False)
        client = self.bulk_client()
        client.send(EXPORT)
        client.head()
        if chunked:
            with self.assertRaises(EOFError):
                read_chunks(client)
        else:
            self.assertLess(read_length(client, SIZE).size, SIZE)
        record = self.record_of("/containers/a/export")
        self.assertEqual(record["decision"], "error")
        self.check_descriptors()

    def test_a_length_that_was_not_reached(self):
        self.check_cut(length_head(SIZE) + self.data[:SIZE // 2], False)

    def test_the_last_byte_is_missing(self):
        self.check_cut(length_head(SIZE) + self.data[:-1], False)

    def test_cut_within_a_chunk(self):
        self.check_cut(CHUNKED + as_chunks(self.data, [400000])[:SIZE // 2], True)

    def test_cut_between_chunks(self):
        self.check_cut(CHUNKED + as_chunks(self.data[:10 * 400000], [400000])[:-5], True)

    def test_cut_within_the_last_line(self):
        for missing in (1, 2, 3, 4):
            with self.subTest(missing):
                self.audit_path.write_text("")
                self.check_cut(CHUNKED + as_chunks(self.data, [400000])[:-missing], True)

    def test_framing_that_two_could_read_differently(self):
        first = chunk(self.data[:4 * MIB])
        for bad in (b"5\nhello\r\n", b" 5\r\nhello\r\n", b"5 \r\nhello\r\n", b"0x5\r\nhello\r\n",
                    b"11111111111111111\r\n", b"5;a\nb\r\nhello\r\n", b"-1\r\n", b"\r\n\r\n"):
            for before in (first, first[:-2], first[:-1]):
                with self.subTest(bad, before=before[-2:]):
                    self.audit_path.write_text("")
                    self.check_cut(CHUNKED + before + bad + LAST_CHUNK, True)


class UploadTest(BulkTest):
    @staticmethod
    def take_body(pause=None):
        def take(connection, request):
            framing = request.framing()
            got = (read_chunks(connection, pause) if framing == "chunked"
                   else read_length(connection, framing, pause))
            connection.answer(200, {"stream": "loaded"})
            return got
        return take

    def check(self, body, framing, pause=None):
        got = self.engine_takes(self.take_body(pause))
        client = self.bulk_client()
        sender = Now(client.send, load_head(framing) + body)
        response = client.response()
        sender.result()
        self.assertEqual((response.status, response.json()), (200, {"stream": "loaded"}))
        self.assertFalse(response.closes())
        wait_for(lambda: got, "the engine to be done")
        self.assertEqual(got, [self.digest])
        self.assertEqual(client.ask("GET", "/_ping").body, b"OK", "the same connection goes on")
        self.assertEqual(self.engine.accepts, 1, "so does the engine's")
        client.close()
        self.assertEqual(self.record_of("/images/load")["bytes_in"], SIZE)
        self.check_descriptors()

    def test_with_a_length(self):
        self.check(self.data, b"Content-Length: %d" % SIZE)

    def test_with_a_length_to_a_slow_engine(self):
        rare = random.Random(4)
        self.check(self.data, b"Content-Length: %d" % SIZE, lambda: rare.random() < 0.2 and time.sleep(0.002))

    def test_in_chunks_of_all_sizes_to_a_slow_engine(self):
        rare = random.Random(5)
        sizes = [2 * MIB, 8191, 3, 8192, 65536, 100000, 1, 700000, 12, MIB + 1]
        self.check(as_chunks(self.data, sizes), b"Transfer-Encoding: chunked",
                   lambda: rare.random() < 0.1 and time.sleep(0.002))

    def test_extensions_and_trailers_do_not_reach_the_engine(self):
        body = as_chunks(self.data, [1 * MIB, 20000], b";" + b"x" * 1000)
        self.check(body[:-2] + b"X-Trailer: a\r\n" * 100 + b"\r\n", b"Transfer-Encoding: chunked")

    def test_a_request_behind_it_is_judged(self):
        """Behind the body is a request, in whichever way that ends."""
        hidden = request_bytes("POST", "/v1.41/containers/create?name=smuggled",
                               {"Image": "nonroot", "HostConfig": {"Privileged": True}})
        for body, framing in ((self.data, b"Content-Length: %d" % SIZE),
                              (as_chunks(self.data, [900000]), b"Transfer-Encoding: chunked")):
            with self.subTest(framing):
                self.engine_takes(self.take_body())
                client = self.bulk_client()
                sender = Now(client.send, load_head(framing) + body + hidden)
                self.assertEqual(client.response().status, 200)
                self.assertEqual(client.response().status, 403)
                sender.result()
                client.close()
        self.assertFalse(any("smuggled" in request.target for request in self.engine.requests))

    def test_bad_framing_ends_it(self):
        """The engine sees a body that was cut, and nothing of what comes behind the fault."""
        for bad in (b"5\nhello\r\n", b"5 \r\n", b"zz\r\n", b"11111111111111111\r\n"):
            with self.subTest(bad):
                rest = []

                def take(connection, _request, rest=rest):
                    try:
                        read_chunks(connection)
                    except EOFError as cut_off:
                        rest.append(str(cut_off))
                    return False

                self.engine_takes(take)
                client = self.bulk_client()
                Now(send_quietly, client, load_head(b"Transfer-Encoding: chunked")
                    + chunk(self.data[:6 * MIB]) + bad + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n" + LAST_CHUNK)
                self.assertEqual(client.read_to_end(), b"")
                wait_for(lambda rest=rest: rest, "the engine to see the end", LONG_S)
                self.assertNotIn("smuggled", rest[0])
                client.close()
        self.check_descriptors()

    def test_an_answer_in_the_middle(self):
        """The engine has heard enough; what is left is not taken for a request."""
        def take(connection, _request):
            read_length(connection, SIZE // 3)
            connection.answer(400, {"message": "no space left on device"})
            connection.send_end()
            return read_length(connection, SIZE)

        self.engine_takes(take)
        client = self.bulk_client()
        Now(send_quietly, client, load_head(b"Content-Length: %d" % SIZE) + self.data)
        response = client.response()
        self.assertEqual((response.status, response.message()), (400, "no space left on device"))
        self.assertTrue(response.closes())
        client.close()
        self.check_descriptors()

    def test_framing_that_the_client_changes_later(self):
        """What comes from a file is passed on as its pages, which may still change: what was read
        as the size of a chunk is what the engine gets."""
        go = threading.Event()
        self.addCleanup(go.set)
        ready, lines = threading.Event(), []

        def take(connection, _request):
            connection.read_chunk()
            ready.set()
            go.wait(LONG_S)
            lines.append(connection.read_through(b"\r\n"))
            connection.read_exactly(0x8000 + 2)
            connection.read_chunk()
            connection.answer(200, {})

        self.engine_takes(take)
        client = self.bulk_client()
        client.send(load_head(b"Transfer-Encoding: chunked") + chunk(self.data[:4 * MIB]))
        self.assertTrue(ready.wait(LONG_S))
        file = os.memfd_create("chunk")
        self.addCleanup(os.close, file)
        piece = chunk(self.data[:0x8000])
        os.write(file, piece)
        self.assertEqual(os.sendfile(client.sock.fileno(), file, 0, len(piece)), len(piece))
        wait_for(lambda: unread_bytes(client.sock) == 0, "the chunk to be taken")
        os.pwrite(file, b"0007", 0)
        go.set()
        client.send(LAST_CHUNK)
        client.response()
        self.assertEqual(lines, [b"8000\r\n"])

    def test_an_engine_that_is_gone(self):
        def take(connection, _request):
            read_length(connection, SIZE // 3)
            connection.close()
            return False

        self.engine_takes(take)
        client = self.bulk_client()
        Now(send_quietly, client, load_head(b"Content-Length: %d" % SIZE) + self.data)
        self.assert_refused(client.response(), 502)
        client.close()
        self.assertEqual(self.ask("GET", "/_ping").body, b"OK")
        self.check_descriptors()


class LeavingTest(BulkTest):
    """The client goes in the middle."""

    def test_while_downloading(self):
        gone = threading.Event()

        def send(connection):
            send_quietly(connection, self.data)
            gone.set()

        for answer in (length_head(100 * SIZE), CHUNKED + b"%x\r\n" % (100 * SIZE)):
            with self.subTest(answer):
                gone.clear()
                self.engine_sends(answer, keep=False, then=send)
                client = self.bulk_client()
                client.send(EXPORT)
                client.head()
                self.assertEqual(read_length(client, SIZE // 3).size, SIZE // 3)
                client.close()
                self.assertTrue(gone.wait(LONG_S), "the engine's side ends")
        self.check_descriptors()

    def test_while_downloading_with_more_requests_sent_than_are_read(self):
        """It is not read from then, and still found out."""
        self.engine_sends(length_head(100 * SIZE), self.data[:8 * MIB], then=lambda c: c.fill())
        client = self.bulk_client()
        client.send(EXPORT)
        client.head()
        ahead = Now(send_quietly, client, request_bytes("GET", "/_ping") * 20000)
        self.assertEqual(read_length(client, MIB).size, MIB)
        client.close()
        ahead.result()
        self.record_of("/containers/a/export")
        self.check_descriptors()

    def test_while_uploading(self):
        for head in (load_head(b"Content-Length: %d" % (2 * SIZE)),
                     load_head(b"Transfer-Encoding: chunked") + b"%x\r\n" % (2 * SIZE)):
            with self.subTest(head):
                def take(connection, request):
                    if request.framing() == "chunked":
                        connection.read_through(b"\r\n")
                    return read_length(connection, 2 * SIZE)

                got = self.engine_takes(take)
                client = self.bulk_client()
                client.send(head + self.data)
                client.close()
                wait_for(lambda got=got: got, "the engine to see the end", LONG_S)
                self.assertEqual(got, [self.digest], "all that was sent, and no end of the body")
        self.check_descriptors()

    def test_while_nobody_reads(self):
        """All buffers are full on both sides."""
        go = threading.Event()
        self.addCleanup(go.set)
        self.engine_takes(lambda connection, request: go.wait(LONG_S) and None)
        self.engine_sends(length_head(SIZE), self.data, keep=False)
        for data in (EXPORT, load_head(b"Content-Length: %d" % SIZE) + self.data):
            client = self.bulk_client()
            client.sock.settimeout(1)
            try:
                client.send(data)
            except TimeoutError:
                pass
            client.close()
        go.set()
        self.check_descriptors()


class TunnelTest(BulkTest):
    def test_both_ways_at_once_with_half_closes(self):
        other = self.data[::-1]

        def play(connection, _request):
            connection.send(SWITCHED)
            connection.records = False
            connection.sock.settimeout(LONG_S)
            sender = Now(lambda: (connection.send(other), connection.send_end()))
            got = read_length(connection, SIZE + 1)
            sender.result()
            arrived.append(got)
            return False

        arrived = []
        self.engine.on("POST /containers/a/attach", play)
        client = self.bulk_client()
        client.send(ATTACH)
        self.assertEqual(client.head().status, 101)
        sender = Now(lambda: (client.send(self.data), client.send_end()))
        self.assertEqual(read_length(client, SIZE + 1), digest_of(other))
        self.assertTrue(client.ended)
        sender.result()
        wait_for(lambda: arrived, "the engine to get all input", LONG_S)
        self.assertEqual(arrived, [self.digest])
        client.close()
        record = self.record_of("/containers/a/attach")
        self.assertEqual((record["bytes_in"], record["bytes_out"]), (SIZE, SIZE))
        self.check_descriptors()

    def test_an_engine_that_goes_gets_all_out(self):
        """What it said last arrives, though its connection is gone."""
        self.engine.on("POST /containers/a/attach",
                       lambda c, r: (c.sock.settimeout(LONG_S), c.send(SWITCHED + self.data)) and False)
        client = self.bulk_client()
        client.send(ATTACH)
        client.head()
        self.assertEqual(read_length(client, SIZE + 1), self.digest)
        self.assertTrue(client.ended)
        self.check_descriptors()


class EndOfTheProgramTest(BulkTest):
    def moving(self):
        """A download in whose middle both sides wait."""
        go = threading.Event()
        self.addCleanup(go.set)

        def rest(connection):
            go.wait(LONG_S)
            send_quietly(connection, self.data[SIZE // 2:])

        self.engine_sends(length_head(SIZE) + self.data[:SIZE // 2], then=rest, keep=False)
        client = self.bulk_client()
        client.send(EXPORT)
        client.head()
        return client, go

    def wait_for_draining(self):
        wait_for(lambda: "draining" in self.sockade.log(), "the drain to begin", LONG_S)

    def test_a_download_is_finished_first(self):
        client, go = self.moving()
        first = Now(read_length, client, SIZE)
        self.sockade.signal(signal.SIGTERM)
        self.wait_for_draining()
        go.set()
        self.assertEqual(first.result(), self.digest)
        client.read_to_end()
        self.assertEqual(self.sockade.wait(LONG_S), 0)
        self.assertEqual(self.record_of("/containers/a/export")["bytes_out"], SIZE)

    def test_an_upload_is_finished_first(self):
        got = self.engine_takes(UploadTest.take_body())
        client = self.bulk_client()
        client.send(load_head(b"Transfer-Encoding: chunked") + chunk(self.data[:SIZE // 2]))
        self.sockade.signal(signal.SIGTERM)
        self.wait_for_draining()
        client.send(chunk(self.data[SIZE // 2:]) + LAST_CHUNK)
        response = client.response()
        self.assertEqual(response.status, 200)
        self.assertTrue(response.closes())
        client.close()
        self.assertEqual(self.sockade.wait(LONG_S), 0)
        wait_for(lambda: got, "the engine to be done")
        self.assertEqual(got, [self.digest])
        self.assertEqual(self.record_of("/images/load")["bytes_in"], SIZE)

    def test_a_second_signal_ends_it_at_once(self):
        client, _ = self.moving()
        self.assertEqual(read_length(client, SIZE // 4).size, SIZE // 4)
        self.sockade.signal(signal.SIGTERM)
        self.wait_for_draining()
        self.sockade.signal(signal.SIGTERM)
        self.assertEqual(self.sockade.wait(LONG_S), 0)
        self.assertLess(read_length(client, SIZE).size, SIZE)
        self.record_of("/containers/a/export")


class FairnessTest(BulkTest):
    def test_small_requests_are_answered_meanwhile(self):
        stop = threading.Event()
        self.addCleanup(stop.set)

        def flood(connection, _request):
            connection.send(CHUNKED)
            piece = chunk(self.data[:MIB])
            while not stop.is_set():
                connection.send(piece)
            connection.send(LAST_CHUNK)
            return False

        self.engine.on(EXPORT_ROUTE, flood)
        readers, clients = [], []
        for _ in range(4):
            client = self.bulk_client()
            client.send(EXPORT)
            client.head()
            clients.append(client)
            readers.append(Now(read_chunks, client))
        waits = []
        for _ in range(50):
            begin = time.monotonic()
            self.assertEqual(self.ask("GET", "/_ping").body, b"OK")
            waits.append(time.monotonic() - begin)
        stop.set()
        for reader in readers:
            self.assertGreater(reader.result().size, 0)
        # A busy machine makes one or the other wait.
        self.assertLess(sorted(waits)[-5], 3 if is_sanitized() else 1)

    def test_whoever_is_let_in_gets_the_engine(self):
        """A mover takes descriptors: with few of them, connections come first."""
        self.sockade.stop()
        config = self.write_config(EXPORTING)
        self.run_sockade("--config", config, "--audit", self.audit_path,
                         prefix=("prlimit", "--nofile=96:96"))
        go = threading.Event()
        self.addCleanup(go.set)

        def half(connection):
            go.wait(LONG_S)
            send_quietly(connection, self.data[4 * MIB:])

        self.engine_sends(length_head(SIZE) + self.data[:4 * MIB], then=half)
        clients = []
        for _ in range(20):
            client = self.bulk_client()
            client.send(EXPORT)
            self.assertEqual(client.head().status, 200)
            read_length(client, 2 * MIB)
            clients.append(client)
        for _ in range(3):
            client = self.client()
            self.assertEqual(client.ask("GET", "/_ping").body, b"OK")
            clients.append(client)
        go.set()
        for client in clients:
            client.close()

    def pipes(self):
        """Each mover has one."""
        directory = "/proc/%d/fd" % self.sockade.pid
        links = []
        for name in os.listdir(directory):
            try:
                links.append(os.readlink("%s/%s" % (directory, name)))
            except FileNotFoundError:
                pass
        return len({link for link in links if link.startswith("pipe:")})

    @unittest.skipUnless(os.geteuid() == 0, "needs root to be several users")
    def test_one_client_leaves_movers_to_others(self):
        self.sockade.stop()
        os.chmod(self.directory, 0o711)
        config = self.write_config(EXPORTING, listen=[{"socket": str(self.socket), "mode": "0666", "policy": "test"}])
        self.run_sockade("--config", config, "--audit", self.audit_path, prefix=("prlimit", "--nofile=4096:4096"))
        go = threading.Event()
        self.addCleanup(go.set)

        def rest(connection):
            go.wait(LONG_S)
            send_quietly(connection, self.data[4 * MIB:])

        self.engine_sends(length_head(SIZE) + self.data[:4 * MIB], keep=False, then=rest)
        clients = []

        def start(uid, count):
            for _ in range(count):
                with acting_as(uid):
                    client = self.bulk_client()
                client.send(EXPORT)
                self.assertEqual(client.head().status, 200)
                read_length(client, 2 * MIB)
                clients.append(client)

        before = self.pipes()
        start(0, 70)
        taken = self.pipes() - before
        self.assertGreater(taken, 16, "is this kernel older than 6.5?")
        self.assertLess(taken, 40)
        start(ALICE, 3)
        self.assertEqual(self.pipes() - before, taken + 3, "each of them")
        go.set()
        for client in clients[:3] + clients[-3:] + clients[60:62]:  # by a mover or without
            self.assertEqual(read_length(client, SIZE - 2 * MIB).size, SIZE - 2 * MIB)
        for client in clients:
            client.close()


if __name__ == "__main__":
    unittest.main()
