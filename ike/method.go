package ike

import "sallyport/ike/wire"

// A method is what an authentication method of phase 1 asks of the two ends: RFC 2409
// §5, RFC 4754, and the drafts of XAUTH and of hybrid authentication.
type method struct {
	preShared bool // SKEYID is made of a pre-shared key, else of the nonces and g^xy
	signsI    bool // the initiator proves itself by a signature, else by HASH_I
	signsR    bool // the responder likewise
	user      user // who has to name a user and a password afterwards
}

// A user is the end that XAUTH asks for a name and a password.
type user uint8

const (
	nobody user = iota
	theInitiator
	theResponder
)

// methods are those that we know. RSA encryption (4, 5 and their XAUTH forms) is left out on
// purpose: what an implementation tells of its padding breaks it (Bleichenbacher;
// Felsch et al., USENIX Security 2018).
var methods = withKeys(map[wire.AuthMethod]method{
	wire.AuthPSK:           {},
	wire.AuthRSA:           {signsI: true, signsR: true},
	wire.AuthECDSA256:      {signsI: true, signsR: true},
	wire.AuthECDSA384:      {signsI: true, signsR: true},
	wire.AuthECDSA521:      {signsI: true, signsR: true},
	wire.AuthHybridInitRSA: {signsR: true, user: theInitiator},
	wire.AuthHybridRespRSA: {signsI: true, user: theResponder},
	wire.AuthXAUTHInitPSK:  {user: theInitiator},
	wire.AuthXAUTHRespPSK:  {user: theResponder},
	wire.AuthXAUTHInitRSA:  {signsI: true, signsR: true, user: theInitiator},
	wire.AuthXAUTHRespRSA:  {signsI: true, signsR: true, user: theResponder},
})

// withKeys marks the methods whose SKEYID is made of a pre-shared key.
func withKeys(all map[wire.AuthMethod]method) map[wire.AuthMethod]method {
	for a, m := range all {
		m.preShared = a.IsPreShared()
		all[a] = m
	}
	return all
}

// whyNoRSAEncryption is what an operator is told whose peer asks for it.
const whyNoRSAEncryption = "authentication by RSA encryption is refused on purpose: an answer, or the time it takes, tells enough of the padding to break it " +
	"(Bleichenbacher's oracle; Felsch et al., USENIX Security 2018); configure the peer for signatures"

// onlyRSAEncryption reports whether an offer has nothing but authentication by RSA
// encryption.
func onlyRSAEncryption(offer wire.SA) bool {
	found := false
	for _, p := range offer.Proposals {
		for _, t := range p.Transforms {
			got, _ := readPhase1(t)
			if base := got.method.Base(); base != wire.AuthRSAEncryption && base != wire.AuthRSARevised {
				return false
			}
			found = true
		}
	}
	return found
}

// withUser has the XAUTH forms of a method: the initiator, or the responder, is the user.
var withUser = map[wire.AuthMethod][2]wire.AuthMethod{
	wire.AuthPSK:           {wire.AuthXAUTHInitPSK, wire.AuthXAUTHRespPSK},
	wire.AuthRSA:           {wire.AuthXAUTHInitRSA, wire.AuthXAUTHRespRSA},
	wire.AuthHybridInitRSA: {wire.AuthHybridInitRSA, wire.AuthHybridRespRSA},
}

// method returns what an `authentication-method` is on the wire with this peer. Methods
// without an XAUTH form stay what they are: those of ECDSA.
func (p *Peer) method(m wire.AuthMethod, initiator bool) wire.AuthMethod {
	forms, ok := withUser[m]
	switch {
	case p.XAUTH == NoXAUTH || !ok:
		return m
	case (p.XAUTH == XAUTHClient) == initiator:
		return forms[0]
	}
	return forms[1]
}

// signs reports whether an end proves itself by a signature.
func (m method) signs(initiator bool) bool {
	if initiator {
		return m.signsI
	}
	return m.signsR
}

// asksUser reports whether we, as initiator or responder, ask the peer for a user.
func (m method) asksUser(initiator bool) bool {
	return m.user == theResponder && initiator || m.user == theInitiator && !initiator
}

// isUser reports whether we are asked.
func (m method) isUser(initiator bool) bool { return m.user != nobody && !m.asksUser(initiator) }
