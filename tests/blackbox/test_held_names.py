"""Names that are given late: who gives one that a scope has found free waits until it is given."""

import threading
import time

from harness import BASELINE, BlackboxTest
from wire import PATIENCE_S, SETTLE_S, request_bytes, wait_for

ALLOW = BASELINE.allow + ["images.*", "networks.*", "volumes.*"]
RED = {"Config": {"Labels": {"team": "red"}}}


class NamesTest(BlackboxTest):
    """An engine without the images and volumes that are named, which ends what it does when the
    test says so; and three clients: of the scope `red`, of `blue`, and of none."""

    def setUp(self):
        super().setUp()
        self.begun = []
        self.there = {}  # what inspections answer, by path
        self.lock = threading.Lock()
        self.start_engine()
        self.engine.on(r"GET /(images|volumes|networks)/.*", self.inspect)
        self.engine.on(r"POST /(build|images/|containers/create|volumes/create|networks/create).*|"
                       r"DELETE /volumes/.*", self.begin)
        base = {"base": "baseline", "allow": ALLOW, "limits": {"hold_timeout": 3}}
        self.paths = {name: self.directory / (name + ".sock") for name in ("blue", "free")}
        self.paths["red"] = self.socket
        red, blue = ({**base, "scope": {"labels": {"team": team}, "image_names": ["*"]}} for team in ("red", "blue"))
        self.start(policies={"red": red, "blue": blue, "free": base},
                   listen=[{"socket": str(path), "policy": name} for name, path in self.paths.items()], engine=False)

    def inspect(self, connection, request):
        found = self.there.get(request.route)
        connection.answer(200 if found else 404, found or {"message": "no such thing"})

    def begin(self, connection, request):
        done = threading.Event()
        with self.lock:
            self.begun.append((request, done))
        done.wait(PATIENCE_S)
        connection.answer(201, {"Id": "c" * 64, "Name": "data", "Warnings": []})

    def begins(self, count):
        wait_for(lambda: len(self.begun) >= count, "%d requests at the engine" % count)
        time.sleep(SETTLE_S)
        self.assertEqual(len(self.begun), count, self.engine.asked())

    def send(self, who, method, target, body=None):
        client = self.client(self.paths[who])
        fields = [("Content-Type", "application/x-tar")] if isinstance(body, bytes) else []
        client.send(request_bytes(method, "/v1.41" + target, body, fields))
        return client

    def end(self, first=0):
        for _, done in self.begun[first:]:
            done.set()

    def answers(self, client, status=201, method="POST"):
        response = client.response(method)
        self.assertEqual(response.status, status, response.body)
        return response

    def build(self, who, name):
        return self.send(who, "POST", "/build?networkmode=none&t=" + name, b"tar")

    def test_nobody_gives_a_name_that_a_build_is_about_to_give(self):
        build = self.build("red", "app:1")
        self.begins(1)
        for who, target, body in (("free", "/images/create?fromImage=app&tag=1", None),
                                  ("blue", "/images/create?fromImage=docker.io/library/app&tag=1", None),
                                  ("red", "/images/create?fromImage=app&tag=1", None),
                                  ("free", "/images/create?fromImage=app", None),
                                  ("free", "/images/bb/tag?repo=app&tag=1", None),
                                  ("blue", "/images/bb/tag?repo=app&tag=1", None),
                                  ("blue", "/build?networkmode=none&t=app:1", b"tar"),
                                  ("free", "/images/create?fromSrc=-&repo=app&tag=1", b"tar")):
            with self.subTest(who=who, target=target):
                response = self.send(who, "POST", target, body).response("POST")
                self.assertEqual(response.status, 409, response.body)
                self.assertIn("the image name docker.io/library/app", response.json()["message"])
        self.begins(1)
        self.end()
        self.answers(build)

    def test_others_names_and_ones_own_are_given_at_the_same_time(self):
        clients = [self.build("red", "app:1"), self.build("red", "app:1"), self.build("blue", "app:2")]
        self.begins(3)
        clients.append(self.send("free", "POST", "/images/create?fromImage=app&tag=3"))
        clients.append(self.send("free", "POST", "/images/create?fromImage=app&tag=3"))
        self.begins(5)
        self.end()
        for client in clients:
            self.answers(client)

    def test_a_name_that_was_pulled_meanwhile_is_seen(self):
        pull = self.send("free", "POST", "/images/create?fromImage=app&tag=1")
        self.begins(1)
        build = self.build("red", "app:1")
        self.begins(1)
        self.there["/images/app:1/json"] = {"Id": "sha256:" + "a" * 64, "Config": {"Labels": None}}
        self.end()
        self.answers(pull)
        self.assert_refused(build.response("POST"), 403, "scope")

    def test_a_volume_is_whose_it_was_when_it_was_looked_at(self):
        body = {"Image": "nonroot", "User": "1000",
                "HostConfig": {"NetworkMode": "none", "Binds": ["data:/data"]}}
        create = self.send("red", "POST", "/containers/create", body)
        self.begins(1)
        for who in ("blue", "free"):
            response = self.send(who, "POST", "/volumes/create", {"Name": "data"}).response("POST")
            self.assertEqual(response.status, 409, response.body)
            self.assertIn("the volume name data", response.json()["message"])
        other = self.send("blue", "POST", "/volumes/create", {"Name": "more"})
        self.begins(2)
        self.end()
        self.answers(create)
        self.answers(other)
        made = self.send("blue", "POST", "/volumes/create", {"Name": "data"})
        self.begins(3)
        late = self.send("red", "POST", "/containers/create", body)
        self.begins(3)
        self.there["/volumes/data"] = {"Name": "data", "Driver": "local", "Labels": {"team": "blue"}}
        self.end()
        self.answers(made)
        self.assert_refused(late.response("POST"), 403, "scope")

    def test_a_reference_costs_one_question_more_and_nothing_costs_none(self):
        build = self.build("red", "app:1")
        self.begins(1)
        self.assertEqual(self.engine.asked().count("GET /images/app:1/json"), 2)
        plain = self.send("red", "POST", "/build?networkmode=none", b"tar")
        self.begins(2)
        pull = self.send("free", "POST", "/images/create?fromImage=bb&tag=1")
        self.begins(3)
        self.end()
        for client in (build, plain, pull):
            self.answers(client)
        self.assertEqual([asked for asked in self.engine.asked() if asked.startswith("GET /images/")],
                         ["GET /images/app:1/json"] * 2)
