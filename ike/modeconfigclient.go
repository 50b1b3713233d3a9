package ike

import (
	"fmt"
	"net/netip"
	"slices"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// Mode configuration as client: we ask, or the gateway sets, before the first quick mode.

// A Configured says what a gateway has given us: an address that traffic to the Networks is
// to come from. It is to be put on an interface, with what else there is. One with the
// same Peer and Address replaces what came before it.
type Configured struct {
	Peer     string // name of the ike peer
	Policies []ipsec.PolicyID
	Local    netip.Addr // our outer address
	Remote   netip.Addr // the gateway's
	Address  netip.Addr
	Bits     int // of its mask; 32 if the gateway says nothing
	DNS      []netip.Addr
	WINS     []netip.Addr
	Domain   string         // printable
	Banner   string         // printable
	Networks []netip.Prefix // none: everything
}

// An Unconfigured says that an address is ours no longer: the last SA with the gateway has
// gone, or it has given us another.
type Unconfigured struct {
	Peer    string
	Address netip.Addr
}

func (Configured) output()   {}
func (Unconfigured) output() {}

// The bounds of what a gateway may give.
const (
	maxGivenServers  = 8
	maxGivenNetworks = 64
)

// isClient reports whether the gateway is to give us an address.
func (s *sa) isClient() bool {
	return s.peer.ConfigExchange == ConfigRequest || s.peer.ConfigExchange == ConfigAccept
}

// wantConfig asks for our configuration, or waits for it. The address that we have is asked
// for again.
func (s *sa) wantConfig() {
	s.waitIn(configWait, configTime, s.notConfigured)
	if s.peer.ConfigExchange == ConfigAccept {
		return
	}
	address := wire.CfgEmpty(wire.CfgIP4Address)
	if g := s.engine.given[s.party]; g != nil {
		address = wire.CfgAddr(wire.CfgIP4Address, g.Address)
	}
	list := []wire.CfgAttribute{address}
	for _, t := range s.wantedAttributes() {
		list = append(list, wire.CfgEmpty(t))
	}
	s.transact(transactionOrder{kind: wire.CfgRequest, list: list, then: s.inConfigReply, failed: s.notConfigured})
}

// wantedAttributes are what we ask a gateway for besides an address.
func (s *sa) wantedAttributes() []wire.CfgAttributeType {
	list := []wire.CfgAttributeType{wire.CfgIP4Netmask, wire.CfgIP4DNS, wire.CfgIP4NBNS}
	if s.peerCan.Unity {
		return append(list, wire.UnityBanner, wire.UnityDefaultDomain, wire.UnitySplitInclude)
	}
	return append(list, wire.CfgIP4Subnet)
}

// inConfigReply takes the answer to what we asked for.
func (s *sa) inConfigReply(a wire.Attributes) (func(), error) {
	g, err := s.read(a)
	if err != nil {
		return func() { s.refuseAccess(NoAddress, err.Error()) }, nil
	}
	return func() { s.configured(g) }, nil
}

// inConfigSet takes what the gateway sets, and acknowledges what we take of it.
func (s *sa) inConfigSet(a wire.Attributes) ([]wire.CfgAttribute, func(), error) {
	switch {
	case !s.isClient():
		return nil, nil, reject(UnexpectedMessage, "peer sets our configuration: ike peer %s has no `config-exchange set accept`", s.peer.Name)
	case !s.established && s.stage() != configWait:
		return nil, nil, reject(UnexpectedMessage, "mode configuration before XAUTH is over")
	}
	g, err := s.read(a)
	if err != nil {
		return nil, func() { s.failAccess(NoAddress, err.Error()) }, nil
	}
	var taken []wire.CfgAttribute
	for _, c := range a.List {
		if !slices.ContainsFunc(taken, func(t wire.CfgAttribute) bool { return t.Type == c.Type }) && readers[c.Type] != nil {
			taken = append(taken, wire.CfgEmpty(c.Type))
		}
	}
	return taken, func() { s.configured(g) }, nil
}

// readers take the attributes that a gateway may give. Values that make no sense, and more
// than there is room for, are passed over.
var readers = map[wire.CfgAttributeType]func(*Configured, wire.CfgAttribute){
	wire.CfgIP4Address: func(g *Configured, c wire.CfgAttribute) {
		if a, err := c.Addr(); err == nil && a.Is4() && !g.Address.IsValid() {
			g.Address = a
		}
	},
	wire.CfgIP4Netmask: func(g *Configured, c wire.CfgAttribute) {
		if bits, err := c.Netmask(); err == nil && len(c.Value) == 4 {
			g.Bits = bits
		}
	},
	wire.CfgIP4DNS:          func(g *Configured, c wire.CfgAttribute) { g.DNS = withServer(g.DNS, c) },
	wire.CfgIP4NBNS:         func(g *Configured, c wire.CfgAttribute) { g.WINS = withServer(g.WINS, c) },
	wire.UnityDefaultDomain: func(g *Configured, c wire.CfgAttribute) { g.Domain = wire.Printable(c.Value) },
	wire.UnityBanner:        func(g *Configured, c wire.CfgAttribute) { g.Banner = wire.Printable(c.Value) },
	wire.CfgIP4Subnet: func(g *Configured, c wire.CfgAttribute) {
		if p, err := c.Prefix(); err == nil {
			g.reach(p)
		}
	},
	wire.UnitySplitInclude: func(g *Configured, c wire.CfgAttribute) {
		list, _ := c.Splits()
		for _, split := range list {
			g.reach(split.Prefix)
		}
	},
}

// withServer adds the address of a server.
func withServer(all []netip.Addr, c wire.CfgAttribute) []netip.Addr {
	if a, err := c.Addr(); err == nil && a.Is4() && a.IsGlobalUnicast() && len(all) < maxGivenServers {
		return append(all, a)
	}
	return all
}

// reach adds a network that is to be reached.
func (g *Configured) reach(p netip.Prefix) {
	if p.Addr().Is4() && len(g.Networks) < maxGivenNetworks && !slices.Contains(g.Networks, p) {
		g.Networks = append(g.Networks, p)
	}
}

// read reads what a gateway gives. Without an address that a host can have it is an error.
func (s *sa) read(a wire.Attributes) (*Configured, error) {
	g := &Configured{Peer: s.peer.Name, Local: s.local.Addr(), Remote: s.remote.Addr(), Bits: 32}
	for _, c := range a.List {
		if read := readers[c.Type]; read != nil {
			read(g, c)
		}
	}
	switch {
	case !g.Address.IsValid():
		return nil, fmt.Errorf("the gateway gives no address: has its `service-scheme`, or pool, one left?")
	case !g.Address.IsGlobalUnicast():
		return nil, fmt.Errorf("the gateway gives the address %v, want one that a host can have", g.Address)
	}
	for _, p := range s.engine.policiesOf(s.peer) {
		g.Policies = append(g.Policies, p.ID)
	}
	return g, nil
}

// configured takes what the gateway has given, and goes on with an SA that waited for it.
func (s *sa) configured(g *Configured) {
	s.endRequest()
	s.give(g)
	if s.gone || s.stage() != configWait {
		return
	}
	s.access.stage = noStage
	s.establish(s.access.contact)
}

// endRequest ends the request of ours that is open: a gateway may set what it was asked for, and
// never reply.
func (s *sa) endRequest() {
	for _, t := range slices.Clone(s.access.transactions) {
		if t.state == txSent && t.want == wire.CfgReply {
			t.forget()
		}
	}
}

// give makes what the gateway has given ours. Pairs for another address end.
func (s *sa) give(g *Configured) {
	e := s.engine
	old := e.given[s.party]
	if old != nil && old.Address != g.Address {
		e.ungive(s.party)
		for _, c := range slices.Clone(e.pairs[s.party]) {
			c.end("the gateway has given another address")
		}
	}
	if old != nil && old.same(g) {
		return
	}
	e.given[s.party] = g
	e.partyChanged(s.party)
	e.emit(*g)
}

// same reports whether two gifts ask for the same.
func (g *Configured) same(o *Configured) bool {
	return g.Address == o.Address && g.Bits == o.Bits && g.Local == o.Local && g.Remote == o.Remote && g.Domain == o.Domain && g.Banner == o.Banner &&
		slices.Equal(g.DNS, o.DNS) && slices.Equal(g.WINS, o.WINS) && slices.Equal(g.Networks, o.Networks) && slices.Equal(g.Policies, o.Policies)
}

// ungive gives back what the gateway of a party has given.
func (e *Engine) ungive(with party) {
	g := e.given[with]
	delete(e.given, with)
	e.emit(Unconfigured{g.Peer, g.Address})
}

// notConfigured ends an SA whose gateway has given us nothing.
func (s *sa) notConfigured() {
	line := "request"
	if s.peer.ConfigExchange == ConfigAccept {
		line = "set accept"
	}
	s.refuseAccess(NoAnswer, fmt.Sprintf("the gateway gives no configuration: is `config-exchange %s` of ike peer %s what it does?", line, s.peer.Name))
}

// unusable ends everything with a gateway whose address could not be put to use.
func (e *Engine) unusable(c Configured, err error) {
	for with, g := range e.given {
		if g.Peer != c.Peer || g.Address != c.Address {
			continue
		}
		e.fail(Failure{Remote: netip.AddrPortFrom(c.Remote, portIKE), Peer: c.Peer, Category: DataplaneRefused.String(),
			Reason: fmt.Sprintf("the address %v was not put to use: %v", c.Address, err)})
		for _, p := range slices.Clone(e.pairs[with]) {
			p.end(DataplaneRefused.String())
		}
		for _, s := range slices.Clone(e.byParty[with]) {
			s.end(DataplaneRefused.String())
		}
		return
	}
}
