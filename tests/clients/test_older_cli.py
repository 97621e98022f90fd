"""Debian's docker CLI (20.10), whose requests and terminals differ from those of the newest, and with it
both ways to build: the classic builder and BuildKit, which opens a session through the engine's socket."""

import os
import shutil
import unittest

from conformance import IMAGE, LABEL, USER_IMAGE, WORLD, ClientTest, find_cli

import test_cli

OLDER = find_cli(lambda version: version < 23)


NO_OLDER = "no docker CLI before 23 is installed (scripts/install-deps.sh --engine)"
THE_ONLY = bool(OLDER) and os.path.realpath(shutil.which("docker") or "") == os.path.realpath(OLDER)


@unittest.skipUnless(OLDER, NO_OLDER)
class OlderTest(ClientTest):
    policies = ("open", "restricted")
    cli = OLDER


@unittest.skipIf(THE_ONLY, "the docker CLI that tests/e2e uses is the older one")
class BesideTest(OlderTest):
    """What tests/e2e tries with the newest CLI."""


class OlderRunTest(BesideTest, test_cli.RunTest):
    pass


class OlderExecTest(BesideTest, test_cli.ExecTest):
    pass


class OlderFilesTest(BesideTest, test_cli.FilesTest):
    pass


class OlderImageTest(BesideTest, test_cli.ImageTest):
    test_build = None  # see BuildKitTest.test_the_classic_builder_beside_it

    def test_load(self):
        self.each = self.one_by_one  # all load the same name, so not at once
        super().test_load()


class OlderRefusalTest(OlderTest):
    policies = ("open", "baseline", "restricted")

    def test_what_is_refused(self):
        for arguments, refused in (
                (["create", "--privileged"], {each: "privileged: HostConfig.Privileged is true"
                                              for each in ("baseline", "restricted")}),
                (["create", "--restart", "always"], {"restricted": "restart_policy"}),
                (["create", "--pid", "host"], {each: "host_pid" for each in ("baseline", "restricted")})):
            with self.subTest(arguments):
                def act(way, arguments=arguments):
                    done = self.docker(way, *arguments, "--network", "none", "--name", self.name(), USER_IMAGE, "true")
                    return [done.returncode, done.stdout, done.stderr]

                self.assertEqual(self.assert_alike(act, refused)[0], 0)


class BuildKitCases:
    """Through the policy that names its operations it works; nowhere else."""

    policies = ("open", "buildkit", "baseline", "restricted")
    refusing = ("baseline", "restricted")
    READ = r'(?s)received 403|Error response from daemon: denied by policy.*DOCKER_BUILDKIT=0'
    DOCKERFILE = ("FROM %s AS made\nLABEL e2e=1\nARG WHAT=nothing\nCOPY file /file\n"
                  "RUN --mount=type=secret,id=word,required echo built $WHAT with $(cat /run/secrets/word); wc -c </file\n"
                  "FROM scratch AS taken\nCOPY --from=made /file /copy\n" % IMAGE)

    def setUp(self):
        super().setUp()
        (self.directory / "Dockerfile").write_text(self.DOCKERFILE)
        (self.directory / "file").write_bytes(b"x" * (1 << 20))
        (self.directory / "word").write_text("a word")

    def build(self, way, *options):
        """What two builds have in common at the same time BuildKit does once, so each has an argument of its own."""
        return self.docker(way, "build", *LABEL, "--no-cache", "--progress", "plain", "--network", "none",
                           "--build-arg", "WHAT=" + way, "--secret", "id=word,src=%s" % (self.directory / "word"), *options,
                           self.directory, more={"DOCKER_BUILDKIT": "1"})

    def test_an_image(self):
        def act(way):
            tag = self.name() + ":1"
            self.will_make("image", tag)
            done = self.build(way, "--target", "made", "-t", tag)
            copied = self.docker("straight", "run", "--rm", "--network", "none", "--name", self.name(), tag, "sh", "-c",
                                 "[ $(wc -c </file) = 1048576 ]")
            return [done.returncode, "built %s with a word" % way in done.stderr, copied.returncode]

        self.assert_built(act, [0, True, 0])

    def test_files_that_the_session_brings_back(self):
        def act(way):
            folder = self.directory / ("out-" + way)
            done = self.build(way, "--target", "taken", "-o", folder)
            return [done.returncode, (folder / "copy").exists() and (folder / "copy").stat().st_size]

        self.assert_built(act, [0, 1 << 20])

    def test_a_build_that_fails(self):
        (self.directory / "Dockerfile").write_text("FROM %s\nARG WHAT\nRUN echo before $WHAT; exit 3\n" % IMAGE)

        def act(way):
            done = self.build(way)
            return [done.returncode, "before " + way in done.stderr, "exit code: 3" in done.stderr]

        self.assert_built(act, [1, True, True])

    def assert_built(self, act, wanted):
        for way, got in self.at_once(act, [each for each in self.ways if each not in self.refusing]).items():
            self.assertEqual(got, wanted, way)

    def test_where_it_is_refused(self):
        """The reason is read, and in the record."""
        for way in self.refusing:
            with self.subTest(way):
                done = self.build(way)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, self.READ)
                record = (WORLD.directory / way / "audit.log").read_text()
                self.assertRegex(record, r"operation (session\.\w+|build\.buildkit) is not allowed")

    def test_the_classic_builder_beside_it(self):
        """Where BuildKit is refused the other one works, with the same CLI."""
        (self.directory / "Dockerfile").write_text(
            "FROM %s\nLABEL e2e=1\nARG WHAT\nCOPY file /file\nRUN echo built $WHAT; wc -c </file; sleep 1\n" % IMAGE)

        def act(way):
            done = self.docker(way, "build", "--no-cache", "--force-rm", "--network", "none", "--build-arg", "WHAT=it",
                               self.directory)
            return [done.returncode, done.stdout, done.stderr]

        code, out, _ = self.assert_alike(act, everywhere=True)
        self.assertEqual(code, 0)
        self.assertIn("built it\n1048576\n", out)


@unittest.skipUnless(OLDER, NO_OLDER)
class BuildKitTest(BuildKitCases, ClientTest):
    cli = OLDER


if __name__ == "__main__":
    unittest.main()
