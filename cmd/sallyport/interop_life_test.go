package main_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/platform/netns"
	"sallyport/platform/netns/authority"
	"sallyport/platform/netns/strongswan"
	"sallyport/platform/netns/testrun"
)

// lifeFeatures are those of SAs that live for long, and peers that do not.
var lifeFeatures = []feature{
	{name: "both phases renewed under a ping, nothing lost", flow: feature.renews,
		ours: func(s *setup) {
			if s.begins || !s.left {
				s.proposal = append(s.proposal, "sa duration 60")
				s.entry = append(s.entry, "sa duration time-based 60")
			}
		},
	},
	{name: "dead peer detected (DPD, periodic), and found again", flow: feature.survivesDeath,
		ours: func(s *setup) { s.watching("periodic") }, theirs: watches},
	{name: "dead peer detected (DPD, on demand), and found again", flow: feature.survivesDeath,
		ours: func(s *setup) { s.watching("on-demand") }, theirs: watches},
	{name: "dead peer detected (heartbeat), and found again", alone: true, flow: feature.survivesDeath,
		ours: func(s *setup) { s.system += "ike heartbeat-timer interval 20\nike heartbeat-timer timeout 30\n#\n" }},
	{name: "lifetime named by who answers", alone: true, once: true,
		ours: func(s *setup) {
			s.peer = append(s.peer, "lifetime-notification-message enable")
			if !s.begins {
				s.entry = append(s.entry, "sa duration time-based 600")
			}
		},
		check: func(t *testing.T, end *appliance) {
			text := end.console("display ipsec sa | include remaining key duration")
			left := regexp.MustCompile(`/(\d+)\b`).FindAllStringSubmatch(text, -1)
			if len(left) == 0 {
				t.Errorf("%s shows no lifetime:\n%s", end.name, text)
			}
			for _, l := range left {
				if n, err := strconv.Atoi(l[1]); err != nil || n > 600 {
					t.Errorf("%s has SAs for %s s, want 600 at most", end.name, l[1])
				}
			}
		},
	},
}

// watching has our end find a peer dead after about 16 s; on a slow machine it gives that more
// time to answer.
func (s *setup) watching(kind string) {
	interval := testrun.Patience(2*time.Second) / time.Second
	s.peer = append(s.peer, "dpd type "+kind, "dpd idle-time 10", fmt.Sprint("dpd retransmit-interval ", int(interval)), "dpd retry-limit 2")
}

// watches has strongSwan find us dead soon.
func watches(c *strongswan.Connection, _ *setup) {
	c.DPD, c.DPDTimeout, c.DPDAction = time.Second, testrun.Patience(3*time.Second), "clear"
	c.Retransmit = strongswan.Retransmit{Timeout: testrun.Patience(500 * time.Millisecond), Base: 1, Tries: 3}
}

// deathTime is how long one of ours may take to find a peer dead: with heartbeats that is
// twice their time-out.
const deathTime = 80 * time.Second

// survivesDeath kills one end; the other one, who is to find that out, is the one who began.
func (f feature) survivesDeath(t *testing.T, in role) {
	if in == twoOfOurs {
		f.twinDies(t)
		return
	}
	s := newSetup(f, authority.New(t, "root"), true, in == weBegin)
	lab := newMixedLab(t, s.config(), f.against(s))
	if in == theyBegin {
		lab.swanInitiates(t)
		lab.fw.stop(syscall.SIGKILL)
		forgetSAs(t, lab.fw.space)
		eventually(t, "strongSwan has found FW dead", func() bool { return len(lab.sas(t)) == 0 })
		lab.fw.launch()
		must(t, lab.swan.Initiate())
	} else {
		lab.trafficInitiates(t)
		lab.swan.Crash()
		forgetSAs(t, lab.far)
		always, _ := start(t, lab.pc, pingArgs(swanHost, 10_000)...)
		lab.fw.findsDead("192.0.2.2")
		must(t, always.Process.Kill())
		always.Wait()
		lab.swan.Restart(t)
		lab.firstPing(t)
	}
	ping(t, lab.pc, swanHost, 5)
	lab.wire.nothingOfOursInClear(t)
}

// forgetSAs has the kernel of a dead end know nothing more, as after a loss of power: it
// would go on with the SAs that it has.
func forgetSAs(t *testing.T, n *netns.Namespace) {
	t.Helper()
	if testrun.OnKernel() {
		xfrm(t, n, "state flush")
		xfrm(t, n, "policy flush")
	}
}

// twinDies kills the right one of two of ours.
func (f feature) twinDies(t *testing.T) {
	lab := f.newTwins(t)
	ping(t, lab.pcA, hostB, 3)
	lab.b.stop(syscall.SIGKILL)
	forgetSAs(t, lab.b.space)
	always, _ := start(t, lab.pcA, pingArgs(hostB, 10_000)...)
	lab.a.findsDead("192.0.2.2")
	must(t, always.Process.Kill())
	always.Wait()
	lab.b.launch()
	awaitAnswer(t, lab.pcA, hostB) // a kernel keeps 100 packets for a tunnel, which those before may have been
	ping(t, lab.pcA, hostB, 5)
	lab.wire.nothingInClear(t)
}

// findsDead waits until the appliance says that a peer went by itself.
func (a *appliance) findsDead(peer string) {
	a.t.Helper()
	within(a.t, deathTime, a.name+" has found "+peer+" dead", func() bool {
		return slices.ContainsFunc(strings.Split(a.console("display ike offline-info"), "\n"), func(line string) bool {
			return strings.Contains(line, peer) && (strings.Contains(line, "dpd") || strings.Contains(line, "heartbeat"))
		})
	})
}

// renews renews both phases while a ping runs. strongSwan is told to; ours do by the clock.
func (f feature) renews(t *testing.T, in role) {
	if in == twoOfOurs {
		lab := f.newTwins(t)
		ping(t, lab.pcA, hostB, 3)
		firsts := map[string]int{"v1:1": lab.a.newest("v1:1"), "v1:2": lab.a.newest("v1:2")}
		p := startPinging(t, lab.pcA, hostB, 68*time.Second)
		for phase, first := range firsts {
			lab.awaitNewer(t, phase, first, 60*time.Second)
		}
		p.finish()
		lab.wire.nothingInClear(t)
		return
	}
	s := newSetup(f, authority.New(t, "root"), true, in == weBegin)
	lab := newMixedLab(t, s.config(), f.against(s))
	if in == theyBegin {
		lab.swanInitiates(t)
		p := startPinging(t, lab.pc, swanHost, testrun.Patience(10*time.Second))
		lab.fw.renewed("v1:2", lab.swan.RekeyChild)
		lab.carries(t)
		lab.fw.renewed("v1:1", lab.swan.RekeyIKE)
		lab.fw.renewed("v1:2", lab.swan.RekeyChild)
		lab.carries(t)
		p.finish()
	} else {
		lab.trafficInitiates(t)
		firsts := map[string]int{"v1:1": lab.fw.newest("v1:1"), "v1:2": lab.fw.newest("v1:2")}
		p := startPinging(t, lab.pc, swanHost, 68*time.Second)
		for phase, first := range firsts {
			lab.fw.awaitRekey(phase, first, 60*time.Second)
		}
		lab.carries(t)
		p.finish()
	}
	lab.wire.nothingOfOursInClear(t)
}
