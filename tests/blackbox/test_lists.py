"""Lists in which something is hidden: read value by value as they come, whatever their length, in
bounded memory and without keeping others waiting."""

import json
import statistics
import threading
import time
import unittest

from harness import BlackboxTest, Policy, is_sanitized
from wire import LAST_CHUNK, MIB, PATIENCE_S, chunk, request_bytes, wait_for

LIST = "/v1.41/containers/json"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nEtag: \"x\"\r\nTransfer-Encoding: chunked\r\n\r\n"
SECRET = b"/srv/secret"
HIDING = Policy("baseline", ["containers.list", "containers.inspect", "volumes.list", "system.ping"])


def container(number, **more):
    return {"Id": "%064d" % number, "Names": ["/c%d" % number], "Image": "app", "Command": "run",
            "Labels": {"a": "b" * 600}, "Mounts": [{"Type": "bind", "Source": SECRET.decode(), "Destination": "/d"}],
            **more}


def list_of(*items):
    """A function for `on()`: those items, chunked."""
    def function(connection, _request):
        connection.send(HEAD + chunk(b"[" + b",".join(items) + b"]\n") + LAST_CHUNK)
    return function


def long_list(size):
    """About so many bytes of containers, 64 KiB at a time."""
    items = b"".join(b"," + json.dumps(container(i)).encode() for i in range(64))
    def function(connection, _request):
        connection.send(HEAD + chunk(b"[" + items[1:]))
        piece = chunk(items)
        for _ in range(size // len(items) - 1):
            connection.sock.sendall(piece)
        connection.send(chunk(b"]\n") + LAST_CHUNK)
    return function


class ListTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        self.start_engine()

    def start_hiding(self, policy=HIDING):
        config = {"base": policy.base, "allow": policy.allow, "redact": {"mounts": "host_paths"}}
        self.start(policies={"test": config})

    def peak_kib(self):
        with open("/proc/%d/status" % self.sockade.pid, encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))

    def read_list(self, client):
        """The bytes of the answer's body, without keeping them: count and whether the secret was in them."""
        client.send(request_bytes("GET", LIST))
        head = client.head()
        self.assertEqual(head.status, 200)
        self.assertEqual(head.all("Etag"), [])
        size, found, tail = 0, False, b""
        while True:
            piece = client.read_chunk()
            if not piece:
                return size, found, tail
            size += len(piece)
            found = found or SECRET in tail + piece
            tail = (tail + piece)[-len(SECRET):]

    def test_a_list_of_200_mib_takes_little_memory(self):
        size = (20 if is_sanitized() else 200) * MIB
        self.engine.on("GET /containers/json", long_list(size))
        self.start_hiding()
        self.ask("GET", "/_ping")
        before = self.peak_kib()
        client = self.client(timeout=2 * PATIENCE_S)
        got, found, tail = self.read_list(client)
        self.assertFalse(found)
        self.assertGreater(got, size * 0.9)
        self.assertTrue(tail.endswith(b"]\n"))
        if not is_sanitized():
            self.assertLess(self.peak_kib() - before, 4 * 1024)
        self.assertEqual(client.ask("GET", "/_ping").status, 200)

    def test_a_client_that_does_not_read_makes_the_engine_wait(self):
        self.engine.on("GET /containers/json", long_list(64 * MIB))
        self.start_hiding()
        self.ask("GET", "/_ping")
        before = self.peak_kib()
        client = self.client()
        client.send(request_bytes("GET", LIST))
        time.sleep(1)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        if not is_sanitized():
            self.assertLess(self.peak_kib() - before, 4 * 1024)
        client.close()
        wait_for(lambda: self.sockade.open_descriptors() < 40, "what was opened to be closed")

    def test_others_are_served_meanwhile(self):
        self.engine.on("GET /containers/json", long_list(32 * MIB))
        self.start_hiding()
        threads = [threading.Thread(target=self.read_list, args=(self.client(timeout=2 * PATIENCE_S),), daemon=True)
                   for _ in range(4)]
        for thread in threads:
            thread.start()
        client, waits = self.client(), []
        while any(thread.is_alive() for thread in threads):
            begun = time.monotonic()
            self.assertEqual(client.ask("GET", "/_ping").status, 200)
            waits.append(time.monotonic() - begun)
        self.assertGreater(len(waits), 3)
        self.assertLess(statistics.median(waits), 0.5)  # this is Python as well: bench/fairness.py measures

    def test_what_cannot_be_read_is_named_and_counted(self):
        bad = json.dumps(container(1))[:-1].encode() + b',"x":1,"x":2}'
        nul = json.dumps(container(2, Command="a\0b")).encode()
        large = json.dumps(container(3, Status="x" * 2 * MIB)).encode()
        self.engine.on("GET /containers/json", list_of(bad, nul, b'{"x":01}', large))
        self.start_hiding()
        answer = self.ask("GET", LIST).json()
        self.assertEqual([entry["Names"] for entry in answer], [["/c1"], ["/c2"], ["/c3"]])
        self.assertEqual(answer[0], {"Id": "%064d" % 1, "Names": ["/c1"]})
        self.assertEqual(answer[1]["Command"], "a\0b")
        self.assertEqual(answer[1]["Mounts"][0]["Source"], "<redacted>")
        self.assertEqual(self.audit(1)[-1]["unreadable"], 3)
        self.assertIn("3 values of an answer could not be read", self.sockade.log())

    def test_a_list_that_breaks_off_is_broken(self):
        item = json.dumps(container(1)).encode()
        for size, status in ((1, 502), (200, 200)):
            with self.subTest(size):
                self.engine.on("GET /containers/json", lambda connection, request, size=size: connection.send(
                    HEAD + chunk(b"[" + b",".join([item] * size))) and False or False)
                if not self.sockade:
                    self.start_hiding()
                client = self.client()
                client.send(request_bytes("GET", LIST))
                self.assertEqual(client.head().status, status)
                if status == 200:
                    with self.assertRaises((EOFError, OSError)):
                        while client.read_chunk():
                            pass

    def test_http_1_0_gets_no_chunks(self):
        self.engine.on("GET /containers/json", long_list(MIB))
        self.start_hiding()
        client = self.client()
        client.send(request_bytes("GET", LIST, version="1.0"))
        head = client.head()
        self.assertEqual(head.all("Transfer-Encoding"), [])
        body = client.read_to_end()
        self.assertGreater(len(json.loads(body)), 500)
        self.assertNotIn(SECRET, body)

    def test_a_short_list_has_its_length(self):
        self.engine.on("GET /containers/json", list_of(json.dumps(container(1)).encode()))
        self.start_hiding()
        response = self.ask("GET", LIST)
        self.assertEqual(response.all("Content-Length"), [str(len(response.body))])
        self.assertEqual(response.json()[0]["Mounts"][0]["Source"], "<redacted>")

    def test_what_cannot_be_read_can_be_removed(self):
        """Whose it is is all that a removal has to know; others' stay what is not there."""
        labels = {"a%d" % i: "<" * 100 + "\0" for i in range(30000)}
        for number, owner in ((1, "test"), (2, "other")):
            inspection = {"Id": "%064d" % number, "Config": {
                "Env": ["A=" + "x" * 6 * MIB], "Labels": {**labels, "io.sockade.owner": owner, "z": "y" * MIB}},
                          "HostConfig": {}, "Odd": "b\0"}
            self.engine.on("GET /containers/c%d/json" % number, lambda connection, request, text=inspection:
                           connection.answer(200, text))
        self.start(policies={"test": {"base": "baseline", "scope": {"own": True},
                                      "allow": ["containers.remove", "containers.start"]}})
        self.assertEqual(self.ask("DELETE", "/v1.41/containers/c1?force=1").status, 204)
        self.assertEqual(self.engine.last("DELETE .*").route, "/containers/%064d" % 1)
        self.assertEqual(self.ask("DELETE", "/v1.41/containers/c2").status, 404)
        self.assert_refused(self.ask("POST", "/v1.41/containers/c1/start"), 502)
        self.assertEqual([name for name in self.engine.asked() if name.startswith(("DELETE", "POST"))],
                         ["DELETE /containers/%064d" % 1])


if __name__ == "__main__":
    unittest.main()
