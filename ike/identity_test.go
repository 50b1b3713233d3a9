package ike

import (
	"net/netip"
	"strings"
	"testing"

	"sallyport/ike/pki"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// dnID makes the ID of a name.
func dnID(t *testing.T, text string) wire.ID {
	t.Helper()
	d, err := pki.ParseDN(text)
	if err != nil {
		t.Fatal(err)
	}
	return wire.DNID(d.DER())
}

// idOf parses an address as an ID.
func idOf(text string) wire.ID { return wire.AddrID(netip.MustParseAddr(text)) }

func TestAccepts(t *testing.T) {
	addr := netip.MustParseAddr
	one := Peer{Name: "p", Remote: addr("192.0.2.1")}
	spread := Peer{Name: "p", Remote: addr("192.0.2.1"), RemoteLast: addr("192.0.2.9")}
	anywhere := Peer{Name: "p"}
	named := func(kind IDType, name string) Peer {
		p := one
		p.RemoteIDType, p.RemoteName = kind, name
		return p
	}
	with := func(p Peer, change func(*Peer)) Peer { change(&p); return p }
	udp := func(id wire.ID, protocol uint8, port uint16) wire.ID {
		id.Protocol, id.Port = protocol, port
		return id
	}
	psk, rsa := wire.AuthPSK, wire.AuthRSA
	for _, test := range []struct {
		name   string
		p      Peer
		kind   wire.ExchangeType
		method wire.AuthMethod
		id     wire.ID
		want   bool
	}{
		{"its address", one, wire.MainMode, psk, idOf("192.0.2.1"), true},
		{"another address", one, wire.MainMode, psk, idOf("192.0.2.2"), false},
		{"IPv6", one, wire.MainMode, psk, idOf("fd00::1"), false},
		{"UDP 500", one, wire.MainMode, psk, udp(idOf("192.0.2.1"), 17, 500), true},
		{"UDP 4500", one, wire.MainMode, psk, udp(idOf("192.0.2.1"), 17, 4500), true},
		{"UDP, any port", one, wire.MainMode, psk, udp(idOf("192.0.2.1"), 17, 0), true},
		{"TCP", one, wire.MainMode, psk, udp(idOf("192.0.2.1"), 6, 0), false},
		{"another port", one, wire.MainMode, psk, udp(idOf("192.0.2.1"), 17, 501), false},
		{"a subnet", one, wire.MainMode, psk, wire.PrefixID(netip.MustParsePrefix("192.0.2.0/24")), false},
		{"an address of three octets", one, wire.MainMode, psk, wire.ID{IDType: wire.IDIPv4Addr, Data: []byte{192, 0, 2}}, false},
		{"a backup", with(one, func(p *Peer) { p.Backups = []netip.Addr{addr("192.0.2.2")} }), wire.MainMode, psk, idOf("192.0.2.2"), true},
		{"an address of its host name", Peer{Name: "p", RemoteHost: "gw.test"}, wire.MainMode, psk, idOf("198.51.100.7"), true},
		{"another than its host name has", Peer{Name: "p", RemoteHost: "gw.test"}, wire.MainMode, psk, idOf("198.51.100.8"), false},
		{"authentication-address", with(one, func(p *Peer) { p.RemoteID = addr("10.0.0.1") }), wire.MainMode, psk, idOf("10.0.0.1"), true},
		{"not its own, then", with(one, func(p *Peer) { p.RemoteID = addr("10.0.0.1") }), wire.MainMode, psk, idOf("192.0.2.1"), false},
		{"a range of them", with(one, func(p *Peer) { p.RemoteID, p.RemoteIDLast = addr("10.0.0.1"), addr("10.0.0.9") }), wire.MainMode, psk, idOf("10.0.0.9"), true},
		{"outside of it", with(one, func(p *Peer) { p.RemoteID, p.RemoteIDLast = addr("10.0.0.1"), addr("10.0.0.9") }), wire.MainMode, psk, idOf("10.0.0.10"), false},
		{"in the range of addresses", spread, wire.MainMode, psk, idOf("192.0.2.9"), true},
		{"outside", spread, wire.MainMode, psk, idOf("192.0.2.10"), false},
		{"anywhere", anywhere, wire.MainMode, psk, idOf("10.9.8.7"), true},
		{"a name of one box", one, wire.Aggressive, psk, wire.FQDNID("a.test"), false},
		{"a name of one box, with a certificate", one, wire.MainMode, rsa, wire.FQDNID("a.test"), false},
		{"a name of many, main mode", anywhere, wire.MainMode, psk, wire.FQDNID("a.test"), false},
		{"a name of many, aggressive mode", anywhere, wire.Aggressive, psk, wire.FQDNID("a.test"), true},
		{"a name of many, with a certificate", anywhere, wire.MainMode, rsa, dnID(t, "/CN=a"), true},
		{"remote-id", named(IDFQDN, "a.test"), wire.MainMode, psk, wire.FQDNID("a.test"), true},
		{"in capitals", named(IDFQDN, "a.test"), wire.MainMode, psk, wire.FQDNID("A.TEST"), true},
		{"another name", named(IDFQDN, "a.test"), wire.MainMode, psk, wire.FQDNID("b.test"), false},
		{"the beginning of the name", named(IDFQDN, "a.test"), wire.MainMode, psk, wire.FQDNID("a.tes"), false},
		{"a name with NUL", named(IDFQDN, "a.test"), wire.MainMode, psk, wire.FQDNID("a.test\x00"), false},
		{"another type", named(IDFQDN, "a.test"), wire.MainMode, psk, wire.KeyIDID([]byte("a.test")), false},
		{"its address in place of the name", named(IDFQDN, "a.test"), wire.MainMode, psk, idOf("192.0.2.1"), false},
		{"any name of a type", named(IDFQDN, ""), wire.Aggressive, psk, wire.FQDNID("b.test"), true},
		{"no name of the type", named(IDFQDN, ""), wire.Aggressive, psk, wire.UserFQDNID("a@b.test"), false},
		{"a mailbox", named(IDUserFQDN, "a@b.test"), wire.MainMode, psk, wire.UserFQDNID("a@B.Test"), true},
		{"another user", named(IDUserFQDN, "a@b.test"), wire.MainMode, psk, wire.UserFQDNID("A@b.test"), false},
		{"a group", named(IDKeyID, "vpn"), wire.Aggressive, psk, wire.KeyIDID([]byte("vpn")), true},
		{"a group in capitals", named(IDKeyID, "vpn"), wire.Aggressive, psk, wire.KeyIDID([]byte("VPN")), false},
		{"a distinguished name", named(IDDN, "CN=a, O=b"), wire.MainMode, rsa, dnID(t, "/CN=A/O=b"), true},
		{"in another order", named(IDDN, "CN=a, O=b"), wire.MainMode, rsa, dnID(t, "/O=b/CN=a"), false},
		{"less of it", named(IDDN, "CN=a, O=b"), wire.MainMode, rsa, dnID(t, "/CN=a"), false},
		{"no DER", named(IDDN, "CN=a"), wire.MainMode, rsa, wire.DNID([]byte{0x30, 9}), false},
		{"an address that remote-id names", named(IDAddress, "10.0.0.1"), wire.MainMode, psk, idOf("10.0.0.1"), true},
		{"another one", named(IDAddress, "10.0.0.1"), wire.MainMode, psk, idOf("192.0.2.1"), false},
		{"any", named(IDAny, ""), wire.MainMode, rsa, dnID(t, "/CN=a"), true},
		{"any, but no ID", named(IDAny, ""), wire.MainMode, rsa, wire.FQDNID(""), false},
	} {
		e := New(&Config{Hosts: map[string][]netip.Addr{"gw.test": {addr("198.51.100.7")}}}, nil)
		x := &handshake{exchange: exchange{engine: e, kind: test.kind, sa: &sa{engine: e, authMethod: test.method, method: methods[test.method]}}}
		if err := x.accepts(&test.p, test.id); (err == nil) != test.want {
			t.Errorf("%s: accepts(%v) = %v, want %v", test.name, test.id, err, test.want)
		}
	}
}

func TestLocalID(t *testing.T) {
	for _, test := range []struct {
		name string
		p    Peer
		want wire.ID
		err  string // what it says; empty: none
	}{
		{"the address", Peer{}, idOf("192.0.2.1"), ""},
		{"another address", Peer{LocalID: "10.0.0.1"}, idOf("10.0.0.1"), ""},
		{"no address", Peer{LocalID: "hq.test"}, wire.ID{}, "`local-id`"},
		{"the box's name", Peer{LocalIDType: IDFQDN}, wire.FQDNID("box.test"), ""},
		{"a name", Peer{LocalIDType: IDFQDN, LocalID: "hq.test"}, wire.FQDNID("hq.test"), ""},
		{"a name with a line feed", Peer{LocalIDType: IDFQDN, LocalID: "hq\n"}, wire.ID{}, "printable"},
		{"a user", Peer{LocalIDType: IDUserFQDN, LocalID: "a@b"}, wire.UserFQDNID("a@b"), ""},
		{"a group", Peer{LocalIDType: IDKeyID, LocalID: "vpn"}, wire.KeyIDID([]byte("vpn")), ""},
		{"a distinguished name", Peer{LocalIDType: IDDN, LocalID: "/CN=a"}, dnID(t, "CN=a"), ""},
		{"a distinguished name, and no certificate", Peer{LocalIDType: IDDN}, wire.ID{}, "`local-id` is missing"},
		{"no distinguished name", Peer{LocalIDType: IDDN, LocalID: "a"}, wire.ID{}, "no ID of type dn"},
	} {
		e := New(&Config{LocalName: "box.test"}, nil)
		got, err := e.localID(&test.p, netip.MustParseAddr("192.0.2.1"))
		switch {
		case test.err == "" && (err != nil || got.IDType != test.want.IDType || string(got.Data) != string(test.want.Data)):
			t.Errorf("%s: localID() = %v, %v, want %v", test.name, got, err, test.want)
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%s: localID() = %v, %v, want an error with %q", test.name, got, err, test.err)
		}
	}
}

// TestBecome looks at which parties identities make.
func TestBecome(t *testing.T) {
	many, one := &Peer{Name: "p"}, &Peer{Name: "p", Remote: netip.MustParseAddr("192.0.2.1")}
	long := wire.FQDNID(strings.Repeat("a", 200) + ".test")
	for _, test := range []struct {
		name   string
		p      *Peer
		id     wire.ID
		method wire.AuthMethod
		want   string // beginning of the party's name
	}{
		{"one box", one, wire.FQDNID("a.test"), wire.AuthPSK, ""},
		{"one of many", many, wire.FQDNID("a.test"), wire.AuthPSK, "fqdn a.test"},
		{"a name of another type", many, wire.KeyIDID([]byte("a.test")), wire.AuthPSK, "key-id a.test"},
		{"a long name", many, long, wire.AuthPSK, "fqdn aaa"},
		{"a distinguished name", many, dnID(t, "/O=b/CN=a"), wire.AuthRSA, "dn /O=b/CN=a"},
		{"a group of users", many, wire.KeyIDID([]byte("vpn")), wire.AuthXAUTHInitPSK, "cookie "},
		{"nothing but a user", many, wire.KeyIDID([]byte("vpn")), wire.AuthHybridInitRSA, "cookie "},
	} {
		e := New(nil, nil)
		s := &sa{engine: e, cookieR: wire.Cookie{1}, authMethod: test.method, method: methods[test.method], peer: test.p}
		s.become(claim{id: test.id, body: wire.Body(test.id), peer: test.p})
		if s.party.peer != "p" || !strings.HasPrefix(s.party.who, test.want) || (test.want == "") != (s.party.who == "") {
			t.Errorf("%s: the party is %+v, want %q", test.name, s.party, test.want)
		}
	}
	other := wire.FQDNID(strings.Repeat("a", 200) + ".other")
	if a, b := who(claim{id: long, body: wire.Body(long)}), who(claim{id: other, body: wire.Body(other)}); a == b {
		t.Errorf("two names are one party, %q", a)
	}
}

// TestNoKeyNoProof makes sure that an absent pre-shared key is none that anybody can use.
func TestNoKeyNoProof(t *testing.T) {
	for _, mode := range []ExchangeMode{MainMode, AggressiveMode} {
		w := newWorld(t, 1, func(name string, c *Config) {
			c.Policies[0].Peer.Mode = mode
			if name == "branch" {
				c.Policies[0].Peer.Key = secret.Octets{}
			}
		})
		w.ends[0].acquire()
		w.run(5e9)
		if w.ends[1].engine.size().sas != 0 || len(w.ends[1].refused) == 0 {
			t.Errorf("mode %d: %+v, refused %v", mode, w.ends[1].engine.size(), w.ends[1].refused)
		}
	}
	x := &handshake{exchange: exchange{engine: New(nil, nil), sa: &sa{peer: &Peer{Name: "p"}}}}
	if err := x.findKey(); err == nil || !strings.Contains(err.Error(), "`pre-shared-key`") {
		t.Errorf("findKey() without a key: %v", err)
	}
}

// TestRSAEncryptionRefused says why, if a peer offers nothing else.
func TestRSAEncryptionRefused(t *testing.T) {
	offer := func(methods ...wire.AuthMethod) wire.SA {
		p := wire.Proposal{Number: 1, Protocol: wire.ProtoISAKMP}
		for i, m := range methods {
			o := strong
			o.method = m
			p.Transforms = append(p.Transforms, o.transform(uint8(i+1)))
		}
		return wire.NewSA(p)
	}
	e := New(&Config{Proposals: []*Proposal{NewProposal()}}, nil)
	for _, test := range []struct {
		offer wire.SA
		want  bool
	}{
		{offer(wire.AuthRSAEncryption), true},
		{offer(wire.AuthRSARevised, wire.AuthXAUTHInitRSAEncryption), true},
		{offer(wire.AuthRSAEncryption, wire.AuthRSA), false},
		{offer(wire.AuthPSK), false},
		{wire.NewSA(), false},
	} {
		_, _, err := chooseFor(e, &Peer{Name: "p"}, test.offer)
		if err == nil || strings.Contains(err.Error(), "on purpose") != test.want || strings.Contains(err.Error(), "Bleichenbacher") != test.want {
			t.Errorf("chooseFor(%v) = %v, want the reason: %v", test.offer, err, test.want)
		}
	}
	if m := methods[wire.AuthRSAEncryption]; m != (method{}) {
		t.Errorf("RSA encryption is served: %+v", m)
	}
}
