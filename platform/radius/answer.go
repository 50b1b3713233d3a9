package radius

import (
	"net"
	"net/netip"
	"strings"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
)

// read returns what an authentic answer says; an Access-Reject is a *Rejection.
func read(p *radius.Packet, from netip.AddrPort) (Answer, error) {
	switch p.Code {
	case radius.CodeAccessAccept:
		return Answer{Accepted: acceptance(p, from)}, nil
	case radius.CodeAccessChallenge:
		return Answer{Challenged: &Challenge{Server: from, State: rfc2865.State_Get(p), Prompt: message(p)}}, nil
	}
	return Answer{}, &Rejection{Server: from, Message: message(p)}
}

// acceptance reads an Access-Accept. An attribute of a wrong size counts as one
// that is not there.
func acceptance(p *radius.Packet, from netip.AddrPort) *Acceptance {
	class, _ := rfc2865.Class_Gets(p)
	return &Acceptance{
		Server:         from,
		Address:        framed(rfc2865.FramedIPAddress_Get(p)),
		Netmask:        address(rfc2865.FramedIPNetmask_Get(p)),
		Class:          class,
		SessionTimeout: time.Duration(rfc2865.SessionTimeout_Get(p)) * time.Second,
		Message:        message(p),
	}
}

// message joins the parts of a text, each at most 253 octets: RFC 2865 §5.18.
func message(p *radius.Packet) string {
	parts, _ := rfc2865.ReplyMessage_GetStrings(p)
	return strings.Join(parts, "")
}

// The values of Framed-IP-Address that leave the choice to the user and to us:
// RFC 2865 §5.8.
var (
	usersChoice = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	nasChoice   = netip.AddrFrom4([4]byte{255, 255, 255, 254})
)

func framed(ip net.IP) netip.Addr {
	a := address(ip)
	if a == usersChoice || a == nasChoice {
		return netip.Addr{}
	}
	return a
}

// address returns the zero address for none.
func address(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a
}
