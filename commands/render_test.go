package commands

import (
	"strings"
	"testing"
)

// TestStoredFormsAreForManagers looks for the stored forms of a key and a password in
// all that shows configurations: backups need them, and nobody else.
func TestStoredFormsAreForManagers(t *testing.T) {
	const key = "Correct-Horse-Battery"
	sealed := strings.Trim(seal([]byte(key)), "%^#")
	for level := 1; level <= managementLevel; level++ {
		b := newBox(t)
		b.session(operator, "system-view", "super password level 2 cipher "+storedHash, "ike peer b", "pre-shared-key "+key, "return", "save", "y", "system-view", "ike peer b", "undo pre-shared-key",
			"pre-shared-key "+key, "ike peer c", "pre-shared-key "+key)
		b.device.put("other.cfg", "ike peer d\n pre-shared-key cipher "+seal([]byte(key))+"\nsuper password cipher "+storedHash+"\n")
		s := b.session(Options{Level: level})
		if level > 1 {
			answersOf(t, s, "system-view", "ike peer b")
		}
		for line, both := range map[string]bool{
			"display current-configuration": true, "display current-configuration | json": true, "display current-configuration simple": true,
			"display saved-configuration": true, "display saved-configuration last": true, "display saved-configuration | json": true,
			"compare configuration other.cfg": true, "compare configuration other.cfg | json": true, "compare configuration": false,
			"display configuration changes": false, "display current-configuration configuration ike-peer": false, "display this": false,
			"display current-configuration | include " + sealed: false,
		} {
			if line == "display this" && level == 1 {
				continue // who may not configure is in no view
			}
			text := say(s, line)
			for _, form := range []string{sealed, "c2FsdHNhbHQ"} {
				if shows := strings.Contains(text, form); shows && level < managementLevel || !shows && level == managementLevel && both {
					t.Errorf("level %d, %q shows\n%s", level, line, text)
				}
			}
			if level < managementLevel && both && !strings.Contains(text, " "+asterisks) {
				t.Errorf("level %d, %q shows no asterisks\n%s", level, line, text)
			}
			if line == "display this" && strings.Contains(text, sealed) != (level == managementLevel) {
				t.Errorf("level %d, %q shows\n%s", level, line, text)
			}
		}
	}
}

func TestWithoutStored(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "",
		" pre-shared-key cipher %^%#a/+=%^%#\n": " pre-shared-key cipher ******\n",
		"%^%#a%^%# b %^%#c%^%#":                 "****** b ******",
		"%^%#a\n%^%#":                           "%^%#a\n%^%#",
		"super password cipher " + storedHash:   "super password cipher ******",
	} {
		if got := withoutStored(text); got != want {
			t.Errorf("withoutStored(%q) = %q, want %q", text, got, want)
		}
	}
}
