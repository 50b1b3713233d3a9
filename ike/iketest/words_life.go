package iketest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

// Words of a host line about whether the peer lives, how long SAs do, and how many there are:
//
//	dpd=periodic/30s/15s/3/nh   or on-demand; idle, retransmission, retries, order: nh is NOTIFY, HASH
//	peerdpd=…                   the same, of the peer alone
//	heartbeat=20s/60s/new/spi   interval, time-out, and what `ike heartbeat` says
//	ikekb=N                     limit of the ISAKMP SA in kilobytes
//	notice=yes                  `lifetime-notification-message enable`
//	mkpfs=yes, quickmodes=N     a fresh phase 1 for each quick mode, or for each N
//	clear=5m                    `fallback clear`, and its interval
//	limits=4096/32/1000/10      half-open in all, of an address; established; our negotiations
//
// And what is done to a host or to all:
//
//	hq sends [lost]             a packet goes out under hq's newest SA, and arrives or not
//	cut, mend                   nothing arrives any more, or everything again
//	jump DURATION               the clock does; back with a minus sign

var dpdTypes = map[string]ike.DPDType{"": ike.DPDUnset, "periodic": ike.DPDPeriodic, "on-demand": ike.DPDOnDemand}

// lives sets what these words say.
func (p *plan) lives(c *ike.Config) error {
	var err error
	r := lifeReader{p, &err}
	c.DPD = r.dpd("dpd")
	beat := slices.Concat(r.parts("heartbeat"), []string{"", ""})
	c.Heartbeat = ike.Heartbeat{Interval: r.duration(beat[0]), Timeout: r.duration(beat[1]),
		NewSeq: slices.Contains(beat, "new"), SPIs: slices.Contains(beat, "spi")}
	most := slices.Concat(r.parts("limits"), make([]string, 4))
	c.Limits = ike.Limits{HalfOpen: r.number(most[0]), HalfOpenPerAddr: r.number(most[1]), ISAKMP: r.number(most[2]), InNegotiation: r.number(most[3])}
	for _, proposal := range c.Proposals {
		proposal.Octets = uint64(r.number(p.get("ikekb"))) * 1024
	}
	for _, policy := range c.Policies {
		policy.Peer.DPD = r.dpd("peerdpd")
		policy.Peer.LifetimeNotification = p.get("notice") == "yes"
		policy.Peer.MasterKeyPFS, policy.Peer.QuickModes = p.get("mkpfs") == "yes", uint32(r.number(p.get("quickmodes")))
		policy.Clear = ike.ClearFallback{Enabled: p.get("clear") != "", Retry: r.duration(p.get("clear"))}
	}
	return err
}

// A lifeReader reads values and remembers the first that is wrong.
type lifeReader struct {
	*plan
	err *error
}

// parts returns those of a value that slashes separate.
func (r lifeReader) parts(word string) []string { return strings.Split(r.get(word), "/") }

func (r lifeReader) duration(text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil && *r.err == nil {
		*r.err = err
	}
	return d
}

func (r lifeReader) number(text string) int {
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil && *r.err == nil {
		*r.err = err
	}
	return n
}

func (r lifeReader) dpd(word string) ike.DPD {
	parts := slices.Concat(r.parts(word), make([]string, 5))
	t, known := dpdTypes[parts[0]]
	if !known && *r.err == nil {
		*r.err = fmt.Errorf("%s=%s: no such type", word, r.get(word))
	}
	order := ike.DPDOrderUnset
	if parts[4] == "nh" {
		order = ike.DPDNotifyHash
	}
	return ike.DPD{Type: t, Idle: r.duration(parts[1]), Retransmit: r.duration(parts[2]), Retries: r.number(parts[3]), Order: order}
}

// sends has a packet go out under the host's newest SA.
func (h *host) sends(lost bool) error {
	for _, sa := range slices.Backward(h.sas) {
		if sa.Direction != ipsec.Outbound {
			continue
		}
		h.count(sa.ID)
		for _, o := range h.session.hosts {
			if o != h && !lost && slices.ContainsFunc(o.sas, func(in *ipsec.SA) bool { return in.ID == sa.ID }) {
				o.count(sa.ID)
			}
		}
		return nil
	}
	return fmt.Errorf("%s has no outbound SA", h.plan.name)
}

// count counts a packet of an SA.
func (h *host) count(id ipsec.SAID) {
	if h.packets == nil {
		h.packets = map[ipsec.SAID]uint64{}
	}
	h.packets[id]++
}

// counters is what the dataplane knows of an SA.
func (h *host) counters(id ipsec.SAID) (ipsec.Counters, bool) {
	n, ok := h.packets[id]
	return ipsec.Counters{Packets: n}, ok
}

// lifeEvent writes down an event about these things.
func (h *host) lifeEvent(e ike.Event) {
	if f, ok := e.(ike.FellBack); ok {
		h.session.log("%s  fallback of %v with %s %v: clear=%v retry=%v", h.plan.name, f.Policy, f.Peer, f.Remote, f.Clear, f.Retry)
	}
}

// showLife writes what displays show of these things.
func (h *host) showLife() {
	for _, st := range h.engine.Status() {
		if st.Heartbeat || st.TimedOut || st.MaxOctets != 0 || h.session.told("notice") {
			h.session.log("%s  isakmp %d lifetime=%v octets=%d of %d heartbeat=%v timed out=%v", h.plan.name, st.ConnectionID,
				st.Lifetime, st.Octets, st.MaxOctets, st.Heartbeat, st.TimedOut)
		}
	}
	for _, f := range h.engine.Fallbacks() {
		h.session.log("%s  %v goes in clear since %.3f, retry at %.3f", h.plan.name, f.Policy, f.Since.Sub(start).Seconds(), f.Retry.Sub(start).Seconds())
	}
}

// told reports whether some host has a word.
func (s *session) told(word string) bool {
	return slices.ContainsFunc(s.hosts, func(h *host) bool { return h.plan.get(word) != "" })
}

// jump sets the clock.
func (s *session) jump(text string) error {
	d, err := time.ParseDuration(text)
	s.now = s.now.Add(d)
	return err
}

// outcome reports whether a line of a session file is what a command brought about: it begins
// with a time, which a clock that jumps may make negative.
func outcome(line string) bool {
	digits := strings.TrimPrefix(line, "-")
	return digits != "" && digits[0] >= '0' && digits[0] <= '9'
}
