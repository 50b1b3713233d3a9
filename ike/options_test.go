package ike

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"sallyport/ipsec"
)

// TestSPIsOfTheDataplane asks for SPIs of a dataplane that has good ones, bad ones or none.
func TestSPIsOfTheDataplane(t *testing.T) {
	const taken = ipsec.SPI(0x1111)
	for _, test := range []struct {
		name  string
		spis  []ipsec.SPI // what the dataplane has, one after the other; then an error
		want  ipsec.SPI   // 0: one drawn from entropy
		asked int
	}{
		{"a good one", []ipsec.SPI{0x2222}, 0x2222, 1},
		{"one that another SA has", []ipsec.SPI{taken, 0x3333}, 0x3333, 2},
		{"one that is reserved", []ipsec.SPI{255, 0, 0x4444}, 0x4444, 3},
		{"none", nil, 0, 1},
		{"always the same", []ipsec.SPI{taken, taken, taken, taken, taken, taken, taken, taken, 0x5555}, 0, spiTries},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := newWorld(t, 1, nil).ends[0].engine
			e.inbound[taken] = &child{}
			asked := 0
			e.Use(Options{SPI: func(local, remote netip.Addr, p ipsec.Protocol) (ipsec.SPI, error) {
				asked++
				if local != kitAddr(0) || remote != kitAddr(1) || p != ipsec.AH {
					t.Errorf("asked for an SPI from %v to %v for %v", remote, local, p)
				}
				if asked > len(test.spis) {
					return 0, errors.New("none left")
				}
				return test.spis[asked-1], nil
			}})
			got := e.spi(kitAddr(0), kitAddr(1), ipsec.AH)
			good := got == test.want
			if test.want == 0 {
				good = got >= ipsec.MinSPI && got != taken && got != 0x5555
			}
			if !good || asked != test.asked {
				t.Errorf("spi() = %#x after asking %d times, want %#x after %d", got, asked, test.want, test.asked)
			}
		})
	}
}

// TestPairsHaveTheDataplanesSPIs negotiates between two ends that reserve their SPIs.
func TestPairsHaveTheDataplanesSPIs(t *testing.T) {
	w := newWorld(t, 1, nil)
	for i, n := range w.ends {
		next := ipsec.SPI(0x1000 * (i + 1))
		n.engine.Use(Options{SPI: func(netip.Addr, netip.Addr, ipsec.Protocol) (ipsec.SPI, error) {
			next++
			return next, nil
		}})
	}
	w.ends[0].acquire()
	w.run(0)
	w.mustAgree()
	for i, n := range w.ends {
		if c := n.engine.inbound[ipsec.SPI(0x1000*(i+1)+1)]; c == nil {
			t.Errorf("%s has the inbound SAs %v, want the first SPI that was reserved", n.name, n.engine.inbound)
		}
	}
}

// TestWhatADataplaneCannotDo is a dataplane without the only cipher of a policy: it is
// neither offered nor accepted, and the reason is said.
func TestWhatADataplaneCannotDo(t *testing.T) {
	can := ipsec.Everything("this kernel")
	can.Encryptions = []ipsec.Encryption{ipsec.AES256}
	can.Advice = "run with --dataplane user"
	for victim, name := range []string{"as initiator", "as responder"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1, nil)
			n := w.ends[victim]
			n.engine.Use(Options{Capabilities: &can})
			w.ends[0].acquire()
			w.run(0)
			failures := n.engine.Failures()
			if w.agree() || len(failures) == 0 {
				t.Fatalf("a pair was made; failures %v", failures)
			}
			for _, want := range []string{"this kernel has no aes-128", can.Advice} {
				if !strings.Contains(failures[0].Reason, want) {
					t.Errorf("the failure says %q, want %q in it", failures[0].Reason, want)
				}
			}
		})
	}
}
