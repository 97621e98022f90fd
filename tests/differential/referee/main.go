// The referee of the differential test: makes hostile requests, has sockade decide them, and
// compares with what the engine's own Go code makes of them. Built from Debian's packages of
// the engine (scripts/differential.sh). Three properties, for each allowed request:
//
//  1. what is forwarded passes the rules, evaluated by other code on the engine's types
//  2. what is forwarded is read by the engine without an error if what was sent is, and the other way;
//     sent once more, it is forwarded as it is
//  3. what was sent and what is forwarded read the same, but for drops that are documented (bodies.go)
//
// For targets: the engine's router finds the route that was judged, with the same query.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/mux"
)

const batchSize = 256

type options struct {
	judge, policies, tables, source, corpus, api string
	seconds                                      int
	seed                                         int64
}

// A disagreement, once for each property and reason.
type finding struct {
	what    string
	request *request
	verdict *verdict
}

type counts struct {
	cases, allowed, refused, unread int
}

type worker struct {
	random   *rand.Rand
	trees    map[string]*node // seeds, parsed
	judge    *judge
	router   *mux.Router
	routes   []engineRoute
	counts   map[string]*counts
	findings map[string]*finding
	found    int
}

// ---- cases

type testCase struct {
	request
	kind *kind // nil: a target
}

func (w *worker) makeCase() *testCase {
	r := w.random
	if r.Intn(5) == 0 {
		method, target := makeTarget(r, w.routes)
		return &testCase{request: request{policies[r.Intn(len(policies))].name, method, target, bodyFor(target)}}
	}
	k := kinds[0]
	if r.Intn(2) == 0 {
		k = kinds[r.Intn(len(kinds))]
	}
	return &testCase{request{policies[r.Intn(len(policies))].name, k.method, k.target, w.makeBody(k)}, k}
}

func (w *worker) seedTree(text string) *node {
	if w.trees[text] == nil {
		w.trees[text] = parseTree(text)
	}
	return w.trees[text].copy()
}

func (w *worker) makeBody(k *kind) []byte {
	r := w.random
	root := w.seedTree(pick(r, k.seeds))
	// Half of the cases have one thing out of place: where more is wrong, most are refused early.
	single := r.Intn(2) == 0
	for i := r.Intn(4); i > 0 || single; i-- {
		f := k.fields[r.Intn(len(k.fields))]
		root.set(f.path, f.make(r))
		if single {
			return root.bytes()
		}
	}
	for i := r.Intn(5) - 2; i > 0; i-- {
		mutateTree(r, root)
	}
	text := root.bytes()
	if r.Intn(10) == 0 {
		text = mutateBytes(r, text)
	}
	return text
}

// ---- properties

func policyOf(name string) *policy {
	for _, p := range policies {
		if p.name == name {
			return p
		}
	}
	return nil
}

// check answers what is wrong with a verdict; unread: the engine itself refuses the body.
func (w *worker) check(c *testCase, v *verdict) (problems []string, unread bool) {
	if !v.allowed {
		return nil, false
	}
	if c.kind == nil {
		return checkTarget(w.router, &c.request, v), false
	}
	return checkBody(c.kind, policyOf(c.policy), c.body, v)
}

func checkBody(k *kind, p *policy, sent []byte, v *verdict) ([]string, bool) {
	if v.bodyWord == "none" && len(bytes.TrimSpace(sent)) == 0 {
		return nil, true
	}
	original, errSent := k.decode(sent)
	forwarded, err := k.decode(v.body)
	if err != nil {
		if errSent == nil {
			return []string{"2: the engine reads what was sent and not what is forwarded"}, true
		}
		return nil, true
	}
	var problems []string
	if p.judged {
		for _, rule := range k.rules(p, forwarded) {
			problems = append(problems, "1: rule "+rule)
		}
	}
	problem := compare(k, p, original, forwarded, errSent)
	if problem != "" {
		// Once more, without what is documented to be left out. Rarely needed, and slower.
		original, errSent = k.decode(withoutDropped(k.name, p, sent))
		problem = compare(k, p, original, forwarded, errSent)
	}
	if problem != "" {
		problems = append(problems, problem)
	}
	return problems, errSent != nil
}

func compare(k *kind, p *policy, original, forwarded interface{}, errSent error) string {
	if errSent != nil {
		return "2: the engine reads what is forwarded and not what was sent"
	}
	k.drops(original, forwarded, p)
	if reflect.DeepEqual(original, forwarded) {
		return ""
	}
	return "3: read differently at " + difference(reflect.ValueOf(original), reflect.ValueOf(forwarded), "")
}

// difference names the first field that differs.
func difference(a, b reflect.Value, at string) string {
	for (a.Kind() == reflect.Ptr || a.Kind() == reflect.Interface) && !a.IsNil() && b.Kind() == a.Kind() && !b.IsNil() {
		a, b = a.Elem(), b.Elem()
	}
	if a.Kind() != reflect.Struct || b.Kind() != reflect.Struct || a.Type() != b.Type() {
		return at
	}
	for i := 0; i < a.NumField(); i++ {
		if a.Type().Field(i).PkgPath != "" {
			continue
		}
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			return difference(a.Field(i), b.Field(i), at+"."+a.Type().Field(i).Name)
		}
	}
	return at
}

// ---- the run

func (w *worker) name(c *testCase) string {
	if c.kind == nil {
		return "targets"
	}
	return c.kind.name
}

func (w *worker) batch(cases []*testCase) error {
	requests := make([]*request, len(cases))
	for i, c := range cases {
		requests[i] = &c.request
	}
	verdicts, err := w.judge.ask(requests)
	if err != nil {
		return err
	}
	var again []*request
	for i, v := range verdicts {
		if v.allowed {
			again = append(again, nextRequest(requests[i], v))
		}
	}
	seconds, err := w.judge.ask(again)
	if err != nil {
		return err
	}
	for i, c := range cases {
		count := w.counts[w.name(c)]
		if count == nil {
			count = &counts{}
			w.counts[w.name(c)] = count
		}
		count.cases++
		if !verdicts[i].allowed {
			count.refused++
			continue
		}
		count.allowed++
		problems, unread := w.check(c, verdicts[i])
		problems = append(problems, checkAgain(verdicts[i], seconds[0])...)
		seconds = seconds[1:]
		if unread {
			count.unread++
		}
		for _, problem := range problems {
			w.found++
			key := w.name(c) + ", policy " + c.policy + ": " + problem
			if w.findings[key] == nil {
				w.findings[key] = w.minimise(c, problem)
			}
		}
	}
	return nil
}

// What a second sockade behind this one would be asked.
func nextRequest(r *request, v *verdict) *request {
	next := &request{r.policy, r.method, v.target, v.body}
	if v.bodyWord == "stream" {
		next.body = r.body
	}
	return next
}

func checkAgain(first, second *verdict) []string {
	if !second.allowed {
		return []string{"2: what is forwarded would be refused: " + second.rule}
	}
	if second.target != first.target || !bytes.Equal(second.body, first.body) {
		return []string{"2: what is forwarded would be forwarded otherwise"}
	}
	return nil
}

// minimise leaves out what the problem doesn't need, of the body or of the target.
func (w *worker) minimise(c *testCase, problem string) *finding {
	best := *c
	text := append([]byte{}, c.body...)
	if c.kind == nil {
		text = []byte(c.target)
	}
	with := func(text []byte) *testCase {
		next := best
		if c.kind == nil {
			next.target = string(text)
		} else {
			next.body = text
		}
		return &next
	}
	shows := func(text []byte) bool {
		next := with(text)
		v, err := w.judge.askOne(&next.request)
		if err != nil {
			return false
		}
		problems, _ := w.check(next, v)
		if v.allowed {
			second, err := w.judge.askOne(nextRequest(&next.request, v))
			if err != nil {
				return false
			}
			problems = append(problems, checkAgain(v, second)...)
		}
		for _, p := range problems {
			if p == problem {
				return true
			}
		}
		return false
	}
	if c.kind != nil {
		text = shrinkTree(text, shows)
	}
	for size := len(text) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(text); {
			shorter := append(append([]byte{}, text[:at]...), text[at+size:]...)
			if shows(shorter) {
				text = shorter
			} else {
				at += size
			}
		}
	}
	smallest := with(text)
	v, _ := w.judge.askOne(&smallest.request)
	return &finding{problem, &smallest.request, v}
}

// shrinkTree takes out members and elements as long as the problem stays; only for valid JSON.
func shrinkTree(text []byte, shows func([]byte) bool) []byte {
	if !json.Valid(text) {
		return text
	}
	root := parseTree(string(text))
	if !shows(root.bytes()) {
		return text
	}
	for again := true; again; {
		again = false
		for _, parent := range root.all() {
			for i := 0; i < len(parent.kids); {
				kept := parent.kids
				parent.kids = append(append([]*node{}, kept[:i]...), kept[i+1:]...)
				if shows(root.bytes()) {
					again = true
				} else {
					parent.kids = kept
					i++
				}
			}
		}
	}
	return root.bytes()
}

func (w *worker) run(seeds []*testCase, until time.Time) error {
	for at := 0; at < len(seeds); at += batchSize {
		end := at + batchSize
		if end > len(seeds) {
			end = len(seeds)
		}
		if err := w.batch(seeds[at:end]); err != nil {
			return err
		}
	}
	for time.Now().Before(until) {
		cases := make([]*testCase, batchSize)
		for i := range cases {
			cases[i] = w.makeCase()
		}
		if err := w.batch(cases); err != nil {
			return err
		}
	}
	return w.judge.stop()
}

// What seedCases tries of each field.
const valuesOfField = 60

// seedCases: every seed as it is, for every policy, what a corpus of requests holds, and each field
// alone with a number of its values, so that short runs miss none.
func seedCases(corpus string, r *rand.Rand) []*testCase {
	var cases []*testCase
	for _, k := range kinds {
		for _, f := range k.fields {
			for i := 0; i < valuesOfField; i++ {
				root := parseTree(k.seeds[len(k.seeds)-1])
				root.set(f.path, f.make(r))
				for _, p := range policies {
					cases = append(cases, &testCase{request{p.name, k.method, k.target, root.bytes()}, k})
				}
			}
		}
		bodies := append([]string{}, k.seeds...)
		for _, text := range readCorpus(corpus, k) {
			bodies = append(bodies, text)
			if json.Valid([]byte(text)) && strings.HasPrefix(text, "{") {
				k.seeds = append(k.seeds, text)
			}
		}
		for _, text := range bodies {
			for _, p := range policies {
				cases = append(cases, &testCase{request{p.name, k.method, k.target, []byte(text)}, k})
			}
		}
	}
	return cases
}

// readCorpus finds the bodies of one kind among recorded requests; none when there is no such file.
func readCorpus(name string, k *kind) []string {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	tail := k.target[strings.LastIndex(strings.SplitN(k.target, "?", 2)[0], "/"):]
	tail = strings.SplitN(tail, "?", 2)[0]
	var bodies []string
	for _, line := range strings.Split(string(text), "\n") {
		var c struct {
			Method, Target string
			Body           json.RawMessage
		}
		if json.Unmarshal([]byte(line), &c) != nil || c.Method != k.method || len(c.Body) == 0 {
			continue
		}
		path := strings.SplitN(c.Target, "?", 2)[0]
		family := strings.SplitN(strings.TrimPrefix(k.target, "/v1.41/"), "/", 2)[0]
		if strings.HasSuffix(path, tail) && strings.Contains(path, family) {
			body := string(c.Body)
			var asText string
			if json.Unmarshal(c.Body, &asText) == nil {
				body = asText
			}
			bodies = append(bodies, body)
		}
	}
	return bodies
}

func report(workers []*worker) (disagreements int) {
	total := map[string]*counts{}
	findings := map[string]*finding{}
	for _, w := range workers {
		disagreements += w.found
		for name, c := range w.counts {
			if total[name] == nil {
				total[name] = &counts{}
			}
			total[name].cases += c.cases
			total[name].allowed += c.allowed
			total[name].refused += c.refused
			total[name].unread += c.unread
		}
		for key, f := range w.findings {
			findings[key] = f
		}
	}
	names := []string{}
	for name := range total {
		names = append(names, name)
	}
	sort.Strings(names)
	var sum counts
	fmt.Printf("%-20s %10s %10s %10s %10s\n", "", "cases", "allowed", "refused", "unread")
	for _, name := range names {
		c := total[name]
		fmt.Printf("%-20s %10d %10d %10d %10d\n", name, c.cases, c.allowed, c.refused, c.unread)
		sum.cases, sum.allowed, sum.refused, sum.unread = sum.cases+c.cases, sum.allowed+c.allowed, sum.refused+c.refused, sum.unread+c.unread
	}
	keys := []string{}
	for key := range findings {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		f := findings[key]
		fmt.Printf("\nDISAGREEMENT %s\n  %s %q\n  sent      %q\n  forwarded %q\n  to        %q\n", key, f.request.method, f.request.target, f.request.body, f.verdict.body, f.verdict.target)
	}
	fmt.Printf("\ncases %d, allowed %d, refused %d, not read by the engine %d, disagreements %d (%d kinds)\n", sum.cases, sum.allowed, sum.refused, sum.unread, disagreements, len(keys))
	return disagreements
}

// checkFields prints what is missing in the tables, and how many names there were.
func checkFields(o *options) (checked, missing int, err error) {
	tables, err = readTables(o.tables)
	if err != nil {
		return 0, 0, err
	}
	count, problems := checkEngineFields()
	fmt.Printf("fields: %d of the engine's types compared with the tables\n", count)
	if _, err := os.Stat(o.api); err != nil {
		fmt.Printf("fields: no API descriptions in %s: not compared\n", o.api)
	} else {
		described, more, err := checkDescriptions(o.api)
		if err != nil {
			return count, 0, err
		}
		fmt.Printf("fields: %d of the API descriptions compared with the tables\n", described)
		count += described
		problems = append(problems, more...)
	}
	for _, problem := range problems {
		fmt.Println("MISSING " + problem)
	}
	return count, len(problems), nil
}

func readOptions() *options {
	o := &options{}
	flag.StringVar(&o.judge, "judge", "", "the C half")
	flag.StringVar(&o.policies, "policies", "", "its policy file")
	flag.StringVar(&o.tables, "tables", "", "fields_dump")
	flag.StringVar(&o.source, "source", "/usr/share/gocode", "GOPATH with the engine's source")
	flag.StringVar(&o.corpus, "corpus", "", "recorded requests, one JSON object a line")
	flag.StringVar(&o.api, "api", "", "folder with API descriptions")
	flag.IntVar(&o.seconds, "seconds", 60, "how long")
	flag.Int64Var(&o.seed, "seed", 1, "of the random numbers")
	flag.Parse()
	return o
}

func run(o *options) (bool, error) {
	checked, missing, err := checkFields(o)
	if err != nil {
		return false, err
	}
	routes, err := readRoutes(o.source)
	if err != nil {
		return false, err
	}
	fmt.Printf("routes: %d of the engine's\n", len(routes))
	seeds := seedCases(o.corpus, rand.New(rand.NewSource(o.seed)))
	until := time.Now().Add(time.Duration(o.seconds) * time.Second)
	workers := make([]*worker, runtime.NumCPU())
	failures := make([]error, len(workers))
	var group sync.WaitGroup
	for i := range workers {
		j, err := startJudge(o.judge, o.policies)
		if err != nil {
			return false, err
		}
		workers[i] = &worker{random: rand.New(rand.NewSource(o.seed + int64(i)*1000003)), trees: map[string]*node{}, judge: j, router: newRouter(routes), routes: routes, counts: map[string]*counts{}, findings: map[string]*finding{}}
		group.Add(1)
		go func(i int, seeds []*testCase) {
			defer group.Done()
			failures[i] = workers[i].run(seeds, until)
		}(i, seeds)
		seeds = nil // the first worker does those
	}
	group.Wait()
	for _, err := range failures {
		if err != nil {
			return false, fmt.Errorf("the judge ended: %v", err)
		}
	}
	disagreements := report(workers)
	cases := 0
	for _, w := range workers {
		for _, c := range w.counts {
			cases += c.cases
		}
	}
	fmt.Printf("%d passed, %d failed\n", cases-disagreements+checked-missing, disagreements+missing)
	return disagreements == 0 && missing == 0, nil
}

func main() {
	good, err := run(readOptions())
	if err != nil {
		fmt.Fprintln(os.Stderr, "differential:", err)
		os.Exit(2)
	}
	if !good {
		os.Exit(1)
	}
}
