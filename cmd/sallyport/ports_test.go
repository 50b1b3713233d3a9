package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPortDevice(t *testing.T) {
	p := ports{ethernet: []string{"eth0", "eth1", "eth2"}}
	for _, text := range []string{"GigabitEthernet0/0/7=lo", "GigabitEthernet0/0/1=eth2", "GigabitEthernet0/0/8=none0"} {
		if err := p.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ name, want, err string }{
		{"GigabitEthernet0/0/7", "lo", ""},
		{"gigabitethernet0/0/7", "lo", ""},
		{"GigabitEthernet0/0/8", "", "GigabitEthernet0/0/8 is none0, which is not there: no device for GigabitEthernet0/0/8: give it one"},
		{"GigabitEthernet0/0/2", "eth1", ""},
		{"GigabitEthernet0/0/3", "", "would be eth2, which is GigabitEthernet0/0/1"},
		{"GigabitEthernet0/0/4", "", "--port GigabitEthernet0/0/4=DEVICE (Ethernet devices here: eth0, eth1, eth2)"},
		{"GigabitEthernet0/0/0", "", "no device for GigabitEthernet0/0/0"},
		{"GigabitEthernet0/0/-1", "", "no device"},
		{"GigabitEthernet0/0/", "", "no device"},
		{"GigabitEthernet0/0/1.10", "", "no device"},
		{"Tunnel1", "Tunnel1", ""},
		{"Tunnel0/0/1", "Tunnel0-0-1", ""},
		{"Tunnel0-0-1", "", "Tunnel0-0-1 is Tunnel0/0/1: use that name"},
		{"Tunnel", "", "no device for Tunnel"},
		{"lo", "", "lo is GigabitEthernet0/0/7: use that name"},
		{"eth2", "", "eth2 is GigabitEthernet0/0/1: use that name"},
		{"none0", "", "none0 is GigabitEthernet0/0/8: use that name"},
		{"sallyport0", "", "sallyport0 is the gateway's own device"},
		{"sallyport17", "", "sallyport17 is the gateway's own device"},
		{"sallyport", "", "no device for sallyport"},
		{"sallyport0x", "", "no device for sallyport0x"},
	}
	for _, test := range tests {
		got, err := p.device(test.name)
		if got != test.want || !says(err, test.err) {
			t.Errorf("device(%q) = %q, %v, want %q, error %q", test.name, got, err, test.want, test.err)
		}
	}
}

// TestPortDeviceByLinuxName uses the device that every namespace has.
func TestPortDeviceByLinuxName(t *testing.T) {
	for _, given := range []string{"", "lo=lo", "Lo=lo"} {
		var p ports
		if given != "" {
			if err := p.Set(given); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := p.device("lo"); got != "lo" || err != nil {
			t.Errorf("given %q: device(lo) = %q, %v, want lo", given, got, err)
		}
	}
}

// TestPortErrorsAreOneLine asks for everything that is refused.
func TestPortErrorsAreOneLine(t *testing.T) {
	p := ports{named: []port{{"GigabitEthernet0/0/1", "lan"}}}
	for _, name := range []string{"lan", "sallyport0", "GigabitEthernet0/0/1", "GigabitEthernet0/0/2", "none0"} {
		if _, err := p.device(name); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("device(%q): error %v, want one of one line", name, err)
		}
	}
}

func TestPortDeviceWithoutEthernet(t *testing.T) {
	var p ports
	if _, err := p.device("GigabitEthernet0/0/1"); !says(err, "Ethernet devices here: none") {
		t.Errorf("device() error %v, want one that says there is none", err)
	}
}

func TestPortSet(t *testing.T) {
	tests := []struct{ text, err string }{
		{"GigabitEthernet0/0/2=eth1", ""},
		{" GigabitEthernet0/0/3 = eth2 ", ""},
		{"", "want NAME=DEVICE"},
		{"GigabitEthernet0/0/4", "want NAME=DEVICE"},
		{"GigabitEthernet0/0/4=", "want NAME=DEVICE"},
		{"=eth4", "want NAME=DEVICE"},
		{"GigabitEthernet 0/0/4=eth4", "want NAME=DEVICE"},
		{"a=b=c", "want NAME=DEVICE"},
		{"GigabitEthernet0/0/4=sallyport0", "sallyport0 is the gateway's own device"},
		{"Tunnel1=eth4", "a tunnel's device is made by the gateway"},
		{"GigabitEthernet0/0/4=Tunnel0-0-1", "a tunnel's device is made by the gateway"},
		{"GIGABITETHERNET0/0/2=eth4", "GigabitEthernet0/0/2=eth1 is given already"},
		{"GigabitEthernet0/0/4=eth1", "GigabitEthernet0/0/2=eth1 is given already"},
	}
	var p ports
	for _, test := range tests {
		if err := p.Set(test.text); !says(err, test.err) {
			t.Errorf("Set(%q) = %v, want %q", test.text, err, test.err)
		}
	}
	if got, want := p.String(), "GigabitEthernet0/0/2=eth1 GigabitEthernet0/0/3=eth2"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestPortsFile(t *testing.T) {
	tests := []struct{ name, text, want, err string }{
		{"empty", "", "", ""},
		{"comments", "# ports\n\nA=eth0 # the LAN\nB=eth1", "A=eth0 B=eth1", ""},
		{"a bad line", "A=eth0\nB\n", "A=eth0", ":2: \"B\": want NAME=DEVICE"},
		{"twice", "A=eth0\nA=eth1\n", "A=eth0", ":2: "},
	}
	for _, test := range tests {
		path := filepath.Join(t.TempDir(), "ports")
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var p ports
		if err := p.read(path); !says(err, test.err) || p.String() != test.want {
			t.Errorf("%s: read() = %v, ports %q, want %q, ports %q", test.name, err, p.String(), test.err, test.want)
		}
	}
	var p ports
	if err := p.read(filepath.Join(t.TempDir(), "none")); !says(err, "no such file") {
		t.Errorf("read() = %v, want no such file", err)
	}
}

// says reports whether err's text contains want; an empty want means no error.
func says(err error, want string) bool {
	if err == nil || want == "" {
		return err == nil && want == ""
	}
	return strings.Contains(err.Error(), want)
}
