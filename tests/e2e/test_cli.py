"""What people do with the docker CLI, straight and through sockade: same output, same exit
status, same speed of arrival."""

import fcntl
import hashlib
import io
import json
import os
import pty
import re
import select
import struct
import subprocess
import tarfile
import termios
import time
import unittest

from live import IMAGE, LABEL, PATIENCE_S, USER_IMAGE, LiveTest, docker_environment, normalised, run_docker, wait_for


class Terminal:
    """The docker CLI on a terminal of its own."""

    def __init__(self, socket, *arguments, size=(30, 90), cli="docker"):
        self.output = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(cli, [cli, *arguments], docker_environment(socket))
        self.resize(*size)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def _read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return None  # the other side of a terminal is gone
        self.output += data
        return bool(data) or None

    def expect(self, pattern, seconds=PATIENCE_S):
        """Reads until the pattern shows and forgets what was up to it."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern.encode(), self.output)
            if found:
                self.output = self.output[found.end():]
                return found
            if time.monotonic() > end or self._read(0.2) is None:
                raise AssertionError("%r never showed, but %r" % (pattern, self.output[-2000:]))

    def wait(self, seconds=PATIENCE_S):
        """The exit status."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = None
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("the docker CLI doesn't end: %r" % self.output[-2000:])

    def close(self):
        if self.pid is not None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


class RunTest(LiveTest):
    def begin(self, *options):
        return ["run", "--rm", "--network", "none", *options, USER_IMAGE]

    def test_output_errors_and_status(self):
        code, out, err = self.assert_same_command(*self.begin(), "sh", "-c", "echo out; echo err >&2; exit 3")
        self.assertEqual((code, out, err), (3, "out\n", "err\n"))

    def test_much_output(self):
        code, out, _ = self.assert_same_command(
            *self.begin(), "sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done")
        self.assertEqual((code, out.count("\n")), (0, 20000))

    def test_the_user_is_the_images(self):
        _, out, _ = self.assert_same_command(*self.begin(), "id", "-u")
        self.assertEqual(out, "1000\n")

    def test_input_that_is_closed(self):
        self.assertEqual(self.assert_same_command(*self.begin("-i"), "cat")[:2], (0, ""))

    def test_input_from_a_pipe(self):
        data = os.urandom(2 << 20)
        wanted = hashlib.sha256(data).hexdigest()

        def act(way):
            done = self.docker(way, *self.begin("-i"), "sha256sum", input=data)
            done.stdout = done.stdout.replace(wanted, "as sent")
            return done

        self.assertIn("as sent", self.assert_same(act)[1])

    def test_input_and_output_at_once(self):
        data = os.urandom(2 << 20)

        def act(way):
            done = self.docker(way, *self.begin("-i"), "cat", input=data, text=False)
            done.stdout = "%d bytes, %s" % (len(done.stdout), "as sent" if done.stdout == data else "others")
            return done

        self.assertEqual(self.assert_same(act)[1], "%d bytes, as sent" % len(data))

    def test_a_command_that_does_not_exist(self):
        code, _, err = self.assert_same_command(*self.begin(), "no-such-command")
        self.assertEqual(code, 127)
        self.assertIn("no-such-command", err)

    def test_an_image_that_does_not_exist(self):
        """The engine's 404 makes the CLI pull, and the registry's absence is what is shown."""
        code, _, err = self.assert_same_command("run", "--rm", "127.0.0.1:1/e2e-missing:1", "true")
        self.assertEqual(code, 125)
        self.assertIn("Unable to find image '127.0.0.1:1/e2e-missing:1' locally", err)
        self.assertIn("refused", err)

    def test_detached_wait_logs_rm(self):
        def act(way):
            name = self.name()
            self.docker(way, "run", "-d", "--network", "none", "--name", name, USER_IMAGE,
                        "sh", "-c", "echo said; exit 7", check=True)
            waited = self.docker(way, "wait", name)
            logs = self.docker(way, "logs", name)
            removed = self.docker(way, "rm", name)
            self.assertEqual(removed.stdout.strip(), name)
            logs.stdout += waited.stdout
            return logs

        self.assertEqual(self.assert_same(act), (0, "said\n7\n", ""))

    def test_environment_directory_hostname_labels(self):
        self.assert_same_command("run", "--rm", "--network", "none", "-e", "A=b c", "-w", "/tmp", "-h", "box",
                                 "--label", "x=y", "--tmpfs", "/scratch", "--read-only", USER_IMAGE,
                                 "sh", "-c", "echo $A; pwd; hostname; touch /scratch/x && echo ok; touch /x")

    def test_limits(self):
        def act(way):
            name = self.name()
            done = self.docker(way, "create", "--name", name, "--memory", "64m", "--cpus", "0.5", "--pids-limit",
                               "50", "--network", "none", USER_IMAGE, "true")
            self.assertEqual(done.returncode, 0, done.stderr)
            return self.docker(way, "inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} "
                               "{{.HostConfig.PidsLimit}}", name)

        self.assertEqual(self.assert_same(act)[1], "67108864 500000000 50\n")


class TerminalTest(LiveTest):
    def open(self, way, *arguments, **options):
        terminal = Terminal(self.ways[way], *arguments, cli=self.cli, **options)
        self.addCleanup(terminal.close)
        return terminal

    def test_a_shell_its_size_and_its_end(self):
        for way in self.ways:
            with self.subTest(way):
                terminal = self.open(way, "run", "-it", "--rm", "--network", "none", USER_IMAGE, "sh")
                terminal.expect(r"\$ ")
                for rows, columns in ((30, 90), (41, 117)):
                    terminal.resize(rows, columns)
                    self.expect_size(terminal, rows, columns)
                terminal.type("exit 5\n")
                self.assertEqual(terminal.wait(), 5)

    @staticmethod
    def expect_size(terminal, rows, columns):
        """The CLI tells the engine a little later than the terminal knows; before, there may be none."""
        for _ in range(100):
            terminal.type("stty size\n")
            if terminal.expect(r"\r\n(\d+ \d+|stty: [^\r]*)\r\n").group(1) == b"%d %d" % (rows, columns):
                return
            time.sleep(0.1)
            terminal.resize(rows - 1, columns)  # it may not have listened yet
            terminal.resize(rows, columns)
        raise AssertionError("the terminal never became %dx%d" % (rows, columns))

    def test_control_c_reaches_the_process(self):
        for way in self.ways:
            with self.subTest(way):
                terminal = self.open(way, "run", "-it", "--rm", "--network", "none", USER_IMAGE, "sh")
                terminal.expect(r"\$ ")
                # What is typed is shown as well, in parts: what is waited for is in the output only.
                terminal.type("sh -c 'echo wait''ing; exec sleep 100'\n")
                terminal.expect("waiting\r\n")
                terminal.type("\x03")
                terminal.expect(r"\$ ")
                terminal.type("echo status $?\n")
                terminal.expect("status 130\r\n")
                terminal.type("exit\n")
                terminal.wait()

    def test_detach_and_attach_again(self):
        for way in self.ways:
            with self.subTest(way):
                name = self.name()
                terminal = self.open(way, "run", "-it", "--network", "none", "--name", name, USER_IMAGE, "sh")
                terminal.expect(r"\$ ")
                terminal.type("echo one\n")
                terminal.expect("\r\none\r\n")
                terminal.type("\x10\x11")
                self.assertEqual(terminal.wait(), 0)
                running = self.docker(way, "inspect", "-f", "{{.State.Running}}", name)
                self.assertEqual(running.stdout.strip(), "true")
                terminal = self.open(way, "attach", name)
                terminal.type("\necho two\n")
                terminal.expect("\r\ntwo\r\n")
                terminal.type("exit\n")
                self.assertEqual(terminal.wait(), 0)

    def test_exec_on_a_terminal(self):
        for way in self.ways:
            with self.subTest(way):
                terminal = self.open(way, "exec", "-it", self.container(way), "sh")
                terminal.expect(r"\$ ")
                self.expect_size(terminal, 30, 90)
                terminal.type("exit 4\n")
                self.assertEqual(terminal.wait(), 4)


class InContainer(LiveTest):
    """One container for each way, which the tests leave as it is but for files of their own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.names = {way: "e2e-%d-%s-%s" % (os.getpid(), cls.__name__.lower(), way) for way in cls.ways}
        for way, name in cls.names.items():
            run_docker(cls.ways[way], "run", "-d", "--init", "--network", "none", "--name", name, USER_IMAGE,
                       "sleep", "3600", check=True)

    @classmethod
    def tearDownClass(cls):
        run_docker(cls.straight, "rm", "-f", *cls.names.values())
        super().tearDownClass()


class ExecTest(InContainer):
    def in_container(self, *arguments, options=(), **more):
        return self.assert_same(lambda way: self.docker(way, "exec", *options, self.names[way], *arguments, **more))

    def test_without_input(self):
        """Without -i the CLI ends its side of the tunnel at once."""
        self.assertEqual(self.in_container("sh", "-c", "sleep 0.3; echo out; echo err >&2; exit 6"),
                         (6, "out\n", "err\n"))

    def test_with_input(self):
        data = b"line\n" * 100000
        code, out, _ = self.in_container("sh", "-c", "wc -c; sleep 0.2; echo end", options=["-i"], input=data)
        self.assertEqual((code, out.split()), (0, ["500000", "end"]))

    def test_with_closed_input(self):
        self.assertEqual(self.in_container("cat", options=["-i"])[:2], (0, ""))

    def test_input_that_nobody_reads(self):
        code, out, _ = self.in_container("echo", "done", options=["-i"], input=b"x" * (1 << 20))
        self.assertEqual((code, out), (0, "done\n"))

    def test_options(self):
        self.in_container("sh", "-c", "echo $A; pwd; id -u",
                          options=["-e", "A=b", "-w", "/tmp", "-u", "1000:1000"])

    def test_detached(self):
        self.assertEqual(self.in_container("true", options=["-d"]), (0, "", ""))

    def test_what_does_not_exist(self):
        self.assertIn(self.in_container("no-such-command")[0], (126, 127))  # by the engine's version
        self.assertEqual(self.assert_same_command("exec", "e2e-no-such-container", "true")[0], 1)

    def test_in_a_stopped_container(self):
        names = {way: self.container(way) for way in self.ways}
        for name in names.values():
            self.docker("straight", "kill", name)
        code, _, err = self.assert_same(lambda way: self.docker(way, "exec", names[way], "true"))
        self.assertEqual(code, 1)
        self.assertIn("is not running", err)


class StreamTest(LiveTest):
    def start(self, way, *arguments):
        process = subprocess.Popen([self.cli, *arguments], env=docker_environment(self.ways[way]),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

        def end():
            process.kill()
            process.wait()
            process.stdout.close()

        self.addCleanup(end)
        return process

    def read_line(self, process, seconds=PATIENCE_S):
        self.assertTrue(select.select([process.stdout], [], [], seconds)[0], "no line within %s s" % seconds)
        return process.stdout.readline().decode()

    def test_attach_gets_what_is_written(self):
        def act(way):
            name = self.container(way, "sh", "-c", "until [ -e /tmp/go ]; do sleep 0.1; done; echo hello; sleep 1; exit 9")
            process = self.start(way, "attach", name)
            wait_for(lambda: self.docker("straight", "events", "--since", "1", "--until", "%.3f" % time.time(), "--filter",
                                         "event=attach", "--filter", "container=" + name).stdout, "the attach", PATIENCE_S)
            self.docker("straight", "exec", name, "touch", "/tmp/go", check=True)
            out, _ = process.communicate(timeout=PATIENCE_S)
            return subprocess.CompletedProcess(process.args, process.returncode, out, b"")

        self.assertEqual(self.assert_same(act)[:2], (9, "hello\n"))

    def test_followed_logs_come_as_they_are_written(self):
        for way in self.ways:
            with self.subTest(way):
                name = self.container(way, "sh", "-c", "for i in 1 2 3; do echo line $i; "
                                      "until [ -e /tmp/$i ]; do sleep 0.1; done; done")
                process = self.start(way, "logs", "-f", name)
                for number in (1, 2, 3):
                    # The next is written only when this one has arrived.
                    self.assertEqual(self.read_line(process), "line %d\n" % number)
                    self.docker("straight", "exec", name, "touch", "/tmp/%d" % number, check=True)
                self.assertEqual(process.wait(PATIENCE_S), 0)

    def test_events_come_as_they_happen(self):
        for way in self.ways:
            with self.subTest(way):
                name = self.name()
                process = self.start(way, "events", "--filter", "container=" + name, "--format",
                                     "{{.Action}}", "--since", str(int(time.time())))
                self.docker("straight", "create", "--network", "none", "--name", name, IMAGE, "true", check=True)
                self.assertEqual(self.read_line(process), "create\n")
                self.docker("straight", "rm", name, check=True)
                self.assertEqual(self.read_line(process), "destroy\n")

    def test_stats_and_top(self):
        names = {way: self.container(way) for way in self.ways}
        for way, name in names.items():
            done = self.docker(way, "stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", name)
            self.assertRegex(done.stdout, r"^%s \d+\n$" % name, way)
            done = self.docker(way, "top", name)
            self.assertIn("sleep 600", done.stdout, way)

    def test_wait_in_the_background(self):
        for way in self.ways:
            with self.subTest(way):
                name = self.container(way)
                process = self.start(way, "wait", name)
                time.sleep(0.5)  # it may also come when all is over
                self.docker(way, "kill", name, check=True)
                self.assertEqual(self.read_line(process), "137\n")
                self.assertEqual(process.wait(PATIENCE_S), 0)


class LifecycleTest(LiveTest):
    def test_create_start_stop_restart_pause_rename_rm(self):
        def act(way):
            name = self.name()
            steps = [["create", "--init", "--network", "none", "--name", name, USER_IMAGE, "sleep", "600"],
                     ["start", name], ["pause", name], ["unpause", name], ["restart", "-t", "0", name],
                     ["rename", name, name + "-b"], ["rename", name + "-b", name],
                     ["stop", "-t", "1", name], ["inspect", "-f", "{{.State.Status}}", name], ["rm", name],
                     ["rm", name]]
            out = ""
            for step in steps:
                done = self.docker(way, *step)
                out += "%d %s%s" % (done.returncode, done.stdout, done.stderr)
            done.stdout, done.stderr = out.replace(name, "NAME"), ""
            return done

        _, out, _ = self.assert_same(act)
        self.assertIn("exited", out)

    def test_update(self):
        def act(way):
            name = self.container(way)
            done = self.docker(way, "update", "--memory", "128m", "--memory-swap", "256m", "--pids-limit", "77", name)
            self.assertEqual(done.returncode, 0, done.stderr)
            return self.docker(way, "inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}", name)

        self.assertEqual(self.assert_same(act)[1], "134217728 77\n")

    def test_kill_with_a_signal(self):
        def act(way):
            name = self.container(way, "sh", "-c", "trap 'exit 8' USR1; : >/tmp/set; while :; do sleep 0.1; done")
            self.wait_for(name, "[ -e /tmp/set ]")  # process 1 takes no signal before
            self.docker(way, "kill", "-s", "USR1", name, check=True)
            return self.docker(way, "wait", name)

        self.assertEqual(self.assert_same(act)[1], "8\n")


class FilesTest(InContainer):
    def test_copy_in_and_out(self):
        tree = self.directory / "tree"
        (tree / "below").mkdir(parents=True)
        (tree / "below" / "file").write_bytes(os.urandom(3 << 20))
        (tree / "text").write_text("text\n")
        os.symlink("text", tree / "link")
        for way in self.ways:
            with self.subTest(way):
                name = self.names[way]
                done = self.docker(way, "cp", tree, name + ":/tmp/tree")
                self.assertEqual(done.returncode, 0, done.stderr)
                back = self.directory / ("back-" + way)
                done = self.docker(way, "cp", name + ":/tmp/tree", back)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual((back / "below" / "file").read_bytes(), (tree / "below" / "file").read_bytes())
                self.assertEqual((back / "text").read_text(), "text\n")
                self.assertEqual(os.readlink(back / "link"), "text")

    def test_copy_as_a_stream(self):
        for way in self.ways:
            with self.subTest(way):
                name = self.names[way]
                tar = io.BytesIO()
                with tarfile.open(fileobj=tar, mode="w") as archive:
                    info = tarfile.TarInfo("file")
                    info.size = 5
                    archive.addfile(info, io.BytesIO(b"hello"))
                done = self.docker(way, "cp", "-", name + ":/tmp", input=tar.getvalue())
                self.assertEqual(done.returncode, 0, done.stderr)
                done = self.docker(way, "cp", name + ":/tmp/file", "-", text=False)
                with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
                    self.assertEqual(archive.extractfile("file").read(), b"hello")

    def test_copy_of_what_does_not_exist(self):
        def act(way):
            done = self.docker(way, "cp", self.names[way] + ":/missing", self.directory / "x")
            # What was asked about by name may have been asked of the engine by id.
            done.stderr = normalised(done.stderr).replace(self.names[way], "ID")
            return done

        code, _, err = self.assert_same(act)
        self.assertEqual(code, 1)
        self.assertRegex(err, "Could not find the file|No such container:path")

    def test_export_and_import(self):
        name = self.container("straight", "sh", "-c", "head -c 3000000 /dev/urandom >/tmp/big; sleep 600")
        self.wait_for(name, "[ -e /tmp/big ] && [ $(wc -c </tmp/big) = 3000000 ]")
        exports = {}
        for way in self.ways:
            done = self.docker(way, "export", name, text=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            exports[way] = hashlib.sha256(done.stdout).hexdigest()
            image = "e2e-import-%s:1" % way
            imported = self.docker(way, "import", "--change", "USER 1000", "-", image, input=done.stdout)
            self.assertEqual(imported.returncode, 0, imported.stderr)
            user = self.docker(way, "image", "inspect", "-f", "{{.Config.User}}", image)
            self.assertEqual(user.stdout.strip(), "1000")
            self.docker(way, "rmi", image, check=True)
        self.assertEqual(len(set(exports.values())), 1, exports)

    def test_diff_and_commit(self):
        def act(way):
            name = self.container(way, "sh", "-c", "echo x >/tmp/new; sleep 600")
            self.wait_for(name, "[ -s /tmp/new ]")
            image = "e2e-commit-%s:1" % way
            self.will_make("image", image)
            self.docker(way, "commit", name, image, check=True)
            done = self.docker(way, "diff", name)
            done.stdout = "".join(sorted(done.stdout.splitlines(True)))  # the engine has no order
            return done

        self.assertIn("A /tmp/new\n", self.assert_same(act)[1])


class ImageTest(LiveTest):
    def test_save_is_the_same_to_the_byte(self):
        sums = {}
        for way in self.ways:
            # One image: of several the engine writes the list in an order of the moment.
            done = self.docker(way, "save", IMAGE, text=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreater(len(done.stdout), 1 << 20)
            sums[way] = hashlib.sha256(done.stdout).hexdigest()
        self.assertEqual(len(set(sums.values())), 1, sums)

    def test_load(self):
        self.build("straight", "e2e-load:1")
        saved = self.docker("straight", "save", "e2e-load:1", text=False).stdout

        def act(way):
            self.docker("straight", "rmi", "e2e-load:1", check=True)
            done = self.docker(way, "load", input=saved)
            self.assertEqual(done.returncode, 0, done.stderr)
            return self.docker(way, "image", "inspect", "-f", "{{.Id}} {{json .Config.Cmd}}", "e2e-load:1")

        self.assert_same(act)

    def build(self, way, tag, more=()):
        context = self.directory / "context"
        context.mkdir(exist_ok=True)
        (context / "file").write_bytes(b"x" * (2 << 20))
        (context / "Dockerfile").write_text(
            "FROM %s\nARG WHAT=nothing\nCOPY file /file\nRUN echo built $WHAT && wc -c /file && sleep 1\n"
            'LABEL a=b\nUSER 1000\nCMD ["echo", "from the image"]\n' % IMAGE)
        self.will_make("image", tag)
        return self.docker(way, "build", *LABEL, "--no-cache", "--network", "none", "--build-arg", "WHAT=it", "-t", tag,
                           *more, context)

    def test_build(self):
        code, out, _ = self.assert_same(lambda way: self.build(way, "e2e-build:1"))
        self.assertEqual(code, 0)
        self.assertIn("built it", out)
        self.assertIn("2097152 /file", out)
        self.assertIn("Successfully tagged e2e-build:1", out)

    def test_a_build_that_fails(self):
        def act(way):
            return self.docker(way, "build", *LABEL, "--no-cache", "--force-rm", "--network", "none", "-", input=(
                "FROM %s\nRUN echo before && sleep 1 && exit 3\n" % IMAGE).encode())

        code, out, err = self.assert_same(act)
        self.assertEqual(code, 3)
        self.assertIn("before", out)
        self.assertIn("returned a non-zero code: 3", err)

    def test_tag_history_rmi(self):
        def act(way):
            tag = "e2e-tag-%s:1" % way
            out = ""
            for step in (["tag", IMAGE, tag], ["history", "-q", tag], ["rmi", tag], ["rmi", tag]):
                done = self.docker(way, *step)
                out += "%d %s%s" % (done.returncode, done.stdout, done.stderr)
            done.stdout, done.stderr = out.replace(tag, "TAG"), ""
            return done

        self.assertIn("No such image", self.assert_same(act)[1])

    def test_pull_of_what_is_out_of_reach(self):
        code, _, err = self.assert_same_command("pull", "127.0.0.1:1/e2e-missing:1")
        self.assertEqual(code, 1)
        self.assertIn("refused", err)


class ObjectTest(LiveTest):
    def test_volumes(self):
        def act(way):
            name = "e2e-volume-" + way
            out = ""
            for step in (["volume", "create", "--label", "a=b", name],
                         ["volume", "ls", "-q", "--filter", "name=" + name],
                         ["volume", "inspect", "-f", "{{.Driver}} {{.Labels}} {{.Options}}", name],
                         ["run", "--rm", "--network", "none", "-v", name + ":/data", USER_IMAGE, "ls", "-d", "/data"],
                         ["run", "--rm", "--network", "none", "--mount", "type=volume,source=%s,target=/data" % name,
                          USER_IMAGE, "ls", "-d", "/data"],
                         ["volume", "rm", name], ["volume", "inspect", name]):
                done = self.docker(way, *step)
                out += "%d %s%s" % (done.returncode, done.stdout, done.stderr)
            done.stdout, done.stderr = out.replace(name, "NAME"), ""
            return done

        _, out, _ = self.assert_same(act)
        self.assertEqual(out.count("/data"), 2)
        self.assertRegex(out, "(?i)no such volume")

    def test_a_volume_made_on_the_way(self):
        def act(way):
            name = "e2e-new-volume-" + way
            self.will_make("volume", name)
            return self.docker(way, "run", "--rm", "--network", "none", "-v", name + ":/data", "-v", "/anonymous",
                               USER_IMAGE, "ls", "-d", "/data", "/anonymous")

        self.assertEqual(self.assert_same(act)[0], 0)

    def test_networks(self):
        def act(way):
            network, name = "e2e-network-" + way, self.name()
            self.will_make("network", network)
            out = ""
            for step in (["network", "create", "--label", "a=b", network],
                         ["network", "inspect", "-f", "{{.Driver}} {{.Internal}} {{.Labels}}", network],
                         ["run", "-d", "--init", "--name", name, "--network", "bridge", USER_IMAGE, "sleep", "600"],
                         ["network", "connect", "--alias", "other", network, name],
                         ["network", "inspect", "-f", "{{len .Containers}}", network],
                         ["exec", name, "sh", "-c", "ls /sys/class/net"],
                         ["network", "disconnect", network, name],
                         ["rm", "-f", name], ["network", "rm", network], ["network", "inspect", network]):
                done = self.docker(way, *step)
                out += "%d %s%s" % (done.returncode, done.stdout, done.stderr)
            done.stdout = re.sub("eth[0-9]+", "eth", out.replace(network, "NET").replace(name, "NAME"))
            done.stderr = ""
            return done

        _, out, _ = self.assert_same(act)
        self.assertIn("bridge false map[a:b]", out)
        self.assertIn("eth", out)

    def test_containers_on_a_network_reach_each_other(self):
        if not self.network_works():
            self.skipTest("containers of this engine don't reach each other")
        for way in self.ways:
            with self.subTest(way):
                network = "e2e-pair-" + way
                self.docker(way, "network", "create", network, check=True)
                self.will_make("network", network)
                server = self.name()
                self.docker(way, "run", "-d", "--init", "--network", network, "--name", server, USER_IMAGE,
                            "sh", "-c", "while :; do echo hello | nc -l -p 8080; done", check=True)
                done = self.docker(way, "run", "--rm", "--network", network, USER_IMAGE, "sh", "-c",
                                   "until x=$(nc -w 3 %s 8080 </dev/null) && [ \"$x\" ]; do sleep 0.1; done; echo $x" % server)
                self.assertEqual((done.returncode, done.stdout), (0, "hello\n"), done.stderr)
                self.docker("straight", "rm", "-f", server)

    def network_works(self):
        """Not every host forwards between the ports of a bridge."""
        self.docker("straight", "network", "create", "e2e-try", check=True)
        self.will_make("network", "e2e-try")
        first = self.name()
        self.docker("straight", "run", "-d", "--init", "--network", "e2e-try", "--name", first, IMAGE, "sleep", "600",
                    check=True)
        tried = self.docker("straight", "run", "--rm", "--network", "e2e-try", IMAGE, "ping", "-c", "1", "-W", "2",
                            first)
        self.docker("straight", "rm", "-f", first)
        return tried.returncode == 0

    def test_looking(self):
        name = self.container("straight", options=["--label", "who=e2e"])
        for arguments in (["ps", "-a", "--filter", "name=" + name, "--format", "{{.Names}} {{.Image}} {{.State}}"],
                          ["ps", "-q", "--no-trunc", "--filter", "label=who=e2e"],
                          ["images", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}", "--filter", "reference=e2e-bb"],
                          ["inspect", "-f", "{{.Name}} {{json .Config}}", name],
                          ["inspect", name, IMAGE],
                          ["network", "ls", "--format", "{{.Name}}", "--filter", "name=bridge"],
                          ["version", "--format", "{{.Server.Version}}"],
                          ["info", "--format", "{{.ServerVersion}} {{.Driver}} {{.OSType}}"],
                          ["port", name], ["system", "df", "--format", "{{.Type}}"]):
            with self.subTest(arguments):
                self.assert_same_command(*arguments)

    def test_inspecting_nothing(self):
        """The CLI asks for every kind of object by that name, plugins last, which restricted refuses."""
        self.assertIn("No such object: e2e-nothing", self.assert_same_command("inspect", "e2e-nothing")[2])
        refused = self.docker("restricted", "plugin", "inspect", "e2e-nothing")
        self.assertIn("operation plugins.inspect is not allowed", refused.stderr)

    def test_what_the_api_says_of_itself(self):
        for way in self.ways:
            with self.subTest(way):
                straight, through = (self.api(each, "GET", "/_ping") for each in ("straight", way))
                self.assertEqual(straight.body, through.body)
                for field in ("Api-Version", "Ostype", "Docker-Experimental", "Content-Type", "Server"):
                    if straight.get(field) and field != "Server":
                        self.assertEqual(straight.all(field), through.all(field))

    def test_json_of_lists_is_unchanged(self):
        name = self.container("straight")
        for target in ("/v1.41/containers/%s/json" % name, "/v1.41/images/%s/json" % IMAGE, "/v1.41/networks",
                       "/v1.41/images/json", "/v1.24/containers/json?all=1&limit=1"):
            straight = self.api("straight", "GET", target)
            for way in self.ways:
                through = self.api(way, "GET", target)
                self.assertEqual(sorted_lists(json.loads(through.body)), sorted_lists(json.loads(straight.body)),
                                 (way, target))


def sorted_lists(value):
    """The engine lists objects in any order."""
    if isinstance(value, dict):
        return {key: sorted_lists(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted(map(sorted_lists, value), key=json.dumps)
    return value


if __name__ == "__main__":
    unittest.main()
