#!/usr/bin/env python3
"""Generated requests (generate.py), straight to a real engine and through sockade with the base `open`: the same status, the
same header fields, the same body but for ids, times and the like. The state before each is the same, and which way comes
first alternates. What differs once is tried again, and straight twice: only what differs between the ways each time counts, and
what is in KNOWN is no failure (docs/engines.md has each with its reason).

    SOCKADE_BIN=build/release/sockade tests/generated/compare.py --engine SOCKET --image bb:latest [--seconds 100]
"""

import argparse
import collections
import hashlib
import json
import pathlib
import random
import re
import socket
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE))
sys.path.append(str(HERE.parent / "blackbox"))

# pylint: disable=wrong-import-position
from engine_state import SWARM_FAMILIES, State, SwarmLost  # noqa: E402
from generate import SLOW, generate  # noqa: E402
from harness import Sockade  # noqa: E402
from wire import LAST_CHUNK, Client, chunk, request_bytes, wait_for  # noqa: E402

QUIET_S = 0.6
SILENCE_S = 20  # an answer that has not begun by then does not come
# An answer may have no end: what has come when it got quiet is all.
ENDLESS = re.compile(r"/(logs|attach|stats|wait|start)$|^GET /events$")
REPEATS = 3
SWARMS = 10  # that may be lost
LEFT_OUT = 20  # requests for which the engine cannot be brought into its state: with more it is taken for broken
PROGRESS_S = 300
OF_THE_CONNECTION = ("date", "connection")  # header fields that are not compared; of a length that it is given
LONG_BYTES = 256 * 1024  # archives: compared byte by byte

# What differs, by what is asked and how sockade answers: docs/engines.md lists each with its reason.
KNOWN = [
    ("a body of GET, HEAD or DELETE", "(GET|HEAD|DELETE) .*unused body", "must not have a body|duplicate key"),
    ("form bodies", "content type (application/x-www|multipart)|archive as (application/x-www|multipart)", "form"),
    ("a ';' in the query", "unknown=a;b", "contains ';'"),
    ("an invalid escape", "%zz", "invalid %-escape"),
    ("no UTF-8 in the path", "name caf%E9", "not valid UTF-8"),
    ("a control byte in the path", "name a%0", "control byte"),
    ("a backslash in the path", "name a%5Cb", "backslash"),
    ("a body above limits.body_bytes, where a tunnel may follow", r"^POST /exec/\{id\}/start: .*body: 5 MiB", r"limits\.body_bytes"),
]

UNLIKE = [  # what is another one each time
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?Z| UTC|[+-]\d\d:?\d\d)?"), "TIME"),
    (re.compile(r"\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b"), "MAC"),
    (re.compile(r"\b(\d{1,3}\.){3}\d{1,3}(:\d+)?\b"), "ADDRESS"),
    (re.compile(r"\[::1\]:\d+"), "ADDRESS"),
    (re.compile(r"\b(sha256:)?[0-9a-f]{64}\b|\b[0-9a-f]{12}\b|\b[0-9a-z]{25}\b"), "ID"),
    (re.compile(r"\b(About an? |Less than a |\d+ )(second|minute|hour)s?\b"), "AGE"),
]
MEASURED = ("GET /info", "GET /system/df")  # and statistics: all numbers are others each time
UNORDERED = ("GET /networks",)  # lists that come in another order each time
UNLIKE_NUMBERS = {"Created", "CreatedAt", "timeNano", "time", "Pid", "NFd", "NGoroutines", "NEventsListener", "Index", "MemFree", "SizeRootFs",
                  "SizeRw", "Size", "LayersSize", "VirtualSize", "SpaceReclaimed", "UpdatedAt", "Port", "PublishedPort", "IPPrefixLen"}


class Answer:
    def __init__(self, status, fields, body, complete):
        self.status, self.fields, self.body, self.complete = status, fields, body, complete

    def __eq__(self, other):
        return vars(self) == vars(other)

    def __repr__(self):
        return "%s %s%s %.300s" % (self.status, self.fields, "" if self.complete else " (goes on)", self.body)

    def outline(self):
        """Without what an engine that is busy with something else may say in another way."""
        return self.status, sorted(name for name, _ in self.fields)


def without_numbers(value, every, key=None):
    if isinstance(value, dict):
        return {name: without_numbers(part, every, name) for name, part in value.items()}
    if isinstance(value, list):
        return [without_numbers(part, every, key) for part in value]
    return "NUMBER" if (every or key in UNLIKE_NUMBERS) and isinstance(value, (int, float)) and not isinstance(value, bool) else value


def normalised(text, route):
    """One text of an answer as it is each time."""
    try:
        value = without_numbers(json.loads(text), route.endswith("/stats") or route in MEASURED)
        if route in UNORDERED and isinstance(value, list):
            value.sort(key=lambda each: json.dumps(each, sort_keys=True))
        text = json.dumps(value)
    except ValueError:
        pass
    for pattern, instead in UNLIKE:
        text = pattern.sub(instead, text)
    return text


class Way:
    """Straight, or through sockade."""

    def __init__(self, name, path):
        self.name, self.path = name, path

    def _send(self, client, request, names, archives):
        target, body = request.target, request.body
        for place, name in names.items():
            target = target.replace(place, name)
            body = body.replace(place.encode(), name.encode()) if isinstance(body, bytes) else body
        body = archives[body] if isinstance(body, str) else body
        fields = list(request.fields)
        if request.chunked:
            fields.append(("Transfer-Encoding", "chunked"))
            body = (chunk(body) if body else b"") + LAST_CHUNK
        try:
            client.send(request_bytes(request.method, target, body, fields, version=request.http))
        except ConnectionError:
            pass  # an engine may answer a long body before it has read it, and close

    def ask(self, request, names, archives):
        client = Client(self.path, SILENCE_S)
        endless = bool(ENDLESS.search(request.route))
        try:
            self._send(client, request, names, archives)
            return self._receive(client, request, QUIET_S if endless else SILENCE_S)
        except (EOFError, ConnectionError) as error:
            return Answer("none", [], type(error).__name__, True)
        except AssertionError:
            return Answer("none", [], "silence", False)
        finally:
            client.close()

    def _receive(self, client, request, patience):
        head = client.head()
        while head is not None and head.status < 200 and head.status != 101:
            head = client.head()
        if head is None:
            return Answer("none", [], "", True)
        client.sock.settimeout(patience)
        complete = True
        try:
            if request.method != "HEAD" and head.status not in (101, 204, 304):
                if head.framing() is None:
                    head.body = client.read_to_end()
                else:
                    client.read_body(head)
        except AssertionError:  # nothing more comes
            complete = False
            head.body += bytes(client.buffer)
        fields = sorted((name.lower(), "LENGTH" if name.lower() == "content-length" else normalised(value, request.route))
                        for name, value in head.fields if name.lower() not in OF_THE_CONNECTION)
        if len(head.body) > LONG_BYTES:
            return Answer(head.status, fields, hashlib.sha256(head.body).hexdigest(), complete)
        text = head.body.decode("latin-1")
        lines = text.split("\n") if "\n" in text.strip() else [text]
        return Answer(head.status, fields, "\n".join(normalised(line, request.route) for line in lines), complete)


class Comparison:
    def __init__(self, state, straight, through, out):
        self.state, self.straight, self.through, self.out = state, straight, through, out
        self.compared = self.unstable = 0
        self.left_out = []
        self.begun = self.shown = time.monotonic()
        self.known = collections.Counter()
        self.differences = []

    def one(self, way, request):
        names = self.state.prepare(request)
        try:
            return way.ask(request, names, self.state.archives)
        finally:
            self.state.clean(request)

    def pair(self, request, through_first):
        ways = (self.through, self.straight) if through_first else (self.straight, self.through)
        answers = {way.name: self.one(way, request) for way in ways}
        return answers[self.straight.name], answers[self.through.name]

    def say(self, text):
        print(text, file=self.out, flush=True)

    def compare(self, request):
        begun = time.monotonic()
        try:
            self._compare(request)
        except AssertionError as error:
            self.leave_out(request, error)
            return
        self.compared += 1
        now = time.monotonic()
        if now - begun > 5:
            self.say("slow: %.1f s %s" % (now - begun, request.label()))
        if now - self.shown > PROGRESS_S:
            self.shown = now
            self.say("%d compared in %d minutes" % (self.compared, (now - self.begun) / 60))

    def leave_out(self, request, why):
        """The engine could not be brought into the state before the request, or be cleaned behind it."""
        self.left_out.append(request.label())
        self.say("LEFT OUT %s: %s" % (request.label(), why))
        if len(self.left_out) > LEFT_OUT:
            raise RuntimeError("the engine does not do what it is told")

    def _compare(self, request):
        pairs = []
        for i in range(REPEATS):
            straight, through = self.pair(request, (self.compared + i) % 2 == 0)
            if straight == through:
                return
            pairs.append((straight, through))
        again = [self.one(self.straight, request) for _ in range(2)]
        if any(answer != pairs[0][0] for answer in (*again, *(straight for straight, _ in pairs))):
            # Of itself it is not the same each time.
            self.unstable += 1
            if {pair[0].outline()[0] for pair in pairs} & {pair[1].outline()[0] for pair in pairs}:
                return
        self.note(request, *pairs[0])

    def note(self, request, straight, through):
        if straight.status == "none" and "the engine closed the connection without an answer" in through.body:
            self.known["an engine that gives no answer"] += 1
            return
        for name, label, answer in KNOWN:
            if re.search(label, request.label()) and (request.method == "HEAD" or re.search(answer, repr(through))):
                self.known[name] += 1
                return
        self.differences.append(request.label())
        self.say("DIFFERENT %s\n  %s %s %s %.200r\n  straight: %r\n  open:     %r" % (
            request.label(), request.method, request.target, request.fields, request.body, straight, through))


def in_order(requests, seed):
    """One of each route first, in the engine's version; then the others at random, and last what takes long."""
    usual = {request.route: request for request in requests if request.what.endswith("as usual")}
    first = list(usual.values())
    others = [request for request in requests if request is not usual.get(request.route)]
    random.Random(seed).shuffle(others)
    return [*first, *sorted(others, key=lambda request: bool(SLOW.search(request.label())))]


def run(comparison, requests, seconds):
    end = time.monotonic() + seconds if seconds else float("inf")
    for request in requests:
        if time.monotonic() > end:
            break
        comparison.compare(request)


def run_in_swarm(comparison, requests, seconds):
    """Some requests of the comparison cost the engine its swarm, straight and through alike: then it gets another one, and the
    request that met it is compared again."""
    end = time.monotonic() + seconds if seconds else float("inf")
    lost = 0
    for request in requests:
        while time.monotonic() <= end:
            try:
                comparison.compare(request)
                break
            except SwarmLost:
                lost += 1
                comparison.say("the engine lost its swarm before: %s" % request.label())
                if lost > SWARMS or not comparison.state.renew_swarm():
                    comparison.say("no swarm any more: the rest of its routes is left out")
                    return


def compare_all(comparison, arguments):
    state = comparison.state
    newest = int(state.ask("GET", "/version")["ApiVersion"].split(".")[1])
    requests = in_order([request for request in generate(newest, arguments.every_version)
                         if re.search(arguments.only, request.label())], arguments.seed)
    swarm = [request for request in requests if request.route.split("/")[1] in SWARM_FAMILIES]
    others = [request for request in requests if request.route.split("/")[1] not in SWARM_FAMILIES]
    state.begin()
    try:
        run(comparison, others, arguments.seconds * 0.75)
        if swarm and not state.begin_swarm():
            comparison.say("the engine makes no swarm: its routes are compared without one")
        run_in_swarm(comparison, swarm, arguments.seconds * 0.25)
    finally:
        state.end()
    return len(requests)


def arguments_of(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True, help="the engine's socket")
    parser.add_argument("--image", default="bb:latest", help="an image with a shell that it has")
    parser.add_argument("--seconds", type=float, default=0, help="stop after that long (0: when all is compared)")
    parser.add_argument("--every-version", action="store_true", help="everything in every version of the API")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="a pattern of what is compared: 'POST /networks/create: 1.41'")
    return parser.parse_args(words)


def main():
    arguments = arguments_of(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="sk-gen-", dir="/tmp") as directory:
        folder = pathlib.Path(directory)
        (folder / "policy.yaml").write_text("version: 1\npolicies: {open: {base: open}}\n", encoding="utf-8")
        sockade = Sockade(folder, ["serve", "--config", folder / "policy.yaml", "--listen", "unix:%s" % (folder / "open.sock"),
                                   "--upstream", "unix:" + arguments.engine, "--audit", folder / "audit"])
        sockade.wait_ready(folder / "open.sock")
        comparison = Comparison(State(arguments.engine, arguments.image), Way("straight", arguments.engine), Way("open", folder / "open.sock"), sys.stdout)
        try:
            total = compare_all(comparison, arguments)
        finally:
            sockade.stop()
    print("%d of %d requests compared in %d minutes, %d of them not the same each time" % (
        comparison.compared, total, (time.monotonic() - comparison.begun) / 60, comparison.unstable))
    for name, count in sorted(comparison.known.items()):
        print("known: %s: %d" % (name, count))
    print("%d passed, %d failed" % (comparison.compared - len(comparison.differences), len(comparison.differences)))
    if comparison.left_out or not arguments.seconds and comparison.compared < total:
        print("not the whole: %d requests were left out" % (total - comparison.compared))
        return 1
    return 1 if comparison.differences else 0


if __name__ == "__main__":
    sys.exit(main())
