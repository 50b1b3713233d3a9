package commands

import (
	"fmt"
	"slices"
	"testing"
)

// TestReplayWarns is what a script is warned of: what holds at its end.
func TestReplayWarns(t *testing.T) {
	const (
		guess  = "In aggressive mode whoever answers or listens gets something to guess the pre-shared key by, offline: prefer exchange-mode main, or certificates."
		name   = "In main mode with a pre-shared key peers want an address as ID: local-id-type fqdn is for aggressive mode and certificates."
		number = `The remote-id "a@b" is no ID of type ip: nothing will fit it until remote-id-type or it is changed.`
		scheme = "There is no service-scheme s in the AAA view: clients are given nothing."
	)
	for _, test := range []struct {
		name, text string
		want       []string // "LINE:COLUMN text"
	}{
		{"nothing", "sysname H\n", nil},
		{"aggressive mode, then a key", "ike peer a\n exchange-mode aggressive\n pre-shared-key simple Sufficiently-long-key-1\n", []string{"3:2 " + guess}},
		{"a key, then aggressive mode", "ike peer a\n pre-shared-key simple Sufficiently-long-key-1\n exchange-mode auto\n", []string{"3:2 " + guess}},
		{"aggressive mode with a key, and back", "ike peer a\n pre-shared-key simple Sufficiently-long-key-1\n exchange-mode aggressive\n exchange-mode main\n", nil},
		{"a peer that goes", "ike peer a\n pre-shared-key simple Sufficiently-long-key-1\n exchange-mode aggressive\n quit\nundo ike peer a\n", nil},
		{"a name before the mode", "ike peer a\n pre-shared-key simple Sufficiently-long-key-1\n local-id-type fqdn\n exchange-mode aggressive\n", []string{"4:2 " + guess}},
		{"a name in main mode", "ike peer a\n pre-shared-key simple Sufficiently-long-key-1\n local-id-type fqdn\n", []string{"3:2 " + name}},
		{"an ID before its type", "ike peer a\n remote-id a@b\n remote-id-type user-fqdn\n", nil},
		{"an ID without its type", "ike peer a\n remote-id a@b\n", []string{"2:2 " + number}},
		{"a scheme that comes later", "ike peer a\n service-scheme s\naaa\n service-scheme s\n", nil},
		{"a scheme that does not come", "ike peer a\n service-scheme s\n", []string{"2:2 " + scheme}},
		{"several, in their order", "ike proposal 5\n dh group2\nike proposal 6\n dh group5\n",
			[]string{"2:2 The Diffie-Hellman group 2 is weak.", "4:2 The Diffie-Hellman group 5 is weak."}},
		{"a line that is refused", "ike peer a\n pre-shared-key simple short\n pre-shared-key simple short more\n",
			[]string{"2:2 The pre-shared key is shorter than 16 characters."}},
		{"an address that an interface has later", "acl 3000\n rule permit ip\nipsec proposal p\nipsec policy m 5 manual\n tunnel local 192.0.2.1\ninterface g0/0/1\n ip address 192.0.2.1 24\n", nil},
		{"an address that none has", "ipsec policy m 5 manual\n tunnel local 192.0.2.1\n", []string{"2:2 No interface has the address 192.0.2.1."}},
	} {
		var got []string
		Replay(New(), Script{File: "h.cfg", Text: test.text, Warn: func(w LineWarning) {
			got = append(got, fmt.Sprintf("%d:%d %s", w.Line, w.Column, w.Text))
		}})
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: warned of %q, want %q", test.name, got, test.want)
		}
	}
}

// TestRenderedConfigurationsWarnOfTheSame: what was warned of when it was typed is warned of when
// the saved file is replayed, and nothing else.
func TestRenderedConfigurationsWarnOfTheSame(t *testing.T) {
	const text = "ike proposal 5\n dh group2\nike peer a\n exchange-mode aggressive\n pre-shared-key simple short\naaa\n service-scheme s\nike peer b\n service-scheme s\n"
	texts := func(text string) (all []string, c *Config) {
		c, _ = Replay(New(), Script{Text: text, Open: open, Warn: func(w LineWarning) { all = append(all, w.Text) }})
		return all, c
	}
	typed, c := texts(text)
	again, _ := texts(c.Render(seal))
	slices.Sort(typed)
	slices.Sort(again)
	if len(typed) != 3 || !slices.Equal(typed, again) {
		t.Errorf("saved, it warns of %q, want %q", again, typed)
	}
}
