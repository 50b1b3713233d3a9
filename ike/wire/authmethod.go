package wire

// bases has the methods that are another one and XAUTH: of hybrid ones how the end signs that
// does (draft-ietf-ipsec-isakmp-hybrid-auth-05).
var bases = map[AuthMethod]AuthMethod{
	AuthHybridInitRSA: AuthRSA, AuthHybridRespRSA: AuthRSA,
	AuthHybridInitDSS: AuthDSS, AuthHybridRespDSS: AuthDSS,
	AuthXAUTHInitPSK: AuthPSK, AuthXAUTHRespPSK: AuthPSK,
	AuthXAUTHInitDSS: AuthDSS, AuthXAUTHRespDSS: AuthDSS,
	AuthXAUTHInitRSA: AuthRSA, AuthXAUTHRespRSA: AuthRSA,
	AuthXAUTHInitRSAEncryption: AuthRSAEncryption, AuthXAUTHRespRSAEncryption: AuthRSAEncryption,
	AuthXAUTHInitRSARevised: AuthRSARevised, AuthXAUTHRespRSARevised: AuthRSARevised,
}

// Base returns the method without XAUTH: of a hybrid one how the end signs that does.
func (a AuthMethod) Base() AuthMethod {
	if base, ok := bases[a]; ok {
		return base
	}
	return a
}

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
