"""Connections: requests one behind the other on the client's side, a pool of connections on
the engine's side, and no way from the rest of one message into the next."""

import signal
import threading
import time
import unittest

from fake_engine import sends
from harness import BASELINE, HARMLESS, PRIVILEGED, BlackboxTest
from wire import LAST_CHUNK, chunk, request_bytes, send_apart, wait_for


class PipeliningTest(BlackboxTest):
    def test_requests_in_one_write_are_answered_in_order(self):
        self.start(BASELINE)
        client = self.client()
        client.send(b"".join(request_bytes("GET", "/v1.41/containers/%s/json" % name)
                             for name in "abcdefghij"))
        for name in "abcdefghij":
            self.assertEqual(client.response().json()["Name"], "/" + name)

    def test_bodies_end_where_they_say(self):
        self.start(BASELINE)
        client = self.client()
        chunked = chunk(b'{"Image":"nonroot",') + chunk(b'"User":"1000"}') + LAST_CHUNK
        client.send(request_bytes("POST", "/v1.41/containers/create?name=a", HARMLESS)
                    + request_bytes("POST", "/v1.41/containers/create?name=b", chunked,
                                    [("Transfer-Encoding", "chunked"),
                                     ("Content-Type", "application/json")])
                    + request_bytes("GET", "/_ping"))
        self.assertEqual([client.response().status for _ in range(3)], [201, 201, 200])
        self.assertEqual(self.engine.asked(),
                         ["POST /containers/create", "POST /containers/create", "GET /_ping"])

    def test_what_follows_a_refusal_is_judged_for_itself(self):
        self.start(BASELINE)
        client = self.client()
        client.send(request_bytes("GET", "/_ping")
                    + request_bytes("POST", "/v1.41/containers/create", PRIVILEGED)
                    + request_bytes("POST", "/v1.41/containers/create?name=again", PRIVILEGED)
                    + request_bytes("GET", "/v1.41/info"))
        self.assertEqual(client.response().body, b"OK")
        refusal = client.response()
        self.assert_refused(refusal, 403, "privileged")
        if refusal.closes():
            self.assertEqual(client.read_to_end(), b"")
            self.assertEqual(self.engine.asked(), ["GET /_ping"])
            return
        self.assert_refused(client.response(), 403, "privileged")
        self.assertEqual(client.response().status, 200)
        self.assertEqual(self.engine.asked(), ["GET /_ping", "GET /info"])

    def test_nothing_is_taken_for_a_request_behind_a_malformed_one(self):
        self.start(BASELINE)
        client = self.client()
        client.send(b"GET /_ping HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n"
                    + request_bytes("GET", "/v1.41/info"))
        self.assert_refused(client.response(), 400)
        self.assertEqual(client.read_to_end(), b"")
        self.assert_untouched()

    def test_a_refused_upload_is_not_read_as_requests(self):
        self.start(BASELINE)
        smuggled = request_bytes("GET", "/v1.41/info")
        client = self.client()
        client.send(request_bytes("POST", "/v1.41/swarm/init", smuggled * 50,
                                  [("Content-Type", "application/json")]))
        self.assert_refused(client.response(), 403)
        client.send_end()
        self.assertEqual(client.read_to_end(), b"")
        self.assert_untouched()

    def test_the_client_keeps_its_connection(self):
        self.start()
        client = self.client()
        for _ in range(50):
            self.assertEqual(client.ask("GET", "/_ping").status, 200)

    def test_a_client_that_asks_for_the_end_gets_it(self):
        self.start()
        client = self.client()
        response = client.ask("GET", "/_ping", None, [("Connection", "close")])
        self.assertEqual(response.body, b"OK")
        self.assertTrue(response.closes())
        self.assertEqual(client.read_to_end(), b"")

    def test_a_client_that_ends_its_side_still_gets_its_answer(self):
        self.start()
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/containers/json") + request_bytes("GET", "/_ping"))
        client.send_end()
        self.assertEqual(client.response().status, 200)
        self.assertEqual(client.response().body, b"OK")
        self.assertEqual(client.read_to_end(), b"")


class PoolTest(BlackboxTest):
    def test_engine_connections_are_used_again(self):
        self.start()
        for _ in range(20):
            self.assertEqual(self.ask("GET", "/_ping").status, 200)
        client = self.client()
        for _ in range(20):
            self.assertEqual(client.ask("POST", "/v1.41/containers/create", HARMLESS).status, 201)
        self.assertEqual(self.engine.accepts, 1)

    def test_concurrent_requests_have_connections_of_their_own(self):
        self.start()
        clients = [self.client() for _ in range(8)]
        held = []
        self.engine.on("GET /info", lambda c, r: held.append(c))
        for client in clients:
            client.send(request_bytes("GET", "/v1.41/info"))
        wait_for(lambda: len(held) == 8, "eight requests at the engine")
        self.assertEqual(self.engine.accepts, 8)
        for number, connection in enumerate(held):
            connection.answer(200, {"number": number})
        self.assertEqual(sorted(client.response().json()["number"] for client in clients),
                         list(range(8)))

    def test_a_stale_connection_loses_no_get(self):
        self.start()
        for _ in range(5):
            self.assertEqual(self.ask("GET", "/_ping").status, 200)
            self.engine.stop()
            self.engine.start()
            self.assertEqual(self.ask("GET", "/v1.41/info").status, 200)

    def test_a_connection_that_dies_as_it_is_used_loses_no_get(self):
        """The engine closes an idle connection just when the next request is written."""
        self.start()

        def close_when_used_again(connection, _request):
            if connection.requests > 1:
                return False
            connection.answer(200, b"first", content_type="text/plain")
            return None

        self.engine.on("GET /info", close_when_used_again)
        self.assertEqual(self.ask("GET", "/v1.41/info").body, b"first")
        self.assertEqual(self.ask("GET", "/v1.41/info").body, b"first")
        self.assertEqual(self.engine.asked(), ["GET /info"] * 3)

    def test_a_post_is_never_sent_twice(self):
        self.start()
        self.engine.on("POST /containers/create", sends())
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.assert_refused(self.ask("POST", "/v1.41/containers/create", HARMLESS), 502)
        self.assertLessEqual(self.engine.asked().count("POST /containers/create"), 1)

    def test_bytes_beyond_a_response_poison_the_connection(self):
        self.start()
        extra = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
        sent = []
        for route, *pieces in (("info", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + extra),
                               ("containers/json", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                                extra), ("images/json", b"HTTP/1.1 204 No Content\r\n\r\n" + extra)):
            self.engine.on("GET /" + route, lambda connection, request, pieces=pieces: sent.append(
                send_apart(connection.sock, pieces)))
        for target in ("/v1.41/info", "/v1.41/containers/json", "/v1.41/images/json"):
            with self.subTest(target):
                client, before = self.client(), len(sent)
                self.assertIn(client.ask("GET", target).body, (b"ok", b""))
                wait_for(lambda before=before: len(sent) > before, "the forged answer to be sent")
                self.assertEqual(client.ask("GET", "/_ping").body, b"OK")
                self.assertEqual(self.ask("GET", "/_ping").body, b"OK")

    def test_unasked_bytes_on_an_idle_connection_poison_it(self):
        self.start()
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.engine.connections[0].send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
        for _ in range(3):
            self.assertEqual(self.ask("GET", "/_ping").body, b"OK")

    def test_unasked_bytes_poison_it_at_the_last_moment(self):
        """They are there before the request is written, but nobody has looked yet."""
        self.start()
        client = self.client()
        self.assertEqual(client.ask("GET", "/_ping").status, 200)
        self.sockade.signal(signal.SIGSTOP)
        self.engine.connections[0].send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
        client.send(request_bytes("GET", "/_ping"))
        self.sockade.signal(signal.SIGCONT)
        self.assertEqual(client.response().body, b"OK")

    def test_an_engine_that_ends_its_connection_is_believed(self):
        self.start()
        self.engine.on("GET /info", lambda c, r: c.answer(200, b"x", [("Connection", "close")]))
        for _ in range(3):
            self.assertEqual(self.ask("GET", "/v1.41/info").body, b"x")
        self.assertEqual(self.engine.accepts, 3)

    def test_the_engines_end_is_not_the_clients(self):
        """Connection: close of the engine is about its own connection."""
        self.start()
        self.engine.on("GET /info",
                       lambda c, r: c.answer(200, b"x", [("Connection", "close")]) or False)
        client = self.client()
        self.assertEqual(client.ask("GET", "/v1.41/info").body, b"x")
        self.assertEqual(client.ask("GET", "/v1.41/info").body, b"x")

    def test_a_client_that_left_frees_its_engine_connection(self):
        """Half an answer is on that connection: nobody may use it again."""
        self.start()
        self.engine.on("GET /containers/a/logs", lambda c, r: c.send(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"half")))
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/containers/a/logs?stdout=1&follow=1"))
        client.head()
        self.assertEqual(client.read_chunk(), b"half")
        client.close()
        wait_for(lambda: self.engine.connections[0].ended, "the engine's connection to be closed")
        self.assertEqual(self.ask("GET", "/_ping").body, b"OK")
        self.assertEqual(self.engine.accepts, 2)

    def test_a_client_that_left_after_its_end_frees_it_as_well(self):
        """With the engine quiet there is nothing to write that would fail."""
        self.start()
        over = threading.Event()
        self.addCleanup(over.set)
        streams = []

        def play(connection, _request):
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n")
            streams.append(connection)
            over.wait(60)

        self.engine.on("POST /containers/a/attach", play)
        client = self.client()
        client.send(request_bytes("POST", "/v1.41/containers/a/attach?stream=1&stdin=1&stdout=1"))
        client.head()
        client.send_end()
        time.sleep(2.5)  # longer than it takes to see that a client is gone
        streams[0].send(b"still there")
        self.assertEqual(client.read_exactly(11), b"still there")
        opened = self.sockade.open_descriptors()
        client.close()
        wait_for(lambda: self.sockade.open_descriptors() <= opened - 2, "both connections to be closed")


if __name__ == "__main__":
    unittest.main()
