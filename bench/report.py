"""report.py - what was measured, as tables in Markdown and as plots, beside what is to be reached."""
import os
import re
import statistics

import plot
from cases import CASES
from footprint import GROWTH, ROWS


def figure(value):
    return "%.2f" % value if value < 100 else "%.0f" % value


def cells(rows, proxies):
    return " | ".join(figure(rows[name]["cost"]) if name in rows else "–" for name in proxies if name != "direct")


def verdict(met):
    return "met" if met else "**not met**"


def ratio(rows, names, key="cost", each="costs"):
    """sockade beside the best of `names`: which, and the median of the rounds. None when one was not run."""
    names = [name for name in names if name in rows]
    if not names or "sockade" not in rows:
        return None, None
    best = min(names, key=lambda name: rows[name][key])
    return best, statistics.median(own / other for own, other in zip(rows["sockade"][each], rows[best][each]))


def table_head(proxies):
    own = [name for name in proxies if name != "direct"]
    return ["| what | unit | %s | sockade's part | target | |" % " | ".join(own),
            "|---|---|%s--:|--:|---|" % ("--:|" * len(own))]


def case_row(case, rows, proxies):
    best, part = ratio(rows, case.against)
    return "| %s | %s | %s | %s | %s | %s |" % (
        case.title, "ms CPU/GiB" if case.per == "GiB" else "µs CPU/" + case.per, cells(rows, proxies),
        "%.2f of %s" % (part, best) if part is not None else "", "≤ %s" % case.target if case.target else "",
        verdict(part <= case.target) if part is not None and case.target else "")


def latency_row(case, rows, proxies):
    """A median latency that has a target of its own."""
    best, part = ratio(rows, case.against, "p50_us", "p50s")
    row = " | ".join(figure(rows[name]["p50_us"]) if name in rows else "–" for name in proxies if name != "direct")
    return "| %s: median latency | µs | %s | %s | ≤ %s | %s |" % (
        case.title, row, "%.2f of %s" % (part, best) if part is not None else "", case.latency,
        verdict(part <= case.latency) if part is not None else "")


def absolute_row(row, rows, proxies):
    sign = "<" if row.below else "≤"
    return "| %s | %s | %s | | %s %s | %s |" % (
        row.title_of(rows), row.unit, cells(rows, proxies), sign, row.target,
        verdict(row.met(rows["sockade"]["cost"])) if "sockade" in rows else "")


def growth_row(title, points, target, proxies):
    most = max(points, key=int)
    others = " | –" * (len([name for name in proxies if name != "direct"]) - 1)
    return "| %s: %s beside %s | ratio | %.3f%s | | %s | %s |" % (
        title, "{:,}".format(int(most)), min(points, key=int), points[most]["ratio"], others,
        "≤ %s" % target if target else "", verdict(points[most]["ratio"] <= target) if target else "")


def rows(results, proxies):
    lines = []
    for case in CASES:
        if case.name in results:
            lines.append(case_row(case, results[case.name], proxies))
            if case.latency:
                lines.append(latency_row(case, results[case.name], proxies))
    lines += [absolute_row(row, results[row.name], proxies) for row in ROWS if row.name in results]
    lines += [growth_row(title, results[name], target, proxies) for name, title, _, target in GROWTH if name in results]
    return lines


def rates(results, proxies):
    if not any(case.name in results for case in CASES):
        return []
    lines = ["| a second, and median latency | %s |" % " | ".join(proxies), "|---|%s" % ("--:|" * len(proxies))]
    for case in CASES:
        if case.name not in results:
            continue
        line = []
        for name in proxies:
            row = results[case.name].get(name)
            line.append("–" if row is None else "%.2f GiB" % row["gib_s"] if case.per == "GiB" else "%s, %s µs" % (
                "{:,.0f}".format(row["rate"]), figure(row["p50_us"])))
        lines.append("| %s | %s |" % (case.title, " | ".join(line)))
    return lines + [""]


def growth(results):
    found = [(title, results[name]) for name, title, _, _ in GROWTH if name in results]
    if not found:
        return []
    lines = ["| sockade alone | number: µs of CPU for each request |", "|---|---|"]
    for title, points in found:
        lines.append("| %s | %s |" % (title, ", ".join(
            "%s: %.2f" % ("{:,}".format(int(count)), points[count]["cost"]) for count in sorted(points, key=int))))
    return lines + [""]


def engine(results):
    row = results.get("docker-run")
    if not row:
        return []
    return ["`docker run --rm` on a real engine, %d times each, in turns, medians: directly %.0f ms, through sockade %.0f ms "
            "(%.2f of it, by pairs), of which sockade had %.2f ms of CPU time." % (
                row["count"], 1000 * row["straight_s"], 1000 * row["through_s"], row["ratio"], row["cpu_ms"])]


# ---- plots and pages

def plot_rows(results):
    lines = []
    for case in CASES:
        best, _ = ratio(results.get(case.name, {}), case.against)
        if best and case.target:
            found = results[case.name]
            costs = {name: row["cost"] for name, row in found.items() if "cost" in row}
            costs["sockade"] = ratio(found, case.against)[1] * costs[best]
            lines.append((case.title, costs, costs[best], case.target,
                          "ms/GiB" if case.per == "GiB" else "µs/" + case.per, found["sockade"]["cost"]))
    for row in ROWS:
        costs = {name: one["cost"] for name, one in results.get(row.name, {}).items()}
        others = [cost for name, cost in costs.items() if name != "sockade"]
        if "sockade" in costs and others:
            lines.append((row.title_of(results[row.name]), costs, min(others), row.target / min(others), row.unit, costs["sockade"]))
    return lines


def about_text(about):
    return ("%(cpu)s, Linux %(kernel)s; %(nginx)s; %(haproxy)s. %(rounds)d rounds of %(seconds)s s, images of %(mib)d MiB. "
            % about + "Others had %.0f %% of the machine's CPU time meanwhile." % (100 * about["others"]))


def publish(folder, results, proxies, about):
    """The plots, and what is between the marks of performance.md."""
    with open(os.path.join(folder, "bench.svg"), "w", encoding="utf-8") as file:
        file.write(plot.beside(plot_rows(results)))
    panels = [(title, results[name]) for name, title, _, _ in GROWTH if name in results]
    if panels:
        with open(os.path.join(folder, "growth.svg"), "w", encoding="utf-8") as file:
            file.write(plot.growth(panels))
    page = os.path.join(folder, "performance.md")
    text = "\n".join([about_text(about), "", *table_head(proxies), *rows(results, proxies), "", *rates(results, proxies),
                      *growth(results), *engine(results)])
    with open(page, encoding="utf-8") as file:
        old = file.read()
    new = re.sub(r"(?s)(<!-- figures -->\n).*(<!-- end of figures -->)", lambda found: found[1] + text + "\n" + found[2], old)
    with open(page, "w", encoding="utf-8") as file:
        file.write(new)
