"""Today's Compose (the CLI's plugin): a project's life with what files of today say, watching, refusals."""

import json
import re
import unittest

from conformance import IMAGE, PATIENCE_S, USER_IMAGE, ClientTest, answers, needs

from test_compose import in_order

# What `restricted` wants otherwise is written down, so that it is the same file everywhere.
SERVICES = {
    "web": {
        "image": USER_IMAGE, "init": True, "environment": {"A": "b"}, "volumes": ["data:/data"], "labels": {"who": "me"},
        "command": ["sh", "-c", "echo hello from web; touch /tmp/ready; exec sleep 600"], "stop_grace_period": "0s",
        "healthcheck": {"test": ["CMD", "test", "-e", "/tmp/ready"], "interval": "1s", "retries": 100},
        "networks": {"front": {"aliases": ["site"], "ipv4_address": "ADDRESS"}},
        "configs": [{"source": "greeting", "target": "/tmp/greeting"}], "secrets": ["token"],
        "deploy": {"resources": {"limits": {"cpus": "0.5", "memory": "64M", "pids": 50}}}},
    "worker": {
        "image": "WORKER", "build": {"context": ".", "args": {"WHAT": "it"}}, "init": True, "networks": ["front"],
        "command": ["sh", "-c", "cat /tmp/built; exec sleep 600"], "stop_grace_period": "0s",
        "depends_on": {"web": {"condition": "service_healthy"}}},
    "last": {
        "image": USER_IMAGE, "network_mode": "none", "command": ["sh", "-c", "exit 0"], "restart": "no"},
    "after": {
        "image": USER_IMAGE, "network_mode": "none", "command": ["echo", "after the last"],
        "depends_on": {"last": {"condition": "service_completed_successfully"}}},
    "side": {
        "image": USER_IMAGE, "init": True, "network_mode": "service:web", "profiles": ["extra"], "stop_grace_period": "0s",
        "command": ["sh", "-c", "hostname; exec sleep 600"]},
}
PROJECT = {"services": SERVICES, "volumes": {"data": {}},
           "networks": {"front": {"ipam": {"config": [{"subnet": "SUBNET"}]}}},
           "configs": {"greeting": {"content": "hello from a config\n"}},
           "secrets": {"token": {"environment": "TOKEN"}}}


@needs("Compose 2", answers("docker", "compose", "version"))
class ComposeTest(ClientTest):
    policies = ("open", "restricted")
    subnets = iter(range(1, 255))

    def project(self, content):
        """A project's folder; its objects are gone at the end."""
        name, subnet = self.name(), "10.213.%d." % next(self.subnets)
        folder = self.directory / name
        folder.mkdir()
        text = json.dumps(content).replace("WORKER", name + ":1").replace("SUBNET", subnet + "0/24")
        (folder / "compose.yaml").write_text(text.replace("ADDRESS", subnet + "77"))
        (folder / "Dockerfile").write_text("FROM %s\nLABEL e2e=1\nARG WHAT\nRUN echo built $WHAT >/tmp/built\n" % USER_IMAGE)
        (folder / "file").write_text("copied\n")
        self.will_make("image", name + ":1")
        for service in content["services"]:
            self.will_make("container", *("%s-%s-%d" % (name, service, number) for number in (1, 2)))
        self.will_make("network", *("%s_%s" % (name, network) for network in content.get("networks", ("default",))))
        self.will_make("volume", *("%s_%s" % (name, volume) for volume in content.get("volumes", ())))
        return name, subnet

    def command(self, name, *arguments):
        return ["docker", "compose", "--ansi", "never", "--progress", "plain", "--project-directory", self.directory / name,
                *arguments]

    def compose(self, way, project, *arguments, more=None):
        name, subnet = project
        status, out, err = self.run_program(way, self.command(name, *arguments),
                                            {"TOKEN": "a secret word", **(more or {})}, cwd=self.directory / name)
        out = re.sub(r"(Sending build context to Docker daemon) .*", r"\1", out)  # how long the project's name is
        # What changes from run to run of what `top` shows: processes, when they started, and whether health is looked at.
        out = re.sub(r"(?m)^\w+ .* (test -e /tmp/ready|\[test\]|runc init|\[runc:.*\]) *\n", "", out)
        out = re.sub(r"(?m)^(\w+) +\d+ +\d+ +\d+ +[\d:]+ +\?", r"\1 PIDS ?", out)
        return [status, *(in_order(text.replace(subnet, "SUBNET.").replace(str(self.directory), "FOLDER"))
                          for text in (out, err))]


class ProjectTest(ComposeTest):
    """`restricted`, but for the network of another container (see RefusalTest) and copies into one that runs with volumes."""

    maxDiff = None
    policies = ("open", "sharing")
    UP = "up -d --scale worker=2"
    STEPS = (
        "config --services", "build --no-cache", UP, "ps --format {{.Service}}={{.State}}={{.Health}}",
        "ps -a", "exec -T web sh -c cat_/tmp/greeting_/run/secrets/token;_echo_$A;_echo_err_>&2;_exit_3",
        "exec -T web hostname -i", "exec -T worker cat /tmp/built", "run --rm -T worker sh -c echo_ran;_sleep_1;_exit_5",
        "cp file web:/tmp/file", "exec -T web cat /tmp/file", "cp web:/tmp/greeting back", "logs --no-color", "top",
        "images", "pause web", "unpause web", "restart -t 0 worker", "stop -t 0 worker", "start worker", "scale worker=1",
        "--profile extra up -d --no-recreate side", "ps --services", "kill side", "rm -f side", "up -d --force-recreate web",
        "exec -T nothing true", "--profile extra down -v -t 0", "ps -a")
    FAILING = {"exec -T web sh -c cat_/tmp/greeting_/run/secrets/token;_echo_$A;_echo_err_>&2;_exit_3": 3,
               "run --rm -T worker sh -c echo_ran;_sleep_1;_exit_5": 5, "exec -T nothing true": 1}

    def test_its_life(self):
        def act(way):
            project = self.project(PROJECT)
            seen = []
            for step in self.STEPS:
                words = [word.replace("_", " ") if " sh -c " in step else word for word in step.split(" ")]
                seen.append([step, self.compose(way, project, *words)])
                if step == self.UP:  # before anything is listed
                    self.docker("straight", "wait", project[0] + "-after-1")
            left = [self.docker("straight", kind, "ls", "-q", "--filter", "name=" + project[0]).stdout
                    for kind in ("network", "volume")]
            back = self.directory / project[0] / "back"
            return [*seen, ["left", left], ["back", back.exists() and back.read_text()]]

        seen = dict(self.assert_alike(act))
        self.assertEqual(seen.pop("left"), ["", ""])
        self.assertEqual(seen.pop("back"), "hello from a config\n")
        self.assertEqual({step: got[0] for step, got in seen.items() if got[0]}, self.FAILING, seen)
        self.assertEqual(seen[self.STEPS[5]][1], "a secret wordb\nhello from a config")
        self.assertIn("SUBNET.77", seen["exec -T web hostname -i"][1])

    def test_limits(self):
        """What the engine got of them."""
        def act(way):
            project = self.project({"services": {"web": SERVICES["web"] | {"networks": [], "configs": []}}, "volumes": {"data": {}},
                                    "secrets": PROJECT["secrets"]})
            done = self.compose(way, project, "create")
            shown = self.docker("straight", "inspect", "-f", "{{json .HostConfig}}", project[0] + "-web-1").stdout
            return [done[0], {key: json.loads(shown)[key] for key in ("NanoCpus", "Memory", "PidsLimit", "Init")}]

        self.assertEqual(self.assert_alike(act), [0, {"NanoCpus": 500000000, "Memory": 67108864, "PidsLimit": 50, "Init": True}])


class WatchTest(ComposeTest):
    def test_files_that_change(self):
        def act(way):
            content = {"services": {"web": SERVICES["worker"] | {
                "depends_on": [], "networks": [], "network_mode": "none", "user": "app",
                "develop": {"watch": [{"action": "sync", "path": "./source", "target": "/tmp/source"}]}}}}
            name, subnet = self.project(content)
            source = self.directory / name / "source"
            source.mkdir()
            up = self.compose(way, (name, subnet), "up", "-d", "--build")[0]
            watching = self.follow(way, self.command(name, "watch", "--no-up"))
            watching.expect("(?i)watch(ing|es)? (enabled|.*source)")
            return [up, self.synced(name, source), "Syncing" in watching.text]

        self.assertEqual(self.assert_alike(act), [0, "version", True])

    def synced(self, name, source):
        """What arrives in the container of a file that is written until it does."""
        for number in range(PATIENCE_S):
            (source / "file").write_text("version %d" % number)
            done = self.docker("straight", "exec", name + "-web-1", "sh", "-c",
                               "for i in 1 2 3 4 5; do sleep 0.2; test -e /tmp/source/file && cat /tmp/source/file && exit; done")
            if done.stdout:
                return done.stdout.split()[0]
        return "nothing arrived"


class RefusalTest(ComposeTest):
    policies = ("open", "baseline", "restricted")

    def test_what_is_refused(self):
        service = {"image": USER_IMAGE, "command": "true", "network_mode": "none", "privileged": True,
                   "volumes": ["/etc:/host:ro"], "restart": "always"}

        def act(way):
            return self.compose(way, self.project({"services": {"it": service}}), "up", "--no-start")

        seen = self.assert_alike(act, {"baseline": "privileged: HostConfig.Privileged is true",
                                       "restricted": "restart_policy: HostConfig.RestartPolicy"})
        self.assertEqual(seen[0], 0)

    def test_the_network_of_another_service(self):
        def act(way):
            quiet = {"image": USER_IMAGE, "network_mode": "none", "init": True, "command": ["sleep", "600"], "stop_grace_period": "0s"}
            project = self.project({"services": {"web": quiet, "side": quiet | {"network_mode": "service:web"}}})
            return self.compose(way, project, "up", "-d")

        self.assertEqual(self.assert_alike(act, {"restricted": "namespace_sharing"})[0], 0)

    def test_root(self):
        def act(way):
            return self.compose(way, self.project({"services": {"it": {"image": IMAGE, "network_mode": "none"}}}), "create")

        self.assertEqual(self.assert_alike(act, {"restricted": "run_as_root"})[0], 0)


if __name__ == "__main__":
    unittest.main()
