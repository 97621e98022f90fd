"""footprint.py - what is no CPU time of a request: memory, and the time to the first answer; and that the
cost of a request does not grow with what does not concern it; and a real engine."""
import contextlib
import os
import statistics
import subprocess
import tempfile
import time

import memory
from cases import CREATE, OTHERS, post
from proxies import Failed, most_connections

IMAGE = "sockade-bench-run:latest"
GET = ("--connections", "16", "--target", "/_ping")
EVENTS = ("--target", "/v1.41/events")
POOL_EMPTY_S = 33  # sockade keeps idle connections to the engine for 30 s


class Row:
    """One line of the table that is no case: an absolute bound."""

    def __init__(self, name, title, unit, target=None, below=False):
        self.name, self.title, self.unit, self.target, self.below = name, title, unit, target, below

    def title_of(self, rows):
        """With the number that there really were: a system may not give descriptors for more."""
        counts = [row["count"] for row in rows.values() if "count" in row]
        return self.title % "{:,}".format(counts[0]) if counts else self.title

    def met(self, value):
        return value < self.target if self.below else value <= self.target


ROWS = (
    Row("idle-1000", "an idle event stream, %s of them", "KiB of PSS", 2),
    Row("idle-10000", "an idle event stream, %s of them", "KiB of PSS", 2),
    Row("rss-idle", "resident, idle", "MiB", 3),
    Row("rss-after", "resident, when 200 connections have gone", "MiB", 4),
    Row("start", "from the start to the first answer", "ms", 10, below=True),
)


def proxies(args):
    return [name for name in ("sockade", *OTHERS) if name in args.proxy]


def streams_wanted(count):
    return min(count, most_connections() - 100)


def idle_streams(field, args, count):
    """KiB of PSS for each idle stream. One that may not have so many by its configuration has none."""
    result = {}
    for name in proxies(args):
        if name == "haproxy" and count > 2000:
            continue
        costs = []
        for _ in range(args.rounds if count < 2000 else 1):
            with field.running(name) as proxy:
                field.load("requests", proxy.path, [], "--seconds", "0.2", *GET)
                before = proxy.memory_kib("smaps_rollup", "Pss")
                with field.held(proxy.path, streams_wanted(count), *EVENTS):
                    time.sleep(0.5)
                    costs.append((proxy.memory_kib("smaps_rollup", "Pss") - before) / streams_wanted(count))
        result[name] = {"cost": statistics.median(costs), "costs": costs, "count": streams_wanted(count)}
    return result


def resident(field, args):
    """MiB resident after the start, and after a load of 200 connections has come and gone."""
    idle, after = {}, {}
    for name in proxies(args):
        with field.running(name) as proxy:
            idle[name] = {"cost": proxy.memory_kib("status", "VmRSS") / 1024}
            for options in (("--target", "/v1.41/containers/json"), ("--anew", "--target", "/_ping")):
                field.load("requests", proxy.path, [], "--connections", "200", "--seconds", str(2 * args.seconds), *options)
            with field.held(proxy.path, 200, *EVENTS):
                pass
            time.sleep(2 if args.quick else POOL_EMPTY_S)
            after[name] = {"cost": proxy.memory_kib("status", "VmRSS") / 1024}
    return {"rss-idle": idle, "rss-after": after}


def first_answer(field, args):
    """ms from fork() to an answer to /_ping, the median of many starts."""
    result = {}
    for name in proxies(args):
        command, env = field.prepare(name)
        with contextlib.suppress(KeyError):
            field.started.pop(name).stop()
        run = field.load("start", field.at(name + ".sock"), [], "--seconds", str(args.seconds), "--", *command,
                         env=env)
        result[name] = {"cost": run["p50_us"] / 1000}
    return result


# ---- growth: sockade alone

def rules(count):
    """A policy with so many entries, none of which a GET or a plain create concerns."""
    paths = [{"path": "/srv/project-%04d/work" % i, "access": "rw"} for i in range(count // 2 + count % 2)]
    result = {"host_path_mount": {"allow": paths}}
    if count > 1:
        result["host_devices"] = {"allow": ["/dev/bench%d" % i for i in range(count // 4)]}
        result["extra_hosts"] = {"allow": ["10.%d.%d.1" % (i // 250, i % 250) for i in range(count - count // 2 - count // 4)]}
    return result


def interleaved(field, args, running, *options):
    """The cost of a small GET at each of the running ones: {key: [µs for each round]}."""
    costs = {key: [] for key in running}
    for turn in range(args.rounds):
        keys = list(running)
        for key in keys[turn % len(keys):] + keys[:turn % len(keys)]:
            run = field.load("requests", running[key].path, running[key].pids(), "--warmup", str(args.warmup),
                             "--seconds", str(args.seconds), *options)
            costs[key].append(run["cpu_s"] * 1e6 / run["requests"])
    return costs


def growth_of(costs):
    """Each point: its median, and the median of its ratios to the first."""
    first = costs[min(costs)]
    return {str(key): {"cost": statistics.median(values),
                       "ratio": statistics.median(value / one for value, one in zip(values, first))}
            for key, values in costs.items()}


def grows_with_rules(field, args, *options):
    with contextlib.ExitStack() as stack:
        running = {count: stack.enter_context(field.another_sockade("rules-%d" % count, rules=rules(count)))
                   for count in (1, 100, 1000)}
        return growth_of(interleaved(field, args, running, *(options or GET)))


def grows_with_listeners(field, args):
    with contextlib.ExitStack() as stack:
        running = {count: stack.enter_context(field.another_sockade("listeners-%d" % count, listeners=count))
                   for count in (1, 10, 100)}
        return growth_of(interleaved(field, args, running, *GET))


def grows_with_streams(field, args):
    with contextlib.ExitStack() as stack:
        running = {}
        for count in (0, streams_wanted(1000), streams_wanted(10000)):
            engine = field.start_engine("engine-%d" % count)  # which has a descriptor for each as well
            stack.callback(engine.stop)
            running[count] = stack.enter_context(field.another_sockade("streams-%d" % count, engine=engine.path))
            if count:
                stack.enter_context(field.held(running[count].path, count, *EVENTS))
        return growth_of(interleaved(field, args, running, *GET))


def create_grows_with_rules(field, args):
    return grows_with_rules(field, args, "--connections", "16", "--expect", "201", *post(CREATE, "create.json"))


GROWTH = (
    ("growth-rules", "rules, small GET", grows_with_rules, 1.05),
    ("growth-rules-create", "rules, create", create_grows_with_rules, None),
    ("growth-listeners", "listeners, small GET", grows_with_listeners, None),
    ("growth-streams", "idle streams, small GET", grows_with_streams, None),
)


# ---- a real engine

def run_container(sock):
    begin = time.monotonic()
    memory.docker(sock, "run", "--rm", "--user", "1000:1000", "--network", "none", IMAGE, "true")
    return time.monotonic() - begin


def docker_run(field, args):
    """Seconds of `docker run`, straight and through, in turns; and what sockade had of it in CPU time."""
    with tempfile.TemporaryDirectory(prefix="sockade-bench-engine-") as folder:
        engine = args.engine or memory.start_engine(folder)
        try:
            script = '. "%s/scripts/lib/engine.sh"; engine_make_image "%s" %s' % (memory.ROOT, engine, IMAGE)
            subprocess.run(["bash", "-c", script], check=True, cwd=folder, stdout=subprocess.DEVNULL)
            with field.another_sockade("real", engine=engine) as proxy:
                return measure_docker_run(engine, proxy, 3 * args.rounds)
        except (OSError, subprocess.CalledProcessError) as problem:
            raise Failed("a real engine: %s" % problem) from problem
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                memory.docker(engine, "image", "rm", "-f", IMAGE, stdout=subprocess.DEVNULL)
            if not args.engine:
                memory.stop_engine(folder)


def process_cpu_s(pids):
    """By the kernel's own count, in nanoseconds."""
    total = 0
    for pid in pids:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/schedstat" % (pid, task), encoding="ascii") as file:
                total += int(file.read().split()[0])
    return total / 1e9


def measure_docker_run(engine, proxy, count):
    straight, through, cpu = [], [], []
    run_container(engine)
    for _ in range(count):
        straight.append(run_container(engine))
        before = process_cpu_s(proxy.pids())
        through.append(run_container(proxy.path))
        cpu.append(process_cpu_s(proxy.pids()) - before)
    return {"straight_s": statistics.median(straight), "through_s": statistics.median(through),
            "ratio": statistics.median(one / other for one, other in zip(through, straight)),
            "cpu_ms": statistics.median(cpu) * 1000, "count": count}
