package commands

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// executed runs `execute` to its end.
func executed(ctx context.Context, s *Session, file string) (string, error) {
	out := s.Exec(ctx, "execute "+file)
	if out.Long == nil {
		return out.Text, out.Err
	}
	var b strings.Builder
	err := out.Long(ctx, func(text string) { b.WriteString(text) })
	return b.String(), err
}

func TestExecute(t *testing.T) {
	for _, test := range []struct {
		name, file, want string
		refused          string // the error
		prompt           string // afterwards
	}{
		{"a view is entered and stays", "ike peer b\n\tremote-address 192.0.2.2\r\n", "", "", "[Sallyport-ike-peer-b]"},
		{"a bad line is skipped", "sysname A\nnonsense\nsysname B\n",
			"Line 2:\n[A]nonsense\n   ^\nError: Unrecognized command found at '^' position.\n", "Error: 1 line(s) of the file were refused.", "[B]"},
		{"a secret is not shown", "ike peer b\npre-shared-key Key@2026 more\n",
			"Line 2:\n[Sallyport-ike-peer-b]pre-shared-key ******\n                                              ^\nError:Too many parameters found at '^' position.\n",
			"Error: 1 line(s) of the file were refused.", "[Sallyport-ike-peer-b]"},
		{"a display", "sysname A\ndisplay this\n", "#\nsysname A\n#\n", "", "[A]"},
		{"what takes long", "ping -c 1 192.0.2.1", "  PING 192.0.2.1: 56  data bytes, press CTRL_C to break\n    Request time out\n" +
			"  --- 192.0.2.1 ping statistics ---\n    1 packet(s) transmitted\n    0 packet(s) received\n    100.00% packet loss\n", "Error: 1 line(s) of the file were refused.", "[Sallyport]"},
		{"a question is answered", "save a.cfg\nn\nsysname A\n", " Warning: The current configuration will be written to a.cfg.\n", "", "[A]"},
		{"a question at the end", "startup.cfg\nreturn\ndelete a.txt\n",
			"Line 1:\n[Sallyport]startup.cfg\n           ^\nError: Unrecognized command found at '^' position.\n" +
				"Line 3:\nDelete a.txt?[Y/N]:\nError: The question was not answered with Y or N: nothing was done.\n",
			"Error: 2 line(s) of the file were refused.", "<Sallyport>"},
		{"another file", "execute b.bat\nsysname A\n", "Line 1:\n[Sallyport]execute b.bat\nError: A file that is executed cannot execute another one.\n",
			"Error: 1 line(s) of the file were refused.", "[A]"},
		{"the end of the session is that of the file", "quit\nquit\nsysname A\n", "Info:Configuration console exit, please retry to log on\n", "", "<Sallyport>"},
	} {
		b := newBox(t)
		b.device.put("a.txt", test.file)
		b.device.put("b.bat", "sysname B\n")
		s := b.session(Options{Level: everything, Interactive: true}, "system-view")
		text, err := executed(t.Context(), s, "a.txt")
		if text != test.want || s.Prompt() != test.prompt || s.ended || !s.options.Interactive {
			t.Errorf("%s: printed\n%s\nwant\n%s\nat %s, want %s", test.name, text, test.want, s.Prompt(), test.prompt)
		}
		if (err == nil) != (test.refused == "") || err != nil && err.Error() != test.refused {
			t.Errorf("%s: %v, want %q", test.name, err, test.refused)
		}
	}
}

func TestExecuteStops(t *testing.T) {
	b := newBox(t)
	b.device.put("a.txt", strings.Repeat("display clock-that-is-not\n", 5*longestBurst))
	locks := 0
	s := b.session(Options{Level: everything, Exclusive: func(f func()) { locks++; f() }})
	ctx, cancel := context.WithCancel(t.Context())
	lines := 0
	err := s.Exec(ctx, "execute a.txt").Long(ctx, func(text string) {
		if lines += strings.Count(text, "Line "); lines == longestBurst+3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || lines != 2*longestBurst || locks != 2 {
		t.Errorf("%d lines under %d locks, %v; want two bursts, canceled", lines, locks, err)
	}
}

func TestExecuteOfBadFiles(t *testing.T) {
	b := newBox(t)
	b.device.put("nul.txt", "sysname A\n\x00\n")
	b.device.put("latin.txt", "sysname A\n\xff\n")
	b.device.put("long.txt", "sysname A\n"+strings.Repeat("x", 1<<20)+"\n")
	s := b.session(operator, "system-view")
	for _, file := range []string{"nul.txt", "latin.txt", "long.txt", "none.txt"} {
		text, err := executed(t.Context(), s, file)
		if err == nil || !strings.HasPrefix(text, "Error: ") || s.Prompt() != "[Sallyport]" {
			t.Errorf("%s: %q, %v, at %s", file, text, err, s.Prompt())
		}
	}
}

func TestCheckScript(t *testing.T) {
	for _, test := range []struct {
		name, text string
		ok         bool
	}{
		{"nothing", "", true},
		{"UTF-8", "sysname é\n", true},
		{"the longest line", strings.Repeat("x", 4096) + "\r\nsysname A", true},
		{"one more", strings.Repeat("x", 4097), false},
		{"a megabyte", "#\n" + strings.Repeat("x", 1<<20) + "\n#\n", false},
		{"NUL", "sysname A\x00\n", false},
		{"not UTF-8", "sysname \xff\n", false},
	} {
		if err := CheckScript(test.text); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestIsFileName(t *testing.T) {
	for name, want := range map[string]bool{
		"vrpcfg.cfg": true, "a-b_c.1.cfg": true, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false,
		"": false, ".": false, "..": false, ".cfg": false, "-r.cfg": false, "a/b.cfg": false, "../a.cfg": false, "ä.cfg": false, "a b.cfg": false, "a\x00.cfg": false,
	} {
		if got := IsFileName(name); got != want {
			t.Errorf("IsFileName(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestCommitTellsThatThePointWasNotKept(t *testing.T) {
	b := newBox(t)
	s := b.session(operator, "system-view", "sysname A")
	b.device.broken = errors.New("the disk is full")
	out := s.Exec(t.Context(), "configuration commit label before")
	if out.Err != nil || out.Long == nil {
		t.Fatalf("%v", out.Err)
	}
	if err := out.Long(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("%v, want that the disk is full", err)
	}
}
