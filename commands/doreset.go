package commands

import (
	"net/netip"
	"slices"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
	"sallyport/ipsec"
)

// A resetCommand is `reset ike sa` or `reset ipsec sa`. It is silent.
type resetCommand struct{ ike.Reset }

func (r *resetCommand) do(s *Session) Output {
	if err := s.running.config.named(r.Policy, r.Sequence); err != nil {
		return s.refused(err)
	}
	s.device.Reset(r.Reset)
	if use := s.running.config.templateUse(r.Policy, r.Sequence); use != nil {
		for _, on := range use.interfaces {
			s.device.Reset(ike.Reset{ChildrenOnly: true, Policy: use.name, Interface: on})
		}
	}
	return Output{}
}

const (
	highestID = 4294967295
	lowestSPI = 256 // those below are reserved: RFC 4303 §2.1
)

func resetRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		resetIKERow(), resetIPsecRow(), cutRow(),
		clearRow("error-info", "Negotiations that failed", ike.Clear{Failures: true}),
		clearRow("offline-info", helpOffline, ike.Clear{Offlines: true}),
		clearRow("statistics", helpStatistics, ike.Clear{Refusals: true}),
		grammar.Do[Config](2, clearStatistics{}, grammar.Path[clearStatistics]("reset", helpReset, "ipsec", helpIPsec, "statistics", helpStatistics)),
	}
}

func resetIKERow() grammar.Row[Config] {
	kw := grammar.Kw[resetCommand]
	return grammar.Do[Config](3, resetCommand{},
		grammar.Path[resetCommand]("reset", helpReset, "ike", helpIKE, "sa", helpSA),
		grammar.Optional(grammar.OneOf(
			kw("all", "All of them"),
			grammar.Sequence(kw("conn-id", helpByNumber),
				grammar.Arg(kind.Integer[uint32](1, highestID), "Number", func(r *resetCommand) *uint32 { return &r.ConnectionID })),
			grammar.Sequence(kw("remote", helpRemote), resetRemote()),
		)))
}

// A cutUser is `cut access-user`.
type cutUser struct{ ike.Reset }

func cutRow() grammar.Row[Config] {
	kw := grammar.Kw[cutUser]
	return grammar.Do[Config](3, cutUser{},
		kw("cut", "End what somebody has"), kw("access-user", "A client of IKE, who may come back if he is still let in"),
		grammar.OneOf(
			grammar.Sequence(kw("username", "By the name that XAUTH had"),
				grammar.Arg(kind.Identity(longestAccessUser), helpUserName, func(c *cutUser) *string { return &c.User })),
			grammar.Sequence(kw("ip-address", "By the address that he has from us"),
				grammar.Arg(kind.Address(), "Address of the client", func(c *cutUser) *netip.Addr { return &c.Client })),
		))
}

// longestAccessUser is the limit of a name that XAUTH takes, in octets.
const longestAccessUser = 256

// do tells when there is nobody to be cut, but for pairs whose ISAKMP SA has gone.
func (c *cutUser) do(s *Session) Output {
	online := slices.ContainsFunc(s.device.IKE(), func(i ike.Status) bool {
		return (c.User != "" && i.User == c.User) || (c.Client.IsValid() && i.Lease == c.Client)
	})
	s.device.Reset(c.Reset)
	if !online {
		return Output{Text: "Info: Nobody of that name or address has an ISAKMP SA.\n"}
	}
	return Output{}
}

func resetRemote() grammar.Element[resetCommand] {
	return grammar.Arg(kind.Address(), helpRemote, func(r *resetCommand) *netip.Addr { return &r.Remote })
}

func resetIPsecRow() grammar.Row[Config] {
	kw := grammar.Kw[resetCommand]
	return grammar.Do[Config](2, resetCommand{ike.Reset{ChildrenOnly: true}},
		grammar.Path[resetCommand]("reset", helpReset, "ipsec", helpIPsec, "sa", helpSA),
		grammar.Optional(grammar.OneOf(
			grammar.Sequence(kw("policy", helpPolicy),
				grammar.Arg(kind.Name(longestName, "ipsec policy"), "Name of the group", func(r *resetCommand) *string { return &r.Policy }),
				grammar.Optional(grammar.Arg(kind.Integer[uint32](1, 10000), "Number of the entry", func(r *resetCommand) *uint32 { return &r.Sequence }))),
			grammar.Sequence(kw("remote", helpRemote), resetRemote()),
			grammar.Sequence(kw("parameters", "The one of these parameters, with its other direction"),
				grammar.Arg(kind.Address(), "Destination of the SA", func(r *resetCommand) *netip.Addr { return &r.SA.Destination }),
				grammar.Arg(protocols(), "Protocol", func(r *resetCommand) *ipsec.Protocol { return &r.SA.Protocol }),
				grammar.Arg(kind.Integer[ipsec.SPI](lowestSPI, highestID), "SPI", func(r *resetCommand) *ipsec.SPI { return &r.SA.SPI })),
		)))
}

func protocols() grammar.Kind[ipsec.Protocol] {
	return kind.Choice(
		grammar.Word[ipsec.Protocol]{Text: "esp", Help: helpESP, Value: ipsec.ESP},
		grammar.Word[ipsec.Protocol]{Text: "ah", Help: "Authentication Header", Value: ipsec.AH},
	)
}

// clearCommand is `reset ike error-info` and its like. It is silent.
type clearCommand struct{ ike.Clear }

func (c *clearCommand) do(s *Session) Output {
	s.device.Clear(c.Clear)
	return Output{}
}

func clearRow(text, help string, what ike.Clear) grammar.Row[Config] {
	elements := []grammar.Element[clearCommand]{grammar.Path[clearCommand]("reset", helpReset, "ike", helpIKE, text, help)}
	if what.Refusals {
		elements = append(elements, grammar.Optional(grammar.Kw[clearCommand]("v1", "Those of IKEv1, which are all")))
	}
	return grammar.Do[Config](3, clearCommand{what}, elements...)
}

// clearStatistics is `reset ipsec statistics`. It is silent.
type clearStatistics struct{}

func (*clearStatistics) do(s *Session) Output {
	s.device.ClearStatistics()
	return Output{}
}
