package ike

import (
	"fmt"
	"net/netip"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// userKey returns the key that a peer's user table has for whoever says it is id; as long as
// it has not said anything, for whoever is at that address. The row of IDAny is for those
// that no other row is for. Empty: there is none.
func (e *Engine) userKey(p *Peer, id wire.ID, at netip.Addr) secret.Octets {
	table := e.config.UserTables[p.UserTable]
	if table == nil {
		return nil
	}
	if id.Data == nil {
		id = wire.AddrID(at)
	}
	var rest secret.Octets
	for _, u := range table.Users {
		switch {
		case u.IDType == IDAny:
			rest = u.Key
		case u.names(id):
			return u.Key
		}
	}
	return rest
}

// names reports whether an identity is the user's.
func (u *User) names(id wire.ID) bool {
	want, err := namedID(u.IDType, u.ID)
	return err == nil && sameID(id, want)
}

// noKey says that there is no pre-shared key, and where it would have to be.
func (x *handshake) noKey() error {
	p := x.sa.peer
	switch {
	case p.UserTable == 0:
		return reject(AuthenticationFail, "ike peer %s has no `pre-shared-key`", p.Name)
	case x.claim.id.Data != nil:
		return reject(AuthenticationFail, "%s", p.noKeyFor(x.claim.id))
	}
	return reject(AuthenticationFail, "no row of `ike user-table %d`, which ike peer %s has its keys from, is for %v: in main mode the address alone finds a key, "+
		"by a row of `id-type ip` or `id-type any`; names find one in aggressive mode only (`exchange-mode aggressive` or `exchange-mode auto`)",
		p.UserTable, p.Name, x.sa.remote.Addr())
}

// noKeyFor says that somebody has no pre-shared key with us.
func (p *Peer) noKeyFor(id wire.ID) string {
	if p.UserTable != 0 {
		return fmt.Sprintf("no row of `ike user-table %d`, which ike peer %s has its keys from, is for %v %s", p.UserTable, p.Name, typeWord(id), idText(id))
	}
	return fmt.Sprintf("ike peer %s has no `pre-shared-key` for %s", p.Name, idText(id))
}
