"""Sockets: their modes, several at once, what lies about at their path, those that a service
manager passes; and what is said when one can't be had."""

import os
import pathlib
import pwd
import shutil
import socket
import stat
import subprocess
import sys
import unittest

from harness import BASELINE, HARMLESS, PRIVILEGED, BlackboxTest, Sockade
from wire import PATIENCE_S, Client, wait_for

# Takes the place of the service manager: descriptor 3 and the environment that tells of it.
ACTIVATE = """
import os, sys
for number, fd in enumerate(sys.argv[1].split(",")):
    os.dup2(int(fd), 3 + number)
os.environ["LISTEN_FDS"] = str(len(sys.argv[1].split(",")))
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


class ListenerTest(BlackboxTest):
    def refuse_to_start(self, *arguments, **options):
        """Runs to the end and gives back what was said."""
        sockade = Sockade(self.directory, ["serve", *arguments], **options)
        try:
            code = sockade.wait()
        except subprocess.TimeoutExpired:
            sockade.process.kill()
            sockade.wait()
            self.fail("it serves: " + sockade.log())
        self.assertNotEqual(code, 0)
        self.assertGreater(code, 0, "ended by a signal: " + sockade.log())
        log = sockade.log()
        self.assertNotRegex(log, "Sanitizer|runtime error")
        return log

    def test_modes_and_owners(self):
        group = os.getgid()
        for mode in ("0600", "0660", "0666"):
            with self.subTest(mode):
                self.start(BASELINE, listen=[{"socket": str(self.socket), "policy": "test", "mode": mode,
                                              "group": group}])
                status = self.socket.stat()
                self.assertEqual(stat.S_IMODE(status.st_mode), int(mode, 8))
                self.assertEqual(status.st_gid, group)
                self.sockade.stop()

    def test_the_default_mode_is_0660(self):
        self.start(BASELINE)
        self.assertEqual(stat.S_IMODE(self.socket.stat().st_mode), 0o660)

    @unittest.skipIf(os.getuid() != 0, "only root may give a socket away")
    def test_owners_by_name_and_number(self):
        nobody = pwd.getpwnam("nobody")
        for owner, group in (("nobody", "nogroup"), (nobody.pw_uid, nobody.pw_gid)):
            self.start(BASELINE, listen=[{"socket": str(self.socket), "policy": "test", "owner": owner,
                                          "group": group}])
            status = self.socket.stat()
            self.assertEqual((status.st_uid, status.st_gid), (nobody.pw_uid, nobody.pw_gid))
            self.sockade.stop()

    def test_listeners_have_policies_of_their_own(self):
        other = self.directory / "other.sock"
        self.start(policies={"test": {"base": "baseline", "allow": BASELINE.allow},
                             "looking": {"base": "read_only"}, "free": {"base": "open"}},
                   listen=[{"socket": str(self.socket), "policy": "test"},
                           {"socket": str(other), "policy": "looking"},
                           {"socket": str(self.directory / "free.sock"), "policy": "free"}])
        ask = lambda path, body: self.client(path).ask("POST", "/v1.41/containers/create", body)
        self.assertEqual(ask(self.socket, HARMLESS).status, 201)
        self.assert_refused(ask(self.socket, PRIVILEGED), 403, "privileged")
        self.assert_refused(ask(other, HARMLESS), 403)
        self.assertEqual(self.client(other).ask("GET", "/v1.41/containers/json").status, 200)
        self.assertEqual(ask(self.directory / "free.sock", PRIVILEGED).status, 201)
        records = self.audit(5)
        self.assertEqual([record["policy"] for record in records], ["test", "test", "looking", "looking", "free"])
        self.assertEqual(len({record["listener"] for record in records}), 3)

    def test_sockets_of_other_listeners_are_mounted_by_nobody(self):
        """By whatever name; the client's own is its to hand on."""
        other, allowed = self.directory / "other.sock", self.directory / "work"
        allowed.mkdir()
        judged = {"base": "baseline", "allow": BASELINE.allow,
                  "rules": {"host_path_mount": {"allow": [{"path": str(self.directory), "access": "rw"}]}}}
        self.start(daemon={"socket": str(self.engine_socket), "host_files": "yes"},
                   policies={"test": judged, "other": {"base": "open"}},
                   listen=[{"socket": str(self.socket), "policy": "test"},
                           {"socket": str(other), "policy": "other"}])
        (allowed / "link").symlink_to(other)
        os.link(other, allowed / "hard")
        (allowed / "above").symlink_to(self.directory)
        for source in (other, allowed / "link", allowed / "hard", allowed / "above", self.directory):
            with self.subTest(source):
                body = dict(HARMLESS, HostConfig={"Binds": ["%s:/x" % source]})
                self.assert_refused(self.ask("POST", "/v1.41/containers/create", body), 403, "docker_socket_mount")
        self.assertEqual(self.ask("POST", "/v1.41/containers/create",
                                  dict(HARMLESS, HostConfig={"Binds": ["%s:/x" % allowed]})).status, 201)

    def test_a_stale_socket_is_replaced(self):
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(self.socket))
        stale.close()
        self.start(BASELINE)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)

    def test_a_killed_sockade_can_be_started_again(self):
        self.start(BASELINE)
        self.sockade.process.kill()
        self.sockade.process.wait()
        self.sockade.exit_code = 0
        self.assertTrue(self.socket.exists())
        self.start(BASELINE)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)

    def test_a_live_socket_is_left_alone(self):
        self.start(BASELINE)
        config = self.write_config(BASELINE)
        self.assertIn(str(self.socket), self.refuse_to_start("--config", config))
        self.assertEqual(self.ask("GET", "/_ping").status, 200)

    def test_what_is_no_socket_is_left_alone(self):
        self.socket.write_text("precious")
        self.assertIn(str(self.socket), self.refuse_to_start("--config", self.write_config(BASELINE)))
        self.assertEqual(self.socket.read_text(), "precious")

    def test_a_link_is_not_followed(self):
        precious = self.directory / "precious"
        precious.write_text("precious")
        self.socket.symlink_to(precious)
        self.refuse_to_start("--config", self.write_config(BASELINE))
        self.assertEqual(precious.read_text(), "precious")

    def test_an_empty_directory_that_an_engine_made_is_replaced(self):
        self.socket.mkdir(0o755)
        self.start(BASELINE)
        self.assertTrue(stat.S_ISSOCK(self.socket.stat().st_mode))
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.assertIn("replacing an empty directory", self.sockade.log())

    def test_other_directories_are_left_alone(self):
        for name, prepare in (("with a file", lambda: (self.socket / "precious").write_text("x")),
                              ("of somebody else", lambda: os.chown(self.socket, 1234, 0)),
                              ("that others may write to", lambda: self.socket.chmod(0o777)),
                              ("where others may write", lambda: self.directory.chmod(0o777))):
            with self.subTest(name):
                self.socket.mkdir(0o755)
                prepare()
                self.assertIn(str(self.socket), self.refuse_to_start("--config", self.write_config(BASELINE)))
                self.assertTrue(self.socket.is_dir())
                shutil.rmtree(self.socket)

    def test_the_socket_of_another_process_stays(self):
        self.start(BASELINE)
        first = self.sockade
        self.socket.unlink()
        self.start(BASELINE)
        first.stop()
        self.assertTrue(self.socket.exists())
        self.assertEqual(self.ask("GET", "/_ping").status, 200)

    def test_directories_below_run_are_made(self):
        if not os.access("/run", os.W_OK):
            self.skipTest("nobody but root makes something in /run")
        folder = pathlib.Path("/run/%s" % self.directory.name)
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        path = folder / "tool" / "docker.sock"
        self.start_engine()
        self.run_sockade("--listen", "unix:%s" % path, "--upstream", "unix:%s" % self.engine_socket, "--policy",
                         "open", sockets=[path])
        self.assertEqual(stat.S_IMODE((folder / "tool").stat().st_mode) & 0o022, 0)

    def test_a_missing_directory(self):
        path = self.directory / "missing" / "directory" / "docker.sock"
        log = self.refuse_to_start("--listen", "unix:%s" % path, "--upstream",
                                   "unix:%s" % self.engine_socket, "--policy", "open")
        self.assertIn(str(path), log)
        self.assertRegex(log, "No such file or directory|does not exist|missing")

    def test_the_last_directory_is_made(self):
        self.socket = self.directory / "run" / "docker.sock"
        self.start(BASELINE)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.assertEqual(stat.S_IMODE(self.socket.parent.stat().st_mode) & 0o022, 0)

    @unittest.skipIf(os.getuid() != 0, "becomes another user")
    def test_a_directory_that_may_not_be_written(self):
        os.chmod(self.directory, 0o755)
        closed = self.directory / "closed"
        closed.mkdir(mode=0o755)
        log = self.refuse_to_start("--listen", "unix:%s/docker.sock" % closed, "--upstream",
                                   "unix:%s" % self.engine_socket, "--policy", "open",
                                   prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
        self.assertIn("closed/docker.sock", log)
        self.assertRegex(log, "[Pp]ermission denied|not writable|may not")

    def test_a_path_longer_than_a_socket_may_have(self):
        path = self.directory / ("a" * 120)
        log = self.refuse_to_start("--listen", "unix:%s" % path, "--upstream",
                                   "unix:%s" % self.engine_socket, "--policy", "open")
        self.assertRegex(log, "long")

    def test_the_socket_goes_with_us(self):
        self.start(BASELINE)
        self.sockade.stop()
        self.assertFalse(self.socket.exists())

    def test_the_flags_alone(self):
        self.start_engine()
        self.run_sockade("--listen", "unix:%s" % self.socket, "--upstream", "unix:%s" % self.engine_socket,
                         "--policy", "read_only")
        self.assertEqual(self.ask("GET", "/v1.41/containers/json").status, 200)
        self.assert_refused(self.ask("POST", "/v1.41/containers/create", HARMLESS), 403)

    def test_the_flags_override_the_file(self):
        config = self.write_config(BASELINE)
        moved, engine = self.directory / "moved.sock", self.directory / "engine2.sock"
        self.engine_socket = engine
        self.start_engine()
        self.run_sockade("--config", config, "--listen", "unix:%s" % moved, "--upstream", "unix:%s" % engine,
                         sockets=[moved])
        self.assertEqual(self.client(moved).ask("GET", "/_ping").status, 200)
        self.assertFalse(self.socket.exists())

    def test_our_own_engine_socket_is_mounted_by_nobody(self):
        """Whatever path the engine has been given here."""
        self.start(BASELINE)
        for source in (self.engine_socket, self.directory, "/var/run/docker.sock"):
            with self.subTest(source):
                body = {"Image": "nonroot", "User": "1000", "HostConfig": {"Binds": ["%s:/s" % source]}}
                self.assert_refused(self.ask("POST", "/v1.41/containers/create", body), 403, "docker_socket_mount")


class ActivationTest(BlackboxTest):
    def activate(self, listeners, policy=BASELINE, names=None, config=None):
        self.start_engine()
        config = config or self.write_config(policy, listen=[{"systemd": "docker", "policy": "test"}])
        environment = {"LISTEN_FDNAMES": names} if names else {}
        fds = [listener.fileno() for listener in listeners]
        self.run_sockade("--config", config, "--audit", self.audit_path, "--audit-format", "json",
                         sockets=[self.socket], environment=environment, pass_fds=fds,
                         prefix=(sys.executable, "-c", ACTIVATE, ",".join(map(str, fds))))

    def passed_socket(self, path):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(str(path))
        listener.listen(16)
        # High, so that the helper's dup2 onto 3 overwrites nothing it still needs.
        high = socket.socket(fileno=os.dup(listener.fileno()))
        while high.fileno() < 20:
            spare = socket.socket(fileno=os.dup(listener.fileno()))
            self.addCleanup(high.close)
            high = spare
        self.addCleanup(high.close)
        return high

    def test_a_passed_socket_by_its_name(self):
        self.activate([self.passed_socket(self.socket)], names="docker")
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        self.assert_refused(self.ask("POST", "/v1.41/containers/create", PRIVILEGED), 403, "privileged")
        self.sockade.stop()
        self.assertTrue(self.socket.exists(), "the socket is the service manager's")

    def test_several_passed_sockets(self):
        other = self.directory / "other.sock"
        config = self.write_config(policies={"test": {"base": "baseline", "allow": BASELINE.allow},
                                             "looking": {"base": "read_only"}},
                                   listen=[{"systemd": "second", "policy": "looking"},
                                           {"systemd": "first", "policy": "test"}])
        self.activate([self.passed_socket(self.socket), self.passed_socket(other)], names="first:second",
                      config=config)
        self.assertEqual(self.ask("POST", "/v1.41/containers/create", HARMLESS).status, 201)
        self.assert_refused(self.client(other).ask("POST", "/v1.41/containers/create", HARMLESS), 403)

    def test_a_name_that_was_not_passed(self):
        config = self.write_config(BASELINE, listen=[{"systemd": "docker", "policy": "test"}])
        sockade = Sockade(self.directory, ["serve", "--config", config])
        self.assertGreater(sockade.wait(), 0)
        self.assertIn("docker", sockade.log())

    def test_what_cannot_be_served_is_refused(self):
        tcp = socket.socket(socket.AF_INET)
        tcp.bind(("127.0.0.1", 0))
        tcp.listen(1)
        datagram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        datagram.bind(str(self.directory / "datagram"))
        packets = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        packets.bind(str(self.directory / "packets"))
        packets.listen(1)
        bound = socket.socket(socket.AF_UNIX)
        bound.bind(str(self.directory / "bound"))
        connected, other = socket.socketpair(socket.AF_UNIX)
        config = self.write_config(BASELINE, listen=[{"systemd": "docker", "policy": "test"}])
        with open("/dev/null", "rb") as file:
            for passed in (tcp, datagram, packets, bound, connected, file):
                with self.subTest(passed):
                    fd = os.dup2(passed.fileno(), 40)
                    sockade = Sockade(self.directory, ["serve", "--config", config], pass_fds=(fd,),
                                      environment={"LISTEN_FDNAMES": "docker"},
                                      prefix=(sys.executable, "-c", ACTIVATE, str(fd)))
                    self.assertGreater(sockade.wait(), 0)
                    self.assertIn("not a listening unix stream socket", sockade.log())
                    os.close(fd)
        for each in (tcp, datagram, packets, bound, connected, other):
            each.close()

    def test_descriptors_meant_for_another_process(self):
        config = self.write_config(BASELINE, listen=[{"systemd": "docker", "policy": "test"}])
        sockade = Sockade(self.directory, ["serve", "--config", config],
                          environment={"LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "docker"})
        self.assertGreater(sockade.wait(), 0)

    def test_readiness_is_told(self):
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notify.close)
        path = self.directory / "notify"
        notify.bind(str(path))
        notify.settimeout(PATIENCE_S)
        self.start_engine()
        config = self.write_config(BASELINE)
        sockade = Sockade(self.directory, ["serve", "--config", config], environment={"NOTIFY_SOCKET": str(path)})
        self.addCleanup(sockade.stop)
        self.assertIn(b"READY=1", notify.recv(4096).split(b"\n"))
        Client(self.socket).close()  # ready means that it accepts
        sockade.stop()
        said = notify.recv(4096)
        while b"STOPPING=1" not in said:
            said = notify.recv(4096)


class SmallHostTest(BlackboxTest):
    def test_it_needs_no_writable_place_but_the_sockets(self):
        """A read-only root file system is a common way to run it."""
        self.start(BASELINE)
        self.assertEqual(self.ask("GET", "/_ping").status, 200)
        written = {path.name for path in pathlib.Path(self.directory).iterdir()}
        self.assertLessEqual(written - {"docker.sock", "engine.sock", "audit.log", "sockade.yaml"},
                             {name for name in written if name.startswith(("stderr-", "stdout-"))})

    def test_few_descriptors_are_enough_to_start(self):
        self.start_engine()
        config = self.write_config(BASELINE)
        self.run_sockade("--config", config, prefix=("prlimit", "--nofile=256:256"))
        self.assertEqual(self.ask("GET", "/_ping").status, 200)

    def test_running_out_of_descriptors_ends_nothing(self):
        self.start_engine()
        config = self.write_config(BASELINE)
        self.run_sockade("--config", config, prefix=("prlimit", "--nofile=40:40"))
        clients = [self.client() for _ in range(60)]
        for client in clients:
            client.close()
        wait_for(lambda: self.ask("GET", "/_ping").status == 200, "service again")


if __name__ == "__main__":
    unittest.main()
