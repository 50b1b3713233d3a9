package commands

import (
	"testing"

	"sallyport/acl"
)

// documentedACLs is the command reference's example without the match counts.
const documentedACLs = ` Total quantity of nonempty ACL number is 2

Basic ACL 2001, 1 rule
Acl's step is 5
 rule 5 permit source 172.20.4.0 0.0.0.255

Advanced ACL 3001, 2 rules
Acl's step is 5
 rule 5 permit ip source 172.20.4.0 0.0.0.255 destination 10.77.8.0 0.0.0.255
 rule 10 deny tcp destination 203.0.113.9 0 destination-port eq www
`

var (
	branchA = acl.Wildcard{Addr: 0xac140400, Care: 0xffffff00}
	branchB = acl.Wildcard{Addr: 0x0a4d0800, Care: 0xffffff00}
	web     = acl.Wildcard{Addr: 0xcb007109, Care: 0xffffffff}
)

func documentedLists() []*acl.ACL {
	basic, advanced := acl.New(2001), acl.New(3001)
	basic.Put(acl.Rule{ID: 5, Action: acl.Permit, Source: branchA})
	advanced.Put(acl.Rule{ID: 5, Action: acl.Permit, Source: branchA, Destination: branchB})
	advanced.Put(acl.Rule{ID: 10, Protocol: 6, Destination: web, DestinationPort: acl.Ports{Op: acl.Eq, Low: 80}})
	return []*acl.ACL{basic, advanced}
}

// oddACL is named and described, with ports, an odd wildcard and the last number.
func oddACL() *acl.ACL {
	a := acl.New(3999)
	a.Name, a.Description, a.Step = "to-branch", "what goes to the branch", 10
	a.Put(acl.Rule{ID: acl.MaxID, Action: acl.Permit, Protocol: 17,
		Source:      acl.Wildcard{Addr: 0xac140001, Care: 0xffff00ff},
		SourcePort:  acl.Ports{Op: acl.Range, Low: 1024, High: 65535},
		Description: "the last one"})
	a.Put(acl.Rule{ID: 0})
	return a
}

func TestACLDisplay(t *testing.T) {
	tests := []struct {
		name, file string
		list       *acl.ACL
	}{
		{"no rule", "acl-empty", acl.New(3000)},
		{"one rule", "acl-basic", documentedLists()[0]},
		{"two rules", "acl", documentedLists()[1]},
		{"an odd one", "acl-odd", oddACL()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			golden(t, "display/"+test.file+".txt", newACLDisplay(test.list).text())
		})
	}
}

func TestACLsDisplay(t *testing.T) {
	tests := []struct {
		name, file string
		lists      []*acl.ACL
	}{
		{"none", "acl-all-none", nil},
		{"an empty one is not counted", "acl-all-odd", []*acl.ACL{acl.New(2000), oddACL()}},
		{"two", "acl-all", documentedLists()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			golden(t, "display/"+test.file+".txt", newACLsDisplay(test.lists).text())
		})
	}
}

func TestACLsDisplayIsTheDocumented(t *testing.T) {
	sameText(t, "display acl all", newACLsDisplay(documentedLists()).text(), documentedACLs)
}

func TestRuleCount(t *testing.T) {
	for n, want := range []string{"0 rule", "1 rule", "2 rules"} {
		if got := ruleCount(n); got != want {
			t.Errorf("ruleCount(%d) = %q, want %q", n, got, want)
		}
	}
}
