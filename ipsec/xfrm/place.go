package xfrm

import (
	"net/netip"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// A gateway has three places for each tunnel, and the kernel's selectors here are IPv4 alone:
// so what is kept of a policy has its addresses in four octets.

// A placeKey is what makes a policy of the kernel's the only one of its kind. It is
// comparable.
type placeKey struct {
	direction        kernel.Direction
	protocol         uint8 // 0: any
	from, to         prefix
	fromPort, toPort selection.PortBits
	device           int32  // interface index; 0: any
	ifID             uint32 // of a tunnel interface; 0: none
}

// A prefix is one of IPv4 addresses.
type prefix struct {
	address [4]byte
	bits    uint8
}

// ipv4Prefix returns a prefix as places have it.
func ipv4Prefix(p netip.Prefix) prefix { return prefix{octetsOf(p.Addr()), uint8(p.Bits())} }

// netip returns the prefix as others want it.
func (p prefix) netip() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4(p.address), int(p.bits))
}

// octetsOf returns the octets of an IPv4 address, as the kernel is told them: of no other.
func octetsOf(a netip.Addr) [4]byte { return orAny(a).As4() }

// keyFrom returns the key of a policy of a direction for a selection, on any device.
func keyFrom(d kernel.Direction, s selection.Selection) placeKey {
	return placeKey{
		direction: d, from: ipv4Prefix(s.From), to: ipv4Prefix(s.To), protocol: s.Protocol, fromPort: s.FromPort, toPort: s.ToPort,
	}
}

// keyOf returns the key of a policy.
func keyOf(p *kernel.Policy) placeKey {
	k := keyFrom(p.Direction, p.Selection)
	k.device, k.ifID = int32(p.Device), p.IfID
	return k
}

// selection is the way back of keyFrom.
func (k *placeKey) selection() selection.Selection {
	return selection.Selection{
		From: k.from.netip(), To: k.to.netip(), Protocol: k.protocol, FromPort: k.fromPort, ToPort: k.toPort,
	}
}

// A held is what a policy of the kernel's has besides its key. It is comparable.
type held struct {
	priority, index uint32 // index 0: it is not there
	templates       [kernel.MaxTemplates]heldTemplate
	n               uint8 // of templates
	block           bool
}

// A heldTemplate is a [kernel.Template] of IPv4.
type heldTemplate struct {
	source, destination [4]byte
	reqID               uint32
	protocol            ipsec.Protocol
	mode                ipsec.Mode
	optional            bool
}

// heldOf returns what a policy has besides its key.
func heldOf(p *kernel.Policy) held {
	h := held{priority: p.Priority, index: p.Index, n: uint8(p.N), block: p.Block}
	for i, t := range p.Templates {
		h.templates[i] = heldTemplate{octetsOf(t.Source), octetsOf(t.Destination), t.ReqID, t.Protocol, t.Mode, t.Optional}
	}
	return h
}

// A place is a policy that the kernel has, or is to have.
type place struct {
	placeKey
	have   held
	claim  *claim // the first that wants it
	round  uint64 // of difference, in which it was wanted last
	takers int32  // claims that want it; the first has it
	low    uint32 // of a mark: the priority that comes next
	floor  uint32 // the priority that came before, at the last look at all
	right  bool   // have is what the claim wants, but for the priority
	open   bool   // several flows claim it: what comes in may be any one's
	mark   bool   // no policy of the kernel's, but a place in the order
	room   bool   // of a mark: instances come behind it
	wide   bool   // of a mark: there is to be room for many
}

// fresh reports whether nobody has the place and the kernel has nothing there.
func (p *place) fresh() bool { return p.takers == 0 && p.have.index == 0 }

// has reports whether the kernel has there what a policy says, whose place it is.
func (p *place) has(want *kernel.Policy) bool { return heldOf(want) == p.have }

// settled reports whether nothing but the priority can differ from what is wanted.
func (p *place) settled() bool {
	return p.right && !p.open && (p.have.n == 0 || p.have.templates[0].reqID != 0)
}

// want returns the policy that a place is to have. Where several flows meet, as those of
// one access list on two devices, packets may have come in an SA of each: the SA's own
// selector says what may be in it.
func (p *place) want(priority uint32) kernel.Policy {
	w := kernel.Policy{
		Direction: p.direction, Selection: p.selection(), Device: int(p.device), IfID: p.ifID,
		Priority: priority, Index: p.have.index, Block: p.claim.blocks(),
	}
	if p.claim.flow == nil {
		return w
	}
	p.claim.flow.fill(&w)
	if p.open && p.direction != kernel.Out {
		for i := range w.Templates[:w.N] {
			w.Templates[i].ReqID, w.Templates[i].Destination = 0, netip.IPv4Unspecified()
		}
	}
	return w
}

// A named is what the kernel needs to know of a policy to remove it.
type named struct{ index, ifID uint32 }
