package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

type field struct {
	number             uint32
	name               string
	kind, shape, use   string
	most               uint64
	table              *message
	tableIndex         int
	isBytes, isMessage bool
}

func (f *field) unread() bool {
	return f.use == "refused" || f.use == "dropped"
}

type message struct {
	index  int
	name   string
	fields []*field
	// Whether golang's encoder writes it in our order and form. It writes oneofs last, and leaves out a map's value
	// that is empty bytes.
	plain bool
	// Whether something is opaque in it: bytes to the referee, so that its encoders leave out what is there and empty.
	opaque bool
}

func readSchema(path string) ([]*message, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	list := []*message{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		part := strings.Split(lines.Text(), "\t")
		switch {
		case part[0] == "message" && len(part) == 3:
			list = append(list, &message{index: len(list), name: part[2]})
		case part[0] == "field" && len(part) == 8 && len(list) > 0:
			number, _ := strconv.ParseUint(part[1], 10, 32)
			most, _ := strconv.ParseUint(part[6], 10, 32)
			table, _ := strconv.Atoi(part[7])
			in := list[len(list)-1]
			in.fields = append(in.fields, &field{
				number: uint32(number), name: part[2], kind: part[3], shape: part[4], use: part[5], most: most, tableIndex: table,
				isMessage: part[3] == "message",
				isBytes:   part[3] == "string" || part[3] == "bytes" || part[3] == "message" || part[3] == "opaque",
			})
		default:
			return nil, fmt.Errorf("%s: %q", path, lines.Text())
		}
	}
	for _, m := range list {
		for _, f := range m.fields {
			if f.isMessage {
				f.table = list[f.tableIndex]
			}
		}
	}
	for _, m := range list {
		m.opaque = holds(m, map[*message]bool{}, func(f *field) bool { return f.kind == "opaque" && !f.unread() })
		m.plain = !m.opaque && !holds(m, map[*message]bool{}, func(f *field) bool {
			return f.shape == "oneof" || f.shape == "map" && f.kind == "bytes"
		})
	}
	if len(list) < 10 {
		return nil, fmt.Errorf("%s: %d messages are too few", path, len(list))
	}
	return list, lines.Err()
}

// Whether a field of the message, or of one within, is such.
func holds(m *message, seen map[*message]bool, is func(*field) bool) bool {
	if seen[m] {
		return false
	}
	seen[m] = true
	for _, f := range m.fields {
		if is(f) || f.table != nil && holds(f.table, seen, is) {
			return true
		}
	}
	return false
}
