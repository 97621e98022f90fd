// The rules once more, by what the engine itself would do with a decoded body. Written from the
// engine's side and not from sockade's, so that a mistake is not made twice. Each judge answers
// the ids of the rules that are broken.
package main

import (
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/docker/distribution/reference"
	"github.com/docker/docker/api/types/blkiodev"
	"github.com/docker/docker/api/types/container"
	mounttypes "github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/oci/caps"
	"github.com/docker/go-connections/nat"
	"github.com/moby/sys/mount"
)

// One of policies.yaml.
type policy struct {
	name            string
	judged          bool // false: open
	capabilities    map[string]bool
	readWrite       []string // roots
	readOnly        []string
	propagation     map[string]bool
	devices         map[string]bool
	cgroupParents   map[string]bool
	tmpfsExec       bool
	user            bool // must not be root
	owners          bool // ids of 1000 to 59999 where a path of the host is written to
	trustNames      bool // a name other than root is none
	needsGroup      bool
	groups          map[int]bool // nil: not judged
	noNewPrivileges bool
	ulimits         bool
	pidsDefault     int64 // 0: not judged
	pidsMax         int64
	shmMax          int64 // 0: not judged
	memoryMax       int64 // 0: not judged
	memoryDefault   int64
	cpuMax          int64 // in 1e-9 CPUs; 0: not judged
	nanoDefault     int64
	sharesMax       int64 // 0: not judged
	sharesDefault   int64
	ports           map[string]bool // addresses, from port 1024, and not SSH's; nil: not judged
	restart         bool            // on-failure with 1 to 5 retries
	left            map[string]bool // the engine's own capabilities that may be left; nil: not judged
	links           bool            // none on the default bridge
	healthcheck     bool            // not taken away, and not too often
	registries      []string        // nil: not judged
	readOnlyRootfs  bool
	names           bool // no extra hosts, no DNS servers and options
}

// A capability that every container of the engine's has may be added; it is there anyway.
var engineCapabilities = []string{"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE"}

func words(list ...string) map[string]bool {
	set := map[string]bool{}
	for _, word := range list {
		set[word] = true
	}
	return set
}

var policies = []*policy{
	{name: "restricted", judged: true, capabilities: words("CAP_NET_BIND_SERVICE"), readWrite: []string{"/srv/ci/work"}, readOnly: []string{"/srv/ci/cache"}, propagation: words("", "private", "rprivate"),
		user: true, owners: true, groups: map[int]bool{}, noNewPrivileges: true, ulimits: true, pidsDefault: 4096, pidsMax: 32768, shmMax: 2 << 30, memoryMax: 32 << 30, memoryDefault: 4 << 30, sharesMax: 1024, sharesDefault: 512, ports: words("127.0.0.1", "::1"), restart: true,
		left: words("CAP_NET_RAW", "CAP_NET_BIND_SERVICE"), links: true, healthcheck: true},
	{name: "baseline", judged: true, capabilities: words(engineCapabilities...), readWrite: []string{"/"}, propagation: words("", "private", "rprivate", "rslave"), devices: words("/dev/fuse"), cgroupParents: words("ci.slice"), tmpfsExec: true},
	{name: "strict", judged: true, capabilities: words("CAP_NET_BIND_SERVICE"), propagation: words("", "private", "rprivate"), user: true, owners: true, trustNames: true, needsGroup: true, groups: map[int]bool{1001: true}, noNewPrivileges: true, ulimits: true,
		pidsDefault: 4096, pidsMax: 32768, shmMax: 128 << 20, memoryMax: 1 << 30, memoryDefault: 512 << 20, cpuMax: 2e9, nanoDefault: 1e9, sharesMax: 1024, ports: words("127.0.0.1"), restart: true,
		left: words("CAP_NET_RAW", "CAP_NET_BIND_SERVICE"), links: true, healthcheck: true, registries: []string{"docker.io/library", "reg.example.org:5000/team"}, readOnlyRootfs: true, names: true},
	{name: "open"},
}

// NET_RAW is the engine's, but not among those that baseline lets a request add.
func init() {
	delete(policies[1].capabilities, "CAP_NET_RAW")
}

// Collects the rules that are broken.
type findings []string

func (f *findings) when(broken bool, rule string) {
	if broken {
		*f = append(*f, rule)
	}
}

func judgeNothing(p *policy, body interface{}) []string { return nil }

func judgeCreate(p *policy, body interface{}) []string {
	b := body.(*createBody)
	config, hc := b.Config, b.HostConfig
	var f findings
	if config == nil {
		config = &container.Config{}
	}
	if hc == nil {
		return []string{"no_host_config"}
	}
	f.when(hc.Privileged, "privileged")
	judgeCapabilities(&f, p, hc)
	judgeMounts(&f, p, hc)
	judgeNamespaces(&f, hc, b.Networking)
	judgeWho(&f, p, config.User, hc.GroupAdd)
	f.when(p.owners && writesToHost(hc) && judgeOwner(config.User, hc.GroupAdd), "host_path_owner")
	judgeSecurityOptions(&f, p, hc)
	judgeResources(&f, p, &hc.Resources)
	judgeLimits(&f, p, hc)
	judgeRest(&f, p, hc)
	judgePorts(&f, p, hc)
	judgeRestart(&f, p, hc.RestartPolicy)
	judgeConfig(&f, p, config)
	judgeLinks(&f, p, hc, b.Networking)
	f.when(p.readOnlyRootfs && !hc.ReadonlyRootfs, "read_only_rootfs")
	f.when(p.names && len(hc.ExtraHosts) > 0, "extra_hosts")
	f.when(p.names && (len(hc.DNS) > 0 || len(hc.DNSOptions) > 0), "dns_options")
	if b.Networking != nil {
		for _, settings := range b.Networking.EndpointsConfig {
			judgeEndpoint(&f, settings)
		}
	}
	return f
}

func judgeConfig(f *findings, p *policy, config *container.Config) {
	f.when(config.MacAddress != "", "network_driver")
	if h := config.Healthcheck; h != nil && p.healthcheck {
		f.when(len(h.Test) > 0 && h.Test[0] == "NONE", "healthcheck")
		f.when(h.Interval < 0 || (h.Interval > 0 && h.Interval < time.Second) || h.Retries < 0 || h.Retries > 100, "healthcheck")
	}
	// The engine's own reading of the name. An id is no name, and an image that is found by one
	// isn't judged here.
	ref, err := reference.ParseNormalizedNamed(config.Image)
	if p.registries == nil || err != nil {
		return
	}
	allowed := false
	for _, place := range p.registries {
		allowed = allowed || strings.HasPrefix(ref.Name(), place+"/") || ref.Name() == place
	}
	f.when(!allowed, "image_registry")
}

func isDefaultBridge(name string) bool {
	return name == "" || name == "default" || name == "bridge"
}

func judgeLinks(f *findings, p *policy, hc *container.HostConfig, networking *network.NetworkingConfig) {
	f.when(p.links && len(hc.Links) > 0 && isDefaultBridge(string(hc.NetworkMode)), "container_links")
	if networking == nil || !p.links {
		return
	}
	for name, settings := range networking.EndpointsConfig {
		f.when(settings != nil && len(settings.Links) > 0 && (name == "default" || name == "bridge"), "container_links")
	}
}

// The engine's own arithmetic on capabilities: what is there in the end and wasn't by itself.
func judgeCapabilities(f *findings, p *policy, hc *container.HostConfig) {
	got, err := caps.TweakCapabilities(nil, hc.CapAdd, nil, hc.Privileged)
	if err != nil {
		// This version knows fewer than the newest; a name the newest knows counts as well.
		got, err = nil, nil
		for _, name := range hc.CapAdd {
			name = strings.ToUpper(name)
			if !strings.HasPrefix(name, "CAP_") {
				name = "CAP_" + name
			}
			got = append(got, name)
		}
	}
	for _, name := range got {
		f.when(!p.capabilities[name], "added_capabilities")
	}
	for _, name := range hc.CapAdd {
		f.when(strings.ToUpper(name) == "ALL", "added_capabilities")
	}
	// What the container has in the end.
	left, err := caps.TweakCapabilities(engineCapabilities, hc.CapAdd, hc.CapDrop, hc.Privileged)
	if p.left == nil || err != nil {
		return
	}
	for _, name := range left {
		f.when(!p.left[name], "dropped_capabilities")
	}
}

func within(root, p string) bool {
	return root == "/" || p == root || strings.HasPrefix(p, root+"/")
}

var engineSockets = []string{"/run/docker.sock", "/run/containerd/containerd.sock", "/run/docker/containerd/containerd.sock", "/run/podman/podman.sock", "/run/buildkit/buildkitd.sock"}

// judgeSource: with the alias that every system has, and without any knowledge of links.
func judgeSource(f *findings, p *policy, source string, readOnly bool) {
	real := path.Clean(source)
	if within("/var/run", real) {
		real = path.Clean("/" + strings.TrimPrefix(real, "/var/"))
	}
	f.when(real == "/var", "docker_socket_mount")
	for _, socket := range engineSockets {
		f.when(within(real, socket), "docker_socket_mount")
	}
	allowed := false
	for _, root := range p.readWrite {
		allowed = allowed || within(root, real)
	}
	for _, root := range p.readOnly {
		allowed = allowed || (readOnly && within(root, real))
	}
	for _, magic := range []string{"/proc", "/sys", "/dev"} {
		allowed = allowed && !within(magic, real)
	}
	f.when(!allowed, "host_path_mount")
}

func writesToHost(hc *container.HostConfig) bool {
	for _, point := range mountsOf(hc) {
		if point.kind == "bind" && !point.readOnly {
			return true
		}
	}
	for _, m := range hc.Mounts { // also one that the engine refuses for what else it says
		if m.Type == mounttypes.TypeBind && !m.ReadOnly {
			return true
		}
	}
	return false
}

// isMemory says whether a local volume's mount(2) can be of nothing but a new tmpfs.
func isMemory(options map[string]string) bool {
	for name := range options {
		if name != "type" && name != "o" && name != "device" {
			return false
		}
	}
	device := options["device"]
	if options["type"] != "tmpfs" || (device != "" && device != "tmpfs" && device != "none") {
		return false
	}
	for _, word := range strings.Split(options["o"], ",") {
		switch word {
		case "bind", "rbind", "remount", "move", "shared", "rshared", "slave", "rslave", "private", "rprivate", "unbindable", "runbindable":
			return false
		}
	}
	return true
}

// isBind says whether a local volume's mount(2) can be of nothing but a bind of its device, and whether it is read-only.
func isBind(options map[string]string) (binds, readOnly bool) {
	for name := range options {
		if name != "type" && name != "o" && name != "device" {
			return false, false
		}
	}
	device := options["device"]
	if (options["type"] != "none" && options["type"] != "bind") || !strings.HasPrefix(device, "/") || path.Clean(device) != device {
		return false, false
	}
	writable := false
	for _, word := range strings.Split(options["o"], ",") {
		switch word {
		case "bind", "rbind":
			binds = true
		case "ro":
			readOnly = true
		case "rw":
			writable = true
		case "nosuid", "nodev", "noexec":
		default:
			return false, false
		}
	}
	return binds, readOnly && !writable
}

func judgeOptions(f *findings, p *policy, options map[string]string) {
	f.when(len(options) > 0 && !(p.name == "baseline" && isMemory(options)), "host_path_mount")
}

func judgeMounts(f *findings, p *policy, hc *container.HostConfig) {
	for _, point := range mountsOf(hc) {
		f.when(!p.propagation[point.propagation], "mount_propagation")
		f.when(point.driver != "" && point.driver != "local", "volume_driver")
		judgeOptions(f, p, point.options)
		if point.kind == "bind" {
			judgeSource(f, p, point.source, point.readOnly)
			f.when(point.relabel, "host_path_mount")
		}
		// As the judge's engine answers.
		f.when(point.kind == "volume" && strings.HasPrefix(point.source, "host"), "host_path_mount")
	}
	for _, m := range hc.Mounts {
		f.when(m.Type != mounttypes.TypeBind && m.Type != mounttypes.TypeVolume && m.Type != mounttypes.TypeTmpfs && !(m.Type == "image" && p.name == "baseline"), "host_path_mount")
	}
	f.when(len(hc.VolumesFrom) > 0, "volumes_from")
	f.when(hc.VolumeDriver != "" && hc.VolumeDriver != "local", "volume_driver")
	for _, options := range hc.Tmpfs {
		judgeTmpfs(f, p, options)
	}
}

// What the engine's own merging makes of the options, beside those that it begins with.
func judgeTmpfs(f *findings, p *policy, options string) {
	all := []string{"noexec", "nosuid", "nodev"}
	if options != "" {
		all = append(all, strings.Split(options, ",")...)
	}
	merged, err := mount.MergeTmpfsOptions(all)
	if err != nil {
		return
	}
	for _, option := range merged {
		switch strings.SplitN(option, "=", 2)[0] {
		case "exec":
			f.when(!p.tmpfsExec, "tmpfs_options")
		case "rw", "ro", "noexec", "nosuid", "nodev", "noatime", "nodiratime", "relatime", "size", "mode", "uid", "gid", "nr_inodes", "nr_blocks":
		default:
			f.when(true, "tmpfs_options")
		}
	}
}

// By its name, or by the beginning of the id that the judge's engine gives it.
func isHostNetwork(name string) bool {
	return container.NetworkMode(name).IsHost() || (strings.HasPrefix(name, "dead") && strings.Trim(name, "0123456789abcdef") == "")
}

func judgeNamespaces(f *findings, hc *container.HostConfig, networking *network.NetworkingConfig) {
	f.when(isHostNetwork(string(hc.NetworkMode)), "host_network")
	f.when(hc.NetworkMode.IsContainer(), "namespace_sharing")
	f.when(strings.HasPrefix(string(hc.NetworkMode), "ns:"), "namespace_sharing")
	f.when(hc.PidMode.IsHost(), "host_pid")
	f.when(hc.PidMode.IsContainer(), "namespace_sharing")
	f.when(hc.IpcMode.IsHost(), "host_ipc")
	f.when(hc.IpcMode.IsContainer(), "namespace_sharing")
	f.when(hc.UTSMode.IsHost(), "host_uts")
	f.when(hc.UsernsMode.IsHost(), "host_userns")
	f.when(hc.CgroupnsMode.IsHost(), "host_cgroupns")
	f.when(hc.Cgroup.IsContainer() || hc.Cgroup != "", "namespace_sharing")
	if networking == nil {
		return
	}
	for name, settings := range networking.EndpointsConfig {
		f.when(isHostNetwork(name), "host_network")
		// The engine prefers a network's id to its name, and only the name was judged.
		f.when(settings != nil && settings.NetworkID != "", "host_network")
	}
}

func judgeWho(f *findings, p *policy, name string, groups []string) {
	if p.user {
		root, rootGroup := judgeUser(name, p.trustNames)
		f.when(name == "" || root, "run_as_root")
		f.when(rootGroup, "root_group")
		parts := strings.SplitN(name, ":", 3)
		f.when(p.needsGroup && (len(parts) < 2 || parts[1] == ""), "root_group")
	}
	if p.groups != nil {
		f.when(judgeGroups(groups, p.groups), "supplementary_groups")
	}
}

// As the engine splits them; what it refuses sets nothing.
func judgeSecurityOptions(f *findings, p *policy, hc *container.HostConfig) {
	noNewPrivileges, refused := false, false
	for _, text := range hc.SecurityOpt {
		if text == "no-new-privileges" {
			noNewPrivileges = true
			continue
		}
		f.when(text == "disable", "selinux_options")
		separator := "="
		if !strings.Contains(text, separator) {
			separator = ":"
		}
		parts := strings.SplitN(text, separator, 2)
		// In newer engines an option of its own.
		f.when(parts[0] == "writable-cgroups" || parts[0] == "systempaths", "masked_paths")
		if len(parts) != 2 {
			refused = true
			continue
		}
		switch parts[0] {
		case "label":
			f.when(parts[1] != "type:container_t" && parts[1] != "type:container_init_t" && parts[1] != "type:container_kvm_t", "selinux_options")
		case "apparmor":
			f.when(parts[1] != "" && parts[1] != "docker-default", "apparmor_profile")
		case "seccomp":
			f.when(parts[1] != "" && parts[1] != "builtin", "seccomp_profile")
		case "no-new-privileges":
			value, err := strconv.ParseBool(parts[1])
			refused = refused || err != nil
			noNewPrivileges = value
		default:
			refused = true
		}
	}
	f.when(p.noNewPrivileges && !noNewPrivileges && !refused, "privilege_escalation")
	f.when(hc.MaskedPaths != nil || hc.ReadonlyPaths != nil, "masked_paths")
}

func (p *policy) judgeDevice(f *findings, name string) {
	if strings.HasPrefix(name, "/") {
		name = path.Clean(name)
	}
	f.when(!p.devices[name], "host_devices")
}

func judgeThrottles(f *findings, p *policy, lists ...[]*blkiodev.ThrottleDevice) {
	for _, list := range lists {
		for _, d := range list {
			f.when(d == nil, "null_device")
			if d != nil {
				p.judgeDevice(f, d.Path)
			}
		}
	}
}

// What a create and an update have in common.
func judgeResources(f *findings, p *policy, r *container.Resources) {
	for _, d := range r.Devices {
		p.judgeDevice(f, d.PathOnHost)
	}
	for _, d := range r.BlkioWeightDevice {
		f.when(d == nil, "null_device")
		if d != nil {
			p.judgeDevice(f, d.Path)
		}
	}
	judgeThrottles(f, p, r.BlkioDeviceReadBps, r.BlkioDeviceWriteBps, r.BlkioDeviceReadIOps, r.BlkioDeviceWriteIOps)
	f.when(len(r.DeviceCgroupRules) > 0, "device_cgroup_rules")
	f.when(len(r.DeviceRequests) > 0, "device_requests")
	f.when(r.CgroupParent != "" && !p.cgroupParents[r.CgroupParent], "cgroup_parent")
	f.when(r.OomKillDisable != nil && *r.OomKillDisable, "oom_score")
	f.when(p.pidsMax > 0 && r.PidsLimit != nil && *r.PidsLimit > p.pidsMax, "pids_limit")
	f.when(p.pidsMax > 0 && r.PidsLimit != nil && *r.PidsLimit < 0, "pids_limit")
	f.when(p.memoryMax > 0 && (r.Memory > p.memoryMax || r.Memory < 0 || r.MemorySwap > 2*p.memoryMax || r.MemorySwap < 0), "memory_limit")
	f.when(p.cpuMax > 0 && (r.NanoCPUs > p.cpuMax || r.NanoCPUs < 0 || r.CPURealtimeRuntime != 0 || r.CPUQuota < 0), "cpu_limit")
	f.when(p.sharesMax > 0 && (r.CPUShares > p.sharesMax || r.CPUShares < 0 || r.NanoCPUs < 0 || r.CPUQuota < 0 || r.CPURealtimeRuntime != 0), "cpu_limit")
	if p.cpuMax > 0 && r.CPUQuota > 0 {
		period := float64(r.CPUPeriod)
		if period == 0 {
			period = 100000
		}
		f.when(float64(r.CPUQuota)/period > float64(p.cpuMax)/1e9, "cpu_limit")
	}
	judgeUlimits(f, p, r)
}

func judgeUlimits(f *findings, p *policy, r *container.Resources) {
	for _, u := range r.Ulimits {
		if u == nil {
			f.when(true, "null_ulimit")
			continue
		}
		max := int64(-1)
		switch u.Name {
		case "nofile":
			max = 1048576
		case "nproc":
			max = 65536
		case "core":
			max = 0
		}
		// -1 is no limit at all.
		f.when(p.ulimits && (uint64(u.Hard) > uint64(max) || uint64(u.Soft) > uint64(max) || max == -1), "ulimits")
	}
}

// Limits that a create must have in the end.
func judgeLimits(f *findings, p *policy, hc *container.HostConfig) {
	f.when(p.pidsMax > 0 && (hc.PidsLimit == nil || *hc.PidsLimit <= 0), "pids_limit")
	f.when(p.memoryMax > 0 && hc.Memory == 0, "memory_limit")
	f.when(p.cpuMax > 0 && hc.NanoCPUs == 0 && hc.CPUQuota == 0, "cpu_limit")
	f.when(p.sharesDefault > 0 && hc.NanoCPUs == 0 && hc.CPUQuota == 0 && hc.CPUShares == 0, "cpu_limit")
	f.when(p.shmMax > 0 && (hc.ShmSize > p.shmMax || hc.ShmSize < 0), "shm_size")
}

var harmlessSysctls = words("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes")

var logOptions = words("max-size", "max-file", "compress", "mode", "max-buffer-size", "labels", "labels-regex", "env", "env-regex", "tag")

func judgeRest(f *findings, p *policy, hc *container.HostConfig) {
	for name := range hc.Sysctls {
		f.when(!harmlessSysctls[name], "sysctls")
	}
	f.when(hc.OomScoreAdj < 0, "oom_score")
	f.when(hc.Runtime != "" && hc.Runtime != "runc", "runtime")
	f.when(!hc.Isolation.IsDefault(), "runtime")
	for name := range hc.StorageOpt {
		f.when(name != "size", "storage_options")
	}
	f.when(hc.LogConfig.Type != "" && hc.LogConfig.Type != "json-file" && hc.LogConfig.Type != "local", "log_driver")
	for name := range hc.LogConfig.Config {
		f.when(!logOptions[name], "log_driver")
	}
	f.when(hc.ContainerIDFile != "", "container_id_file")
}

func judgePorts(f *findings, p *policy, hc *container.HostConfig) {
	if p.ports == nil {
		return
	}
	f.when(hc.PublishAllPorts, "published_ports")
	for port, bindings := range hc.PortBindings {
		f.when(port.Proto() == "tcp" && port.Int() == 22, "published_ports")
		// An empty list publishes on a free port of every address.
		f.when(len(bindings) == 0, "published_ports")
		for _, b := range bindings {
			f.when(!p.ports[b.HostIP], "published_ports")
			low, _, err := nat.ParsePortRange(b.HostPort)
			f.when(b.HostPort != "" && err == nil && low != 0 && low < 1024, "published_ports")
		}
	}
}

func judgeRestart(f *findings, p *policy, r container.RestartPolicy) {
	if !p.restart {
		return
	}
	f.when(r.IsAlways() || r.IsUnlessStopped(), "restart_policy")
	f.when(r.IsOnFailure() && (r.MaximumRetryCount < 1 || r.MaximumRetryCount > 5), "restart_policy")
}

func judgeEndpoint(f *findings, settings *network.EndpointSettings) {
	if settings == nil {
		return
	}
	f.when(settings.MacAddress != "", "network_driver")
	f.when(settings.DriverOpts["com.docker.network.endpoint.sysctls"] != "", "sysctls")
	for name := range settings.DriverOpts {
		f.when(name != "com.docker.network.endpoint.sysctls" && name != "com.docker.network.endpoint.ifname", "network_driver")
	}
}
