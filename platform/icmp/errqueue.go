package icmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// The ICMP errors that end a probe: RFC 792, and RFC 1122 §3.2.2.1 for the codes.
const (
	unreachable = 3

	codeNetwork       = 0
	codeHost          = 1
	codeProtocol      = 2
	codePort          = 3
	codeFragmentation = 4
	codeProhibited    = 13 // RFC 1812 §5.2.7.1
)

var unreachableMarks = map[byte]string{
	codeNetwork: "!N", codeHost: "!H", codeProtocol: "!P", codePort: "", codeFragmentation: "!F", codeProhibited: "!X",
}

// Offsets in struct sock_extended_err of linux/errqueue.h, which the address of
// who sent the error follows as a struct sockaddr_in.
const (
	offsetErrno   = 0
	offsetOrigin  = 4
	offsetType    = 5
	offsetCode    = 6
	sizeExtended  = 16
	offsetFamily  = sizeExtended
	offsetAddress = sizeExtended + 4
	sizeWithAddr  = sizeExtended + unix.SizeofSockaddrInet4

	originICMP = 2 // SO_EE_ORIGIN_ICMP; others are this host's own
)

// parseControl reads what the kernel says beside an ICMP error.
func parseControl(b []byte) (Hop, error) {
	messages, err := unix.ParseSocketControlMessage(b)
	if err != nil {
		return Hop{}, err
	}
	for _, m := range messages {
		if m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR {
			return parseError(m.Data)
		}
	}
	return Hop{}, errors.New("the kernel reports an error without its cause")
}

// parseError reads a struct sock_extended_err.
func parseError(b []byte) (Hop, error) {
	if len(b) < sizeExtended {
		return Hop{}, fmt.Errorf("the kernel reports an error of %d octets, want %d", len(b), sizeExtended)
	}
	number := syscall.Errno(binary.NativeEndian.Uint32(b[offsetErrno:]))
	if b[offsetOrigin] != originICMP || len(b) < sizeWithAddr || binary.NativeEndian.Uint16(b[offsetFamily:]) != unix.AF_INET {
		return Hop{}, number
	}
	h := Hop{From: netip.AddrFrom4([4]byte(b[offsetAddress : offsetAddress+4]))}
	if b[offsetType] == unreachable {
		mark, known := unreachableMarks[b[offsetCode]]
		if !known {
			mark = fmt.Sprintf("!<%d>", b[offsetCode])
		}
		h.Mark, h.Reached = mark, b[offsetCode] == codePort
	}
	return h, nil
}
