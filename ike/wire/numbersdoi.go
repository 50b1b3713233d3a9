package wire

// The numbers of the IPsec DOI (RFC 2407): see numbers.go.

// A ProtocolID says what a proposal, notification or deletion is about.
type ProtocolID uint8

// Protocols: RFC 2407 §4.4.1.
const (
	ProtoISAKMP ProtocolID = 1
	ProtoAH     ProtocolID = 2
	ProtoESP    ProtocolID = 3
	ProtoIPComp ProtocolID = 4
)

var protocolNames = names[ProtocolID]{
	ProtoISAKMP: "isakmp", ProtoAH: "ah", ProtoESP: "esp", ProtoIPComp: "ipcomp",
}

// String returns the name, such as "esp", or the number.
func (p ProtocolID) String() string { return protocolNames.of(p) }

// An ISAKMPTransform is a transform ID of phase 1.
type ISAKMPTransform uint8

// ISAKMP transforms: RFC 2407 §4.4.2.
const (
	KeyIKE ISAKMPTransform = 1
)

var isakmpTransformNames = names[ISAKMPTransform]{
	KeyIKE: "ike",
}

// String returns the name, such as "ike", or the number.
func (i ISAKMPTransform) String() string { return isakmpTransformNames.of(i) }

// An AttributeType2 is the type of a phase 2 attribute. [Attribute] carries it
// as an AttributeType: convert.
type AttributeType2 uint16

// Phase 2 attributes: RFC 2407 §4.5, RFC 4304 §2.
const (
	Attr2LifeType         AttributeType2 = 1  // basic
	Attr2LifeDuration     AttributeType2 = 2  // variable
	Attr2Group            AttributeType2 = 3  // basic; with KE only
	Attr2Encapsulation    AttributeType2 = 4  // basic
	Attr2Authentication   AttributeType2 = 5  // basic
	Attr2KeyLength        AttributeType2 = 6  // basic; bits
	Attr2KeyRounds        AttributeType2 = 7  // basic
	Attr2CompressDictSize AttributeType2 = 8  // basic
	Attr2CompressPrivate  AttributeType2 = 9  // variable
	Attr2ESN              AttributeType2 = 11 // basic
)

var attribute2Names = names[AttributeType2]{
	Attr2LifeType: "life-type", Attr2LifeDuration: "life-duration", Attr2Group: "group",
	Attr2Encapsulation: "encapsulation", Attr2Authentication: "auth", Attr2KeyLength: "key-length",
	Attr2KeyRounds: "key-rounds", Attr2CompressDictSize: "compress-dict-size",
	Attr2CompressPrivate: "compress-private", Attr2ESN: "esn",
}

// String returns the name, such as "life-type", or the number.
func (a AttributeType2) String() string { return attribute2Names.of(a) }

// A LifeType is the unit of the life duration after it.
type LifeType uint16

// Life types of both phases: RFC 2407 §4.5, RFC 2409 App. A.
const (
	LifeSeconds   LifeType = 1
	LifeKilobytes LifeType = 2 // of 1024 octets
)

var lifeNames = names[LifeType]{
	LifeSeconds: "seconds", LifeKilobytes: "kilobytes",
}

// String returns the name, such as "seconds", or the number.
func (l LifeType) String() string { return lifeNames.of(l) }

// suffix is put after a duration of that unit.
func (l LifeType) suffix() string {
	switch l {
	case LifeSeconds:
		return "s"
	case LifeKilobytes:
		return "kB"
	}
	return " of unit " + l.String()
}

// An EncapsulationMode is the mode of an IPsec SA.
type EncapsulationMode uint16

// Encapsulation modes: RFC 2407 §4.5, RFC 3947 §5.1 and its drafts.
const (
	EncapTunnel            EncapsulationMode = 1
	EncapTransport         EncapsulationMode = 2
	EncapUDPTunnel         EncapsulationMode = 3
	EncapUDPTransport      EncapsulationMode = 4
	EncapUDPTunnelDraft    EncapsulationMode = 61443
	EncapUDPTransportDraft EncapsulationMode = 61444
)

var encapsulationNames = names[EncapsulationMode]{
	EncapTunnel: "tunnel", EncapTransport: "transport", EncapUDPTunnel: "udp-tunnel",
	EncapUDPTransport: "udp-transport", EncapUDPTunnelDraft: "udp-tunnel-draft",
	EncapUDPTransportDraft: "udp-transport-draft",
}

// String returns the name, such as "tunnel", or the number.
func (e EncapsulationMode) String() string { return encapsulationNames.of(e) }

// An Authentication is the authenticator of an IPsec SA.
type Authentication uint16

// Phase 2 authentication: RFC 2407 §4.5, RFC 4868 §2.7, RFC 4543 §7.
const (
	HMACMD5    Authentication = 1
	HMACSHA1   Authentication = 2
	DESMAC     Authentication = 3
	KPDK       Authentication = 4
	HMACSHA256 Authentication = 5
	HMACSHA384 Authentication = 6
	HMACSHA512 Authentication = 7
	HMACRIPEMD Authentication = 8
	AESXCBCMAC Authentication = 9
	AES128GMAC Authentication = 11
	AES192GMAC Authentication = 12
	AES256GMAC Authentication = 13
)

var authenticationNames = names[Authentication]{
	HMACMD5: "hmac-md5", HMACSHA1: "hmac-sha1", DESMAC: "des-mac", KPDK: "kpdk", HMACSHA256: "hmac-sha2-256",
	HMACSHA384: "hmac-sha2-384", HMACSHA512: "hmac-sha2-512", HMACRIPEMD: "hmac-ripemd",
	AESXCBCMAC: "aes-xcbc-mac", AES128GMAC: "aes-128-gmac", AES192GMAC: "aes-192-gmac",
	AES256GMAC: "aes-256-gmac",
}

// String returns the name, such as "hmac-sha1", or the number.
func (a Authentication) String() string { return authenticationNames.of(a) }

// An ESN says how long sequence numbers are.
type ESN uint16

// Extended sequence numbers: RFC 4304 §2.
const (
	ESN64 ESN = 1 // 64 bits
)

var esnNames = names[ESN]{
	ESN64: "esn",
}

// String returns the name, such as "esn", or the number.
func (e ESN) String() string { return esnNames.of(e) }

// An ESPTransform is the cipher of an ESP SA.
type ESPTransform uint8

// ESP transforms: RFC 2407 §4.4.4, RFC 3686, 4106, 4309, 4543.
const (
	ESPDESIV64  ESPTransform = 1
	ESPDES      ESPTransform = 2
	ESP3DES     ESPTransform = 3
	ESPCAST     ESPTransform = 6
	ESPBlowfish ESPTransform = 7
	ESPNull     ESPTransform = 11
	ESPAESCBC   ESPTransform = 12
	ESPAESCTR   ESPTransform = 13
	ESPAESCCM8  ESPTransform = 14
	ESPAESCCM12 ESPTransform = 15
	ESPAESCCM16 ESPTransform = 16
	ESPAESGCM8  ESPTransform = 18
	ESPAESGCM12 ESPTransform = 19
	ESPAESGCM16 ESPTransform = 20
	ESPCamellia ESPTransform = 22
	ESPNullGMAC ESPTransform = 23
)

var espNames = names[ESPTransform]{
	ESPDESIV64: "des-iv64", ESPDES: "des-cbc", ESP3DES: "3des-cbc", ESPCAST: "cast-cbc",
	ESPBlowfish: "blowfish-cbc", ESPNull: "null", ESPAESCBC: "aes-cbc", ESPAESCTR: "aes-ctr",
	ESPAESCCM8: "aes-ccm8", ESPAESCCM12: "aes-ccm12", ESPAESCCM16: "aes-ccm16", ESPAESGCM8: "aes-gcm8",
	ESPAESGCM12: "aes-gcm12", ESPAESGCM16: "aes-gcm16", ESPCamellia: "camellia-cbc", ESPNullGMAC: "null-gmac",
}

// String returns the name, such as "aes-cbc", or the number.
func (e ESPTransform) String() string { return espNames.of(e) }

// An AHTransform is the algorithm of an AH SA; attribute 5 says the same.
type AHTransform uint8

// AH transforms: RFC 2407 §4.4.3, RFC 4868 §2.7, RFC 4543 §7.
const (
	AHMD5        AHTransform = 2
	AHSHA1       AHTransform = 3
	AHDES        AHTransform = 4
	AHSHA256     AHTransform = 5
	AHSHA384     AHTransform = 6
	AHSHA512     AHTransform = 7
	AHAESXCBC    AHTransform = 9
	AHAES128GMAC AHTransform = 11
	AHAES192GMAC AHTransform = 12
	AHAES256GMAC AHTransform = 13
)

var ahNames = names[AHTransform]{
	AHMD5: "md5", AHSHA1: "sha", AHDES: "des", AHSHA256: "sha2-256", AHSHA384: "sha2-384", AHSHA512: "sha2-512",
	AHAESXCBC: "aes-xcbc", AHAES128GMAC: "aes-128-gmac", AHAES192GMAC: "aes-192-gmac",
	AHAES256GMAC: "aes-256-gmac",
}

// String returns the name, such as "sha", or the number.
func (a AHTransform) String() string { return ahNames.of(a) }

// An IPCompTransform is the algorithm of an IPComp association.
type IPCompTransform uint8

// IPComp transforms: RFC 2407 §4.4.5.
const (
	IPCompOUI     IPCompTransform = 1
	IPCompDeflate IPCompTransform = 2
	IPCompLZS     IPCompTransform = 3
)

var ipcompNames = names[IPCompTransform]{
	IPCompOUI: "oui", IPCompDeflate: "deflate", IPCompLZS: "lzs",
}

// String returns the name, such as "deflate", or the number.
func (i IPCompTransform) String() string { return ipcompNames.of(i) }

// An IDType says what an ID's octets are.
type IDType uint8

// ID types: RFC 2407 §4.6.2.1.
const (
	IDIPv4Addr   IDType = 1
	IDFQDN       IDType = 2
	IDUserFQDN   IDType = 3
	IDIPv4Subnet IDType = 4 // address and mask
	IDIPv6Addr   IDType = 5
	IDIPv6Subnet IDType = 6 // address and mask
	IDIPv4Range  IDType = 7 // first and last
	IDIPv6Range  IDType = 8 // first and last
	IDDERASN1DN  IDType = 9
	IDDERASN1GN  IDType = 10
	IDKeyID      IDType = 11
)

var idNames = names[IDType]{
	IDIPv4Addr: "ipv4", IDFQDN: "fqdn", IDUserFQDN: "user-fqdn", IDIPv4Subnet: "ipv4-subnet", IDIPv6Addr: "ipv6",
	IDIPv6Subnet: "ipv6-subnet", IDIPv4Range: "ipv4-range", IDIPv6Range: "ipv6-range", IDDERASN1DN: "dn",
	IDDERASN1GN: "gn", IDKeyID: "key-id",
}

// String returns the name, such as "fqdn", or the number.
func (i IDType) String() string { return idNames.of(i) }
