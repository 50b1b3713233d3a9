package secret

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const plain = "interop-psk"

// TestNeverShown prints a secret in each way there is.
func TestNeverShown(t *testing.T) {
	o := Octets(plain)
	nested := struct {
		Name string
		Key  Octets
	}{"branch", o}
	marshalled, err := json.Marshal(nested)
	if err != nil {
		t.Fatal(err)
	}
	var line strings.Builder
	slog.New(slog.NewTextHandler(&line, nil)).Info("peer", "key", o)
	for name, text := range map[string]string{
		"Sprint": fmt.Sprint(o), "Sprintln": fmt.Sprintln(nested), "JSON": string(marshalled), "slog": line.String(),
		"error": fmt.Errorf("key %w", fmt.Errorf("%v", o)).Error(), "pointer": fmt.Sprintf("%v", &o),
		"slice": fmt.Sprintf("%v", []Octets{o}), "map": fmt.Sprintf("%v", map[string]Octets{"k": o}),
	} {
		checkHidden(t, name, text)
	}
	for _, verb := range "vsqxXdcboUte" {
		for _, flag := range []string{"", "+", "#", "-20", "08", ".3"} {
			format := "%" + flag + string(verb)
			checkHidden(t, format, fmt.Sprintf(format, o))
		}
	}
}

// checkHidden fails if the text has the secret in it, as text or as numbers, or does
// not have the mask.
func checkHidden(t *testing.T, name, text string) {
	t.Helper()
	for _, form := range []string{plain[:3], fmt.Sprintf("%x", plain[:3]), fmt.Sprintf("%X", plain[:3]), "105 110", "0x69"} {
		if strings.Contains(text, form) {
			t.Errorf("%s shows %q", name, text)
		}
	}
	if !strings.Contains(text, mask) {
		t.Errorf("%s shows %q, which has no %s", name, text, mask)
	}
}

func TestEqual(t *testing.T) {
	for _, test := range []struct {
		a, b Octets
		want bool
	}{
		{Octets("abc"), Octets("abc"), true},
		{Octets("abc"), Octets("abd"), false},
		{Octets("abc"), Octets("ab"), false},
		{Octets("ab"), Octets("abc"), false},
		{Octets(""), nil, true},
		{Octets("a"), nil, false},
	} {
		if got := test.a.Equal(test.b); got != test.want {
			t.Errorf("%x equals %x: %v, want %v", string(test.a), string(test.b), got, test.want)
		}
	}
}

func TestWipe(t *testing.T) {
	o := Octets(plain)
	part := o[3:5]
	o.Wipe()
	if !o.Equal(make(Octets, len(plain))) || !part.Equal(make(Octets, 2)) {
		t.Errorf("after Wipe the octets are %x", string(o))
	}
	Octets(nil).Wipe()
}
