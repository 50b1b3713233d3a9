package ipsectest

import (
	"testing"
)

// Mixed runs what two dataplanes of different kinds must agree on: the octets of every
// transform, and who goes in clear when. Each of them is once gateway A and once B.
func Mixed(t *testing.T, one, other Opener) {
	for _, pair := range []struct {
		name string
		a, b Opener
	}{{"one to the other", one, other}, {"the other to one", other, one}} {
		t.Run(pair.name, func(t *testing.T) {
			newLab(t, pair.a, pair.b).run(t, []testCase{
				{"ESP", (*lab).algorithms},
				{"AH", (*lab).authenticated},
				{"AH around ESP", (*lab).bundles},
				{"transport mode", (*lab).transport},
				{"extended sequence numbers", (*lab).extended},
				{"UDP encapsulation", (*lab).encapsulation},
				{"larger packets go in fragments", (*lab).fragments},
				{"what is routed into a tunnel interface is protected", (*lab).routed},
				{"instances of a template come and go", (*lab).instances},
				{"an instance has a part of its policy's traffic", (*lab).partOf},
				{"an instance has all of its policy's traffic", (*lab).wholeOf},
				{"an SA follows its peer", (*lab).follows},
				{"a policy may be open", (*lab).open},
			})
		})
	}
}
