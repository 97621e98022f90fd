#!/usr/bin/env python3
"""compare.py - what sockade costs, beside HAProxy, nginx and the bare engine, in one run.

  bench/compare.py [--quick] [--rounds N] [--case NAME,...] [--proxy NAME,...] [--sockade BINARY]
                   [--json FILE] [--markdown FILE] [--svg FOLDER] [--audit FILE] [--list]

The proxy has one core to itself, the load generator and an engine that answers at once share
another. The proxies take turns in each round; what is told are medians of the CPU time (user and
system, in nanoseconds, of all their threads and processes) that a request costs them, and the
medians of the ratios within a round. docs/performance.md says how to read it.
bench/run.sh installs what this needs, builds, and runs all of it."""
import argparse
import json
import os
import statistics
import sys
import tempfile

from cases import CASES, PROXIES
from proxies import Failed, Field, raise_descriptors

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def busy_seconds():
    """CPU time that anybody had, of the whole machine."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _wait, irq, softirq, steal = (int(word) for word in file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def measure_round(field, case, names, args, turn):
    """One run of each proxy; who begins changes from round to round."""
    result = {}
    for name in names[turn % len(names):] + names[:turn % len(names)]:
        proxy = field.get(name)
        run = field.load(case.kind, proxy.path, proxy.pids(), "--engine", field.engine.path, "--warmup", str(args.warmup),
                         "--seconds", str(args.seconds), *case.arguments(name, args.mib))
        run["cost"] = case.cost(run) if name != "direct" else None
        result[name] = run
    return result


def measure(field, case, args):
    names = [name for name in PROXIES if name in args.proxy and name not in case.skip]
    rounds = [measure_round(field, case, names, args, turn) for turn in range(args.rounds)]
    result = {}
    for name in names:
        runs = [one[name] for one in rounds]
        result[name] = {key: statistics.median(run[key] for run in runs) for key in ("p50_us", "p99_us")}
        result[name]["rate"] = statistics.median(run["requests"] / run["elapsed_s"] for run in runs)
        result[name]["gib_s"] = statistics.median(run["bytes"] / 2**30 / run["elapsed_s"] for run in runs)
        if name != "direct":
            result[name]["cost"] = statistics.median(run["cost"] for run in runs)
        result[name]["costs"] = [run["cost"] for run in runs]
    return result


def ratio(rows, names):
    """Of sockade to the best of `names`: the median over the rounds. None when it was not run."""
    names = [name for name in names if name in rows]
    if not names or "sockade" not in rows:
        return None, None
    best = min(names, key=lambda name: rows[name]["cost"])
    return best, statistics.median(own / other for own, other in zip(rows["sockade"]["costs"], rows[best]["costs"]))


def line(case, rows, proxies):
    cells = []
    for name in proxies:
        row = rows.get(name)
        cells.append("–" if row is None or "cost" not in row else "%.2f" % row["cost"] if row["cost"] < 100
                     else "%.0f" % row["cost"])
    best, part = ratio(rows, case.against)
    verdict = "" if part is None else "%.2f of %s" % (part, best)
    wanted = "≤ %s" % case.target if case.target else ""
    met = "" if part is None or not case.target else "met" if part <= case.target else "**not met**"
    return "| %s | %s | %s | %s | %s | %s |" % (case.title, "ms/GiB" if case.per == "GiB" else "µs/" + case.per,
                                               " | ".join(cells), verdict, wanted, met)


def table(results, proxies):
    own = [name for name in proxies if name != "direct"]
    lines = ["| CPU time of the proxy | | %s | sockade | target | |" % " | ".join(own),
             "|---|---|%s--:|--:|---|" % ("--:|" * len(own))]
    return lines + [line(case, results[case.name], own) for case in CASES if case.name in results]


def rate_table(results, proxies):
    lines = ["| throughput, and median latency in µs | %s |" % " | ".join(proxies), "|---|%s" % ("--:|" * len(proxies))]
    for case in CASES:
        cells = []
        for name in proxies:
            row = results.get(case.name, {}).get(name)
            cells.append("–" if row is None else "%.2f GiB/s" % row["gib_s"] if case.per == "GiB" else "%s/s, %.0f" % (
                "{:,.0f}".format(row["rate"]), row["p50_us"]))
        if case.name in results:
            lines.append("| %s | %s |" % (case.title, " | ".join(cells)))
    return lines


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", default=",".join(case.name for case in CASES))
    parser.add_argument("--proxy", default=",".join(PROXIES))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of each run")
    parser.add_argument("--mib", type=int, help="of each image that is sent")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--sockade", default=os.path.join(ROOT, "build/release/sockade"))
    parser.add_argument("--programs", default=None, help="where bench_load and bench_mock are; beside sockade")
    parser.add_argument("--audit", help="where sockade's records go; a file that is emptied between the runs")
    parser.add_argument("--cores", default="0,1", help="the proxy's, and everybody else's")
    parser.add_argument("--json")
    parser.add_argument("--list", action="store_true", help="the names of the cases")
    args = parser.parse_args()
    args.rounds = args.rounds or (3 if args.quick else 7)
    args.seconds = args.seconds or (0.4 if args.quick else 1.5)
    args.warmup = 0.1 if args.quick else 0.3
    args.mib = args.mib or (256 if args.quick else 2048)
    args.proxy = args.proxy.split(",")
    args.case = args.case.split(",")
    args.cores = [int(core) for core in args.cores.split(",")]
    args.programs = args.programs or os.path.dirname(os.path.abspath(args.sockade))
    return args


def main():
    args = parse()
    if args.list:
        print("\n".join("%-18s %s" % (case.name, case.title) for case in CASES))
        return 0
    results = {}
    raise_descriptors()
    with tempfile.TemporaryDirectory(prefix="sockade-bench-") as folder:
        field = Field(folder, args.sockade, os.path.join(args.programs, "bench_load"),
                      os.path.join(args.programs, "bench_mock"), args.cores, args.audit)
        try:
            print("\n".join(table({}, args.proxy)), flush=True)
            for case in CASES:
                if case.name in args.case:
                    results[case.name] = measure(field, case, args)
                    print(line(case, results[case.name], [name for name in args.proxy if name != "direct"]), flush=True)
        except Failed as problem:
            print("FAILED:", problem, file=sys.stderr)
            return 1
        finally:
            field.stop()
    print()
    print("\n".join(rate_table(results, args.proxy)))
    if args.json:
        with open(args.json, "w", encoding="ascii") as file:
            json.dump(results, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
