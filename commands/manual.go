package commands

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// Manual policies: what `ipsec policy NAME SEQ manual` holds, and its view. What is
// made of it is in compile_manual.go.

// An SASide tells the SAs of a manual policy apart. It is comparable.
type SASide struct {
	Direction ipsec.Direction
	Protocol  ipsec.Protocol
}

// String returns the side as it is typed: inbound esp.
func (s SASide) String() string {
	if s.Protocol == ipsec.AH {
		return s.Direction.String() + " ah"
	}
	return s.Direction.String() + " esp"
}

// A ManualSPI is a `sa spi`.
type ManualSPI struct {
	SASide
	SPI ipsec.SPI
}

// A KeyForm is how a key of a manual SA was given.
type KeyForm uint8

// The forms. A string stands for all keys of its SA.
const (
	StringKey KeyForm = iota
	AuthenticationHex
	EncryptionHex
)

// String returns the word of commands.
func (f KeyForm) String() string {
	return [...]string{"string-key", "authentication-hex", "encryption-hex"}[f]
}

// A ManualKey is a `sa string-key`, `sa authentication-hex` or `sa encryption-hex`.
type ManualKey struct {
	SASide
	Form KeyForm
	Key  secret.Octets // the digits, or the characters of the string
}

// Bounds of the keys of manual SAs, in octets: DES's and SHA2-512's, and VRP's.
const (
	shortestHex   = 8
	longestHex    = 64
	longestString = 255
)

// manualView is the view of `ipsec policy NAME SEQ manual`.
func manualView() *grammar.View[Policy] {
	tunnel := grammar.Path[Policy]("tunnel", "Ends of the tunnel")
	kw := grammar.Kw[Policy]
	return &grammar.View[Policy]{
		Tag: func(p *Policy) string { return "ipsec-policy-manual-" + p.Name + "-" + strconv.Itoa(int(p.Sequence)) },
		New: func() *Policy { return &Policy{Manual: true} },
		Rows: []grammar.Row[Policy]{
			securityACLRow(),
			grammar.List(manualProposal(), grammar.Kw[string]("proposal", "IPSec proposal"), nameOf15("ipsec proposal", "Name of the proposal")),
			grammar.Setting(tunnel, kw("local", "Our end"), grammar.OneOf(
				grammar.Sequence(kw("interface", "The address of an interface"),
					grammar.Arg(kind.Interface(), "Interface", func(p *Policy) *string { return &p.LocalInterface })),
				grammar.Arg(kind.Address(), "Our address", func(p *Policy) *netip.Addr { return &p.Local }),
			)).Check(checks(checkLocal)),
			grammar.Setting(tunnel, kw("remote", "The peer's end"),
				grammar.Arg(kind.Address(), helpRemote, func(p *Policy) *netip.Addr { return &p.Remote })).Check(checks(checkTunnelRemote)),
			spiRow(), stringKeyRow(), authenticationHexRow(), encryptionHexRow(),
		},
	}
}

// manualProposal is the one proposal that a manual policy has.
func manualProposal() grammar.Items[Policy, string] {
	items := policyProposals()
	items.Put = func(x any, p *Policy, name string) error {
		proposal := x.(*edit).config.IPsecProposals[name]
		if proposal == nil {
			return refuse("The IPSec proposal does not exist.")
		}
		p.Proposals = []string{name}
		return p.fits(proposal)
	}
	return items
}

// checkLocal wants the interface to be one of the box's. An address may come later.
func checkLocal(e *edit, p *Policy) error {
	if p.Local.IsValid() && e.config.holder(p.Local) == "" {
		local := p.Local
		e.warnWhile(func(c *Config) bool { return c.holder(local) == "" }, "No interface has the address %v.", local)
	}
	if p.LocalInterface == "" || e.port == nil {
		return nil
	}
	if err := e.port(p.LocalInterface); err != nil {
		return because(err)
	}
	return nil
}

// checkTunnelRemote wants an address that another host can have.
func checkTunnelRemote(e *edit, p *Policy) error {
	if r := p.Remote; r.IsValid() {
		if r.IsLoopback() {
			return refuse("The tunnel remote %v is no address of a peer.", r)
		}
		if own := e.config.holder(r); own != "" {
			return refuse("The tunnel remote %v is the address of interface %s, not of a peer.", r, own)
		}
	}
	return e.moveSPIs(e.before.(*Policy), p)
}

// holder returns the interface that has an address, or "".
func (c *Config) holder(a netip.Addr) string {
	for name, i := range c.Interfaces {
		for _, own := range i.Addresses {
			if own.Addr() == a {
				return name
			}
		}
	}
	return ""
}

// sideArgs are direction and protocol of an SA.
func sideArgs[T any](side func(*T) *SASide) grammar.Element[T] {
	return grammar.Sequence(directionArg(side),
		grammar.Arg(protocols(), "Protocol", func(t *T) *ipsec.Protocol { return &side(t).Protocol }))
}

func directionArg[T any](side func(*T) *SASide) grammar.Element[T] {
	return grammar.Arg(kind.Choice(
		grammar.Word[ipsec.Direction]{Text: "inbound", Help: "What comes from the peer", Value: ipsec.Inbound},
		grammar.Word[ipsec.Direction]{Text: "outbound", Help: "What goes to the peer", Value: ipsec.Outbound},
	), "Direction", func(t *T) *ipsec.Direction { return &side(t).Direction })
}

// spiRow is `sa spi`.
func spiRow() grammar.Row[Policy] {
	path := grammar.Path[ManualSPI]("sa", helpSA, "spi", "Security parameter index")
	side := sideArgs(func(s *ManualSPI) *SASide { return &s.SASide })
	return grammar.List(grammar.Items[Policy, ManualSPI]{
		All:    func(p *Policy) []ManualSPI { return p.SPIs },
		New:    func() ManualSPI { return ManualSPI{} },
		Put:    func(x any, p *Policy, s ManualSPI) error { return x.(*edit).putSPI(p, s) },
		Remove: func(x any, p *Policy, s ManualSPI) error { return x.(*edit).removeSPI(p, s) },
		Undo:   []grammar.Element[ManualSPI]{path, side},
	}, path, side, grammar.Arg(kind.Integer[ipsec.SPI](lowestSPI, highestID), "SPI", func(s *ManualSPI) *ipsec.SPI { return &s.SPI }))
}

// compareSides puts inbound SAs first.
func compareSides(a, b SASide) int {
	return cmp.Or(cmp.Compare(a.Direction, b.Direction), cmp.Compare(b.Protocol, a.Protocol))
}

func (e *edit) putSPI(p *Policy, s ManualSPI) error {
	p.SPIs = slices.DeleteFunc(slices.Clone(p.SPIs), func(old ManualSPI) bool { return old.SASide == s.SASide })
	p.SPIs = append(p.SPIs, s)
	slices.SortFunc(p.SPIs, func(a, b ManualSPI) int { return compareSides(a.SASide, b.SASide) })
	return e.moveSPIs(e.before.(*Policy), p)
}

func (e *edit) removeSPI(p *Policy, s ManualSPI) error {
	left := slices.DeleteFunc(slices.Clone(p.SPIs), func(old ManualSPI) bool { return old.SASide == s.SASide })
	if len(left) == len(p.SPIs) {
		return grammar.ErrNotConfigured
	}
	p.SPIs = left
	return e.moveSPIs(e.before.(*Policy), p)
}
