package wire

import (
	"fmt"
	"strings"
)

// cfgTexts prints the values that may be seen, by type. What is in no row is not
// printed: it may be a secret of a peer's own invention.
var cfgTexts = map[CfgAttributeType]func(CfgAttribute) string{
	CfgIP4Address: addrText, CfgIP4Netmask: addrText, CfgIP4DNS: addrText, CfgIP4NBNS: addrText, CfgIP4DHCP: addrText,
	CfgIP6Address: addrText, CfgIP6Netmask: addrText, CfgIP6DNS: addrText, CfgIP6NBNS: addrText, CfgIP6DHCP: addrText,
	CfgIP4Subnet: prefixText, CfgIP6Subnet: prefixText,
	CfgAddressExpiry: numberText, CfgApplicationVersion: plainText, CfgSupportedAttributes: octetsText,
	XAUTHType: numberText, XAUTHStatus: numberText, XAUTHUserName: plainText, XAUTHDomain: plainText,
	XAUTHMessage: plainText, XAUTHChallenge: octetsText,
	XAUTHUserPassword: hiddenText, XAUTHPasscode: hiddenText, XAUTHNextPIN: hiddenText, XAUTHAnswer: hiddenText,
	UnityBanner: plainText, UnityDefaultDomain: plainText, UnitySplitDNS: plainText, UnityBackupServers: plainText,
	UnityDDNSHostname: plainText, UnitySavePassword: numberText, UnityNATTPort: numberText, UnityPFS: numberText,
	UnityFirewallType: octetsText, UnitySplitInclude: splitText, UnityLocalLAN: splitText,
}

// String returns, for example, "ip4-address=10.3.0.1", "xauth-user-password=******",
// the name alone if the value is empty, or the number of an unknown type and the
// length of its value, for example "28690[4]".
func (c CfgAttribute) String() string {
	text := cfgTexts[c.Type]
	switch {
	case len(c.Value) == 0:
		return c.Type.String()
	case text == nil:
		return fmt.Sprintf("%v[%d]", c.Type, len(c.Value))
	}
	return c.Type.String() + "=" + text(c)
}

func hiddenText(c CfgAttribute) string { return fmt.Sprint(c.Value) } // secret.Octets print as asterisks

func plainText(c CfgAttribute) string { return Printable(c.Value) }

func octetsText(c CfgAttribute) string { return "0x" + hexText(c.Value) }

func numberText(c CfgAttribute) string { return c.attribute().text() }

func addrText(c CfgAttribute) string {
	if a, err := c.Addr(); err == nil {
		return a.String()
	}
	return octetsText(c)
}

func prefixText(c CfgAttribute) string {
	if p, err := c.Prefix(); err == nil {
		return p.String()
	}
	return octetsText(c)
}

// splitText prints the subnets alone, with protocol and ports where they narrow.
func splitText(c CfgAttribute) string {
	list, err := c.Splits()
	if err != nil {
		return octetsText(c)
	}
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = s.Prefix.String()
		if s.Protocol != 0 || s.SourcePort != 0 || s.DestinationPort != 0 {
			words[i] += fmt.Sprintf(":%d/%d-%d", s.Protocol, s.SourcePort, s.DestinationPort)
		}
	}
	return strings.Join(words, ",")
}
