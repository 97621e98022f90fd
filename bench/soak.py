#!/usr/bin/env python3
"""soak.py - mixed clients on one sockade for as long as it takes, to see that nothing grows.

  bench/soak.py [--minutes 60] [--engine SOCKET] [--sockade BINARY] [--creates 500]
                [--execs 200] [--streams 1000] [--json FILE]

Uses a Docker engine (SOCKET, or a private one that scripts/lib/engine.sh starts). All at once:
containers created, looked at and removed (--creates a minute, some of them refused, some
started), --execs attached programs that echo, --streams open /events, lists, a save piped into
a load without end, and clients that hang up in the middle. Prints memory, descriptors and CPU
over time and latencies at the end, and fails when something grew or went wrong."""
import argparse
import collections
import json
import os
import random
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from memory import ROOT, cpu_seconds, docker, start_engine, status_kib, stop_engine, wait_for

API = "/v1.41"
IMAGE = "sockade-soak:latest"
BODY = {"Image": IMAGE, "User": "1000:1000", "Cmd": ["true"], "HostConfig": {"NetworkMode": "none"},
        "Labels": {"sockade-soak": "1"}}
OPENED_LATER = 4  # descriptors: what is looked at when a path of the host is first judged
# What the load is meant to be, it has to be let through.
LIMITS = {"connections": 8192, "requests": 2048, "streams": 4096, "creates_per_minute": 65536,
          "per_uid": {"connections": 8192, "requests": 2048, "streams": 4096, "creates_per_minute": 65536}}
GROWTH_KIB = 1024  # of resident memory, from the second quarter to the last


class Http:
    """A connection of its own for each thread, kept alive."""

    def __init__(self, path):
        self.path = path
        self.sock = None
        self.buffer = b""

    def connect(self):
        self.close()
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        self.sock.connect(self.path)
        self.buffer = b""

    def close(self):
        if self.sock:
            self.sock.close()
        self.sock = None

    def send(self, method, target, body=None, fields=""):
        data = json.dumps(body).encode() if body is not None else b""
        kind = "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(data) if body is not None else ""
        if not self.sock:
            self.connect()
        self.sock.sendall(("%s %s HTTP/1.1\r\nHost: d\r\n%s%s\r\n" % (method, API + target, kind, fields)).encode() + data)

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise OSError("closed")
        self.buffer += data

    def head(self):
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        return int(lines[0].split()[1]), {name.lower(): value.strip()
                                          for name, _, value in (line.partition(":") for line in lines[1:])}

    def body(self, fields):
        parts = []
        if fields.get("transfer-encoding") == "chunked":
            while True:
                while b"\r\n" not in self.buffer:
                    self.more()
                size, self.buffer = self.buffer.split(b"\r\n", 1)
                need = int(size, 16) + 2
                while len(self.buffer) < need:
                    self.more()
                parts.append(self.buffer[:need - 2])
                self.buffer = self.buffer[need:]
                if need == 2:
                    return b"".join(parts)
        need = int(fields.get("content-length", 0))
        while len(self.buffer) < need:
            self.more()
        data, self.buffer = self.buffer[:need], self.buffer[need:]
        return data

    def ask(self, method, target, body=None):
        self.send(method, target, body)
        status, fields = self.head()
        data = b"" if status in (204, 304) else self.body(fields)
        if fields.get("connection") == "close":
            self.close()
        return status, data


class Soak:
    def __init__(self, args, engine, sock):
        self.args, self.engine, self.sock = args, engine, sock
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.latency = collections.defaultdict(list)
        self.counts = collections.Counter()
        self.problems = collections.Counter()
        self.container = None

    def timed(self, name, act):
        begin = time.monotonic()
        result = act()
        with self.lock:
            self.latency[name].append(time.monotonic() - begin)
            self.counts[name] += 1
        return result

    def problem(self, text):
        with self.lock:
            self.problems[text] += 1

    def expect(self, what, status, *wanted):
        if status not in wanted:
            self.problem("%s: status %d" % (what, status))

    # ---- the clients; each runs until it is over

    def creator(self, every_s):
        http = Http(self.sock)
        number = 0
        due = time.monotonic()
        while not self.over.wait(max(0, due - time.monotonic())):
            due += every_s * random.uniform(0.5, 1.5)
            number += 1
            status, data = self.timed("create", lambda: http.ask("POST", "/containers/create", BODY))
            self.expect("create", status, 201)
            if status != 201:
                continue
            name = json.loads(data)["Id"]
            status, _ = self.timed("inspect", lambda: http.ask("GET", "/containers/%s/json" % name))
            self.expect("inspect", status, 200)
            if number % 20 == 0:
                status, _ = self.timed("start", lambda: http.ask("POST", "/containers/%s/start" % name))
                self.expect("start", status, 204)
                status, _ = http.ask("POST", "/containers/%s/wait" % name)
                self.expect("wait", status, 200)
            status, _ = self.timed("remove", lambda: http.ask("DELETE", "/containers/%s?force=1" % name))
            self.expect("remove", status, 204)

    def refused(self):
        http = Http(self.sock)
        body = dict(BODY, HostConfig={"Privileged": True, "Binds": ["/:/host"]})
        while not self.over.wait(0.3):
            status, _ = self.timed("refused create", lambda: http.ask("POST", "/containers/create", body))
            self.expect("refused create", status, 403)

    def lists(self, name, path):
        http = Http(path)
        while not self.over.wait(0.2):
            for target in ("/containers/json?all=1", "/images/json", "/info", "/_ping"):
                status, _ = self.timed(name, lambda target=target: http.ask("GET", target))
                self.expect(name, status, 200)

    def hangs_up(self):
        parts = (b"GET /_pi", b"POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 90\r\n\r\n{",
                 b"GET /v1.41/events HTTP/1.1\r\nHost: d\r\n\r\n", b"")
        while not self.over.wait(0.1):
            http = Http(self.sock)
            http.connect()
            http.sock.sendall(random.choice(parts))
            http.close()
            self.counts["hung up"] += 1

    def save_into_load(self):
        while not self.over.is_set():
            save = subprocess.Popen(["docker", "-H", "unix://" + self.sock, "save", IMAGE], stdout=subprocess.PIPE)
            load = subprocess.run(["docker", "-H", "unix://" + self.sock, "load"], stdin=save.stdout,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            save.stdout.close()
            if save.wait() or load.returncode:
                self.problem("save | load: %s" % load.stderr.decode()[-100:])
            self.counts["save | load"] += 1

    def open_exec(self):
        http = Http(self.sock)
        status, data = http.ask("POST", "/containers/%s/exec" % self.container, {
            "AttachStdin": True, "AttachStdout": True, "Tty": True, "User": "1000", "Cmd": ["cat"]})
        self.expect("exec create", status, 201)
        http.send("POST", "/exec/%s/start" % json.loads(data)["Id"], {"Detach": False, "Tty": True},
                  "Connection: Upgrade\r\nUpgrade: tcp\r\n")
        status, _ = http.head()
        self.expect("exec start", status, 101)
        return http

    def execs(self, count):
        """Each echoes now and then; some end and others begin."""
        opened = []
        while not self.over.is_set():
            while len(opened) < count and not self.over.is_set():
                opened.append(self.timed("exec start", self.open_exec))
            for http in random.sample(opened, max(1, count // 10)):
                if self.over.wait(0.1):
                    break
                self.timed("exec echo", lambda http=http: self.echo(http))
            if random.random() < 0.2:
                gone = opened.pop(random.randrange(len(opened)))
                gone.sock.sendall(b"\x04")
                gone.close()
        for http in opened:
            http.sock.sendall(b"\x04")
            http.close()

    def echo(self, http):
        word = b"%08x" % random.getrandbits(32)
        http.sock.sendall(word + b"\n")
        while http.buffer.count(word) < 2:  # the terminal's echo and cat's
            http.more()
        http.buffer = b""

    def events(self, count):
        selector = selectors.DefaultSelector()
        clients = []
        for _ in range(count):
            http = Http(self.sock)
            http.send("GET", "/events")
            status, _ = http.head()
            self.expect("events", status, 200)
            selector.register(http.sock, selectors.EVENT_READ)
            clients.append(http)
        self.counts["event streams"] = count
        while not self.over.is_set():
            for key, _ in selector.select(0.5):
                if not key.fileobj.recv(65536):
                    self.problem("an event stream ended")
                    selector.unregister(key.fileobj)
        for http in clients:
            http.close()

    def guarded(self, function, *arguments):
        try:
            function(*arguments)
        except Exception as problem:  # pylint: disable=broad-except
            self.problem("%s: %r" % (function.__name__, problem))

    def start(self):
        creators = 8
        self.container = docker(self.engine, "run", "-d", "--init", "--network", "none", "--label", "sockade-soak=1",
                                "--user", "1000:1000", IMAGE, "sleep", "1000000", stdout=subprocess.PIPE).stdout.decode().strip()
        work = [(self.creator, creators * 60 / self.args.creates)] * creators
        work += [(self.execs, self.args.execs // 4)] * 4
        work += [(self.refused,), (self.lists, "list", self.sock), (self.lists, "list, straight", self.engine),
                 (self.hangs_up,), (self.save_into_load,), (self.events, self.args.streams)]
        threads = [threading.Thread(target=self.guarded, args=item) for item in work]
        for thread in threads:
            thread.start()
        return threads


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def sample(pid, samples, begin):
    samples.append({"s": round(time.monotonic() - begin), "rss_kib": status_kib(pid, "VmRSS"),
                    "descriptors": descriptors(pid), "cpu_s": round(cpu_seconds(pid), 2)})
    return samples[-1]


def watch(pid, soak, minutes):
    begin, samples = time.monotonic(), []
    end = begin + minutes * 60
    every = max(2, minutes * 60 / 60)
    print("%8s %10s %12s %8s %10s" % ("s", "RSS KiB", "descriptors", "CPU s", "creates"), flush=True)
    while time.monotonic() < end:
        time.sleep(every)
        row = sample(pid, samples, begin)
        print("%8d %10d %12d %8.2f %10d" % (row["s"], row["rss_kib"], row["descriptors"], row["cpu_s"],
                                            soak.counts["create"]), flush=True)
    return samples


def growth(samples):
    """KiB of resident memory between the second quarter's median and the last one's."""
    quarter = max(1, len(samples) // 4)
    part = [statistics.median(row["rss_kib"] for row in rows) for rows in
            (samples[quarter:2 * quarter], samples[-quarter:])]
    return part[1] - part[0]


def latencies(soak):
    rows = {}
    for name, values in sorted(soak.latency.items()):
        values.sort()
        rows[name] = {"count": len(values), "p50_ms": round(values[len(values) // 2] * 1000, 2),
                      "p99_ms": round(values[int(len(values) * 0.99)] * 1000, 2)}
    return rows


def run(args, engine, folder):
    sock = os.path.join(folder, "sockade.sock")
    policy = os.path.join(folder, "policy.yaml")
    allow = ["@ci", "images.load", "images.save", "system.info"]
    with open(policy, "w", encoding="ascii") as file:
        json.dump({"version": 1, "daemon": {"socket": engine}, "listen": [{"socket": sock, "policy": "soak"}],
                   "policies": {"soak": {"base": "restricted", "allow": allow, "limits": LIMITS}}}, file)
    daemon = subprocess.Popen([args.sockade, "serve", "--config", policy, "--audit", os.path.join(folder, "audit"),
                               "--log-level", "error"])
    try:
        wait_for(sock)
        idle = {"rss_kib": status_kib(daemon.pid, "VmRSS"), "descriptors": descriptors(daemon.pid)}
        soak = Soak(args, engine, sock)
        threads = soak.start()
        samples = watch(daemon.pid, soak, args.minutes)
        soak.over.set()
        for thread in threads:
            thread.join()
        time.sleep(35)  # idle connections to the engine go after 30 s
        after = {"rss_kib": status_kib(daemon.pid, "VmRSS"), "descriptors": descriptors(daemon.pid)}
    finally:
        daemon.terminate()
        code = daemon.wait(60)
    return {"idle": idle, "after": after, "samples": samples, "growth_kib": growth(samples), "exit": code,
            "latencies": latencies(soak), "counts": dict(soak.counts), "problems": dict(soak.problems)}


def verdict(result):
    wrong = ["%s (%d times)" % item for item in result["problems"].items()]
    if result["growth_kib"] > GROWTH_KIB:
        wrong.append("memory grew by %d KiB" % result["growth_kib"])
    if result["after"]["descriptors"] > result["idle"]["descriptors"] + OPENED_LATER:
        wrong.append("descriptors stayed open: %(descriptors)d" % result["after"])
    if result["exit"] != 0:
        wrong.append("exit code %d" % result["exit"])
    return wrong


def make_image(engine, folder):
    script = f'. "{ROOT}/scripts/lib/engine.sh"; engine_make_image "{engine}" {IMAGE}'
    subprocess.run(["bash", "-c", script], check=True, cwd=folder)


def clean(engine):
    found = docker(engine, "ps", "-aq", "--filter", "label=sockade-soak=1", stdout=subprocess.PIPE).stdout.decode().split()
    if found:
        docker(engine, "rm", "-f", *found, stdout=subprocess.DEVNULL)
    docker(engine, "image", "rm", "-f", IMAGE, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--engine")
    parser.add_argument("--sockade", default=os.path.join(ROOT, "build/release/sockade"))
    parser.add_argument("--creates", type=int, default=500, help="a minute")
    parser.add_argument("--execs", type=int, default=200)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--json")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sockade-soak-") as folder:
        engine = args.engine or start_engine(os.path.join(folder, "engine"))
        try:
            make_image(engine, folder)
            result = run(args, engine, folder)
        finally:
            clean(engine)
            if not args.engine:
                stop_engine(os.path.join(folder, "engine"))
    for name, row in result["latencies"].items():
        print("%-16s %8d times  p50 %8.2f ms  p99 %8.2f ms" % (name, row["count"], row["p50_ms"], row["p99_ms"]))
    print("idle %(rss_kib)d KiB, %(descriptors)d descriptors" % result["idle"])
    print("after %(rss_kib)d KiB, %(descriptors)d descriptors" % result["after"])
    print("growth %d KiB, records %s" % (result["growth_kib"], dict(result["counts"])))
    if args.json:
        with open(args.json, "w", encoding="ascii") as file:
            json.dump(result, file, indent=1)
    wrong = verdict(result)
    print("flat" if not wrong else "NOT FLAT: " + "; ".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
