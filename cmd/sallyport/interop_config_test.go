package main_test

import (
	"fmt"
	"strings"
	"testing"
)

// interopKey is the pre-shared key of every interop test that wants it right.
const interopKey = "Interop-Key@2026"

// A suite is the algorithms of one tunnel, in the words of the command line;
// commas stand between several in one command.
type suite struct {
	ike string // encryption, hash and group, such as "aes-128 sha1 group14"
	esp string // encryption and hash, such as "aes-128 sha1"; "null" is none; no hash with GCM
	pfs string // such as dh-group14; empty: none
}

// plain is the suite of the tests that are about something else.
var plain = suite{ike: "aes-128 sha1 group14", esp: "aes-128 sha1"}

// A gateway is one end's configuration.
type gateway struct {
	name     string
	lan, wan string // addresses of the two ports
	peer     string // the other gateway
	nextHop  string // to peer and far; empty: peer
	far      string // network behind the peer, a /24
	rules    string // of the ACL, one a line; empty: all between the two networks
	key      string // empty: interopKey
	extra    string // sub-command of the ipsec policy; empty: none
	phase1   string // sub-command of the ike proposal; empty: default
}

// near is the network behind the gateway.
func (g gateway) near() string { return g.lan[:strings.LastIndexByte(g.lan, '.')] + ".0" }

// config returns the start-up configuration of the gateway, as an operator
// would paste it.
func (g gateway) config(s suite) string {
	return g.acl() + ikeProposal(s, g.phase1) + g.ikePeer() + ipsecProposal(s) + g.policy(s) + g.network() + "return\n"
}

func (g gateway) acl() string {
	rules := g.rules
	if rules == "" {
		rules = fmt.Sprintf("rule 5 permit ip source %s 0.0.0.255 destination %s 0.0.0.255", g.near(), g.far)
	}
	return fmt.Sprintf("sysname %s\n#\nacl number 3000\n %s\n#\n", g.name, strings.ReplaceAll(rules, "\n", "\n "))
}

func ikeProposal(s suite, lifetime string) string {
	words := strings.Fields(s.ike)
	return join("ike proposal 10",
		"encryption-algorithm "+spaced(words[0]),
		"dh "+words[2],
		"authentication-algorithm "+spaced(words[1]),
		"authentication-method pre-share",
		lifetime)
}

func (g gateway) ikePeer() string {
	key := g.key
	if key == "" {
		key = interopKey
	}
	return join("ike peer far", "undo version 2", "exchange-mode main", "pre-shared-key "+key,
		"ike-proposal 10", "remote-address "+g.peer)
}

func ipsecProposal(s suite) string {
	encryption, hash, _ := strings.Cut(s.esp, " ")
	lines := []string{"ipsec proposal a", "transform esp", "encapsulation-mode tunnel"}
	if hash != "" {
		lines = append(lines, "esp authentication-algorithm "+spaced(hash))
	}
	if encryption == "null" {
		return join(append(lines, "undo esp encryption-algorithm")...)
	}
	return join(append(lines, "esp encryption-algorithm "+spaced(encryption))...)
}

func (g gateway) policy(s suite) string {
	pfs := ""
	if s.pfs != "" {
		pfs = "pfs " + s.pfs
	}
	return join("ipsec policy policy1 1 isakmp", "security acl 3000", pfs, "ike-peer far", "proposal a", g.extra)
}

func (g gateway) network() string {
	hop := g.nextHop
	if hop == "" {
		hop = g.peer
	}
	text := join("interface GigabitEthernet0/0/1", "ip address "+g.lan+" 255.255.255.0") +
		join("interface GigabitEthernet0/0/2", "ip address "+g.wan+" 255.255.255.0", "ipsec policy policy1") +
		"ip route-static " + g.far + " 255.255.255.0 " + hop + "\n"
	if hop != g.peer {
		text += "ip route-static " + g.peer + " 255.255.255.255 " + hop + "\n"
	}
	return text + "#\n"
}

// join writes a view's first line and the commands in it; empty ones are left
// out.
func join(lines ...string) string {
	var b strings.Builder
	for i, line := range lines {
		switch {
		case line == "":
		case i == 0:
			b.WriteString(line + "\n")
		default:
			b.WriteString(" " + line + "\n")
		}
	}
	return b.String() + "#\n"
}

func spaced(list string) string {
	return strings.ReplaceAll(list, ",", " ")
}

func TestGatewayConfig(t *testing.T) {
	g := gateway{name: "FW", lan: "10.1.0.254", wan: "192.0.2.1", peer: "192.0.2.2", far: "10.2.0.0"}
	got := g.config(suite{ike: "aes-256,aes-128 sha1 group14", esp: "aes-128-gcm-128", pfs: "dh-group19"})
	for _, want := range []string{
		"\n rule 5 permit ip source 10.1.0.0 0.0.0.255 destination 10.2.0.0 0.0.0.255\n",
		"\n encryption-algorithm aes-256 aes-128\n dh group14\n authentication-algorithm sha1\n",
		"\n esp encryption-algorithm aes-128-gcm-128\n#\n",
		"\n pfs dh-group19\n",
		"\nip route-static 10.2.0.0 255.255.255.0 192.0.2.2\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("config lacks %q:\n%s", want, got)
		}
	}
}
