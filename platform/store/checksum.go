package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// A file with a checksum begins and ends with a line of ours. Both are comments
// to whoever reads it line by line.
const (
	checkedHead = "!The last line is a checksum: after editing this file by hand, delete both\n"
	checkedTail = "!checksum sha256 "
)

// The ways in which a text is not whole.
var (
	errEmpty    = errors.New("it is empty")
	errCut      = errors.New("it is cut off: the checksum that its first line speaks of is missing")
	errChecksum = errors.New("its checksum is wrong: half-written, or edited by hand and the checksum not deleted")
)

// checked returns a text with its checksum.
func checked(text []byte) []byte {
	data := make([]byte, 0, len(checkedHead)+len(text)+len(checkedTail)+2*sha256.Size+2)
	data = append(append(data, checkedHead...), text...)
	if len(text) > 0 && text[len(text)-1] != '\n' {
		data = append(data, '\n')
	}
	sum := sha256.Sum256(data)
	data = append(data, checkedTail...)
	data = hex.AppendEncode(data, sum[:])
	return append(data, '\n')
}

// verified returns the text of a file without its checksum. A file that was
// written by hand has none and is taken as it is; one that begins as ours and
// does not end so was cut off.
func verified(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, errEmpty
	}
	body, tail := lastLine(data)
	switch {
	case bytes.HasPrefix(tail, []byte(checkedTail)):
		sum := sha256.Sum256(body)
		if string(tail) != checkedTail+hex.EncodeToString(sum[:])+"\n" {
			return nil, errChecksum
		}
		return bytes.TrimPrefix(body, []byte(checkedHead)), nil
	case bytes.HasPrefix(data, []byte(checkedHead)):
		return nil, errCut
	}
	return data, nil
}

// lastLine cuts off the last line, with its line feed if it has one.
func lastLine(data []byte) (before, line []byte) {
	at := bytes.LastIndexByte(bytes.TrimSuffix(data, []byte("\n")), '\n') + 1
	return data[:at], data[at:]
}
