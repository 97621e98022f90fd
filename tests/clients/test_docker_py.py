"""docker-py (Debian's python3-docker) with its two interfaces: what its calls give, what its errors say."""

import functools
import io
import os
import socket
import tarfile
import threading
import time
import unittest

from conformance import IMAGE, LABEL, PATIENCE_S, USER_IMAGE, ClientTest

try:
    import docker
    from docker.utils.socket import demux_adaptor, frames_iter
except ImportError:
    docker = None

# A busy engine loses what a container wrote last if it ends at once: hence `sleep 1` behind what is attached to.
QUIET = {"network_mode": "none"}


def errors_as_values(act):
    """What docker-py raises about an answer is a result as well."""
    @functools.wraps(act)
    def wrapped(way):
        try:
            return act(way)
        except docker.errors.APIError as error:
            return {"error": type(error).__name__, "status": error.response.status_code,
                    "text": error.explanation, "message": str(error).replace("+unix", "")}
        except docker.errors.DockerException as error:
            return {"error": type(error).__name__, "text": str(error)}
    return wrapped


def settled(container, wanted):
    """The state of a container once it is the one that is meant, or the last one that it had. An engine learns of a pause twice, by
    its call and by an event; one that comes after the call that ended the pause shows it as paused again for a moment."""
    end = time.monotonic() + 10
    container.reload()
    while container.status != wanted and time.monotonic() < end:
        time.sleep(0.05)
        container.reload()
    return container.status


def tar_of(**files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mtime = 1700000000
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


@unittest.skipIf(docker is None, "python3-docker is not installed (scripts/install-deps.sh --test)")
class DockerPyTest(ClientTest):
    def client(self, way):
        client = docker.DockerClient(base_url="unix://" + self.ways[way], timeout=PATIENCE_S, version="auto")
        self.addCleanup(client.close)
        return client

    def alike(self, act, refused=None, **options):
        return self.assert_alike(errors_as_values(act), refused, **options)

    shared = {}
    lock = threading.Lock()

    def lasting(self, way):
        """A container of that way's client that all tests of the module use, and none changes."""
        client = self.client(way)
        with self.lock:
            name = self.shared.get(way)
        if name:
            return client.containers.get(name)
        name = "e2e-%d-%s-%d" % (os.getpid(), way, next(self.numbers))
        container = client.containers.run(USER_IMAGE, ["sleep", "3600"], detach=True, init=True, name=name, **QUIET)
        with self.lock:
            self.shared[way] = name
        return container

    def running(self, client, *command, image=USER_IMAGE, **options):
        return client.containers.run(image, list(command) or ["sleep", "600"], detach=True, init=True,
                                     name=self.name(), **{**QUIET, **options})


class RunTest(DockerPyTest):
    def test_output(self):
        def act(way):
            run = self.client(way).containers.run
            both = run(USER_IMAGE, ["sh", "-c", "echo out; echo err >&2"], stdout=True, stderr=True, remove=True,
                       name=self.name(), **QUIET)
            return [sorted(as_words(both).split()),  # the two are not in order
                    as_words(run(USER_IMAGE, "echo one two", remove=True, name=self.name(), **QUIET))]

        self.assertEqual(self.alike(act), [["err", "out"], "one two\n"])

    def test_a_command_that_fails(self):
        def act(way):
            return self.client(way).containers.run(USER_IMAGE, ["sh", "-c", "echo bad >&2; exit 3"], remove=True,
                                                   name=self.name(), **QUIET)

        self.assertIn("returned non-zero exit status 3: b'bad", self.alike(act)["text"])

    def test_privileged(self):
        def act(way):
            return as_words(self.client(way).containers.run(USER_IMAGE, "echo ran", privileged=True, remove=True,
                                                            name=self.name(), **QUIET))

        self.alike(act, {each: "privileged: HostConfig.Privileged is true" for each in ("baseline", "restricted")})

    def test_a_path_of_the_host(self):
        def act(way):
            return as_words(self.client(way).containers.run(
                USER_IMAGE, "ls -d /host", volumes={"/etc": {"bind": "/host", "mode": "ro"}}, remove=True,
                name=self.name(), **QUIET))

        self.alike(act, {each: 'host_path_mount: HostConfig.Binds[0]: "/etc"' for each in ("baseline", "restricted")})

    def test_root(self):
        def act(way):
            return as_words(self.client(way).containers.run(IMAGE, "id -u", remove=True, name=self.name(), **QUIET))

        self.assertEqual(self.alike(act, {"restricted": "run_as_root"}), "0\n")

    def test_what_does_not_exist(self):
        def act(way):
            client = self.client(way)
            calls = (lambda: client.containers.get("e2e-nothing"), lambda: client.images.get("e2e-nothing"),
                     lambda: client.volumes.get("e2e-nothing"), lambda: client.networks.get("e2e-nothing"),
                     lambda: client.api.exec_inspect("e2e-nothing"), lambda: client.api.remove_container("e2e-nothing"),
                     lambda: client.containers.run("127.0.0.1:1/e2e-missing:1", "true"),
                     lambda: client.api.start("e2e-nothing"), lambda: client.api.logs("e2e-nothing"))
            return [errors_as_values(lambda _, call=call: call() and "it is there")(way) for call in calls]

        self.assertEqual([each["status"] for each in self.alike(act)], [404] * 6 + [500] + [404] * 2)

    def test_a_name_that_is_taken(self):
        name = self.name()
        self.client("straight").containers.create(USER_IMAGE, "true", name=name, **QUIET)

        def act(way):
            client = self.client(way)
            client.containers.create(USER_IMAGE, "true", name=name, **QUIET)

        self.assertEqual(self.alike(act)["status"], 409)

    def test_lifecycle(self):
        def act(way):
            container = self.client(way).containers.create(USER_IMAGE, "sleep 600", init=True, name=self.name(),
                                                           labels={"a": "b"}, environment=["A=b"], **QUIET)
            seen = []
            for step, state in ((container.start, "running"), (container.pause, "paused"), (container.unpause, "running"),
                                (lambda: container.restart(timeout=0), "running"), (container.kill, "exited"),
                                (container.wait, "exited"), (lambda: container.rename(container.name + "-x"), "exited"),
                                (container.start, "running"),
                                (lambda: container.stop(timeout=10), "exited")):  # with 0 either signal may win
                result = step()
                seen.append([settled(container, state), result])
            seen += [container.labels, container.attrs["Config"]["Env"], container.attrs["State"]["ExitCode"]]
            container.remove(v=True)
            return seen

        self.assertEqual(self.alike(act)[0][0], "running")

    def test_the_low_level_interface(self):
        def act(way):
            client = docker.APIClient(base_url="unix://" + self.ways[way], timeout=PATIENCE_S, version="auto")
            self.addCleanup(client.close)
            name = self.name()
            settings = client.create_host_config(
                network_mode="none", init=True, mem_limit="64m", tmpfs={"/scratch": "size=1m"}, cap_drop=["ALL"],
                log_config=docker.types.LogConfig(type="json-file"))
            made = client.create_container(USER_IMAGE, ["sh", "-c", "cat; echo end; sleep 1"], stdin_open=True, name=name,
                                           environment={"A": "b"}, labels=["a"], host_config=settings)
            stream = client.attach_socket(made, {"stdin": 1, "stdout": 1, "stream": 1})
            client.start(made)
            raw_socket(stream).sendall(b"line\n")
            seen = [next(frames_iter(stream, tty=False)), client.inspect_container(name)["State"]["Status"]]
            raw_socket(stream).shutdown(socket.SHUT_WR)
            rest = b"".join(data for _, data in frames_iter(stream, tty=False))
            stream.close()
            status = client.wait(made)
            shown = client.inspect_container(made)["HostConfig"]
            seen[0] = [seen[0][0], as_words(seen[0][1])]
            seen += [as_words(rest), status, as_words(client.logs(name, tail=1)), sorted(client.diff(name), key=str),
                     [shown[key] for key in ("Memory", "Tmpfs", "CapDrop", "Init", "LogConfig")],
                     [sorted(each) for each in client.containers(all=True, filters={"name": name})],
                     sorted(client.inspect_image(USER_IMAGE)), client.rename(name, name + "-x"),
                     client.remove_container(made, v=True)]
            return seen

        got = self.alike(act)  # today's engine leaves the error out of what wait() gives, where there is none
        self.assertEqual([*got[:3], got[3]["StatusCode"]], [[1, "line\n"], "running", "end\n", 0])

    def test_waiting_on_several_conditions(self):
        def act(way):
            client = self.client(way)
            container = client.containers.create(USER_IMAGE, ["sh", "-c", "exit 6"], name=self.name(), **QUIET)
            results = []
            waiter = threading.Thread(target=lambda: results.append(
                self.client(way).api.wait(container.id, condition="next-exit")))
            waiter.start()
            while not results:  # until the waiter has seen one of them
                container.start()
                container.wait()
                waiter.join(0.2)
            return [results[0], container.wait(condition="not-running")]

        self.assertEqual(self.alike(act)[0]["StatusCode"], 6)


class StreamsTest(DockerPyTest):
    def test_attach_socket(self):
        def act(way):
            client = self.client(way)
            container = client.containers.create(USER_IMAGE, ["sh", "-c", "cat; echo end >&2; sleep 1"], stdin_open=True,
                                                 name=self.name(), **QUIET)
            stream = container.attach_socket(params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
            raw = raw_socket(stream)
            container.start()
            raw.sendall(b"one line\n")
            first = next(frames_iter(stream, tty=False))
            raw.sendall(b"x" * 300000)
            raw.shutdown(socket.SHUT_WR)
            frames = list(frames_iter(stream, tty=False))
            out, err = (b"".join(data for number, data in frames if number == each) for each in (1, 2))
            stream.close()
            return [first[0], as_words(first[1]), len(out), as_words(err), container.wait()["StatusCode"]]

        self.alike(act)

    def test_attach_socket_on_a_terminal(self):
        def act(way):
            client = self.client(way)
            container = client.containers.create(USER_IMAGE, ["sh", "-c", "cat; sleep 1"], stdin_open=True, tty=True,
                                                 name=self.name(), **QUIET)
            stream = container.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
            container.start()
            container.resize(40, 100)
            raw = raw_socket(stream)
            raw.sendall(b"word\n\x04")
            text = b"".join(data for _, data in frames_iter(stream, tty=True))
            stream.close()
            return [as_words(text), container.wait()["StatusCode"]]

        self.alike(act)

    def test_attach_and_logs(self):
        def act(way):
            client = self.client(way)
            container = self.running(client, "sh", "-c", "read x; sleep 1; for i in 1 2 3; do echo line $i; done; echo e >&2; sleep 1",
                                     stdin_open=True)
            attached = container.attach(stream=True, logs=True, demux=True)
            raw = raw_socket(container.attach_socket(params={"stdin": 1, "stream": 1}))
            raw.sendall(b"go\n")
            both = list(attached)
            raw.close()
            container.wait()
            return [as_words(b"".join(out or b"" for out, _ in both)), as_words(b"".join(err or b"" for _, err in both)),
                    as_words(container.logs(stderr=False)), as_words(container.logs(stdout=False)),
                    as_words(container.logs(tail=0)), len(container.logs(timestamps=True).split(b"\n")),
                    as_words(b"".join(container.logs(stream=True, follow=True, stderr=False)))]

        self.alike(act)

    def test_logs_that_are_followed(self):
        """Each line is read before the next one is written."""
        def act(way):
            client = self.client(way)
            container = self.running(client, "sh", "-c", "while read x; do echo got $x; done", stdin_open=True)
            raw = raw_socket(container.attach_socket(params={"stdin": 1, "stream": 1}))
            lines, seen = container.logs(stream=True, follow=True), []
            for word in (b"one", b"two", b"three"):
                raw.sendall(word + b"\n")
                seen.append(as_words(next(lines)))
            container.kill()
            raw.close()
            return [seen, list(lines)]

        self.assertEqual(self.alike(act)[0], ["got one\n", "got two\n", "got three\n"])

    def test_exec(self):
        def act(way):
            client = self.client(way)
            container = self.lasting(way)
            script = ["sh", "-c", "echo out; echo err >&2; exit 4"]
            plain = container.exec_run("id -u")
            demuxed = container.exec_run(script, demux=True)
            streamed = container.exec_run(["sh", "-c", "for i in 1 2 3; do echo $i; done"], stream=True)
            detached = container.exec_run("true", detach=True)
            missing = container.exec_run("no-such-command")
            there = container.exec_run(["sh", "-c", "echo $A; pwd; id -g"], environment={"A": "b"}, workdir="/tmp",
                                       user="1000:1000", tty=True)
            return [plain.exit_code, as_words(plain.output), demuxed.exit_code, list(map(as_words, demuxed.output)),
                    as_words(b"".join(streamed.output)), streamed.exit_code, str(detached.output or ""),
                    missing.exit_code, as_words(missing.output), there.exit_code, as_words(there.output)]

        seen = self.alike(act)
        self.assertEqual(seen[:4], [0, "1000\n", 4, ["out\n", "err\n"]])

    def test_exec_socket(self):
        def act(way):
            client = self.client(way)
            container = self.lasting(way)
            exec_id = client.api.exec_create(container.id, ["sh", "-c", "wc -c; echo end >&2"], stdin=True)["Id"]
            stream = client.api.exec_start(exec_id, socket=True)
            raw = raw_socket(stream)
            raw.sendall(b"y" * 200000)
            raw.shutdown(socket.SHUT_WR)
            frames = [demux_adaptor(*frame) for frame in frames_iter(stream, tty=False)]
            stream.close()
            state = client.api.exec_inspect(exec_id)
            return [as_words(b"".join(out or b"" for out, _ in frames)),
                    as_words(b"".join(err or b"" for _, err in frames)),
                    state["ExitCode"], state["Running"], state["ProcessConfig"]]

        self.assertEqual(self.alike(act)[:4], ["200000\n", "end\n", 0, False])

    def test_a_privileged_exec(self):
        def act(way):
            return self.lasting(way).exec_run("true", privileged=True).exit_code

        self.alike(act, {each: "privileged" for each in ("baseline", "restricted")})

    def test_stats(self):
        def act(way):
            container = self.lasting(way)
            once = container.stats(stream=False)
            stream = container.stats(stream=True, decode=True)
            both = [next(stream), next(stream)]
            stream.close()
            return [sorted(once), [sorted(each) for each in both], once["pids_stats"].get("current"),
                    once["name"], sorted(once["memory_stats"])]

        self.alike(act)

    def test_events(self):
        """A stream that is opened before something happens, and one about the past."""
        def act(way):
            client, name = self.client(way), self.name()
            live = client.events(decode=True, since=int(time.time()) - 1, filters={"container": name, "type": "container"})
            self.client("straight").containers.run(USER_IMAGE, ["sh", "-c", "exit 2"], detach=True, name=name,
                                                   **QUIET).wait()
            seen = []
            while not seen or seen[-1]["Action"] != "die":
                seen.append(next(live))
            live.close()
            past = client.events(decode=True, since=seen[0]["time"] - 1, until=seen[-1]["time"] + 1,
                                 filters={"container": name, "event": ["create", "die"]})
            return [[each["Action"] for each in seen], seen[-1]["Actor"]["Attributes"]["exitCode"],
                    [each["Action"] for each in past]]

        self.assertEqual(self.alike(act), [["create", "start", "die"], "2", ["create", "die"]])

    def test_many_requests_after_streams_that_were_left(self):
        """docker-py keeps connections; those with a stream that nobody reads on must not spoil the others."""
        def act(way):
            client = self.client(way)
            container = self.lasting(way)
            for _ in range(5):
                stream = client.api.stats(container.id, stream=True, decode=True)
                next(stream)
                stream.close()
                client.events(decode=True).close()
            for _ in range(50):
                container.reload()
            return [container.status, client.ping()]

        self.assertEqual(self.alike(act), ["running", True])


class FilesTest(DockerPyTest):
    def test_archives(self):
        data = os.urandom(1 << 20)

        def act(way):
            container = self.running(self.client(way))
            put = container.put_archive("/tmp", tar_of(first=data, second=b"two"))
            chunks, stat = container.get_archive("/tmp/first")
            with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
                same = archive.extractfile("first").read() == data
            return [put, same, {key: stat[key] for key in ("name", "size", "mode", "linkTarget")},
                    sorted(container.diff() or [], key=str)]

        self.assertEqual(self.alike(act)[:2], [True, True])

    def test_a_path_that_does_not_exist(self):
        def act(way):
            return list(self.lasting(way).get_archive("/no/such")[1])

        self.assertEqual(self.alike(act)["status"], 404)

    def test_export_and_top(self):
        def act(way):
            container = self.lasting(way)
            exported = b"".join(container.export())
            with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
                names = sorted(archive.getnames())
            top = container.top()
            return [names, top["Titles"], [row[-1] for row in top["Processes"]]]

        self.alike(act)


class ImagesTest(DockerPyTest):
    DOCKERFILE = ("FROM %s\nARG WHAT=nothing\nCOPY file /file\nRUN echo built $WHAT && wc -c </file && sleep 1\nUSER 1000:1000\n"
                  % IMAGE).encode()

    def test_a_build(self):
        def act(way):
            tag = self.name() + ":1"
            self.will_make("image", tag)
            _, log = self.client(way).images.build(
                fileobj=io.BytesIO(tar_of(Dockerfile=self.DOCKERFILE, file=b"x" * 100000)), custom_context=True,
                tag=tag, buildargs={"WHAT": "it"}, nocache=True, rm=True, labels={LABEL[1].split("=")[0]: "1"},
                network_mode="none")
            text = "".join(line.get("stream", "") for line in log)
            return [text.replace(tag, "TAG"), as_words(self.client(way).containers.run(
                tag, "id -u", remove=True, name=self.name(), **QUIET))]

        seen = self.alike(act)
        self.assertIn("built it\n100000\n", seen[0])
        self.assertEqual(seen[1], "1000\n")

    def test_a_build_that_fails(self):
        def act(way):
            try:
                self.client(way).images.build(fileobj=io.BytesIO(b"FROM %s\nRUN exit 3\n" % IMAGE.encode()), forcerm=True,
                                              nocache=True, network_mode="none", labels={"e2e": "1"})
            except docker.errors.BuildError as error:
                return [str(error), [line.get("stream") or line.get("error") for line in error.build_log]]

        self.assertIn("returned a non-zero code: 3", self.alike(act)[0])

    def test_a_build_with_the_hosts_network(self):
        def act(way):
            lines = self.client(way).api.build(fileobj=io.BytesIO(b"FROM %s\nLABEL e2e=1\n" % IMAGE.encode()),
                                               network_mode="host", decode=True, forcerm=True)
            return [line.get("stream") for line in lines if "stream" in line and "cache" not in line["stream"]][-1:]

        self.alike(act, {each: "host_network" for each in ("baseline", "restricted")})

    def test_save_load_tag_history_remove(self):
        def act(way):
            client, tag = self.client(way), self.name() + ":1"
            self.will_make("image", tag)
            image = client.images.get(IMAGE)
            image.tag(tag)
            saved = b"".join(client.images.get(tag).save(named=tag))
            client.images.remove(tag)
            loaded = client.images.load(saved)
            tags = [tag in each.tags for each in loaded]
            history = [each["CreatedBy"] for each in image.history()]
            listed = [each.tags for each in client.images.list(name=tag.split(":", maxsplit=1)[0])]
            client.images.remove(tag, force=True)
            return [tags, history, len(saved) > 1 << 20, [[each == tag for each in tags] for tags in listed].count([]),
                    errors_as_values(lambda _: client.images.get(tag).id)(way)["status"]]

        self.assertEqual(self.alike(act)[0], [True])

    def test_commit(self):
        def act(way):
            repository = self.name()
            self.will_make("image", repository + ":1")
            image = self.running(self.client(way)).commit(repository, "1", changes=["ENV A=b"], message="m")
            return image.attrs["Config"]["Env"]

        self.assertIn("A=b", self.alike(act))

    def test_pull_from_nowhere(self):
        def act(way):
            return self.client(way).images.pull("127.0.0.1:1/e2e-missing", tag="1").id

        self.assertEqual(self.alike(act)["status"], 500)

    def test_prune(self):
        def act(way):
            return self.client(way).images.prune(filters={"label": "e2e-no-such-label"})

        self.alike(act, {each: "operation images.prune is not allowed" for each in ("baseline", "restricted")},
                   at_once=False)  # the engine does one prune at a time


class ObjectsTest(DockerPyTest):
    def test_volumes_and_networks(self):
        def act(way):
            client = self.client(way)
            names = [self.name(), self.name()]
            self.will_make("volume", names[0])
            self.will_make("network", names[1])
            volume = client.volumes.create(names[0], labels={"a": "b"})
            network = client.networks.create(names[1], driver="bridge", labels={"c": "d"}, internal=True)
            container = self.running(client, mounts=[docker.types.Mount("/data", names[0])])
            client.networks.get("none").disconnect(container)
            network.connect(container, aliases=["other"])
            network.reload()
            held = [len(network.containers), container.exec_run("ls -d /data").exit_code]
            network.disconnect(container, force=True)
            in_use = errors_as_values(lambda _: volume.remove())(way)["status"]
            container.remove(force=True, v=True)
            listed = [[each.name == names[0] for each in client.volumes.list(filters={"name": names[0]})],
                      [each.name == names[1] for each in client.networks.list(names=[names[1]])]]
            shown = [volume.attrs["Labels"], volume.attrs["Driver"], network.attrs["Labels"], network.attrs["Internal"]]
            volume.remove()
            network.remove()
            return [held, in_use, listed, shown]

        self.assertEqual(self.alike(act)[0], [1, 0])

    def test_a_volume_that_is_a_path_of_the_host(self):
        def act(way):
            name = self.name()
            self.will_make("volume", name)
            made = self.client(way).volumes.create(name, driver_opts={"type": "none", "o": "bind", "device": "/etc"})
            return made.attrs["Options"]

        self.alike(act, {each: "host_path_mount" for each in ("baseline", "restricted")})

    def test_what_the_engine_says_of_itself(self):
        def act(way):
            client = self.client(way)
            info = client.info()
            return [client.ping(), client.version(), client.api.version(api_version=False)["ApiVersion"],
                    {key: info[key] for key in ("ID", "ServerVersion", "Driver", "SecurityOptions", "Swarm", "Name")},
                    sorted(info), sorted(client.df())]

        self.alike(act, at_once=False)  # the engine measures its disk for one at a time

    def test_swarm_and_plugins(self):
        def act(way):
            client = self.client(way)
            return [errors_as_values(lambda _, call=call: call())(way) for call in
                    (client.services.list, client.nodes.list, client.plugins.list)]

        self.alike(act, {each: "operation services.list is not allowed" for each in ("baseline", "restricted")})

    def test_listing(self):
        client = self.client("straight")
        container = self.running(client, labels={"who": "e2e-py"})

        def act(way):
            client = self.client(way)
            found = client.containers.list(all=True, filters={"label": "who=e2e-py", "status": "running"})
            return [[each.id for each in found] == [container.id],
                    client.api.inspect_container(container.id) == self.client("straight").api.inspect_container(
                        container.id), sorted(client.api.containers(quiet=True, limit=1)[0])]

        self.assertEqual(self.alike(act)[:2], [[True][0], True])


def as_words(data):
    return None if data is None else data.decode()


def raw_socket(stream):
    """What docker-py gives as a socket is one, or wraps it, by its version."""
    return getattr(stream, "_sock", stream)


if __name__ == "__main__":
    unittest.main()
