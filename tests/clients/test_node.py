"""dockerode, node-docker-api, Docker's own SDK, Testcontainers and the dev containers' CLI, from tests/clients/node,
with what `npm ci` installed below build/clients.

Testcontainers' reaper mounts the engine's socket. Its image can't be pulled here; reaper.c stands in for it.
"""

import json
import os
import re
import shutil
import subprocess
import threading
import unittest

from conformance import (HERE, IMAGE, LABEL, MODERN, PATIENCE_S, USER_IMAGE, WORLD, CasesTest, ClientTest, comparable,
                         docker_environment, engine_api, engine_process)

MODULES = HERE.parents[1] / "build" / "clients" / "node_modules"
HAVE_NODE = bool(shutil.which("node")) and (MODULES.parent / "installed").exists()
NO_NODE = "node is not installed, or its modules are not (scripts/test.sh --only clients; needs npm's registry)"
BUILT_REAPER = MODULES.parent / "reaper"
REAPER_IMAGE = "e2e-ryuk:1"


class NodeTest(CasesTest):
    SCRIPT = None

    def program(self):
        return ["node", HERE / "node" / self.SCRIPT], {"NODE_PATH": str(MODULES), "TMPDIR": str(self.directory)}


@unittest.skipUnless(HAVE_NODE, NO_NODE)
class DockerodeTest(NodeTest):
    SCRIPT = "dockerode.js"
    REFUSED = {
        "privileged": "privileged: HostConfig.Privileged is true",
        "a path of the host": 'host_path_mount: HostConfig.Binds[0]: "/etc"',
        "root": "run_as_root",
        "a privileged exec": "privileged: Privileged is true",
        "a build with the network of the host": "host_network: networkmode is host",
        "secrets": "operation secrets.list is not allowed",
    }

    def test_all_cases(self):
        seen = self.assert_cases_alike()
        self.assertEqual(seen["exec"], [["b\n1000\n", "err\n"], 6])
        self.assertEqual(seen["attach before the start"], [["300000\n", "end\n"], 4])


@unittest.skipUnless(HAVE_NODE, NO_NODE)
class NodeDockerApiTest(NodeTest):
    """Its docker-modem 0.3 sends each request in chunks, empty ones without a body, and some query keys twice."""

    SCRIPT = "docker-api.js"
    REFUSED = {"privileged": "privileged: HostConfig.Privileged is true", "root": "run_as_root"}

    def test_all_cases(self):
        seen = self.assert_cases_alike()
        self.assertEqual(seen["exec"], ["1000\n", 0])


@unittest.skipUnless(HAVE_NODE, NO_NODE)
class DockerSdkTest(NodeTest):
    SCRIPT = "docker-sdk.mjs"
    REFUSED = {"privileged": "privileged: HostConfig.Privileged is true", "root": "run_as_root"}

    def test_all_cases(self):
        seen = self.assert_cases_alike()
        # In front of 20.10 undici does not understand the answer to an exec, straight as well.
        self.assertEqual(seen["exec"], [["1000\n", ""], 6] if engine_api() > (1, 41) else {"error": "SocketError", "text": "bad upgrade"})
        self.assertEqual(seen["a container to its end"], [3, ["out\n", "err\n"]])


@unittest.skipUnless(HAVE_NODE, NO_NODE)
class DevContainersTest(ClientTest):
    """The dev containers' CLI calls the docker CLI, and talks through its exec."""

    policies = ("open", "restricted")

    def devcontainer(self, way, *arguments):
        return self.run_program(way, ["node", MODULES / "@devcontainers" / "cli" / "devcontainer.js", *arguments],
                                {"HOME": str(self.directory), "TMPDIR": str(self.directory)})

    def test_up_and_exec(self):
        """The work folder is a volume: a path of the host is the business of the policy."""
        def act(way):
            name = self.name()
            folder = self.directory / name
            (folder / ".devcontainer").mkdir(parents=True)
            (folder / ".devcontainer" / "devcontainer.json").write_text(json.dumps({
                "build": {"dockerfile": "Dockerfile"}, "updateRemoteUserUID": False, "workspaceMount": "", "workspaceFolder": "/tmp",
                "overrideCommand": True, "remoteUser": "app", "postCreateCommand": "echo made >/tmp/made",
                "runArgs": ["--network", "none", "--name", name]}))
            (folder / ".devcontainer" / "Dockerfile").write_text(
                "FROM %s\nLABEL e2e=1\nUSER root\nRUN echo ID=busybox >/etc/os-release; chown 1000 /home/app\nUSER 1000:1000\n" % IMAGE)
            up = self.devcontainer(way, "up", "--buildkit", "never", "--workspace-folder", folder)
            done = self.devcontainer(way, "exec", "--workspace-folder", folder, "sh", "-c", "cat /tmp/made; id -u; exit 4")
            images = self.docker("straight", "images", "-q", "--filter", "reference=vsc-%s*" % name).stdout.split()
            self.will_make("image", *images)
            outcome = [json.loads(line) for line in up[1].splitlines() if line.startswith("{")]
            return [up[0], [each["outcome"] for each in outcome] or up, done[:2]]

        self.assertEqual(self.assert_alike(act), [0, ["success"], [4, "made\n1000\n"]])


@unittest.skipUnless(HAVE_NODE and (MODERN or shutil.which("cc")) and os.geteuid() == 0, NO_NODE)
class TestcontainersTest(ClientTest):
    policies = ("open", "substitute", "restricted")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = WORLD.directory / "ryuk"
        folder.mkdir()
        if MODERN:  # no compiler in the tree
            shutil.copy(BUILT_REAPER, folder / "reaper")
        else:
            subprocess.run(["cc", "-O1", "-static", "-o", folder / "reaper", HERE / "reaper.c"], check=True)
        (folder / "Dockerfile").write_text('FROM scratch\nCOPY reaper /reaper\nCMD ["/reaper"]\n')
        subprocess.run(["docker", "build", "-q", *LABEL, "-t", REAPER_IMAGE, str(folder)], check=True,
                       capture_output=True, env=docker_environment(cls.straight))

    def start(self, way, more=None):
        """The program in the network namespace of the engine, where the published ports are; and its cases."""
        folder = self.directory / way
        folder.mkdir(exist_ok=True)
        environment = {"NODE_PATH": str(MODULES), "TESTCONTAINERS_HOST_OVERRIDE": "127.0.0.1", "HOME": str(folder),
                       "RYUK_CONTAINER_IMAGE": REAPER_IMAGE, "TMPDIR": str(folder), **(more or {})}
        # pylint: disable=consider-using-with
        process = subprocess.Popen(
            ["nsenter", "--net=/proc/%d/ns/net" % engine_process(), "node", str(HERE / "node" / "testcontainers.js"),
             USER_IMAGE, self.mark(way)], env={**docker_environment(self.ways[way]), **environment}, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        guard = threading.Timer(2 * PATIENCE_S, process.kill)
        guard.start()

        def end():
            guard.cancel()
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                stream.close()

        self.addCleanup(end)
        line = process.stdout.readline()
        if not line:
            self.fail("no result: " + process.stderr.read())
        return process, json.loads(line)

    @staticmethod
    def mark(way):
        return "left-%s-%d" % (way, os.getpid())

    def left(self, way):
        """Ids of the containers that the program did not remove."""
        found = self.docker("straight", "ps", "-q", "--no-trunc", "--filter", "label=e2e=" + self.mark(way), check=True)
        return found.stdout.split()

    def inspect(self, name, form):
        return self.docker("straight", "inspect", "-f", form, name, check=True).stdout.strip()

    def with_reaper(self, way):
        """What the cases gave, and what the reaper wrote."""
        process, results = self.start(way)
        left = self.left(way)
        self.assertEqual(len(left), 1, results)
        session = self.inspect(left[0], '{{index .Config.Labels "org.testcontainers.session-id"}}')
        reaper = "testcontainers-ryuk-" + session
        self.assertEqual(self.inspect(reaper, "{{range .Mounts}}{{.Source}}{{end}}"), self.ways[way],
                         "the socket that the reaper got")
        log = self.follow("straight", ["docker", "logs", "-f", reaper])
        log.expect("Started")
        process.stdin.close()
        log.expect(r"removed: \d+\n")
        self.assertEqual(self.left(way), [])
        return results, re.findall(r"(?m)^\w+: \d+$", log.text)

    def test_with_its_reaper(self):
        """The reaper has the policy of who started it: it removes, but makes nothing privileged."""
        outcomes = self.at_once(self.with_reaper, ("straight", "open", "substitute"))
        expected, log = outcomes["straight"]
        self.assert_served(expected)
        self.assertEqual(log, ["privileged: 201", "removed: 2"])
        self.assertEqual(comparable(outcomes["open"][0]), comparable(expected))
        self.assertEqual(outcomes["open"][1], log)
        got, log = outcomes["substitute"]
        self.assert_refused(got.pop("privileged"), "substitute", "privileged: HostConfig.Privileged is true")
        del expected["privileged"]
        self.assertEqual(comparable(got), comparable(expected))
        self.assertEqual(log, ["privileged: 403", "removed: 1"])

    def test_a_reaper_that_is_refused(self):
        _, results = self.start("restricted")
        for case, got in results.items():
            with self.subTest(case):
                self.assert_refused(got, "restricted", "docker_socket_mount")

    def test_without_a_reaper(self):
        _, got = self.start("restricted", {"TESTCONTAINERS_RYUK_DISABLED": "true"})
        self.will_make("container", *self.left("restricted"))
        self.assert_refused(got["privileged"], "restricted", "privileged: HostConfig.Privileged is true")
        self.assert_served(got)

    def assert_served(self, got):
        self.assertEqual(got["a server and its ports"],
                         [[200, "hello\n"], "1000\n", 3, "copied", 2048, [200, "hello\n"]])
        self.assertEqual(got["a message in the log, and a network"], ["hello\n", 0])


if __name__ == "__main__":
    unittest.main()
