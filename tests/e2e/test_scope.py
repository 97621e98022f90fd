"""Two owners on one engine: what one of them makes, the other cannot see, use, stop or remove,
by whichever name, and nobody can give things to somebody else.

What somebody else's answers is compared with what isn't there at all: it has to be the same.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from live import IMAGE, LABEL, POLICIES, LiveTest, Sockade, docker_environment, normalised

PRUNES = ["containers.prune", "networks.prune", "volumes.prune", "images.prune"]
MAKES = ["@ci", "containers.commit", "images.push", "images.import"]

for owner in ("a", "b"):
    POLICIES["scope-" + owner] = {
        "base": "baseline", "allow": MAKES + PRUNES,
        "rules": {"namespace_sharing": "off", "volumes_from": "off"},
        "scope": {"own": True, "owner": "e2e-" + owner, "image_names": ["e2e-*"]}}
POLICIES["scope-shared"] = dict(POLICIES["scope-a"], scope={"own": True, "owner": "e2e-c", "images": "shared"})
POLICIES["scope-project"] = {"base": "baseline", "scope": {"compose_project": "e2e-project"}}
POLICIES["scope-rest"] = {"base": "baseline", "allow": MAKES + PRUNES,
                          "scope": {"exclude": {"labels": {"e2e-tier": "infra"}, "compose_project": ["e2e-ops"],
                                                "names": ["e2e-hidden-*"]}}}
POLICIES["hiding"] = {"base": "restricted", "redact": {"env": "secrets", "mounts": "host_paths"}}


def words(output, name):
    """Without what the CLI says of itself when an upload is cut off."""
    lines = [line for line in output.splitlines() if not line.startswith("time=")]
    return re.sub(r"request \w+", "", "\n".join(lines).replace(name, "NAME"))


class ScopeTest(LiveTest):
    policies = ("scope-a", "scope-b", "scope-shared", "scope-project", "hiding")

    def make(self, way, *options, image=IMAGE, network="none"):
        name = self.name()
        self.docker(way, "run", "-d", "--init", "--network", network, "--name", name, *options, image, "sleep", "600",
                    check=True)
        return name

    def thing(self, way, kind, *options):
        """A volume or network made through `way`."""
        name = self.name()
        self.addCleanup(self.docker, "straight", kind, "rm", name)
        self.docker(way, kind, "create", *options, name, check=True)
        return name

    def inspect(self, name, form):
        return self.docker("straight", "inspect", "-f", form, name, check=True).stdout.strip()

    def names_of(self, name):
        identity = self.inspect(name, "{{.Id}}")
        return name, identity, identity[:12], identity[:6]

    def assert_hidden(self, way, *arguments, name):
        """Fails with the very words that it has for something that does not exist."""
        absent = re.sub("[0-9a-z]", "x", name)
        hidden = self.docker(way, *arguments)
        missing = self.docker(way, *(str(part).replace(name, absent) for part in arguments))
        self.assertEqual(hidden.returncode, missing.returncode, arguments)
        self.assertEqual(words(hidden.stderr, name), words(missing.stderr, absent), arguments)
        self.assertIn("Error", hidden.stderr, arguments)  # rm -f says so and exits with 0



class ForeignTest(LiveTest):
    """Policies of one file: the labels of an image put no container into somebody else's scope."""

    policies = ()

    def serve(self, policies):
        listen = [{"socket": str(self.directory / name), "policy": name} for name in policies]
        config = self.directory / "sockade.yaml"
        config.write_text(json.dumps({"version": 1, "daemon": {"socket": self.straight}, "listen": listen,
                                      "policies": policies}))
        sockade = Sockade(self.directory, ["serve", "--config", config, "--audit", self.directory / "audit.log"])
        self.addCleanup(sockade.stop)
        for name in policies:
            sockade.wait_ready(self.directory / name)
            self.ways[name] = str(self.directory / name)

    def test_an_images_labels_put_nothing_into_a_scope(self):
        self.serve({"tenant": {"base": "baseline", "scope": {"own": True, "owner": "e2e-tenant"}},
                    "web": {"base": "baseline", "scope": {"compose_project": "e2e-web"}},
                    "plain": {"base": "baseline"}, "all": {"base": "open"},
                    "other": {"base": "baseline", "scope": {"own": True, "owner": "e2e-other"}}})
        self.will_make("image", "e2e-planted")
        self.docker("straight", "build", "-q", "-t", "e2e-planted", "-", check=True, input=b"FROM %s\nLABEL "
                    b"io.sockade.owner=e2e-tenant com.docker.compose.project=e2e-web a=b\n" % IMAGE.encode())
        for way in ("plain", "all", "other"):
            name = self.name()
            self.docker(way, "run", "-d", "--init", "--network", "none", "--name", name, "e2e-planted", "sleep", "600",
                        check=True)
            for scope in ("tenant", "web"):
                with self.subTest(way=way, scope=scope):
                    self.assertNotIn(name, self.docker(scope, "ps", "-a", check=True).stdout)
                    self.assertIn("No such container", self.docker(scope, "exec", name, "true").stderr)
            labels = self.docker("straight", "inspect", "-f", "{{json .Config.Labels}}", name, check=True).stdout
            self.assertEqual(json.loads(labels)["a"], "b", "other labels are the image's")
        mine = self.name()
        self.docker("tenant", "run", "-d", "--init", "--network", "none", "--name", mine, "e2e-planted", "sleep", "600",
                    check=True)
        self.assertIn(mine, self.docker("tenant", "ps", check=True).stdout)


class ContainerTest(ScopeTest):
    def test_another_owners_container_is_not_there(self):
        theirs = self.make("scope-b")
        for name in self.names_of(theirs):
            for arguments in (("container", "inspect", name), ("stop", name), ("kill", name), ("rm", "-f", name),
                              ("exec", name, "id"), ("attach", "--no-stdin", name), ("logs", name), ("top", name),
                              ("stats", "--no-stream", name), ("diff", name), ("pause", name), ("restart", name),
                              ("rename", name, "e2e-mine"), ("update", "--memory", "64m", name), ("wait", name),
                              ("export", "-o", self.directory / "stolen.tar", name), ("commit", name, "e2e-stolen"),
                              ("cp", name + ":/etc/passwd", "-"), ("cp", __file__, name + ":/tmp")):
                with self.subTest(arguments=arguments):
                    self.assert_hidden("scope-a", *arguments, name=name)
        self.assertEqual(self.inspect(theirs, "{{.State.Running}} {{.State.Paused}}"), "true false")

    def test_its_owner_notices_nothing(self):
        own = self.make("scope-a")
        for arguments in (("container", "inspect", own), ("exec", own, "id"), ("logs", own), ("top", own),
                          ("cp", own + ":/etc/passwd", "-"), ("rename", own, own + "x"), ("rename", own + "x", own),
                          ("pause", own), ("unpause", own), ("restart", "-t", "0", own), ("stop", "-t", "0", own),
                          ("start", own), ("rm", "-f", own)):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.docker("scope-a", *arguments, text=False).returncode, 0)

    def test_an_exec_of_another_owner_is_not_there(self):
        theirs = self.make("scope-b")
        made = self.api("scope-b", "POST", "/v1.41/containers/%s/exec" % theirs, {"Cmd": ["id"]})
        self.assertEqual(made.status, 201)
        exec_id = json.loads(made.body)["Id"]
        for method, target, body in (("GET", "json", None), ("POST", "start", {"Detach": True}),
                                     ("POST", "resize?h=1&w=1", None)):
            answer = self.api("scope-a", method, "/v1.41/exec/%s/%s" % (exec_id, target), body)
            self.assertEqual(answer.status, 404, target)
            self.assertEqual(json.loads(answer.body), {"message": "No such exec instance: " + exec_id})
        self.assertEqual(self.api("scope-b", "GET", "/v1.41/exec/%s/json" % exec_id).status, 200)

    def test_nobody_joins_another_owners_container(self):
        theirs = self.make("scope-b")
        for options in (("--pid", "container:" + theirs), ("--network", "container:" + theirs),
                        ("--ipc", "container:" + theirs), ("--volumes-from", theirs), ("--link", theirs + ":db")):
            with self.subTest(options=options):
                done = self.docker("scope-a", "run", "--rm", *options, IMAGE, "true")
                self.assertEqual(done.returncode, 125)
                self.assertIn("- scope: ", done.stderr)
                self.assertIn("is not in the scope", done.stderr)

    def test_an_owner_joins_its_own(self):
        own = self.make("scope-a", "-v", "/data")
        done = self.docker("scope-a", "run", "--rm", "--pid", "container:" + own, "--network", "container:" + own,
                           "--volumes-from", own, IMAGE, "ls", "-d", "/data")
        self.assertEqual((done.returncode, done.stdout), (0, "/data\n"), done.stderr)

    def test_the_label_cannot_be_claimed(self):
        for label in ("io.sockade.owner=e2e-b", "IO.SOCKADE.OWNER=e2e-b", "io.sockade.owner="):
            done = self.docker("scope-a", "create", "--label", label, "--name", self.name(), IMAGE)
            self.assertEqual(done.returncode, 1, label)
            self.assertIn("marks the owner of an object", done.stderr)
        name = self.name()
        self.docker("scope-a", "create", "--label", "io.sockade.owner=e2e-a", "--name", name, IMAGE, check=True)
        self.assertEqual(self.inspect(name, '{{index .Config.Labels "io.sockade.owner"}}'), "e2e-a")


class NetworkTest(ScopeTest):
    def test_another_owners_network_is_not_there(self):
        theirs = self.thing("scope-b", "network", "--internal")
        own = self.make("scope-a")
        identity = self.docker("straight", "network", "inspect", "-f", "{{.Id}}", theirs, check=True).stdout.strip()
        for name in (theirs, identity, identity[:12]):
            for arguments in (("network", "inspect", name), ("network", "rm", name),
                              ("network", "connect", name, own), ("network", "disconnect", name, own),
                              ("run", "--rm", "--network", name, IMAGE, "true")):
                with self.subTest(arguments=arguments):
                    self.assert_hidden("scope-a", *arguments, name=name)
        self.docker("scope-b", "network", "inspect", theirs, check=True)

    def test_nobody_puts_another_owners_container_into_a_network(self):
        own = self.thing("scope-a", "network", "--internal")
        theirs = self.make("scope-b")
        self.assert_hidden("scope-a", "network", "connect", own, theirs, name=theirs)
        self.assert_hidden("scope-a", "network", "disconnect", "bridge", theirs, name=theirs)

    def test_a_network_that_changed_hands_is_not_joined_by_a_start(self):
        name = self.thing("scope-a", "network", "--internal")
        container = self.name()
        self.docker("scope-a", "create", "--network", name, "--name", container, IMAGE, "sleep", "600", check=True)
        self.docker("scope-a", "network", "rm", name, check=True)
        self.docker("scope-b", "network", "create", "--internal", name, check=True)
        done = self.docker("scope-a", "start", container)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not in the scope", done.stderr)
        self.docker("straight", "start", container, check=True)  # the engine would have
        self.assertIn(name, self.inspect(container, "{{json .NetworkSettings.Networks}}"))

    def test_the_bridge_does_not_show_who_is_in_it(self):
        theirs = self.make("scope-b", network="bridge")
        self.assertIn(theirs, self.docker("straight", "network", "inspect", "bridge").stdout)
        shown = self.docker("scope-a", "network", "inspect", "bridge", check=True).stdout
        self.assertNotIn(theirs, shown)
        self.assertEqual(json.loads(shown)[0]["Containers"], {})

    def test_names_are_taken_once(self):
        theirs = self.thing("scope-b", "network", "--internal")
        done = self.docker("scope-a", "network", "create", theirs)
        self.assertEqual(done.returncode, 1)
        self.assertIn("network with name %s already exists" % theirs, done.stderr)


class VolumeTest(ScopeTest):
    def test_another_owners_volume_is_not_there(self):
        theirs = self.thing("scope-b", "volume")
        for arguments in (("volume", "inspect", theirs), ("volume", "rm", theirs)):
            with self.subTest(arguments=arguments):
                self.assert_hidden("scope-a", *arguments, name=theirs)
        for options in (("-v", theirs + ":/x"), ("--mount", "type=volume,source=%s,target=/x" % theirs)):
            done = self.docker("scope-a", "run", "--rm", *options, IMAGE, "true")
            self.assertEqual(done.returncode, 125, options)
            self.assertIn("is not in the scope", done.stderr)
        done = self.docker("scope-a", "volume", "create", theirs)
        self.assertIn("volume name must be unique", done.stderr)
        self.docker("scope-b", "volume", "inspect", theirs, check=True)

    def test_volumes_that_come_with_a_container_have_its_owner(self):
        image = self.name()
        self.addCleanup(self.docker, "straight", "rmi", "-f", image)
        self.docker("scope-a", "build", "-q", *LABEL, "-t", image, "-", check=True,
                    input=b"FROM %s\nVOLUME /image\n" % IMAGE.encode())
        volume = self.name()
        self.addCleanup(self.docker, "straight", "volume", "rm", "-f", volume)
        name = self.make("scope-a", "-v", volume + ":/named", "-v", "/anonymous", "-v", volume + ":/again:ro,nocopy",
                         image=image)
        mounts = {mount["Destination"]: mount for mount in json.loads(self.inspect(name, "{{json .Mounts}}"))}
        self.assertEqual(set(mounts), {"/named", "/anonymous", "/again", "/image"})
        self.assertEqual((mounts["/named"]["Name"], mounts["/named"]["RW"], mounts["/again"]["RW"]),
                         (volume, True, False))
        for mount in mounts.values():
            label = self.docker("straight", "volume", "inspect", "-f", '{{index .Labels "io.sockade.owner"}}',
                                mount["Name"], check=True).stdout.strip()
            self.assertEqual(label, "e2e-a", mount["Destination"])
        self.docker("scope-a", "rm", "-fv", name, check=True)
        left = self.docker("straight", "volume", "ls", "-q", check=True).stdout.split()
        self.assertIn(volume, left)  # as without sockade: named ones stay, anonymous ones go
        self.assertNotIn(mounts["/anonymous"]["Name"], left)
        self.assertNotIn(mounts["/image"]["Name"], left)


class ListTest(ScopeTest):
    def test_lists_hold_what_is_ones_own(self):
        for kind, way_to_list in (("container", ("ps", "-aq", "--no-trunc")), ("volume", ("volume", "ls", "-q")),
                                  ("network", ("network", "ls", "-q", "--no-trunc"))):
            ids = {}
            for owner in ("scope-a", "scope-b"):
                name = self.make(owner) if kind == "container" else self.thing(owner, kind)
                ids[owner] = name if kind == "volume" else self.docker(
                    "straight", kind, "inspect", "-f", "{{.Id}}", name, check=True).stdout.strip()
            seen = self.docker("scope-a", *way_to_list, check=True).stdout.split()
            self.assertIn(ids["scope-a"], seen)
            self.assertNotIn(ids["scope-b"], seen)

    def test_filters_are_added_to_and_do_not_lead_out(self):
        own = self.make("scope-a", "--label", "e2e.x=1")
        theirs = self.make("scope-b", "--label", "e2e.x=1")
        seen = self.docker("scope-a", "ps", "--format", "{{.Names}}", "--filter", "label=e2e.x=1", check=True).stdout
        self.assertEqual(seen.split(), [own])
        seen = self.docker("scope-a", "ps", "-q", "--filter", "label=io.sockade.owner=e2e-b", check=True).stdout
        self.assertEqual(seen, "")
        self.assert_hidden("scope-a", "ps", "-q", "--filter", "since=" + theirs, name=theirs)

    def test_events_are_ones_own(self):
        own = self.make("scope-a")
        theirs = self.make("scope-b")
        # Until a second from now: the CLI counts whole ones.
        seen = self.docker("scope-a", "events", "--since", "600s", "--until", "-1s", check=True).stdout
        self.assertIn(own, seen)
        self.assertNotIn(theirs, seen)

    def test_prunes_take_what_is_ones_own(self):
        made = {}
        for owner in ("scope-a", "scope-b"):
            container = self.name()
            self.docker(owner, "create", "--name", container, IMAGE, check=True)
            made[owner] = (container, self.thing(owner, "network", "--internal"), self.thing(owner, "volume"))
        for kind in ("container", "network", "volume"):
            self.docker("scope-a", kind, "prune", "-f", check=True)
        for kind, own, theirs in zip(("container", "network", "volume"), made["scope-a"], made["scope-b"]):
            self.assertNotEqual(self.docker("straight", kind, "inspect", own).returncode, 0, kind)
            self.assertEqual(self.docker("straight", kind, "inspect", theirs).returncode, 0, kind)


class ImageTest(ScopeTest):
    def built(self, way, *lines):
        name = self.name() + ":latest"
        self.addCleanup(self.docker, "straight", "rmi", "-f", name)
        self.docker(way, "build", "-q", *LABEL, "-t", name, "-", check=True,
                    input="\n".join(("FROM " + IMAGE, *lines, "")).encode())
        return name

    def owner_of(self, image):
        return self.inspect(image, '{{index .Config.Labels "io.sockade.owner"}}')

    def test_a_build_carries_its_owner_whatever_the_dockerfile_says(self):
        image = self.built("scope-a", "LABEL io.sockade.owner=e2e-b", "ARG K=io.sockade.owner", "LABEL $K=e2e-b")
        self.assertEqual(self.owner_of(image), "e2e-a")
        done = self.docker("scope-a", "build", "-q", "--label", "io.sockade.owner=e2e-b", "-",
                           input=b"FROM %s\n" % IMAGE.encode())
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("marks the owner of an object", done.stderr)

    def test_a_commit_carries_its_owner_whatever_the_changes_say(self):
        own = self.make("scope-a")
        self.docker("scope-a", "stop", "-t", "0", own, check=True)  # others may join its namespaces
        image = self.name()
        self.addCleanup(self.docker, "straight", "rmi", "-f", image)
        self.docker("scope-a", "stop", "-t", "0", own, check=True)  # others may join its namespaces: live_tree
        self.docker("scope-a", "commit", "-c", "ENV K=io.sockade", "-c", "LABEL ${K}.owner=e2e-b", own, image,
                    check=True)
        self.assertEqual(self.owner_of(image), "e2e-a")
        for change in ("LABEL io.sockade.owner=e2e-b", "CMD a \\", "CMD a\nLABEL b=c"):
            done = self.docker("scope-a", "commit", "-c", change, own, image)
            self.assertNotEqual(done.returncode, 0, change)
            self.assertIn("- scope: ", done.stderr)

    def test_a_build_takes_no_steps_of_others_and_its_own(self):
        """The engine's cache goes by a step's words, whatever hosts it was run with."""
        line, names = "RUN cat /etc/hosts > /seen", {}
        for way, options in (("scope-a", ("--add-host", "planted:192.0.2.9")), ("scope-b", ()), ("scope-b", ())):
            name = names.setdefault(way, self.name() + ":latest")
            self.addCleanup(self.docker, "straight", "rmi", "-f", name)
            done = self.docker(way, "build", "--network", "none", *LABEL, *options, "-t", name, "-", check=True,
                               input=("FROM %s\n%s\n" % (IMAGE, line)).encode())
        seen = self.docker("scope-b", "run", "--rm", "--network", "none", name, "cat", "/seen", check=True).stdout
        self.assertNotIn("planted", seen)
        self.assertIn("Using cache", done.stdout)
        seen = self.docker("straight", "run", "--rm", "--network", "none", names["scope-a"], "cat", "/seen",
                           check=True).stdout
        self.assertIn("planted", seen)

    def test_images_are_run_by_all_and_changed_by_their_owner(self):
        image = self.built("scope-a")
        self.docker("scope-b", "run", "--rm", "--network", "none", image, "true", check=True)
        labels = self.docker("scope-b", "inspect", "-f", "{{json .Config.Labels}}", image, check=True).stdout
        self.assertNotIn("io.sockade.owner", labels)
        for arguments in (("rmi", image), ("save", "-o", self.directory / "stolen.tar", image), ("push", image),
                          ("tag", IMAGE, image)):
            done = self.docker("scope-b", *arguments)
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertIn("scope", done.stderr)
        self.docker("scope-a", "save", "-o", self.directory / "image.tar", image, check=True)
        self.docker("scope-a", "rmi", image, check=True)

    def test_a_container_from_another_owners_image_is_its_makers(self):
        image = self.built("scope-a")
        name = self.make("scope-b", image=image)
        self.assertEqual(self.inspect(name, '{{index .Config.Labels "io.sockade.owner"}}'), "e2e-b")

    def test_a_name_that_everybody_uses_cannot_be_taken(self):
        done = self.docker("scope-a", "build", "-q", "-t", IMAGE, "-", input=b"FROM %s\n" % IMAGE.encode())
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("would lose its name", done.stderr)

    def test_names_are_ones_own_before_anybody_has_pulled_them(self):
        for way in ("scope-b", "scope-shared"):
            for command in (("tag", IMAGE, "node:e2e"), ("build", "-q", "-t", "team/e2e", "-"),
                            ("import", "/dev/null", "registry.example.org/e2e")):
                done = self.docker(way, *command, input=b"FROM %s\n" % IMAGE.encode())
                self.assertNotEqual(done.returncode, 0, command)
                self.assertIn("a name that a registry may have an image for", done.stderr)
        own = "e2e-c/%s:1" % self.name()
        self.addCleanup(self.docker, "straight", "rmi", "-f", own)
        self.docker("scope-shared", "tag", IMAGE, own, check=True)

    def test_shared_images_are_for_using(self):
        image = self.built("scope-a")
        for arguments in (("rmi", image), ("rmi", IMAGE), ("tag", IMAGE, image)):
            done = self.docker("scope-shared", *arguments)
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertIn("scope", done.stderr)
        self.docker("scope-shared", "save", "-o", self.directory / "image.tar", image, check=True)
        self.docker("scope-shared", "run", "--rm", "--network", "none", image, "true", check=True)


class HidingTest(ScopeTest):
    def test_secrets_are_hidden_and_paths_of_programs_are_not(self):
        name = self.make("straight", "-e", "DB_PASSWORD=hunter2", "-e", "URL=http://u:hunter2@h/", "-e", "MODE=fast",
                         "-e", "PATH=/bin",
                         "-v", "%s:/data:ro" % self.directory)
        shown = self.docker("hiding", "inspect", name, check=True).stdout
        self.assertNotIn("hunter2", shown)
        self.assertNotIn('"%s' % self.directory, shown)
        config = json.loads(shown)[0]
        self.assertIn("DB_PASSWORD=<redacted>", config["Config"]["Env"])
        self.assertIn("URL=<redacted>", config["Config"]["Env"])
        self.assertIn("MODE=fast", config["Config"]["Env"])
        self.assertIn("PATH=/bin", config["Config"]["Env"])
        self.assertEqual(config["HostConfig"]["Binds"], ["<redacted>:/data:ro"])
        self.assertEqual(config["Mounts"][0]["Source"], "<redacted>")
        listed = self.api("hiding", "GET", "/v1.41/containers/json")
        self.assertNotIn(str(self.directory).encode(), listed.body)

    def test_ones_own_is_shown(self):
        name = self.make("scope-a", "-e", "DB_PASSWORD=hunter2")
        self.assertIn("hunter2", self.docker("scope-a", "inspect", name, check=True).stdout)


class ExcludeTest(ScopeTest):
    policies = ("scope-rest",)

    def test_what_is_excluded_is_not_there(self):
        shown = self.make("scope-rest")
        label = self.make("straight", "--label", "e2e-tier=infra")
        project = self.make("straight", "--label", "com.docker.compose.project=e2e-ops")
        name = "e2e-hidden-" + self.name()
        self.will_make("container", name)
        self.docker("straight", "run", "-d", "--init", "--network", "none", "--name", name, IMAGE, "sleep", "600", check=True)
        self.thing("straight", "volume", "--label", "e2e-tier=infra")
        listed = self.docker("scope-rest", "ps", "-a", "--format", "{{.Names}}", check=True).stdout.split()
        self.assertIn(shown, listed)
        for hidden in (label, project, name):
            self.assertNotIn(hidden, listed)
            for called in self.names_of(hidden)[:3]:
                for command in (["inspect", "--type", "container"], ["logs"], ["exec"], ["rm", "-f"], ["top"], ["start"]):
                    self.assert_hidden("scope-rest", *command, called, *(["true"] if command == ["exec"] else []),
                                       name=called)
            self.assertEqual(self.docker("scope-rest", "run", "--rm", "--network", "container:" + hidden, IMAGE,
                                         "true").returncode, 125)
        self.assertEqual(self.docker("scope-rest", "exec", shown, "echo", "hello", check=True).stdout, "hello\n")
        self.assertEqual(self.docker("scope-rest", "volume", "ls", "-q", "--filter", "label=e2e-tier", check=True).stdout, "")
        self.assertIn("cannot leave out", self.docker("scope-rest", "container", "prune", "-f").stderr)

    def test_its_events_are_not_shown(self):
        since = self.docker("straight", "info", "--format", "{{.SystemTime}}", check=True).stdout.strip()
        shown = self.make("scope-rest")
        hidden = self.make("straight", "--label", "e2e-tier=infra")
        # The end is a whole second, which must not lie before the beginning: the next but one.
        seen = self.docker("scope-rest", "events", "--since", since, "--until", str(int(time.time()) + 2), "--format", "{{.Actor.Attributes.name}}",
                           check=True).stdout.split()
        self.assertIn(shown, seen)
        self.assertNotIn(hidden, seen)


@unittest.skipUnless(shutil.which("docker-compose"), "there is no docker-compose")
class ComposeTest(ScopeTest):
    PROJECT = """
version: "2.4"
services:
  db: {image: "%(image)s", command: sleep 600, init: true, volumes: ["data:/data", "/anonymous"]}
  web: {build: ., image: "%(built)s", command: sleep 600, init: true, depends_on: [db]}
volumes: {data: {}}
networks: {default: {internal: true}}
"""

    def compose(self, way, *arguments):
        environment = docker_environment(self.ways[way])
        environment["COMPOSE_DOCKER_CLI_BUILD"] = "0"
        done = subprocess.run(["docker-compose", "-p", "e2e-project", *arguments], env=environment, check=False,
                              cwd=self.project, stdin=subprocess.DEVNULL, capture_output=True, timeout=180)
        self.assertEqual(done.returncode, 0, (arguments, done.stdout, done.stderr))
        return done.stdout.decode() + done.stderr.decode()

    def setUp(self):
        super().setUp()
        self.project = tempfile.mkdtemp(prefix="sk-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.project, ignore_errors=True)
        built = "e2e-project-" + self.name() + ":latest"  # which both scopes may give
        self.addCleanup(self.docker, "straight", "rmi", "-f", built)
        with open(os.path.join(self.project, "docker-compose.yml"), "w", encoding="utf-8") as file:
            file.write(self.PROJECT % {"image": IMAGE, "built": built})
        with open(os.path.join(self.project, "Dockerfile"), "w", encoding="utf-8") as file:
            file.write("FROM %s\nLABEL e2e=1\nVOLUME /image\n" % IMAGE)
        self.addCleanup(self.compose, "straight", "down", "-v", "-t", "0")

    def left(self, kind, *filters):
        options = ["-a"] if kind == "container" else []
        return self.docker("straight", kind, "ls", "-q", *options, "--filter",
                           "label=com.docker.compose.project=e2e-project", *filters, check=True).stdout.split()

    def test_a_project_lives_inside_an_owners_scope(self):
        self.life("scope-a")
        self.assertEqual(self.left("container"), [])

    def test_a_project_lives_inside_its_own_scope(self):
        self.life("scope-project")
        self.assertEqual(self.left("container"), [])

    def life(self, way):
        self.compose(way, "up", "-d", "--build")
        self.assertEqual(len(self.left("container")), 2)
        self.assertEqual(normalised(self.compose(way, "exec", "-T", "web", "cat", "/etc/passwd"))[:4], "root")
        self.compose(way, "up", "-d", "--force-recreate", "-t", "0")
        self.compose(way, "restart", "-t", "0")
        self.compose(way, "logs")
        self.assertEqual(self.docker("scope-b", "ps", "-q", check=True).stdout, "")
        self.compose(way, "down", "-v", "-t", "0")
        self.assertEqual(self.left("network"), [])


if __name__ == "__main__":
    unittest.main()
