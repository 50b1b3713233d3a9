package wire

// contract: constants are grouped by RFC section; every one has a name; see STYLE rule 8

type ExchangeType uint8

const (
	MainMode      ExchangeType = 2
	Aggressive    ExchangeType = 4
	Informational ExchangeType = 5
	Transaction   ExchangeType = 6
	QuickMode     ExchangeType = 32
)

type Flags uint8

const (
	FlagEncrypted      Flags = 1
	FlagCommit         Flags = 2
	FlagAuthentication Flags = 4
)

type PayloadType uint8

const (
	PayloadNone      PayloadType = 0
	PayloadSA        PayloadType = 1
	PayloadKE        PayloadType = 4
	PayloadID        PayloadType = 5
	PayloadCert      PayloadType = 6
	PayloadCertReq   PayloadType = 7
	PayloadHash      PayloadType = 8
	PayloadSignature PayloadType = 9
	PayloadNonce     PayloadType = 10
	PayloadNotify    PayloadType = 11
	PayloadDelete    PayloadType = 12
	PayloadVendorID  PayloadType = 13
	PayloadNATD      PayloadType = 20
	PayloadNATOA     PayloadType = 21
)

type ProtocolID uint8

const (
	ProtoISAKMP ProtocolID = 1
	ProtoAH     ProtocolID = 2
	ProtoESP    ProtocolID = 3
	ProtoIPComp ProtocolID = 4
)

type AttributeType uint16

// Phase 1 attributes: RFC 2409 Appendix A.
const (
	AttrEncryption   AttributeType = 1
	AttrHash         AttributeType = 2
	AttrAuthMethod   AttributeType = 3
	AttrGroup        AttributeType = 4
	AttrLifeType     AttributeType = 11
	AttrLifeDuration AttributeType = 12
	AttrPRF          AttributeType = 13
	AttrKeyLength    AttributeType = 14
)

type AttributeType2 uint16

// Phase 2 attributes: RFC 2407 §4.5. They are carried in Attribute.Type too: convert.
const (
	Attr2LifeType      AttributeType2 = 1
	Attr2LifeDuration  AttributeType2 = 2
	Attr2Group         AttributeType2 = 3
	Attr2Encapsulation AttributeType2 = 4
	Attr2Authentication AttributeType2 = 5
	Attr2KeyLength     AttributeType2 = 6
	Attr2ESN           AttributeType2 = 11
)

type EncryptionAlgorithm uint16 // phase 1 attribute 1
const (
	EncDES  EncryptionAlgorithm = 1
	Enc3DES EncryptionAlgorithm = 5
	EncAES  EncryptionAlgorithm = 7
)

type HashAlgorithm uint16 // phase 1 attribute 2
const (
	HashMD5    HashAlgorithm = 1
	HashSHA1   HashAlgorithm = 2
	HashSHA256 HashAlgorithm = 4
	HashSHA384 HashAlgorithm = 5
	HashSHA512 HashAlgorithm = 6
)

type AuthMethod uint16
const AuthPSK AuthMethod = 1 // ... and the others

type Group uint16 // Diffie-Hellman group number, both phases
const (
	Group1 Group = 1
	Group2 Group = 2
	Group5 Group = 5
	Group14 Group = 14
	Group15 Group = 15
	Group16 Group = 16
	Group19 Group = 19
	Group20 Group = 20
	Group21 Group = 21
)

type LifeType uint16
const (
	LifeSeconds LifeType = 1
	LifeKilobytes LifeType = 2
)

// Encapsulation modes of phase 2 attribute 4, ESP transform IDs, phase 2
// authentication algorithms, ID types, notify types: likewise.
type EncapsulationMode uint16
const (
	EncapTunnel EncapsulationMode = 1
	EncapTransport EncapsulationMode = 2
	EncapUDPTunnel EncapsulationMode = 3
	EncapUDPTransport EncapsulationMode = 4
)

type ESPTransform uint8
const (
	ESPDES ESPTransform = 2
	ESP3DES ESPTransform = 3
	ESPNull ESPTransform = 11
	ESPAESCBC ESPTransform = 12
	ESPAESGCM16 ESPTransform = 20
)

type Authentication uint16
const (
	HMACMD5 Authentication = 1
	HMACSHA1 Authentication = 2
	HMACSHA256 Authentication = 5
	HMACSHA384 Authentication = 6
	HMACSHA512 Authentication = 7
)

type IDType uint8
const (
	IDIPv4Addr IDType = 1
	IDFQDN IDType = 2
	IDUserFQDN IDType = 3
	IDIPv4Subnet IDType = 4
	IDIPv6Addr IDType = 5
	IDIPv6Subnet IDType = 6
	IDIPv4Range IDType = 7
	IDIPv6Range IDType = 8
	IDDERASN1DN IDType = 9
	IDDERASN1GN IDType = 10
	IDKeyID IDType = 11
)

type NotifyType uint16
const (
	InvalidPayloadType NotifyType = 1
	NoProposalChosen NotifyType = 14
	PayloadMalformed NotifyType = 16
	InvalidKeyInformation NotifyType = 17
	InvalidIDInformation NotifyType = 18
	AuthenticationFailed NotifyType = 24
	InitialContact NotifyType = 24578
	ResponderLifetime NotifyType = 24576
	RUThere NotifyType = 36136
	RUThereAck NotifyType = 36137
	// ... all of reference/ikev1.md §2
)
