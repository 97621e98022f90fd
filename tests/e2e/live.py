"""A real engine and the real docker CLI, with sockade between them or not.

The engine is a private one below a temporary directory (scripts/lib/engine.sh; needs root),
or with SOCKADE_E2E_ENGINE=/path/docker.sock one that runs already. All objects are named
e2e-... and removed at the end.

    SOCKADE_BIN=build/release/sockade python3 -m unittest discover -s tests/e2e -v
"""

import atexit
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "blackbox"))

# pylint: disable=wrong-import-position
from harness import Sockade, binary  # noqa: E402,F401
from wire import Client, wait_for  # noqa: E402,F401

IMAGE = "e2e-bb:latest"  # runs as root
USER_IMAGE = "e2e-user:latest"  # runs as 1000:1000
LABEL = ("--label", "e2e=1")  # of what is built, so that the last of it is found
PATIENCE_S = 180  # for what has to happen, on a machine that is busy with other tests

# An engine has races of its own. On a busy machine it loses now and then the last output of a container that ends at
# once (attach, the classic builder), or reports a pause after it was over; straight as well as through sockade. So a
# difference has to come back to be one: both are tried again, and what shows through sockade has to be what the engine
# gives straight too. What sockade changes is different each time, and fails. What did not come back is printed.
TRIES = 4

POLICIES = {
    "open": {"base": "open"},
    "baseline": {"base": "baseline"},
    "restricted": {"base": "restricted",
                   "rules": {"run_as_root": {"level": "deny", "trust_image_user": True}}},
}


class World:
    """What all tests of a run share; made when first asked for."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="sk-e2e-", dir="/tmp"))
        self.engine_socket = None
        self.proxies = {}
        self.own_engine = False
        atexit.register(self.end)

    def engine(self):
        if self.engine_socket is None:
            given = os.environ.get("SOCKADE_E2E_ENGINE")
            self.engine_socket = given or str(self.directory / "engine" / "docker.sock")
            if not given:
                self._shell('engine_start "$1"', str(self.directory / "engine"))
                self.own_engine = True
            self._make_images()
        return self.engine_socket

    @staticmethod
    def _shell(command, *arguments):
        script = 'set -eu; . "$0/scripts/lib/engine.sh"; ' + command
        subprocess.run(["bash", "-c", script, str(ROOT), *arguments], check=True, stdin=subprocess.DEVNULL,
                       timeout=240)

    def _make_images(self):
        self._shell('engine_make_image "$1" "$2"', self.engine_socket, IMAGE)
        run_docker(self.engine_socket, "build", "-q", *LABEL, "-t", USER_IMAGE, "-", check=True,
                   input=b"FROM %s\nUSER 1000:1000\n" % IMAGE.encode())

    def socket(self, policy, engine=None):
        """The socket of a sockade with that policy in front of the engine, or of another."""
        key = policy if engine is None else "%s-%s" % (policy, pathlib.Path(engine).stem)
        if key not in self.proxies:
            directory = self.directory / key
            directory.mkdir()
            self.proxies[key] = (self._start(directory, POLICIES[policy], engine or self.engine()),
                                 directory / "docker.sock")
        return str(self.proxies[key][1])

    @staticmethod
    def _start(directory, policy, engine):
        config = directory / "sockade.yaml"
        config.write_text(json.dumps({
            "version": 1, "daemon": {"socket": str(engine)},
            "listen": [{"socket": str(directory / "docker.sock"), "policy": "test"}],
            "policies": {"test": policy}}))
        sockade = Sockade(directory, ["serve", "--config", config, "--audit", directory / "audit.log",
                                      "--audit-format", "json"])
        sockade.wait_ready(directory / "docker.sock")
        return sockade

    def end(self):
        code = 0
        for policy, (sockade, _) in self.proxies.items():
            try:
                sockade.stop()
            except AssertionError as problem:
                print("sockade with policy %s: %s" % (policy, problem), file=sys.stderr)
                code = 1
        if self.engine_socket:
            self._remove_objects()
        if self.own_engine:
            self._shell('engine_stop "$1"', str(self.directory / "engine"))
        shutil.rmtree(self.directory, ignore_errors=True)
        if code:
            os._exit(code)  # an exit handler has no other way to fail the run

    def _remove_objects(self):
        for listing, remove in (
                (["ps", "-aq", "--filter", "name=e2e-"], ["rm", "-fv"]),
                (["volume", "ls", "-q", "--filter", "name=e2e-"], ["volume", "rm", "-f"]),
                (["network", "ls", "-q", "--filter", "name=e2e-"], ["network", "rm"]),
                (["images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference=e2e-*"], ["rmi", "-f"])):
            found = run_docker(self.engine_socket, *listing).stdout.split()
            if found and not self.own_engine:
                run_docker(self.engine_socket, *remove, *sorted(set(found)))
        run_docker(self.engine_socket, "image", "prune", "-f", "--filter", "label=e2e=1")


def docker_environment(socket):
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith(("DOCKER_", "BUILDKIT_", "COMPOSE_", "TESTCONTAINERS_"))}
    environment.update({"DOCKER_HOST": "unix://%s" % socket, "DOCKER_BUILDKIT": "0", "DOCKER_CLI_HINTS": "false",
                        "DOCKER_CONFIG": str(WORLD.directory / "config"), "LC_ALL": "C", "COLUMNS": "200"})
    return environment


def run_docker(socket, *arguments, input=None, check=False, text=True, timeout=PATIENCE_S, cli="docker", more=None):
    """The docker CLI to its end. Without input its standard input is empty; `more` is added to its environment."""
    # pylint: disable=redefined-builtin
    done = subprocess.run([cli, *map(str, arguments)], env={**docker_environment(socket), **(more or {})},
                          capture_output=True, timeout=timeout, check=False,
                          **({"stdin": subprocess.DEVNULL} if input is None else {"input": input}))
    if check and done.returncode != 0:
        raise AssertionError("docker %s: %r" % (" ".join(map(str, arguments)), done.stderr))
    if text:
        done.stdout = done.stdout.decode(errors="replace")
        done.stderr = done.stderr.decode(errors="replace")
    return done


WORLD = World()


def difference(got, straight):
    """Where two results differ, for people."""
    if isinstance(got, (list, tuple)) and isinstance(straight, (list, tuple)) and len(got) == len(straight):
        return ", ".join(difference(*pair) for pair in zip(got, straight) if pair[0] != pair[1])
    return "%.1500r, straight %.1500r" % (got, straight)


def compare(what, run, ways):
    """`run(ways)` gives {way: result} of the ways asked for, "straight" always among them, each time with new objects.
    Gives the result that is the engine's, and the ways that never had one of the engine's, with what they had last."""
    straight, through = [], {}
    left = [way for way in ways if way != "straight"]
    for number in range(TRIES):
        results = run(["straight", *left])
        straight.append(results.pop("straight"))
        through.update(results)
        left = [way for way in left if through[way] not in straight]
        for way in left:
            print("%s: try %d: through %s %s" % (what, number + 1, way, difference(through[way], straight[-1])), file=sys.stderr)
        if not left:
            break
    everything = straight + list(through.values())
    return max(straight, key=everything.count), {way: through[way] for way in left}


def normalised(text):
    """Without what differs from one object to the next."""
    text = re.sub(r"sha256:[0-9a-f]{64}|\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b", "ID", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:?\d\d)", "TIME", text)
    text = re.sub(r"(\d+|About an?|Less than a) (second|minute|hour)s?( ago)?", "A WHILE", text)
    return re.sub(r"[ \t]+", " ", text)


class LiveTest(unittest.TestCase):
    """`ways` are the sockets a command is tried through: straight first."""

    maxDiff = 4000
    policies = ("open", "restricted")
    cli = "docker"
    counter = 0

    @classmethod
    def setUpClass(cls):
        for tool in ("docker",) if "SOCKADE_E2E_ENGINE" in os.environ else ("docker", "dockerd", "unshare"):
            if not shutil.which(tool):
                raise unittest.SkipTest("%s is not installed (scripts/install-deps.sh --engine)" % tool)
        if "SOCKADE_E2E_ENGINE" not in os.environ and os.geteuid() != 0:
            raise unittest.SkipTest("a private engine needs root")
        cls.straight = WORLD.engine()
        cls.ways = {"straight": cls.straight, **{name: WORLD.socket(name) for name in cls.policies}}

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="sk-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.made = {"container": [], "volume": [], "network": [], "image": []}
        self.addCleanup(self._remove)

    def _remove(self):
        for kind, names in self.made.items():
            if names:
                force = [] if kind == "network" else ["-f"]
                run_docker(self.straight, kind, "rm", *force, *names)

    def will_make(self, kind, *names):
        """These are removed at the end of the test, containers before what they use."""
        self.made[kind] += names

    def name(self):
        """A new container's name."""
        LiveTest.counter += 1
        name = "e2e-%d-%d" % (os.getpid(), LiveTest.counter)
        self.will_make("container", name)
        return name

    def docker(self, way, *arguments, **options):
        return run_docker(self.ways[way], *arguments, cli=self.cli, **options)

    def container(self, way, *command, options=(), image=USER_IMAGE):
        """A running container, made through `way`."""
        name = self.name()
        self.docker(way, "run", "-d", "--init", "--network", "none", "--name", name, *options, image,
                    *(command or ("sleep", "600")), check=True)
        return name

    def wait_for(self, name, condition):
        """Until the shell's condition is true in a container."""
        self.docker("straight", "exec", name, "sh", "-c", "until %s; do sleep 0.05; done" % condition, check=True)

    def each(self, act, ways):
        """What `act(way)` gives, by way."""
        return {way: act(way) for way in ways}

    @staticmethod
    def outcome(done):
        """What a user gets of a result of run_docker()."""
        return (done.returncode, normalised(as_text(done.stdout)), normalised(as_text(done.stderr)))

    def assert_same(self, act):
        """`act(way)` gives a result of run_docker(); through sockade it is what it is straight."""
        expected, different = compare(self.id(), lambda ways: self.each(lambda way: self.outcome(act(way)), ways), self.ways)
        for way, got in different.items():
            self.assertEqual(got, expected, "through " + way)
        return expected

    def assert_same_command(self, *arguments, **options):
        return self.assert_same(lambda way: self.docker(way, *arguments, **options))

    def api(self, way, method, target, body=None, fields=()):
        client = Client(self.ways[way], timeout=30)
        try:
            return client.ask(method, target, body, fields)
        finally:
            client.close()


def as_text(output):
    return output if isinstance(output, str) else output.decode("latin-1")
