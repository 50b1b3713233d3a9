package commands

import "sallyport/ipsec/secret"

// fakeAccounts are the accounts of a fakeDevice.
type fakeAccounts struct{ lines []LineStatus }

func (fakeAccounts) Hash(password secret.Octets) (string, error) {
	return "$fake$" + seal(password), nil
}

func (fakeAccounts) Matches(stored string, password secret.Octets) bool {
	return stored == "$fake$"+seal(password)
}

func (a fakeAccounts) Lines() []LineStatus { return a.lines }
