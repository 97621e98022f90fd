"""The command line: what each command prints, and with which status it ends."""

import json
import os
import subprocess
import unittest

from harness import BASELINE, BlackboxTest, binary
from wire import PATIENCE_S

COMMANDS = ("serve", "check", "init", "rules", "version")


class CommandTest(BlackboxTest):
    def run_command(self, *arguments):
        done = subprocess.run([binary(), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=PATIENCE_S, check=False, cwd=self.directory)
        self.assertNotRegex(done.stderr, "Sanitizer|runtime error")
        self.assertGreaterEqual(done.returncode, 0, done.stderr)
        return done

    def write(self, text):
        path = self.directory / "policy.yaml"
        path.write_text(text)
        return path

    def test_version(self):
        for arguments in (("version",), ("--version",)):
            done = self.run_command(*arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, r"^sockade \d+\.\d+\.\d+")

    def test_help(self):
        for arguments in (("--help",), ("help",), ("-h",)):
            done = self.run_command(*arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            for command in COMMANDS:
                self.assertIn(command, done.stdout)

    def test_help_of_a_command(self):
        done = self.run_command("serve", "--help")
        self.assertEqual(done.returncode, 0, done.stderr)
        for option in ("--config", "--listen", "--upstream", "--policy", "--audit", "--log-level"):
            self.assertIn(option, done.stdout)

    def test_asked_wrongly(self):
        for arguments in ((), ("sreve",), ("serve", "--lisen", "unix:/x"), ("serve", "--listen"),
                          ("serve", "--listen", "tcp:1"), ("check",),
                          ("serve", "--audit-format", "xml"),
                          ("serve", "--log-level", "loud"), ("serve", "surplus"), ("version", "surplus")):
            with self.subTest(arguments):
                done = self.run_command(*arguments)
                self.assertEqual(done.returncode, 2, (done.stdout, done.stderr))
                self.assertTrue(done.stderr)

    def test_a_pipe_is_read_and_does_not_hang(self):
        text = "version: 1\npolicies: {a: {base: open}}\n"
        fifo = self.directory / "fifo"
        os.mkfifo(fifo)
        done = self.run_command("check", fifo)  # nobody writes to it
        self.assertEqual(done.returncode, 1)
        self.assertIn("empty", done.stdout)
        silent = os.open(fifo, os.O_RDWR)
        done = self.run_command("check", fifo)
        os.close(silent)
        self.assertEqual(done.returncode, 1)
        self.assertIn("timed out", done.stdout)
        for shell in ("cat policy | {} check /dev/stdin", "{} check <(sleep 0.3; cat policy)"):
            (self.directory / "policy").write_text(text)
            done = subprocess.run(["bash", "-c", shell.format(binary())], capture_output=True, text=True, timeout=PATIENCE_S,
                                  check=False, cwd=self.directory)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_did_you_mean(self):
        self.assertIn("serve", self.run_command("sreve").stderr)
        self.assertIn("--listen", self.run_command("serve", "--lisen", "unix:/x").stderr)
        done = self.run_command("serve", "--policy", "opne")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("open", done.stderr)

    def test_check_of_a_good_file(self):
        done = self.run_command("check", self.write_config(BASELINE))
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def write_allowing(self, *paths, symlinks="resolve", **daemon):
        allow = ", ".join("{path: '%s', access: rw}" % path for path in paths)
        return self.write("version: 1\ndaemon: %s\npolicies:\n  ci: {base: restricted, rules: {host_path_mount: "
                          "{symlinks: %s, allow: [%s]}}}\n" % (json.dumps(daemon or {"host_files": "auto"}), symlinks, allow))

    def test_check_says_which_paths_are_seen(self):
        work = self.directory / "work"
        work.mkdir()
        self.start_engine()
        done = self.run_command("check", self.write_allowing(work, socket=str(self.engine_socket)))
        self.assertIn('path    %s, policy "ci": visible from here (its mounts are the engine\'s)\n' % work, done.stdout)
        self.engine.info = {**self.engine.info, "Name": "elsewhere"}
        done = self.run_command("check", self.write_allowing(work, socket=str(self.engine_socket)))
        self.assertEqual(done.returncode, 0)
        self.assertIn("not visible from here: the engine is on another host", done.stdout)
        self.assertIn("nothing below it", done.stdout)

    def test_check_says_what_no_view_means(self):
        unseen = {"socket": str(self.engine_socket), "host_files": "no"}
        done = self.run_command("check", self.write_allowing("/srv/a", **unseen))
        self.assertIn("only the path itself may be mounted, nothing below it", done.stdout)
        done = self.run_command("check", self.write_allowing("/srv/a", symlinks="allow", **unseen))
        self.assertIn("wherever its links lead (symlinks: allow)", done.stdout)
        done = self.run_command("check", "--format", "json", self.write_allowing("/srv/a", **unseen))
        self.assertEqual(json.loads(done.stdout)["host_paths"],
                         [{"path": "/srv/a", "policy": "ci", "seen": False,
                           "why": "the policy file says so (host_files: no)"}])

    def test_the_view_that_a_policy_needs(self):
        done = self.run_command("init", "--view", self.write_allowing("/srv/a", "/home/b/c", "/srv/d e:50%"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        for line in ("[Service]", "ProtectProc=default", "ProtectHome=tmpfs", "BindReadOnlyPaths=-/srv/a",
                     "BindReadOnlyPaths=-/home/b/c", 'BindReadOnlyPaths="-/srv/d e\\\\:50%%"',
                     "#   -v /srv/a:/srv/a:ro"):
            self.assertIn(line, lines)
        self.assertNotIn("ProtectHome", self.run_command("init", "--view", self.write_allowing("/srv/a")).stdout)
        done = self.run_command("init", "--view", "jenkins-agent")
        self.assertIn("BindReadOnlyPaths=-/", done.stdout)
        done = self.run_command("init", "--view", self.write("version: 1\npolicies: 1\n"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("policy.yaml:2:", done.stderr)
        self.assertEqual(self.run_command("init", "--view", "a", "b").returncode, 2)

    def test_several_clients_without_a_scope_are_warned_of(self):
        for scope, warned in (("", True), (", scope: {own: true}", False)):
            path = self.write("version: 1\nlisten: [{socket: %s, mode: '0666', policy: ci}]\n"
                              "policies: {ci: {base: baseline%s}}\n" % (self.socket, scope))
            done = self.run_command("check", path)
            self.assertEqual(done.returncode, 0)
            self.assertEqual("has no scope" in done.stdout, warned, done.stdout)
            said = json.loads(self.run_command("check", "--format", "json", path).stdout)["shared_without_scope"]
            self.assertEqual(said, [{"listener": str(self.socket), "policy": "ci"}] if warned else [])
            sockade = self.run_sockade("--config", path, "--upstream", "unix:%s" % self.engine_socket)
            sockade.stop()
            self.assertEqual("has no scope" in sockade.log(), warned, sockade.log())

    def test_check_of_wrong_files(self):
        for text, place, word in (
                ("version: 1\npolicies:\n  a:\n    bass: open\n", "policy.yaml:4:5", "base"),
                ("version: 1\npolicies:\n  a:\n    base: baselin\n", "policy.yaml:4:11", "baseline"),
                ("version: 1\npolicies:\n  a:\n    base: open\n    base: open\n", "policy.yaml:5:5", "base"),
                ("version: 1\npolicies:\n  a:\n    base: baseline\n    rules:\n      privilegd: off\n",
                 "policy.yaml:6:7", "privileged"),
                ("version: 1\npolicies:\n  a:\n    base: baseline\n    allow: [containers.crate]\n",
                 "policy.yaml:5:13", "containers.create"),
                ("version: 1\npolicies:\n  a:\n    base: baseline\n    rules: {privileged: maybe}\n",
                 "policy.yaml:5:", "privileged"),
                ("version: 1\npolicies: {a: {base: open}}\nlisten: [{socket: /x, policy: b}]\n", "policy.yaml:3:", "b"),
                ("version: 2\n", "policy.yaml:1:", "version"),
                ("version: 1\npolicies: {a: [}\n", "policy.yaml:2:", ""),
                ("version: 1\npolicies: {a: {base: open}}\n---\nversion: 1\n", "policy.yaml:", ""),
                ("version: 1\npolicies: {a: &x {base: open}, b: *x}\n", "policy.yaml:2:", "")):
            with self.subTest(text):
                done = self.run_command("check", self.write(text))
                self.assertNotEqual(done.returncode, 0)
                said = done.stdout + done.stderr
                self.assertIn(place, said)
                self.assertIn(word, said)

    def test_check_of_no_file(self):
        done = self.run_command("check", self.directory / "missing.yaml")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("missing.yaml", done.stdout + done.stderr)

    def test_serve_with_a_wrong_file(self):
        done = self.run_command("serve", "--config", self.write("version: 1\npolicis: {}\n"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("policy.yaml:2:1", done.stderr)
        self.assertIn("policies", done.stderr)

    def test_rules(self):
        done = self.run_command("rules")
        self.assertEqual(done.returncode, 0, done.stderr)
        for rule in ("privileged", "added_capabilities", "docker_socket_mount", "host_path_mount", "run_as_root",
                     "host_network", "seccomp_profile", "host_devices", "sysctls", "volumes_from"):
            self.assertRegex(done.stdout, r"(?m)^\s*%s\b" % rule)

    def test_one_rule(self):
        done = self.run_command("rules", "privileged")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("privileged", done.stdout)
        self.assertNotIn("host_network", done.stdout)
        done = self.run_command("rules", "privilegd")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("privileged", done.stderr)

    def test_a_full_standard_output_is_no_success(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([binary(), "rules"], stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False)
        self.assertGreater(done.returncode, 0)

    def test_the_answer_names_the_policy(self):
        self.start(BASELINE)
        response = self.ask("POST", "/v1.41/containers/create",
                            json.dumps({"Image": "a", "User": "1", "HostConfig": {"Privileged": True}}).encode(),
                            [("Content-Type", "application/json")])
        self.assertIn('denied by policy "test"', response.message())
        self.assertIn("fix:", response.message())


if __name__ == "__main__":
    unittest.main()
