// The kinds of bodies: the route they go to, the engine's own type that reads them, and what
// sockade is documented to leave out of them.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path"
	"reflect"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	mounttypes "github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	volumetypes "github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/oci/caps"
	"github.com/docker/docker/pkg/sysinfo"
	"github.com/docker/docker/runconfig"
	"github.com/docker/go-connections/nat"
)

// What the engine makes of a create body.
type createBody struct {
	Config     *container.Config
	HostConfig *container.HostConfig
	Networking *network.NetworkingConfig
	refused    bool // the engine's validation would refuse it
}

type kind struct {
	name   string
	method string
	target string
	seeds  []string
	fields []field
	decode func(text []byte) (interface{}, error)
	// What differs between the two readings although nothing is wrong, by a name for each reason.
	drops func(original, forwarded interface{}, p *policy)
	rules func(p *policy, body interface{}) []string
}

// A machine on which everything is supported: validation then depends on the body alone.
var machine = sysinfo.SysInfo{}

func init() {
	machine.CPURealtime = true
}

var decoder = runconfig.ContainerDecoder{GetSysInfo: func() *sysinfo.SysInfo { return &machine }}

// decodeInto reads one value, as the engine does, which doesn't look at what follows.
func decodeInto(text []byte, out interface{}) error {
	return json.NewDecoder(bytes.NewReader(text)).Decode(out)
}

// decodeConfig takes the engine's panic (a HostConfig with "container:x" and no Config) for a refusal,
// as the engine's HTTP server does.
func decodeConfig(text []byte) (config *container.Config, hc *container.HostConfig, networking *network.NetworkingConfig, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the engine's decoder panics")
		}
	}()
	return decoder.DecodeConfig(bytes.NewReader(text))
}

func decodeCreate(text []byte) (interface{}, error) {
	var wrapper runconfig.ContainerConfigWrapper
	if err := decodeInto(text, &wrapper); err != nil {
		return nil, err
	}
	body := &createBody{}
	var err error
	body.Config, body.HostConfig, body.Networking, err = decodeConfig(text)
	if err != nil {
		// It is judged all the same: another version's validation may let it pass.
		body = &createBody{wrapper.Config, wrapper.InnerHostConfig, wrapper.NetworkingConfig, true}
		if body.HostConfig == nil {
			body.HostConfig = wrapper.HostConfig
		}
		if body.HostConfig != nil && body.HostConfig.NetworkMode == "" {
			body.HostConfig.NetworkMode = "default" // as the decoder does
		}
	}
	return body, nil
}

func decodeCommit(text []byte) (interface{}, error) {
	config, _, _, err := decodeConfig(text)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if config == nil {
		config = &container.Config{} // "Members that are null": what has no others is no configuration
	}
	return config, nil
}

func decodeAs(make func() interface{}) func([]byte) (interface{}, error) {
	return func(text []byte) (interface{}, error) {
		out := make()
		if err := decodeInto(text, out); err != nil {
			return nil, err
		}
		return out, nil
	}
}

// "Sources of binds": written as they were judged, clean.
func dropUncleanSources(hc *container.HostConfig) {
	for i, text := range hc.Binds {
		// A target such as "\x" is one to the engine; to sockade it is none, and open forwards it as it is.
		point := parseBind(text, "")
		if point != nil && point.kind == "bind" && strings.HasPrefix(point.destination, "/") {
			hc.Binds[i] = point.source + text[strings.Index(text, ":"):]
		}
	}
	for i := range hc.Mounts {
		if m := &hc.Mounts[i]; m.Type == mounttypes.TypeBind && strings.HasPrefix(m.Source, "/") {
			m.Source = path.Clean(m.Source)
		}
	}
}

// "Defaults": what a policy writes into a request that says nothing.
func dropDefaults(original, forwarded *createBody, p *policy) {
	if p.pidsDefault != 0 && (original.HostConfig.PidsLimit == nil || *original.HostConfig.PidsLimit == 0) {
		original.HostConfig.PidsLimit = &p.pidsDefault
	}
	if p.memoryDefault != 0 && original.HostConfig.Memory == 0 {
		original.HostConfig.Memory = p.memoryDefault
		if original.HostConfig.MemoryReservation > p.memoryDefault {
			original.HostConfig.Memory = original.HostConfig.MemoryReservation
		}
	}
	if p.sharesDefault != 0 && original.HostConfig.CPUShares == 0 && original.HostConfig.NanoCPUs == 0 && original.HostConfig.CPUQuota == 0 {
		original.HostConfig.CPUShares = p.sharesDefault
	}
	if p.readOnlyRootfs {
		original.HostConfig.ReadonlyRootfs = true
	}
	if p.left != nil {
		dropDropped(original.HostConfig, forwarded.HostConfig)
	}
	for _, bindings := range original.HostConfig.PortBindings {
		for i := range bindings {
			if p.ports != nil && bindings[i].HostIP == "" {
				bindings[i].HostIP = "127.0.0.1"
			}
		}
	}
	if p.nanoDefault != 0 && original.HostConfig.NanoCPUs == 0 && original.HostConfig.CPUQuota == 0 {
		original.HostConfig.NanoCPUs = p.nanoDefault
	}
	if p.user && original.Config.User == "" {
		original.Config.User = "1000:1000" // the image's, which the judge's engine always answers
	}
	if p.owners && writesToHost(original.HostConfig) {
		original.Config.User = withGroup(original.Config.User)
	}
	if p.noNewPrivileges && !mentionsNoNewPrivileges(original.HostConfig.SecurityOpt) {
		original.HostConfig.SecurityOpt = append(original.HostConfig.SecurityOpt, "no-new-privileges")
	}
}

// Capabilities that are dropped in addition; rules.go looks at what is left in the end.
func dropDropped(original, forwarded *container.HostConfig) {
	n := len(original.CapDrop)
	if len(forwarded.CapDrop) < n {
		return
	}
	for _, name := range forwarded.CapDrop[n:] {
		if caps.ValidateCapabilities([]string{"CAP_" + name}) != nil {
			return
		}
	}
	if reflect.DeepEqual(append([]string{}, original.CapDrop...), append([]string{}, forwarded.CapDrop[:n]...)) {
		original.CapDrop = forwarded.CapDrop
	}
}

func mentionsNoNewPrivileges(options []string) bool {
	for _, text := range options {
		if strings.HasPrefix(text, "no-new-privileges") {
			return true
		}
	}
	return false
}

func dropsOfCreate(original, forwarded interface{}, p *policy) {
	a, b := original.(*createBody), forwarded.(*createBody)
	if a.Config == nil {
		a.Config = &container.Config{}
	}
	if b.Config == nil {
		b.Config = &container.Config{}
	}
	// "An empty HostConfig": there always is one in what is forwarded.
	if a.HostConfig == nil {
		a.HostConfig = &container.HostConfig{NetworkMode: "default"}
	}
	if b.HostConfig == nil {
		return // rules.go objects
	}
	a.Config.Volumes, b.Config.Volumes = someVolumes(a.Config.Volumes), someVolumes(b.Config.Volumes)
	// "null in a map is an empty value": to the engine it is nil, which comes to the same.
	for port, bindings := range a.HostConfig.PortBindings {
		if bindings == nil {
			a.HostConfig.PortBindings[port] = []nat.PortBinding{}
		}
	}
	if a.Networking != nil {
		for name, settings := range a.Networking.EndpointsConfig {
			if settings == nil {
				a.Networking.EndpointsConfig[name] = &network.EndpointSettings{}
			}
		}
	}
	dropUncleanSources(a.HostConfig)
	dropDefaults(a, b, p)
}

// The engine makes an empty map where there is none, but only beside a HostConfig.
func someVolumes(volumes map[string]struct{}) map[string]struct{} {
	if len(volumes) == 0 {
		return nil
	}
	return volumes
}

func dropsOfCommit(original, forwarded interface{}, p *policy) {
	a, b := original.(*container.Config), forwarded.(*container.Config)
	a.Volumes, b.Volumes = someVolumes(a.Volumes), someVolumes(b.Volumes)
}

func noDrops(original, forwarded interface{}, p *policy) {}

var kinds = []*kind{
	{"containers.create", "POST", "/v1.41/containers/create", createSeeds, createFields, decodeCreate, dropsOfCreate, judgeCreate},
	{"containers.update", "POST", "/v1.41/containers/c/update", []string{`{}`, `{"Memory":268435456,"PidsLimit":100,"NanoCpus":1000000000}`, `{"BlkioWeight":0,"CpuShares":512,"Memory":0,"CpuQuota":0,"RestartPolicy":{"Name":"","MaximumRetryCount":0},"Devices":null,"Ulimits":null}`}, updateFields,
		decodeAs(func() interface{} { return &container.UpdateConfig{} }), noDrops, judgeUpdate},
	{"exec.create", "POST", "/v1.41/containers/c/exec", []string{`{"User":"","Privileged":false,"Tty":false,"AttachStdin":false,"AttachStderr":true,"AttachStdout":true,"Detach":false,"DetachKeys":"","Env":null,"WorkingDir":"","Cmd":["id"]}`, `{"AttachStdout":true,"Cmd":["sh","-c","x"],"User":"1000"}`, `{"Container":"c","User":"","Privileged":false,"Cmd":["x"]}`}, execFields,
		decodeAs(func() interface{} { return &types.ExecConfig{} }), noDrops, judgeExec},
	{"exec.start", "POST", "/v1.41/exec/e/start", []string{`{"Detach":false,"Tty":false}`, `{"Detach":true}`, `{"hijack":true,"stdin":true,"Tty":true}`}, execStartFields,
		decodeAs(func() interface{} { return &types.ExecStartCheck{} }), noDrops, judgeNothing},
	{"volumes.create", "POST", "/v1.41/volumes/create", []string{`{"Name":"v"}`, `{"Driver":"local","DriverOpts":{},"Labels":{"a":"b"},"Name":""}`, `{"Name":"v","Driver":null,"DriverOpts":null}`}, volumeFields,
		decodeAs(func() interface{} { return &volumetypes.VolumeCreateBody{} }), noDrops, judgeVolume},
	{"networks.create", "POST", "/v1.41/networks/create", []string{`{"CheckDuplicate":true,"Driver":"bridge","EnableIPv6":false,"IPAM":{"Driver":"default","Options":{},"Config":[]},"Internal":false,"Attachable":false,"Ingress":false,"ConfigOnly":false,"ConfigFrom":null,"Options":{},"Labels":{},"Name":"n"}`, `{"Name":"p_default","Driver":"bridge","Labels":{"com.docker.compose.network":"default"}}`}, networkFields,
		decodeAs(func() interface{} { return &types.NetworkCreateRequest{} }), noDrops, judgeNetwork},
	{"networks.connect", "POST", "/v1.41/networks/n/connect", []string{`{"Container":"c","EndpointConfig":{"IPAMConfig":{"IPv4Address":"10.0.0.9"},"Aliases":["a"]}}`, `{"Container":"c","EndpointConfig":null}`}, connectFields,
		decodeAs(func() interface{} { return &types.NetworkConnect{} }), noDrops, judgeConnect},
	{"networks.disconnect", "POST", "/v1.41/networks/n/disconnect", []string{`{"Container":"c","Force":false}`}, disconnectFields,
		decodeAs(func() interface{} { return &types.NetworkDisconnect{} }), noDrops, judgeNothing},
	{"containers.commit", "POST", "/v1.41/commit?container=c", []string{`{}`, `{"Hostname":"","Cmd":["x"],"Env":["A=b"],"Labels":{"a":"b"},"Volumes":{"/v":{}}}`, `null`}, commitFields,
		decodeCommit, dropsOfCommit, judgeNothing},
	{"auth.login", "POST", "/v1.41/auth", []string{`{"username":"u","password":"p","serveraddress":"https://x"}`, `{"identitytoken":"x"}`}, authFields,
		decodeAs(func() interface{} { return &types.AuthConfig{} }), noDrops, judgeNothing},
}
