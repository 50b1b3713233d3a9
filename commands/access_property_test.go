package commands

import "sallyport/ike"

// noteAccess notes the fields of what IKE's clients are configured by.
func noteAccess(note func(object, fresh any), a *Access) {
	for _, t := range a.UserTables {
		note(t, UserTable{})
		for _, u := range t.Users {
			note(u, ike.User{})
		}
	}
	for _, p := range a.Pools {
		note(p, AddressPool{})
	}
	for _, s := range a.Schemes {
		note(s, ServiceScheme{})
	}
	for _, t := range a.Radius {
		note(t, newRadiusTemplate())
	}
	for _, s := range a.Authentications {
		note(s, AuthenticationScheme{First: LocalUsers})
	}
	for _, d := range a.Domains {
		note(d, Domain{})
	}
}
