// Mutations: of the tree (names, values, places) and of the bytes. All of them are known ways
// of making two JSON parsers disagree, or of spelling a known value in another way.
package main

import (
	"bytes"
	"fmt"
	"math/rand"
	"strings"
	"unicode"
)

// Values of every type, and numbers and strings at the edges of what parsers agree on.
var oddValues = []string{
	"null", "true", "false", "0", "-0", "0.0", "1", "-1", "1.0", "1.5", "1e0", "1E2", "1e400", "1e-400",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
	"18446744073709551615", "18446744073709551616", "65535", "65536", "4294967296", "01", "+1", ".5", "1.", "0x10",
	"99999999999999999999999999", "NaN", "-", `""`, `"0"`, `"1"`, `"true"`, `"null"`, `"x"`, `"host"`, `"root"`,
	`"\u0000"`, `"\ud800"`, `"\udc00\ud800"`, `"\ud83d\ude00"`, "\"\x00\"", "\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"",
	`"\/"`, `"\x"`, `"a\nb"`, "\"a\nb\"", "[]", "{}", "[null]", `[""]`, `[[]]`, `[{}]`, `{"":""}`, `{"a":null}`, `{"a":{}}`,
	`{"a":[null]}`, `["a",null]`, `["a",1]`, `[1,2,3]`, `[1,2]`, `[null,null]`, `tru`, `nulL`, `True`,
}

func pick(r *rand.Rand, list []string) string {
	return list[r.Intn(len(list))]
}

// respell writes some characters of a quoted string as \u escapes; the value stays.
func respell(r *rand.Rand, quoted string) string {
	if len(quoted) < 3 || strings.ContainsAny(quoted, "\\") {
		return quoted
	}
	var out strings.Builder
	for i := 0; i < len(quoted); i++ {
		c := quoted[i]
		switch {
		case i == 0 || i == len(quoted)-1 || c >= 0x80 || r.Intn(4) > 0:
			out.WriteByte(c)
		case r.Intn(2) == 0:
			fmt.Fprintf(&out, "\\u%04x", c)
		default:
			fmt.Fprintf(&out, "\\u%04X", c)
		}
	}
	return out.String()
}

// fold changes the case of letters, or takes one of the two characters that only Unicode folds
// to ASCII: U+017F to s and U+212A to k.
func fold(r *rand.Rand, text string) string {
	runes := []rune(text)
	if len(runes) < 3 {
		return text
	}
	switch r.Intn(5) {
	case 0:
		return strings.ToLower(text)
	case 1:
		return strings.ToUpper(text)
	case 2:
		return strings.Replace(strings.Replace(text, "s", "ſ", 1), "S", "ſ", r.Intn(2))
	case 3:
		return strings.Replace(strings.Replace(text, "k", "K", 1), "K", "K", r.Intn(2))
	}
	at := 1 + r.Intn(len(runes)-2)
	if unicode.IsUpper(runes[at]) {
		runes[at] = unicode.ToLower(runes[at])
	} else {
		runes[at] = unicode.ToUpper(runes[at])
	}
	return string(runes)
}

func (n *node) become(other *node) {
	name := n.name
	*n = *other
	n.name = name
}

func mutateName(r *rand.Rand, n *node) {
	if n.name == "" {
		return
	}
	switch r.Intn(6) {
	case 0, 1:
		n.name = fold(r, n.name)
	case 2, 3:
		n.name = respell(r, n.name)
	case 4:
		n.name = pick(r, []string{`""`, `"x"`, `"Privileged"`, `"HostConfig"`, `"\u0050rivileged"`, `"Foo"`, `"host"`, `"a.b"`})
	case 5:
		n.name = strings.TrimSuffix(n.name, `"`) + pick(r, []string{` "`, `\u0000"`, "\xff\"", `s"`, `.x"`, `\t"`})
	}
}

// repeat adds a member or an element once more, itself or with another value.
func repeat(r *rand.Rand, parent, kid *node) {
	again := kid.copy()
	switch r.Intn(4) {
	case 0:
		again.become(scalar(pick(r, oddValues)))
	case 1:
		again.name = fold(r, again.name)
	case 2:
		again.name = respell(r, again.name)
	}
	at := r.Intn(len(parent.kids) + 1)
	parent.kids = append(parent.kids[:at], append([]*node{again}, parent.kids[at:]...)...)
}

// relocate puts a copy of some member into some object: HostConfig's fields at the top level too.
func relocate(r *rand.Rand, root *node, kid *node) {
	var objects []*node
	for _, n := range root.all() {
		if n.kind == '{' {
			objects = append(objects, n)
		}
	}
	if len(objects) == 0 || kid.name == "" || kid == root {
		return
	}
	target := root
	if r.Intn(3) == 0 {
		target = objects[r.Intn(len(objects))]
	}
	if root.kind == '{' {
		target.kids = append(target.kids, kid.copy())
	}
}

func nest(r *rand.Rand, n *node) {
	depth := 1 + r.Intn(5)
	if r.Intn(20) == 0 {
		depth = 50 + r.Intn(30)
	}
	for i := 0; i < depth; i++ {
		inner := n.copy()
		inner.name = `"a"`
		n.become(&node{kind: pickByte(r, "{["), kids: []*node{inner}})
	}
}

func pickByte(r *rand.Rand, of string) byte {
	return of[r.Intn(len(of))]
}

func parentOf(root, of *node) *node {
	for _, n := range root.all() {
		for _, kid := range n.kids {
			if kid == of {
				return n
			}
		}
	}
	return nil
}

func mutateString(r *rand.Rand, n *node) {
	if n.kind != 's' || len(n.raw) < 2 || n.raw[0] != '"' {
		n.become(scalar(pick(r, oddValues)))
		return
	}
	switch r.Intn(5) {
	case 0, 1:
		n.raw = respell(r, n.raw)
	case 2:
		n.raw = fold(r, n.raw)
	case 3:
		at := 1 + r.Intn(len(n.raw)-1)
		n.raw = n.raw[:at] + pick(r, []string{":", "/", "/../", "//", ",", "=", " ", "\\u0000", "\\n", "ſ", "K", "\xff", "..", "0", "-", "\\ud800"}) + n.raw[at:]
	case 4:
		at := 1 + r.Intn(len(n.raw)-1)
		n.raw = n.raw[:at] + `"`
	}
}

// mutateTree does one mutation somewhere in the tree.
func mutateTree(r *rand.Rand, root *node) {
	nodes := root.all()
	n := nodes[r.Intn(len(nodes))]
	parent := parentOf(root, n)
	switch r.Intn(12) {
	case 0, 1:
		mutateName(r, n)
	case 2, 3, 4:
		mutateString(r, n)
	case 5:
		n.become(scalar(pick(r, oddValues)))
	case 6:
		if parent != nil {
			repeat(r, parent, n)
		}
	case 7, 8:
		relocate(r, root, n)
	case 9:
		if parent != nil {
			for i, kid := range parent.kids {
				if kid == n {
					parent.kids = append(parent.kids[:i:i], parent.kids[i+1:]...)
					break
				}
			}
		}
	case 10:
		if n.kind == '{' {
			n.kids = append(n.kids, &node{name: pick(r, []string{`"Foo"`, `"x-ext"`, `"privileged"`, `""`, `"Spec"`}), kind: 's', raw: pick(r, oddValues)})
		} else if n.kind == '[' {
			n.kids = append(n.kids, scalar(pick(r, oddValues)))
		}
	case 11:
		nest(r, n)
	}
}

// mutateBytes does one mutation of the text.
func mutateBytes(r *rand.Rand, text []byte) []byte {
	if len(text) == 0 {
		return text
	}
	at := r.Intn(len(text))
	switch r.Intn(8) {
	case 0:
		text[at] ^= 1 << uint(r.Intn(8))
	case 1:
		return append(text[:at:at], text[at+1:]...)
	case 2:
		return text[:at]
	case 3:
		return append([]byte("\xef\xbb\xbf"), text...)
	case 4:
		return append(text, pick(r, []string{"{}", " ", "\n", "x", "{\"HostConfig\":{\"Privileged\":true}}", "\x00", ",", "]", "null", "/**/"})...)
	case 5:
		return append(text[:at:at], append([]byte(pick(r, []string{" ", "\t", "\r\n", "\x0b", "\x00", "\"", ",", ":", "{", "}", "[", "]", "\\", "//x\n", "\xc2\xa0", "\xff"})), text[at:]...)...)
	case 6:
		text[at] = byte(r.Intn(256))
	case 7:
		return bytes.Replace(text, []byte(":"), []byte(" :\r\n\t "), 1+r.Intn(3))
	}
	return text
}
