package kernel

import (
	"errors"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/secret"
	"sallyport/ipsec/selection"
)

// A State is one direction of an SA, or one half of it if that is a bundle. Without
// its keys it says all that the kernel has of it.
type State struct {
	ID            ipsec.SAID
	Source        netip.Addr
	Mode          ipsec.Mode
	Inbound       bool             // read back only with Offload
	ReqID         uint32           // the flow; one of ours
	IfID          uint32           // of the tunnel interface; 0: none
	OutputMark    uint32           // that what it has encrypted leaves with; 0: none
	Encryption    ipsec.Encryption // NoEncryption: AH
	Integrity     ipsec.Integrity
	EncryptionKey secret.Octets        // not filled on reading
	IntegrityKey  secret.Octets        // likewise
	Encapsulation ipsec.Ports          // in UDP; zero: none. Read back, Local is the packets' source
	Window        int                  // replay window in packets, up to 1024; 0: no replay check
	ESN           bool                 // 64 bits of sequence numbers; they want a Window, 0 becomes 32
	Soft, Hard    ipsec.Lifetime       // durations in whole seconds, rounded up
	Selector      *selection.Selection // what may be in it, in its direction; nil: anything
	Offload       int                  // interface index of the hardware that does it; 0: none
}

// An Installed is a state that the kernel has. In transport mode the octets of its
// counters, and of its limits, are without the packets' IP headers. Sequence is the
// highest sent or accepted; accepted ones are not known where Window is 0.
type Installed struct {
	State
	Counters ipsec.Counters
	Larval   bool // a reserved SPI, without algorithms yet
}

// AddState adds a state. unix.EEXIST says that there is one of that name. A crypto
// device that cannot take it over is no error: read it back to see.
func (k *Kernel) AddState(s State) error {
	return s.describe(k.requests.do(s.message(nl.XFRM_MSG_NEWSA), 0, nil))
}

// UpdateState turns a reserved SPI into a state, or changes the selector, limits, ports of
// encapsulation, mark and identifier of one that lives: never ends or keys.
// unix.ESRCH says that there is none of that name, as when a reservation has ended.
func (k *Kernel) UpdateState(s State) error {
	return s.describe(k.requests.do(s.message(nl.XFRM_MSG_UPDSA), 0, nil))
}

// DeleteState removes a state. That there is none is no error.
func (k *Kernel) DeleteState(id ipsec.SAID) error {
	err := k.requests.do(request(nl.XFRM_MSG_DELSA, unix.NLM_F_ACK, stateID(id)), 0, nil)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return describe(err, "remove XFRM state %v", id)
}

// State returns the state of that name, and false if there is none.
func (k *Kernel) State(id ipsec.SAID) (s Installed, found bool, err error) {
	err = k.requests.do(request(nl.XFRM_MSG_GETSA, 0, stateID(id)), nl.XFRM_MSG_NEWSA, func(body []byte) {
		s, found = readState(body)
	})
	if errors.Is(err, unix.ESRCH) {
		err = nil
	}
	return s, found, describe(err, "XFRM state %v", id)
}

// States returns ours, reserved SPIs among them. What the kernel itself holds while it
// waits for an answer to an Acquire is left out: it has no SPI.
func (k *Kernel) States() (ours []Installed, err error) {
	err = k.requests.list(func() message {
		return request(nl.XFRM_MSG_GETSA, unix.NLM_F_DUMP, nil)
	}, nl.XFRM_MSG_NEWSA, func() { ours = nil }, func(body []byte) {
		if s, ok := readState(body); ok && IsOurs(s.ReqID) && s.ID.SPI != 0 {
			ours = append(ours, s)
		}
	})
	return ours, describe(err, "list XFRM states")
}

// stateID writes the name of a state.
func stateID(id ipsec.SAID) []byte {
	x := nl.XfrmUsersaId{Spi: swap32(uint32(id.SPI)), Family: unix.AF_INET, Proto: uint8(id.Protocol)}
	put(x.Daddr[:], id.Destination)
	return x.Serialize()
}
