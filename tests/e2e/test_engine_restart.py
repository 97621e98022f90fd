"""The engine is killed and started again behind one sockade that goes on: what was under way ends
with a message, what comes meanwhile gets one, and afterwards all works as before.
"""

import os
import shutil
import signal
import subprocess
import unittest

from live import IMAGE, PATIENCE_S, World, docker_environment, run_docker

COMMANDS = ("dockerd", "unshare", "docker")


class RestartTest(unittest.TestCase):
    """With an engine of its own: the one of the other tests lives on."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0 or not all(map(shutil.which, COMMANDS)):
            raise unittest.SkipTest("a private engine needs root and " + ", ".join(COMMANDS))

    def setUp(self):
        self.world = World()
        self.folder = str(self.world.directory / "engine")
        self.start_engine()
        self.world.engine_socket = self.folder + "/docker.sock"
        self.world.own_engine = True
        self.world._shell('engine_make_image "$1" "$2"', self.world.engine_socket, IMAGE)
        self.socket = self.world.socket("open")

    def start_engine(self):
        World._shell('engine_start "$1"', self.folder)

    def kill_engine(self):
        with open(self.folder + "/docker.pid", encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGKILL)

    def docker(self, *arguments):
        return run_docker(self.socket, *arguments)

    def begin(self, *arguments):
        process = subprocess.Popen(["docker", *arguments], env=docker_environment(self.socket), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        return process

    def test_killed_and_started_again(self):
        self.docker("run", "-d", "--network", "none", "--name", "long", IMAGE, "sh", "-c", "echo up; sleep 600")
        under_way = [self.begin("logs", "-f", "long"), self.begin("events"), self.begin("wait", "long"),
                     self.begin("run", "-i", "--network", "none", IMAGE, "cat")]
        self.assertEqual(under_way[0].stdout.readline(), b"up\n")
        under_way[3].stdin.write(b"echo\n")
        under_way[3].stdin.flush()
        self.assertEqual(under_way[3].stdout.readline(), b"echo\n")
        self.kill_engine()
        for process in under_way:
            process.communicate(timeout=PATIENCE_S)  # each of them ends
        refused = self.docker("ps")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("the engine cannot be reached", refused.stderr)
        self.start_engine()
        done = self.docker("run", "--rm", "--network", "none", IMAGE, "echo", "again")
        self.assertEqual((done.returncode, done.stdout), (0, "again\n"), done.stderr)
        self.assertEqual(self.docker("ps", "-aq", "--filter", "name=long").returncode, 0)

    def tearDown(self):
        for process, _ in self.world.proxies.values():
            process.stop()
        self.world.proxies.clear()
        self.world.end()
        self.world.engine_socket, self.world.own_engine = None, False  # it ends once more at exit


if __name__ == "__main__":
    unittest.main()
