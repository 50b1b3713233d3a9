package ipsectest

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"sallyport/ipsec"
)

// part is what PC A sends to PC B: part of what goes between the LANs.
var part = ipsec.Selector{Local: ipsec.PrefixRange(One(pcA)), Remote: ipsec.PrefixRange(One(pcB))}

// addInstance gives both gateways an instance of their policy for a flow, A's with B at
// another address if the flow says so.
func (l *lab) addInstance(f flow) {
	l.Helper()
	f = f.withDefaults()
	from, _ := f.selector.Local.Prefix()
	to, _ := f.selector.Remote.Prefix()
	for _, g := range []struct {
		*gateway
		local, peer netip.Addr
		from, to    netip.Prefix
	}{{&l.a, wanA, f.b, from, to}, {&l.b, f.b, wanA, to, from}} {
		p := f.stated(g.local, g.peer, Permit(g.from, g.to))
		p.ID = f.policy
		l.must(g.AddPolicy(p))
	}
}

// removeInstance takes an instance from both gateways.
func (l *lab) removeInstance(id ipsec.PolicyID) {
	l.Helper()
	l.must(l.a.RemovePolicy(id))
	l.must(l.b.RemovePolicy(id))
}

// acquires has A want an SA for a policy.
func (l *lab) acquires(c *net.UDPConn, policy ipsec.PolicyID, rule uint32) {
	l.Helper()
	send(l, c, 100)
	if e, ok := l.event(&l.a).(ipsec.Acquire); !ok || e.Policy != policy || e.Rule != rule {
		l.Errorf("event = %+v, want an acquire of %v, rule %d", e, policy, rule)
	}
}

// sent waits until an SA of A's has done so many datagrams of 100 octets.
func (l *lab) sent(sa *ipsec.SA, packets uint64) {
	l.Helper()
	l.counted(&l.a, sa, packets, packets*(100+headers))
}

// partOf has an instance for a part of a policy's traffic: that goes by the instance's
// SAs, and all else by its policy's, which were there before.
func (l *lab) partOf(t *testing.T) {
	self := netip.AddrPortFrom(lanB.Addr().Next(), otherPort)
	echo(t, l.b.namespace, self)
	l.protect()
	there, back := l.install(flow{})
	c, other := l.dial(echoPort), client(t, l.pcA, self)
	exchange(t, c, 100)
	f := flow{policy: instanceName, selector: part, spi: 0x2000}
	l.addInstance(f)
	l.acquires(c, instanceName, 5)
	exchange(t, other, 100)
	ours, theirs := l.install(f)
	answer(t, c, 100)
	l.protect(Permit(lanA, lanB), Permit(lanB, lanB)) // the policy changes, and keeps its name
	exchange(t, c, 100)
	exchange(t, other, 100)
	l.sent(ours.outbound, 2)
	l.sent(theirs.inbound, 2)
	l.sent(there.outbound, 3)
	l.sent(back.inbound, 3)
	l.removeInstance(instanceName)
	exchange(t, c, 100)
	l.sent(there.outbound, 4)
	if _, ok := l.a.Counters(ours.outbound.ID); ok {
		t.Error("an instance's SA is there without it")
	}
	l.addInstance(f)
	ours, _ = l.install(f)
	l.state(&l.a)
	if _, ok := l.a.Counters(ours.outbound.ID); ok {
		t.Error("an instance's SA is there without its policy")
	}
	before := l.b.Statistics()
	send(t, c, 100)
	send(t, other, 100)
	l.b.dropped(t, before, ipsec.DropClear, 2)
}

// wholeOf has an instance for all that a rule of its policy says, with the peer at another
// address: it has that traffic as long as it is there, and a newer one before it.
func (l *lab) wholeOf(t *testing.T) {
	other := wanB.Next().Next().Next()
	l.must(l.b.namespace.AddAddress(wan, netip.PrefixFrom(other, 24)))
	l.protect(Permit(lanB, lanB), Permit(lanA, lanB))
	there, back := l.install(flow{rule: 10})
	c := l.dial(echoPort)
	exchange(t, c, 100)
	f := flow{policy: instanceName, b: other, spi: 0x2000}
	l.addInstance(f)
	l.acquires(c, instanceName, 5)
	ours, theirs := l.install(f)
	answer(t, c, 100)
	exchange(t, c, 100)
	newer := flow{policy: instanceName, spi: 0x3000}
	newer.policy.Instance++
	l.addInstance(newer)
	newest, _ := l.install(newer)
	exchange(t, c, 100)
	l.sent(newest.outbound, 1)
	l.removeInstance(newer.policy)
	exchange(t, c, 100)
	l.sent(ours.outbound, 3)
	l.sent(theirs.inbound, 3)
	l.removeInstance(instanceName)
	exchange(t, c, 100)
	l.sent(there.outbound, 2)
	l.sent(back.inbound, 2)
	l.must(l.a.RemoveSA(there.outbound.ID))
	l.acquires(c, policyName, 10)
}

// betweenTimes has an instance come and go while packets are sent: none of them leaves in
// clear.
func (l *lab) betweenTimes(t *testing.T) {
	l.protect()
	l.install(flow{})
	c := l.dial(echoPort)
	exchange(t, c, 100)
	before := l.b.Statistics()
	p := policy(wanA, wanB, Permit(lanA, lanB))
	p.ID = instanceName
	for range 10 {
		done := make(chan error, 1)
		go func() { done <- volley(c) }()
		for sent := false; !sent; {
			l.must(l.a.AddPolicy(p))
			l.must(l.a.RemovePolicy(p.ID))
			select {
			case err := <-done:
				l.must(err)
				sent = true
			default:
			}
		}
		drain(t, c)
	}
	if n := l.b.Statistics().Drops[ipsec.DropClear] - before.Drops[ipsec.DropClear]; n != 0 {
		t.Errorf("%d packets came in clear", n)
	}
}

// volley sends datagrams, fewer than any queue on their way holds.
func volley(c *net.UDPConn) (err error) {
	for range 50 {
		_, e := c.Write(make([]byte, 100))
		err = errors.Join(err, e)
	}
	return err
}

// drain sends datagrams of another size until one is answered: what was sent before has come
// then, or is lost. A queue on the way may have no room for the first.
func drain(t *testing.T, c *net.UDPConn) {
	t.Helper()
	const size = 200
	b := make([]byte, 1000)
	eventually(t, "an echo behind all others", func() bool {
		send(t, c, size)
		c.SetReadDeadline(time.Now().Add(patience / 10))
		for {
			if n, err := c.Read(b); n == size || err != nil {
				return err == nil
			}
		}
	})
}
