package commands

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sallyport/commands/kind"
	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// fakeDevice is a box that notes what it is told.
type fakeDevice struct {
	applied []*Config
	refuse  error               // of the next Apply
	whims   func(*Config) error // of every Apply; nil: none
	resets  []ike.Reset
	pings   []Ping

	fallbacks []ike.Fallback

	fakeFiles
	fakeHost
	fakeLogs
	fakeAccounts
	fakePKI
}

func (d *fakeDevice) Apply(c *Config) error {
	if d.refuse != nil {
		return d.refuse
	}
	if d.whims != nil {
		if err := d.whims(c); err != nil {
			return err
		}
	}
	d.applied = append(d.applied, c)
	return nil
}

func (d *fakeDevice) IKE() []ike.Status       { return nil }
func (d *fakeDevice) Failures() []ike.Failure { return nil }

func (d *fakeDevice) IKECounts() ike.Counts {
	return ike.Counts{Events: []ike.Count{{What: "phase 1 established", Count: 3}}, Failed: []ike.Count{{What: "no answer", Count: 2}}}
}

func (d *fakeDevice) Fallbacks() []ike.Fallback { return d.fallbacks }

func (d *fakeDevice) Refusals() []ike.Refusal {
	return []ike.Refusal{{Reason: "malformed message", Count: 7}, {Reason: "invalid cookie"}}
}

func (d *fakeDevice) SACounters(ipsec.SAID) (ipsec.Counters, bool) { return ipsec.Counters{}, false }

func (d *fakeDevice) Statistics() ipsec.Statistics { return ipsec.Statistics{} }
func (d *fakeDevice) Faults() []ipsec.Fault        { return nil }

// ManualSAs returns those of the configuration in force.
func (d *fakeDevice) ManualSAs() (all []ManualStatus) {
	if len(d.applied) == 0 {
		return nil
	}
	p, err := d.applied[len(d.applied)-1].Clone().Protection(port)
	if err != nil {
		return nil
	}
	for pair := range slices.Chunk(p.Manual, 2) {
		all = append(all, ManualStatus{Policy: pair[0].Policy, Inbound: pair[0], Outbound: pair[1], Created: established})
	}
	return all
}
func (d *fakeDevice) Reset(r ike.Reset) { d.resets = append(d.resets, r) }

// Ping loses the first request and answers the others.
func (d *fakeDevice) Ping(ctx context.Context, p Ping, reply func(PingReply)) error {
	d.pings = append(d.pings, p)
	if p.Host.As4()[0] == 127 {
		return errors.New("the network is unreachable")
	}
	for n := 1; n <= p.Count; n++ {
		reply(PingReply{Sequence: n, Lost: n == 1, From: p.Host, Size: p.Size, TTL: 254, Time: 6 * time.Millisecond})
	}
	return nil
}

func (d *fakeDevice) Seal(s secret.Octets) string { return seal(s) }

func (d *fakeDevice) Open(stored string) (secret.Octets, error) { return open(stored) }

// seal and open are a box's with a very bad cipher.
func seal(s secret.Octets) string { return "%^%#" + hex.EncodeToString(s) + "%^%#" }

func open(stored string) (secret.Octets, error) {
	b, err := hex.DecodeString(strings.Trim(stored, "%^#"))
	if err != nil {
		return nil, errors.New("it was sealed by another box")
	}
	return b, nil
}

func (d *fakeDevice) Port(name string) (string, error) { return port(name) }

// port knows GigabitEthernet0/0/0 to 0/0/9, Linux's eth devices, and tunnels.
func port(name string) (string, error) {
	if kind.IsTunnel(name) {
		return strings.ReplaceAll(name, "/", "-"), nil
	}
	var n int
	if _, err := fmt.Sscanf(name, "GigabitEthernet0/0/%1d", &n); err == nil && len(name) == len("GigabitEthernet0/0/0") {
		return fmt.Sprintf("eth%d", n), nil
	}
	if strings.HasPrefix(name, "eth") {
		return name, nil
	}
	return "", fmt.Errorf("no device for interface %s, start with --port %s=DEVICE", name, name)
}

func (d *fakeDevice) About() About {
	start := time.Date(2026, 5, 7, 11, 0, 0, 0, time.UTC)
	return About{Version: "1.0", Dataplane: "user", Started: start, Now: start.Add(3*time.Minute + d.elapsed)}
}
