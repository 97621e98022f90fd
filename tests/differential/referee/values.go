// Where the cases begin: bodies as real clients write them, and for each kind of body the
// fields with values from harmless to hostile.
package main

import (
	"fmt"
	"math/rand"
	"strings"
)

// A field and how to make a value for it, as raw JSON.
type field struct {
	path string
	make func(r *rand.Rand) string
}

// often lists a field several times: values with a grammar of their own need more tries.
func often(times int, path string, make func(*rand.Rand) string) []field {
	fields := []field{}
	for i := 0; i < times; i++ {
		fields = append(fields, field{path, make})
	}
	return fields
}

func join(lists ...[]field) []field {
	all := []field{}
	for _, fields := range lists {
		all = append(all, fields...)
	}
	return all
}

func oneOf(values ...string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return pick(r, values) }
}

func list(make func(*rand.Rand) string) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		parts := []string{}
		for i := r.Intn(3); i >= 0; i-- {
			parts = append(parts, make(r))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
}

func quoted(make func(*rand.Rand) string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return marshal(make(r)) }
}

var hostPaths = []string{
	"/srv/ci/work", "/srv/ci/work/a", "/srv/ci/cache", "/srv/ci/cache/b", "/srv/ci", "/srv/ci/work-evil", "/srv/ci/workx", "/",
	"/etc", "/var/run/docker.sock", "/run/docker.sock", "/run", "/var", "/var/run", "/proc", "/sys/fs", "/dev", "/dev/shm", "/home/x",
	"/var/lib/docker", "/run/containerd/containerd.sock", "/tmp", "data", "host1", "x", "./x", "../x", "~", "C:\\x", "\\\\.\\pipe\\x",
}

// path spells a path in another way: the same place or, with .., another.
func spellPath(r *rand.Rand, path string) string {
	switch r.Intn(10) {
	case 0:
		return path + "/"
	case 1:
		return strings.Replace(path, "/", "//", 1+r.Intn(2))
	case 2:
		return path + pick(r, []string{"/..", "/../..", "/.", "/../../etc", "/./x/../y", "/../../../run/docker.sock"})
	case 3:
		return strings.Replace(path, "/", "/./", 1)
	case 4:
		return pick(r, []string{"/x/..", "/srv/ci/work/..", "/srv/ci/work/../work", "/srv/ci/work/../../../"}) + path
	case 5:
		return path + pick(r, []string{" ", "\x00", "\\", "é", "\n", "..", ".", "\u00a0"})
	}
	return path
}

func hostPath(r *rand.Rand) string {
	if r.Intn(2) == 0 {
		return pick(r, hostPaths[:4])
	}
	return spellPath(r, pick(r, hostPaths))
}

var bindModes = []string{
	"", "ro", "rw", "rw", "ro", "rw", "z", "Z", "ro,z", "ro,Z,rslave", "rslave", "rshared", "shared", "private", "rprivate", "nocopy", "cached",
	"delegated,ro", "consistent", "ro,rw", "RO", "Ro", "ro ", "x", ",", "ro,", "ro,ro", "exec", "rslave,rshared", "slave", "rw,slave",
	"ro,private", "z,Z",
}

func bindText(r *rand.Rand) string {
	target := pick(r, []string{"/x", "/x/y", "/", "x", "", "/x/../..", "//x", "/ro", "ro", "/srv/ci/work", "/x/", "."})
	switch r.Intn(8) {
	case 0:
		return hostPath(r)
	case 1:
		return hostPath(r) + ":" + pick(r, bindModes)
	case 2:
		return hostPath(r) + ":" + target
	case 3:
		return hostPath(r) + ":/x:" + pick(r, bindModes) + pick(r, []string{"", ":", ":ro", ":x:y"})
	case 4:
		return ":" + target
	}
	return hostPath(r) + ":" + pick(r, []string{"/x", target}) + ":" + pick(r, bindModes)
}

func mountText(r *rand.Rand) string {
	parts := []string{
		fmt.Sprintf(`"Type":%s`, pick(r, []string{`"bind"`, `"bind"`, `"bind"`, `"volume"`, `"volume"`, `"tmpfs"`, `"image"`, `"cluster"`, `"npipe"`, `"BIND"`, `""`, `"bınd"`})),
		fmt.Sprintf(`"Target":%s`, pick(r, []string{`"/x"`, `"/x"`, `"/x"`, `"/"`, `"x"`, `""`, `"/x/../"`, `"\\x"`})),
	}
	if r.Intn(6) > 0 {
		parts = append(parts, `"Source":`+marshal(hostPath(r)))
	}
	extra := []string{
		`"ReadOnly":true`, `"ReadOnly":false`, `"Consistency":"cached"`, `"BindOptions":{"Propagation":"rslave"}`,
		`"BindOptions":{"Propagation":"rshared"}`, `"BindOptions":{"Propagation":"rprivate","NonRecursive":true}`, `"BindOptions":{}`,
		`"VolumeOptions":{"NoCopy":true,"Labels":{"a":"b"}}`, `"VolumeOptions":{"DriverConfig":{"Name":"local","Options":{"type":"none","o":"bind","device":"/"}}}`,
		`"VolumeOptions":{"DriverConfig":{"Options":{"device":"/etc"}}}`, `"VolumeOptions":{"DriverConfig":{"Name":"sshfs"}}`,
		`"VolumeOptions":{"DriverConfig":{"Name":"local"}}`, `"VolumeOptions":{"DriverConfig":{"Name":"local","Options":{}}}`, `"TmpfsOptions":{"SizeBytes":1048576,"Mode":1023}`,
		`"TmpfsOptions":{"Mode":2047}`, `"VolumeOptions":{"Subpath":"../x"}`, `"BindOptions":{"CreateMountpoint":true}`, `"TmpfsOptions":{"Options":[["exec"]]}`,
		`"ImageOptions":{"Subpath":"x"}`, `"ClusterOptions":{}`,
	}
	for i := r.Intn(3); i > 0; i-- {
		parts = append(parts, pick(r, extra))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func capability(r *rand.Rand) string {
	name := pick(r, []string{"NET_BIND_SERVICE", "NET_BIND_SERVICE", "CHOWN", "SYS_ADMIN", "SYS_PTRACE", "ALL", "NET_RAW", "KILL", "MKNOD", "DAC_READ_SEARCH", "BPF", ""})
	if r.Intn(3) == 0 {
		name = pick(r, []string{"CAP_", "cap_", "Cap_", "CAP_CAP_", "cap-", " "}) + name
	}
	switch r.Intn(6) {
	case 0:
		return strings.ToLower(name)
	case 1:
		return strings.Replace(name, "S", "ſ", 1)
	case 2:
		return strings.Replace(name, "K", "K", 1)
	case 3:
		return name + pick(r, []string{"", " ", "\x00", ",", "\n"})
	}
	return name
}

var userNumbers = []string{
	"1000", "1000", "1000", "0", "00", "+0", "-0", "+1000", "01000", "root", "Root", "nobody", "app", "", " ", "0 ", " 0", "2147483647", "2147483648", "4294967295",
	"4294967296", "18446744073709551616", "-1", "1e3", "0x0", "0b0", "0o0", "1_000", "٠", "０", "ｒoot", "1000\n", "0\n", "\t0", "1001", "root\x00", "9223372036854775808",
}

func userText(r *rand.Rand) string {
	switch r.Intn(5) {
	case 0, 1:
		return pick(r, userNumbers)
	case 2:
		return pick(r, userNumbers) + ":" + pick(r, userNumbers) + pick(r, []string{"", "", ":", ":0", ":x"})
	}
	return pick(r, []string{"1000:1000", "1000", "1001:1001"})
}

func securityOption(r *rand.Rand) string {
	key := pick(r, []string{"no-new-privileges", "no-new-privileges", "no-new-privileges", "seccomp", "apparmor", "label", "disable", "systempaths", "writable-cgroups", "", "Seccomp", "no_new_privileges", "foo"})
	value := pick(r, []string{"true", "true", "false", "1", "0", "TRUE", "t", "", "unconfined", "builtin", "docker-default", "disable", "type:spc_t", "type:container_t", "user:root", "level:s0", "{}", `{"defaultAction":"SCMP_ACT_ALLOW"}`, "runtime/default", "=unconfined", ":unconfined", "unconfined=true"})
	if key == "no-new-privileges" {
		value = pick(r, []string{"true", "true", "false", "1", "0", "TRUE", "t", "F", "", "tru", "true ", "=true", ":true"})
	}
	switch r.Intn(6) {
	case 0:
		return key
	case 1:
		return key + ":" + value
	case 2:
		return key + pick(r, []string{" = ", "==", ":=", "=:", " "}) + value
	}
	return key + "=" + value
}

func namespaceMode(r *rand.Rand) string {
	return pick(r, []string{"", "host", "host", "host", "private", "container:x", "container:", "Host", "HOST", "host ", "hoſt", "none", "shareable", "default", "bridge", "ns:/proc/1/ns/net", "my-net", "deadbeef", "0123abcd", "dead", "container:0123", "slirp4netns", "pasta", "host:x", ":host"})
}

func rawMap(keys, values []string) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		parts := []string{}
		for i := r.Intn(3); i > 0; i-- {
			parts = append(parts, marshal(pick(r, keys))+":"+pick(r, values))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
}

var sysctls = rawMap([]string{"net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "kernel.msgmax", "net.core.somaxconn", "kernel/core_pattern", "net/ipv4/tcp_syncookies", "net.ipv4.ip_forward", "KERNEL.core_pattern", ""}, []string{`"1"`, `""`, `"|/x"`, "null", "1"})

var tmpfs = rawMap([]string{"/t", "/t/../..", "t", "/run", ""}, []string{`""`, `"rw,noexec"`, `"exec"`, `"suid"`, `"dev"`, `"size=64m,mode=1777"`, `"rw,exec,size=1g"`, `"rshared"`, `"noexec,exec"`, `"ro,,"`, `"defaults"`, `"EXEC"`, `"exec "`, `"size=1m,exec,noexec"`, `"bind"`, "null", `"sync"`})

var image = oneOf(`"bb:latest"`, `"bb"`, `"library/bb"`, `"docker.io/library/bb:1"`, `"docker.io/bb"`, `"index.docker.io/library/bb"`, `"evil/bb"`, `"docker.io/evil/bb"`, `"reg.example.org:5000/team/a/b:1"`, `"reg.example.org:5000/teamx/a"`, `"reg.example.org/team/a"`, `"localhost/library/bb"`, `"localhost:5000/library/bb"`, `"LOCALHOST/library/bb"`, `"Docker.io/library/bb"`, `"docker.io/library/../evil/bb"`, `"library//bb"`, `"bb@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"`, `"0123456789ab"`, `"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"`, `"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"`, `"evil.example.org/library/bb"`, `"reg.example.org:5000/team"`, `"x"`, `""`, `"a/../b"`, `"bb "`, `"BB"`, `"reg.example.org:5000/team/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"`)

var numbers = oneOf("0", "1", "-1", "100", "4096", "32768", "32769", "134217728", "536870912", "1073741824", "2147483648", "4294967296", "50000", "100000", "1000000000", "2000000000", "2000000001", "-0", "1.0", "1e3", `"1"`, "null", "9223372036854775807")

var device = oneOf(`{"PathOnHost":"/dev/fuse","PathInContainer":"/dev/fuse","CgroupPermissions":"rwm"}`, `{"PathOnHost":"/dev/sda"}`, `{"PathOnHost":"/dev/../dev/fuse"}`, `{"PathOnHost":"/dev/fuse/../sda"}`, `{"PathOnHost":""}`, `{"PathOnHost":"dev/fuse"}`, `{"PathOnHost":"vendor.com/gpu=all"}`, `{"PathOnHost":"//dev//fuse/"}`, `{}`)

var endpoint = oneOf(`{}`, `null`, `{"Aliases":["a"]}`, `{"IPAMConfig":{"IPv4Address":"10.0.0.2"}}`, `{"NetworkID":"0123"}`, `{"NetworkID":"host","Gateway":"10.0.0.1","IPPrefixLen":16}`, `{"DriverOpts":{"com.docker.network.endpoint.sysctls":"net.ipv4.conf.IFNAME.forwarding=1"}}`, `{"MacAddress":"02:42:ac:11:00:02","Links":["db:db"],"EndpointID":"x","DNSNames":["a"]}`, `{"IPAddress":5}`, `{"DriverOpts":null}`)

func endpoints(r *rand.Rand) string {
	return `{` + marshal(pick(r, []string{"my-net", "bridge", "deadbeef", "0123", "host", "none", "container:x", "default", ""})) + `:` + endpoint(r) + `}`
}

var ports = oneOf(`{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}`, `{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]}`, `{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"80"}]}`, `{"80/tcp":[]}`, `{"80/tcp":null}`, `{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080-8090"}]}`, `{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"1-8090"}]}`, `{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"08080"}]}`, `{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":""}]}`, `{"1-65535/tcp":[{"HostIp":"127.0.0.1","HostPort":"1024-65535"}]}`, `{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"+80"}]}`, `{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8090-80"}]}`, `{"80":[{"HostPort":"0"}]}`, `{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"4294967376"}]}`)

var ulimits = oneOf(`[{"Name":"nofile","Soft":1024,"Hard":2048}]`, `[{"Name":"nofile","Soft":-1,"Hard":-1}]`, `[{"Name":"core","Soft":0,"Hard":0}]`, `[{"Name":"core","Hard":-1}]`, `[{"Name":"memlock","Hard":-1}]`, `[{"Name":"nproc","Soft":99999,"Hard":99999}]`, `[]`, `[null]`, `[{"Name":"NOFILE","Hard":9999999}]`)

var strings1 = oneOf(`["a","b"]`, `["a"]`, `"a"`, `""`, `[]`, `null`, `["a",null]`, `[1]`, `[["a"]]`)

var resourceFields = []field{
	{"CpuShares", numbers}, {"Memory", numbers}, {"NanoCpus", numbers}, {"CgroupParent", oneOf(`""`, `"ci.slice"`, `"/"`, `"system.slice"`, `"../x"`)},
	{"BlkioWeight", numbers}, {"BlkioWeightDevice", oneOf(`[{"Path":"/dev/sda","Weight":10}]`, `[{"Path":"/dev/fuse","Weight":1}]`, `[null]`, `[]`, `[{"Weight":70000}]`)},
	{"BlkioDeviceReadBps", oneOf(`[{"Path":"/dev/sda","Rate":1}]`, `[{"Path":"/dev/fuse","Rate":-1}]`, `[]`)}, {"CpuPeriod", numbers}, {"CpuQuota", numbers},
	{"CpuRealtimePeriod", numbers}, {"CpuRealtimeRuntime", numbers}, {"CpusetCpus", oneOf(`"0"`, `"0-3"`, `""`)}, {"CpusetMems", oneOf(`"0"`, `""`)},
	{"Devices", list(device)}, {"DeviceCgroupRules", oneOf(`["c 1:3 rwm"]`, `["a *:* rwm"]`, `[]`, `[""]`)},
	{"DeviceRequests", oneOf(`[{"Driver":"nvidia","Count":-1,"Capabilities":[["gpu"]]}]`, `[{}]`, `[]`, `null`, `[{"Driver":"cdi","DeviceIDs":["vendor.com/gpu=all"]}]`)},
	{"KernelMemory", numbers}, {"KernelMemoryTCP", numbers}, {"MemoryReservation", numbers}, {"MemorySwap", numbers}, {"MemorySwappiness", numbers},
	{"OomKillDisable", oneOf("true", "false", "null", `"true"`)}, {"PidsLimit", numbers}, {"Ulimits", ulimits}, {"CpuCount", numbers}, {"CpuPercent", numbers},
	{"IOMaximumIOps", numbers}, {"IOMaximumBandwidth", numbers},
}

var restartPolicy = oneOf(`{"Name":"no"}`, `{"Name":"always"}`, `{"Name":"on-failure","MaximumRetryCount":3}`, `{"Name":"on-failure"}`, `{"Name":"unless-stopped","MaximumRetryCount":0}`, `{"Name":""}`, `{}`, `{"Name":"on-failure","MaximumRetryCount":-1}`, `{"Name":"ALWAYS"}`)

var hostConfigFields = join(resourceFields, often(8, "Binds", list(quoted(bindText))), often(8, "Mounts", list(mountText)), often(8, "SecurityOpt", list(quoted(securityOption))),
	often(5, "CapAdd", list(quoted(capability))), often(3, "GroupAdd", list(quoted(userText))), often(4, "Tmpfs", tmpfs), []field{
		{"RestartPolicy", restartPolicy}, {"ContainerIDFile", oneOf(`""`, `"/x"`)},
		{"LogConfig", oneOf(`{"Type":"json-file","Config":{"max-size":"1m"}}`, `{"Type":"","Config":{}}`, `{"Type":"syslog","Config":{"syslog-address":"tcp://x"}}`, `{"Config":{"gelf-address":"x"}}`, `{"Type":"none"}`, `{"Type":"local","Config":null}`)},
		{"NetworkMode", quoted(namespaceMode)}, {"PortBindings", ports}, {"AutoRemove", oneOf("true", "false")}, {"VolumeDriver", oneOf(`""`, `"local"`, `"sshfs"`, `"LOCAL"`)},
		{"VolumesFrom", oneOf(`["x"]`, `["x:ro"]`, `[]`, `null`)}, {"ConsoleSize", oneOf("[0,0]", "[24,80]", "[1]", "[1,2,3]", "[-1,1]", "[1.0,1]", "null", "[]", "[null,1]")},
		{"Annotations", oneOf(`{}`, `{"a":"b"}`, `{"run.oci.keep_original_groups":"1"}`)}, {"Capabilities", oneOf(`["ALL"]`, `[]`, "null")},
		{"CapAdd", quoted(capability)}, {"CapDrop", list(quoted(capability))}, {"CgroupnsMode", quoted(namespaceMode)},
		{"Dns", strings1}, {"DnsOptions", strings1}, {"DnsSearch", strings1}, {"ExtraHosts", oneOf(`["a:1.2.3.4"]`, `["x:host-gateway"]`)}, {"GroupAdd", list(quoted(userText))},
		{"IpcMode", quoted(namespaceMode)}, {"Cgroup", quoted(namespaceMode)}, {"Links", oneOf(`["a:b"]`, `[]`)}, {"OomScoreAdj", numbers}, {"PidMode", quoted(namespaceMode)},
		{"Privileged", oneOf("true", "false", "false", "null", `"true"`, "1", "0")}, {"PublishAllPorts", oneOf("true", "false")}, {"ReadonlyRootfs", oneOf("true", "false")},
		{"StorageOpt", rawMap([]string{"size", "dm.basesize", "SIZE", ""}, []string{`"1G"`, "null"})},
		{"UTSMode", quoted(namespaceMode)}, {"UsernsMode", quoted(namespaceMode)}, {"ShmSize", numbers}, {"Sysctls", sysctls}, {"Runtime", oneOf(`""`, `"runc"`, `"io.containerd.runc.v2"`, `"sysbox"`, `"RUNC"`)},
		{"Isolation", oneOf(`""`, `"default"`, `"process"`, `"hyperv"`, `"DEFAULT"`)},
		{"MaskedPaths", oneOf("[]", "null", `["/proc/acpi"]`, `[""]`)}, {"ReadonlyPaths", oneOf("[]", "null", `["/proc/sys"]`)}, {"Init", oneOf("true", "false", "null")},
	})

var configFields = []field{
	{"Hostname", oneOf(`"h"`, `""`)}, {"Domainname", oneOf(`"d"`)}, {"AttachStdin", oneOf("true", "false")}, {"Tty", oneOf("true", "1")},
	{"ExposedPorts", oneOf(`{"80/tcp":{}}`, `{"80/tcp":null}`, `{"80/tcp":{"x":1}}`, `{"80/tcp":[]}`, `{"x":{}}`)}, {"Env", oneOf(`["A=b"]`, `["A"]`, `"A=b"`, `[]`)}, {"Cmd", strings1}, {"Entrypoint", strings1},
	{"Healthcheck", oneOf(`{"Test":["NONE"]}`, `{"Test":["CMD","x"],"Interval":1000000000}`, `{"Test":"x"}`, `{"StartInterval":1}`, `{"Interval":1.5}`)}, {"ArgsEscaped", oneOf("true")},
	{"Image", image}, {"Image", image}, {"Image", image}, {"Volumes", oneOf(`{"/v":{}}`, `{"/v":null}`, `{"v":{}}`, `{"":{}}`, `{"/":{}}`, `{"/srv/ci/work:/x":{}}`, `{"/v":{"a":1}}`)},
	{"WorkingDir", oneOf(`"/w"`, `"w"`)}, {"NetworkDisabled", oneOf("true", "false")}, {"MacAddress", oneOf(`"02:42:ac:11:00:02"`)}, {"OnBuild", strings1}, {"Labels", rawMap([]string{"a", "A", "b"}, []string{`"x"`, "null", `""`, "1"})},
	{"StopSignal", oneOf(`"SIGTERM"`)}, {"StopTimeout", numbers}, {"Shell", strings1},
}

func below(prefix string, fields []field) []field {
	out := []field{}
	for _, f := range fields {
		out = append(out, field{prefix + f.path, f.make})
	}
	return out
}

var createFields = join(configFields, often(8, "User", quoted(userText)), below("HostConfig.", hostConfigFields), []field{
	{"NetworkingConfig.EndpointsConfig", endpoints}, {"NetworkingConfig.EndpointsConfig", endpoints}, {"Cpuset", oneOf(`"0"`, `""`)}, {"name", oneOf(`"x"`, `5`)}, {"platform", oneOf(`"linux"`)},
	{"Privileged", oneOf("true", "false")}, {"Memory", numbers}, {"Binds", list(quoted(bindText))}, {"PidsLimit", numbers}, {"NetworkMode", quoted(namespaceMode)}, {"MaskedPaths", oneOf("[]", "null")},
})

var updateFields = append(append([]field{}, resourceFields...), field{"RestartPolicy", restartPolicy}, field{"Init", oneOf("true")}, field{"Privileged", oneOf("true")}, field{"HostConfig", oneOf(`{"Privileged":true}`, `{}`)})

var execFields = []field{
	{"User", quoted(userText)}, {"User", quoted(userText)}, {"Privileged", oneOf("true", "false", "null", `"true"`)}, {"Tty", oneOf("true", "false")}, {"ConsoleSize", oneOf("[1,2]", "null", "[1]")}, {"AttachStdin", oneOf("true")}, {"Detach", oneOf("true")},
	{"DetachKeys", oneOf(`"ctrl-p"`)}, {"Env", oneOf(`["A=b"]`, "[]")}, {"WorkingDir", oneOf(`"/"`)}, {"Cmd", strings1}, {"Container", oneOf(`"x"`, `{}`)},
}

var execStartFields = []field{{"Detach", oneOf("true", "false", "null")}, {"Tty", oneOf("true", "false", `"x"`)}, {"ConsoleSize", oneOf("[1,2]")}, {"hijack", oneOf("true")}, {"stdin", oneOf("true")}}

var volumeFields = []field{
	{"Name", oneOf(`"v"`, `"host1"`, `""`, `"../x"`)}, {"Driver", oneOf(`"local"`, `""`, `"sshfs"`, `"Local"`)}, {"DriverOpts", rawMap([]string{"type", "o", "device", ""}, []string{`"none"`, `"bind"`, `"/"`, `"size=1m"`, "null"})},
	{"Labels", rawMap([]string{"a"}, []string{`"b"`, "null"})}, {"ClusterVolumeSpec", oneOf(`{}`, "null", `{"Group":"g"}`)},
}

var networkFields = []field{
	{"Name", oneOf(`"n"`, `"host"`, `""`)}, {"CheckDuplicate", oneOf("true")}, {"Driver", oneOf(`"bridge"`, `""`, `"macvlan"`, `"host"`, `"null"`, `"BRIDGE"`, `"overlay"`)}, {"Scope", oneOf(`"local"`, `"swarm"`, `""`)}, {"EnableIPv6", oneOf("true", "false")}, {"EnableIPv4", oneOf("true")},
	{"IPAM", oneOf(`{"Driver":"default","Config":[{"Subnet":"10.9.0.0/24"}]}`, `{"Driver":"evil"}`, `{"Options":{"a":"b"}}`, "null", `{}`, `{"Config":null}`, `{"Config":[{"AuxiliaryAddresses":{"a":"10.9.0.9"}}]}`)}, {"Internal", oneOf("true", "false")},
	{"Attachable", oneOf("true")}, {"Ingress", oneOf("true", "false")}, {"ConfigOnly", oneOf("true", "false")}, {"ConfigFrom", oneOf(`{"Network":"x"}`, `{}`, "null", `{"Network":""}`)},
	{"Options", rawMap([]string{"com.docker.network.bridge.enable_icc", "parent", "com.docker.network.bridge.name", "com.docker.network.bridge.host_binding_ipv4", "com.docker.network.driver.mtu"}, []string{`"x"`, `"true"`, "null"})}, {"Labels", rawMap([]string{"a"}, []string{`"b"`})},
}

var connectFields = []field{{"Container", oneOf(`"x"`, `""`)}, {"EndpointConfig", endpoint}, {"EndpointConfig", endpoint}, {"Force", oneOf("true")}}

var disconnectFields = []field{{"Container", oneOf(`"x"`)}, {"Force", oneOf("true", "false", "null")}}

var commitFields = append(append([]field{}, configFields...), field{"HostConfig", oneOf(`{}`, `{"Privileged":true}`, "null")}, field{"repo", oneOf(`"x"`)}, field{"tag", oneOf(`"x"`)}, field{"Privileged", oneOf("true", "false")})

var authFields = []field{{"username", oneOf(`"u"`)}, {"password", oneOf(`"p"`)}, {"auth", oneOf(`"x"`)}, {"email", oneOf(`"e"`)}, {"serveraddress", oneOf(`"https://x"`)}, {"identitytoken", oneOf(`"x"`)}, {"registrytoken", oneOf(`"x"`, "1")}, {"ServerAddress", oneOf(`"x"`)}}

// What the command line client, docker-py, dockerode, Compose and testcontainers send.
var createSeeds = []string{
	`{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":true,"AttachStderr":true,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":null,"Cmd":["id"],"Image":"bb:latest","Volumes":{},"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":{},"HostConfig":{"Binds":null,"ContainerIDFile":"","LogConfig":{"Type":"","Config":{}},"NetworkMode":"default","PortBindings":{},"RestartPolicy":{"Name":"no","MaximumRetryCount":0},"AutoRemove":true,"VolumeDriver":"","VolumesFrom":null,"ConsoleSize":[24,80],"CapAdd":null,"CapDrop":null,"CgroupnsMode":"","Dns":[],"DnsOptions":[],"DnsSearch":[],"ExtraHosts":null,"GroupAdd":null,"IpcMode":"","Cgroup":"","Links":null,"OomScoreAdj":0,"PidMode":"","Privileged":false,"PublishAllPorts":false,"ReadonlyRootfs":false,"SecurityOpt":null,"UTSMode":"","UsernsMode":"","ShmSize":0,"Isolation":"","CpuShares":0,"Memory":0,"NanoCpus":0,"CgroupParent":"","BlkioWeight":0,"BlkioWeightDevice":[],"BlkioDeviceReadBps":[],"BlkioDeviceWriteBps":[],"BlkioDeviceReadIOps":[],"BlkioDeviceWriteIOps":[],"CpuPeriod":0,"CpuQuota":0,"CpuRealtimePeriod":0,"CpuRealtimeRuntime":0,"CpusetCpus":"","CpusetMems":"","Devices":[],"DeviceCgroupRules":null,"DeviceRequests":null,"MemoryReservation":0,"MemorySwap":0,"MemorySwappiness":-1,"OomKillDisable":false,"PidsLimit":0,"Ulimits":[],"CpuCount":0,"CpuPercent":0,"IOMaximumIOps":0,"IOMaximumBandwidth":0,"MaskedPaths":null,"ReadonlyPaths":null},"NetworkingConfig":{"EndpointsConfig":{"default":{"IPAMConfig":null,"Links":null,"Aliases":null,"MacAddress":"","DriverOpts":null,"GwPriority":0,"NetworkID":"","EndpointID":"","Gateway":"","IPAddress":"","IPPrefixLen":0,"IPv6Gateway":"","GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,"DNSNames":null}}}}`,
	`{"Hostname":null,"Domainname":null,"ExposedPorts":null,"User":"1000:1000","Tty":false,"OpenStdin":false,"StdinOnce":false,"AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Env":["A=b"],"Cmd":["sleep","5"],"Image":"bb:latest","Volumes":null,"NetworkDisabled":false,"Entrypoint":null,"WorkingDir":null,"HostConfig":{"NetworkMode":"none","Binds":["/srv/ci/work:/w:rw"],"Memory":268435456,"PidsLimit":100,"NanoCpus":1000000000,"SecurityOpt":["no-new-privileges"]},"NetworkingConfig":null,"MacAddress":null,"Labels":{"x":"y"},"StopSignal":null,"Healthcheck":null,"StopTimeout":null,"Runtime":null}`,
	`{"Image":"bb:latest","name":"x","User":"1000:1000","Cmd":"id","Env":[],"ExposedPorts":{"80/tcp":{}},"HostConfig":{"AutoRemove":true,"PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]}}}`,
	`{"Image":"bb:latest","User":"1000:1000","Labels":{"com.docker.compose.project":"p","com.docker.compose.service":"web"},"HostConfig":{"Binds":["/srv/ci/cache:/c:ro"],"NetworkMode":"p_default","RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3},"Mounts":[{"Type":"volume","Source":"data","Target":"/d","VolumeOptions":{}},{"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":65536}}],"LogConfig":{"Type":"json-file","Config":{"max-size":"10m"}}},"NetworkingConfig":{"EndpointsConfig":{"p_default":{"Aliases":["web"],"IPAMConfig":{}}}}}`,
	`{"Image":"bb:latest","Cmd":["x"],"Env":["TC=1"],"Labels":{"org.testcontainers":"true"},"ExposedPorts":{"6379/tcp":{}},"HostConfig":{"AutoRemove":false,"CapAdd":["NET_BIND_SERVICE"],"CapDrop":["ALL"],"ExtraHosts":[],"NetworkMode":"bridge","PortBindings":{"6379/tcp":[{"HostPort":"0"}]},"Privileged":false,"PublishAllPorts":true,"ReadonlyRootfs":false,"Tmpfs":{"/run":"rw,size=1m"},"Ulimits":[{"Name":"nofile","Soft":1024,"Hard":2048}],"ShmSize":67108864,"Sysctls":{"net.ipv4.tcp_syncookies":"1"}}}`,
	`{"Image":"bb:latest"}`,
}
