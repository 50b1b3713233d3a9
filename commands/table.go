package commands

import (
	"cmp"
	"slices"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
	"sallyport/ipsec"
)

// The tables: user view, system view, and the rows that every view has. The
// system view's Enter rows hold the feature views, each in the file of its
// subject (ikeproposal.go, ikepeer.go, accesslist.go, ipsecproposal.go,
// policy.go, interface.go); the rows that act are in files named do*.go. againTable is
// understood in system view and below it, and not offered there.
var (
	userTable     = (&grammar.View[Config]{New: New, Rows: userRows()}).Compile()
	systemTable   = (&grammar.View[Config]{New: New, Rows: systemRows()}).Compile()
	anywhereTable = (&grammar.View[Config]{New: New, Rows: anywhereRows()}).Compile()
	againTable    = (&grammar.View[Config]{New: New, Rows: []grammar.Row[Config]{systemViewRow(0)}}).Compile()
)

// systemRows are in the order in which a replay succeeds: what is referred to
// comes before what refers to it.
func systemRows() []grammar.Row[Config] {
	kw := grammar.Kw[Config]
	rows := []grammar.Row[Config]{
		grammar.Setting(kw("sysname", "Specify the host name"),
			grammar.Arg(kind.Name(64, ""), "Host name", func(c *Config) *string { return &c.Sysname })),
	}
	rows = append(rows, aclRows()...)
	rows = append(rows, ikeGlobalRows()...)
	rows = append(rows, pkiSystemRows()...)
	rows = append(rows, sha2Row(), userTableRow(), poolRow(), radiusRow())
	rows = append(rows, ipsecProposalRow(), ikeProposalRow(), ikePeerRow())
	rows = append(rows, durationRows()...)
	rows = append(rows, templateRow())
	rows = append(rows, policyRows()...)
	rows = append(rows, profileRow())
	rows = append(rows, managementSystemRows()...)
	rows = append(rows, interfaceRow(), tunnelRow(), routeRow())
	rows = append(rows, loggingSystemRows()...)
	rows = append(rows, pkiActionRows()...)
	rows = append(rows, toleratedSystemRows()...)
	return append(rows, hostSystemRows()...)
}

// durationRows are the lifetimes of policies that state none.
func durationRows() []grammar.Row[Config] {
	path := grammar.Path[Config]("ipsec", helpIPsec, "sa", helpSA, "global-duration", "Default lifetimes of SAs")
	kw := grammar.Kw[Config]
	return []grammar.Row[Config]{
		grammar.Setting(path, kw("time-based", "Lifetime in seconds"), durationArg(func(c *Config) *ipsec.Lifetime { return &c.Lifetime })),
		grammar.Setting(path, kw("traffic-based", helpTraffic), volumeArg(func(c *Config) *ipsec.Lifetime { return &c.Lifetime })),
	}
}

// Help of keywords that begin several rows.
const (
	helpIKE        = "Internet Key Exchange"
	helpIPsec      = "IP security"
	helpIP         = "Internet Protocol"
	helpACL        = "Access control list"
	helpDisplay    = "Display current system information"
	helpReset      = "Reset operation"
	helpPolicy     = "IPSec policy"
	helpProposal   = "Security proposal"
	helpPeer       = "IKE peer"
	helpUndo       = "Cancel the current setting"
	helpNumber     = "Number of the list"
	helpRemote     = "Address of the peer"
	helpESP        = "ESP protocol defined in RFC4303"
	helpTraffic    = "By traffic"
	helpTimeout    = "How long to wait"
	helpSA         = "Security association"
	helpByName     = "The one of a name"
	helpByNumber   = "The one of a number"
	helpVerbose    = "In detail"
	helpBrief      = "One line for each"
	helpStatistics = "Counts since the start"
)

// The keys of objects, as arguments.
func proposalNumber() grammar.Element[uint32] {
	return grammar.Arg(numberOf("ike proposal", 1, highestProposal), "Priority, 1 is the highest", itself[uint32])
}

func nameOf15(of, help string) grammar.Element[string] {
	return grammar.Arg(kind.Name(longestName, of), help, itself[string])
}

// highestProposal is the lowest priority that an IKE proposal can have.
const highestProposal = 1024

// numberOf is the number of an object.
func numberOf(of string, low, high uint32) grammar.Kind[uint32] {
	k := kind.Integer(low, high)
	k.Of = of
	return k
}

// longestName is the length of the names of peers, proposals and policies.
const longestName = 15

// itself binds an argument to a value that is no struct.
func itself[T any](t *T) *T { return t }

// noPolicy refuses if a policy uses what is to be removed. The words say
// what that is.
func (e *edit) noPolicy(what string, uses func(*Policy) bool) error {
	var first *Policy
	for _, p := range e.config.Policies {
		if uses(p) && (first == nil || comparePolicies(p.PolicyKey, first.PolicyKey) < 0) {
			first = p
		}
	}
	if first == nil {
		return e.noTemplate(what, uses)
	}
	return refuse("The %s is being used by IPSec policy %s %d.", what, first.Name, first.Sequence)
}

func ipsecProposalRow() grammar.Row[Config] {
	return grammar.Enter(grammar.Objects[Config, string, ipsec.Proposal]{
		View:    ipsecProposalView(),
		Of:      func(c *Config) map[string]*ipsec.Proposal { return c.IPsecProposals },
		Own:     func(c *Config) map[string]*ipsec.Proposal { return own(c, partIPsecProposals, &c.IPsecProposals) },
		Name:    func(p *ipsec.Proposal, name string) { p.Name = name },
		Compare: strings.Compare,
		Delete: allows(func(e *edit, name string) error {
			uses := func(p *Policy) bool { return slices.Contains(p.Proposals, name) }
			if err := e.noPolicy("IPSec proposal", uses); err != nil {
				return err
			}
			return e.noProfile("IPSec proposal", uses)
		}),
	}, grammar.Path[string]("ipsec", helpIPsec, "proposal", helpProposal), nameOf15("ipsec proposal", "Name of the proposal"))
}

func ikeProposalRow() grammar.Row[Config] {
	return grammar.Enter(grammar.Objects[Config, uint32, IKEProposal]{
		View:    ikeProposalView(),
		Of:      func(c *Config) map[uint32]*IKEProposal { return c.IKEProposals },
		Own:     func(c *Config) map[uint32]*IKEProposal { return own(c, partIKEProposals, &c.IKEProposals) },
		Name:    func(p *IKEProposal, n uint32) { p.Number = n },
		Compare: cmp.Compare[uint32],
		Delete: allows(func(e *edit, n uint32) error {
			for _, name := range sortedKeys(e.config.IKEPeers, strings.Compare) {
				if e.config.IKEPeers[name].Proposal == n {
					return refuse("The IKE proposal is being used by IKE peer %s.", name)
				}
			}
			return nil
		}),
	}, grammar.Path[uint32]("ike", helpIKE, "proposal", helpProposal), proposalNumber())
}

func ikePeerRow() grammar.Row[Config] {
	return grammar.Enter(grammar.Objects[Config, string, ike.Peer]{
		View:    ikePeerView(),
		Of:      func(c *Config) map[string]*ike.Peer { return c.IKEPeers },
		Own:     func(c *Config) map[string]*ike.Peer { return own(c, partIKEPeers, &c.IKEPeers) },
		Name:    func(p *ike.Peer, name string) { p.Name = name },
		Compare: strings.Compare,
		Delete: allows(func(e *edit, name string) error {
			err := e.peerUnused(name)
			if err == nil {
				e.movePeer(e.config.IKEPeers[name], nil)
			}
			return err
		}),
	}, grammar.Path[string]("ike", helpIKE, "peer", helpPeer), nameOf15("ike peer", "IKE peer name, up to 15 characters"))
}
