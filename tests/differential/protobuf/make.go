package main

import (
	"math/rand"
)

type testCase struct {
	message *message
	bytes   []byte
	valid   bool
	written []byte // what sockade has to write; nil: not known
}

type maker struct {
	schema []*message
	random *rand.Rand
	wild   float64 // how often something is hostile, in this case
	queue  []*testCase
	mark   bool // something hostile was made
}

func newMaker(schema []*message, seed int64) *maker {
	return &maker{schema: schema, random: rand.New(rand.NewSource(seed))}
}

func (m *maker) is(chance float64) bool {
	return m.random.Float64() < chance
}

// Whether to do something hostile here; then the case is not valid any more.
func (m *maker) hostile() bool {
	if m.wild > 0 && m.is(m.wild) {
		m.mark = true
		return true
	}
	return false
}

// What Go's encoders made of a message that was read: to be read, and written as before.
func (m *maker) again(of *message, list [][]byte, written []byte) {
	for _, bytes := range list {
		m.queue = append(m.queue, &testCase{message: of, bytes: bytes, valid: true, written: written})
	}
}

func (m *maker) next() *testCase {
	if len(m.queue) > 0 {
		c := m.queue[0]
		m.queue = m.queue[1:]
		return c
	}
	of := m.schema[m.random.Intn(len(m.schema))]
	if m.is(0.3) {
		of = m.schema[0] // the sample has everything
	}
	m.wild = []float64{0, 0, 0.02, 0.05, 0.15}[m.random.Intn(5)]
	m.mark = false
	bytes := m.message(of, 0)
	if m.wild > 0 && m.is(0.1) {
		m.mark = true
		bytes = m.spoil(bytes)
	}
	return &testCase{message: of, bytes: bytes, valid: !m.mark}
}

func (m *maker) spoil(bytes []byte) []byte {
	if len(bytes) == 0 {
		return []byte{byte(m.random.Intn(256))}
	}
	at := m.random.Intn(len(bytes))
	switch m.random.Intn(4) {
	case 0:
		return bytes[:at]
	case 1:
		bytes[at] ^= 1 << uint(m.random.Intn(8))
	case 2:
		bytes[at] = byte(m.random.Intn(256))
	case 3:
		bytes = append(bytes[:at:at], append([]byte{byte(m.random.Intn(256))}, bytes[at:]...)...)
	}
	return bytes
}

var numbers = []uint64{
	0, 1, 2, 3, 4, 5, 127, 128, 255, 16383, 16384, 1<<31 - 1, 1 << 31, 1<<31 + 1, 1<<32 - 1, 1 << 32, 1<<32 + 1, 1<<63 - 1,
	1 << 63, 1<<64 - 1, 1<<64 - 1<<31, 1<<64 - 1<<31 - 1, 1<<64 - 2,
}

// Shortest, unless it is to be hostile.
func (m *maker) varint(value uint64) []byte {
	bytes := []byte{}
	for value >= 0x80 {
		bytes = append(bytes, byte(value)|0x80)
		value >>= 7
	}
	bytes = append(bytes, byte(value))
	if m.hostile() && len(bytes) < 10 {
		bytes[len(bytes)-1] |= 0x80
		for len(bytes) < 9 && m.is(0.3) {
			bytes = append(bytes, 0x80)
		}
		bytes = append(bytes, 0)
	}
	return bytes
}

func (m *maker) number(f *field) uint64 {
	value := numbers[m.random.Intn(len(numbers))]
	if m.is(0.3) {
		value = uint64(m.random.Int63()) >> uint(m.random.Intn(63))
	}
	if m.hostile() {
		return value
	}
	switch f.kind {
	case "bool":
		return value & 1
	case "int32":
		return uint64(int64(int32(value)))
	case "uint32":
		return uint64(uint32(value))
	case "enum":
		return value % (f.most + 1)
	}
	return value
}

var texts = []string{"", "a", "b", "name", "é", "\U0001f40b", "a\x00b", "\x7f", "\ufeff", "moby", "dockerfile.v0", "\ufffd"}
var noTexts = []string{"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe9b", "\xc3", "\xe2\x82"}

func (m *maker) text() string {
	if m.hostile() {
		return noTexts[m.random.Intn(len(noTexts))]
	}
	text := texts[m.random.Intn(len(texts))]
	if m.is(0.2) {
		for i := m.random.Intn(200); i > 0; i-- {
			text += string(rune('a' + m.random.Intn(26)))
		}
	}
	return text
}

func (m *maker) bytes() []byte {
	bytes := make([]byte, m.random.Intn(6))
	if m.is(0.1) {
		bytes = make([]byte, m.random.Intn(300))
	}
	m.random.Read(bytes)
	return bytes
}

// What comes behind the tag.
func (m *maker) value(f *field, depth int) []byte {
	if !f.isBytes {
		return m.varint(m.number(f))
	}
	bytes := []byte{}
	switch f.kind {
	case "string":
		bytes = []byte(m.text())
	case "message":
		bytes = m.message(f.table, depth+1)
	default:
		bytes = m.bytes()
	}
	return m.sized(bytes)
}

func (m *maker) sized(bytes []byte) []byte {
	length := uint64(len(bytes))
	if m.hostile() {
		length += uint64(m.random.Intn(3)) - 1
	}
	return append(m.varint(length), bytes...)
}

func (m *maker) tag(number uint32, wire uint64) []byte {
	tag := uint64(number)<<3 | wire
	if m.hostile() {
		switch m.random.Intn(3) {
		case 0:
			tag += 1 << 35 // the same field to gogo
		case 1:
			tag ^= uint64(m.random.Intn(8)) // another wire type
		case 2:
			tag = uint64(m.random.Intn(40))<<3 | wire
		}
	}
	return m.varint(tag)
}

func wireOf(f *field) uint64 {
	if f.isBytes {
		return 2
	}
	return 0
}

func (m *maker) entry(f *field, key string, depth int) []byte {
	parts := [][]byte{append(m.tag(1, 2), m.sized([]byte(key))...), append(m.tag(2, wireOf(f)), m.value(f, depth)...)}
	if key == "" && m.is(0.3) {
		parts = parts[1:]
	}
	if m.is(0.1) { // an entry may come without its value, but for a message's
		if f.kind == "message" || f.kind == "opaque" {
			m.mark = m.mark || m.wild > 0
		}
		if f.kind != "message" && f.kind != "opaque" || m.wild > 0 {
			parts = parts[:len(parts)-1]
		}
	}
	if m.is(0.1) {
		m.random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	}
	if len(parts) > 0 && m.hostile() {
		parts = append(parts, parts[m.random.Intn(len(parts))])
	}
	return join(parts)
}

func join(parts [][]byte) []byte {
	bytes := []byte{}
	for _, part := range parts {
		bytes = append(bytes, part...)
	}
	return bytes
}

// The occurrences of a field that is there.
func (m *maker) field(f *field, depth int) [][]byte {
	parts := [][]byte{}
	switch f.shape {
	case "list":
		for i := m.random.Intn(4); i >= 0; i-- {
			parts = append(parts, append(m.tag(f.number, wireOf(f)), m.value(f, depth)...))
		}
	case "map":
		keys := map[string]bool{}
		for i := m.random.Intn(4); i >= 0; i-- {
			key := m.text()
			if keys[key] && !m.hostile() {
				continue
			}
			keys[key] = true
			parts = append(parts, append(m.tag(f.number, 2), m.sized(m.entry(f, key, depth))...))
		}
	case "packed":
		bytes := []byte{}
		for i := m.random.Intn(5); i > 0; i-- {
			bytes = append(bytes, m.varint(m.number(f))...)
		}
		if m.hostile() {
			return [][]byte{append(m.tag(f.number, 0), m.varint(m.number(f))...)}
		}
		parts = append(parts, append(m.tag(f.number, 2), m.sized(bytes)...))
	default:
		parts = append(parts, append(m.tag(f.number, wireOf(f)), m.value(f, depth)...))
	}
	if len(parts) > 0 && m.hostile() {
		parts = append(parts, parts[m.random.Intn(len(parts))])
	}
	return parts
}

func (m *maker) message(of *message, depth int) []byte {
	parts := [][]byte{}
	member := m.random.Intn(8) // of a oneof, at most one is there
	members := 0
	for _, f := range of.fields {
		there := m.is(0.4)
		if f.shape == "oneof" {
			there = members == member || m.hostile()
			members++
		}
		if depth > 12 && f.isMessage || f.isMessage && depth > 3 && m.is(0.7) {
			there = false
		}
		if f.unread() {
			there = there && (f.use == "dropped" || m.hostile())
		}
		if there {
			parts = append(parts, m.field(f, depth)...)
		}
	}
	if m.hostile() {
		parts = append(parts, m.unknown())
	}
	if m.is(0.3) {
		m.random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	}
	return join(parts)
}

func (m *maker) unknown() []byte {
	number := uint32(m.random.Intn(60) + 1)
	if m.is(0.2) {
		number = []uint32{1<<29 - 1, 1 << 28, 1<<29 - 2}[m.random.Intn(3)]
	}
	switch m.random.Intn(5) {
	case 0:
		return append(m.tag(number, 0), 1)
	case 1:
		return append(m.tag(number, 1), 0, 0, 0, 0, 0, 0, 0, 0)
	case 2:
		return append(m.tag(number, 5), 0, 0, 0, 0)
	case 3:
		return append(m.tag(number, 3), m.tag(number, 4)...)
	}
	return append(m.tag(number, 2), 0)
}
