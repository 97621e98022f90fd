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
	"flag"
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"sort"
	"sync"
	"time"
)

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
	unnoticed, err := checkReferee(o)
	if err != nil {
		return false, err
	}
	fmt.Printf("routes: %d of the engine's\n", len(routes))
	seeds := seedCases(o.corpus, rand.New(rand.NewSource(o.seed)), 60)
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
	fmt.Printf("%d passed, %d failed\n", cases-disagreements+checked-missing, disagreements+missing+unnoticed)
	return disagreements == 0 && missing == 0 && unnoticed == 0, nil
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
