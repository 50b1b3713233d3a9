package commands

import (
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
)

// How the SAs with a peer are kept up: dead peer detection, address translation, fragments,
// and how much is done under one ISAKMP SA.

// Bounds of dead peer detection.
const (
	leastIdle       = 10 // seconds
	mostIdle        = 3600
	leastRetransmit = 2 // seconds
	mostRetransmit  = 60
	mostDPDRetries  = 10
)

// Bounds of the UDP payload of a fragment, in octets.
const (
	smallestFragment = 512
	largestFragment  = 1500
)

const (
	helpDPD           = "Dead peer detection"
	helpNAT           = "Network address translation"
	helpTraversal     = "UDP encapsulation where addresses are translated"
	helpFragmentation = "Fragments of long IKE messages"
)

// peerSessionRows are about what follows phase 1.
func peerSessionRows() []grammar.Row[ike.Peer] {
	kw := grammar.Kw[ike.Peer]
	fragmentation := kw("fragmentation", helpFragmentation)
	off := func(p *ike.Peer) *bool { return &p.Fragmentation.Off }
	rows := append(natRows(), dpdRows(kw("dpd", helpDPD), func(p *ike.Peer) *ike.DPD { return &p.DPD })...)
	return append(rows,
		grammar.Setting(fragmentation, grammar.Flag("enable", helpTurnOn, off)).Negative(),
		grammar.Setting(fragmentation, grammar.Flag("disable", "The same as undo fragmentation enable", off)).Hidden(),
		grammar.Setting(fragmentation, kw("size", "Size of a fragment"),
			grammar.Arg(kind.Integer(smallestFragment, largestFragment), "Octets of UDP payload", func(p *ike.Peer) *int { return &p.Fragmentation.Size })),
		grammar.Setting(kw("lifetime-notification-message", "Notification of our shorter lifetime"),
			grammar.Flag("enable", helpTurnOn, func(p *ike.Peer) *bool { return &p.LifetimeNotification })),
		grammar.Setting(kw("pfs", "Perfect forward secrecy"),
			grammar.Flag("master-key", "A new phase 1 for each pair of IPsec SAs", func(p *ike.Peer) *bool { return &p.MasterKeyPFS })),
		grammar.Setting(kw("quick-mode", "Exchanges of phase 2"), kw("limit", "How many there are under one ISAKMP SA"),
			grammar.Arg(kind.Integer[uint32](1, highestID), "Exchanges", func(p *ike.Peer) *uint32 { return &p.QuickModes })),
	)
}

// dpdRows are dead peer detection, of a peer and of the box.
func dpdRows[T any](path grammar.Element[T], of func(*T) *ike.DPD) []grammar.Row[T] {
	kw := grammar.Kw[T]
	return []grammar.Row[T]{
		grammar.Setting(path, kw("type", "When the peer is probed"), grammar.Arg(kind.Choice(
			grammar.Word[ike.DPDType]{Text: "on-demand", Help: "After traffic that nothing answers", Value: ike.DPDOnDemand},
			grammar.Word[ike.DPDType]{Text: "periodic", Help: "After silence", Value: ike.DPDPeriodic},
		), "Type", func(t *T) *ike.DPDType { return &of(t).Type })),
		grammar.Setting(path, kw("idle-time", "Silence before a probe"),
			grammar.Arg(kind.Seconds(leastIdle, mostIdle), "Seconds", func(t *T) *time.Duration { return &of(t).Idle })),
		grammar.Setting(path, kw("retransmit-interval", "Time between probes"),
			grammar.Arg(kind.Seconds(leastRetransmit, mostRetransmit), "Seconds", func(t *T) *time.Duration { return &of(t).Retransmit })),
		grammar.Setting(path, kw("retry-limit", "Probes without an answer"),
			grammar.Arg(kind.Integer(1, mostDPDRetries), "Probes", func(t *T) *int { return &of(t).Retries })),
		grammar.Setting(path, kw("msg", "Order of the payloads in a probe"), grammar.Arg(kind.Choice(
			grammar.Word[ike.DPDOrder]{Text: "seq-hash-notify", Help: "HASH first, as RFC 3706 has it", Value: ike.DPDHashNotify},
			grammar.Word[ike.DPDOrder]{Text: "seq-notify-hash", Help: "HASH last", Value: ike.DPDNotifyHash},
		), "Order", func(t *T) *ike.DPDOrder { return &of(t).Order })),
	}
}

// A natLine is a `nat traversal`.
type natLine struct{ Force bool }

// natRows are `nat traversal`, which is on by default. Off is rendered as the undo, and only
// force as a line of its own.
func natRows() []grammar.Row[ike.Peer] {
	path := grammar.Path[natLine]("nat", helpNAT, "traversal", helpTraversal)
	force := grammar.Flag("force", "Even if none is translated", func(n *natLine) *bool { return &n.Force })
	set := func(to ike.NATTraversal) func(any, *ike.Peer, natLine) error {
		return func(_ any, p *ike.Peer, _ natLine) error {
			p.NAT = to
			return nil
		}
	}
	only := func(what ike.NATTraversal, line natLine) func(*ike.Peer) []natLine {
		return func(p *ike.Peer) []natLine {
			if p.NAT != what {
				return nil
			}
			return []natLine{line}
		}
	}
	items := func(of ike.NATTraversal, line natLine) grammar.Items[ike.Peer, natLine] {
		return grammar.Items[ike.Peer, natLine]{All: only(of, line), New: func() natLine { return natLine{} }, Put: set(of)}
	}
	forced := items(ike.NATForce, natLine{Force: true})
	forced.Remove = func(_ any, p *ike.Peer, _ natLine) error {
		if p.NAT != ike.NATForce {
			return grammar.ErrNotConfigured
		}
		p.NAT = ike.NATDetect
		return nil
	}
	detected := items(ike.NATDetect, natLine{})
	detected.Skip = func(natLine) bool { return true }
	return []grammar.Row[ike.Peer]{
		grammar.List(detected, path),
		grammar.List(forced, path, force),
		grammar.List(items(ike.NATOff, natLine{}), grammar.Kw[natLine]("undo", helpUndo), path),
	}
}
