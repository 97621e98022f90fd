// JSON as a tree that keeps what encoding/json would lose: the order, repeated names and
// the spelling of every name and value. Mutations need all three.
package main

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

type node struct {
	name string // with its quotes; empty outside of objects
	kind byte   // '{', '[', or 's' for a scalar
	raw  string // a scalar's text
	kids []*node
}

// parseTree reads valid JSON.
func parseTree(text string) *node {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	return readNode(decoder)
}

func readNode(decoder *json.Decoder) *node {
	token, err := decoder.Token()
	if err != nil {
		return scalar("null")
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return scalar(marshal(token))
	}
	n := &node{kind: byte(delim)}
	for decoder.More() {
		name := ""
		if n.kind == '{' {
			token, err := decoder.Token()
			if err != nil {
				return n
			}
			name = marshal(token)
		}
		kid := readNode(decoder)
		kid.name = name
		n.kids = append(n.kids, kid)
	}
	decoder.Token()
	return n
}

func marshal(value interface{}) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "null"
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func scalar(raw string) *node {
	return &node{kind: 's', raw: raw}
}

func (n *node) copy() *node {
	c := *n
	c.kids = make([]*node, len(n.kids))
	for i, kid := range n.kids {
		c.kids[i] = kid.copy()
	}
	return &c
}

func (n *node) write(out *bytes.Buffer) {
	if n.kind == 's' {
		out.WriteString(n.raw)
		return
	}
	out.WriteByte(n.kind)
	for i, kid := range n.kids {
		if i > 0 {
			out.WriteByte(',')
		}
		if n.kind == '{' {
			out.WriteString(kid.name)
			out.WriteByte(':')
		}
		kid.write(out)
	}
	out.WriteByte(n.kind + 2) // '}' and ']'
}

func (n *node) bytes() []byte {
	var out bytes.Buffer
	n.write(&out)
	return out.Bytes()
}

// isZero: null, false, 0, "", [] or {}.
func (n *node) isZero() bool {
	if n.kind != 's' {
		return len(n.kids) == 0
	}
	number, err := strconv.ParseFloat(n.raw, 64)
	return n.raw == "null" || n.raw == "false" || n.raw == `""` || (err == nil && number == 0)
}

// all lists the node and everything below it.
func (n *node) all() []*node {
	list := []*node{n}
	for i := 0; i < len(list); i++ {
		list = append(list, list[i].kids...)
	}
	return list
}

func (n *node) member(name string) *node {
	for _, kid := range n.kids {
		if kid.name == marshal(name) {
			return kid
		}
	}
	return nil
}

// set puts raw JSON at a path of names, making objects on the way. "HostConfig.Binds".
func (n *node) set(path string, raw string) {
	at := n
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		if at.kind != '{' {
			return
		}
		next := at.member(name)
		if next == nil {
			next = &node{name: marshal(name), kind: '{'}
			at.kids = append(at.kids, next)
		}
		at = next
	}
	if at.kind != '{' {
		return
	}
	name := names[len(names)-1]
	value := parseTree(raw)
	value.name = marshal(name)
	for i, kid := range at.kids {
		if kid.name == value.name {
			at.kids[i] = value
			return
		}
	}
	at.kids = append(at.kids, value)
}
