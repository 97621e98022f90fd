// The other end of judge.c's pipe: requests go out in batches, verdicts come back.
package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"strconv"
)

// A request as sockade is asked about it.
type request struct {
	policy, method, target string
	body                   []byte
}

// What sockade says, and what it would forward.
type verdict struct {
	allowed   bool
	status    int
	rule      string // the first that denies
	rowMethod string // the route it was judged by; empty: none
	rowPath   string
	rowName   string // what the row's first parameter matched
	rowQuery  string
	target    string
	bodyWord  string // none, whole, stream
	body      []byte
	query     [][2]string // what the rules saw of the query
}

type judge struct {
	command *exec.Cmd
	in      *bufio.Writer
	pipe    io.WriteCloser
	out     *bufio.Reader
}

func startJudge(program, policies string) (*judge, error) {
	command := exec.Command(program, policies)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	return &judge{command, bufio.NewWriterSize(in, 1<<16), in, bufio.NewReaderSize(out, 1<<16)}, nil
}

// Sanitizers of the C side speak through the exit status.
func (j *judge) stop() error {
	j.in.Flush()
	j.pipe.Close()
	return j.command.Wait()
}

func (j *judge) writeField(text []byte) {
	var head [4]byte
	binary.LittleEndian.PutUint32(head[:], uint32(len(text)))
	j.in.Write(head[:])
	j.in.Write(text)
}

func (j *judge) writeRequest(r *request) {
	j.writeField([]byte(r.policy))
	j.writeField([]byte(r.method))
	j.writeField([]byte(r.target))
	j.writeField([]byte("application/json"))
	j.writeField(r.body)
}

func (j *judge) readField() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(j.out, head[:]); err != nil {
		return nil, err
	}
	text := make([]byte, binary.LittleEndian.Uint32(head[:]))
	_, err := io.ReadFull(j.out, text)
	return text, err
}

func (j *judge) readText(err *error) string {
	if *err != nil {
		return ""
	}
	text, got := j.readField()
	*err = got
	return string(text)
}

func (j *judge) readVerdict() (*verdict, error) {
	var err error
	v := &verdict{allowed: j.readText(&err) == "allow"}
	v.status, _ = strconv.Atoi(j.readText(&err))
	v.rule = j.readText(&err)
	v.rowMethod = j.readText(&err)
	v.rowPath = j.readText(&err)
	v.rowName = j.readText(&err)
	v.rowQuery = j.readText(&err)
	v.target = j.readText(&err)
	v.bodyWord = j.readText(&err)
	v.body = []byte(j.readText(&err))
	pairs, _ := strconv.Atoi(j.readText(&err))
	for i := 0; i < pairs && err == nil; i++ {
		key := j.readText(&err)
		v.query = append(v.query, [2]string{key, j.readText(&err)})
	}
	return v, err
}

// ask has a batch judged. The requests are written beside the reading, or two full pipes would wait
// for each other.
func (j *judge) ask(requests []*request) ([]*verdict, error) {
	written := make(chan struct{})
	go func() {
		defer close(written)
		for _, r := range requests {
			j.writeRequest(r)
		}
		j.writeField(nil)
		j.in.Flush()
	}()
	verdicts := make([]*verdict, len(requests))
	for i := range requests {
		v, err := j.readVerdict()
		if err != nil {
			return nil, err
		}
		verdicts[i] = v
	}
	<-written
	return verdicts, nil
}

func (j *judge) askOne(r *request) (*verdict, error) {
	verdicts, err := j.ask([]*request{r})
	if err != nil {
		return nil, err
	}
	return verdicts[0], nil
}
