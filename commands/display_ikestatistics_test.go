package commands

import (
	"testing"

	"sallyport/ike"
)

func TestIKEStatisticsDisplay(t *testing.T) {
	all := []ike.Status{{Ready: true, Children: make([]ike.ChildStatus, 2)}, {}}
	counted := ike.Counts{Events: []ike.Count{{What: "phase 1 established", Count: 8}}, Failed: []ike.Count{{What: "no answer", Count: 4}}}
	got := newIKEStatisticsDisplay(all, counted, []ike.Refusal{{Reason: "invalid cookie", Count: 3}, {Reason: "malformed message"}}).text()
	const want = ` IKE statistics information:
 Number of IKE SAs: 1
 Number of IPSec SA pairs: 2
   phase 1 established: 8
   failed negotiation detail:
     no answer: 4
   dropped IKE packet detail:
     invalid cookie: 3
     malformed message: 0
`
	if got != want {
		t.Errorf("text() = %q, want %q", got, want)
	}
}
