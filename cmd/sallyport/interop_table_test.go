package main_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"sallyport/platform/netns/testrun"
)

// A role is who takes part in a negotiation, and who begins.
type role int

const (
	weBegin role = iota
	theyBegin
	twoOfOurs
	roles
)

func (r role) String() string {
	return [roles]string{"Sallyport begins", "strongSwan begins", "two Sallyports"}[r]
}

// results are the features that came up in a run, by role.
type results struct {
	mu sync.Mutex
	up map[string]*[roles]bool
}

func newResults() *results { return &results{up: map[string]*[roles]bool{}} }

func (r *results) add(feature string, in role) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.up[feature] == nil {
		r.up[feature] = &[roles]bool{}
	}
	r.up[feature][in] = true
}

// complete reports whether every feature has come up in each of its roles.
func (r *results) complete() bool {
	return !slices.ContainsFunc(features, func(f feature) bool {
		return slices.ContainsFunc(f.roles(), func(in role) bool { return !r.has(f.name, in) })
	})
}

// README's table stands between two comments. A cell names the dataplanes that the feature
// has come up on.
const (
	readme     = "../../README.md"
	tableBegin = "<!-- written by TestInteroperability: INTEROP=write makes it anew -->\n"
	tableEnd   = "<!-- end of what TestInteroperability writes -->\n"
)

// compare holds the results of this run's dataplane against README, or writes them there.
func (r *results) compare(t *testing.T) {
	text, err := os.ReadFile(readme)
	must(t, err)
	before, rest, ok := strings.Cut(string(text), tableBegin)
	old, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table: %s", readme, tableBegin)
	}
	now := r.table(old)
	if now == old {
		return
	}
	if os.Getenv("INTEROP") != "write" {
		t.Errorf("README's table of interoperability differs from what came up on the %s dataplane; INTEROP=write makes it\n%s", testrun.Dataplane(), now)
		return
	}
	must(t, os.WriteFile(readme, []byte(before+tableBegin+now+tableEnd+after), 0o644))
}

// table returns README's table with the column entries of this run's dataplane as they are
// now; what an older table says of the other dataplane stays.
func (r *results) table(old string) string {
	was := readTable(old)
	var b strings.Builder
	fmt.Fprintf(&b, "| | %v | %v | %v |\n| --- | --- | --- | --- |\n", weBegin, theyBegin, twoOfOurs)
	for _, f := range features {
		fmt.Fprintf(&b, "| %s |", f.name)
		for in := range roles {
			up := map[string]bool{testrun.Dataplane(): r.has(f.name, in)}
			other := map[string]string{testrun.User: testrun.Kernel, testrun.Kernel: testrun.User}[testrun.Dataplane()]
			up[other] = strings.Contains(was[f.name][in], other)
			fmt.Fprintf(&b, " %s |", cell(up))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (r *results) has(feature string, in role) bool {
	up := r.up[feature]
	return up != nil && up[in]
}

// cell names the dataplanes on which something came up.
func cell(up map[string]bool) string {
	var names []string
	for _, plane := range []string{testrun.User, testrun.Kernel} {
		if up[plane] {
			names = append(names, plane)
		}
	}
	if len(names) == 0 {
		return "–"
	}
	return strings.Join(names, ", ")
}

// readTable returns the cells of a table by feature.
func readTable(text string) map[string][roles]string {
	rows := map[string][roles]string{}
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != int(roles)+1 {
			continue
		}
		rows[strings.TrimSpace(cells[0])] = [roles]string{cells[1], cells[2], cells[3]}
	}
	return rows
}

// TestTable reads back what it has written, and keeps the other dataplane's cells.
func TestInteroperabilityTable(t *testing.T) {
	r := newResults()
	other := testrun.Kernel
	if testrun.OnKernel() {
		other = testrun.User
	}
	name := features[0].name
	r.add(name, weBegin)
	old := fmt.Sprintf("| %s | %s | – | %s, gone |\n", name, other, testrun.Dataplane())
	got := readTable(r.table(old))[name]
	if !strings.Contains(got[weBegin], "user, kernel") || strings.TrimSpace(got[theyBegin]) != "–" || strings.TrimSpace(got[twoOfOurs]) != "–" {
		t.Errorf("of %q the table makes %q", old, got)
	}
	if r.complete() {
		t.Error("with one role of one feature the results are complete")
	}
	for _, f := range features {
		for _, in := range f.roles() {
			r.add(f.name, in)
		}
	}
	if !r.complete() {
		t.Error("with every role of every feature the results are not complete")
	}
}
