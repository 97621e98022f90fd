#!/usr/bin/env python3
"""memory.py - what sockade's memory is while it idles, relays and waits.

  bench/memory.py [--engine SOCKET] [--sockade BINARY] [--gib N] [--streams N]

Uses a Docker engine (SOCKET, or a private one that scripts/lib/engine.sh starts)
and prints one table: resident memory idle, its peak during a `docker save` and a
`docker load` of N GiB, and what an open /events stream costs. Fails when a bound
of the README is passed."""
import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIMITS = {"connections": 4096, "streams": 4096, "per_uid": {"connections": 4096, "streams": 4096}}
BOUNDS = {"idle": 6 * 1024, "peak": 16 * 1024, "stream": 48}


def status_kib(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return 0


def reset_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def docker(sock, *args, **kwargs):
    return subprocess.run(["docker", "-H", "unix://" + sock, *args], check=True, **kwargs)


def wait_for(sock, seconds=30):
    end = time.time() + seconds
    while time.time() < end:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(sock)
            return
        except OSError:
            time.sleep(0.05)
        finally:
            client.close()
    sys.exit(f"{sock}: nobody answers")


def start_engine(folder):
    script = f'. "{ROOT}/scripts/lib/engine.sh"; engine_start "{folder}"'
    subprocess.run(["bash", "-c", script], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(folder, "docker.sock")


def stop_engine(folder):
    script = f'. "{ROOT}/scripts/lib/engine.sh"; engine_stop "{folder}"'
    subprocess.run(["bash", "-c", script], check=False)


def make_image(engine, folder, gib):
    """An image whose one layer is a file of that size that does not compress."""
    tree = os.path.join(folder, "tree")
    os.makedirs(tree)
    with open(os.path.join(tree, "data"), "wb") as file:
        for _ in range(gib * 1024):
            file.write(os.urandom(1024 * 1024))
    tar = subprocess.Popen(["tar", "-C", tree, "-c", "."], stdout=subprocess.PIPE)
    docker(engine, "import", "-", "sockade-bench:big", stdin=tar.stdout, stdout=subprocess.DEVNULL)
    tar.wait()
    subprocess.run(["rm", "-rf", tree], check=True)


def measure_bulk(pid, name, run):
    reset_peak(pid)
    before = cpu_seconds(pid)
    run()
    return name, status_kib(pid, "VmHWM"), cpu_seconds(pid) - before


def save_and_load(pid, sock, folder):
    path = os.path.join(folder, "image.tar")
    rows = [measure_bulk(pid, "docker save", lambda: docker(
        sock, "save", "-o", path, "sockade-bench:big"))]
    rows.append(measure_bulk(pid, "docker load", lambda: docker(
        sock, "load", "-i", path, stdout=subprocess.DEVNULL)))
    size = os.path.getsize(path)
    os.unlink(path)
    return rows, size


def open_streams(pid, sock, count):
    """KiB of resident memory for each of `count` open /events streams."""
    before = status_kib(pid, "VmRSS")
    clients = []
    for _ in range(count):
        client = socket.socket(socket.AF_UNIX)
        client.connect(sock)
        client.sendall(b"GET /v1.41/events HTTP/1.1\r\nHost: d\r\n\r\n")
        clients.append(client)
    for client in clients:
        if b" 200 " not in client.recv(4096):
            sys.exit("an event stream was refused")
    cost = (status_kib(pid, "VmRSS") - before) / count
    for client in clients:
        client.close()
    time.sleep(4)  # memory is given back when nothing has changed for a second
    return cost, status_kib(pid, "VmRSS")


def measure(args, engine, folder):
    sock = os.path.join(folder, "sockade.sock")
    policy = os.path.join(folder, "policy.yaml")
    with open(policy, "w", encoding="ascii") as file:
        json.dump({"version": 1, "daemon": {"socket": engine},
                   "listen": [{"socket": sock, "policy": "bench"}],
                   "policies": {"bench": {"base": "restricted", "limits": LIMITS}}},
                  file)
    daemon = subprocess.Popen([args.sockade, "serve", "--config", policy, "--audit", "/dev/null",
                               "--log-level", "error"])
    try:
        wait_for(sock)
        idle = status_kib(daemon.pid, "VmRSS")
        streams, after = open_streams(daemon.pid, sock, args.streams)
        make_image(engine, folder, args.gib)
        bulk, size = save_and_load(daemon.pid, sock, folder)
    finally:
        daemon.terminate()
        daemon.wait(20)
    return idle, streams, after, bulk, size


def report(args, idle, streams, after, bulk, size):
    print(f"{'idle':34} {idle / 1024:7.1f} MiB RSS")
    for name, peak, cpu in bulk:
        print(f"{name + f', {size / 2**30:.2f} GiB':34} {peak / 1024:7.1f} MiB peak RSS, "
              f"{cpu * 1000 / (size / 2**30):.0f} ms CPU per GiB")
    print(f"{f'one of {args.streams} open /events streams':34} {streams:7.1f} KiB RSS")
    print(f"{'after they have gone':34} {after / 1024:7.1f} MiB RSS")
    peak = max(row[1] for row in bulk)
    passed = idle < BOUNDS["idle"] and peak < BOUNDS["peak"] and streams < BOUNDS["stream"]
    print("within bounds" if passed else "A BOUND IS PASSED", BOUNDS, "KiB")
    return 0 if passed else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine")
    parser.add_argument("--sockade", default=os.path.join(ROOT, "build/release/sockade"))
    parser.add_argument("--gib", type=int, default=1)
    parser.add_argument("--streams", type=int, default=1000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sockade-bench-") as folder:
        engine = args.engine or start_engine(os.path.join(folder, "engine"))
        try:
            figures = measure(args, engine, folder)
        finally:
            docker(engine, "image", "rm", "-f", "sockade-bench:big",
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if not args.engine:
                stop_engine(os.path.join(folder, "engine"))
    return report(args, *figures)


if __name__ == "__main__":
    sys.exit(main())
