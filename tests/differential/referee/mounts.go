// Mounts as the engine reads them: which of the host's paths a container gets, how, and which
// volumes. Source: moby volume/mounts/linux_parser.go, which no package of Debian's carries.
package main

import (
	"path"
	"strings"

	"github.com/docker/docker/api/types/container"
	mounttypes "github.com/docker/docker/api/types/mount"
)

type mountPoint struct {
	kind        string // bind, volume, tmpfs
	source      string // a clean path, or a volume's name
	destination string
	readOnly    bool
	relabel     bool
	propagation string
	driver      string
	options     map[string]string
}

// Which words exclude each other.
var modeWords = map[string]string{
	"ro": "access", "rw": "access", "z": "label", "Z": "label", "nocopy": "copy",
	"private": "propagation", "rprivate": "propagation", "slave": "propagation", "rslave": "propagation", "shared": "propagation",
	"rshared": "propagation", "consistent": "consistency", "cached": "consistency", "delegated": "consistency",
}

// parseMode answers the words by their group; nil for what is no mode.
func parseMode(mode string) map[string]string {
	words := map[string]string{}
	if mode == "" {
		return words
	}
	for _, word := range strings.Split(mode, ",") {
		group, known := modeWords[word]
		if _, twice := words[group]; !known || twice {
			return nil
		}
		words[group] = word
	}
	return words
}

// parseBind answers nil for what the engine refuses.
func parseBind(text, volumeDriver string) *mountPoint {
	parts := strings.SplitN(text, ":", 4)
	if parts[0] == "" || len(parts) > 3 {
		return nil
	}
	source, target, mode := "", parts[0], ""
	if len(parts) > 1 {
		source, target = parts[0], parts[1]
	}
	if len(parts) == 2 && parseMode(target) != nil {
		return nil
	}
	if len(parts) == 3 {
		mode = parts[2]
	}
	words := parseMode(mode)
	if words == nil {
		return nil
	}
	m := mounttypes.Mount{Type: mounttypes.TypeVolume, Source: source, Target: target, ReadOnly: words["access"] == "ro"}
	if path.IsAbs(source) {
		m.Type = mounttypes.TypeBind
	} else if volumeDriver != "" {
		m.VolumeOptions = &mounttypes.VolumeOptions{DriverConfig: &mounttypes.Driver{Name: volumeDriver}}
	}
	if words["copy"] != "" && m.VolumeOptions == nil {
		m.VolumeOptions = &mounttypes.VolumeOptions{}
	}
	if words["propagation"] != "" {
		m.BindOptions = &mounttypes.BindOptions{Propagation: mounttypes.Propagation(words["propagation"])}
	}
	// An anonymous volume that is read-only, and every other check of a Mounts entry.
	point := parseMount(m)
	if point != nil {
		point.relabel = words["label"] != ""
	}
	return point
}

func slashed(p string) string {
	return strings.ReplaceAll(p, `\`, "/")
}

// parseMount answers nil for what the engine refuses. A bind's source may be missing: it is made.
func parseMount(m mounttypes.Mount) *mountPoint {
	if m.Target == "" || path.Clean(slashed(m.Target)) == "/" || !path.IsAbs(slashed(m.Target)) {
		return nil
	}
	point := &mountPoint{kind: string(m.Type), source: m.Source, destination: path.Clean(m.Target), readOnly: m.ReadOnly}
	switch m.Type {
	case mounttypes.TypeBind:
		if m.Source == "" || m.VolumeOptions != nil || !path.IsAbs(slashed(m.Source)) {
			return nil
		}
		point.source = path.Clean(m.Source)
		if m.BindOptions != nil {
			point.propagation = string(m.BindOptions.Propagation)
			if point.propagation != "" && modeWords[point.propagation] != "propagation" {
				return nil
			}
		}
	case mounttypes.TypeVolume:
		if m.BindOptions != nil || (m.ReadOnly && m.Source == "") {
			return nil
		}
		if m.VolumeOptions != nil && m.VolumeOptions.DriverConfig != nil {
			point.driver = m.VolumeOptions.DriverConfig.Name
			point.options = m.VolumeOptions.DriverConfig.Options
		}
	case mounttypes.TypeTmpfs:
		if m.BindOptions != nil || m.Source != "" {
			return nil
		}
	default:
		return nil
	}
	return point
}

// mountsOf lists every mount that Binds and Mounts make.
func mountsOf(hc *container.HostConfig) []*mountPoint {
	var points []*mountPoint
	for _, text := range hc.Binds {
		if point := parseBind(text, hc.VolumeDriver); point != nil {
			points = append(points, point)
		}
	}
	for _, m := range hc.Mounts {
		if point := parseMount(m); point != nil {
			points = append(points, point)
		}
	}
	return points
}
