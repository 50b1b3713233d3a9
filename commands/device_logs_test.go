package commands

import (
	"fmt"
	"net/netip"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
)

// fakeLogs are the logs of a fakeDevice: a few lines, and a note of what they are
// told.
type fakeLogs struct {
	told  []string
	empty bool // reset logbuffer
	debug []DebugSwitch
}

func (l *fakeLogs) tell(format string, args ...any) {
	l.told = append(l.told, fmt.Sprintf(format, args...))
}

// LogBuffer has three lines of three modules.
func (l *fakeLogs) LogBuffer() LogBuffer {
	if l.empty {
		return LogBuffer{Lines: []LogLine{}}
	}
	return LogBuffer{Lines: sampleLog(), Dropped: 2, Overwritten: 49}
}

// sampleLog is what a log buffer may hold.
func sampleLog() []LogLine {
	at := time.Date(2026, 5, 7, 11, 42, 19, 310e6, time.UTC)
	return []LogLine{
		{at, "H", "SHELL", LogNotification, "SHELL_LOGIN", 52, "user admin from 192.0.2.9 has logged in on vty0"},
		{at.Add(-time.Minute), "H", "IKE", LogWarning, "IKE_SA_UP", 51, "phase 1 up with peer b at 198.51.100.7:500"},
		{at.Add(-time.Hour), "H", "IKE", LogWarning, "IKE_NEGO_FAIL", 50,
			"negotiation with peer b at 198.51.100.7:500 failed: authentication fail: HASH_R is wrong"},
	}
}

func (l *fakeLogs) ResetLogBuffer() { l.empty = true }

// LogServers has one host that is there and one that is not.
func (l *fakeLogs) LogServers() []LogServerStatus {
	return []LogServerStatus{
		{LogServer{netip.MustParseAddr("192.0.2.5"), 514, facilityLocal7}, 33, 0},
		{LogServer{netip.MustParseAddr("203.0.113.250"), 65535, facilityLocal0}, 0, 18446744073709551615},
	}
}

func (l *fakeLogs) Terminal(line string, which TerminalSwitch, on bool) {
	l.tell("terminal %s %v %v", line, which, on)
}

// Debug keeps the switches as a box does.
func (l *fakeLogs) Debug(kinds DebugKind, remote netip.Addr, on bool) {
	var left []DebugSwitch
	for _, s := range l.debug {
		if s.Kind&kinds == 0 {
			left = append(left, s)
		}
	}
	for _, k := range debugKinds {
		if on && k.kind&kinds != 0 {
			left = append(left, DebugSwitch{k.kind, remote})
		}
	}
	l.debug = left
}

func (l *fakeLogs) Debugging() []DebugSwitch { return l.debug }

// Offlines has three.
func (l *fakeLogs) Offlines() []ike.Offline { return offlines() }

func offlines() []ike.Offline {
	return []ike.Offline{
		{Time: then, Remote: netip.MustParseAddrPort("198.51.100.7:500"), Peer: "b", Reason: "peer request"},
		{Time: established, Remote: netip.MustParseAddrPort("203.0.113.20:4500"), Peer: "c", Reason: "phase1 hard expiry"},
		{Time: established, Remote: netip.MustParseAddrPort("255.255.255.255:65535"), Peer: "peer-of-15-char", Reason: "config modify or manual offline"},
	}
}

// History has two tunnels.
func (l *fakeLogs) History() []ike.History { return histories() }

func histories() []ike.History {
	return []ike.History{
		{
			Policy: ipsec.PolicyID{Interface: "GigabitEthernet0/0/2", Name: "policy1", Sequence: 1}, Remote: netip.MustParseAddrPort("198.51.100.7:500"),
			Selector: ipsec.Selector{Local: subnet("172.20.4.0/24"), Remote: subnet("10.77.8.0/24")},
			Reason:   "peer request", Time: then, Times: 3,
		},
		{
			Policy: ipsec.PolicyID{Interface: "GigabitEthernet0/0/1", Name: "fifteen-letters", Sequence: 10000}, Remote: netip.MustParseAddrPort("203.0.113.20:4500"),
			Selector: ipsec.Selector{Local: subnet("172.20.4.1/32"), Remote: span("10.77.8.1", "10.77.8.9"), Protocol: 6, RemotePort: 443},
			Reason:   "config modify or manual offline", Time: established, Times: 100,
		},
	}
}

func (l *fakeLogs) Clear(c ike.Clear) { l.tell("clear %+v", c) }
func (l *fakeLogs) ClearStatistics()  { l.tell("clear statistics") }
