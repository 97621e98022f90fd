"""Other clients than docker's own newest CLI, with the harness of tests/e2e: each case is tried straight at the
engine and through sockade with every base, and the user has to see the same. What a policy refuses is named
in the case, and there the user has to read why.

    SOCKADE_BIN=build/release/sockade python3 -m unittest discover -s tests/clients -v
"""

import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import unittest
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
from live import (IMAGE, LABEL, PATIENCE_S, POLICIES, USER_IMAGE, WORLD, LiveTest, as_text, compare,  # noqa: E402,F401
                  docker_environment, normalised, run_docker)

# Whoever is started in the background may have it ignored, and so would the clients. What is caught is not passed on.
signal.signal(signal.SIGINT, signal.default_int_handler)

# In the tree of Debian 13 (scripts/test.sh, stage modern) nothing may be missing.
MODERN = "SOCKADE_MODERN" in os.environ

# The older CLI says so of itself when a start fails, if it gets that far.
CANCELLED = re.compile(r'(?m)^time="TIME" level=error msg="error waiting for container: context canceled"\n')

TRUSTED_USER = {"run_as_root": {"level": "deny", "trust_image_user": True}}
POLICIES.update({
    "buildkit": {"base": "restricted", "allow": ["@ci", "build.buildkit", "session.*"], "rules": TRUSTED_USER},
    "substitute": {"base": "restricted", "rules": {"run_as_root": "off", "root_group": "off",
                                                   "docker_socket_mount": "substitute"}},
    "sharing": {"base": "restricted", "rules": {**TRUSTED_USER, "namespace_sharing": {"judged": True}, "live_tree": "off"}},
    "pushing": {"base": "restricted", "allow": ["@ci", "images.push"], "rules": TRUSTED_USER},
    "looking": {"base": "read_only"},
})


def needs(what, there):
    """For a test whose client may be missing: skipped then, but run all the same where all have to be there."""
    return unittest.skipUnless(there or MODERN, "%s is not installed (scripts/test.sh --only modern has it)" % what)


def answers(*command):
    """Whether a program is there and does as it is told."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def command_of(path):
    """The version of a docker CLI, or None."""
    if not path or not os.access(path, os.X_OK):
        return None
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"Docker version (\d+)\.", done.stdout)
    return int(found.group(1)) if found else None


def find_cli(wanted):
    """The path of an installed docker CLI whose major version is `wanted(major)`."""
    for path in (shutil.which("docker"), "/usr/bin/docker", "/usr/local/bin/docker"):
        version = command_of(path)
        if version and wanted(version):
            return path
    return None


def engine_process():
    """The process that listens on the engine's socket: where ports are published is in its network namespace."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(WORLD.engine())
        return struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


def engine_api():
    """The engine's newest API, as (1, 41)."""
    done = run_docker(WORLD.engine(), "version", "--format", "{{.Server.APIVersion}}", check=True)
    return tuple(map(int, done.stdout.split(".")))


class Follower:
    """A program that goes on, and what it has written so far."""

    def __init__(self, arguments, environment):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(list(map(str, arguments)), env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.text = ""
        self.changed = threading.Condition()
        self.ended = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            data = os.read(self.process.stdout.fileno(), 65536)
            with self.changed:
                self.text += data.decode(errors="replace")
                self.ended = not data
                self.changed.notify_all()
            if not data:
                return

    def expect(self, pattern, seconds=PATIENCE_S):
        """Waits until the pattern is in what was written."""
        with self.changed:
            self.changed.wait_for(lambda: self.ended or re.search(pattern, self.text), seconds)
            found = re.search(pattern, self.text)
            if not found:
                raise AssertionError("%r was never written, but %r" % (pattern, self.text[-2000:]))
            return found

    def wait(self, seconds=PATIENCE_S):
        status = self.process.wait(seconds)
        self.thread.join(seconds)
        return status

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.thread.join(PATIENCE_S)
        self.process.stdout.close()


class ClientTest(LiveTest):
    policies = ("open", "baseline", "restricted")
    numbers = itertools.count(1)

    def setUp(self):
        super().setUp()
        # How clients treat their sockets, and what they are built on, is their business.
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("ignore", DeprecationWarning)

    def name(self):
        """A new container's name; also from several threads."""
        name = "e2e-%d-%d" % (os.getpid(), next(self.numbers))
        self.will_make("container", name)
        return name

    def at_once(self, act, ways=None):
        """What `act(way)` gives, by way. Most of the time is spent waiting for the engine."""
        ways = list(ways or self.ways)
        with concurrent.futures.ThreadPoolExecutor(len(ways)) as pool:
            running = {way: pool.submit(act, way) for way in ways}
        return {way: each.result() for way, each in running.items()}

    def assert_alike(self, act, refused=None, at_once=True, everywhere=False):
        """`act(way)` gives what the user gets, as something JSON can say. It is the same through every policy,
        except those in `refused`, where it has to hold the reason: {policy: words of the refusal}.
        `baseline` refuses less than `restricted`, so it is tried only where something is refused."""
        refused = refused or {}
        each = self.at_once if at_once else self.one_by_one
        results = {}

        def run(ways):
            """Those that are refused with the others, once."""
            more = [way for way in refused if way in self.ways and way not in results]
            results.update((way, comparable(got)) for way, got in each(act, [*ways, *more]).items())
            return {way: results[way] for way in ways}

        ways = [way for way in self.ways if way not in refused and (everywhere or way != "baseline")]
        expected, different = compare(self.id(), run, ways)
        for way, got in results.items():
            with self.subTest(way):
                if way in refused:
                    self.assert_refused(got, way, refused[way])
                elif way in different:
                    self.assertEqual(got, expected)
        return expected

    def assert_refused(self, got, policy, reason):
        text = json.dumps(got, ensure_ascii=False).replace("\\\\", "\\").replace('\\"', '"')
        self.assertIn('denied by policy "', text, policy)
        self.assertIn(reason, text, policy)

    one_by_one = LiveTest.each

    def each(self, act, ways):
        """As the harness has it, with all ways at once."""
        return self.at_once(act, ways)

    @staticmethod
    def outcome(done):
        code, out, err = LiveTest.outcome(done)
        return (code, out, CANCELLED.sub("", err))

    def run_program(self, way, arguments, more=None, **options):
        """A program to its end: status, output, errors."""
        done = subprocess.run(list(map(str, arguments)), env={**docker_environment(self.ways[way]), **(more or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False,
                              **options)
        return [done.returncode, as_text(done.stdout), as_text(done.stderr)]

    def follow(self, way, arguments, more=None):
        follower = Follower(arguments, {**docker_environment(self.ways[way]), **(more or {})})
        self.addCleanup(follower.close)
        return follower


class CasesTest(ClientTest):
    """A client that is a program: it tries cases of its own and prints what each gave, as one JSON object."""

    policies = ("open", "restricted")
    REFUSED = {}  # by `restricted`: the case, and the words of the refusal

    def program(self):
        """The program and its arguments, to which images and a prefix for names are added; more environment."""
        raise NotImplementedError

    def results(self, way):
        prefix = self.name()
        self.will_make("container", *(prefix + "-%d" % number for number in range(1, 60)))
        self.will_make("image", prefix + "-1:1")
        arguments, more = self.program()
        status, out, err = self.run_program(way, [*arguments, USER_IMAGE, IMAGE, prefix], more)
        self.assertEqual((status, err), (0, ""), way)
        return json.loads(out.replace(prefix + "-", "name-"))

    def assert_cases_alike(self):
        """What the cases gave straight. All cases of one try come from one run of the program."""
        runs = [self.at_once(self.results)]

        def tries(case):
            numbers = itertools.count()

            def run(ways):
                number = next(numbers)
                if number == len(runs):
                    runs.append(self.at_once(self.results))
                return {way: comparable(runs[number][way][case]) for way in ways}

            return run

        seen = {}
        for case in runs[0]["straight"]:
            refusing = ["restricted"] if case in self.REFUSED else []
            seen[case], different = compare("%s, %s" % (self.id(), case), tries(case),
                                            [way for way in self.ways if way not in refusing])
            for way in self.policies:
                with self.subTest(case=case, through=way):
                    if way in refusing:
                        self.assert_refused(runs[0][way][case], way, self.REFUSED[case])
                        self.assertIn(runs[0][way][case].get("status"), (403, None))
                    elif way in different:
                        self.assertEqual(different[way], seen[case])
        return seen


def comparable(value):
    """The same for the same behaviour: without ids and times."""
    if isinstance(value, str):
        return normalised(re.sub(r"e2e-[a-z0-9-]*-\d+", "NAME", value))
    if isinstance(value, dict):
        return {key: comparable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [comparable(each) for each in value]
    return value
