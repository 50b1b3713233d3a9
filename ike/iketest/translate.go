package iketest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sallyport/ike"
	"sallyport/ipsec"
)

// A mapping is how a NAT translates the datagrams of a host behind it: to another address,
// and to a port that is higher by shift.
type mapping struct {
	host  string // empty: the first one
	addr  netip.Addr
	shift uint16
}

// The shifts of hosts behind a NAT, if the session does not say them.
const (
	firstShift = 20000
	nextShift  = 1000
)

// setNAT reads a nat line: ADDR [HOST[+SHIFT]]…. A host that is behind a NAT already has another
// mapping from now on.
func (s *session) setNAT(words []string) error {
	if len(words) == 0 {
		return errors.New("nat ADDR [HOST[+SHIFT]…]")
	}
	addr, err := netip.ParseAddr(words[0])
	if err != nil {
		return err
	}
	hosts := words[1:]
	if len(hosts) == 0 {
		hosts = []string{""}
	}
	for i, word := range hosts {
		name, text, said := strings.Cut(word, "+")
		shift := uint64(firstShift + i*nextShift)
		if said {
			if shift, err = strconv.ParseUint(text, 10, 16); err != nil {
				return err
			}
		}
		s.nat = slices.DeleteFunc(s.nat, func(m mapping) bool { return m.host == name })
		s.nat = append(s.nat, mapping{name, addr, uint16(shift)})
	}
	return nil
}

// inside returns the host of a mapping, nil if there is none yet.
func (s *session) inside(m mapping) *host {
	if m.host == "" {
		return s.hosts[0]
	}
	return s.host(m.host)
}

// translate changes the addresses of a datagram on its way. What comes to no mapping's port
// stays outside.
func (s *session) translate(from *host, local, remote netip.AddrPort) (_, _ netip.AddrPort) {
	for _, m := range s.nat {
		if s.inside(m) == from {
			remote = netip.AddrPortFrom(m.addr, remote.Port()+m.shift)
		}
	}
	for _, m := range s.nat {
		port := local.Port() - m.shift
		if h := s.inside(m); h != nil && local.Addr() == m.addr && (port == 500 || port == 4500) {
			return netip.AddrPortFrom(h.plan.addr, port), remote
		}
	}
	return local, remote
}

// network executes the commands that are about ESP, moves, and the commit bit.
func (h *host) network(verb string) error {
	switch verb {
	case "esp":
		return h.sendESP()
	case "unmovable":
		h.unmovable = true
	case "commit":
		h.commit = true
	case "connected":
		return h.sayConnected()
	default:
		return fmt.Errorf("unknown command %q", verb)
	}
	return nil
}

// sendESP sends a packet under the newest outbound SA, as far as the dataplane at the other end
// tells its engine of it.
func (h *host) sendESP() error {
	var sa *ipsec.SA
	for _, o := range h.sas {
		if o.Direction == ipsec.Outbound {
			sa = o
		}
	}
	if sa == nil {
		return errors.New("no outbound SA")
	}
	to, from := netip.AddrPortFrom(sa.Remote, sa.Encapsulation.Remote), netip.AddrPortFrom(sa.Local, sa.Encapsulation.Local)
	local, remote := h.session.translate(h, to, from)
	other := h.session.at(local.Addr())
	h.session.log("%s>%s  ESP %08x (port %d)", h.plan.name, h.session.name(to), uint32(sa.ID.SPI), to.Port())
	if other != nil {
		other.receiveESP(sa.ID.SPI, remote)
	}
	h.session.deliver()
	return nil
}

// receiveESP takes authentic ESP.
func (h *host) receiveESP(spi ipsec.SPI, from netip.AddrPort) {
	for _, sa := range h.sas {
		if sa.Direction != ipsec.Inbound || sa.ID.SPI != spi {
			continue
		}
		if sa.Remote != from.Addr() || sa.Encapsulation.Remote != from.Port() {
			h.step(ike.Moved{SA: sa.ID, Remote: from})
		}
		return
	}
	h.session.log("%s  has no SA %08x", h.plan.name, uint32(spi))
}

// move gives an SA another peer's address, unless told to refuse.
func (h *host) move(out ike.MoveSA) error {
	i := slices.IndexFunc(h.sas, func(sa *ipsec.SA) bool { return sa.ID == out.SA })
	if i < 0 {
		return fmt.Errorf("there is no SA %v", out.SA)
	}
	if h.unmovable {
		h.session.log("%s  refuses to move %08x", h.plan.name, uint32(out.SA.SPI))
		return errors.New("refused")
	}
	sa := *h.sas[i]
	sa.Remote, sa.Encapsulation.Remote = out.To.Addr(), out.To.Port()
	if sa.Direction == ipsec.Outbound {
		sa.ID.Destination = out.To.Addr()
	}
	h.sas[i] = &sa
	h.session.log("%s  move %v %08x to %v", h.plan.name, sa.Direction, uint32(sa.ID.SPI), out.To)
	return nil
}
