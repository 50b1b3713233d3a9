package wire

// The numbers of the transaction exchange (mode config, XAUTH, Cisco Unity): see
// numbers.go.

// A CfgType says what an [Attributes] payload wants.
type CfgType uint8

// Kinds of transaction: draft-ietf-ipsec-isakmp-mode-cfg-05 §3.2.
const (
	CfgRequest CfgType = 1
	CfgReply   CfgType = 2
	CfgSet     CfgType = 3
	CfgAck     CfgType = 4
)

var cfgTypeNames = names[CfgType]{
	CfgRequest: "request", CfgReply: "reply", CfgSet: "set", CfgAck: "ack",
}

// String returns the name, such as "request", or the number.
func (c CfgType) String() string { return cfgTypeNames.of(c) }

// A CfgAttributeType is the type of a [CfgAttribute], its format bit removed.
type CfgAttributeType uint16

// Attributes of transactions: draft-ietf-ipsec-isakmp-mode-cfg-05 §3.3, from 16520
// on draft-beaulieu-ike-xauth-02 §5.2, from 28672 on Cisco Unity.
const (
	CfgIP4Address          CfgAttributeType = 1  // 4 octets
	CfgIP4Netmask          CfgAttributeType = 2  // 4 octets
	CfgIP4DNS              CfgAttributeType = 3  // 4 octets; one attribute a server
	CfgIP4NBNS             CfgAttributeType = 4  // 4 octets
	CfgAddressExpiry       CfgAttributeType = 5  // seconds
	CfgIP4DHCP             CfgAttributeType = 6  // 4 octets
	CfgApplicationVersion  CfgAttributeType = 7  // text
	CfgIP6Address          CfgAttributeType = 8  // 16 octets
	CfgIP6Netmask          CfgAttributeType = 9  // 16 octets
	CfgIP6DNS              CfgAttributeType = 10 // 16 octets
	CfgIP6NBNS             CfgAttributeType = 11 // 16 octets
	CfgIP6DHCP             CfgAttributeType = 12 // 16 octets
	CfgIP4Subnet           CfgAttributeType = 13 // address and mask
	CfgSupportedAttributes CfgAttributeType = 14 // 2 octets each
	CfgIP6Subnet           CfgAttributeType = 15 // address and length of prefix, or mask

	XAUTHType         CfgAttributeType = 16520 // basic; an XAUTHMethod
	XAUTHUserName     CfgAttributeType = 16521 // text
	XAUTHUserPassword CfgAttributeType = 16522 // secret
	XAUTHPasscode     CfgAttributeType = 16523 // secret
	XAUTHMessage      CfgAttributeType = 16524 // text for the user
	XAUTHChallenge    CfgAttributeType = 16525 // octets
	XAUTHDomain       CfgAttributeType = 16526 // text
	XAUTHStatus       CfgAttributeType = 16527 // basic; 1 ok, 0 failed
	XAUTHNextPIN      CfgAttributeType = 16528 // secret
	XAUTHAnswer       CfgAttributeType = 16529 // secret

	UnityBanner        CfgAttributeType = 28672 // text
	UnitySavePassword  CfgAttributeType = 28673 // number
	UnityDefaultDomain CfgAttributeType = 28674 // text
	UnitySplitDNS      CfgAttributeType = 28675 // text
	UnitySplitInclude  CfgAttributeType = 28676 // list of Split
	UnityNATTPort      CfgAttributeType = 28677 // number
	UnityLocalLAN      CfgAttributeType = 28678 // list of Split
	UnityPFS           CfgAttributeType = 28679 // number
	UnityFirewallType  CfgAttributeType = 28680
	UnityBackupServers CfgAttributeType = 28681 // text
	UnityDDNSHostname  CfgAttributeType = 28682 // text
)

var cfgAttributeNames = names[CfgAttributeType]{
	CfgIP4Address: "ip4-address", CfgIP4Netmask: "ip4-netmask", CfgIP4DNS: "ip4-dns", CfgIP4NBNS: "ip4-nbns",
	CfgAddressExpiry: "address-expiry", CfgIP4DHCP: "ip4-dhcp", CfgApplicationVersion: "application-version",
	CfgIP6Address: "ip6-address", CfgIP6Netmask: "ip6-netmask", CfgIP6DNS: "ip6-dns", CfgIP6NBNS: "ip6-nbns",
	CfgIP6DHCP: "ip6-dhcp", CfgIP4Subnet: "ip4-subnet", CfgSupportedAttributes: "supported-attributes",
	CfgIP6Subnet: "ip6-subnet",
	XAUTHType:    "xauth-type", XAUTHUserName: "xauth-user-name", XAUTHUserPassword: "xauth-user-password",
	XAUTHPasscode: "xauth-passcode", XAUTHMessage: "xauth-message", XAUTHChallenge: "xauth-challenge",
	XAUTHDomain: "xauth-domain", XAUTHStatus: "xauth-status", XAUTHNextPIN: "xauth-next-pin",
	XAUTHAnswer: "xauth-answer",
	UnityBanner: "unity-banner", UnitySavePassword: "unity-save-password", UnityDefaultDomain: "unity-default-domain",
	UnitySplitDNS: "unity-split-dns", UnitySplitInclude: "unity-split-include", UnityNATTPort: "unity-natt-port",
	UnityLocalLAN: "unity-local-lan", UnityPFS: "unity-pfs", UnityFirewallType: "unity-firewall-type",
	UnityBackupServers: "unity-backup-servers", UnityDDNSHostname: "unity-ddns-hostname",
}

// String returns the name, such as "ip4-address", or the number.
func (c CfgAttributeType) String() string { return cfgAttributeNames.of(c) }

// IsSecret reports whether values of the type must not be shown.
func (c CfgAttributeType) IsSecret() bool {
	switch c {
	case XAUTHUserPassword, XAUTHPasscode, XAUTHNextPIN, XAUTHAnswer:
		return true
	}
	return false
}

// An XAUTHMethod is how XAUTH asks for a password.
type XAUTHMethod uint16

// Values of XAUTHType: draft-beaulieu-ike-xauth-02 §5.3.
const (
	XAUTHGeneric XAUTHMethod = 0
	XAUTHCHAP    XAUTHMethod = 1
	XAUTHOTP     XAUTHMethod = 2
	XAUTHSKEY    XAUTHMethod = 3
)

var xauthMethodNames = names[XAUTHMethod]{
	XAUTHGeneric: "generic", XAUTHCHAP: "chap", XAUTHOTP: "otp", XAUTHSKEY: "s/key",
}

// String returns the name, such as "generic", or the number.
func (x XAUTHMethod) String() string { return xauthMethodNames.of(x) }
