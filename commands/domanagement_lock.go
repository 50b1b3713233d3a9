package commands

import (
	"net/netip"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

const helpLock = "Lock after wrong passwords"

// lockRows lift locks.
func lockRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		grammar.Do[Config](managementLevel, unlockUser{},
			grammar.Path[unlockUser]("reset", helpReset, "local-user", helpLocalUser, "lock", helpLock),
			grammar.Optional(grammar.Arg(userName(), helpUserName, func(u *unlockUser) *string { return &u.Name }))),
		grammar.Do[Config](managementLevel, unlockSource{},
			grammar.Path[unlockSource]("reset", helpReset, "ssh", helpSSH, "lock", helpLock),
			grammar.Optional(grammar.Arg(kind.Address(), "Address of the user's host", func(u *unlockSource) *netip.Addr { return &u.Source }))),
	}
}

// unlockUser is `reset local-user lock`. Without a name it is all of them.
type unlockUser struct{ Name string }

func (u *unlockUser) do(s *Session) Output {
	if !s.device.UnlockUser(u.Name) && u.Name != "" {
		return s.refused(refuse("The user is not locked."))
	}
	return Output{}
}

// unlockSource is `reset ssh lock`. Without an address it is all of them.
type unlockSource struct{ Source netip.Addr }

func (u *unlockSource) do(s *Session) Output {
	if !s.device.UnlockSource(u.Source) && u.Source.IsValid() {
		return s.refused(refuse("The address is not locked."))
	}
	return Output{}
}
