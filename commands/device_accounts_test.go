package commands

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"sallyport/ipsec/secret"
)

// fakeAccounts are the accounts of a fakeDevice.
type fakeAccounts struct {
	lines []LineStatus
	freed []string
}

// Hash hides a password badly, in the form of a good one.
func (*fakeAccounts) Hash(password secret.Octets) (string, error) { return hashOf(password) }

func hashOf(password secret.Octets) (string, error) {
	sum := sha256.Sum256(password)
	return "$argon2id$v=19$m=8,t=1,p=1$ZmFrZWZha2U$" + base64.RawStdEncoding.EncodeToString(sum[:]), nil
}

func (*fakeAccounts) Matches(stored string, password secret.Octets) bool {
	hash, _ := hashOf(password)
	return stored == hash
}

func (a *fakeAccounts) Lines() []LineStatus { return a.lines }

func (a *fakeAccounts) Hangup(line string) bool {
	there := slices.ContainsFunc(a.lines, func(s LineStatus) bool { return s.Line == line })
	if there {
		a.freed = append(a.freed, line)
	}
	return there
}
