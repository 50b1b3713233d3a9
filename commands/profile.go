package commands

import (
	"slices"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// helpProfile is the help of profile.
const helpProfile = "IPSec profile"

// profileView is the view of `ipsec profile`: a policy without an ACL, since a tunnel
// interface says what is protected. Its SAs are made at once, unlike a policy's.
func profileView() *grammar.View[Policy] {
	return &grammar.View[Policy]{
		Tag:  func(p *Policy) string { return "ipsec-profile-" + p.Name },
		New:  func() *Policy { return &Policy{Window: DefaultWindow, Auto: true} },
		Rows: append(negotiationRows(), triggerRow(), windowRow()),
	}
}

// profileRow opens and deletes profiles.
func profileRow() grammar.Row[Config] {
	return grammar.Enter(grammar.Objects[Config, string, Policy]{
		View:    profileView(),
		Of:      func(c *Config) map[string]*Policy { return c.Profiles },
		Own:     func(c *Config) map[string]*Policy { return own(c, partProfiles, &c.Profiles) },
		Name:    func(p *Policy, name string) { p.Name = name },
		Compare: strings.Compare,
		Delete: allows(func(e *edit, name string) error {
			if users := e.config.profileUsers(name); len(users) > 0 {
				return refuse("The IPSec profile is being used by interface %s.", users[0])
			}
			return nil
		}),
	}, grammar.Path[string]("ipsec", helpIPsec, "profile", helpProfile), nameOf15("ipsec profile", "Name of the profile"))
}

// profileUsers returns the interfaces that have a profile, by name.
func (c *Config) profileUsers(profile string) []string {
	users := []string{}
	for name, i := range c.Interfaces {
		if i.Tunnel.Profile == profile {
			users = append(users, name)
		}
	}
	slices.Sort(users)
	return users
}

// noProfile refuses if a profile uses what is to be removed. The words say what that is.
func (e *edit) noProfile(what string, uses func(*Policy) bool) error {
	for _, p := range values(e.config.Profiles, strings.Compare) {
		if uses(p) {
			return refuse("The %s is being used by IPSec profile %s.", what, p.Name)
		}
	}
	return nil
}

// displayProfile is `display ipsec profile`.
type displayProfile struct {
	Name  string
	Brief bool
}

func displayProfileRow() grammar.Row[Config] {
	return grammar.Do[Config](1, displayProfile{},
		grammar.Path[displayProfile]("display", helpDisplay, "ipsec", helpIPsec, "profile", helpProfile),
		grammar.Optional(grammar.OneOf(
			grammar.Flag("brief", helpBrief, func(d *displayProfile) *bool { return &d.Brief }),
			grammar.Sequence(grammar.Kw[displayProfile]("name", helpByName),
				grammar.Arg(kind.Name(longestName, "ipsec profile"), "Name", func(d *displayProfile) *string { return &d.Name })),
		)))
}

func (d *displayProfile) do(s *Session) Output {
	display := newProfileDisplay(s.running.config, d.Name)
	switch {
	case d.Name != "" && len(display.Profiles) == 0:
		return s.refused(refuse("The IPSec profile does not exist."))
	case d.Brief:
		return Output{Display: inBrief{display}}
	}
	return Output{Display: display}
}
