package xfrm

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// TestOneLine: what a line costs does not grow with what there is.
func TestOneLine(t *testing.T) {
	r := newRig(t)
	r.network.routes = nil
	var policies []*ipsec.Policy
	for i := range uint32(300) {
		policies = append(policies, policy(i, permit(lan, site(i))))
	}
	r.state(policies...)
	r.memory.changes()
	more := append(slices.Clone(policies[:100]), policy(1000, permit(lan, remote)))
	more = append(more, policies[100:]...)
	r.state(more...)
	r.expect("add policy", "add policy", "add policy")
	r.state(policies...)
	r.expect("delete policy", "delete policy", "delete policy")
	changed := *policies[7]
	changed.Remote = nomad
	more = slices.Clone(policies)
	more[7] = &changed
	r.state(more...)
	r.expect("change policy")
	r.state()
	if len(r.table.used) != 0 || len(r.table.places[kernel.Out]) != 0 || len(r.flows.byReqID) != 0 {
		t.Errorf("without policies %d indexes, %d places and %d flows are kept, want none",
			len(r.table.used), len(r.table.places[kernel.Out]), len(r.flows.byReqID))
	}
}

// site returns a network of a branch.
func site(n uint32) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 100 + byte(n>>14), byte(n >> 6), byte(n<<2) & 0xfc}), 30)
}

// TestSpared: who is in our own LAN may talk to us and through us, whatever is protected.
func TestSpared(t *testing.T) {
	r := newRig(t)
	r.state(policy(10, permit(selection.Anywhere, selection.Anywhere)))
	packet := acl.Tuple{Source: host1, Destination: server, Protocol: 1}
	for _, d := range []kernel.Direction{kernel.In, kernel.Forward} {
		if p := decides(r.memory.ordered(d), 0, packet); p.Index == 0 || p.N != 0 || p.Block {
			t.Errorf("%v: from the LAN meets %v, want that it passes", d, p)
		}
		if p := decides(r.memory.ordered(d), 0, packet.Reverse()); p.N != 1 {
			t.Errorf("%v: from outside meets %v, want that it is protected", d, p)
		}
	}
	if p := r.outbound(); p.N != 1 || p.Device != 2 {
		t.Errorf("out meets %v, want that it is protected on device 2", p)
	}
	r.network.routes, r.network.moved = nil, true // the LAN's device goes
	if told := r.repair(); len(told) != 0 {
		t.Errorf("repair = %v, want nothing", told)
	}
	if p := decides(r.memory.ordered(kernel.Forward), 0, packet); p.N != 1 {
		t.Errorf("without a route from the LAN meets %v, want that it is protected", p)
	}
}

// TestDeviceAgain: a device that was made anew has another index.
func TestDeviceAgain(t *testing.T) {
	r := newRig(t)
	r.state(policy(10, permit(lan, remote)))
	r.network.devices["eth1"], r.network.moved = 17, true
	r.repair()
	out := r.memory.ordered(kernel.Out)
	if len(out) != 1 || out[0].Device != 17 {
		t.Errorf("out has %v, want one on device 17", out)
	}
	delete(r.network.devices, "eth1")
	r.network.moved = true
	r.repair()
	r.repair()
	if len(r.lines) != 1 || !r.moved || len(r.memory.ordered(kernel.Out)) != 1 {
		t.Errorf("without the device: warnings %q, again %v, policies %v, want one, again, and the one", r.lines, r.moved, r.memory.ordered(kernel.Out))
	}
}

func TestRefusedPolicies(t *testing.T) {
	good := policy(10, permit(lan, remote))
	wild := permit(lan, remote)
	wild.Source = acl.NewWildcard(host1, 0x0fff00f0)
	ports := permit(lan, remote)
	ports.Source, ports.Destination = acl.NewWildcard(host1, 0x000fff00), acl.NewWildcard(server, 0x000ff000)
	ports.Protocol, ports.SourcePort, ports.DestinationPort = acl.TCP, acl.Ports{Op: acl.Neq, Low: 80}, acl.Ports{Op: acl.Neq, Low: 80}
	gone := policy(20, permit(lan, remote))
	gone.Device = "eth7"
	for _, test := range []struct {
		name string
		want string // in the error
		with []*ipsec.Policy
		fail map[string]error
	}{
		{"wildcards", "acl 3000 rule 5 permit ip source 0.0.1.5 15.255.0.240", []*ipsec.Policy{policy(30, wild)}, nil},
		{"ports", "acl 3000 rule 5 permit tcp", []*ipsec.Policy{policy(30, ports)}, nil},
		{"no device", "eth7", []*ipsec.Policy{gone}, nil},
		{"twice", "listed twice", []*ipsec.Policy{good}, nil},
		{"kernel", unix.ENOMEM.Error(), []*ipsec.Policy{policy(40, permit(remote, lan))}, map[string]error{"add policy": unix.ENOMEM}},
		{"kernel's removal", unix.EBUSY.Error(), nil, map[string]error{"delete policy": unix.EBUSY}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			other := policy(5, permit(remote, remote))
			r.state(other, good)
			before := wanted(r.memory, r.memory)
			for k, v := range test.fail {
				r.memory.fail[k], r.memory.spare = v, 2
			}
			err := r.SetPolicies(append([]*ipsec.Policy{good}, test.with...))
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("SetPolicies = %v, want one line with %q", err, test.want)
			}
			if after := wanted(r.memory, r.memory); !slices.EqualFunc(after[:], before[:], slices.Equal) {
				t.Errorf("kernel has %v, want %v as before", after, before)
			}
			if len(r.flows.byKey) != 4 {
				t.Errorf("%d flows, want 4 as before", len(r.flows.byKey))
			}
			r.state(other, good)
		})
	}
}

// TestAnotherProgram: where somebody has a policy for the very same packets it decides,
// and is not touched.
func TestAnotherProgram(t *testing.T) {
	r := newRig(t)
	theirs := kernel.Policy{Direction: kernel.Forward, Selection: selection.Selection{From: remote, To: lan}, Index: 10}
	r.memory.put(theirs)
	p := policy(10, permit(lan, remote))
	r.state(p)
	r.state(p)
	if len(r.lines) != 1 || r.memory.policies[10] != theirs || len(r.memory.policies) < 3 {
		t.Errorf("warnings %q, policies %v", r.lines, r.memory.policies)
	}
	r.add(outboundOf(0x1000), inboundOf(0x1001))
	r.state()
	if len(r.memory.policies) != 1 || len(r.table.used) != 0 {
		t.Errorf("left are %v, want another program's; indexes %v, want none", r.memory.policies, r.table.used)
	}
}

// TestFragments: later fragments have no ports, and are blocked where a rule asks for some.
func TestFragments(t *testing.T) {
	r := newRig(t)
	r.state(policy(10, toPort(permit(lan, remote), 80), deny(lan, remote)))
	later := acl.Tuple{Source: host1, Destination: server, Protocol: acl.UDP, Fragment: true}
	if p := decides(r.memory.ordered(kernel.Out), 2, later); !p.Block {
		t.Errorf("a later fragment meets %v, want a block", p)
	}
	whole := later
	whole.Fragment, whole.SourcePort, whole.DestinationPort = false, 5, 81
	if p := decides(r.memory.ordered(kernel.Out), 2, whole); p.Block || p.N != 0 {
		t.Errorf("another port meets %v, want that it passes", p)
	}
	if !r.memory.reassembling {
		t.Error("fragments are not put together")
	}
	r.memory.fail["reassemble"] = errors.New("no nf_tables")
	r.state(policy(10, permit(lan, remote)))
	if r.memory.reassembling || len(r.lines) != 1 {
		t.Errorf("without ports: fragments are put together: %v, warnings %q", r.memory.reassembling, r.lines)
	}
}

// TestManualWithoutEnds: a configured policy that is not complete has no ends and no SAs. What
// leaves is blocked, and what comes in clear is not accepted.
func TestManualWithoutEnds(t *testing.T) {
	for _, everything := range []bool{false, true} {
		r := newRig(t)
		p := policy(10, permit(lan, remote))
		if everything {
			p = policy(10, acl.Rule{ID: 5, Action: acl.Permit})
		}
		p.Manual, p.Local, p.Remote = true, netip.Addr{}, netip.Addr{}
		r.state(p)
		there := acl.Tuple{Source: host1, Destination: server, Protocol: acl.UDP}
		if p := decides(r.memory.ordered(kernel.Out), 2, there); !p.Block {
			t.Errorf("all %v: what leaves meets %v, want a block", everything, p)
		}
		for _, d := range []kernel.Direction{kernel.In, kernel.Forward} {
			if p := decides(r.memory.ordered(d), 2, there.Reverse()); !p.Block && p.N != 1 {
				t.Errorf("all %v: what comes meets %v, want that it is protected", everything, p)
			}
		}
		r.state(policy(10, permit(lan, remote)))
		r.state()
		if len(r.memory.policies) != 0 {
			t.Errorf("all %v: left are %v", everything, r.memory.policies)
		}
	}
}

// TestTwoDevices: one access list on two devices, such as a line and its reserve. What
// comes in may be of either; what leaves is of the one that it leaves by.
func TestTwoDevices(t *testing.T) {
	r := newRig(t)
	line, reserve := policy(10, permit(lan, remote)), policy(20, permit(lan, remote))
	reserve.Device, reserve.Local = "eth0", nomad
	r.state(line)
	r.state(line, reserve)
	packet := acl.Tuple{Source: host1, Destination: server, Protocol: 1}
	out := r.memory.ordered(kernel.Out)
	for device, id := range map[int]ipsec.PolicyID{2: id(10), 3: id(20)} {
		want := r.flows.byKey[flowKey{policy: id, rule: 5}].reqID
		if p := decides(out, device, packet); p.N != 1 || p.Templates[0].ReqID != want {
			t.Errorf("out by device %d meets %v, want reqid %#x", device, p, want)
		}
	}
	either := kernel.Template{Protocol: ipsec.ESP, Source: netip.IPv4Unspecified(), Destination: netip.IPv4Unspecified()}
	if p := r.inbound(); p.N != 1 || p.Templates[0] != either {
		t.Errorf("inbound meets %v, want %v", p, either)
	}
	r.memory.changes()
	r.state(line, reserve)
	r.expect()
	r.state(line)
	want := kernel.Template{Protocol: ipsec.ESP, Source: netip.IPv4Unspecified(), Destination: gateway, ReqID: r.flows.byKey[flowKey{policy: id(10), inbound: true}].reqID}
	if p := r.inbound(); p.N != 1 || p.Templates[0] != want {
		t.Errorf("with one device inbound meets %v, want %v", p, want)
	}
}
