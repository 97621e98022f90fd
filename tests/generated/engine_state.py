"""What the engine has before each request: the same for both ways. Objects that are only looked at are made once; what a
request may change is made for it, under the same name each time, and whatever it left is removed."""

import gzip
import io
import json
import tarfile

from generate import CONFIG, CONTAINER, EXEC, IMAGE, NETWORK, NODE, SECRET, SERVICE, TASK, VOLUME
from wire import Client, wait_for

PATIENCE_S = 60
SWARM_PATIENCE_S = 20
SWARM_FAMILIES = ("swarm", "services", "secrets", "configs", "nodes", "tasks")
OUTPUT = "echo out; echo err >&2; trap 'exit 0' TERM; while :; do sleep 1; done"

# Of which families the routes of a family may leave something.
LEAVES = {"containers": ("containers", "volumes", "images"), "images": ("images",), "build": ("images", "containers"),
          "commit": ("containers", "images"), "networks": ("containers", "networks"), "volumes": ("volumes",), "services": ("services",),
          "secrets": ("secrets",), "configs": ("configs",)}

# In which state a container is that a request may change; the others are created, and run not.
RUNNING = {"POST /containers/{id}/%s" % verb for verb in ("kill", "pause", "stop", "restart", "wait", "update", "resize")}


def archive(encoding="utf-8", names=("file", "Dockerfile")):
    """A tar archive that is the same each time."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT, encoding=encoding) as tar:
        for name in names:
            content = b"FROM gen-image\nLABEL a=b\n"
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


class SwarmLost(Exception):
    """What was compared has left the engine without a swarm that makes anything."""


class State:
    """The engine behind `socket`, which nobody else uses meanwhile, with an image in it that is called `image`."""

    def __init__(self, socket, image):
        self.socket, self.image = socket, image
        self.archives = {"archive": archive(names=("file",)), "context": archive(), "latin1": archive("latin-1", ("caf\xe9", "Dockerfile")),
                         "gzip": gzip.compress(archive(), mtime=0)}
        self.shared = {}
        self.kept = self.before = {}
        self.swarm = False

    def ask(self, method, target, body=None, ok=(200, 201, 204, 304)):
        client = Client(self.socket, PATIENCE_S)
        try:
            response = client.ask(method, target, body)
        finally:
            client.close()
        if ok and response.status not in ok:
            raise AssertionError("%s %s: %d %r" % (method, target, response.status, response.body[:400]))
        return json.loads(response.body) if response.body[:1] in (b"{", b"[") and response.status < 300 else None

    def make_container(self, name, **more):
        body = {"Image": self.image, "Cmd": ["sh", "-c", OUTPUT], "StopSignal": "SIGKILL", **more}
        return self.ask("POST", "/containers/create?name=" + name, body)["Id"]

    def _make_exec(self, runs):
        """An engine waits ten seconds for the start of what is to be resized."""
        command = ["sleep", "10"] if runs else ["echo", "x"]
        made = self.ask("POST", "/containers/gen-shared/exec", {"Cmd": command, "AttachStdout": True, "Tty": runs})["Id"]
        if runs:
            self.ask("POST", "/exec/%s/start" % made, {"Detach": True, "Tty": True})
        return made

    def _forget(self):
        """What a comparison that was ended has left."""
        for row in self.ask("GET", "/containers/json?all=1"):
            if row["Names"] and row["Names"][0].startswith("/gen-"):
                self.ask("DELETE", "/containers/%s?force=1&v=1" % row["Id"], ok=())
        for row in self.ask("GET", "/networks"):
            if row["Name"].startswith("gen-"):
                self.ask("DELETE", "/networks/" + row["Id"], ok=())
        for name, target in self._list("volumes").items():
            if name.startswith("gen-"):
                self.ask("DELETE", target, ok=())

    def begin(self):
        """What is only looked at."""
        self._forget()
        self.before = self._listed()
        self.ask("POST", "/images/%s/tag?repo=gen-image" % self.image)
        self.image = "gen-image"
        self.ask("POST", "/networks/create", {"Name": "gen-shared", "Internal": True})
        self.ask("POST", "/volumes/create", {"Name": "gen-shared", "Labels": {"gen": "1"}})
        self.make_container("gen-shared", Env=["A=b"], Labels={"gen": "1"}, HostConfig={"NetworkMode": "gen-shared", "Binds": ["gen-shared:/v"]})
        self.ask("POST", "/containers/gen-shared/start")
        execution = self.ask("POST", "/containers/gen-shared/exec", {"Cmd": ["true"]})["Id"]
        self.shared = {CONTAINER: "gen-shared", NETWORK: "gen-shared", VOLUME: "gen-shared", IMAGE: "gen-image", EXEC: execution}
        self.kept = self._listed()

    def _insist(self, target, body):
        """A swarm that has just begun is not ready for all."""
        def made():
            try:
                self.ask("POST", target, body, ok=(201, 409))
            except AssertionError:
                return False
            return True

        try:
            wait_for(made, target, SWARM_PATIENCE_S)
        except AssertionError:
            raise SwarmLost(target) from None

    def renew_swarm(self):
        """Another one, after SwarmLost. False where the engine makes none."""
        self.ask("POST", "/swarm/leave?force=1", ok=())
        try:
            return self.begin_swarm()
        except SwarmLost:
            return False

    def begin_swarm(self):
        """False where the engine makes no swarm."""
        self.ask("POST", "/swarm/init", {"ListenAddr": "127.0.0.1:2377", "AdvertiseAddr": "127.0.0.1"}, ok=())
        nodes = self.ask("GET", "/nodes", ok=())
        if not nodes:
            return False
        self.swarm = True
        self._insist("/secrets/create", {"Name": "gen-shared", "Data": "eA=="})
        self._insist("/configs/create", {"Name": "gen-shared", "Data": "eA=="})
        self._insist("/services/create", {"Name": "gen-shared", "Mode": {"Replicated": {"Replicas": 0}},
                                          "TaskTemplate": {"ContainerSpec": {"Image": "gen-image"}}})
        self.shared.update({SECRET: "gen-shared", CONFIG: "gen-shared", SERVICE: "gen-shared", NODE: nodes[0]["ID"], TASK: "gen-task"})
        self.kept = self._listed()
        return True

    def _list(self, family):
        """Name or id of each object, and how it is removed."""
        if family == "containers":
            return {row["Id"]: "/containers/%s?force=1&v=1" % row["Id"] for row in self.ask("GET", "/containers/json?all=1")}
        if family == "images":
            return {name: "/images/%s?force=1" % name for row in self.ask("GET", "/images/json")
                    for name in ([tag for tag in row["RepoTags"] or [] if tag != "<none>:<none>"] or [row["Id"]])}
        if family == "networks":
            return {row["Id"]: "/networks/" + row["Id"] for row in self.ask("GET", "/networks")
                    if row["Name"] not in ("bridge", "host", "none", "ingress", "docker_gwbridge")}
        if family == "volumes":
            return {row["Name"]: "/volumes/%s?force=1" % row["Name"] for row in self.ask("GET", "/volumes")["Volumes"] or []}
        return {row["ID"]: "/%s/%s" % (family, row["ID"]) for row in self.ask("GET", "/" + family, ok=()) or []}

    def _listed(self):
        families = ["containers", "images", "networks", "volumes"] + (["services", "secrets", "configs"] if self.swarm else [])
        return {family: set(self._list(family)) for family in families}

    def tidy(self, families):
        """Removes what is not kept, however busy the engine is with it."""
        for family in families:
            if family in self.kept:
                wait_for(lambda family=family: self._remove(family), "%s to be removed" % family, PATIENCE_S)

    def _remove(self, family):
        left = {name: target for name, target in self._list(family).items() if name not in self.kept[family]}
        for target in left.values():
            self.ask("DELETE", target, ok=())
        return not left

    def end(self):
        if self.swarm:
            self.ask("POST", "/swarm/leave?force=1", ok=())
        self.kept = self.before
        self.tidy(self.kept)

    def prepare(self, request):
        """Makes what the request may change. Returns what stands for the names in it."""
        names = dict(self.shared)
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return names
        text = request.target + (request.body.decode("latin-1") if isinstance(request.body, bytes) else "")
        joins = "connect" in request.route
        alone = request.route.split("/")[1] == "containers" and not request.route.endswith(("/exec", "/attach"))
        if joins or CONTAINER in text and (alone or request.route == "POST /commit"):
            names[CONTAINER] = "gen-subject"
            self.make_container("gen-subject")
            if request.route in RUNNING and request.what.endswith("as usual"):
                self.ask("POST", "/containers/gen-subject/start")
        if NETWORK in text:
            names[NETWORK] = "gen-subject"
            self.ask("POST", "/networks/create", {"Name": "gen-subject", "Internal": True})
            if request.route.endswith("/disconnect"):
                self.ask("POST", "/networks/gen-subject/connect", {"Container": "gen-subject"})
        if VOLUME in text:
            names[VOLUME] = "gen-subject"
            self.ask("POST", "/volumes/create", {"Name": "gen-subject"})
        if IMAGE in text and "/images/" in request.route:
            names[IMAGE] = "gen-subject"
            self.ask("POST", "/images/gen-image/tag?repo=gen-subject")
        if EXEC in text:
            names[EXEC] = self._make_exec(runs=request.route == "POST /exec/{id}/resize" and request.what != "no version, as usual")
        for place, family, body in ((SECRET, "secrets", {"Data": "eA=="}), (CONFIG, "configs", {"Data": "eA=="}), (
                SERVICE, "services", {"Mode": {"Replicated": {"Replicas": 0}}, "TaskTemplate": {"ContainerSpec": {"Image": "gen-image"}}})):
            if place in text and self.swarm:
                names[place] = "gen-subject"
                self._insist("/%s/create" % family, {"Name": "gen-subject", **body})
        return names

    def clean(self, request):
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return
        family = request.route.split("/")[1]
        self.tidy(LEAVES.get(family, ()))
        if request.route == "POST /swarm/leave" and self.swarm and not self.ask("GET", "/nodes", ok=()):
            self.begin_swarm()
