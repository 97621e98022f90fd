// The referee is tried first: with every rule switched off (the judge is asked under `open`) it has
// to report each rule, and what was tampered with on the way has to be noticed. So silence
// later means something.
package main

import (
	"fmt"
	"math/rand"
)

// What has to be reported. Some need a value that the fields make only now and then.
var expectedRules = []string{
	"privileged", "added_capabilities", "dropped_capabilities", "docker_socket_mount", "host_path_mount", "host_path_owner", "mount_propagation",
	"volume_driver", "volumes_from", "tmpfs_options", "host_network", "host_pid", "host_ipc", "host_uts", "host_userns",
	"host_cgroupns", "namespace_sharing", "run_as_root", "root_group", "supplementary_groups", "privilege_escalation",
	"seccomp_profile", "apparmor_profile", "selinux_options", "masked_paths", "host_devices", "device_cgroup_rules",
	"device_requests", "sysctls", "ulimits", "oom_score", "runtime", "cgroup_parent", "storage_options", "memory_limit",
	"cpu_limit", "pids_limit", "shm_size", "published_ports", "restart_policy", "log_driver", "network_driver",
	"container_links", "healthcheck", "image_registry", "read_only_rootfs", "extra_hosts", "dns_options",
}

// Bodies that the engine reads otherwise than what is said to be forwarded, and what is noticed then.
var tampered = []struct{ kind, sent, forwarded, noticed string }{
	{"containers.create", `{"HostConfig":{"Memory":5}}`, `{"HostConfig":{}}`, "3: read differently at .HostConfig.Resources.Memory"},
	{"containers.create", `{"Privileged":true,"HostConfig":{"Binds":["a:/b"]}}`, `{"HostConfig":{"binds":["c:/b"]}}`, "3: read differently at .HostConfig.Binds"},
	{"containers.create", `{"Cmd":["a"],"cmd":["b"]}`, `{"Cmd":["a"],"HostConfig":{}}`, "3: read differently at .Config.Cmd"},
	{"containers.create", `{"Tty":true}`, `{"Tty":true,"HostConfig":{"Memory":"5"}}`, "2: the engine reads what was sent and not what is forwarded"},
	{"containers.create", `{"Tty":"x"}`, `{"Tty":true,"HostConfig":{}}`, "2: the engine reads what is forwarded and not what was sent"},
	{"exec.create", `{"Cmd":["x"],"cmd":["y"]}`, `{"Cmd":["x"]}`, "3: read differently at .Cmd"},
	{"networks.create", `{"Name":"a","Internal":true}`, `{"Name":"a"}`, "3: read differently at .NetworkCreate.Internal"},
}

// Targets that reach something else than was judged.
var redirected = []struct {
	method, sent string
	verdict      verdict
	noticed      string
}{
	{"GET", "/v1.41/containers/json", verdict{rowPath: "/containers/{name}/json", rowName: "a", target: "/v1.41/containers/json"}, "another route: judged as /containers/{}/json, reaches /containers/json"},
	{"POST", "/v1.41/containers/a/start", verdict{rowPath: "/containers/{name}/start", rowName: "a", target: "/v1.41/containers/b/start"}, "another name"},
	{"POST", "/v1.41/containers/a/stop?t=1", verdict{rowPath: "/containers/{name}/stop", rowName: "a", target: "/v1.41/containers/a/stop?t=1"}, "another query than was judged"},
	{"GET", "/v1.41/info", verdict{rowPath: "/info", target: "/v1.41/x/../info"}, "forwarded target: redirected"},
}

func has(list []string, word string) bool {
	for _, item := range list {
		if item == word {
			return true
		}
	}
	return false
}

// checkReferee answers how much went unnoticed.
func checkReferee(o *options) (int, error) {
	seen, err := reportedWithoutRules(o)
	if err != nil {
		return 0, err
	}
	unnoticed := 0
	complain := func(format string, args ...interface{}) {
		fmt.Printf("UNNOTICED "+format+"\n", args...)
		unnoticed++
	}
	for _, rule := range expectedRules {
		if !seen["1: rule "+rule] {
			complain("with every rule off, nothing breaks %s", rule)
		}
	}
	for _, t := range tampered {
		for _, k := range kinds {
			if k.name != t.kind {
				continue
			}
			problems, _ := checkBody(k, policyOf("baseline"), []byte(t.sent), &verdict{allowed: true, bodyWord: "whole", body: []byte(t.forwarded)})
			if !has(problems, t.noticed) {
				complain("%s forwarded as %s: %q", t.sent, t.forwarded, problems)
			}
		}
	}
	routes, err := readRoutes(o.source)
	if err != nil {
		return unnoticed, err
	}
	for i := range redirected {
		t := &redirected[i]
		if problems := checkTarget(newRouter(routes), &request{method: t.method, target: t.sent}, &t.verdict); !has(problems, t.noticed) {
			complain("%s sent as %s: %q", t.sent, t.verdict.target, problems)
		}
	}
	fmt.Printf("referee: %d rules, %d bodies and %d targets tried, %d unnoticed\n", len(expectedRules), len(tampered), len(redirected), unnoticed)
	return unnoticed, nil
}

// reportedWithoutRules asks under `open` and checks by each policy that judges.
func reportedWithoutRules(o *options) (map[string]bool, error) {
	j, err := startJudge(o.judge, o.policies)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	cases := seedCases("", rand.New(rand.NewSource(1)), 120) // the same ones each time
	for ; len(cases) > 0; cases = cases[len(policies):] {
		c := cases[0] // the same body follows for the other policies
		asked := c.request
		asked.policy = "open"
		v, err := j.askOne(&asked)
		if err != nil {
			return nil, err
		}
		if !v.allowed {
			continue
		}
		for _, p := range policies {
			problems, _ := checkBody(c.kind, p, c.body, v)
			for _, problem := range problems {
				seen[problem] = true
			}
		}
	}
	return seen, j.stop()
}
