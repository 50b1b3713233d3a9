package commands

import (
	"net/netip"
	"slices"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
	"sallyport/ipsec/secret"
)

// shortKey is the length in octets below which a pre-shared key can be guessed
// by whoever saw one exchange.
const shortKey = 16

const helpKey = "Key that both peers know"

// ikePeerView is the view of `ike peer`. What is about one subject is in a file of its
// own: ikepeer_remote.go, ikepeer_identity.go, ikepeer_session.go, ikepeer_client.go.
func ikePeerView() *grammar.View[ike.Peer] {
	return &grammar.View[ike.Peer]{
		Tag: func(p *ike.Peer) string { return "ike-peer-" + p.Name },
		New: ike.NewPeer,
		Rows: slices.Concat(peerBasicRows(), peerKeyRows(), peerRemoteRows(), peerIdentityRows(), peerCertificateRows(),
			peerSessionRows(), peerClientRows()),
	}
}

// peerBasicRows say which exchange is used.
func peerBasicRows() []grammar.Row[ike.Peer] {
	kw := grammar.Kw[ike.Peer]
	return []grammar.Row[ike.Peer]{
		grammar.Setting(kw("description", "Text about the peer"),
			grammar.Arg(kind.Text(longestDescription), "Text", func(p *ike.Peer) *string { return &p.Description })),
		grammar.Setting(kw("version", "Version of IKE"),
			grammar.Flag("2", "IKEv2", func(p *ike.Peer) *bool { return &p.V1Only })).Negative().Check(checks(checkVersion)),
		grammar.Setting(kw("version", "Version of IKE"),
			grammar.Flag("1", "IKEv1 alone", func(p *ike.Peer) *bool { return &p.V1Only })).Hidden().NoUndo(),
		grammar.Setting(kw("exchange-mode", "Exchange of phase 1"),
			grammar.Arg(exchangeModes(), "Mode", func(p *ike.Peer) *ike.ExchangeMode { return &p.Mode })).Check(checks(checkMode)),
	}
}

// peerKeyRows say what is negotiated with.
func peerKeyRows() []grammar.Row[ike.Peer] {
	kw := grammar.Kw[ike.Peer]
	return []grammar.Row[ike.Peer]{
		grammar.Setting(kw(keyCommand, helpKey),
			secretForms[ike.Peer](),
			grammar.Arg(kind.Secret(), "Key", func(p *ike.Peer) *secret.Octets { return &p.Key })).Check(checks(checkKey)),
		askKeyRow(),
		grammar.Setting(kw("ike-proposal", "The only proposal to use"),
			grammar.Arg(numberOf("ike proposal", 1, highestProposal), "Number of the proposal", func(p *ike.Peer) *uint32 { return &p.Proposal })).
			Check(checks(checkProposal)),
		grammar.Setting(kw("local-address", "Our address"),
			grammar.Arg(kind.Address(), "Address", func(p *ike.Peer) *netip.Addr { return &p.Local })),
	}
}

func exchangeModes() grammar.Kind[ike.ExchangeMode] {
	return kind.Choice(
		grammar.Word[ike.ExchangeMode]{Text: "main", Help: "Main mode", Value: ike.MainMode},
		grammar.Word[ike.ExchangeMode]{Text: "aggressive", Help: "Aggressive mode", Value: ike.AggressiveMode},
		grammar.Word[ike.ExchangeMode]{Text: "auto", Help: "Main mode, and answer either", Value: ike.AutoMode},
	)
}

// checkMode warns who shows what a key can be guessed by. The key may come later, and then
// checkKey does.
func checkMode(e *edit, p *ike.Peer) error {
	e.warnGuessable(p)
	e.warnNames(p)
	return nil
}

// warnGuessable warns of aggressive mode with a pre-shared key: RFC 2409 §5.4 has HASH_R go out
// in clear, before the other end has shown that it knows the key.
func (e *edit) warnGuessable(p *ike.Peer) {
	if guessable(p) {
		e.warnWhile(peerStill(p.Name, guessable), "In aggressive mode whoever answers or listens gets something to guess the pre-shared key by, offline: "+
			"prefer exchange-mode main, or certificates.")
	}
}

// guessable reports whether aggressive mode shows what a peer's key can be guessed by.
func guessable(p *ike.Peer) bool {
	return p.Mode != ike.MainMode && (len(p.Key) > 0 || p.UserTable != 0)
}

// peerStill returns whether something holds of the peer of a name.
func peerStill(name string, holds func(*ike.Peer) bool) func(*Config) bool {
	return func(c *Config) bool {
		p := c.IKEPeers[name]
		return p != nil && holds(p)
	}
}

// checkVersion warns who turns IKEv2 on.
func checkVersion(e *edit, p *ike.Peer) error {
	if !p.V1Only {
		e.warn("IKEv2 is not available, IKEv1 is used.")
	}
	return nil
}

// secretForms is what may stand before a secret.
func secretForms[T any]() grammar.Element[T] {
	return grammar.Optional(grammar.OneOf(grammar.Kw[T]("cipher", "In clear or in its stored form"), grammar.Kw[T]("simple", "In clear")))
}

// checkKey opens a key that was typed in its stored form.
func checkKey(e *edit, p *ike.Peer) error {
	key, err := e.opened(p.Key)
	if err != nil {
		return err
	}
	p.Key = key
	if kind.Stored(string(key)) {
		return nil
	}
	if len(p.Key) > 0 && len(p.Key) < shortKey {
		e.warn("The pre-shared key is shorter than %d characters.", shortKey)
	}
	e.warnGuessable(p)
	e.warnNames(p)
	return nil
}

// opened returns a secret in clear, if it was typed in its stored form and can be opened
// here.
func (e *edit) opened(typed secret.Octets) (secret.Octets, error) {
	if !kind.Stored(string(typed)) || e.open == nil {
		return typed, nil
	}
	key, err := e.open(string(typed))
	if err != nil {
		return nil, refuse("The stored key cannot be used: %v.", err)
	}
	return key, nil
}

func checkProposal(e *edit, p *ike.Peer) error {
	if p.Proposal != 0 && e.config.IKEProposals[p.Proposal] == nil {
		return refuse("The IKE proposal does not exist.")
	}
	return nil
}

// peerUnused refuses if a policy, a template or a profile names the peer.
func (e *edit) peerUnused(name string) error {
	uses := func(p *Policy) bool { return p.Peer == name }
	if err := e.noPolicy("IKE peer", uses); err != nil {
		return err
	}
	return e.noProfile("IKE peer", uses)
}
