"""What every black-box test stands on: the real binary in a directory of its own, between a
client that sees bytes (wire.py) and an engine that does what it is told (fake_engine.py).

The engine is a strict reader: a request that two parsers could read in two ways fails the
test it happens in, whatever that test is about. So do a sanitizer's report and an exit
status that is not 0.

    python3 -m unittest discover -s tests/blackbox -v
    SOCKADE_BIN=build/asan/sockade python3 -m unittest discover -s tests/blackbox
"""

import collections
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from fake_engine import FakeEngine
from wire import PATIENCE_S, SETTLE_S, Client, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACCEPTS_CONNECTIONS = "00010000"  # the flags of /proc/net/unix: __SO_ACCEPTCON
SANITIZER_REPORT = re.compile(
    r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|MemorySanitizer|runtime error:)"
)


def binary():
    """The program under test."""
    path = pathlib.Path(os.environ.get("SOCKADE_BIN", "build/release/sockade"))
    return str(path if path.is_absolute() else ROOT / path)


def is_sanitized():
    """Whether the program carries a sanitizer, whose memory and speed are its own."""
    with open(binary(), "rb") as file:
        text = file.read()
    return any(name in text for name in (b"__asan_init", b"__tsan_init", b"__msan_init"))


class Sockade:
    """The program, running."""

    def __init__(self, directory, arguments, environment=None, pass_fds=(), prefix=()):
        self.log_path = directory / ("stderr-%d" % len(list(directory.glob("stderr-*"))))
        self.out_path = self.log_path.with_name(self.log_path.name.replace("stderr", "stdout"))
        self.exit_code = None
        env = dict(os.environ)
        env.setdefault("ASAN_OPTIONS", "detect_leaks=1:allocator_may_return_null=1")
        env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        env.update(environment or {})
        with open(self.log_path, "wb") as log, open(self.out_path, "wb") as out:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(
                [*prefix, binary(), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=out,
                stderr=log, env=env, pass_fds=pass_fds, cwd=str(directory))

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_ready(self, *paths):
        """Asks the kernel, so that no connection of a test has been one more than it knows of."""
        def listening():
            if self.process.poll() is not None:
                raise AssertionError("exited with %s: %s" % (self.process.returncode, self.log()))
            own = self._sockets()
            with open("/proc/%d/net/unix" % self.pid, encoding="utf-8", errors="replace") as file:
                rows = [line.split(maxsplit=7) for line in file]
            return {row[7].rstrip("\n") for row in rows
                    if len(row) > 7 and row[3] == ACCEPTS_CONNECTIONS and "socket:[%s]" % row[6] in own}

        wait_for(lambda: listening() >= set(map(str, paths)), "%s to accept" % ", ".join(map(str, paths)))

    def _sockets(self):
        """Another process may have had a socket of the same name."""
        links = set()
        for name in os.listdir("/proc/%d/fd" % self.pid):
            with contextlib.suppress(FileNotFoundError):
                links.add(os.readlink("/proc/%d/fd/%s" % (self.pid, name)))
        return links

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, patience=PATIENCE_S):
        self.exit_code = self.process.wait(timeout=patience)
        return self.exit_code

    def rss_kib(self):
        with open("/proc/%d/status" % self.pid, encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def open_descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def stop(self):
        """Ends it as a service manager does; anything but a clean end is a failure."""
        if self.exit_code is None:
            if self.process.poll() is None:
                self.signal(signal.SIGTERM)
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError("did not end on SIGTERM: " + self.log()[-2000:]) from None
        report = SANITIZER_REPORT.search(self.log())
        if report:
            raise AssertionError(self.log()[max(0, report.start() - 200):][:6000])
        if self.exit_code != 0:
            raise AssertionError("exit code %s: %s" % (self.exit_code, self.log()[-2000:]))


Policy = collections.namedtuple("Policy", "base allow rules limits", defaults=(None, None, None))

EVERYDAY = ["@observe", "@lifecycle", "containers.create", "containers.attach", "containers.update",
            "exec.*", "images.pull", "images.push", "images.load", "networks.*", "volumes.*",
            "build.classic"]
# Judges bodies, allows what a developer does.
BASELINE = Policy("baseline", EVERYDAY)
# The same, and asks the engine for the image's user when the request names none.
NONROOT = Policy("baseline", EVERYDAY,
                 {"run_as_root": {"level": "deny", "trust_image_user": True}})
PRIVILEGED = {"Image": "nonroot", "User": "1000:1000", "HostConfig": {"Privileged": True}}
HARMLESS = {"Image": "nonroot", "User": "1000:1000", "Cmd": ["true"],
            "HostConfig": {"NetworkMode": "none"}}


def without_zeros(value):
    """Absent and zero are one thing to the engine where a field has no third state."""
    if isinstance(value, dict):
        pairs = {key: without_zeros(each) for key, each in value.items()}
        return {key: each for key, each in pairs.items() if each not in (None, False, 0, "", [], {})}
    if isinstance(value, list):
        return [without_zeros(each) for each in value]
    return value


class BlackboxTest(unittest.TestCase):
    """A test with a directory of its own, whose programs end with it."""

    maxDiff = 4000

    def setUp(self):
        # A short path: sun_path has room for 107 bytes.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="sk-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.socket = self.directory / "docker.sock"
        self.engine_socket = self.directory / "engine.sock"
        self.audit_path = self.directory / "audit.log"
        self.engine = None
        self.sockade = None

    def start_engine(self):
        self.engine = FakeEngine(self.engine_socket)
        self.addCleanup(self._end_engine, self.engine)
        return self.engine

    def _end_engine(self, engine):
        engine.stop()
        self.assertEqual(engine.problems, [], "what reached the engine was no clean request")

    def write_config(self, policy=None, **more):
        """A policy file with one listener, or `more` on top; JSON is YAML."""
        policy = policy or Policy("open")
        rules = {"base": policy.base}
        for key in ("allow", "rules", "limits"):
            if getattr(policy, key) is not None:
                rules[key] = getattr(policy, key)
        config = {
            "version": 1,
            "daemon": {"socket": str(self.engine_socket)},
            "listen": [{"socket": str(self.socket), "policy": "test"}],
            "policies": {"test": rules},
        }
        config.update(more)
        path = self.directory / "sockade.yaml"
        path.write_text(json.dumps(config, indent=1) + "\n")
        return path

    def run_sockade(self, *arguments, sockets=None, **options):
        sockade = Sockade(self.directory, ["serve", *arguments], **options)
        self.addCleanup(sockade.stop)
        if sockets is None:
            sockets = [self.socket]
        sockade.wait_ready(*sockets)
        self.sockade = sockade
        return sockade

    def start(self, policy=None, engine=True, arguments=(), **more):
        """Engine and sockade, with a policy file."""
        if engine and self.engine is None:
            self.start_engine()
        config = self.write_config(policy, **more)
        return self.run_sockade("--config", config, "--audit", self.audit_path, "--audit-format",
                                "json", "--log-level", "debug", *arguments)

    def client(self, path=None, timeout=PATIENCE_S):
        client = Client(path or self.socket, timeout)
        self.addCleanup(client.close)
        return client

    def ask(self, method, target, body=None, fields=(), **options):
        """One request on a connection of its own."""
        client = self.client()
        try:
            return client.ask(method, target, body, fields, **options)
        finally:
            client.close()

    def audit(self, count=None):
        """The records so far, or once there are `count`."""
        def read():
            if not self.audit_path.exists():
                return []
            return [line for line in self._audit_lines() if "event" not in line]

        if count is not None:
            wait_for(lambda: len(read()) >= count, "%d audit records" % count)
            time.sleep(SETTLE_S)  # one more would come now
        return read()

    def counted(self, **values):
        """How many requests the records with these values stand for: refusals that repeat share one."""
        return sum(record.get("count", 1) for record in self.audit()
                   if all(record.get(key) == value for key, value in values.items()))

    def audit_events(self):
        """What is no request: which engine it is."""
        return [line for line in self._audit_lines() if "event" in line]

    def _audit_lines(self):
        """Those that are written whole by now."""
        return [json.loads(line) for line in self.audit_path.read_text().rpartition("\n")[0].splitlines()]

    def reload(self):
        """SIGHUP, after which the new policy file is in force."""
        before = self.sockade.log().count("reloaded")
        self.sockade.signal(signal.SIGHUP)
        wait_for(lambda: self.sockade.log().count("reloaded") > before, "the reload")

    def assert_soon(self, act, seconds, tries=10):
        """`act` takes less than that. A busy machine makes one or the other wait; what is in the way makes all."""
        took = []
        while not took or took[-1] >= seconds:
            self.assertLess(len(took), tries, took)
            begin = time.monotonic()
            act()
            took.append(time.monotonic() - begin)

    def assert_refused(self, response, status, rule=None):
        """An answer of ours, in the only form that the docker CLI shows."""
        self.assertEqual(response.status, status, response.body)
        self.assertEqual(response.all("Content-Type"), ["application/json"])
        answer = response.json()
        self.assertIsInstance(answer["message"], str)
        self.assertTrue(answer["message"])
        self.assertIsInstance(answer["request_id"], str)
        self.assertIn("code", answer)
        if rule is not None:
            rules = [entry["id"] if isinstance(entry, dict) else entry for entry in answer["rules"]]
            self.assertIn(rule, rules)
            self.assertIn(rule, answer["message"])

    def assert_same_content(self, got, sent):
        """A tar to the byte, JSON by its meaning: an absent HostConfig may come as an empty one."""
        if sent[:1] != b"{":
            self.assertEqual(got, sent)
        else:
            self.assertEqual(without_zeros(json.loads(got)), without_zeros(json.loads(sent)))

    def assert_untouched(self):
        """Nothing at all has reached the engine."""
        time.sleep(SETTLE_S / 2)
        self.assertEqual(self.engine.received(), b"")
