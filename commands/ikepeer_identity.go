package commands

import (
	"net/netip"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
	"sallyport/ike/pki"
)

// Who we say that we are, who the peer may say that it is, and the certificates that prove
// it.

// Limits of names in octets, as VRP has them where it says.
const (
	longestID          = 255
	longestCertificate = 64
	longestDomain      = 64
	longestScheme      = 32
	highestTable       = 1024
	helpLocalID        = "What we call ourselves"
	helpCertificate    = "Certificates"
	helpDomain         = "Name of the domain"
	helpRemoteID       = "What the peer calls itself"
	helpIdentity       = "Name, address or distinguished name"
	helpIDType         = "Type of our identity"
	helpRemoteIDType   = "Type of the peer's identity"
	helpCertificateIs  = "Our own"
)

// idTypes are the words of ID types.
func idTypes(more ...grammar.Word[ike.IDType]) grammar.Kind[ike.IDType] {
	return kind.Choice(append([]grammar.Word[ike.IDType]{
		{Text: "ip", Help: "An address", Value: ike.IDAddress},
		{Text: "fqdn", Help: "Name of a host", Value: ike.IDFQDN},
		{Text: "user-fqdn", Help: "Name of a user at a host", Value: ike.IDUserFQDN},
		{Text: "dn", Help: "Subject of a certificate", Value: ike.IDDN},
		{Text: "key-id", Help: "Any text", Value: ike.IDKeyID},
	}, more...)...)
}

// peerIdentityRows are the IDs of both ends.
func peerIdentityRows() []grammar.Row[ike.Peer] {
	kw := grammar.Kw[ike.Peer]
	local := func(p *ike.Peer) *string { return &p.LocalID }
	remote := func(p *ike.Peer) *string { return &p.RemoteName }
	localType := grammar.Arg(idTypes(), "Type", func(p *ike.Peer) *ike.IDType { return &p.LocalIDType })
	anyone := grammar.Word[ike.IDType]{Text: "any", Help: "Whatever the peer proves to be", Value: ike.IDAny}
	return []grammar.Row[ike.Peer]{
		grammar.Setting(kw("local-id-type", helpIDType), localType).Check(checks(checkLocalType)),
		grammar.Setting(kw("local-id", helpLocalID), grammar.Arg(kind.Identity(longestID), helpIdentity, local)).Check(checks(checkLocalID)),
		grammar.Setting(kw("local-id-type", helpIDType), localType, grammar.Arg(kind.Identity(longestID), helpIdentity, local)).
			Check(checks(checkLocalType)).Hidden(),
		grammar.Setting(kw("remote-id-type", helpRemoteIDType),
			grammar.Arg(idTypes(anyone), "Type", func(p *ike.Peer) *ike.IDType { return &p.RemoteIDType })).Check(checks(checkRemoteID)),
		grammar.Setting(kw("remote-id", helpRemoteID), grammar.Arg(kind.Identity(longestID), helpIdentity, remote)).Check(checks(checkRemoteID)),
		grammar.Setting(kw("remote-name", "The same as remote-id-type fqdn with remote-id"),
			grammar.Arg(kind.Identity(longestID), helpIdentity, remote)).Check(checks(checkRemoteName)).Hidden(),
	}
}

// peerCertificateRows say what of the PKI counts for the peer.
func peerCertificateRows() []grammar.Row[ike.Peer] {
	kw := grammar.Kw[ike.Peer]
	domain := grammar.Arg(kind.Name(longestDomain, "pki domain"), helpDomain, func(p *ike.Peer) *string { return &p.Domain })
	return []grammar.Row[ike.Peer]{
		grammar.Setting(kw("certificate", helpCertificate), kw("local-filename", "File of ours"),
			grammar.Arg(kind.Name(longestCertificate, "certificate"), "Name of the file", func(p *ike.Peer) *string { return &p.Certificate })).
			Check(checks(checkPeerCertificate)),
		grammar.Setting(grammar.Path[ike.Peer]("pki", "Public key infrastructure", "domain", "The only domain that counts"), domain).Check(checks(checkPeerDomain)),
		grammar.Setting(grammar.Path[ike.Peer]("certificate", helpCertificate, "local", helpCertificateIs, "pki-domain", "The same as pki domain"), domain).
			Check(checks(checkPeerDomain)).Hidden(),
		grammar.Setting(grammar.Path[ike.Peer]("pki", "Public key infrastructure", "realm", "The same as pki domain"), domain).Check(checks(checkPeerDomain)).Hidden(),
	}
}

func checkLocalID(e *edit, p *ike.Peer) error { return e.checkID("local-id", p, localID) }

// checkLocalType warns of a type that peers do not look for.
func checkLocalType(e *edit, p *ike.Peer) error {
	e.warnNames(p)
	return checkLocalID(e, p)
}

// warnNames warns of names in main mode with a pre-shared key: RFC 2409 §5.4 has the key found
// by the address, before the ID is known, so that peers look for an address there.
func (e *edit) warnNames(p *ike.Peer) {
	unlooked := func(p *ike.Peer) bool {
		return p.Mode == ike.MainMode && p.LocalIDType != ike.IDAddress && len(p.Key) > 0
	}
	if unlooked(p) {
		e.warnWhile(peerStill(p.Name, unlooked), "In main mode with a pre-shared key peers want an address as ID: local-id-type %v is for aggressive mode and certificates.",
			p.LocalIDType)
	}
}

func checkRemoteID(e *edit, p *ike.Peer) error {
	if err := e.checkID("remote-id", p, remoteID); err != nil {
		return err
	}
	if p.RemoteIDType == ike.IDAny && p.RemoteName != "" {
		e.warn("With remote-id-type any the remote-id is not looked at.")
	}
	return nil
}

// checkRemoteName is for configurations that know names of hosts alone.
func checkRemoteName(e *edit, p *ike.Peer) error {
	switch {
	case p.RemoteName == "" && p.RemoteIDType == ike.IDFQDN:
		p.RemoteIDType = ike.IDAddress
	case p.RemoteName != "" && p.RemoteIDType == ike.IDAddress:
		p.RemoteIDType = ike.IDFQDN
	}
	return checkRemoteID(e, p)
}

// localID and remoteID are what a peer's entry says of IDs.
func localID(p *ike.Peer) (ike.IDType, string)  { return p.LocalIDType, p.LocalID }
func remoteID(p *ike.Peer) (ike.IDType, string) { return p.RemoteIDType, p.RemoteName }

// checkID warns of a text that is none of the type. Either may be typed first: it is not
// refused. But a distinguished name is: no certificate has what is not even one, and the name
// can be typed before the type.
func (e *edit) checkID(command string, p *ike.Peer, of func(*ike.Peer) (ike.IDType, string)) error {
	t, text := of(p)
	if text == "" || isID(t, text) {
		return nil
	}
	if t == ike.IDDN {
		return refuse("The %s %q is no distinguished name such as /C=DE/O=Example/CN=hq: that comes before %s-type dn.", command, text, command)
	}
	still := peerStill(p.Name, func(p *ike.Peer) bool { return !isID(of(p)) })
	e.warnWhile(still, "The %s %q is no ID of type %v: nothing will fit it until %s-type or it is changed.", command, text, t, command)
	return nil
}

// isID reports whether a text can be an ID of a type.
func isID(t ike.IDType, text string) bool {
	switch t {
	case ike.IDAddress:
		_, err := netip.ParseAddr(text)
		return err == nil
	case ike.IDDN:
		_, err := pki.ParseDN(text)
		return err == nil
	case ike.IDFQDN:
		return !strings.ContainsAny(text, "@ ")
	case ike.IDUserFQDN:
		return strings.Contains(text, "@")
	}
	return true
}
