"""What a real engine does with trees that containers may change: what live_tree lets pass, what it changes
in what is asked, and what it refuses. Legitimate use does not notice.
"""

import subprocess
import threading
import unittest

from live import IMAGE, LABEL, LiveTest, docker_environment


class RacesTest(LiveTest):
    policies = ("baseline",)

    def volume(self):
        LiveTest.counter += 1
        name = "%s-volume-%d" % (self.name(), LiveTest.counter)
        self.will_make("volume", name)
        return name

    def refused(self, *arguments, **options):
        done = self.docker("baseline", *arguments, **options)
        self.assertNotEqual(done.returncode, 0, arguments)
        return done.stderr

    def of(self, name, form):
        return self.docker("straight", "inspect", "-f", form, name, check=True).stdout.strip()

    def test_volumes_are_filled_as_ever_until_they_are_in_use(self):
        volume = self.volume()
        first, second, third = self.name(), self.name(), self.name()
        for name in (first, second):
            self.docker("baseline", "create", "--network", "none", "--name", name, "-v", volume + ":/etc", IMAGE,
                        "sleep", "600", check=True)
            self.assertEqual(self.of(name, "{{.HostConfig.Binds}}"), "[%s:/etc]" % volume)
        self.docker("baseline", "start", first, second, check=True)
        self.assertIn("passwd", self.docker("baseline", "exec", second, "ls", "/etc", check=True).stdout)
        self.docker("baseline", "run", "-d", "--network", "none", "--name", third, "-v", volume + ":/etc", IMAGE,
                    "sleep", "600", check=True)
        self.assertEqual(self.of(third, "{{.HostConfig.Binds}}"), "[%s:/etc:nocopy]" % volume)

    def test_a_volume_that_something_ran_with_is_not_filled_until_it_is_made_anew(self):
        volume = self.volume()

        def binds():
            name = self.name()
            self.docker("baseline", "create", "--network", "none", "--name", name, "-v", volume + ":/etc", IMAGE, "true",
                        check=True)
            binds = self.of(name, "{{.HostConfig.Binds}}")
            self.docker("straight", "rm", name, check=True)
            return binds

        def make():
            self.docker("baseline", "volume", "create", volume, check=True)

        # One that was made in the second in which sockade began may be older.
        make()
        while binds() != "[%s:/etc]" % volume:
            self.docker("baseline", "volume", "rm", volume, check=True)
            make()
        self.docker("baseline", "run", "--rm", "--network", "none", "--name", self.name(), "-v", volume + ":/data", IMAGE,
                    "true", check=True)
        self.assertEqual(binds(), "[%s:/etc:nocopy]" % volume)
        self.docker("baseline", "volume", "rm", volume, check=True)
        self.assertEqual(binds(), "[%s:/etc]" % volume, "the create makes it")
        self.docker("baseline", "volume", "rm", volume, check=True)
        make()
        self.assertEqual(binds(), "[%s:/etc]" % volume)

    def test_files_are_copied(self):
        for options in ((), ("-v", self.volume() + ":/data")):
            name = self.name()
            self.docker("baseline", "create", "--network", "none", "--name", name, *options, IMAGE, "sleep", "600",
                        check=True)
            self.docker("baseline", "cp", "/etc/hostname", name + ":/tmp/copy", check=True)
            self.docker("baseline", "start", name, check=True)
            copy = self.docker("baseline", "cp", name + ":/tmp/copy", "-", text=False)
            version = tuple(map(int, self.docker("straight", "version", "-f", "{{.Server.Version}}", check=True)
                                .stdout.split("+")[0].split(".")))
            if not options or version >= (29, 5, 1) or (25, 0, 17) <= version < (26,):
                self.assertEqual(copy.returncode, 0, copy.stderr)
            else:
                self.assertIn(b"live_tree", copy.stderr)
            self.docker("baseline", "stop", "-t", "0", name, check=True)
            self.docker("baseline", "cp", name + ":/tmp/copy", self.directory / "back", check=True)

    def test_commits(self):
        plain = self.container("baseline", image=IMAGE)
        shared = self.container("baseline", image=IMAGE, options=("-v", self.volume() + ":/data"))
        again = self.container("baseline", image=IMAGE, options=("--restart", "on-failure:3"))
        self.will_make("image", "e2e-races:1")
        self.docker("baseline", "commit", plain, "e2e-races:1", check=True)
        for arguments in (["-p=false", plain], [shared], [again]):
            self.assertIn("live_tree", self.refused("commit", *arguments, "e2e-races:1"))
        self.docker("baseline", "stop", "-t", "0", shared, again, check=True)
        for name in (shared, again):
            self.docker("baseline", "commit", name, "e2e-races:1", check=True)

    def test_what_a_build_left(self):
        before = set(self.docker("straight", "ps", "-aq").stdout.split())
        build = self.docker("baseline", "build", "--no-cache", *LABEL, "-",
                            input=b"FROM %s\nRUN false\n" % IMAGE.encode())
        self.assertNotEqual(build.returncode, 0)
        left = (set(self.docker("straight", "ps", "-aq").stdout.split()) - before).pop()
        self.will_make("container", left)
        self.assertIn("log_driver", self.refused("start", left))
        self.assertIn("log_driver", self.refused("commit", left))
        self.docker("baseline", "rm", left, check=True)

    def test_the_container_of_a_step_is_nobodys_and_others_go_on(self):
        before = set(self.docker("straight", "ps", "-q").stdout.split())
        with subprocess.Popen(["docker", "build", "--no-cache", *LABEL, "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env=docker_environment(self.ways["baseline"])) as build:
            build.stdin.write(b"FROM %s\nVOLUME /shared\nRUN for i in $(seq 600); do [ -e /tmp/go ] && break; sleep 0.1; done\n" % IMAGE.encode())
            build.stdin.close()
            for line in build.stdout:
                if b"Running in" in line:
                    break
            steps = set()
            while not steps:
                steps = set(self.docker("straight", "ps", "-q").stdout.split()) - before
            step = steps.pop()
            volume = self.of(step, "{{range .Mounts}}{{.Name}}{{end}}")
            self.assertIn("step of a running build", self.refused("run", "-v", volume + ":/shared", IMAGE, "true"))
            for arguments in (["exec", step, "true"], ["start", step], ["update", "--restart", "always", step]):
                self.assertIn("a build is running", self.refused(*arguments))
            self.docker("baseline", "run", "--rm", "--network", "none", "--name", self.name(), IMAGE, "true", check=True)
            self.docker("straight", "exec", step, "touch", "/tmp/go", check=True)
            build.stdout.read()
            self.assertEqual(build.wait(), 0)

    def test_many_at_once(self):
        volume = self.volume()
        failed = []

        def run(name):
            done = self.docker("baseline", "run", "--rm", "--network", "none", "--name", name, "-v", volume + ":/etc",
                               IMAGE, "true")
            if done.returncode != 0:
                failed.append(done.stderr)

        threads = [threading.Thread(target=run, args=(self.name(),)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])


if __name__ == "__main__":
    unittest.main()
