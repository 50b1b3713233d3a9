package acl

import "strconv"

// The IP protocols that have ports.
const (
	TCP = 6
	UDP = 17
)

// protocolNames are the words for protocols in rules, in the order of their help.
var protocolNames = []struct {
	protocol uint8
	name     string
}{
	{0, "ip"}, {1, "icmp"}, {2, "igmp"}, {4, "ipinip"}, {TCP, "tcp"}, {UDP, "udp"},
	{47, "gre"}, {50, "esp"}, {51, "ah"}, {89, "ospf"},
}

// ProtocolName returns the protocol's word in a rule, or its number if it has
// none. 0 is "ip".
func ProtocolName(protocol uint8) string {
	for _, p := range protocolNames {
		if p.protocol == protocol {
			return p.name
		}
	}
	return strconv.Itoa(int(protocol))
}

// ParseProtocol reads a protocol's word or number, 0 to 255.
func ParseProtocol(text string) (uint8, bool) {
	for _, p := range protocolNames {
		if p.name == text {
			return p.protocol, true
		}
	}
	n, err := strconv.ParseUint(text, 10, 8)
	return uint8(n), err == nil
}

// ProtocolNames lists the words that ParseProtocol knows.
func ProtocolNames() []string {
	words := make([]string, len(protocolNames))
	for i, p := range protocolNames {
		words[i] = p.name
	}
	return words
}

// portNames are the words for ports in rules. Port 53 has one for each protocol.
var portNames = []struct {
	protocol uint8
	port     uint16
	name     string
}{
	{TCP, 21, "ftp"}, {TCP, 22, "ssh"}, {TCP, 23, "telnet"}, {TCP, 53, "domain"}, {TCP, 80, "www"},
	{UDP, 53, "dns"}, {UDP, 67, "bootps"}, {UDP, 123, "ntp"}, {UDP, 161, "snmp"},
}

// PortName returns the port's word in a rule for that protocol, and false if it
// has none.
func PortName(protocol uint8, port uint16) (string, bool) {
	for _, p := range portNames {
		if p.protocol == protocol && p.port == port {
			return p.name, true
		}
	}
	return "", false
}

// ParsePort reads a port's number, 0 to 65535, or its word. Each word is
// understood with both protocols.
func ParsePort(text string) (uint16, bool) {
	for _, p := range portNames {
		if p.name == text {
			return p.port, true
		}
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return uint16(n), err == nil
}
