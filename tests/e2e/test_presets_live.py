"""The presets with the tools they are for, in front of a real engine.

CrowdSec, the Zabbix agent and Ansible's collection are unpacked by scripts/fetch-tools.sh into
SOCKADE_TOOLS (build/tools unless given); a test whose tool isn't there is skipped. GitHub's runner
and Jenkins' Docker Pipeline call the docker CLI: these are their command lines. Watchtower isn't
packaged: its requests are made from what the engine says, in the order of its source.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from live import IMAGE, PATIENCE_S, ROOT, WORLD, LiveTest, Sockade, run_docker

from harness import binary  # isort: skip (live.py says where it is)
from wire import wait_for  # isort: skip

TOOLS = pathlib.Path(os.environ.get("SOCKADE_TOOLS", ROOT / "build" / "tools"))
COLLECTIONS = TOOLS / "usr/lib/python3/dist-packages"
ZABBIX = TOOLS / "usr/sbin/zabbix_agent2"
CROWDSEC = TOOLS / "usr/bin/crowdsec"


def preset_text(name):
    return subprocess.run([binary(), "init", name], check=True, capture_output=True, text=True, timeout=60).stdout


class PresetTest(LiveTest):
    """`preset` is served for the whole class, with what `moved()` says put in place of its paths."""

    policies = ()
    preset = None

    @classmethod
    def moved(cls):
        return {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = WORLD.directory / ("preset-" + cls.preset)
        cls.folder.mkdir(exist_ok=True)
        text = preset_text(cls.preset)
        for path, other in cls.moved().items():
            assert path in text
            text = text.replace(path, str(other))
        config = cls.folder / "sockade.yaml"
        config.write_text(text)
        socket = cls.folder / "docker.sock"
        cls.log = cls.folder / "audit.log"
        if cls.preset not in WORLD.proxies:
            sockade = Sockade(cls.folder, ["serve", "--config", config, "--listen", "unix:%s" % socket, "--upstream",
                                           "unix:" + cls.straight, "--audit", cls.log, "--audit-format", "json"])
            sockade.wait_ready(socket)
            WORLD.proxies[cls.preset] = (sockade, socket)
        cls.ways["preset"] = str(socket)
        cls.host = "unix://%s" % socket

    def audited(self):
        records = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [record for record in records if "event" not in record]

    def assert_all_allowed(self, *operations):
        """Nothing that the tool asked for was refused, and it did ask for these."""
        # Who has what he needs of the last answer may be gone before its end, which is when it is recorded.
        wait_for(lambda: set(operations) <= {record["op"] for record in self.audited()}, "records of %s" % (operations,))
        records = self.audited()
        # 404 is what the engine says as well: docker inspect looks for a container of the image's name first.
        refused = [record for record in records if record["decision"] == "deny" and record["status"] != 404]
        self.assertEqual(refused, [])

    def run_tool(self, *command, **options):
        done = subprocess.run([*map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S * 2, check=False, **options)
        return done

    def need(self, path):
        if not pathlib.Path(path).exists():
            self.skipTest("%s is not there (scripts/fetch-tools.sh)" % path)

    def assert_refused_command(self, rule, *arguments, **options):
        done = self.docker("preset", *arguments, **options)
        self.assertNotEqual(done.returncode, 0, arguments)
        self.assertIn(rule, done.stderr)


class ZabbixTest(PresetTest):
    preset = "zabbix-agent"

    def test_every_key_of_the_plugin_has_a_value(self):
        self.need(ZABBIX)
        name = self.container("straight", options=("-e", "DB_PASSWORD=hush"))
        config = self.directory / "agent.conf"
        config.write_text("Server=127.0.0.1\nHostname=test\nPlugins.Docker.Endpoint=%s\nPlugins.Docker.Timeout=30\n"
                          % self.host)
        for key, expected in (("docker.ping", "[s|1]"), ("docker.info", '"ServerVersion":'),
                              ("docker.containers", name), ("docker.containers.discovery[true]", name),
                              ("docker.container_info[%s]" % name, '"Running"'),
                              ("docker.container_info[%s,full]" % name, "DB_PASSWORD="),
                              ("docker.container_stats[%s]" % name, '"cpu_usage"'), ("docker.images", '"Id"'),
                              ("docker.images.discovery", "{#ID}"), ("docker.data_usage", '"LayersSize"')):
            with self.subTest(key):
                done = self.run_tool(ZABBIX, "-c", config, "-t", key)
                self.assertIn(expected, done.stdout)
                self.assertNotIn("hush", done.stdout)
        self.assert_all_allowed("system.ping", "system.info", "system.df", "containers.list", "containers.inspect",
                                "containers.stats", "images.list")


CROWDSEC_CONFIG = """
common: {daemonize: false, log_media: stdout, log_level: info, log_dir: %(dir)s, working_dir: .}
config_paths:
  config_dir: %(dir)s/config/
  data_dir: %(dir)s/
  simulation_path: %(dir)s/simulation.yaml
  hub_dir: %(dir)s/hub/
  index_path: %(dir)s/hub/.index.json
  notification_dir: %(dir)s/notifications/
  plugin_dir: %(dir)s/plugins/
crowdsec_service: {acquisition_path: %(dir)s/acquis.yaml, parser_routines: 1}
cscli: {output: human}
db_config: {log_level: info, type: sqlite, db_path: %(dir)s/crowdsec.db, use_wal: false}
api:
  client: {credentials_path: %(dir)s/credentials.yaml}
  server: {log_level: info, listen_uri: "127.0.0.1:%(port)d", profiles_path: %(dir)s/profiles.yaml}
prometheus: {enabled: false}
"""
CROWDSEC_ACQUISITION = """
source: docker
docker_host: %s
container_name: [%s]
check_interval: 1s
labels: {type: test}
log_level: trace
"""
CROWDSEC_PARSER = """
name: test/all
filter: "true"
onsuccess: next_stage
statics: [{parsed: program, value: test}]
"""


class CrowdSecTest(PresetTest):
    preset = "crowdsec"

    def configure(self, container):
        """An engine of its own: no hub, a local API that nobody else uses, one parser that takes every line."""
        for folder in ("config/patterns", "config/parsers/s00-raw", "config/scenarios", "config/postoverflows", "hub",
                       "notifications", "plugins"):
            (self.directory / folder).mkdir(parents=True)
        for name, text in (
                ("config.yaml", CROWDSEC_CONFIG % {"dir": self.directory, "port": 20000 + os.getpid() % 10000}),
                ("acquis.yaml", CROWDSEC_ACQUISITION % (self.host, container)),
                ("config/parsers/s00-raw/all.yaml", CROWDSEC_PARSER),
                ("profiles.yaml", 'name: none\nfilters: ["false"]\ndecisions: []\n'),
                ("simulation.yaml", "simulation: false\n"), ("credentials.yaml", ""),
                ("hub/.index.json", '{"parsers":{},"scenarios":{},"collections":{},"postoverflows":{}}')):
            (self.directory / name).write_text(text)
        config = self.directory / "config.yaml"
        done = self.run_tool(CROWDSEC.with_name("cscli"), "-c", config, "machines", "add", "test", "--password", "x",
                             "--force", "-f", self.directory / "credentials.yaml")
        self.assertEqual(done.returncode, 0, done.stdout)
        return config

    def test_it_reads_the_lines_of_a_container(self):
        self.need(CROWDSEC)
        name = self.container("straight", "sh", "-c", "while :; do echo line-of-the-log; sleep 1; done")
        config = self.configure(name)
        output = self.directory / "output"
        with open(output, "wb") as out:
            # pylint: disable=consider-using-with
            process = subprocess.Popen([str(CROWDSEC), "-c", str(config), "-no-capi", "-trace"],
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        try:
            wait_for(lambda: b"Sent line to parsing: line-of-the-log" in output.read_bytes() or
                     process.poll() is not None, "CrowdSec to read a line", PATIENCE_S)
            self.assertIsNone(process.poll(), output.read_text(errors="replace")[-2000:])
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_S)
        wait_for(lambda: any(record["op"] == "containers.logs" for record in self.audited()), "the logs' record")
        self.assert_all_allowed("system.info", "containers.list", "containers.inspect", "containers.logs")


PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/community.docker.docker: {docker_host: "%(host)s", timeout: 90}
  tasks:
    - community.docker.docker_network: {name: %(name)s-net}
    - community.docker.docker_volume: {name: %(name)s-vol}
    - community.docker.docker_image: {name: %(image)s, source: local}
    - name: a container
      community.docker.docker_container:
        name: %(name)s
        image: %(image)s
        command: ["sleep", "600"]
        init: true
        env: {DB_PASSWORD: hush}
        networks: [{name: %(name)s-net}]
        volumes: ["%(name)s-vol:/data", "%(deploy)s:/deploy"]
        restart_policy: unless-stopped
        memory: 64m
    - name: again, which changes nothing
      community.docker.docker_container:
        name: %(name)s
        image: %(image)s
        command: ["sleep", "600"]
        init: true
        env: {DB_PASSWORD: hush}
        networks: [{name: %(name)s-net}]
        volumes: ["%(name)s-vol:/data", "%(deploy)s:/deploy"]
        restart_policy: unless-stopped
        memory: 64m
      register: again
    - assert: {that: not again.changed}
    - name: a limit of the running container
      community.docker.docker_container: {name: %(name)s, memory: 80m, comparisons: {"*": ignore, memory: strict}}
    - community.docker.docker_container_exec: {container: %(name)s, argv: ["cat", "/deploy/file"]}
      register: ran
    - assert: {that: "ran.stdout == 'deployed'"}
    - community.docker.docker_container_info: {name: %(name)s}
      register: info
    - assert: {that: "'DB_PASSWORD=hush' in info.container.Config.Env"}
    - community.docker.docker_host_info: {containers: true, networks: true, volumes: true, images: true}
    - name: a privileged container
      community.docker.docker_container: {name: %(name)s-evil, image: %(image)s, privileged: true}
      register: evil
      failed_when: "'privileged' not in evil.msg or 'denied by policy' not in evil.msg"
    - name: a container that has the host
      community.docker.docker_container: {name: %(name)s-evil, image: %(image)s, volumes: ["/:/host"]}
      register: evil
      failed_when: "'host_path_mount' not in evil.msg"
    - name: somebody else's container
      community.docker.docker_container_info: {name: %(other)s}
      register: other
    - assert: {that: not other.exists}
    - community.docker.docker_container: {name: %(name)s, state: absent, force_kill: true}
    - community.docker.docker_volume: {name: %(name)s-vol, state: absent}
    - community.docker.docker_network: {name: %(name)s-net, state: absent}
"""


class AnsibleTest(PresetTest):
    preset = "ansible"

    @classmethod
    def moved(cls):
        return {"/srv/deploy": WORLD.directory / "deploy"}

    def test_a_playbook(self):
        self.need(COLLECTIONS / "ansible_collections/community/docker")
        if not shutil.which("ansible-playbook"):
            self.skipTest("ansible-playbook is not installed (scripts/install-deps.sh --test)")
        deploy = WORLD.directory / "deploy"
        deploy.mkdir(exist_ok=True)
        (deploy / "file").write_text("deployed")
        name = self.name()
        self.will_make("network", name + "-net")
        self.will_make("volume", name + "-vol")
        playbook = self.directory / "play.yaml"
        playbook.write_text(PLAYBOOK % {"host": self.host, "name": name, "image": IMAGE, "deploy": deploy,
                                        "other": self.container("straight")})
        # Debian's python has Debian's modules; another may come first in PATH.
        done = self.run_tool("/usr/bin/ansible-playbook", "-i", "localhost,", "-c", "local", "-e",
                             "ansible_python_interpreter=/usr/bin/python3", playbook,
                             env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.directory),
                                  "LC_ALL": "C.UTF-8", "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)})
        self.assertEqual(done.returncode, 0, done.stdout[-6000:])
        refused = {rule["id"] for record in self.audited() if record["decision"] == "deny"
                   for rule in record["rules"]}
        self.assertEqual(refused, {"privileged", "host_path_mount", "docker_socket_mount"})


class GithubRunnerTest(PresetTest):
    """Source: actions/runner, ContainerOperationProvider.cs and DockerCommandManager.cs."""

    preset = "github-runner"

    @classmethod
    def moved(cls):
        return {"/opt/actions-runner": WORLD.directory / "runner"}

    def setUp(self):
        super().setUp()
        self.runner = WORLD.directory / "runner"
        for folder in ("_work/_temp/_github_home", "_work/_temp/_github_workflow", "_work/_actions", "_work/_tool",
                       "externals"):
            (self.runner / folder).mkdir(parents=True, exist_ok=True)

    def test_a_container_job(self):
        name, network, label = self.name(), "e2e-github-%d" % os.getpid(), "e2e-label"
        self.will_make("network", network)
        work = self.runner / "_work"
        run = lambda *arguments: self.docker("preset", *arguments, check=True).stdout.strip()
        run("version", "--format", "{{.Server.APIVersion}}")
        run("ps", "--all", "--quiet", "--no-trunc", "--filter", "label=" + label)
        run("network", "prune", "--force", "--filter", "label=" + label)
        run("network", "create", "--label", label, network)
        container = run("create", "--name", name, "--label", label, "--workdir", "/__w/a/a", "--network", network,
                        "-e", "GITHUB_ACTIONS=true", "-e", "CI=true",
                        "-v", "/var/run/docker.sock:/var/run/docker.sock", "-v", "%s:/__w" % work,
                        "-v", "%s:/__e:ro" % (self.runner / "externals"), "-v", "%s:/__w/_temp" % (work / "_temp"),
                        "-v", "%s:/__w/_actions" % (work / "_actions"), "-v", "%s:/__t" % (work / "_tool"),
                        "-v", "%s:/github/home" % (work / "_temp/_github_home"),
                        "-v", "%s:/github/workflow" % (work / "_temp/_github_workflow"),
                        "--entrypoint", "tail", IMAGE, "-f", "/dev/null")
        run("start", container)
        self.assertEqual(run("ps", "--all", "--filter", "id=" + container, "--filter", "status=running", "--no-trunc",
                             "--format", "{{.ID}} {{.Status}}").split()[0], container)
        run("inspect", "--format", "{{range .Config.Env}}{{println .}}{{end}}", container)
        self.assertEqual(run("exec", "-i", "--workdir", "/__w", "-e", "CI=true", container, "sh", "-c", "id -u"), "0")
        run("port", container)
        run("logs", "--details", container)
        # The socket in it is the filtered one.
        sources = run("inspect", "--format", "{{range .Mounts}}{{.Source}} {{end}}", container).split()
        self.assertIn(self.ways["preset"], sources)
        self.assertNotIn("/var/run/docker.sock", sources)
        run("rm", "--force", container)
        run("network", "rm", network)
        self.assert_all_allowed("networks.prune", "containers.create", "exec.start")

    def test_what_a_job_may_not(self):
        other = self.container("straight")
        self.assert_refused_command("privileged", "create", "--privileged", IMAGE)
        self.assert_refused_command("host_path_mount", "create", "-v", "/:/host", IMAGE)
        self.assert_refused_command("host_path_mount", "create", "-v", "%s:/__e" % (self.runner / "externals"), IMAGE)
        self.assert_refused_command("host_pid", "create", "--pid", "host", IMAGE)
        self.assert_refused_command("No such container", "exec", other, "id")
        self.assert_refused_command("operation", "push", IMAGE)


class JenkinsTest(PresetTest):
    """Source: docker-workflow-plugin, DockerClient.java and WithContainerStep.java."""

    preset = "jenkins-agent"

    @classmethod
    def moved(cls):
        return {"/var/lib/jenkins/workspace": WORLD.directory / "workspace"}

    def test_a_step_inside_an_image(self):
        job = WORLD.directory / "workspace" / "job"
        for folder in (job, job.with_name("job@tmp")):
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, 1000, 1000)
        run = lambda *arguments: self.docker("preset", *arguments, check=True).stdout.strip()
        run("inspect", "-f", "{{.Id}}", IMAGE)
        container = run("run", "-t", "-d", "-u", "1000:1000", "-w", job, "-v", "%s:%s:rw,z" % (job, job), "-v",
                        "%s@tmp:%s@tmp:rw,z" % (job, job), "-e", "BUILD_TAG=x", IMAGE, "cat")
        self.will_make("container", container)
        self.assertIn("cat", run("top", container, "-eo", "pid,comm"))
        run("exec", "--env", "A=b", container, "sh", "-c", "echo made > file; id -u")
        self.assertEqual((job / "file").read_text(), "made\n")
        run("stop", "--time=1", container)
        run("rm", "-f", "--volumes", container)
        self.assert_all_allowed("containers.create", "containers.top", "exec.start")


class WatchtowerTest(PresetTest):
    """Source: watchtower, pkg/container/client.go (ListContainers, GetContainer, StopContainer, StartContainer)
    and container.go (GetCreateConfig, GetCreateHostConfig)."""

    preset = "watchtower"

    @classmethod
    def moved(cls):
        done = run_docker(WORLD.engine(), "info", "-f", "{{.CgroupVersion}}", check=True)
        return {"# host_cgroupns": "host_cgroupns"} if done.stdout.strip() == "1" else {}

    def ask(self, method, target, body=None, status=200):
        fields = [] if body is None else [("Content-Type", "application/json")]
        response = self.api("preset", method, "/v1.41" + target, None if body is None else json.dumps(body).encode(),
                            fields)
        self.assertEqual(response.status, status, (target, response.body))
        return json.loads(response.body) if response.body else None

    def make_anew(self, old, name):
        """What Watchtower does once there is a newer image."""
        self.ask("POST", "/containers/%s/kill?signal=SIGTERM" % old["Id"], status=204)
        self.ask("DELETE", "/containers/%s?force=1" % old["Id"], status=204)
        networks = old["NetworkSettings"]["Networks"]
        new = self.ask("POST", "/containers/create?name=" + name, {
            **old["Config"], "HostConfig": old["HostConfig"],
            "NetworkingConfig": {"EndpointsConfig": networks}}, 201)["Id"]
        for network, endpoint in networks.items():
            self.ask("POST", "/networks/%s/disconnect" % network, {"Container": new, "Force": True})
            self.ask("POST", "/networks/%s/connect" % network, {"Container": new, "EndpointConfig": endpoint})
        self.ask("POST", "/containers/%s/start" % new, status=204)
        return new

    def test_a_container_is_made_anew_as_it_was(self):
        network = "e2e-watchtower-%d" % os.getpid()
        self.will_make("network", network)
        self.docker("straight", "network", "create", network, check=True)
        name = self.name()
        self.docker("straight", "run", "-d", "--init", "--name", name, "--network", network, "--network-alias", "web",
                    "-e", "DB_PASSWORD=hush", "-v", "/data", "-p", "127.0.0.1::80", "--restart", "unless-stopped",
                    "--memory", "64m", "--health-cmd", "true", IMAGE, "sleep", "600", check=True)
        listed = self.ask("GET", "/containers/json?filters=%7B%22status%22%3A%7B%22running%22%3Atrue%7D%7D")
        self.assertIn("/" + name, [each["Names"][0] for each in listed])
        old = self.ask("GET", "/containers/%s/json" % name)
        self.ask("GET", "/images/%s/json" % old["Image"])
        self.ask("GET", "/images/%s/json" % IMAGE)
        new = self.ask("GET", "/containers/%s/json" % self.make_anew(old, name))
        self.assertEqual(new["HostConfig"], old["HostConfig"])
        self.assertIn("DB_PASSWORD=hush", new["Config"]["Env"])
        self.assertTrue(new["State"]["Running"])
        self.assert_all_allowed("networks.connect", "containers.create")


class AgentTest(PresetTest):
    preset = "ai-agent"

    @classmethod
    def moved(cls):
        return {"/home/dev/project": WORLD.directory / "project"}

    def test_it_may_run_its_project_and_nothing_else(self):
        project = WORLD.directory / "project"
        project.mkdir(exist_ok=True)
        name = self.name()
        done = self.docker("preset", "run", "--name", name, "--network", "none", "-v", "%s:/p" % project, "-w", "/p",
                           IMAGE, "sh", "-c", "id -u; echo made > file; chown 1000 file; grep NoNewPrivs /proc/self/status",
                           check=True)
        self.assertEqual(re.sub(r"\s+", " ", done.stdout).strip(), "0 NoNewPrivs: 1")
        self.assertEqual(os.stat(project / "file").st_uid, 1000)
        other = self.container("straight")
        self.assert_refused_command("host_path_mount", "create", "-v", "/home:/h", IMAGE)
        self.assert_refused_command("privileged", "create", "--privileged", IMAGE)
        self.assert_refused_command("docker_socket_mount", "create", "-v", "/var/run/docker.sock:/s", IMAGE)
        self.assert_refused_command("restart_policy", "create", "--restart", "always", IMAGE)
        self.assert_refused_command("No such container", "rm", other)
        self.assert_refused_command("No such container", "exec", other, "id")
        self.assert_refused_command("namespace_sharing", "run", "--rm", "--pid", "container:" + other, IMAGE)
        self.assertNotIn(other, self.docker("preset", "ps", "-a", check=True).stdout)


class ReadOnlyTest(PresetTest):
    preset = "read-only"

    def test_people_may_look(self):
        name = self.container("straight", options=("-e", "DB_PASSWORD=hush", "-e", "MODE=fast"))
        for command in (("ps", "-a"), ("images",), ("volume", "ls"), ("network", "ls"), ("info",), ("version",),
                        ("system", "df"), ("logs", name), ("top", name), ("stats", "--no-stream", name),
                        ("events", "--since", "1s", "--until", "0s"), ("diff", name), ("port", name)):
            with self.subTest(command):
                self.docker("preset", *command, check=True)
        shown = self.docker("preset", "inspect", name, check=True).stdout
        self.assertIn("MODE=fast", shown)
        self.assertNotIn("hush", shown)
        for command in (("exec", name, "id"), ("rm", "-f", name), ("cp", name + ":/etc/passwd", "-"), ("stop", name),
                        ("run", IMAGE), ("export", name), ("save", IMAGE)):
            with self.subTest(command):
                self.assert_refused_command("operation", *command)



if __name__ == "__main__":
    unittest.main()
