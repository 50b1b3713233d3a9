package ike

import (
	"bytes"
	"testing"
	"time"

	"sallyport/ike/iketest/attack"
	"sallyport/ike/wire"
)

// A patch is one step of a fuzzer's program: which message it is about, what is done to it,
// where, and with which octet.
type patch struct{ message, kind, at, xor byte }

// patches reads a program: four octets for each.
func patches(program []byte) (all []patch) {
	for ; len(program) >= 4 && len(all) < 16; program = program[4:] {
		all = append(all, patch{program[0] % 24, program[1], program[2], program[3]})
	}
	return all
}

// apply makes a datagram of a genuine one: patched as it is, or inside, under the right keys and
// behind a HASH that is right or that of before; or one of the forms of package attack.
func (p patch) apply(f flight) []byte {
	t, chain, ok := f.overheard()
	if !ok || p.kind%4 == 0 {
		b := bytes.Clone(f.in.Octets)
		b[int(p.at)*len(b)/256] ^= p.xor
		return b
	}
	switch forms := chain.Spoil(); p.kind % 4 {
	case 1:
		return t.swears(forms[(int(p.at)<<8|int(p.xor))%len(forms)]).Octets
	case 2:
		return t.says(forms[(int(p.at)<<8|int(p.xor))%len(forms)]).Octets
	}
	c := attack.Chain{First: chain.First, Octets: bytes.Clone(chain.Octets)}
	c.Octets[int(p.at)*len(c.Octets)/256] ^= p.xor
	return t.swears(c).Octets
}

// FuzzSiege has a program spoil messages of phase 1, transactions and quick modes before they
// arrive, without their keys and with them. Whatever that does, it is bounded, it is over when
// the attacker is gone, and nothing is left.
func FuzzSiege(f *testing.F) {
	for method := range siegeMethods {
		for message := range byte(14) {
			f.Add(byte(method), []byte{message, 0, 128, 1, message, 1, 0, message * 7, message, 2, 1, message, message, 3, 200, 1})
		}
	}
	f.Fuzz(func(t *testing.T, method byte, program []byte) {
		s := &siege{siegeMethod: siegeMethods[int(method)%len(siegeMethods)], t: t}
		w, count := s.make(t), byte(0)
		w.before = func(f flight) {
			for _, p := range patches(program) {
				if p.message == count && len(f.in.Octets) > wire.HeaderLen {
					d := f.in
					d.Octets = p.apply(f)
					f.to.step(d)
					modest(t, f.to)
				}
			}
			count++
		}
		s.play(w)
		w.before = nil
		w.run(3 * time.Minute)
		s.recover(w, true)
	})
}
