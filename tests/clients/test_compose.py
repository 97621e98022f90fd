"""docker-compose 1.x (Debian's docker-compose, on docker-py): a project's life, its streams, its refusals."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import unittest

from conformance import MODERN, PATIENCE_S, USER_IMAGE, ClientTest, comparable, docker_environment, normalised

import test_cli

SERVICES = {
    "web": {"image": USER_IMAGE, "init": True, "command": ["sh", "-c", "echo hello from web; exec sleep 600"],
            "environment": {"A": "b"}, "volumes": ["data:/data"], "networks": ["front"],
            "labels": {"who": "me"}, "stop_grace_period": "0s"},
    "worker": {"image": "WORKER", "build": {"context": ".", "args": {"WHAT": "it"}}, "init": True,
               "command": ["sh", "-c", "cat /tmp/built; exec sleep 600"], "networks": ["front"],
               "depends_on": ["web"], "stop_grace_period": "0s"},
}
PROJECT = {"version": "2.4", "services": SERVICES, "volumes": {"data": {}}, "networks": {"front": {}}}


@unittest.skipIf(MODERN or not shutil.which("docker-compose"),
                 "docker-compose 1.x is not installed (scripts/install-deps.sh --test)")
class ComposeTest(ClientTest):
    def project(self, way, content):
        """A project's folder; its objects are gone at the end."""
        name = self.name()
        folder = self.directory / name
        folder.mkdir()
        (folder / "docker-compose.yml").write_text(json.dumps(content).replace("WORKER", name + ":1"))
        (folder / "Dockerfile").write_text("FROM %s\nLABEL e2e=1\nARG WHAT\nRUN echo built $WHAT >/tmp/built\n" % USER_IMAGE)
        self.will_make("image", name + ":1")
        self.will_make("container", *("%s_%s_1" % (name, service) for service in content["services"]))
        self.will_make("network", *("%s_%s" % (name, network) for network in content.get("networks", ("default",))))
        self.will_make("volume", *("%s_%s" % (name, volume) for volume in content.get("volumes", ())))
        return name

    def compose(self, way, name, *arguments, more=None):
        status, out, err = self.run_program(way, self.command(name, *arguments), {"COMPOSE_HTTP_TIMEOUT": "180",
                                                                                 **(more or {})})
        return [status, in_order(out), in_order(err)]

    def command(self, name, *arguments):
        # The project's name is the folder's.
        return ["docker-compose", *self.arguments(name, *arguments)]

    def arguments(self, name, *arguments):
        return ["--ansi", "never", "--project-directory", str(self.directory / name), "-f",
                str(self.directory / name / "docker-compose.yml"), *arguments]


def in_order(text):
    """Lines of services that run at once come in any order, and a line may have spaces for the longest name."""
    lines = re.sub(r"-{3,}", "", comparable(text)).replace("\r", "\n").splitlines()
    words = [re.sub(r"^Attaching to ", "Attaching to, ", re.sub(r"[ \t]+", " ", line).strip()) for line in lines]
    return "\n".join(sorted(", ".join(sorted(re.split(", ", line))) for line in words))


class ProjectTest(ComposeTest):
    policies = ("open", "restricted")  # each of its commands takes a second of computing
    STEPS = (
        ("build", "--no-cache"), ("up", "-d", "--scale", "worker=2"), ("ps",),
        ("exec", "-T", "web", "sh", "-c", "echo $A; echo err >&2; exit 3"),
        ("run", "--rm", "-T", "worker", "sh", "-c", "echo ran; sleep 1; exit 5"), ("logs", "--no-color"),
        ("scale", "-t", "0", "worker=1"), ("exec", "-T", "nothing", "true"), ("down", "-v", "-t", "0"))

    def test_its_life(self):
        def act(way):
            name = self.project(way, PROJECT)
            return [[" ".join(step), *self.compose(way, name, *step)] for step in self.STEPS]

        seen = {step: result for step, *result in self.assert_alike(act)}
        self.assertEqual([step for step, result in seen.items() if result[0]],
                         [step for step in seen if "exit" in step or "nothing" in step])
        self.assertIn("worker_2 | built it", seen["logs --no-color"][1])
        self.assertIn("ran", seen["run --rm -T worker sh -c echo ran; sleep 1; exit 5"][1])

    def test_the_builder_of_docker_py(self):
        def act(way):
            name = self.project(way, {"version": "2.4", "services": {"worker": SERVICES["worker"] | {
                "depends_on": [], "networks": []}}})
            return self.compose(way, name, "build", "--no-cache", "--force-rm", more={"COMPOSE_DOCKER_CLI_BUILD": "0"})

        code, out, _ = self.assert_alike(act)
        self.assertEqual(code, 0)
        self.assertIn("Successfully built", out)


class RefusalTest(ComposeTest):
    def test_what_is_refused(self):
        """All that is wrong is said at once."""
        service = {"image": USER_IMAGE, "command": "true", "network_mode": "none", "privileged": True,
                   "volumes": ["/etc:/host:ro"], "restart": "always"}

        def act(way):
            name = self.project(way, {"version": "2.4", "services": {"it": service}})
            return self.compose(way, name, "up", "--no-start")

        seen = self.assert_alike(act, {"baseline": "privileged: HostConfig.Privileged is true",
                                       "restricted": "restart_policy: HostConfig.RestartPolicy"})
        self.assertEqual(seen[0], 0)


class StreamsTest(ComposeTest):
    policies = ("open", "restricted")

    def talking(self, way):
        """A project whose service says what it reads."""
        name = self.project(way, {"version": "2.4", "services": {"it": {
            "image": USER_IMAGE, "init": True, "network_mode": "none", "stop_grace_period": "0s",
            "command": ["sh", "-c", "mkfifo /tmp/words; exec 3<>/tmp/words; echo ready; "
                        "while read x <&3; do echo got $$x; done"]}}})
        return name, name + "_it_1"

    def test_followed_logs_and_events(self):
        def act(way):
            name, container = self.talking(way)
            up = self.compose(way, name, "up", "-d")
            logs = self.follow(way, self.command(name, "logs", "-f", "--no-color"))
            logs.expect("ready")
            for word in ("one", "two"):
                self.docker(way, "exec", container, "sh", "-c", "echo %s >/tmp/words" % word, check=True)
                logs.expect("got " + word)
            events = self.follow(way, self.command(name, "events", "--json"))
            while not re.search('"action": "pause"', events.text):  # until they are being listened to
                self.docker("straight", "pause", container)
                self.docker("straight", "unpause", container)
            self.docker("straight", "kill", container, check=True)
            events.expect('"action": "die"')
            events.interrupt()
            seen = [json.loads(line) for line in events.text.splitlines() if line.startswith("{")]
            status = logs.wait()
            # Whether it still says that it exited depends on which of its threads is first.
            text = re.sub(r".* exited with code 137\n", "", logs.text)
            return [up, status, text, events.wait(), sorted({each["action"] for each in seen}),
                    sorted({each["service"] for each in seen}), sorted(seen[0])]

        seen = self.assert_alike(act)
        self.assertIn("it_1 | got two", seen[2])

    def test_on_a_terminal(self):
        """exec and run without -T: docker-compose tells the engine the terminal's size and passes keys on."""
        def start(way):
            name, _ = self.talking(way)
            return name, self.compose(way, name, "up", "-d")[0]

        started = self.at_once(start)
        self.assertEqual({code for _, code in started.values()}, {0})
        script = ("until [ \"$(stty size)\" = '33 77' ]; do sleep 0.1; done; echo ready; "
                  "read x; echo got $x; cat; exit 4")
        for verb in (["exec"], ["run", "--rm"]):
            terminals = {way: test_cli.Terminal(self.ways[way], *self.arguments(name, *verb, "it", "sh", "-c", script),
                                                cli="docker-compose", size=(33, 77))
                         for way, (name, _) in started.items()}
            for terminal in terminals.values():
                self.addCleanup(terminal.close)
            for way, terminal in terminals.items():
                with self.subTest(verb=verb[0], way=way):
                    terminal.expect("ready\r\n", PATIENCE_S)
                    terminal.type("word\n")
                    terminal.expect("got word\r\n", PATIENCE_S)
                    terminal.type("\x04")
                    self.assertEqual(terminal.wait(PATIENCE_S), 4)

    def test_control_c_stops_what_is_in_the_foreground(self):
        def act(way):
            name, _ = self.talking(way)
            main, side = pty.openpty()
            with subprocess.Popen(list(map(str, self.command(name, "up", "-t", "0"))), stdin=side, stdout=side,
                                  stderr=side, env=docker_environment(self.ways[way]), start_new_session=True) as process:
                os.close(side)
                text = b""
                while b"ready" not in text:
                    text += os.read(main, 65536)
                os.killpg(process.pid, signal.SIGINT)
                try:
                    while True:
                        text += os.read(main, 65536)
                except OSError:
                    pass  # nobody writes any more
                status = process.wait(PATIENCE_S)
            os.close(main)
            state = self.docker("straight", "inspect", "-f", "{{.State.Status}}", name + "_it_1")
            return [status, b"Gracefully stopping" in text, normalised(state.stdout)]

        self.assertEqual(self.assert_alike(act)[1:], [True, "exited\n"])


if __name__ == "__main__":
    unittest.main()
