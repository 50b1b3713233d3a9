package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

var logTestTime = time.Date(2026, 5, 7, 11, 42, 19, 310e6, time.UTC)

// told adds entries to a new centre.
func toldCentre(entries ...entry) *centre {
	c := newCentre()
	for _, e := range entries {
		c.add(logTestTime, e)
	}
	return c
}

// note returns an entry of the program's own.
func note(kind logKind, text string) entry { return entry{kind: kind, text: text, own: true} }

// texts returns the texts of the log buffer, the newest first.
func (c *centre) texts() (texts []string) {
	for _, l := range c.LogBuffer().Lines {
		texts = append(texts, l.Text)
	}
	return texts
}

func TestLinesInTheBuffer(t *testing.T) {
	c := toldCentre(note(systemUp, "up"), note(ikeNegotiationFailed, "failed"))
	c.sysname = "H"
	c.add(logTestTime, note(ikeSAUp, "phase 1 up"))
	want := []string{
		"May  7 2026 11:42:19+00:00 H %%01IKE/4/IKE_SA_UP(l)[3]:phase 1 up",
		"May  7 2026 11:42:19+00:00 Sallyport %%01IKE/4/IKE_NEGO_FAIL(l)[2]:failed",
		"May  7 2026 11:42:19+00:00 Sallyport %%01SYSTEM/5/SYS_UP(l)[1]:up",
	}
	var got []string
	for _, l := range c.LogBuffer().Lines {
		got = append(got, l.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("buffer %q, want %q", got, want)
	}
}

func TestTheBufferTakesItsLevel(t *testing.T) {
	for _, test := range []struct {
		level    commands.Severity
		disabled bool
		want     string // joined by a blank
	}{
		{commands.LogDebugging, false, "clear refused up failed"},
		{commands.LogInformational, false, "refused up failed"},
		{commands.LogWarning, false, "failed"},
		{commands.LogEmergencies, false, ""},
		{commands.LogDebugging, true, ""},
	} {
		c := newCentre()
		config := commands.New()
		config.Logging.Levels.Buffer, config.Logging.Disabled = test.level, test.disabled
		if err := c.configure(config); err != nil {
			t.Fatal(err)
		}
		for _, e := range []entry{note(ikeNegotiationFailed, "failed"), note(systemUp, "up"), note(ikeRefused, "refused"), note(ikeNotifiedInClear, "clear")} {
			c.add(logTestTime, e)
		}
		if got := strings.Join(c.texts(), " "); got != test.want {
			t.Errorf("%v, disabled %v: %q, want %q", test.level, test.disabled, got, test.want)
		}
	}
}

func TestBuffer(t *testing.T) {
	for _, test := range []struct {
		name        string
		size, count int
		resized     int
		want        string
		overwritten uint64
	}{
		{"empty", 3, 0, 3, "[]", 0},
		{"not full", 3, 2, 3, "[1 0]", 0},
		{"full", 3, 3, 3, "[2 1 0]", 0},
		{"overwritten", 3, 5, 3, "[4 3 2]", 2},
		{"overwritten twice around", 3, 10, 3, "[9 8 7]", 7},
		{"made smaller", 4, 6, 2, "[5 4]", 2},
		{"made larger", 2, 5, 9, "[4 3]", 3},
		{"made nothing", 4, 6, 0, "[]", 2},
		{"nothing", 0, 5, 0, "[]", 0},
	} {
		b := logBuffer{size: test.size}
		for i := range test.count {
			b.add(commands.LogLine{Text: fmt.Sprint(i)})
		}
		b.resize(test.resized)
		texts := []string{}
		for _, l := range b.newest() {
			texts = append(texts, l.Text)
		}
		if got := fmt.Sprint(texts); got != test.want || b.overwritten != test.overwritten {
			t.Errorf("%s: %s, %d overwritten, want %s and %d", test.name, got, b.overwritten, test.want, test.overwritten)
		}
		b.add(commands.LogLine{Text: "later"})
		if b.size > 0 && b.newest()[0].Text != "later" {
			t.Errorf("%s: the next line is lost: %v", test.name, b.newest())
		}
	}
}

func TestResetLogBuffer(t *testing.T) {
	c := toldCentre(note(systemUp, "up"))
	for range logRate + 3 {
		c.add(logTestTime, entry{reason: "x", text: "x"})
	}
	if got := c.LogBuffer(); got.Dropped != 3 {
		t.Errorf("%d dropped, want 3", got.Dropped)
	}
	c.ResetLogBuffer()
	if got := c.LogBuffer(); len(got.Lines) != 0 || got.Dropped != 0 || got.Overwritten != 0 {
		t.Errorf("LogBuffer = %+v, want nothing", got)
	}
	c.add(logTestTime, note(systemUp, "again"))
	if got := c.texts(); !slices.Equal(got, []string{"again"}) {
		t.Errorf("then %q", got)
	}
}

// TestForeignTextIsEscapedOnce has a peer say what a terminal would act on.
func TestForeignTextIsEscapedOnce(t *testing.T) {
	var out lockedText
	l := newLogbook(&out, false)
	messages, unsubscribe := l.centre.Subscribe("con0")
	defer unsubscribe()
	l.event(logTestTime, ike.NegotiationFailed{Failure: ike.Failure{Remote: wordsRemote, Category: "c", Reason: "it is \x1b[2J \\ a\nb"}})
	l.close()
	const want = `negotiation with 198.51.100.7:500 failed: c: it is \x1b[2J \\ a\nb`
	if got := l.centre.texts(); !slices.Equal(got, []string{want}) {
		t.Errorf("log buffer %q, want %q", got, want)
	}
	if got := received(messages); len(got) != 1 || !strings.HasSuffix(got[0], ":"+want) {
		t.Errorf("terminal %q, want %q", got, want)
	}
	if !strings.HasSuffix(out.String(), " "+want+"\n") {
		t.Errorf("standard error %q, want %q", out.String(), want)
	}
}

func TestDebugSwitches(t *testing.T) {
	c := newCentre()
	a, none := netip.MustParseAddr("198.51.100.7"), netip.Addr{}
	for _, test := range []struct {
		kinds  commands.DebugKind
		remote netip.Addr
		on     bool
		want   []commands.DebugSwitch
	}{
		{commands.DebugIKEError, none, true, []commands.DebugSwitch{{Kind: commands.DebugIKEError}}},
		{commands.DebugIKEError | commands.DebugIKEMisc, a, true,
			[]commands.DebugSwitch{{Kind: commands.DebugIKEError, Remote: a}, {Kind: commands.DebugIKEMisc, Remote: a}}},
		{commands.DebugIPsec, none, true, []commands.DebugSwitch{{Kind: commands.DebugIKEError, Remote: a}, {Kind: commands.DebugIKEMisc, Remote: a},
			{Kind: commands.DebugIPsecPacket}, {Kind: commands.DebugIPsecMisc}}},
		{commands.DebugIKE | commands.DebugIPsecMisc, none, false, []commands.DebugSwitch{{Kind: commands.DebugIPsecPacket}}},
		{commands.DebugIKE | commands.DebugIPsec, none, false, nil},
	} {
		c.Debug(test.kinds, test.remote, test.on)
		if got := c.Debugging(); !slices.Equal(got, test.want) {
			t.Errorf("Debug(%b, %v, %v): on %v, want %v", test.kinds, test.remote, test.on, got, test.want)
		}
		if c.debugs(commands.DebugIKE|commands.DebugIPsec) != (len(test.want) > 0) {
			t.Errorf("Debug(%b, %v, %v): debugs anything %v", test.kinds, test.remote, test.on, c.debugs(commands.DebugIKE))
		}
	}
}

// TestTheEngineRemembers checks that what is asked of the engine is handed on.
func TestTheEngineRemembers(t *testing.T) {
	m := &memory{}
	l := &logs{centre: newCentre(), engine: m, dataplane: m}
	if got := l.Offlines(); len(got) != 1 || got[0].Peer != "b" {
		t.Errorf("Offlines() = %v, want the engine's", got)
	}
	if got := l.History(); len(got) != 1 || got[0].Times != 3 {
		t.Errorf("History() = %v, want the engine's", got)
	}
	l.Clear(ike.Clear{Offlines: true})
	if m.in != (ike.Clear{Offlines: true}) {
		t.Errorf("Clear handed on %v", m.in)
	}
}

// A memory is an engine that remembers, and a dataplane that counts.
type memory struct {
	in  ike.Input
	sum ipsec.Statistics
}

func (m *memory) Input(in ike.Input)           { m.in = in }
func (m *memory) Offlines() []ike.Offline      { return []ike.Offline{{Peer: "b"}} }
func (m *memory) History() []ike.History       { return []ike.History{{Times: 3}} }
func (m *memory) Statistics() ipsec.Statistics { return m.sum }

func TestClearStatistics(t *testing.T) {
	m := &memory{sum: ipsec.Statistics{InPackets: 1, OutPackets: 2, InOctets: 3, OutOctets: 4}}
	for reason := range m.sum.Drops {
		m.sum.Drops[reason] = uint64(reason) + 5
	}
	l := &logs{centre: newCentre(), dataplane: m}
	if got := l.sinceCleared(m.sum); got != m.sum {
		t.Errorf("before: %+v, want %+v", got, m.sum)
	}
	l.ClearStatistics()
	if got := l.sinceCleared(m.sum); got != (ipsec.Statistics{}) {
		t.Errorf("cleared: %+v, want zeros", got)
	}
	m.sum.OutPackets += 7
	if got := l.sinceCleared(m.sum); got != (ipsec.Statistics{OutPackets: 7}) {
		t.Errorf("later: %+v, want 7 packets out", got)
	}
}

// TestLogsFromEverywhere does all at once, for the race detector.
func TestLogsFromEverywhere(t *testing.T) {
	var out lockedText
	l := newLogbook(&out, true)
	m := &memory{}
	device := &logs{centre: l.centre, engine: m, dataplane: m}
	with := commands.New()
	with.Logging.Hosts[netip.MustParseAddr("127.0.0.1")] = commands.LogServer{Address: netip.MustParseAddr("127.0.0.1"), Port: 9, Facility: 23}
	message := ike.MessageSent{Message: &wire.Message{}, Remote: wordsRemote}
	deeds := []func(){
		func() { l.say("x") },
		func() { l.event(time.Now(), message) },
		func() { l.dataplane(ipsec.Acquire{}) },
		func() { l.add(time.Now(), trouble(errors.New("x"))) },
		func() { device.apply(with) },
		func() { device.apply(commands.New()) },
		func() { device.Debug(commands.DebugIKE|commands.DebugIPsec, netip.Addr{}, true) },
		func() { device.Debug(commands.DebugIKEMisc, netip.Addr{}, false) },
		func() { device.LogBuffer(); device.LogServers(); device.Debugging() },
		func() { device.ResetLogBuffer() },
		func() { device.Terminal("vty0", commands.TerminalDebugging, true) },
		func() {
			messages, unsubscribe := l.centre.Subscribe("vty0")
			defer unsubscribe()
			l.say("y")
			select {
			case <-messages:
			default:
			}
		},
	}
	var group sync.WaitGroup
	for _, do := range deeds {
		group.Go(func() {
			for range 100 {
				do()
			}
		})
	}
	group.Wait()
	l.close()
	if out.String() == "" || len(l.centre.lines) != 0 {
		t.Errorf("%d terminals are left, %d octets written", len(l.centre.lines), len(out.String()))
	}
}
