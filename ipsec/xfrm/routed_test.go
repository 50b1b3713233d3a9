package xfrm

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

func TestRouted(t *testing.T) {
	r := newRig(t)
	p := policy(10, permit(selection.Anywhere, selection.Anywhere))
	p.Routed, p.Device = true, "Tunnel1"
	r.state(p)
	tunnel := r.memory.tunnels["Tunnel1"]
	if !kernel.IsOurs(tunnel.IfID) {
		t.Fatalf("tunnel is %+v, want one of ours", tunnel)
	}
	sa := outboundOf(0x1000)
	r.add(sa)
	if s := r.memory.states[sa.ID]; s.IfID != tunnel.IfID {
		t.Errorf("SA has identifier %#x, want %#x", s.IfID, tunnel.IfID)
	}
	for _, policy := range r.memory.policies {
		if policy.IfID != tunnel.IfID || policy.Device != 0 || policy.Selection != selection.All() {
			t.Errorf("policy %v, want all of tunnel interface %#x", policy, tunnel.IfID)
		}
	}
	if n := len(r.memory.policies); n != 3 {
		t.Errorf("%d policies, want one for each direction", n)
	}
	r.state()
	if len(r.memory.tunnels)+len(r.memory.policies)+len(r.memory.states) != 0 {
		t.Errorf("left are %v, %v, %v", r.memory.tunnels, r.memory.policies, r.memory.states)
	}
}

func TestOffload(t *testing.T) {
	r := newRig(t)
	p := policy(10, permit(lan, remote))
	p.Offload = true
	r.state(p)
	first, second := outboundOf(0x1000), outboundOf(0x1001)
	r.add(first)
	if got := r.memory.states[first.ID].Offload; got != 2 {
		t.Errorf("offload to interface %d, want 2", got)
	}
	r.memory.fail["add state"] = unix.EINVAL
	r.add(second)
	if got := r.memory.states[second.ID].Offload; got != 0 || len(r.lines) != 1 {
		t.Errorf("refused by the hardware: offload to %d, warnings %q, want none and one", got, r.lines)
	}
	r.memory.plain, r.lines = true, nil
	r.add(outboundOf(0x1002), outboundOf(0x1003))
	if len(r.lines) != 1 || !strings.Contains(r.lines[0], "its driver has no IPsec") {
		t.Errorf("the kernel leaves it to the processor: warnings %q, want one", r.lines)
	}
}
