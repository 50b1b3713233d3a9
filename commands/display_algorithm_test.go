package commands

import (
	"strings"
	"testing"

	"sallyport/ike"
	"sallyport/ipsec"
)

// combinations are all pairs of algorithms that an SA can have.
func combinations() []ipsec.Offer {
	var all []ipsec.Offer
	for _, e := range ipsec.Encryptions() {
		for _, i := range append(ipsec.Integrities(), ipsec.NoIntegrity) {
			if ipsec.Compatible(e, i) {
				all = append(all, ipsec.Offer{Encryption: e, Integrity: i})
			}
		}
	}
	return all
}

// withAlgorithms is the seed's SA with other algorithms.
func withAlgorithms(o ipsec.Offer) []ike.Status {
	s := seedSAs()
	c := &s[0].Children[0]
	c.Inbound, c.Outbound = pairOf(o.Encryption, o.Integrity)
	return s
}

// Every combination has its own name in each display, without a space in it, so
// that rows can still be split.
func TestEveryCombinationHasANameOfItsOwn(t *testing.T) {
	brief, full := map[string]ipsec.Offer{}, map[string]ipsec.Offer{}
	for _, o := range combinations() {
		sa, _ := pairOf(o.Encryption, o.Integrity)
		for _, named := range []struct {
			seen map[string]ipsec.Offer
			name string
		}{{brief, partOf(sa).algorithms()}, {full, partOf(sa).proposal()}} {
			if other, ok := named.seen[named.name]; ok {
				t.Errorf("%v and %v are both called %q", o, other, named.name)
			}
			named.seen[named.name] = o
		}
		if name := partOf(sa).algorithms(); strings.Contains(name, " ") || !strings.HasPrefix(name, "E:") || !strings.HasSuffix(name, ";") {
			t.Errorf("algorithms of %v = %q", o, name)
		}
	}
	if want := 6*5 + 3; len(brief) != want {
		t.Errorf("%d combinations, want %d", len(brief), want)
	}
}

// The table's columns stay where they are whatever the algorithms are called.
func TestEveryCombinationKeepsTheColumns(t *testing.T) {
	for _, o := range combinations() {
		text := newIPsecSABriefDisplay(saPairs(withAlgorithms(o), nil, saFilter{})).text()
		cellsAt(t, lineWith(t, text, "3171402288"), []int{0, 16, 32, 43, 53},
			"192.0.2.1", "198.51.100.7", "3171402288", "ESP", "E:"+o.Encryption.String()+";")
	}
}

// An authenticator is named exactly when the SA has one.
func TestEveryCombinationNamesItsAuthenticator(t *testing.T) {
	for _, o := range combinations() {
		text := newIPsecSADisplay(then, saPairs(withAlgorithms(o), nil, saFilter{}), seedCounters).text()
		if got, want := strings.Count(text, "ESP-ENCRYPT-"+o.Encryption.String()), 2; got != want {
			t.Errorf("the cipher of %v is named %d times, want %d", o, got, want)
		}
		want := 2
		if o.Integrity == ipsec.NoIntegrity {
			want = 0
		}
		if got := strings.Count(text, "ESP-AUTH-"); got != want {
			t.Errorf("the authenticator of %v is named %d times, want %d", o, got, want)
		}
	}
}

// Every authenticator and cipher of a proposal is listed, in its order.
func TestIPsecProposalListsAll(t *testing.T) {
	p := &ipsec.Proposal{Name: "all", Encryptions: ipsec.Encryptions(), Integrities: ipsec.Integrities()}
	text := newIPsecProposalLine(p).text()
	for _, want := range []string{
		"Authentication MD5-HMAC-96 SHA1-HMAC-96 SHA2-HMAC-256 SHA2-HMAC-384 SHA2-HMAC-512\n",
		"Encryption NULL DES 3DES AES-128 AES-192 AES-256 AES-128-GCM-128 AES-192-GCM-128 AES-256-GCM-128\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
