package commands

import (
	"cmp"
	"maps"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
	"sallyport/ipsec/secret"
)

// `ike user-table`: a key for each of the peers that one ike peer stands for.

const helpUserTable = "Pre-shared keys by identity"

// longestUserName is the limit of a name in a user table, in octets.
const longestUserName = 64

// userTableRow opens and deletes user tables.
func userTableRow() grammar.Row[Config] {
	return grammar.Enter(grammar.Objects[Config, uint32, UserTable]{
		View: &grammar.View[UserTable]{
			Tag:  func(t *UserTable) string { return "ike-user-table-" + utoa(t.Number) },
			New:  func() *UserTable { return &UserTable{Users: map[string]*ike.User{}} },
			Rows: []grammar.Row[UserTable]{tableUserRow()},
		},
		Of:      func(c *Config) map[uint32]*UserTable { return c.Access.UserTables },
		Own:     func(c *Config) map[uint32]*UserTable { return own(c, partUserTables, &c.Access.UserTables) },
		Name:    func(t *UserTable, n uint32) { t.Number = n },
		Compare: cmp.Compare[uint32],
		Delete: allows(func(e *edit, n uint32) error {
			return e.noPeer("user table", func(p *ike.Peer) bool { return p.UserTable == n })
		}),
	}, grammar.Path[uint32]("ike", helpIKE, "user-table", helpUserTable),
		grammar.Arg(numberOf("ike user-table", 1, highestTable), "Number of the table", itself[uint32]))
}

// noPeer refuses if a peer refers to what is to be removed.
func (e *edit) noPeer(what string, uses func(*ike.Peer) bool) error {
	for _, p := range values(e.config.IKEPeers, strings.Compare) {
		if uses(p) {
			return refuse("The %s is being used by IKE peer %s.", what, p.Name)
		}
	}
	return nil
}

// tableUserRow opens and deletes users of a table.
func tableUserRow() grammar.Row[UserTable] {
	kw := grammar.Kw[ike.User]
	types := kind.Choice(
		grammar.Word[ike.IDType]{Text: "ip", Help: "An address", Value: ike.IDAddress},
		grammar.Word[ike.IDType]{Text: "fqdn", Help: "Name of a host", Value: ike.IDFQDN},
		grammar.Word[ike.IDType]{Text: "user-fqdn", Help: "Name of a user at a host", Value: ike.IDUserFQDN},
		grammar.Word[ike.IDType]{Text: "key-id", Help: "Any text, such as the name of a group", Value: ike.IDKeyID},
		grammar.Word[ike.IDType]{Text: "any", Help: "Whoever is no other user of the table", Value: ike.IDAny},
	)
	return grammar.Enter(grammar.Objects[UserTable, string, ike.User]{
		View: &grammar.View[ike.User]{
			Tag:  func(u *ike.User) string { return "ike-user-" + u.Name },
			New:  func() *ike.User { return &ike.User{} },
			Sort: "ike-user",
			Rows: []grammar.Row[ike.User]{
				grammar.Setting(kw("id-type", "What the peer calls itself"),
					grammar.Arg(types, "Type", func(u *ike.User) *ike.IDType { return &u.IDType }),
					grammar.Optional(grammar.Arg(kind.Identity(longestID), helpIdentity, func(u *ike.User) *string { return &u.ID }))).
					Check(checks(checkUserID)),
				grammar.Setting(kw(keyCommand, helpKey), secretForms[ike.User](),
					grammar.Arg(kind.Secret(), "Key", func(u *ike.User) *secret.Octets { return &u.Key })).Check(checks(checkUserKey)),
			},
		},
		Of: func(t *UserTable) map[string]*ike.User { return t.Users },
		Own: func(t *UserTable) map[string]*ike.User {
			t.Users = maps.Clone(t.Users) // an older version has it too
			return t.Users
		},
		Name:    func(u *ike.User, name string) { u.Name = name },
		Compare: strings.Compare,
	}, grammar.Kw[string]("user", "Peer with a key of its own"), grammar.Arg(kind.Name(longestUserName, ""), "Name of the peer", itself[string]))
}

// checkUserID wants an ID of the type.
func checkUserID(_ *edit, u *ike.User) error {
	switch {
	case u.IDType == ike.IDAny && u.ID != "":
		return refuse("With id-type any there is no ID.")
	case u.IDType == ike.IDAny, u.ID == "" && u.IDType == ike.IDAddress: // the latter is what undo leaves
		return nil
	case u.ID == "":
		return refuse("id-type %v wants the ID after it.", u.IDType)
	case !isID(u.IDType, u.ID):
		return refuse("%q is no ID of type %v.", u.ID, u.IDType)
	}
	return nil
}

// checkUserKey opens a key that was typed in its stored form.
func checkUserKey(e *edit, u *ike.User) error {
	key, err := e.opened(u.Key)
	if err != nil {
		return err
	}
	u.Key = key
	if !kind.Stored(string(key)) && len(key) > 0 && len(key) < shortKey {
		e.warn("The pre-shared key is shorter than %d characters.", shortKey)
	}
	return nil
}
