"""cases.py - what is measured: the loads, and what sockade is to reach in each."""
import os

from proxies import CONFIGS, Failed

PROXIES = ("sockade", "nginx", "haproxy-tuned", "haproxy", "direct")
STARTING = ("ping",)  # whether a proxy that was just started answers
OTHERS = ("nginx", "haproxy-tuned", "haproxy")


class Case:
    """One load. `per` is what the CPU time is divided by; `target` is a part of what `against` takes."""

    def __init__(self, name, title, kind, options, per="request", target=None, against=OTHERS, status=200, statuses=None,
                 skip=(), latency=None, only=None):
        self.name, self.title, self.kind, self.options = name, title, kind, options
        self.per, self.target, self.against = per, target, against
        self.status, self.statuses, self.skip = status, statuses or {}, skip
        self.latency = latency  # a target of its own, for the median
        self.only = only        # what the engine may be asked, and nothing else

    def arguments(self, proxy, mib):
        options = [option.replace("MIB", str(mib)) for option in self.options]
        if self.kind == "echo":
            return options
        return [*options, "--expect", str(self.statuses.get(proxy, self.status))]

    def check_engine(self, before, after, names):
        """A proxy that asks the engine for more than it was asked for is not doing what is measured here."""
        more = {what: after[what] - before[what] for what in after}
        if self.only and any(count for what, count in more.items() if what not in (self.only, *STARTING)):
            raise Failed("%s: the engine was asked for %s by one of %s" % (self.name, more, ", ".join(names)))

    def cost(self, run):
        """Microseconds of the proxy's CPU time for each request, or milliseconds for each GiB."""
        if self.per == "GiB":
            return run["cpu_s"] * 1e3 / (run["bytes"] / 2**30)
        return run["cpu_s"] * 1e6 / run["requests"]


def post(target, body):
    return ["--method", "POST", "--target", "/v1.41" + target, "--body", os.path.join(CONFIGS, body)]


def get(target):
    return ["--target", target]


MANY = ["--connections", "16"]
CREATE = "/containers/create?name=web"
# An attach has no body: HAProxy takes the upgrade out of requests that have one, as `docker exec` sends them.
ATTACH = ["--method", "POST", "--target", "/v1.41/containers/0123456789ab/attach?stream=1&stdin=1&stdout=1"]
IMAGE = ["--mib", "MIB"]
LOAD = ["--method", "POST", "--target", "/v1.41/images/load?quiet=1", *IMAGE]

CASES = (
    Case("get", "small GET, 16 connections", "requests", MANY + get("/_ping"), target=0.9, against=("nginx",)),
    Case("get-1", "small GET, 1 connection", "requests", get("/_ping"), against=("nginx",)),
    Case("list", "2 KiB list", "requests", MANY + get("/v1.41/containers/json"), target=1.0,
         against=("nginx", "haproxy-tuned")),
    Case("create", "create of 2.7 KiB, judged whole", "requests", MANY + post(CREATE, "create.json"), status=201, target=1.3,
         against=("nginx",), only="create"),
    Case("denied-create", "refused create (the others forward it)", "requests", MANY + post(CREATE, "create-denied.json"),
         status=201, statuses={"sockade": 403}, target=1.0, against=("nginx",),
         only="create"),
    Case("create-binds", "create with two paths of the host", "requests", MANY + post(CREATE, "create-binds.json"), status=201,
         target=2.0, against=("nginx",), only="create"),
    Case("denied-binds", "the same, one of them outside (the others forward it)", "requests",
         MANY + post(CREATE, "denied-binds.json"), status=201, statuses={"sockade": 403}, target=1.2, against=("nginx",),
         only="create"),
    Case("denied-path", "refused path", "requests", MANY + get("/v1.41/swarm"), status=403, target=0.8, against=("nginx",),
         skip=("direct",)),
    Case("new", "a connection for each request", "requests", MANY + ["--anew"] + get("/_ping"), target=0.9,
         against=("nginx",)),
    Case("echo", "hijacked echo, 16 connections", "echo", MANY + ATTACH, per="round trip", target=1.0, latency=1.0),
    Case("echo-1", "hijacked echo, 1 connection", "echo", ATTACH, per="round trip", latency=1.0),
    Case("fan", "events to 100 streams", "fan", ["--connections", "100", *get("/v1.41/events")], per="event", target=0.9),
    Case("download-chunked", "download, chunked", "download", get("/v1.41/images/chunked-MIB/get") + IMAGE, per="GiB",
         target=0.4),
    Case("download-length", "download, with length", "download", get("/v1.41/images/length-MIB/get") + IMAGE, per="GiB",
         target=0.4),
    Case("upload-chunked", "upload, chunked", "upload", LOAD + ["--chunked"], per="GiB", target=0.4),
    Case("upload-length", "upload, with length", "upload", LOAD, per="GiB", target=0.4),
)
