package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Sockade's half, as a process.
type judge struct {
	in  io.WriteCloser
	out *bufio.Reader
}

type answer struct {
	accepted bool
	bytes    []byte // what was written, or the reason
}

func startJudge(path string) (*judge, error) {
	command := exec.Command(path)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &judge{in: in, out: bufio.NewReaderSize(out, 1<<16)}, command.Start()
}

func (j *judge) ask(list []*testCase) ([]answer, error) {
	go func() {
		buffer := bufio.NewWriterSize(j.in, 1<<16)
		for _, c := range list {
			head := [6]byte{}
			binary.LittleEndian.PutUint16(head[:], uint16(c.message.index))
			binary.LittleEndian.PutUint32(head[2:], uint32(len(c.bytes)))
			buffer.Write(head[:])
			buffer.Write(c.bytes)
		}
		buffer.Write([]byte{0xff, 0xff, 0, 0, 0, 0}) // answer all of it now
		buffer.Flush()
	}()
	answers := make([]answer, len(list))
	for i := range answers {
		head := [5]byte{}
		if _, err := io.ReadFull(j.out, head[:]); err != nil {
			return nil, fmt.Errorf("the judge ended: %v; %s %x", err, list[i].message.name, list[i].bytes)
		}
		answers[i].accepted = head[0] == 1
		answers[i].bytes = make([]byte, binary.LittleEndian.Uint32(head[1:]))
		if _, err := io.ReadFull(j.out, answers[i].bytes); err != nil {
			return nil, err
		}
	}
	return answers, nil
}
