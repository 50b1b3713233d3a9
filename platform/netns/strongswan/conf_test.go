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

func TestDaemonConf(t *testing.T) {
	const own, kernels = " kernel-libipsec kernel-netlink socket", " gmp kernel-netlink socket"
	tests := []struct {
		name string
		conf daemonConf
		want []string
	}{
		{"with a log", daemonConf{dir: "/d"}, []string{"ike = 2\n", own}},
		{"quiet", daemonConf{dir: "/d", quiet: true}, []string{"default = -1\n", own}},
		{"on the kernel", daemonConf{dir: "/d", kernel: true}, []string{"ike = 2\n", kernels}},
	}
	for _, test := range tests {
		got := test.conf.text()
		for _, want := range append(test.want, "path = /d/charon.log\n", "socket = unix:///d/vici\n") {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the text lacks %q:\n%s", test.name, want, got)
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
