package shell

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestMessages(t *testing.T) {
	sit(t, 20, 24, func(s *sitting) {
		tell := func(text string) {
			s.actor.messages <- text
			s.settle()
		}
		tell("one\n")
		s.want("one\n<H>_")
		s.typed("show", "\x02")
		tell("two")
		s.want("one\ntwo\n<H>sho_w")
		s.typed("\r", "a line that takes two rows", "\x01")
		tell("three")
		s.want("one\ntwo\n<H>show\nshown\nthree\n<H>_a line that takes\n two rows")
		s.typed("\x03until Ctrl-C\r")
		tell("four")
		s.typed("\x03")
		s.want("one\ntwo\n<H>show\nshown\nthree\n<H>a line that takes\n two rows\n<H>until Ctrl-C\nfour\nstopped\n<H>_")
		s.typed("super\r", "secret")
		tell("five")
		s.typed("\r")
		got, _ := s.seen()
		if _, last, _ := strings.Cut(got, "<H>super\n"); last != "five\nPassword:\nanswered secret\n<H>_" {
			t.Errorf("a message at a password: seen\n%s", got)
		}
		close(s.actor.messages)
		s.typed("x")
	})
}

// TestMessagesStandOnLinesOfTheirOwn, and so does the prompt.
func TestMessagesStandOnLinesOfTheirOwn(t *testing.T) {
	sit(t, 80, 24, func(s *sitting) {
		s.typed("dots\r")
		s.actor.messages <- "a message\r\n"
		s.settle()
		s.typed("\x03dots\r", "\x03")
		s.want("<H>dots\n...\na message\n<H>dots\n...\n<H>_")
	})
}

func TestLineEndsAreMadeOnce(t *testing.T) {
	p := &paper{person: true}
	s := newScreen(p, func(error) {})
	s.print("a\r\nb\n\nc")
	if err := s.flush(); err != nil || p.shown.String() != "a\r\nb\r\n\r\nc" {
		t.Errorf("shown %q, %v", p.shown.String(), err)
	}
}

// TestNobodyTellsOfTheWindow closes the channel that did.
func TestNobodyTellsOfTheWindow(t *testing.T) {
	sit(t, 80, 24, func(s *sitting) {
		s.typed("sho")
		close(s.changes)
		s.typed("w\r")
		s.want("<H>show\nshown\n<H>_")
	})
}

func TestResize(t *testing.T) {
	sit(t, 20, 24, func(s *sitting) {
		wide := func(columns int) {
			s.mu.Lock()
			s.columns, s.vt.columns = columns, columns
			s.mu.Unlock()
			s.changes <- struct{}{}
			s.settle()
		}
		s.typed("show it")
		s.sent()
		wide(30)
		if got := s.sent(); got != "" && s.person.screen.over == nil {
			t.Errorf("sent %q though nothing wraps", got)
		}
		s.typed(" now and for ever", "\x01", "x")
		s.want("<H>x_show it now and for ever")
		wide(60) // the row stays one
		s.typed("\x05", " and what else there is", "\x01", "\x04")
		s.want("<H>_show it now and for ever and what else there is")
	})
}

func TestWindowsOfAnySize(t *testing.T) {
	for _, size := range [][2]int{{0, 0}, {1, 1}, {2, 1}, {-3, 7}, {1 << 20, 1 << 20}, {3, 2}} {
		synctest.Test(t, func(t *testing.T) {
			for _, editor := range editors {
				sitWith(t, editor, newGlass(size[0], size[1]), func(s *sitting) {
					s.typed("show 漢 that", "\x01", "\x1bf", "x\x7f", "?", "\t", "\x03", "show\r")
					if got := s.sent(); !strings.Contains(got, "\r\nshown\r\n") {
						t.Errorf("%s, window %v: sent %q", editor, size, got)
					}
				})
			}
		})
	}
}

// pages gives the session a pager and a text for it.
func pages(a *actor) { a.settings.Screen, a.text = 3, "1\n2\n3\n4\n" }

func TestIdle(t *testing.T) {
	for name, keys := range map[string][]string{"nothing": nil, "half a line": {"sho"}, "a password": {"super\r"}, "a page": {"text\r"}} {
		t.Run(name, func(t *testing.T) {
			sit(t, 80, 24, func(s *sitting) {
				for _, key := range keys {
					time.Sleep(45 * time.Second)
					s.typed(key)
				}
				time.Sleep(45 * time.Second)
				if _, over := s.over(); over {
					t.Fatal("the session ended too early")
				}
				time.Sleep(30 * time.Second)
				err, over := s.over()
				if got := s.sent(); !over || !errors.Is(err, ErrIdle) || !strings.HasSuffix(got, strings.ReplaceAll(timeOut, "\n", "\r\n")) {
					t.Errorf("over %v, %v, sent %q, want VRP's text for who is silent", over, err, got)
				}
			}, pages, func(a *actor) { a.settings.Idle = time.Minute })
		})
	}
}

// TestLongCommandsAreNotIdle runs one for longer than the time-out.
func TestLongCommandsAreNotIdle(t *testing.T) {
	sit(t, 80, 24, func(s *sitting) {
		s.typed("until Ctrl-C\r")
		time.Sleep(time.Hour)
		s.typed("show\r\x03show\r")
		s.want("<H>until Ctrl-C\nstopped\n<H>show\nshown\n<H>_")
	}, func(a *actor) { a.settings.Idle = time.Minute })
}

func TestDisconnect(t *testing.T) {
	for _, keys := range []string{"\x1d", "show\x1d", "super\r\x1d"} {
		sit(t, 80, 24, func(s *sitting) {
			s.typed(keys)
			if err, over := s.over(); !over || err != nil {
				t.Errorf("%q: over %v, %v", keys, over, err)
			}
		})
	}
}

// TestTheTerminalGoes in the middle of everything, with half a line typed that
// must not run.
func TestTheTerminalGoes(t *testing.T) {
	for _, keys := range []string{"", "sho", "show\x02", "until Ctrl-C\r", "super\rx", "\x1b[", "ask\r", "text\r"} {
		for _, how := range []error{io.EOF, errBroken} {
			sit(t, 80, 24, func(s *sitting) {
				s.typed("long\r", keys)
				_ = s.keys.CloseWithError(how)
				s.settle()
				err, over := s.over()
				if how == io.EOF {
					how = nil
				}
				if !over || !errors.Is(err, how) {
					t.Errorf("%q, then %v: over %v, %v", keys, how, over, err)
				}
				if slices.Contains(s.actor.remembered, "show") {
					t.Errorf("%q: half a line ran", keys)
				}
			}, pages)
		}
	}
}

func TestALineTypedTooLong(t *testing.T) {
	sit(t, 80, 24, func(s *sitting) {
		s.typed("a\x02", strings.Repeat("x", maxTyped-1))
		s.sent()
		s.typed("y", strings.Repeat("z", 100), "\r", "show\r")
		if got := s.sent(); !strings.HasSuffix(got, "\r\nError: The line is longer than 1024 characters.\r\n<H>show\r\nshown\r\n<H>") || len(s.actor.remembered) != 1 {
			t.Errorf("sent %q, remembered %q", got, s.actor.remembered)
		}
	})
}

// TestTheTerminalTakesNoMore breaks it where it waits for a key: the next that
// is shown ends the session.
func TestTheTerminalTakesNoMore(t *testing.T) {
	for _, keys := range []string{"", "sho", "until Ctrl-C\r", "super\rx", "text\r"} {
		sit(t, 80, 24, func(s *sitting) {
			s.typed(keys)
			s.mu.Lock()
			s.blind = true
			s.mu.Unlock()
			s.actor.messages <- "a message"
			s.settle()
			if err, over := s.over(); !over || !errors.Is(err, errBroken) {
				t.Errorf("%q: over %v, %v", keys, over, err)
			}
		}, pages)
	}
}
