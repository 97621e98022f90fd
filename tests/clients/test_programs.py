"""go-dockerclient and Ruby's docker-api, with programs of this folder that try cases of their own; Prometheus'
discovery, skopeo, Podman's own client: what they ask of the engine's socket."""

import http.client
import json
import shutil
import time
import unittest

from conformance import HERE, MODERN, PATIENCE_S, USER_IMAGE, WORLD, CasesTest, ClientTest, answers, needs

GO_PROGRAM = HERE.parents[1] / "build" / "clients" / "go-dockerclient"


@needs("go-dockerclient", GO_PROGRAM.exists())
class GoDockerclientTest(CasesTest):
    REFUSED = {"privileged": "privileged: HostConfig.Privileged is true", "root": "run_as_root"}

    def program(self):
        return [GO_PROGRAM], {}

    def test_all_cases(self):
        seen = self.assert_cases_alike()
        self.assertEqual(seen["exec"], ["1000\ninput", "", 6])
        self.assertEqual(seen["a container to its end"], [3, "out\n", "err\n"])
        self.assertEqual(seen["input"], "100000\n")


@needs("ruby-docker-api", answers("ruby", "-e", "require 'docker'"))
class RubyTest(CasesTest):
    REFUSED = {"privileged": "privileged: HostConfig.Privileged is true", "root": "run_as_root"}

    def program(self):
        return ["ruby", "-W0", HERE / "ruby" / "docker_api.rb"], {}

    def test_all_cases(self):
        seen = self.assert_cases_alike()
        self.assertEqual(seen["exec"], [["1000\n"], ["err\n"], 6])


@needs("skopeo", shutil.which("skopeo"))
class SkopeoTest(ClientTest):
    """`docker-daemon:` asks API 1.22 (containers/image), and saves and loads whole images."""

    policies = ("open", "restricted")

    def skopeo(self, way, *arguments):
        return self.run_program(way, ["skopeo", "--insecure-policy", "--tmpdir", self.directory, *arguments])

    def test_out_of_and_into_the_engine(self):
        def act(way):
            host, tag = ["--src-daemon-host", "unix://" + self.ways[way]], self.name() + ":1"
            self.will_make("image", tag)
            out = self.skopeo(way, "copy", *host, "docker-daemon:" + USER_IMAGE, "dir:%s" % (self.directory / way))
            back = self.skopeo(way, "copy", "--dest-daemon-host", "unix://" + self.ways[way],
                               "dir:%s" % (self.directory / way), "docker-daemon:" + tag)
            seen = self.skopeo(way, "inspect", "--daemon-host", "unix://" + self.ways[way], "docker-daemon:" + tag)
            shown = self.docker("straight", "image", "inspect", "-f", "{{.Config.User}}", tag).stdout
            return [out[0], back[0], seen[0], shown, [each[2] for each in (out, back, seen)]]

        self.assertEqual(self.assert_alike(act)[:4], [0, 0, 0, "1000:1000\n"])


@needs("Prometheus", shutil.which("prometheus"))
class PrometheusTest(ClientTest):
    """docker_sd_configs: lists of containers and networks."""

    policies = ("open", "looking", "restricted")
    ports = iter(range(19090, 19190))

    def start(self, way):
        port = next(self.ports)
        folder = self.directory / ("%s-%d" % (way, port))
        folder.mkdir()
        (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": [{"job_name": "it", "docker_sd_configs": [
            {"host": "unix://" + self.ways[way], "refresh_interval": "1s",
             "filters": [{"name": "name", "values": ["e2e-prometheus"]}]}]}]}))
        self.follow(way, ["prometheus", "--config.file=%s" % (folder / "prometheus.yml"), "--storage.tsdb.path=%s" % folder,
                          "--web.listen-address=127.0.0.1:%d" % port])
        return port

    def targets(self, port):
        for _ in range(PATIENCE_S * 2):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                connection.request("GET", "/api/v1/targets")
                found = json.load(connection.getresponse())["data"]["activeTargets"]
                if found:
                    return sorted(found[0]["discoveredLabels"].items())
            except (OSError, ValueError, KeyError):
                pass
            finally:
                connection.close()
            time.sleep(0.5)
        return "none"

    def test_discovery(self):
        name = self.name()
        self.docker("straight", "run", "-d", "--init", "--name", "e2e-prometheus", "--label", "a=b", "--expose", "8080",
                    USER_IMAGE, "sleep", "600", check=True)
        self.will_make("container", "e2e-prometheus", name)

        def act(way):
            return dict(self.targets(self.start(way)))

        seen = self.assert_alike(act)
        self.assertEqual(seen["__meta_docker_container_label_a"], "b")
        self.assertEqual(seen["__meta_docker_network_name"], "bridge")


@unittest.skipUnless(MODERN, "Podman's service is tried in the tree of Debian 13 (scripts/test.sh --only modern)")
class PodmanTest(ClientTest):
    """Podman's own client and service, which speak another API (/libpod) beside the engine's."""

    policies = ()
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = WORLD.directory / "podman"
        folder.mkdir()
        cls.ways = {"straight": str(folder / "podman.sock"), "open": str(WORLD.socket("open", folder / "podman.sock"))}

    def service(self):
        service = self.follow("straight", [
            "podman", "--root", self.directory / "root", "--runroot", self.directory / "run", "--runtime", "runc",
            "--cgroup-manager=cgroupfs", "--events-backend=file", "system", "service", "--time=0",
            "unix://" + self.ways["straight"]])
        for _ in range(PATIENCE_S * 5):
            if answers("curl", "-sf", "--unix-socket", self.ways["straight"], "http://d/_ping"):
                return
            time.sleep(0.2)
        self.fail(service.text)

    def podman(self, way, *arguments):
        return self.run_program(way, ["podman", "--remote", "--url", "unix://" + self.ways[way], *arguments],
                                {"HOME": str(self.directory)})

    def test_its_own_client(self):
        self.service()

        def act(way):
            return [self.podman(way, *arguments) for arguments in (
                ["version", "--format", "{{.Server.Version}}"], ["ps", "-a"], ["volume", "create", "e2e-volume"],
                ["volume", "rm", "e2e-volume"], ["info", "--format", "{{.Host.OS}}"])]

        seen = self.assert_alike(act, at_once=False)
        self.assertEqual({each[0] for each in seen}, {0}, seen)


if __name__ == "__main__":
    unittest.main()
