"""Heads as real clients send them: long ones, with an Upgrade that nobody hears, with line feeds alone."""

import json
import unittest
import urllib.parse

from harness import BASELINE, BlackboxTest, Policy, is_sanitized
from wire import request_bytes, wait_for

MIB = 1024 * 1024
OPEN = Policy("open")


class LongHeadTest(BlackboxTest):
    def create(self, size):
        """As dockerode writes it: the body once more in the query."""
        env = ["V%d=%s" % (number, 'x y"' * 20) for number in range(size // 90)]
        body = {"Image": "nonroot", "User": "1000:1000", "Env": env, "HostConfig": {"NetworkMode": "none"}}
        query = "&".join("%s=%s" % (key, urllib.parse.quote(json.dumps(value))) for key, value in body.items())
        return self.ask("POST", "/v1.41/containers/create?" + query, json.dumps(body).encode())

    def test_a_create_with_its_body_in_the_query(self):
        for policy in (OPEN, BASELINE):
            self.start(policy)
            for size in (24000, 200000, 350000):
                self.assertEqual(self.create(size).status, 201, (policy.base, size))
                self.assertNotIn("Env", self.engine.last().target)
            self.sockade.stop()

    def test_credentials_for_many_registries(self):
        self.start(BASELINE)
        value = "e" * 70 * 1024
        response = self.ask("POST", "/v1.41/build", b"tar", [("Content-Type", "application/x-tar"),
                                                             ("X-Registry-Config", value)])
        self.assertEqual(response.status, 200)
        self.assertEqual(self.engine.last().all("X-Registry-Config"), [value])

    def test_a_target_that_escapes_make_longer(self):
        self.start(BASELINE)
        value = "{" * (MIB // 4)
        self.assertEqual(self.ask("POST", "/v1.41/build?labels=" + value, b"tar",
                                  [("Content-Type", "application/x-tar")]).status, 200)
        self.assertIn("labels=" + len(value) * "%7B", self.engine.last().target)

    def test_the_next_request_has_a_long_head_too(self):
        self.start(BASELINE)
        client = self.client()
        one = request_bytes("GET", "/v1.41/containers/json?trunc_cmd=" + "a" * 300 * 1024)
        client.send(one + one + request_bytes("GET", "/_ping"))
        self.assertEqual([client.response("GET").status for _ in range(3)], [200] * 3)

    def test_heads_that_never_end_are_bounded_together(self):
        self.start(BASELINE._replace(limits={"total_body_bytes": "16m"}))
        clients = [self.client() for _ in range(40)]
        for client in clients:
            try:
                client.send(b"GET /_ping HTTP/1.1\r\nHost: a\r\nX: " + b"a" * (MIB - 1000))
            except OSError:
                pass  # refused while sending: the answer is there
        wait_for(lambda: "refusing large requests" in self.sockade.log(), "the refusals", 60)
        self.assert_refused(clients[-1].response("GET"), 503)
        if not is_sanitized():
            self.assertLess(self.sockade.rss_kib(), 60 * 1024)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        for client in clients:
            client.close()
        wait_for(lambda: "accepting large requests again" in self.sockade.log(), "the end of it")
        self.assertEqual(self.create(200000).status, 201)


class UnheardUpgradeTest(BlackboxTest):
    """Java's HttpClient asks for HTTP/2 first, and goes on with what it gets."""

    HEAD = (b"GET /v1.41/containers/json HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nHost: localhost:2375\r\n"
            b"HTTP2-Settings: AAMAAABAAAAAAQAAAAAAAAE\r\nUpgrade: h2c\r\n\r\n")

    def test_it_is_served_as_it_is(self):
        for policy in (OPEN, BASELINE):
            self.start(policy)
            client = self.client()
            for _ in range(2):
                client.send(self.HEAD)
                self.assertEqual(client.response("GET").status, 200, policy.base)
                request = self.engine.last()
                self.assertFalse({"upgrade", "http2-settings"} & set(request.names()))
                self.assertFalse(request.has_token("Connection", "upgrade"))
            self.sockade.stop()


class LineFeedTest(BlackboxTest):
    def answer(self, data):
        client = self.client()
        client.send(data)
        return client.response("GET")

    def test_line_feeds_alone_under_open(self):
        self.start(OPEN)
        for head in (b"GET /containers/web/json HTTP/1.0\r\n\n", b"GET /containers/web/json HTTP/1.1\nHost: a\n\n",
                     b"GET /containers/web/json HTTP/1.1\r\nHost: a\n\r\n"):
            self.assertEqual(self.answer(head).status, 200, head)
            self.assertNotIn(b"\n", self.engine.received().replace(b"\r\n", b""))

    def test_they_are_no_way_to_hide_a_field(self):
        self.start(OPEN)
        for head in (b"GET /_ping HTTP/1.1\nHost: a\n Content-Length: 5\n\n", b"GET /_ping HTTP/1.1\nHost: a\rX: b\n\n",
                     b"POST /_ping HTTP/1.1\nHost: a\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n"):
            self.assert_refused(self.answer(head), 400)
        self.assert_untouched()

    def test_elsewhere_they_are_refused_by_name(self):
        self.start(BASELINE)
        response = self.answer(b"GET /containers/web/json HTTP/1.0\r\n\n")
        self.assert_refused(response, 400)
        self.assertIn("bare LF", response.json()["message"])
        self.assert_untouched()


if __name__ == "__main__":
    unittest.main()
