"""proxies.py - how each of the compared proxies is started, pinned to its core and looked at."""
import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import time

BENCH = os.path.dirname(os.path.abspath(__file__))
CONFIGS = os.path.join(BENCH, "configs")
SECTIONS = ("auth", "build", "commit", "configs", "containers", "distribution", "events", "exec", "grpc", "images", "info",
            "networks", "nodes", "_ping", "plugins", "secrets", "services", "session", "swarm", "system", "tasks",
            "version", "volumes")
ALLOWED = ("build", "containers", "events", "exec", "images", "info", "networks", "_ping", "version", "volumes")
MANY = 32768


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

    def __init__(self, command, path, core, log, env=None):
        self.path, self.command = path, command
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with open(log, "ab") as out:
            self.process = subprocess.Popen(["taskset", "-c", str(core), *command], stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, env=dict(os.environ, **(env or {})))
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
    """The base `restricted`, whole; only what would stop a benchmark is raised: how many may connect."""
    connections = {"connections": MANY, "per_uid": {"connections": MANY}}
    return {"version": 1, "daemon": {"socket": engine},
            "listen": [{"socket": path, "policy": "bench"} for path in sockets],
            "policies": {"bench": dict({"base": "restricted", "limits": connections}, **({"rules": rules} if rules else {}))}}


class Field:
    """What is compared, in one folder, in front of one engine."""

    def __init__(self, folder, sockade, load, mock, cores, audit):
        self.folder, self.sockade, self.load_path, self.cores = folder, sockade, load, cores
        self.audit = audit or os.path.join(folder, "audit")
        self.started = {}
        self.engine = Process([mock, self.at("engine.sock")], self.at("engine.sock"), cores[1], self.at("engine.log"))
        self.extra = []

    def at(self, name):
        return os.path.join(self.folder, name)

    def start_sockade(self, name="sockade", rules=None, listeners=1, engine=None):
        sockets = [self.at("%s.sock" % name)] + [self.at("%s-%d.sock" % (name, i)) for i in range(1, listeners)]
        with open(self.at(name + ".json"), "w", encoding="ascii") as file:
            json.dump(policy(engine or self.engine.path, sockets, rules), file)
        return Process(self.sockade_command(name), sockets[0], self.cores[0], self.at(name + ".log"))

    def sockade_command(self, name):
        return [self.sockade, "serve", "--config", self.at(name + ".json"), "--audit", self.audit, "--log-level", "error"]

    def start_nginx(self):
        fill("nginx.conf", self.at("nginx.conf"), folder=self.folder, engine=self.engine.path, socket=self.at("nginx.sock"),
             connections=str(2 * most_connections()))
        return Process(["nginx", "-p", self.folder, "-e", self.at("nginx.log"), "-c", self.at("nginx.conf")],
                       self.at("nginx.sock"), self.cores[0], self.at("nginx.log"))

    def start_haproxy(self, name):
        rules = "\n".join("    http-request allow if { path,url_dec -m reg -i ^(/v[0-9.]+)?/%s } { env(%s) -m bool }"
                          % (section, section.strip("_").upper()) for section in SECTIONS)
        env = {section.strip("_").upper(): "1" for section in ALLOWED}
        fill(name + ".cfg", self.at(name + ".cfg"), engine=self.engine.path, socket=self.at(name + ".sock"), rules=rules,
             connections=str(most_connections()))
        return Process(["haproxy", "-db", "-f", self.at(name + ".cfg")], self.at(name + ".sock"), self.cores[0],
                       self.at(name + ".log"), dict(env, POST="1"))

    def start(self, name):
        if name == "sockade":
            return self.start_sockade()
        return self.start_nginx() if name == "nginx" else self.start_haproxy(name)

    def get(self, name):
        """The running proxy of that name; `direct` is the engine."""
        if name == "direct":
            return self.engine
        if name not in self.started:
            self.started[name] = self.start(name)
        return self.started[name]

    def load(self, kind, path, pids, *options):
        """One run of the load generator. Its numbers, or an exception with what it said."""
        command = ["taskset", "-c", str(self.cores[1]), self.load_path, kind, "--socket", path, *options]
        if pids:
            command += ["--pids", ",".join(str(pid) for pid in pids)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=600)
        self.forget_logs()
        if done.returncode:
            raise Failed("%s\n%s" % (" ".join(command), done.stderr.decode("utf-8", "replace")[:2000]))
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def held(self, path, count, *options):
        """`count` connections, answered and open."""
        command = ["taskset", "-c", str(self.cores[1]), self.load_path, "hold", "--socket", path, "--connections", str(count),
                   *options]
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
        for process in [*self.started.values(), *self.extra, self.engine]:
            process.stop()
