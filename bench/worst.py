#!/usr/bin/env python3
"""worst.py - the longest that one request holds the loop: the worst of each kind, under default limits.

  bench/worst.py [--sockade BINARY] [--programs FOLDER] [--nice N] [--repeat N] [--case WORD] [--json FILE]

The daemon runs with bench_turns, which notes how long each iteration of its loop takes. Each case
sends its requests to a fresh start, in front of an engine that answers with the worst of that kind.
What is printed is the longest iteration's CPU time, the least of --repeat runs, which others on
the machine disturb little; and its time by the clock. Fails when one is above the target."""
import argparse
import json
import mmap
import os
import socket
import struct
import sys
import tempfile
import threading
import time

from proxies import Process, pinned

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET_MS = 10
MIB = 1024 * 1024
ID = "0123456789abcdef" * 4
CREATE = {"Image": "app", "User": "1000:1000", "HostConfig": {"NetworkMode": "none"}}
POLICIES = {
    "restricted": {"base": "restricted", "rules": {"host_path_mount": {"allow": [{"path": "@ALLOWED@"}]}}},
    "warn": {"base": "restricted", "mode": "warn", "limits": {"body_bytes": 4 * MIB}},
    "scope": {"base": "baseline", "scope": {"own": True}, "redact": {"env": "all", "mounts": "host_paths"}, "allow": ["services.*", "containers.*", "images.*", "networks.*", "system.*"]},
}


def dumps(value):
    return json.dumps(value, separators=(",", ":")).encode()


def post(target, value):
    body = value if isinstance(value, bytes) else dumps(value)
    return b"POST /v1.41%s HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        target.encode(), len(body), body)


def chunked(target, body, size):
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + size]), body[i:i + size]) for i in range(0, len(body), size))
    return b"POST /v1.41%s HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n%s0\r\n\r\n" % (
        target.encode(), pieces)


def get(target, fields=b""):
    return b"GET /v1.41%s HTTP/1.1\r\nHost: d\r\n%s\r\n" % (target.encode(), fields)


def create(**more):
    return post("/containers/create?name=web", {**CREATE, **more})


def filled(size, text):
    return text * (size // len(text))


def label(text, size=4 * MIB - 1024):
    """A create with one label of raw JSON text."""
    inside = dumps({**CREATE, "Labels": {"a": "@"}})
    return post("/containers/create", inside.replace(b'"@"', b'"' + filled(size, text) + b'"'))


def container(env, labels=None):
    return {"Id": ID, "Name": "/web", "Config": {"User": "1000:1000", "Image": "app", "Env": env,
                                                 "Labels": labels or {"io.sockade.owner": "scope"}},
            "HostConfig": {"NetworkMode": "none"}, "Mounts": []}


def listed(number, bytes_each):
    pad = "x" * max(1, bytes_each - 300)
    return {"Id": "%064d" % number, "Names": ["/a%d" % number], "Image": "app", "Command": "sh", "State": "running",
            "Labels": {"io.sockade.owner": "scope", "pad": pad}, "Mounts": []}


def image(number):
    return {"Id": "sha256:%064d" % number, "RepoTags": ["app:%d" % number], "Labels": {"io.sockade.owner": "scope"}}


def nested(depth, count):
    inside = b"[" * depth + b"]" * depth
    return b'{"Image":"app","Labels":{"a":[' + b",".join([inside] * count) + b"]}}"


ENV_SHORT = ["A%d=b" % i for i in range(90000)]
ENTRY_ENV = [container(ENV_SHORT)]
ENTRY_ESCAPES = b'[{"Id":"%s","Labels":{"a":"%s"}}]' % (ID.encode(), filled(MIB - 4096, b"\\u0041"))
KEYS = {("k" * 180) + "%04d" % i: "" for i in range(4096)}

# name, policy, the request's bytes, what the engine says to targets that begin so
CASES = (
    ("create: one string of 4 MiB", "restricted", lambda: label(b"a"), {}),
    ("create: 4 MiB of \\u escapes", "restricted", lambda: label(b"\\u0041"), {}),
    ("create: 4 MiB of escapes that grow", "restricted", lambda: label(b"\\u001f"), {}),
    ("create: 4 MiB of UTF-8", "restricted", lambda: label("\u00e9".encode()), {}),
    ("create: 4 MiB of UTF-8, three bytes each", "restricted", lambda: label("\u20ac".encode()), {}),
    ("create: 4 MiB of UTF-8, four bytes each", "restricted", lambda: label("\U0001f600".encode()), {}),
    ("create: 4 MiB, every other letter not ASCII", "restricted", lambda: label("a\u00e9".encode()), {}),
    ("create: 4 MiB, every other letter escaped", "restricted", lambda: label(b"a\\n"), {}),
    ("create: 4 MiB of escaped letters", "restricted", lambda: label(b"\\n"), {}),
    ("create: 4 MiB of escapes and UTF-8", "restricted", lambda: label("\u00e9\\n".encode()), {}),
    ("create: 4 MiB of surrogates", "restricted", lambda: label(b"\\ud83d\\ude00"), {}),
    ("create: 4 MiB of DEL", "restricted", lambda: label(b"\x7f"), {}),
    ("create: 1 MiB in chunks of a byte", "restricted", lambda: chunked("/containers/create", dumps(
        {**CREATE, "Labels": {"a": "a" * (MIB - 1024)}}), 1), {}),
    ("create: 3 MiB in chunks, and a lookup", "restricted", lambda: chunked("/containers/create", dumps(
        {**CREATE, "User": "", "Labels": {"a": "\x1f" * (MIB // 2)}}), 4096),
     {"/images/": {"Id": "sha256:" + ID, "Config": {"User": "1000:1000"}}}),
    ("create: 4,096 long names", "restricted", lambda: create(Labels=KEYS), {}),
    ("create: 19,000 values", "restricted", lambda: create(Labels={str(i): "" for i in range(4000)},
                                                           Env=["A%d=" % i for i in range(4000)],
                                                           Cmd=["x"] * 4000, Entrypoint=["x"] * 4000,
                                                           OnBuild=None, Shell=["x"] * 2500), {}),
    ("create: nested as deep as it may be", "restricted", lambda: post("/containers/create", nested(60, 300)), {}),
    ("create: 4,000 violations", "warn", lambda: create(HostConfig={"Binds": ["/etc/%d:/x%d" % (i, i)
                                                                             for i in range(4000)]}), {}),
    ("create: 4,000 violations, denied", "restricted", lambda: create(HostConfig={
        "CapAdd": ["X%d" % i for i in range(4000)], "SecurityOpt": ["a=%d" % i for i in range(4000)],
        "Sysctls": {"a.%d" % i: "1" for i in range(4000)}}), {}),
    ("create: 900 unknown fields", "warn", lambda: create(**{"Unknown%d" % i: {"a": 1} for i in range(900)}), {}),
    ("create: 250 paths of the host", "restricted", lambda: create(HostConfig={
        "NetworkMode": "none", "Binds": ["@ALLOWED@/%d/a/b/c:/x%d:ro" % (i, i) for i in range(250)]}), {}),
    ("create: 250 paths through links", "restricted", lambda: create(HostConfig={
        "NetworkMode": "none", "Binds": ["@ALLOWED@/l%d/a:/x%d:ro" % (i % 30, i) for i in range(250)]}), {}),
    ("create: 4,000 mounts", "restricted", lambda: create(HostConfig={"Mounts": [
        {"Type": "tmpfs", "Target": "/x%d" % i} for i in range(4000)]}), {}),
    ("create: 4,000 published ports", "restricted", lambda: create(HostConfig={"PortBindings": {
        "%d/tcp" % (i + 2000): [{"HostIp": "127.0.0.1", "HostPort": str(i + 2000)}] for i in range(4000)}}), {}),
    ("exec: 4,000 variables", "restricted", lambda: post("/containers/%s/exec" % ID, {
        "Cmd": ["sh"], "User": "1000:1000", "Env": ["A%d=%s" % (i, "b" * 900) for i in range(4000)]}),
     {"/containers/": container([])}),
    ("service: 4,000 of each", "scope", lambda: post("/services/create", {"Name": "s", "Labels": {
        str(i): "" for i in range(4000)}, "TaskTemplate": {"ContainerSpec": {
            "Image": "app", "Env": ["A%d=b" % i for i in range(4000)], "Labels": {str(i): "" for i in range(4000)},
            "Hosts": ["1.1.1.1 a%d" % i for i in range(4000)]}}}), {}),
    ("query: 60 KiB of keys", "restricted", lambda: get("/containers/json?" + "&".join(
        "k%d=1" % i for i in range(7000))), {}),
    ("query: filters of 60 KiB", "restricted", lambda: get("/containers/json?filters=" + "".join(
        ["%7B%22label%22:%7B", ",".join("%%22%d%%22:true" % i for i in range(3000)), "%7D%7D"])), {}),
    ("query: build arguments of 60 KiB", "restricted", lambda: post("/build?buildargs=" + "".join(
        ["%7B", ",".join("%%22%d%%22:%%22%%22" % i for i in range(2800)), "%7D"]), b""), {}),
    ("head: as many fields as may be", "restricted", lambda: get("/info", b"".join(
        b"X-%d: a\r\n" % i for i in range(5000))), {}),
    ("head: one field of 60 KiB", "restricted", lambda: get("/info", b"X-A: " + b"a" * 60000 + b"\r\n"), {}),
    ("2,000 requests sent ahead", "restricted", lambda: get("/_ping") * 2000, {}),
    ("list: one entry of 1 MiB, variables", "scope", lambda: get("/containers/json"), {"/containers/json": ENTRY_ENV}),
    ("list: one entry of 1 MiB, \\u escapes", "scope", lambda: get("/containers/json"),
     {"/containers/json": ENTRY_ESCAPES}),
    ("list: 100,000 names in one entry", "scope", lambda: get("/containers/json"),
     {"/containers/json": [{"Id": ID, "Labels": {"%d" % i: "" for i in range(90000)}}]}),
    ("list: 8 entries of 1 MiB", "scope", lambda: get("/containers/json"),
     {"/containers/json": [listed(i, MIB - 4096) for i in range(8)]}),
    ("list: 20,000 containers", "scope", lambda: get("/containers/json"),
     {"/containers/json": [listed(i, 400) for i in range(20000)]}),
    ("images.list of 8 MiB", "scope", lambda: get("/images/json"), {"/images/json": [image(i) for i in range(60000)]}),
    ("networks.list of 8 MiB", "scope", lambda: get("/networks"),
     {"/networks": [{"Id": "%064d" % i, "Name": "n%d" % i, "Labels": {"io.sockade.owner": "scope"}, "Containers": {}}
                    for i in range(50000)]}),
    ("inspect: 1 MiB of variables", "scope", lambda: get("/containers/%s/json" % ID),
     {"/containers/": container(ENV_SHORT[:70000])}),
    ("inspect: 1 MiB of labels", "scope", lambda: get("/containers/%s/json" % ID),
     {"/containers/": container([], {**{"%d" % i: "" for i in range(70000)}, "io.sockade.owner": "scope"})}),
    ("inspect: 1 MiB of labels in no order", "scope", lambda: get("/containers/%s/json" % ID),
     {"/containers/": container([], {**{"%d" % (i * 2654435761 % 2**32): "" for i in range(55000)},
                                     "io.sockade.owner": "scope"})}),
    ("events: 4 MiB at once", "scope", lambda: get("/events?since=0&until=1"), {"/events": b"".join(dumps(
        {"Type": "container", "Action": "start", "id": ID, "Actor": {"ID": ID, "Attributes": {
            "io.sockade.owner": "scope", "name": "web"}}, "scope": "local", "time": 1, "timeNano": 1}) + b"\n"
        for _ in range(20000))}),
    ("lookup: an image of 1 MiB", "restricted", lambda: post("/containers/create", {**CREATE, "User": ""}),
     {"/images/": {"Id": "sha256:" + ID, "Config": {"User": "1000:1000", "Env": ENV_SHORT[:70000]}}}),
    ("lookup: a container of 1 MiB", "restricted", lambda: post("/containers/%s/start" % ID, b""),
     {"/containers/": container(ENV_SHORT[:70000])}),
)


class Engine:
    """Says what it is told to, at once and whole."""

    VERSION = dumps({"Version": "20.10.24", "ApiVersion": "1.41", "Components": [{"Name": "Engine"}]})

    def __init__(self, path):
        self.answers = {}
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            threading.Thread(target=self.talk, args=(self.server.accept()[0],), daemon=True).start()

    def answer(self, target):
        if target.startswith(b"/version"):
            return self.VERSION
        fitting = [begin for begin in self.answers if target.startswith(begin.encode())]
        return self.answers[max(fitting, key=len)] if fitting else b'{"Id":"%s"}' % ID.encode()

    def talk(self, client):
        held = b""
        try:
            while True:
                while b"\r\n\r\n" not in held:
                    more = client.recv(MIB)
                    if not more:
                        return
                    held += more
                head, held = held.split(b"\r\n\r\n", 1)
                target = head.split(b" ", 2)[1]
                target = b"/" + target.split(b"/", 2)[2] if target.startswith(b"/v1.") else target
                length = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
                while length and len(held) < length[0]:
                    held += client.recv(MIB)
                held = held[length[0]:] if length else held
                body = self.answer(target)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                               % (len(body), body))
        except OSError:
            return


class Turns:
    """What bench_turns says."""

    def __init__(self, path):
        with open(path, "w+b") as file:
            file.write(b"\0" * 24)
            file.flush()
            self.map = mmap.mmap(file.fileno(), 24)

    def clear(self):
        self.map[:] = b"\0" * 24

    def longest_ms(self):
        cpu, clock, _count = struct.unpack("QQQ", self.map[:])
        return cpu / 1e6, clock / 1e6


def make_tree(folder):
    """Directories of many names, and links that lead through links."""
    for i in range(250):
        os.makedirs(os.path.join(folder, str(i), "a", "b", "c"))
    for i in range(30):
        os.symlink("l%d" % (i + 1) if i < 29 else "0", os.path.join(folder, "l%d" % i))


def exchange(path, request):
    """Sends it and reads all that is answered. The first line, and how many bytes there were."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(120)
    client.connect(path)

    def send():
        try:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before all of it was read

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    first, count = b"", 0
    try:
        while True:
            got = client.recv(MIB)
            if not got:
                break
            first = first or got[:200]
            count += len(got)
    except ConnectionResetError:
        pass
    client.close()
    return first.split(b"\r\n")[0].decode("latin-1"), count


class Bench:
    def __init__(self, folder, args):
        self.folder, self.args = folder, args
        self.allowed = os.path.join(folder, "allowed")
        make_tree(self.allowed)
        self.engine = Engine(os.path.join(folder, "engine.sock"))

    def command(self, policy):
        text = json.dumps({"version": 1, "daemon": {"socket": os.path.join(self.folder, "engine.sock"), "host_files": "yes"},
                           "listen": [{"socket": os.path.join(self.folder, "s.sock"), "policy": policy}],
                           "policies": {policy: POLICIES[policy]}}).replace("@ALLOWED@", self.allowed)
        with open(os.path.join(self.folder, "policy.json"), "w", encoding="utf-8") as file:
            file.write(text)
        return [*pinned(self.args.core, self.args.nice), "env",
                "LD_PRELOAD=" + os.path.join(self.args.programs, "bench_turns.so"),
                "SOCKADE_TURNS=" + os.path.join(self.folder, "turns"), self.args.sockade, "serve",
                "--config", os.path.join(self.folder, "policy.json"), "--audit", os.path.join(self.folder, "audit"),
                "--log-level", "error"]

    def run(self, case):
        name, policy, request, answers = case
        self.engine.answers = {to: what if isinstance(what, bytes) else dumps(what) for to, what in answers.items()}
        turns = Turns(os.path.join(self.folder, "turns"))
        text = request().replace(b"@ALLOWED@", self.allowed.encode())
        if b"@ALLOWED@" in request():  # the body has grown by as much
            head, body = text.split(b"\r\n\r\n", 1)
            lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
            text = b"\r\n".join([*lines, b"Content-Length: %d" % len(body)]) + b"\r\n\r\n" + body
        process = Process(self.command(policy), os.path.join(self.folder, "s.sock"), os.path.join(self.folder, "log"))
        runs = []
        try:
            for _ in range(self.args.repeat):
                time.sleep(0.05)
                turns.clear()
                status, count = exchange(process.path, text)
                runs.append(turns.longest_ms())
        finally:
            process.stop()
        cpu, clock = min(runs)
        return {"case": name, "status": status, "bytes": count, "cpu_ms": cpu, "clock_ms": clock}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sockade", default=os.path.join(ROOT, "build/bench/sockade"))
    parser.add_argument("--programs", default=os.path.join(ROOT, "build/bench"))
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--nice", type=int, default=0)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--case", default="", help="those whose name has this in it")
    parser.add_argument("--json")
    args = parser.parse_args()
    results = []
    print("| the worst of a kind | answer | longest turn, ms of CPU | by the clock |\n|---|---|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder, args)
        for case in CASES:
            if args.case in case[0]:
                result = bench.run(case)
                results.append(result)
                print("| %(case)s | %(status)s, %(bytes)d bytes | %(cpu_ms).2f | %(clock_ms).2f |" % result, flush=True)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    above = [result["case"] for result in results if result["cpu_ms"] > TARGET_MS]
    if above:
        sys.exit("above %d ms: %s" % (TARGET_MS, "; ".join(above)))


if __name__ == "__main__":
    main()
