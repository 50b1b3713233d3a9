package ike

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/ike/iketest/recorded"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A script is entropy that makes the engine draw what the recorded responder
// drew. What nobody recorded, such as jitter, is counted up.
type script struct {
	octets []byte
	count  byte
}

func (s *script) Read(b []byte) (int, error) {
	n := copy(b, s.octets)
	s.octets = s.octets[n:]
	for i := n; i < len(b); i++ {
		s.count++
		b[i] = s.count
	}
	return len(b), nil
}

// A replay is our engine in the place of a recorded responder.
type replay struct {
	t         *testing.T
	c         *recorded.Case
	sa        *recorded.ISAKMPSA
	engine    *Engine
	entropy   *script
	sent      map[wire.MessageID][][]byte
	installed []*ipsec.SA
	refused   []error
	adopted   map[string]bool    // message IDs of the responder's transactions
	begun     []recorded.Message // by the responder, and by us too
}

var (
	recordedEpoch  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	recordedPolicy = ipsec.PolicyID{Interface: "wan", Name: "recorded", Sequence: 1}
)

// TestRecordedResponder replays what strongSwan sent as initiator, in every
// recorded case, and compares what we answer with what strongSwan answered.
func TestRecordedResponder(t *testing.T) {
	for _, c := range recorded.All(t) {
		t.Run(c.Name, func(t *testing.T) {
			r := newReplay(t, c)
			for _, m := range r.sa.Messages {
				if m.Direction == "i->r" && (r.initiators(m) || wire.ExchangeType(m.Exchange) == wire.Transaction) && !m.Whole {
					r.feed(m)
				}
			}
			r.comparePhase1()
			r.compareTransactions()
			r.compareQuickModes()
			if left := r.engine.Status(); r.deleted() && len(left) != 0 {
				t.Errorf("after the recorded deletes there are still %+v", left)
			}
		})
	}
}

// deleted reports whether the recorded initiator deleted the ISAKMP SA in the
// end; in some cases the recording stops before.
func (r *replay) deleted() bool {
	for _, m := range r.sa.Messages {
		for _, p := range m.Payloads {
			if m.Direction == "i->r" && wire.PayloadType(p.Type) == wire.PayloadDelete && wire.ProtocolID(p.Body[4]) == wire.ProtoISAKMP {
				return true
			}
		}
	}
	return false
}

// newReplay configures the engine as the recorded responder was.
func newReplay(t *testing.T, c *recorded.Case) *replay {
	r := &replay{t: t, c: c, sa: &c.SAs[0], entropy: &script{}, sent: map[wire.MessageID][][]byte{}, adopted: map[string]bool{}}
	first := r.sa.Messages[0]
	peer := &Peer{Name: "strongswan", Key: secret.Octets(c.PSK), Remote: netip.MustParseAddr(first.Src)}
	r.identities(peer)
	r.engine = New(&Config{
		Credentials: r.credentials(),
		Proposals: []*Proposal{{Number: 10, Method: wire.AuthMethod(r.sa.Attributes.Auth), Group: wire.Group(r.sa.Attributes.Group), Lifetime: time.Hour,
			Encryptions: []keymat.Cipher{{Algorithm: wire.EncryptionAlgorithm(r.sa.Attributes.Encryption), KeyBits: int(r.sa.Attributes.KeyLength)}},
			Hashes:      []wire.HashAlgorithm{wire.HashAlgorithm(r.sa.Attributes.Hash)}}},
		Policies: []*Policy{{
			Policy: ipsec.Policy{ID: recordedPolicy, Local: netip.MustParseAddr(first.Dst), Remote: peer.Remote, ACL: recordedRules(), Window: 64},
			Peer:   peer, Proposals: recordedProposals(), Lifetime: ipsec.Lifetime{Duration: time.Hour},
		}},
	}, r.entropy)
	r.access(peer)
	return r
}

// recordedRules permits what all recorded cases protect, from the responder's side.
func recordedRules() *acl.ACL {
	return &acl.ACL{Number: 3000, Step: 5, Rules: []acl.Rule{
		kitPermit(5, 0x0a020000, 0x0a010000),
		kitPermit(15, 0x0a020000, 0x0a030000),
		{ID: 10, Action: acl.Permit, Source: acl.Wildcard{Addr: 0x0a630002, Care: 0xffffffff}, Destination: acl.Wildcard{Addr: 0x0a630001, Care: 0xffffffff}},
	}}
}

// recordedProposals allows every algorithm of ESP and AH, so that the peer's first offer wins.
func recordedProposals() []*ipsec.Proposal {
	return []*ipsec.Proposal{
		{Name: "esp", Mode: ipsec.Auto, Encryptions: ipsec.Encryptions(), Integrities: ipsec.Integrities()},
		{Name: "ah", Mode: ipsec.Auto, Transform: ipsec.TransformAH, AHIntegrities: ipsec.Integrities()},
	}
}

// initiators reports whether m belongs to an exchange that the initiator began:
// what answers the recorded responder's own exchanges answers nothing of ours.
func (r *replay) initiators(m recorded.Message) bool {
	for _, other := range r.sa.Messages {
		if bytes.Equal(other.MessageID, m.MessageID) {
			return other.Direction == "i->r"
		}
	}
	return false
}

// feed hands one recorded datagram to the engine.
func (r *replay) feed(m recorded.Message) {
	h, _, _, err := wire.ParseHeader(m.Raw)
	if err != nil {
		r.t.Fatalf("frame %d: %v", m.Frame, err)
	}
	r.entropy.octets = r.draws(h, m)
	in := Datagram{
		Local:  netip.AddrPortFrom(netip.MustParseAddr(m.Dst), m.DstPort),
		Remote: netip.AddrPortFrom(netip.MustParseAddr(m.Src), m.SrcPort),
		Octets: bytes.Clone(m.Raw),
	}
	if h.Exchange == wire.Aggressive && h.CookieR == (wire.Cookie{}) { // as if it had come before: strongSwan answers at once
		k := firstKey{in.Remote, h.CookieI}
		r.engine.waitersAt(k).keep(k, 4096, r.engine.draw)
	}
	r.perform(h, r.engine.Step(recordedEpoch, in))
	r.chain(h)
	r.adopt(m)
}

// draws returns the entropy that the engine wants for the answer to m.
func (r *replay) draws(h wire.Header, m recorded.Message) []byte {
	group := wire.Group(r.sa.Attributes.Group)
	switch {
	case h.Exchange == wire.MainMode && h.CookieR == wire.Cookie{}:
		return r.sa.CookieR
	case h.Exchange == wire.Aggressive && h.CookieR == wire.Cookie{}:
		return slices.Concat(r.sa.CookieR, make([]byte, keymat.PrivateLen(group)), r.sa.NonceR)
	case h.Exchange == wire.MainMode && h.Flags == 0:
		return append(make([]byte, keymat.PrivateLen(group)), r.sa.NonceR...)
	}
	for _, q := range r.sa.QuickModes {
		if bytes.Equal(q.MessageID, m.MessageID) {
			return append(bytes.Clone(r.direction(q, "to-responder").SPI), q.NonceR...)
		}
	}
	return nil
}

func (r *replay) direction(q recorded.QuickMode, d string) recorded.SA {
	for _, sa := range q.SAs {
		if sa.Direction == d {
			return sa
		}
	}
	r.t.Fatalf("quick mode %x has no SA %s", q.MessageID, d)
	return recorded.SA{}
}

// perform notes what the engine wants; Diffie-Hellman has the recorded results.
func (r *replay) perform(h wire.Header, outputs []Output) {
	for _, out := range outputs {
		switch out := out.(type) {
		case Send:
			id := headerOf(out.Octets).MessageID
			r.sent[id] = append(r.sent[id], out.Octets)
		case InstallSA:
			r.installed = append(r.installed, out.SA)
		case Refused:
			r.refused = append(r.refused, out.Err)
		case Authenticate:
			r.perform(h, r.engine.Step(recordedEpoch, r.judge(out)))
		case Compute:
			r.perform(h, r.engine.Step(recordedEpoch, Computed{out.Job, r.result(h, out.Work)}))
		}
	}
}

// diffieHellman returns what the recorded responder computed.
func (r *replay) diffieHellman(h wire.Header) keymat.DHResult {
	if h.Exchange == wire.MainMode || h.Exchange == wire.Aggressive {
		return keymat.DHResult{Public: bytes.Clone(r.sa.PublicR), Shared: bytes.Clone(r.sa.Shared)}
	}
	for _, q := range r.sa.QuickModes {
		if bytes.Equal(q.MessageID, idOctets(h.MessageID)) {
			return keymat.DHResult{Public: r.recordedKE(q), Shared: bytes.Clone(q.Shared)}
		}
	}
	r.t.Fatalf("Diffie-Hellman for the unknown message ID %08x", uint32(h.MessageID))
	return keymat.DHResult{}
}

// recordedKE returns the responder's public value of a quick mode.
func (r *replay) recordedKE(q recorded.QuickMode) []byte {
	for _, m := range r.sa.Messages {
		if m.Direction != "r->i" || !bytes.Equal(m.MessageID, q.MessageID) {
			continue
		}
		for _, p := range m.Payloads {
			if wire.PayloadType(p.Type) == wire.PayloadKE {
				return bytes.Clone(p.Body)
			}
		}
	}
	r.t.Fatalf("quick mode %x has no KE of the responder", q.MessageID)
	return nil
}

func idOctets(id wire.MessageID) []byte {
	return []byte{byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)}
}

// compareMainMode compares message 6, which no choice of vendor IDs or NAT-D
// payloads touches.
func (r *replay) compareMainMode() {
	if len(r.sent[0]) != 3 {
		r.t.Fatalf("%d messages of main mode were sent, want 3; refused: %v", len(r.sent[0]), r.refused)
	}
	r.compareEncrypted("main mode message 6", r.sent[0][2], r.answer(make([]byte, 4), wire.MainMode))
}

// answer returns the encrypted answer that was recorded in an exchange.
func (r *replay) answer(id []byte, kind wire.ExchangeType) []byte {
	for _, m := range r.sa.Messages {
		if m.Direction == "r->i" && m.Flags != 0 && bytes.Equal(m.MessageID, id) && wire.ExchangeType(m.Exchange) == kind {
			return m.Raw
		}
	}
	return nil
}

// compareEncrypted compares two encrypted messages from the header's end on. The
// recorded one may have a whole block of padding more.
func (r *replay) compareEncrypted(what string, got, want []byte) {
	if n := len(got); n <= wire.HeaderLen || n > len(want) || !bytes.Equal(got[wire.HeaderLen:], want[wire.HeaderLen:n]) {
		r.t.Errorf("%s is %x, want %x; refused: %v", what, got, want, r.refused)
	}
}

// chain makes the IV chain go on from the recorded answer: ours lacks the block
// of padding that strongSwan adds to what is aligned.
func (r *replay) chain(h wire.Header) {
	want := r.answer(idOctets(h.MessageID), h.Exchange)
	s := r.engine.sas[wire.Cookie(r.sa.CookieR)]
	if want == nil || s == nil || s.keys == nil {
		return
	}
	last := want[len(want)-s.suite.Cipher.BlockLen():]
	if q := s.quick[h.MessageID]; q != nil && q.state == qmSent {
		q.iv = last
	} else if h.Exchange == wire.MainMode && s.proved {
		s.lastIV = last
	}
}

// compareQuickModes compares message 2 and the keys of both SAs.
func (r *replay) compareQuickModes() {
	served := 0
	for _, q := range r.sa.QuickModes {
		if q.InitiatedBy != "i" || !r.serves(q) {
			continue
		}
		id := wire.MessageID(be32(q.MessageID))
		if len(r.sent[id]) != 1 {
			r.t.Fatalf("quick mode %x: %d messages were sent, want 1; refused: %v", q.MessageID, len(r.sent[id]), r.refused)
		}
		r.compareEncrypted("quick mode message 2", r.sent[id][0], r.answer(q.MessageID, wire.QuickMode))
		r.compareKeys(r.installed[2*served], r.direction(q, "to-responder"))
		r.compareKeys(r.installed[2*served+1], r.direction(q, "to-initiator"))
		served++
	}
	if len(r.installed) != 2*served && r.c.Name != "ipcomp" { // there we take the second offer, ESP without IPComp
		r.t.Errorf("%d SAs were installed, want %d", len(r.installed), 2*served)
	}
}

// serves reports whether this version can do what a quick mode negotiated.
func (r *replay) serves(q recorded.QuickMode) bool {
	switch r.c.Name {
	case "ipcomp", "gmac":
		return false // neither is a transform of ours
	}
	return true
}

func (r *replay) compareKeys(got *ipsec.SA, want recorded.SA) {
	if transport := strings.HasSuffix(r.c.Name, "-transport"); transport != (got.Mode == ipsec.Transport) || (r.c.Name == "esn") != got.ESN {
		r.t.Errorf("SA %v is in %v mode, ESN %v", got.ID, got.Mode, got.ESN)
	}
	if !bytes.Equal(got.EncryptionKey, want.Encryption) || !bytes.Equal(got.IntegrityKey, want.Auth) || uint32(got.ID.SPI) != be32(want.SPI) {
		r.t.Errorf("SA %v %s: keys %x %x, want %x %x", got.ID, want.Direction,
			[]byte(got.EncryptionKey), []byte(got.IntegrityKey), want.Encryption, want.Auth)
	}
}

func be32(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}
