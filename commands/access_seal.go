package commands

import (
	"maps"

	"sallyport/ike"
	"sallyport/ipsec/secret"
)

// sealed returns the objects with their secrets in their stored form.
func (a Access) sealed(seal func(secret.Octets) string) Access {
	a.UserTables, a.Radius = maps.Clone(a.UserTables), maps.Clone(a.Radius)
	for n, t := range a.UserTables {
		a.UserTables[n] = sealedAccess(t, seal).(*UserTable)
	}
	for name, t := range a.Radius {
		a.Radius[name] = sealedAccess(t, seal).(*RadiusTemplate)
	}
	return a
}

// sealedAccess returns one object likewise; one that has no secrets as it is.
func sealedAccess(object any, seal func(secret.Octets) string) any {
	stored := func(s secret.Octets) secret.Octets {
		if len(s) == 0 {
			return s
		}
		return secret.Octets(seal(s))
	}
	switch o := object.(type) {
	case *ike.User:
		u := *o
		u.Key = stored(u.Key)
		return &u
	case *UserTable:
		t := *o
		t.Users = maps.Clone(t.Users)
		for name, u := range t.Users {
			t.Users[name] = sealedAccess(u, seal).(*ike.User)
		}
		return &t
	case *RadiusTemplate:
		t := *o
		t.Key = stored(t.Key)
		return &t
	}
	return object
}
