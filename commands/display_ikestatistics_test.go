package commands

import (
	"testing"

	"sallyport/ike"
)

func TestIKEStatisticsDisplay(t *testing.T) {
	all := []ike.Status{{Ready: true, Children: make([]ike.ChildStatus, 2)}, {}}
	got := newIKEStatisticsDisplay(all, []ike.Refusal{{Reason: "invalid cookie", Count: 3}, {Reason: "malformed message"}}).text()
	const want = ` IKE statistics information:
 Number of IKE SAs: 1
 Number of IPSec SA pairs: 2
   dropped IKE packet detail:
     invalid cookie: 3
     malformed message: 0
`
	if got != want {
		t.Errorf("text() = %q, want %q", got, want)
	}
}
