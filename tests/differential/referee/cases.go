// Where cases come from: seeds, recorded requests, single fields, and mutations of them all.
package main

import (
	"encoding/json"
	"math/rand"
	"os"
	"strings"
)

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

// seedCases: every seed as it is, for every policy, what a corpus of requests holds, and each field
// alone with a number of its values, so that short runs miss none.
func seedCases(corpus string, r *rand.Rand, values int) []*testCase {
	var cases []*testCase
	for _, k := range kinds {
		for _, f := range k.fields {
			for i := 0; i < values; i++ {
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
