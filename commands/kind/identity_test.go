package kind

import (
	"strings"
	"testing"
)

func TestIdentity(t *testing.T) {
	for _, test := range []struct {
		text string
		want bool
	}{
		{"hub.example", true},
		{"admin@hub.example", true},
		{"CN=Zürich, O=Example", true},
		{strings.Repeat("x", 24), true},
		{strings.Repeat("x", 25), false},
		{"", false},
		{" hub", false},
		{"hub ", false},
		{"a?b", false},
		{`a"b`, false},
		{"a\x1b[2Jb", false},
		{"a\u202eb", false}, // turns what follows around
		{"a\xffb", false},
	} {
		got, used, ok := Identity(24).Read([]string{test.text})
		if ok != test.want || ok && (got != test.text || used != 1) {
			t.Errorf("Identity(24).Read(%q) = %q, %d, %v, want %v", test.text, got, used, ok, test.want)
		}
	}
	if got := Identity(24).Write("CN=a, O=b"); got != `"CN=a, O=b"` {
		t.Errorf("a name with a blank is written as %s", got)
	}
}

func TestHostName(t *testing.T) {
	long := strings.Repeat(strings.Repeat("x", 62)+".", 4) + "x"
	for _, test := range []struct{ text, want string }{
		{"hub.example", "hub.example"},
		{"Hub-1.Example", "hub-1.example"},
		{"hub", "hub"},
		{long, long},
		{long + "x", ""},
		{strings.Repeat("x", 64), ""},
		{"", ""},
		{"hub..example", ""},
		{"hub.example.", ""},
		{"-hub", ""},
		{"hub-", ""},
		{"hub_1", ""},
		{"198.51.100.300", ""},
		{"198.51.100", ""},
	} {
		got, _, ok := HostName().Read([]string{test.text})
		if ok != (test.want != "") || ok && got != test.want {
			t.Errorf("HostName().Read(%q) = %q, %v, want %q", test.text, got, ok, test.want)
		}
	}
}
