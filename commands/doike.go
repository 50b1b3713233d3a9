package commands

import (
	"cmp"
	"net/netip"
	"strings"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
	"sallyport/ike/wire"
)

// ikeDisplayRows display what IKE is configured to do and does.
func ikeDisplayRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		displayIKESARow(),
		displayErrorsRow(),
		grammar.Do[Config](1, show{displayIKEStatistics},
			grammar.Path[show]("display", helpDisplay, "ike", helpIKE, "statistics", helpStatistics),
			grammar.Optional(grammar.Kw[show]("v1", "Of IKEv1, the only version"))),
		shows(func(s *Session) Display { return newIKEProposalDisplay(allProposals(s.running.config)) },
			"ike", helpIKE, "proposal", helpProposal),
		grammar.Do[Config](1, displayIKEProposal{},
			grammar.Path[displayIKEProposal]("display", helpDisplay, "ike", helpIKE, "proposal", helpProposal, "number", helpByNumber),
			grammar.Arg(numberOf("ike proposal", 1, highestProposal), "Number", func(d *displayIKEProposal) *uint32 { return &d.Number })),
		shows(func(s *Session) Display {
			return newIKEPeerDisplay(s.running.config.ikeInForce(), allPeers(s.running.config))
		},
			"ike", helpIKE, "peer", helpPeer),
		shows(func(s *Session) Display {
			return inBrief{newIKEPeerDisplay(s.running.config.ikeInForce(), allPeers(s.running.config))}
		},
			"ike", helpIKE, "peer", helpPeer, "brief", helpBrief),
		grammar.Do[Config](1, displayIKEPeer{},
			grammar.Path[displayIKEPeer]("display", helpDisplay, "ike", helpIKE, "peer", helpPeer, "name", helpByName),
			grammar.Arg(kind.Name(longestName, "ike peer"), "Name", func(d *displayIKEPeer) *string { return &d.Name }),
			grammar.Optional(grammar.Kw[displayIKEPeer]("verbose", helpVerbose))),
		shows(func(s *Session) Display {
			return newIKEPeerDisplay(s.running.config.ikeInForce(), allPeers(s.running.config))
		},
			"ike", helpIKE, "peer", helpPeer, "verbose", helpVerbose),
		shows(func(s *Session) Display { return newIKEGlobalDisplay(s.running.config) },
			"ike", helpIKE, "global", "What holds with all peers", "config", "Its configuration"),
	}
}

// displayIKESA is `display ike sa`.
type displayIKESA struct {
	saFilter
	Verbose bool
}

func displayIKESARow() grammar.Row[Config] {
	kw := grammar.Kw[displayIKESA]
	remote := grammar.Sequence(kw("remote", helpRemote),
		grammar.Arg(kind.Address(), helpRemote, func(d *displayIKESA) *netip.Addr { return &d.Remote }))
	number := grammar.Sequence(kw("connection-id", helpByNumber),
		grammar.Arg(kind.Integer[uint32](1, highestID), "Number", func(d *displayIKESA) *uint32 { return &d.ConnectionID }))
	identity := grammar.Sequence(
		grammar.Optional(kw("remote-id-type", helpRemoteIDType),
			grammar.Arg(remoteIDTypes(), "", func(d *displayIKESA) *wire.IDType { return &d.RemoteIDType })),
		kw("remote-id", "Identity of the peer"),
		grammar.Arg(kind.Identity(longestID), "Identity", func(d *displayIKESA) *string { return &d.RemoteID }))
	return grammar.Do[Config](1, displayIKESA{},
		grammar.Path[displayIKESA]("display", helpDisplay, "ike", helpIKE, "sa", helpSA),
		grammar.Optional(grammar.OneOf(remote, identity, grammar.Sequence(
			grammar.Flag("verbose", helpVerbose, func(d *displayIKESA) *bool { return &d.Verbose }),
			grammar.Optional(grammar.OneOf(remote, number, identity))))))
}

// remoteIDTypes are the types of the IDs that peers send.
func remoteIDTypes() grammar.Kind[wire.IDType] {
	return kind.Choice(
		grammar.Word[wire.IDType]{Text: "ip", Help: helpIP, Value: wire.IDIPv4Addr},
		grammar.Word[wire.IDType]{Text: "fqdn", Help: "Name of a host", Value: wire.IDFQDN},
		grammar.Word[wire.IDType]{Text: "user-fqdn", Help: "Name of a user at a host", Value: wire.IDUserFQDN},
		grammar.Word[wire.IDType]{Text: "dn", Help: "Subject of a certificate", Value: wire.IDDERASN1DN},
		grammar.Word[wire.IDType]{Text: "key-id", Help: "Any text", Value: wire.IDKeyID},
	)
}

func (d *displayIKESA) do(s *Session) Output {
	if d.Verbose {
		return Output{Display: newIKESAVerboseDisplay(s.localTime(), s.device.IKE(), d.saFilter)}
	}
	return Output{Display: newIKESADisplay(s.device.IKE(), d.saFilter)}
}

func displayIKEStatistics(s *Session) Display {
	return newIKEStatisticsDisplay(s.device.IKE(), s.device.IKECounts(), s.device.Refusals())
}

// displayErrors is `display ike error-info`.
type displayErrors struct {
	Verbose bool
	Peer    netip.Addr
}

func displayErrorsRow() grammar.Row[Config] {
	return grammar.Do[Config](1, displayErrors{},
		grammar.Path[displayErrors]("display", helpDisplay, "ike", helpIKE, "error-info", "Negotiations that failed"),
		grammar.Optional(grammar.Flag("verbose", helpVerbose, func(d *displayErrors) *bool { return &d.Verbose })),
		grammar.Optional(grammar.Kw[displayErrors]("peer", helpPeer),
			grammar.Arg(kind.Address(), helpRemote, func(d *displayErrors) *netip.Addr { return &d.Peer })))
}

func (d *displayErrors) do(s *Session) Output {
	display := newIKEErrorDisplay(inZone(s, s.device.Failures(), func(f *ike.Failure) *time.Time { return &f.Time }), d.Peer)
	display.Verbose = d.Verbose
	return Output{Display: display}
}

// allProposals returns the proposals by priority, the built-in one last.
func allProposals(c *Config) []*IKEProposal {
	builtIn := newIKEProposal()
	builtIn.Proposal = *ike.BuiltIn()
	return append(values(c.IKEProposals, cmp.Compare[uint32]), builtIn)
}

// displayIKEProposal is `display ike proposal number N`.
type displayIKEProposal struct{ Number uint32 }

func (d *displayIKEProposal) do(s *Session) Output {
	p := s.running.config.IKEProposals[d.Number]
	if p == nil {
		return s.refused(refuse("The IKE proposal does not exist."))
	}
	return Output{Display: newIKEProposalDisplay([]*IKEProposal{p})}
}

func allPeers(c *Config) []*ike.Peer { return values(c.IKEPeers, strings.Compare) }

// displayIKEPeer is `display ike peer name NAME`.
type displayIKEPeer struct{ Name string }

func (d *displayIKEPeer) do(s *Session) Output {
	p := s.running.config.IKEPeers[d.Name]
	if p == nil {
		return s.refused(refuse("The IKE peer does not exist."))
	}
	return Output{Display: newIKEPeerDisplay(s.running.config.ikeInForce(), []*ike.Peer{p})}
}
