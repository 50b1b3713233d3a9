package main_test

import (
	"maps"
	"net/netip"
	"strings"
	"testing"

	"sallyport/platform/netns/authority"
	"sallyport/platform/netns/strongswan"
)

// certificateFeatures are those of signatures and certificates.
var certificateFeatures = []feature{
	{name: "main mode, RSA signatures, DN",
		ours: func(s *setup) { s.certified(s.issuer(), authority.RSA, "rsa-signature"); s.byDN() },
		theirs: func(c *strongswan.Connection, s *setup) {
			s.certify(c, s.issuer(), authority.RSA)
			c.LocalID, c.RemoteID = dn(s.other()), dn(s.name())
		},
	},
	{name: "aggressive mode, RSA signatures, DN",
		ours: func(s *setup) { s.certified(s.issuer(), authority.RSA, "rsa-signature"); s.byDN(); s.aggressive() },
		theirs: func(c *strongswan.Connection, s *setup) {
			s.certify(c, s.issuer(), authority.RSA)
			c.Aggressive, c.LocalID, c.RemoteID = true, dn(s.other()), dn(s.name())
		},
	},
	{name: "main mode, RSA signatures, FQDN",
		ours: func(s *setup) { s.certified(s.issuer(), authority.RSA, "rsa-signature"); s.named("fqdn", ".test") },
		theirs: func(c *strongswan.Connection, s *setup) {
			s.certify(c, s.issuer(), authority.RSA)
			c.LocalID, c.RemoteID = s.other()+".test", s.name()+".test"
		},
	},
	{name: "ECDSA signatures",
		ours: func(s *setup) { s.certified(s.issuer(), authority.ECDSA, "ecdsa-signature 256"); s.byDN() },
		theirs: func(c *strongswan.Connection, s *setup) {
			s.certify(c, s.issuer(), authority.ECDSA)
			c.LocalID, c.RemoteID = dn(s.other()), dn(s.name())
		},
	},
	{name: "certificates of a CA below the root, revocation lists",
		ours: func(s *setup) { s.certified(s.below(), authority.RSA, "rsa-signature"); s.byDN() },
		theirs: func(c *strongswan.Connection, s *setup) {
			s.certify(c, s.below(), authority.RSA)
			c.LocalID, c.RemoteID, c.Revocation = dn(s.other()), dn(s.name()), "strict"
		},
	},
	{name: "IKE fragments of 576 octets, long certificates",
		ours: func(s *setup) {
			s.ballast = 3000
			s.certified(s.issuer(), authority.RSA, "rsa-signature")
			s.byDN()
			s.peer = append(s.peer, "fragmentation enable", "fragmentation size 548") // of UDP
		},
		theirs: func(c *strongswan.Connection, s *setup) {
			s.certify(c, s.issuer(), authority.RSA)
			c.LocalID, c.RemoteID, c.Fragmentation, c.FragmentSize = dn(s.other()), dn(s.name()), "force", 576
		},
		seen: func(t *testing.T, w *monitor) {
			w.await(t, "fragments", &w.fragments, 10)
			if longest := w.longest.Load(); longest > 576 {
				t.Errorf("a fragment of %d octets was seen, want 576 at most", longest)
			}
		},
	},
	{name: "OCSP",
		ours: func(s *setup) {
			s.certified(s.issuer(), authority.RSA, "rsa-signature")
			s.byDN()
			s.late = func(a *appliance) {
				r := s.root.ServeOCSP(a.space)
				_, err := command(a.t, a.space, "openssl", "version") // answers come from it; in the guest its first start takes too long for one
				must(a.t, err)
				a.console("system-view", "pki domain corp", "certificate-check ocsp", "ocsp url "+r.URL(netip.MustParseAddr("127.0.0.1")))
			}
		},
		theirs: func(c *strongswan.Connection, s *setup) {
			s.certify(c, s.issuer(), authority.RSA)
			c.LocalID, c.RemoteID = dn(s.other()), dn(s.name())
		},
	},
	{name: "a revoked certificate is refused",
		ours: func(s *setup) { s.certified(s.issuer(), authority.RSA, "rsa-signature"); s.byDN() },
		theirs: func(c *strongswan.Connection, s *setup) {
			s.certify(c, s.issuer(), authority.RSA)
			c.LocalID, c.RemoteID = dn(s.other()), dn(s.name())
		},
		flow: feature.refusesRevoked,
	},
}

// dn returns the subject of an end's certificate.
func dn(name string) string { return "C=ZZ, O=interop, CN=" + name }

func (s *setup) byDN() {
	s.peer = append(s.peer, "local-id-type dn", "remote-id-type dn", `remote-id "`+dn(s.other())+`"`)
}

// issuer and below are the CAs of the ends' certificates.
func (s *setup) issuer() *authority.CA { return s.root }

func (s *setup) below() *authority.CA {
	if s.ca == nil {
		s.ca = s.root.Subordinate("below")
	}
	return s.ca
}

// certified gives the end a certificate of a CA's, and trust in the root.
func (s *setup) certified(ca *authority.CA, kind authority.KeyKind, method string) {
	own := s.issue(ca, s.name(), kind)
	s.trusting(ca)
	s.proposal = append(s.proposal, "authentication-method "+method)
	algorithm := map[authority.KeyKind]string{authority.RSA: "rsa", authority.ECDSA: "ecc"}[kind]
	s.files["own.pem"], s.files["own-key.pem"] = own.ChainPEM(), own.KeyPEM()
	s.before = append(s.before, "pki import "+algorithm+"-key-pair own pem own-key.pem", "pki import-certificate local domain corp filename own.pem")
}

// trusting has the end trust the root, and know who is revoked.
func (s *setup) trusting(ca *authority.CA) {
	s.files["root.pem"], s.files["root.crl"] = s.root.Credential().PEM(), s.root.CRLPEM()
	s.system += join("pki domain corp", "certificate-check crl")
	s.peer = append(s.peer, "pki domain corp")
	s.before = append(s.before, "system-view", "pki import-certificate ca domain corp filename root.pem", "pki import-crl domain corp filename root.crl")
	if ca != s.root {
		s.files["below.pem"], s.files["below.crl"] = ca.Credential().PEM(), ca.CRLPEM()
		s.before = append(s.before, "pki import-certificate ca domain corp filename below.pem", "pki import-crl domain corp filename below.crl")
	}
}

// issue makes the certificate of an end.
func (s *setup) issue(ca *authority.CA, name string, kind authority.KeyKind) *authority.Credential {
	return ca.Issue(authority.Request{Name: name, Key: kind, DNS: []string{name + ".test"}, Ballast: s.ballast})
}

// certify gives strongSwan, the other end, a certificate.
func (s *setup) certify(c *strongswan.Connection, ca *authority.CA, kind authority.KeyKind) {
	c.Auth, c.Files = strongswan.Certificates, strongswan.Files{}
	maps.Copy(c.Files, s.issue(ca, s.other(), kind).Swanctl(s.root))
}

// refusesRevoked has one of ours meet a peer whose certificate has been revoked: the tunnel does not
// come up, whoever begins, and the reason is named.
func (f feature) refusesRevoked(t *testing.T, in role) {
	root := authority.New(t, "root")
	s := newSetup(f, root, true, in != theyBegin)
	revoked := s.issue(root, "right", authority.RSA)
	root.Revoke(revoked)
	s.files["root.crl"] = root.CRLPEM()
	if in == twoOfOurs {
		f.twinRefuses(t, s, revoked)
		return
	}
	c := f.against(s)
	c.Files = revoked.Swanctl(root)
	lab := newMixedLab(t, s.config(), c)
	lab.fw.prepare(s)
	if in == theyBegin {
		if err := lab.swan.Initiate(); err == nil {
			t.Error("strongSwan says that the tunnel is up, want a refusal")
		}
	} else {
		start(t, lab.pc, pingArgs(swanHost, 1)...)
	}
	lab.fw.saysRevoked()
	if n := lab.wire.clear.Load() + lab.wire.protected(); n > 0 {
		t.Errorf("%d packets passed, want 0", n)
	}
}

// twinRefuses is refusesRevoked between two of ours: the right one is revoked.
func (f feature) twinRefuses(t *testing.T, left *setup, revoked *authority.Credential) {
	right := newSetup(f, left.root, false, false)
	right.files["own.pem"], right.files["own-key.pem"] = revoked.ChainPEM(), revoked.KeyPEM()
	lab := newTwinLab(t, left.config(), right.config())
	lab.a.prepare(left)
	lab.b.prepare(right)
	start(t, lab.pcA, pingArgs(hostB, 1)...)
	lab.a.saysRevoked()
	if n := lab.wire.clear.Load() + lab.wire.protected(); n > 0 {
		t.Errorf("%d packets passed, want 0", n)
	}
}

// saysRevoked waits until the appliance names the reason.
func (a *appliance) saysRevoked() {
	a.t.Helper()
	eventually(a.t, a.name+" says that a certificate is revoked", func() bool {
		return strings.Contains(a.console("display ike error-info verbose"), "revoked")
	})
}
