"""What sockade asks the engine itself: an image's user, a volume's driver. An answer that
is no clear yes is a no, and what was judged is what is sent."""

import json
import threading
import time
import unittest

from fake_engine import sends
from harness import BASELINE, NONROOT, BlackboxTest, Policy
from wire import PATIENCE_S, request_bytes, wait_for

LOOKUP = "GET /images/.*/json"


class ImageUserTest(BlackboxTest):
    def create(self, image, **more):
        body = {"Image": image, "HostConfig": {"NetworkMode": "none"}}
        body.update(more)
        return self.ask("POST", "/v1.41/containers/create?name=a", body)

    def created(self):
        return self.engine.last("POST /containers/create").json()

    def test_the_images_user_is_written_into_the_request(self):
        """Between the look-up and the create, the tag may move to another image."""
        self.start(NONROOT)
        self.assertEqual(self.create("nonroot").status, 201)
        self.assertEqual(self.created()["User"], "1000:1000")
        self.assertEqual(len(self.engine.asked()), 2)

    def test_many_requests_behind_it_wait(self):
        """More than is taken ahead, while the engine is asked about the image."""
        self.start(NONROOT)
        held, count = [], 9000
        self.engine.on("GET /info", lambda connection, request: held.append(connection))
        self.engine.on("GET /images/slow/json", lambda connection, request: held.append(connection))
        client = self.client()
        create = request_bytes("POST", "/v1.41/containers/create",
                               {"Image": "slow", "HostConfig": {"NetworkMode": "none"}})
        ping = b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"
        data = request_bytes("GET", "/v1.41/info") + create + ping * count
        sender = threading.Thread(target=client.sock.sendall, args=(data,), daemon=True)
        sender.start()
        wait_for(lambda: len(held) == 1, "the first request")
        time.sleep(0.2)  # until no more is read
        held[0].answer(200, {})
        self.assertEqual(client.response().status, 200)
        wait_for(lambda: len(held) == 2, "the question about the image")
        time.sleep(0.2)
        held[1].answer(200, {"Id": "sha256:" + "a" * 64, "Config": {"User": "1000:1000"}})
        self.assertEqual(client.response("POST").status, 201)
        for _ in range(count):
            self.assertEqual(client.response().body, b"OK")
        sender.join(PATIENCE_S)

    def test_the_engines_404_is_the_answer(self):
        """docker run pulls the image when it reads this."""
        self.start(NONROOT)
        response = self.create("missing")
        self.assertEqual(response.status, 404)
        self.assertEqual(response.json(), {"message": "No such image: missing"})
        self.assertNotIn("POST /containers/create", self.engine.asked())

    def test_root_of_any_spelling_is_refused(self):
        self.start(NONROOT)
        for image in ("rootuser", "zero", "nouser"):
            with self.subTest(image):
                self.assert_refused(self.create(image), 403, "run_as_root")
        self.assertNotIn("POST /containers/create", self.engine.asked())

    def test_the_requests_user_needs_no_question(self):
        self.start(NONROOT)
        self.assertEqual(self.create("missing", User="1000:1000").status, 201)
        self.assertEqual(self.engine.asked(), ["POST /containers/create"])
        self.assert_refused(self.create("nonroot", User="0"), 403, "run_as_root")

    def test_an_empty_user_is_no_user(self):
        self.start(NONROOT)
        self.assert_refused(self.create("nouser", User=""), 403, "run_as_root")
        self.assertEqual(self.create("nonroot", User="").status, 201)
        self.assertEqual(self.created()["User"], "1000:1000")

    def test_answers_that_are_none(self):
        self.start(NONROOT)
        for name, body in {
                "text": b"hello", "nothing": b"", "no object": b"[]", "no config": b'{"Id":"sha256:00"}',
                "half": b'{"Id":"sha256:00","Config":{"User":"1000"',
                "a repeated name": b'{"Id":"a","Config":{"User":"0"},"Config":{"User":"1000"}}',
                "a number": b'{"Id":"a","Config":{"User":1000}}',
                "trailing bytes": b'{"Id":"a","Config":{"User":"1000"}} x'}.items():
            with self.subTest(name):
                self.engine.on(LOOKUP, lambda c, r, body=body: c.answer(200, body, content_type="application/json"))
                response = self.create("nonroot")
                if name == "no config":  # an image without configuration runs as root
                    self.assertIn(response.status, (403, 502))
                else:
                    self.assert_refused(response, 502)
        self.assertNotIn("POST /containers/create", self.engine.asked())

    def test_engines_that_do_not_answer_the_question(self):
        self.start(NONROOT)
        for pieces in ((), (b"garbage\r\n\r\n",), (b"HTTP/1.1 200 OK\r\nContent-Le",),
                       (b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"Config":{"User":"1000"}}',)):
            with self.subTest(pieces):
                self.engine.on(LOOKUP, sends(*pieces))
                self.assert_refused(self.create("nonroot"), 502)
        self.engine.on(LOOKUP, lambda c, r: c.answer(500, {"message": "disk on fire"}))
        response = self.create("nonroot")
        self.assertIn(response.status, (500, 502))
        self.assertNotIn("POST /containers/create", self.engine.asked())

    def test_a_chunked_answer_is_an_answer(self):
        self.start(NONROOT)
        data = json.dumps({"Id": "sha256:" + "b" * 64, "Config": {"User": "1001"}}).encode()
        self.engine.on(LOOKUP, lambda c, r: c.answer(200, data, chunked=True, content_type="application/json"))
        self.assertEqual(self.create("nonroot").status, 201)
        self.assertEqual(self.created()["User"], "1001")

    def test_an_answer_too_large_is_none(self):
        self.start(NONROOT)
        data = b'{"Id":"a","Config":{"User":"1000","x":"' + b"a" * (8 << 20) + b'"}}'
        self.engine.on(LOOKUP, lambda c, r: c.answer(200, data, content_type="application/json"))
        self.assert_refused(self.create("nonroot"), 502)
        self.assertNotIn("POST /containers/create", self.engine.asked())

    def test_an_image_name_is_asked_for_as_it_is(self):
        self.start(NONROOT)
        self.engine.on(LOOKUP, lambda c, r: c.answer(200, {"Id": "sha256:b", "Config": {"User": "1000"}}))
        for image in ("registry.example.org:5000/team/app:1.2", "a@sha256:" + "0" * 64):
            self.assertEqual(self.create(image).status, 201, image)
            asked = self.engine.last(LOOKUP).route
            self.assertEqual(asked.replace("%3A", ":").replace("%40", "@"), "/images/%s/json" % image)
        for image in ("../containers/x", "a/../../containers/create", "a?b", "a b", "a#b", "a%2fb", "a\nb"):
            with self.subTest(image):
                before = len(self.engine.asked())
                self.assertGreaterEqual(self.create(image).status, 400)
                self.assertEqual(len(self.engine.asked()), before, "no question can be made of it")

    def test_a_client_that_leaves_during_the_question(self):
        self.start(NONROOT)
        held = []
        self.engine.on(LOOKUP, lambda c, r: held.append(c))
        client = self.client()
        client.send(request_bytes("POST", "/v1.41/containers/create", {"Image": "nonroot"}))
        wait_for(lambda: held, "the question")
        client.close()
        wait_for(lambda: held[0].ended, "the question to be given up")
        self.assertEqual(self.ask("GET", "/_ping").body, b"OK")
        self.assertNotIn("POST /containers/create", self.engine.asked())

    def test_requests_behind_the_question_wait(self):
        self.start(NONROOT)
        client = self.client()
        client.send(request_bytes("POST", "/v1.41/containers/create", {"Image": "nonroot"})
                    + request_bytes("GET", "/_ping"))
        self.assertEqual([client.response().status for _ in range(2)], [201, 200])
        self.assertEqual([name for name in self.engine.asked() if "/images/" not in name],
                         ["POST /containers/create", "GET /_ping"])


class VolumeTest(BlackboxTest):
    """A volume that was made with o=bind is the host's file system under a harmless name."""

    def use(self, volume):
        return self.ask("POST", "/v1.41/containers/create", {
            "Image": "nonroot", "User": "1000",
            "HostConfig": {"NetworkMode": "none", "Binds": [volume + ":/data"]}})

    def answer_volume(self, **volume):
        self.engine.on("GET /volumes/data", lambda c, r: c.answer(200, dict({"Name": "data"}, **volume)))

    def test_an_existing_harmless_volume(self):
        self.start(BASELINE)
        self.answer_volume(Driver="local", Options=None)
        self.assertEqual(self.use("data").status, 201)

    def test_a_volume_that_will_be_made(self):
        self.start(BASELINE)
        self.assertEqual(self.use("data").status, 201)

    def test_a_volume_that_binds(self):
        self.start(BASELINE)
        self.answer_volume(Driver="local", Options={"type": "none", "o": "bind", "device": "/"})
        response = self.use("data")
        self.assertEqual(response.status, 403)
        self.assertRegex(response.message(), "host_path_mount|volume_driver")
        self.assertNotIn("POST /containers/create", self.engine.asked())

    def test_a_volume_of_another_driver(self):
        self.start(BASELINE)
        self.answer_volume(Driver="nfs", Options=None)
        self.assert_refused(self.use("data"), 403, "volume_driver")

    def test_an_answer_that_is_none(self):
        self.start(BASELINE)
        for body in (b"hello", b"{}", b"[]", b'{"Driver":"local","Driver":"x"}'):
            with self.subTest(body):
                self.engine.on("GET /volumes/data",
                               lambda c, r, body=body: c.answer(200, body, content_type="application/json"))
                self.assertIn(self.use("data").status, (403, 502))
        self.assertNotIn("POST /containers/create", self.engine.asked())


class ExistingContainerTest(BlackboxTest):
    """What may not be created may not be used."""

    USES = (("POST", "/containers/%s/start", None), ("POST", "/containers/%s/restart", None),
            ("POST", "/containers/%s/unpause", None), ("POST", "/containers/%s/attach?stream=1", None),
            ("POST", "/containers/%s/exec", {"Cmd": ["id"], "User": "1000"}),
            ("GET", "/containers/%s/archive?path=/etc", None))

    def setUp(self):
        super().setUp()
        self.start(Policy("baseline"))

    def inspect(self, **more):
        answer = {"Id": "d" * 64, "Name": "/d", "Config": {"User": "1000:1000"}, "HostConfig": {}, "Mounts": []}
        answer.update(more)
        self.engine.on("GET /containers/d/json", lambda c, r: c.answer(200, answer))

    def test_a_harmless_one(self):
        self.inspect()
        for method, target, body in self.USES:
            with self.subTest(target):
                self.assertLess(self.ask(method, "/v1.41" + target % "d", body).status, 300)
                self.assertIn("/containers/%s/" % ("d" * 64), self.engine.last().path, "the one that was judged")

    def test_dangerous_ones(self):
        for rule, more in (("privileged", {"HostConfig": {"Privileged": True}}),
                           ("host_pid", {"HostConfig": {"PidMode": "host"}}),
                           ("host_path_mount", {"HostConfig": {"Binds": ["/etc:/x"]}}),
                           ("docker_socket_mount", {"HostConfig": {"Binds": ["/var/run/docker.sock:/x"]}})):
            self.inspect(**more)
            for method, target, body in self.USES:
                with self.subTest(target, rule=rule):
                    self.assert_refused(self.ask(method, "/v1.41" + target % "d", body), 403, rule)
        self.assertEqual(set(self.engine.asked()), {"GET /containers/d/json"})

    def test_a_look_is_no_use(self):
        self.inspect(HostConfig={"Privileged": True})
        for method, target in (("GET", "/containers/d/json"), ("GET", "/containers/d/logs?stdout=1"),
                               ("POST", "/containers/d/stop"), ("DELETE", "/containers/d")):
            self.assertLess(self.ask(method, "/v1.41" + target).status, 300, target)

    def test_one_that_is_not_there(self):
        self.engine.on("GET /containers/d/json", lambda c, r: c.answer(404, {"message": "No such container: d"}))
        for method, target, body in self.USES:
            response = self.ask(method, "/v1.41" + target % "d", body)
            self.assertEqual((response.status, response.message()), (404, "No such container: d"))

    def test_answers_that_are_none(self):
        for body in (b"", b"hello", b"[]", b"{}", b'{"Id":"d"}', b'{"Id":"dddd","HostConfig":',
                     b'{"Id":"%s","HostConfig":{"Privileged":false},"HostConfig":{"Privileged":true}}' % (b"d" * 64)):
            with self.subTest(body):
                self.engine.on("GET /containers/d/json", lambda c, r, body=body: c.answer(
                    200, body, content_type="application/json"))
                for method, target, request in self.USES:
                    self.assertIn(self.ask(method, "/v1.41" + target % "d", request).status, (403, 502))
        self.assertEqual(set(self.engine.asked()), {"GET /containers/d/json"})


if __name__ == "__main__":
    unittest.main()
