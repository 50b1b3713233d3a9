package wire

import "testing"

// TestNumbersPinned holds every number and name a second time: what is on the
// wire and in displays must not change by accident.
func TestNumbersPinned(t *testing.T) {
	pinned(t, map[ExchangeType]pin[ExchangeType]{
		1:  {BaseMode, "Base"},
		2:  {MainMode, "Main"},
		3:  {AuthenticationOnly, "AuthenticationOnly"},
		4:  {Aggressive, "Aggressive"},
		5:  {Informational, "Informational"},
		6:  {Transaction, "Transaction"},
		32: {QuickMode, "Quick"},
		33: {NewGroupMode, "NewGroup"},
	})
	pinned(t, map[Flags]pin[Flags]{
		1: {FlagEncrypted, "E"},
		2: {FlagCommit, "C"},
		4: {FlagAuthentication, "A"},
	})
	pinned(t, map[PayloadType]pin[PayloadType]{
		0:   {PayloadNone, "none"},
		1:   {PayloadSA, "SA"},
		2:   {PayloadProposal, "P"},
		3:   {PayloadTransform, "T"},
		4:   {PayloadKE, "KE"},
		5:   {PayloadID, "ID"},
		6:   {PayloadCert, "CERT"},
		7:   {PayloadCertReq, "CERTREQ"},
		8:   {PayloadHash, "HASH"},
		9:   {PayloadSignature, "SIG"},
		10:  {PayloadNonce, "NONCE"},
		11:  {PayloadNotify, "N"},
		12:  {PayloadDelete, "D"},
		13:  {PayloadVendorID, "VID"},
		14:  {PayloadAttributes, "ATTR"},
		20:  {PayloadNATD, "NAT-D"},
		21:  {PayloadNATOA, "NAT-OA"},
		130: {PayloadNATDDraft, "NAT-D-draft"},
		131: {PayloadNATOADraft, "NAT-OA-draft"},
		132: {PayloadFragment, "FRAG"},
	})
	pinned(t, map[ProtocolID]pin[ProtocolID]{
		1: {ProtoISAKMP, "isakmp"},
		2: {ProtoAH, "ah"},
		3: {ProtoESP, "esp"},
		4: {ProtoIPComp, "ipcomp"},
	})
	pinned(t, map[ISAKMPTransform]pin[ISAKMPTransform]{
		1: {KeyIKE, "ike"},
	})
	pinned(t, map[AttributeType]pin[AttributeType]{
		1:  {AttrEncryption, "encryption"},
		2:  {AttrHash, "hash"},
		3:  {AttrAuthMethod, "auth"},
		4:  {AttrGroup, "group"},
		5:  {AttrGroupType, "group-type"},
		6:  {AttrGroupPrime, "group-prime"},
		7:  {AttrGroupGenerator1, "group-generator-1"},
		8:  {AttrGroupGenerator2, "group-generator-2"},
		9:  {AttrGroupCurveA, "group-curve-a"},
		10: {AttrGroupCurveB, "group-curve-b"},
		11: {AttrLifeType, "life-type"},
		12: {AttrLifeDuration, "life-duration"},
		13: {AttrPRF, "prf"},
		14: {AttrKeyLength, "key-length"},
		15: {AttrFieldSize, "field-size"},
		16: {AttrGroupOrder, "group-order"},
	})
	pinned(t, map[AttributeType2]pin[AttributeType2]{
		1:  {Attr2LifeType, "life-type"},
		2:  {Attr2LifeDuration, "life-duration"},
		3:  {Attr2Group, "group"},
		4:  {Attr2Encapsulation, "encapsulation"},
		5:  {Attr2Authentication, "auth"},
		6:  {Attr2KeyLength, "key-length"},
		7:  {Attr2KeyRounds, "key-rounds"},
		8:  {Attr2CompressDictSize, "compress-dict-size"},
		9:  {Attr2CompressPrivate, "compress-private"},
		11: {Attr2ESN, "esn"},
	})
	pinned(t, map[EncryptionAlgorithm]pin[EncryptionAlgorithm]{
		1: {EncDES, "des-cbc"},
		2: {EncIDEA, "idea-cbc"},
		3: {EncBlowfish, "blowfish-cbc"},
		4: {EncRC5, "rc5-cbc"},
		5: {Enc3DES, "3des-cbc"},
		6: {EncCAST, "cast-cbc"},
		7: {EncAES, "aes-cbc"},
		8: {EncCamellia, "camellia-cbc"},
	})
	pinned(t, map[HashAlgorithm]pin[HashAlgorithm]{
		1: {HashMD5, "md5"},
		2: {HashSHA1, "sha1"},
		3: {HashTiger, "tiger"},
		4: {HashSHA256, "sha2-256"},
		5: {HashSHA384, "sha2-384"},
		6: {HashSHA512, "sha2-512"},
	})
	pinned(t, map[AuthMethod]pin[AuthMethod]{
		1:     {AuthPSK, "psk"},
		2:     {AuthDSS, "dss-sig"},
		3:     {AuthRSA, "rsa-sig"},
		4:     {AuthRSAEncryption, "rsa-enc"},
		5:     {AuthRSARevised, "rsa-rev"},
		9:     {AuthECDSA256, "ecdsa-256"},
		10:    {AuthECDSA384, "ecdsa-384"},
		11:    {AuthECDSA521, "ecdsa-521"},
		64221: {AuthHybridInitRSA, "hybrid-init-rsa"},
		64222: {AuthHybridRespRSA, "hybrid-resp-rsa"},
		64223: {AuthHybridInitDSS, "hybrid-init-dss"},
		64224: {AuthHybridRespDSS, "hybrid-resp-dss"},
		65001: {AuthXAUTHInitPSK, "xauth-init-psk"},
		65002: {AuthXAUTHRespPSK, "xauth-resp-psk"},
		65003: {AuthXAUTHInitDSS, "xauth-init-dss"},
		65004: {AuthXAUTHRespDSS, "xauth-resp-dss"},
		65005: {AuthXAUTHInitRSA, "xauth-init-rsa"},
		65006: {AuthXAUTHRespRSA, "xauth-resp-rsa"},
		65007: {AuthXAUTHInitRSAEncryption, "xauth-init-rsa-enc"},
		65008: {AuthXAUTHRespRSAEncryption, "xauth-resp-rsa-enc"},
		65009: {AuthXAUTHInitRSARevised, "xauth-init-rsa-rev"},
		65010: {AuthXAUTHRespRSARevised, "xauth-resp-rsa-rev"},
	})
	pinned(t, map[Group]pin[Group]{
		1:  {Group1, "modp768"},
		2:  {Group2, "modp1024"},
		3:  {Group3, "ec2n155"},
		4:  {Group4, "ec2n185"},
		5:  {Group5, "modp1536"},
		14: {Group14, "modp2048"},
		15: {Group15, "modp3072"},
		16: {Group16, "modp4096"},
		17: {Group17, "modp6144"},
		18: {Group18, "modp8192"},
		19: {Group19, "ecp256"},
		20: {Group20, "ecp384"},
		21: {Group21, "ecp521"},
		22: {Group22, "modp1024s160"},
		23: {Group23, "modp2048s224"},
		24: {Group24, "modp2048s256"},
		25: {Group25, "ecp192"},
		26: {Group26, "ecp224"},
		27: {Group27, "brainpoolp224r1"},
		28: {Group28, "brainpoolp256r1"},
		29: {Group29, "brainpoolp384r1"},
		30: {Group30, "brainpoolp512r1"},
	})
	pinned(t, map[LifeType]pin[LifeType]{
		1: {LifeSeconds, "seconds"},
		2: {LifeKilobytes, "kilobytes"},
	})
	pinned(t, map[EncapsulationMode]pin[EncapsulationMode]{
		1:     {EncapTunnel, "tunnel"},
		2:     {EncapTransport, "transport"},
		3:     {EncapUDPTunnel, "udp-tunnel"},
		4:     {EncapUDPTransport, "udp-transport"},
		61443: {EncapUDPTunnelDraft, "udp-tunnel-draft"},
		61444: {EncapUDPTransportDraft, "udp-transport-draft"},
	})
	pinned(t, map[Authentication]pin[Authentication]{
		1:  {HMACMD5, "hmac-md5"},
		2:  {HMACSHA1, "hmac-sha1"},
		3:  {DESMAC, "des-mac"},
		4:  {KPDK, "kpdk"},
		5:  {HMACSHA256, "hmac-sha2-256"},
		6:  {HMACSHA384, "hmac-sha2-384"},
		7:  {HMACSHA512, "hmac-sha2-512"},
		8:  {HMACRIPEMD, "hmac-ripemd"},
		9:  {AESXCBCMAC, "aes-xcbc-mac"},
		11: {AES128GMAC, "aes-128-gmac"},
		12: {AES192GMAC, "aes-192-gmac"},
		13: {AES256GMAC, "aes-256-gmac"},
	})
	pinned(t, map[ESN]pin[ESN]{
		1: {ESN64, "esn"},
	})
	pinned(t, map[ESPTransform]pin[ESPTransform]{
		1:  {ESPDESIV64, "des-iv64"},
		2:  {ESPDES, "des-cbc"},
		3:  {ESP3DES, "3des-cbc"},
		6:  {ESPCAST, "cast-cbc"},
		7:  {ESPBlowfish, "blowfish-cbc"},
		11: {ESPNull, "null"},
		12: {ESPAESCBC, "aes-cbc"},
		13: {ESPAESCTR, "aes-ctr"},
		14: {ESPAESCCM8, "aes-ccm8"},
		15: {ESPAESCCM12, "aes-ccm12"},
		16: {ESPAESCCM16, "aes-ccm16"},
		18: {ESPAESGCM8, "aes-gcm8"},
		19: {ESPAESGCM12, "aes-gcm12"},
		20: {ESPAESGCM16, "aes-gcm16"},
		22: {ESPCamellia, "camellia-cbc"},
		23: {ESPNullGMAC, "null-gmac"},
	})
	pinned(t, map[AHTransform]pin[AHTransform]{
		2:  {AHMD5, "md5"},
		3:  {AHSHA1, "sha"},
		4:  {AHDES, "des"},
		5:  {AHSHA256, "sha2-256"},
		6:  {AHSHA384, "sha2-384"},
		7:  {AHSHA512, "sha2-512"},
		9:  {AHAESXCBC, "aes-xcbc"},
		11: {AHAES128GMAC, "aes-128-gmac"},
		12: {AHAES192GMAC, "aes-192-gmac"},
		13: {AHAES256GMAC, "aes-256-gmac"},
	})
	pinned(t, map[IPCompTransform]pin[IPCompTransform]{
		1: {IPCompOUI, "oui"},
		2: {IPCompDeflate, "deflate"},
		3: {IPCompLZS, "lzs"},
	})
	pinned(t, map[IDType]pin[IDType]{
		1:  {IDIPv4Addr, "ipv4"},
		2:  {IDFQDN, "fqdn"},
		3:  {IDUserFQDN, "user-fqdn"},
		4:  {IDIPv4Subnet, "ipv4-subnet"},
		5:  {IDIPv6Addr, "ipv6"},
		6:  {IDIPv6Subnet, "ipv6-subnet"},
		7:  {IDIPv4Range, "ipv4-range"},
		8:  {IDIPv6Range, "ipv6-range"},
		9:  {IDDERASN1DN, "dn"},
		10: {IDDERASN1GN, "gn"},
		11: {IDKeyID, "key-id"},
	})
	pinned(t, map[CfgType]pin[CfgType]{
		1: {CfgRequest, "request"},
		2: {CfgReply, "reply"},
		3: {CfgSet, "set"},
		4: {CfgAck, "ack"},
	})
	pinned(t, map[CfgAttributeType]pin[CfgAttributeType]{
		1:     {CfgIP4Address, "ip4-address"},
		2:     {CfgIP4Netmask, "ip4-netmask"},
		3:     {CfgIP4DNS, "ip4-dns"},
		4:     {CfgIP4NBNS, "ip4-nbns"},
		5:     {CfgAddressExpiry, "address-expiry"},
		6:     {CfgIP4DHCP, "ip4-dhcp"},
		7:     {CfgApplicationVersion, "application-version"},
		8:     {CfgIP6Address, "ip6-address"},
		9:     {CfgIP6Netmask, "ip6-netmask"},
		10:    {CfgIP6DNS, "ip6-dns"},
		11:    {CfgIP6NBNS, "ip6-nbns"},
		12:    {CfgIP6DHCP, "ip6-dhcp"},
		13:    {CfgIP4Subnet, "ip4-subnet"},
		14:    {CfgSupportedAttributes, "supported-attributes"},
		15:    {CfgIP6Subnet, "ip6-subnet"},
		16520: {XAUTHType, "xauth-type"},
		16521: {XAUTHUserName, "xauth-user-name"},
		16522: {XAUTHUserPassword, "xauth-user-password"},
		16523: {XAUTHPasscode, "xauth-passcode"},
		16524: {XAUTHMessage, "xauth-message"},
		16525: {XAUTHChallenge, "xauth-challenge"},
		16526: {XAUTHDomain, "xauth-domain"},
		16527: {XAUTHStatus, "xauth-status"},
		16528: {XAUTHNextPIN, "xauth-next-pin"},
		16529: {XAUTHAnswer, "xauth-answer"},
		28672: {UnityBanner, "unity-banner"},
		28673: {UnitySavePassword, "unity-save-password"},
		28674: {UnityDefaultDomain, "unity-default-domain"},
		28675: {UnitySplitDNS, "unity-split-dns"},
		28676: {UnitySplitInclude, "unity-split-include"},
		28677: {UnityNATTPort, "unity-natt-port"},
		28678: {UnityLocalLAN, "unity-local-lan"},
		28679: {UnityPFS, "unity-pfs"},
		28680: {UnityFirewallType, "unity-firewall-type"},
		28681: {UnityBackupServers, "unity-backup-servers"},
		28682: {UnityDDNSHostname, "unity-ddns-hostname"},
	})
	pinned(t, map[XAUTHMethod]pin[XAUTHMethod]{
		0: {XAUTHGeneric, "generic"},
		1: {XAUTHCHAP, "chap"},
		2: {XAUTHOTP, "otp"},
		3: {XAUTHSKEY, "s/key"},
	})
	pinned(t, map[CertEncoding]pin[CertEncoding]{
		1:  {CertPKCS7, "pkcs7"},
		4:  {CertX509Signature, "x509-signature"},
		5:  {CertX509KeyExchange, "x509-key-exchange"},
		7:  {CertCRL, "crl"},
		8:  {CertARL, "arl"},
		10: {CertAttribute, "x509-attribute"},
	})
	pinned(t, map[NotifyType]pin[NotifyType]{
		1:     {InvalidPayloadType, "INVALID-PAYLOAD-TYPE"},
		2:     {DOINotSupported, "DOI-NOT-SUPPORTED"},
		3:     {SituationNotSupported, "SITUATION-NOT-SUPPORTED"},
		4:     {InvalidCookie, "INVALID-COOKIE"},
		5:     {InvalidMajorVersion, "INVALID-MAJOR-VERSION"},
		6:     {InvalidMinorVersion, "INVALID-MINOR-VERSION"},
		7:     {InvalidExchangeType, "INVALID-EXCHANGE-TYPE"},
		8:     {InvalidFlags, "INVALID-FLAGS"},
		9:     {InvalidMessageID, "INVALID-MESSAGE-ID"},
		10:    {InvalidProtocolID, "INVALID-PROTOCOL-ID"},
		11:    {InvalidSPI, "INVALID-SPI"},
		12:    {InvalidTransformID, "INVALID-TRANSFORM-ID"},
		13:    {AttributesNotSupported, "ATTRIBUTES-NOT-SUPPORTED"},
		14:    {NoProposalChosen, "NO-PROPOSAL-CHOSEN"},
		15:    {BadProposalSyntax, "BAD-PROPOSAL-SYNTAX"},
		16:    {PayloadMalformed, "PAYLOAD-MALFORMED"},
		17:    {InvalidKeyInformation, "INVALID-KEY-INFORMATION"},
		18:    {InvalidIDInformation, "INVALID-ID-INFORMATION"},
		19:    {InvalidCertEncoding, "INVALID-CERT-ENCODING"},
		20:    {InvalidCertificate, "INVALID-CERTIFICATE"},
		21:    {CertTypeUnsupported, "CERT-TYPE-UNSUPPORTED"},
		22:    {InvalidCertAuthority, "INVALID-CERT-AUTHORITY"},
		23:    {InvalidHashInformation, "INVALID-HASH-INFORMATION"},
		24:    {AuthenticationFailed, "AUTHENTICATION-FAILED"},
		25:    {InvalidSignature, "INVALID-SIGNATURE"},
		26:    {AddressNotification, "ADDRESS-NOTIFICATION"},
		27:    {NotifySALifetime, "NOTIFY-SA-LIFETIME"},
		28:    {CertificateUnavailable, "CERTIFICATE-UNAVAILABLE"},
		29:    {UnsupportedExchangeType, "UNSUPPORTED-EXCHANGE-TYPE"},
		30:    {UnequalPayloadLengths, "UNEQUAL-PAYLOAD-LENGTHS"},
		16384: {Connected, "CONNECTED"},
		24576: {ResponderLifetime, "RESPONDER-LIFETIME"},
		24577: {ReplayStatus, "REPLAY-STATUS"},
		24578: {InitialContact, "INITIAL-CONTACT"},
		32768: {Heartbeat, "HEARTBEAT"},
		36136: {RUThere, "R-U-THERE"},
		36137: {RUThereAck, "R-U-THERE-ACK"},
		40501: {UnityLoadBalance, "UNITY-LOAD-BALANCE"},
	})
}

// A pin is a constant and its name.
type pin[T any] struct {
	constant T
	name     string
}

func pinned[T interface {
	~uint8 | ~uint16
	String() string
}](t *testing.T, pins map[T]pin[T]) {
	t.Helper()
	for number, p := range pins {
		if p.constant != number || number.String() != p.name {
			t.Errorf("%T %s is %d and prints %q, want %d and %q", number, p.name, uint64(p.constant), number.String(), uint64(number), p.name)
		}
	}
}
