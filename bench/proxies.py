"""proxies.py - how each of the compared proxies is started, pinned to its core and looked at."""
import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time

BENCH = os.path.dirname(os.path.abspath(__file__))
CONFIGS = os.path.join(BENCH, "configs")
SECTIONS = ("auth", "build", "commit", "configs", "containers", "distribution", "events", "exec", "grpc", "images", "info",
            "networks", "nodes", "_ping", "plugins", "secrets", "services", "session", "swarm", "system", "tasks",
            "version", "volumes")
ALLOWED = ("build", "containers", "events", "exec", "images", "info", "networks", "_ping", "version", "volumes")
MANY = 32768
# glibc would give each freed buffer of 64 KiB back to the kernel, to fault it in again for the next request.
KEEPS_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(256 * 1024 * 1024)}


class Failed(Exception):
    pass


def raise_descriptors():
    """For all that is started, as far as the system lets us: a proxy has two for each stream."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(hard, 2 * MANY),) * 2)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def most_connections():
    """That a proxy can have at once here, with a connection to the engine for each."""
    return min(MANY, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100) // 2)


def pinned(core, nice):
    """In front of a command: its core, and how it comes off where others want that core as well."""
    return ["nice", "-n", str(nice), "taskset", "-c", str(core)]


def fill(name, out, **values):
    with open(os.path.join(CONFIGS, name), encoding="ascii") as file:
        text = file.read()
    for key, value in values.items():
        text = text.replace("@%s@" % key.upper(), value)
    with open(out, "w", encoding="ascii") as file:
        file.write(text)


def children(pid):
    found = []
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, task), encoding="ascii") as file:
            found += [int(child) for child in file.read().split()]
    return found


def kib(pid, file, field):
    with open("/proc/%d/%s" % (pid, file), encoding="ascii") as lines:
        for line in lines:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return 0


def answers(path):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(5)
        try:
            client.connect(path)
            client.sendall(b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n")
            return client.recv(4096).startswith(b"HTTP/1.1 200")
        except OSError:
            return False


class Process:
    """A program on one core, with a socket that it answers on."""

    def __init__(self, command, path, log, env=None):
        self.path = path
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with open(log, "ab") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            env=dict(os.environ, **(env or {})))
        end = time.monotonic() + 20
        while not answers(path):
            if time.monotonic() > end or self.process.poll() is not None:
                self.stop()
                with open(log, encoding="utf-8", errors="replace") as text:
                    raise Failed("%s does not answer\n%s" % (command[0], text.read()[-2000:]))
            time.sleep(0.02)

    def pids(self):
        return [self.process.pid, *children(self.process.pid)]

    def memory_kib(self, file, field):
        return sum(kib(pid, file, field) for pid in self.pids())

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def policy(engine, sockets, rules=None):
    """The base `restricted`, whole; only what would stop a benchmark is raised, how many may connect and be refused, and what is mounted is allowed."""
    many = {"connections": MANY, "refusals_per_minute": 0}
    limits = {**many, "per_uid": many}
    rules = {"host_path_mount": {"allow": [{"path": "/usr/share"}]}, **(rules or {})}
    return {"version": 1, "daemon": {"socket": engine, "host_files": "yes"},
            "listen": [{"socket": path, "policy": "bench"} for path in sockets],
            "policies": {"bench": {"base": "restricted", "limits": limits, "rules": rules}}}


class Field:
    """What is compared, in one folder, in front of one engine."""

    def __init__(self, folder, args):
        self.folder, self.sockade, self.programs = folder, args.sockade, args.programs
        self.alone, self.beside = (pinned(core, args.nice) for core in args.cores)
        self.audit = args.audit or os.path.join(folder, "audit")
        self.started = {}
        self.engine = self.start_engine("engine")

    def start_engine(self, name):
        path = self.at(name + ".sock")
        return Process([*self.beside, os.path.join(self.programs, "bench_mock"), path], path, self.at(name + ".log"))

    def at(self, name):
        return os.path.join(self.folder, name)

    def prepare(self, name):
        """Writes the configuration; the command, and what is in its environment."""
        values = {"folder": self.folder, "engine": self.engine.path, "socket": self.at(name + ".sock")}
        if name == "sockade":
            return self.prepare_sockade(name), {}
        if name == "nginx":
            fill("nginx.conf", self.at("nginx.conf"), connections=str(2 * most_connections()), **values)
            return ["nginx", "-p", self.folder, "-e", self.at("nginx.log"), "-c", self.at("nginx.conf")], {}
        rules = "\n".join("    http-request allow if { path,url_dec -m reg -i ^(/v[0-9.]+)?/%s } { env(%s) -m bool }"
                          % (section, section.strip("_").upper()) for section in SECTIONS)
        env = {section.strip("_").upper(): "1" for section in ALLOWED}
        fill(name + ".cfg", self.at(name + ".cfg"), connections=str(most_connections()), rules=rules, **values)
        return ["haproxy", "-db", "-f", self.at(name + ".cfg")], dict(env, POST="1", **(
            KEEPS_MEMORY if name == "haproxy-tuned" else {}))

    def prepare_sockade(self, name, rules=None, listeners=1, engine=None):
        sockets = [self.at("%s.sock" % name)] + [self.at("%s-%d.sock" % (name, i)) for i in range(1, listeners)]
        with open(self.at(name + ".json"), "w", encoding="ascii") as file:
            json.dump(policy(engine or self.engine.path, sockets, rules), file)
        return [self.sockade, "serve", "--config", self.at(name + ".json"), "--audit", self.audit, "--log-level", "error"]

    def start(self, name):
        command, env = self.prepare(name)
        return Process([*self.alone, *command], self.at(name + ".sock"), self.at(name + ".log"), env)

    @contextlib.contextmanager
    def running(self, name):
        """A fresh one, beside those that are compared."""
        with contextlib.suppress(KeyError):
            self.started.pop(name).stop()
        proxy = self.start(name)
        try:
            yield proxy
        finally:
            proxy.stop()

    @contextlib.contextmanager
    def another_sockade(self, name, **how):
        command = self.prepare_sockade(name, **how)
        proxy = Process([*self.alone, *command], self.at(name + ".sock"), self.at(name + ".log"))
        try:
            yield proxy
        finally:
            proxy.stop()

    def get(self, name):
        """The running proxy of that name; `direct` is the engine."""
        if name == "direct":
            return self.engine
        if name not in self.started:
            self.started[name] = self.start(name)
        return self.started[name]

    def load(self, kind, path, pids, *options, env=None):
        """One run of the load generator. Its numbers, or an exception with what it said."""
        counted = ["--pids", ",".join(str(pid) for pid in pids)] if pids else []
        command = [*self.beside, os.path.join(self.programs, "bench_load"), kind, "--socket", path, *counted, *options]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=600,
                              env=dict(os.environ, **(env or {})))
        self.check_engine()
        self.forget_logs()
        if done.returncode:
            raise Failed("%s\n%s" % (" ".join(command), done.stderr.decode("utf-8", "replace")[:2000]))
        return json.loads(done.stdout)

    def check_engine(self):
        """Nothing can be measured any more without the engine."""
        code = self.engine.process.poll()
        if code is not None:
            with open(self.at("engine.log"), encoding="utf-8", errors="replace") as text:
                sys.exit("the engine has ended with %d: %s" % (code, text.read()))

    def asked(self):
        """What the engine was asked for so far, by kind."""
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(self.engine.path)
            client.sendall(b"GET /_bench/counts HTTP/1.1\r\nHost: docker\r\n\r\n")
            return json.loads(client.recv(4096).split(b"\r\n\r\n", 1)[1])

    @contextlib.contextmanager
    def held(self, path, count, *options):
        """`count` connections, answered and open."""
        command = [*self.beside, os.path.join(self.programs, "bench_load"), "hold", "--socket", path, "--connections",
                   str(count), *options]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            if not holder.stdout.readline():
                raise Failed("%d connections to %s" % (count, path))
            try:
                yield
            finally:
                holder.stdin.close()
                holder.wait(60)

    def forget_logs(self):
        """Records are written as always, and thrown away between runs."""
        for name in os.listdir(self.folder):
            if name == "audit" or name.endswith(".log"):
                os.truncate(self.at(name), 0)

    def stop(self):
        for process in [*self.started.values(), self.engine]:
            process.stop()
