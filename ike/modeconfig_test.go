package ike

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"sallyport/ike/wire"
)

// reply returns what the gateway of a puppet answers to a request.
func (p *puppet) reply(list ...wire.CfgAttribute) string {
	p.gw.events = nil
	p.begins(wire.CfgRequest, list...)
	for _, out := range p.gw.events {
		if m, ok := out.(MessageSent); ok && m.Message.Exchange == wire.Transaction {
			return m.Message.Payloads[1].(wire.Attributes).String()
		}
	}
	return ""
}

// TestConfigReplies: what is known is answered, once each and in the order of the request.
func TestConfigReplies(t *testing.T) {
	p := newPuppet(t, ConfigRequest)
	c := p.s.scheme()
	c.WINS, c.Domain, c.Banner, c.SavePasswd = []netip.Addr{netip.MustParseAddr("10.1.0.54")}, "corp.test", "hello", true
	p.login(accessUser, accessPassword)
	p.answers(wire.CfgAck)
	ask := func(types ...wire.CfgAttributeType) (list []wire.CfgAttribute) {
		for _, t := range types {
			list = append(list, wire.CfgEmpty(t))
		}
		return list
	}
	for _, test := range []struct {
		what string
		list []wire.CfgAttribute
		want string
	}{
		{"nothing", nil, "ATTR[reply]"},
		{"an address", ask(wire.CfgIP4Address), "ATTR[reply ip4-address=10.2.0.1]"},
		{"another one", []wire.CfgAttribute{wire.CfgAddr(wire.CfgIP4Address, netip.MustParseAddr("10.2.0.7"))}, "ATTR[reply ip4-address=10.2.0.1]"},
		{"a mask alone", ask(wire.CfgIP4Netmask), "ATTR[reply]"},
		{"DNS first, and twice", ask(wire.CfgIP4DNS, wire.CfgIP4Address, wire.CfgIP4DNS, wire.CfgIP4Netmask), "ATTR[reply ip4-dns=10.1.0.53 ip4-address=10.2.0.1 ip4-netmask=255.255.255.0]"},
		{"unknown ones", ask(9999, wire.CfgIP4DHCP, wire.UnityPFS, wire.UnityBackupServers, wire.CfgIP6Address), "ATTR[reply]"},
		{"how long", ask(wire.CfgIP4Address, wire.CfgAddressExpiry), "ATTR[reply ip4-address=10.2.0.1 address-expiry=86400]"},
		{"who", ask(wire.CfgApplicationVersion), "ATTR[reply application-version=Sallyport]"},
		{"what", ask(wire.CfgSupportedAttributes), "ATTR[reply supported-attributes=0x00010002000300040005000700"},
		{"subnets", ask(wire.CfgIP4Subnet), "ATTR[reply ip4-subnet=10.1.0.0/24]"},
		{"Unity", ask(wire.UnityBanner, wire.UnitySavePassword, wire.UnityDefaultDomain, wire.UnitySplitInclude),
			"ATTR[reply unity-banner=hello unity-save-password=1 unity-default-domain=corp.test unity-split-include=10.1.0.0/24]"},
		{"WINS", ask(wire.CfgIP4NBNS), "ATTR[reply ip4-nbns=10.1.0.54]"},
	} {
		if got := p.reply(test.list...); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %s, want %s", test.what, got, test.want)
		}
	}
}

// TestWithoutSchemeNothingIsGiven: mode configuration that is not configured is not there.
func TestWithoutSchemeNothingIsGiven(t *testing.T) {
	p := newPuppet(t, NoConfigExchange)
	p.login(accessUser, accessPassword)
	p.answers(wire.CfgAck)
	for name, send := range map[string]func(){
		"a request": func() { p.begins(wire.CfgRequest, wire.CfgEmpty(wire.CfgIP4Address)) },
		"a set":     func() { p.begins(wire.CfgSet, wire.CfgAddr(wire.CfgIP4Address, netip.MustParseAddr("10.9.9.9"))) },
		"XAUTH":     func() { p.begins(wire.CfgRequest, wire.CfgEmpty(wire.XAUTHUserName)) },
		"a status":  func() { p.begins(wire.CfgSet, wire.CfgBasic(wire.XAUTHStatus, xauthFail)) },
	} {
		before, refused := snapshotOf(p.gw.engine), len(p.gw.refused)
		send()
		if after := snapshotOf(p.gw.engine); after != before || len(p.gw.refused) != refused+1 {
			t.Errorf("%s was not refused: %s", name, firstDifference(before, after))
		}
	}
}

// TestReadConfigured reads what gateways give.
func TestReadConfigured(t *testing.T) {
	w := newAccess(t, 1, ConfigRequest)
	w.until(time.Minute)
	s := w.ends[1].engine.current(party{peer: "peer"})
	address := wire.CfgAddr(wire.CfgIP4Address, netip.MustParseAddr("10.3.0.1"))
	addr := func(t wire.CfgAttributeType, a string) wire.CfgAttribute {
		return wire.CfgAddr(t, netip.MustParseAddr(a))
	}
	var many []wire.CfgAttribute
	for i := range 1000 {
		many = append(many, wire.CfgAddr(wire.CfgIP4DNS, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})),
			wire.CfgPrefix(wire.CfgIP4Subnet, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)))
	}
	for _, test := range []struct {
		what string
		list []wire.CfgAttribute
		want func(*Configured) bool // nil: it is refused
	}{
		{"no address", []wire.CfgAttribute{addr(wire.CfgIP4DNS, "10.1.0.53")}, nil},
		{"an empty address", []wire.CfgAttribute{wire.CfgEmpty(wire.CfgIP4Address)}, nil},
		{"an address of IPv6", []wire.CfgAttribute{addr(wire.CfgIP4Address, "2001:db8::1")}, nil},
		{"no address at all", []wire.CfgAttribute{addr(wire.CfgIP4Address, "0.0.0.0")}, nil},
		{"a loopback", []wire.CfgAttribute{addr(wire.CfgIP4Address, "127.0.0.1")}, nil},
		{"a group", []wire.CfgAttribute{addr(wire.CfgIP4Address, "224.0.0.5")}, nil},
		{"everybody", []wire.CfgAttribute{addr(wire.CfgIP4Address, "255.255.255.255")}, nil},
		{"an address alone", []wire.CfgAttribute{address}, func(c *Configured) bool { return c.Address == netip.MustParseAddr("10.3.0.1") && c.Bits == 32 }},
		{"the first of two", []wire.CfgAttribute{address, addr(wire.CfgIP4Address, "10.3.0.2")}, func(c *Configured) bool { return c.Address == netip.MustParseAddr("10.3.0.1") }},
		{"a mask", []wire.CfgAttribute{address, addr(wire.CfgIP4Netmask, "255.255.0.0")}, func(c *Configured) bool { return c.Bits == 16 }},
		{"a mask with holes", []wire.CfgAttribute{address, addr(wire.CfgIP4Netmask, "255.0.255.0")}, func(c *Configured) bool { return c.Bits == 32 }},
		{"servers that are none", []wire.CfgAttribute{address, addr(wire.CfgIP4DNS, "0.0.0.0"), wire.CfgEmpty(wire.CfgIP4DNS)}, func(c *Configured) bool { return c.DNS == nil }},
		{"too many of all", append(many, address), func(c *Configured) bool { return len(c.DNS) == maxGivenServers && len(c.Networks) == maxGivenNetworks }},
		{"a banner with controls", []wire.CfgAttribute{address, wire.CfgOctets(wire.UnityBanner, []byte("a\x1b[2Jb"))}, func(c *Configured) bool { return c.Banner == `a\x1b[2Jb` }},
		{"splits", []wire.CfgAttribute{address, wire.CfgSplits(wire.UnitySplitInclude, wire.Split{Prefix: netip.MustParsePrefix("10.5.0.0/16")})},
			func(c *Configured) bool {
				return reflect.DeepEqual(c.Networks, []netip.Prefix{netip.MustParsePrefix("10.5.0.0/16")})
			}},
		{"splits that make no sense", []wire.CfgAttribute{address, wire.CfgOctets(wire.UnitySplitInclude, []byte{1, 2, 3})}, func(c *Configured) bool { return c.Networks == nil }},
		{"what nobody knows", []wire.CfgAttribute{address, wire.CfgOctets(31000, []byte{1})}, func(c *Configured) bool { return true }},
	} {
		got, err := s.read(wire.Attributes{List: test.list})
		if (err == nil) != (test.want != nil) || err == nil && !test.want(got) {
			t.Errorf("%s: read() = %+v, %v", test.what, got, err)
		}
	}
}

// TestAnotherAddress: a gateway that gives another address at the next phase 1 ends the pairs
// for the first one.
func TestAnotherAddress(t *testing.T) {
	w := newAccess(t, 1, ConfigRequest)
	w.until(time.Minute)
	gw, client := w.ends[0], w.ends[1]
	gw.judge = func(a Authenticate) Authenticated {
		return Authenticated{Job: a.Job, Granted: true, Address: netip.MustParseAddr("10.2.0.200")}
	}
	client.engine.current(party{peer: "peer"}).rekey()
	client.step(Tick{}) // what rekey sends
	client.events = nil
	w.run(time.Minute)
	w.until(time.Minute)
	var told []string
	for _, out := range client.events {
		switch out := out.(type) {
		case Configured:
			told = append(told, "configured "+out.Address.String())
		case Unconfigured:
			told = append(told, "unconfigured "+out.Address.String())
		}
	}
	if want := []string{"unconfigured 10.2.0.1", "configured 10.2.0.200"}; !reflect.DeepEqual(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	for _, c := range client.engine.childrenSorted() {
		if c.in.Selector.Local.First != netip.MustParseAddr("10.2.0.200") {
			t.Errorf("a pair for %v", c.in.Selector)
		}
	}
	w.mustEnd()
}

// TestSilentGateway: a client that is to be given something does not wait for ever.
func TestSilentGateway(t *testing.T) {
	for _, part := range []ConfigExchange{ConfigRequest, ConfigAccept} {
		w := newAccess(t, 1, part)
		w.ends[0].config.Policies[0].Peer.Scheme = ""
		w.ends[1].acquire()
		w.run(3 * time.Minute)
		failures := w.ends[1].engine.Failures()
		if len(w.ends[1].engine.sas) != 0 || len(failures) == 0 || failures[0].Category != NoAnswer.String() {
			t.Errorf("part %d: failures %+v", part, failures)
		}
	}
}

// TestSetInPlaceOfAReply has a gateway set what it was asked for, and never reply: the request is over
// then, and its end does not end the SA.
func TestSetInPlaceOfAReply(t *testing.T) {
	w := reconfigured(newAccess(t, 1, ConfigRequest), func(name string, c *Config) {
		if name == "hq" {
			c.Policies[0].Peer.ConfigExchange = ConfigSet
		}
	})
	hq, branch := w.ends[0], w.ends[1]
	lost := 0
	w.route = func(f flight) []flight {
		for _, s := range branch.engine.sasSorted() {
			if x := s.transaction(headerOf(f.in.Octets).MessageID); f.to == hq && x != nil && x.want == wire.CfgReply {
				lost++
				return nil
			}
		}
		return []flight{f}
	}
	branch.acquire()
	w.run(2 * time.Minute)
	if !w.carries() || len(branch.engine.sas) != 1 || lost != 1 {
		t.Errorf("carries %v, %d ISAKMP SAs, the request was sent %d times; failures %v", w.carries(), len(branch.engine.sas), lost, branch.engine.Failures())
	}
	w.route = nil
	w.mustEnd()
}
