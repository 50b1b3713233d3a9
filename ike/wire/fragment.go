package wire

import (
	"encoding/binary"
	"fmt"
)

// lastFragment is the flag of the piece that ends a message.
const lastFragment = 1

// A Fragment is a piece of a whole message, header included and encrypted if it is to
// be. No RFC has it: Cisco's and Microsoft's peers agree on it by [VendorFragments].
// The message that carries it has no other payload and is not encrypted.
type Fragment struct {
	ID     uint16 // the same in all pieces of a message
	Number uint8  // from 1
	Last   bool
	Data   []byte
}

// Type returns PayloadFragment.
func (Fragment) Type() PayloadType { return PayloadFragment }

// String returns identifier, number and length, for example "FRAG[1 2 504]", or
// "FRAG[1 3 last 244]".
func (f Fragment) String() string {
	last := ""
	if f.Last {
		last = "last "
	}
	return fmt.Sprintf("FRAG[%d %d %s%d]", f.ID, f.Number, last, len(f.Data))
}

func parseFragment(r *reader) Payload {
	f := Fragment{ID: r.uint16()}
	at := r.offset
	if f.Number = r.uint8(); f.Number == 0 {
		r.failAt(at, "fragment 0", "1 to 255")
	}
	flags := r.uint8()
	f.Last = flags&lastFragment != 0
	if flags&^lastFragment != 0 {
		r.reserved++
	}
	if len(r.b) == 0 {
		r.fail("an empty fragment", "a piece of a message")
	}
	f.Data = r.rest()
	return f
}

func (f Fragment) appendTo(b []byte) []byte {
	flags := byte(0)
	if f.Last {
		flags = lastFragment
	}
	b = binary.BigEndian.AppendUint16(b, f.ID)
	return append(append(b, f.Number, flags), f.Data...)
}
