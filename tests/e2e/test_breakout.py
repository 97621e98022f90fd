"""For every rule the command that would leave the container: straight to the engine it works,
through sockade it is refused by that rule's name, and a harmless sibling is still allowed.

A row is proved straight by running it (`shows` is what the container then sees) or, where
this host can't or mustn't start such a container, by creating it.
"""

import collections
import io
import json
import os
import socket
import tarfile
import unittest

from live import IMAGE, LABEL, POLICIES, USER_IMAGE, WORLD, LiveTest

ID = "1000:1000"
SHARED = str(WORLD.directory / "on-host")

POLICIES["shared"] = {"base": "restricted", "rules": {"host_path_mount": {"allow": [
    {"path": SHARED, "access": "ro"}, {"path": SHARED + "/rw", "access": "rw"}]}}}

# `options` of docker run that break out, `sibling` options that don't. Without `shows` the
# container is only created. {engine} {other} {bound} {volume} {pid} {shared} are filled in.
Row = collections.namedtuple("Row", "rule options shows command sibling policies",
                             defaults=(None, ("true",), (), ("baseline", "restricted")))
RESTRICTED = ("restricted",)
STATUS = ("cat", "/proc/self/status")

ROWS = [
    Row("privileged", ["--privileged"]),
    Row("added_capabilities", ["--cap-add", "SYS_ADMIN"], r"CapBnd:\s+0000000[0-9a-f]a82[0-9a-f]{5}", STATUS,
        ["--cap-drop", "ALL"]),
    Row("added_capabilities", ["--cap-add", "cap_sys_admin"]),
    Row("added_capabilities", ["--cap-add", "ALL"]),
    Row("added_capabilities", ["--cap-drop", "ALL", "--cap-add", "SYS_PTRACE"]),
    Row("docker_socket_mount", ["-v", "{engine}:/var/run/docker.sock"], "^s", ("ls", "-l", "/var/run/docker.sock")),
    Row("docker_socket_mount", ["-v", "{engine}:/any.sock:ro"], "^s", ("ls", "-l", "/any.sock")),
    Row("docker_socket_mount", ["--mount", "type=bind,source={engine},target=/x"], "^s", ("ls", "-l", "/x")),
    Row("docker_socket_mount", ["-v", "{engine_directory}:/x"], "docker.sock", ("ls", "/x/docker.sock")),
    Row("docker_socket_mount", ["-v", "{engine_directory}/../{engine_name}/docker.sock:/x"], "^s", ("ls", "-l", "/x")),
    Row("docker_socket_mount", ["-v", "/:/x"], "etc", ("ls", "/x")),
    Row("host_path_mount", ["-v", "/etc:/x:ro"], "root:", ("cat", "/x/passwd"), ["-v", "{volume}:/data"]),
    Row("host_path_mount", ["-v", "/usr/../etc//:/x"], "root:", ("cat", "/x/passwd"), ["-v", "/data"]),
    Row("host_path_mount", ["--mount", "type=bind,source=/etc,target=/x,readonly"], "root:", ("cat", "/x/passwd"),
        ["--mount", "type=tmpfs,target=/x"]),
    Row("host_path_mount", ["-v", "{shared}:/x"], "file", ("ls", "/x"), ["-v", "{shared}:/x:ro"], ("shared",)),
    Row("host_path_mount", ["-v", "{shared}/rw/../../engine:/x:ro"], None, ("true",), ["-v", "{shared}/rw:/x"],
        ("shared",)),
    Row("host_path_mount", ["-v", "{shared}-evil:/x:ro"], "file", ("ls", "/x"),
        ["--mount", "type=bind,source={shared},target=/x,readonly"], ("shared",)),
    Row("mount_propagation", ["-v", "{shared}:/x:ro,rshared"], None, ("true",), ["-v", "{shared}:/x:ro,rprivate"],
        ("shared",)),
    Row("host_path_mount volume_driver", [
        "--mount", "type=volume,source=e2e-new-bind,target=/x,volume-driver=local,volume-opt=type=none,"
        "volume-opt=o=bind,volume-opt=device=/etc"], "root:", ("cat", "/x/passwd"),
        ["--mount", "type=volume,source={volume},target=/x,volume-driver=local"]),
    Row("host_path_mount volume_driver", ["-v", "{bound}:/x"], "root:", ("cat", "/x/passwd"), ["-v", "{volume}:/x"]),
    Row("volumes_from", ["--volumes-from", "{other}"], "root:", ("cat", "/host/passwd")),
    Row("volumes_from", ["--volumes-from", "{other}:ro"], "root:", ("cat", "/host/passwd")),
    Row("host_network", ["--network", "host"], "^{interfaces}\n$", ("ls", "/sys/class/net"), ["--network", "none"]),
    Row("host_pid", ["--pid", "host"], "/proc/{pid}", ("ls", "-d", "/proc/{pid}")),
    Row("host_ipc", ["--ipc", "host"], None, ("true",), ["--ipc", "private"]),
    Row("host_uts", ["--uts", "host"], "^{hostname}\n$", ("hostname",), ["--hostname", "box"]),
    Row("host_userns", ["--userns", "host"]),
    Row("host_cgroupns", ["--cgroupns", "host"], None, ("true",), ["--cgroupns", "private"]),
    Row("namespace_sharing", ["--pid", "container:{other}"], "sleep 600", ("ps",)),
    Row("namespace_sharing", ["--network", "container:{other}"]),
    Row("namespace_sharing", ["--ipc", "container:{other}"], None, ("true",), ["--ipc", "none"]),
    Row("run_as_root", ["--user", "0"], "^0\n$", ("id", "-u"), (), RESTRICTED),
    Row("run_as_root", ["--user", "root"], "^0\n$", ("id", "-u"), (), RESTRICTED),
    Row("run_as_root", ["--user", "00"], "^0\n$", ("id", "-u"), (), RESTRICTED),
    Row("run_as_root", ["--user", "+0"], "^0\n$", ("id", "-u"), (), RESTRICTED),
    Row("run_as_root", ["--user", "-0"], "^0\n$", ("id", "-u"), (), RESTRICTED),
    Row("run_as_root", ["--user", "0:1000"], "^0\n$", ("id", "-u"), ["--user", "1001"], RESTRICTED),
    Row("run_as_root", ["--user", ":"], "^0\n$", ("id", "-u"), (), RESTRICTED),
    Row("run_as_root", ["--user", ""], "^0\n$", ("id", "-u"), (), RESTRICTED),
    Row("root_group", ["--user", "1000:0"], "^0\n$", ("id", "-g"), ["--user", "1000:1001"], RESTRICTED),
    Row("supplementary_groups root_group", ["--group-add", "0"], r"\b0\b", ("id", "-G"), (), RESTRICTED),
    Row("supplementary_groups", ["--group-add", "999"], "999", ("id", "-G"), (), RESTRICTED),
    Row("privilege_escalation", ["--security-opt", "no-new-privileges=false"], r"NoNewPrivs:\s+0", STATUS,
        ["--security-opt", "no-new-privileges"], RESTRICTED),
    Row("privilege_escalation", ["--security-opt", "no-new-privileges", "--security-opt", "no-new-privileges=false"],
        r"NoNewPrivs:\s+0", STATUS, ["--security-opt", "no-new-privileges=true"], RESTRICTED),
    Row("seccomp_profile", ["--security-opt", "seccomp=unconfined"], r"Seccomp:\s+0", STATUS),
    Row("seccomp_profile", ["--security-opt", "seccomp:unconfined"], r"Seccomp:\s+0", STATUS),
    Row("seccomp_profile", ["--security-opt", "seccomp={profile}"], r"Seccomp:\s+0", STATUS),
    Row("apparmor_profile", ["--security-opt", "apparmor=unconfined"]),
    Row("selinux_options", ["--security-opt", "label=disable"]),
    Row("selinux_options", ["--security-opt", "label=type:spc_t"]),
    Row("masked_paths", ["--security-opt", "systempaths=unconfined"], "^0\n$",
        ("sh", "-c", "grep -c ' /proc/k' /proc/mounts; true")),
    Row("host_devices", ["--device", "/dev/zero:/dev/host"], "/dev/host", ("ls", "/dev/host")),
    Row("device_cgroup_rules", ["--device-cgroup-rule", "a *:* rwm"]),
    Row("device_requests", ["--gpus", "all"]),
    Row("sysctls", ["--sysctl", "net.ipv4.ip_forward=1"], None, ("true",),
        ["--sysctl", "net.ipv4.ip_unprivileged_port_start=0"]),
    Row("sysctls", ["--sysctl", "kernel.msgmax=65536"]),
    Row("runtime", ["--runtime", "io.containerd.runc.v2"], None, ("true",), ["--runtime", "runc"]),
    Row("cgroup_parent", ["--cgroup-parent", "/e2e"]),
    Row("cgroup_parent", ["--cgroup-parent", "../.."]),
    Row("oom_score", ["--oom-score-adj", "-500"], None, ("true",), ["--oom-score-adj", "500"]),
    Row("oom_score", ["--oom-kill-disable", "--memory", "64m"], None, ("true",), ["--memory", "64m"]),
    Row("log_driver", ["--log-driver", "syslog", "--log-opt", "syslog-address=udp://127.0.0.1:514"], None, ("true",),
        ["--log-driver", "json-file", "--log-opt", "max-size=1m"]),
    Row("log_driver", ["--log-driver", "none"]),
    Row("tmpfs_options", ["--tmpfs", "/x:suid,dev"], "^tmpfs /x tmpfs (?!.*nosuid)", ("grep", " /x ", "/proc/mounts"),
        ["--tmpfs", "/x:size=1m"]),
    Row("ulimits", ["--ulimit", "memlock=-1"], None, ("true",), ["--ulimit", "nofile=1024"], RESTRICTED),
    Row("pids_limit", ["--pids-limit", "-1"], None, ("true",), ["--pids-limit", "100"], RESTRICTED),
    Row("shm_size", ["--shm-size", "64g"], None, ("true",), ["--shm-size", "16m"], RESTRICTED),
]


class BreakoutTest(LiveTest):
    policies = ("baseline", "restricted", "shared")

    @classmethod
    def setUpClass(cls):
        for path in ("", "/rw", "-evil"):
            os.makedirs(SHARED + path, exist_ok=True)
        for path in (SHARED, SHARED + "-evil"):
            with open(path + "/file", "w", encoding="ascii") as file:
                file.write("shared\n")
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.straight_ok("volume", "create", "e2e-harmless")
        self.straight_ok("volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=/etc", "e2e-bound")
        self.will_make("volume", "e2e-harmless", "e2e-bound", "e2e-new-bind")
        self.other = self.container("straight", options=["-v", "/etc:/host:ro", "--user", ID, "--ipc", "shareable"],
                                    image=IMAGE)

    def straight_ok(self, *arguments):
        done = self.docker("straight", *arguments)
        self.assertEqual(done.returncode, 0, "straight: %s %s" % (arguments, done.stderr))
        return done.stdout

    def filled(self, words):
        directory = os.path.dirname(self.straight)
        profile = self.directory / "seccomp.json"
        profile.write_text("{}")
        values = {"engine": self.straight, "engine_directory": directory, "engine_name": os.path.basename(directory),
                  "other": self.other, "bound": "e2e-bound", "volume": "e2e-harmless", "pid": os.getpid(),
                  "shared": SHARED, "profile": profile, "hostname": socket.gethostname()}
        filled = []
        for word in words:
            for key, value in values.items():
                word = word.replace("{%s}" % key, str(value))
            filled.append(word)
        return filled

    def command(self, row, options, name, verb):
        options = self.filled(options)
        defaults = ["--name", name]
        if "--network" not in options:
            defaults += ["--network", "none"]
        if "--user" not in options:
            defaults += ["--user", ID]
        return [verb, *defaults, *options, IMAGE, *self.filled(row.command)]

    def prove_straight(self, row):
        name = self.name()
        if row.shows is None:
            self.straight_ok(*self.command(row, row.options, name, "create"))
            return
        out = self.straight_ok(*self.command(row, row.options, name, "run"))
        shows = row.shows.replace("{interfaces}", "\n".join(self.host_interfaces()))
        self.assertRegex(out, self.filled([shows])[0])

    def host_interfaces(self):
        """Those of the engine's network, seen by a process in it."""
        out = self.straight_ok("run", "--rm", "--network", "host", "--name", self.name(), IMAGE, "ls", "/sys/class/net")
        return out.split()

    def test_what_breaks_out_is_refused_and_its_sibling_is_not(self):
        for row in ROWS:
            with self.subTest(row.rule, options=row.options):
                self.prove_straight(row)
                for policy in row.policies:
                    name = self.name()
                    done = self.docker(policy, *self.command(row, row.options, name, "create"))
                    self.assertEqual(done.returncode, 1, "created through %s" % policy)
                    self.assertIn("denied by policy", done.stderr)
                    said = [rule for rule in row.rule.split() if "- %s: " % rule in done.stderr]
                    self.assertTrue(said, done.stderr)
                    self.assertNotEqual(self.docker("straight", "inspect", "--type", "container", name).returncode, 0)
                    done = self.docker(policy, *self.command(row, row.sibling, self.name(), "create"))
                    self.assertEqual(done.returncode, 0, "sibling through %s: %s" % (policy, done.stderr))

    def refused(self, policy, rule, *arguments, **options):
        done = self.docker(policy, *arguments, **options)
        self.assertNotEqual(done.returncode, 0, arguments)
        said = done.stderr + done.stdout
        self.assertTrue(any("- %s: " % each in said for each in rule.split()), said)

    def allowed(self, policy, *arguments, **options):
        done = self.docker(policy, *arguments, **options)
        self.assertEqual(done.returncode, 0, "%s: %s" % (arguments, done.stderr))
        return done.stdout

    def test_the_images_user(self):
        self.assertEqual(self.straight_ok("run", "--rm", "--network", "none", IMAGE, "id", "-u"), "0\n")
        self.refused("restricted", "run_as_root", "create", "--name", self.name(), "--network", "none", IMAGE)
        out = self.allowed("restricted", "run", "--rm", "--network", "none", USER_IMAGE, "id", "-u")
        self.assertEqual(out, "1000\n")

    def test_what_restricted_writes_in(self):
        out = self.allowed("restricted", "run", "--rm", "--network", "none", USER_IMAGE, "cat", "/proc/self/status")
        self.assertRegex(out, r"NoNewPrivs:\s+1")
        self.assertRegex(out, r"Seccomp:\s+2")
        name = self.name()
        self.allowed("restricted", "create", "--network", "none", "--name", name, USER_IMAGE)
        self.assertGreater(int(self.straight_ok("inspect", "-f", "{{.HostConfig.PidsLimit}}", name)), 0)

    def test_exec(self):
        for policy in ("baseline", "restricted"):
            with self.subTest(policy):
                name = self.container(policy)
                # Made, not started: that takes more than some hosts of this test may give.
                made = self.api("straight", "POST", "/v1.41/containers/%s/exec" % name,
                                {"Cmd": ["id"], "Privileged": True, "User": "0"})
                told = self.api("straight", "GET", "/v1.41/exec/%s/json" % made.json()["Id"])
                self.assertTrue(told.json()["ProcessConfig"]["privileged"])
                self.refused(policy, "privileged", "exec", "--privileged", name, "id")
                self.assertEqual(self.allowed(policy, "exec", name, "id", "-u"), "1000\n")
        for user in ("0", "root", "00", "+0", "0:0", "-0"):
            with self.subTest(user):
                self.assertEqual(self.straight_ok("exec", "-u", user, name, "id", "-u"), "0\n")
                self.refused("restricted", "run_as_root", "exec", "-u", user, name, "id")
        self.refused("restricted", "root_group", "exec", "-u", "1000:0", name, "id")
        self.assertEqual(self.allowed("restricted", "exec", "-u", "1001:1002", name, "id", "-g"), "1002\n")

    def test_containers_that_exist(self):
        """Made by somebody else, straight: what may not be created may not be used either."""
        for policy in ("baseline", "restricted"):
            for rule, options in (("host_path_mount", ["-v", "/etc:/x"]), ("host_pid", ["--pid", "host"]),
                                  ("docker_socket_mount", ["-v", self.straight + ":/x"]),
                                  ("host_path_mount volume_driver", ["-v", "e2e-bound:/x"])):
                with self.subTest(policy, options=options):
                    running = self.container("straight", options=options)
                    self.refused(policy, rule, "exec", running, "cat", "/x/passwd")
                    self.refused(policy, rule, "cp", running + ":/x/passwd", self.directory)
                    self.refused(policy, rule, "restart", "-t", "0", running)
                    self.straight_ok("kill", running)
                    self.refused(policy, rule, "start", running)
                    self.allowed(policy, "rm", running)
            with self.subTest(policy, rule="privileged"):
                name = self.name()
                self.straight_ok("create", "--privileged", "--network", "none", "--name", name, USER_IMAGE)
                self.refused(policy, "privileged", "start", name)

    def test_volumes(self):
        bind = ["volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=/etc"]
        self.will_make("volume", "e2e-v1", "e2e-v2")
        self.straight_ok(*bind, "e2e-v1")
        for policy in ("baseline", "restricted"):
            self.refused(policy, "host_path_mount volume_driver", *bind, "e2e-v2")
            self.allowed(policy, "volume", "create", "e2e-v2")

    def test_networks(self):
        self.will_make("network", "e2e-n1", "e2e-n2")
        options = ["network", "create", "-o", "com.docker.network.bridge.name=e2ebridge"]
        self.straight_ok(*options, "e2e-n1")
        self.straight_ok("network", "rm", "e2e-n1")
        for policy in ("baseline", "restricted"):
            self.refused(policy, "network_driver", *options, "e2e-n1")
            self.refused(policy, "network_driver", "network", "create", "-d", "macvlan", "-o", "parent=lo", "e2e-n1")
            self.allowed(policy, "network", "create", "e2e-n2")
            self.allowed(policy, "network", "rm", "e2e-n2")

    def test_build(self):
        self.will_make("image", "e2e-built:1")
        dockerfile = ("FROM %s\nRUN ls /sys/class/net && cat /proc/self/cgroup\n" % IMAGE).encode()

        def build(*options):
            return ["build", *LABEL, "--no-cache", "--rm", "-t", "e2e-built:1", *options, "-"]

        self.assertIn("Successfully built", self.straight_ok_with(dockerfile, *build("--network", "host")))
        self.assertIn("Successfully built", self.straight_ok_with(dockerfile, *build(
            "--network", "none", "--cgroup-parent", "/e2e")))
        for policy in ("baseline", "restricted"):
            with self.subTest(policy):
                self.refused(policy, "host_network", *build("--network", "host"), input=dockerfile)
                self.refused(policy, "namespace_sharing", *build("--network", "container:" + self.other),
                             input=dockerfile)
                self.refused(policy, "cgroup_parent", *build("--network", "none", "--cgroup-parent", "/e2e"),
                             input=dockerfile)
                self.allowed(policy, *build("--network", "none"), input=dockerfile)

    def straight_ok_with(self, data, *arguments):
        done = self.docker("straight", *arguments, input=data)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_update(self):
        name = self.container("restricted")
        self.straight_ok("update", "--pids-limit", "-1", name)
        self.refused("restricted", "pids_limit", "update", "--pids-limit", "-1", name)
        self.allowed("restricted", "update", "--pids-limit", "50", name)

    def test_commit_is_no_detour(self):
        name = self.container("restricted")
        image = "e2e-committed:1"
        self.will_make("image", image)
        if self.docker("restricted", "commit", "--change", "USER 0", name, image).returncode == 0:
            self.refused("restricted", "run_as_root", "create", "--name", self.name(), "--network", "none", image)

    def test_a_name_that_moves(self):
        """What was judged is what runs: the user is written in, whatever the tag names next."""
        tag = "e2e-moving:1"
        self.will_make("image", tag)
        self.straight_ok("tag", USER_IMAGE, tag)
        name = self.name()
        self.allowed("restricted", "create", "--network", "none", "--name", name, tag, "id", "-u")
        self.assertEqual(self.straight_ok("inspect", "-f", "{{.Config.User}}", name), "1000:1000\n")
        self.straight_ok("tag", IMAGE, tag)
        self.refused("restricted", "run_as_root", "create", "--name", self.name(), "--network", "none", tag)


class RawBreakoutTest(LiveTest):
    """Spellings that the CLI doesn't have. Straight the engine obeys; `holds` is what its
    inspection then says."""

    policies = ("baseline", "restricted", "open")

    BODIES = [
        ("two spellings", '{"Image":"%s","HostConfig":{"Privileged":false},"hostconfig":{"PRIVILEGED":true}}',
         "HostConfig.Privileged"),
        ("a long s", '{"Image":"%s","Ho\u017ftConfig":{"Privileged":true}}', "HostConfig.Privileged"),
        ("an escaped long s", '{"Image":"%s","Ho\\u017ftConfig":{"Privileged":true}}', "HostConfig.Privileged"),
        ("repeated", '{"Image":"%s","HostConfig":{"Privileged":false,"Privileged":true}}', "HostConfig.Privileged"),
        ("merged", '{"Image":"%s","HostConfig":{"Privileged":true},"HostConfig":{"Memory":67108864}}',
         "HostConfig.Privileged"),
        ("behind the body", '{"Image":"%s","HostConfig":{"Privileged":true}} {"Image":"x"}', "HostConfig.Privileged"),
        ("a bind with NUL", '{"Image":"%s","HostConfig":{"Binds":["/etc:/x\\u0000"]}}', "HostConfig.Binds"),
    ]
    # No JSON that two readers read differently, but danger all the same: 403 where bodies are judged.
    PLAIN = [
        ("folded names", '{"Image":"%s","hostconfig":{"PRIVILEGED":true}}', "HostConfig.Privileged"),
        ("at the top", '{"Image":"%s","Privileged":true}', "HostConfig.Privileged"),
        ("binds at the top", '{"Image":"%s","Binds":["/etc:/x"]}', "HostConfig.Binds"),
        ("a capability as a string", '{"Image":"%s","HostConfig":{"CapAdd":"SYS_ADMIN"}}', "HostConfig.CapAdd"),
        ("a capability with a long s", '{"Image":"%s","HostConfig":{"CapAdd":["\u017fys_admin"]}}',
         "HostConfig.CapAdd"),
        ("seccomp by JSON", '{"Image":"%s","HostConfig":{"SecurityOpt":["seccomp={}"]}}', "HostConfig.SecurityOpt"),
        ("nothing masked", '{"Image":"%s","HostConfig":{"MaskedPaths":[]}}', None),
        ("less masked", '{"Image":"%s","HostConfig":{"ReadonlyPaths":["/proc/asound"]}}', None),
    ]

    def create(self, way, body):
        name = self.name()
        response = self.api(way, "POST", "/v1.41/containers/create?name=" + name, body.encode(),
                            [("Content-Type", "application/json")])
        return name, response

    def holds(self, name, path):
        value = self.api("straight", "GET", "/containers/%s/json" % name).json()
        for key in path.split("."):
            value = value[key]
        return value

    def check(self, body, path, statuses):
        body = body % USER_IMAGE
        name, response = self.create("straight", body)
        self.assertEqual(response.status, 201, response.body)
        if path:
            self.assertTrue(self.holds(name, path), "straight it has no effect")
        for way, status in statuses.items():
            name, response = self.create(way, body)
            self.assertEqual(response.status, status, (way, response.body))
            self.assertEqual(self.api("straight", "GET", "/containers/%s/json" % name).status, 404)

    def test_ambiguous_bodies(self):
        for what, body, path in self.BODIES:
            with self.subTest(what):
                self.check(body, path, {"baseline": 400, "restricted": 400})
                # Where nothing is judged it is the engine's, byte by byte.
                name, response = self.create("open", body % USER_IMAGE)
                self.assertEqual(response.status, 201, response.body)
                self.assertTrue(self.holds(name, path))

    def test_plain_bodies(self):
        for what, body, path in self.PLAIN:
            with self.subTest(what):
                try:
                    self.check(body, path, {"baseline": 403, "restricted": 403})
                except AssertionError as problem:
                    # A wrong type may as well be called ambiguous.
                    if "400 != 403" not in str(problem) or "string" not in what:
                        raise

    def test_old_versions(self):
        """Before 1.24 a start had a body that made the container privileged; `open` passes it on as any other."""
        seen = {}
        for way in ("baseline", "restricted", "open", "straight"):
            name = self.name()
            self.docker("straight", "create", "--network", "none", "--name", name, USER_IMAGE, check=True)
            response = self.api(way, "POST", "/v1.23/containers/%s/start" % name, {"Privileged": True})
            seen[way] = (response.status, self.holds(name, "HostConfig.Privileged"))
        for way in ("baseline", "restricted"):
            self.assertGreaterEqual(seen[way][0], 400)
            self.assertFalse(seen[way][1])
        self.assertEqual(seen["open"], seen["straight"])

    def test_forms(self):
        """The engine takes a form's fields for the query's."""
        name, other = self.name(), self.name()
        self.docker("straight", "create", "--network", "none", "--name", name, USER_IMAGE, check=True)
        form = [("Content-Type", "application/x-www-form-urlencoded")]
        for way in ("baseline", "restricted", "open"):
            response = self.api(way, "POST", "/v1.41/containers/%s/rename?name=%s-a" % (name, other),
                                b"name=%s" % other.encode(), form)
            self.assertGreaterEqual(response.status, 400)
        response = self.api("straight", "POST", "/v1.41/containers/%s/rename?name=%s-a" % (name, other),
                            b"name=%s" % other.encode(), form)
        self.assertEqual(response.status, 204)
        self.assertEqual(self.holds(other, "Name"), "/" + other, "straight the form wins")

    def test_a_remote_build(self):
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as archive:
            text = b"FROM scratch\nLABEL a=b\n"
            info = tarfile.TarInfo("Dockerfile")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
        tar = [("Content-Type", "application/x-tar")]
        for way in ("baseline", "restricted"):
            for query in ("remote=http://127.0.0.1:1/x", "version=2", "session=x", "networkmode=host",
                          "networkmode=container:x", "outputs=%5B%5D", "securityopt=%5B%22seccomp=unconfined%22%5D"):
                response = self.api(way, "POST", "/v1.41/build?" + query, context.getvalue(), tar)
                self.assertEqual(response.status, 403, (way, query, response.body))
            response = self.api(way, "POST", "/v1.41/build?q=1", context.getvalue(), tar)
            self.assertEqual(response.status, 200, response.body)
            image = json.loads(response.body.splitlines()[0])["stream"].strip()
            self.docker("straight", "rmi", image)

    def test_an_image_from_a_url(self):
        for way in ("baseline", "restricted"):
            response = self.api(way, "POST", "/v1.41/images/create?fromSrc=http://127.0.0.1:1/x&repo=e2e-x")
            self.assertEqual(response.status, 403, (way, response.body))


if __name__ == "__main__":
    unittest.main()
