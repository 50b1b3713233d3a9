package ike

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sallyport/ike/iketest/recorded"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// TestRecordedAggressiveInitiator lets our engine begin in the place of the recorded initiator, with
// its offer, and takes what the recorded responder answered. Message 3 has to prove the same.
func TestRecordedAggressiveInitiator(t *testing.T) {
	for _, name := range []string{"psk-fqdn-aggr", "psk-nat-aggr", "cert-aggr"} {
		t.Run(name, func(t *testing.T) {
			r := newRecordedStart(t, recorded.Load(t, name))
			r.begin()
			m := r.message("r->i")
			r.take(Datagram{Local: r.local, Remote: r.remote, Octets: bytes.Clone(m.Raw)})
			r.compareClosing()
		})
	}
}

// A recordedStart is our engine in the place of a recorded initiator.
type recordedStart struct {
	*replay
	local, remote netip.AddrPort
	out           []*wire.Message
}

// newRecordedStart configures the engine as the recorded initiator was.
func newRecordedStart(t *testing.T, c *recorded.Case) *recordedStart {
	sa := &c.SAs[0]
	r := &recordedStart{replay: &replay{t: t, c: c, sa: sa, entropy: &script{}}}
	r.local = netip.AddrPortFrom(netip.MustParseAddr("10.99.0.1"), portIKE)
	r.remote = netip.AddrPortFrom(netip.MustParseAddr(sa.Messages[0].Dst), portIKE)
	ours, theirs := recordedID(sa.IDi), recordedID(sa.IDr)
	p := &Peer{Name: "strongswan", Key: secret.Octets(c.PSK), Remote: r.remote.Addr(), Mode: AggressiveMode,
		LocalIDType: idTypes[ours.IDType], RemoteIDType: idTypes[theirs.IDType]}
	if p.LocalIDType == IDFQDN {
		p.LocalID = string(ours.Data)
	}
	r.engine = New(&Config{
		Credentials: r.credentialsOf("i->r", sa.HashI),
		Proposals: []*Proposal{{Number: 10, Method: wire.AuthMethod(sa.Attributes.Auth), Group: wire.Group(sa.Attributes.Group), Lifetime: time.Hour,
			Encryptions: []keymat.Cipher{{Algorithm: wire.EncryptionAlgorithm(sa.Attributes.Encryption), KeyBits: int(sa.Attributes.KeyLength)}},
			Hashes:      []wire.HashAlgorithm{wire.HashAlgorithm(sa.Attributes.Hash)}}},
		Policies: []*Policy{{
			Policy: ipsec.Policy{ID: recordedPolicy, Local: r.local.Addr(), Remote: r.remote.Addr(), ACL: recordedRules(), Window: 64},
			Peer:   p, Proposals: recordedProposals(), Lifetime: ipsec.Lifetime{Duration: time.Hour},
		}},
	}, r.entropy)
	return r
}

// message returns the only whole message of aggressive mode, with an SA, that an end has sent.
func (r *recordedStart) message(direction string) recorded.Message {
	for _, m := range r.sa.Messages {
		if m.Direction == direction && slices.ContainsFunc(m.Payloads, func(p recorded.Payload) bool { return wire.PayloadType(p.Type) == wire.PayloadSA }) {
			return m
		}
	}
	r.t.Fatalf("no message %s", direction)
	return recorded.Message{}
}

// begin makes the engine draw what the recorded initiator drew, and has it offer the same octets.
func (r *recordedStart) begin() {
	group := wire.Group(r.sa.Attributes.Group)
	r.entropy.octets = slices.Concat(r.sa.CookieI, make([]byte, keymat.PrivateLen(group)), r.sa.NonceI)
	r.take(Acquire{Policy: recordedPolicy, Rule: 5})
	first, err := wire.Parse(r.message("i->r").Raw)
	if err != nil || len(r.out) != 1 {
		r.t.Fatalf("%d messages, %v", len(r.out), err)
	}
	for _, want := range []struct {
		t    wire.PayloadType
		body []byte
	}{{wire.PayloadKE, r.sa.PublicI}, {wire.PayloadNonce, r.sa.NonceI}, {wire.PayloadID, r.sa.IDi}} {
		if got := wire.Body(r.out[0].Payloads[r.out[0].Find(want.t)]); !bytes.Equal(got, want.body) {
			r.t.Errorf("%v of message 1 is %x, want %x", want.t, got, want.body)
		}
	}
	x := r.engine.sas[wire.Cookie(r.sa.CookieI)].phase1
	x.inputs.SA = bytes.Clone(r.sa.SA)
	x.offered = first.Payloads[0].(wire.SA).Proposals[0].Transforms
}

// take feeds the engine, with the mathematics that was recorded.
func (r *recordedStart) take(in Input) {
	for _, out := range r.engine.Step(recordedEpoch, in) {
		switch out := out.(type) {
		case MessageSent:
			r.out = append(r.out, out.Message)
		case Refused:
			r.t.Fatalf("refused: %v", out.Err)
		case Compute:
			r.take(Computed{out.Job, r.compute(out.Work)})
		}
	}
}

// compute does a piece of work as it was recorded.
func (r *recordedStart) compute(work Work) Result {
	switch work := work.(type) {
	case DiffieHellman:
		return Result{DH: keymat.DHResult{Public: bytes.Clone(r.sa.PublicI), Shared: bytes.Clone(r.sa.Shared)}}
	case Verification:
		return r.verified(work, r.sa.HashR)
	}
	return work.Do()
}

// compareClosing compares what message 3 proves, and the keys.
func (r *recordedStart) compareClosing() {
	s := r.engine.sas[wire.Cookie(r.sa.CookieI)]
	if !s.established || !bytes.Equal(s.keys.SKEYIDa, r.sa.SKEYIDa) || !bytes.Equal(s.keys.SKEYIDe, r.sa.SKEYIDe) || len(r.out) < 2 {
		r.t.Fatalf("established %v, %d messages", s.established, len(r.out))
	}
	m, want := r.out[1], wire.Payload(wire.Hash{Data: r.sa.HashI})
	if signature := r.payload("i->r", wire.PayloadSignature); signature != nil {
		want = wire.Signature{Data: signature}
	}
	if i := m.Find(want.Type()); i < 0 || !bytes.Equal(wire.Body(m.Payloads[i]), wire.Body(want)) {
		r.t.Errorf("message 3 is %v, want %v in it", m.Payloads, want)
	}
	if s.remote.Port() != PortNATT {
		r.t.Errorf("after a NAT message 3 goes to %v", s.remote)
	}
}
