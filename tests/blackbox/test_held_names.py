"""Names that are given late: who gives one that a scope has found free waits until it is given."""

import json
import threading
import time

from fake_engine import PODMAN
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

    def test_a_volume_that_is_about_to_be_mounted_is_not_removed(self):
        """The engine would make it anew, without labels: nobody's."""
        self.engine.on("POST /volumes/prune", self.begin)
        body = {"Image": "nonroot", "User": "1000", "HostConfig": {"NetworkMode": "none", "Binds": ["data:/data"]}}
        for method, target in (("DELETE", "/volumes/data"), ("POST", "/volumes/prune")):
            self.begun.clear()
            self.there["/volumes/data"] = {"Name": "data", "Driver": "local", "Labels": {"team": "red"}}
            create = self.send("red", "POST", "/containers/create", body)
            self.begins(1)
            self.assertIn("Binds", self.begun[0][0].json()["HostConfig"], "it is there, and mounted by its name")
            removal = self.send("red", method, target)
            self.answers(self.prune_of_others(), method="POST")
            self.begins(2)
            self.end()
            self.answers(create)
            self.begins(3)
            late = self.send("red", "POST", "/containers/create", body)
            self.begins(3)
            del self.there["/volumes/data"]
            self.end()
            self.answers(removal, method=method)
            self.begins(4)
            self.assertEqual(self.begun[3][0].json()["HostConfig"]["Mounts"][0]["VolumeOptions"]["Labels"],
                             {"team": "red"}, "it was looked at again")
            self.end()
            self.answers(late)

    def prune_of_others(self):
        prune = self.send("blue", "POST", "/volumes/prune")
        self.begins(2)
        self.end(1)
        return prune

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

    def test_what_holds_nothing_is_asked_about_once(self):
        """Beside a name that is held: only the answer about that may have become another."""
        self.there["/networks/net"] = {"Name": "net", "Id": "d" * 64, "Driver": "bridge", "Labels": {"team": "red"}}
        self.there["/volumes/data"] = {"Name": "data", "Driver": "local", "Labels": {"team": "red"}}
        create = self.send("red", "POST", "/containers/create", {
            "Image": "app", "User": "1000", "HostConfig": {"NetworkMode": "net", "Binds": ["data:/data"]}})
        self.begins(1)
        self.end()
        self.answers(create)
        asked = [line for line in self.engine.asked() if line.startswith("GET ") and "/info" not in line]
        self.assertEqual({line: asked.count(line) for line in asked},
                         {"GET /volumes/data": 2, "GET /containers/json": 1, "GET /networks/net": 1,
                          "GET /images/app/json": 1})

    def test_a_pull_takes_no_name_from_another_scopes_image(self):
        image = {"Id": "sha256:" + "a" * 64, "RepoTags": ["app:1"], "RepoDigests": []}
        self.there["/images/docker.io/library/app:1/json"] = {**image, **RED}
        response = self.send("blue", "POST", "/images/create?fromImage=app&tag=1").response("POST")
        self.assert_refused(response, 403, "scope")
        self.assertEqual(self.engine.asked(), ["GET /images/docker.io/library/app:1/json"])
        self.there["/images/docker.io/library/bb:1/json"] = {**image, "Config": {"Labels": None}}
        pulls = [self.send("blue", "POST", "/images/create?fromImage=" + name)
                 for name in ("bb&tag=1", "cc&tag=1", "app&tag=sha256:" + "b" * 64, "app")]
        pulls.append(self.send("red", "POST", "/images/create?fromImage=app&tag=1"))
        self.begins(5)
        self.end()
        for pull in pulls:
            self.answers(pull)


class OwnersTest(BlackboxTest):
    """Owners whose names images may begin with."""

    def test_a_pull_takes_no_name_that_an_owner_has_given(self):
        digest = "@sha256:" + "b" * 64
        there = {"red/node": {"RepoDigests": ["node" + digest]}, "red/tool": {"RepoDigests": ["red/tool" + digest]}}
        self.start_engine()

        def inspect(connection, request):
            found = there.get(request.route.split("docker.io/")[-1].split(":")[0])
            connection.answer(200 if found else 404, {"Id": "sha256:" + "a" * 64, "Config": {}, **found} if found else {})

        self.engine.on(r"GET /images/.*", inspect)
        self.engine.on(r"POST /images/.*", lambda connection, request: connection.answer(200, {}))
        paths = {"red": self.socket, "blue": self.directory / "blue.sock"}
        self.start(policies={name: {"base": "baseline", "allow": ALLOW, "scope": {"own": True}} for name in paths},
                   listen=[{"socket": str(path), "policy": name} for name, path in paths.items()], engine=False)
        for who, name, status in (("blue", "red/node&tag=22", 403), ("blue", "red/tool&tag=1", 200),
                                  ("blue", "red/new&tag=1", 200), ("blue", "red/new", 403), ("red", "red/node&tag=22", 200),
                                  ("red", "red/node", 200), ("blue", "node", 200)):
            with self.subTest(who=who, name=name):
                client = self.client(paths[who])
                client.send(request_bytes("POST", "/v1.41/images/create?fromImage=" + name))
                response = client.response("POST")
                self.assertEqual(response.status, status, response.body)


class PodmanTest(BlackboxTest):
    """Podman removes a volume by the beginning of its name, when none is called so any more."""

    def test_the_last_of_several_removals_is_judged_by_what_is_left(self):
        there = {"data"}
        waits = threading.Event()
        removed = []
        self.start_engine()
        self.engine.version = PODMAN

        def inspect(connection, request):
            name = request.route.split("/")[-1]
            connection.answer(200 if name in there else 404,
                              {"Name": name, "Driver": "local", "Labels": {"io.sockade.owner": "test"}})

        def remove(connection, request):
            removed.append(request.route)
            waits.wait(PATIENCE_S)
            there.discard("data")
            connection.answer(204)

        self.engine.on(r"GET /volumes/.*", inspect)
        self.engine.on(r"DELETE /volumes/.*|POST /volumes/prune.*", remove)
        self.start(policies={"test": {"base": "baseline", "allow": ALLOW, "scope": {"own": True}}}, engine=False)
        clients = []
        for method, target in (("DELETE", "/volumes/data"), ("DELETE", "/volumes/data"), ("POST", "/volumes/prune")):
            client = self.client()
            client.send(request_bytes(method, "/v1.41" + target))
            clients.append(client)
            wait_for(lambda: removed, "a removal at the engine")
        # Of the first two, and of the second, which is about to wait.
        wait_for(lambda: self.engine.asked().count("GET /volumes/data") >= 3, "the second to be looked at")
        time.sleep(SETTLE_S)
        self.assertEqual(removed, ["/volumes/data"])
        waits.set()
        statuses = [client.response(method).status for client, method in zip(clients, ("DELETE", "DELETE", "POST"))]
        self.assertEqual(statuses, [204, 404, 204])
        self.assertEqual(removed.count("/volumes/data"), 1)


class WholeNamesTest(BlackboxTest):
    """Podman finds `app` at any registry, so that a scope's `case/app` would be what others run."""

    def runs(self, policies):
        """What the engine is asked for, and to run, where the client names `app:1`."""
        created = []
        self.start_engine()
        self.engine.version = PODMAN

        def inspect(connection, _request):
            connection.answer(200, {"Id": "sha256:" + "a" * 64, "Config": {"Env": []}})

        def create(connection, request):
            created.append(json.loads(request.body)["Image"])
            connection.answer(201, {"Id": "c" * 64, "Warnings": []})

        self.engine.on(r"GET /images/.*", inspect)
        self.engine.on(r"POST /containers/create.*", create)
        self.start(policies=policies, listen=[{"socket": str(self.socket), "policy": "free"}], engine=False)
        client = self.client()
        client.send(request_bytes("POST", "/v1.41/containers/create", {"Image": "app:1"}))
        self.assertEqual(client.response("POST").status, 201)
        return created[0], [line for line in self.engine.asked() if line.startswith("GET /images/")]

    def test_a_policy_beside_a_scope_runs_what_it_names_and_no_tenants_image(self):
        image, asked = self.runs({"free": {"base": "baseline"}, "case": {"base": "baseline", "scope": {"own": True}}})
        self.assertEqual(image, "docker.io/library/app:1")
        self.assertEqual(set(asked), {"GET /images/docker.io/library/app:1/json"})

    def test_without_a_scope_podman_finds_images_as_it_likes(self):
        image, asked = self.runs({"free": {"base": "baseline"}})
        self.assertEqual(image, "app:1")
        self.assertEqual(set(asked), {"GET /images/app:1/json"})
