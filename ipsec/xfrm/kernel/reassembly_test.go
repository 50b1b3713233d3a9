package kernel

import (
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/ipsec/selection"
	"sallyport/platform/netns"
)

// TestFragmentsArePutTogether: with reassembly what is forwarded has its ports when the
// policies are asked, without it later fragments have none.
//
//	client 10.1.1.2 ---- 10.1.1.3 router 10.1.2.3 ---- 10.1.2.2 server
func TestFragmentsArePutTogether(t *testing.T) {
	client, router, server := newSide(t), newSide(t), newSide(t)
	must(t, netns.Cable(client.Namespace, "out", router.Namespace, "in"))
	must(t, netns.Cable(router.Namespace, "out", server.Namespace, "in"))
	client.inner, server.inner = netip.MustParseAddr("10.1.1.2"), netip.MustParseAddr("10.1.2.2")
	toClient, toServer := netip.MustParseAddr("10.1.1.3"), netip.MustParseAddr("10.1.2.3")
	for _, err := range []error{
		client.AddAddress("out", netip.PrefixFrom(client.inner, 24)), router.AddAddress("in", netip.PrefixFrom(toClient, 24)),
		router.AddAddress("out", netip.PrefixFrom(toServer, 24)), server.AddAddress("in", netip.PrefixFrom(server.inner, 24)),
		client.AddRoute(netip.PrefixFrom(server.inner, 24), toClient), server.AddRoute(netip.PrefixFrom(client.inner, 24), toServer),
		router.Forward(),
	} {
		must(t, err)
	}
	// What has no ports is blocked: only later fragments do.
	nothing := selection.Selection{From: selection.Anywhere, To: selection.Anywhere, Protocol: 17, FromPort: selection.OnePort(0), ToPort: selection.OnePort(0)}
	must(t, router.k.AddPolicy(Policy{Direction: Forward, Selection: nothing, Block: true, Priority: 1, Index: FirstIndex | uint32(Forward)}, false))
	arrived := func(want int) int {
		return send(t, client, server, client.inner, server.inner, volley{3, 4000, want})
	}
	must(t, router.k.Reassemble(false))
	if n := arrived(0); n != 0 {
		t.Errorf("in fragments %d of 3 arrived, want none", n)
	}
	for range 2 {
		must(t, router.k.Reassemble(true))
		if n := arrived(3); n != 3 {
			t.Errorf("put together %d of 3 arrived; errors %v", n, router.errors(t))
		}
	}
	must(t, router.k.Reassemble(false))
	eventually(t, "fragments are left as they are", func() bool { return arrived(0) == 0 }) // the kernel takes its time
}

// TestKernelWithoutTables: to have none is no error, to want one is.
func TestKernelWithoutTables(t *testing.T) {
	k := &Kernel{filter: &filter{err: unix.EPROTONOSUPPORT}}
	must(t, k.Reassemble(false))
	const want = "this kernel puts no fragments together (CONFIG_NF_TABLES, CONFIG_NFT_CT): protocol not supported"
	if err := k.Reassemble(true); err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
	k.filter.err = unix.EPERM
	for _, on := range []bool{true, false} {
		if err := k.Reassemble(on); !errors.Is(err, unix.EPERM) {
			t.Errorf("without the privilege: %v", err)
		}
	}
	must(t, k.filter.Close())
}
