"""Two tenants of one engine and one sockade at work at the same time, each with its own scope, with Compose
projects, builds, and sessions that a reaper cleans up, as Testcontainers does; each with the names that the
other has just left. Neither may notice the other.

It takes one round of each, or as many as fit into SOCKADE_SOAK_SECONDS.
"""

import json
import os
import pathlib
import shutil
import subprocess
import threading
import time
import unittest

from live import IMAGE, LABEL, LiveTest, Sockade, docker_environment, run_docker

SOAK_S = int(os.environ.get("SOCKADE_SOAK_SECONDS", "0"))
REAPER = pathlib.Path(__file__).parents[1] / "clients" / "reaper.c"
OWNER_LABEL = "io.sockade.owner"
TENANTS = ("e2e-left", "e2e-right")
PROJECTS = ("e2e-blue", "e2e-green")
CALM_S = 300

PROJECT = """
version: "2.4"
services:
  db: {image: "%(image)s", command: sleep 600, init: true, volumes: ["data:/data"]}
  web: {build: {context: ., args: {WHO: "%(tenant)s"}}, image: "%(tenant)s-web:latest", command: sleep 600, init: true,
        depends_on: [db], links: ["db:database"]}
volumes: {data: {}}
networks: {default: {internal: true}}
"""  # docker-compose 1.x leaves volumes without a name, whatever is between it and the engine
DOCKERFILE = """
FROM %s
LABEL e2e=1
ARG WHO
RUN echo "$WHO" >/who && cat /etc/hosts >/hosts
""" % IMAGE


@unittest.skipUnless(shutil.which("docker-compose") and shutil.which("cc"), "there is no docker-compose, or no cc")
class SideBySideTest(LiveTest):
    policies = ()

    def serve(self):
        """One sockade, so that what is held and under way is in one table."""
        policies = {tenant: {"base": "baseline", "allow": ["@ci", "containers.commit"],
                             "rules": {"docker_socket_mount": {"substitute": True}, "container_links": "off"},
                             "scope": {"own": True, "owner": tenant}} for tenant in TENANTS}
        config = self.directory / "sockade.yaml"
        listen = [{"socket": str(self.directory / tenant), "policy": tenant} for tenant in TENANTS]
        config.write_text(json.dumps({"version": 1, "daemon": {"socket": self.straight}, "listen": listen,
                                      "policies": policies}))
        self.audit = self.directory / "audit.log"
        sockade = Sockade(self.directory, ["serve", "--config", config, "--audit", self.audit,
                                           "--audit-format", "json"])
        self.addCleanup(sockade.stop)
        for tenant in TENANTS:
            sockade.wait_ready(self.directory / tenant)
            self.ways[tenant] = str(self.directory / tenant)

    def setUp(self):
        super().setUp()
        self.serve()
        self.addCleanup(self.sweep)
        self.deadline = time.monotonic() + SOAK_S
        self.problems = []
        self.rounds = {}
        self.turn = threading.Barrier(len(TENANTS), timeout=CALM_S)
        folder = self.directory / "reaper"
        folder.mkdir()
        subprocess.run(["cc", "-O1", "-static", "-o", folder / "reaper", REAPER], check=True)
        (folder / "Dockerfile").write_text("FROM %s\nCOPY reaper /reaper\nCMD [\"/reaper\"]\n" % IMAGE)
        self.docker("straight", "build", "-q", *LABEL, "-t", "e2e-reaper", folder, check=True)
        self.will_make("image", "e2e-reaper")

    def sweep(self):
        """What a test that failed left behind."""
        for kind, remove in (("container", ["rm", "-f", "-v"]), ("network", ["network", "rm"]),
                             ("volume", ["volume", "rm", "-f"]), ("image", ["rmi", "-f"])):
            for tenant in TENANTS:
                found = self.owned(kind, tenant)
                if found:
                    self.docker("straight", *remove, *found)

    def owned(self, kind, tenant):
        options = ["-a"] if kind == "container" else []
        return sorted(set(self.docker("straight", kind, "ls", "-q", *options, "--filter", "label=%s=%s" %
                                      (OWNER_LABEL, tenant), check=True, timeout=CALM_S).stdout.split()))

    def work(self, tenant, job):
        """One kind of work of one tenant, again and again."""
        name = job.__name__
        try:
            while True:
                job(tenant, self.rounds.get((tenant, name), 0))
                self.rounds[tenant, name] = self.rounds.get((tenant, name), 0) + 1
                if not self.goes_on(job):
                    return
        except Exception as problem:  # pylint: disable=broad-except
            self.turn.abort()
            if not isinstance(problem, threading.BrokenBarrierError):
                self.problems.append("%s of %s, round %d: %r" %
                                     (name, tenant, self.rounds.get((tenant, name), 0), problem))

    def goes_on(self, job):
        if job == self.project:  # both at once, or none: they exchange names
            self.last = time.monotonic() > self.deadline or bool(self.problems)
            self.turn.wait()
            last = self.last
            self.turn.wait()
            return not last
        return time.monotonic() < self.deadline and not self.problems

    def run_as(self, tenant, *arguments, **options):
        return run_docker(self.ways[tenant], *arguments, timeout=CALM_S, check=True, **options).stdout

    def compose(self, tenant, project, folder, *arguments):
        done = subprocess.run(["docker-compose", "-p", project, *arguments], cwd=folder, check=False, timeout=CALM_S,
                              env={**docker_environment(self.ways[tenant]), "COMPOSE_DOCKER_CLI_BUILD": "0",
                                   "COMPOSE_HTTP_TIMEOUT": str(CALM_S)},
                              stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode:
            raise AssertionError((arguments, done.stdout, done.stderr))
        return done.stdout.decode()

    def project(self, tenant, count):
        """A project of a name that the other tenant had in the round before."""
        project = PROJECTS[(TENANTS.index(tenant) + count) % 2]
        folder = self.directory / ("project-" + tenant)
        folder.mkdir(exist_ok=True)
        (folder / "docker-compose.yml").write_text(PROJECT % {"image": IMAGE, "tenant": tenant})
        (folder / "Dockerfile").write_text(DOCKERFILE)
        self.compose(tenant, project, folder, "up", "-d", "--build")
        self.expect(self.compose(tenant, project, folder, "exec", "-T", "web", "cat", "/who"), tenant + "\n")
        self.compose(tenant, project, folder, "exec", "-T", "db", "sh", "-c",
                     "test ! -e /data/x && echo %s >/data/x" % tenant)
        self.compose(tenant, project, folder, "up", "-d", "--force-recreate", "-t", "0")
        self.expect(self.compose(tenant, project, folder, "exec", "-T", "db", "cat", "/data/x"), tenant + "\n")
        self.compose(tenant, project, folder, "restart", "-t", "0")
        self.expect_own(tenant)
        self.compose(tenant, project, folder, "down", "-v", "-t", "0")

    def build(self, tenant, count):
        """The same steps with another host: what the other built is not used for it."""
        address = "192.0.2.%d" % (1 + TENANTS.index(tenant))
        name = "%s-app:%d" % (tenant, count % 2)
        self.run_as(tenant, "build", "-q", "--add-host", "registry.example:" + address, "-t", name, "-",
                    input=DOCKERFILE.replace("$WHO", "same").encode())
        hosts = self.run_as(tenant, "run", "--rm", "--network", "none", name, "cat", "/hosts")
        if address not in hosts:
            raise AssertionError("somebody else's step: " + hosts)
        self.run_as(tenant, "tag", name, "%s/copy:1" % tenant)
        self.run_as(tenant, "rmi", "%s/copy:1" % tenant)
        if count % 2:
            self.run_as(tenant, "rmi", name)

    def session(self, tenant, _count):
        """Both have the same session id; the reaper takes what is its tenant's."""
        label = "org.testcontainers.session-id=e2e-session"
        options = ["--init", "--network", "none", "--label", label]
        reaper = self.run_as(tenant, "run", "-d", "--network", "none", "-v",
                             "/var/run/docker.sock:/var/run/docker.sock", "--label", label, "e2e-reaper").strip()
        volume = self.run_as(tenant, "volume", "create", tenant + "-scratch").strip()
        left = [self.run_as(tenant, "run", "-d", *options, "-v", volume + ":/data", "-v", "/scratch", IMAGE,
                            "sleep", "600").strip() for _ in range(2)]
        self.run_as(tenant, "exec", left[0], "sh", "-c", "echo %s >/data/x" % tenant)
        self.expect(self.run_as(tenant, "exec", left[1], "cat", "/data/x"), tenant + "\n")
        self.run_as(tenant, "exec", reaper, "sh", "-c", "(echo label=%s; sleep 1) | nc 127.0.0.1 8080" % label)
        self.run_as(tenant, "wait", reaper)
        self.expect(self.run_as(tenant, "logs", reaper).splitlines()[-2:], ["privileged: 403", "removed: 2"])
        self.expect(self.run_as(tenant, "ps", "-aq", "--no-trunc", "--filter", "label=" + label), reaper + "\n")
        self.run_as(tenant, "rm", reaper)
        self.run_as(tenant, "volume", "rm", volume)

    @staticmethod
    def expect(got, wanted):
        if got != wanted:
            raise AssertionError("got %r, not %r" % (got, wanted))

    def expect_own(self, tenant):
        shown = self.run_as(tenant, "ps", "-a", "--format", "{{.Label \"%s\"}}" % OWNER_LABEL).split()
        if not shown or set(shown) != {tenant}:
            raise AssertionError("the list shows %r" % shown)

    def watch(self, tenant):
        """All that a stream of events shows is the tenant's, for as long as the test takes."""
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["docker", "events", "--format", "{{json .}}", "--filter", "type=container"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=docker_environment(self.ways[tenant]))
        seen = []

        def read():
            for line in process.stdout:
                owner = json.loads(line)["Actor"]["Attributes"].get(OWNER_LABEL)
                seen.append(owner)
                if owner != tenant:
                    self.problems.append("an event of %s: %s" % (owner, line))

        reader = threading.Thread(target=read)
        reader.start()

        def end():
            process.kill()
            process.wait()
            reader.join()
            process.stdout.close()

        return seen, end

    def refusals(self):
        """What was refused, but for what the reapers try."""
        records = [json.loads(line) for line in self.audit.read_text().splitlines()]
        return [record for record in records if record.get("decision") == "deny" and
                [rule["id"] for rule in record.get("rules", [])] != ["privileged"]]

    def test_neither_notices_the_other(self):
        watches = [self.watch(tenant) for tenant in TENANTS]
        threads = [threading.Thread(target=self.work, args=(tenant, job))
                   for tenant in TENANTS for job in (self.project, self.build, self.session)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for _, end in watches:
            end()
        print(self.rounds)
        self.assertEqual(self.problems, [])
        for (seen, _), tenant in zip(watches, TENANTS):
            self.assertGreater(len(seen), 0, "no event of " + tenant)
            self.assertEqual(self.owned("container", tenant), [])
            self.assertEqual(self.owned("volume", tenant), [])
            self.assertEqual(self.owned("network", tenant), [])
        self.assertEqual(self.refusals(), [])


if __name__ == "__main__":
    unittest.main()
