package kind

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"sallyport/acl"
	"sallyport/commands/grammar"
)

const addressHint = "IP_ADDR<X.X.X.X>"

// Address is the IPv4 address of one host.
func Address() grammar.Kind[netip.Addr] {
	return grammar.Kind[netip.Addr]{
		Hints: []grammar.Hint{{Text: addressHint}},
		Read: func(words []string) (netip.Addr, int, bool) {
			a, ok := hostAddress(words[0])
			return a, oneIf(ok), ok
		},
		Write: func(a netip.Addr) string {
			if !a.IsValid() {
				return ""
			}
			return a.String()
		},
	}
}

// hostAddress reads an address that a host can have.
func hostAddress(text string) (netip.Addr, bool) {
	a, ok := address(text)
	return a, ok && !a.IsUnspecified() && !a.IsMulticast() && a.As4()[0] < 240
}

func address(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	return a, err == nil && a.Is4()
}

// HostPrefix is the address of an interface and its mask, dotted or as a length.
func HostPrefix() grammar.Kind[netip.Prefix] {
	return prefix("IP address", hostAddress, func(p netip.Prefix) netip.Prefix { return p })
}

// Network is an address and a mask, dotted or as a length. Host bits are cut off.
func Network() grammar.Kind[netip.Prefix] {
	return prefix("Destination IP address", address, netip.Prefix.Masked)
}

func prefix(help string, read func(string) (netip.Addr, bool), finish func(netip.Prefix) netip.Prefix) grammar.Kind[netip.Prefix] {
	return grammar.Kind[netip.Prefix]{
		Hints: []grammar.Hint{
			{Text: addressHint, Help: help},
			{Text: addressHint + "/INTEGER<0-32>", Help: "Mask, or its length"},
		},
		Read: func(words []string) (netip.Prefix, int, bool) {
			a, ok := read(words[0])
			if !ok || len(words) == 1 {
				return netip.Prefix{}, 2 * oneIf(ok), ok
			}
			length, ok := maskLength(words[1])
			return finish(netip.PrefixFrom(a, length)), 1 + oneIf(ok), ok
		},
		Write: writePrefix,
	}
}

// maskLength reads a mask: its length, or four numbers with dots.
func maskLength(text string) (int, bool) {
	if n, ok := number(text, 0, 32); ok {
		return int(n), true
	}
	a, ok := address(text)
	if !ok {
		return 0, false
	}
	mask := toWord(a)
	n := bits.LeadingZeros32(^mask)
	return n, mask<<n == 0
}

func toWord(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func writePrefix(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	mask := ^uint32(0) << (32 - p.Bits())
	if p.Bits() == 0 {
		mask = 0
	}
	return p.Addr().String() + " " + netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, mask))).String()
}

// Wildcard is an address and the bits of it that do not count, or any.
func Wildcard(of string) grammar.Kind[acl.Wildcard] {
	return grammar.Kind[acl.Wildcard]{
		Hints: []grammar.Hint{
			{Text: addressHint, Help: "Address of " + of},
			{Text: addressHint, Help: "Wildcard of " + of},
		},
		Words: []grammar.Word[acl.Wildcard]{{Text: "any", Help: "Any address", Value: acl.Wildcard{}}},
		Read: func(words []string) (acl.Wildcard, int, bool) {
			a, ok := address(words[0])
			if !ok || len(words) == 1 {
				return acl.Wildcard{}, 2 * oneIf(ok), ok
			}
			inverse, err := acl.ParseInverse(words[1])
			return acl.NewWildcard(a, inverse), 1 + oneIf(err == nil), err == nil
		},
		Write: func(w acl.Wildcard) string {
			if w.Any() {
				return ""
			}
			return w.String()
		},
	}
}

// Host is an address and the wildcard 0, which [Wildcard] reads as well: the help of
// the two together lists both ways to go on. It writes nothing.
func Host(of string) grammar.Kind[acl.Wildcard] {
	whole := Wildcard(of)
	return grammar.Kind[acl.Wildcard]{
		Hints: []grammar.Hint{whole.Hints[0], {Text: "0", Help: "Wildcard bits : 0.0.0.0 ( a host )"}},
		Read: func(words []string) (acl.Wildcard, int, bool) {
			w, used, ok := whole.Read(words)
			if ok && len(words) > 1 && words[1] != "0" {
				return acl.Wildcard{}, 1, false
			}
			return w, used, ok
		},
		Write: func(acl.Wildcard) string { return "" },
	}
}

// Ports is a port condition of a rule for that protocol: an operator and one or
// two ports.
func Ports(protocol uint8) grammar.Kind[acl.Ports] {
	return grammar.Kind[acl.Ports]{
		Hints: []grammar.Hint{
			{Text: "OPERATOR<eq,gt,lt,neq,range>"},
			{Text: "INTEGER<0-65535>/NAME", Help: "Port"},
			{Text: "INTEGER<0-65535>/NAME", Help: "Last port of the range"},
		},
		Read:  readPorts,
		Write: func(p acl.Ports) string { return p.Text(protocol) },
	}
}

var portOps = map[string]acl.PortOp{
	"eq": acl.Eq, "gt": acl.Gt, "lt": acl.Lt, "neq": acl.Neq, "range": acl.Range,
}

func readPorts(words []string) (p acl.Ports, used int, ok bool) {
	p.Op, ok = portOps[words[0]]
	ports := []*uint16{&p.Low}
	if p.Op == acl.Range {
		ports = append(ports, &p.High)
	}
	for i := 0; i < len(ports) && ok; i++ {
		if used++; used == len(words) {
			return p, len(ports) + 1, true
		}
		*ports[i], ok = acl.ParsePort(words[used])
	}
	if !ok || p.Op == acl.Range && p.Low > p.High {
		return p, used, false
	}
	return p, used + 1, true
}

// OneProtocol is one IP protocol, by its word or number.
func OneProtocol(protocol uint8) grammar.Kind[uint8] {
	return protocols(func(p uint8) bool { return p == protocol })
}

// Protocol is an IP protocol other than TCP and UDP, by word or number.
func Protocol() grammar.Kind[uint8] {
	return protocols(func(p uint8) bool { return p != acl.TCP && p != acl.UDP })
}

func protocols(fits func(uint8) bool) grammar.Kind[uint8] {
	k := grammar.Kind[uint8]{
		Hints: []grammar.Hint{{Text: "<1-255>", Help: "Protocol number"}},
		Read: func(words []string) (uint8, int, bool) {
			n, ok := number(words[0], 0, 255)
			ok = ok && fits(uint8(n))
			return uint8(n), oneIf(ok), ok
		},
		Write: func(p uint8) string {
			if !fits(p) {
				return ""
			}
			return acl.ProtocolName(p)
		},
	}
	for _, name := range acl.ProtocolNames() {
		if p, _ := acl.ParseProtocol(name); fits(p) {
			k.Words = append(k.Words, grammar.Word[uint8]{Text: name, Help: protocolHelps[name], Value: p})
		}
	}
	return k
}

// protocolHelps are VRP's texts, with a blank before the number where it has one.
var protocolHelps = map[string]string{
	"ah":     "Authentication Header(51)",
	"esp":    "Encapsulating Security Payload(50)",
	"gre":    "GRE tunneling(47)",
	"icmp":   "Internet Control Message Protocol(1)",
	"igmp":   "Internet Group Management Protocol(2)",
	"ip":     "Any IP protocol",
	"ipinip": "IP in IP tunneling(4)",
	"ospf":   "OSPF routing protocol(89)",
	"tcp":    "Transmission Control Protocol (6)",
	"udp":    "User Datagram Protocol (17)",
}
