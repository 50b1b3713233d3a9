package acl

import (
	"math"
	"testing"
)

// TestPorts checks each condition against every port, and Bounds and the text
// with it.
func TestPorts(t *testing.T) {
	for _, test := range []struct {
		ports     Ports
		text      string
		low, high uint16 // the ports that fulfil it
		ok        bool   // false: none, or not in one piece
	}{
		{Ports{}, "", 0, 65535, true},
		{Ports{Op: Eq, Low: 80}, "eq www", 80, 80, true},
		{Ports{Op: Eq, Low: 0}, "eq 0", 0, 0, true},
		{Ports{Op: Gt, Low: 1023}, "gt 1023", 1024, 65535, true},
		{Ports{Op: Gt, Low: 65534}, "gt 65534", 65535, 65535, true},
		{Ports{Op: Gt, Low: 65535}, "gt 65535", 0, 0, false},
		{Ports{Op: Lt, Low: 23}, "lt telnet", 0, 22, true},
		{Ports{Op: Lt, Low: 0}, "lt 0", 0, 0, false},
		{Ports{Op: Range, Low: 21, High: 23}, "range ftp telnet", 21, 23, true},
		{Ports{Op: Range, Low: 9, High: 9}, "range 9 9", 9, 9, true},
		{Ports{Op: Range, Low: 0, High: 65535}, "range 0 65535", 0, 65535, true},
		{Ports{Op: Range, Low: 9, High: 8}, "range 9 8", 0, 0, false},
	} {
		t.Run(test.text, func(t *testing.T) {
			if got := test.ports.String(); got != test.text {
				t.Errorf("String() = %q, want %q", got, test.text)
			}
			low, high, ok := test.ports.Bounds()
			if ok != test.ok || ok && (low != test.low || high != test.high) {
				t.Errorf("Bounds() = %d, %d, %v, want %d, %d, %v", low, high, ok, test.low, test.high, test.ok)
			}
			for port := range math.MaxUint16 + 1 {
				want := test.ok && port >= int(test.low) && port <= int(test.high)
				if got := test.ports.Contains(uint16(port)); got != want {
					t.Fatalf("Contains(%d) = %v, want %v", port, got, want)
				}
			}
		})
	}
}

func TestPortsNeq(t *testing.T) {
	p := Ports{Op: Neq, Low: 22}
	if p.Contains(22) || !p.Contains(21) || !p.Contains(23) {
		t.Error("neq 22 contains the wrong ports")
	}
	if _, _, ok := p.Bounds(); ok {
		t.Error("neq 22 has bounds")
	}
	if got, want := p.String(), "neq ssh"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestPortsUnknownOperator(t *testing.T) {
	p := Ports{Op: Range + 1, High: 65535}
	if _, _, ok := p.Bounds(); ok || p.Contains(0) {
		t.Error("an operator that does not exist contains ports")
	}
	if got, want := p.Op.String(), "6"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestPortsText(t *testing.T) {
	for _, test := range []struct {
		protocol uint8
		want     string
	}{
		{TCP, "range domain 67"}, {UDP, "range dns bootps"}, {0, "range 53 67"},
	} {
		if got := (Ports{Op: Range, Low: 53, High: 67}).Text(test.protocol); got != test.want {
			t.Errorf("Text(%d) = %q, want %q", test.protocol, got, test.want)
		}
	}
}
