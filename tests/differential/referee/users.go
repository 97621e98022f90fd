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

func isOwner(id int) bool { return id >= 1000 && id <= 59999 }

// judgeOwner says whether the process would have an id that no file of the host's may get, with an
// image that gives shadow's number, 42, to every name and every user's group.
func judgeOwner(spec string, groups []string) bool {
	passwd, group := "", ""
	for _, part := range append(strings.Split(spec, ":"), groups...) {
		if strings.ContainsAny(part, ":\n") {
			continue
		}
		if uid, err := strconv.Atoi(part); err == nil {
			passwd += "u:x:" + strconv.Itoa(uid) + ":42::/:/bin/sh\n"
		} else if part != "" {
			passwd += part + ":x:42:42::/:/bin/sh\n"
			group += part + ":x:42:\n"
		}
	}
	got, err := user.GetExecUser(spec, nil, strings.NewReader(passwd), strings.NewReader(group))
	if err != nil {
		return false
	}
	added, err := user.GetAdditionalGroups(groups, strings.NewReader(group))
	if err != nil {
		return false
	}
	for _, gid := range append(append([]int{got.Gid}, got.Sgids...), added...) {
		if !isOwner(gid) {
			return true
		}
	}
	return !isOwner(got.Uid)
}

// withGroup is what a user becomes that is a number and has no group.
func withGroup(spec string) string {
	parts := strings.SplitN(spec, ":", 3)
	uid, err := strconv.Atoi(parts[0])
	if err != nil || strconv.Itoa(uid) != parts[0] || !isOwner(uid) || (len(parts) > 1 && parts[1] != "") {
		return spec
	}
	return parts[0] + ":" + parts[0]
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
