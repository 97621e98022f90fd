// The rules for bodies other than a create's.
package main

import (
	"math"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	volumetypes "github.com/docker/docker/api/types/volume"
)

func judgeUpdate(p *policy, body interface{}) []string {
	b := body.(*container.UpdateConfig)
	var f findings
	judgeResources(&f, p, &b.Resources)
	judgeRestart(&f, p, b.RestartPolicy)
	f.when(p.pidsMax > 0 && b.PidsLimit != nil && *b.PidsLimit == 0, "pids_limit")
	f.when(p.memoryMax > 0 && b.Memory > math.MaxInt64/2, "memory_limit")
	return f
}

func judgeExec(p *policy, body interface{}) []string {
	b := body.(*types.ExecConfig)
	var f findings
	f.when(b.Privileged, "privileged")
	if b.User != "" {
		judgeWho(&f, p, b.User, nil)
	}
	return f
}

func judgeVolume(p *policy, body interface{}) []string {
	b := body.(*volumetypes.VolumeCreateBody)
	var f findings
	f.when(b.Driver != "" && b.Driver != "local", "volume_driver")
	if binds, readOnly := isBind(b.DriverOpts); binds && p.name == "baseline" {
		judgeSource(&f, p, b.DriverOpts["device"], readOnly)
		return f
	}
	judgeOptions(&f, p, b.DriverOpts)
	return f
}

var networkOptions = words("com.docker.network.driver.mtu", "com.docker.network.bridge.enable_icc", "com.docker.network.bridge.enable_ip_masquerade", "com.docker.network.enable_ipv4", "com.docker.network.enable_ipv6")

func judgeNetwork(p *policy, body interface{}) []string {
	b := body.(*types.NetworkCreateRequest)
	var f findings
	f.when(b.Driver != "" && b.Driver != "bridge", "network_driver")
	for name := range b.Options {
		f.when(!networkOptions[name], "network_driver")
	}
	f.when(b.IPAM != nil && ((b.IPAM.Driver != "" && b.IPAM.Driver != "default") || len(b.IPAM.Options) > 0), "network_driver")
	f.when(b.Scope != "" && b.Scope != "local", "network_driver")
	f.when(b.Ingress, "network_driver")
	f.when(b.ConfigFrom != nil && b.ConfigFrom.Network != "", "network_driver")
	return f
}

func judgeConnect(p *policy, body interface{}) []string {
	var f findings
	settings := body.(*types.NetworkConnect).EndpointConfig
	judgeEndpoint(&f, settings)
	f.when(settings != nil && settings.NetworkID != "", "host_network")
	return f
}
