package ios

import (
	"strings"
	"testing"
)

// box is a context with one of each object.
func box(view string) Context {
	return Context{
		View:   view,
		Exists: func(of, name string) bool { return of == "ike proposal" && name == "10" },
		Has:    func(begin string) bool { return begin == "ike-peer" && view == "ipsec-policy-isakmp-CM-20" },
		PeerAt: func(address string) string {
			if address == "198.51.100.7" {
				return "b"
			}
			return ""
		},
		Aggressive: func() []string { return nil },
		Interface: func(name string) string {
			if name == "FastEthernet0/0" {
				return "eth1"
			}
			return ""
		},
	}
}

func TestTranslate(t *testing.T) {
	tests := []struct{ view, ios, vrp string }{
		{"user", "configure terminal", "system-view"},
		{"user", "conf t", "system-view"},
		{"user", "sh cry isa sa", "display ike sa"},
		{"user", "show crypto isakmp sa | include 198", "display ike sa | include 198"},
		{"user", "sh ver", "display version"},
		{"user", "wr", "save"},
		{"user", "write memory", "save"},
		{"user", "copy run start", "save"},
		{"user", "clear crypto session", "reset ipsec sa; reset ike sa"},
		{"user", "term len 0", "screen-length 0 temporary"},
		{"user", "show access-list 101", "display acl 3101"},
		{"system", "do show ip route", "display ip routing-table"},
		{"ike-proposal-10", "do sh ip int br", "display ip interface brief"},

		{"system", "hostname R1", "sysname R1"},
		{"system", "crypto isakmp policy 10", "ike proposal 10"},
		{"system", "crypto isakmp policy 20", "ike proposal 20; encryption-algorithm des; authentication-algorithm sha1; dh group1; authentication-method rsa-signature"},
		{"system", "no crypto isakmp policy 10", "undo ike proposal 10"},
		{"ike-proposal-10", "encryption aes", "encryption-algorithm aes-128"},
		{"ike-proposal-10", "encr aes 256", "encryption-algorithm aes-256"},
		{"ike-proposal-10", "hash sha256", "authentication-algorithm sha2-256"},
		{"ike-proposal-10", "group 14", "dh group14"},
		{"ike-proposal-10", "lifetime 28800", "sa duration 28800"},
		{"ike-proposal-10", "authentication pre-share", "authentication-method pre-share"},
		{"ike-proposal-10", "hostname R1", "sysname R1"},
		{"system", "crypto isakmp key K address 198.51.100.7", "ike peer b; pre-shared-key cipher K; quit"},
		{"system", "crypto isakmp key 0 K address 192.0.2.9", "ike peer 192.0.2.9; undo version 2; remote-address 192.0.2.9; pre-shared-key cipher K; quit"},
		{"system", "crypto isakmp key $2 address 192.0.2.9 255.255.255.255", "ike peer 192.0.2.9; undo version 2; remote-address 192.0.2.9; pre-shared-key cipher $2; quit"},
		{"system", "crypto isakmp key K address 10.1.0.0 255.255.0.0", "ike peer 10.1.0.0; undo version 2; remote-address 10.1.0.0 10.1.255.255; pre-shared-key cipher K; quit"},
		{"system", "crypto isakmp key 0 K address 0.0.0.0", "ike peer 0.0.0.0; undo version 2; pre-shared-key cipher K; quit"},
		{"system", "crypto isakmp key K address 0.0.0.0 0.0.0.0", "ike peer 0.0.0.0; undo version 2; pre-shared-key cipher K; quit"},
		{"system", "crypto isakmp key K hostname hub.example", "ike peer hub.example; undo version 2; remote-address host-name hub.example; pre-shared-key cipher K; quit"},
		{"system", "crypto isakmp key K hostname branch-7.example.com", "ike peer branch-7; undo version 2; remote-address host-name branch-7.example.com; pre-shared-key cipher K; quit"},
		{"system", "crypto isakmp keepalive 10", "ike dpd type on-demand; ike dpd idle-time 10"},
		{"system", "crypto isakmp keepalive 10 3", "ike dpd type on-demand; ike dpd idle-time 10; ike dpd retransmit-interval 3"},
		{"system", "crypto isakmp keepalive 10 periodic", "ike dpd type periodic; ike dpd idle-time 10"},
		{"system", "crypto isakmp keepalive 10 3 per", "ike dpd type periodic; ike dpd idle-time 10; ike dpd retransmit-interval 3"},
		{"system", "no crypto isakmp keepalive 10 3", "undo ike dpd"},
		{"system", "crypto isakmp nat keepalive 20", "ike nat-keepalive-timer interval 20"},
		{"system", "crypto isakmp aggressive-mode disable", ""},
		{"system", "crypto isakmp identity address", ""},
		{"system", "crypto call admission limit ike in-negotiation-sa 50", "ike call admission limit in-negotiation-sa 50"},
		{"ike-proposal-10", "authentication rsa-sig", "authentication-method rsa-signature"},
		{"ike-proposal-10", "authentication rsa-encr", "authentication-method digital-envelope"},
		{"ike-proposal-10", "no authentication", "authentication-method rsa-signature"},
		{"ipsec-policy-isakmp-CM-10", "set peer hub.example",
			"ike peer hub.example; undo version 2; remote-address host-name hub.example; ipsec policy CM 10 isakmp; ike-peer hub.example"},
		{"system", "no crypto isakmp key K address 198.51.100.7", "ike peer b; undo pre-shared-key; quit"},

		{"system", "crypto ipsec transform-set T esp-aes 256 esp-sha256-hmac",
			"ipsec proposal T; transform esp; esp encryption-algorithm aes-256; esp authentication-algorithm sha2-256"},
		{"system", "crypto ipsec transform-set T esp-3des", "ipsec proposal T; transform esp; esp encryption-algorithm 3des; undo esp authentication-algorithm"},
		{"system", "crypto ipsec transform-set T ah-sha-hmac esp-aes esp-md5-hmac",
			"ipsec proposal T; transform ah-esp; ah authentication-algorithm sha1; esp encryption-algorithm aes-128; esp authentication-algorithm md5"},
		{"system", "crypto ipsec transform-set T ah-md5-hmac", "ipsec proposal T; transform ah; ah authentication-algorithm md5"},
		{"ipsec-proposal-T", "mode transport", "encapsulation-mode transport"},

		{"system", "crypto map CM 10 ipsec-isakmp", "ipsec policy CM 10 isakmp"},
		{"ipsec-policy-isakmp-CM-10", "set peer 198.51.100.7", "ike-peer b"},
		{"ipsec-policy-isakmp-C-M-10", "set peer 192.0.2.9",
			"ike peer 192.0.2.9; undo version 2; remote-address 192.0.2.9; ipsec policy C-M 10 isakmp; ike-peer 192.0.2.9"},
		{"ipsec-policy-isakmp-CM-10", "set transform-set A B", "proposal A B"},
		{"ipsec-policy-isakmp-CM-10", "match address 101", "security acl 3101"},
		{"ipsec-policy-isakmp-CM-10", "match address VPN", "security acl name VPN"},
		{"ipsec-policy-isakmp-CM-10", "set pfs group14", "pfs dh-group14"},
		{"ipsec-policy-isakmp-CM-10", "set pfs", "pfs dh-group1"},
		{"ipsec-policy-isakmp-CM-10", "set security-association lifetime seconds 3600", "sa duration time-based 3600"},

		{"system", "crypto map CM 30 ipsec-manual", "ipsec policy CM 30 manual"},
		{"ipsec-policy-manual-CM-30", "set peer 198.51.100.7", "tunnel remote 198.51.100.7"},
		{"ipsec-policy-manual-CM-30", "set transform-set A", "proposal A"},
		{"ipsec-policy-manual-CM-30", "match address 101", "security acl 3101"},
		{"ipsec-policy-manual-CM-30", "set session-key inbound esp 300 cipher 00ff", "sa spi inbound esp 300; sa encryption-hex inbound esp 00ff"},
		{"ipsec-policy-manual-CM-30", "set session-key outbound esp 301 cipher 00ff authenticator aa",
			"sa spi outbound esp 301; sa encryption-hex outbound esp 00ff; sa authentication-hex outbound esp aa"},
		{"ipsec-policy-manual-CM-30", "set session-key inbound ah 302 aa", "sa spi inbound ah 302; sa authentication-hex inbound ah aa"},

		{"system", "access-list 101 permit ip 10.0.0.0 0.0.0.255 host 192.0.2.1",
			"acl 3101; rule permit ip source 10.0.0.0 0.0.0.255 destination 192.0.2.1 0; quit"},
		{"system", "access-list 101 deny tcp any eq www any range 1 2", "acl 3101; rule deny tcp source-port eq 80 destination-port range 1 2; quit"},
		{"system", "access-list 7 permit 192.0.2.1", "acl 2007; rule permit source 192.0.2.1 0; quit"},
		{"system", "access-list 7 permit any", "acl 2007; rule permit; quit"},
		{"system", "access-list 7 remark who may come in", "acl 2007; description who may come in; quit"},
		{"system", "no access-list 101", "undo acl 3101"},
		{"system", "ip access-list extended VPN", "acl name VPN advance"},
		{"system", "ip access-list standard 7", "acl 2007"},
		{"system", "access-list 2001 permit esp any any", "acl name ios2001 advance; rule permit 50; quit"},
		{"acl-adv-VPN", "permit ip any any", "rule permit ip"},
		{"acl-adv-VPN", "10 permit udp any any eq isakmp", "rule 10 permit udp destination-port eq 500"},
		{"acl-adv-VPN", "no 10", "undo rule 10"},
		{"acl-basic-2001", "permit 192.0.2.0 0.0.0.255", "rule permit source 192.0.2.0 0.0.0.255"},

		{"system", "interface GigabitEthernet0/1", "interface GigabitEthernet0/0/1"},
		{"system", "int gi 0/1", "interface GigabitEthernet0/0/1"},
		{"system", "interface FastEthernet0/0", "interface eth1"},
		{"GigabitEthernet0/0/1", "ip address 192.0.2.1 255.255.255.0 secondary", "ip address 192.0.2.1 255.255.255.0 sub"},
		{"GigabitEthernet0/0/1", "no shut", "undo shutdown"},
		{"GigabitEthernet0/0/1", "crypto map CM", "ipsec policy CM"},
		{"GigabitEthernet0/0/1", "no crypto map", "undo ipsec policy"},
		{"system", "ip route 0.0.0.0 0.0.0.0 192.0.2.254 200", "ip route-static 0.0.0.0 0.0.0.0 192.0.2.254 preference 200"},
		{"system", "username u privilege 15 secret 0 P", "aaa; local-user u password irreversible-cipher P; local-user u privilege level 15; local-user u service-type ssh terminal; quit"},
		{"system", "line vty 0 4", "user-interface vty 0 4"},
		{"ui-vty0-4", "access-class 7 in", "acl 2007 inbound"},
		{"system", "end", "return"},
		{"system", "crypto isakmp enable", ""},
	}
	for _, test := range tests {
		lines, ok, err := Translate(test.ios, box(test.view))
		if got := strings.Join(lines, "; "); got != test.vrp || !ok || err != nil {
			t.Errorf("%s: %q is %q, %v, %v, want %q", test.view, test.ios, got, ok, err, test.vrp)
		}
	}
}

func TestTranslateRefuses(t *testing.T) {
	tests := []struct{ view, ios, why string }{
		{"system", "crypto isakmp key K address 10.0.0.0 wide", "is no network"},
		{"system", "crypto isakmp key K hostname a-name-of-more-than-15-characters", "no free name"},
		{"system", "crypto isakmp keepalive 10 seldom", "periodic or on-demand"},
		{"system", "crypto isakmp identity hostname", "local-id-type fqdn"},
		{"system", "no crypto isakmp aggressive-mode disable", "exchange-mode auto"},
		{"system", "crypto isakmp invalid-spi-recovery", "keepalive"},
		{"system", "crypto isakmp key 6 K address 192.0.2.9", "encrypted"},
		{"system", "no crypto isakmp key K address 192.0.2.9", "no key for"},
		{"ike-proposal-10", "encryption seal", "seal is not known"},
		{"ike-proposal-10", "hash crc", "crc is not known"},
		{"system", "crypto ipsec transform-set T esp-seal", "esp-seal is not known"},
		{"ipsec-policy-isakmp-CM-10", "set pfs 14", "14 is not known"},
		{"ipsec-policy-isakmp-CM-20", "set peer 198.51.100.7", "a peer already"},
		{"system", "access-list 101 permit ip host", "not complete"},
		{"system", "access-list 101 permit tcp any any established", "established"},
		{"system", "access-list 101 dynamic x", "permit, deny or remark"},
		{"system", "ip access-list extended 7", "standard"},
		{"system", "ip access-list standard 101", "extended"},
		{"system", "interface FastEthernet0/1", "--interface FastEthernet0/1="},
		{"system", "interface Tunnel0", "no counterpart"},
		{"system", "username u privilege 16 secret P", "0-15"},
		{"user", "show a", "ambiguous"},
	}
	for _, test := range tests {
		lines, ok, err := Translate(test.ios, box(test.view))
		if err == nil || !ok || lines != nil || !strings.Contains(err.Error(), test.why) {
			t.Errorf("%s: %q is %q, %v, %v, want a refusal that says %q", test.view, test.ios, lines, ok, err, test.why)
		}
	}
}

func TestTranslateLeavesOtherLines(t *testing.T) {
	for _, test := range []struct{ view, line string }{
		{"user", ""}, {"user", "display ike sa"}, {"system", "ike proposal 10"}, {"system", "frobnicate"},
		{"user", "crypto isakmp policy 10"}, {"system", "service timestamps"}, {"system", "do"}, {"user", "|"},
	} {
		if lines, ok, err := Translate(test.line, box(test.view)); ok || lines != nil || err != nil {
			t.Errorf("%s: %q is %q, %v, %v, want nothing", test.view, test.line, lines, ok, err)
		}
	}
}

// TestNoRuleHidesAnother types every rule in full, with samples for its arguments.
func TestNoRuleHidesAnother(t *testing.T) {
	for s, all := range rules {
		for i := range all {
			var words []string
			for _, word := range strings.Fields(all[i].words) {
				if word[0] == '<' {
					word = "7"
				}
				words = append(words, word)
			}
			if got, _, err := choose([]scope{s}, words); err != nil || got != &all[i] {
				t.Errorf("%q leads to %+v, %v", strings.Join(words, " "), got, err)
			}
		}
	}
}

func FuzzTranslate(f *testing.F) {
	f.Add("system", "access-list 101 permit tcp any eq www host 1.2.3.4 range 1 2")
	f.Add("ipsec-policy-isakmp-a-1", "set peer 1.2.3.4")
	f.Fuzz(func(t *testing.T, view, line string) {
		lines, ok, err := Translate(line, box(view))
		if err != nil && (!ok || lines != nil) {
			t.Errorf("%q: %q, %v with %v", line, lines, ok, err)
		}
		for _, l := range lines {
			if strings.ContainsAny(l, "\r\n") {
				t.Errorf("%q became %q", line, l)
			}
		}
	})
}
