"""Names and ids of the host: objects that would be called like others' ids, and files on the host that would belong to
its system's accounts.
"""

import os
import shutil
import subprocess
import unittest

from live import IMAGE, POLICIES, LiveTest

SHARED = "/tmp/sockade-e2e-%d/names" % os.getpid()
POLICIES["owners"] = {
    "base": "restricted", "allow": ["@ci"],
    "rules": {"supplementary_groups": "off",
              "host_path_mount": {"symlinks": "allow", "allow": [{"path": SHARED, "access": "rw"}]}}}


class NamesTest(LiveTest):
    policies = ("baseline",)

    def id_of(self, kind, name):
        return self.docker("straight", kind, "inspect", "-f", "{{.Id}}", name, check=True).stdout.strip().split(":")[-1]

    def assert_refused(self, *arguments, **options):
        done = self.docker("baseline", *arguments, **options)
        self.assertNotEqual(done.returncode, 0, arguments)
        self.assertIn("id_like_name", done.stderr)

    def test_a_container_is_not_called_like_anothers_id(self):
        victim = self.container("straight")
        other = self.container("baseline")
        identity = self.id_of("container", victim)
        for name in (identity, identity[:12], identity[:32], identity[:7]):
            with self.subTest(name=name):
                self.assert_refused("create", "--network", "none", "--name", name, IMAGE, "true")
                self.assert_refused("rename", other, name)
        self.assertEqual(self.id_of("container", identity[:12]), identity)

    def test_an_image_is_not_called_like_anothers_id(self):
        identity = self.id_of("image", IMAGE)
        other = self.container("baseline")
        for name in (identity[:12], identity[:12] + ":latest", identity[:7], "docker.io/library/" + identity[:12]):
            with self.subTest(name=name):
                self.assert_refused("tag", IMAGE, name)
                self.assert_refused("commit", other, name)
                self.assert_refused("build", "-t", name, "-", input=b"FROM %s\nRUN true\n" % IMAGE.encode())
                self.assert_refused("import", "-", name, input=b"\0" * 1024)

    def test_a_network_is_not_called_like_anothers_id(self):
        identity = self.id_of("network", "host")
        for name in (identity, identity[:12], identity[:7]):
            with self.subTest(name=name):
                self.assert_refused("network", "create", name)

    def test_other_names_of_digits_and_letters_pass(self):
        for name in ("db", "cafe", "decade", "0cc175b9c0f1b6a831c399e269772661"):
            with self.subTest(name=name):
                self.docker("straight", "rm", "-f", name)
                self.will_make("container", name)
                self.docker("baseline", "create", "--network", "none", "--name", name, IMAGE, "true", check=True)
        image = "3a2b5b5c5ce1e9c2ac0c8e8fe5f3ef72d62e22b5"
        self.will_make("image", image)
        self.docker("baseline", "build", "-q", "-t", image, "-", check=True, input=b"FROM %s\n" % IMAGE.encode())
        self.docker("baseline", "build", "-q", "-t", image, "-", check=True, input=b"FROM %s\n" % IMAGE.encode())


class OwnersTest(LiveTest):
    policies = ("owners",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.makedirs(SHARED)
        os.chmod(SHARED, 0o777)
        cls.addClassCleanup(shutil.rmtree, os.path.dirname(SHARED), ignore_errors=True)

    def write(self, *options):
        name = self.name()
        return self.docker("owners", "run", "--rm", "--network", "none", "--name", name, "-v", SHARED + ":/w", *options,
                           IMAGE, "touch", "/w/" + name), os.path.join(SHARED, name)

    def test_files_belong_to_ids_of_the_ranges(self):
        for options, owner in ((["--user", "1000:1001"], (1000, 1001)), (["--user", "1234"], (1234, 1234))):
            with self.subTest(options=options):
                done, path = self.write(*options)
                self.assertEqual(done.returncode, 0, done.stderr)
                status = os.stat(path)
                self.assertEqual((status.st_uid, status.st_gid), owner)

    def test_nothing_is_written_with_other_ids(self):
        shadow = subprocess.run(["getent", "group", "shadow"], capture_output=True, text=True, check=False)
        gid = shadow.stdout.split(":")[2] if shadow.stdout else "42"
        for options in (["--user", "1000:" + gid], ["--user", "1000:1000", "--group-add", gid],
                        ["--user", "1000:1000", "--group-add", "1005"], ["--user", "65534:65534"],
                        ["--user", "app"], ["--user", "1000:app"], ["--user", "33:1000"]):
            with self.subTest(options=options):
                done, path = self.write(*options)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("host_path_owner", done.stderr)
                self.assertFalse(os.path.exists(path))

    def test_an_image_gives_no_further_groups(self):
        """Its /etc/group lists the user in another group, which counts where no group is named."""
        image = self.name() + ":1"
        self.addCleanup(self.docker, "straight", "rmi", "-f", image)
        container = self.container("straight", image=IMAGE)
        self.docker("straight", "exec", container, "sh", "-c", "mkdir -p /etc; echo app:x:1000:1000::/:/bin/sh > /etc/passwd; "
                    "echo shadow:x:42:app > /etc/group", check=True)
        self.docker("straight", "commit", container, image, check=True)
        groups = {}
        for way, user in (("straight", "1000"), ("owners", "1000"), ("owners", "1000:1000")):
            done = self.docker(way, "run", "--rm", "--network", "none", "--name", self.name(), "-v", SHARED + ":/w",
                               "--user", user, image, "id", "-G", check=True)
            groups[way, user] = set(done.stdout.split())
        self.assertIn("42", groups["straight", "1000"])
        self.assertEqual(groups["owners", "1000"], {"1000"})
        self.assertEqual(groups["owners", "1000:1000"], {"1000"})

    def test_an_exec_has_ids_of_the_ranges(self):
        name = self.container("owners", options=["-v", SHARED + ":/w", "--user", "1000:1000"], image=IMAGE)
        for user in ("1000:42", "1000"):
            with self.subTest(user=user):
                done = self.docker("owners", "exec", "--user", user, name, "id")
                self.assertIn("host_path_owner", done.stderr)
        for options in ([], ["--user", "1001:1001"]):
            self.docker("owners", "exec", *options, name, "id", check=True)


if __name__ == "__main__":
    unittest.main()
