package tunnel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/ipsec"
	"sallyport/ipsec/ipsectest"
)

// The addresses of the tests without privilege, and what makes policies of them.
var (
	gateway, peer, host, server = ipsectest.Gateway, ipsectest.Peer, ipsectest.Host, ipsectest.Server
	lan, remote, world          = ipsectest.LAN, ipsectest.Remote, ipsectest.World

	id, policy, template, instance = ipsectest.ID, ipsectest.Policy, ipsectest.Template, ipsectest.Instance
	permit, deny, toPort           = ipsectest.Permit, ipsectest.Deny, ipsectest.ToPort
	one                            = ipsectest.One
)

// memory is a TUN device without a system: what is written is kept.
type memory struct {
	written [][]byte
	discard bool // count nothing, allocate nothing
	err     error
}

func (m *memory) Read([]byte) (int, error) { return 0, io.EOF }
func (m *memory) Close() error             { return nil }
func (m *memory) Write(b []byte) (int, error) {
	if !m.discard && m.err == nil {
		m.written = append(m.written, bytes.Clone(b))
	}
	return len(b), m.err
}

// wire is a network without a system: what is sent is kept, unless it is larger than
// the path allows.
type wire struct {
	sent    [][]byte
	mtu     int // 0: any size
	discard bool
	err     error
}

func (w *wire) Close() error { return nil }
func (w *wire) Send(b []byte) error {
	switch {
	case w.err != nil:
		return w.err
	case w.mtu != 0 && len(b) > w.mtu:
		return unix.EMSGSIZE
	case !w.discard:
		w.sent = append(w.sent, bytes.Clone(b))
	}
	return nil
}

// routes is a router without a system.
type routes struct {
	mtu     int
	err     error
	set     [][]*ipsec.Policy
	path    error
	blocked uint64

	added, removed []*ipsec.Policy
	opened         []string // policies, and whether they are
}

func (r *routes) Set(p []*ipsec.Policy) error { r.set = append(r.set, p); return r.err }
func (r *routes) Add(p *ipsec.Policy) error {
	if r.err == nil {
		r.added = append(r.added, p)
	}
	return r.err
}
func (r *routes) Remove(p *ipsec.Policy) error { r.removed = append(r.removed, p); return r.err }
func (r *routes) PassClear(id ipsec.PolicyID, whether bool) error {
	r.opened = append(r.opened, fmt.Sprint(id, whether))
	return r.err
}
func (r *routes) Retry()          {}
func (r *routes) Close() error    { return nil }
func (r *routes) Blocked() uint64 { return r.blocked }
func (r *routes) Path(netip.Addr) (netip.Addr, int, error) {
	return gateway, r.mtu, r.path
}

// A maker makes devices without a system.
type maker struct {
	made []*pipe
	err  error
}

func (m *maker) Close() error { return nil }
func (m *maker) Open(name string) (io.ReadWriteCloser, error) {
	if m.err != nil {
		return nil, m.err
	}
	p := &pipe{name: name, closed: make(chan struct{})}
	m.made = append(m.made, p)
	return p, nil
}

// A pipe is a TUN device without a system that nothing is routed to.
type pipe struct {
	memory
	name   string
	closed chan struct{}
}

func (p *pipe) Read([]byte) (int, error) { <-p.closed; return 0, os.ErrClosed }
func (p *pipe) Close() error             { close(p.closed); return nil }

// silence is a network that nothing comes from.
type silence struct{}

func (silence) Read([]byte) (int, error)     { return 0, os.ErrClosed }
func (silence) TooBig() (tooBigReport, bool) { return tooBigReport{}, false }
func (silence) Close() error                 { return nil }

// A rig is a dataplane over fakes, with its paths. Nothing runs by itself.
type rig struct {
	*Dataplane
	inside  *memory
	wire    *wire
	routes  *routes
	tunnels *maker
	leaving *leaving
	guard   *guard
	events  []ipsec.Event
	clock   time.Time
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{inside: new(memory), wire: new(wire), routes: &routes{mtu: 1500}, tunnels: new(maker), clock: time.Unix(1e9, 0)}
	r.Dataplane = newDataplane(
		Config{Notify: func(e ipsec.Event) { r.events = append(r.events, e) }, Entropy: zeros{}},
		system{
			inside: r.inside, guard: new(memory), arrived: []receiver{silence{}}, outside: r.wire, router: r.routes, tunnels: r.tunnels,
		},
	)
	r.now = func() time.Time { return r.clock }
	r.leaving, r.guard = &leaving{d: r.Dataplane}, &guard{d: r.Dataplane}
	return r
}

// zeros is entropy without surprises.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// leave sends a packet the way out.
func (r *rig) leave(p []byte) { r.leaving.packet(copy(r.leaving.buffer[headroom:], p)) }

// state gives the rig one policy with these rules.
func (r *rig) state(t testing.TB, rules ...acl.Rule) *ipsec.Policy {
	t.Helper()
	p := policy(10, rules...)
	if err := r.SetPolicies([]*ipsec.Policy{p}); err != nil {
		t.Fatal(err)
	}
	return p
}

func (r *rig) add(t testing.TB, sas ...*ipsec.SA) {
	t.Helper()
	for _, sa := range sas {
		if err := r.AddSA(sa); err != nil {
			t.Fatal(err)
		}
	}
}

// expectDrops compares the drop counters with these, and everything else with zero.
func (r *rig) expectDrops(t testing.TB, want map[ipsec.DropReason]uint64) {
	t.Helper()
	for reason, n := range r.Statistics().Drops {
		if w := want[ipsec.DropReason(reason)]; n != w {
			t.Errorf("dropped %d for %q, want %d", n, ipsec.DropReason(reason), w)
		}
	}
}

// outboundOf and inboundOf return an SA of the policy for all between the LANs. The
// inbound one is what the peer sends with.
func outboundOf(spi ipsec.SPI, change ...func(*ipsec.SA)) *ipsec.SA {
	return saOf(ipsec.Outbound, peer, spi, change)
}

func inboundOf(spi ipsec.SPI, change ...func(*ipsec.SA)) *ipsec.SA {
	return saOf(ipsec.Inbound, gateway, spi, change)
}

func saOf(d ipsec.Direction, to netip.Addr, spi ipsec.SPI, change []func(*ipsec.SA)) *ipsec.SA {
	sa := &ipsec.SA{
		ID: ipsec.SAID{Destination: to, Protocol: ipsec.ESP, SPI: spi}, Direction: d, Policy: id(10), Rule: 5,
		Local: gateway, Remote: peer, Mode: ipsec.Tunnel,
		Encryption: ipsec.AES128GCM, EncryptionKey: bytes.Repeat([]byte{byte(spi)}, 20),
		Selector: ipsec.Selector{Local: ipsec.PrefixRange(lan), Remote: ipsec.PrefixRange(remote)}, Window: 64,
	}
	for _, f := range change {
		f(sa)
	}
	return sa
}

func inUDP(sa *ipsec.SA) { sa.Encapsulation = ipsec.Ports{Local: 4500, Remote: 40000} }

// onlyAH makes the SA one of AH; around puts an AH of that SPI around its ESP.
func onlyAH(sa *ipsec.SA) {
	sa.ID.Protocol, sa.Encryption, sa.EncryptionKey = ipsec.AH, ipsec.NoEncryption, nil
	sa.Integrity, sa.IntegrityKey = ipsec.SHA256, bytes.Repeat([]byte{byte(sa.ID.SPI)}, 32)
}

func around(spi ipsec.SPI) func(*ipsec.SA) {
	return func(sa *ipsec.SA) {
		sa.AH = &ipsec.AHPart{SPI: spi, Integrity: ipsec.SHA1, Key: bytes.Repeat([]byte{byte(spi)}, 20)}
	}
}

// transport makes the SA one for what goes between the ends themselves.
func transport(sa *ipsec.SA) {
	sa.Mode = ipsec.Transport
	sa.Selector = ipsec.Selector{Local: ipsec.PrefixRange(netip.PrefixFrom(gateway, 32)), Remote: ipsec.PrefixRange(netip.PrefixFrom(peer, 32))}
}

// mirror returns the SA as the peer has it.
func mirror(sa *ipsec.SA) *ipsec.SA {
	m := *sa
	m.Direction = ipsec.Outbound - sa.Direction
	m.Local, m.Remote = sa.Remote, sa.Local
	m.Selector.Local, m.Selector.Remote = sa.Selector.Remote, sa.Selector.Local
	m.Encapsulation = ipsec.Ports{Local: sa.Encapsulation.Remote, Remote: sa.Encapsulation.Local}
	return &m
}

// A shape is an inner packet to be built: UDP with zeros in it, unless said
// otherwise.
type shape struct {
	from, to         netip.Addr // zero: host to server
	fromPort, toPort uint16
	protocol         byte // 0: UDP
	tos              byte
	df, more         bool
	offset           int    // of a fragment, in octets
	id               uint16 // of the header
	size             int    // of the whole packet; 0: 100
	options          []byte
}

// build returns the packet with a right header checksum.
func (s shape) build() []byte {
	if !s.from.IsValid() {
		s.from, s.to = host, server
	}
	if s.protocol == 0 {
		s.protocol = protoUDP
	}
	if s.size == 0 {
		s.size = 100
	}
	n := ipv4Len + len(s.options)
	p := make([]byte, s.size)
	p[0], p[ipTOS], p[ipTTL], p[ipProtocol] = 0x40|byte(n/4), s.tos, 63, s.protocol
	binary.BigEndian.PutUint16(p[ipTotal:], uint16(s.size))
	binary.BigEndian.PutUint16(p[ipID:], s.id)
	flags := uint16(s.offset / 8)
	if s.df {
		flags |= dontFrag
	}
	if s.more {
		flags |= moreFrags
	}
	binary.BigEndian.PutUint16(p[ipFragment:], flags)
	copy(p[ipSource:], s.from.AsSlice())
	copy(p[ipDest:], s.to.AsSlice())
	copy(p[ipv4Len:], s.options)
	for i := range p[n:] {
		p[n+i] = byte(i)
	}
	if s.offset == 0 && s.size >= n+4 {
		binary.BigEndian.PutUint16(p[n:], s.fromPort)
		binary.BigEndian.PutUint16(p[n+2:], s.toPort)
	}
	sealHeader(p[:n])
	return p
}

// checkHeader complains about a packet whose length or checksum is wrong.
func checkHeader(t testing.TB, p []byte) {
	t.Helper()
	if len(p) < ipv4Len || headerLen(p) > len(p) || totalLen(p) != len(p) {
		t.Fatalf("packet of %d octets says it has %d: % x", len(p), totalLen(p), p[:ipv4Len])
	}
	if s := sum(p[:headerLen(p)]); s != 0xffff {
		t.Errorf("header checksum is wrong: sum is %#x, want 0xffff: % x", s, p[:headerLen(p)])
	}
}

// connect hands what the rig sent to another rig's network side.
func (r *rig) connect(to *rig) {
	in := &arriving{d: to.Dataplane}
	for _, p := range r.wire.sent {
		in.packet(p)
	}
	r.wire.sent = nil
}
