#!/usr/bin/env python3
"""compare.py - what sockade costs, beside HAProxy, nginx and the bare engine, in one run.

  bench/compare.py [--quick] [--rounds N] [--case NAME,...] [--proxy NAME,...] [--sockade BINARY]
                   [--json FILE] [--publish FOLDER] [--audit FILE] [--list]

The proxy has one core to itself, the load generator and an engine that answers at once share
another. The proxies take turns in each round; what is told are medians of the CPU time (user and
system, in nanoseconds, of all their threads and processes) that a request costs them, and the
medians of the ratios within a round. docs/performance.md says how to read it.
bench/run.sh installs what this needs, builds, and runs all of it."""
import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import footprint
import report
from cases import CASES, PROXIES
from proxies import Failed, Field, raise_descriptors

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DISTURBED = 0.05


class Others:
    """The part of the machine's CPU time that was neither ours nor nobody's."""

    def __init__(self, field):
        self.field, self.parts = field, []

    @staticmethod
    def busy_s():
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _idle, _wait, irq, softirq, steal = (int(word) for word in file.readline().split()[1:9])
        return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")

    def own_s(self, proxy):
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        processes = {*proxy.pids(), *self.field.engine.pids(), os.getpid()}
        return ended.ru_utime + ended.ru_stime + footprint.process_cpu_s(processes)

    def watch(self, proxy, act):
        begin, busy, own = time.monotonic(), self.busy_s(), self.own_s(proxy)
        result = act()
        passed = (time.monotonic() - begin) * os.cpu_count()
        self.parts.append(max(0, (self.busy_s() - busy - self.own_s(proxy) + own) / passed))
        return result

    def median(self):
        return statistics.median(self.parts) if self.parts else 0


def measure_round(field, case, names, args, turn):
    """One run of each proxy; who begins changes from round to round."""
    result = {}
    for name in names[turn % len(names):] + names[:turn % len(names)]:
        proxy = field.get(name)
        result[name] = args.others.watch(proxy, lambda proxy=proxy, name=name: field.load(
            case.kind, proxy.path, proxy.pids(), "--engine", field.engine.path, "--warmup", str(args.warmup),
            "--seconds", str(args.seconds), *case.arguments(name, args.mib)))
    return result


def measure(field, case, args):
    names = [name for name in PROXIES if name in args.proxy and name not in case.skip]
    asked = field.asked()
    rounds = [measure_round(field, case, names, args, turn) for turn in range(args.rounds)]
    case.check_engine(asked, field.asked(), names)
    result = {}
    for name in names:
        runs = [one[name] for one in rounds]
        result[name] = {"p50_us": statistics.median(run["p50_us"] for run in runs),
                        "p50s": [run["p50_us"] for run in runs],
                        "p99_us": statistics.median(run["p99_us"] for run in runs),
                        "rate": statistics.median(run["requests"] / run["elapsed_s"] for run in runs),
                        "gib_s": statistics.median(run["bytes"] / 2**30 / run["elapsed_s"] for run in runs)}
        if name != "direct":
            result[name]["costs"] = [case.cost(run) for run in runs]
            result[name]["cost"] = statistics.median(result[name]["costs"])
    return result


def steps():
    """Everything there is to measure: (name, function of the field and the arguments)."""
    for case in CASES:
        yield case.name, lambda field, args, case=case: {case.name: measure(field, case, args)}
    for count in (1000, 10000):
        yield "idle-%d" % count, lambda field, args, count=count: {
            "idle-%d" % count: footprint.idle_streams(field, args, count)}
    yield "rss", footprint.resident
    yield "start", lambda field, args: {"start": footprint.first_answer(field, args)}
    for name, _title, function, _target in footprint.GROWTH:
        yield name, lambda field, args, name=name, function=function: {name: function(field, args)}
    yield "docker-run", lambda field, args: {"docker-run": footprint.docker_run(field, args)}


def first_line(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except OSError:
        return command[0] + " is not there"
    return done.stdout.decode("utf-8", "replace").split("\n")[0].strip()


def machine(args):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((row.split(":")[1].strip() for row in file if row.startswith("model name")), platform.machine())
    return {"cpu": "%d x %s" % (os.cpu_count(), model), "kernel": platform.release(),
            "sockade": first_line(args.sockade, "version"), "nginx": first_line("nginx", "-v"),
            "haproxy": first_line("haproxy", "-v"), "rounds": args.rounds, "seconds": args.seconds, "mib": args.mib}


def parse():
    names = [name for name, _ in steps()]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", default=",".join(names), help="some of --list")
    parser.add_argument("--proxy", default=",".join(PROXIES))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of each run")
    parser.add_argument("--mib", type=int, help="of each image that is sent")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--sockade", default=os.path.join(ROOT, "build/bench/sockade"))
    parser.add_argument("--programs", help="where bench_load and bench_mock are; beside sockade unless given")
    parser.add_argument("--audit", help="where sockade's records go; unless given a file, as the log of HAProxy")
    parser.add_argument("--engine", help="the socket of a real engine for docker-run; unless given a private one")
    parser.add_argument("--cores", default="0,1", help="the proxy's, and everybody else's")
    parser.add_argument("--nice", type=int, default=0, help="of all that is measured; -20 on a machine that is in use")
    parser.add_argument("--json")
    parser.add_argument("--publish", metavar="FOLDER", help="writes bench.svg, growth.svg and the tables of performance.md")
    parser.add_argument("--list", action="store_true", help="the names of what can be measured")
    args = parser.parse_args()
    args.rounds = args.rounds or (3 if args.quick else 7)
    args.seconds = args.seconds or (0.4 if args.quick else 1.5)
    args.warmup = 0.1 if args.quick else 0.3
    args.mib = args.mib or (256 if args.quick else 2048)
    args.cores = [int(core) for core in args.cores.split(",")]
    args.programs = args.programs or os.path.dirname(os.path.abspath(args.sockade))
    for option, known in (("case", names), ("proxy", PROXIES)):
        chosen = getattr(args, option).split(",")
        setattr(args, option, chosen)
        unknown = [name for name in chosen if name not in known]
        if unknown:
            parser.error("no such %s: %s; there are %s" % (option, ", ".join(unknown), ", ".join(known)))
    return args, names


def run(field, args, results):
    """Measures what was chosen; the names of what failed."""
    failed = []
    print("\n".join(report.table_head(args.proxy)), flush=True)
    for name, function in steps():
        if name not in args.case:
            continue
        found = None
        for _ in range(2):  # a proxy that stumbles once does not cost half an hour; it is told all the same
            try:
                found = function(field, args)
                break
            except Failed as problem:
                print("FAILED: %s: %s" % (name, problem), file=sys.stderr, flush=True)
        if found is None:
            failed.append(name)
            continue
        results.update(found)
        for row in report.rows(found, args.proxy):
            print(row, flush=True)
    return failed


def main():
    args, names = parse()
    if args.list:
        print("\n".join(names))
        return 0
    results = {}
    raise_descriptors()
    with tempfile.TemporaryDirectory(prefix="sockade-bench-") as folder:
        field = Field(folder, args)
        args.others = Others(field)
        try:
            failed = run(field, args, results)
        finally:
            field.stop()
    about = dict(machine(args), others=args.others.median())
    print("\n" + "\n".join(report.rates(results, args.proxy) + report.growth(results) + report.engine(results)))
    print("\nothers had %.0f %% of the machine's CPU time%s" % (
        100 * about["others"], ": THE FIGURES ARE DISTURBED" if about["others"] > DISTURBED else ""))
    if args.json:
        with open(args.json, "w", encoding="ascii") as file:
            json.dump({"machine": about, "results": results}, file, indent=1)
    if failed:
        print("failed: " + ", ".join(failed), file=sys.stderr)
    elif args.publish:
        report.publish(args.publish, results, args.proxy, about)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
