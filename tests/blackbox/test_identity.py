"""Who the client is decides its policy: by user, group and container, the first entry that fits;
and the audit says who it was."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import unittest

from harness import BlackboxTest
from test_limits import ALICE, BOB, acting_as
from wire import PATIENCE_S, request_bytes, wait_for

GROUP = 4321
IDENTITY = "0123456789abcdef" * 4
LOOKS = {"base": "baseline", "allow": ["system.info"]}
OPEN = {"base": "baseline", "allow": ["system.info", "system.df"]}

HEADLESS = pathlib.Path(__file__).resolve().parent / "headless.c"

# Asks as often as there are arguments, on one connection, and stays until it is told to go.
ASKER = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
for target in sys.argv[2:]:
    client.sendall(b"GET %s HTTP/1.1\\r\\nHost: d\\r\\n\\r\\n" % target.encode())
    print("sent", file=sys.stderr, flush=True)
    print(client.recv(65536).split()[1].decode(), flush=True)
    sys.stdin.readline()
"""


def hierarchy():
    """Where control groups can be made here that need nothing but a name; None: nowhere."""
    mounts = pathlib.Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    for kind, option in (("cgroup", "pids"), ("cgroup", "freezer"), ("cgroup2", "")):
        for fields in map(str.split, mounts):
            if fields[2] == kind and option in fields[3]:
                return pathlib.Path(fields[1])
    return None


class IdentityTest(BlackboxTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.directory, 0o711)

    def start_for(self, clients, policy=None, **policies):
        listener = {"socket": str(self.socket), "mode": "0666", "clients": clients}
        if policy:
            listener["policy"] = policy
        self.start(listen=[listener], policies=policies or {"looks": LOOKS, "open": OPEN})

    def status_of_one_that_ended(self):
        """Connects in a process that is gone before anybody looks; another one goes on with the socket."""
        connection = socket.socket(socket.AF_UNIX)
        self.addCleanup(connection.close)
        connection.settimeout(PATIENCE_S)
        self.sockade.signal(signal.SIGSTOP)
        child = os.fork()
        if child == 0:
            connection.connect(str(self.socket))
            os._exit(0)
        os.waitpid(child, 0)
        self.sockade.signal(signal.SIGCONT)
        connection.sendall(request_bytes("GET", "/v1.41/system/df"))
        return int(connection.recv(65536).split()[1])

    def test_who_has_ended_fits_no_container_and_no_fallback(self):
        """It may be in the container that the narrower policy is for."""
        self.start_for([{"container": "traefik", "policy": "looks"}], policy="open")
        self.assertEqual(self.status().status, 200)
        self.assertEqual(self.status_of_one_that_ended(), 403)

    def test_who_has_ended_fits_no_uid_and_no_fallback(self):
        self.start_for([{"uid": ALICE, "policy": "looks"}], policy="open")
        self.assertEqual(self.status().status, 200)
        self.assertEqual(self.status_of_one_that_ended(), 403)

    def test_who_has_ended_is_served_where_all_have_one_policy(self):
        self.start(listen=[{"socket": str(self.socket), "policy": "open"}], policies={"open": OPEN})
        self.assertEqual(self.status_of_one_that_ended(), 200)

    def test_a_process_without_its_main_thread_fits_nothing(self):
        """Version 1 of control groups shows it in the root group, wherever the other threads are."""
        self.start_for([{"container": "traefik", "policy": "looks"}], policy="open")
        program = self.directory / "headless"
        built = subprocess.run(["gcc", "-pthread", "-o", program, HEADLESS], capture_output=True, check=False)
        if built.returncode != 0:
            self.skipTest("no compiler")
        done = subprocess.run([program, self.socket, "/v1.41/system/df"], capture_output=True, timeout=PATIENCE_S, check=True)
        self.assertEqual(done.stdout.split()[1], b"403")

    def status(self, uid=0, target="/v1.41/system/df", **options):
        with acting_as(uid, **options):
            client = self.client()
        response = client.ask("GET", target)
        client.close()
        return response


class MakerTest(IdentityTest):
    """What is made says through which policy, and a client has no say in it."""

    MAKES = {"base": "open"}

    def sent(self, body):
        self.client().ask("POST", "/v1.41/containers/create", body)
        return self.engine.requests[-1].json()["Labels"]

    def test_a_create_gets_its_maker(self):
        self.start_for([{"uid": 0, "policy": "makes"}], policy="makes", makes=self.MAKES)
        self.engine.on("POST /containers/create", lambda connection, _: connection.answer(201, {"Id": "a" * 64}))
        first = self.sent({"Image": "app"})
        self.assertRegex(first["io.sockade.made-by"], r"\Amakes:[0-9a-f]{32}\Z")
        second = self.sent({"Image": "app", "Labels": {"io.sockade.made-by": first["io.sockade.made-by"], "a": "b"}})
        self.assertRegex(second["io.sockade.made-by"], r"\Amakes:[0-9a-f]{32}\Z")
        self.assertNotEqual(first["io.sockade.made-by"], second["io.sockade.made-by"], "none is used twice")
        self.assertEqual(second["a"], "b")

    def test_a_service_keeps_its_value(self):
        """Another one would be a change, for which swarm makes all tasks anew."""
        self.start_for([{"uid": 0, "policy": "makes"}], policy="makes", makes=self.MAKES)
        self.engine.on("POST /services/create", lambda connection, _: connection.answer(201, {"ID": "a" * 25}))
        for said in ({}, {"io.sockade.made-by": "root:service"}, {"io.sockade.made-by": "makes:service"}):
            self.client().ask("POST", "/v1.41/services/create", {
                "Name": "s", "TaskTemplate": {"ContainerSpec": {"Image": "app", "Labels": said}}})
            sent = self.engine.requests[-1].json()["TaskTemplate"]["ContainerSpec"]["Labels"]
            self.assertEqual(sent, {"io.sockade.made-by": "makes:service"})

    def test_where_nothing_depends_on_it_nothing_is_written(self):
        makes = {**self.MAKES, "rules": {"oom_score": "deny"}}
        self.start(listen=[{"socket": str(self.socket), "policy": "makes"}], policies={"makes": makes})
        self.engine.on("POST /containers/create", lambda connection, _: connection.answer(201, {"Id": "a" * 64}))
        self.assertEqual(self.sent({"Image": "app", "Labels": {"a": "b"}}), {"a": "b"})
        self.assertRegex(self.sent({"Image": "app", "Labels": {"io.sockade.made-by": "ci:1"}})["io.sockade.made-by"],
                         r"\A\?:[0-9a-f]{32}\Z", "but nobody may claim it there, either")


@unittest.skipUnless(os.geteuid() == 0, "needs root to be several users")
class UserTest(IdentityTest):
    def test_users_and_groups_have_their_policies(self):
        self.start_for([{"uid": [ALICE], "policy": "open"}, {"gid": GROUP, "policy": "open"},
                        {"uid": BOB, "policy": "looks"}], policy="looks")
        self.assertEqual(self.status(ALICE).status, 200)
        self.assertEqual(self.status(BOB).status, 403)
        self.assertEqual(self.status(BOB, gid=GROUP).status, 200, "the primary group")
        self.assertEqual(self.status(BOB, groups=[7, GROUP]).status, 200, "a supplementary group")
        self.assertEqual(self.status(BOB, groups=list(range(100, 1100))).status, 403)
        self.assertEqual(self.status(BOB, groups=list(range(5000, 6000)) + [GROUP]).status, 200)
        self.assertEqual(self.status(999).status, 403)
        self.assertEqual(self.status(999, target="/v1.41/info").status, 200)
        wait_for(lambda: self.counted() == 8, "all to be recorded")
        policies = [(record["client"]["uid"], record["policy"]) for record in self.audit()]
        self.assertEqual(policies[:2], [(ALICE, "open"), (BOB, "looks")])
        self.assertIn((999, "looks"), policies)

    def test_whom_nothing_is_for_is_refused(self):
        self.start_for([{"uid": ALICE, "policy": "open"}])
        for target in ("/_ping", "/v1.41/info", "/nonsense?x=secret"):
            response = self.status(BOB, target)
            self.assert_refused(response, 403)
            self.assertIn("uid %d" % BOB, response.message())
            self.assertEqual([rule["id"] for rule in response.json()["rules"]], ["client"])
        self.assertEqual(self.status(ALICE).status, 200)
        records = self.audit(4)
        self.assertEqual([record["policy"] for record in records], ["-", "-", "-", "open"])
        self.assertNotIn("secret", str(records))
        self.assertEqual(self.engine.asked(), ["GET /system/df"])

    def test_a_reload_holds_for_the_next_request_of_an_open_connection(self):
        self.start_for([{"uid": ALICE, "policy": "open"}], policy="looks")
        with acting_as(ALICE):
            client = self.client()
        self.assertEqual(client.ask("GET", "/v1.41/system/df").status, 200)
        config = self.directory / "sockade.yaml"
        text = config.read_text()
        for text, status in ((text.replace('"uid": %d' % ALICE, '"uid": %d' % BOB), 403), (text, 200)):
            config.write_text(text)
            before = self.sockade.log().count("reloaded")
            self.sockade.signal(signal.SIGHUP)
            wait_for(lambda: self.sockade.log().count("reloaded") > before, "the reload")
            self.assertEqual(client.ask("GET", "/v1.41/system/df").status, status)

    def test_a_reload_that_brings_entries_looks_again_where_an_open_connection_comes_from(self):
        self.start_for([{"uid": ALICE, "policy": "open"}], policy="looks")
        config = self.directory / "sockade.yaml"
        with_entries = config.read_text()
        document = json.loads(with_entries)
        for listener in document["listen"]:
            listener.pop("clients")
        def load(text):
            config.write_text(text)
            before = self.sockade.log().count("reloaded")
            self.sockade.signal(signal.SIGHUP)
            wait_for(lambda: self.sockade.log().count("reloaded") > before, "the reload")
        load(json.dumps(document))
        with acting_as(ALICE):
            client = self.client()
        self.assertEqual(client.ask("GET", "/v1.41/system/df").status, 403)
        load(with_entries)
        self.assertEqual(client.ask("GET", "/v1.41/system/df").status, 200)

    def test_sockets_of_the_command_line_have_no_clients(self):
        self.start_engine()
        config = self.write_config(listen=[{"socket": str(self.socket), "policy": "test",
                                            "clients": [{"uid": ALICE, "policy": "test"}]}])
        done = subprocess.run([os.environ.get("SOCKADE_BIN", "build/release/sockade"), "serve", "--config", config,
                               "--listen", "unix:%s" % self.socket], capture_output=True, timeout=PATIENCE_S, check=False,
                              cwd=pathlib.Path(__file__).resolve().parents[2])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"command line", done.stderr)


@unittest.skipUnless(os.geteuid() == 0, "needs root to make control groups")
class ContainerTest(IdentityTest):
    """Processes in control groups that are named as an engine names them."""

    def setUp(self):
        super().setUp()
        self.inspections = 0
        self.group("docker", IDENTITY)

    def group(self, *names):
        """Makes that group, and removes it at the end."""
        path = hierarchy()
        if path is None:
            self.skipTest("no control groups here")
        for name in names:
            path = path / name
            if not path.exists():
                try:
                    path.mkdir()
                except OSError as problem:
                    self.skipTest("control groups can't be made here: %s" % problem)
                self.addCleanup(self.remove, path)
        return path

    @staticmethod
    def remove(path):
        def gone():
            try:
                path.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                return False
            return True

        wait_for(gone, "%s to be empty" % path)

    @contextlib.contextmanager
    def process(self, group, *arguments):
        """A process in that group."""
        def enter():
            (group / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")

        # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True,
                                   preexec_fn=enter)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    @contextlib.contextmanager
    def client_in(self, group, *targets):
        with self.process(group, sys.executable, "-c", ASKER, str(self.socket), *targets) as process:
            yield process

    def statuses(self, group, *targets):
        with self.client_in(group, *targets) as process:
            done, _ = process.communicate("\n" * len(targets), timeout=PATIENCE_S)
        return [int(word) for word in done.split()]

    def engine_knows(self, pid, name="traefik", labels=None, status=200, image=None, image_status=200):
        def inspect(connection, request):
            self.inspections += 1
            connection.answer(status, {"Id": IDENTITY, "Name": "/" + name, "State": {"Pid": pid},
                                       "Image": "sha256:" + "5" * 64,
                                       "Config": {"Labels": labels or {}}} if status == 200 else {"message": "no"})

        def inspect_image(connection, request):
            self.inspections += 1
            connection.answer(image_status, {"Id": "sha256:" + "5" * 64, "Config": {"Labels": image or {}}}
                              if image_status == 200 else {"message": "no"})

        self.engine.on("GET /containers/%s/json" % IDENTITY, inspect)
        self.engine.on("GET /images/sha256:%s/json" % ("5" * 64), inspect_image)

    @contextlib.contextmanager
    def container(self, group, **options):
        """The first process of what the engine calls a container."""
        with self.process(group, "sleep", "60") as first:
            wait_for(lambda: IDENTITY in pathlib.Path("/proc/%d/cgroup" % first.pid).read_text(encoding="ascii"),
                     "the first process to be in its group")
            self.engine_knows(first.pid, **options)
            yield

    def test_by_name(self):
        self.start_for([{"container": "traefik", "policy": "open"}], policy="looks")
        group = self.group("docker", IDENTITY)
        with self.container(group):
            self.assertEqual(self.statuses(group, "/system/df", "/system/df"), [200, 200])
            self.assertEqual(self.inspections, 1, "it is asked about once for each connection")
            self.assertEqual(self.statuses(self.group("docker", IDENTITY, "below"), "/system/df"), [200])
        self.assertEqual(self.status().status, 403, "who is in no container")
        records = self.audit(4)
        self.assertEqual(records[0]["client"]["container"], {"id": IDENTITY, "name": "traefik"})
        self.assertEqual(records[0]["policy"], "open")
        self.assertNotIn("container", records[3]["client"])

    def test_by_label(self):
        self.start_for([{"container": {"label": "role=proxy"}, "policy": "open"}], policy="looks")
        group = self.group("docker", IDENTITY)
        with self.container(group, labels={"role": "proxy"}):
            self.assertEqual(self.statuses(group, "/system/df"), [200])
        with self.container(group, labels={"role": "proxy2"}):
            self.assertEqual(self.statuses(group, "/system/df"), [403])

    def test_another_name_does_not_do(self):
        self.start_for([{"container": ["traefik", "caddy"], "policy": "open"}], policy="looks")
        group = self.group("docker", IDENTITY)
        with self.container(group, name="traefik2"):
            self.assertEqual(self.statuses(group, "/system/df", "/info"), [403, 200])

    def test_a_group_that_only_has_the_name_is_not_the_container(self):
        """As a user can make one below its session, or a container below its own group."""
        self.start_for([{"container": "traefik", "policy": "open"}], policy="looks")
        with self.container(self.group("docker", IDENTITY)):
            for forged in (self.group("forged", "docker-%s.scope" % IDENTITY),
                           self.group("docker", "f" * 64, IDENTITY)):
                self.assertEqual(self.statuses(forged, "/system/df"), [403])
        self.assertNotIn("container", self.audit(2)[0]["client"], "a name that is not true is not recorded")
        self.assertIn("is not in the container", self.sockade.log())

    def test_a_container_that_does_not_run_has_no_clients(self):
        self.start_for([{"container": "traefik", "policy": "open"}], policy="looks")
        self.engine_knows(0)
        self.assertEqual(self.statuses(self.group("docker", IDENTITY), "/system/df"), [403])

    def test_what_the_engine_does_not_know_is_no_container(self):
        self.start_for([{"container": "traefik", "policy": "open"}], policy="looks")
        self.engine_knows(0, status=404)
        self.assertEqual(self.statuses(self.group("docker", IDENTITY), "/system/df", "/info"), [403, 200])
        self.assertEqual(self.audit(2)[1]["client"]["container"], {"id": IDENTITY})

    def test_without_the_engines_word_nobody_gets_a_policy_that_depends_on_it(self):
        self.start_for([{"container": "traefik", "policy": "open"}], policy="looks")
        self.engine_knows(0, status=500)
        group = self.group("docker", IDENTITY)
        self.assertEqual(self.statuses(group, "/info", "/info"), [502, 502])
        self.assertEqual(self.status(target="/info").status, 200)

    def test_without_the_engines_word_the_record_has_the_id(self):
        self.start(listen=[{"socket": str(self.socket), "policy": "open"}], policies={"open": OPEN})
        self.engine_knows(0, status=500)
        self.assertEqual(self.statuses(self.group("docker", IDENTITY), "/system/df"), [200])

    def test_a_uid_of_a_container_is_no_uid_of_the_host(self):
        """Root of the container that anybody may start is not the root that the entry is for."""
        self.start_for([{"uid": 0, "policy": "open"}, {"gid": 0, "policy": "open"}], policy="looks")
        group = self.group("docker", IDENTITY)
        with self.container(group):
            self.assertEqual(self.statuses(group, "/system/df", "/info"), [403, 200])
        self.assertEqual(self.status().status, 200, "root of the host")

    def test_a_uid_in_a_container_that_the_entry_names(self):
        self.start_for([{"uid": 0, "container": "traefik", "policy": "open"}], policy="looks")
        group = self.group("docker", IDENTITY)
        with self.container(group):
            self.assertEqual(self.statuses(group, "/system/df"), [200])
        self.assertEqual(self.status().status, 403)

    def test_who_claims_a_container_does_not_choose_between_its_entry_and_the_fallback(self):
        """A user may name a group of its own as it likes, to be taken for somebody without an entry."""
        self.start_for([{"uid": 0, "policy": "looks"}], policy="open")
        self.engine_knows(0, status=404)
        self.assertEqual(self.statuses(self.group("forged", IDENTITY), "/system/df", "/info"), [403, 403])

    def test_a_pid_namespace_of_its_own_is_not_the_host(self):
        self.start_for([{"uid": 0, "policy": "open"}], policy="looks")
        command = ["unshare", "--pid", "--fork", sys.executable, "-c", ASKER, str(self.socket), "/system/df"]
        done = subprocess.run(command, input="\n", capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        if not done.stdout:
            self.skipTest("no namespaces can be made here: %s" % done.stderr)
        self.assertEqual(done.stdout.split(), ["403"])

    def test_in_a_container_that_sockade_made_a_client_has_its_makers_policy(self):
        """Whatever the container is called; where the socket gives nobody that policy, it has none."""
        self.start_for([{"container": "traefik", "policy": "open"},
                        {"container": "caddy", "made_by": ["looks"], "policy": "open"}], policy="open",
                       looks=LOOKS, open=OPEN, absent=OPEN)
        group = self.group("docker", IDENTITY)
        for name, maker, expected in (("web", "looks:1", [403, 403]), ("web", "open:1", [200, 200]),
                                      ("web", "absent:1", [403, 403]), ("web", "nonsense", [403, 403]),
                                      ("traefik", "looks:1", [403, 403]), ("traefik", "open:1", [200, 200]),
                                      ("caddy", "looks:1", [200, 200]), ("caddy", "absent:1", [403, 403])):
            with self.subTest(name=name, maker=maker), \
                    self.container(group, name=name, labels={"io.sockade.made-by": maker}):
                self.inspections = 0
                self.assertEqual(self.statuses(group, "/system/df", "/info"), expected)
                self.assertEqual(self.inspections, 2, "the container and its image, once for each connection")
        self.assertIn("made_by", self.sockade.log())

    def test_a_maker_that_is_the_images_does_not_count(self):
        """A container made past sockade inherits the label of its image."""
        self.start_for([{"container": "traefik", "policy": "open"}, {"uid": 1, "policy": "looks"}], policy="looks")
        group = self.group("docker", IDENTITY)
        label = {"io.sockade.made-by": "open:1"}
        for name, image, status, expected in (("web", label, 200, 403), ("traefik", label, 200, 200),
                                              ("web", {}, 200, 200), ("web", {"io.sockade.made-by": "open:2"}, 200, 200),
                                              ("traefik", label, 404, 403), ("web", label, 404, 403),
                                              ("web", label, 500, 502)):
            with self.subTest(name=name, image=image, status=status), \
                    self.container(group, name=name, labels=label, image=image, image_status=status):
                self.assertEqual(self.statuses(group, "/system/df"), [expected])

    def test_below_another_container_only_what_is_confirmed_counts(self):
        """A container that makes groups below its own is not somebody without a maker."""
        self.start_for([{"container": "other", "policy": "looks"}], policy="open")
        self.engine.on("GET /containers/%s/json" % ("f" * 64), lambda connection, _: connection.answer(404, {}))
        with self.container(self.group("docker", IDENTITY)):
            self.assertEqual(self.statuses(self.group("docker", IDENTITY, "f" * 64), "/info"), [403])
        self.assertEqual(self.statuses(self.group("apart", "f" * 64), "/info"), [200], "another engine's container")

    def test_a_process_that_is_gone_is_nobody(self):
        self.start_for([{"container": "traefik", "policy": "open"}], policy="looks")
        group = self.group("docker", IDENTITY)
        with self.container(group):
            self.sockade.signal(signal.SIGSTOP)
            with self.client_in(group, "/system/df") as process:
                process.stderr.readline()
            self.assertEqual(process.returncode, -signal.SIGKILL)
            self.sockade.signal(signal.SIGCONT)
        record = self.audit(1)[0]
        self.assertEqual(record["policy"], "-", "not the fallback's either")
        self.assertNotEqual(record["decision"], "allow")
        self.assertNotIn("container", record["client"])

    def test_the_request_waits_with_its_body(self):
        self.start_for([{"container": "traefik", "policy": "open"}], policy="looks")
        group = self.group("docker", IDENTITY)
        with self.container(group):
            body = b"x" * 300000
            script = ("import socket, sys\nc = socket.socket(socket.AF_UNIX)\nc.connect(sys.argv[1])\n"
                      "c.sendall(sys.stdin.buffer.read())\nc.shutdown(socket.SHUT_WR)\n"
                      "print(c.recv(65536).split()[1].decode())")
            with self.process(group, sys.executable, "-c", script, str(self.socket)) as process:
                request = request_bytes("POST", "/info", body, [("Content-Type", "application/x-tar")])
                done, _ = process.communicate(request.decode("latin-1"), timeout=PATIENCE_S)
        self.assertRegex(done.strip(), re.compile(r"\A[45]\d\d\Z"))


if __name__ == "__main__":
    unittest.main()
