package commands

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCompareTexts(t *testing.T) {
	for _, test := range []struct {
		name, current, saved string
		want                 string // section: current lines | saved lines; …
	}{
		{"the same", "#\nsysname A\n#\nreturn\n", "#\nsysname A\n#\nreturn\n", ""},
		{"comments, blanks and order", "sysname A\nacl 3000\n rule 5 permit ip\n rule 10 permit ip\n", "!x\n# y\n\nacl 3000\r\n rule 10 permit ip \n rule 5 permit ip\n#\nsysname A\n", ""},
		{"a line of the system view", "sysname A\n", "sysname B\n", "sysname A: 1 sysname A|0 ; sysname B: 0 |1 sysname B; "},
		{"a line of an object", "ike peer b\n x\n y\n", "ike peer b\n x\n z\n", "ike peer b: 3  y|3  z; "},
		{"a line more", "ike peer b\n x\n y\n", "ike peer b\n x\n", "ike peer b: 3  y|0 ; "},
		{"a line twice", "ike peer b\n x\n x\n", "ike peer b\n x\n", "ike peer b: 3  x|0 ; "},
		{"an object in two parts", "ike peer b\n x\n y\n", "ike peer b\n x\n#\nike peer b\n y\n", "ike peer b: 0 |4 ike peer b; "},
		{"an indented line first", " x\n", "", " x: 1  x|0 ; "},
	} {
		var got strings.Builder
		for _, d := range compareTexts(test.current, test.saved) {
			fmt.Fprintf(&got, "%s: %d %s|%d %s; ", d.Section, d.Current.Line, strings.Join(d.Current.Lines, ","), d.Saved.Line, strings.Join(d.Saved.Lines, ","))
		}
		if got.String() != test.want {
			t.Errorf("%s: %q, want %q", test.name, got.String(), test.want)
		}
	}
}

// A configuration is the same as its own text; and if some lines of that change, it
// is just these that are named.
func TestCompareNamesWhatChanged(t *testing.T) {
	for seed := range uint64(30) {
		d := newTypist(t, 7000+seed)
		d.types(150)
		text := d.session.running.config.Render(seal)
		if got := compareTexts(text, text); len(got) > 0 {
			t.Fatalf("seed %d: a text differs from itself: %+v", seed, got)
		}
		lines := strings.Split(text, "\n")
		var added, removed []string
		for i, line := range lines {
			if !strings.HasPrefix(line, " ") || d.IntN(5) > 0 {
				continue
			}
			removed, added = append(removed, line), append(added, line+" changed")
			lines[i] = line + " changed"
		}
		var current, saved []string
		for _, diff := range compareTexts(text, strings.Join(lines, "\n")) {
			current, saved = append(current, diff.Current.Lines...), append(saved, diff.Saved.Lines...)
		}
		if !slices.Equal(current, removed) || !slices.Equal(saved, added) {
			t.Errorf("seed %d: named %q and %q, want %q and %q", seed, current, saved, removed, added)
		}
	}
}

// What a person wrote by hand may hold keys in clear.
func TestCompareHidesSecrets(t *testing.T) {
	b := newBox(t)
	b.device.put("a.cfg", "ike peer b\n pre-shared-key Key@2026\n description \x1b[2J\n")
	out := b.session(operator).Exec(t.Context(), "compare configuration a.cfg")
	text := out.Rendered().Text
	if strings.Contains(text, "Key@2026") || !strings.Contains(text, " pre-shared-key ******\n") || strings.Contains(text, "\x1b") {
		t.Errorf("shown\n%s", text)
	}
	asJSON, err := json.Marshal(valueOf(out.Display))
	if err != nil || strings.Contains(string(asJSON), "Key@2026") {
		t.Errorf("as JSON %s, %v", asJSON, err)
	}
}

// Ten thousand tunnels are compared in a moment, also if every line differs.
func TestCompareIsQuick(t *testing.T) {
	text := hub(10000)
	start := time.Now()
	if got := compareTexts(text, strings.ReplaceAll(text, "10.", "11.")); len(got) < 10000 {
		t.Errorf("%d differences", len(got))
	}
	one := "acl 3000\n" + strings.Repeat(" rule permit ip\n", 80000)
	two := "acl 3000\n" + strings.Repeat(" rule deny ip\n", 80000)
	if got := compareTexts(one, two); len(got) != 1 || len(got[0].Saved.Lines) != 80000 {
		t.Errorf("%d differences", len(got))
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestCompareAndDirAreDisplays filters what is no display by name.
func TestCompareAndDirAreDisplays(t *testing.T) {
	b := newBox(t)
	b.device.put("a.cfg", "sysname A\n")
	s := b.session(operator)
	for line, want := range map[string]string{
		"dir | json":                         `"name": "a.cfg"`,
		"dir | include a.cfg":                "a.cfg",
		"dir | count":                        "Total lines: 2.\n",
		"compare configuration a.cfg | json": `"same": false`,
		"compare configuration a.cfg | include sysname": "sysname A\n",
	} {
		if got := say(s, line); !strings.Contains(got, want) {
			t.Errorf("%q shows\n%s\nwant %s", line, got, want)
		}
		head, tail, _ := strings.Cut(line, "|")
		if help := s.Help(head + "|" + tail[:2]); !strings.Contains(help, strings.Fields(tail)[0]) {
			t.Errorf("help of %q: %s", line, help)
		}
	}
	if out := s.Exec(t.Context(), "dir | json x"); out.Err == nil {
		t.Error("a filter that is none is taken")
	}
}

func BenchmarkCompare10000Tunnels(b *testing.B) {
	config := replayed(b, hub(10000))
	saved := config.Render(seal)
	b.ResetTimer()
	for b.Loop() {
		(comparison{config: config, seal: seal, file: saved}).text()
	}
}
