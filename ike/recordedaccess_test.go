package ike

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"

	"sallyport/ike/iketest/recorded"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// recordedUser and recordedPassword are in every recording with XAUTH.
const (
	recordedUser     = "rwuser"
	recordedPassword = "rw-secret-1"
)

// access configures the responder's part in XAUTH and mode configuration as it was.
func (r *replay) access(p *Peer) {
	if m := wire.AuthMethod(r.sa.Attributes.Auth); m.Base() != m {
		p.XAUTH = XAUTHGateway
	}
	for _, m := range r.sa.Messages {
		for _, payload := range m.Payloads {
			kind := wire.CfgType(payload.Transaction.Type)
			if kind == 0 || !slices.ContainsFunc(payload.Transaction.Attributes, isRecordedAddress) {
				continue
			}
			p.Scheme = "recorded"
			if kind == wire.CfgSet {
				p.ConfigExchange = ConfigSet
			}
		}
	}
	r.engine.config.Schemes = map[string]*Scheme{"recorded": {
		Name: "recorded", DNS: []netip.Addr{netip.MustParseAddr("10.2.0.53")},
		Pools: []Pool{{Name: "recorded", First: netip.MustParseAddr("10.3.0.1"), Last: netip.MustParseAddr("10.3.0.9"), Bits: 24}},
	}}
}

func isRecordedAddress(a recorded.TransactionAttribute) bool {
	return wire.CfgAttributeType(a.Type) == wire.CfgIP4Address
}

// judge answers as the recorded responder's user database did.
func (r *replay) judge(a Authenticate) Authenticated {
	right := a.User == recordedUser && a.Password.Equal(secret.Octets(recordedPassword))
	return Authenticated{Job: a.Job, Granted: right, Reason: "not the recorded user"}
}

// adopt makes the transaction that we have begun the one that was recorded behind m: what
// follows answers that one.
func (r *replay) adopt(m recorded.Message) {
	s := r.engine.sas[wire.Cookie(r.sa.CookieR)]
	if s == nil || s.access == nil {
		return
	}
	at := slices.IndexFunc(r.sa.Messages, func(o recorded.Message) bool { return o.Frame == m.Frame })
	for _, next := range r.sa.Messages[at+1:] {
		if wire.ExchangeType(next.Exchange) != wire.Transaction || next.Direction != "r->i" || r.initiators(next) || r.adopted[string(next.MessageID)] {
			continue
		}
		for _, t := range s.access.transactions {
			if t.state == txSent && !r.adopted[string(idOctets(t.id))] {
				t.id, t.iv = wire.MessageID(be32(next.MessageID)), bytes.Clone(next.Raw[len(next.Raw)-s.suite.Cipher.BlockLen():])
				r.adopted[string(next.MessageID)] = true
				r.begun = append(r.begun, next)
			}
		}
		return
	}
}

// compareTransactions compares what we answer to the recorded transactions of the initiator.
func (r *replay) compareTransactions() {
	for _, m := range r.sa.Messages {
		if wire.ExchangeType(m.Exchange) != wire.Transaction || m.Direction != "i->r" || !r.initiators(m) {
			continue
		}
		id := wire.MessageID(be32(m.MessageID))
		if len(r.sent[id]) != 1 {
			r.t.Fatalf("transaction %x: %d messages were sent, want 1; refused: %v", m.MessageID, len(r.sent[id]), r.refused)
		}
		r.compareEncrypted("transaction message 2", r.sent[id][0], r.answer(m.MessageID, wire.Transaction))
	}
	if wants := r.responders(); len(r.begun) != wants {
		r.t.Errorf("we began %d transactions, want %d", len(r.begun), wants)
	}
}

// responders counts the recorded transactions that the responder began.
func (r *replay) responders() (n int) {
	for _, m := range r.sa.Messages {
		if wire.ExchangeType(m.Exchange) == wire.Transaction && m.Direction == "r->i" && !r.initiators(m) {
			n++
		}
	}
	return n
}

// TestRecordedAccess looks at what the recorded XAUTH and mode configuration have brought.
func TestRecordedAccess(t *testing.T) {
	for name, want := range map[string]struct {
		user  string
		lease string
	}{
		"xauth-psk-main": {recordedUser, ""}, "xauth-psk-aggr": {recordedUser, "10.3.0.1"}, "hybrid": {recordedUser, "10.3.0.1"},
		"modecfg-pull": {"", "10.3.0.1"}, "modecfg-push": {"", "10.3.0.1"},
	} {
		r := newReplay(t, recorded.Load(t, name))
		for _, m := range r.sa.Messages {
			if wire.ExchangeType(m.Exchange) == wire.QuickMode {
				break
			}
			if m.Direction == "i->r" {
				r.feed(m)
			}
		}
		all := r.engine.Status()
		if len(all) != 1 || !all[0].Ready {
			t.Fatalf("%s: %+v, want an established ISAKMP SA; refused: %v", name, all, r.refused)
		}
		if got := all[0]; got.User != want.user || got.Lease.IsValid() != (want.lease != "") || want.lease != "" && got.Lease.String() != want.lease {
			t.Errorf("%s: user %q has %v, want %q and %s", name, got.User, got.Lease, want.user, want.lease)
		}
	}
}
