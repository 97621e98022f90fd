// One judge and what is asked of it: batches, and the smallest request that shows a problem.
package main

import (
	"encoding/json"
	"math/rand"
	"time"

	"github.com/gorilla/mux"
)

const batchSize = 256

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
