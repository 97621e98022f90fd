// Completeness: every member of every body that the engine's Go types read, and that the API
// descriptions name, stands in one of sockade's field tables, with a type that fits.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sort"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/strslice"
	"github.com/docker/docker/api/types/swarm"
	volumetypes "github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/runconfig"
	"gopkg.in/yaml.v3"
)

var engineBodies = map[string]reflect.Type{
	"containers.create":   reflect.TypeOf(runconfig.ContainerConfigWrapper{}),
	"containers.update":   reflect.TypeOf(container.UpdateConfig{}),
	"exec.create":         reflect.TypeOf(types.ExecConfig{}),
	"exec.start":          reflect.TypeOf(types.ExecStartCheck{}),
	"volumes.create":      reflect.TypeOf(volumetypes.VolumeCreateBody{}),
	"networks.create":     reflect.TypeOf(types.NetworkCreateRequest{}),
	"networks.connect":    reflect.TypeOf(types.NetworkConnect{}),
	"networks.disconnect": reflect.TypeOf(types.NetworkDisconnect{}),
	"containers.commit":   reflect.TypeOf(runconfig.ContainerConfigWrapper{}),
	"auth.login":          reflect.TypeOf(types.AuthConfig{}),
	"services.create":     reflect.TypeOf(swarm.ServiceSpec{}),
	"swarm.init":          reflect.TypeOf(swarm.InitRequest{}),
	"swarm.join":          reflect.TypeOf(swarm.JoinRequest{}),
	"swarm.update":        reflect.TypeOf(swarm.Spec{}),
	"swarm.unlock":        reflect.TypeOf(swarm.UnlockRequest{}),
	"nodes.update":        reflect.TypeOf(swarm.NodeSpec{}),
	"secrets.create":      reflect.TypeOf(swarm.SecretSpec{}),
	"configs.create":      reflect.TypeOf(swarm.ConfigSpec{}),
	"plugins.pull":        reflect.TypeOf(types.PluginPrivilege{}), // of a list, as in the description
	"checkpoints.create":  reflect.TypeOf(types.CheckpointCreateOptions{}),
}

// Where the API descriptions have these bodies.
var describedBodies = map[string]string{
	"containers.create": "/containers/create", "containers.update": "/containers/{id}/update", "exec.create": "/containers/{id}/exec",
	"exec.start": "/exec/{id}/start", "volumes.create": "/volumes/create", "networks.create": "/networks/create",
	"networks.connect": "/networks/{id}/connect", "networks.disconnect": "/networks/{id}/disconnect", "containers.commit": "/commit", "auth.login": "/auth",
	"services.create": "/services/create", "swarm.init": "/swarm/init", "swarm.join": "/swarm/join", "swarm.update": "/swarm/update",
	"swarm.unlock": "/swarm/unlock", "nodes.update": "/nodes/{id}/update", "secrets.create": "/secrets/create", "configs.create": "/configs/create",
	"plugins.pull": "/plugins/pull", "volumes.update": "/volumes/{name}",
}

type row struct {
	typeWord, use string
}

// By body and path: "HostConfig.Mounts[].Source". Read once, before the workers begin.
var tables map[string]map[string]row

// readTables runs fields_dump.
func readTables(program string) (map[string]map[string]row, error) {
	text, err := exec.Command(program).Output()
	if err != nil {
		return nil, err
	}
	read := map[string]map[string]row{}
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		parts := strings.Split(line, "\t")
		if len(parts) != 5 {
			return nil, fmt.Errorf("%s: not five words: %q", program, line)
		}
		if read[parts[0]] == nil {
			read[parts[0]] = map[string]row{}
		}
		read[parts[0]][parts[1]] = row{parts[2], parts[3]}
	}
	return read, nil
}

// lookUp finds a field's row. HostConfig's fields at the top level are refused by its own table.
func lookUp(body, name string) (row, bool) {
	found, ok := tables[body][name]
	if !ok && (body == "containers.create" || body == "containers.commit") {
		if _, ok := tables["containers.create"]["HostConfig."+name]; ok {
			return row{"any", "refused"}, true
		}
	}
	if !ok && body == "containers.commit" && (strings.HasPrefix(name, "HostConfig.") || strings.HasPrefix(name, "NetworkingConfig.")) {
		return row{"any", "refused"}, true
	}
	return found, ok
}

var strSlice = reflect.TypeOf(strslice.StrSlice{})

// typeWord is the table's word for a Go type, and the type of what is within.
func typeWord(t reflect.Type) (word, below string, inner reflect.Type) {
	for t.Kind() == reflect.Ptr {
		t = t.Elem()
	}
	if t == strSlice {
		return "string or strings", "", nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean", "", nil
	case reflect.String:
		return "string", "", nil
	case reflect.Struct:
		return "object", ".", t
	case reflect.Array:
		return "two integers", "", nil
	case reflect.Float32, reflect.Float64:
		return "number", "", nil
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "string", "", nil // base64
		}
		word, _, inner := typeWord(t.Elem())
		switch word {
		case "string":
			return "strings", "", nil
		case "strings":
			return "lists of strings", "", nil
		}
		return "objects", "[].", inner
	case reflect.Map:
		word, _, inner := typeWord(t.Elem())
		switch word {
		case "string":
			return "map of strings", "", nil
		case "objects":
			return "map of lists of objects", "{}[].", inner
		}
		return "map of objects", "{}.", inner
	}
	return "integer", "", nil
}

type goField struct {
	name, word string
}

// goFields lists what encoding/json reads into a struct, with what it embeds.
func goFields(t reflect.Type, prefix string) []goField {
	var list []goField
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := strings.Split(f.Tag.Get("json"), ",")[0]
		if tag == "-" || (f.PkgPath != "" && !f.Anonymous) {
			continue
		}
		inner := f.Type
		for inner.Kind() == reflect.Ptr {
			inner = inner.Elem()
		}
		if f.Anonymous && tag == "" && inner.Kind() == reflect.Struct {
			list = append(list, goFields(inner, prefix)...)
			continue
		}
		name := tag
		if name == "" {
			name = f.Name
		}
		word, below, within := typeWord(f.Type)
		list = append(list, goField{prefix + name, word})
		if within != nil {
			list = append(list, goFields(within, prefix+name+below)...)
		}
	}
	return list
}

// checkEngineFields compares the tables with the engine's types.
func checkEngineFields() (count int, missing []string) {
	for body, t := range engineBodies {
		for _, f := range goFields(t, "") {
			count++
			found, ok := lookUp(body, f.name)
			switch {
			case !ok:
				// Below an object that is refused or dropped as a whole there is nothing to name.
				if !belowUnread(tables[body], f.name) {
					missing = append(missing, body+": "+f.name+" ("+f.word+") is in no table")
				}
			case found.typeWord != f.word && found.typeWord != "any":
				missing = append(missing, body+": "+f.name+" is "+f.word+" in the engine and "+found.typeWord+" in the table")
			}
		}
	}
	sort.Strings(missing)
	return count, missing
}

func belowUnread(table map[string]row, name string) bool {
	for i := range name {
		if (name[i] == '.' || name[i] == '[' || name[i] == '{') && (table[name[:i]].use == "refused" || table[name[:i]].use == "dropped") {
			return true
		}
	}
	return false
}

// withoutDropped takes out of a body what sockade is documented to take out: fields that are
// dropped, and the empty values of those that are refused (under open any value).
func withoutDropped(body string, p *policy, text []byte) []byte {
	if !json.Valid(text) {
		return text
	}
	root := parseTree(string(text))
	drop(body, p, root, "")
	return root.bytes()
}

func drop(body string, p *policy, n *node, prefix string) {
	if n.kind != '{' {
		return
	}
	kept := []*node{}
	for _, kid := range n.kids {
		var name string
		json.Unmarshal([]byte(kid.name), &name)
		name = tableSpelling(body, prefix, name)
		found, _ := lookUp(body, prefix+name)
		if found.use == "dropped" || (found.use == "refused" && (!p.judged || kid.isZero())) {
			continue
		}
		kept = append(kept, kid)
		dropBelow(body, p, kid, prefix+name, found.typeWord)
	}
	n.kids = kept
}

// tableSpelling finds the name that the table has, where a body has it in other letters.
func tableSpelling(body, prefix, name string) string {
	if _, ok := lookUp(body, prefix+name); ok {
		return name
	}
	for known := range tables[body] {
		if strings.EqualFold(known, prefix+name) {
			return known[len(prefix):]
		}
	}
	return name
}

func dropBelow(body string, p *policy, n *node, name, word string) {
	switch word {
	case "object":
		drop(body, p, n, name+".")
	case "objects":
		for _, kid := range n.kids {
			drop(body, p, kid, name+"[].")
		}
	case "map of objects":
		for _, kid := range n.kids {
			drop(body, p, kid, name+"{}.")
		}
	case "map of lists of objects":
		for _, kid := range n.kids {
			dropBelow(body, p, kid, name+"{}", "objects")
		}
	}
}

// ---- the API descriptions

// Mistakes of the descriptions: the engine reads these in other places, where the tables have them.
var misplaced = []string{
	"containers.create: Volumes.additionalProperties", "containers.commit: Volumes.additionalProperties", // a misspelt schema
	"containers.create: HostConfig.PortBindings{}.",                                                                       // lists of objects
	"volumes.create: ClusterVolumeSpec.AccessMode.Accessibility", "volumes.create: ClusterVolumeSpec.AccessMode.Capacity", // beside AccessMode
	"volumes.create: ClusterVolumeSpec.AccessMode.Secrets", "volumes.create: ClusterVolumeSpec.AccessMode.Availability",
	"volumes.update: Spec.AccessMode.Accessibility", "volumes.update: Spec.AccessMode.Capacity", // the same
	"volumes.update: Spec.AccessMode.Secrets", "volumes.update: Spec.AccessMode.Availability",
	"services.create: TaskTemplate.ContainerSpec.HealthCheck", // Healthcheck; read as that, since clients follow the description
	"services.create: TaskTemplate.PluginSpec.Name", "services.create: TaskTemplate.PluginSpec.Remote", // in small letters
	"services.create: TaskTemplate.PluginSpec.Disabled", "services.create: TaskTemplate.PluginSpec.PluginPrivilege",
}

func isMisplaced(name string) bool {
	for _, prefix := range misplaced {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

type description map[string]interface{}

func (d description) at(names ...string) interface{} {
	var value interface{} = map[string]interface{}(d)
	for _, name := range names {
		m, ok := value.(map[string]interface{})
		if !ok {
			return nil
		}
		value = m[name]
	}
	return value
}

// resolve follows $ref to the definition.
func (d description) resolve(schema interface{}) map[string]interface{} {
	m, _ := schema.(map[string]interface{})
	for m != nil {
		ref, ok := m["$ref"].(string)
		if !ok {
			return m
		}
		m, _ = d.at("definitions", strings.TrimPrefix(ref, "#/definitions/")).(map[string]interface{})
	}
	return m
}

// names lists the properties of a schema and of what is within it.
func (d description) names(schema interface{}, prefix string, depth int, add func(string)) {
	m := d.resolve(schema)
	if m == nil || depth > 12 {
		return
	}
	if parts, ok := m["allOf"].([]interface{}); ok {
		for _, part := range parts {
			d.names(part, prefix, depth+1, add)
		}
	}
	properties, _ := m["properties"].(map[string]interface{})
	for name, property := range properties {
		add(prefix + name)
		d.within(property, prefix+name, depth+1, add)
	}
}

func (d description) within(schema interface{}, name string, depth int, add func(string)) {
	m := d.resolve(schema)
	switch {
	case m == nil:
	case m["items"] != nil:
		d.within(m["items"], name+"[]", depth+1, add)
	case m["additionalProperties"] != nil:
		d.within(m["additionalProperties"], name+"{}", depth+1, add)
	default:
		d.names(m, name+".", depth+1, add)
	}
}

// bodySchema finds a body's schema; of a list, that of its elements.
func (d description) bodySchema(route string) interface{} {
	for _, method := range []string{"post", "put"} {
		list, _ := d.at("paths", route, method, "parameters").([]interface{})
		for _, item := range list {
			m, ok := item.(map[string]interface{})
			if !ok || m["in"] != "body" {
				continue
			}
			if items := d.resolve(m["schema"])["items"]; items != nil {
				return items
			}
			return m["schema"]
		}
	}
	return nil
}

// checkDescriptions compares the tables with every API description of a folder.
func checkDescriptions(folder string) (count int, missing []string, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "v*.yaml"))
	if err != nil {
		return 0, nil, err
	}
	seen := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return count, missing, err
		}
		var d map[string]interface{} // not a description, or all maps within would be descriptions
		if err := yaml.Unmarshal(text, &d); err != nil {
			return count, missing, fmt.Errorf("%s: %v", file, err)
		}
		for body, route := range describedBodies {
			description(d).names(description(d).bodySchema(route), "", 0, func(name string) {
				count++
				if _, ok := lookUp(body, name); !ok && !belowUnread(tables[body], name) && !isMisplaced(body+": "+name) && !seen[body+name] {
					seen[body+name] = true
					missing = append(missing, filepath.Base(file)+": "+body+": "+name+" is in no table")
				}
			})
		}
	}
	sort.Strings(missing)
	return count, missing, nil
}
