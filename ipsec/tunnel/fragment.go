package tunnel

import "encoding/binary"

// fragment hands the packet to send in pieces of at most mtu octets: RFC 791 §3.2.
// The packet's octets are used up: each piece's header is written over the end of
// the piece before, so that nothing is copied or allocated. It stops at the first
// error. A packet that fits is sent as it is.
//
// Whether DF allows it is the caller's question.
func fragment(packet []byte, mtu int, send func([]byte) error) error {
	if len(packet) <= mtu {
		return send(packet)
	}
	var header [60]byte // the longest
	n := copy(header[:], packet[:headerLen(packet)])
	room := (mtu - n) &^ 7 // offsets count units of 8 octets
	if room <= 0 {
		return errNoRoom
	}
	flags := binary.BigEndian.Uint16(packet[ipFragment:])
	for sent := 0; sent < len(packet)-n; sent += room {
		end := min(sent+room, len(packet)-n)
		piece := packet[sent : n+end]
		copy(piece, header[:n])
		writeFragment(piece[:n], len(piece), pieceFlags(flags, sent, n+end < len(packet)))
		if err := send(piece); err != nil {
			return err
		}
		if sent == 0 {
			dropUncopied(header[ipv4Len:n])
		}
	}
	return nil
}

// pieceFlags returns the flags and the offset of the piece that begins at octet at
// of what flags belong to, which may itself be a fragment.
func pieceFlags(flags uint16, at int, more bool) uint16 {
	flags += uint16(at / 8)
	if more {
		flags |= moreFrags
	}
	return flags
}

func writeFragment(header []byte, total int, flags uint16) {
	binary.BigEndian.PutUint16(header[ipTotal:], uint16(total))
	binary.BigEndian.PutUint16(header[ipFragment:], flags)
	sealHeader(header)
}

// Options: RFC 791 §3.1. One whose first bit is set goes into every fragment.
const (
	optionEnd    = 0
	optionNop    = 1
	optionCopied = 0x80
)

// dropUncopied turns the options that only the first fragment has into
// no-operations, so that all headers have one length.
func dropUncopied(options []byte) {
	for len(options) > 0 && options[0] != optionEnd {
		n := 1
		if options[0] != optionNop {
			if len(options) < 2 || options[1] < 2 || int(options[1]) > len(options) {
				return
			}
			n = int(options[1])
		}
		if options[0]&optionCopied == 0 {
			for i := range options[:n] {
				options[i] = optionNop
			}
		}
		options = options[n:]
	}
}
