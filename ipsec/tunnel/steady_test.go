package tunnel

import (
	"bytes"
	"net/netip"
	"testing"

	"sallyport/ipsec"
)

// steady returns functions that send one packet each, in clear, out and in, over
// fakes that keep nothing.
func steady(t testing.TB, change func(*ipsec.SA)) (clear, out, in func()) {
	r := newRig(t)
	r.state(t, permit(lan, remote))
	sa := outboundOf(0x1000, change)
	back := inboundOf(0x2000, change, func(sa *ipsec.SA) { sa.Window = 0 })
	r.add(t, sa, back)
	r.inside.discard, r.wire.discard = true, true
	abroad := shape{from: host, to: netip.MustParseAddr("8.8.8.8"), size: 1400}.build()
	packet := shape{size: 1400}.build()
	f := peerOf(t, back)
	sealed := f.ip(f.esp(shape{from: server, to: host, size: 1400}.build(), 4), 0)
	arriving := &arriving{d: r.Dataplane}
	again := make([]byte, len(sealed))
	return func() { r.leave(abroad) }, func() { r.leave(packet) }, func() {
		copy(again, sealed) // it is decrypted where it lies
		arriving.packet(again)
	}
}

var forms = []struct {
	name   string
	change func(*ipsec.SA)
}{
	{"AES-128-GCM", func(*ipsec.SA) {}},
	{"AES-128-SHA1", func(sa *ipsec.SA) {
		sa.Encryption, sa.Integrity = ipsec.AES128, ipsec.SHA1
		sa.EncryptionKey, sa.IntegrityKey = bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 20)
	}},
}

func TestNoAllocationPerPacket(t *testing.T) {
	for _, form := range forms {
		clear, out, in := steady(t, form.change)
		for name, f := range map[string]func(){"clear": clear, "out": out, "in": in} {
			if n := testing.AllocsPerRun(1000, f); n != 0 {
				t.Errorf("%s %s: %v allocations per packet, want none", form.name, name, n)
			}
		}
	}
}

// TestNoAllocationPerForgedPacket: what an attacker sends costs no garbage either.
func TestNoAllocationPerForgedPacket(t *testing.T) {
	r := newRig(t)
	sa := inboundOf(0x1000)
	r.add(t, sa)
	f := peerOf(t, sa)
	unknown, forged := f.ip(f.esp(back.build(), 4), 0), f.ip(f.esp(back.build(), 4), 0)
	unknown[ipv4Len]++
	forged[ipv4Len+10]++
	in := &arriving{d: r.Dataplane}
	for name, p := range map[string][]byte{"unknown SPI": unknown, "forged": forged, "short": forged[:ipv4Len+3]} {
		if n := testing.AllocsPerRun(100, func() { in.packet(p) }); n != 0 {
			t.Errorf("%s: %v allocations per packet, want none", name, n)
		}
	}
}

func BenchmarkPacket(b *testing.B) {
	for _, form := range forms {
		clear, out, in := steady(b, form.change)
		for _, way := range []struct {
			name string
			f    func()
		}{{"clear", clear}, {"out", out}, {"in", in}} {
			b.Run(form.name+"/"+way.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(1400)
				for b.Loop() {
					way.f()
				}
			})
		}
	}
}
