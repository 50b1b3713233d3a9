package commands

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// `ip pool`: the addresses that clients are given.

const (
	helpPool        = "Addresses for clients"
	longestPool     = 64
	mostSections    = 256
	mostExcluded    = 64
	shortestNetwork = 8  // bits: beyond it there are more addresses than anybody has clients
	longestNetwork  = 30 // beyond it there is no host
)

// poolRow opens and deletes pools.
func poolRow() grammar.Row[Config] {
	return grammar.Enter(grammar.Objects[Config, string, AddressPool]{
		View:    poolView(),
		Of:      func(c *Config) map[string]*AddressPool { return c.Access.Pools },
		Own:     func(c *Config) map[string]*AddressPool { return own(c, partPools, &c.Access.Pools) },
		Name:    func(p *AddressPool, name string) { p.Name = name },
		Compare: strings.Compare,
		Delete: allows(func(e *edit, name string) error {
			for _, s := range values(e.config.Access.Schemes, strings.Compare) {
				if slices.Contains(s.Pools, name) {
					return refuse("The IP pool is being used by service-scheme %s.", s.Name)
				}
			}
			return nil
		}),
	}, grammar.Path[string]("ip", helpIP, "pool", helpPool), grammar.Arg(kind.Name(longestPool, "ip pool"), "Name of the pool", itself[string]))
}

func poolView() *grammar.View[AddressPool] {
	kw := grammar.Kw[AddressPool]
	return &grammar.View[AddressPool]{
		Tag:  func(p *AddressPool) string { return "ip-pool-" + p.Name },
		New:  func() *AddressPool { return &AddressPool{} },
		Sort: "ip-pool",
		Rows: []grammar.Row[AddressPool]{
			grammar.Setting(kw("network", "Network of the addresses"),
				grammar.Arg(kind.Address(), "Network", func(p *AddressPool) *netip.Addr { return &p.Network }),
				kw("mask", "Mask of the network"), grammar.Arg(maskBits(), "Mask or its length", func(p *AddressPool) *int { return &p.Bits })).
				Check(checks(checkNetwork)),
			grammar.Setting(kw("gateway-list", "Address that no client is given"),
				grammar.Arg(kind.Address(), "Address", func(p *AddressPool) *netip.Addr { return &p.Gateway })).
				Check(checks(func(_ *edit, p *AddressPool) error { return p.inside(p.all()...) })),
			sectionRow(), excludedRow(),
		},
	}
}

// maskBits is a mask, or its length.
func maskBits() grammar.Kind[int] {
	return grammar.Kind[int]{
		Hints: []grammar.Hint{{Text: "IP_ADDR<X.X.X.X>/INTEGER<8-30>"}},
		Read: func(words []string) (int, int, bool) {
			bits, err := strconv.Atoi(words[0])
			if err != nil {
				bits = lengthOfMask(words[0])
			}
			ok := bits >= shortestNetwork && bits <= longestNetwork
			if !ok {
				return 0, 0, false
			}
			return bits, 1, true
		},
		Write: func(bits int) string {
			if bits == 0 {
				return ""
			}
			return strconv.Itoa(bits)
		},
	}
}

// lengthOfMask returns the length of a mask such as 255.255.255.0, or -1 if it is none.
func lengthOfMask(text string) int {
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() {
		return -1
	}
	for bits := range 33 {
		if a == maskAddr(bits) {
			return bits
		}
	}
	return -1
}

// maskAddr returns the mask of a length.
func maskAddr(bits int) netip.Addr {
	b := ^uint32(0) << (32 - bits)
	return netip.AddrFrom4([4]byte{byte(b >> 24), byte(b >> 16), byte(b >> 8), byte(b)})
}

// checkNetwork takes the bits of hosts off the network, and wants all that is said of it inside.
func checkNetwork(_ *edit, p *AddressPool) error {
	if n, ok := p.prefix(); ok {
		p.Network = n.Addr()
	}
	return p.inside(p.all()...)
}

// all returns what is said of the addresses of the pool.
func (p *AddressPool) all() []AddressRange {
	all := slices.Clone(p.Excluded)
	for _, s := range p.Sections {
		all = append(all, s.AddressRange)
	}
	if p.Gateway.IsValid() {
		all = append(all, AddressRange{First: p.Gateway})
	}
	return all
}

// inside refuses addresses that the network, if there is one yet, does not have.
func (p *AddressPool) inside(all ...AddressRange) error {
	n, ok := p.prefix()
	for _, r := range all {
		if ok && !(n.Contains(r.First) && n.Contains(r.end())) {
			return refuse("%v is not in the network %v of the pool.", r, n)
		}
	}
	return nil
}

// String returns the range as commands have it.
func (r AddressRange) String() string {
	if r.Last.IsValid() {
		return r.First.String() + " " + r.Last.String()
	}
	return r.First.String()
}

// rangeArgs are the first and the last address of a range, the latter of which may be left off.
func rangeArgs[T any](of func(*T) *AddressRange) grammar.Element[T] {
	return grammar.Sequence(
		grammar.Arg(kind.Address(), helpFirstAddress, func(t *T) *netip.Addr { return &of(t).First }),
		grammar.Optional(grammar.Arg(kind.Address(), helpLastAddress, func(t *T) *netip.Addr { return &of(t).Last })))
}

// sectionRow is `section`.
func sectionRow() grammar.Row[AddressPool] {
	kw := grammar.Kw[Section]
	number := grammar.Arg(kind.Integer[uint32](0, mostSections-1), "Number of the section", func(s *Section) *uint32 { return &s.Number })
	return grammar.List(grammar.Items[AddressPool, Section]{
		All: func(p *AddressPool) []Section { return p.Sections },
		New: func() Section { return Section{} },
		Put: func(_ any, p *AddressPool, s Section) error { return p.putSection(s) },
		Remove: func(_ any, p *AddressPool, s Section) error {
			left := slices.DeleteFunc(slices.Clone(p.Sections), func(old Section) bool { return old.Number == s.Number })
			if len(left) == len(p.Sections) {
				return grammar.ErrNotConfigured
			}
			p.Sections = left
			return nil
		},
		Undo: []grammar.Element[Section]{kw("section", "Part of the addresses"), number},
	}, kw("section", "Part of the addresses"), number, rangeArgs(func(s *Section) *AddressRange { return &s.AddressRange }))
}

// putSection adds a section, or replaces the one of its number.
func (p *AddressPool) putSection(s Section) error {
	if err := checkRange(s.First, s.Last); err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(p.Sections), func(old Section) bool { return old.Number == s.Number })
	for _, other := range left {
		if len(other.minus(s.AddressRange)) != 1 || other.minus(s.AddressRange)[0].size() != other.size() {
			return refuse("The section has addresses of section %d.", other.Number)
		}
	}
	if s.First == s.Last {
		s.Last = noAddr
	}
	if err := p.inside(s.AddressRange); err != nil {
		return err
	}
	p.Sections = append(left, s)
	slices.SortFunc(p.Sections, func(a, b Section) int { return cmp.Compare(a.Number, b.Number) })
	return nil
}

// excludedRow is `excluded-ip-address`.
func excludedRow() grammar.Row[AddressPool] {
	return grammar.List(grammar.Items[AddressPool, AddressRange]{
		All: func(p *AddressPool) []AddressRange { return p.Excluded },
		New: func() AddressRange { return AddressRange{} },
		Put: func(_ any, p *AddressPool, r AddressRange) error { return p.exclude(r) },
		Remove: func(_ any, p *AddressPool, r AddressRange) error {
			i := slices.Index(p.Excluded, r.plain())
			if i < 0 {
				return grammar.ErrNotConfigured
			}
			p.Excluded = slices.Delete(slices.Clone(p.Excluded), i, i+1)
			return nil
		},
	}, grammar.Kw[AddressRange]("excluded-ip-address", "Addresses that no client is given"), rangeArgs(itself[AddressRange]))
}

// plain returns a range of one address without its last.
func (r AddressRange) plain() AddressRange {
	if r.First == r.Last {
		r.Last = noAddr
	}
	return r
}

// exclude takes addresses out of the pool.
func (p *AddressPool) exclude(r AddressRange) error {
	if err := checkRange(r.First, r.Last); err != nil {
		return err
	}
	switch r = r.plain(); {
	case slices.Contains(p.Excluded, r):
		return nil
	case p.inside(r) != nil:
		return p.inside(r)
	case len(p.Excluded) == mostExcluded:
		return refuse("A pool can have up to %d excluded ranges.", mostExcluded)
	}
	p.Excluded = append(slices.Clip(p.Excluded), r)
	return nil
}
