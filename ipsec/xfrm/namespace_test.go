package xfrm

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"sallyport/ipsec"
	"sallyport/ipsec/xfrm/kernel"
	"sallyport/platform/netns"
	"sallyport/platform/netns/netnstest"
)

// realOne returns a dataplane in a network namespace of its own, with the kernel's policies,
// which are there without ESP too, and a device eth1.
func realOne(t testing.TB) (*Dataplane, *netns.Namespace) {
	t.Helper()
	n := netnstest.New(t)
	for _, err := range []error{
		netns.Cable(n, "eth1", n, "eth0"), n.AddAddress("eth1", netip.PrefixFrom(gateway, 24)), n.AddAddress("eth0", lan),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return again(t, n), n
}

// again returns a dataplane in a namespace that others were in before.
func again(t testing.TB, n *netns.Namespace) (d *Dataplane) {
	t.Helper()
	err := n.Do(func() (err error) {
		d, err = open(Config{Warn: func(line string) { t.Log(line) }})
		return err
	})
	if err == nil {
		err = d.start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// TestForeign: what another program has in the kernel outlives start, stop and crash of
// ours: a policy, and where there is ESP an SA.
func TestForeign(t *testing.T) {
	d, n := realOne(t)
	theirs := foreign{n, len(d.capabilities.Encryptions) > 0}
	for i, step := range []func() error{
		theirs.add,
		func() error {
			return d.SetPolicies([]*ipsec.Policy{policy(10, permit(lan, remote)), policy(20, permit(remote, lan))})
		},
		d.Keep,
		func() error { return again(t, n).SetPolicies([]*ipsec.Policy{policy(10, permit(lan, remote))}) },
		func() error { return again(t, n).Close() },
	} {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if policies, states := theirs.count(t); policies != 1 || states != theirs.states() {
			t.Fatalf("after step %d another program has %d policies and %d SAs, want 1 and %d", i, policies, states, theirs.states())
		}
	}
}

// A foreign is another program's work in a namespace.
type foreign struct {
	*netns.Namespace
	esp bool // it has an SA too
}

// theirReqID is the number of another program's SA.
const theirReqID = 7

func (f foreign) states() int {
	if f.esp {
		return 1
	}
	return 0
}

// add puts a policy into the kernel, and an SA if it can.
func (f foreign) add() error {
	return f.Do(func() error {
		ends := netlink.XfrmPolicyTmpl{Src: gateway.AsSlice(), Dst: nomad.AsSlice(), Proto: netlink.XFRM_PROTO_ESP, Mode: netlink.XFRM_MODE_TUNNEL, Reqid: theirReqID}
		err := netlink.XfrmPolicyAdd(&netlink.XfrmPolicy{
			Src: ipNet(lan), Dst: ipNet(remote), Dir: netlink.XFRM_DIR_OUT, Priority: 77, Tmpls: []netlink.XfrmPolicyTmpl{ends},
		})
		if err != nil || !f.esp {
			return err
		}
		return netlink.XfrmStateAdd(&netlink.XfrmState{
			Src: ends.Src, Dst: ends.Dst, Proto: ends.Proto, Mode: ends.Mode, Spi: 0x12345, Reqid: theirReqID,
			Aead: &netlink.XfrmStateAlgo{Name: "rfc4106(gcm(aes))", Key: fill(20), ICVLen: 128},
		})
	})
}

// count returns how many of its policies and SAs there are.
func (f foreign) count(t *testing.T) (policies, states int) {
	t.Helper()
	err := f.Do(func() error {
		all, err := netlink.XfrmPolicyList(netlink.FAMILY_V4)
		for i := range all {
			if len(all[i].Tmpls) == 1 && all[i].Tmpls[0].Reqid == theirReqID {
				policies++
			}
		}
		sas, failed := netlink.XfrmStateList(netlink.FAMILY_V4)
		for i := range sas {
			if sas[i].Reqid == theirReqID {
				states++
			}
		}
		return errors.Join(err, failed)
	})
	if err != nil {
		t.Fatal(err)
	}
	return policies, states
}

// TestFlushedByOthers: policies come back by themselves.
func TestFlushedByOthers(t *testing.T) {
	d, n := realOne(t)
	if err := d.SetPolicies([]*ipsec.Policy{policy(10, permit(lan, remote))}); err != nil {
		t.Fatal(err)
	}
	want, err := d.system.Policies()
	if err != nil || len(want) < 3 {
		t.Fatalf("policies are %v, %v, want three at least", want, err)
	}
	if err := n.Do(func() error { return netlink.XfrmPolicyFlush() }); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		now, err := d.system.Policies()
		if err != nil {
			t.Fatal(err)
		}
		if len(now) == len(want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("policies are %v, want %v again", now, want)
		}
	}
}

// TestWaits: the settings of the namespace are put back.
func TestWaits(t *testing.T) {
	d, n := realOne(t)
	if d.waiting == nil {
		t.Skip("only root of the machine has these settings")
	}
	before := *d.waiting
	if now, err := d.system.Waiting(); err != nil || now != kernel.Patient {
		t.Errorf("waiting is %+v, %v, want %+v", now, err, kernel.Patient)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	other := again(t, n)
	if *other.waiting != before {
		t.Errorf("after the end waiting is %+v, want %+v as before", *other.waiting, before)
	}
}

// TestNoESP: a kernel without ESP is refused in one line that says what helps.
func TestNoESP(t *testing.T) {
	d, n := realOne(t)
	if len(d.capabilities.Encryptions) > 0 {
		if err := d.AddSA(outboundOf(0x1000)); err != nil {
			t.Error(err)
		}
		return
	}
	err := n.Do(func() error { _, err := Open(Config{}); return err })
	if err == nil || err.Error() != "this kernel has no ESP (CONFIG_INET_ESP): run with --dataplane user" {
		t.Errorf("Open = %v, want what is missing and what helps", err)
	}
}

// ipNet writes a prefix the way package netlink wants it.
func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 32)}
}
