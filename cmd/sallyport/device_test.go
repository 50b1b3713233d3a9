package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/acl"
	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
	"sallyport/platform"
)

// A stage is everything that a configuration is applied to. It writes down what
// it is asked for, and fails when told to.
type stage struct {
	ipsec.Dataplane // what no test here asks
	lines           []string
	refuse          string // the line to answer with an error
	policies        []*ipsec.Policy
	routes          int
	config          *ike.Config
}

func (s *stage) act(format string, args ...any) error {
	line := fmt.Sprintf(format, args...)
	s.lines = append(s.lines, line)
	if line == s.refuse {
		return errors.New("refused " + line)
	}
	return nil
}

func (s *stage) Apply(n platform.Network) error {
	err := s.act("network of %d", len(n.Routes))
	if err == nil {
		s.routes = len(n.Routes)
	}
	return err
}

func (s *stage) SetPolicies(policies []*ipsec.Policy) error {
	var names []string
	for _, p := range policies {
		names = append(names, p.ID.Name)
	}
	err := s.act("policies %s", strings.Join(names, " "))
	if err == nil {
		s.policies = policies
	}
	return err
}

func (s *stage) Input(in ike.Input) {
	if set, ok := in.(ike.SetConfig); ok {
		s.config = set.Config
	}
	s.act("%T", in)
}

func (s *stage) Capabilities() ipsec.Capabilities { return ipsec.Everything("the stage") }

func (s *stage) AddSA(*ipsec.SA) error        { return s.act("add") }
func (s *stage) RemoveSA(ipsec.SAID) error    { return s.act("remove") }
func (s *stage) Statistics() ipsec.Statistics { return ipsec.Statistics{InPackets: 5} }
func (s *stage) Status() []ike.Status         { return []ike.Status{{ConnectionID: 7}} }
func (s *stage) Failures() []ike.Failure      { return []ike.Failure{{Peer: "b"}} }
func (s *stage) Refusals() []ike.Refusal      { return []ike.Refusal{{Reason: "invalid cookie", Count: 3}} }
func (s *stage) Fallbacks() []ike.Fallback    { return []ike.Fallback{{Peer: "c"}} }
func (s *stage) Counts() ike.Counts           { return ike.Counts{Events: []ike.Count{{What: "up", Count: 2}}} }
func (s *stage) Counters(id ipsec.SAID) (ipsec.Counters, bool) {
	return ipsec.Counters{Packets: uint64(id.SPI)}, id.SPI != 0
}

// newStage returns a device in front of a stage.
func newStage() (*device, *stage) {
	s := &stage{}
	return &device{
		given:      newGiven(func(logKind, string, ...any) {}),
		protection: &commands.Protection{IKE: &ike.Config{}}, manual: &manual{dataplane: s}, plane: "user",
		parts: parts{network: s, dataplane: s, engine: s}, ports: &ports{}, started: time.Now(), logs: &logs{centre: newCentre()},
	}, s
}

// wanted makes policies by name, and a network of as many routes.
func wanted(names ...string) ([]*ike.Policy, platform.Network) {
	var policies []*ike.Policy
	for _, name := range names {
		p := ipsec.Policy{ID: ipsec.PolicyID{Name: name}, ACL: &acl.ACL{}}
		policies = append(policies, &ike.Policy{Policy: p})
	}
	return policies, platform.Network{Routes: make([]platform.Route, len(names))}
}

func (d *device) enforceNames(names ...string) error {
	policies, network := wanted(names...)
	p := &commands.Protection{IKE: &ike.Config{Policies: policies}}
	for _, policy := range policies {
		p.Policies = append(p.Policies, &policy.Policy)
	}
	return d.enforce(p, network)
}

func TestApplyNeverUnprotects(t *testing.T) {
	tests := []struct {
		name   string
		before []string
		after  []string
		want   []string
	}{
		{"the first", nil, []string{"a"}, []string{"policies a", "network of 1", "ike.SetConfig"}},
		{"nothing", nil, nil, []string{"policies ", "network of 0", "ike.SetConfig"}},
		{"one more", []string{"a"}, []string{"a", "b"}, []string{"policies a b", "network of 2", "ike.SetConfig"}},
		{"one less", []string{"a", "b"}, []string{"b"}, []string{"policies b a", "ike.SetConfig", "network of 1", "policies b", "ike.SetConfig"}},
		{"another", []string{"a"}, []string{"b"}, []string{"policies b a", "ike.SetConfig", "network of 1", "policies b", "ike.SetConfig"}},
		{"the last", []string{"a"}, nil, []string{"policies a", "ike.SetConfig", "network of 0", "policies ", "ike.SetConfig"}},
	}
	for _, test := range tests {
		d, s := newStage()
		if err := d.enforceNames(test.before...); err != nil {
			t.Fatal(err)
		}
		s.lines = nil
		if err := d.enforceNames(test.after...); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if !slices.Equal(s.lines, test.want) {
			t.Errorf("%s: %q, want %q", test.name, s.lines, test.want)
		}
	}
}

func TestApplyThatFailsLeavesTheFormerState(t *testing.T) {
	for _, refuse := range []string{"policies b c a", "network of 2", "policies b c"} {
		d, s := newStage()
		if err := d.enforceNames("a"); err != nil {
			t.Fatal(err)
		}
		before := s.config
		s.refuse = refuse
		if err := d.enforceNames("b", "c"); !says(err, "refused "+refuse) {
			t.Errorf("Apply with %q refused = %v", refuse, err)
		}
		if len(s.policies) != 1 || s.policies[0].ID.Name != "a" || s.routes != 1 || s.config != before {
			t.Errorf("after %q was refused: %q, want policy a, its network, and the engine's configuration of before", refuse, s.lines)
		}
		s.refuse, s.lines = "", nil
		if err := d.enforceNames("b", "c"); err != nil || s.policies[0].ID.Name != "b" || s.routes != 2 {
			t.Errorf("Apply again = %v, %q, want b and c", err, s.lines)
		}
	}
}

func TestApplyThatCannotGoBackSaysSo(t *testing.T) {
	d, s := newStage()
	s.refuse = "policies " // also when going back
	if err := d.enforceNames(); !says(err, "and then") || strings.Contains(err.Error(), "\n") {
		t.Errorf("Apply = %v, want both errors in one line", err)
	}
}

func TestDeviceAnswers(t *testing.T) {
	d, s := newStage()
	if got := d.IKE(); len(got) != 1 || got[0].ConnectionID != 7 {
		t.Errorf("IKE() = %v, want the engine's", got)
	}
	if got := d.Failures(); len(got) != 1 || got[0].Peer != "b" {
		t.Errorf("Failures() = %v, want the engine's", got)
	}
	if got := d.Refusals(); len(got) != 1 || got[0].Count != 3 {
		t.Errorf("Refusals() = %v, want the engine's", got)
	}
	if got := d.IKECounts(); len(got.Events) != 1 || got.Events[0].Count != 2 {
		t.Errorf("IKECounts() = %v, want the engine's", got)
	}
	if got := d.Fallbacks(); len(got) != 1 || got[0].Peer != "c" {
		t.Errorf("Fallbacks() = %v, want the engine's", got)
	}
	if got, ok := d.SACounters(ipsec.SAID{SPI: 300}); !ok || got.Packets != 300 {
		t.Errorf("SACounters() = %v, %v, want the dataplane's", got, ok)
	}
	if got := d.Statistics(); got.InPackets != 5 {
		t.Errorf("Statistics() = %v, want the dataplane's", got)
	}
	d.Reset(ike.Reset{})
	if got := s.lines[len(s.lines)-1]; got != "ike.Reset" {
		t.Errorf("Reset asked for %q", got)
	}
	if about := d.About(); about.Version != version || about.Dataplane != "user" || about.Now.Before(about.Started) {
		t.Errorf("About() = %+v", about)
	}
	if got, err := d.Port("lo"); got != "lo" || err != nil {
		t.Errorf("Port(lo) = %q, %v", got, err)
	}
}

func TestSaveAndSaved(t *testing.T) {
	d, _ := newStage()
	d.files = &files{folder: t.TempDir(), next: savedFile}
	if got, err := d.Saved(); got != "" || err != nil {
		t.Errorf("Saved() before the first = %q, %v, want nothing", got, err)
	}
	if err := d.Save("", "#\nreturn\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Saved(); got != "#\nreturn\n" || err != nil {
		t.Errorf("Saved() = %q, %v", got, err)
	}
	if mode, err := os.Stat(d.nextPath()); err != nil || mode.Mode() != 0o600 {
		t.Errorf("file %v, %v, want mode 0600", mode, err)
	}
}

func TestDeviceSeals(t *testing.T) {
	d, _ := newStage()
	d.seal = testSeal(t, 1)
	got, err := d.Open(d.Seal(secret.Octets("Key@123")))
	if err != nil || string(got) != "Key@123" {
		t.Errorf("Open(Seal()) = %q, %v", string(got), err)
	}
}

func TestApplyOfAnEmptyConfiguration(t *testing.T) {
	d, s := newStage()
	if err := d.Apply(commands.New()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"policies ", "network of 0", "ike.SetConfig"}; !slices.Equal(s.lines, want) {
		t.Errorf("Apply(New()) did %q, want %q", s.lines, want)
	}
}
