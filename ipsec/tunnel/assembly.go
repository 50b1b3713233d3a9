package tunnel

import "encoding/binary"

// maxAssemblies is how many packets are put together at a time. They are this box's own,
// whose fragments come one behind the other.
const maxAssemblies = 16

// An assembly puts together the fragments of packets that leave in transport mode, which
// is for whole ones (RFC 4303 §3.1.1): the system cut them to fit our device. Fragments
// have to come in order, as it makes them. It is for one goroutine; the zero value is
// empty.
type assembly struct {
	slots [maxAssemblies]assembled
	next  int // slot that is taken next, the one that has been used longest
}

// An assembled is one packet as far as it has come. Its octets are kept for the next.
type assembled struct {
	key    datagramKey
	packet []byte // empty: the slot is free
}

// isFragment reports whether a packet is part of another.
func isFragment(p []byte) bool {
	return binary.BigEndian.Uint16(p[ipFragment:])&(moreFrags|offsetMask) != 0
}

// add takes a fragment, and returns the packet if that was its last one; it is valid until
// the next call. lost is how many packets can no longer be put together.
func (a *assembly) add(fragment []byte, key datagramKey) (whole []byte, lost int) {
	flags := binary.BigEndian.Uint16(fragment[ipFragment:])
	s, offset := a.find(key), int(flags&offsetMask)*8
	switch {
	case offset == 0 && s == nil:
		s, lost = a.take(key)
		s.packet = append(s.packet, fragment...)
	case s == nil:
		return nil, 1
	case offset == 0 || !s.goesOn(fragment, offset):
		s.packet = s.packet[:0]
		return nil, 1
	default:
		s.packet = append(s.packet, fragment[headerLen(fragment):]...)
	}
	if flags&moreFrags != 0 {
		return nil, lost
	}
	return s.finish(), lost
}

// find returns the slot of a packet that is being put together, or nil.
func (a *assembly) find(key datagramKey) *assembled {
	for i := range a.slots {
		if s := &a.slots[i]; s.key == key && len(s.packet) > 0 {
			return s
		}
	}
	return nil
}

// take returns a slot for a new packet. What was in it is lost.
func (a *assembly) take(key datagramKey) (s *assembled, lost int) {
	s = &a.slots[a.next]
	a.next = (a.next + 1) % maxAssemblies
	if len(s.packet) > 0 {
		lost = 1
	}
	s.key, s.packet = key, s.packet[:0]
	return s, lost
}

// goesOn reports whether a fragment is the next one, and what comes together is not longer
// than a packet can be.
func (s *assembled) goesOn(fragment []byte, offset int) bool {
	return len(s.packet)-headerLen(s.packet) == offset && len(s.packet)+len(fragment)-headerLen(fragment) <= maxPacket
}

// finish makes the slot's packet a whole one, and frees the slot.
func (s *assembled) finish() []byte {
	whole := s.packet
	binary.BigEndian.PutUint16(whole[ipTotal:], uint16(len(whole)))
	clear(whole[ipFragment:ipTTL])
	sealHeader(whole[:headerLen(whole)])
	s.packet = s.packet[:0]
	return whole
}
