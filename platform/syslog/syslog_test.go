package syslog

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var at = time.Date(2026, 5, 7, 11, 42, 19, 310_999_999, time.FixedZone("", 2*3600))

// grammar is RFC 5424 §6's SYSLOG-MSG without structured data, with milliseconds.
var grammar = regexp.MustCompile(`^<(0|[1-9][0-9]{0,2})>1 ` +
	`([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}(?:Z|[+-][0-9]{2}:[0-9]{2})) ` +
	`([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) - \x{feff}((?s:.*))$`)

// parse reads a message by the grammar; fields that are "-" are empty.
func parse(b []byte) (m Message, err error) {
	p := grammar.FindSubmatch(b)
	if p == nil || !utf8.Valid(b) {
		return m, fmt.Errorf("no syslog message: %q", b)
	}
	priority, err := strconv.Atoi(string(p[1]))
	if err != nil || priority > 191 {
		return m, fmt.Errorf("priority %q", p[1])
	}
	if m.Time, err = time.Parse(time.RFC3339Nano, string(p[2])); err != nil {
		return m, err
	}
	field := func(i int) string { return strings.TrimPrefix(string(p[i]), "-") }
	m.Facility, m.Severity = priority/8, priority%8
	m.Host, m.App, m.Process, m.ID, m.Text = field(3), field(4), field(5), field(6), string(p[7])
	return m, nil
}

func TestAppend(t *testing.T) {
	for _, test := range []struct {
		name string
		m    Message
		want string
	}{
		{"a message", Message{23, 4, at, "FW_A", "sallyport", "77", "IKE_NEGO_FAIL", "text"},
			"<188>1 2026-05-07T11:42:19.310+02:00 FW_A sallyport 77 IKE_NEGO_FAIL - \ufefftext"},
		{"nothing but a time", Message{Time: at.UTC()}, "<0>1 2026-05-07T09:42:19.310Z - - - - - \ufeff"},
		{"a whole second", Message{Time: at.Truncate(time.Second).UTC()}, "<0>1 2026-05-07T09:42:19.000Z - - - - - \ufeff"},
		{"the highest priority", Message{Facility: 23, Severity: 7, Time: at.UTC()}, "<191>1 2026-05-07T09:42:19.310Z - - - - - \ufeff"},
		{"what headers cannot hold", Message{Time: at.UTC(), Host: "a b\n", App: "ä", ID: "\x7f"},
			"<0>1 2026-05-07T09:42:19.310Z a_b_ __ - _ - \ufeff"},
		{"UTF-8, and not", Message{Time: at.UTC(), Text: "ä\xff"}, "<0>1 2026-05-07T09:42:19.310Z - - - - - \ufeffä\ufffd"},
	} {
		if got := string(test.m.Append(nil)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestAppendIsReadBack parses what was written.
func TestAppendIsReadBack(t *testing.T) {
	want := Message{16, 6, at.Truncate(time.Millisecond), "H", "sallyport", "1", "IKE_SA_UP", "phase 1 up\nwith ä"}
	got, err := parse(want.Append([]byte("before"))[len("before"):])
	if err != nil || !got.Time.Equal(want.Time) {
		t.Fatalf("parse = %v, %v", got, err)
	}
	got.Time = want.Time
	if got != want {
		t.Errorf("read back %+v, want %+v", got, want)
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	long := strings.Repeat("x", 3000)
	m := Message{Time: at, Host: long, App: long, Process: long, ID: long, Text: strings.Repeat("ä", 3000)}
	b := m.Append(nil)
	got, err := parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Host) != 255 || len(got.App) != 48 || len(got.Process) != 128 || len(got.ID) != 32 {
		t.Errorf("fields of %d, %d, %d, %d octets", len(got.Host), len(got.App), len(got.Process), len(got.ID))
	}
	if n := len(b); n > longestMessage || n < longestMessage-1 {
		t.Errorf("a message of %d octets, want %d", n, longestMessage)
	}
	if strings.Trim(got.Text, "ä") != "" {
		t.Errorf("the text was cut within a character: %q", got.Text[len(got.Text)-4:])
	}
}

func FuzzAppend(f *testing.F) {
	f.Add("FW_A", "sallyport", "1", "ID", "text", 23, 7)
	f.Add("\x00 ", "", "ä", "\xff", "\ufeff\xf0\x9f", 0, 0)
	f.Fuzz(func(t *testing.T, host, app, process, id, text string, facility, severity int) {
		if facility < 0 || facility > 23 || severity < 0 || severity > 7 {
			return
		}
		m := Message{facility, severity, at, host, app, process, id, text}
		b := m.Append(nil)
		got, err := parse(b)
		if err != nil || len(b) > longestMessage {
			t.Fatalf("%d octets, %v", len(b), err)
		}
		if got.Facility != facility || got.Severity != severity || !strings.HasPrefix(string([]rune(text)), got.Text) {
			t.Errorf("read back %+v", got)
		}
	})
}
