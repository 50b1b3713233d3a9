package udp

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// controlLen holds one IP_PKTINFO message, the only one we ask for.
const controlLen = 64

// specDst is where in struct in_pktinfo (ip(7)) the address to answer from is:
// after the interface's index.
const specDst = 4

// localAddr finds the local address in the control messages of a datagram, or
// returns the zero address if there is none.
//
// It is ipi_spec_dst, not the destination of the header: for a broadcast the
// latter is nothing to answer from.
func localAddr(control []byte) netip.Addr {
	for len(control) >= unix.SizeofCmsghdr {
		h, body, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			break
		}
		if h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(body) >= unix.SizeofInet4Pktinfo {
			return netip.AddrFrom4([4]byte(body[specDst:]))
		}
		control = rest
	}
	return netip.Addr{}
}

// packetInfo is the control message that sends from local. It is nil, which
// leaves the choice to the system, if local is not an IPv4 address.
func packetInfo(local netip.Addr) []byte {
	local = local.Unmap()
	if !local.Is4() || local.IsUnspecified() {
		return nil
	}
	return unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: local.As4()})
}
