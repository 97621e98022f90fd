"""Where paths lead: links that a client plants or turns around, other names of the engine's
socket, and the filtered socket that containers get in its place.

Straight each attack works; through sockade it is refused, and what is harmless is not.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
from unittest import mock

import sandbox
from live import IMAGE, WORLD, LiveTest, Sockade, binary, run_docker, wait_for

CLIENT_IMAGE = "e2e-docker:latest"  # busybox and the docker client
SOCKADE_IMAGE = "e2e-sockade:latest"
CLIENT_UID = 1000
RULES = {"docker_socket_mount": "substitute"}


class HostFiles(LiveTest):
    """Directories that a policy allows, one of them the client's own. sockade runs as root, or as the
    unit's user in its sandbox, where /tmp is another one and only these directories are shown."""

    policies = ()
    sandboxed = False

    def setUp(self):
        super().setUp()
        self.work = self.directory / "work"
        self.shared = self.directory / "shared"
        for path in (self.work, self.shared):
            path.mkdir()
            path.chmod(0o755)
        os.chown(self.work, CLIENT_UID, CLIENT_UID)  # the client's, as a CI job's directory is
        self.directory.chmod(0o755)
        (self.shared / "data").mkdir()
        (self.shared / "data" / "file").write_text("shared\n")
        self.serve("resolve", {"host_path_mount": {"allow": self.roots()}, **RULES})

    def roots(self):
        return [{"path": str(self.work), "access": "rw"}, {"path": str(self.shared), "access": "rw"}]

    def serve(self, way, rules, mode="0660", group=0, **daemon):
        """A sockade of this test's own; `way` is then one of self.ways."""
        directory = self.directory / way
        directory.mkdir()
        path = directory / "docker.sock"
        config = directory / "sockade.yaml"
        config.write_text(json.dumps({
            "version": 1,
            # The private engine has a mount namespace of its own, with the same files: it is found out.
            "daemon": {"socket": self.straight, **daemon},
            "listen": [{"socket": str(path), "mode": mode, "policy": "test"}],
            "policies": {"test": {"base": "baseline", "rules": rules}}}))
        sockade = Sockade(directory, ["serve", "--config", config, "--audit", directory / "audit.log"],
                          prefix=self.enter_sandbox(directory, config) if self.sandboxed else ())
        self.addCleanup(sockade.stop)
        sockade.wait_ready(path)
        os.chown(path, -1, group)  # systemd's part: the unit's user is in no such group
        self.ways[way] = str(path)
        self.addCleanup(self.ways.pop, way)
        return sockade

    def enter_sandbox(self, directory, config):
        """The unit, the drop-in for this policy, and in place of /run what sockade and the engine meet in."""
        os.chown(directory, sandbox.UID, sandbox.GID)
        os.chown(self.straight, -1, sandbox.ENGINE_GID)
        view = subprocess.run([binary(), "init", "--view", str(config)], capture_output=True, text=True, check=True)
        return sandbox.prefix(view.stdout,
                              "BindPaths=%s %s\n" % (directory, os.path.dirname(self.straight)))

    def create(self, way, *options, command=("true",), verb="create", image=IMAGE, user=CLIENT_UID):
        name = self.name()
        done = self.docker(way, verb, "--name", name, "--network", "none", "--user", "%d:%d" % (user, user),
                           *options, image, *command)
        return done, name

    def refused(self, done, *says):
        self.assertNotEqual(done.returncode, 0)
        for text in says:
            self.assertIn(text, done.stderr)

    def allowed(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


class LinkTest(HostFiles):
    def in_work(self, script):
        """What the client does in a container that sockade let it have."""
        done, _ = self.create("resolve", "-v", "%s:/work" % self.work, verb="run", command=("sh", "-c", script))
        self.allowed(done)

    def test_a_link_that_the_client_made(self):
        self.in_work("ln -s /etc /work/a; ln -s ../shared/data /work/b; mkdir /work/c; ln -s /etc /work/c/d")
        for name, shows in (("a", "passwd"), ("b", "file"), ("c/d", "passwd")):
            bind = ["-v", "%s/%s:/x" % (self.work, name)]
            mount = ["--mount", "type=bind,source=%s/%s,target=/x" % (self.work, name)]
            for options in (bind, mount):
                with self.subTest(options):
                    done, _ = self.create("straight", *options, verb="run", command=("ls", "/x"))
                    self.assertIn(shows, self.allowed(done))
                    done, _ = self.create("resolve", *options)
                    self.refused(done, "host_path_mount", "goes through the link", "users other than root")

    def test_a_directory_that_becomes_a_link_after_the_create(self):
        for verb in ("start", "restart"):
            self.in_work("mkdir /work/dir")
            done, name = self.create("resolve", "-v", "%s/dir:/x" % self.work, command=("ls", "/x"))
            self.allowed(done)
            self.in_work("rmdir /work/dir; ln -s /etc /work/dir")
            self.refused(self.docker("resolve", verb, name), "host_path_mount", "goes through the link")
            self.assertIn("passwd", self.allowed(self.docker("straight", "start", "-a", name)), "straight it is /etc")
            self.in_work("rm /work/dir")

    def test_a_link_of_the_administrator(self):
        (self.shared / "current").symlink_to("data")
        out, _ = self.create("resolve", "-v", "%s/current:/x:ro" % self.shared, verb="run", command=("cat", "/x/file"))
        self.assertEqual(self.allowed(out), "shared\n")
        done, name = self.create("resolve", "-v", "%s/current:/x:ro" % self.shared)
        self.allowed(done)
        binds = self.allowed(self.docker("straight", "inspect", "-f", "{{json .HostConfig.Binds}}", name))
        self.assertEqual(json.loads(binds), ["%s/data:/x:ro" % self.shared], "what was judged is what is mounted")
        (self.shared / "out").symlink_to("/etc")
        done, _ = self.create("resolve", "-v", "%s/out:/x" % self.shared)
        self.refused(done, 'leads to "/etc", which is outside')

    def test_an_allowed_path_behind_a_link_of_the_administrator(self):
        way = self.directory / "way"
        way.symlink_to("shared")
        self.serve("linked", {"host_path_mount": {"allow": [{"path": str(way), "access": "rw"},
                                                            {"path": "/etc/localtime"}]}})
        (self.shared / "current").symlink_to("data")
        options = ["-v", "/etc/localtime:/etc/localtime:ro"] if os.path.islink("/etc/localtime") else []
        if not self.sandboxed:  # there the link is hidden, and nothing of it seen
            options += ["-v", "%s/data:/a" % way, "-v", "%s/current:/b" % way]
        done, name = self.create("linked", *options, command=("sleep", "60"))
        self.allowed(done)
        for command in (("start", name), ("exec", name, "true"), ("restart", "-t", "0", name),
                        ("kill", name), ("cp", name + ":/etc/passwd", str(self.directory / "copy"))):
            self.allowed(self.docker("linked", *command))
        binds = self.allowed(self.docker("straight", "inspect", "-f", "{{json .HostConfig.Binds}}", name))
        if not self.sandboxed:
            # The CLI sends them in any order.
            self.assertEqual(sorted(bind for bind in json.loads(binds) if bind.startswith(str(way))),
                             ["%s/data:/a" % way, "%s/data:/b" % way])
        else:
            self.refused(self.create("linked", "-v", "%s/data:/a" % way)[0], "cannot see where")

    def test_links_allowed_and_denied(self):
        self.in_work("mkdir /work/real; ln -s real /work/link; ln -s / /work/out")
        self.serve("allow", {"host_path_mount": {"symlinks": "allow", "allow": self.roots()}})
        self.serve("deny", {"host_path_mount": {"symlinks": "deny", "allow": self.roots()}})
        (self.shared / "current").symlink_to("data")
        self.allowed(self.create("allow", "-v", "%s/link:/x" % self.work)[0])
        self.refused(self.create("allow", "-v", "%s/out/etc:/x" % self.work)[0], 'leads to "/etc"')
        self.refused(self.create("deny", "-v", "%s/current:/x" % self.shared)[0], "goes through a link")
        self.allowed(self.create("deny", "-v", "%s/data:/x" % self.shared)[0])

    def test_only_what_stays_where_it_is(self):
        self.serve("stable", {"host_path_mount": {"stable": True, "allow": self.roots()}})
        work, shared = self.roots()
        self.serve("read", {"host_path_mount": {"stable": True, "allow": [work, {**shared, "access": "ro"}]}})
        self.in_work("mkdir /work/dir")
        if self.sandboxed:  # what lies above them is not seen
            self.refused(self.create("stable", "-v", "%s:/x" % self.work)[0], "could be replaced by users other than root")
            return
        self.allowed(self.create("stable", "-v", "%s:/x" % self.work)[0])
        # Root in a container replaces what lies there, whoever owns it; not where it only reads.
        self.refused(self.create("stable", "-v", "%s/data:/x" % self.shared)[0], "could be replaced by users other than root")
        self.allowed(self.create("read", "-v", "%s/data:/x:ro" % self.shared)[0])
        self.refused(self.create("stable", "-v", "%s/dir:/x" % self.work)[0], "could be replaced by users other than root")

    def test_an_allowed_directory_in_one_that_containers_write_to(self):
        """Root in a container puts a link in its place; it owns the directory around it on the host as well."""
        outer, inner = self.shared, self.shared / "data"
        inside = {"path": str(inner), "access": "rw"}
        self.serve("both", {"host_path_mount": {"allow": [*self.roots(), inside]}})
        mount = "%s:/x" % inner
        self.allowed(self.create("both", "-v", mount)[0])
        self.allowed(self.create("both", "-v", "%s:/x" % outer, verb="run", user=0,
                                 command=("sh", "-c", "mv /x/data /x/moved && ln -s /etc /x/data"))[0])
        self.refused(self.create("both", "-v", mount)[0], "host_path_mount")

    def test_a_directory_that_is_made_by_the_mount(self):
        for way in ("straight", "resolve"):
            done, _ = self.create(way, "-v", "%s/new-%s/er:/x" % (self.work, way), verb="run", command=("ls", "/x"))
            self.allowed(done)
            self.assertTrue((self.work / ("new-" + way) / "er").is_dir())

    def test_other_names_of_the_engines_socket(self):
        self.serve("plain", {"host_path_mount": {"allow": self.roots()}})
        os.link(self.straight, self.shared / "hard")
        (self.shared / "soft").symlink_to(self.straight)
        (self.shared / "above").symlink_to(os.path.dirname(self.straight))
        for name in ("hard", "soft"):
            source = "%s/%s:/x" % (self.shared, name)
            done, _ = self.create("straight", "-v", source, verb="run", command=("ls", "-l", "/x"), user=0)
            self.assertRegex(self.allowed(done), "^s")
            self.refused(self.create("plain", "-v", source)[0], "docker_socket_mount")
        self.refused(self.create("plain", "-v", "%s/above:/x" % self.shared)[0], "docker_socket_mount")
        self.refused(self.create("plain", "-v", "/proc/1/root/srv:/x")[0], "docker_socket_mount")
        # With `substitute` a name of the socket itself gets the filtered one, what is above doesn't.
        self.assert_filtered(self.create("resolve", "-v", "%s/hard:/x" % self.shared))
        self.refused(self.create("resolve", "-v", "%s/above:/x" % self.shared)[0], "docker_socket_mount")
        self.refused(self.create("resolve", "-v", "%s:/x" % os.path.dirname(self.straight))[0], "docker_socket_mount")

    def assert_filtered(self, created, target="/x", **more):
        """As an entry of Mounts: the engine makes no directory where the socket is missing."""
        done, name = created
        self.allowed(done)
        mounts = self.allowed(self.docker("straight", "inspect", "-f", "{{json .HostConfig.Mounts}}", name))
        self.assertEqual(json.loads(mounts), [dict(Type="bind", Source=self.ways["resolve"], Target=target, **more)])

    def test_what_the_substitute_is(self):
        for source in ("/var/run/docker.sock", "/run/docker.sock", self.straight, self.ways["resolve"]):
            with self.subTest(source):
                self.assert_filtered(self.create("resolve", "-v", source + ":/x"))
                self.assert_filtered(self.create("resolve", "-v", source + ":/s:ro"), "/s", ReadOnly=True)
        done, name = self.create("resolve", "--mount",
                                 "type=bind,source=%s,target=/x,readonly" % self.straight, verb="create")
        self.allowed(done)
        mounts = self.allowed(self.docker("straight", "inspect", "-f", "{{json .HostConfig.Mounts}}", name))
        self.assertEqual(json.loads(mounts), [{"Type": "bind", "Source": self.ways["resolve"], "Target": "/x",
                                               "ReadOnly": True}])
        self.allowed(self.docker("resolve", "start", name))
        real, name = self.create("straight", "-v", self.straight + ":/x")
        self.allowed(real)
        self.refused(self.docker("resolve", "start", name), "docker_socket_mount")

    def test_no_directory_is_made_where_the_substitute_is_missing(self):
        done, name = self.create("resolve", "-v", "/var/run/docker.sock:/x", verb="create")
        self.allowed(done)
        socket, aside = pathlib.Path(self.ways["resolve"]), self.directory / "aside"
        socket.rename(aside)
        try:
            started = self.docker("straight", "start", name)
            self.assertNotEqual(started.returncode, 0)
            self.assertFalse(os.path.lexists(socket))
        finally:
            aside.rename(socket)
        self.allowed(self.docker("straight", "start", name))


class UnseenTest(HostFiles):
    """What no view shows is not mounted, but for the allowed directories themselves."""

    def test_nothing_below_an_allowed_path_that_is_not_seen(self):
        self.serve("blind", {"host_path_mount": {"allow": self.roots()}}, host_files="no")
        self.serve("knows", {"host_path_mount": {"symlinks": "allow", "allow": self.roots()}}, host_files="no")
        (self.work / "link").symlink_to("/etc")
        (self.work / "dir").mkdir()
        for name in ("link", "dir", "none"):
            for way in ("straight", "blind"):
                done, _ = self.create(way, "-v", "%s/%s:/x" % (self.work, name), verb="run", command=("ls", "/x"))
                if way == "straight":
                    self.assertEqual("passwd" in self.allowed(done), name == "link")
                else:
                    self.refused(done, "host_path_mount", "cannot see where", "sockade init --view")
        self.allowed(self.create("blind", "-v", "%s:/x" % self.work)[0])
        self.allowed(self.create("blind", "--mount", "type=bind,source=%s,target=/x" % self.shared)[0])
        self.allowed(self.create("knows", "-v", "%s/dir:/x" % self.work)[0])
        done, name = self.create("straight", "-v", "%s/dir:/x" % self.work)
        self.allowed(done)
        for verb in ("start", "restart"):
            self.refused(self.docker("blind", verb, name), "cannot see where")

    def test_the_log_says_what_is_seen(self):
        sockade = self.serve("says", {"host_path_mount": {"allow": self.roots() + [{"path": "/no/such"}]}})
        wait_for(lambda: sockade.log().count("host path") == 3, "all to be told")
        for path in (self.work, self.shared):
            self.assertIn('host path %s (policy "test"): visible: its mounts are the engine\'s' % path, sockade.log())


class NestedTest(HostFiles):
    """A job in a container that uses Docker itself, by the socket that it asked for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_client_image()

    @classmethod
    def make_client_image(cls):
        """The docker client of this host beside busybox."""
        make_image(cls.straight, os.path.realpath(shutil.which("docker")), "docker", CLIENT_IMAGE)

    def job(self, script, *options, way="resolve", user=CLIENT_UID):
        done, _ = self.create(way, "-v", "/var/run/docker.sock:/var/run/docker.sock", *options, verb="run",
                              image=CLIENT_IMAGE, command=("sh", "-c", script), user=user)
        return done

    def test_the_job_is_filtered(self):
        self.serve("job", RULES, mode="0666")
        version = self.allowed(run_docker(self.straight, "version", "-f", "{{.Server.Version}}"))
        name = self.name()
        out = self.allowed(self.job("docker version -f '{{.Server.Version}}' && docker run --name %s --network none "
                                    "--user 1000:1000 %s echo nested" % (name, IMAGE), way="job"))
        self.assertEqual(out, version + "nested\n")
        done = self.job("docker run --privileged --network none %s true" % IMAGE, way="job")
        self.refused(done, "denied by policy", "privileged")
        done = self.job("docker run -v /:/host --network none %s true" % IMAGE, way="job")
        self.refused(done, "denied by policy", "host_path_mount", "docker_socket_mount")

    def test_the_jobs_job_is_filtered(self):
        self.serve("job", RULES, mode="0666")
        run = ("docker run --name %s --network none --user 1000:1000 -v /var/run/docker.sock:/var/run/docker.sock "
               + CLIENT_IMAGE + " ")
        version = self.allowed(run_docker(self.straight, "version", "-f", "{{.Server.Version}}"))
        out = self.allowed(self.job(run % self.name() + "docker version -f '{{.Server.Version}}'", way="job"))
        self.assertEqual(out, version)
        done = self.job(run % self.name() + "docker run --privileged --network none %s true" % IMAGE, way="job")
        self.refused(done, "denied by policy", "privileged")

    def test_straight_the_job_is_root_on_the_host(self):
        done, _ = self.create("straight", "-v", self.straight + ":/var/run/docker.sock", verb="run", user=0,
                              image=CLIENT_IMAGE, command=("sh", "-c", "docker run --rm -v /:/host "
                                                           "--network none %s ls /host" % IMAGE))
        self.assertIn("etc", self.allowed(done))

    def test_the_sockets_group_lets_the_job_in(self):
        self.serve("group", RULES, group=1234)
        ping = "docker version -f '{{.Server.Version}}'"
        self.refused(self.job(ping, way="group"), "permission denied")
        self.allowed(self.job(ping, "--group-add", "1234", way="group"))


def make_image(socket, program, name, image):
    """A program of this host, with what it is linked with."""
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    libraries = re.findall(r"(/\S+) \(0x", linked.stdout) if linked.returncode == 0 else []
    context = WORLD.directory / name
    context.mkdir(exist_ok=True)
    with tarfile.open(context / "files.tar", "w") as tar:
        tar.add(program, "bin/" + name, filter=as_roots)
        for library in libraries:
            tar.add(os.path.realpath(library), library.lstrip("/"), filter=as_roots)
    (context / "Dockerfile").write_text("FROM %s\nADD files.tar /\n" % IMAGE)
    run_docker(socket, "build", "-q", "-t", image, str(context), check=True)


def as_roots(info):
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    return info


class CopyTest(HostFiles):
    def test_nobody_leaves_roots_files_on_the_host(self):
        """The engine unpacks what is copied in as root, past the container's user."""
        program = self.directory / "program"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o4755)
        self.serve("copy", {"host_path_mount": {"copy": True, "allow": self.roots()}, **RULES})
        for way, passes in (("straight", True), ("resolve", False), ("copy", True)):
            with self.subTest(way):
                done, name = self.create(way, "-v", "%s:/w" % self.work)
                self.allowed(done)
                done = self.docker(way, "cp", program, name + ":/w/" + way)
                if passes:
                    self.allowed(done)
                    self.assertEqual((self.work / way).stat().st_mode & 0o7777, 0o4755)
                else:
                    self.refused(done, "host_path_mount", "copied files")
                    self.assertFalse((self.work / way).exists())
                done, name = self.create(way, "-v", "%s:/w:ro" % self.work)
                self.allowed(done)
                self.allowed(self.docker(way, "cp", program, name + ":/tmp/program"))


class VolumeTest(HostFiles):
    """A local volume that binds a path is that path by another name."""

    def volume(self, way, device):
        name = self.name()
        self.addCleanup(self.docker, "straight", "volume", "rm", "-f", name)
        return self.docker(way, "volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=%s" % device, name), name

    def test_a_volume_of_an_allowed_path(self):
        done, name = self.volume("resolve", self.shared / "data")
        self.allowed(done)
        done, _ = self.create("resolve", "-v", name + ":/x", verb="run", command=("cat", "/x/file"))
        self.assertEqual(self.allowed(done), "shared\n")

    def test_a_volume_of_another_path(self):
        self.refused(self.volume("resolve", "/etc")[0], '"/etc" is outside')
        done, name = self.volume("straight", "/etc")
        self.allowed(done)
        self.refused(self.create("resolve", "-v", name + ":/x")[0], '"/etc" is outside')
        (self.work / "out").symlink_to("/")
        self.refused(self.volume("resolve", self.work / "out" / "etc")[0], "goes through the link")

    def test_a_path_that_becomes_a_link_after_the_create(self):
        (self.work / "dir").mkdir()
        done, name = self.volume("resolve", self.work / "dir")
        self.allowed(done)
        done, container = self.create("resolve", "-v", name + ":/x")
        self.allowed(done)
        (self.work / "dir").rmdir()
        (self.work / "dir").symlink_to("/etc")
        self.refused(self.docker("resolve", "start", container), "goes through the link")

    def test_nobody_fills_it_as_root(self):
        """The engine copies what the image has there into an empty volume, as root."""
        for way, filled in (("straight", True), ("resolve", False)):
            with self.subTest(way):
                (self.work / way).mkdir()
                done, name = self.volume(way, self.work / way)
                self.allowed(done)
                self.allowed(self.create(way, "-v", name + ":/bin", command=("true",))[0])
                self.assertEqual(any((self.work / way).iterdir()), filled)


class ContainerTest(HostFiles):
    """sockade in a container of the engine that it stands in front of, with a read-only view of two paths."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_image(cls.straight, os.path.realpath(binary()), "sockade", SOCKADE_IMAGE)

    def serve(self, way, rules, *options, **_):
        directory = self.directory / way
        directory.mkdir()
        os.chown(directory, sandbox.UID, sandbox.GID)
        os.chown(self.straight, -1, sandbox.ENGINE_GID)
        path = directory / "docker.sock"
        (directory / "sockade.yaml").write_text(json.dumps({
            "version": 1, "daemon": {"socket": self.straight},
            "listen": [{"socket": str(path), "mode": "0666", "policy": "test"}],
            "policies": {"test": {"base": "baseline", "rules": rules}}}))
        self.container_name = self.name()
        shown = ["-v", "%s:%s:ro" % (self.work, self.work), "-v", "%s:%s:ro" % (self.shared, self.shared)]
        meet = ["-v", "%s:%s" % (directory, directory), "-v", "%s:%s" % ((os.path.dirname(self.straight),) * 2)]
        run_docker(self.straight, "run", "-d", "--name", self.container_name, "--network", "none",
                   "--user", "%d:%d" % (sandbox.UID, sandbox.ENGINE_GID), "--read-only", "--cap-drop", "ALL",
                   *meet, *(options or shown), SOCKADE_IMAGE,
                   "sockade", "serve", "--config", directory / "sockade.yaml", check=True)
        wait_for(path.exists, self.log())
        self.ways[way] = str(path)
        self.addCleanup(self.ways.pop, way)

    def log(self):
        return run_docker(self.straight, "logs", self.container_name).stderr

    def test_what_is_mounted_is_seen(self):
        (self.work / "link").symlink_to("/etc")
        (self.work / "inside").symlink_to("dir")
        (self.work / "dir").mkdir()
        (self.shared / "current").symlink_to("data")
        (self.shared / "out").symlink_to("/etc")
        self.allowed(self.create("resolve", "-v", "%s/dir:/x" % self.work)[0])
        self.refused(self.create("resolve", "-v", "%s/inside:/x" % self.work)[0], "users other than root can change")
        self.refused(self.create("resolve", "-v", "%s/link:/x" % self.work)[0], "to a place that sockade cannot see")
        self.refused(self.create("resolve", "-v", "%s/out:/x" % self.shared)[0], "to a place that sockade cannot see")
        out, _ = self.create("resolve", "-v", "%s/current:/x:ro" % self.shared, verb="run", command=("cat", "/x/file"))
        self.assertEqual(self.allowed(out), "shared\n")
        wait_for(lambda: self.log().count("visible: the engine mounted it here") == 2, "the log")

    def test_what_is_not_mounted_or_is_another_is_not_seen(self):
        rules = {"host_path_mount": {"allow": self.roots()}}
        (self.work / "dir").mkdir()
        for way, source, target in (("none", "/srv", "/other"), ("other", "/usr", self.work)):
            self.serve(way, rules, "-v", "%s:%s:ro" % (source, target))
            self.refused(self.create(way, "-v", "%s/dir:/x" % self.work)[0], "cannot see where")
            self.allowed(self.create(way, "-v", "%s:/x" % self.work)[0])

    def test_a_directory_that_was_replaced_is_not_seen(self):
        self.allowed(self.create("resolve", "-v", "%s/data:/x" % self.shared)[0])
        self.shared.rename(self.directory / "old")
        (self.shared / "data").mkdir(parents=True)
        self.refused(self.create("resolve", "-v", "%s/data:/x" % self.shared)[0], "cannot see where")


class SandboxedLinkTest(LinkTest):
    sandboxed = True


class SandboxedUnseenTest(UnseenTest):
    sandboxed = True

    def test_the_unit_without_its_drop_in_sees_nothing(self):
        directory = self.directory / "plain"
        with mock.patch.object(subprocess, "run", lambda *_, **__: mock.Mock(stdout="")):
            sockade = self.serve("plain", {"host_path_mount": {"allow": self.roots()}})
        self.allowed(self.create("plain", "-v", "%s:/x" % self.work)[0])
        self.refused(self.create("plain", "-v", "%s/data:/x" % self.shared)[0], "cannot see where", "hidden")
        self.assertIn("not visible: the engine's process is hidden", sockade.log())
        self.assertTrue(directory.is_dir())

    def test_a_link_out_of_the_view(self):
        self.serve("allow", {"host_path_mount": {"symlinks": "allow", "allow": self.roots()}})
        (self.directory / "secret").mkdir()
        (self.work / "out").symlink_to(self.directory / "secret")
        self.refused(self.create("allow", "-v", "%s/out:/x" % self.work)[0], "to a place that sockade cannot see")


class SandboxedNestedTest(NestedTest):
    sandboxed = True


class SandboxedCopyTest(CopyTest):
    sandboxed = True
