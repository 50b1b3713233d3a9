package main

import (
	"net/netip"
	"slices"
	"testing"

	"sallyport/commands"
	"sallyport/ike"
	"sallyport/ike/wire"
	"sallyport/ipsec"
)

// received returns what a terminal has been handed so far.
func received(messages <-chan string) (all []string) {
	for {
		select {
		case text := <-messages:
			all = append(all, text)
		default:
			return all
		}
	}
}

const (
	upLine    = "May  7 2026 11:42:19+00:00 Sallyport %%01IKE/4/IKE_SA_UP(l)[1]:up"
	upDebug   = "May  7 2026 11:42:19.310+00:00 Sallyport IKE/7/IKE_SA_UP:up"
	sentDebug = "May  7 2026 11:42:19.310+00:00 Sallyport IKE/7/IKE_MESSAGE:sent"
)

// TestMonitor shows what terminals are handed of an SA that comes up and of a
// message that is traced alone.
func TestMonitor(t *testing.T) {
	const logging, monitoring, debugging = commands.TerminalLogging, commands.TerminalMonitor, commands.TerminalDebugging
	on := func(line string, which ...commands.TerminalSwitch) func(*centre) {
		return func(c *centre) {
			for _, w := range which {
				c.Terminal(line, w, true)
			}
		}
	}
	for _, test := range []struct {
		name string
		line string
		do   func(*centre)
		want []string
	}{
		{"a console", "con0", func(*centre) {}, []string{upLine}},
		{"another terminal", "vty0", func(*centre) {}, nil},
		{"terminal monitor", "vty0", on("vty0", monitoring), []string{upLine}},
		{"that of another line", "vty0", on("vty1", monitoring), nil},
		{"undo terminal monitor", "con0", func(c *centre) { c.Terminal("con0", monitoring, false) }, nil},
		{"undo terminal logging", "con0", func(c *centre) { c.Terminal("con0", logging, false) }, nil},
		{"a level that is too grave", "con0", func(c *centre) { c.config.Levels.Console = commands.LogError }, nil},
		{"the level of the others", "con0", func(c *centre) { c.config.Levels.Monitor = commands.LogError }, []string{upLine}},
		{"undo info-center enable", "con0", func(c *centre) { c.config.Disabled = true }, nil},
		{"debugging alone", "vty0", on("vty0", debugging), nil},
		{"debugging and monitor", "vty0", on("vty0", debugging, monitoring), []string{upLine, sentDebug}},
		{"debugging without log lines", "vty0", func(c *centre) {
			on("vty0", debugging, monitoring)(c)
			c.Terminal("vty0", logging, false)
		}, []string{upDebug, sentDebug}},
	} {
		c := newCentre()
		c.Debug(commands.DebugIKEExchange|commands.DebugIKEMessage, netip.Addr{}, true)
		messages, unsubscribe := c.Subscribe(test.line)
		test.do(c)
		c.add(logTestTime, entry{kind: ikeSAUp, text: "up", debug: commands.DebugIKEExchange})
		c.add(logTestTime, entry{kind: ikeMessage, text: "sent", trace: true, debug: commands.DebugIKEMessage})
		if got := received(messages); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		unsubscribe()
		c.add(logTestTime, note(ikeSAUp, "later"))
		if got := received(messages); got != nil {
			t.Errorf("%s: after the end %q", test.name, got)
		}
	}
}

func TestDebuggingOfOnePeer(t *testing.T) {
	c := newCentre()
	messages, unsubscribe := c.Subscribe("con0")
	defer unsubscribe()
	c.Terminal("con0", commands.TerminalDebugging, true)
	c.Debug(commands.DebugIKEMessage, wordsRemote.Addr(), true)
	for _, remote := range []netip.AddrPort{wordsRemote, wordsLocal} {
		c.add(logTestTime, message("send", wordsLocal, remote, 1, &wire.Message{Header: wire.Header{Exchange: wire.MainMode}}))
	}
	want := []string{"May  7 2026 11:42:19.310+00:00 Sallyport IKE/7/IKE_MESSAGE:send 192.0.2.1:500 198.51.100.7:500 Main 1"}
	if got := received(messages); len(got) != 1 || got[0][:len(want[0])] != want[0] {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestDebuggingIsLimited floods a terminal with messages of one kind; another kind
// gets through.
func TestDebuggingIsLimited(t *testing.T) {
	c := newCentre()
	messages, unsubscribe := c.Subscribe("con0")
	defer unsubscribe()
	c.Terminal("con0", commands.TerminalDebugging, true)
	c.Debug(commands.DebugIKE, netip.Addr{}, true)
	for range debugRate + 20 {
		c.add(logTestTime, entry{kind: ikeMessage, reason: "send", text: "x", trace: true, debug: commands.DebugIKEMessage})
	}
	c.add(logTestTime, entry{kind: ikeRepeated, reason: "repeated", text: "y", trace: true, debug: commands.DebugIKETransport})
	c.summaries(logTestTime)
	got := received(messages)
	if len(got) != debugRate+2 || got[debugRate+1] != "May  7 2026 11:42:19.310+00:00 Sallyport IC/7/IC_KEPT_BACK:20 more lines kept back: send" {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
	if lines := c.LogBuffer().Lines; len(lines) != 0 {
		t.Errorf("debugging is in the log buffer: %v", lines)
	}
}

func TestASlowTerminalIsToldWhatItMissed(t *testing.T) {
	c := newCentre()
	messages, unsubscribe := c.Subscribe("con0")
	defer unsubscribe()
	for range monitorQueue + 5 {
		c.add(logTestTime, note(ikeSAUp, "x"))
	}
	if got := received(messages); len(got) != monitorQueue {
		t.Errorf("%d lines, want %d", len(got), monitorQueue)
	}
	c.add(logTestTime, note(ikeSAUp, "y"))
	got := received(messages)
	if len(got) != 2 || got[0] != "Info: 5 lines are not shown: the terminal is too slow." || got[1][len(got[1])-2:] != ":y" {
		t.Errorf("then %q, want the number of lines missed and the line", got)
	}
}

// TestMessagesAreNotDescribedForNobody checks that an event which nobody wants to
// see leaves no trace, and that debugging shows both of its forms.
func TestMessagesAreNotDescribedForNobody(t *testing.T) {
	var out lockedText
	l := newLogbook(&out, false)
	messages, unsubscribe := l.centre.Subscribe("con0")
	defer unsubscribe()
	l.centre.Terminal("con0", commands.TerminalDebugging, true)
	sent := ike.MessageSent{Local: wordsLocal, Remote: wordsRemote, Number: 1, Message: &wire.Message{
		Header: wire.Header{CookieI: wire.Cookie{1}, Exchange: wire.QuickMode, MessageID: 0x77, Flags: 1}}}
	l.event(logTestTime, sent)
	l.dataplane(ipsec.Acquire{})
	if got := received(messages); got != nil {
		t.Errorf("without debugging: %q", got)
	}
	l.centre.Debug(commands.DebugIKE, netip.Addr{}, true)
	l.event(logTestTime, sent)
	if got := received(messages); len(got) != 2 {
		t.Errorf("with debugging: %q, want the message and its header", got)
	}
	l.close()
	if out.String() != "" {
		t.Errorf("standard error has %q", out.String())
	}
}
