"""What large bodies cost: memory that many clients ask for at once is bounded, and who sends
little is served all the same."""

import json
import threading
import unittest

from harness import BlackboxTest, Policy, is_sanitized
from wire import request_bytes, wait_for

SMALL = b'{"Image":"small","User":"1000:1000"}'
LARGE = json.dumps({"Image": "large", "User": "1000:1000", "Env": ["A=" + 2000 * "x"] * 1000}).encode()
CREATE = "/v1.41/containers/create"


class Crowd:
    """Clients that each send one create and keep what they are answered."""

    def __init__(self, test, count):
        self.test = test
        self.responses = []
        self.clients = []
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        client = self.test.client(timeout=120)
        self.clients.append(client)
        try:
            client.send(request_bytes("POST", CREATE, LARGE))
        except OSError:
            pass  # refused while sending: the answer is there
        try:
            self.responses.append(client.response("POST"))
        except (AssertionError, EOFError, OSError):
            pass  # the end of the test

    def statuses(self):
        return [response.status for response in list(self.responses)]

    def leave(self):
        for client in self.clients:
            client.close()
        for thread in self.threads:
            thread.join(20)


class MemoryTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        self.start_engine()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)

    def crowd(self, count, limit):
        """The engine reads no body: what was taken of them stays here."""
        self.engine.on("POST /containers/create",
                       lambda connection, request: self.go_on.wait(60) and False, reads_body=False)
        self.start(Policy("baseline", ["containers.create"], limits={"total_body_bytes": limit}))
        crowd = Crowd(self, count)
        self.addCleanup(crowd.leave)
        return crowd

    def test_a_crowd_is_held_to_the_limit(self):
        crowd = self.crowd(60, "32m")
        wait_for(lambda: len(crowd.responses) >= 44, "the refusals")
        self.assertEqual(set(crowd.statuses()), {503})
        answer = crowd.responses[0]
        self.assert_refused(answer, 503)
        self.assertEqual(answer.json()["code"], "busy")
        self.assertEqual(answer.all("Retry-After"), ["1"])
        if not is_sanitized():
            self.assertLess(self.sockade.rss_kib(), 100 * 1024)
        # Once, and again if little was held for a moment after many of them had been refused at once.
        log = self.sockade.log()
        told = log.count("refusing large requests")
        self.assertIn(log.count("accepting large requests again"), (told, told - 1))
        self.assertIn(told, range(1, 10))

    def test_small_requests_pass_meanwhile_and_large_ones_afterwards(self):
        crowd = self.crowd(40, "16m")
        wait_for(lambda: len(crowd.responses) >= 32, "the refusals")
        self.engine.on("POST /containers/create",
                       lambda connection, request: connection.answer(201, {"Id": "c" * 64}))
        self.assertEqual(self.ask("POST", CREATE, SMALL).status, 201)
        crowd.leave()
        wait_for(lambda: "accepting large requests again" in self.sockade.log(), "the end of it")
        wait_for(lambda: self.ask("POST", CREATE, LARGE).status == 201, "a large one to pass")


class UniformAnswersTest(BlackboxTest):
    def test_no_engine(self):
        self.start(engine=False)
        response = self.ask("GET", "/v1.41/info")
        self.assert_refused(response, 502)
        self.assertEqual(response.json()["rules"][0]["id"], "engine")

    def test_too_many_connections(self):
        self.start(Policy("open", limits={"connections": 2}))
        held = []
        self.engine.on("GET /events", lambda connection, request: held.append(connection))
        for client in [self.client(), self.client()]:
            client.send(request_bytes("GET", "/v1.41/events"))  # an idle one would make room
        wait_for(lambda: len(held) == 2, "both to be under way")
        client = self.client()
        response = client.response("GET")
        self.assert_refused(response, 503)
        self.assertEqual(response.json()["code"], "busy")
        self.assertIn(response.json()["request_id"], response.json()["message"])
        self.assertIn(response.json()["request_id"], [record["req"] for record in self.audit(1)])


if __name__ == "__main__":
    unittest.main()
