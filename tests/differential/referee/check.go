// The properties, of one verdict.
package main

import (
	"bytes"
	"reflect"
)

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
