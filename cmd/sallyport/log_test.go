package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// logged runs talk with a logbook in a bubble of fake time and returns the lines
// without their time.
func logged(t *testing.T, trace bool, talk func(*logbook)) (lines []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		l := newLogbook(&out, trace)
		talk(l)
		l.close()
		for line := range strings.Lines(out.String()) {
			_, err := time.Parse(logTime, line[:len(logTime)])
			if err != nil {
				t.Errorf("line %q does not begin with a time", line)
			}
			lines = append(lines, strings.TrimSuffix(line[len(logTime)+1:], "\n"))
		}
	})
	return lines
}

func TestLogbook(t *testing.T) {
	flood := func(l *logbook, n int, reason string) {
		for i := range n {
			l.add(time.Now(), entry{reason: reason, text: fmt.Sprintf("%s %d", reason, i)})
		}
		synctest.Wait()
	}
	tests := []struct {
		name  string
		trace bool
		talk  func(*logbook)
		want  []string // the first and the last, if there are more than three
		count int
	}{
		{"nothing", false, func(l *logbook) {}, nil, 0},
		{"a line", false, func(l *logbook) { l.say("up %d", 1) }, []string{"up 1"}, 1},
		{"messages are not traced", false, func(l *logbook) { l.add(time.Now(), entry{text: "Main 1", trace: true}) }, nil, 0},
		{"messages are traced", true, func(l *logbook) { l.add(time.Now(), entry{text: "Main 1", trace: true}) }, []string{"Main 1"}, 1},
		{"as many as allowed", false, func(l *logbook) { flood(l, 10, "x") }, []string{"x 0", "x 9"}, 10},
		{"more than allowed", false, func(l *logbook) { flood(l, 25, "x") }, []string{"x 0", "15 more lines kept back: x"}, 11},
		{"another kind is not silenced", false, func(l *logbook) { flood(l, 25, "x"); flood(l, 1, "y") },
			[]string{"x 0", "15 more lines kept back: x"}, 12},
		{"a second later", false, func(l *logbook) { flood(l, 11, "x"); time.Sleep(2 * time.Second); flood(l, 1, "x") },
			[]string{"x 0", "x 0"}, 12},
		{"our own lines are not limited", false, func(l *logbook) {
			for i := range 20 {
				l.say("own %d", i)
			}
		}, []string{"own 0", "own 19"}, 20},
	}
	for _, test := range tests {
		got := logged(t, test.trace, test.talk)
		if len(got) != test.count || test.count > 0 && (got[0] != test.want[0] || got[len(got)-1] != test.want[len(test.want)-1]) {
			t.Errorf("%s: %d lines %q, want %d from %q", test.name, len(got), got, test.count, test.want)
		}
	}
}

func TestTheSummaryDoesNotWaitForAnotherLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, write := io.Pipe()
		l := newLogbook(write, false)
		go func() {
			for range logRate + 1 {
				l.add(time.Now(), entry{reason: "x", text: "x"})
			}
		}()
		text := make([]byte, 4096)
		var all string
		for !strings.Contains(all, "1 more lines kept back: x") {
			n, err := read.Read(text)
			if err != nil {
				t.Fatal(err)
			}
			all += string(text[:n])
		}
		l.close()
	})
}

// A stuck writer never returns.
type stuck struct{ release chan struct{} }

func (s stuck) Write(p []byte) (int, error) {
	<-s.release
	return len(p), nil
}

func TestALogThatNobodyReadsStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := stuck{make(chan struct{})}
		l := newLogbook(out, false)
		for range 2 * logQueue {
			l.say("x")
		}
		if l.plain.lost.Load() == 0 {
			t.Error("no line was lost, want the queue to have a bound")
		}
		start := time.Now()
		l.close()
		if took := time.Since(start); took != logPatience {
			t.Errorf("close took %v, want %v", took, logPatience)
		}
		close(out.release)
	})
}

func TestLostLinesAreReported(t *testing.T) {
	got := logged(t, false, func(l *logbook) { l.plain.lost.Store(3) })
	if want := "3 lines lost: the log is not read fast enough"; len(got) != 1 || got[0] != want {
		t.Errorf("lines %q, want %q", got, want)
	}
}

func TestPrintable(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{`peer "b" \ x`, `peer "b" \\ x`},
		{"a\nb\x1b[2J", `a\nb\x1b[2J`},
		{"ä", `\u00e4`},
		{"\xff", `\xff`},
		{strings.Repeat("x", maxWords), strings.Repeat("x", maxWords)},
		{strings.Repeat("x", maxWords+1), strings.Repeat("x", maxWords) + "..."},
	}
	for _, test := range tests {
		if got := printable(test.in); got != test.want {
			t.Errorf("printable(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

// FuzzPrintable checks that no text can upset a terminal or be more than one line.
func FuzzPrintable(f *testing.F) {
	f.Add("peer b")
	f.Add("a\nb\x1b[2J\x00\x7f\u0085\u202e\xff")
	f.Add(strings.Repeat("\x1b", maxWords))
	f.Fuzz(func(t *testing.T, text string) {
		got := printable(text)
		if i := strings.IndexFunc(got, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
			t.Errorf("printable(%q) holds %q", text, got[i])
		}
		if len(got) > maxWords+len("...") {
			t.Errorf("printable(%q) has %d octets", text, len(got))
		}
	})
}

// TestAStuckReaderSilencesNobodyElse has standard error take nothing, and looks
// into the log buffer.
func TestAStuckReaderSilencesNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := stuck{make(chan struct{})}
		l := newLogbook(out, false)
		for range 3 * logQueue {
			l.say("x")
		}
		time.Sleep(10 * logPeriod)
		l.say("y")
		if all := l.centre.LogBuffer().Lines; len(all) != 512 || all[0].Text != "y" {
			t.Errorf("%d lines in the log buffer, the newest %q, want 512 and y", len(all), all[0].Text)
		}
		l.close()
		close(out.release)
	})
}

// A lockedText is a writer that keeps what is written.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
