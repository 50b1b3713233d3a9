package iketest

import (
	"maps"
	"slices"

	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A memory is what a host's engine had remembered.
type memory struct {
	sas   map[string]ike.SavedSA
	pairs map[string]ike.SavedPair
}

func newMemory() memory {
	return memory{sas: map[string]ike.SavedSA{}, pairs: map[string]ike.SavedPair{}}
}

// Remember keeps a copy, for the engine wipes its keys.
func (m *memory) Remember(r ike.Remember) {
	switch s, known := m.sas[r.Key]; {
	case r.SA != nil:
		m.sas[r.Key] = copied(*r.SA)
	case r.Pair != nil:
		m.pairs[r.Key] = *r.Pair
	case known:
		s.Used = append(s.Used, r.Used...)
		m.sas[r.Key] = s
	}
}

// Forget drops what is kept under a key.
func (m *memory) Forget(key string) {
	delete(m.sas, key)
	delete(m.pairs, key)
}

func copied(s ike.SavedSA) ike.SavedSA {
	for _, o := range []*secret.Octets{&s.SKEYIDd, &s.SKEYIDa, &s.SKEYIDe} {
		*o = slices.Clone(*o)
	}
	s.Used = slices.Clone(s.Used)
	return s
}

// resume gives a host that was killed a new engine, which is told what was remembered; its
// dataplane keeps the SAs of that, as Adopt does.
func (h *host) resume() error {
	c, err := h.plan.config()
	if err != nil {
		return err
	}
	in := ike.Resume{Config: c, SAs: slices.Collect(maps.Values(h.memory.sas)), Pairs: slices.Collect(maps.Values(h.memory.pairs))}
	named := map[ipsec.SAID]bool{}
	for _, sa := range ike.Installed(in.Pairs) {
		named[sa.ID] = true
	}
	h.sas = slices.DeleteFunc(h.sas, func(sa *ipsec.SA) bool { return !named[sa.ID] })
	in.Kept = slices.Clone(h.sas)
	h.makeEngine()
	h.step(in)
	h.session.deliver()
	return nil
}
