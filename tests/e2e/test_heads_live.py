"""Requests as some clients write them, byte for byte: the engine takes them, and so does sockade."""

import json
import socket
import unittest
import urllib.parse

from live import PATIENCE_S, USER_IMAGE, LiveTest

BARE_LF = b"GET /containers/%s/json HTTP/1.0\r\n\n"
JAVA = (b"GET /containers/%s/json HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nHost: localhost:2375\r\n"
        b"HTTP2-Settings: AAMAAABAAAAAAQAAAAAAAAE\r\nUpgrade: h2c\r\n\r\n")
LATIN_1 = b"HEAD /containers/%s/archive?path=%%2Ftmp%%2F%%e4.txt HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
PLAIN = b"%s %s HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class HeadTest(LiveTest):
    def status(self, way, data):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE_S)
            client.connect(str(self.ways[way]))
            client.sendall(data)
            answer = b""
            while b"\r\n" not in answer:
                more = client.recv(4096)
                self.assertTrue(more, answer)
                answer += more
        return int(answer.split(b" ", 2)[1])

    def expect(self, status, data, refused=None):
        """`refused`: by what is not `open`."""
        for way in self.ways:
            wanted = status if refused is None or way in ("straight", "open") else refused
            self.assertEqual(self.status(way, data), wanted, (way, data[:100]))

    def running(self, *options):
        name = self.name()
        self.docker("straight", "run", "-d", "--name", name, *options, USER_IMAGE, "sleep", "600", check=True)
        return name

    def test_names_of_links(self):
        linked, name = self.running(), self.name()
        made = self.docker("straight", "run", "-d", "--name", name, "--link", linked + ":alias", USER_IMAGE, "sleep", "600")
        if made.returncode != 0:
            self.skipTest("the engine links no containers: " + made.stderr)
        path = b"/containers/%s/alias" % name.encode()
        self.expect(200, PLAIN % (b"GET", path + b"/json"))
        self.expect(404, PLAIN % (b"GET", path + b"s/json"))
        self.assertEqual(self.status("open", PLAIN % (b"DELETE", path + b"?link=1")), 204)
        self.expect(404, PLAIN % (b"GET", path + b"/json"))
        self.expect(200, PLAIN % (b"GET", b"/containers/%s/json" % linked.encode()))

    def test_an_old_api(self):
        old = PLAIN % (b"GET", b"/v1.21/containers/json")
        self.expect(self.status("straight", old), old, refused=403)

    def test_odd_heads(self):
        name = self.running("--network", "none").encode()
        self.expect(200, BARE_LF % name, refused=400)
        self.expect(200, JAVA % name)
        self.expect(404, LATIN_1 % name)

    def test_a_create_with_its_body_in_the_query(self):
        env = ["V%d=%s" % (number, 'x y"' * 20) for number in range(2000)]
        body = {"Image": "no-such-image", "User": "1000:1000", "Env": env, "HostConfig": {"NetworkMode": "none"}}
        data = json.dumps(body).encode()
        query = "&".join("%s=%s" % (key, urllib.parse.quote(json.dumps(value))) for key, value in body.items())
        head = "POST /containers/create?%s HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self.expect(404, (head % (query, len(data))).encode() + data)


if __name__ == "__main__":
    unittest.main()
