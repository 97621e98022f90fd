"""The API by hand, with curl: status, header fields and body of each answer. And what a monitor does (cAdvisor,
Datadog, Telegraf): asking for lists, inspections and statistics over and over on connections that stay open."""

import http.client
import json
import os
import re
import shutil
import socket
import unittest

from conformance import IMAGE, PATIENCE_S, USER_IMAGE, ClientTest, comparable

# What is about a connection or the moment, and which Go's server and sockade may say in their own way.
OWN_FIELDS = {"date", "connection", "transfer-encoding", "content-length"}


@unittest.skipUnless(shutil.which("curl"), "curl is not installed (scripts/install-deps.sh --test)")
class CurlTest(ClientTest):
    def curl(self, way, *arguments, data=None):
        """[exit status, errors, status, header fields, body]"""
        out = self.directory / self.name()
        more = []
        if data is not None:
            (self.directory / (out.name + ".in")).write_bytes(data)
            more = ["--data-binary", "@%s.in" % out]
        status, code, err = self.run_program(way, [
            "curl", "--silent", "--show-error", "--max-time", str(PATIENCE_S), "--unix-socket", self.ways[way],
            "--output", out, "--dump-header", str(out) + ".head", "--write-out", "%{http_code}",
            *more, *arguments])
        head = (self.directory / (out.name + ".head")).read_text().splitlines()
        fields = sorted(line for line in head[1:] if ":" in line and line.split(":")[0].lower() not in OWN_FIELDS)
        body = out.read_bytes() if out.exists() and "--head" not in arguments else b""
        return [status, err, code, fields, body.decode(errors="replace")]

    def assert_alike_by_curl(self, *arguments, refused=None, data=None):
        return self.assert_alike(lambda way: self.curl(way, *arguments, data=data), refused)

    def assert_answers(self, arguments, refused=None):
        for argument in arguments:
            with self.subTest(argument):
                self.assert_alike_by_curl(*argument, refused=refused)

    def test_asking(self):
        name = self.container("straight")
        targets = ["_ping", "v1.41/_ping", "v1.24/version", "version", "v1.41/networks/none", "v1.41/images/%s/json" % IMAGE,
                   "v1.41/containers/%s/json" % name, "v1.41/containers/%s/json?size=1" % name,
                   "v1.41/containers/json?filters=%%7B%%22name%%22%%3A%%5B%%22%s%%22%%5D%%7D" % name,
                   "v1.41/containers/%s/top?ps_args=-o%%20pid,user,args" % name, "v1.41/images/%s/history" % IMAGE,
                   "v1.41/containers/%s/changes" % name, "v1.41/containers/%s/logs?stdout=1" % name,
                   "v1.41/volumes?filters=%7B%22name%22%3A%5B%22e2e-nothing%22%5D%7D"]
        self.assert_answers([["http://docker/" + target] for target in targets])
        self.assert_answers([["--head", "http://docker/_ping"], ["--http1.0", "http://docker/v1.41/networks/none"],
                             ["--head", "http://docker/v1.41/containers/%s/archive?path=/etc/passwd" % name],
                             ["-H", "Accept-Encoding: gzip, br", "http://docker/v1.41/networks/none"],
                             ["-H", "Connection: close", "http://docker/v1.41/networks/none"],
                             ["-H", "User-Agent:", "-H", "Accept:", "http://docker/v1.41/networks/none"]])

    def test_the_engines_errors(self):
        """An object that a rule has to look at first is asked about by sockade. What isn't there is then answered by
        sockade, with the engine's status and words."""
        post = ["-X", "POST", "-H", "Content-Type: application/json", "-d"]
        for *method, target in (
                ["containers/e2e-nothing/json"], ["images/e2e-nothing/json"], ["containers/json?filters=nonsense"],
                ["containers/json?limit=x"], ["-X", "DELETE", "containers/e2e-nothing"],
                ["-X", "POST", "containers/e2e-nothing/start"], ["-X", "POST", "containers/e2e-nothing/wait"],
                [*post, '{"Image":"e2e-nothing"}', "containers/create"],
                [*post, '{"Image":"%s"}' % USER_IMAGE, "containers/create?name=not%20a%20name"],
                [*post, '{"Cmd":["true"]}', "containers/e2e-nothing/exec"],
                [*post, '{"Name":"bridge","CheckDuplicate":true}', "networks/create"]):
            with self.subTest(target):
                results = self.at_once(lambda way, arguments=(*method, "http://docker/v1.41/" + target): comparable(
                    self.curl(way, *arguments)))
                self.assertEqual(results["open"], results["straight"])
                for way in ("baseline", "restricted"):
                    self.assertEqual(self.meaning(results[way]), self.meaning(results["straight"]), way)
        self.assert_answers([["http://docker/v1.45/containers/json"]])  # newer than this engine, known to sockade

    @staticmethod
    def meaning(answer):
        """The status, and the message but for what an engine of 20.10 puts before it when an image is inspected."""
        return [answer[2], re.sub(r"^no such image: \S+: ", "", json.loads(answer[4])["message"])]

    def test_uploads(self):
        """With a length, in chunks, and after waiting for the engine to agree (Expect)."""
        name = self.container("straight")
        empty = bytes(10240)  # an archive with nothing in it
        for fields in ((), ("-H", "Transfer-Encoding: chunked"), ("-H", "Expect: 100-continue"),
                       ("-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue")):
            with self.subTest(fields):
                seen = self.assert_alike_by_curl("-X", "PUT", "-H", "Content-Type: application/x-tar", *fields,
                                                 "http://docker/v1.41/containers/%s/archive?path=/tmp" % name, data=empty)
                self.assertEqual(seen[2], "200")

    def test_a_container_made_and_removed(self):
        def act(way):
            body = json.dumps({"Image": USER_IMAGE, "Cmd": ["sh", "-c", "echo out; exit 3"],
                               "HostConfig": {"NetworkMode": "none"}}).encode()
            name, base = self.name(), "http://docker/v1.41/containers/"
            made = self.curl(way, "-H", "Content-Type: application/json", "-H", "Transfer-Encoding: chunked",
                             base + "create?name=" + name, data=body)
            made[4] = sorted(json.loads(made[4]))
            return [made] + [self.curl(way, "-X", method, base + name + what) for method, what in (
                ("POST", "/start"), ("POST", "/wait"), ("GET", "/logs?stdout=1&stderr=1"), ("POST", "/start?detachKeys="),
                ("POST", "/wait"), ("POST", "/stop?t=0"), ("DELETE", "?v=1"), ("DELETE", "?v=1"))]

        seen = self.assert_alike(act)
        self.assertEqual([each[2] for each in seen[:3]], ["201", "204", "200"])

    def test_what_is_refused(self):
        both = ("baseline", "restricted")
        for target, body, refused in (
                ("containers/create", {"Image": USER_IMAGE, "HostConfig": {"Privileged": True, "NetworkMode": "none"}},
                 {each: "privileged: HostConfig.Privileged is true" for each in both}),
                ("volumes/create", {"Name": "e2e-curl", "Driver": "local", "DriverOpts": {
                    "type": "none", "o": "bind", "device": "/"}}, {each: "host_path_mount" for each in both}),
                ("plugins/e2e-nothing/enable", {}, {each: "operation plugins.enable is not allowed" for each in both})):
            with self.subTest(target):
                def act(way, target=target, body=body):
                    seen = self.curl(way, "-X", "POST", "-H", "Content-Type: application/json",
                                     "http://docker/v1.41/" + target, data=json.dumps(body).encode())
                    if seen[2] == "403":
                        return json.loads(seen[4])["message"]
                    if target == "containers/create":
                        self.will_make("container", json.loads(seen[4])["Id"])
                    return seen

                self.will_make("volume", "e2e-curl")
                self.assert_alike(act, refused, at_once=False)

    def test_events_by_curl(self):
        """A stream without an end: what happened is read before anything else does."""
        def act(way):
            name = self.name()
            follower = self.follow(way, ["curl", "-sS", "-N", "--unix-socket", self.ways[way], "http://docker/v1.41/events"
                                         "?filters=%%7B%%22container%%22%%3A%%5B%%22%s%%22%%5D%%7D&since=1" % name])
            self.docker("straight", "create", "--network", "none", "--name", name, USER_IMAGE, "true", check=True)
            follower.expect('"Action":"create"')
            self.docker("straight", "rm", name, check=True)
            follower.expect('"Action":"destroy"')
            return [json.loads(line)["Action"] for line in follower.text.splitlines()]

        self.assertEqual(self.assert_alike(act), ["create", "destroy"])


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("docker", timeout=PATIENCE_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(self.path)


class MonitorTest(ClientTest):
    policies = ("open", "looking", "restricted")
    ROUNDS = 4

    def poll(self, way, names):
        """All that a monitor asks, several times on one connection: statuses, and what stays the same in them."""
        connection = UnixConnection(self.ways[way])
        self.addCleanup(connection.close)
        seen = []
        for _ in range(self.ROUNDS):
            for target in ["/version", "/info", "/images/json", "/networks", "/volumes",
                           "/containers/json?all=1&filters=" + json.dumps({"label": ["e2e-monitor=%d" % os.getpid()]})
                           .replace(" ", "").replace('"', "%22").replace("{", "%7B").replace("}", "%7D")] + [
                               "/containers/%s/%s" % (name, what) for name in names
                               for what in ("json", "stats?stream=false&one-shot=true", "top")]:
                connection.request("GET", "/v1.41" + target)
                answer = connection.getresponse()
                body = json.loads(answer.read())
                seen.append([target, answer.status, sorted(body) if isinstance(body, dict) else
                             sorted({key for each in body for key in each})])
                if target.startswith("/containers/json"):
                    seen.append(sorted(each["Names"][0] for each in body))
        return seen

    def test_polling(self):
        names = [self.container("straight", options=["--label", "e2e-monitor=%d" % os.getpid()]) for _ in range(2)]
        # One-shot statistics of the network are there only if the container has one.
        seen = self.assert_alike(lambda way: self.poll(way, names))
        self.assertEqual({each[1] for each in seen if isinstance(each[1], int)}, {200})

    def test_statistics_as_a_stream(self):
        name = self.container("straight")

        def act(way):
            connection = UnixConnection(self.ways[way])
            self.addCleanup(connection.close)
            connection.request("GET", "/v1.41/containers/%s/stats?stream=true" % name)
            answer = connection.getresponse()
            return [answer.status, answer.getheader("Content-Type"),
                    [sorted(json.loads(answer.readline())) for _ in range(2)]]

        self.assertEqual(self.assert_alike(act)[0], 200)

    def test_more_than_looking(self):
        """A monitor's policy takes nothing that changes anything, and says so."""
        name = self.container("straight")
        for method, target in (("POST", "/containers/%s/stop" % name), ("DELETE", "/containers/%s?force=1" % name),
                               ("POST", "/images/prune"), ("GET", "/containers/%s/archive?path=/etc" % name)):
            with self.subTest(target):
                answer = self.api("looking", method, "/v1.41" + target)
                self.assertEqual(int(answer.start[1]), 403)
                self.assert_refused(json.loads(answer.body), "looking", "is not allowed")
        self.assertEqual(comparable(self.docker("straight", "inspect", "-f", "{{.State.Status}}", name).stdout), "running\n")


if __name__ == "__main__":
    unittest.main()
