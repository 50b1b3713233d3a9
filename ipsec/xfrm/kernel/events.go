package kernel

import (
	"encoding/binary"
	"errors"
	"os"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// An Event is what the kernel tells.
type Event interface{ kernelEvent() }

// A Changed says that others changed states or policies of ours, or removed all.
type Changed struct{}

// An Overrun says that events were lost.
type Overrun struct{}

func (Acquire) kernelEvent() {}
func (Expire) kernelEvent()  {}
func (Mapping) kernelEvent() {}
func (Changed) kernelEvent() {}
func (Overrun) kernelEvent() {}

// eventGroups are the multicast groups that we listen to.
var eventGroups = []int{
	nl.XFRMNLGRP_ACQUIRE, nl.XFRMNLGRP_EXPIRE, nl.XFRMNLGRP_MAPPING, nl.XFRMNLGRP_SA, nl.XFRMNLGRP_POLICY,
}

// eventBuffer is the room for events that were not read yet.
const eventBuffer = 8 << 20

// Listen has tell called for each event about ours from now on, by one goroutine, until
// Close. What our own requests change is no event. It may be called once.
func (k *Kernel) Listen(tell func(Event)) error {
	if err := k.events.subscribe(k.Port()); err != nil {
		return describe(err, "listen to XFRM")
	}
	k.done = make(chan struct{})
	go k.listen(tell)
	return nil
}

// subscribe joins the groups. The buffer is larger than others may have it, if we may.
func (s *socket) subscribe(own uint32) error {
	raw, err := s.file.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) {
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, eventBuffer) != nil {
			inner = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, eventBuffer)
		}
		if inner == nil {
			inner = leaveOut(int(fd), own)
		}
		for _, group := range eventGroups {
			if inner == nil {
				inner = unix.SetsockoptInt(int(fd), unix.SOL_NETLINK, unix.NETLINK_ADD_MEMBERSHIP, group)
			}
		}
	})
	return errors.Join(err, inner)
}

// leaveOut has the kernel not send what the requests of a port have caused: the many
// thousand policies of a start would overrun any buffer.
func leaveOut(fd int, port uint32) error {
	const portOffset = 12 // of nlmsg_pid in the header
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: portOffset},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: swap32(port)},
		{Code: unix.BPF_RET | unix.BPF_K, K: ^uint32(0)},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
}

// listen reads events until the socket is closed.
func (k *Kernel) listen(tell func(Event)) {
	defer close(k.done)
	for {
		n, err := k.events.receive()
		switch {
		case err == nil:
			for _, e := range readEvents(k.events.buffer[:n]) {
				tell(e)
			}
			clear(k.events.buffer[:n])
		case errors.Is(err, os.ErrClosed):
			return
		default: // ENOBUFS; whatever else it were, something may be lost
			tell(Overrun{})
		}
	}
}

// readEvents reads what the kernel sent at a time. Something is told of what does not
// make sense, too: it may have been a change.
func readEvents(b []byte) (events []Event) {
	for len(b) > 0 {
		m, rest, err := next(b)
		if err != nil {
			return append(events, Overrun{})
		}
		if e := m.event(); e != nil {
			events = append(events, e)
		}
		b = rest
	}
	return events
}

// event reads one message; nil is what is none of our business.
func (m received) event() Event {
	switch m.kind {
	case nl.XFRM_MSG_ACQUIRE:
		return readAcquire(m.body)
	case nl.XFRM_MSG_EXPIRE:
		return readExpire(m.body)
	case nl.XFRM_MSG_MAPPING:
		return readMapping(m.body)
	case nl.XFRM_MSG_NEWSA, nl.XFRM_MSG_UPDSA:
		return changed(m.body, nl.SizeofXfrmUsersaInfo, reqIDOffset)
	case nl.XFRM_MSG_NEWPOLICY, nl.XFRM_MSG_UPDPOLICY:
		return changed(m.body, nl.SizeofXfrmUserpolicyInfo, indexOffset)
	case nl.XFRM_MSG_DELSA:
		return removed(m.body, nl.SizeofXfrmUsersaId, nl.XFRMA_SA, reqIDOffset)
	case nl.XFRM_MSG_DELPOLICY:
		return removed(m.body, nl.SizeofXfrmUserpolicyId, nl.XFRMA_POLICY, indexOffset)
	case nl.XFRM_MSG_FLUSHSA, nl.XFRM_MSG_FLUSHPOLICY:
		return Changed{}
	}
	return nil
}

// Where our numbers stand: reqid in struct xfrm_usersa_info, index in struct
// xfrm_userpolicy_info.
const (
	reqIDOffset = 208
	indexOffset = 156
)

// changed tells of a state or policy of ours. The number that says whose it is stands
// at an offset of the body, which has so many octets at least.
func changed(body []byte, size, offset int) Event {
	if len(body) >= size && !IsOurs(binary.NativeEndian.Uint32(body[offset:])) {
		return nil
	}
	return Changed{}
}

// removed is changed for what has gone: an attribute behind the body's first size octets
// says what it was.
func removed(body []byte, size int, attribute uint16, offset int) (e Event) {
	e = Changed{}
	if len(body) < size {
		return e
	}
	_ = attributes(body[aligned(size):], func(kind uint16, value []byte) {
		if kind == attribute {
			e = changed(value, offset+4, offset)
		}
	})
	return e
}
