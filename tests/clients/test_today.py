"""What today's docker CLI has beyond the matrix of tests/e2e: contexts, buildx, what it counts and prunes, stacks
and services of a swarm; and pushes to a registry, by the CLI, docker-py and Ansible."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from conformance import (HERE, LABEL, PATIENCE_S, POLICIES, TRUSTED_USER, USER_IMAGE, ClientTest, answers, comparable,
                         docker_environment, engine_api, engine_process, needs)

import test_docker_py
import test_older_cli

try:
    import docker
except ImportError:
    docker = None
try:
    import yaml
except ImportError:
    yaml = None

BUILDX = needs("buildx", answers("docker", "buildx", "version"))
REGISTRY = needs("docker-registry", shutil.which("docker-registry"))


@BUILDX
class BuildxTest(test_older_cli.BuildKitCases, ClientTest):
    """BuildKit by today's CLI, whose plugin opens the tunnel."""

    # And no builder in a container is tried.
    READ = r'(?s)ERROR: listing workers for Build: failed to list workers: denied by policy.*DOCKER_BUILDKIT=0'
    test_the_classic_builder_beside_it = None  # tests/e2e has it

    def test_the_plugin(self):
        def act(way):
            tag = self.name() + ":1"
            self.will_make("image", tag)
            done = self.docker(way, "buildx", "build", *LABEL, "--no-cache", "--progress", "plain", "--network", "none", "--load",
                               "--build-arg", "WHAT=" + way, "--secret", "id=word,src=%s" % (self.directory / "word"),
                               "--target", "made", "-t", tag, self.directory)
            used = self.docker(way, "buildx", "du", "--filter", "type=none")
            return [done.returncode, "built %s with a word" % way in done.stderr, used.returncode]

        self.assert_built(act, [0, True, 0])


@BUILDX
class ContextTest(ClientTest):
    policies = ("open", "restricted")

    def test_contexts(self):
        """No DOCKER_HOST: what the CLI keeps in its folder says where the engine is."""
        def act(way):
            environment = {**docker_environment(self.ways[way]), "DOCKER_CONFIG": str(self.directory / way)}
            del environment["DOCKER_HOST"]
            seen = []
            for arguments in (["context", "create", "e2e", "--description", "it", "--docker", "host=unix://" + self.ways[way]],
                              ["--context", "e2e", "version", "--format", "{{.Server.Version}} {{.Server.APIVersion}}"],
                              ["context", "use", "e2e"], ["context", "show"], ["info", "--format", "{{.ServerVersion}} {{.Name}}"],
                              ["run", "--rm", "--network", "none", USER_IMAGE, "id", "-u"],
                              ["context", "ls", "--format", "{{.Name}} {{.Current}} {{.Error}}"], ["context", "rm", "-f", "e2e"]):
                done = subprocess.run(["docker", *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                                      text=True, check=False, timeout=PATIENCE_S)
                seen.append([done.returncode, done.stdout, done.stderr])
            return seen

        seen = self.assert_alike(act)
        self.assertEqual([each[0] for each in seen], [0] * 8)
        self.assertEqual(seen[5][1], "1000\n")


@BUILDX
class HousekeepingTest(ClientTest):
    policies = ("open", "baseline", "restricted")

    def outcome(self, *arguments, refused=None):
        def act(way):
            done = self.docker(way, *arguments)
            return [done.returncode, sorted(comparable(done.stdout).splitlines()), done.stderr]

        # The engine counts, and prunes, for one at a time.
        return self.assert_alike(act, refused and {each: refused for each in ("baseline", "restricted")}, at_once=False)

    def test_what_is_used(self):
        for more in ([], ["-v"], ["--format", "{{json .}}"]):
            with self.subTest(more):
                self.assertEqual(self.outcome("system", "df", *more)[0], 0)

    def test_prunes(self):
        for kind in ("container", "volume", "network", "image", "system"):
            with self.subTest(kind):
                # A label says nothing of what builds left.
                which = "until=9000h" if kind == "system" else "label=e2e-nothing"
                got = self.outcome(kind, "prune", "-f", "--filter", which,
                                   refused="operation %ss.prune is not allowed" % (kind if kind != "system" else "container"))
                self.assertEqual(got[0], 0)

    def test_the_builder_is_pruned(self):
        self.assertEqual(self.outcome("builder", "prune", "-f", "--filter", "until=9000h",
                                      refused="operation build.prune is not allowed")[0], 0)


def documented(policy):
    """A policy as docs/policy.md has it."""
    text = (HERE.parents[1] / "docs" / "policy.md").read_text(encoding="utf-8")
    for block in re.findall(r"(?s)```yaml\n(policies:.*?)```", text):
        content = yaml.safe_load(block)
        if policy in content["policies"]:
            return content["policies"][policy]
    raise AssertionError("docs/policy.md has no policy " + policy)


if yaml:
    STACKS = documented("swarm")
    POLICIES.update({
        "stacks": STACKS,
        "hardened": {**STACKS, "base": "restricted", "rules": {**STACKS["rules"], **TRUSTED_USER}}})


class SwarmCase(ClientTest):
    """An active swarm of one node."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.docker, "straight", "swarm", "leave", "--force")

    def say(self, way, *arguments, until=None):
        """[status, output, errors]; repeated until the output has a word, if one is given."""
        end = time.monotonic() + PATIENCE_S
        while True:
            done = self.docker(way, *arguments)
            if not until or until in done.stdout or done.returncode or time.monotonic() > end:
                return [done.returncode, re.sub(r"\b[0-9a-z]{25}\b", "ID", done.stdout), done.stderr]  # ids of a swarm
            time.sleep(0.2)

    def in_swarm(self, act, refused=None):
        """What `act(way)` gives within a swarm of its own: there is one at a time."""
        def run(way):
            self.say("straight", "swarm", "init", "--advertise-addr", "127.0.0.1")
            seen = act(way)
            self.say("straight", "swarm", "leave", "--force")
            return seen

        return self.assert_alike(run, refused, at_once=False)

    def deploy(self, way, name, stack):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.directory))
        (folder / "stack.json").write_text(json.dumps(stack))
        (folder / "greeting").write_text("a greeting\n")
        (folder / "token").write_text("a secret\n")
        return self.say(way, "stack", "deploy", "-c", folder / "stack.json", name)

    def life_of(self, way, stack):
        """From its deployment to its end."""
        name = self.stack_name()
        seen = [self.deploy(way, name, stack), self.say(way, "stack", "ps", "--format", "{{.CurrentState}}", name, until="Running")[0],
                self.say(way, "service", "logs", "--raw", name + "_web", until="secret")]
        return seen + [self.say(way, *arguments) for arguments in (
            ["stack", "ls", "--format", "{{.Name}} {{.Services}}"], ["stack", "services", "--format", "{{.Name}} {{.Replicas}}", name],
            ["config", "ls", "--format", "{{.Name}}"], ["secret", "ls", "--format", "{{.Name}}"],
            ["config", "inspect", "-f", "{{json .Spec}}", name + "_greeting"], ["stack", "rm", name])]

    def stack_name(self):
        """Another one each time: an engine that has left a swarm shows the swarm's networks for a while."""
        name = self.name()
        self.will_make("volume", name + "_data")
        return name


@BUILDX
class SwarmTest(SwarmCase):
    """Who is a node, and what services and stacks do, no judged base allows by itself."""

    policies = ("open", "restricted")
    REFUSED = {"restricted": "denied by policy"}
    STACK = {"version": "3.9", "services": {"web": {
        "image": USER_IMAGE, "init": True, "command": ["sh", "-c", "cat /greeting /run/secrets/token; exec sleep 600"],
        "networks": ["hostnet"], "stop_grace_period": "0s", "configs": [{"source": "greeting", "target": "/greeting"}],
        "secrets": ["token"], "deploy": {"replicas": 1, "resources": {"limits": {"memory": "64M"}},
                                         "restart_policy": {"condition": "none"}}}},
        "networks": {"hostnet": {"external": True, "name": "host"}},
        "configs": {"greeting": {"file": "./greeting"}}, "secrets": {"token": {"file": "./token"}}}

    def test_a_swarms_life(self):
        def act(way):
            init = self.say(way, "swarm", "init", "--advertise-addr", "127.0.0.1")
            seen = [init[0], init[2]]  # what it says has a token in it
            seen += [self.say(way, *arguments) for arguments in (
                ["node", "ls", "--format", "{{.Status}} {{.Availability}} {{.ManagerStatus}}"], ["info", "-f", "{{.Swarm.LocalNodeState}}"],
                ["swarm", "update", "--task-history-limit", "3"],
                ["service", "ls"], ["node", "update", "--label-add", "a=b", self.node(way)])]
            seen.append(self.say(way, "swarm", "leave", "--force"))
            return seen

        self.assert_alike(act, self.REFUSED, at_once=False)

    def test_services(self):
        def act(way):
            name = self.name()
            options = ["--detach", "--init", "--network", "host", "--stop-grace-period", "0s", "--label", "a=b"]
            states = ["service", "ps", "--format", "{{.CurrentState}}", name]
            return [self.say(way, "service", "create", "-q", *options, "--name", name, USER_IMAGE, "sh", "-c", "echo hello; exec sleep 600"),
                    self.say(way, *states, until="Running")[0], self.say(way, "service", "logs", "--raw", name, until="hello"),
                    self.say(way, "service", "ls", "--format", "{{.Mode}} {{.Image}}"),
                    self.say(way, "service", "inspect", "-f", "{{json .Spec.TaskTemplate.ContainerSpec}}", name),
                    self.say(way, "service", "scale", "--detach", name + "=0"),
                    self.say(way, "service", "update", "--detach", "--env-add", "A=b", name)[::2],
                    self.say(way, "service", "rollback", "--detach", name)[::2], self.say(way, "service", "rm", name)]

        self.in_swarm(act, self.REFUSED)

    def test_a_stack(self):
        seen = self.in_swarm(lambda way: self.life_of(way, self.STACK), self.REFUSED)
        self.assertEqual(seen[2], [0, "a greeting\na secret\n", ""])

    def node(self, way):
        return self.docker(way, "node", "ls", "-q").stdout.strip() or "none"


@BUILDX
@unittest.skipUnless(yaml, "python3-yaml is not installed")
class StackTest(SwarmCase):
    """`docker stack deploy` through judged bases: the policy of docs/policy.md, and the same on `restricted`."""

    policies = ("open", "stacks", "hardened")
    SERVICE = {
        "image": USER_IMAGE, "init": True, "command": ["sh", "-c", "cat /greeting /run/secrets/token; id -u; exec sleep 600"],
        "stop_grace_period": "0s", "configs": [{"source": "greeting", "target": "/greeting"}], "secrets": ["token"],
        "volumes": ["data:/data"], "deploy": {"replicas": 1, "resources": {"limits": {"memory": "64M"}}}}
    # Its default network is an overlay network.
    STACK = {"version": "3.9", "services": {"web": SERVICE}, "volumes": {"data": {}},
             "configs": {"greeting": {"file": "./greeting"}}, "secrets": {"token": {"file": "./token"}}}
    REFUSED = {
        "host_path_mount": {"volumes": ["/etc:/host:ro"]},
        "host_network": {"networks": ["hostnet"]},
        "added_capabilities": {"cap_add": ["SYS_ADMIN"]},
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Older engines drop no-new-privileges of services, which `restricted` wants.
        cls.older = {"hardened": "only since API 1.44"} if engine_api() < (1, 44) else {}

    def test_its_life(self):
        seen = self.in_swarm(lambda way: self.life_of(way, self.STACK), self.older)
        self.assertEqual(seen[0][0], 0)
        self.assertEqual(seen[2], [0, "a greeting\na secret\n1000\n", ""])

    def test_deployed_again(self):
        """What is there is updated, with what the engine shows of it."""
        def act(way):
            name = self.stack_name()
            return [self.deploy(way, name, self.STACK)[::2],
                    self.deploy(way, name, {**self.STACK, "services": {"web": {**self.SERVICE, "environment": {"A": "b"}}}})[::2],
                    self.say(way, "service", "inspect", "-f", "{{json .Spec.TaskTemplate.ContainerSpec.Env}}", name + "_web")]

        seen = self.in_swarm(act, self.older)
        self.assertEqual(seen[1][0], 0)
        self.assertEqual(seen[2], [0, '["A=b"]\n', ""])

    def test_what_is_refused(self):
        for rule, more in self.REFUSED.items():
            with self.subTest(rule):
                stack = {**self.STACK, "networks": {"hostnet": {"external": True, "name": "host"}},
                         "services": {"web": {**self.SERVICE, **more}}}
                seen = self.in_swarm(lambda way, stack=stack: self.deploy(way, self.stack_name(), stack)[::2], {"stacks": rule, "hardened": rule, **self.older})
                self.assertEqual(seen[0], 0)


class Registry:
    """A registry of one's own, in the network namespace of the engine."""

    def __init__(self, case, port):
        self.name = "127.0.0.1:%d" % port
        config = case.directory / "registry.yml"
        config.write_text(json.dumps({"version": "0.1", "storage": {"inmemory": {}}, "http": {"addr": self.name}, "log": {"level": "error"}}))
        self.enter = ["nsenter", "--net=/proc/%d/ns/net" % engine_process()]
        case.follow("straight", [*self.enter, "docker-registry", "serve", config])
        case.wait_until(lambda: answers(*self.enter, "curl", "-sf", "http://%s/v2/" % self.name), "the registry")

    def tags(self, repository):
        done = subprocess.run([*self.enter, "curl", "-s", "http://%s/v2/%s/tags/list" % (self.name, repository)], capture_output=True,
                              text=True, check=True)
        return json.loads(done.stdout).get("tags")


@REGISTRY
class PushTest(ClientTest):
    """To a registry without a login. `restricted` allows pushes to those who may name them."""

    policies = ("open", "pushing", "restricted")
    REFUSED = {"restricted": "operation images.push is not allowed"}

    def setUp(self):
        super().setUp()
        self.registry = Registry(self, 5055)

    def wait_until(self, condition, what):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), end, what + " never came")
            time.sleep(0.1)

    def tagged(self):
        """An image of the registry: its repository, and the whole name."""
        repository = self.name()
        tag = "%s/%s:1" % (self.registry.name, repository)
        self.will_make("image", tag)
        self.docker("straight", "tag", USER_IMAGE, tag, check=True)
        return repository, tag

    def test_the_cli(self):
        def act(way):
            repository, tag = self.tagged()
            done = self.docker(way, "push", "-q", tag)
            self.docker("straight", "rmi", tag)
            return [done.returncode, done.stderr, self.registry.tags(repository), self.docker(way, "pull", "-q", tag).returncode]

        self.assertEqual(self.assert_alike(act, self.REFUSED), [0, "", ["1"], 0])

    @unittest.skipUnless(docker, "python3-docker is not installed")
    def test_docker_py(self):
        @test_docker_py.errors_as_values
        def act(way):
            client = docker.DockerClient(base_url="unix://" + self.ways[way], timeout=PATIENCE_S, version="auto")
            self.addCleanup(client.close)
            repository, tag = self.tagged()
            lines = [each.get("error") for each in client.images.push(tag, stream=True, decode=True)]
            return [[each for each in lines if each], self.registry.tags(repository)]

        self.assertEqual(self.assert_alike(act, self.REFUSED), [[], ["1"]])

    @needs("Ansible", shutil.which("ansible-playbook"))
    def test_ansible(self):
        def act(way):
            repository, tag = self.tagged()
            play = self.directory / (way + ".json")
            play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [
                {"community.docker.docker_image_push": {"name": tag}}]}]))
            done = self.run_program(way, ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e",
                                          "ansible_python_interpreter=/usr/bin/python3", play],
                                    {"HOME": str(self.directory), "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8", "ANSIBLE_LOCALHOST_WARNING": "False"})
            return [done[0], self.registry.tags(repository), done[1:] if done[0] else ""]

        self.assertEqual(self.assert_alike(act, self.REFUSED), [0, ["1"], ""])


if __name__ == "__main__":
    unittest.main()
