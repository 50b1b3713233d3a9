package kernel

import (
	"crypto/subtle"
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Same reports whether the kernel has a state of that name between the same ends, in the
// same mode, with the same algorithms and keys. A kernel under lockdown hides keys: there no
// state is the same.
func (k *Kernel) Same(s State) (same bool, err error) {
	want := s.secrets()
	defer wipe(want)
	err = k.requests.do(request(nl.XFRM_MSG_GETSA, 0, stateID(s.ID)), nl.XFRM_MSG_NEWSA, func(body []byte) {
		there, ok := readState(body)
		same = ok && there.Source == s.Source.Unmap() && there.Mode == s.Mode && hasAll(body[nl.SizeofXfrmUsersaInfo:], want)
	})
	if errors.Is(err, unix.ESRCH) {
		err = nil
	}
	return same, describe(err, "XFRM state %v", s.ID)
}

// secrets are the attributes with keys.
func (s *State) secrets() map[uint16][]byte {
	all := make(map[uint16][]byte)
	_ = attributes(s.algorithms(nil), func(kind uint16, value []byte) { all[kind] = value })
	return all
}

func wipe(secrets map[uint16][]byte) {
	for _, value := range secrets {
		clear(value)
	}
}

// hasAll reports whether all of those attributes are there, with these octets.
func hasAll(body []byte, want map[uint16][]byte) bool {
	found := 0
	_ = attributes(body, func(kind uint16, value []byte) {
		if w, ok := want[kind]; ok {
			found += subtle.ConstantTimeCompare(value, w)
		}
	})
	return found == len(want)
}
