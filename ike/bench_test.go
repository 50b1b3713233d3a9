package ike

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// many is how many peers the benchmarks have.
const many = 10000

// manyPolicies is a configuration with a peer and a policy for each.
func manyPolicies() *Config {
	c := &Config{}
	for i := range many {
		p := *kitConfig(0).Policies[0]
		p.ID.Sequence = uint32(i)
		p.Peer = &Peer{
			Name: "branch-" + strconv.Itoa(i), Key: p.Peer.Key, Local: p.Local,
			Remote: netip.AddrFrom4([4]byte{203, byte(i >> 8), byte(i), 1}),
		}
		p.Remote = p.Peer.Remote
		c.Policies = append(c.Policies, &p)
	}
	return c
}

// crowd returns an engine with an ISAKMP SA and a pair for each policy.
func crowd(c *Config) *Engine {
	e := New(c, nil)
	for i, p := range c.Policies {
		s := &sa{engine: e, peer: p.Peer, established: true, order: uint64(i), id: e.newID(), remote: netip.AddrPortFrom(p.Remote, 500)}
		binary.BigEndian.PutUint32(s.cookieI[:], uint32(i))
		e.sas[s.cookieI], e.byParty[p.party()] = s, []*sa{s}
		f := e.flow(flowKey{p.ID, p.ACL.Rules[0].ID})
		traffic, _ := ipsec.SelectorOf(p.ACL.Rules[0])
		k := &child{
			engine: e, sa: s, peer: p.Peer, id: e.newID(), flow: f, up: true, remote: s.remote,
			in:  &ipsec.SA{ID: ipsec.SAID{SPI: ipsec.SPI(256 + i)}, Local: p.Local, Selector: traffic},
			out: &ipsec.SA{ID: ipsec.SAID{SPI: ipsec.SPI(256 + i), Destination: p.Remote}},
		}
		s.children, f.children = []*child{k}, []*child{k}
		e.inbound[k.in.ID.SPI], e.pairs[p.party()] = k, []*child{k}
	}
	return e
}

// BenchmarkStatus10000 is for how long a display holds up negotiations.
func BenchmarkStatus10000(b *testing.B) {
	e := crowd(manyPolicies())
	for b.Loop() {
		if n := len(e.Status()); n != many {
			b.Fatal(n)
		}
	}
}

// BenchmarkSetConfigMore10000 has one policy of many come and go.
func BenchmarkSetConfigMore10000(b *testing.B) {
	all := manyPolicies()
	less := &Config{Policies: slices.Delete(slices.Clone(all.Policies), many/2, many/2+1)}
	e := crowd(less) // who has no SA
	for i := 0; b.Loop(); i++ {
		if out := e.Step(time.Time{}, SetConfig{[]*Config{all, less}[i%2]}); len(out) > 0 {
			b.Fatalf("%v", out)
		}
	}
}

// BenchmarkSetConfig10000 replaces one policy of many.
func BenchmarkSetConfig10000(b *testing.B) {
	c := manyPolicies()
	e := crowd(c)
	for b.Loop() {
		next := &Config{Policies: append([]*Policy(nil), c.Policies...)}
		p := *c.Policies[many/2]
		p.PFS ^= wire.Group19
		next.Policies[many/2] = &p
		if out := e.Step(time.Time{}, SetConfig{next}); len(out) > 0 {
			b.Fatalf("%v", out)
		}
		c = next
	}
}
