package commands

import (
	"fmt"
	"strings"
	"testing"
)

// TestRefusals has a line that another line made wrong, or right again. All is
// typed in one script, since a script keeps indexes that a single line does not.
func TestRefusals(t *testing.T) {
	for _, test := range []struct{ name, lines, want string }{
		{"an address of another peer", "ike peer a\n remote-address 192.0.2.1\nike peer b\n remote-address 192.0.2.1",
			"The remote address is already used by IKE peer a."},
		{"the peer's own address again", "ike peer a\n remote-address 192.0.2.1\n remote-address 192.0.2.1", ""},
		{"an address that the peer has left", "ike peer a\n remote-address 192.0.2.1\n remote-address 192.0.2.2\n undo remote-address 192.0.2.1\nike peer b\n remote-address 192.0.2.1", ""},
		{"and the one it went to", "ike peer a\n remote-address 192.0.2.1\n remote-address 192.0.2.2\nike peer b\n remote-address 192.0.2.2",
			"The remote address is already used by IKE peer a."},
		{"an address that was undone", "ike peer a\n remote-address 192.0.2.1\n undo remote-address\nike peer b\n remote-address 192.0.2.1", ""},
		{"an address of a peer that was deleted", "ike peer a\n remote-address 192.0.2.1\nundo ike peer a\nike peer b\n remote-address 192.0.2.1", ""},
		{"a peer made again", "ike peer a\n remote-address 192.0.2.1\nundo ike peer a\nike peer a\n remote-address 192.0.2.1", ""},
		{"an address after a refusal", "ike peer a\n remote-address 192.0.2.1\nike peer b\n remote-address 192.0.2.2\nike peer a\n remote-address 192.0.2.2\nike peer c\n remote-address 192.0.2.1",
			"The remote address is already used by IKE peer b.\nThe remote address is already used by IKE peer a."},
		{"a backup of another peer", "ike peer a\n remote-address 192.0.2.1\n remote-address 192.0.2.2\nike peer b\n remote-address 192.0.2.2",
			"The remote address is already used by IKE peer a."},
		{"addresses inside a range", "ike peer a\n remote-address 192.0.2.1 192.0.2.9\nike peer b\n remote-address 192.0.2.5\nike peer c\n remote-address 192.0.2.4 192.0.2.20", ""},
		{"a range of one address", "ike peer a\n remote-address 192.0.2.1 192.0.2.1\nike peer b\n remote-address 192.0.2.1",
			"The remote address is already used by IKE peer a."},
		{"an address that became a range", "ike peer a\n remote-address 192.0.2.1\n remote-address 192.0.2.1 192.0.2.9\nike peer b\n remote-address 192.0.2.1", ""},
		{"a host of another peer", "ike peer a\n remote-address host-name Hub.example\nike peer b\n remote-domain hub.EXAMPLE",
			"The host name is already used by IKE peer a."},
		{"a host that a peer has left", "ike peer a\n remote-address host-name hub\n undo remote-address\n remote-address 192.0.2.1\nike peer b\n remote-address host-name hub", ""},
		{"an address beside a host", "ike peer a\n remote-address host-name hub\n remote-address 192.0.2.1",
			"The IKE peer has remote-address host-name hub already, undo remote-address host-name hub first."},
		{"a host beside an address", "ike peer a\n remote-address 192.0.2.1\n remote-domain hub",
			"The IKE peer has remote-address 192.0.2.1 already, undo remote-address 192.0.2.1 first."},
		{"a host beside a range", "ike peer a\n remote-address 192.0.2.1 192.0.2.9\n remote-address host-name hub",
			"The IKE peer has remote-address 192.0.2.1 192.0.2.9 already, undo remote-address 192.0.2.1 192.0.2.9 first."},
		{"another host", "ike peer a\n remote-address host-name hub\n remote-address host-name spoke\nike peer b\n remote-address host-name hub", ""},
		{"an identity that is no DN", "ike peer a\n local-id-type dn\n local-id hq.example\n remote-id-type dn\n remote-id hq.example",
			"The local-id \"hq.example\" is no distinguished name such as /C=DE/O=Example/CN=hq: that comes before local-id-type dn.\n" +
				"The remote-id \"hq.example\" is no distinguished name such as /C=DE/O=Example/CN=hq: that comes before remote-id-type dn."},
		{"an identity that is no DN, and then the type", "ike peer a\n local-id hq.example\n local-id-type dn\n remote-id hq.example\n remote-id-type dn",
			"The local-id \"hq.example\" is no distinguished name such as /C=DE/O=Example/CN=hq: that comes before local-id-type dn.\n" +
				"The remote-id \"hq.example\" is no distinguished name such as /C=DE/O=Example/CN=hq: that comes before remote-id-type dn."},
		{"a DN before its type", "ike peer a\n local-id /CN=hq\n local-id-type dn\n undo local-id\n remote-id-type dn", ""},
		{"a user without an ID", "ike user-table 1\n user a\n  id-type fqdn", "id-type fqdn wants the ID after it."},
		{"a range for a policy", "ike peer a\n remote-address 192.0.2.1 192.0.2.9\nipsec policy p 1 isakmp\n ike-peer a",
			"The IKE peer has a range of addresses, which only a policy template can have."},
		{"a policy's peer that becomes a range", "ike peer a\n remote-address 192.0.2.1\nipsec policy p 1 isakmp\n ike-peer a\nike peer a\n remote-address 192.0.2.1 192.0.2.9\n remote-address 192.0.2.2\n undo remote-address 192.0.2.1\n undo remote-address 192.0.2.2",
			"The IKE peer is being used by IPSec policy p 1.\nThe IKE peer is being used by IPSec policy p 1."},
		{"a profile's peer that is nowhere", "ike peer a\n remote-address host-name hub\nipsec profile p\n ike-peer a\nike peer a\n undo remote-address",
			"The IKE peer is being used by IPSec profile p."},
		{"a ninth address", ninth(), "An IKE peer can have up to 8 addresses."},
		{"a range backwards", "ike peer a\n remote-address 192.0.2.9 192.0.2.1\n remote-address authentication-address 10.0.0.2 10.0.0.1",
			"The range of addresses ends before it begins: 192.0.2.1 is lower than 192.0.2.9.\nThe range of addresses ends before it begins: 10.0.0.1 is lower than 10.0.0.2."},
		{"a password of another box", "ike peer a\n client-authentication xauth user u password %^%#xx%^%#", "The stored key cannot be used: it was sealed by another box."},

		{"thirteen proposals", thirteen(), "A policy can have up to 12 proposals."},
		{"a proposal of the policy that is not there", "ipsec proposal a\nipsec policy p 1 isakmp\n proposal a\n undo proposal b",
			"The delete configuration does not exist."},
		{"a proposal taken off", "ipsec proposal a\nipsec policy p 1 isakmp\n proposal a\n undo proposal a\nundo ipsec proposal a", ""},

		{"the address of a network", "interface eth1\n ip address 10.99.0.0 24", "The specified IP address is invalid."},
		{"a broadcast address", "interface eth1\n ip address 10.99.0.255 24", "The specified IP address is invalid."},
		{"a further address of a network", "interface eth1\n ip address 10.99.0.1 24\n ip address 10.98.0.0 255.255.0.0 sub", "The specified IP address is invalid."},
		{"zeros and ones inside the network", "interface eth1\n ip address 10.99.0.0 23\n ip address 10.99.1.0 23\ninterface eth2\n ip address 10.98.0.255 23",
			"The specified IP address is invalid."},
		{"the least network with a broadcast address", "interface eth1\n ip address 10.99.0.3 30\n ip address 10.99.0.2 30", "The specified IP address is invalid."},
		{"the two addresses of a link", "interface eth1\n ip address 10.99.0.0 31\ninterface eth2\n ip address 10.99.0.3 31", ""},
		{"a host alone", "interface eth1\n ip address 10.99.0.0 32\ninterface eth2\n ip address 10.99.0.255 32", ""},
		{"the host's own network", "interface eth1\n ip address 127.0.0.1 8", "The specified IP address is invalid."},
		{"the host itself", "interface eth1\n ip address 127.0.0.1 32\n ip address 192.0.2.1 24\n ip address 127.3.2.1 32 sub",
			"The specified IP address is invalid.\nThe specified IP address is invalid."},
		{"the Internet as one network", "interface eth1\n ip address 10.99.0.0 0", ""},
		{"a secondary address that is the primary", "interface eth1\n ip address 10.0.0.1 24\n ip address 10.0.0.1 24 sub",
			"The address conflicts with that of interface eth1."},
		{"a primary address that is secondary", "interface eth1\n ip address 10.0.0.1 24\n ip address 10.0.0.2 24 sub\n ip address 10.0.0.2 24",
			"The address conflicts with that of interface eth1."},
		{"a secondary address again", "interface eth1\n ip address 10.0.0.1 24\n ip address 10.0.0.2 24 sub\n ip address 10.0.0.2 24 sub", ""},
		{"a larger network of another interface", "interface eth1\n ip address 10.0.0.1 24\ninterface eth2\n ip address 10.1.1.1 8",
			"The address conflicts with that of interface eth1."},
		{"the next network", "interface eth1\n ip address 10.0.0.1 24\ninterface eth2\n ip address 10.0.1.1 24", ""},
		{"an address that was undone on another interface", "interface eth1\n ip address 10.0.0.1 24\n undo ip address\ninterface eth2\n ip address 10.0.0.1 24", ""},
		{"undo of a secondary address as primary", "interface eth1\n ip address 10.0.0.1 24\n ip address 10.0.1.1 24 sub\n undo ip address 10.0.1.1 24",
			"The delete configuration does not exist."},

		{"a tunnel to the box itself", "interface eth1\n ip address 192.0.2.1 24\nipsec policy m 1 manual\n tunnel remote 192.0.2.1",
			"The tunnel remote 192.0.2.1 is the address of interface eth1, not of a peer."},
		{"a tunnel to no host", "ipsec policy m 1 manual\n tunnel remote 127.0.0.2\n tunnel remote 224.0.0.5\n tunnel remote 0.0.0.0\n tunnel remote 255.255.255.255",
			"The tunnel remote 127.0.0.2 is no address of a peer." + strings.Repeat("\nWrong parameter found at '^' position.", 3)},
		{"a tunnel to a neighbour", "interface eth1\n ip address 192.0.2.1 24\nipsec policy m 1 manual\n tunnel remote 192.0.2.2", ""},

		{"a rule twice", "acl 3000\n rule permit tcp\n rule 77 permit tcp source any", "The rule already exists."},
		{"a rule to itself", "acl 3000\n rule 7 permit tcp\n rule 7 permit tcp", ""},
		{"a rule that becomes another by undo", "acl 3000\n rule permit tcp\n rule permit tcp source 10.0.0.0 0.0.0.255\n undo rule 10 source", "The rule already exists."},
		{"no number left", "acl 3000\n rule 4294967294 permit tcp\n rule permit udp", "There is no number left for the rule."},
		{"a description of no rule", "acl 3000\n rule 5 description x", "The specified rule does not exist."},

		{"the last entry of a group in use", "ipsec policy p 1 isakmp\nipsec policy p 2 isakmp\ninterface eth1\n ipsec policy p\nundo ipsec policy p 2\nundo ipsec policy p 1",
			"The IPSec policy is being used by interface eth1."},
		{"a group of another name", "ipsec policy p 1 isakmp\nipsec policy pp 1 isakmp\ninterface eth1\n ipsec policy p\nquit\nundo ipsec policy pp", ""},
		{"both algorithms off", "ipsec proposal a\n undo esp encryption-algorithm\n undo esp authentication-algorithm",
			"The ESP encryption and authentication algorithms cannot both be empty."},
		{"a basic list", "acl 2000\nipsec policy p 1 isakmp\n security acl 2000", "Wrong parameter found at '^' position."},
		{"a list exchanged", "acl 3000\nacl 3001\nipsec policy p 1 isakmp\n security acl 3000\n undo security acl\n security acl 3001", ""},

		{"algorithms of ESP without it", "ipsec proposal a\n transform ah\n esp encryption-algorithm aes-128\n undo esp authentication-algorithm",
			"The transform of the proposal is ah, which has no ESP.\nThe transform of the proposal is ah, which has no ESP."},
		{"algorithms of AH without it", "ipsec proposal a\n ah authentication-algorithm sha1\n undo ah authentication-algorithm",
			"The transform of the proposal is esp, which has no AH.\nThe transform of the proposal is esp, which has no AH."},
		{"no algorithms under AH", "ipsec proposal a\n transform ah-esp\n undo esp encryption-algorithm\n undo esp authentication-algorithm",
			"The ESP encryption and authentication algorithms cannot both be empty."},
		{"no authentication of ESP under AH", "ipsec proposal a\n transform ah-esp\n undo esp authentication-algorithm", ""},

		{"an inbound SPI twice", "ipsec policy p 1 manual\n sa spi inbound esp 300\nipsec policy q 1 manual\n sa spi inbound esp 300",
			"The inbound ESP SPI 300 is already used by IPSec policy p 1."},
		{"an inbound SPI again", "ipsec policy p 1 manual\n sa spi inbound esp 300\n sa spi inbound esp 300\n sa spi outbound esp 300\n sa spi inbound ah 300", ""},
		{"an SPI that was left", "ipsec policy p 1 manual\n sa spi inbound esp 300\n sa spi inbound esp 301\nipsec policy q 1 manual\n sa spi inbound esp 300\n sa spi inbound esp 301",
			"The inbound ESP SPI 301 is already used by IPSec policy p 1."},
		{"an SPI that was undone", "ipsec policy p 1 manual\n sa spi inbound esp 300\n undo sa spi inbound esp\nipsec policy q 1 manual\n sa spi inbound esp 300", ""},
		{"an SPI of a policy that is gone", "ipsec policy p 1 manual\n sa spi inbound esp 300\nundo ipsec policy p 1\nipsec policy q 1 manual\n sa spi inbound esp 300", ""},
		{"an SPI of a group that is gone", "ipsec policy p 1 manual\n sa spi inbound esp 300\nundo ipsec policy p\nipsec policy q 1 manual\n sa spi inbound esp 300", ""},
		{"an SPI of a group that stays", "ipsec policy p 1 manual\n sa spi inbound esp 300\ninterface eth1\n ipsec policy p\nquit\nundo ipsec policy p\nipsec policy q 1 manual\n sa spi inbound esp 300",
			"The IPSec policy is being used by interface eth1.\nThe inbound ESP SPI 300 is already used by IPSec policy p 1."},
		{"outbound SPIs to two peers", "ipsec policy p 1 manual\n sa spi outbound esp 300\n tunnel remote 192.0.2.1\nipsec policy q 1 manual\n sa spi outbound esp 300\n tunnel remote 192.0.2.2", ""},
		{"outbound SPIs to one peer", "ipsec policy p 1 manual\n sa spi outbound esp 300\n tunnel remote 192.0.2.1\nipsec policy q 1 manual\n tunnel remote 192.0.2.1\n sa spi outbound esp 300",
			"The outbound ESP SPI 300 to 192.0.2.1 is already used by IPSec policy p 1."},
		{"a peer with an outbound SPI", "ipsec policy p 1 manual\n sa spi outbound esp 300\n tunnel remote 192.0.2.1\nipsec policy q 1 manual\n sa spi outbound esp 300\n tunnel remote 192.0.2.1",
			"The outbound ESP SPI 300 to 192.0.2.1 is already used by IPSec policy p 1."},

		{"a mode changed", "ipsec policy p 1 manual\nipsec policy p 1 isakmp\nipsec policy q 1 isakmp\nipsec policy q 1 manual",
			"The mode of an IPSec policy cannot be changed, undo ipsec policy p 1 first.\nThe mode of an IPSec policy cannot be changed, undo ipsec policy q 1 first."},
		{"a manual group on two interfaces", "ipsec policy p 1 isakmp\nipsec policy p 2 manual\ninterface eth1\n ipsec policy p\ninterface eth2\n ipsec policy p",
			"The IPSec policy has a manual entry and is already applied to interface eth1."},
		{"a manual entry for two interfaces", "ipsec policy p 1 isakmp\ninterface eth1\n ipsec policy p\ninterface eth2\n ipsec policy p\nipsec policy p 2 manual",
			"The IPSec policy is applied to several interfaces, a manual one can be applied to one."},
		{"an interface that is not there", "ipsec policy p 1 manual\n tunnel local interface g9/0/0", "No device for interface GigabitEthernet9/0/0, start with --port GigabitEthernet9/0/0=DEVICE."},

		{"a key of another length", "ipsec proposal a\nipsec policy p 1 manual\n proposal a\n sa encryption-hex inbound esp " + digits(16, "00"),
			"The key of sa encryption-hex inbound esp has 32 digits, aes-256 of IPSec proposal a wants 64."},
		{"a proposal for another length", "ipsec proposal a\nipsec policy p 1 manual\n sa authentication-hex outbound esp " + digits(20, "00") + "\n proposal a",
			"The key of sa authentication-hex outbound esp has 40 digits, sha2-256 of IPSec proposal a wants 64."},
		{"a key that nothing wants", "ipsec proposal a\nipsec policy p 1 manual\n proposal a\n sa authentication-hex outbound ah " + digits(20, "00"), ""},
		{"a key of AH", "ipsec proposal a\n transform ah\nipsec policy p 1 manual\n proposal a\n sa authentication-hex outbound ah " + digits(20, "00"),
			"The key of sa authentication-hex outbound ah has 40 digits, sha2-256 of IPSec proposal a wants 64."},
		{"algorithms of a proposal with keys", "ipsec proposal a\nipsec policy p 1 manual\n proposal a\n sa encryption-hex inbound esp " + digits(32, "00") + "\nipsec proposal a\n esp encryption-algorithm aes-128",
			"The IPSec proposal is being used by IPSec policy p 1. The key of sa encryption-hex inbound esp has 64 digits, aes-128 of IPSec proposal a wants 32."},
		{"GCM with configured keys", "ipsec proposal a\n esp encryption-algorithm aes-256-gcm-128\nipsec policy p 1 manual\n proposal a",
			"The IPSec proposal a has no algorithms for configured keys: GCM must have none (RFC 4106), and ESP wants authentication."},
		{"a proposal that becomes GCM's", "ipsec proposal a\nipsec policy p 1 manual\n proposal a\nipsec proposal a\n esp encryption-algorithm aes-256-gcm-128 aes-256\n esp encryption-algorithm aes-256-gcm-128",
			"The IPSec proposal is being used by IPSec policy p 1. The IPSec proposal a has no algorithms for configured keys: GCM must have none (RFC 4106), and ESP wants authentication."},
		{"a proposal that loses its authentication", "ipsec proposal a\nipsec policy p 1 manual\n proposal a\nipsec proposal a\n undo esp authentication-algorithm\n transform ah-esp\n undo esp authentication-algorithm",
			"The IPSec proposal is being used by IPSec policy p 1. The IPSec proposal a has no algorithms for configured keys: GCM must have none (RFC 4106), and ESP wants authentication."},
		{"a stored string for digits", "ipsec policy p 1 manual\n sa encryption-hex inbound esp %^%#6b6579%^%#", "The stored key is none in hexadecimal digits."},
		{"a stored key of another box", "ipsec policy p 1 manual\n sa string-key inbound esp %^%#xx%^%#", "The stored key cannot be used: it was sealed by another box."},
	} {
		_, refused := Replay(New(), Script{Text: test.lines, Open: open, Port: port})
		var got []string
		for _, err := range refused {
			got = append(got, strings.TrimPrefix(err.Err.Error(), "Error: "))
		}
		if joined := strings.Join(got, "\n"); joined != test.want {
			t.Errorf("%s: refused %q, want %q", test.name, joined, test.want)
		}
	}
}

// ninth is a peer with too many addresses.
func ninth() string {
	var b strings.Builder
	b.WriteString("ike peer a\n")
	for i := range 9 {
		fmt.Fprintf(&b, " remote-address 192.0.2.%d\n", i+1)
	}
	return b.String()
}

// thirteen is a policy with too many proposals.
func thirteen() string {
	var b strings.Builder
	for i := range 13 {
		fmt.Fprintf(&b, "ipsec proposal p%d\n", i)
	}
	b.WriteString("ipsec policy p 1 isakmp\n")
	for i := range 13 {
		fmt.Fprintf(&b, " proposal p%d\n", i)
	}
	return b.String()
}

// TestDefaults shows that what is typed as it is by default is not rendered.
func TestDefaults(t *testing.T) {
	for heading, lines := range map[string][]string{
		"ike proposal 1": {
			"encryption-algorithm aes-cbc-256", "authentication-algorithm sha2-256", "dh group14", "sa duration 86400",
			"authentication-method pre-share", "prf hmac-sha2-256", "integrity-algorithm hmac-sha2-256",
		},
		"ike peer b":              {"version 2", "exchange-mode main"},
		"ipsec proposal a":        {"transform esp", "encapsulation-mode tunnel", "esp encryption-algorithm aes-256", "esp authentication-algorithm sha2-256"},
		"acl number 3000":         {"step 5"},
		"ipsec policy p 1 isakmp": {"sa trigger-mode traffic-based", "anti-replay window 1024"},
		"ipsec policy p 1 manual": {"undo tunnel local", "undo tunnel remote"},
		"interface eth1":          {"undo shutdown", "undo mtu"},
	} {
		text := heading + "\n " + strings.Join(lines, "\n ") + "\n"
		if got, want := replayed(t, text).Render(seal), "#\n"+heading+"\n#\nreturn\n"; got != want {
			t.Errorf("%s: rendered as\n%s", heading, got)
		}
	}
}

// TestOrderOfAlgorithms shows that the strongest comes first however they are
// typed.
func TestOrderOfAlgorithms(t *testing.T) {
	c := replayed(t, `ike proposal 1
 encryption-algorithm des aes-128 3des aes-cbc-256 aes-256
 authentication-algorithm md5 sha2-512 sha1
ipsec proposal a
 esp encryption-algorithm des aes-128-gcm-128 aes-256
 esp authentication-algorithm sha1 sha2-256 md5
`)
	want := `#
ipsec proposal a
 esp authentication-algorithm sha2-256 sha1 md5
 esp encryption-algorithm aes-128-gcm-128 aes-256 des
#
ike proposal 1
 encryption-algorithm aes-256 aes-128 3des des
 authentication-algorithm sha2-512 sha1 md5
#
return
`
	if got := c.Render(seal); got != want {
		t.Errorf("rendered as\n%s\nwant\n%s", got, want)
	}
}

// TestJoinedBlocks shows how lines of the system view are put together.
func TestJoinedBlocks(t *testing.T) {
	c := replayed(t, `sysname H
ip route-static 10.0.0.0 8 192.0.2.1
ipsec sa global-duration time-based 600
ip route-static 0.0.0.0 0 192.0.2.1
ipsec sa global-duration traffic-based 5000
`)
	want := `#
sysname H
#
ipsec sa global-duration time-based 600
ipsec sa global-duration traffic-based 5000
#
ip route-static 0.0.0.0 0.0.0.0 192.0.2.1
ip route-static 10.0.0.0 255.0.0.0 192.0.2.1
#
return
`
	if got := c.Render(seal); got != want {
		t.Errorf("rendered as\n%s\nwant\n%s", got, want)
	}
}

// TestRenderWithoutSeal shows no key, not even its length.
func TestRenderWithoutSeal(t *testing.T) {
	c := replayed(t, "ike peer b\n pre-shared-key short\n")
	if got, want := c.Render(nil), "#\nike peer b\n pre-shared-key ******\n#\nreturn\n"; got != want {
		t.Errorf("rendered as\n%s\nwant\n%s", got, want)
	}
}
