package commands

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

// phones is a template that the last entry of a group refers to, on the port of the SAs of display tests.
const phones = `ipsec proposal z
ike peer r
 undo version 2
 pre-shared-key sixteen-octets-or-more
ipsec policy-template phones 5
 ike-peer r
 proposal z
ipsec policy-template phones 7
 ike-peer r
 proposal z
ipsec policy policy2 1 isakmp
ipsec policy policy2 10 isakmp template phones
ipsec policy policy3 10 isakmp template phones
interface GigabitEthernet0/0/2
 ip address 192.0.2.1 24
 ipsec policy policy2
interface GigabitEthernet0/0/3
 ip address 198.51.100.1 24
 ipsec policy policy3
`

// answeringDevice has a pair of SAs of each of some policies, and policies that are open.
type answeringDevice struct {
	fakeDevice
	policies []ipsec.PolicyID
}

func (d *answeringDevice) IKE() []ike.Status {
	status := seedSAs()[0]
	one := status.Children[0]
	status.Children = nil
	for n, id := range d.policies {
		pair := one
		pair.Policy, pair.ConnectionID = id, uint32(100+n)
		status.Children = append(status.Children, pair)
	}
	return []ike.Status{status}
}

// answering returns a session of a box with a configuration and SAs of policies.
func answering(t *testing.T, text string, policies ...ipsec.PolicyID) (*Session, *answeringDevice) {
	d := &answeringDevice{policies: policies}
	return NewSession(d, NewRunning(replayed(t, text)), Options{Level: everything, Interactive: true}), d
}

// TestSAsOfATemplate displays and resets what policies of a template have by the name of the group that
// refers to it, on the interfaces of that group alone.
func TestSAsOfATemplate(t *testing.T) {
	const port2, port3 = "GigabitEthernet0/0/2", "GigabitEthernet0/0/3"
	s, d := answering(t, phones, ipsec.PolicyID{Interface: port2, Name: "phones", Sequence: 5},
		ipsec.PolicyID{Interface: port2, Name: "phones", Sequence: 7}, ipsec.PolicyID{Interface: port3, Name: "phones", Sequence: 5})
	again := func(on string) ike.Reset { return ike.Reset{ChildrenOnly: true, Interface: on, Policy: "phones"} }
	for _, test := range []struct {
		args   string
		want   []string // lines of the display, in their order
		resets []ike.Reset
	}{
		{"policy2", []string{"Interface: " + port2, `IPsec policy name: "policy2"`, "sequence number: 10", `policy template name: "phones"`,
			"policy template sequence number: 5", "mode: template", "policy template sequence number: 7"},
			[]ike.Reset{{ChildrenOnly: true, Policy: "policy2"}, again(port2)}},
		{"policy2 10", []string{"Interface: " + port2, "sequence number: 7"}, []ike.Reset{{ChildrenOnly: true, Policy: "policy2", Sequence: 10}, again(port2)}},
		{"policy2 1", []string{"ipsec tunnel number: 0"}, []ike.Reset{{ChildrenOnly: true, Policy: "policy2", Sequence: 1}}},
		{"policy3", []string{"Interface: " + port3, `IPsec policy name: "policy3"`}, []ike.Reset{{ChildrenOnly: true, Policy: "policy3"}, again(port3)}},
		{"phones 7", []string{`IPsec policy name: "policy2"`, "policy template sequence number: 7"}, []ike.Reset{{ChildrenOnly: true, Policy: "phones", Sequence: 7}}},
	} {
		text := s.Exec(t.Context(), "display ipsec sa policy "+test.args).Rendered().Text
		rest := text
		for _, want := range test.want {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%s: no %q where it belongs in\n%s", test.args, want, text)
			}
			rest = after
		}
		if other := map[string]string{"policy2": port3, "policy3": port2}[test.args]; other != "" && strings.Contains(text, other) {
			t.Errorf("%s: there is something of %s in\n%s", test.args, other, text)
		}
		d.resets = nil
		if out := s.Exec(t.Context(), "reset ipsec sa policy "+test.args); out.Err != nil || !slices.Equal(d.resets, test.resets) {
			t.Errorf("reset %s: %v, %+v, want %+v", test.args, out.Err, d.resets, test.resets)
		}
	}
}

// TestTrafficInClearIsDisplayed has a policy open: each display of policies and SAs says so at once.
func TestTrafficInClearIsDisplayed(t *testing.T) {
	s, d := answering(t, byHand()+underIKE)
	const on = "TRAFFIC GOES IN CLEAR, UNPROTECTED, on GigabitEthernet0/0/3 since 2026-05-07 11:02:00, next try "
	since := time.Date(2026, 5, 7, 11, 2, 0, 0, time.UTC)
	open := ike.Fallback{Policy: ipsec.PolicyID{Interface: "GigabitEthernet0/0/3", Name: "n", Sequence: 7}, Peer: "b", Since: since}
	later := open
	later.Retry = since.Add(5 * time.Minute)
	for _, test := range []struct {
		command string
		told    bool
	}{
		{"display ipsec policy", true},
		{"display ipsec policy name n 7", true},
		{"display ipsec policy name m", false},
		{"display ipsec policy brief", true},
		{"display ipsec sa", true},
		{"display ipsec sa brief", true},
		{"display ipsec sa policy n", true},
		{"display ipsec sa policy m", false},
		{"display ipsec sa remote 198.51.100.2", true},
		{"display ipsec sa remote 198.51.100.3", false},
	} {
		for _, now := range []struct {
			open ike.Fallback
			next string
		}{{open, "now\n"}, {later, "2026-05-07 11:07:00\n"}} {
			d.fallbacks = []ike.Fallback{now.open}
			if text := s.Exec(t.Context(), test.command).Rendered().Text; strings.Contains(text, on+now.next) != test.told {
				t.Errorf("%s: told %v, want %v:\n%s", test.command, !test.told, test.told, text)
			}
		}
		d.fallbacks = nil
		if text := s.Exec(t.Context(), test.command).Rendered().Text; strings.Contains(text, "IN CLEAR") {
			t.Errorf("%s: nothing is open, but\n%s", test.command, text)
		}
	}
}
