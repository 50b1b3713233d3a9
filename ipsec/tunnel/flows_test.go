package tunnel

import (
	"net/netip"
	"testing"

	"sallyport/acl"
)

func TestFlowsForgetWithTheEpoch(t *testing.T) {
	var f flows[string]
	k := keyOf(tuple())
	if v, ok := f.find(1, k); ok {
		t.Errorf("an empty memory has %q", v)
	}
	f.remember(k, "clear")
	if v, ok := f.find(1, k); !ok || v != "clear" {
		t.Errorf("find in the same epoch = %q, %v, want %q, true", v, ok, "clear")
	}
	if v, ok := f.find(2, k); ok {
		t.Errorf("find in the next epoch = %q, want nothing", v)
	}
	if v, ok := f.find(1, k); ok {
		t.Errorf("find in the old epoch = %q, want nothing: it was forgotten", v)
	}
}

func TestFlowsAreBounded(t *testing.T) {
	var f flows[int]
	f.find(1, flowKey{})
	for i := range uint64(maxFlows + 10) {
		f.remember(flowKey{rest: i}, int(i))
	}
	if n := len(f.known); n > maxFlows {
		t.Errorf("%d flows are remembered, want at most %d", n, maxFlows)
	}
	if v, ok := f.find(1, flowKey{rest: maxFlows + 9}); !ok || v != maxFlows+9 {
		t.Errorf("the last flow is %d, %v", v, ok)
	}
}

// TestKeyOf changes one part of a tuple after the other.
func TestKeyOf(t *testing.T) {
	seen := map[flowKey]int{keyOf(tuple()): -1}
	for i, change := range []func(*acl.Tuple){
		func(t *acl.Tuple) { t.Source = netip.MustParseAddr("10.1.1.6") },
		func(t *acl.Tuple) { t.Destination = netip.MustParseAddr("10.1.1.6") },
		func(t *acl.Tuple) { t.Source, t.Destination = t.Destination, t.Source },
		func(t *acl.Tuple) { t.Protocol = acl.TCP },
		func(t *acl.Tuple) { t.SourcePort++ },
		func(t *acl.Tuple) { t.DestinationPort++ },
		func(t *acl.Tuple) { t.Fragment = true },
		func(t *acl.Tuple) { t.SourcePort, t.DestinationPort = t.DestinationPort, t.SourcePort },
	} {
		k := keyOf(tuple(change))
		if other, ok := seen[k]; ok {
			t.Errorf("changes %d and %d give the same key %x", i, other, k)
		}
		seen[k] = i
	}
}
