package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// MoveState gives a state in UDP the peer's new address and port. Keys, numbers and
// counters stay. Where the address stays, and for an inbound state, whose source the
// kernel does not ask for, that is a change of its ports; an inbound state keeps its old
// source, and a Mapping comes each second. An outbound one to another address is removed
// and made anew, since the address is part of its name; its next packet has a number
// somewhat higher, as none may come twice. unix.ESRCH says that there is none of that
// name.
func (k *Kernel) MoveState(id ipsec.SAID, inbound bool, remote netip.AddrPort) error {
	began := time.Now()
	s, err := k.snapshot(id)
	if err != nil {
		return describe(err, "XFRM state %v", id)
	}
	defer clear(s)
	moved := slices.Clone(s)
	defer clear(moved)
	if err = moved.setPort(inbound, remote.Port()); err == nil {
		if inbound || remote.Addr() == id.Destination {
			err = k.requests.do(moved.message(nl.XFRM_MSG_UPDSA, nl.XFRMA_OFFLOAD_DEV), 0, nil)
		} else {
			put(moved[infoDestination:], remote.Addr())
			err = k.remake(id, s, moved, began)
		}
	}
	return describe(err, "move XFRM state %v", id)
}

// A snapshot is a state as the kernel tells of it, with its keys: struct
// xfrm_usersa_info and attributes.
type snapshot []byte

// snapshot asks for a state as it is.
func (k *Kernel) snapshot(id ipsec.SAID) (s snapshot, err error) {
	err = k.requests.do(request(nl.XFRM_MSG_GETSA, 0, stateID(id)), nl.XFRM_MSG_NEWSA, func(body []byte) {
		s = slices.Clone(body)
	})
	if err == nil && len(s) < nl.SizeofXfrmUsersaInfo {
		err = unix.EBADMSG
	}
	return s, err
}

// Where struct xfrm_usersa_info has what is read or changed here.
const (
	infoDestination = nl.SizeofXfrmSelector
	infoCurrent     = nl.SizeofXfrmSelector + nl.SizeofXfrmId + nl.SizeofXfrmAddress + nl.SizeofXfrmLifetimeCfg
	infoFlags       = infoCurrent + nl.SizeofXfrmLifetimeCur + nl.SizeofXfrmStats + 12
)

// info returns the part that every state has.
func (s snapshot) info() []byte { return s[:nl.SizeofXfrmUsersaInfo] }

// attribute returns the value of an attribute, where it lies; nil if it is not there.
func (s snapshot) attribute(wanted uint16) (found []byte) {
	_ = attributes(s[nl.SizeofXfrmUsersaInfo:], func(kind uint16, value []byte) {
		if kind == wanted {
			found = value
		}
	})
	return found
}

// setPort writes the peer's port: of an inbound state its packets' source, else their
// destination.
func (s snapshot) setPort(inbound bool, port uint16) error {
	v := s.attribute(nl.XFRMA_ENCAP)
	if len(v) < nl.SizeofXfrmEncapTmpl {
		return errors.New("it is not in UDP")
	}
	at := 4
	if inbound {
		at = 2
	}
	binary.BigEndian.PutUint16(v[at:], port)
	return nil
}

// told are the attributes that a state is made of again. Others that the kernel tells
// are what it made of these.
var told = []uint16{
	nl.XFRMA_ALG_AUTH_TRUNC, nl.XFRMA_ALG_CRYPT, nl.XFRMA_ALG_AEAD, nl.XFRMA_ENCAP, nl.XFRMA_REPLAY_ESN_VAL, nl.XFRMA_REPLAY_VAL,
	nl.XFRMA_SET_MARK, nl.XFRMA_SET_MARK_MASK, nl.XFRMA_IF_ID, nl.XFRMA_SA_EXTRA_FLAGS, nl.XFRMA_MTIMER_THRESH, nl.XFRMA_OFFLOAD_DEV,
}

// message writes the state, without some attributes and with what it has counted.
func (s snapshot) message(kind uint16, without ...uint16) message {
	m := request(kind, unix.NLM_F_ACK, s.info())
	if s.attribute(nl.XFRMA_REPLAY_ESN_VAL) != nil {
		m[unix.SizeofNlMsghdr+infoFlags-1] = 0 // the window is the attribute's
		without = append(without, nl.XFRMA_REPLAY_VAL)
	}
	_ = attributes(s[nl.SizeofXfrmUsersaInfo:], func(kind uint16, value []byte) {
		if slices.Contains(told, kind) && !slices.Contains(without, kind) {
			m = m.attribute(kind, value)
		}
	})
	return m.attribute(nl.XFRMA_LTIME_VAL, s[infoCurrent:][:nl.SizeofXfrmLifetimeCur])
}

// fastest is how many packets of one state a kernel can send in a microsecond, and more.
const fastest = 16

// remake removes a state and makes it anew as another. Packets may have left since it was
// asked about: so many as can be have their numbers left out, since one that comes twice
// would give keys away (RFC 4106 §3). If the new one cannot be made the old one comes back.
func (k *Kernel) remake(id ipsec.SAID, old, moved snapshot, began time.Time) error {
	if old.next(0) != nil {
		return errUsedUp
	}
	if err := k.requests.do(request(nl.XFRM_MSG_DELSA, unix.NLM_F_ACK, stateID(id)), 0, nil); err != nil {
		return err
	}
	sent := fastest * uint64(time.Since(began)/time.Microsecond+1)
	if err := errors.Join(old.next(sent), moved.next(sent)); err != nil {
		return err
	}
	err := k.requests.do(moved.message(nl.XFRM_MSG_NEWSA), 0, nil)
	if err == nil {
		return nil
	}
	return errors.Join(err, k.requests.do(old.message(nl.XFRM_MSG_NEWSA), 0, nil))
}

// errUsedUp says that a state has too few numbers left to go on elsewhere.
var errUsedUp = errors.New("its sequence numbers are used up")

// next has the numbers of packets go on after some more.
func (s snapshot) next(more uint64) error {
	v := s.attribute(nl.XFRMA_REPLAY_ESN_VAL)
	if len(v) < nl.SizeofXfrmReplayStateEsn {
		if v = s.attribute(nl.XFRMA_REPLAY_VAL); len(v) < 4 {
			return fmt.Errorf("it has no sequence numbers: %w", unix.EBADMSG)
		}
		return advance(v[:4], nil, more)
	}
	if s[infoFlags]&nl.XFRM_STATE_ESN == 0 {
		return advance(v[4:8], nil, more)
	}
	return advance(v[4:8], v[12:16], more)
}

// advance adds to a number of which the high half, if there is one, is apart. The last
// tenth of the numbers is left to the state's successor.
func advance(low, high []byte, more uint64) error {
	n, last := uint64(read32(low)), uint64(math.MaxUint32)
	if high != nil {
		n, last = n|uint64(read32(high))<<32, math.MaxUint64
	}
	if n > last-last/10 || more > last/10 {
		return errUsedUp
	}
	n += more
	binary.NativeEndian.PutUint32(low, uint32(n))
	if high != nil {
		binary.NativeEndian.PutUint32(high, uint32(n>>32))
	}
	return nil
}
