package wire

// A method is what an authentication method is made of.
type method struct {
	base   AuthMethod
	xauth  bool // a password is asked for afterwards
	hybrid bool // one end signs, the other has nothing but its password
}

// methods has the methods that are another one and something more.
var methods = map[AuthMethod]method{
	AuthHybridInitRSA: {AuthRSA, true, true}, AuthHybridRespRSA: {AuthRSA, true, true},
	AuthHybridInitDSS: {AuthDSS, true, true}, AuthHybridRespDSS: {AuthDSS, true, true},
	AuthXAUTHInitPSK: {AuthPSK, true, false}, AuthXAUTHRespPSK: {AuthPSK, true, false},
	AuthXAUTHInitDSS: {AuthDSS, true, false}, AuthXAUTHRespDSS: {AuthDSS, true, false},
	AuthXAUTHInitRSA: {AuthRSA, true, false}, AuthXAUTHRespRSA: {AuthRSA, true, false},
	AuthXAUTHInitRSAEncryption: {AuthRSAEncryption, true, false}, AuthXAUTHRespRSAEncryption: {AuthRSAEncryption, true, false},
	AuthXAUTHInitRSARevised: {AuthRSARevised, true, false}, AuthXAUTHRespRSARevised: {AuthRSARevised, true, false},
}

// Base returns the method without XAUTH: of a hybrid one how the end signs that does.
func (a AuthMethod) Base() AuthMethod {
	if m, ok := methods[a]; ok {
		return m.base
	}
	return a
}

// HasXAUTH reports whether XAUTH follows phase 1.
func (a AuthMethod) HasXAUTH() bool { return methods[a].xauth }

// IsHybrid reports whether only one end signs: draft-ietf-ipsec-isakmp-hybrid-auth-05.
func (a AuthMethod) IsHybrid() bool { return methods[a].hybrid }

// AsksInitiator reports whether XAUTH, if there is any, asks the initiator of phase 1
// for its password, and not the responder.
func (a AuthMethod) AsksInitiator() bool { return a.HasXAUTH() && a%2 == 1 }

// IsPreShared reports whether SKEYID is made of a pre-shared key.
func (a AuthMethod) IsPreShared() bool { return a.Base() == AuthPSK }

// IsSignature reports whether SKEYID is made as it is with signatures.
func (a AuthMethod) IsSignature() bool {
	switch a.Base() {
	case AuthDSS, AuthRSA, AuthECDSA256, AuthECDSA384, AuthECDSA521:
		return true
	}
	return false
}

// Word returns the method in the words of the command line, XAUTH and hybrid ones as
// what they are built on: "pre-share", "rsa-signature"; empty for an unknown one.
func (a AuthMethod) Word() string {
	switch a.Base() {
	case AuthPSK:
		return "pre-share"
	case AuthDSS:
		return "dss-signature"
	case AuthRSA:
		return "rsa-signature"
	case AuthRSAEncryption, AuthRSARevised:
		return "digital-envelope"
	case AuthECDSA256, AuthECDSA384, AuthECDSA521:
		return "ecdsa-signature"
	}
	return ""
}
