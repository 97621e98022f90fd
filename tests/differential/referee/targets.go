// Targets: the engine's own list of routes, read from its source, in the engine's own kind of
// router. What sockade forwards has to reach the route that sockade judged, with the query
// that sockade saw.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/gorilla/mux"
)

// In the order in which dockerd registers them. Source: moby cmd/dockerd/daemon.go, initRouter.
var routers = []string{"checkpoint", "container", "image", "system", "volume", "build", "session", "swarm", "plugin", "distribution", "grpc", "network"}

type engineRoute struct {
	method, template string
}

// readRoutes finds calls such as router.NewGetRoute("/containers/json", …) in the engine's source.
func readRoutes(source string) ([]engineRoute, error) {
	var routes []engineRoute
	for _, name := range append(append([]string{}, routers...), "debug") {
		folder := filepath.Join(source, "src/github.com/docker/docker/api/server/router", name)
		found, err := readRouter(folder, name == "debug")
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("no route in %s", folder)
		}
		routes = append(routes, found...)
	}
	return routes, nil
}

func readRouter(folder string, debug bool) ([]engineRoute, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var routes []engineRoute
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if route := routeOf(n); route != nil {
				if debug {
					// Registered for every method.
					route.method, route.template = "", "/debug"+route.template
				}
				routes = append(routes, *route)
			}
			return true
		})
	}
	return routes, nil
}

var constructor = regexp.MustCompile(`^New(Get|Head|Post|Put|Delete|Options)Route$`)

func routeOf(n ast.Node) *engineRoute {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) < 2 {
		return nil
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	match := constructor.FindStringSubmatch(selector.Sel.Name)
	text, ok := call.Args[0].(*ast.BasicLit)
	if match == nil || !ok {
		return nil
	}
	template, err := strconv.Unquote(text.Value)
	if err != nil {
		return nil
	}
	return &engineRoute{strings.ToUpper(match[1]), template}
}

// As the engine's createMux() does: each route with a version and without.
func newRouter(routes []engineRoute) *mux.Router {
	m := mux.NewRouter()
	for _, r := range routes {
		if r.method == "" {
			m.Path(r.template)
			continue
		}
		m.Path("/v{version:[0-9.]+}" + r.template).Methods(r.method)
		m.Path(r.template).Methods(r.method)
	}
	return m
}

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// What the engine would do with a request line.
type reading struct {
	problem  string // it answers 400, 301 or 404 by itself
	template string // "/containers/{}/start", without the version
	version  string
	name     string
	query    url.Values
}

func readTarget(m *mux.Router, method, target string) reading {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return reading{problem: "no target"}
	}
	clean := path.Clean(u.Path)
	if strings.HasSuffix(u.Path, "/") && clean != "/" {
		clean += "/"
	}
	if u.Path != clean {
		return reading{problem: "redirected"}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return reading{problem: "bad query"}
	}
	var match mux.RouteMatch
	if !m.Match(&http.Request{Method: method, URL: u}, &match) || match.MatchErr != nil || match.Route == nil {
		return reading{problem: "no route", query: query}
	}
	template, _ := match.Route.GetPathTemplate()
	template = strings.TrimPrefix(template, "/v{version:[0-9.]+}")
	r := reading{template: parameter.ReplaceAllString(template, "{}"), version: match.Vars["version"], query: query}
	for _, key := range []string{"name", "id"} {
		if value, ok := match.Vars[key]; ok {
			r.name = value
		}
	}
	return r
}

// The id that the judge's engine gives every container, which sockade writes into the target.
const containerID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// dropUnread takes out of what was sent what the engine does not read of it, and sockade takes out: the second value of a
// key that has one, keys that clients send in vain, any key where none is read.
func dropUnread(row string, sent, forwarded url.Values) {
	reads := false
	for _, key := range strings.Fields(row) {
		if strings.HasPrefix(key, "-") {
			delete(sent, key[1:])
			continue
		}
		reads = true
		if values := sent[key]; len(values) > 1 {
			sent[key] = values[:1]
		}
	}
	for key := range sent {
		if _, ok := forwarded[key]; !ok && !reads {
			delete(sent, key)
		}
	}
}

// checkTarget compares what was judged, what is forwarded and what was sent.
func checkTarget(m *mux.Router, r *request, v *verdict) []string {
	var found []string
	sent, forwarded := readTarget(m, r.method, r.target), readTarget(m, r.method, v.target)
	if forwarded.problem == "redirected" || forwarded.problem == "no target" || forwarded.problem == "bad query" {
		return []string{"forwarded target: " + forwarded.problem}
	}
	if v.rowPath == "" {
		return nil // open: unknown routes pass, judged by nobody
	}
	row := parameter.ReplaceAllString(v.rowPath, "{}")
	// What only newer engines have is no route here; any other route is a disagreement.
	if forwarded.problem == "" && forwarded.template != row {
		found = append(found, "another route: judged as "+row+", reaches "+forwarded.template)
	}
	if forwarded.problem == "" && forwarded.name != v.rowName && forwarded.name != containerID {
		found = append(found, "another name")
	}
	seen := url.Values{}
	for _, pair := range v.query {
		seen.Add(pair[0], pair[1])
	}
	if !reflect.DeepEqual(seen, forwarded.query) {
		found = append(found, "another query than was judged")
	}
	if sent.problem != "" && forwarded.name == containerID {
		return found // a container may be called "create": by its id it has a route
	}
	if sent.problem != "" && sent.problem != forwarded.problem {
		return append(found, "accepted although the engine would not: "+sent.problem)
	}
	if sent.template != forwarded.template || sent.version != forwarded.version {
		found = append(found, "another route than was sent")
	}
	if sent.name != forwarded.name && forwarded.name != containerID {
		found = append(found, "another name than was sent")
	}
	dropUnread(v.rowQuery, sent.query, forwarded.query)
	dropEmpty(v.rowQuery, sent.query, forwarded.query)
	dropWritten(row, sent.query, forwarded.query)
	if !reflect.DeepEqual(sent.query, forwarded.query) {
		found = append(found, "another query than was sent")
	}
	return found
}

// Limits that a policy writes into a build that names none.
var buildDefaults = []string{"memory", "memswap", "cpuperiod", "cpuquota", "cpushares", "shmsize"}

// dropEmpty takes out of what was sent the keys that no row knows and that say nothing.
func dropEmpty(rowQuery string, sent, forwarded url.Values) {
	known := map[string]bool{}
	for _, key := range strings.Fields(rowQuery) {
		known[strings.TrimSuffix(key, "*")] = true
	}
	for key, values := range sent {
		if _, kept := forwarded[key]; !kept && !known[key] && sayNothing(values) {
			delete(sent, key)
		}
	}
}

func sayNothing(values []string) bool {
	for _, value := range values {
		switch value {
		case "", "null", "false", "0", "[]", "{}", `""`:
		default:
			return false
		}
	}
	return true
}

// dropWritten takes out of two queries what is documented to be written in.
func dropWritten(row string, sent, forwarded url.Values) {
	if row == "/commit" && forwarded.Get("container") == containerID && sent.Get("container") != "" {
		delete(sent, "container")
		delete(forwarded, "container")
	}
	for _, key := range buildDefaults {
		if row == "/build" && (sent.Get(key) == "" || sent.Get(key) == "0") {
			delete(sent, key)
			delete(forwarded, key)
		}
	}
}

// ---- making targets

var objectNames = []string{"c", "c", "web_1", "0123456789ab", "a.b-c", "json", "create", "prune", "x/y", "..", ".", "", "a%2fb", "a%00b", "é", "a b", "C", "my:tag", "reg.io:5000/a/b:1", "a@sha256:" + containerID, "start", "x/start", "attach/ws", "a\\b", "%2e%2e", "+", "containers", "v1.41", "a/json", "privileges"}

var versions = []string{"/v1.41", "/v1.41", "/v1.41", "/v1.24", "/v1.40", "", "", "/v1.55", "/v1.56", "/v1.12", "/v1", "/v1.041", "/v01.41", "/v1.41.", "/v1.41/v1.40", "/V1.41", "/v", "/v1..41", "/v2.0"}

var queryKeys = []string{"all", "force", "v", "t", "signal", "name", "fromImage", "fromSrc", "tag", "repo", "path", "filters", "h", "w", "stdin", "stdout", "stream", "logs", "detachKeys", "follow", "platform", "changes", "dockerfile", "networkmode", "remote", "version", "Name", "Image", "FORCE", "x", "", "nocache", "labels", "quiet", "one-shot", "term", "type", "condition", "link", "noprune"}

var queryValues = []string{"1", "0", "true", "", "x", "a%20b", "a+b", "%7B%22a%22%3A%5B%22b%22%5D%7D", "host", "container:x", "/etc", "..", "%00", "%ff", "a%26b=c", "a;b", "é", "%C3%A9", "bb:latest", "%2", "%zz", "a=b", "SIGKILL"}

func makeQuery(r *rand.Rand) string {
	pairs := []string{}
	for i := r.Intn(4); i > 0; i-- {
		pair := pick(r, queryKeys)
		if r.Intn(5) > 0 {
			pair += "=" + pick(r, queryValues)
		}
		pairs = append(pairs, pair)
		if r.Intn(8) == 0 {
			pairs = append(pairs, pair)
		}
	}
	if len(pairs) == 0 {
		return pick(r, []string{"", "", "", "?"})
	}
	return "?" + strings.Join(pairs, pick(r, []string{"&", "&", "&", "&", ";", "&&"}))
}

func makeTarget(r *rand.Rand, routes []engineRoute) (string, string) {
	route := routes[r.Intn(len(routes))]
	method := route.method
	if method == "" || r.Intn(12) == 0 {
		method = pick(r, []string{"GET", "POST", "HEAD", "DELETE", "PUT", "OPTIONS", "PATCH", "get", "CONNECT"})
	}
	text := parameter.ReplaceAllStringFunc(route.template, func(string) string { return pick(r, objectNames[:1+r.Intn(len(objectNames))]) })
	text = pick(r, versions) + text
	if r.Intn(3) == 0 {
		text = mutateTarget(r, text)
	}
	text += makeQuery(r)
	if r.Intn(6) == 0 {
		text = mutateTarget(r, text)
	}
	return method, text
}

func mutateTarget(r *rand.Rand, text string) string {
	if text == "" {
		return "/"
	}
	at := r.Intn(len(text))
	switch r.Intn(9) {
	case 0, 1:
		return text[:at] + fmt.Sprintf("%%%02x", text[at]) + text[at+1:]
	case 2:
		return text[:at] + fmt.Sprintf("%%%02X", text[at]) + text[at+1:]
	case 3:
		return strings.Replace(text, "/", pick(r, []string{"//", "/./", "/../", "%2f", "/%2e/", "\\", "/;x=y/", "/%2e%2e/"}), 1+r.Intn(3))
	case 4:
		return text[:at] + pick(r, []string{"..", ".", "/", "#", "?", "&", ";", "+", " ", "%", "%2", "%00", "\x00", "\t", "\\", ":", "@", "*", "\xff", "%c0%af", "ſ", "{", "|", "\x7f"}) + text[at:]
	case 5:
		return text[:at] + text[at+1:]
	case 6:
		return text + pick(r, []string{"/", "#x", "?", "&", "%20", "/..", "/json", "/start", "?a=b"})
	case 7:
		return pick(r, []string{"http://d", "//d", "", "*", "/v1.41", "/x/.."}) + text
	}
	return strings.ToUpper(text[:at]) + text[at:]
}

// Bodies with which the routes that want one have a chance.
func bodyFor(target string) []byte {
	bodies := map[string]string{"/containers/create": `{"Image":"bb","User":"1000:1000"}`, "/exec": `{"Cmd":["x"],"User":"1000:1000"}`, "/start": "", "/networks/create": `{"Name":"n"}`}
	names := []string{}
	for name := range bodies {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if strings.HasSuffix(strings.SplitN(target, "?", 2)[0], name) && !(name == "/start" && strings.Contains(target, "/exec/")) {
			return []byte(bodies[name])
		}
	}
	for _, name := range []string{"/exec/", "/volumes/create", "/connect", "/disconnect", "/commit", "/auth", "/update"} {
		if strings.Contains(target, name) {
			return []byte("{}")
		}
	}
	return nil
}
