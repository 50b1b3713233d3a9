package ike

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// wrapped gives the one proposal of a kit's configuration other protocols.
func wrapped(c *Config, transform ipsec.Transform) {
	p := c.Policies[0].Proposals[0]
	p.Transform, p.AHIntegrities = transform, []ipsec.Integrity{ipsec.SHA1}
}

// connectedAs makes a world whose ends have a pair of SAs of some protocols.
func connectedAs(t testing.TB, transform ipsec.Transform) *world {
	return connected(t, 1, func(_ string, c *Config) { wrapped(c, transform) })
}

// sameAH reports whether two ends of a bundle have the same AH, or none.
func sameAH(a, b *ipsec.AHPart) bool {
	return a == nil && b == nil || a != nil && b != nil && a.SPI == b.SPI && bytes.Equal(a.Key, b.Key)
}

// names returns what the pair of an end may be called by: the names of its SAs and of
// the AH of a bundle.
func (n *end) names() (all []ipsec.SAID) {
	for _, s := range n.sas {
		all = append(all, s.ID)
		if ah, bundled := s.AHID(); bundled {
			all = append(all, ah)
		}
	}
	return all
}

// TestNamesOfABundle lets the dataplane and the operator mean a pair by any of its names:
// each does what it does by the first.
func TestNamesOfABundle(t *testing.T) {
	for transform, names := range map[ipsec.Transform]int{ipsec.TransformESP: 2, ipsec.TransformAH: 2, ipsec.TransformAHESP: 4} {
		if all := connectedAs(t, transform).ends[0].names(); len(all) != names {
			t.Errorf("%v: the names are %v", transform, all)
		}
		for i := range names {
			for what, input := range map[string]func(ipsec.SAID) Input{
				"hard": func(id ipsec.SAID) Input { return Expire{SA: id, Hard: true} },
				"rst":  func(id ipsec.SAID) Input { return Reset{ChildrenOnly: true, SA: id} },
			} {
				w := connectedAs(t, transform)
				id := w.ends[0].names()[i]
				w.ends[0].step(input(id))
				w.run(time.Second)
				if left := len(w.ends[0].sas) + len(w.ends[1].sas); left != 0 {
					t.Errorf("%v, %s of %v: %d SAs are left", transform, what, id, left)
				}
				w.mustEnd()
			}
		}
	}
}

// TestDeleteOfAHalf checks that a peer's delete of either part of a bundle ends the pair,
// and that the protocol matters as much as the SPI.
func TestDeleteOfAHalf(t *testing.T) {
	for _, test := range []struct {
		name      string
		transform ipsec.Transform
		deletes   func(theirs spis) []wire.Payload
		gone      bool
	}{
		{"both parts", ipsec.TransformAHESP, spis.deletes, true},
		{"ESP", ipsec.TransformAHESP, func(s spis) []wire.Payload { return s.deletes()[:1] }, true},
		{"AH", ipsec.TransformAHESP, func(s spis) []wire.Payload { return s.deletes()[1:] }, true},
		{"ESP by AH's SPI", ipsec.TransformAHESP, func(s spis) []wire.Payload { return spis{esp: s.ah}.deletes() }, false},
		{"AH by ESP's SPI", ipsec.TransformAHESP, func(s spis) []wire.Payload { return spis{ah: s.esp}.deletes() }, false},
		{"AH alone", ipsec.TransformAH, spis.deletes, true},
		{"AH alone as ESP", ipsec.TransformAH, func(s spis) []wire.Payload { return spis{esp: s.ah}.deletes() }, false},
		{"ESP as AH", ipsec.TransformESP, func(s spis) []wire.Payload { return spis{ah: s.esp}.deletes() }, false},
		{"SPI 0 of the part that is not there", ipsec.TransformESP,
			func(spis) []wire.Payload { return []wire.Payload{wire.DeleteSA(wire.ProtoAH, 0)} }, false},
		{"IPComp", ipsec.TransformESP, func(s spis) []wire.Payload { return []wire.Payload{wire.DeleteSA(wire.ProtoIPComp, uint32(s.esp))} }, false},
	} {
		w := connectedAs(t, test.transform)
		branch := w.ends[1]
		branch.engine.now, branch.engine.out = w.now, nil
		branch.engine.current(party{peer: "peer"}).inform(test.deletes(spisOf(branch.engine.childrenSorted()[0].in))...)
		branch.perform(branch.engine.out)
		w.run(time.Second)
		if gone := len(w.ends[0].sas) == 0; gone != test.gone {
			t.Errorf("%s: gone is %v, want %v", test.name, gone, test.gone)
		}
	}
}

// TestNoticeNamesTheOffer checks by which SPI a refusal names the proposal that it is
// about, and that the initiator finds its quick mode by either.
func TestNoticeNamesTheOffer(t *testing.T) {
	ours := spis{esp: 0x1000, ah: 0x2000}
	for _, test := range []struct {
		s        spis
		protocol wire.ProtocolID
		octets   []byte
	}{
		{ours, wire.ProtoESP, []byte{0, 0, 0x10, 0}},
		{spis{ah: 0x2000}, wire.ProtoAH, []byte{0, 0, 0x20, 0}},
		{spis{esp: 0x1000}, wire.ProtoESP, []byte{0, 0, 0x10, 0}},
	} {
		if protocol, octets := test.s.first(); protocol != test.protocol || !bytes.Equal(octets, test.octets) {
			t.Errorf("%+v is named by %v %x, want %v %x", test.s, protocol, octets, test.protocol, test.octets)
		}
	}
	for _, test := range []struct {
		octets []byte
		want   bool
	}{
		{[]byte{0, 0, 0x10, 0}, true}, {[]byte{0, 0, 0x20, 0}, true}, {[]byte{0, 0, 0x30, 0}, false},
		{nil, false}, {[]byte{0x10, 0}, false}, {make([]byte, 4), false}, {make([]byte, 16), false},
	} {
		if got := ours.any(test.octets); got != test.want || (spis{}).any(test.octets) {
			t.Errorf("any(%x) = %v, want %v", test.octets, got, test.want)
		}
	}
}

// TestHalfABundleAnswered lets a responder answer with one half of the bundle, or without
// an SPI: nothing is installed, and the genuine answer still would be.
func TestHalfABundleAnswered(t *testing.T) {
	for name, spoil := range map[string]func([]wire.Proposal) []wire.Proposal{
		"AH":                func(p []wire.Proposal) []wire.Proposal { return p[:1] },
		"ESP":               func(p []wire.Proposal) []wire.Proposal { return p[1:] },
		"AH twice":          func(p []wire.Proposal) []wire.Proposal { return []wire.Proposal{p[0], p[0]} },
		"ESP without SPI":   func(p []wire.Proposal) []wire.Proposal { p[1].SPI = nil; return p },
		"AH with SPI 255":   func(p []wire.Proposal) []wire.Proposal { p[0].SPI = []byte{0, 0, 0, 255}; return p },
		"AH called ESP":     func(p []wire.Proposal) []wire.Proposal { p[0].Protocol = wire.ProtoESP; return p },
		"two numbers":       func(p []wire.Proposal) []wire.Proposal { p[0].Number++; return p },
		"IPComp besides":    func(p []wire.Proposal) []wire.Proposal { c := p[1]; c.Protocol = wire.ProtoIPComp; return append(p, c) },
		"another AH":        func(p []wire.Proposal) []wire.Proposal { p[0].Transforms[0] = ahOf(ipsec.MD5); return p },
		"nothing (genuine)": nil,
	} {
		w := newWorld(t, 1, func(_ string, c *Config) {
			wrapped(c, ipsec.TransformAHESP)
			c.Policies[0].PFS = wire.Group19
		})
		hq, branch := w.ends[0], w.ends[1]
		branch.compute = true
		hq.acquire()
		for done := 0; done < 2; done++ { // Diffie-Hellman of phase 1, then of quick mode
			w.run(time.Millisecond)
			job := branch.computing[done]
			if q, ok := branch.engine.jobs[job.Job].exchange.(*quickMode); ok && spoil != nil {
				q.answer.Proposals = spoil(slices.Clone(q.answer.Proposals))
			}
			branch.step(Computed{job.Job, job.Work.Do()})
		}
		w.run(time.Millisecond)
		if installed := len(hq.sas); (installed != 0) != (spoil == nil) {
			t.Errorf("%s: %d SAs are installed", name, installed)
		}
		if spoil != nil && len(hq.refused) != 1 {
			t.Errorf("%s: refused %v", name, hq.refused)
		}
		w.mustEnd()
	}
}

// TestWrapping checks which changes of its proposal end a pair, and that what is left
// then goes on to the next negotiation.
func TestWrapping(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*ipsec.Proposal)
		stays  bool
	}{
		{"nothing", func(*ipsec.Proposal) {}, true},
		{"the cipher", func(p *ipsec.Proposal) { p.Encryptions = []ipsec.Encryption{ipsec.AES256} }, true},
		{"the authenticator of AH", func(p *ipsec.Proposal) { p.AHIntegrities = []ipsec.Integrity{ipsec.SHA512} }, true},
		{"AH is taken off", func(p *ipsec.Proposal) { p.Transform = ipsec.TransformESP }, false},
		{"ESP is taken off", func(p *ipsec.Proposal) { p.Transform = ipsec.TransformAH }, false},
		{"transport mode", func(p *ipsec.Proposal) { p.Mode = ipsec.Transport }, false},
		{"either mode", func(p *ipsec.Proposal) { p.Mode = ipsec.Auto }, true},
	} {
		w := connectedAs(t, ipsec.TransformAHESP)
		c := kitConfig(0)
		wrapped(c, ipsec.TransformAHESP)
		test.change(c.Policies[0].Proposals[0])
		w.ends[0].step(SetConfig{c})
		w.run(time.Second)
		if stays := w.agree(); stays != test.stays || !stays && len(w.ends[0].sas)+len(w.ends[1].sas) != 0 {
			t.Errorf("%s: agree is %v, want %v; %v", test.name, stays, test.stays, w.ends[0].sas)
		}
		w.mustEnd()
	}
}

// TestWrappingDuringQuickMode changes the protocols while a quick mode is under way.
func TestWrappingDuringQuickMode(t *testing.T) {
	w := newWorld(t, 1, func(_ string, c *Config) { wrapped(c, ipsec.TransformAHESP) })
	w.hold(wire.QuickMode, 2)
	w.ends[0].acquire()
	w.run(100 * time.Millisecond)
	w.route = nil
	w.ends[0].step(SetConfig{kitConfig(0)})
	w.run(40 * time.Second)
	if len(w.ends[0].sas) != 0 {
		t.Errorf("installed: %v", w.ends[0].sas)
	}
	w.mustEnd()
}

// TestRefusalNamesTheProtocol checks that the notification about a refused proposal names
// it by its own protocol.
func TestRefusalNamesTheProtocol(t *testing.T) {
	for transform, want := range map[ipsec.Transform]wire.ProtocolID{
		ipsec.TransformESP: wire.ProtoESP, ipsec.TransformAH: wire.ProtoAH, ipsec.TransformAHESP: wire.ProtoAH,
	} {
		w := newWorld(t, 1, func(name string, c *Config) {
			if wrapped(c, transform); name == "branch" {
				c.Policies[0].Proposals[0].Mode = ipsec.Transport
			}
		})
		w.ends[0].acquire()
		w.run(time.Second)
		sent := w.ends[1].notice()
		if offered := w.ends[0].offered(t); sent.Protocol != want || !offered.any(sent.SPI) || offered.of(want) != spiIn(sent.SPI) {
			t.Errorf("%v: the notice is about %v %x, offered was %+v", transform, sent.Protocol, sent.SPI, offered)
		}
		w.mustEnd()
	}
}

// notice returns the last notification that an end has sent.
func (n *end) notice() (last wire.Notify) {
	for _, event := range n.events {
		if sent, ok := event.(MessageSent); ok {
			if p, ok := sent.Message.Payloads[len(sent.Message.Payloads)-1].(wire.Notify); ok {
				last = p
			}
		}
	}
	return last
}

// offered returns the SPIs that an end has offered in its last quick mode.
func (n *end) offered(t *testing.T) (s spis) {
	t.Helper()
	for _, event := range n.events {
		sent, ok := event.(MessageSent)
		if !ok || sent.Message.Exchange != wire.QuickMode || sent.Number != 1 {
			continue
		}
		s, ok = bundles(sent.Message.Payloads[1].(wire.SA).Proposals)[0].spis()
		if !ok {
			t.Errorf("%s offers no SPIs", n.name)
		}
	}
	return s
}

// spiIn reads an SPI.
func spiIn(octets []byte) ipsec.SPI { return ipsec.SPI(be32(octets)) }

// TestDataplanesPart lets the dataplane of one end choose its SPIs and lack something: it is
// asked for each protocol of the pair and no other, and what it lacks is neither proposed
// nor accepted.
func TestDataplanesPart(t *testing.T) {
	for transform, want := range map[ipsec.Transform][]ipsec.Protocol{
		ipsec.TransformESP: {ipsec.ESP}, ipsec.TransformAH: {ipsec.AH}, ipsec.TransformAHESP: {ipsec.AH, ipsec.ESP},
	} {
		for i := range 2 {
			var asked []ipsec.Protocol
			w := newWorld(t, 1, func(_ string, c *Config) { wrapped(c, transform) })
			w.ends[i].engine.Use(Options{SPI: func(local, remote netip.Addr, p ipsec.Protocol) (ipsec.SPI, error) {
				asked = append(asked, p)
				return ipsec.SPI(1000 * int(p)), nil
			}})
			w.ends[0].acquire()
			w.run(time.Second)
			w.mustAgree()
			for _, name := range w.ends[i].names() {
				if name.Destination == w.ends[i].addr && name.SPI != ipsec.SPI(1000*int(name.Protocol)) {
					t.Errorf("%v: the inbound SA is %v", transform, name)
				}
			}
			if !slices.Equal(asked, want) {
				t.Errorf("%v: asked for %v, want %v", transform, asked, want)
			}
			w.mustEnd()
		}
	}
}

// TestDataplaneLacks lets a dataplane lack AH: as initiator and as responder its end says
// so and makes nothing.
func TestDataplaneLacks(t *testing.T) {
	can := ipsec.Everything("this kernel")
	can.AH = nil
	for i := range 2 {
		w := newWorld(t, 1, func(_ string, c *Config) { wrapped(c, ipsec.TransformAHESP) })
		w.ends[i].engine.Use(Options{Capabilities: &can})
		w.ends[0].acquire()
		w.run(time.Second)
		all := w.ends[i].engine.Failures()
		if len(all) != 1 || !strings.Contains(all[0].Reason, "this kernel has no ah") || len(w.ends[0].sas)+len(w.ends[1].sas) != 0 {
			t.Errorf("%s: %v, SAs %v %v", w.ends[i].name, all, w.ends[0].sas, w.ends[1].sas)
		}
		w.mustEnd()
	}
}
