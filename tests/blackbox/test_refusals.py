"""What is no clean request is refused readably, and nothing of it reaches the engine: sizes,
and everything that two HTTP parsers could read in two ways."""

import unittest

from harness import BASELINE, BlackboxTest, Policy
from wire import LAST_CHUNK, chunk, request_bytes, wait_for

KIB = 1024
HEAD_MAX = 1024 * KIB  # as Go has it; dockerode sends the body of a create in its query as well
BODY = b'{"Image":"nonroot","User":"1000"}'
JSON = b"Content-Type: application/json\r\n"


def post(fields, body=BODY, line=b"POST /v1.41/containers/create HTTP/1.1\r\n", host=b"Host: a\r\n"):
    return line + host + JSON + fields + b"\r\n" + body


LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = chunk(BODY) + LAST_CHUNK

# Each is 400 unless OTHER_STATUS says otherwise. Where the message ends is unclear, or the
# sender not sane: the connection ends with the refusal.
BROKEN = {
    # Where the body ends.
    "length and chunked": post(LENGTH + CHUNKED, CHUNKS),
    "chunked and length": post(CHUNKED + LENGTH, CHUNKS),
    "length zero and chunked": post(b"Content-Length: 0\r\n" + CHUNKED, CHUNKS),
    "two equal lengths": post(LENGTH * 2),
    "two lengths": post(LENGTH + b"Content-Length: 5\r\n"),
    "a list of lengths": post(b"Content-Length: %d, %d\r\n" % (len(BODY), len(BODY))),
    "a signed length": post(b"Content-Length: +%d\r\n" % len(BODY)),
    "a negative length": post(b"Content-Length: -1\r\n"),
    "a hexadecimal length": post(b"Content-Length: 0x21\r\n"),
    "a fractional length": post(b"Content-Length: 33.0\r\n"),
    "an empty length": post(b"Content-Length: \r\n"),
    "a length beyond 64 bits": post(b"Content-Length: 18446744073709551617\r\n"),
    "a length with a space": post(b"Content-Length: 3 3\r\n"),
    "an unknown coding": post(b"Transfer-Encoding: xchunked\r\n", CHUNKS),
    "identity": post(b"Transfer-Encoding: identity\r\n", CHUNKS),
    "gzip, chunked": post(b"Transfer-Encoding: gzip, chunked\r\n", CHUNKS),
    "chunked, gzip": post(b"Transfer-Encoding: chunked, gzip\r\n", CHUNKS),
    "chunked twice": post(CHUNKED * 2, CHUNKS),
    "chunked, chunked": post(b"Transfer-Encoding: chunked, chunked\r\n", CHUNKS),
    "an empty coding": post(b"Transfer-Encoding:\r\n", CHUNKS),
    "a coding behind a vertical tab": post(b"Transfer-Encoding: \x0bchunked\r\n", CHUNKS),
    "a coding with parameters": post(b"Transfer-Encoding: chunked;a=b\r\n", CHUNKS),
    "chunks of HTTP/1.0": post(CHUNKED, CHUNKS, b"POST /v1.41/containers/create HTTP/1.0\r\n"),
    # Lines.
    "a folded line": post(LENGTH + b"X: a\r\n b\r\n"),
    "a folded coding": post(b"Transfer-Encoding:\r\n chunked\r\n", CHUNKS),
    "a fold by tab": post(LENGTH + b"X: a\r\n\tb\r\n"),
    "a fold at once": post(LENGTH, line=b"POST /v1.41/containers/create HTTP/1.1\r\n X: y\r\n"),
    "line feeds only": post(LENGTH).replace(b"\r\n", b"\n"),
    "one line feed": post(LENGTH + b"X: a\n"),
    "a line feed ends the head": post(LENGTH).replace(b"\r\n\r\n", b"\r\n\n"),
    "a carriage return in a value": post(LENGTH + b"X: a\rb\r\n"),
    "a carriage return in a name": post(LENGTH + b"X\rY: a\r\n"),
    "NUL in a value": post(LENGTH + b"X: a\0b\r\n"),
    "a control byte in a value": post(LENGTH + b"X: a\x01b\r\n"),
    "a space before the colon": post(LENGTH + b"X : a\r\n"),
    "a space before the length's colon": post(b"Content-Length : %d\r\n" % len(BODY)),
    "a tab before the colon": post(LENGTH + b"X\t: a\r\n"),
    "no colon": post(LENGTH + b"nonsense\r\n"),
    "no name": post(LENGTH + b": a\r\n"),
    "an 8-bit name": post(LENGTH + "Ünicode: a\r\n".encode()),
    "a bracket in a name": post(LENGTH + b"X(y): a\r\n"),
    # The request line.
    "two spaces": post(LENGTH, line=b"POST  /v1.41/containers/create HTTP/1.1\r\n"),
    "two spaces before the version": post(LENGTH, line=b"POST /v1.41/containers/create  HTTP/1.1\r\n"),
    "a tab as space": post(LENGTH, line=b"POST\t/v1.41/containers/create\tHTTP/1.1\r\n"),
    "a space at the end": post(LENGTH, line=b"POST /v1.41/containers/create HTTP/1.1 \r\n"),
    "a space in the target": post(LENGTH, line=b"POST /v1.41/containers/create?a=b c HTTP/1.1\r\n"),
    "no version": b"GET /_ping\r\n\r\n",
    "HTTP/0.9": b"GET /_ping HTTP/0.9\r\n\r\n",
    "HTTP/1.2": post(LENGTH, line=b"POST /v1.41/containers/create HTTP/1.2\r\n"),
    "HTTP/2.0": post(LENGTH, line=b"POST /v1.41/containers/create HTTP/2.0\r\n"),
    "a lower-case version": post(LENGTH, line=b"POST /v1.41/containers/create http/1.1\r\n"),
    "HTTP/01.1": post(LENGTH, line=b"POST /v1.41/containers/create HTTP/01.1\r\n"),
    "a bracket in the method": b"GE(T /_ping HTTP/1.1\r\nHost: a\r\n\r\n",
    "no host": post(LENGTH, host=b""),
    "two hosts": post(LENGTH, host=b"Host: a\r\nHost: a\r\n"),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,
    # Chunks.
    "a chunk ended by line feed": post(CHUNKED, b"21\n" + BODY + b"\n0\n\n"),
    "a size line ended by line feed": post(CHUNKED, b"21\n" + BODY + b"\r\n0\r\n\r\n"),
    "a chunk's end by line feed": post(CHUNKED, b"21\r\n" + BODY + b"\n0\r\n\r\n"),
    "a hexadecimal prefix": post(CHUNKED, b"0x21\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a signed chunk": post(CHUNKED, b"+21\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a negative chunk": post(CHUNKED, b"-1\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a space before the size": post(CHUNKED, b" 21\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a space behind the size": post(CHUNKED, b"21 \r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a size beyond 64 bits": post(CHUNKED, b"10000000000000021\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "an empty size": post(CHUNKED, b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "no chunk's end": post(CHUNKED, b"20\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a carriage return in an extension": post(CHUNKED, b"21;a\rb\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a line feed in an extension": post(CHUNKED, b"21;a\nb\r\n" + BODY + b"\r\n0\r\n\r\n"),
}

# Where the message ends is clear: the next one may be answered.
WRONG = {
    "absolute form": post(LENGTH, line=b"POST http://a/v1.41/containers/create HTTP/1.1\r\n"),
    "authority form": b"CONNECT docker:80 HTTP/1.1\r\nHost: docker:80\r\n\r\n",
    "asterisk form": b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "a double slash": post(LENGTH, line=b"POST //v1.41/containers/create HTTP/1.1\r\n"),
    "a dot segment": post(LENGTH, line=b"POST /v1.41/./containers/create HTTP/1.1\r\n"),
    "dot-dot": post(LENGTH, line=b"POST /v1.41/x/../containers/create HTTP/1.1\r\n"),
    "encoded dot-dot": post(LENGTH, line=b"POST /v1.41/x/%2e%2e/containers/create HTTP/1.1\r\n"),
    "an encoded NUL": b"GET /v1.41/containers/a%00/json HTTP/1.1\r\nHost: a\r\n\r\n",
    "an encoded line end": b"GET /v1.41/containers/a%0d%0ab/json HTTP/1.1\r\nHost: a\r\n\r\n",
    "a backslash": b"GET /v1.41/containers\\a/json HTTP/1.1\r\nHost: a\r\n\r\n",
    "a broken escape": b"GET /v1.41/containers/%zz/json HTTP/1.1\r\nHost: a\r\n\r\n",
    "an overlong escape": b"GET /v1.41/containers/%c0%af/json HTTP/1.1\r\nHost: a\r\n\r\n",
    "an 8-bit target": b"GET /v1.41/containers/\xff/json HTTP/1.1\r\nHost: a\r\n\r\n",
    "a fragment": b"GET /v1.41/containers/json#x HTTP/1.1\r\nHost: a\r\n\r\n",
    "a semicolon in the query": b"GET /v1.41/containers/json?all=1;x=y HTTP/1.1\r\nHost: a\r\n\r\n",
    # What ParseForm would take for a query.
    "a form": post(LENGTH).replace(b"application/json", b"application/x-www-form-urlencoded"),
    "a multipart form": post(LENGTH).replace(b"application/json", b"multipart/form-data; boundary=x"),
}

# Not ours to be more exact about than "no".
OTHER_STATUS = {"an unknown coding": (400, 501), "identity": (400, 501), "gzip, chunked": (400, 501),
                "chunked, gzip": (400, 501), "HTTP/1.2": (400, 505), "HTTP/2.0": (400, 505),
                "HTTP/0.9": (400, 505), "a compressed body": (400, 415), "a form": (400, 415),
                "a multipart form": (400, 415), "a length beyond 64 bits": (400, 413)}


class AmbiguousRequestTest(BlackboxTest):
    def check_all(self, policy):
        self.start(policy)
        for name, data in {**BROKEN, **WRONG}.items():
            with self.subTest(name):
                client = self.client()
                try:
                    client.send(data)
                    client.send(b"GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n")
                    client.send_end()
                except BrokenPipeError:
                    pass
                response = client.response()
                self.assertIn(response.status, OTHER_STATUS.get(name, (400,)), response.body)
                self.assert_refused(response, response.status)
                rest = client.read_to_end()
                if name in BROKEN or response.closes():
                    self.assertEqual(rest, b"", "nothing behind it is answered")
                    self.assertTrue(response.closes())
                else:
                    self.assertTrue(rest.endswith(b"\r\n\r\nOK"), rest)
                client.close()
        self.assertLessEqual(set(self.engine.asked()), {"GET /_ping"})
        self.assertNotIn(b"containers", self.engine.received())

    def test_refused_when_bodies_are_judged(self):
        self.check_all(BASELINE)

    def test_refused_under_open_too(self):
        """Integrity is no rule that could be switched off."""
        self.check_all(Policy("open"))

    def test_chunks_of_a_streamed_body_are_checked_as_they_pass(self):
        """A tar is on its way when its framing goes wrong: the engine must see a broken body."""
        self.start(BASELINE)
        bodies = []

        def read(connection, request):
            bodies.append(request)
            connection.read_body(request)

        self.engine.on("POST /images/load", read, reads_body=False)
        for bad in (b"5\nhello\r\n", b"0x5\r\nhello\r\n", b"5 \r\nhello\r\n", b"5\r\nhelloX\r\n",
                    b"5\r\nhello\n0\r\n\r\n", b"ffffffffffffffff1\r\n"):
            with self.subTest(bad):
                client = self.client()
                client.send(request_bytes("POST", "/v1.41/images/load", chunk(b"begin") + bad,
                                          [("Transfer-Encoding", "chunked"),
                                           ("Content-Type", "application/x-tar")]))
                rest = client.read_to_end()
                self.assertIn(rest[:12], (b"", b"HTTP/1.1 400"))
                client.close()
        self.assertTrue(all(not request.complete for request in bodies))

    def test_the_http_2_preface_is_refused_readably(self):
        self.start(BASELINE)
        client = self.client()
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0")
        response = client.response()
        self.assertIn(response.status, (400, 403, 505))
        self.assert_refused(response, response.status)
        self.assertRegex(response.message(), "HTTP/2")
        self.assertEqual(client.read_to_end(), b"")
        self.assert_untouched()


class LimitTest(BlackboxTest):
    def refuse(self, data, status, policy=BASELINE):
        if self.sockade is None:
            self.start(policy)
        client = self.client()
        try:
            client.send(data)
        except BrokenPipeError:
            pass  # the answer is there all the same
        response = client.response()
        self.assert_refused(response, status)
        self.assert_untouched()
        return response

    def test_a_head_over_the_limit(self):
        line = b"X-Big: " + b"a" * 1000 + b"\r\n"
        self.refuse(b"GET /_ping HTTP/1.1\r\nHost: a\r\n" + line * (HEAD_MAX // 1000) + b"\r\n", 431)

    def test_a_head_that_never_ends(self):
        self.refuse(b"GET /_ping HTTP/1.1\r\nHost: a\r\nX: " + b"a" * (2 * HEAD_MAX), 431)

    def test_a_head_just_below_the_limit(self):
        self.start()
        head = b"GET /_ping HTTP/1.1\r\nHost: a\r\nX-Big: "
        client = self.client()
        client.send(head + b"a" * (HEAD_MAX - len(head) - 4) + b"\r\n\r\n")
        self.assertEqual(client.response().status, 200)

    def test_more_than_a_hundred_fields(self):
        fields = b"".join(b"X-%d: a\r\n" % number for number in range(100))
        self.refuse(b"GET /_ping HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n", 431)

    def test_a_hundred_fields(self):
        self.start()
        fields = [("X-%d" % number, "a") for number in range(99)]
        self.assertEqual(self.ask("GET", "/_ping", None, fields).status, 200)

    def test_a_target_over_the_limit(self):
        self.refuse(b"GET /v1.41/containers/json?filters=" + b"a" * HEAD_MAX + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431)

    def test_a_limit_of_the_policy(self):
        policy = BASELINE._replace(limits={"head_bytes": "16k"})
        head = b"GET /v1.41/containers/json?filters=%s HTTP/1.1\r\nHost: a\r\n\r\n"
        self.refuse(head % (b"a" * 16 * KIB), 431, policy)
        client = self.client()
        client.send(head % (b"a" * 15 * KIB))
        self.assertEqual(client.response().status, 200)

    def test_a_long_target(self):
        self.start()
        self.assertEqual(self.ask("POST", "/v1.41/build?labels=" + "a" * (HEAD_MAX - KIB), b"tar",
                                  [("Content-Type", "application/x-tar")]).status, 200)

    def test_a_body_over_the_policys_limit(self):
        policy = Policy("baseline", BASELINE.allow, limits={"body_bytes": "64k"})
        big = b'{"Image":"nonroot","User":"1000","Labels":{"a":"' + b"a" * (64 * KIB) + b'"}}'
        for answer in (
                self.refuse(request_bytes("POST", "/v1.41/containers/create", big, [("Content-Type", "application/json")]), 413, policy),
                self.refuse(request_bytes("POST", "/v1.41/containers/create",
                                          b"".join(chunk(big[at:at + 1000]) for at in range(0, len(big), 1000)) + LAST_CHUNK,
                                          [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]), 413),
                self.refuse(request_bytes("POST", "/v1.41/containers/create", b"",
                                          [("Content-Type", "application/json"), ("Content-Length", "99999999999999")]), 413)):
            self.assert_refused(answer, 413, "limits.body_bytes")

    def test_a_body_at_the_policys_limit(self):
        self.start(Policy("baseline", BASELINE.allow, limits={"body_bytes": "64k"}))
        start, end = b'{"Image":"nonroot","User":"1000","Labels":{"a":"', b'"}}'
        body = start + b"a" * (64 * KIB - len(start) - len(end)) + end
        response = self.ask("POST", "/v1.41/containers/create", body, [("Content-Type", "application/json")])
        self.assertEqual(response.status, 201, response.body)

    def test_a_streamed_body_has_no_limit(self):
        self.start(Policy("baseline", BASELINE.allow, limits={"body_bytes": "64k"}))
        response = self.ask("POST", "/v1.41/images/load", b"a" * (1024 * KIB),
                            [("Content-Type", "application/x-tar")])
        self.assertEqual(response.status, 200)
        self.assertEqual(len(self.engine.last().body), 1024 * KIB)

    def test_more_connections_than_the_policy_has(self):
        self.start(Policy("baseline", BASELINE.allow, limits={"connections": 4}))
        clients = [self.client() for _ in range(4)]
        for client in clients:
            self.assertEqual(client.ask("GET", "/_ping").status, 200)
        extra = self.client()
        try:
            extra.send(request_bytes("GET", "/_ping"))
        except BrokenPipeError:
            pass  # refused when it came
        response = extra.response()
        self.assertEqual(response.status, 503)
        self.assertEqual(response.all("Content-Type"), ["application/json"])
        self.assertIn("connections", response.message())
        self.assertEqual(extra.read_to_end(), b"")
        clients.pop().close()
        self.wait_for_room()

    def wait_for_room(self):
        def has_room():
            try:
                return self.ask("GET", "/_ping").status == 200
            except BrokenPipeError:
                return False

        wait_for(has_room, "room for a connection again")


class JsonTest(BlackboxTest):
    """The body says one thing to every reader, or nothing is forwarded, under every policy."""

    BAD = {
        "a repeated name": b'{"Image":"nonroot","Image":"rootuser"}',
        "a repeated object": b'{"Image":"a","HostConfig":{},"HostConfig":{"Privileged":true}}',
        "a folded name beside its own": b'{"Image":"a","HostConfig":{},"hostconfig":{"Privileged":true}}',
        "a Unicode fold": '{"Image":"a","Ho\u017ftConfig":{"Privileged":true}}'.encode(),
        "an escaped Unicode fold": b'{"Image":"a","Ho\\u017ftConfig":{"Privileged":true}}',
        "trailing bytes": b'{"Image":"a"} x',
        "a second document": b'{"Image":"a"}{"HostConfig":{"Privileged":true}}',
        "a closing brace too many": b'{"Image":"a"}}',
        "a byte order mark": b'\xef\xbb\xbf{"Image":"a"}',
        "invalid UTF-8": b'{"Image":"a","Labels":{"a":"\xff"}}',
        "a lone surrogate": b'{"Image":"a","Labels":{"a":"\\ud800"}}',
        "an escaped NUL": b'{"Image":"a","Labels":{"a":"x\\u0000y"}}',
        "a control byte": b'{"Image":"a\tb"}',
        "a comment": b'{"Image":"a"/**/}',
        "a trailing comma": b'{"Image":"a",}',
        "a leading zero": b'{"Image":"a","StopTimeout":012}',
        "a wrong type": b'{"Image":"a","HostConfig":{"Privileged":"true"}}',
        "a fraction for an integer": b'{"Image":"a","HostConfig":{"Memory":1.5}}',
        "an exponent for an integer": b'{"Image":"a","HostConfig":{"Memory":1e9}}',
        "an integer beyond 64 bits": b'{"Image":"a","HostConfig":{"Memory":9223372036854775808}}',
        "no object": b'["Image"]',
        "half an object": b'{"Image":"a"',
        "nothing but space": b"   ",
        "depth": b'{"Image":"a","x":' + b"[" * 1000 + b"]" * 1000 + b"}",
    }

    def check_all(self, policy):
        self.start(policy)
        client = self.client()
        for name, body in self.BAD.items():
            with self.subTest(name):
                if client.ended:
                    client = self.client()
                response = client.ask("POST", "/v1.41/containers/create", body,
                                      [("Content-Type", "application/json")])
                self.assert_refused(response, 400)
                if response.closes():
                    client = self.client()
        self.assert_untouched()

    def test_refused_when_bodies_are_judged(self):
        self.check_all(BASELINE)

    def test_refused_under_open_with_a_rule_too(self):
        self.check_all(Policy("open", rules={"privileged": "audit"}))

    def test_sent_as_they_came_where_nobody_reads_them(self):
        self.start(Policy("open"))
        client = self.client()
        for name, body in self.BAD.items():
            with self.subTest(name):
                response = client.ask("POST", "/v1.41/containers/create", body, [("Content-Type", "application/json")])
                self.assertEqual(response.status, 201)
                self.assertEqual(self.engine.requests[-1].body, body)


if __name__ == "__main__":
    unittest.main()
