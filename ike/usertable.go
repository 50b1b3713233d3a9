package ike

import (
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
