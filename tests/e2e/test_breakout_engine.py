"""The rules about what the engine does by itself: what it walks as root while a container changes it, what
its builder reads, how many tasks it starts. Straight it works, through sockade it is refused by that
rule's name or made harmless, and a harmless sibling is still allowed.
"""

import unittest

from live import IMAGE, POLICIES, USER_IMAGE, WORLD, Client, LiveTest
from fake_engine import PODMAN, FakeEngine  # beside live's harness

POLICIES["builds_anywhere"] = {"base": "baseline", "rules": {"build_host_access": "off"}}
POLICIES["services"] = {"base": "baseline", "allow": ["services.create"], "rules": {"service_replicas": "deny"}}


class EngineTest(LiveTest):
    policies = ("baseline", "services")

    def refused(self, policy, rule, *arguments, **options):
        done = self.docker(policy, *arguments, **options)
        self.assertNotEqual(done.returncode, 0, arguments)
        self.assertIn("- %s: " % rule, done.stderr + done.stdout)

    def allowed(self, policy, *arguments, **options):
        done = self.docker(policy, *arguments, **options)
        self.assertEqual(done.returncode, 0, "%s: %s" % (arguments, done.stderr))
        return done.stdout

    def volume(self, name):
        self.allowed("straight", "volume", "create", name)
        self.will_make("volume", name)
        return name


class LiveTreeTest(EngineTest):
    """live_tree"""

    def test_a_commit_that_does_not_pause(self):
        name = self.container("straight")
        self.will_make("image", "e2e-tree:1")
        self.allowed("straight", "commit", "--pause=false", name, "e2e-tree:1")
        self.refused("baseline", "live_tree", "commit", "--pause=false", name, "e2e-tree:1")
        self.allowed("baseline", "commit", name, "e2e-tree:1")

    def test_copies_of_a_running_container_with_a_volume(self):
        mounted = self.container("straight", options=["-v", self.volume("e2e-tree-a") + ":/v"])
        plain = self.container("straight")
        for arguments in (["cp", mounted + ":/etc/passwd", str(self.directory)],
                          ["cp", __file__, mounted + ":/tmp/x"]):
            with self.subTest(arguments=arguments):
                self.allowed("straight", *arguments)
                self.refused("baseline", "live_tree", *arguments)
                self.allowed("baseline", *[word.replace(mounted, plain) for word in arguments])
        self.allowed("straight", "stop", "-t", "0", mounted)
        self.allowed("baseline", "cp", mounted + ":/etc/passwd", str(self.directory))

    def test_a_volume_in_use_is_not_filled(self):
        volume = self.volume("e2e-tree-b")
        running = self.container("straight", options=["-v", volume + ":/v"])
        create = ["create", "--network", "none", "-v", volume + ":/etc"]
        self.allowed("baseline", *create, "--name", self.name(), USER_IMAGE)
        self.assertEqual(self.allowed("straight", "exec", running, "ls", "/v"), "")
        self.allowed("straight", "stop", "-t", "0", running)
        self.allowed("baseline", *create, "--name", self.name(), USER_IMAGE)
        self.allowed("straight", "start", running)
        self.assertIn("passwd", self.allowed("straight", "exec", running, "ls", "/v"))


class BuilderTest(EngineTest):
    """build_host_access"""

    def test_an_engine_that_says_it_is_podman(self):
        path = WORLD.directory / "podman-like.sock"
        engine = FakeEngine(path, PODMAN)
        self.addCleanup(engine.stop)
        engine.on(".*", self.pass_on)
        ways = {policy: WORLD.socket(policy, path) for policy in ("baseline", "builds_anywhere")}
        self.ways = {**self.ways, **{"like-" + policy: way for policy, way in ways.items()}}
        build = ["build", "--network", "none", "--label", "e2e=1", "-"]
        dockerfile = b"FROM %s\nENV A=b\n" % IMAGE.encode()
        self.refused("like-baseline", "build_host_access", *build, input=dockerfile)
        self.allowed("like-builds_anywhere", *build, input=dockerfile)
        self.allowed("baseline", *build, input=dockerfile)

    def pass_on(self, connection, request):
        """The rest is the real engine's."""
        client = Client(self.straight, timeout=60)
        kind = [("Content-Type", request.get("Content-Type"))] if request.get("Content-Type") else []
        response = client.ask(request.method, request.target, request.body or None, kind)
        client.close()
        connection.answer(response.status, response.body, [("Api-Version", "1.41")],
                          content_type=response.get("Content-Type"))


class ServicesTest(EngineTest):
    """service_replicas: refused whether or not this engine is part of a swarm."""

    def test_more_tasks_than_the_bound(self):
        spec = {"Name": "e2e-tasks", "TaskTemplate": {"ContainerSpec": {"Image": USER_IMAGE, "User": "1000:1000"}}}
        statuses = []
        for replicas in (10000, 2):
            body = {**spec, "Mode": {"Replicated": {"Replicas": replicas}}}
            straight = self.api("straight", "POST", "/v1.41/services/create", body)
            response = self.api("services", "POST", "/v1.41/services/create", body)
            statuses.append((straight.status, response.status))
            self.assertEqual(b"service_replicas" in response.body, replicas > 32, response.body)
        self.assertEqual(statuses, [(503, 403), (503, 503)])


if __name__ == "__main__":
    unittest.main()
