package commands

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// manySessions is a box with users, and a session on vty 1 of it.
func manySessions(t *testing.T) *Session {
	b := newBox(t)
	hash, _ := hashOf([]byte(rightPassword))
	c, refused := Replay(New(), Script{Text: managed(hash)})
	if len(refused) > 0 {
		t.Fatal(refused[0])
	}
	b.running = NewRunning(c)
	b.device.lines = []LineStatus{
		{Line: "con0", Level: 3, Since: established, Idle: 90 * time.Second},
		{Line: "vty0", User: "admin", Source: "192.0.2.9", Level: 3, Since: established, Idle: 26*time.Hour + 62*time.Second},
		{Line: "vty1", User: "guest\x1b[2J", Source: "255.255.255.255", Level: 1, Since: established},
	}
	return b.session(Options{Level: everything, Line: "vty1", User: "guest"})
}

// userDisplays are the displays of users and terminals.
func userDisplays(t *testing.T) map[string]Display {
	s := manySessions(t)
	s.Remember("display version")
	c := s.running.config
	return map[string]Display{
		"users":            usersDisplay{lineEntries(s, false)},
		"users-all":        usersDisplay{lineEntries(s, true)},
		"user-interface":   lineDisplay{lineEntries(s, true)},
		"local-user":       newLocalUserDisplay(sortedUsers(c)),
		"header":           newHeaderDisplay(c),
		"hotkey":           newHotkeyDisplay(c.Management.Hotkeys),
		"history-command":  historyCommandDisplay{s.terminal.history},
		"ssh-server":       newSSHServerDisplay(c.Management.SSH),
		"ssh-session":      newSSHSessionDisplay(s),
		"ssh-user":         newSSHUserDisplay(c, ""),
		"ssh-user-one":     newSSHUserDisplay(c, "guest"),
		"peer-public-key":  newKeyDisplay(c, "ecc"),
		"ssh-session-none": newSSHSessionDisplay(newBox(t).session(operator)),
		"local-user-none":  newLocalUserDisplay(nil),
	}
}

func TestUserDisplays(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)
	for file, d := range userDisplays(t) {
		text := d.text()
		golden(t, "display/"+file+".txt", text)
		if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }) || strings.Contains(text, " \n") {
			t.Errorf("%s is not clean:\n%s", file, text)
		}
		b, err := json.MarshalIndent(d, "", " ")
		if err != nil || strings.Contains(string(b), "null,") {
			t.Errorf("%s: %v, %s", file, err, b)
		}
		golden(t, "display/json/"+file+".json", string(b)+"\n")
		eachField(reflect.TypeOf(d), func(of reflect.Type, f reflect.StructField) {
			if tag := f.Tag.Get("json"); !name.MatchString(tag) {
				t.Errorf("%v.%s has the name %q", of, f.Name, tag)
			}
		})
	}
}

// TestUserRowsCanBeCut finds the values where the headings are.
func TestUserRowsCanBeCut(t *testing.T) {
	text := usersDisplay{lineEntries(manySessions(t), false)}.text()
	cellsAt(t, lineWith(t, text, "255.255.255.255"), []int{0, 2, 6, 15, 24, 31, 51, 68},
		"+", "35", "VTY 1", "00:00:00", "SSH", "255.255.255.255", "pass", "no")
	cellsAt(t, lineWith(t, text, "User-Intf"), []int{2, 15, 24, 31}, "User-Intf", "Delay", "Type", "Network Address")
	if !strings.Contains(text, "26:01:02") {
		t.Errorf("no long delay in\n%s", text)
	}
}

func TestDisplayOfWhatIsNotThere(t *testing.T) {
	s := manySessions(t)
	for line, want := range map[string]string{
		"display user-interface vty 99":       "Error: The user interface does not exist.\n",
		"display ssh user-information nobody": "Error: The SSH user does not exist.\n",
	} {
		if got := say(s, line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	if got := say(s, "display user-interface vty 1"); strings.Count(got, "VTY") != 1 {
		t.Errorf("one line is\n%s", got)
	}
}
