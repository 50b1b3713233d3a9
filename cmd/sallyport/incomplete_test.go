package main

import (
	"strings"
	"testing"

	"sallyport/commands"
)

// exposing is a policy that is applied and complete, of a peer whose key can be taken away.
const exposing = `acl number 3001
 rule 5 permit ip source 192.168.1.0 0.0.0.255 destination 172.17.0.0 0.0.0.255
ipsec proposal z
ike peer b
 undo version 2
 pre-shared-key sixteen-octets-or-more
 remote-address 198.51.100.2
ipsec policy n 7 isakmp
 security acl 3001
 ike-peer b
 proposal z
interface lo
 ip address 198.51.100.1 24
 ipsec policy n
`

// TestIncompleteIsLogged takes the key of a policy that is applied, as a script may: the log says once
// that its traffic is not protected, and again when that has been otherwise meanwhile.
func TestIncompleteIsLogged(t *testing.T) {
	d, _ := newStage()
	const key, none = " pre-shared-key sixteen-octets-or-more", " undo pre-shared-key"
	const want = "policy n 7 on lo is incomplete (no pre-shared-key of IKE peer b): its traffic is not protected"
	c := commands.New()
	for n, step := range []struct {
		lines  string
		logged int // lines of it until then
	}{
		{exposing, 0}, {"ike peer b\n" + none, 1}, {"sysname other", 1}, {"ike peer b\n" + key, 1}, {"ike peer b\n" + none, 2},
	} {
		next, refused := commands.Replay(c, commands.Script{Text: step.lines})
		if len(refused) > 0 {
			t.Fatal(refused[0])
		}
		if err := d.Apply(next); err != nil {
			t.Fatal(err)
		}
		c = next
		logged := 0
		for _, line := range d.LogBuffer().Lines {
			if line.Mnemonic == "IPSEC_INCOMPLETE" && strings.Contains(line.Text, want) {
				logged++
			}
		}
		if logged != step.logged {
			t.Errorf("after step %d the log says it %d times, want %d", n, logged, step.logged)
		}
	}
}
