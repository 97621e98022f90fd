"""The policy of a client in a container, told by the kernel and the engine: by its name and by its
labels, and not by a name that is somebody else's now."""

import json
import os
import pathlib
import subprocess
import unittest

from live import IMAGE, LiveTest, Sockade

HERE = pathlib.Path(__file__).resolve().parent
LOOKS = {"base": "read_only", "allow": []}
OPEN = {"base": "read_only"}


class IdentityTest(LiveTest):
    policies = ()

    def setUp(self):
        super().setUp()
        self.directory.chmod(0o755)
        client = subprocess.run(["gcc", "-static", "-O1", "-o", self.directory / "ask", HERE / "ask.c"],
                                capture_output=True, check=False) if os.path.exists("/usr/bin/gcc") else None
        if client is None or client.returncode != 0:
            self.skipTest("a static client can't be built here")

    def start(self, **entry):
        """A sockade that is open for those of that entry only."""
        config = self.directory / "sockade.yaml"
        config.write_text(json.dumps({
            "version": 1, "daemon": {"socket": self.straight},
            "listen": [{"socket": str(self.directory / "docker.sock"), "mode": "0666", "policy": "looks",
                        "clients": [{**entry, "policy": "open"}]}],
            "policies": {"looks": LOOKS, "open": OPEN}}))
        sockade = Sockade(self.directory, ["serve", "--config", config, "--audit", self.directory / "audit.log",
                                           "--audit-format", "json"])
        self.addCleanup(sockade.stop)
        sockade.wait_ready(self.directory / "docker.sock")

    def idle(self, *options, name=None):
        """A container that sees the socket and the client, whose control group is shown to us."""
        name = name or self.name()
        self.will_make("container", name)
        self.docker("straight", "run", "-d", "--init", "--network", "none", "--name", name, "-v",
                    "%s:/s:ro" % self.directory, *options, IMAGE, "sleep", "600", check=True)
        identity, pid = self.docker("straight", "inspect", "-f", "{{.Id}} {{.State.Pid}}", name,
                                    check=True).stdout.split()
        try:
            groups = pathlib.Path("/proc/%s/cgroup" % pid).read_text(encoding="utf-8")
        except OSError:
            groups = ""
        if identity not in groups:
            self.skipTest("/proc/PID/cgroup does not show the engine's containers here")
        return name, identity

    def ask(self, name, *options, target="/info"):
        return self.docker("straight", "exec", *options, name, "/s/ask", "/s/docker.sock", target,
                           check=True).stdout.strip()

    def record(self):
        return json.loads((self.directory / "audit.log").read_text().splitlines()[-1])

    def test_by_name(self):
        name = self.name()
        self.start(container=name)
        _, identity = self.idle(name=name)
        other, other_identity = self.idle()
        self.assertEqual(self.ask(name), "200")
        self.assertEqual(self.record()["client"]["container"], {"id": identity, "name": name})
        self.assertEqual(self.ask(name, "-u", "1234:1234"), "200", "whatever its user")
        self.assertEqual(self.ask(other), "403")
        self.assertEqual(self.record()["client"]["container"], {"id": other_identity, "name": other})
        self.docker("straight", "rename", name, name + "-old", check=True)
        self.will_make("container", name + "-old")
        self.assertEqual(self.ask(name + "-old"), "403", "the name is asked for with each connection")
        self.docker("straight", "rename", other, name, check=True)
        self.assertEqual(self.ask(name), "200", "who may give a name gives what it selects")

    def test_by_label(self):
        self.start(container={"label": "e2e.role=proxy"})
        proxy, _ = self.idle("--label", "e2e.role=proxy")
        other, _ = self.idle("--label", "e2e.role=other")
        self.assertEqual((self.ask(proxy), self.ask(other)), ("200", "403"))

    def test_a_parent_group_does_not_lend_its_name(self):
        """A container can be placed below another's group, where its policy allows that."""
        name = self.name()
        self.start(container=name)
        _, identity = self.idle(name=name)
        try:
            below, _ = self.idle("--cgroup-parent", "/docker/%s" % identity)
        except AssertionError as problem:
            self.skipTest("the engine places no container there: %s" % problem)
        self.assertEqual((self.ask(name), self.ask(below)), ("200", "403"))


class HandedOnTest(IdentityTest):
    """Whoever hands on the socket hands on its own rights: by a substituted socket, by a name, by a label."""

    def serve(self):
        config = self.directory / "sockade.yaml"
        baseline = {"base": "baseline", "allow": ["@compose"],
                    "rules": {"docker_socket_mount": "substitute",
                              "host_path_mount": {"allow": [{"path": str(self.directory / "bin"), "access": "ro"}]}}}
        config.write_text(json.dumps({
            "version": 1, "daemon": {"socket": self.straight},
            "listen": [{"socket": str(self.directory / "docker.sock"), "mode": "0666", "policy": "rest",
                        "clients": [{"uid": 1001, "policy": "dev"}, {"uid": 0, "policy": "root"},
                                    {"container": "e2e-proxy", "policy": "root"},
                                    {"container": {"label": "e2e.role=proxy"}, "policy": "root"}]}],
            "policies": {"dev": baseline, "root": {"base": "open"}, "rest": LOOKS}}))
        sockade = Sockade(self.directory, ["serve", "--config", config, "--audit", self.directory / "audit.log",
                                           "--audit-format", "json"])
        self.addCleanup(sockade.stop)
        sockade.wait_ready(self.directory / "docker.sock")
        (self.directory / "bin").mkdir()
        (self.directory / "ask").rename(self.directory / "bin" / "ask")

    def as_developer(self, *arguments):
        return subprocess.run(["docker", "-H", "unix://%s" % (self.directory / "docker.sock"), *arguments],
                              capture_output=True, text=True, check=False, timeout=60, user=1001, group=1001,
                              extra_groups=[], env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})

    def made_and_asked(self, *options, image=IMAGE, target="/plugins"):
        """What root of a container of the developer's is answered by the socket in it."""
        name = self.name()
        made = self.as_developer("create", "--network", "none", "--name", name, "-v",
                                 "/var/run/docker.sock:/docker.sock", "-v", "%s:/s:ro" % (self.directory / "bin"),
                                 *options, image, "sleep", "600")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.docker("straight", "start", name, check=True)
        return self.docker("straight", "exec", name, "/s/ask", "/docker.sock", target, check=True).stdout.strip()

    def test_a_container_has_the_rights_of_its_maker(self):
        self.serve()
        self.assertEqual(self.made_and_asked(), "403")
        self.assertEqual(self.record()["policy"], "dev", "and not that of the host's root")
        self.assertEqual(self.made_and_asked(target="/containers/json"), "200")
        for options in (["--label", "e2e.role=proxy"], ["--label", "io.sockade.made-by=root:1"]):
            self.assertEqual(self.made_and_asked(*options), "403", options)
        self.docker("straight", "build", "-q", "-t", "e2e-forged", "-", input=b"FROM %s\nLABEL e2e.role=proxy "
                    b"io.sockade.made-by=root:1\n" % IMAGE.encode(), check=True)
        self.will_make("image", "e2e-forged")
        self.assertEqual(self.made_and_asked(image="e2e-forged"), "403", "labels of the image's")
        self.assertEqual(self.record()["policy"], "-")

    def test_what_is_made_past_sockade_is_the_administrators(self):
        self.serve()
        mount = ["-v", "%s/bin:/s:ro" % self.directory, "-v", "%s/docker.sock:/docker.sock" % self.directory]

        def ask(*options, image=IMAGE):
            name = self.name()
            self.docker("straight", "run", "-d", "--init", "--network", "none", "--name", name, *mount, *options,
                        image, "sleep", "600", check=True)
            return self.docker("straight", "exec", name, "/s/ask", "/docker.sock", "/plugins",
                               check=True).stdout.strip()

        self.assertEqual(ask("--label", "e2e.role=proxy"), "200")
        self.assertEqual(ask(), "403")
        self.docker("straight", "build", "-q", "-t", "e2e-planted", "-",
                    input=b"FROM %s\nLABEL io.sockade.made-by=root:1\n" % IMAGE.encode(), check=True)
        self.will_make("image", "e2e-planted")
        self.assertEqual(ask(image="e2e-planted"), "403", "an image says nothing of who made its containers")
        self.assertEqual(self.record()["policy"], "rest")


if __name__ == "__main__":
    unittest.main()
