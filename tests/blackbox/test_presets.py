"""The presets, as `sockade init` writes them: the requests that each tool makes pass, attacks don't.

The requests are those of the tools' sources, named beside them. What real tools do through the
presets is in tests/e2e/test_presets_live.py.
"""

import json
import subprocess
import unittest
from urllib.parse import quote

from harness import ROOT, BlackboxTest, binary
from wire import PATIENCE_S

SOCKET = "/var/run/docker.sock:/var/run/docker.sock"


def q(value):
    return quote(json.dumps(value, separators=(",", ":")), safe="")


def create(host_config=None, **config):
    return "POST /v1.41/containers/create?name=new", {"Image": "nonroot", "HostConfig": host_config or {}, **config}


# What nobody who only looks may do, and what it is refused by.
CHANGES = [
    (*create(), "operation"),
    ("POST /v1.41/containers/mine/exec", {"Cmd": ["id"]}, "operation"),
    ("POST /v1.41/containers/mine/attach?stream=1&stdin=1", None, "operation"),
    ("POST /v1.41/containers/mine/start", None, "operation"),
    ("POST /v1.41/containers/mine/stop", None, "operation"),
    ("POST /v1.41/containers/mine/kill", None, "operation"),
    ("POST /v1.41/containers/mine/update", {"Memory": 1}, "operation"),
    ("DELETE /v1.41/containers/mine?force=1", None, "operation"),
    ("GET /v1.41/containers/mine/archive?path=/etc", None, "operation"),
    ("GET /v1.41/containers/mine/export", None, "operation"),
    ("GET /v1.41/images/nonroot/get", None, "operation"),
    ("POST /v1.41/commit?container=mine", {}, "operation"),
    ("POST /v1.41/images/create?fromImage=a&tag=b", None, "operation"),
    ("POST /v1.41/images/nonroot/push?tag=a", None, "operation"),
    ("DELETE /v1.41/images/nonroot", None, "operation"),
    ("POST /v1.41/volumes/create", {"Name": "v", "DriverOpts": {"device": "/", "o": "bind"}}, "operation"),
    ("POST /v1.41/containers/prune", None, "operation"),
    ("POST /v1.41/auth", {"username": "u", "password": "p"}, "operation"),
    ("GET /v1.41/secrets", None, "operation"),
    ("GET /v1.41/configs", None, "operation"),
    ("GET /v1.41/swarm", None, "operation"),
    ("GET /v1.41/services", None, "operation"),
]
LOGS = [("GET /v1.41/containers/mine/logs?stdout=1", None, "operation")]
# portainer app/docker/models/containerCapabilities.ts: what is on when its page for a new container opens
PORTAINER_ADDS = ["SETPCAP", "MKNOD", "AUDIT_WRITE", "CHOWN", "NET_RAW", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID",
                  "SETUID", "NET_BIND_SERVICE", "SYS_CHROOT", "SETFCAP"]
# What nobody who makes containers may make.
ESCAPES = [
    (*create({"Privileged": True}), "privileged"),
    (*create({"Binds": ["/:/host"]}), "host_path_mount"),
    (*create({"Mounts": [{"Type": "bind", "Source": "/etc", "Target": "/e"}]}), "host_path_mount"),
    (*create({"Binds": ["/run:/r"]}), "docker_socket_mount"),
    (*create({"PidMode": "host"}), "host_pid"),
    (*create({"NetworkMode": "host"}), "host_network"),
    (*create({"CapAdd": ["SYS_ADMIN"]}), "added_capabilities"),
    (*create({"Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/d", "CgroupPermissions": "rwm"}]}),
     "host_devices"),
    (*create({"SecurityOpt": ["seccomp=unconfined"]}), "seccomp_profile"),
    (*create({"MaskedPaths": []}), "masked_paths"),
    ("POST /v1.41/images/nonroot/push?tag=a", None, "operation"),
    ("POST /v1.41/images/prune", None, "operation"),
    ("POST /v1.41/build/prune", None, "operation"),
    ("POST /v1.41/swarm/init", {}, "operation"),
    ("GET /v1.41/secrets", None, "operation"),
    ("POST /v1.41/plugins/pull?remote=a", [], "operation"),
    ("POST /session", None, "operation"),
]
VOLUMES = [("POST /v1.41/volumes/create", {"Name": "v", "DriverOpts": {"type": "none", "o": "bind", "device": "/"}},
            "host_path_mount")]
EXECS = [("POST /v1.41/containers/mine/exec", {"Cmd": ["id"], "Privileged": True}, "privileged")]
OTHERS = [
    ("GET /v1.41/containers/other/json", None, None),
    ("POST /v1.41/containers/other/exec", {"Cmd": ["id"]}, None),
    ("GET /v1.41/containers/other/logs?stdout=1", None, None),
    ("DELETE /v1.41/containers/other?force=1", None, None),
    (*create({"PidMode": "container:other"}), "namespace_sharing"),
    (*create({"Binds": ["othervolume:/v"]}), "scope"),
    (*create({"NetworkMode": "othernet"}), "scope"),
]
SUBSTITUTED = [(*create({"Binds": [SOCKET]}), "the filtered socket")]

PING = [("GET /_ping", None), ("HEAD /_ping", None), ("GET /v1.41/version", None)]
LIST = "GET /v1.41/containers/json"
INSPECT = "GET /v1.41/containers/mine/json"

# docker-java, CreateContainerCmdImpl: zeros are sent, absent things as null, and what has a method and no
# annotation as well.
JAVA = {"name": None, "authConfig": {"username": "u", "password": "p", "serveraddress": "https://r.example.org"},
        "PortSpecs": None, "ArgsEscaped": None, "Shell": None, "Labels": None,
        "Hostname": None, "Domainname": None, "User": None, "AttachStdin": None, "AttachStdout": None,
        "AttachStderr": None, "Tty": None, "OpenStdin": None, "StdinOnce": None, "Env": ["A=b"], "Cmd": None,
        "Healthcheck": None, "Entrypoint": None, "Image": "nonroot", "Volumes": {}, "WorkingDir": None,
        "MacAddress": None, "OnBuild": None, "NetworkDisabled": None, "ExposedPorts": {"8080/tcp": {}},
        "StopSignal": None, "StopTimeout": None, "NetworkingConfig": None}
JAVA_HOST = {"Binds": [], "LxcConf": None, "PortBindings": {"8080/tcp": [{"HostIp": "", "HostPort": ""}]},
             "PublishAllPorts": None, "Privileged": False, "Dns": None, "VolumesFrom": [], "NetworkMode": None,
             "Devices": None, "ExtraHosts": [], "AutoRemove": None, "CapAdd": None, "CapDrop": None, "ShmSize": None}
# ExecCreateCmdImpl, CreateNetworkCmdImpl, ConnectToNetworkCmdImpl.
JAVA_REST = [
    ("POST /v1.32/containers/mine/exec", {"containerId": "mine", "AttachStdout": True, "AttachStderr": True,
                                          "Cmd": ["ls"], "User": "1000:1000"}, "ExecCreate"),
    ("POST /v1.32/networks/create", {"enableIPv6": None, "Name": "mynet", "Driver": None, "IPAM": None, "Options": {},
                                     "CheckDuplicate": True, "Internal": None, "EnableIPv6": None, "Attachable": None,
                                     "Labels": {"org.testcontainers": "true"}}, "NetworkCreate"),
    ("POST /v1.32/networks/mynet/connect", {"containerConfig": {"Aliases": ["a"]}, "Container": "mine",
                                            "EndpointConfig": {"Aliases": ["a"]}}, "NetworkConnect"),
]
# GitLab Runner, executors/docker/docker.go: createContainerConfig, createHostConfig.
GITLAB = {"Image": "nonroot", "Hostname": "runner-x-project-1-concurrent-0", "Cmd": ["sh"], "Tty": False,
          "AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "OpenStdin": True, "StdinOnce": True,
          "Env": ["CI_JOB_TOKEN=x"], "User": "", "Labels": {"com.gitlab.gitlab-runner.managed": "true"},
          "HostConfig": {"Binds": ["runner-x-cache-a:/builds", SOCKET], "Privileged": False, "Memory": 0,
                         "MemorySwap": 0, "CpuShares": 0, "NanoCpus": 0, "OomKillDisable": False, "Devices": [],
                         "Dns": [], "DnsSearch": [], "Runtime": "", "CapAdd": [], "CapDrop": [],
                         "SecurityOpt": [], "ExtraHosts": [], "NetworkMode": "mynet", "IpcMode": "",
                         "RestartPolicy": {"Name": "no"}, "LogConfig": {"Type": "json-file"}, "ShmSize": 0,
                         "Links": [], "VolumesFrom": [], "Tmpfs": {}, "Sysctls": {}, "Init": False},
          "NetworkingConfig": {"EndpointsConfig": {"mynet": {"NetworkID": "mynet", "Aliases": ["build"]}}}}
# A container made anew with what the engine said of the old one.
ANEW = {
     "Image": "nonroot", "Hostname": "a1b2c3", "Env": ["DB_PASSWORD=hush"], "Labels": {"a": "b"},
     "HostConfig": {"Binds": None, "ContainerIDFile": "", "LogConfig": {"Type": "json-file", "Config": {}},
                    "NetworkMode": "mynet", "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]},
                    "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}, "AutoRemove": False,
                    "VolumeDriver": "", "VolumesFrom": None, "ConsoleSize": [0, 0], "CgroupnsMode": "private",
                    "IpcMode": "private", "Cgroup": "", "OomScoreAdj": 0, "ShmSize": 67108864,
                    "Runtime": "runc", "Isolation": "", "OomKillDisable": None, "PidsLimit": None,
                    "ReadonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                      "/proc/sysrq-trigger"]},
     "NetworkingConfig": {"EndpointsConfig": {"mynet": {
         "IPAMConfig": None, "Links": None, "Aliases": ["web"], "NetworkID": "n" * 64, "EndpointID": "e" * 64,
         "Gateway": "172.18.0.1", "IPAddress": "172.18.0.2", "IPPrefixLen": 16, "IPv6Gateway": "",
         "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "MacAddress": "02:42:ac:12:00:02",
         "DriverOpts": None}}}}
RUNS = [
    ("POST /v1.41/images/create?fromImage=nonroot&tag=latest", None, "ImagePull"),
    ("GET /v1.41/images/nonroot/json", None, "ImageInspect"),
    ("POST /v1.41/containers/mine/start", None, "ContainerStart"),
    (LIST + "?all=1&filters=" + q({"label": {"a=b": True}}), None, "ContainerList"),
    (INSPECT, None, "ContainerInspect"),
    ("GET /v1.41/containers/mine/logs?follow=1&stdout=1&stderr=1&timestamps=1", None, "ContainerLogs"),
    ("POST /v1.41/containers/mine/wait?condition=next-exit", None, "ContainerWait"),
    ("POST /v1.41/containers/mine/stop?t=1", None, "ContainerStop"),
    ("POST /v1.41/containers/mine/kill?signal=KILL", None, "ContainerKill"),
    ("DELETE /v1.41/containers/mine?force=1&v=1", None, "ContainerRemove"),
]
NETWORKS = [
    ("POST /v1.41/networks/create", {"Name": "mynet", "CheckDuplicate": True, "Driver": "bridge", "Labels": {"a": "b"},
                                     "EnableIPv6": False, "IPAM": None, "Internal": False, "Options": None},
     "NetworkCreate"),
    ("GET /v1.41/networks", None, "NetworkList"),
    ("GET /v1.41/networks/mynet", None, "NetworkInspect"),
    ("POST /v1.41/networks/mynet/connect", {"Container": "mine", "EndpointConfig": {"Aliases": ["a"]}},
     "NetworkConnect"),
    ("POST /v1.41/networks/mynet/disconnect", {"Container": "mine", "Force": True}, "NetworkDisconnect"),
    ("DELETE /v1.41/networks/mynet", None, "NetworkRemove"),
    ("POST /v1.41/volumes/create", {"Name": "fresh", "Driver": "", "DriverOpts": {}, "Labels": {"a": "b"}},
     "VolumeCreate"),
    ("GET /v1.41/volumes/myvolume", None, "VolumeInspect"),
    ("DELETE /v1.41/volumes/myvolume?force=1", None, "VolumeRemove"),
]
COMMANDS = [
    ("POST /v1.41/containers/mine/exec", {"AttachStdout": True, "AttachStderr": True, "Cmd": ["sh"], "Tty": True,
                                          "Env": ["A=b"], "WorkingDir": "/w", "User": "1000:1000"}, "ExecCreate"),
    ("POST /v1.41/exec/%s/start" % ("e" * 64), {"Detach": True}, "ExecStart"),
    ("GET /v1.41/exec/%s/json" % ("e" * 64), None, "ExecInspect"),
]
FILES = [("PUT /v1.41/containers/mine/archive?path=/", b"tar", "CopyToContainer"),
         ("GET /v1.41/containers/mine/archive?path=/a", None, "CopyFromContainer")]


def asks(preset, source, requests, attacks, shows_secrets=False):
    return {"preset": preset, "source": source, "requests": requests, "attacks": attacks,
            "shows_secrets": shows_secrets}


PRESETS = [
    asks("traefik", "traefik pkg/provider/docker/pdocker.go: Provide, listContainers; shared.go: inspectContainers", [
        ("GET /v1.24/version", None), (LIST.replace("1.41", "1.24") + "?all=1&limit=0", None),
        (INSPECT.replace("1.41", "1.24"), None),
        ("GET /v1.24/events?filters=" + q({"type": {"container": True}}), None),
    ], CHANGES + LOGS),
    asks("dozzle", "dozzle internal/docker/client.go: ListContainers, FindContainer, ContainerStats, ContainerLogs, "
         "ContainerLogsBetweenDates, Events, Ping", [
             (LIST + "?all=1&filters=" + q({"label": {"a": True}}), None), (INSPECT, None),
             ("GET /v1.41/containers/mine/stats?stream=1", None),
             ("GET /v1.41/containers/mine/logs?follow=1&since=2026-01-01T00%3A00%3A00.5Z&stderr=1&stdout=1&tail=300"
              "&timestamps=1", None),
             ("GET /v1.41/containers/mine/logs?since=1&until=2&stdout=1&timestamps=1", None),
             ("GET /v1.41/events", None), ("GET /v1.41/info", None)], CHANGES),
    asks("homepage", "homepage src/pages/api/docker/stats, status; src/utils/config/service-helpers.js (dockerode)", [
        ("GET /containers/json?all=true", None), ("GET /containers/mine/json", None),
        ("GET /containers/mine/stats?stream=false", None)], CHANGES + LOGS),
    asks("cadvisor", "cadvisor container/docker/docker.go: Status, Images; handler.go: newContainerHandler "
         "(ContainerInspect); client.go", [
             ("GET /v1.41/info", None), (LIST, None), (INSPECT, None), ("GET /v1.41/images/json?all=0", None)],
         CHANGES + LOGS),
    asks("crowdsec", "crowdsec pkg/acquisition/modules/docker/run.go: checkContainers, trySubscribeEvents, "
         "TailContainer", [
             ("GET /v1.41/info", None), (LIST, None), (INSPECT, None),
             ("GET /v1.41/containers/mine/logs?follow=1&since=1&stderr=1&stdout=1", None),
             ("GET /v1.41/events?filters=" + q({"type": {"container": True}}), None)], CHANGES),
    asks("backup", "docker ps, inspect, stop, start, restart", [
        (LIST + "?all=1", None), (INSPECT, None), ("POST /v1.41/containers/mine/stop?t=0", None),
        ("POST /v1.41/containers/mine/start", None), ("POST /v1.41/containers/mine/restart", None)],
         [("POST /v1.41/containers/mine/kill", None, "operation"), ("DELETE /v1.41/containers/mine", None, "operation")]),
    asks("zabbix-agent", "zabbix src/go/plugins/docker/metrics.go: metricsMeta", [
        ("GET /v1.28/info", None), ("GET /v1.28/containers/json?all=true", None), ("GET /v1.28/images/json", None),
        ("GET /v1.28/system/df", None), ("GET /v1.28/containers/mine/json", None),
        ("GET /v1.28/containers/mine/stats?stream=false", None)], CHANGES + LOGS),
    asks("read-only", "docker ps, images, volume ls, network ls, logs, top, stats, diff, info, events, system df", [
        (LIST + "?all=1&size=1", None), (INSPECT, None), ("GET /v1.41/images/json", None),
        ("GET /v1.41/images/nonroot/history", None), ("GET /v1.41/volumes", None), ("GET /v1.41/networks", None),
        ("GET /v1.41/containers/mine/logs?stdout=1&tail=all", None), ("GET /v1.41/containers/mine/top", None),
        ("GET /v1.41/containers/mine/stats?stream=0&one-shot=1", None), ("GET /v1.41/containers/mine/changes", None),
        ("GET /v1.41/info", None), ("GET /v1.41/events?since=1&until=2", None), ("GET /v1.41/system/df", None)],
         CHANGES),
    asks("portainer", "portainer app/docker/rest/*.js; api/docker/container.go: Recreate; pkg/snapshot/docker.go", [
        ("GET /v1.41/info", None), (LIST + "?all=1", None), (LIST + "?all=0", None), (INSPECT, None),
        ("GET /v1.41/images/json?all=0", None), ("GET /v1.41/volumes", None), ("GET /v1.41/networks", None),
        ("GET /v1.41/plugins", None), ("GET /v1.41/events?since=1&until=2", None), ("GET /v1.41/system/df", None),
        ("GET /v1.41/containers/mine/logs?stdout=1&stderr=1&since=0&tail=100&timestamps=0", None),
        ("GET /v1.41/containers/mine/stats?stream=false", None), ("GET /v1.41/containers/mine/top", None),
        create({"Binds": ["/srv/stacks/a:/a"], "RestartPolicy": {"Name": "unless-stopped"}, "NetworkMode": "bridge"}),
        create({"CapAdd": PORTAINER_ADDS, "CapDrop": ["AUDIT_CONTROL", "SYS_ADMIN", "NET_ADMIN"]}),
        ("POST /v1.41/containers/mine/update", {"RestartPolicy": {"Name": "no"}}),
        ("POST /v1.41/containers/mine/rename?name=b", None), ("POST /v1.41/containers/mine/pause", None),
        ("POST /v1.41/commit?container=mine&repo=a&tag=b", {}), ("POST /v1.41/images/nonroot/tag?repo=a&tag=b", None),
        ("DELETE /v1.41/images/nonroot?force=false", None),
        ("POST /v1.44/containers/create?name=mine", ANEW), *RUNS, *NETWORKS, *COMMANDS],
         ESCAPES + VOLUMES + EXECS + [(*create({"Binds": [SOCKET]}), "docker_socket_mount")], shows_secrets=True),
    asks("watchtower", "watchtower pkg/container/client.go: ListContainers, GetContainer, PullImage, StopContainer, "
         "StartContainer, RenameContainer, RemoveImageByID", [
             (LIST + "?filters=" + q({"status": {"running": True}}), None), (INSPECT, None),
             ("GET /v1.41/images/nonroot/json", None), ("POST /v1.41/images/create?fromImage=nonroot&tag=latest", None),
             ("POST /v1.41/containers/mine/kill?signal=SIGTERM", None),
             ("DELETE /v1.41/containers/mine?force=1&v=1", None),
             ("POST /v1.41/containers/create?name=mine", ANEW),
             ("POST /v1.41/networks/mynet/disconnect", {"Container": "new", "Force": True}),
             ("POST /v1.41/networks/mynet/connect", {"Container": "new", "EndpointConfig": {
                 "Aliases": ["web"], "MacAddress": "02:42:ac:12:00:02"}}),
             ("POST /v1.41/containers/mine/start", None), ("POST /v1.41/containers/mine/rename?name=old", None),
             ("DELETE /v1.41/images/nonroot?force=1", None)],
         ESCAPES + LOGS + [("POST /v1.41/containers/mine/exec", {"Cmd": ["sh", "-c", "a"]}, "operation"),
                           ("POST /v1.41/volumes/create", {"Name": "v"}, "operation"),
                           ("POST /v1.41/build?t=a", b"", "operation"),
                           (*create({"Binds": [SOCKET]}), "docker_socket_mount")], shows_secrets=True),
    asks("gitlab-runner", "gitlab-runner helpers/docker/official_docker_client.go; executors/docker/docker.go", [
        ("GET /v1.41/info", None), ("POST /v1.41/containers/create?name=runner-x-build", GITLAB),
        ("POST /v1.41/containers/mine/attach?stderr=1&stdin=1&stdout=1&stream=1", None),
        *RUNS, *NETWORKS, *COMMANDS, ("POST /v1.41/build?t=a", b"")],
         ESCAPES + VOLUMES + EXECS + OTHERS + SUBSTITUTED, shows_secrets=True),
    asks("github-runner", "actions/runner DockerCommandManager.cs, ContainerOperationProvider.cs, ContainerInfo.cs", [
        create({"Binds": [SOCKET, "/opt/actions-runner/_work:/__w", "/opt/actions-runner/externals:/__e:ro",
                          "/opt/actions-runner/_work/_temp:/__w/_temp"], "NetworkMode": "mynet"}, Entrypoint=["tail"]),
        ("POST /v1.41/networks/prune?filters=" + q({"label": {"a1b2c3": True}}), None),
        ("POST /v1.41/auth", {"username": "u", "password": "p", "serveraddress": "registry.example.org"}),
        ("POST /v1.41/build?dockerfile=Dockerfile&t=a1b2c3&rm=1", b""), *RUNS, *NETWORKS, *COMMANDS],
         ESCAPES + VOLUMES + EXECS + OTHERS + SUBSTITUTED + [
             (*create({"Binds": ["/opt/actions-runner/externals:/__e"]}), "host_path_mount"),
             (*create({"Binds": ["/opt/actions-runner:/r"]}), "host_path_mount")], shows_secrets=True),
    asks("jenkins-agent", "docker-workflow-plugin DockerClient.java: run, listProcess, stop, rm; docker-plugin "
         "DockerTemplate.java: doProvisionNode, DockerComputerAttachConnector.java", [
             create({"Binds": ["/var/lib/jenkins/workspace/j:/var/lib/jenkins/workspace/j:rw,z",
                               "/var/lib/jenkins/workspace/j@tmp:/var/lib/jenkins/workspace/j@tmp:rw,z"]},
                    User="1000:1000", Tty=True, Cmd=["cat"], WorkingDir="/var/lib/jenkins/workspace/j"),
             ("GET /v1.41/containers/mine/top?ps_args=-eo+pid%2Ccomm", None),
             ("POST /containers/create", {**JAVA, "HostConfig": JAVA_HOST}), *RUNS, *COMMANDS, *FILES,
             ("POST /v1.41/build?t=a", b"")],
         ESCAPES + VOLUMES + EXECS + OTHERS + SUBSTITUTED + [
             (*create({"Binds": ["/var/lib/jenkins:/j"]}), "host_path_mount")], shows_secrets=True),
    asks("testcontainers", "testcontainers-java RyukResourceReaper.java, GenericContainer.java: "
         "applyConfiguration; moby-ryuk reaper.go: prune", [
             ("POST /v1.32/containers/create?name=testcontainers-ryuk-1", {
                 **JAVA, "Labels": {"org.testcontainers.ryuk": "true"}, "HostConfig": {
                     **JAVA_HOST, "AutoRemove": True, "Binds": ["/var/run/docker.sock:/var/run/docker.sock:rw"],
                     "PortBindings": {"8080/tcp": [{"HostIp": "", "HostPort": "0"}]}}}),
             ("POST /v1.32/containers/create", {**JAVA, "HostConfig": {**JAVA_HOST, "PublishAllPorts": True}}),
             ("GET /v1.41/networks?filters=" + q({"label": {"org.testcontainers.session-id=a": True}}), None),
             ("GET /v1.41/volumes?filters=" + q({"label": {"org.testcontainers.session-id=a": True}}), None),
             ("GET /v1.41/images/json?filters=" + q({"label": {"org.testcontainers.session-id=a": True}}), None),
             ("DELETE /v1.41/images/nonroot?force=1", None), ("GET /v1.41/info", None),
             # dockerode, docker.js: createImage
             ("POST /images/create?fromImage=nonroot&tag=latest&authconfig=" + q({"username": "u"}), None),
             *RUNS, *NETWORKS, *COMMANDS, *JAVA_REST, *FILES,
             ("POST /v1.41/build?t=localhost%2Ftestcontainers%2Fa", b"")],
         ESCAPES + VOLUMES + EXECS + OTHERS + SUBSTITUTED, shows_secrets=True),
    asks("compose-developer", "docker compose up, run, exec, cp, build, down; docker container, network, volume prune", [
        create({"Binds": ["/home/dev/projects/a:/a:rw"], "NetworkMode": "mynet", "RestartPolicy": {"Name": "always"},
                "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}}, ExposedPorts={"80/tcp": {}}),
        ("POST /v1.41/containers/prune", None), ("POST /v1.41/networks/prune", None),
        ("POST /v1.41/volumes/prune", None), ("DELETE /v1.41/images/nonroot", None), *RUNS, *NETWORKS, *COMMANDS,
        *FILES, ("POST /v1.41/build?t=a", b"")],
         ESCAPES + VOLUMES + EXECS + OTHERS + SUBSTITUTED + [
             (*create({"Binds": ["/home/dev:/h"]}), "host_path_mount"),
             (*create({"PortBindings": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}}),
              "published_ports")], shows_secrets=True),
    asks("ansible", "community.docker plugins/modules: docker_container, docker_image, docker_network, docker_volume, "
         "docker_container_exec, docker_container_copy_into", [
             create({"Binds": ["/srv/deploy/a:/a:rw"], "RestartPolicy": {"Name": "unless-stopped"}, "Memory": 67108864,
                     "MemorySwap": 134217728, "NetworkMode": "mynet"}),
             ("POST /v1.41/containers/mine/update", {"Memory": 83886080}), ("GET /v1.41/images/json", None),
             ("DELETE /v1.41/images/nonroot", None), ("POST /v1.41/build?t=a", b""), *RUNS, *NETWORKS, *COMMANDS,
             *FILES],
         ESCAPES + VOLUMES + EXECS + OTHERS + [
             ("POST /v1.41/auth", {"username": "u"}, "operation"), (*create({"Binds": [SOCKET]}), "docker_socket_mount"),
             (*create({"Binds": ["/srv:/s"]}), "host_path_mount")], shows_secrets=True),
    asks("ai-agent", "docker run, exec, cp, build, compose", [
        create({"Binds": ["/home/dev/project:/p"], "NetworkMode": "mynet",
                "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}}, User="0", Image="rootuser"),
        *RUNS, *NETWORKS, *COMMANDS, *FILES, ("POST /v1.41/build?t=project-new", b"")],
         ESCAPES + VOLUMES + EXECS + OTHERS + [
             (*create({"Binds": [SOCKET]}), "docker_socket_mount"),
             (*create({"Binds": ["/home/dev:/h"]}), "host_path_mount"),
             (*create({"RestartPolicy": {"Name": "always"}}), "restart_policy"),
             (*create({"Memory": 1 << 40}), "memory_limit"),
             ("GET /v1.41/containers/mine/export", None, "operation"),
             ("POST /v1.41/images/load", b"tar", "operation"), ("POST /v1.41/build?t=node:22", b"", "scope"),
             ("DELETE /v1.41/images/nonroot", None, None)], shows_secrets=True),
]


class PresetTest(BlackboxTest):
    """An engine with containers, networks and volumes of the preset's policy (mine, mynet, myvolume) and of others."""

    def init(self, *arguments):
        """It does nothing that could wait. A machine that let it wait all the same is asked once more."""
        command = [binary(), "init", *map(str, arguments)]
        for last in (False, True):
            try:
                return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S,
                                      check=False)
            except subprocess.TimeoutExpired:
                if last:
                    raise
        return None

    def start_preset(self, preset):
        path = self.directory / "preset.yaml"
        self.assertEqual(self.init(preset, path).returncode, 0)
        engine = self.start_engine()
        labels = {"io.sockade.owner": preset}
        mine = {"Id": "c" * 64, "Name": "/mine", "Image": "sha256:" + "b" * 64,
                "Config": {"User": "1000:1000", "Image": "nonroot", "Env": ["DB_PASSWORD=hush", "MODE=fast"],
                           "Labels": labels},
                "HostConfig": {"NetworkMode": "none"}, "Mounts": []}
        other = {**mine, "Id": "0" * 64, "Config": {**mine["Config"], "Labels": {}}}
        for pattern, answer in (
                ("GET /containers/(mine|new|c)/json", mine), ("GET /containers/(other|0)/json", other),
                ("GET /networks/(mynet|d{64})", {"Id": "d" * 64, "Name": "mynet", "Labels": labels}),
                ("GET /networks/othernet", {"Id": "f" * 64, "Name": "othernet", "Labels": {}}),
                ("GET /volumes/(myvolume|runner-x-cache-a)", {"Name": "myvolume", "Driver": "local", "Labels": labels}),
                ("GET /volumes/othervolume", {"Name": "othervolume", "Driver": "local", "Labels": {}}),
                ("GET /(containers|images|networks|plugins)(/json|/nonroot/history)?", []),
                ("GET /volumes", {"Volumes": [], "Warnings": None}), ("GET /system/df", {}),
                ("GET /images/(nonroot|sha256:b{64})/json", {
                    "Id": "sha256:" + "b" * 64, "RepoTags": ["nonroot:latest"], "Config": {"User": "1000:1000"}}),
                ("GET /images/(project-new|a1b2c3)/json", None)):
            engine.on(pattern, lambda connection, _request, answer=answer: connection.answer(
                200 if answer is not None else 404, answer if answer is not None else {"message": "No such image"}))
        return self.run_sockade("--config", path, "--listen", "unix:%s" % self.socket, "--upstream",
                                "unix:%s" % self.engine_socket, "--audit", self.audit_path)

    def send(self, request, body):
        method, target = request.split(" ", 1)
        fields = []
        if body is not None:
            kind = "application/x-tar" if isinstance(body, bytes) else "application/json"
            fields = [("Content-Type", kind)]
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask(method, target, body, fields)

    def assert_attack_fails(self, request, body, rule):
        before = len(self.engine.asked())
        response = self.send(request, body)
        if rule == "the filtered socket":
            self.assertEqual(response.status, 201, response.body)
            sent = json.loads(self.engine.last("POST /containers/create").body)
            self.assertNotIn("Binds", sent["HostConfig"])
            self.assertEqual(sent["HostConfig"]["Mounts"], [
                {"Type": "bind", "Source": str(self.socket), "Target": "/var/run/docker.sock"}])
        elif rule is None:
            self.assertIn(response.status, (403, 404, 409), response.body)
        else:
            self.assert_refused(response, 403, rule)
        if rule != "the filtered socket":
            # At most it has looked at what the request names.
            method, route = request.split(" ")[0], request.split("?")[0].split("/v1.41")[-1]
            self.assertNotIn("%s %s" % (method, route), [each for each in self.engine.asked()[before:]
                                                         if rule is not None or not each.startswith("GET")])


def test_of(preset):
    def test(self):
        self.start_preset(preset["preset"])
        for request, body, *function in PING + preset["requests"]:
            with self.subTest(request, source=preset["source"], function=function):
                response = self.send(request, body)
                self.assertLess(response.status, 300, response.body)
        for request, body, rule in preset["attacks"]:
            with self.subTest(request, body=body):
                self.assert_attack_fails(request, body, rule)
        shown = self.send("GET /v1.41/containers/mine/json", None).body
        self.assertEqual(b"hush" in shown, preset["shows_secrets"])
    return test


for each in PRESETS:
    setattr(PresetTest, "test_" + each["preset"].replace("-", "_"), test_of(each))


class InitTest(BlackboxTest):
    def init(self, *arguments):
        return subprocess.run([binary(), "init", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=PATIENCE_S, check=False)

    def test_it_lists_every_file_of_config_with_what_it_is_for(self):
        names = sorted(path.stem for path in (ROOT / "config").glob("*.yaml"))
        for arguments in ((), ("--list",)):
            done = self.init(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            lines = [line.split(None, 1) for line in done.stdout.splitlines()]
            self.assertEqual([line[0] for line in lines], names)
            for line in lines:
                self.assertRegex(line[1], r"^[A-Zc].*\.$")

    def test_it_writes_them_as_they_are(self):
        for path in (ROOT / "config").glob("*.yaml"):
            done = self.init(path.stem)
            self.assertEqual((done.returncode, done.stdout), (0, path.read_text()))

    def test_it_writes_a_file_but_over_none(self):
        path = self.directory / "new.yaml"
        self.assertEqual(self.init("traefik", path).returncode, 0)
        self.assertEqual(path.read_text(), self.init("traefik").stdout)
        path.write_text("mine")
        done = self.init("dozzle", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(path), done.stderr)
        self.assertEqual(path.read_text(), "mine")
        link = self.directory / "link.yaml"
        link.symlink_to(self.directory / "elsewhere")
        self.assertEqual(self.init("dozzle", link).returncode, 1)
        self.assertFalse((self.directory / "elsewhere").exists())
        self.assertEqual(self.init("dozzle", self.directory / "no" / "folder").returncode, 1)

    def test_asked_wrongly(self):
        done = self.init("treafik")
        self.assertEqual(done.returncode, 2)
        self.assertIn('did you mean "traefik"', done.stderr)
        for arguments in (("nothing-like-it",), ("traefik", "a", "b"), ("--lst",), ("",)):
            self.assertEqual(self.init(*arguments).returncode, 2, arguments)
        self.assertIn("sockade init PRESET", self.init("--help").stdout)

    def test_every_preset_is_tried(self):
        others = {"audit-only", "ci-runner", "cis", "one-socket"}  # no tools: tests/unit/policy/test_examples.c
        self.assertEqual({preset["preset"] for preset in PRESETS} | others,
                         {path.stem for path in (ROOT / "config").glob("*.yaml")})


if __name__ == "__main__":
    unittest.main()
