"""Requests of every route, method and version of the Engine API, made of api.json: with and without each
query key and each field of the body, with values that are right, empty, of another type or given twice, with
the content types, framings and names that clients send. Always the same ones in the same order.
"""

import dataclasses
import json
import pathlib
import re
import urllib.parse

TABLE = pathlib.Path(__file__).resolve().parent / "api.json"
JSON_TYPE = "application/json"

# What a request is about. The comparison puts the names of what it has made in their places.
CONTAINER, IMAGE, NETWORK, VOLUME, EXEC = "{container}", "{image}", "{network}", "{volume}", "{exec}"
SECRET, CONFIG, SERVICE, NODE, TASK = "{secret}", "{config}", "{service}", "{node}", "{task}"
NEW = "gen-new"  # the name of what is created

SUBJECTS = {"containers": CONTAINER, "images": IMAGE, "networks": NETWORK, "volumes": VOLUME, "exec": EXEC,
            "secrets": SECRET, "configs": CONFIG, "services": SERVICE, "nodes": NODE, "tasks": TASK,
            "plugins": "gen-plugin", "distribution": "gen-image"}

AUTH = "eyJ1c2VybmFtZSI6InUiLCJwYXNzd29yZCI6InAifQ=="

# A body that the route takes, as far as the engine can do it here.
BODIES = {
    "POST /containers/create": {"Image": IMAGE, "Cmd": ["true"]},
    "POST /containers/{id}/update": {"Memory": 67108864, "MemorySwap": 134217728},
    "POST /containers/{id}/exec": {"Cmd": ["true"], "AttachStdout": True},
    "POST /exec/{id}/start": {"Detach": True},
    "POST /networks/create": {"Name": NEW, "CheckDuplicate": True, "Driver": "bridge"},
    "POST /networks/{id}/connect": {"Container": CONTAINER},
    "POST /networks/{id}/disconnect": {"Container": CONTAINER},
    "POST /volumes/create": {"Name": NEW},
    "PUT /volumes/{name}": {"Spec": {"Availability": "active"}},
    "POST /commit": {"Env": ["A=b"]},
    "POST /auth": {"username": "u", "password": "p", "serveraddress": "localhost:1"},
    "POST /secrets/create": {"Name": NEW, "Data": "eA=="},
    "POST /configs/create": {"Name": NEW, "Data": "eA=="},
    "POST /services/create": {"Name": NEW, "Mode": {"Replicated": {"Replicas": 0}},
                              "TaskTemplate": {"ContainerSpec": {"Image": "gen-image"}}},
    "POST /swarm/init": {"ListenAddr": "127.0.0.1:2377"},
    "POST /swarm/join": {"ListenAddr": "127.0.0.1:2377", "RemoteAddrs": []},
    "POST /swarm/unlock": {"UnlockKey": "x"},
    "POST /plugins/pull": [],
    "POST /plugins/{name}/upgrade": [],
    "POST /plugins/{name}/set": ["A=b"],
}

# Query keys without which the request says nothing.
QUERIES = {
    "GET /containers/{id}/archive": {"path": "/etc/passwd"},
    "HEAD /containers/{id}/archive": {"path": "/etc/passwd"},
    "PUT /containers/{id}/archive": {"path": "/tmp"},
    "GET /containers/{id}/logs": {"stdout": "1", "stderr": "1"},
    "GET /containers/{id}/stats": {"stream": "0", "one-shot": "1"},
    "GET /events": {"since": "1", "until": "2"},
    "GET /images/get": {"names": IMAGE},
    "GET /images/search": {"term": "gen"},
    "POST /images/create": {"fromSrc": "-", "repo": NEW},
    "POST /images/{name}/tag": {"repo": NEW, "tag": "t"},
    "POST /images/{name}/push": {"tag": "latest"},
    "POST /build": {"t": NEW},
    "POST /commit": {"container": CONTAINER, "repo": NEW},
    "POST /containers/create": {"name": NEW},
    "POST /containers/{id}/rename": {"name": NEW},
    "POST /containers/{id}/stop": {"t": "0"},
    "POST /containers/{id}/restart": {"t": "0"},
    "POST /containers/{id}/attach": {"logs": "1", "stdout": "1", "stream": "0"},
    "POST /containers/{id}/resize": {"h": "10", "w": "20"},
    "POST /exec/{id}/resize": {"h": "10", "w": "20"},
    "POST /services/{id}/update": {"version": "1"},
    "POST /secrets/{id}/update": {"version": "1"},
    "POST /configs/{id}/update": {"version": "1"},
    "POST /nodes/{id}/update": {"version": "1"},
    "POST /swarm/update": {"version": "1"},
    "PUT /volumes/{name}": {"version": "1"},
    "GET /plugins/privileges": {"remote": "localhost:1/x"},
    "POST /plugins/pull": {"remote": "localhost:1/x", "name": "x"},
    "POST /plugins/{name}/upgrade": {"remote": "localhost:1/x"},
    "POST /plugins/create": {"name": "x"},
}

# Archives instead of a body in JSON: an archive, or "archive" of another content.
ARCHIVES = {"POST /build": "context", "POST /images/load": "archive", "POST /images/create": "archive",
            "PUT /containers/{id}/archive": "archive", "POST /plugins/create": "archive"}

SKIPPED = {
    "POST /session": "a tunnel that carries another protocol",
    "GET /containers/{id}/attach/ws": "a tunnel without an end",
}

# The engine looks for a plugin of that name, or waits for a start, for many seconds.
SLOW = re.compile(r"(Driver\S*|LogConfig\.Type) is [^n0f\[]|^POST /exec/\{id\}/resize: no version, as usual|^GET /containers/\{id\}/(stats|export)")

TYPES = [None, JSON_TYPE + "; charset=utf-8", "Application/JSON", JSON_TYPE + ";charset=UTF-8", "text/plain", "plain/text",
         "application/x-tar", "application/octet-stream", "text/json", "",
         "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]

FIELDS = [("User-Agent", "Docker-Client/28.0 (linux)"), ("Accept", "application/json"), ("Accept-Encoding", "gzip"),
          ("X-Registry-Auth", AUTH), ("X-Registry-Auth", "no base64"), ("X-Registry-Config", "e30="), ("X-Meta-A", "b"),
          ("Connection", "close"), ("Connection", "keep-alive"), ("Expect", "100-continue"), ("Te", "trailers"),
          ("Origin", "http://a"), ("Cookie", "a=b"), ("Authorization", "Basic eDp5"), ("Content-Type", JSON_TYPE),
          ("Content-Type", "text/plain"), ("Accept", "text/plain, */*;q=0.1"), ("If-None-Match", "\"x\""),
          ("Range", "bytes=0-1"), ("X-Forwarded-For", "10.0.0.1")]

NAMES = ["nosuchthing", "0123456789ab", "f" * 64, "UPPER", "a%20b", "a%2Bb", "a+b", "%C3%A9", "a:b", "a@b", "a%3Ab", "-a", ".a",
         "_a", "a..b", "a~b", "a*b", "(a)", "a,b", "a=b", "a'b", "%22", "a%25b", "a%3Fb", "a!b", "$a", "a%7Cb", "%5B%5D", "x" * 300, "a/b", "a%2Fb", "caf%E9",
         "a%00", "a%0Ab", "a%5Cb", "%zz", "a;b"]


@dataclasses.dataclass(frozen=True)
class Request:
    route: str
    what: str  # what is special about it
    method: str
    target: str
    fields: tuple = ()
    body: object = None  # bytes, or the name of an archive
    chunked: bool = False
    http: str = "1.1"

    def label(self):
        return "%s: %s" % (self.route, self.what)


def load_table():
    return json.loads(TABLE.read_text(encoding="utf-8"))


def encoded(query):
    """A query; the places of names stay readable."""
    return "&".join("%s=%s" % (urllib.parse.quote(key, safe=""), urllib.parse.quote(value, safe="{}"))
                    for key, value in query)


def value_of(shape, name=""):
    """Something of that type."""
    if isinstance(shape, dict):
        return {key: value_of(kind, key) for key, kind in list(shape.items())[:1]} if "*" not in shape else \
            {"a": value_of(shape["*"])}
    if isinstance(shape, list):
        return [value_of(shape[0], name)]
    kind, _, example = shape.partition(":")
    return {"integer": 1, "number": 0.5, "boolean": True, "any": {}}.get(kind, example or "x")


def wrong_values(shape):
    """Each empty or another type, as JSON."""
    values = ["null", "{}", "[]", '""', "0", "false"]
    kind = "object" if isinstance(shape, dict) else "array" if isinstance(shape, list) else shape.partition(":")[0]
    more = {"integer": ["1.0", "1e2", "-1", "1e400", "9223372036854775808", '"1"', "01"],
            "number": ["1e400", '"1"', "NaN"], "boolean": ["1", '"true"', "True"],
            "string": ["5", '"\\ud800"', '"\\u0000"', '"a\\nb"', '["x"]'],
            "array": ['"x"', "[1]", "[null]", "[{}]"], "object": ["[1]", '{"Unknown":1}', '"x"']}
    return values + more.get(kind, [])


def fields_of(shape, path=()):
    """(path, shape) of each field at any depth; "[]" for what is in a list."""
    if isinstance(shape, list):
        yield from fields_of(shape[0], (*path, "[]"))
    elif isinstance(shape, dict):
        for key, kind in shape.items():
            step = (*path, "a" if key == "*" else key)
            yield step, kind
            yield from fields_of(kind, step)


def with_field(body, path, text):
    """The body as JSON, in which the field is `text`."""
    marker = "\0marker"
    whole = json.loads(json.dumps(body))
    place = whole
    for step, following in zip(path, (*path[1:], None)):
        below = marker if following is None else [] if following == "[]" else {}
        if isinstance(place, list):
            if not place or not isinstance(place[0], type(below)):
                place[:] = [below]
            elif following is None:
                place[0] = below
            place = place[0]
        else:
            if following is None or not isinstance(place.get(step), type(below)):
                place[step] = below
            place = place[step]
    return json.dumps(whole).replace(json.dumps(marker), text)


class Generator:
    """The requests of one route in one version; 0: without a version in the path."""

    def __init__(self, route, row, minor):
        self.route, self.row = route, row
        self.method, self.path = route.split(" ")
        self.prefix = "/v1.%d" % minor if minor else ""
        self.query = dict(QUERIES.get(route, {}))
        self.body = BODIES.get(route)
        self.archive = ARCHIVES.get(route)

    def named(self, name=None):
        family = self.path.split("/")[1]
        return self.prefix + re.sub(r"\{(id|name)\}", lambda _: name or SUBJECTS[family], self.path, count=1)

    def request(self, what, query=None, body=None, fields=(), raw_query=None, name=None, method=None, **more):
        query = list((self.query if query is None else query).items())
        text = encoded(query) if raw_query is None else raw_query
        target = self.named(name) + ("?" + text if text else "")
        if body is None and self.body is not None:
            body = json.dumps(self.body)
        if isinstance(body, str):
            body = body.encode()
        if body is None and self.archive:
            body = self.archive
            if not any(name == "Content-Type" for name, _ in fields):
                fields = (("Content-Type", "application/x-tar"), *fields)
        elif body is not None and not any(name == "Content-Type" for name, _ in fields):
            fields = (("Content-Type", JSON_TYPE), *fields)
        fields = tuple(field for field in fields if field != ("Content-Type", None))
        return Request(self.route, what, method or self.method, target, fields, body, **more)

    def usual(self):
        yield self.request("as usual")

    def queries(self):
        whole = encoded(self.query.items())
        yield self.request("no query", query={})
        for key, kind in self.row["query"].items():
            good = {"boolean": "1", "integer": "1"}.get(kind, kind.partition(":")[2] or "x")
            if key == "filters":
                good = '{"label":["gen-none"]}'
            for value in dict.fromkeys([good, "", "0", "x", "null", "-1", "é", "a b&c=d;e", "true", '{"a":{"b":true}}']):
                yield self.request("query %s=%s" % (key, value), {**self.query, key: value})
            yield self.request("query %s in Latin-1" % key, raw_query="%s&%s=/caf%%E9" % (encoded((k, v) for k, v in self.query.items() if k != key), key))
            yield self.request("query %s twice" % key, raw_query="%s&%s" % (whole, encoded([(key, good), (key, "y")])))
            yield self.request("query %s without =" % key, raw_query="%s&%s" % (whole, key))
            yield self.request("query %s in other letters" % key, {**self.query, key.upper(): good})
        for text in ("unknown=1", "unknown=", "unknown", "unknown=%C3%A9", "a%5B%5D=1", "=x", "&&", "unknown=1&unknown=2",
                     "unknown=%E9", "unknown=%00", "unknown=%41%2b+", "unknown=a;b", "unknown=%zz", "unknown=" + "x" * 20000):
            yield self.request("query " + text, raw_query=whole + "&" + text if whole else text)

    def bodies(self):
        if self.body is None:
            return
        good = json.dumps(self.body)
        for name, text in {
                "none": b"", "null": "null", "a list": "[]", "an object": "{}", "a string": '"x"', "a number": "1", "no JSON": "{",
                "white space": "  \n", "twice": good + good, "something behind it": good + " x", "a BOM": b"\xef\xbb\xbf" + good.encode(),
                "white space around": "\r\n\t " + good + "\n\n", "no UTF-8": b'{"a":"\xff"}', "UTF-16": good.encode("utf-16"),
                "a comment": "/* */" + good, "deep": '{"a":' + "[" * 200 + "]" * 200 + "}", "a NUL": good.encode() + b"\0",
                "a comma at the end": good[:-1] + ",}", "100 KiB": good[:-1] + ' ' * 100000 + good[-1],
                "5 MiB": good[:-1] + ' ' * 5000000 + good[-1]}.items():
            yield self.request("body: " + name, body=text)
        for kind in TYPES:
            yield self.request("content type %s" % kind, fields=(("Content-Type", kind),))
        yield self.request("content type %s, no body" % JSON_TYPE, body=b"")
        yield self.request("no content type, no body", body=b"", fields=(("Content-Type", None),))
        yield self.request("chunked", chunked=True)
        yield self.request("chunked and empty", body=b"", chunked=True)
        yield self.request("content encoding", fields=(("Content-Encoding", "gzip"),))
        if isinstance(self.body, dict):
            yield self.request("body: an unknown field", body=json.dumps({**self.body, "Unknown": {"a": [1]}}))
            for key in self.body:
                text = json.dumps(self.body[key])
                yield self.request("body: without %s" % key, body=json.dumps({k: v for k, v in self.body.items() if k != key}))
                yield self.request("body: %s in other letters" % key, body=good.replace('"%s"' % key, '"%s"' % key.lower()))
                yield self.request("body: %s twice" % key, body='%s, "%s": %s}' % (good[:-1], key, text))
                yield self.request("body: %s first as null" % key, body='{"%s": null, %s' % (key, good[1:]))

    def body_fields(self):
        if self.body is None:
            return
        for path, shape in fields_of(self.row.get("body", {})):
            if isinstance(self.body, list):
                continue
            name = ".".join(path)
            for text in dict.fromkeys([json.dumps(value_of(shape, path[-1])), *wrong_values(shape)]):
                yield self.request("field %s is %s" % (name, text), body=with_field(self.body, path, text))

    def unused_bodies(self):
        """Where the engine reads none."""
        if self.body is not None or self.archive:
            return
        for text in ("{}", '{"a":1,"a":2}', "null", "x"):
            for kind in (JSON_TYPE, "text/plain", None):
                yield self.request("unused body %s as %s" % (text, kind), body=text, fields=(("Content-Type", kind),))
        yield self.request("unused chunked body", body="{}", chunked=True)
        yield self.request("chunked and empty", body=b"", chunked=True, fields=(("Content-Type", None),))

    def archives(self):
        if not self.archive:
            return
        for kind in (None, *TYPES, JSON_TYPE):
            yield Request(self.route, "archive as %s" % kind, self.method,
                          self.request("").target, (("Content-Type", kind),) if kind is not None else (), self.archive)
        yield self.request("no archive", body=b"", fields=(("Content-Type", "application/x-tar"),))
        yield self.request("a broken archive", body=b"x" * 600, fields=(("Content-Type", "application/x-tar"),))
        yield self.request("archive, chunked", chunked=True)
        yield self.request("archive of Latin-1 names", body="latin1", fields=(("Content-Type", "application/x-tar"),))
        yield self.request("archive, compressed", body="gzip", fields=(("Content-Type", "application/x-tar"), ("Content-Encoding", "gzip")))

    def heads(self):
        for field in FIELDS:
            yield self.request("%s: %s" % field, fields=(field,))
        yield self.request("HTTP/1.0", http="1.0")
        for method in ("HEAD", "OPTIONS", "GET", "POST", "PUT", "DELETE", "PATCH"):
            if method != self.method:
                yield Request(self.route, "method " + method, method, self.named() + ("?" + encoded(self.query.items()) if self.query else ""))

    def paths(self):
        if "{" not in self.path:
            return
        for name in NAMES:
            yield self.request("name " + name, name=name)
        for version in ("v1.24", "v1.18", "v1.12", "v1.11", "v1.99", "v2.0", "v01.41", "v1.041", "v1.41.0", "v1", "v"):
            target = Generator(self.route, self.row, 0).request("").target
            yield dataclasses.replace(self.request("path begins with /" + version), target="/" + version + target)
        for name in ("/", "%2F"):
            target = self.request("").target
            path, _, query = target.partition("?")
            yield Request(self.route, "path ends with " + name, self.method, path + name + ("?" + query if query else ""))

    def all(self, every):
        yield from self.usual()
        if not every:
            return
        for part in (self.queries, self.bodies, self.body_fields, self.unused_bodies, self.archives, self.heads, self.paths):
            yield from part()


def generate(newest, every_version=False):
    """All requests for an engine whose newest API is 1.`newest`: in its newest version, or in every one; in the others one of each route."""
    for route, row in load_table().items():
        if route in SKIPPED:
            continue
        taken = [minor for minor in row["versions"] if minor <= newest]
        for minor in (0, *row["versions"]):
            whole = minor == (taken or row["versions"])[-1] or (every_version and minor in (0, *taken))
            for request in Generator(route, row, minor).all(whole):
                yield dataclasses.replace(request, what="%s, %s" % ("1.%d" % minor if minor else "no version", request.what))
