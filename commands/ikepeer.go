package commands

import (
	"net/netip"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
	"sallyport/ipsec/secret"
)

var noAddr netip.Addr

// shortKey is the length in octets below which a pre-shared key can be guessed
// by whoever saw one exchange.
const shortKey = 16

const helpKey = "Key that both peers know"

// ikePeerView is the view of `ike peer`.
func ikePeerView() *grammar.View[ike.Peer] {
	kw := grammar.Kw[ike.Peer]
	return &grammar.View[ike.Peer]{
		Tag: func(p *ike.Peer) string { return "ike-peer-" + p.Name },
		New: ike.NewPeer,
		Rows: []grammar.Row[ike.Peer]{
			grammar.Setting(kw("version", "Version of IKE"),
				grammar.Flag("2", "IKEv2", func(p *ike.Peer) *bool { return &p.V1Only })).Negative().Check(checks(checkVersion)),
			grammar.Setting(kw("version", "Version of IKE"),
				grammar.Flag("1", "IKEv1 alone", func(p *ike.Peer) *bool { return &p.V1Only })).Hidden().NoUndo(),
			grammar.Setting(kw("exchange-mode", "Exchange of phase 1"),
				grammar.Arg(exchangeModes(), "Mode", func(p *ike.Peer) *ike.ExchangeMode { return &p.Mode })).Check(checks(checkMode)),
			grammar.Setting(kw(keyCommand, helpKey),
				grammar.Optional(grammar.OneOf(kw("cipher", "Key in clear or in its stored form"), kw("simple", "Key in clear"))),
				grammar.Arg(kind.Secret(), "Key", func(p *ike.Peer) *secret.Octets { return &p.Key })).Check(checks(checkKey)),
			askKeyRow(),
			grammar.Setting(kw("ike-proposal", "The only proposal to use"),
				grammar.Arg(numberOf("ike proposal", 1, highestProposal), "Number of the proposal", func(p *ike.Peer) *uint32 { return &p.Proposal })).
				Check(checks(checkProposal)),
			grammar.Setting(kw("local-address", "Our address"),
				grammar.Arg(kind.Address(), "Address", func(p *ike.Peer) *netip.Addr { return &p.Local })),
			grammar.Setting(kw("remote-address", helpRemote),
				grammar.Arg(kind.Address(), "Address", func(p *ike.Peer) *netip.Addr { return &p.Remote })).Check(checks(checkRemote)),
			grammar.Setting(kw("remote-address", helpRemote), kw("authentication-address", "Address that it authenticates with"),
				grammar.Arg(kind.Address(), "Address", func(p *ike.Peer) *netip.Addr { return &p.RemoteID })),
		},
	}
}

// notYet is a mode that is understood and refused.
const notYet ike.ExchangeMode = 255

func exchangeModes() grammar.Kind[ike.ExchangeMode] {
	return kind.Choice(
		grammar.Word[ike.ExchangeMode]{Text: "main", Help: "Main mode", Value: ike.MainMode},
		grammar.Word[ike.ExchangeMode]{Text: "aggressive", Help: "Aggressive mode", Value: notYet},
		grammar.Word[ike.ExchangeMode]{Text: "auto", Help: "Main mode, and answer either", Value: notYet},
	)
}

func checkMode(_ *edit, p *ike.Peer) error {
	if p.Mode == notYet {
		return refuse("Only exchange-mode main is available yet.")
	}
	return nil
}

// checkVersion warns who turns IKEv2 on.
func checkVersion(e *edit, p *ike.Peer) error {
	if !p.V1Only {
		e.warn("IKEv2 is not available, IKEv1 is used.")
	}
	return nil
}

// checkKey opens a key that was typed in its stored form.
func checkKey(e *edit, p *ike.Peer) error {
	if kind.Stored(string(p.Key)) {
		if e.open == nil {
			return nil
		}
		key, err := e.open(string(p.Key))
		if err != nil {
			return refuse("The stored key cannot be used: %v.", err)
		}
		p.Key = key
	}
	if len(p.Key) > 0 && len(p.Key) < shortKey {
		e.warn("The pre-shared key is shorter than %d characters.", shortKey)
	}
	return nil
}

func checkProposal(e *edit, p *ike.Peer) error {
	if p.Proposal != 0 && e.config.IKEProposals[p.Proposal] == nil {
		return refuse("The IKE proposal does not exist.")
	}
	return nil
}

// checkRemote keeps the addresses of peers apart: the key is found by the
// address that a message comes from.
func checkRemote(e *edit, p *ike.Peer) error {
	if other := e.peerAt(p.Remote); p.Remote.IsValid() && other != "" && other != p.Name {
		return refuse("The remote address is already used by IKE peer %s.", other)
	}
	if !p.Remote.IsValid() {
		if err := e.peerUnused(p.Name); err != nil {
			return err
		}
	}
	e.movePeer(p.Name, e.before.(*ike.Peer).Remote, p.Remote)
	return nil
}

// peerUnused refuses if a policy or a profile names the peer.
func (e *edit) peerUnused(name string) error {
	uses := func(p *Policy) bool { return p.Peer == name }
	if err := e.noPolicy("The IKE peer is being used by IPSec policy %s %d.", uses); err != nil {
		return err
	}
	return e.noProfile("IKE peer", uses)
}
