package sshd

import "testing"

func TestTerminalIsSingle(t *testing.T) {
	for text, want := range map[string]bool{
		"display version":                  true,
		"display version\r\n":              true,
		"display version\ndisplay clock":   false,
		"display version\r\ndisplay clock": false,
	} {
		x := newTerminal(nil, nil)
		if x.Single() {
			t.Error("what comes from the channel is one line")
		}
		x.script(text)
		if got := x.Single(); got != want {
			t.Errorf("%q: Single() = %v, want %v", text, got, want)
		}
	}
}
