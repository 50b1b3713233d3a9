package main_test

import (
	"bytes"
	"net"
	"net/netip"
	"sync"
	"testing"

	"sallyport/ike/wire"
	"sallyport/platform/netns"
)

// draftFeatures are those of NAT traversal before RFC 3947.
var draftFeatures = []feature{
	{name: "NAT traversal by draft 03", once: true, flow: byDraft(wire.VendorNATT03)},
	{name: "NAT traversal by draft 02", once: true, flow: byDraft(wire.VendorNATT02)},
	{name: "NAT traversal by draft 02, announced with a line feed", once: true, flow: byDraft(wire.VendorNATT02N)},
}

// byDraft has the ends find each other through a draftBox.
func byDraft(draft wire.VendorID) func(feature, *testing.T, role) {
	return func(f feature, t *testing.T, in role) {
		p := newDraftPath(t, draft)
		f.along(t, in, p)
		p.wire.spokeDraft(t, draft)
	}
}

// A draftBox is a NAT between two ends that has each believe that the other one knows NAT
// traversal by one draft alone. Vendor IDs travel in clear, and no hash is over them.
//
//	left 192.0.2.1 ---- 192.0.2.254 box 203.0.113.254 ---- 203.0.113.2 right
//
// Each end sees the other one at the box's address.
type draftBox struct {
	draft wire.VendorID
	open  []*net.UDPConn
	ended sync.WaitGroup
}

// The box's addresses.
const (
	leftOfBox  = "192.0.2.254"
	rightOfBox = "203.0.113.254"
)

// newDraftPath lays the cables of a box, and starts it. It ends with the test.
func newDraftPath(t *testing.T, draft wire.VendorID) *natPath {
	t.Helper()
	requireLab(t)
	p := &natPath{left: newSpace(t), right: newSpace(t), leftSeen: rightOfBox, rightSeen: leftOfBox}
	space := newSpace(t)
	cable(t, p.left, "wan", space, "left")
	cable(t, p.right, "wan", space, "right")
	address(t, space, "left", leftOfBox+"/24")
	address(t, space, "right", rightOfBox+"/24")
	p.wire = watchCable(t, port{space, "right"}, port{p.right, "wan"})
	box := &draftBox{draft: draft}
	t.Cleanup(box.close)
	for _, n := range []uint16{500, 4500} {
		box.relay(t, space, n)
	}
	return p
}

// relay passes on what comes to a port, both ways.
func (b *draftBox) relay(t *testing.T, space *netns.Namespace, port uint16) {
	t.Helper()
	left, right := b.listen(t, space, leftOfBox, port), b.listen(t, space, rightOfBox, port)
	b.ended.Add(2)
	go b.pass(left, right, at(rightEnd, port))
	go b.pass(right, left, at(leftEnd, port))
}

func (b *draftBox) listen(t *testing.T, space *netns.Namespace, address string, port uint16) *net.UDPConn {
	t.Helper()
	var conn *net.UDPConn
	must(t, space.Do(func() (err error) {
		conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at(address, port)))
		return err
	}))
	b.open = append(b.open, conn)
	return conn
}

// at is an address with a port.
func at(address string, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(address), port)
}

// pass writes to an end what comes at a port, until that is closed. What cannot be written is
// lost, as it is on any way.
func (b *draftBox) pass(from, to *net.UDPConn, end netip.AddrPort) {
	defer b.ended.Done()
	packet := make([]byte, 1<<16)
	for {
		n, err := from.Read(packet)
		if err != nil {
			return
		}
		to.WriteToUDPAddrPort(b.only(packet[:n]), end)
	}
}

// only has a message announce the box's draft and nothing else of NAT traversal, if it announces
// RFC 3947.
func (b *draftBox) only(message []byte) []byte {
	message = bytes.Replace(message, wire.VendorRFC3947.Data, b.draft.Data, 1)
	for _, other := range []wire.VendorID{wire.VendorNATT03, wire.VendorNATT02N, wire.VendorNATT02} {
		if !other.Equal(b.draft) {
			message = bytes.Replace(message, other.Data, make([]byte, len(other.Data)), 1)
		}
	}
	return message
}

// close ends the box and waits for its end.
func (b *draftBox) close() {
	for _, conn := range b.open {
		conn.Close()
	}
	b.ended.Wait()
}

// spokeDraft wants the vendor ID of a draft, in message 2 at least: message 1 may have been seen
// before the box. All NAT-D, two in message 3 and two in 4, are to have the drafts' number.
func (w *monitor) spokeDraft(t *testing.T, draft wire.VendorID) {
	t.Helper()
	var announced, detected int
	for _, octets := range w.messages() {
		m, err := wire.Parse(octets)
		if err != nil {
			continue // no IKE, or encrypted
		}
		for _, p := range m.Payloads {
			switch p := p.(type) {
			case wire.VendorID:
				if p.Is(draft) {
					announced++
				}
			case wire.NATD:
				if !p.Draft {
					t.Errorf("%v has NAT-D by its number of RFC 3947, want the draft's", m)
				}
				detected++
			}
		}
	}
	if announced < 1 || detected < 4 {
		t.Errorf("the draft was announced %d times, and NAT-D was seen %d times, want 1 and 4 at least", announced, detected)
	}
}
