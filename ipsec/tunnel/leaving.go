package tunnel

import (
	"io"

	"sallyport/acl"
	"sallyport/ipsec"
)

// leaving is the way out of packets that the system routed to the inside device, or to
// a tunnel's: protected, in clear, or kept until there is an SA. One goroutine owns it.
type leaving struct {
	buffer    buffer // first, so that packets lie at a multiple of 32 octets
	d         *Dataplane
	tunnel    string // device of a routed policy; empty: the inside device
	flows     flows[flow]
	datagrams datagrams
	assembly  assembly
}

// A flow is what was decided about packets of one tuple.
type flow struct {
	policy *ipsec.Policy // nil: in clear
	rule   uint32
	sa     *outboundSA // nil: none yet
	drop   bool        // neither
	reason ipsec.DropReason
}

// run reads the device until it is closed.
func (l *leaving) run(device io.Reader) {
	for {
		n, err := device.Read(l.buffer[headroom : headroom+maxPacket])
		if err != nil {
			return
		}
		l.packet(n)
	}
}

// packet decides about the packet of n octets in the buffer.
func (l *leaving) packet(n int) {
	defer l.d.survive()
	packet := l.buffer[headroom : headroom+n]
	t, err := acl.ParseTuple(packet)
	if err != nil {
		l.d.statistics.drop(ipsec.DropMalformed)
		return
	}
	packet = packet[:totalLen(packet)]
	t = l.datagrams.complete(packet, t)
	f := l.flow(t)
	if isFragment(packet) && f.wantsWhole() {
		if packet = l.unite(packet, t); packet == nil {
			return
		}
	}
	switch {
	case f.drop:
		l.d.statistics.drop(f.reason)
	case f.policy == nil:
		l.d.clear(packet)
	case f.sa != nil && !f.sa.done.Load():
		l.d.protect(f.sa, &l.buffer, len(packet))
	case f.policy.Manual:
		l.d.statistics.drop(ipsec.DropNoSA)
	default:
		l.d.wait(f, t, packet)
	}
}

// wantsWhole reports whether packets will be protected in transport mode.
func (f *flow) wantsWhole() bool {
	return f.policy != nil && (f.policy.Mode == ipsec.Transport || f.sa != nil && f.sa.Mode == ipsec.Transport)
}

// unite returns the packet whose last fragment this is, in the buffer, or nil.
func (l *leaving) unite(fragment []byte, t acl.Tuple) []byte {
	whole, lost := l.assembly.add(fragment, datagramKeyOf(fragment, t))
	l.d.statistics.dropMany(ipsec.DropMalformed, lost)
	if whole == nil {
		return nil
	}
	return l.buffer[headroom : headroom+copy(l.buffer[headroom:], whole)]
}

// flow finds the verdict on a tuple. The epoch is read before the databases, so
// that what is remembered cannot outlive a change of them.
func (l *leaving) flow(t acl.Tuple) flow {
	epoch, key := l.d.epoch.Load(), keyOf(t)
	if f, ok := l.flows.find(epoch, key); ok {
		return f
	}
	f := l.decide(t)
	l.flows.remember(key, f)
	return f
}

func (l *leaving) decide(t acl.Tuple) flow {
	if l.tunnel != "" {
		return l.d.decideRouted(l.tunnel, t)
	}
	return l.d.decide(t)
}

// decide asks the SPD, and the SAD for a packet to be protected.
func (d *Dataplane) decide(t acl.Tuple) flow {
	s := d.spd.Load()
	if s.ambiguous(t) {
		return flow{drop: true, reason: ipsec.DropMalformed}
	}
	f := flow{}
	if f.policy, f.rule = s.outbound(t); f.policy != nil {
		d.mu.RLock()
		f.sa = d.sad.choose(f.policy.ID, t)
		d.mu.RUnlock()
		if f.sa == nil && s.passesClear(f.policy.ID) {
			return flow{}
		}
	}
	return f
}

// wait keeps a packet for which there is no SA, and asks for one. An SA that came
// since the flow was decided is used: under the lock none can come unseen, so that
// no packet is kept behind the SA that would have released it.
func (d *Dataplane) wait(f flow, t acl.Tuple, packet []byte) {
	sa, ask := d.chooseOrHold(heldPacket{
		key: ruleKey{f.policy.ID, f.rule}, tuple: t, packet: packet, since: d.now(),
	})
	switch {
	case sa != nil:
		d.protectCopy(sa, packet)
	case ask:
		d.notify(ipsec.Acquire{Policy: f.policy.ID, Rule: f.rule, Packet: t})
	}
}

func (d *Dataplane) chooseOrHold(h heldPacket) (sa *outboundSA, ask bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if sa = d.sad.choose(h.key.policy, h.tuple); sa != nil {
		return sa, false
	}
	dropped, ask := d.held.hold(h)
	d.statistics.dropMany(ipsec.DropNoSA, dropped)
	return nil, ask
}

// protectCopy is protect for a packet that lies somewhere else.
func (d *Dataplane) protectCopy(sa *outboundSA, packet []byte) {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	d.protect(sa, b, copy(b[headroom:headroom+maxPacket], packet))
}
