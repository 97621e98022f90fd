"""The end of the process: what is under way is finished, what never ends is ended."""

import signal
import socket
import threading
import time
import unittest

from harness import BASELINE, HARMLESS, BlackboxTest
from wire import Client, chunk, request_bytes, wait_for

GRACE_S = 8  # less than what is under way gets before it is ended
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class EndTest(BlackboxTest):
    def test_idle_it_ends_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.start(BASELINE)
            self.client()  # an idle connection is no reason to wait
            idle = self.client()
            self.assertEqual(idle.ask("GET", "/_ping").status, 200)
            begin = time.monotonic()
            self.sockade.signal(number)
            self.assertEqual(self.sockade.wait(), 0)
            self.assertLess(time.monotonic() - begin, GRACE_S)
            self.assertEqual(idle.read_to_end(), b"")

    def drain(self):
        self.sockade.signal(signal.SIGTERM)
        wait_for(lambda: "draining" in self.sockade.log(), "the signal to be heard")

    def test_a_request_under_way_is_finished(self):
        self.start(BASELINE)
        held = []
        self.engine.on("POST /containers/create", lambda c, r: held.append(c))
        client = self.client()
        client.send(request_bytes("POST", "/v1.41/containers/create", HARMLESS))
        wait_for(lambda: held, "the request")
        self.drain()
        time.sleep(0.3)
        self.assertIsNone(self.sockade.process.poll(), "it didn't wait for the answer")
        held[0].answer(201, {"Id": "c" * 64})
        response = client.response()
        self.assertEqual(response.status, 201)
        self.assertEqual(client.read_to_end(), b"")
        self.assertEqual(self.sockade.wait(), 0)
        self.assertEqual(len(self.audit()), 1)

    def test_nobody_new_is_let_in(self):
        self.start(BASELINE)
        held = []
        self.engine.on("GET /info", lambda c, r: held.append(c))
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/info"))
        wait_for(lambda: held, "the request")
        self.sockade.signal(signal.SIGTERM)

        def is_closed():
            try:
                Client(self.socket).close()
            except OSError:
                return True
            return False

        wait_for(is_closed, "the socket to be closed")
        held[0].answer(200, b"x")
        self.assertEqual(client.response().body, b"x")
        self.assertEqual(self.sockade.wait(), 0)

    def test_streams_and_tunnels_are_ended_after_the_grace(self):
        self.start(BASELINE)
        self.engine.on("GET /events", lambda c, r: c.send(HEAD + chunk(b"event")))
        self.engine.on("POST /containers/a/attach", lambda c, r: c.send(
            b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"))
        stream, tunnel = self.client(), self.client()
        stream.send(request_bytes("GET", "/v1.41/events"))
        tunnel.send(request_bytes("POST", "/v1.41/containers/a/attach?stream=1", None,
                                  [("Connection", "Upgrade"), ("Upgrade", "tcp")]))
        self.assertEqual([stream.head().status, tunnel.head().status], [200, 101])
        self.assertEqual(stream.read_chunk(), b"event")
        self.sockade.signal(signal.SIGTERM)
        self.assertNotIn(b"0\r\n\r\n", stream.read_to_end(), "an event stream has no good end")
        self.assertEqual(tunnel.read_to_end(), b"")
        self.assertEqual(self.sockade.wait(), 0)
        self.assertEqual({record["op"] for record in self.audit()}, {"system.events", "containers.attach"})

    def test_a_second_signal_waits_for_nothing(self):
        self.start(BASELINE)
        held = []
        self.engine.on("GET /info", lambda c, r: held.append(c))
        client = self.client()
        client.send(request_bytes("GET", "/v1.41/info"))
        wait_for(lambda: held, "the request")
        self.drain()
        begin = time.monotonic()
        self.sockade.signal(signal.SIGTERM)
        self.assertEqual(self.sockade.wait(), 0)
        self.assertLess(time.monotonic() - begin, GRACE_S)

    def test_broken_pipes_are_no_end(self):
        self.start(BASELINE)
        stop = threading.Event()
        self.addCleanup(stop.set)

        def flood(connection, _request):
            connection.send(HEAD)
            while not stop.is_set():
                connection.send(chunk(b"a" * 65536))

        self.engine.on("GET /events", flood)
        for _ in range(10):
            client = self.client()
            client.send(request_bytes("GET", "/v1.41/events"))
            client.head()
            client.close()
        self.assertEqual(self.ask("GET", "/_ping").status, 200)

    def test_other_signals_change_nothing(self):
        self.start(BASELINE)
        for number in (signal.SIGPIPE, signal.SIGHUP):
            self.sockade.signal(number)
            time.sleep(0.05)
            self.assertEqual(self.ask("GET", "/_ping").status, 200)


class AbuseTest(BlackboxTest):
    def test_clients_that_come_and_go(self):
        self.start(BASELINE)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        before = self.sockade.open_descriptors()
        for number in range(300):
            client = Client(self.socket)
            if number % 3:
                client.send(request_bytes("GET", "/v1.41/containers/json")[:number % 60])
            if number % 5 == 0:
                client.send_end()
            client.close()
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        wait_for(lambda: self.sockade.open_descriptors() <= before + 2, "descriptors to be closed")

    def test_passed_descriptors_are_not_kept(self):
        """SCM_RIGHTS from a client: whatever it sends along is closed or never received."""
        self.start(BASELINE)
        client = self.client()
        self.assertEqual(client.ask("GET", "/_ping").status, 200)
        before = self.sockade.open_descriptors()
        for _ in range(20):
            socket.send_fds(client.sock, [request_bytes("GET", "/_ping")], [0, 1, 2])
            self.assertEqual(client.response().status, 200)
        wait_for(lambda: self.sockade.open_descriptors() <= before, "descriptors to be closed")

    def test_many_clients_at_once(self):
        self.start(BASELINE)
        failures = []

        def work(number):
            try:
                client = Client(self.socket)
                for turn in range(20):
                    name = "c%d-%d" % (number, turn)
                    response = client.ask("GET", "/v1.41/containers/%s/json" % name)
                    if response.json()["Name"] != "/" + name:
                        failures.append(response.body)
                client.close()
            except Exception as problem:  # pylint: disable=broad-except
                failures.append(repr(problem))

        workers = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(failures, [])


if __name__ == "__main__":
    unittest.main()
