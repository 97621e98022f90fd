#!/usr/bin/env python3
"""fairness.py - what one client notices of another one that floods.

  bench/fairness.py [--sockade BINARY] [--seconds N] [--bound MS]

An engine that answers at once, and two users: A floods in one way after another, B asks for
/info, one request after the other, each on a connection of its own. Prints one table: how many requests
A got through (or was refused) in a second, and how long B waited. Needs root, to be two
users. Fails when B's 99th percentile passes the bound, or one of its requests fails."""
import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ALICE, BOB = 1234, 1235
CONTAINER = json.dumps({"Id": "c" * 64, "Names": ["/c"], "Labels": {"label": "b" * 600},
                        "Mounts": [{"Type": "bind", "Source": "/srv/a"}]}).encode()
# What has to be read before it is sent: as many values as can be, or as large a one.
LISTS = {"/containers/json": b"[" + b",".join([CONTAINER] * 16384) + b"]",
         "/images/json": b"[" + b",".join([b"1"] * 4000000) + b"]",
         "/containers/a/json": b'{"Config":{"Env":[' + b",".join([b'"A=b"'] * 90000) + b"]}}"}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
# Without a limit of refusals, which would end the floods of those after a minute's worth.
LIMITS = {"connections": 512, "requests": 64, "streams": 256, "refusals_per_minute": 0,
          "per_uid": {"connections": 128, "requests": 16, "streams": 64, "refusals_per_minute": 0}}
CREATE = b'{"Image":"a","User":"1000","Labels":{%s}}' % b",".join(b'"label%d":"value"' % i for i in range(15000))


def request(method, target, body=b""):
    fields = "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body) if body else ""
    return ("%s /v1.41%s HTTP/1.1\r\nHost: d\r\n%s\r\n" % (method, target, fields)).encode() + body


def engine(path):
    """Answers whatever it is asked with {}, or with one of LISTS."""
    def serve(connection):
        with connection, contextlib.suppress(OSError):
            while True:
                data = connection.recv(1 << 20)
                if not data:
                    return
                count = data.count(b"\r\n\r\n")
                target = data[:64].split(b" ")[1][len("/v1.41"):].decode() if count == 1 else None
                if target in LISTS:
                    connection.sendall(ANSWER.replace(b"2\r\n\r\n{}", b"%d\r\n\r\n" % len(LISTS[target])))
                    connection.sendall(LISTS[target])
                elif count:
                    connection.sendall(ANSWER * count)

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(512)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client


def flood(path, data, answers, connections):
    """Sends `data`, reads `answers` answers, again and again, on so many connections. Returns a counter."""
    done = [0] * connections

    def run(index):
        while True:
            with contextlib.suppress(OSError), connect(path) as client:
                while True:
                    with contextlib.suppress(BrokenPipeError):  # turned away, and told why
                        client.sendall(data)
                    got = 0
                    while got < answers:
                        text = client.recv(1 << 16)
                        if not text:
                            raise OSError
                        got += text.count(b"HTTP/1.1 ")
                        done[index] += text.count(b"HTTP/1.1 ")

    for index in range(connections):
        threading.Thread(target=run, args=(index,), daemon=True).start()
    return done


FLOODS = {
    "nothing": None,
    "requests, 100 connections": (request("GET", "/info"), 1, 100),
    "refused requests, 100 connections": (request("GET", "/swarm"), 1, 100),
    "refused requests, pipelined by 1,000": (request("GET", "/swarm") * 1000, 1000, 100),
    "creates of 300 KiB to be judged": (request("POST", "/containers/create", CREATE), 1, 20),
    "connections over its limit": (request("GET", "/info"), 1, 300),
    "lists of 12 MiB, 16 connections": (request("GET", "/containers/json"), 1, 16),
    "lists of 4,000,000 values": (request("GET", "/images/json"), 1, 16),
    "inspections of 90,000 variables": (request("GET", "/containers/a/json"), 1, 16),
}


def as_user(uid, function, *arguments):
    """In a process of its own."""
    pid = os.fork()
    if pid == 0:
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        try:
            function(*arguments)
        finally:
            os._exit(0)
    return pid


def attack(path, how, out):
    done = flood(path, *how)
    time.sleep(1)
    before, start = sum(done), time.monotonic()
    while True:
        time.sleep(0.5)
        os.pwrite(out, b"%12d" % ((sum(done) - before) / (time.monotonic() - start)), 0)


def measure(path, seconds, out):
    waits, failed = [], 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        client = connect(path)
        client.sendall(request("GET", "/info"))
        failed += not client.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
        client.close()
        waits.append(time.monotonic() - start)
        time.sleep(0.005)
    waits.sort()
    os.pwrite(out, json.dumps([len(waits), failed] + [
        1000 * waits[int((len(waits) - 1) * part)] for part in (0.5, 0.99, 1)]).encode(), 0)


def run(path, how, seconds):
    """B's count, failures, median, 99th percentile and maximum in ms, and A's requests in a second."""
    with tempfile.TemporaryFile() as rate, tempfile.TemporaryFile() as result:
        attacker = as_user(ALICE, attack, path, how, rate.fileno()) if how else None
        time.sleep(1.5 if how else 0)
        os.waitpid(as_user(BOB, measure, path, seconds, result.fileno()), 0)
        if attacker:
            os.kill(attacker, signal.SIGKILL)
            os.waitpid(attacker, 0)
        result.seek(0)
        rate.seek(0)
        return json.loads(result.read()), int(rate.read() or 0)


def start_sockade(binary, folder):
    config = os.path.join(folder, "sockade.yaml")
    path = os.path.join(folder, "docker.sock")
    with open(config, "w", encoding="ascii") as file:
        json.dump({"version": 1, "daemon": {"socket": os.path.join(folder, "engine.sock")},
                   "listen": [{"socket": path, "mode": "0666", "policy": "bench"}],
                   "policies": {"bench": {"base": "restricted", "limits": LIMITS,
                                          "redact": {"env": "all", "mounts": "host_paths"}}}}, file)
    process = subprocess.Popen([binary, "serve", "--config", config, "--audit", os.path.join(folder, "audit.log"),
                                "--log-level", "error"])
    for _ in range(500):
        try:
            connect(path).close()
            return process, path
        except OSError:
            time.sleep(0.01)
    sys.exit("sockade does not serve")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--sockade", default=os.path.join(ROOT, "build/release/sockade"))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--bound", type=float, default=250, help="of B's 99th percentile, in ms")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("fairness.py needs root, to be two users")
    failures = 0
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o711)
        server = os.fork()
        if server == 0:
            engine(os.path.join(folder, "engine.sock"))
        time.sleep(0.2)
        process, path = start_sockade(options.sockade, folder)
        print("%-38s %10s %8s %10s %10s %10s" % ("A floods with", "A each s", "B asked", "median ms", "99 % ms", "most ms"))
        try:
            for name, how in FLOODS.items():
                (count, failed, median, most_of, most), rate = run(path, how, options.seconds)
                print("%-38s %10d %8d %10.2f %10.2f %10.2f%s" % (
                    name, rate, count, median, most_of, most, "  FAILED: %d" % failed if failed else ""), flush=True)
                failures += failed > 0 or most_of > options.bound
        finally:
            process.terminate()
            process.wait()
            os.kill(server, signal.SIGKILL)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
