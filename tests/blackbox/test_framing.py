"""Every shape that HTTP/1 gives a message: lengths, chunks, bodies until the end, answers
without a body, interim answers, Expect, HTTP/1.0."""

import time
import unittest

from fake_engine import sends
from harness import BASELINE, HARMLESS, PRIVILEGED, BlackboxTest, Policy
from wire import LAST_CHUNK, chunk, request_bytes, response_bytes, wait_for

TAR = [("Content-Type", "application/x-tar")]
OK = b"HTTP/1.1 200 OK\r\n"


class ResponseFramingTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        self.start()

    def answer_with(self, *pieces, keep=True):
        self.engine.on("(GET|HEAD|POST|DELETE) /(containers/json|build|containers/a)",
                       sends(*pieces, keep=keep))

    def test_a_body_of_known_length(self):
        self.answer_with(OK + b"Content-Length: 5\r\n\r\nhello")
        response = self.ask("GET", "/v1.41/containers/json")
        self.assertEqual((response.framing(), response.body), (5, b"hello"))

    def test_a_chunked_body(self):
        self.answer_with(OK + b"Transfer-Encoding: chunked\r\n\r\n", chunk(b"he"), chunk(b"llo"), LAST_CHUNK)
        response = self.ask("GET", "/v1.41/containers/json")
        self.assertEqual((response.framing(), response.body), ("chunked", b"hello"))

    def test_a_body_until_the_end(self):
        self.answer_with(OK + b"\r\nhel", b"lo", keep=False)
        client = self.client()
        response = client.ask("GET", "/v1.41/containers/json")
        self.assertEqual(response.body, b"hello")
        self.assertTrue(response.complete)

    def test_http_1_0_of_the_engine(self):
        self.answer_with(b"HTTP/1.0 200 OK\r\nContent-Type: a/b\r\n\r\nhello", keep=False)
        response = self.ask("GET", "/v1.41/containers/json")
        self.assertEqual((response.start[0], response.body), ("HTTP/1.1", b"hello"))

    def test_answers_without_a_body(self):
        for status in (204, 304):
            for extra in (b"", b"Content-Length: 10\r\n", b"Transfer-Encoding: chunked\r\n"):
                with self.subTest(status=status, extra=extra):
                    self.answer_with(b"HTTP/1.1 %d Nothing\r\n" % status + extra + b"\r\n")
                    client = self.client()
                    self.assertEqual(client.ask("DELETE", "/v1.41/containers/a").status, status)
                    self.assertEqual(client.ask("GET", "/_ping").body, b"OK")

    def test_an_empty_body_of_either_framing(self):
        for data in (OK + b"Content-Length: 0\r\n\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
            with self.subTest(data):
                self.answer_with(data)
                client = self.client()
                self.assertEqual(client.ask("GET", "/v1.41/containers/json").body, b"")
                self.assertEqual(client.ask("GET", "/_ping").body, b"OK")

    def test_trailers_and_extensions_of_the_engine_are_dropped(self):
        self.answer_with(OK + b"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                         b'5;name="a;b";x\r\nhello\r\n000006;y\r\n world\r\n0;z\r\nX-Sum: 1\r\n\r\n')
        client = self.client()
        response = client.ask("GET", "/v1.41/containers/json")
        self.assertEqual(response.body, b"hello world")
        self.assertNotIn("trailer", response.names())
        self.assertNotIn(b"X-Sum", bytes(client.received))
        self.assertNotIn(b"name=", bytes(client.received))
        self.assertEqual(client.ask("GET", "/_ping").body, b"OK")

    def test_interim_answers_are_passed_on(self):
        self.answer_with(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
                         b"HTTP/1.1 102 Processing\r\n\r\n", response_bytes(200, b"done"))
        response = self.ask("GET", "/v1.41/containers/json")
        self.assertEqual([each.status for each in response.informational], [103, 102])
        self.assertEqual(response.informational[0].get("Link"), "</a>")
        self.assertEqual(response.body, b"done")

    def test_interim_answers_without_end_are_none(self):
        self.engine.on("GET /containers/json", self.interim_for_ever)
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/containers/json"))
        client.records = False
        try:
            self.assert_refused(client.response(), 502)
        except EOFError:
            pass  # after so many interim answers the end is an answer as well
        self.assertEqual(self.ask("GET", "/_ping").body, b"OK")

    @staticmethod
    def interim_for_ever(connection, _request):
        for _ in range(100000):
            connection.send(b"HTTP/1.1 102 Processing\r\n\r\n")
        return False

    def test_interim_answers_that_nobody_reads_stay_with_the_engine(self):
        sent = []

        def hint(connection, _request):
            for _ in range(1000):
                connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: " + b"a" * 65000 + b"\r\n\r\n")
                sent.append(65000)
            return False

        self.engine.on("GET /containers/json", hint)
        before = self.sockade.rss_kib()
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/containers/json"))
        time.sleep(2)
        self.assertLess(self.sockade.rss_kib() - before, 4096)
        self.assertLess(len(sent), 100)
        client.close()
        self.assertEqual(self.ask("GET", "/_ping").body, b"OK")

    def test_fields_of_the_engine_arrive(self):
        self.answer_with(OK + b"Api-Version: 1.41\r\nOstype: linux\r\nX-Docker-Container-Path-Stat: e30=\r\n"
                         b"Server: Docker/20.10 (linux)\r\nContent-Type: application/x-tar\r\n"
                         b"Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n")
        response = self.ask("GET", "/v1.41/containers/json")
        for name, value in (("Api-Version", "1.41"), ("Ostype", "linux"),
                            ("X-Docker-Container-Path-Stat", "e30="),
                            ("Content-Type", "application/x-tar")):
            self.assertEqual(response.all(name), [value])
        self.assertNotIn("keep-alive", response.names())
        self.assertNotIn("x-hop", response.names())

    def test_head_has_a_length_and_no_body(self):
        client = self.client()
        response = client.ask("HEAD", "/_ping")
        self.assertEqual(response.status, 200)
        self.assertEqual(response.get("Api-Version"), "1.41")
        self.assertEqual(client.ask("GET", "/_ping").body, b"OK")
        self.assertEqual(client.ask("HEAD", "/_ping").status, 200)
        self.assertTrue(client.is_quiet())

    def test_a_refused_head_request_has_no_body(self):
        client = self.client()
        client.send(b"HEAD //info HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        head = client.head()
        self.assertEqual(head.status, 400)
        self.assertEqual(client.read_to_end(), b"")


class OldClientTest(BlackboxTest):
    """HTTP/1.0: no chunks, no interim answers, and the end closes."""

    def setUp(self):
        super().setUp()
        self.start()

    def ask_old(self, *pieces, keep=True, fields=()):
        self.engine.on("GET /containers/json", sends(*pieces, keep=keep))
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/containers/json", None, fields, version="1.0"))
        response = client.response()
        self.assertNotIn("transfer-encoding", response.names())
        return client, response

    def test_chunks_are_undone(self):
        client, response = self.ask_old(OK + b"Transfer-Encoding: chunked\r\n\r\n",
                                        chunk(b"hel"), chunk(b"lo"), LAST_CHUNK)
        self.assertEqual(response.body, b"hello")
        self.assertEqual(client.read_to_end(), b"")

    def test_a_length_stays(self):
        client, response = self.ask_old(OK + b"Content-Length: 5\r\n\r\nhello")
        self.assertEqual(response.body, b"hello")
        self.assertEqual(client.read_to_end(), b"")

    def test_interim_answers_are_kept_from_it(self):
        _, response = self.ask_old(b"HTTP/1.1 103 Early Hints\r\n\r\n", response_bytes(200, b"done"))
        self.assertEqual(response.informational, [])
        self.assertEqual(response.body, b"done")

    def test_a_request_without_host(self):
        client = self.client()
        client.send(b"GET /_ping HTTP/1.0\r\n\r\n")
        self.assertEqual(client.response().body, b"OK")
        self.assertEqual(client.read_to_end(), b"")

    def test_keep_alive_is_a_wish(self):
        client, response = self.ask_old(OK + b"Content-Length: 5\r\n\r\nhello",
                                        fields=[("Connection", "keep-alive")])
        self.assertEqual(response.body, b"hello")
        if response.has_token("Connection", "keep-alive"):
            client.send(request_bytes("GET", "/_ping", version="1.0"))
            self.assertEqual(client.response().body, b"OK")
        self.assertEqual(client.read_to_end(), b"")


class RequestFramingTest(BlackboxTest):
    def test_a_streamed_body_arrives(self):
        self.start(BASELINE)
        content = bytes(range(256)) * 4000
        for fields, body in ((TAR, content),
                             (TAR + [("Transfer-Encoding", "chunked")],
                              b"".join(chunk(content[at:at + 10007])
                                       for at in range(0, len(content), 10007)) + LAST_CHUNK)):
            with self.subTest(fields):
                response = self.ask("POST", "/v1.41/images/load?quiet=1", body, fields)
                self.assertEqual(response.status, 200)
                self.assertEqual(self.engine.last().body, content)

    def test_trailers_and_extensions_of_the_client_are_dropped(self):
        self.start(BASELINE)
        for target, ctype, content in (
                ("/v1.41/images/load", "application/x-tar", b"hello world"),
                ("/v1.41/containers/create", "application/json", b'{"Image":"nonroot","User":"1000"}')):
            with self.subTest(target):
                body = (b"5;secret=1\r\n" + content[:5] + b"\r\n" + chunk(content[5:])
                        + b"0;last\r\nX-Trailer: secret\r\n\r\n")
                response = self.ask("POST", target, body,
                                    [("Content-Type", ctype), ("Transfer-Encoding", "chunked"),
                                     ("Trailer", "X-Trailer")])
                self.assertIn(response.status, (200, 201), response.body)
                self.assert_same_content(self.engine.last().body, content)
        self.assertNotIn(b"secret", self.engine.received())
        self.assertNotIn(b"railer", self.engine.received())

    def test_a_get_brings_no_body_to_the_engine(self):
        self.start(BASELINE)
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/containers/json", b'{"a":1}')
                    + request_bytes("GET", "/_ping"))
        first = client.response()
        if first.status == 400:
            self.assert_untouched()
            return
        self.assertEqual(client.response().body, b"OK")
        self.assertEqual([request.body for request in self.engine.requests], [b"", b""])

    def assert_body_is_taken_out(self, unknown):
        for method, target, status in (("GET", "/v1.41/containers/json", 200), ("DELETE", "/v1.41/containers/a", 204)):
            for content in (b"", b'{"size":true}'):
                self.assertEqual([self.ask_with(method, target, content, chunked).status for chunked in (False, True)],
                                 [status] * 2)
                self.assertNotIn(b"ransfer-", self.engine.last().head)
                self.assertEqual(self.engine.last().body, b"")
        seen = len(self.engine.requests)
        for content in (b" ", b'{"a":1,"a":2}', b"{} GET", b"GET / HTTP/1.1\r\nHost: d\r\n\r\n"):
            with self.subTest(content):
                self.assertEqual([self.ask_with("GET", "/v1.41/containers/json", content, chunked).status
                                  for chunked in (False, True)], [400] * 2)
        self.assertEqual(self.ask_with("GET", "/v1.41/nothing", b"", True).status, unknown)
        self.assertEqual(len(self.engine.requests), seen)

    def ask_with(self, method, target, content, chunked):
        if not chunked:
            return self.client().ask(method, target, content)
        return self.client().ask(method, target, (chunk(content) if content else b"") + LAST_CHUNK,
                                 [("Transfer-Encoding", "chunked")])

    def test_a_get_with_a_body(self):
        """docker-modem up to 0.3 sends each request in chunks, without a body empty ones. The engine is sent none."""
        self.start(BASELINE)
        self.assert_body_is_taken_out(403)

    def test_a_get_with_a_body_where_all_is_open(self):
        self.start(Policy("open"))
        self.assert_body_is_taken_out(400)

    def test_an_empty_body_is_no_body(self):
        self.start(BASELINE)
        for fields, body in (((), b""), ([("Transfer-Encoding", "chunked")], LAST_CHUNK)):
            with self.subTest(fields):
                client = self.client()
                self.assertEqual(client.ask("POST", "/v1.41/containers/a/start", body, fields).status, 204)
                self.assertEqual(client.ask("GET", "/_ping").status, 200)

    def test_upload_is_not_gathered(self):
        """The first part is at the engine before the second is sent."""
        self.start(BASELINE)
        seen = []
        self.engine.on("POST /images/load", lambda c, r: self.read_parts(c, seen), reads_body=False)
        client = self.client()
        client.send(request_bytes("POST", "/v1.41/images/load", b"",
                                  TAR + [("Transfer-Encoding", "chunked")]))
        for part in (b"first", b"second", b"third"):
            client.send(chunk(part))
            self.wait_for_part(seen, part)
        client.send(LAST_CHUNK)
        self.assertEqual(client.response().status, 200)

    @staticmethod
    def read_parts(connection, seen):
        while True:
            part = connection.read_chunk()
            if not part:
                connection.answer(200)
                return
            seen.append(part)

    @staticmethod
    def wait_for_part(seen, part):
        wait_for(lambda: seen and seen[-1] == part, "%r at the engine" % part)


class ExpectTest(BlackboxTest):
    def expecting(self, method, target, body, ctype="application/json", expect="100-continue"):
        client = self.client()
        data = request_bytes(method, target, body, [("Expect", expect), ("Content-Type", ctype)])
        head, _, rest = data.partition(b"\r\n\r\n")
        client.send(head + b"\r\n\r\n")
        return client, rest

    def test_the_body_is_asked_for(self):
        self.start(BASELINE)
        for target, body, ctype in (
                ("/v1.41/containers/create", b'{"Image":"nonroot","User":"1000"}', "application/json"),
                ("/v1.41/images/load", b"tar" * 100, "application/x-tar")):
            with self.subTest(target):
                client, rest = self.expecting("POST", target, body, ctype)
                self.assertEqual(client.head().status, 100)
                client.send(rest)
                response = client.response()
                self.assertIn(response.status, (200, 201))
                self.assertEqual(response.informational, [], "100 is said once")
                self.assert_same_content(self.engine.last().body, body)

    def test_a_client_may_not_wait(self):
        self.start(BASELINE)
        response = self.ask("POST", "/v1.41/containers/create", HARMLESS, [("Expect", "100-continue")])
        self.assertEqual(response.status, 201)
        response = self.ask("POST", "/v1.41/images/load", b"tar", [("Expect", "100-continue"), *TAR])
        self.assertEqual(response.status, 200)

    def test_a_refusal_by_the_head_asks_for_nothing(self):
        self.start(BASELINE)
        client, _ = self.expecting("POST", "/v1.41/swarm/init", b"{}")
        response = client.response()
        self.assert_refused(response, 403)
        self.assertEqual(response.informational, [])
        self.assert_untouched()

    def test_a_refusal_by_the_body_comes_after_it(self):
        self.start(BASELINE)
        client = self.client()
        data = request_bytes("POST", "/v1.41/containers/create", PRIVILEGED, [("Expect", "100-continue")])
        head, _, rest = data.partition(b"\r\n\r\n")
        client.send(head + b"\r\n\r\n")
        self.assertEqual(client.head().status, 100)
        client.send(rest)
        self.assert_refused(client.response(), 403, "privileged")

    def test_a_body_too_large_is_refused_before_it_is_sent(self):
        self.start(Policy("baseline", BASELINE.allow, limits={"body_bytes": "64k"}))
        client, _ = self.expecting("POST", "/v1.41/containers/create", b" " * 100000)
        response = client.response()
        self.assert_refused(response, 413)
        self.assertEqual(response.informational, [])

    def test_any_other_expectation_fails(self):
        self.start(BASELINE)
        for expect in ("200-ok", "100-continue, x", "chocolate"):
            with self.subTest(expect):
                client, _ = self.expecting("POST", "/v1.41/containers/create", b"{}", expect=expect)
                self.assert_refused(client.response(), 417)
        self.assert_untouched()


if __name__ == "__main__":
    unittest.main()
