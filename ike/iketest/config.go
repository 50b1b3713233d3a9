package iketest

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"sallyport/acl"
	"sallyport/ike"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A plan is a host's configuration in the words of a session file, so that one
// line of the file changes one thing of it.
type plan struct {
	name   string
	addr   netip.Addr
	values map[string]string
}

// defaults are used for words that a host line leaves out.
var defaults = map[string]string{
	"key":  "a-shared-secret-of-32-characters",
	"ike":  "aes-128/sha1/2/86400s",
	"esp":  "aes-128/sha1",
	"mode": "tunnel",
	"pfs":  "0",
	"life": "3600s",
	"kb":   "0",
	"auto": "no",

	"window": "64",
	"esn":    "no",
}

// set reads words of the form name=value.
func (p *plan) set(words []string) error {
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return fmt.Errorf("%q is not name=value", w)
		}
		p.values[name] = value
	}
	return nil
}

func (p *plan) get(name string) string {
	if v, ok := p.values[name]; ok {
		return v
	}
	return defaults[name]
}

// config makes the engine's configuration of it.
func (p *plan) config() (*ike.Config, error) {
	c := &ike.Config{}
	for i, text := range strings.Split(p.get("ike"), ",") {
		proposal, err := readProposal(uint32(i+1)*10, text)
		if err != nil {
			return nil, err
		}
		c.Proposals = append(c.Proposals, proposal)
	}
	if p.get("applied") == "no" {
		return c, nil
	}
	policy, err := p.policy()
	if err != nil {
		return nil, err
	}
	p.setParties(c, policy)
	if err := p.setNAT(c, policy); err != nil {
		return nil, err
	}
	c.Policies = []*ike.Policy{policy}
	if err := p.setAccess(c); err != nil {
		return nil, err
	}
	if err := p.lives(c); err != nil {
		return nil, err
	}
	return c, p.identities(c)
}

// readProposal reads cipher/hash/group/lifetime.
func readProposal(number uint32, text string) (*ike.Proposal, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 4 {
		return nil, fmt.Errorf("ike=%q is not cipher/hash/group/lifetime", text)
	}
	cipher, ok := ciphers[parts[0]]
	hash, ok2 := hashes[parts[1]]
	group, err := strconv.ParseUint(parts[2], 10, 16)
	life, err2 := time.ParseDuration(parts[3])
	if !ok || !ok2 || err != nil || err2 != nil {
		return nil, fmt.Errorf("ike=%q has an unknown part", text)
	}
	return &ike.Proposal{Number: number, Method: wire.AuthPSK, Encryptions: []keymat.Cipher{cipher}, Hashes: []wire.HashAlgorithm{hash},
		Group: wire.Group(group), Lifetime: life}, nil
}

var ciphers = map[string]keymat.Cipher{
	"des": {Algorithm: wire.EncDES}, "3des": {Algorithm: wire.Enc3DES},
	"aes-128": {Algorithm: wire.EncAES, KeyBits: 128}, "aes-256": {Algorithm: wire.EncAES, KeyBits: 256},
}

var hashes = map[string]wire.HashAlgorithm{
	"md5": wire.HashMD5, "sha1": wire.HashSHA1, "sha2-256": wire.HashSHA256,
}

// policy makes the one policy entry of the host.
func (p *plan) policy() (*ike.Policy, error) {
	list, err := readRules(p.get("rule"))
	if err != nil {
		return nil, err
	}
	proposals, err := readESP(p.get("esp"), p.get("mode"))
	if err != nil {
		return nil, err
	}
	for _, o := range proposals {
		o.ESN = p.get("esn") == "yes"
	}
	life, err := time.ParseDuration(p.get("life"))
	if err != nil {
		return nil, err
	}
	remoteID, _ := netip.ParseAddr(p.get("id")) // zero if not given
	kb, _ := strconv.ParseUint(p.get("kb"), 10, 64)
	pfs, _ := strconv.ParseUint(p.get("pfs"), 10, 16)
	window, _ := strconv.Atoi(p.get("window"))
	policy := &ike.Policy{
		Policy: ipsec.Policy{ID: ipsec.PolicyID{Interface: "wan", Name: "p", Sequence: 1}, Device: "wan", Local: p.addr,
			ACL: list, Window: window},
		Peer:      &ike.Peer{Name: "peer", Key: secret.Octets(p.get("key")), RemoteID: remoteID, V1Only: true},
		Proposals: proposals, PFS: wire.Group(pfs), Lifetime: ipsec.Lifetime{Duration: life, Octets: kb * 1024}, Auto: p.get("auto") == "yes",
	}
	return policy, setRemote(policy, p.get("peer"))
}

// readRules reads permit rules "10.1.0.0/24>10.2.0.0/24,…", numbered 5, 10 …
func readRules(text string) (*acl.ACL, error) {
	list := &acl.ACL{Number: 3000, Step: 5}
	if text == "" {
		return list, nil
	}
	for i, rule := range strings.Split(text, ",") {
		from, to, _ := strings.Cut(rule, ">")
		source, err := netip.ParsePrefix(from)
		if err != nil {
			return nil, err
		}
		destination, err := netip.ParsePrefix(to)
		if err != nil {
			return nil, err
		}
		list.Rules = append(list.Rules, acl.Rule{ID: uint32(i+1) * 5, Action: acl.Permit,
			Source: wildcard(source), Destination: wildcard(destination)})
	}
	return list, nil
}

func wildcard(p netip.Prefix) acl.Wildcard {
	care := ^uint32(0) << (32 - p.Bits())
	a := p.Addr().As4()
	addr := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	return acl.Wildcard{Addr: addr & care, Care: care}
}

// readESP reads "aes-128/sha1,aes-128-gcm-128,ah/sha1,ah/sha1+aes-128": one ipsec proposal
// each, of that mode.
func readESP(text, mode string) ([]*ipsec.Proposal, error) {
	var all []*ipsec.Proposal
	for _, t := range strings.Split(text, ",") {
		p := &ipsec.Proposal{Name: t}
		for _, m := range []ipsec.Mode{ipsec.Tunnel, ipsec.Transport, ipsec.Auto} {
			if m.String() == mode {
				p.Mode = m
			}
		}
		for _, part := range strings.Split(t, "+") {
			if err := readPart(p, part); err != nil {
				return nil, err
			}
		}
		all = append(all, p)
	}
	return all, nil
}

// readPart reads what a proposal has of one protocol; that of AH comes first.
func readPart(p *ipsec.Proposal, text string) error {
	cipher, auth, _ := strings.Cut(text, "/")
	i := integrityOf(auth)
	if cipher == "ah" && i != ipsec.NoIntegrity {
		p.Transform, p.AHIntegrities = ipsec.TransformAH, []ipsec.Integrity{i}
		return nil
	}
	for _, e := range ipsec.Encryptions() {
		if e.Word() == cipher {
			p.Encryptions = []ipsec.Encryption{e}
		}
	}
	if p.Encryptions == nil || i == ipsec.NoIntegrity && auth != "" {
		return fmt.Errorf("esp=%q: no such algorithm", text)
	}
	if p.Transform == ipsec.TransformAH {
		p.Transform = ipsec.TransformAHESP
	}
	if i != ipsec.NoIntegrity {
		p.Integrities = []ipsec.Integrity{i}
	}
	return nil
}

// integrityOf returns the authenticator of that word, or none.
func integrityOf(word string) ipsec.Integrity {
	for _, i := range ipsec.Integrities() {
		if i.Word() == word {
			return i
		}
	}
	return ipsec.NoIntegrity
}
