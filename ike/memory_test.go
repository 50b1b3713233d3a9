package ike

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"

	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A memory is what an end's outputs had remembered, and how it is killed.
type memory struct {
	on    bool
	sas   map[string]SavedSA
	pairs map[string]SavedPair
	lives int // outputs until the end is killed; 0: it is not
	dead  bool
	kept  int // how often something was remembered
}

// kills counts down, and reports whether the end is killed before its next output.
func (m *memory) kills() bool {
	if m.lives > 0 {
		m.lives--
		m.dead = m.lives == 0
	}
	return m.dead
}

// keep does what Remember and Forget ask for.
func (m *memory) keep(out Output) {
	switch out := out.(type) {
	case Forget:
		delete(m.sas, out.Key)
		delete(m.pairs, out.Key)
	case Remember:
		m.kept++
		s, known := m.sas[out.Key]
		switch {
		case out.SA != nil:
			m.sas[out.Key] = copied(*out.SA)
		case out.Pair != nil:
			m.pairs[out.Key] = *out.Pair
		case known:
			s.Used = append(s.Used, out.Used...)
			m.sas[out.Key] = s
		}
	}
}

// copied is a copy that the engine does not wipe.
func copied(s SavedSA) SavedSA {
	for _, o := range []*secret.Octets{&s.SKEYIDd, &s.SKEYIDa, &s.SKEYIDe} {
		*o = slices.Clone(*o)
	}
	s.Used = slices.Clone(s.Used)
	return s
}

// remembers turns on an end's memory.
func (n *end) remembers() {
	n.memory = memory{on: true, sas: map[string]SavedSA{}, pairs: map[string]SavedPair{}}
	n.engine.Use(Options{Remember: true})
}

// kill ends an end now.
func (n *end) kill() { n.memory.dead = true }

// will is what a killed end has left to its successor.
func (n *end) will() Resume {
	in := Resume{Config: n.config}
	for _, s := range n.memory.sas {
		in.SAs = append(in.SAs, copied(s))
	}
	for _, p := range n.memory.pairs {
		in.Pairs = append(in.Pairs, p)
	}
	for _, sa := range Installed(in.Pairs) {
		if kept := n.sas[sa.ID]; kept != nil {
			in.Kept = append(in.Kept, kept)
		}
	}
	return in
}

// succeed gives a killed end a successor with a will. Its dataplane keeps what the will
// says, as Adopt does.
func (n *end) succeed(seed uint64, in Resume) {
	for _, sa := range Installed(in.Pairs) {
		n.untried = append(n.untried, InstallSA{sa}) // the predecessor may not have come to it
	}
	clear(n.sas)
	for _, sa := range in.Kept {
		n.sas[sa.ID] = sa
	}
	n.memory.sas, n.memory.pairs = map[string]SavedSA{}, map[string]SavedPair{}
	for _, s := range in.SAs {
		n.memory.sas[saKey(s.ConnectionID)] = copied(s)
	}
	for _, p := range in.Pairs {
		n.memory.pairs[pairKey(p.ConnectionID)] = p
	}
	n.engine = New(nil, rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 0xee, n.name[0]}))
	n.engine.Use(Options{Remember: true})
	n.memory.dead, n.memory.lives = false, 0
	n.step(in)
}

// check compares what was remembered with what there is.
func (m *memory) check(e *Engine) error {
	if !m.on || m.dead {
		return nil
	}
	sas, pairs := map[string]SavedSA{}, map[string]SavedPair{}
	for _, s := range e.sas {
		if s.established {
			sas[s.key()] = comparable(*s.saved())
		}
	}
	for _, c := range e.childrenSorted() {
		pairs[c.key()] = *c.saved()
	}
	got := map[string]SavedSA{}
	for key, s := range m.sas {
		got[key] = comparable(s)
	}
	if !reflect.DeepEqual(got, sas) || !reflect.DeepEqual(m.pairs, pairs) {
		return fmt.Errorf("remembered\n%+v\n%+v\nwant\n%+v\n%+v", got, m.pairs, sas, pairs)
	}
	return nil
}

// comparable leaves out what need not be remembered at once, and puts the rest in order.
func comparable(s SavedSA) SavedSA {
	s.Used = slices.Compact(slices.Sorted(slices.Values(append([]wire.MessageID{0}, s.Used...))))
	s.Spent = 0                     // is remembered when the SA is
	s.Accepted, s.Answer = nil, nil // no repetition needs it after a while
	return s
}

// want acquires if there is no SA to send on, as a packet would.
func (n *end) want() {
	if n.outbound() == nil {
		n.acquire()
	}
}

// mustMatch checks that the dataplanes hold what the engines know, and each end the other's
// half of what it sends on.
func (w *world) mustMatch() {
	w.t.Helper()
	for i, n := range w.ends {
		known := 0
		for id, sa := range n.sas {
			if n.engine.find(id) == nil {
				w.t.Errorf("%s's dataplane has %v, which its engine does not know", n.name, id)
			}
			if sa.Direction == ipsec.Outbound && w.ends[1-i].sas[id] == nil {
				w.t.Errorf("%s sends on %v, which the other end has not", n.name, id)
			}
			if sa.Direction == ipsec.Inbound {
				known++
			}
		}
		if known != len(n.engine.inbound) {
			w.t.Errorf("%s's dataplane has %d inbound SAs, its engine %d", n.name, known, len(n.engine.inbound))
		}
	}
}
