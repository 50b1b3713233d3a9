package ike

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strings"

	"sallyport/ike/pki"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// Who we say that we are, and who a peer may say that it is: RFC 2407 §4.6.2.

// preSharedKey returns the key that we share with a peer that says it is id, which is zero
// as long as it has not said anything: its own, or that of its user table. Empty: there is none.
func (x *handshake) preSharedKey(p *Peer, id wire.ID) secret.Octets {
	if p.UserTable == 0 {
		return p.Key
	}
	return x.engine.userKey(p, id, x.sa.remote.Addr())
}

// localID returns the ID that we show. The peer looks for it in our certificate, if that
// is what proves it.
func (x *handshake) localID() (wire.ID, error) {
	s := x.sa
	if x.shown.Data != nil {
		return x.shown, nil
	}
	if !s.method.signs(s.initiator) {
		return s.engine.localID(s.peer, s.local.Addr())
	}
	credential, err := x.credential()
	if err != nil {
		return wire.ID{}, err
	}
	if s.peer.LocalIDType == IDDN && s.peer.LocalID == "" {
		return credential.ID(), nil
	}
	id, err := s.engine.localID(s.peer, s.local.Addr())
	if err == nil && !credential.Names(id) {
		err = reject(IDMismatch, "our %v does not hold our ID %s: `local-id-type dn` of ike peer %s, or another `certificate local-filename`",
			credential, idText(id), s.peer.Name)
	}
	return id, err
}

// localID returns the ID that the configuration names for a peer, or our address.
func (e *Engine) localID(p *Peer, local netip.Addr) (wire.ID, error) {
	text := p.LocalID
	switch {
	case text != "":
	case p.LocalIDType == IDAddress:
		return wire.AddrID(local), nil
	case p.LocalIDType == IDDN:
		return wire.ID{}, reject(IDMismatch, "`local-id-type dn` of ike peer %s without a certificate: `local-id` is missing", p.Name)
	default:
		text = e.config.LocalName
	}
	id, err := namedID(p.LocalIDType, text)
	if err != nil {
		err = reject(IDMismatch, "`local-id` of ike peer %s is %q, which is no ID of type %v: %v", p.Name, text, p.LocalIDType, err)
	}
	return id, err
}

// namedID makes an ID of a type of what an operator wrote.
func namedID(t IDType, text string) (id wire.ID, err error) {
	switch t {
	case IDAddress:
		a, err := netip.ParseAddr(text)
		return wire.AddrID(a), err
	case IDDN:
		name, err := pki.ParseDN(text)
		return wire.DNID(name.DER()), err
	case IDFQDN:
		id = wire.FQDNID(text)
	case IDUserFQDN:
		id = wire.UserFQDNID(text)
	default:
		id = wire.KeyIDID([]byte(text))
	}
	return id, id.Check()
}

var idTypeWords = [...]string{IDAddress: "ip", IDFQDN: "fqdn", IDUserFQDN: "user-fqdn", IDDN: "dn", IDKeyID: "key-id", IDAny: "any"}

// String returns the word of `local-id-type`, or a number for what is none.
func (t IDType) String() string {
	if int(t) >= len(idTypeWords) {
		return fmt.Sprintf("ID type %d", uint8(t))
	}
	return idTypeWords[t]
}

// idTypes are the types on the wire.
var idTypes = map[wire.IDType]IDType{
	wire.IDIPv4Addr: IDAddress, wire.IDIPv6Addr: IDAddress, wire.IDFQDN: IDFQDN, wire.IDUserFQDN: IDUserFQDN,
	wire.IDDERASN1DN: IDDN, wire.IDKeyID: IDKeyID,
}

// identify returns the peer, of those that the other end may be, that an identity is of:
// the one that the negotiation goes on with, or another that would have gone on just so.
func (x *handshake) identify(id wire.ID) (*Peer, error) {
	err := x.accepts(x.sa.peer, id)
	if err == nil {
		return x.sa.peer, nil
	}
	for _, old := range x.candidates {
		p := x.engine.applied(old) // it may have another key by now
		if p != nil && p.sameAs(old) && p != x.sa.peer && x.alike(p, id) && x.accepts(p, id) == nil {
			return p, nil
		}
	}
	return nil, err
}

// alike reports whether the negotiation with a peer that says it is id would have come to
// where it is, too: the proposal is one of its own, and so is the key.
func (x *handshake) alike(p *Peer, id wire.ID) bool {
	s := x.sa
	if findPhase1(s.engine.proposals(p), phase1{suite: s.suite, method: s.authMethod}, p) == nil {
		return false
	}
	return !s.method.preShared || x.preSharedKey(p, id).Equal(x.preShared)
}

// accepts reports whether a peer may say that it is id.
func (x *handshake) accepts(p *Peer, id wire.ID) error {
	if !(id.Protocol == 0 && id.Port == 0 || id.Protocol == 17 && (id.Port == portIKE || id.Port == PortNATT || id.Port == 0)) {
		return rejectWith(IDMismatch, wire.InvalidIDInformation, "ID has protocol %d port %d, want 0/0 or 17/500", id.Protocol, id.Port)
	}
	if err := id.Check(); err != nil {
		return rejectWith(IDMismatch, wire.InvalidIDInformation, "%v", err)
	}
	if p.UserTable != 0 && len(x.preShared) != 0 && !x.preSharedKey(p, id).Equal(x.preShared) {
		return rejectWith(IDMismatch, wire.InvalidIDInformation, "peer says it is %v %s, of which `ike user-table %d` has another key than the one that was used",
			typeWord(id), idText(id), p.UserTable)
	}
	if p.RemoteName == "" && p.RemoteIDType == IDAddress {
		return x.acceptsUnnamed(p, id)
	}
	if !p.isNamed(id) {
		return rejectWith(IDMismatch, wire.InvalidIDInformation, "peer says it is %s, `remote-id` of ike peer %s wants %s",
			claimText(id), p.Name, p.wantedID())
	}
	return nil
}

// claimText is an identity with its type, as a failure has it.
func claimText(id wire.ID) string {
	if id.IDType == wire.IDDERASN1DN {
		if _, err := pki.ReadDN(id.Data); err != nil {
			return fmt.Sprintf("a dn that cannot be read (%v)", err)
		}
	}
	return fmt.Sprintf("%v %s", typeWord(id), idText(id))
}

// wantedID is `remote-id` in words.
func (p *Peer) wantedID() string {
	if p.RemoteName == "" {
		return "one of type " + p.RemoteIDType.String()
	}
	return p.RemoteIDType.String() + " " + p.RemoteName
}

// typeWord names an ID's type as a command does, or as the RFC does.
func typeWord(id wire.ID) fmt.Stringer {
	if t, ok := idTypes[id.IDType]; ok {
		return t
	}
	return id.IDType
}

// isNamed reports whether an identity is what `remote-id-type` and `remote-id` say.
func (p *Peer) isNamed(id wire.ID) bool {
	if p.RemoteIDType == IDAny {
		return true
	}
	if t, ok := idTypes[id.IDType]; !ok || t != p.RemoteIDType {
		return false
	}
	want, err := namedID(p.RemoteIDType, p.RemoteName)
	return p.RemoteName == "" || err == nil && pki.SameID(id, want)
}

// acceptsUnnamed decides where no `remote-id` does: an address must be one that the peer
// has. A name is good enough of a peer that stands for many, which are told apart by
// nothing else; but main mode with a pre-shared key has found the key by the address alone.
func (x *handshake) acceptsUnnamed(p *Peer, id wire.ID) error {
	if t, ok := idTypes[id.IDType]; !ok || t != IDAddress {
		if p.single() || x.kind == wire.MainMode && x.sa.method.preShared {
			return rejectWith(IDMismatch, wire.InvalidIDInformation, "peer says it is %v %s, ike peer %s has no `remote-id`: `remote-id-type %v` and `remote-id %s` accept it",
				typeWord(id), idText(id), p.Name, typeWord(id), idText(id))
		}
		return nil
	}
	first, _, _ := id.Range() // Check has called it
	if !p.mayBe(first, x.engine.config) {
		return rejectWith(IDMismatch, wire.InvalidIDInformation, "peer says it is %s, `remote-address` of ike peer %s wants %s (behind a NAT: `remote-address authentication-address %s`)",
			id.Text(), p.Name, p.addressText(x.engine.config), id.Text())
	}
	return nil
}

// mayBe reports whether a peer may name an address as its ID.
func (p *Peer) mayBe(a netip.Addr, c *Config) bool {
	switch {
	case p.RemoteID.IsValid() && p.RemoteIDLast.IsValid():
		return within(a, p.RemoteID, p.RemoteIDLast)
	case p.RemoteID.IsValid():
		return a == p.RemoteID
	case !p.single():
		return p.covers(a)
	}
	for _, own := range p.addresses(c) {
		if a == own {
			return true
		}
	}
	return false
}

// within reports whether an address is in a range.
func within(a, first, last netip.Addr) bool {
	return a.BitLen() == first.BitLen() && a.Compare(first) >= 0 && a.Compare(last) <= 0
}

// addressText names what mayBe allows.
func (p *Peer) addressText(c *Config) string {
	first, last := p.RemoteID, p.RemoteIDLast
	if !first.IsValid() {
		first, last = p.Remote, p.RemoteLast
	}
	if last.IsValid() {
		return first.String() + " to " + last.String()
	}
	if !first.IsValid() {
		return fmt.Sprintf("%v, of %s", p.addresses(c), p.RemoteHost)
	}
	return first.String()
}

// idText is an identity as it is shown: printable, and a group's name as a name.
func idText(id wire.ID) string {
	if id.IDType == wire.IDKeyID {
		return wire.Printable(id.Data)
	}
	return pki.IDText(id)
}

// who names a party by its identity, with a digest where what is shown of that is cut short.
func who(c claim) string {
	text := fmt.Sprintf("%v %s", typeWord(c.id), idText(c.id))
	if strings.HasSuffix(text, "...") {
		digest := sha256.Sum256(c.body)
		text += fmt.Sprintf(" %x", digest[:8])
	}
	return text
}

// become makes the SA one with whoever has proved to be the peer. Whom we still have to ask
// for a user may share its identity and its key with others: it stays by itself.
func (s *sa) become(c claim) {
	s.peer, s.remoteID, s.remoteIDAs = c.peer, idText(c.id), c.id.IDType
	s.engine.regroup(s, s.partyOf(c))
}

// partyOf returns whom a claim makes the other end of s, once it is proved.
func (s *sa) partyOf(c claim) party {
	switch {
	case c.peer.single():
		return party{peer: c.peer.Name}
	case !s.method.asksUser(s.initiator):
		return party{c.peer.Name, who(c)}
	}
	return party{c.peer.Name, "cookie " + s.own().String()}
}
