package commands

import (
	"fmt"
	"strings"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
)

// Lines that end where a secret should follow ask a person for it, twice, and do not
// show it.

// A prompting is a secret that is asked for.
type prompting struct {
	what string                                // password or key
	fit  func(typed string) error              // why it is none, before it is asked for again
	set  func(s *Session, typed string) Output // runs the line with it
	said string                                // above the first question
}

// ask asks for a secret, and for the same again.
func (s *Session) ask(p prompting) Output {
	if !s.options.Interactive {
		return s.refused(refuse("The %s is asked for at a terminal only: put it on the line.", p.what))
	}
	s.question = &question{text: "Please enter " + p.what + ":", hidden: true, read: p.first}
	return Output{Text: p.said}
}

// first has read the secret, and asks for it again.
func (p prompting) first(s *Session, typed string) Output {
	if err := p.fit(typed); err != nil {
		return s.refused(err)
	}
	s.question = &question{text: "Please confirm " + p.what + ":", hidden: true, read: func(s *Session, again string) Output {
		if again != typed {
			return s.refused(refuse("The %ss do not match.", p.what))
		}
		return p.set(s, typed)
	}}
	return Output{}
}

// askPassword asks for a password of a user, whose name may be empty, and runs the line
// with the stored form behind it.
func (s *Session) askPassword(of, user, line string) Output {
	return s.ask(prompting{
		what: "password",
		said: fmt.Sprintf("Please configure the %s password (%d-%d)\n"+
			"It is recommended that the password consist of at least 2 types of characters, "+
			"including lowercase letters, uppercase letters, numerals and special characters.\n", of, shortestPassword, longestPassword),
		fit: func(typed string) error {
			if hashed(typed) || !strongEnough(typed, user) {
				return refuse("%s", passwordPolicy)
			}
			return nil
		},
		set: func(s *Session, typed string) Output {
			stored, err := s.newEdit(nil).storedPassword(typed, user)
			if err != nil {
				return s.refused(err)
			}
			return s.exec(line + " irreversible-cipher " + stored)
		},
	})
}

// askSuperPassword is `super password [level N]` with nothing after it.
type askSuperPassword struct{ Level int }

func askSuperPasswordRow() grammar.Row[Config] {
	kw := grammar.Kw[askSuperPassword]
	return grammar.Do[Config](managementLevel, askSuperPassword{Level: everything},
		grammar.Path[askSuperPassword]("super", helpSuper, "password", helpPassword),
		grammar.Optional(kw("level", helpLevel), grammar.Arg(levelKind(1), helpLevels, func(a *askSuperPassword) *int { return &a.Level })))
}

func (a *askSuperPassword) do(s *Session) Output {
	return s.askPassword("super", "", fmt.Sprintf("super password level %d", a.Level))
}

// askLinePassword is `set authentication password` with nothing after it.
type askLinePassword struct{}

func askLinePasswordRow() grammar.Row[UserInterface] {
	return grammar.Do[UserInterface](managementLevel, askLinePassword{},
		grammar.Path[askLinePassword]("set", "Set a password", "authentication", "Of who comes in", "password", helpPassword))
}

func (*askLinePassword) do(s *Session) Output {
	return s.askPassword("login", "", "set authentication password")
}

// askKey is `pre-shared-key` with nothing after it.
type askKey struct{}

func askKeyRow() grammar.Row[ike.Peer] {
	return grammar.Do[ike.Peer](2, askKey{}, grammar.Kw[askKey](keyCommand, helpKey))
}

func (*askKey) do(s *Session) Output {
	return s.ask(prompting{what: "key", fit: fitKey, set: func(s *Session, typed string) Output {
		return s.exec(keyCommand + " cipher " + grammar.Quote(typed))
	}})
}

// longestKey is the limit of a key in clear, as kind.Secret has it.
const longestKey = 128

// fitKey returns why a text that was typed is no key.
func fitKey(typed string) error {
	if _, _, ok := kind.Secret().Read([]string{typed}); !ok || kind.Stored(typed) || strings.Contains(typed, `"`) {
		return refuse("The key must have 1 to %d characters, without quotation marks.", longestKey)
	}
	return nil
}
