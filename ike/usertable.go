package ike

import (
	"fmt"
	"net/netip"

	"sallyport/ike/pki"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// userKey returns the key that a peer's user table has for whoever says it is id; as long as
// it has not said anything, for whoever is at that address. Empty: there is none.
func (e *Engine) userKey(p *Peer, id wire.ID, at netip.Addr) secret.Octets {
	if id.Data == nil {
		id = wire.AddrID(at)
	}
	if u := e.user(p, id); u != nil {
		return u.Key
	}
	return nil
}

// user returns the row of a peer's user table that is for an identity. The row of IDAny is for
// those that no other row is for. nil: there is none.
func (e *Engine) user(p *Peer, id wire.ID) *User {
	table := e.config.UserTables[p.UserTable]
	if table == nil {
		return nil
	}
	k := e.keyrings[p.UserTable]
	if k.of != table {
		k = newKeyring(table)
		e.keyrings[p.UserTable] = k
	}
	if u := k.rows[pki.IDKey(id)]; u != nil {
		return u
	}
	return k.rest
}

// A keyring finds the rows of a user table. It is made when somebody asks, and again when the
// table is another.
type keyring struct {
	of   *UserTable
	rows map[string]*User // by pki.IDKey
	rest *User            // of IDAny; nil: none
}

// newKeyring lists the rows of a table. Of two for one identity the first counts.
func newKeyring(of *UserTable) keyring {
	k := keyring{of: of, rows: make(map[string]*User, len(of.Users))}
	for _, u := range of.Users {
		if u.IDType == IDAny {
			k.rest = u
			continue
		}
		id, err := namedID(u.IDType, u.ID)
		if key := pki.IDKey(id); err == nil && k.rows[key] == nil {
			k.rows[key] = u
		}
	}
	return k
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
