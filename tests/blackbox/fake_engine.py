"""An engine that does exactly what a test tells it to, and keeps every byte it was sent."""

import json
import os
import re
import socket
import threading

from wire import PATIENCE_S, Request, Wire, response_bytes, send_apart, unread_bytes, wait_for


class EngineConnection(Wire):
    """One connection to the fake engine, for the functions that play the engine."""

    def __init__(self, engine, sock):
        super().__init__(sock, timeout=10 * PATIENCE_S)
        self.engine = engine
        self.requests = 0

    def read_request(self):
        text = self.read_through(b"\r\n\r\n")
        if not text:
            return None
        request = Request(text)
        request.connection = self
        return request

    def answer(self, status=200, body=b"", fields=(), chunked=False, content_type=None):
        """A complete response."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            content_type = content_type or "application/json"
        self.send(response_bytes(status, body, fields, chunked, content_type))

    def wait_until_read(self):
        wait_for(lambda: unread_bytes(self.sock) == 0, "what the engine sent to be read")


def version_answer(name="Engine", version="26.1.5+dfsg1", api="1.45"):
    """What an engine says of itself."""
    return {"Platform": {"Name": ""}, "Version": version, "ApiVersion": api, "MinAPIVersion": "1.24",
            "Components": [{"Name": name, "Version": version, "Details": {"ApiVersion": api}},
                           {"Name": "runc", "Version": "1.1.15"}]}


DOCKERD = version_answer()
PODMAN = version_answer("Podman Engine", "5.4.2", "1.41")


def host_info():
    """What an engine on this machine says of it."""
    system = os.uname()
    with open("/proc/meminfo", encoding="ascii") as file:
        total_kib = int(re.search(r"MemTotal: +(\d+) kB", file.read()).group(1))
    return {"ID": "fake", "Name": system.nodename, "KernelVersion": system.release, "MemTotal": total_kib * 1024}


def is_sockades_own(request):
    """Its questions which engine and which host this is: a client's User-Agent is another one."""
    return request.route in ("/version", "/info") and request.get("User-Agent", "").startswith("sockade/")


class FakeEngine:
    """A thread per connection. `on()` says what a request is answered with; what
    no function takes gets a plausible answer of the real engine's.

    The connections on which sockade asks which engine and which host this is do not show among the
    others, but in `watches`; `version` and `info` are the answers: a dictionary, or a function as for `on()`."""

    def __init__(self, path, version=None):
        self.path = str(path)
        self.version = version or DOCKERD
        self.info = host_info()
        self.watches = []
        self.questions = 0
        self.lock = threading.Lock()
        self.connections = []
        self.requests = []
        self.problems = []
        self.handlers = []
        self.listener = None
        self.start()

    def start(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(128)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def stop(self):
        """Gone, as after a crash: the listener and every connection."""
        if self.listener is None:
            return
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.listener = None
        os.unlink(self.path)
        self.drop_connections()

    def drop_connections(self):
        with self.lock:
            connections = self.connections + self.watches
        for connection in connections:
            connection.close()

    def on(self, pattern, function, reads_body=True):
        """`pattern` is "METHOD /path" without the version prefix, a regular expression.
        The function gets (connection, request) and may return False to close."""
        self.handlers.insert(0, (re.compile(pattern), function, reads_body))

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            connection = EngineConnection(self, sock)
            with self.lock:
                self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            while self._serve_one(connection) is not False:
                pass
        except (OSError, EOFError):
            pass  # the other end went away, which many tests do on purpose
        except Exception as problem:  # pylint: disable=broad-except
            with self.lock:
                self.problems.append("%s: %s" % (type(problem).__name__, problem))
        connection.close()

    def _serve_one(self, connection):
        request = connection.read_request()
        if request is None:
            return False
        if is_sockades_own(request):
            return self._tell(connection, request)
        function, reads_body = self._find(request)
        connection.requests += 1
        if reads_body:
            connection.read_body(request)
        with self.lock:
            self.requests.append(request)
        return function(connection, request)

    def _tell(self, connection, request):
        told = self.version if request.route == "/version" else self.info
        with self.lock:
            self.questions += request.route == "/version"
            if connection in self.connections:
                self.connections.remove(connection)
                self.watches.append(connection)
        if callable(told):
            return told(connection, request)
        return connection.answer(200, told)

    def _find(self, request):
        name = "%s %s" % (request.method, request.route)
        for pattern, function, reads_body in self.handlers:
            if pattern.fullmatch(name):
                return function, reads_body
        return plausible_answer, True

    @property
    def accepts(self):
        with self.lock:
            return len(self.connections)

    def received(self):
        """Every byte of every connection."""
        with self.lock:
            return b"".join(bytes(connection.received) for connection in self.connections)

    def asked(self):
        """"METHOD /path" of every request, without version prefix and query."""
        with self.lock:
            return ["%s %s" % (request.method, request.route) for request in self.requests]

    def last(self, pattern=".*"):
        with self.lock:
            for request in reversed(self.requests):
                if re.fullmatch(pattern, "%s %s" % (request.method, request.route)):
                    return request
        raise AssertionError("the engine was never asked for " + pattern)


def sends(*pieces, keep=False):
    """A function for `on()`: raw bytes, each piece read by sockade before the next is sent;
    then the end of the connection unless `keep`."""
    def function(connection, _request):
        send_apart(connection.sock, pieces)
        return keep
    return function


IMAGE_USERS = {"nonroot": "1000:1000", "rootuser": "root", "zero": "00", "nouser": "", "named": "app"}


CONTAINER_USERS = {"rootly": ""}


def plausible_answer(connection, request):
    """What dockerd says when all is well, near enough."""
    name = "%s %s" % (request.method, request.route)
    image = re.fullmatch(r"GET /images/([a-z]+)(?::latest|%3Alatest)?/json", name)
    if name in ("GET /_ping", "HEAD /_ping"):
        body = b"OK" if request.method == "GET" else b""
        connection.send(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nOstype: linux\r\n"
                        b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\n" + body)
    elif name == "POST /containers/create":
        connection.answer(201, {"Id": "c" * 64, "Warnings": []})
    elif re.fullmatch(r"POST /containers/[^/]+/exec", name):
        connection.answer(201, {"Id": "e" * 64})
    elif image and image.group(1) in IMAGE_USERS:
        connection.answer(200, {"Id": "sha256:" + "b" * 64,
                                "Config": {"User": IMAGE_USERS[image.group(1)]}})
    elif image:
        connection.answer(404, {"message": "No such image: " + image.group(1)})
    elif re.fullmatch(r"GET /containers/[^/]+/json", name):
        container = request.route.split("/")[2]
        connection.answer(200, {"Id": (container[0] if container[0] in "abcdef" else "0") * 64,
                                "Name": "/" + container,
                                "Config": {"User": CONTAINER_USERS.get(container, "1000:1000"),
                                           "Image": "nonroot"},
                                "HostConfig": {"Privileged": container == "privileged",
                                               "NetworkMode": "none"},
                                "Mounts": []})
    elif re.fullmatch(r"GET /exec/[^/]+/json", name):
        connection.answer(200, {"ID": request.route.split("/")[2], "ContainerID": "c" * 64,
                                "ProcessConfig": {"user": "1000:1000", "privileged": False}})
    elif re.fullmatch(r"GET /volumes/[^/]+", name):
        connection.answer(404, {"message": "get %s: no such volume" % request.route[9:]})
    elif request.method == "DELETE" or re.fullmatch(r"POST /containers/[^/]+/(start|stop|kill)", name):
        connection.answer(204)
    else:
        connection.answer(200, {"asked": name})
