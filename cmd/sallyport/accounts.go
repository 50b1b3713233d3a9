package main

import (
	"errors"

	"sallyport/commands"
	"sallyport/ipsec/secret"
)

// accounts are the users of the box and who of them is there.
type accounts struct{}

var _ commands.Accounts = (*accounts)(nil)

func newAccounts(*gateway) *accounts { return &accounts{} }

// Hash returns the stored form of a password.
func (*accounts) Hash(secret.Octets) (string, error) { return "", errors.New("not there yet") }

// Matches reports whether a password is the one of a stored form.
func (*accounts) Matches(string, secret.Octets) bool { return false }

// Lines returns who is there.
func (*accounts) Lines() []commands.LineStatus { return nil }
