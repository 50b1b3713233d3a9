package ike

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// refusingWorld has two ends of which the branch, if it begins, refuses what hq proves itself by.
func refusingWorld(t *testing.T) *world {
	return newWorld(t, 1, func(name string, c *Config) {
		if p := c.Policies[0].Peer; name == "branch" {
			p.RemoteIDType, p.RemoteName = IDFQDN, "other.test"
		}
	})
}

// TestSealedWordAlone: it is the deletion that ends an SA, not the word that comes with it.
func TestSealedWordAlone(t *testing.T) {
	w := refusingWorld(t)
	w.route = func(f flight) []flight {
		if wire.ExchangeType(f.in.Octets[18]) == wire.Informational {
			return nil
		}
		return []flight{f}
	}
	w.ends[1].acquire()
	w.run(time.Second)
	hq := w.ends[0]
	for _, s := range hq.engine.sasSorted() {
		s.inform1(&wire.Message{Payloads: []wire.Payload{wire.NewNotify(wire.AuthenticationFailed, s.cookieI, s.cookieR, nil)}})
		if s.gone || !s.established {
			t.Error("the notification ended the SA")
		}
		if f := hq.engine.Failures(); len(f) != 1 || !strings.Contains(f[0].Reason, "AUTHENTICATION-FAILED to main mode message 6") {
			t.Errorf("failures are %+v, want one about message 6", f)
		}
		s.inform1(&wire.Message{Payloads: []wire.Payload{wire.DeleteISAKMP(s.cookieI, s.cookieR)}})
		if !s.gone {
			t.Error("the deletion did not end the SA")
		}
	}
	if len(hq.engine.failures) == 0 {
		t.Error("there was no SA")
	}
}

// TestSealedAfterForgery: what cannot be read does not use up the word under the keys, and that
// comes once.
func TestSealedAfterForgery(t *testing.T) {
	w := refusingWorld(t)
	branch := w.ends[1]
	w.before = func(f flight) {
		if f.to != branch || !encrypted(f.in.Octets) {
			return
		}
		w.before = nil
		forged := f.in
		forged.Octets = append([]byte(nil), forged.Octets...)
		for i := wire.HeaderLen; i < len(forged.Octets); i++ {
			forged.Octets[i] ^= 0x5a
		}
		branch.step(forged)
	}
	branch.acquire()
	w.run(20 * time.Second)
	told := map[bool]int{}
	for _, o := range branch.events {
		if m, ok := o.(MessageSent); ok && m.Message.Exchange == wire.Informational {
			told[m.Message.Flags&wire.FlagEncrypted != 0]++
		}
	}
	if told[true] != 2 || told[false] != 1 {
		t.Errorf("told %d times under the keys and %d in clear, want twice, the second time with a DELETE, and once", told[true], told[false])
	}
	if n := len(w.ends[0].engine.sas); n != 0 {
		t.Errorf("hq has %d ISAKMP SAs, want none", n)
	}
}

// TestHintAboutName: who does not accept our ID in aggressive mode is told of by that ID.
func TestHintAboutName(t *testing.T) {
	w := newWorld(t, 1, func(_ string, c *Config) { c.Policies[0].Peer.Mode = AggressiveMode })
	hq := w.ends[0]
	w.route = func(flight) []flight { return nil }
	hq.acquire()
	for _, s := range hq.engine.sasSorted() {
		s.phase1.hinted(wire.InvalidIDInformation.String(), unproved)
	}
	f := hq.engine.Failures()
	if len(f) != 1 || f[0].Category != IDMismatch.String() || !strings.Contains(f[0].Reason, "message 1: does the peer accept our ID 192.0.2.1 (`local-id-type`") {
		t.Errorf("failures are %+v, want one that names our ID", f)
	}
}

// TestNoKey is what an operator is told of a missing pre-shared key.
func TestNoKey(t *testing.T) {
	tables := map[uint32]*UserTable{3: {Users: []*User{{IDType: IDFQDN, ID: "east.test", Key: secret.Octets("key")}}}}
	e := New(&Config{UserTables: tables}, nil)
	for _, test := range []struct {
		name string
		peer *Peer
		id   wire.ID
		want string
	}{
		{"a key of its own", &Peer{Name: "hub"}, wire.ID{}, "ike peer hub has no `pre-shared-key`"},
		{"main mode", &Peer{Name: "hub", UserTable: 3}, wire.ID{}, "no row of `ike user-table 3`, which ike peer hub has its keys from, is for 192.0.2.9: in main mode"},
		{"a name", &Peer{Name: "hub", UserTable: 3}, wire.FQDNID("west.test"), "no row of `ike user-table 3`, which ike peer hub has its keys from, is for fqdn west.test"},
	} {
		x := &handshake{exchange: exchange{engine: e, sa: &sa{engine: e, peer: test.peer, remote: netip.MustParseAddrPort("192.0.2.9:500")}}, claim: claim{id: test.id}}
		if err := x.findKey(); err == nil || !strings.HasPrefix(reasonOf(err), test.want) {
			t.Errorf("%s: findKey() = %v, want %s", test.name, err, test.want)
		}
	}
}

// TestAdviceThatCanBeTyped: no line is advised with a value that no command has.
func TestAdviceThatCanBeTyped(t *testing.T) {
	ours := &Proposal{Encryptions: []keymat.Cipher{{Algorithm: wire.EncAES, KeyBits: 128}}, Hashes: []wire.HashAlgorithm{wire.HashSHA1}, Group: wire.Group2, Method: wire.AuthPSK}
	offer := phase1{suite: keymat.Suite{Cipher: keymat.Cipher{Algorithm: wire.EncAES, KeyBits: 256}, Hash: wire.HashSHA256, Group: wire.Group14}, method: wire.AuthPSK}
	strange := phase1{suite: keymat.Suite{Cipher: keymat.Cipher{Algorithm: 228}, Hash: 77, Group: 12814}, method: wire.AuthPSK}
	as := &Peer{Name: "p", Key: secret.Octets("key")}
	for want, got := range map[string]phase1{
		"`encryption-algorithm aes-256`, `authentication-algorithm sha2-256`, `dh group14`": offer,
		"`encryption-algorithm` cannot be what the peer has (228, unknown here), " +
			"`authentication-algorithm` cannot be what the peer has (77, unknown here), `dh` cannot be what the peer has (group12814, unknown here)": strange,
	} {
		if lines := strings.Join(ours.differences(got, as), ", "); lines != want {
			t.Errorf("differences(%v) = %s, want %s", got, lines, want)
		}
	}
}

// TestClaimText never has a distinguished name as octets.
func TestClaimText(t *testing.T) {
	name, err := namedID(IDDN, "/C=ZZ/CN=spoke")
	if err != nil {
		t.Fatal(err)
	}
	for want, id := range map[string]wire.ID{
		"dn /C=ZZ/CN=spoke": name,
		"a dn that cannot be read (octets that are no DER name)": wire.DNID([]byte{0x30, 0x37}),
		"fqdn east.test": wire.FQDNID("east.test"),
	} {
		if got := claimText(id); got != want {
			t.Errorf("claimText(%v) = %s, want %s", id, got, want)
		}
	}
}
