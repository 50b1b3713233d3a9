package kind

import (
	"strings"
	"testing"
)

// TestTunnel reads names as a tunnel's and as a port's: no words are both.
func TestTunnel(t *testing.T) {
	for _, test := range []struct {
		words string
		want  string
		used  int
		ok    bool
		port  bool // whether they are a port's name
	}{
		{"Tunnel1", "Tunnel1", 1, true, false},
		{"TUNNEL0", "Tunnel0", 1, true, false},
		{"Tunnel 1", "Tunnel1", 2, true, false},
		{"tun 65535 10.0.0.1", "Tunnel65535", 2, true, false},
		{"tunn0/0/1", "Tunnel0/0/1", 1, true, false},
		{"Tunnel 15/15/255", "Tunnel15/15/255", 2, true, false},
		{"Tunnel", "", 2, true, false},
		{"Tu1", "Tunnel1", 1, true, false},
		{"Tunn7", "Tunnel7", 1, true, false},
		{"Tu 7", "Tunnel7", 2, true, false},
		{"Tu", "", 2, true, false},
		{"T1", "", 0, false, true},
		{"tu1", "", 0, false, true},
		{"tun0", "", 0, false, true}, // a Linux device
		{"tu 1", "", 0, false, true}, // a Linux device, and more
		{"Tunnel65536", "", 0, false, false},
		{"Tunnel01", "", 0, false, false},
		{"Tunnel 01", "", 1, false, false},
		{"Tunnel0/0", "", 0, false, false},
		{"Tunnel100/10/255", "", 0, false, false}, // Linux has no room for it
		{"Tunnel0-0-1", "", 0, false, false},
		{"Tunnels1", "", 0, false, true},
		{"g0/0/1", "", 0, false, true},
		{"192.0.2.1", "", 0, false, false},
	} {
		words := strings.Fields(test.words)
		name, used, ok := Tunnel().Read(words)
		if used != test.used || ok != test.ok || ok && name != test.want {
			t.Errorf("Read(%q) = %q, %d, %v, want %q, %d, %v", words, name, used, ok, test.want, test.used, test.ok)
		}
		if _, _, port := Port().Read(words); port != test.port {
			t.Errorf("%q is a port's name: %v, want %v", words, port, test.port)
		}
		if again, _, _ := Tunnel().Read([]string{Tunnel().Write(name)}); ok && name != "" && again != name {
			t.Errorf("%q is read back as %q", name, again)
		}
	}
}

func TestIsTunnel(t *testing.T) {
	for name, want := range map[string]bool{
		"Tunnel1": true, "Tunnel0/0/1": true, "Tunnel": false, "Tunnel 1": false, "tunnel1": false, "Tunnel01": false,
		"GigabitEthernet0/0/1": false, "tun0": false, "": false,
	} {
		if got := IsTunnel(name); got != want {
			t.Errorf("IsTunnel(%q) = %v, want %v", name, got, want)
		}
	}
}
