// Who a container's process runs as, by the engine's own user parsing and an image that is as
// hostile as it can be: its passwd and group files give every name the number 0.
package main

import (
	"io"
	"strconv"
	"strings"

	"github.com/opencontainers/runc/libcontainer/user"
)

// entries is a passwd or group file that maps both parts of the text to 0. None when names are
// trusted: then only root is 0.
func entries(spec, rest string, trusted bool) io.Reader {
	lines := "root:x:0:" + rest + "\n"
	if !trusted {
		for _, part := range strings.Split(spec, ":") {
			if part != "" && !strings.Contains(part, "\n") {
				lines += part + ":x:0:" + rest + "\n"
			}
		}
	}
	return strings.NewReader(lines)
}

// judgeUser says whether the process would be root, or have root's group although it names one.
// An error of the engine's means that nothing runs.
func judgeUser(spec string, trusted bool) (root, rootGroup bool) {
	got, err := user.GetExecUser(spec, nil, entries(spec, "0::/:/bin/sh", trusted), entries(spec, "", trusted))
	if err != nil {
		return false, false
	}
	parts := strings.SplitN(spec, ":", 3)
	named := len(parts) > 1 && parts[1] != ""
	return got.Uid == 0, named && got.Gid == 0
}

// judgeGroups says whether the additional groups hold a number that is not among the allowed. The
// engine looks a number up as a name first, so an image may give group "1001" any number;
// nobody can see that from outside, and a policy that allows 1001 takes it. So only names that are
// no numbers are given to root here.
func judgeGroups(names []string, allowed map[int]bool) bool {
	file := "root:x:0:\n"
	for _, name := range names {
		if _, err := strconv.Atoi(name); err != nil && !strings.ContainsAny(name, ":\n") {
			file += name + ":x:0:\n"
		}
	}
	got, err := user.GetAdditionalGroups(names, strings.NewReader(file))
	if err != nil {
		return false
	}
	for _, gid := range got {
		if !allowed[gid] {
			return true
		}
	}
	return false
}
