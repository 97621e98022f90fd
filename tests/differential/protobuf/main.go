// The referee of src/protobuf: makes messages, valid and hostile, has sockade read and write them, and compares with
// what Go's decoders make of both: gogo/protobuf (BuildKit up to 0.16) and golang/protobuf. Built by
// scripts/differential.sh from Debian's packages and the tables' own .proto file. Four properties:
//
//  1. what sockade reads, both decoders read, and what it writes as well
//  2. they find the same values in both, and nothing in what it writes that they don't know
//  3. what it writes is what golang's encoder writes, but for the place of oneofs and for empty bytes in maps
//  4. it reads every valid message, and what Go's encoders make of one it writes as the same bytes
package main

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"sync"
)

// A disagreement, once for each reason and message; the smallest that shows it.
type finding struct {
	reason, message string
	bytes           []byte
	times           int
}

type worker struct {
	judge    *judge
	make     *maker
	decoders []*decoder
	found    map[string]*finding
	accepted int
	refused  map[string]int
	valid    int
}

func (w *worker) disagree(reason string, c *testCase) {
	key := reason + " " + c.message.name
	f := w.found[key]
	if f == nil {
		f = &finding{reason: reason, message: c.message.name, bytes: c.bytes}
		w.found[key] = f
	}
	f.times++
	if len(c.bytes) < len(f.bytes) {
		f.bytes = c.bytes
	}
}

func (w *worker) run(cases int) error {
	const batch = 1000
	for done := 0; done < cases; {
		list := make([]*testCase, 0, batch)
		for ; len(list) < batch && done < cases; done++ {
			list = append(list, w.make.next())
		}
		answers, err := w.judge.ask(list)
		if err != nil {
			return err
		}
		for i, c := range list {
			w.compare(c, answers[i])
		}
	}
	return nil
}

func (w *worker) compare(c *testCase, a answer) {
	if !a.accepted {
		w.refused[string(a.bytes)]++
		if c.valid {
			w.disagree("a valid message is refused: "+string(a.bytes), c)
		}
		return
	}
	w.accepted++
	if c.valid {
		w.valid++
	}
	if c.written != nil && string(c.written) != string(a.bytes) {
		w.disagree("what an encoder wrote is written as other bytes", c)
	}
	again, reason := w.compareDecoders(c.message, c.bytes, a.bytes)
	if reason != "" {
		w.disagree(reason, c)
	} else if !c.message.opaque && w.make.random.Intn(4) == 0 {
		w.make.again(c.message, again, a.bytes)
	}
}

func (w *worker) report() int {
	keys := []string{}
	for key := range w.found {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		f := w.found[key]
		fmt.Printf("DISAGREEMENT %s: %s (%d times)\n  %x\n", f.message, f.reason, f.times, f.bytes)
	}
	return len(keys)
}

func main() {
	judgePath := flag.String("judge", "", "protobuf_judge")
	fieldsPath := flag.String("fields", "", "what protobuf_dump --fields printed")
	cases := flag.Int("cases", 300000, "how many")
	seed := flag.Int64("seed", 1, "of the random numbers")
	workers := flag.Int("workers", 2, "how many at once")
	flag.Parse()
	schema, err := readSchema(*fieldsPath)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	list := make([]*worker, *workers)
	errs := make([]error, *workers)
	group := sync.WaitGroup{}
	for i := range list {
		judge, err := startJudge(*judgePath)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		list[i] = &worker{judge: judge, make: newMaker(schema, *seed+int64(i)*1000003), decoders: newDecoders(), found: map[string]*finding{}, refused: map[string]int{}}
		group.Add(1)
		go func(i int) {
			defer group.Done()
			errs[i] = list[i].run(*cases / *workers)
		}(i)
	}
	group.Wait()
	accepted, refused, valid, disagreements := 0, 0, 0, 0
	reasons := map[string]int{}
	for i, w := range list {
		if errs[i] != nil {
			fmt.Fprintln(os.Stderr, errs[i])
			os.Exit(2)
		}
		accepted += w.accepted
		valid += w.valid
		for reason, count := range w.refused {
			refused += count
			reasons[reason] += count
		}
		disagreements += w.report()
	}
	// A referee that never sees one of the two answers proves nothing.
	if accepted < *cases/10 || refused < *cases/10 || len(reasons) < 15 {
		fmt.Printf("too few of one kind: %d read, %d refused for %d reasons\n", accepted, refused, len(reasons))
		disagreements++
	}
	fmt.Printf("protobuf: %d messages of %d kinds, %d read (%d of them valid on purpose), %d refused for %d reasons, %d disagreements\n",
		accepted+refused, len(schema), accepted, valid, refused, len(reasons), disagreements)
	if disagreements > 0 {
		os.Exit(1)
	}
}
