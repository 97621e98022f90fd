"""HTTP/1 as bytes on a unix socket: messages taken apart strictly, nothing hidden. A
request or response that two parsers could read in two ways raises AssertionError.
"""

import fcntl
import json
import re
import socket
import struct
import termios
import time

PATIENCE_S = 60.0  # for anything that has to happen, on a machine that is busy with other tests
SETTLE_S = 0.1  # for anything that must not happen
MIB = 1024 * 1024


def wait_for(condition, what, patience=PATIENCE_S):
    """Polls until `condition()` is true and returns its value."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + what)
        time.sleep(0.002)


def unread_bytes(sock):
    """What the other end of a unix socket has not read yet (SIOCOUTQ)."""
    answer = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4)
    return struct.unpack("i", answer)[0]


def send_apart(sock, pieces):
    """Sends each piece only once the one before has been read, so that each is a read of its own."""
    for piece in pieces:
        if not piece:
            continue
        sock.sendall(piece)
        wait_for(lambda: unread_bytes(sock) == 0, "the other end to read what it was sent")


class Message:
    """A request or response: its head as it came, and its body once read."""

    def __init__(self, head):
        self.head = head
        lines = head[:-4].split(b"\r\n")
        if b"\n" in head.replace(b"\r\n", b"") or b"\r" in head.replace(b"\r\n", b""):
            raise AssertionError("a head with a bare CR or LF: %r" % head)
        self.start = lines[0].decode("latin-1").split(" ", 2)
        self.fields = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if not colon or not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
                raise AssertionError("no header field: %r" % line)
            self.fields.append((name.decode("ascii"), value.strip(b" \t").decode("latin-1")))
        self.body = b""
        self.complete = False
        self.informational = []

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def names(self):
        return {key.lower() for key, _ in self.fields}

    def has_token(self, name, token):
        tokens = [part.strip().lower() for value in self.all(name) for part in value.split(",")]
        return token.lower() in tokens

    def framing(self):
        """"chunked", a length, or None; two framings are an error."""
        lengths, codings = self.all("Content-Length"), self.all("Transfer-Encoding")
        if len(lengths) + len(codings) > 1:
            raise AssertionError("more than one framing: %r" % self.head)
        if codings:
            if codings[0].lower() != "chunked":
                raise AssertionError("unknown transfer coding: %r" % self.head)
            return "chunked"
        if lengths:
            if not re.fullmatch(r"[0-9]+", lengths[0]):
                raise AssertionError("bad length: %r" % self.head)
            return int(lengths[0])
        return None

    def json(self):
        return json.loads(self.body)


class Request(Message):
    """What the engine was asked."""

    def __init__(self, head):
        super().__init__(head)
        if len(self.start) != 3 or self.start[2] != "HTTP/1.1":
            raise AssertionError("bad request line: %r" % head)
        self.method, self.target = self.start[0], self.start[1]
        self.path, _, self.query = self.target.partition("?")
        # Without the version; a container's id is shown as its name (FakeEngine makes the ids).
        self.route = re.sub(r"^/v[0-9.]+(?=/)", "", self.path)
        self.route = re.sub(r"^/containers/([0-9a-f])\1{63}(?=/|$)", r"/containers/\1", self.route)
        if len(self.all("Host")) != 1:
            raise AssertionError("not one Host: %r" % head)


class Response(Message):
    """What the client was answered."""

    def __init__(self, head):
        super().__init__(head)
        if not re.fullmatch(r"HTTP/1\.[01]", self.start[0]):
            raise AssertionError("bad status line: %r" % head)
        self.status = int(self.start[1])

    def message(self):
        return self.json()["message"]

    def closes(self):
        return self.has_token("Connection", "close")


class Wire:
    """One end of a connection, with a buffer."""

    def __init__(self, sock, timeout=PATIENCE_S):
        self.sock = sock
        self.sock.settimeout(timeout)
        self.buffer = bytearray()
        self.received = bytearray()
        self.records = True
        self.ended = False
        self.was_reset = False

    def fill(self):
        """Reads once. False at the end of the stream."""
        if self.ended:
            return False
        try:
            data = self.sock.recv(256 * 1024)
        except (ConnectionResetError, BrokenPipeError):
            self.was_reset = True
            data = b""
        except TimeoutError:
            raise AssertionError(
                "nothing more came within %s s; so far %r" % (self.sock.gettimeout(), bytes(self.buffer[:400]))
            ) from None
        if not data:
            self.ended = True
            return False
        self.buffer += data
        if self.records:
            self.received += data
        return True

    def take(self, count):
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def read_exactly(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                raise EOFError("ended after %d of %d bytes" % (len(self.buffer), count))
        return self.take(count)

    def read_through(self, end):
        """Up to and with `end`; b"" when the stream ends before any byte."""
        start = 0
        while True:
            found = self.buffer.find(end, start)
            if found >= 0:
                return self.take(found + len(end))
            start = max(0, len(self.buffer) - len(end) + 1)
            if not self.fill():
                if self.buffer:
                    raise EOFError("ended within %r" % bytes(self.buffer[:400]))
                return b""

    def read_to_end(self):
        while self.fill():
            pass
        return self.take(len(self.buffer))

    def read_chunk(self, raw=None):
        """One chunk's content; b"" for the last one, whose trailer must be empty."""
        line = self.read_through(b"\r\n")
        if not line:
            raise EOFError("ended between two chunks")
        if not re.fullmatch(rb"[0-9a-fA-F]+\r\n", line):
            raise AssertionError("a size line with more than a size: %r" % line)
        size = int(line, 16)
        data = self.read_exactly(size)
        if self.read_exactly(2) != b"\r\n":
            raise AssertionError("no CRLF behind a chunk")
        if raw is not None:
            raw.append(size)
        return data

    def read_body(self, message):
        framing = message.framing()
        if framing == "chunked":
            while True:
                data = self.read_chunk()
                message.body += data
                if not data:
                    break
        elif framing is not None:
            while len(message.body) < framing:
                message.body += self.read_exactly(min(framing - len(message.body), MIB))
        message.complete = True

    def is_quiet(self, seconds=SETTLE_S):
        """Whether nothing comes for a while and the stream stays open."""
        if self.buffer or self.ended:
            return False
        before = self.sock.gettimeout()
        self.sock.settimeout(seconds)
        try:
            data = self.sock.recv(1)
            self.buffer += data
            self.received += data
            self.ended = not data
            return False
        except TimeoutError:
            return True
        except ConnectionResetError:
            self.ended = True
            return False
        finally:
            self.sock.settimeout(before)

    def send(self, data):
        self.sock.sendall(data)

    def send_end(self):
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


def request_bytes(method, target, body=None, fields=(), version="1.1", host="docker"):
    """A request as a well-behaved client writes it. A dict is sent as JSON."""
    fields = list(fields)
    names = {name.lower() for name, _ in fields}
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
        if "content-type" not in names:
            fields.append(("Content-Type", "application/json"))
    lines = ["%s %s HTTP/%s" % (method, target, version)]
    if host is not None and "host" not in names:
        lines.append("Host: " + host)
    lines += ["%s: %s" % field for field in fields]
    if not names & {"content-length", "transfer-encoding"}:
        if body is not None:
            lines.append("Content-Length: %d" % len(body))
        elif method in ("POST", "PUT"):
            lines.append("Content-Length: 0")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def chunk(data, extension=b""):
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


LAST_CHUNK = b"0\r\n\r\n"


class Client(Wire):
    """A client on a unix socket."""

    def __init__(self, path, timeout=PATIENCE_S):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        try:
            sock.connect(str(path))
        except OSError:
            sock.close()
            raise
        super().__init__(sock, timeout)

    def ask(self, method, target, body=None, fields=(), **options):
        self.send(request_bytes(method, target, body, fields, **options))
        return self.response(method)

    def head(self):
        """The next head, 1xx included; None when the connection ended instead."""
        text = self.read_through(b"\r\n\r\n")
        return Response(text) if text else None

    def response(self, method="GET"):
        """The next final response; `informational` holds the 1xx before it."""
        before = []
        while True:
            response = self.head()
            if response is None:
                raise EOFError("the connection ended without an answer")
            if response.status >= 200 or response.status == 101:
                break
            before.append(response)
        response.informational = before
        if method == "HEAD" or response.status in (101, 204, 304):
            response.complete = True
        elif response.framing() is None:
            response.body = self.read_to_end()
            response.complete = not self.was_reset
        else:
            self.read_body(response)
        return response


REASONS = {101: "UPGRADED", 103: "Early Hints", 200: "OK", 201: "Created", 204: "No Content",
           304: "Not Modified", 400: "Bad Request", 404: "Not Found", 409: "Conflict",
           500: "Internal Server Error"}


def response_bytes(status=200, body=b"", fields=(), chunked=False, content_type=None):
    lines = ["HTTP/1.1 %d %s" % (status, REASONS.get(status, "Some"))]
    if content_type:
        lines.append("Content-Type: " + content_type)
    lines += ["%s: %s" % field for field in fields]
    if chunked:
        lines.append("Transfer-Encoding: chunked")
        body = (chunk(body) if body else b"") + LAST_CHUNK
    elif status not in (101, 204, 304) and status >= 200:
        lines.append("Content-Length: %d" % len(body))
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
