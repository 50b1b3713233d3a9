package ike

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"sallyport/ike/wire"
)

// Mode configuration as gateway: draft-ietf-ipsec-isakmp-mode-cfg-05, and Cisco's Unity. The
// client asks, or it is told.
//
//	Client                          Gateway
//	REQUEST(ADDRESS, DNS …)   -->
//	                          <--   REPLY(ADDRESS, DNS …)
//
//	                          <--   SET(ADDRESS, DNS …)
//	ACK(ADDRESS, DNS …)       -->

// applicationVersion is what clients that ask for it are told of us.
const applicationVersion = "Sallyport"

// servedAttributes are those that a request is answered with.
var servedAttributes = []wire.CfgAttributeType{
	wire.CfgIP4Address, wire.CfgIP4Netmask, wire.CfgIP4DNS, wire.CfgIP4NBNS, wire.CfgAddressExpiry, wire.CfgApplicationVersion,
	wire.CfgSupportedAttributes, wire.CfgIP4Subnet, wire.UnityBanner, wire.UnitySavePassword, wire.UnityDefaultDomain, wire.UnitySplitInclude,
}

// pushedAttributes are those that a client is told unasked, and unityAttributes the same for
// one that knows Unity.
var (
	pushedAttributes = []wire.CfgAttributeType{wire.CfgIP4Address, wire.CfgIP4Netmask, wire.CfgIP4DNS, wire.CfgIP4NBNS}
	unityAttributes  = []wire.CfgAttributeType{wire.UnityBanner, wire.UnitySavePassword, wire.UnityDefaultDomain, wire.UnitySplitInclude}
)

// scheme returns what the peer's clients are given, or nil.
func (s *sa) scheme() *Scheme {
	if s.peer.Scheme == "" {
		return nil
	}
	return s.engine.config.Schemes[s.peer.Scheme]
}

// inConfigRequest answers a client. What it asks for and we have not is left out.
func (s *sa) inConfigRequest(a wire.Attributes) ([]wire.CfgAttribute, func(), error) {
	c := s.scheme()
	switch {
	case !s.established:
		return nil, nil, reject(UnexpectedMessage, "mode configuration before XAUTH is over")
	case c == nil:
		return nil, nil, reject(UnexpectedMessage, "peer asks for mode configuration: ike peer %s has no `service-scheme`", s.peer.Name)
	}
	var types []wire.CfgAttributeType
	for _, w := range a.List {
		if slices.Contains(servedAttributes, w.Type) && !slices.Contains(types, w.Type) {
			types = append(types, w.Type)
		}
	}
	var l *lease
	if wanted, ok := a.Find(wire.CfgIP4Address); ok {
		asked, _ := wanted.Addr() // zero if it has no wish
		l = s.takeLease(c, asked)
	}
	return s.gives(c, l, types), nil, nil
}

// offerConfig tells a client its configuration unasked.
func (s *sa) offerConfig() {
	c := s.scheme()
	if c == nil || s.peer.ConfigExchange != ConfigSet || s.gone {
		return
	}
	l := s.takeLease(c, netip.Addr{})
	if l == nil {
		return
	}
	types := pushedAttributes
	if s.peerCan.Unity {
		types = slices.Concat(types, unityAttributes)
	}
	s.transact(transactionOrder{kind: wire.CfgSet, list: s.gives(c, l, types),
		then:   func(wire.Attributes) (func(), error) { return func() {}, nil },
		failed: func() { s.failAccess(NoAnswer, "the client does not acknowledge its configuration") }})
}

// gives returns the values of some attributes; l nil: without an address.
func (s *sa) gives(c *Scheme, l *lease, types []wire.CfgAttributeType) (list []wire.CfgAttribute) {
	for _, t := range types {
		switch {
		case l == nil && slices.Contains([]wire.CfgAttributeType{wire.CfgIP4Address, wire.CfgIP4Netmask, wire.CfgAddressExpiry}, t):
		case t == wire.CfgIP4Address:
			list = append(list, wire.CfgAddr(t, l.addr))
		case t == wire.CfgIP4Netmask:
			list = append(list, wire.CfgAddr(t, maskOf(l.bits)))
		case t == wire.CfgAddressExpiry:
			list = append(list, wire.CfgOctets(t, binary.BigEndian.AppendUint32(nil, uint32(s.lifetime/time.Second))))
		default:
			list = append(list, c.gives(t)...)
		}
	}
	return list
}

// gives returns the values of an attribute that are the same for all clients.
func (c *Scheme) gives(t wire.CfgAttributeType) []wire.CfgAttribute {
	switch t {
	case wire.CfgIP4DNS:
		return addresses(t, c.DNS)
	case wire.CfgIP4NBNS:
		return addresses(t, c.WINS)
	case wire.CfgApplicationVersion:
		return texts(t, applicationVersion)
	case wire.CfgSupportedAttributes:
		return []wire.CfgAttribute{supported(t)}
	case wire.UnityBanner:
		return texts(t, c.Banner)
	case wire.UnityDefaultDomain:
		return texts(t, c.Domain)
	case wire.UnitySavePassword:
		return []wire.CfgAttribute{wire.CfgBasic(t, number(c.SavePasswd))}
	}
	return c.givesNetworks(t)
}

// givesNetworks returns the networks that clients may reach, as an attribute says them.
func (c *Scheme) givesNetworks(t wire.CfgAttributeType) (list []wire.CfgAttribute) {
	var splits []wire.Split
	for _, n := range c.Networks {
		if !n.Addr().Is4() {
			continue
		}
		splits = append(splits, wire.Split{Prefix: n})
		if t == wire.CfgIP4Subnet {
			list = append(list, wire.CfgPrefix(t, n))
		}
	}
	if t == wire.UnitySplitInclude && splits != nil {
		list = append(list, wire.CfgSplits(t, splits...))
	}
	return list
}

// addresses makes an attribute of each address.
func addresses(t wire.CfgAttributeType, all []netip.Addr) (list []wire.CfgAttribute) {
	for _, a := range all {
		if a.Is4() {
			list = append(list, wire.CfgAddr(t, a))
		}
	}
	return list
}

// texts makes an attribute of a text that is not empty.
func texts(t wire.CfgAttributeType, text string) []wire.CfgAttribute {
	if text == "" {
		return nil
	}
	return []wire.CfgAttribute{wire.CfgOctets(t, []byte(text))}
}

// supported lists what a request is answered with.
func supported(t wire.CfgAttributeType) wire.CfgAttribute {
	var b []byte
	for _, s := range servedAttributes {
		b = binary.BigEndian.AppendUint16(b, uint16(s))
	}
	return wire.CfgOctets(t, b)
}

// number is how an attribute says yes or no.
func number(yes bool) uint16 {
	if yes {
		return 1
	}
	return 0
}

// maskOf returns the IPv4 mask of that length.
func maskOf(bits int) netip.Addr {
	p := netip.PrefixFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), min(bits, 32))
	return p.Masked().Addr()
}
