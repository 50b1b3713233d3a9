package acl

import (
	"net/netip"
	"testing"
)

func TestWildcardMatches(t *testing.T) {
	odd := NewWildcard(netip.MustParseAddr("10.0.0.1"), 0x00ff0000) // second octet does not count
	mistake := NewWildcard(netip.MustParseAddr("192.0.2.77"), 0xffffff00)
	for _, test := range []struct {
		name string
		w    Wildcard
		addr string
		want bool
	}{
		{"zero value", Wildcard{}, "203.0.113.9", true},
		{"zero value and IPv6", Wildcard{}, "2001:db8::1", false},
		{"host", Host(pcA), "10.1.1.5", true},
		{"another host", Host(pcA), "10.1.1.4", false},
		{"first of a net", net("192.0.2.77", 8), "192.0.2.0", true},
		{"last of a net", net("192.0.2.77", 8), "192.0.2.255", true},
		{"below a net", net("192.0.2.77", 8), "192.0.1.255", false},
		{"above a net", net("192.0.2.77", 8), "192.0.3.0", false},
		{"mapped address", net("192.0.2.77", 8), "::ffff:192.0.2.1", true},
		{"gap in the mask", odd, "10.200.0.1", true},
		{"outside the gap", odd, "10.200.1.1", false},
		{"netmask typed by mistake", mistake, "8.8.8.77", true},
		{"and its effect", mistake, "192.0.2.78", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.w.Matches(netip.MustParseAddr(test.addr)); got != test.want {
				t.Errorf("%v matches %s: %v, want %v", test.w, test.addr, got, test.want)
			}
		})
	}
	if (Wildcard{}).Matches(netip.Addr{}) {
		t.Error("any matches the invalid address")
	}
}

// TestWildcardForms checks the three ways to look at one wildcard.
func TestWildcardForms(t *testing.T) {
	for _, test := range []struct {
		name    string
		addr    string
		inverse uint32
		text    string
		prefix  string // empty: not contiguous
	}{
		{"host", "192.0.2.9", 0, "192.0.2.9 0", "192.0.2.9/32"},
		{"net", "192.0.2.0", 0xff, "192.0.2.0 0.0.0.255", "192.0.2.0/24"},
		{"net with host bits", "192.0.2.77", 0xff, "192.0.2.0 0.0.0.255", "192.0.2.0/24"},
		{"point to point", "192.0.2.77", 1, "192.0.2.76 0.0.0.1", "192.0.2.76/31"},
		{"half of all", "192.0.2.77", 0x7fffffff, "128.0.0.0 127.255.255.255", "128.0.0.0/1"},
		{"any", "192.0.2.77", 0xffffffff, "any", "0.0.0.0/0"},
		{"netmask by mistake", "192.0.2.77", 0xffffff00, "0.0.0.77 255.255.255.0", ""},
		{"a gap", "10.255.3.1", 0x00ff0000, "10.0.3.1 0.255.0.0", ""},
		{"even addresses", "192.0.2.0", 0xfe, "192.0.2.0 0.0.0.254", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := NewWildcard(netip.MustParseAddr(test.addr), test.inverse)
			if got := w.String(); got != test.text {
				t.Errorf("String() = %q, want %q", got, test.text)
			}
			if p, ok := w.Prefix(); ok != (test.prefix != "") || ok && p.String() != test.prefix {
				t.Errorf("Prefix() = %v, %v, want %q", p, ok, test.prefix)
			}
			if w.Inverse() != test.inverse || NewWildcard(w.Address(), w.Inverse()) != w {
				t.Errorf("Address() and Inverse() are %v and %#x, which is another wildcard", w.Address(), w.Inverse())
			}
			if w.Any() != (test.text == "any") {
				t.Errorf("Any() = %v", w.Any())
			}
		})
	}
}

func TestNewWildcardRefusesIPv6(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Host of an IPv6 address does not panic")
		}
	}()
	Host(ipv6)
}

func TestParseInverse(t *testing.T) {
	for _, test := range []struct {
		text string
		want uint32
		ok   bool
	}{
		{"0", 0, true},
		{"0.0.0.0", 0, true},
		{"0.0.0.255", 0xff, true},
		{"0.255.0.3", 0xff0003, true},
		{"255.255.255.255", 0xffffffff, true},
		{"", 0, false},
		{"1", 0, false},
		{"00", 0, false},
		{"255", 0, false},
		{"0.0.255", 0, false},
		{"0.0.0.256", 0, false},
		{"::", 0, false},
		{"::ffff:0.0.0.255", 0, false},
	} {
		if got, err := ParseInverse(test.text); got != test.want || (err == nil) != test.ok {
			t.Errorf("ParseInverse(%q) = %#x, %v, want %#x, ok %v", test.text, got, err, test.want, test.ok)
		}
	}
}
