"""SIGHUP: the next request sees the new policy, what is under way keeps the one it began
with, and a wrong file changes nothing."""

import json
import signal
import unittest

from fake_engine import FakeEngine
from harness import BASELINE, HARMLESS, PRIVILEGED, BlackboxTest, Policy
from wire import chunk, request_bytes, wait_for

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class ReloadTest(BlackboxTest):
    def reload_with(self, policy=None, **more):
        self.write_config(policy, **more)
        self.reload()

    def fail_to_reload(self):
        """What the log says of it."""
        before = self.sockade.log()
        self.sockade.signal(signal.SIGHUP)
        wait_for(lambda: self.sockade.log().count("reload failed") > before.count("reload failed"), "a word in the log")
        return self.sockade.log()[len(before):]

    def create(self, body, client=None):
        return (client or self.client()).ask("POST", "/v1.41/containers/create", body)

    def test_new_requests_see_the_new_policy(self):
        self.start(BASELINE)
        self.assert_refused(self.create(PRIVILEGED), 403)
        self.reload_with(Policy("open"))
        wait_for(lambda: self.create(PRIVILEGED).status == 201, "the new policy")
        self.reload_with(BASELINE)
        wait_for(lambda: self.create(PRIVILEGED).status == 403, "the old policy again")

    def test_an_open_connection_sees_it_too(self):
        self.start(Policy("open"))
        client = self.client()
        self.assertEqual(self.create(PRIVILEGED, client).status, 201)
        self.reload_with(BASELINE)
        wait_for(lambda: self.create(PRIVILEGED).status == 403, "the new policy")
        self.assert_refused(self.create(PRIVILEGED, client), 403, "privileged")

    def test_a_removed_listener_serves_nobody_any_more(self):
        self.start(Policy("open"))
        client = self.client()
        self.assertEqual(self.create(PRIVILEGED, client).status, 201)
        path = self.directory / "sockade.yaml"
        path.write_text(path.read_text().replace(str(self.socket), str(self.socket) + ".new"))
        self.sockade.signal(signal.SIGHUP)
        wait_for(lambda: not self.socket.exists(), "the socket to go")
        before = len(self.engine.asked())
        try:
            client.send(request_bytes("POST", "/v1.41/containers/create", PRIVILEGED))
        except OSError:
            pass  # closed already
        self.assertEqual(client.read_to_end(), b"")
        self.assertEqual(len(self.engine.asked()), before)

    def stream(self, path, name):
        client = self.client(path)
        client.send(request_bytes("GET", "/v1.41/events?since=%s" % name))
        self.assertEqual(client.head().status, 200)
        return client

    def test_streams_end_where_their_listener_or_policy_is_gone(self):
        """After the time that the policy says, which may be none."""
        self.start_engine()
        self.engine.on("GET /events", lambda c, r: c.send(HEAD + chunk(b"event")))
        policies = {name: {"base": "open", "limits": {"withdrawn_timeout": limit}}
                    for name, limit in (("short", 1), ("kept", 0), ("after", 1))}
        paths = {name: self.directory / (name + ".sock") for name in ("gone", "gone-kept", "changed", "stays")}
        config = {"daemon": {"socket": str(self.engine_socket)}, "policies": policies}

        def listen(**names):
            return [{"socket": str(paths[key.replace("_", "-")]), "policy": policy} for key, policy in names.items()]

        path = self.write_config(**config, listen=listen(gone="short", gone_kept="kept", changed="short", stays="short"))
        self.run_sockade("--config", path, "--audit", self.audit_path, sockets=paths.values())
        streams = {name: self.stream(path, name) for name, path in paths.items()}
        self.reload_with(**config, listen=listen(changed="after", stays="short"))
        for name in ("gone", "changed"):
            self.assertIn(b"event", streams[name].read_to_end(), name)
        for name in ("gone-kept", "stays"):
            streams[name].read_chunk()
            streams[name].sock.settimeout(0.5)
            with self.assertRaises(TimeoutError):
                streams[name].sock.recv(1)

    def test_streams_and_tunnels_go_on(self):
        self.start(BASELINE)
        held = {}

        def attach(connection, _request):
            connection.send(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
            while connection.fill():
                connection.send(connection.take(len(connection.buffer)))
            return False

        def events(connection, _request):
            held["events"] = connection
            connection.send(HEAD)

        self.engine.on("POST /containers/a/attach", attach)
        self.engine.on("GET /events", events)
        tunnel, stream = self.client(), self.client()
        tunnel.send(request_bytes("POST", "/v1.41/containers/a/attach?stream=1", None,
                                  [("Connection", "Upgrade"), ("Upgrade", "tcp")]))
        stream.send(request_bytes("GET", "/v1.41/events"))
        self.assertEqual([tunnel.head().status, stream.head().status], [101, 200])
        self.reload_with(Policy("read_only"))
        wait_for(lambda: self.create(HARMLESS).status == 403, "the new policy")
        tunnel.send(b"still here")
        self.assertEqual(tunnel.read_exactly(10), b"still here")
        held["events"].send(chunk(b"still here"))
        self.assertEqual(stream.read_chunk(), b"still here")

    def test_a_request_under_way_keeps_its_policy(self):
        self.start(BASELINE)
        client = self.client()
        data = request_bytes("POST", "/v1.41/containers/create", HARMLESS, [("Expect", "100-continue")])
        head, _, body = data.partition(b"\r\n\r\n")
        client.send(head + b"\r\n\r\n")
        # Only the answer shows that the request has begun before the file changes.
        self.assertEqual(client.head().status, 100)
        client.send(body[:-5])
        self.reload_with(Policy("read_only"))
        wait_for(lambda: self.create(HARMLESS).status == 403, "the new policy")
        client.send(body[-5:])
        self.assertEqual(client.response().status, 201)

    def test_a_wrong_file_changes_nothing(self):
        self.start(BASELINE)
        path = self.directory / "sockade.yaml"
        good = path.read_text()
        for text, place in (("version: 1\npolicies:\n  test:\n    bass: open\n", ":4:5"),
                            ("version: 1\nlisten: [\n", ":"), ("", ""), ("version: 7\n", ":1:")):
            with self.subTest(text):
                path.write_text(text)
                self.assertIn("sockade.yaml" + place, self.fail_to_reload())
                self.assert_refused(self.create(PRIVILEGED), 403, "privileged")
                self.assertEqual(self.create(HARMLESS).status, 201)
        path.unlink()
        self.fail_to_reload()
        self.assert_refused(self.create(PRIVILEGED), 403, "privileged")
        path.write_text(good.replace("baseline", "open"))
        self.sockade.signal(signal.SIGHUP)
        wait_for(lambda: self.create(PRIVILEGED).status == 201, "the mended file")

    def test_many_reloads_leak_nothing(self):
        self.start(BASELINE)
        self.create(HARMLESS)
        before = self.sockade.open_descriptors()
        for _ in range(20):
            self.reload_with(BASELINE)
        self.assertEqual(self.create(HARMLESS).status, 201)
        wait_for(lambda: self.sockade.open_descriptors() <= before + 1, "descriptors to be closed")

    def test_a_connection_to_the_engine_before_is_not_used_again(self):
        """It is under way while the policy gets another engine, and would go to the pool."""
        self.start(BASELINE)
        held = []
        self.engine.on("POST /containers/a/wait", lambda connection, request: held.append(connection))
        client = self.client()
        client.send(request_bytes("POST", "/v1.41/containers/a/wait"))
        wait_for(lambda: held, "the request")
        other = FakeEngine(self.directory / "other.sock")
        self.addCleanup(self._end_engine, other)
        self.reload_with(BASELINE, daemon={"socket": other.path})
        before = self.engine.asked()
        held[0].answer(200, {"StatusCode": 0})
        self.assertEqual(client.response("POST").json(), {"StatusCode": 0})
        self.assertEqual(client.ask("GET", "/v1.41/info").status, 200)
        self.assertEqual(self.create(HARMLESS).status, 201)
        self.assertEqual(self.engine.asked(), before)
        self.assertEqual(other.asked(), ["GET /info", "POST /containers/create"])

    def test_a_new_engine_socket_is_not_forgotten(self):
        """The engine's own socket stays forbidden after a reload."""
        self.start(BASELINE)
        self.reload_with(Policy("baseline", BASELINE.allow, {"host_path_mount": {"allow": [
            {"path": str(self.directory), "access": "rw"}]}}))
        body = json.loads(json.dumps(HARMLESS))
        body["HostConfig"]["Binds"] = ["%s:/s" % self.engine_socket]
        self.assert_refused(self.create(body), 403, "docker_socket_mount")


if __name__ == "__main__":
    unittest.main()
