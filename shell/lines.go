package shell

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A refusal is a line that no command can be: too long, or not text.
type refusal string

// Error returns the line that the operator sees.
func (r refusal) Error() string { return string(r) }

// tooLong refuses a line of more octets than max.
func tooLong(max int) refusal {
	return refusal(fmt.Sprintf("The line is longer than %d characters.", max))
}

// isRefusal reports whether reading can go on after err.
func isRefusal(err error) bool {
	var r refusal
	return errors.As(err, &r)
}

// lines reads lines of bounded length. What is beyond the bound is not kept.
type lines struct {
	reader *bufio.Reader
	max    int
	number int // of the line that was read last, from 1
}

// readAhead is how many octets are read at a time.
const readAhead = 64 << 10

func newLines(r io.Reader, max int) *lines {
	return &lines{reader: bufio.NewReaderSize(r, readAhead), max: max}
}

// next returns the next line without its line end, tabs made blanks. The error
// is io.EOF after the last line, a refusal, or the reader's.
func (l *lines) next() (string, error) {
	var line strings.Builder
	length := 0
	for {
		part, err := l.reader.ReadSlice('\n')
		length += len(part)
		line.Write(part[:min(len(part), l.max+len("\r\n")-line.Len())])
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || length == 0):
			return "", err
		}
		l.number++
		return l.check(line.String(), length)
	}
}

// ready reports whether a whole line has been read already.
func (l *lines) ready() bool {
	waiting, err := l.reader.Peek(l.reader.Buffered())
	return err == nil && bytes.IndexByte(waiting, '\n') >= 0
}

// check refuses what cannot be a command. length is the line's before it was cut.
func (l *lines) check(line string, length int) (string, error) {
	cut := length > len(line)
	line = strings.TrimRight(line, "\r\n")
	line = strings.ReplaceAll(line, "\t", " ")
	if cut || len(line) > l.max {
		return "", tooLong(l.max)
	}
	if strings.ContainsFunc(line, isControl) {
		return "", refusal("The line contains control characters.")
	}
	return line, nil
}

// isControl reports whether a character steers a terminal instead of being shown.
func isControl(r rune) bool { return r < ' ' || r >= 0x7F && r < 0xA0 }
