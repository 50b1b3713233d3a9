package strongswan

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestConnectionConf(t *testing.T) {
	c := Connection{
		Local: netip.MustParseAddr("192.0.2.1"), Remote: netip.MustParseAddr("192.0.2.2"),
		LocalTS: "10.1.0.0/24[tcp]", RemoteTS: "10.2.0.0/24",
		IKE: "aes128-sha1-modp2048", ESP: "des-md5", Key: "a secret", RekeyChild: time.Minute,
	}
	got := c.conf()
	for _, want := range []string{
		"local_addrs = 192.0.2.1\n", "remote_addrs = 192.0.2.2\n",
		"local_ts = 10.1.0.0/24[tcp]\n", "remote_ts = 10.2.0.0/24\n",
		"    proposals = aes128-sha1-modp2048\n", "esp_proposals = des-md5\n",
		"    rekey_time = 86400s\n", "        rekey_time = 60s\n",
		`secret = "a secret"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("conf lacks %q:\n%s", want, got)
		}
	}
	checkBraces(t, got)
}

// Each field is written, and the zero value writes nothing of it.
func TestConnectionFields(t *testing.T) {
	prefix, addr := netip.MustParsePrefix("10.2.0.0/24"), netip.MustParseAddr
	tests := []struct {
		name string
		c    Connection
		want []string
	}{
		{"aggressive", Connection{Aggressive: true}, []string{"aggressive = yes"}},
		{"identities", Connection{LocalID: "keyid:x", RemoteID: "C=ZZ, CN=x"}, []string{"id = \"keyid:x\"", "id = \"C=ZZ, CN=x\""}},
		{"keys", Connection{Keys: []Key{{IDs: []string{"a.test", "b.test"}, Key: "k"}}}, []string{
			"ike-0 {", "id-0 = \"a.test\"", "id-1 = \"b.test\"", "secret = \"k\""}},
		{"certificates", Connection{Auth: Certificates, Files: Files{"x509/b.pem": nil, "x509/a.pem": nil, "x509ca/c.pem": nil}, Revocation: "strict"},
			[]string{"auth = pubkey", "certs = a.pem,b.pem", "revocation = strict"}},
		{"client of XAUTH", Connection{Auth: XAUTHPSK, Role: Client, User: "anna", Password: "p"},
			[]string{"local-xauth {", "auth = xauth-generic", "xauth_id = \"anna\"", "xauth {", "id = \"anna\"", "secret = \"p\""}},
		{"gateway of XAUTH", Connection{Auth: XAUTHPSK, Role: Gateway}, []string{"remote-xauth {", "auth = xauth-generic"}},
		{"hybrid", Connection{Auth: Hybrid, Role: Client, User: "anna"}, []string{"auth = pubkey", "auth = xauth-generic", "xauth_id = \"anna\""}},
		{"push", Connection{Push: true}, []string{"pull = no"}},
		{"client's addresses", Connection{VIPs: []netip.Addr{addr("0.0.0.0"), addr("::")}}, []string{"vips = 0.0.0.0,::"}},
		{"pool", Connection{Pool: "10.3.0.0/28", DNS: []netip.Addr{addr("10.2.0.53")}, SplitInclude: []netip.Prefix{prefix}},
			[]string{"pools = pool", "pools {", "addrs = 10.3.0.0/28", "dns = 10.2.0.53", "split_include = 10.2.0.0/24"}},
		{"fragments", Connection{Fragmentation: "force"}, []string{"fragmentation = force"}},
		{"DPD", Connection{DPD: time.Second, DPDTimeout: 5 * time.Second, DPDAction: "restart"},
			[]string{"dpd_delay = 1s", "dpd_timeout = 5s", "dpd_action = restart"}},
		{"AH", Connection{AH: "sha1"}, []string{"ah_proposals = sha1"}},
		{"transport", Connection{Transport: true}, []string{"mode = transport"}},
		{"compression", Connection{IPComp: true}, []string{"ipcomp = yes"}},
		{"encapsulation", Connection{ForceEncap: true}, []string{"encap = yes"}},
		{"unique", Connection{Unique: "replace"}, []string{"unique = replace"}},
		{"trap", Connection{Trap: true}, []string{"start_action = trap"}},
		{"lifetimes", Connection{ReauthIKE: time.Hour, RekeyBytes: 1000, RekeyPackets: 20},
			[]string{"reauth_time = 3600s", "rekey_bytes = 1000", "life_bytes = 100000", "rekey_packets = 20", "rand_packets = 0"}},
		{"children", Connection{ESP: "des-md5", Children: []Traffic{{Name: "a", LocalTS: "10.1.0.0/24[tcp]"}, {Name: "b", ESP: "aes128-sha1"}}},
			[]string{"a {", "local_ts = 10.1.0.0/24[tcp]", "b {", "esp_proposals = aes128-sha1"}},
		{"more", Connection{More: []string{"send_certreq = no"}}, []string{"send_certreq = no"}},
	}
	zero := lines(Connection{}.conf())
	for _, test := range tests {
		got := lines(test.c.conf())
		for _, want := range test.want {
			if !got[want] || zero[want] {
				t.Errorf("%s: line %q is there: %v, and of the zero value: %v, want true and false:\n%s",
					test.name, want, got[want], zero[want], test.c.conf())
			}
		}
		checkBraces(t, test.c.conf())
	}
	for _, want := range []string{"local_addrs = %any", "remote_addrs = %any"} {
		if !zero[want] {
			t.Errorf("the zero value lacks %q", want)
		}
	}
}

// lines returns the lines of a text, without what they are indented by.
func lines(text string) map[string]bool {
	all := make(map[string]bool)
	for line := range strings.Lines(text) {
		all[strings.TrimSpace(line)] = true
	}
	return all
}

func TestDaemonConf(t *testing.T) {
	const own, kernels = " kernel-libipsec kernel-netlink socket", " gmp kernel-netlink socket"
	const aggressive = "i_dont_care_about_security_and_use_aggressive_mode_psk = yes"
	tests := []struct {
		name      string
		conf      daemonConf
		want, not []string
	}{
		{"with a log", daemonConf{}, []string{"ike = 2\n", own, "retransmit_timeout = 1.000\n", "retransmit_tries = 4\n", "retransmit_base = 1.5\n"},
			[]string{"x509", "xauth", "unity", "fwmark", aggressive}},
		{"quiet", daemonConf{c: Connection{Quiet: true}}, []string{"default = -1\n", own}, []string{"ike = 2"}},
		{"on the kernel", daemonConf{kernel: true}, []string{"ike = 2\n", kernels}, []string{own}},
		{"certificates", daemonConf{c: Connection{Files: Files{"x509/a.pem": nil}, Aggressive: true, Auth: Certificates}},
			[]string{" x509 revocation ", " pem pkcs1 "}, []string{aggressive}},
		{"users", daemonConf{c: Connection{Auth: XAUTHPSK, Aggressive: true}}, []string{" xauth-generic ", aggressive}, nil},
		{"addresses", daemonConf{c: Connection{Pool: "10.3.0.0/28"}}, []string{" unity attr resolve ", "cisco_unity = yes\n", "file = /d/resolv.conf\n"}, nil},
		{"the peer's address", daemonConf{c: Connection{CoversPeer: true}}, []string{"allow_peer_ts = yes\n", "fwmark = 0x42\n", "fwmark = !0x42\n"}, nil},
		{"small fragments", daemonConf{c: Connection{FragmentSize: 576}}, []string{"fragment_size = 576\n"}, nil},
		{"impatient", daemonConf{c: Connection{Retransmit: Retransmit{Timeout: 250 * time.Millisecond, Base: 1, Tries: 2}}},
			[]string{"retransmit_timeout = 0.250\n", "retransmit_tries = 2\n", "retransmit_base = 1\n"}, nil},
		{"more", daemonConf{c: Connection{MoreDaemon: []string{"threads = 4"}}}, []string{"threads = 4\n"}, nil},
	}
	for _, test := range tests {
		test.conf.dir = "/d"
		got := test.conf.text()
		for _, want := range append(test.want, "path = /d/charon.log\n", "socket = unix:///d/vici\n") {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the text lacks %q:\n%s", test.name, want, got)
			}
		}
		for _, not := range test.not {
			if strings.Contains(got, not) {
				t.Errorf("%s: the text has %q:\n%s", test.name, not, got)
			}
		}
		checkBraces(t, got)
	}
}

func checkBraces(t *testing.T, text string) {
	t.Helper()
	if open, closed := strings.Count(text, "{"), strings.Count(text, "}"); open != closed {
		t.Errorf("%d braces open and %d close:\n%s", open, closed, text)
	}
}
