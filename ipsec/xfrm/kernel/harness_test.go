package kernel

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"sallyport/ipsec"
	"sallyport/ipsec/secret"
	"sallyport/ipsec/selection"
	"sallyport/platform/netns"
	"sallyport/platform/netns/netnstest"
)

// A side is one of two gateways, each in a namespace of its own:
//
//	10.1.1.1 on lo, left 192.0.2.1 ---- 192.0.2.2 right, 10.1.2.1 on lo
type side struct {
	*netns.Namespace
	k            *Kernel
	outer, inner netip.Addr
	events       chan Event
	number       uint32 // of the flow to the other side
}

// patient is how long a test waits for what must come.
const patient = 20 * time.Second

// needRoot skips where there can be no namespaces, but fails in CI.
func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("network namespaces need root")
	}
	t.Skip("network namespaces need root: run as root or in `unshare -Urn`")
}

// needESP skips on kernels without, unless the kernel's dataplane is what is tested.
func needESP(t testing.TB, k *Kernel) {
	t.Helper()
	c, err := k.Capabilities()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Encryptions) > 0 {
		return
	}
	if os.Getenv("SALLYPORT_DATAPLANE") == "kernel" {
		t.Fatal("kernel has no ESP")
	}
	t.Skip("kernel has no ESP")
}

// newSide returns an empty namespace with an open kernel.
func newSide(t testing.TB) *side {
	t.Helper()
	needRoot(t)
	n := netnstest.New(t)
	s := &side{Namespace: n, events: make(chan Event, 1000), number: Ours | 7}
	must(t, n.Do(func() (err error) { s.k, err = Open(); return err }))
	t.Cleanup(func() { must(t, s.k.Close()) })
	return s
}

// newPair returns two gateways that reach each other, in clear so far.
func newPair(t testing.TB) (left, right *side) {
	t.Helper()
	left, right = newSide(t), newSide(t)
	left.outer, right.outer = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	left.inner, right.inner = netip.MustParseAddr("10.1.1.1"), netip.MustParseAddr("10.1.2.1")
	must(t, netns.Cable(left.Namespace, "left", right.Namespace, "right"))
	for _, s := range []struct {
		*side
		device string
		other  *side
	}{{left, "left", right}, {right, "right", left}} {
		must(t, s.AddAddress(s.device, netip.PrefixFrom(s.outer, 24)))
		must(t, s.AddAddress("lo", netip.PrefixFrom(s.inner, 32)))
		must(t, s.AddRoute(netip.PrefixFrom(s.other.inner, 32), s.other.outer))
	}
	return left, right
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listen has the events of a side collected.
func (s *side) listen(t testing.TB) {
	t.Helper()
	must(t, s.k.Listen(func(e Event) { s.events <- e }))
}

// expect returns the next event that is of type E.
func expect[E Event](t testing.TB, s *side) E {
	t.Helper()
	late := time.After(patient)
	for {
		select {
		case e := <-s.events:
			if e, ok := e.(E); ok {
				return e
			}
			t.Logf("passed over: %+v", e)
		case <-late:
			var none E
			t.Fatalf("no %T came", none)
		}
	}
}

// one is the addresses of a host.
func one(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// An association is how two sides protect what they exchange.
type association struct {
	ipsec.Offer
	mode   ipsec.Mode
	change func(*State) // of each state, before it is added; nil: as it is
}

// ends returns between which addresses traffic is protected.
func (a association) ends(from, to *side) (netip.Addr, netip.Addr) {
	if a.mode == ipsec.Transport {
		return from.outer, to.outer
	}
	return from.inner, to.inner
}

// states returns those of one direction, the inner first.
func (a association) states(from, to *side) (all []State) {
	s := State{Source: from.outer, Mode: a.mode, ReqID: from.number, Window: 64}
	s.ID.Destination = to.outer
	add := func(p ipsec.Protocol, spi ipsec.SPI, e ipsec.Encryption, i ipsec.Integrity, m ipsec.Mode) {
		s := s
		s.ID.Protocol, s.ID.SPI, s.Encryption, s.Integrity, s.Mode = p, spi, e, i, m
		s.EncryptionKey, s.IntegrityKey = key(e.KeyLen()), key(i.KeyLen())
		all = append(all, s)
	}
	spi := ipsec.SPI(0x1000) + ipsec.SPI(from.outer.As4()[3])
	mode := a.mode
	if a.Encryption != ipsec.NoEncryption {
		add(ipsec.ESP, spi, a.Encryption, a.Integrity, mode)
		mode = ipsec.Transport
	}
	if a.AH != ipsec.NoIntegrity {
		add(ipsec.AH, spi, ipsec.NoEncryption, a.AH, mode)
	}
	return all
}

func key(n int) secret.Octets {
	k := make(secret.Octets, n)
	for i := range k {
		k[i] = byte(5 + 7*i)
	}
	return k
}

// policy returns the policy for what goes from one side to the other.
func (a association) policy(d Direction, from, to *side) Policy {
	f, g := a.ends(from, to)
	p := Policy{
		Direction: d, Selection: selection.Selection{From: one(f), To: one(g), Protocol: 17},
		Priority: selection.FirstPriority, Index: FirstIndex + uint32(d),
	}
	for _, s := range a.states(from, to) {
		t := Template{Protocol: s.ID.Protocol, Mode: s.Mode, ReqID: s.ReqID}
		t.Source, t.Destination = from.outer, to.outer
		p.Templates[p.N] = t
		p.N++
	}
	return p
}

// establish gives both sides states and policies, both ways.
func (a association) establish(t testing.TB, left, right *side) {
	t.Helper()
	for _, way := range [][2]*side{{left, right}, {right, left}} {
		from, to := way[0], way[1]
		for _, s := range a.states(from, to) {
			if a.change != nil {
				a.change(&s)
			}
			in := s
			in.Inbound = true
			in.Encapsulation.Local, in.Encapsulation.Remote = s.Encapsulation.Remote, s.Encapsulation.Local
			must(t, from.k.AddState(s))
			must(t, to.k.AddState(in))
		}
		must(t, from.k.AddPolicy(a.policy(Out, from, to), false))
		must(t, to.k.AddPolicy(a.policy(In, from, to), false))
	}
}

// A volley is some datagrams, and how many of them should arrive.
type volley struct{ count, size, want int }

// send sends a volley from one address to another, and returns how many arrived. It ends
// where one is refused.
func send(t testing.TB, from, to *side, f, g netip.Addr, v volley) (arrived int) {
	t.Helper()
	receiver, sender := open(t, to, g), open(t, from, f)
	defer receiver.Close()
	defer sender.Close()
	target := receiver.LocalAddr().(*net.UDPAddr).AddrPort()
	for range v.count {
		if _, err := sender.WriteToUDPAddrPort(make([]byte, v.size), target); err != nil {
			t.Logf("sending from %v to %v: %v", f, g, err)
			break
		}
	}
	for b := make([]byte, 1<<16); arrived < v.count; {
		wait := patient
		if arrived >= v.want {
			wait = silence
		}
		must(t, receiver.SetReadDeadline(time.Now().Add(wait)))
		n, _, err := receiver.ReadFromUDPAddrPort(b)
		if err != nil {
			break
		}
		if n == v.size {
			arrived++
		}
	}
	return arrived
}

// silence is how long nothing comes until what should not arrive counts as lost.
const silence = 200 * time.Millisecond

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	late, tick := time.After(patient), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("never: %s", what)
		}
	}
}

// open opens a UDP socket of a side.
func open(t testing.TB, s *side, a netip.Addr) (c *net.UDPConn) {
	t.Helper()
	must(t, s.Do(func() (err error) {
		c, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
		return err
	}))
	return c
}

// errors returns the counters of a side that are not zero.
func (s *side) errors(t testing.TB) (all []string) {
	t.Helper()
	now, err := s.k.Statistics()
	must(t, err)
	for _, c := range now.Counters {
		if c.Packets > 0 {
			all = append(all, fmt.Sprintf("%s %d", c.Name, c.Packets))
		}
	}
	slices.Sort(all)
	return all
}
