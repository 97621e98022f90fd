package main

import (
	"bytes"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	gogo "github.com/gogo/protobuf/proto"
	golang "github.com/golang/protobuf/proto"

	_ "sockade/tables/gogo"
	_ "sockade/tables/golang"
)

// A decoder and its encoder.
type decoder struct {
	name     string
	typeOf   func(name string) reflect.Type
	decode   func(bytes []byte, into interface{}) error
	encode   func(message interface{}) ([]byte, error)
	inOrder  func(message interface{}) ([]byte, error) // maps sorted; nil: it can't
	messages map[*message]reflect.Type
}

func newDecoders() []*decoder {
	return []*decoder{
		{
			name:   "gogo",
			typeOf: gogo.MessageType,
			decode: func(bytes []byte, into interface{}) error { return gogo.Unmarshal(bytes, into.(gogo.Message)) },
			encode: func(message interface{}) ([]byte, error) { return gogo.Marshal(message.(gogo.Message)) },
		},
		{
			name:   "golang",
			typeOf: golang.MessageType,
			decode: func(bytes []byte, into interface{}) error { return golang.Unmarshal(bytes, into.(golang.Message)) },
			encode: func(message interface{}) ([]byte, error) { return golang.Marshal(message.(golang.Message)) },
			inOrder: func(message interface{}) ([]byte, error) {
				buffer := golang.NewBuffer(nil)
				buffer.SetDeterministic(true)
				err := buffer.Marshal(message.(golang.Message))
				return buffer.Bytes(), err
			},
		},
	}
}

func (d *decoder) create(m *message) interface{} {
	if d.messages == nil {
		d.messages = map[*message]reflect.Type{}
	}
	if d.messages[m] == nil {
		d.messages[m] = d.typeOf("tables." + strings.ReplaceAll(m.name, ".", "_")).Elem()
	}
	return reflect.New(d.messages[m]).Interface()
}

// The values of a message as a text, the same for both decoders. `unknown` says whether there are fields that it
// does not know.
func dump(out *bytes.Buffer, v reflect.Value, unknown *bool) {
	switch v.Kind() {
	case reflect.Ptr, reflect.Interface:
		if v.IsNil() {
			out.WriteByte('-')
			return
		}
		dump(out, v.Elem(), unknown)
	case reflect.Struct:
		out.WriteByte('{')
		for i := 0; i < v.NumField(); i++ {
			name := v.Type().Field(i).Name
			if name == "XXX_unrecognized" && v.Field(i).Len() > 0 {
				*unknown = true
			}
			if strings.HasPrefix(name, "XXX_") {
				continue
			}
			out.WriteString(name)
			out.WriteByte(':')
			dump(out, v.Field(i), unknown)
			out.WriteByte(' ')
		}
		out.WriteByte('}')
	case reflect.Map:
		keys := v.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
		for _, key := range keys {
			out.WriteString(strconv.Quote(key.String()))
			out.WriteByte('=')
			dump(out, v.MapIndex(key), unknown)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			out.WriteString(strconv.Quote(string(v.Bytes())))
			return
		}
		for i := 0; i < v.Len(); i++ {
			dump(out, v.Index(i), unknown)
			out.WriteByte(',')
		}
	case reflect.String:
		out.WriteString(strconv.Quote(v.String()))
	case reflect.Bool:
		out.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Int32, reflect.Int64:
		out.WriteString(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint32, reflect.Uint64:
		out.WriteString(strconv.FormatUint(v.Uint(), 10))
	default:
		panic(fmt.Sprint("no value of a message: ", v.Kind()))
	}
}

// What one decoder makes of what was sent and of what was written.
func (d *decoder) compare(m *message, sent, written []byte) (fromWritten interface{}, values string, reason string) {
	fromSent, fromWritten := d.create(m), d.create(m)
	if err := d.decode(sent, fromSent); err != nil {
		return nil, "", d.name + " can't read what was sent: " + err.Error()
	}
	if err := d.decode(written, fromWritten); err != nil {
		return nil, "", d.name + " can't read what was written: " + err.Error()
	}
	// Fields that are refused unless they are zero, and those that are dropped, are not the decoder's.
	one, other, dropped, unknown := bytes.Buffer{}, bytes.Buffer{}, false, false
	dump(&one, reflect.ValueOf(fromSent), &dropped)
	dump(&other, reflect.ValueOf(fromWritten), &unknown)
	if unknown {
		return nil, "", d.name + " doesn't know a field of what was written"
	}
	if !bytes.Equal(one.Bytes(), other.Bytes()) {
		return nil, "", d.name + " finds other values in what was written"
	}
	return fromWritten, other.String(), ""
}

// What the two encoders write again, or the reason why there is a disagreement.
func (w *worker) compareDecoders(m *message, sent, written []byte) (again [][]byte, reason string) {
	before := ""
	for i, d := range w.decoders {
		message, values, reason := d.compare(m, sent, written)
		if reason != "" {
			return nil, reason
		}
		if i > 0 && values != before {
			return nil, "the decoders find different values"
		}
		before = values
		bytes, err := d.encode(message)
		if err != nil {
			return nil, d.name + " can't write what was written: " + err.Error()
		}
		again = append(again, bytes)
		if m.plain && d.inOrder != nil {
			if bytes, err = d.inOrder(message); err != nil || string(bytes) != string(written) {
				return nil, d.name + "'s encoder writes other bytes"
			}
		}
	}
	return again, ""
}
