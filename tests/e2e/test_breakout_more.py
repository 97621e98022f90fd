"""The same as test_breakout.py for the rules that harden, for those that a policy has to name,
and for what exists already: straight it works, through sockade it is refused by that rule's
name, and a harmless sibling is still allowed.
"""

import collections
import json
import unittest

from live import IMAGE, POLICIES, USER_IMAGE, LiveTest

ID = "1000:1000"


def only(rule, **parameters):
    """A policy of its own for a rule that no base has on."""
    name = "only-" + rule
    POLICIES[name] = {"base": "baseline", "rules": {rule: parameters or "deny"}}
    return (name,)


# `options` of docker create that some rule refuses, `sibling` options that it doesn't.
# {other} {bridge} {host} {network} are filled in.
Row = collections.namedtuple("Row", "rule options sibling policies", defaults=((), ("restricted",)))
BRIDGE = ["--network", "bridge"]

ROWS = [
    Row("published_ports", BRIDGE + ["-p", "0.0.0.0:18080:80"], BRIDGE + ["-p", "127.0.0.1:18080:80"]),
    Row("published_ports", BRIDGE + ["-p", "127.0.0.1:80:80"], BRIDGE + ["-p", "18080:80"]),
    Row("published_ports", BRIDGE + ["-P", "--expose", "80"], BRIDGE + ["--expose", "80"]),
    Row("published_ports", BRIDGE + ["-p", "127.0.0.1:2222:22"], BRIDGE + ["-p", "127.0.0.1:2222:2222"]),
    Row("restart_policy", ["--restart", "always"], ["--restart", "on-failure:3"]),
    Row("restart_policy", ["--restart", "unless-stopped"], ["--restart", "no"]),
    Row("restart_policy", ["--restart", "on-failure"]),
    Row("memory_limit", ["--memory", "900g"], ["--memory", "64m"]),
    Row("memory_limit", ["--memory", "64m", "--memory-swap", "-1"], ["--memory", "64m", "--memory-swap", "64m"]),
    Row("cpu_limit", ["--cpu-shares", "10240"], ["--cpu-shares", "100"]),
    Row("container_links", BRIDGE + ["--link", "{other}"], ["--network", "{network}", "--link", "{other}"]),
    Row("healthcheck", ["--no-healthcheck"], ["--health-cmd", "true", "--health-interval", "5s"]),
    Row("healthcheck", ["--health-cmd", "true", "--health-interval", "1ms"]),
    Row("host_network", ["--network", "{host}"], ["--network", "none"], ("baseline", "restricted")),
    Row("dropped_capabilities", [], ["--cap-drop", "ALL"], only("dropped_capabilities")),
    Row("read_only_rootfs", [], ["--read-only"], only("read_only_rootfs")),
    Row("default_bridge", BRIDGE, ["--network", "{network}"], only("default_bridge")),
    Row("default_bridge", ["--network", "default"], ["--network", "none"], only("default_bridge")),
    Row("default_bridge", ["--network", "{bridge}"], (), only("default_bridge")),
    Row("extra_hosts", ["--add-host", "x:203.0.113.9"], ["--add-host", "db:10.1.2.3"],
        only("extra_hosts", allow=["10.1.2.3"])),
    Row("extra_hosts", ["--add-host", "host.docker.internal:host-gateway"], (), only("extra_hosts", allow=["10.1.2.3"])),
    Row("dns_options", ["--dns", "203.0.113.9"], ["--dns", "10.1.2.3"], only("dns_options", servers=["10.1.2.3"])),
    Row("dns_options", ["--dns-option", "use-vc"], (), only("dns_options", servers=["10.1.2.3"])),
    Row("healthcheck", [], ["--health-cmd", "true"], only("healthcheck")),
]

POLICIES["judged"] = {"base": "baseline", "rules": {"volumes_from": {"judged": True},
                                                    "namespace_sharing": {"judged": True}}}
POLICIES["images"] = {"base": "baseline", "rules": {"image_registry": {"allow": ["registry.example.org"]}}}
POLICIES["local_images"] = {"base": "baseline", "rules": {
    "image_registry": {"allow": ["registry.example.org"], "local": True}}}
POLICIES["tags"] = {"base": "baseline", "rules": {"image_tag": "deny"}}
POLICIES["digests"] = {"base": "baseline", "rules": {"image_digest": "deny"}}
POLICIES["quiet"] = {"base": "baseline", "rules": {"network_icc": {"add": True}}}


class MoreTest(LiveTest):
    policies = tuple(sorted({"baseline", "restricted", "judged", "images", "local_images", "tags", "digests", "quiet"}.union(
        *(row.policies for row in ROWS))))

    def straight_ok(self, *arguments, **options):
        done = self.docker("straight", *arguments, **options)
        self.assertEqual(done.returncode, 0, "straight: %s %s" % (arguments, done.stderr))
        return done.stdout

    def refused(self, policy, rule, *arguments, **options):
        done = self.docker(policy, *arguments, **options)
        self.assertNotEqual(done.returncode, 0, arguments)
        self.assertIn("- %s: " % rule, done.stderr + done.stdout)

    def allowed(self, policy, *arguments, **options):
        done = self.docker(policy, *arguments, **options)
        self.assertEqual(done.returncode, 0, "%s: %s" % (arguments, done.stderr))
        return done.stdout

    def will_remove(self, *arguments):
        self.addCleanup(self.docker, "straight", *arguments)

    def network_id(self, name):
        return self.straight_ok("network", "inspect", "-f", "{{.Id}}", name).strip()[:12]

    def create(self, options, name):
        defaults = [] if "--network" in options else ["--network", "none"]
        return ["create", "--name", name, "--user", ID, *defaults, *options, USER_IMAGE, "true"]


class RowsTest(MoreTest):
    def test_rows(self):
        network = "e2e-more-net"
        self.straight_ok("network", "create", network)
        self.will_remove("network", "rm", network)
        values = {"other": self.container("straight", options=["--network", "bridge"], image=IMAGE),
                  "bridge": self.network_id("bridge"), "host": self.network_id("host"), "network": network}
        for row in ROWS:
            def filled(words):
                return [word.format(**values) for word in words]

            with self.subTest(rule=row.rule, options=row.options):
                self.straight_ok(*self.create(filled(row.options), self.name()))
                for policy in row.policies:
                    name = self.name()
                    self.refused(policy, row.rule, *self.create(filled(row.options), name))
                    self.assertNotEqual(self.docker("straight", "inspect", "--type", "container", name).returncode, 0)
                    if row.sibling:
                        self.allowed(policy, *self.create(filled(row.sibling), self.name()))

    def container(self, way, *command, options=(), image=USER_IMAGE):
        name = self.name()
        self.docker(way, "run", "-d", "--init", "--name", name, *options, image, *(command or ("sleep", "600")),
                    check=True)
        return name

    def test_what_restricted_writes_in(self):
        name = self.name()
        self.allowed("restricted", "create", "--name", name, "-p", "18080:80", USER_IMAGE)
        told = json.loads(self.straight_ok("inspect", name))[0]["HostConfig"]
        self.assertEqual(told["Memory"], 4 << 30)
        self.assertEqual(told["CpuShares"], 512)
        self.assertEqual(told["PortBindings"], {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18080"}]})
        self.assertIn("CHOWN", told["CapDrop"])
        self.assertNotIn("NET_RAW", told["CapDrop"])

    def test_what_is_dropped_is_gone(self):
        out = self.allowed("restricted", "run", "--rm", "--network", "none", USER_IMAGE, "cat", "/proc/self/status")
        # NET_BIND_SERVICE (10) and NET_RAW (13), which programs with file capabilities ask for.
        self.assertRegex(out, r"CapBnd:\s+0000000000002400")

    def test_what_this_engine_may_not_have(self):
        """Refused whether or not the engine, its version or its file system know of it."""
        mount = {"Type": "image", "Source": IMAGE, "Target": "/m"}
        for rule, host_config, sibling in (
                ("image_mount", {"Mounts": [mount]}, {"Mounts": [{"Type": "tmpfs", "Target": "/m"}]}),
                ("storage_options", {"StorageOpt": {"dm.thinpooldev": "/dev/sda"}}, {"StorageOpt": {}})):
            with self.subTest(rule):
                said, name = self.create_raw("restricted", host_config)
                self.assertEqual(said.status, 403, said.body)
                self.assertIn("- %s: " % rule, json.loads(said.body)["message"])
                self.assertNotEqual(self.docker("straight", "inspect", "--type", "container", name).returncode, 0)
                self.assertEqual(self.create_raw("restricted", sibling)[0].status, 201)

    def create_raw(self, way, host_config):
        name = self.name()
        body = {"Image": USER_IMAGE, "User": ID, "HostConfig": {"NetworkMode": "none", **host_config}}
        return self.api(way, "POST", "/v1.41/containers/create?name=" + name, body), name

    def test_builds(self):
        dockerfile = ("FROM %s\nRUN true\n" % IMAGE).encode()
        build = ["build", "--no-cache", "--rm", "--network", "none"]
        for rule, options in (("memory_limit", ["--memory", "900g"]), ("shm_size", ["--shm-size", "64g"]),
                              ("cpu_limit", ["--cpu-shares", "10240"]), ("ulimits", ["--ulimit", "memlock=-1"])):
            with self.subTest(rule):
                self.refused("restricted", rule, *build, *options, "-", input=dockerfile)
        self.refused("only-extra_hosts", "extra_hosts", *build, "--add-host", "x:203.0.113.9", "-", input=dockerfile)
        self.allowed("restricted", *build, "--memory", "64m", "--ulimit", "nofile=1024", "-", input=dockerfile)
        self.allowed("only-extra_hosts", *build, "--add-host", "x:10.1.2.3", "-", input=dockerfile)
        limit = ("FROM %s\nRUN cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; true\n"
                 % IMAGE).encode()
        self.assertIn(str(4 << 30), self.allowed("restricted", *build, "-", input=limit))


class ExistingTest(MoreTest):
    """Made by somebody else, straight: what may not be created may not be used either."""

    def test_every_use(self):
        name = self.container("straight", options=["-v", "/etc:/x"])
        image = "e2e-more:1"
        self.will_remove("rmi", "-f", image)
        for policy in ("baseline", "restricted"):
            for arguments in (["update", "--memory", "64m", "--memory-swap", "64m", name], ["commit", name, image],
                              ["export", "-o", str(self.directory / "out"), name], ["rename", name, name + "-b"],
                              ["cp", name + ":/x/passwd", str(self.directory)], ["attach", "--no-stdin", name],
                              ["restart", "-t", "0", name]):
                with self.subTest(policy, arguments=arguments):
                    done = self.docker(policy, *arguments)
                    self.assertNotEqual(done.returncode, 0)
                    # attach shows no text of a refusal.
                    self.assertIn("host_path_mount" if arguments[0] != "attach" else "", done.stderr)
            for arguments in (["logs", name], ["inspect", name], ["top", name], ["diff", name]):
                self.allowed(policy, *arguments)
        self.assertEqual(self.straight_ok("inspect", "-f", "{{.State.Running}}", name), "true\n")
        self.allowed("restricted", "kill", name)

    def test_an_exec_that_somebody_made(self):
        dangerous = self.container("straight", options=["-v", "/etc:/x"])
        harmless = self.container("straight", options=["--user", ID])

        def made(name, **what):
            return self.api("straight", "POST", "/v1.41/containers/%s/exec" % name,
                            {"Cmd": ["cat", "/x/passwd"], "AttachStdout": True, **what}).json()["Id"]

        for policy in ("baseline", "restricted"):
            for rule, exec_id in (("host_path_mount", made(dangerous)),
                                  ("privileged", made(harmless, Privileged=True))):
                with self.subTest(policy, rule=rule):
                    for action in ("start", "resize?h=1&w=1"):
                        response = self.api(policy, "POST", "/v1.41/exec/%s/%s" % (exec_id, action),
                                            {"Detach": True} if action == "start" else None)
                        self.assertEqual(response.status, 403, response.body)
                        self.assertIn(rule, response.body.decode())
            response = self.api(policy, "POST", "/v1.41/exec/%s/start" % made(harmless), {"Detach": True})
            self.assertEqual(response.status, 200, response.body)
        response = self.api("restricted", "POST", "/v1.41/exec/%s/start" % made(harmless, User="0"), {"Detach": True})
        self.assertEqual(response.status, 403, response.body)
        response = self.api("straight", "POST", "/v1.41/exec/%s/start" % made(dangerous), {"Detach": True})
        self.assertEqual(response.status, 200, response.body)

    def test_others_mounts_and_namespaces(self):
        dangerous = self.container("straight", options=["-v", "/etc:/x", "--ipc", "shareable"])
        harmless = self.container("straight", options=["-v", "/data", "--ipc", "shareable"])
        heir = self.name()
        self.straight_ok("create", "--name", heir, "--network", "none", "--volumes-from", dangerous, USER_IMAGE)
        for options in (["--volumes-from", "%s"], ["--pid", "container:%s"], ["--ipc", "container:%s"],
                        ["--network", "container:%s"]):
            with self.subTest(options):
                def create(other):
                    # pylint: disable=cell-var-from-loop
                    return self.create([word.replace("%s", other) for word in options], self.name())

                self.straight_ok(*create(dangerous))
                self.refused("judged", "host_path_mount", *create(dangerous))
                self.allowed("judged", *create(harmless))
                self.assertNotEqual(self.docker("baseline", *create(harmless)).returncode, 0)
        self.refused("judged", "host_path_mount", "start", heir)
        self.refused("judged", "host_path_mount", *self.create(["--volumes-from", heir], self.name()))


class ImagesTest(MoreTest):
    def named(self, image):
        self.straight_ok("tag", USER_IMAGE, image)
        self.will_remove("rmi", image)
        return image

    def test_registries(self):
        ours = self.named("registry.example.org/e2e/app:1")
        theirs = self.named("evil.example.com/e2e/app:1")
        image_id = self.straight_ok("image", "inspect", "-f", "{{.Id}}", IMAGE).strip()
        for image in (theirs, USER_IMAGE, image_id, image_id[7:19], "registry.example.org.evil.com/a"):
            with self.subTest(image):
                if "evil.com" not in image:
                    self.straight_ok("create", "--name", self.name(), "--network", "none", image, "true")
                self.refused("local_images", "image_registry", "create", "--name", self.name(), "--network", "none",
                             image)
        self.allowed("local_images", "create", "--name", self.name(), "--network", "none", ours)
        own_id = self.straight_ok("image", "inspect", "-f", "{{.Id}}", ours).strip()
        self.allowed("local_images", "create", "--name", self.name(), "--network", "none", own_id)
        for image in (ours, own_id, own_id[7:19]):  # whatever it is called, it was pulled from nowhere
            self.refused("images", "image_registry", "create", "--name", self.name(), "--network", "none", image)
        name = self.name()
        self.allowed("local_images", "create", "--name", name, "--network", "none", own_id[7:19])
        self.assertEqual(self.straight_ok("inspect", "-f", "{{.Config.Image}}", name).strip(), own_id)

    def test_pulls_and_tags(self):
        self.refused("images", "image_registry", "pull", "127.0.0.1:1/x:1")
        self.refused("images", "image_registry", "tag", IMAGE, "registry.example.org/e2e/x:1")
        self.refused("tags", "image_tag", "pull", "127.0.0.1:1/x")
        self.refused("tags", "image_tag", "pull", "-a", "127.0.0.1:1/x")
        self.refused("digests", "image_digest", "pull", "127.0.0.1:1/x:1")
        self.refused("tags", "image_tag", "create", "--name", self.name(), "--network", "none", USER_IMAGE)
        versioned = self.named("e2e-versioned:1")
        self.allowed("tags", "create", "--name", self.name(), "--network", "none", versioned)
        self.refused("digests", "image_digest", "create", "--name", self.name(), "--network", "none", versioned)
        image_id = self.straight_ok("image", "inspect", "-f", "{{.Id}}", USER_IMAGE).strip()
        self.allowed("digests", "create", "--name", self.name(), "--network", "none", image_id)


class NetworksTest(MoreTest):
    def test_connections(self):
        self.straight_ok("network", "create", "--subnet", "172.30.7.0/24", "e2e-more-n1")
        self.will_remove("network", "rm", "e2e-more-n1")
        name = self.name()
        self.straight_ok("create", "--name", name, "--user", ID, "--network", "bridge", USER_IMAGE)
        target = "/v1.41/networks/e2e-more-n1/connect"
        body = {"Container": name, "EndpointConfig": {"MacAddress": "02:42:ac:11:00:09"}}
        response = self.api("baseline", "POST", target, body)
        self.assertEqual(response.status, 403, response.body)
        response = self.api("baseline", "POST", target,
                            {"Container": name, "EndpointConfig": {"DriverOpts": {"com.example.x": "1"}}})
        self.assertEqual(response.status, 403, response.body)
        response = self.api("baseline", "POST", "/v1.41/networks/%s/connect" % self.network_id("host"),
                            {"Container": name})
        self.assertEqual(response.status, 403, response.body)
        self.assertIn("host_network", response.body.decode())
        response = self.api("only-default_bridge", "POST",
                            "/v1.41/networks/%s/connect" % self.network_id("bridge"), {"Container": name})
        self.assertEqual(response.status, 403, response.body)
        self.allowed("baseline", "network", "connect", "--ip", "172.30.7.9", "e2e-more-n1", name)

    def test_a_mac_address(self):
        # The CLI asks newer engines only, by the endpoint; older ones take it here.
        body = {"Image": USER_IMAGE, "User": ID, "MacAddress": "02:42:ac:11:00:09"}
        statuses = {way: self.api(way, "POST", "/v1.41/containers/create?name=" + self.name(), body).status
                    for way in ("straight", "baseline")}
        self.assertEqual(statuses, {"straight": 201, "baseline": 403})

    def test_options(self):
        self.will_remove("network", "rm", "e2e-more-n2", "e2e-more-n3")
        binding = ["-o", "com.docker.network.bridge.host_binding_ipv4=0.0.0.0"]
        self.straight_ok("network", "create", *binding, "e2e-more-n2")
        self.refused("baseline", "network_driver", "network", "create", *binding, "e2e-more-n3")
        self.refused("quiet", "network_icc", "network", "create", "-o",
                     "com.docker.network.bridge.enable_icc=true", "e2e-more-n3")
        self.allowed("quiet", "network", "create", "e2e-more-n3")
        out = self.straight_ok("network", "inspect", "-f", "{{json .Options}}", "e2e-more-n3")
        self.assertEqual(json.loads(out), {"com.docker.network.bridge.enable_icc": "false"})


if __name__ == "__main__":
    unittest.main()
