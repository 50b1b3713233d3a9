package wire

// Every number of ISAKMP and IKE (RFC 2408, RFC 2409) is here, those of the
// IPsec DOI in numbersdoi.go, those of transactions in numberscfg.go; each group under its RFC, and every one has its
// name beside it: a test fails for one that has none.

// An ExchangeType says which ladder a message belongs to.
type ExchangeType uint8

// Exchange types: RFC 2408 §3.1, RFC 2409 App. A, draft-ietf-ipsec-isakmp-mode-
// cfg-05.
const (
	BaseMode           ExchangeType = 1 // not served
	MainMode           ExchangeType = 2 // identity protection
	AuthenticationOnly ExchangeType = 3 // not served
	Aggressive         ExchangeType = 4
	Informational      ExchangeType = 5
	Transaction        ExchangeType = 6 // mode config, XAUTH
	QuickMode          ExchangeType = 32
	NewGroupMode       ExchangeType = 33 // not served
)

var exchangeNames = names[ExchangeType]{
	BaseMode: "Base", MainMode: "Main", AuthenticationOnly: "AuthenticationOnly", Aggressive: "Aggressive",
	Informational: "Informational", Transaction: "Transaction", QuickMode: "Quick", NewGroupMode: "NewGroup",
}

// String returns the name, such as "Main", or the number.
func (e ExchangeType) String() string { return exchangeNames.of(e) }

// Flags are the bits of the header's flags octet.
type Flags uint8

// Flags: RFC 2408 §3.1.
const (
	FlagEncrypted      Flags = 1 // everything after the header is encrypted
	FlagCommit         Flags = 2 // accepted, without effect
	FlagAuthentication Flags = 4 // in clear, but hashed
)

var flagNames = names[Flags]{
	FlagEncrypted: "E", FlagCommit: "C", FlagAuthentication: "A",
}

// String returns the name, such as "E", or the number.
func (f Flags) String() string { return flagNames.of(f) }

// A PayloadType says what a payload is.
type PayloadType uint8

// Payload types: RFC 2408 §3.1, RFC 3947 §3.2 and §5.2, their drafts, and
// fragmentation, which no RFC has.
const (
	PayloadNone       PayloadType = 0   // the last payload's next
	PayloadSA         PayloadType = 1   // RFC 2408 §3.4
	PayloadProposal   PayloadType = 2   // RFC 2408 §3.5; inside an SA
	PayloadTransform  PayloadType = 3   // RFC 2408 §3.6; inside a proposal
	PayloadKE         PayloadType = 4   // RFC 2408 §3.7
	PayloadID         PayloadType = 5   // RFC 2408 §3.8
	PayloadCert       PayloadType = 6   // RFC 2408 §3.9
	PayloadCertReq    PayloadType = 7   // RFC 2408 §3.10
	PayloadHash       PayloadType = 8   // RFC 2408 §3.11
	PayloadSignature  PayloadType = 9   // RFC 2408 §3.12
	PayloadNonce      PayloadType = 10  // RFC 2408 §3.13
	PayloadNotify     PayloadType = 11  // RFC 2408 §3.14
	PayloadDelete     PayloadType = 12  // RFC 2408 §3.15
	PayloadVendorID   PayloadType = 13  // RFC 2408 §3.16
	PayloadAttributes PayloadType = 14  // of the transaction exchange
	PayloadNATD       PayloadType = 20  // RFC 3947 §3.2
	PayloadNATOA      PayloadType = 21  // RFC 3947 §5.2
	PayloadNATDDraft  PayloadType = 130 // draft-ietf-ipsec-nat-t-ike-03
	PayloadNATOADraft PayloadType = 131 // draft-ietf-ipsec-nat-t-ike-03
	PayloadFragment   PayloadType = 132 // Cisco, Microsoft
)

var payloadNames = names[PayloadType]{
	PayloadNone: "none", PayloadSA: "SA", PayloadProposal: "P", PayloadTransform: "T", PayloadKE: "KE",
	PayloadID: "ID", PayloadCert: "CERT", PayloadCertReq: "CERTREQ", PayloadHash: "HASH", PayloadSignature: "SIG",
	PayloadNonce: "NONCE", PayloadNotify: "N", PayloadDelete: "D", PayloadVendorID: "VID",
	PayloadAttributes: "ATTR", PayloadNATD: "NAT-D", PayloadNATOA: "NAT-OA", PayloadNATDDraft: "NAT-D-draft",
	PayloadNATOADraft: "NAT-OA-draft", PayloadFragment: "FRAG",
}

// String returns the name, such as "SA", or the number.
func (p PayloadType) String() string { return payloadNames.of(p) }

// An AttributeType is the type of an attribute, its format bit removed.
type AttributeType uint16

// Phase 1 attributes: RFC 2409 App. A.
const (
	AttrEncryption      AttributeType = 1 // basic
	AttrHash            AttributeType = 2 // basic
	AttrAuthMethod      AttributeType = 3 // basic
	AttrGroup           AttributeType = 4 // basic
	AttrGroupType       AttributeType = 5 // private groups: refused
	AttrGroupPrime      AttributeType = 6
	AttrGroupGenerator1 AttributeType = 7
	AttrGroupGenerator2 AttributeType = 8
	AttrGroupCurveA     AttributeType = 9
	AttrGroupCurveB     AttributeType = 10
	AttrLifeType        AttributeType = 11 // basic
	AttrLifeDuration    AttributeType = 12 // variable
	AttrPRF             AttributeType = 13 // basic; none is assigned
	AttrKeyLength       AttributeType = 14 // basic; bits
	AttrFieldSize       AttributeType = 15 // private groups
	AttrGroupOrder      AttributeType = 16 // private groups
)

var attributeNames = names[AttributeType]{
	AttrEncryption: "encryption", AttrHash: "hash", AttrAuthMethod: "auth", AttrGroup: "group",
	AttrGroupType: "group-type", AttrGroupPrime: "group-prime", AttrGroupGenerator1: "group-generator-1",
	AttrGroupGenerator2: "group-generator-2", AttrGroupCurveA: "group-curve-a", AttrGroupCurveB: "group-curve-b",
	AttrLifeType: "life-type", AttrLifeDuration: "life-duration", AttrPRF: "prf", AttrKeyLength: "key-length",
	AttrFieldSize: "field-size", AttrGroupOrder: "group-order",
}

// String returns the name, such as "encryption", or the number.
func (a AttributeType) String() string { return attributeNames.of(a) }

// An EncryptionAlgorithm is the cipher of an ISAKMP SA.
type EncryptionAlgorithm uint16

// Phase 1 encryption: RFC 2409 App. A, RFC 3602 §5.3, RFC 4312 §2.3.
const (
	EncDES      EncryptionAlgorithm = 1
	EncIDEA     EncryptionAlgorithm = 2
	EncBlowfish EncryptionAlgorithm = 3
	EncRC5      EncryptionAlgorithm = 4
	Enc3DES     EncryptionAlgorithm = 5
	EncCAST     EncryptionAlgorithm = 6
	EncAES      EncryptionAlgorithm = 7
	EncCamellia EncryptionAlgorithm = 8
)

var encryptionNames = names[EncryptionAlgorithm]{
	EncDES: "des-cbc", EncIDEA: "idea-cbc", EncBlowfish: "blowfish-cbc", EncRC5: "rc5-cbc", Enc3DES: "3des-cbc",
	EncCAST: "cast-cbc", EncAES: "aes-cbc", EncCamellia: "camellia-cbc",
}

// String returns the name, such as "aes-cbc", or the number.
func (e EncryptionAlgorithm) String() string { return encryptionNames.of(e) }

// A HashAlgorithm is the hash of an ISAKMP SA, which makes its prf too.
type HashAlgorithm uint16

// Phase 1 hashes: RFC 2409 App. A, RFC 4868 §2.7.
const (
	HashMD5    HashAlgorithm = 1
	HashSHA1   HashAlgorithm = 2
	HashTiger  HashAlgorithm = 3
	HashSHA256 HashAlgorithm = 4
	HashSHA384 HashAlgorithm = 5
	HashSHA512 HashAlgorithm = 6
)

var hashNames = names[HashAlgorithm]{
	HashMD5: "md5", HashSHA1: "sha1", HashTiger: "tiger", HashSHA256: "sha2-256", HashSHA384: "sha2-384",
	HashSHA512: "sha2-512",
}

// String returns the name, such as "sha2-256", or the number.
func (h HashAlgorithm) String() string { return hashNames.of(h) }

// An AuthMethod is how phase 1 authenticates the peers.
type AuthMethod uint16

// Authentication methods: RFC 2409 App. A, RFC 4754 §3, drafts isakmp-hybrid-
// auth-05 and isakmp-xauth-06. Init and Resp say who is asked for a password, or
// signs not.
const (
	AuthPSK                    AuthMethod = 1
	AuthDSS                    AuthMethod = 2
	AuthRSA                    AuthMethod = 3
	AuthRSAEncryption          AuthMethod = 4
	AuthRSARevised             AuthMethod = 5
	AuthECDSA256               AuthMethod = 9
	AuthECDSA384               AuthMethod = 10
	AuthECDSA521               AuthMethod = 11
	AuthHybridInitRSA          AuthMethod = 64221
	AuthHybridRespRSA          AuthMethod = 64222
	AuthHybridInitDSS          AuthMethod = 64223
	AuthHybridRespDSS          AuthMethod = 64224
	AuthXAUTHInitPSK           AuthMethod = 65001
	AuthXAUTHRespPSK           AuthMethod = 65002
	AuthXAUTHInitDSS           AuthMethod = 65003
	AuthXAUTHRespDSS           AuthMethod = 65004
	AuthXAUTHInitRSA           AuthMethod = 65005
	AuthXAUTHRespRSA           AuthMethod = 65006
	AuthXAUTHInitRSAEncryption AuthMethod = 65007
	AuthXAUTHRespRSAEncryption AuthMethod = 65008
	AuthXAUTHInitRSARevised    AuthMethod = 65009
	AuthXAUTHRespRSARevised    AuthMethod = 65010
)

var authNames = names[AuthMethod]{
	AuthPSK: "psk", AuthDSS: "dss-sig", AuthRSA: "rsa-sig", AuthRSAEncryption: "rsa-enc",
	AuthRSARevised: "rsa-rev", AuthECDSA256: "ecdsa-256", AuthECDSA384: "ecdsa-384", AuthECDSA521: "ecdsa-521",
	AuthHybridInitRSA: "hybrid-init-rsa", AuthHybridRespRSA: "hybrid-resp-rsa",
	AuthHybridInitDSS: "hybrid-init-dss", AuthHybridRespDSS: "hybrid-resp-dss",
	AuthXAUTHInitPSK: "xauth-init-psk", AuthXAUTHRespPSK: "xauth-resp-psk", AuthXAUTHInitDSS: "xauth-init-dss",
	AuthXAUTHRespDSS: "xauth-resp-dss", AuthXAUTHInitRSA: "xauth-init-rsa", AuthXAUTHRespRSA: "xauth-resp-rsa",
	AuthXAUTHInitRSAEncryption: "xauth-init-rsa-enc", AuthXAUTHRespRSAEncryption: "xauth-resp-rsa-enc",
	AuthXAUTHInitRSARevised: "xauth-init-rsa-rev", AuthXAUTHRespRSARevised: "xauth-resp-rsa-rev",
}

// String returns the name, such as "psk", or the number.
func (a AuthMethod) String() string { return authNames.of(a) }

// A Group is a Diffie-Hellman group of either phase.
type Group uint16

// Groups: RFC 2409 §6, RFC 3526, RFC 5114, RFC 5903, RFC 6932.
const (
	Group1  Group = 1
	Group2  Group = 2
	Group3  Group = 3 // obsolete
	Group4  Group = 4 // obsolete
	Group5  Group = 5
	Group14 Group = 14
	Group15 Group = 15
	Group16 Group = 16
	Group17 Group = 17
	Group18 Group = 18
	Group19 Group = 19
	Group20 Group = 20
	Group21 Group = 21
	Group22 Group = 22
	Group23 Group = 23
	Group24 Group = 24
	Group25 Group = 25
	Group26 Group = 26
	Group27 Group = 27
	Group28 Group = 28
	Group29 Group = 29
	Group30 Group = 30
)

var groupNames = names[Group]{
	Group1: "modp768", Group2: "modp1024", Group3: "ec2n155", Group4: "ec2n185", Group5: "modp1536",
	Group14: "modp2048", Group15: "modp3072", Group16: "modp4096", Group17: "modp6144", Group18: "modp8192",
	Group19: "ecp256", Group20: "ecp384", Group21: "ecp521", Group22: "modp1024s160", Group23: "modp2048s224",
	Group24: "modp2048s256", Group25: "ecp192", Group26: "ecp224", Group27: "brainpoolp224r1",
	Group28: "brainpoolp256r1", Group29: "brainpoolp384r1", Group30: "brainpoolp512r1",
}

// String returns the name, such as "modp2048", or the number.
func (g Group) String() string { return groupNames.of(g) }

// A CertEncoding says what a certificate payload holds.
type CertEncoding uint8

// Certificate encodings: RFC 2408 §3.9.
const (
	CertPKCS7           CertEncoding = 1
	CertX509Signature   CertEncoding = 4
	CertX509KeyExchange CertEncoding = 5
	CertCRL             CertEncoding = 7
	CertARL             CertEncoding = 8
	CertAttribute       CertEncoding = 10
)

var certNames = names[CertEncoding]{
	CertPKCS7: "pkcs7", CertX509Signature: "x509-signature", CertX509KeyExchange: "x509-key-exchange",
	CertCRL: "crl", CertARL: "arl", CertAttribute: "x509-attribute",
}

// String returns the name, such as "x509-signature", or the number.
func (c CertEncoding) String() string { return certNames.of(c) }

// A NotifyType is an error or a status.
type NotifyType uint16

// Notify types: RFC 2408 §3.14.1 and, from 24576 on, RFC 2407 §4.6.3, RFC 3706
// §5.3, Cisco Unity.
const (
	InvalidPayloadType      NotifyType = 1
	DOINotSupported         NotifyType = 2
	SituationNotSupported   NotifyType = 3
	InvalidCookie           NotifyType = 4
	InvalidMajorVersion     NotifyType = 5
	InvalidMinorVersion     NotifyType = 6
	InvalidExchangeType     NotifyType = 7
	InvalidFlags            NotifyType = 8
	InvalidMessageID        NotifyType = 9
	InvalidProtocolID       NotifyType = 10
	InvalidSPI              NotifyType = 11
	InvalidTransformID      NotifyType = 12
	AttributesNotSupported  NotifyType = 13
	NoProposalChosen        NotifyType = 14
	BadProposalSyntax       NotifyType = 15
	PayloadMalformed        NotifyType = 16
	InvalidKeyInformation   NotifyType = 17
	InvalidIDInformation    NotifyType = 18
	InvalidCertEncoding     NotifyType = 19
	InvalidCertificate      NotifyType = 20
	CertTypeUnsupported     NotifyType = 21
	InvalidCertAuthority    NotifyType = 22
	InvalidHashInformation  NotifyType = 23
	AuthenticationFailed    NotifyType = 24
	InvalidSignature        NotifyType = 25
	AddressNotification     NotifyType = 26
	NotifySALifetime        NotifyType = 27
	CertificateUnavailable  NotifyType = 28
	UnsupportedExchangeType NotifyType = 29
	UnequalPayloadLengths   NotifyType = 30
	Connected               NotifyType = 16384
	ResponderLifetime       NotifyType = 24576
	ReplayStatus            NotifyType = 24577
	InitialContact          NotifyType = 24578
	RUThere                 NotifyType = 36136
	RUThereAck              NotifyType = 36137
	Heartbeat               NotifyType = 32768 // ours, of the private ones
	UnityLoadBalance        NotifyType = 40501
)

var notifyNames = names[NotifyType]{
	InvalidPayloadType: "INVALID-PAYLOAD-TYPE", DOINotSupported: "DOI-NOT-SUPPORTED",
	SituationNotSupported: "SITUATION-NOT-SUPPORTED", InvalidCookie: "INVALID-COOKIE",
	InvalidMajorVersion: "INVALID-MAJOR-VERSION", InvalidMinorVersion: "INVALID-MINOR-VERSION",
	InvalidExchangeType: "INVALID-EXCHANGE-TYPE", InvalidFlags: "INVALID-FLAGS",
	InvalidMessageID: "INVALID-MESSAGE-ID", InvalidProtocolID: "INVALID-PROTOCOL-ID", InvalidSPI: "INVALID-SPI",
	InvalidTransformID: "INVALID-TRANSFORM-ID", AttributesNotSupported: "ATTRIBUTES-NOT-SUPPORTED",
	NoProposalChosen: "NO-PROPOSAL-CHOSEN", BadProposalSyntax: "BAD-PROPOSAL-SYNTAX",
	PayloadMalformed: "PAYLOAD-MALFORMED", InvalidKeyInformation: "INVALID-KEY-INFORMATION",
	InvalidIDInformation: "INVALID-ID-INFORMATION", InvalidCertEncoding: "INVALID-CERT-ENCODING",
	InvalidCertificate: "INVALID-CERTIFICATE", CertTypeUnsupported: "CERT-TYPE-UNSUPPORTED",
	InvalidCertAuthority: "INVALID-CERT-AUTHORITY", InvalidHashInformation: "INVALID-HASH-INFORMATION",
	AuthenticationFailed: "AUTHENTICATION-FAILED", InvalidSignature: "INVALID-SIGNATURE",
	AddressNotification: "ADDRESS-NOTIFICATION", NotifySALifetime: "NOTIFY-SA-LIFETIME",
	CertificateUnavailable: "CERTIFICATE-UNAVAILABLE", UnsupportedExchangeType: "UNSUPPORTED-EXCHANGE-TYPE",
	UnequalPayloadLengths: "UNEQUAL-PAYLOAD-LENGTHS", Connected: "CONNECTED",
	ResponderLifetime: "RESPONDER-LIFETIME", ReplayStatus: "REPLAY-STATUS", InitialContact: "INITIAL-CONTACT",
	RUThere: "R-U-THERE", RUThereAck: "R-U-THERE-ACK", Heartbeat: "HEARTBEAT", UnityLoadBalance: "UNITY-LOAD-BALANCE",
}

// String returns the name, such as "NO-PROPOSAL-CHOSEN", or the number.
func (n NotifyType) String() string { return notifyNames.of(n) }

// IsError reports whether the notification is an error: RFC 2408 §3.14.1.
func (n NotifyType) IsError() bool { return n < Connected }
