package commands

import (
	"net/netip"
	"slices"
	"testing"

	"sallyport/ike"
)

// clientDevice has an ISAKMP SA of a user, with an address from us.
type clientDevice struct{ fakeDevice }

func (d *clientDevice) IKE() []ike.Status {
	return []ike.Status{{User: "anna", Lease: netip.MustParseAddr("10.9.0.2")}}
}

// TestCutAccessUser resets by name and by address, and tells when there is nobody.
func TestCutAccessUser(t *testing.T) {
	const nobody = "Info: Nobody of that name or address has an ISAKMP SA.\n"
	for _, test := range []struct {
		line, said string
		want       ike.Reset
	}{
		{"cut access-user username anna", "", ike.Reset{User: "anna"}},
		{"cut access-user username carl", nobody, ike.Reset{User: "carl"}},
		{"cut access-user ip-address 10.9.0.2", "", ike.Reset{Client: netip.MustParseAddr("10.9.0.2")}},
		{"cut access-user ip-address 10.9.0.3", nobody, ike.Reset{Client: netip.MustParseAddr("10.9.0.3")}},
	} {
		d := &clientDevice{}
		out := NewSession(d, NewRunning(New()), operator).Exec(t.Context(), test.line)
		if out.Text != test.said || out.Err != nil || !slices.Equal(d.resets, []ike.Reset{test.want}) {
			t.Errorf("%s: %q, %v, resets %+v", test.line, out.Text, out.Err, d.resets)
		}
	}
}

// TestLocalsAreTold has the engine know which local users may come in through IKE.
func TestLocalsAreTold(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "aaa", "local-user anna password cipher Secret@2026", "local-user bob password cipher Secret@2026", "local-user bob service-type ike ssh",
		"local-user carl service-type ike", "local-user anna service-type ssh")
	told := func() map[string]bool {
		p, err := b.running.Config().Protection(func(name string) (string, error) { return name, nil })
		if err != nil {
			t.Fatal(err)
		}
		return p.IKE.Locals
	}
	for _, step := range []struct {
		line string
		bob  bool
	}{
		{"local-user bob privilege level 3", true},
		{"local-user bob state block", false},
		{"local-user bob state active", true},
		{"local-user bob service-type ssh", false},
		{"local-user bob service-type ike", true},
		{"undo local-user bob", false},
	} {
		if out := s.Exec(t.Context(), step.line); out.Err != nil {
			t.Fatal(out.Err)
		}
		if got := told(); got["bob"] != step.bob || got["anna"] || got["carl"] {
			t.Errorf("after %s: %v, want bob %v and nobody else", step.line, got, step.bob)
		}
	}
}
