package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// errInterrupted says that a list changed while it was read.
var errInterrupted = errors.New("the list keeps changing")

// An answer is what the kernel says to one request.
type answer struct {
	sequence    uint32
	want        uint16 // type of messages that are told
	each        func(body []byte)
	interrupted bool
}

// read reads what came at a time, and reports whether that was all.
func (a *answer) read(b []byte) (done bool, err error) {
	for len(b) > 0 {
		var m received
		if m, b, err = next(b); err != nil {
			return true, err
		}
		if m.sequence != a.sequence {
			continue // of a request that was given up
		}
		if done, err := a.message(m); done {
			return true, err
		}
	}
	return false, nil
}

// message reads one message of the answer.
func (a *answer) message(m received) (done bool, err error) {
	a.interrupted = a.interrupted || m.flags&unix.NLM_F_DUMP_INTR != 0
	switch m.kind {
	case unix.NLMSG_ERROR, unix.NLMSG_DONE:
		if err := m.refusal(); err != nil {
			return true, err
		}
		if a.interrupted {
			return true, errInterrupted
		}
		return true, nil
	case a.want:
		a.each(m.body)
	}
	return m.flags&unix.NLM_F_MULTI == 0 && a.want != 0, nil
}

// A received is a netlink message that came in.
type received struct {
	kind, flags    uint16
	sequence, port uint32 // port: of who asked for what it tells of
	body           []byte
}

// next takes the first message off what came.
func next(b []byte) (m received, rest []byte, err error) {
	if len(b) < unix.SizeofNlMsghdr {
		return m, nil, fmt.Errorf("netlink message: %d octets, want a header of %d", len(b), unix.SizeofNlMsghdr)
	}
	size := binary.NativeEndian.Uint32(b)
	if size < unix.SizeofNlMsghdr || uint64(size) > uint64(len(b)) {
		return m, nil, fmt.Errorf("netlink message: its length is %d, there are %d octets", size, len(b))
	}
	m = received{
		kind: binary.NativeEndian.Uint16(b[4:]), flags: binary.NativeEndian.Uint16(b[6:]),
		sequence: binary.NativeEndian.Uint32(b[8:]), port: binary.NativeEndian.Uint32(b[12:]),
		body: b[unix.SizeofNlMsghdr:size],
	}
	return m, b[min(aligned(int(size)), len(b)):], nil
}

// refusal returns the error that a message says, nil if it says that all is well.
func (m received) refusal() error {
	if len(m.body) < 4 {
		if m.kind == unix.NLMSG_DONE {
			return nil
		}
		return fmt.Errorf("netlink error of %d octets", len(m.body))
	}
	number := int32(binary.NativeEndian.Uint32(m.body))
	if number >= 0 {
		return nil
	}
	err := error(unix.Errno(-number))
	const header = 4 + unix.SizeofNlMsghdr // our own request's, without its body
	if m.flags&unix.NLM_F_ACK_TLVS != 0 && len(m.body) > header {
		_ = attributes(m.body[header:], func(kind uint16, value []byte) {
			if kind == nl.NLMSGERR_ATTR_MSG {
				err = fmt.Errorf("%w (%s)", err, unix.ByteSliceToString(value))
			}
		})
	}
	return err
}
