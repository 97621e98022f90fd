"""Terminals and signals, with every docker CLI that is installed: sizes that change, keys that interrupt, end and
detach, signals that the CLI passes on, clients that die. What tests/e2e has is not repeated."""

import os
import signal
import unittest

from conformance import PATIENCE_S, USER_IMAGE, ClientTest, find_cli

import test_cli

CLIS = {"newer": find_cli(lambda version: version >= 23), "older": find_cli(lambda version: version < 23)}
LOOP = "while :; do sleep 0.1; done"


class Terminals(ClientTest):
    """One terminal for each CLI and way. They are opened first and then wait together."""

    policies = ("open", "restricted")

    def pairs(self):
        return [(name, way) for name, path in CLIS.items() if path for way in self.ways]

    def open(self, pair, *arguments):
        name, way = pair
        terminal = test_cli.Terminal(self.ways[way], *arguments, cli=CLIS[name])
        self.addCleanup(terminal.close)
        return terminal

    def run_all(self, script, *options):
        """Containers that run a script on terminals, all ready; by pair, with their names."""
        opened = {}
        for pair in self.pairs():
            name = self.name()
            opened[pair] = (self.open(pair, "run", "-it", "--init", "--network", "none", "--name", name, *options,
                                      USER_IMAGE, "sh", "-c", script), name)
        for terminal, _ in opened.values():
            terminal.expect("ready", PATIENCE_S)
        return opened

    def assert_status(self, opened, wanted):
        for pair, (terminal, _) in opened.items():
            self.assertEqual(terminal.wait(PATIENCE_S), wanted, pair)

    def state(self, name):
        return self.docker("straight", "inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name).stdout.strip()


class TerminalTest(Terminals):
    def test_a_size_that_changes(self):
        """The program in the container hears of it (SIGWINCH)."""
        first = "until [ \"$(stty size)\" = '30 90' ]; do sleep 0.1; done; "
        opened = self.run_all("trap 'stty size' WINCH; trap 'exit 5' INT; " + first + "echo ready; " + LOOP)
        for size in ((41, 117), (25, 80)):
            for terminal, _ in opened.values():
                terminal.resize(*size)
            for terminal, _ in opened.values():
                self.expect_size(terminal, *size)
        for terminal, _ in opened.values():
            terminal.type("\x03")
        self.assert_status(opened, 5)

    @staticmethod
    def expect_size(terminal, rows, columns):
        """The CLI tells the first size when the container runs already, and listens for others only then."""
        for _ in range(PATIENCE_S // 3):
            try:
                return terminal.expect("%d %d\r\n" % (rows, columns), 3)
            except AssertionError:
                terminal.resize(rows - 1, columns)
                terminal.resize(rows, columns)
        return terminal.expect("%d %d\r\n" % (rows, columns), 3)

    def test_keys_that_interrupt_quit_and_end(self):
        # The shell sees to its traps between commands, so those have to be short.
        opened = self.run_all("trap 'echo heard INT' INT; trap 'echo heard QUIT; quit=1' QUIT; echo ready; "
                              "until [ $quit ]; do sleep 0.1; done; cat; echo after; exit 9", "--rm")
        for key, shown in (("\x03", "heard INT"), ("\x1c", "heard QUIT"), ("line\n\x04", "line\r\n(line\r\n)?after")):
            for terminal, _ in opened.values():
                terminal.type(key)
            for terminal, _ in opened.values():
                terminal.expect(shown, PATIENCE_S)
        self.assert_status(opened, 9)

    def test_leaving_and_coming_back(self):
        """By the usual keys, by some of one's own, and by dying: the container goes on, and the next client takes over."""
        opened = self.run_all("echo ready; while read x; do echo got $x; done")
        for terminal, _ in opened.values():
            terminal.type("\x10\x11")
        self.assert_status(opened, 0)
        again = self.attach_all(opened, "one", "--detach-keys", "ctrl-e,e")
        for terminal, _ in again.values():
            terminal.type("\x05e")
        self.assert_same_status(again)
        again = self.attach_all(opened, "two")
        for terminal, name in again.values():
            os.kill(terminal.pid, signal.SIGKILL)
            terminal.wait(PATIENCE_S)
            self.assertEqual(self.state(name), "running 0")
        again = self.attach_all(opened, "three")
        for terminal, _ in again.values():
            terminal.type("\x04")
        self.assert_status(again, 0)

    def attach_all(self, opened, word, *options):
        """New terminals at the same containers, each of which has answered to the word."""
        again = {pair: (self.open(pair, "attach", *options, name), name) for pair, (_, name) in opened.items()}
        for terminal, _ in again.values():
            terminal.type(word + "\n")
        for terminal, _ in again.values():
            terminal.expect("got %s\r\n" % word, PATIENCE_S)
        return again

    def assert_same_status(self, opened):
        """Straight and through; the CLIs differ in what they make of it."""
        statuses = {pair: terminal.wait(PATIENCE_S) for pair, (terminal, _) in opened.items()}
        for (cli, way), status in statuses.items():
            self.assertEqual(status, statuses[(cli, "straight")], (cli, way))

    def test_detaching_from_an_exec(self):
        names = self.at_once(self.container)
        opened = {pair: (self.open(pair, "exec", "-it", "--detach-keys", "ctrl-e,e", names[pair[1]], "sh", "-c",
                                   "echo ready; cat"), names[pair[1]]) for pair in self.pairs()}
        for terminal, _ in opened.values():
            terminal.expect("ready", PATIENCE_S)
            terminal.type("word\n")
            terminal.expect("word\r\nword\r\n", PATIENCE_S)
            terminal.type("\x05e")
        self.assert_same_status(opened)
        for name in names.values():
            self.assertEqual(self.state(name), "running 0")

    def test_what_is_refused(self):
        """A refusal is read on the terminal, which is left as it was."""
        for pair in self.pairs():
            if pair[1] == "restricted":
                with self.subTest(pair):
                    terminal = self.open(pair, "run", "-it", "--privileged", "--name", self.name(), USER_IMAGE, "sh")
                    terminal.expect(r'denied by policy "test"', PATIENCE_S)
                    terminal.expect(r"  - privileged: HostConfig.Privileged is true\r\n    fix: ", PATIENCE_S)
                    self.assertEqual(terminal.wait(PATIENCE_S), 125)


class SignalTest(Terminals):
    """Without a terminal the CLI passes signals on by calls of the API."""

    def follow_all(self, *arguments):
        return {pair: self.follow(pair[1], [CLIS[pair[0]], *(each(pair) if callable(each) else each
                                                             for each in arguments)]) for pair in self.pairs()}

    def test_signals_that_are_passed_on(self):
        running = self.follow_all("run", "--rm", "--init", "--network", "none", "--name", lambda pair: self.name(),
                                  USER_IMAGE, "sh", "-c",
                                  "trap 'echo heard INT' INT; trap 'echo heard TERM; exit 8' TERM; echo ready; " + LOOP)
        for follower in running.values():
            follower.expect("ready")
        for number, word in ((signal.SIGINT, "heard INT"), (signal.SIGTERM, "heard TERM")):
            for follower in running.values():
                follower.process.send_signal(number)
            for follower in running.values():
                follower.expect(word)
        for pair, follower in running.items():
            self.assertEqual(follower.wait(), 8, pair)

    def test_streams_that_are_interrupted(self):
        """Ctrl-C ends what shows a stream, and nothing else."""
        name = self.container("straight", "sh", "-c", "echo ready; exec sleep 600")
        for arguments, shown in ((["logs", "-f", name], "ready"),
                                 (["events", "--since", "1", "--filter", "container=" + name], "start")):
            with self.subTest(arguments):
                running = self.follow_all(*arguments)
                for follower in running.values():
                    follower.expect(shown)
                    follower.interrupt()
                statuses = {pair: follower.wait() for pair, follower in running.items()}
                for (cli, way), status in statuses.items():
                    self.assertEqual(status, statuses[(cli, "straight")], (cli, way))
        self.assertEqual(self.state(name), "running 0")


if __name__ == "__main__":
    unittest.main()
