package commands

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/commands/grammar"
)

func TestLogLine(t *testing.T) {
	at := time.Date(2026, 5, 7, 11, 42, 19, 310e6, time.FixedZone("", -3*3600))
	l := LogLine{at, "H", "IFNET", LogWarning, "LINK_STATE", 52, "up"}
	for _, test := range []struct{ name, got, want string }{
		{"a line", l.String(), "May  7 2026 11:42:19-03:00 H %%01IFNET/4/LINK_STATE(l)[52]:up"},
		{"without its head", l.Tagged(), "%%01IFNET/4/LINK_STATE(l)[52]:up"},
		{"debugging", l.Debug(), "May  7 2026 11:42:19.310-03:00 H IFNET/7/LINK_STATE:up"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", test.name, test.got, test.want)
		}
	}
	l.Time = at.AddDate(0, 0, 10)
	if got := l.String(); !strings.HasPrefix(got, "May 17 2026 ") {
		t.Errorf("on a day of two digits: %q", got)
	}
}

func TestSeverityNames(t *testing.T) {
	for s := LogEmergencies; s <= LogDebugging; s++ {
		if s.String() == "" || severityNames[s].help == "" {
			t.Errorf("severity %d has no name", int(s))
		}
	}
	for _, s := range []Severity{-1, 8} {
		if want := fmt.Sprintf("severity %d", int(s)); s.String() != want {
			t.Errorf("Severity(%d) = %q, want %q", int(s), s.String(), want)
		}
	}
}

func TestDebugKinds(t *testing.T) {
	sums := map[string]DebugKind{}
	for i, k := range debugKinds {
		if k.kind != 1<<i {
			t.Errorf("debugKinds[%d] is %b, want them in their order", i, k.kind)
		}
		sums[k.module] |= k.kind
	}
	if sums["ike"] != DebugIKE || sums["ipsec"] != DebugIPsec || len(moduleTitles) != len(sums) {
		t.Errorf("the kinds sum up to %v", sums)
	}
}

// TestTooManyLogHosts adds one host more than there may be, and changes one.
func TestTooManyLogHosts(t *testing.T) {
	var b strings.Builder
	for i := range maxLogServers + 1 {
		fmt.Fprintf(&b, "info-center loghost 192.0.2.%d\n", i+1)
	}
	b.WriteString("info-center loghost 192.0.2.1 port 5514\n")
	c, refused := Replay(New(), Script{Text: b.String(), Open: open, Port: port})
	if len(refused) != 1 || refused[0].Line != maxLogServers+1 || !strings.Contains(refused[0].Error(), "up to 8 log hosts") {
		t.Errorf("refused %v, want the last but one", refused)
	}
	if got := c.Logging.Hosts[netip.MustParseAddr("192.0.2.1")]; got.Port != 5514 || len(c.Logging.Hosts) != maxLogServers {
		t.Errorf("%d hosts, the first is %v", len(c.Logging.Hosts), got)
	}
}

// TestLoggingCommandsReachTheBox checks what leaves through the device.
func TestLoggingCommandsReachTheBox(t *testing.T) {
	device := &fakeDevice{}
	session := NewSession(device, NewRunning(New()), Options{Level: everything, Line: "vty3"})
	for _, line := range []string{
		"terminal monitor", "undo terminal logging", "terminal debugging",
		"reset ike offline-info", "reset ike error-info", "reset ike statistics v1", "reset ipsec statistics",
	} {
		if out := session.Exec(t.Context(), line); out.Err != nil {
			t.Errorf("%s: %v", line, out.Err)
		}
	}
	want := `terminal vty3 monitor true
terminal vty3 logging false
terminal vty3 debugging true
clear {Failures:false Offlines:true Refusals:false}
clear {Failures:true Offlines:false Refusals:false}
clear {Failures:false Offlines:false Refusals:true}
clear statistics`
	if got := strings.Join(device.told, "\n"); got != want {
		t.Errorf("told\n%s\nwant\n%s", got, want)
	}
}

// TestTheRecordIsForManagers has the lines by which an operator could switch off or
// mislead the record of what he does.
func TestTheRecordIsForManagers(t *testing.T) {
	for _, line := range []string{
		"undo info-center enable", "info-center enable", "info-center logbuffer size 0", "undo info-center logbuffer size 9",
		"info-center loghost 192.0.2.1", "undo info-center loghost 192.0.2.9",
		"info-center source default channel logbuffer log level emergencies", "undo info-center source default channel loghost log level alert",
	} {
		for level := range everything + 1 {
			b := newBox(t)
			b.session(operator, "system-view", "info-center logbuffer size 9", "info-center loghost 192.0.2.9", "info-center source default channel loghost log level alert")
			before := b.running.Config()
			s := NewSession(b.device, b.running, Options{Level: level})
			s.place.system = true
			var bad *grammar.Error
			out := s.Exec(t.Context(), line)
			if errors.As(out.Err, &bad) != (level < managementLevel) || (b.running.Config() == before) != (level < managementLevel) {
				t.Errorf("%q at level %d: %v", line, level, out.Err)
			}
		}
	}
}

// TestLevelsOfLogging shows who may do what.
func TestLevelsOfLogging(t *testing.T) {
	for line, level := range map[string]int{
		"display logbuffer": 1, "display info-center": 1, "terminal monitor": 1, "debugging ike all": 1, "undo debugging all": 1,
		"display ike offline-info": 1, "display ipsec history record": 1,
		"reset ipsec statistics": 2, "reset logbuffer": 3, "reset ike offline-info": 3, "reset ike statistics": 3,
	} {
		for user := range 4 {
			session := NewSession(&fakeDevice{}, NewRunning(New()), Options{Level: user})
			if out := session.Exec(t.Context(), line); (out.Err == nil) != (user >= level) {
				t.Errorf("%s as a user of level %d: %v, want it from level %d on", line, user, out.Err, level)
			}
		}
	}
}
