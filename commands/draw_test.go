package commands

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"sallyport/commands/grammar"
)

// A drawer types lines at random: it asks for help, picks one of the answers,
// and goes on until it presses Enter. So it finds every row there is without
// being told of any.
type drawer struct {
	*rand.Rand
	t testing.TB
}

func newDrawer(t testing.TB, seed uint64) *drawer {
	return &drawer{rand.New(rand.NewPCG(seed, 1)), t}
}

// line draws one that begins as given.
func (d *drawer) line(begin string, groups ...[]*grammar.Table) string {
	d.t.Helper()
	line := begin
	for range 60 {
		hints := grammar.Help(line, everything, groups...)
		if len(hints) == 0 {
			d.t.Fatalf("nothing may follow %q", line)
		}
		last := hints[len(hints)-1].Text
		if last == "<cr>" && (len(hints) == 1 || d.IntN(3) == 0) {
			return line
		}
		if last == "<cr>" {
			hints = hints[:len(hints)-1]
		}
		line += d.sample(hints[d.IntN(len(hints))]) + " "
	}
	d.t.Fatalf("a line does not end: %q", line)
	return line
}

// samples are values for hints that do not say their bounds.
var samples = map[string][]string{
	"IP_ADDR<X.X.X.X>":               {"192.0.2.1", "192.0.2.2", "198.51.100.7", "10.0.0.1", "10.1.2.3"},
	"IP_ADDR<X.X.X.X>/INTEGER<0-32>": {"8", "24", "30", "32", "255.255.255.0", "255.255.255.252"},
	"IP_ADDR<X.X.X.X>/INTEGER<8-30>": {"8", "24", "30", "255.255.255.0"},
	"OPERATOR<eq,gt,lt,neq,range>":   {"eq", "gt", "lt", "neq", "range"},
	"INTEGER<0-65535>/NAME":          {"0", "22", "ssh", "www", "ntp", "500", "80"},
	"<1-255>":                        {"0", "1", "6", "17", "47", "255"},
	"STRING<1-32>":                   {"CEST", "X", "zone"},
	"TIME<HH:MM:SS>":                 {"00:00:00", "02:00:00", "5:45:00", "14:00:00"},
	"DATE<YYYY-MM-DD>":               {"2026-05-07", "2000-01-01", "2037-12-31"},
	"STRING<1-30>":                   {"g0/0/2", "GigabitEthernet0/0/3", "gi0/0/4", "eth1", "eth1.7"},
	"Tunnel<0-65535>":                {"Tunnel1", "Tunnel1", "Tunnel2", "tun 1", "Tunnel0/0/1"},
	"FILE<*.cfg>":                    {"vrpcfg.cfg", "a.cfg", "none.cfg"},
	"FILE<*.pem,*.cer,*.crt,*.der,*.p12,*.pfx,*.p7b>":                                     {"ca.pem", "gw.pem", "sub.pem", "none.cer"},
	"FILE<*.cfg,*.bat,*.txt,*.pem,*.cer,*.crt,*.der,*.p12,*.pfx,*.p7b,*.crl,*.req,*.p10>": {"a.cfg", "b.bat", "c.txt", "gw.pem"},
	"FILE<*.crl,*.pem,*.der>": {"root.crl", "sub.crl", "none.pem"},
	"FILE<*.pem,*.der>":       {"gw-key.pem", "ecc-key.pem"},
	"FILE<*.req,*.p10>":       {"H.req", "none.p10"},
	"NAME<1-32>":              {"gw", "ec"},
	"STRING<2>":               {"ZZ", "de"},
	"USER@HOST<3-128>":        {"noc@gw.example"},
	"URL<8-128>":              {"http://192.0.2.9:8080/ocsp", "https://ca.example"},
	"FILE<*.cfg,*.bat,*.txt>": {"a.cfg", "b.bat", "c.txt"},
	"STRING<1-15>":            {"a", "a", "a", "b", "b", "fifteen-letters", `"quoted"`, `"//"`},
	"STRING<1-64>":            {"H", "FW_A", `"//h"`},
	"STRING<1-255>":           {"hub.example", "HQ", `"CN=hub, O=Example"`, "admin@hub.example", "192.0.2.9"},
	"STRING<1-128>":           {"alice", `"alice of sales"`},
	"STRING<1-256>":           {"anna", `"anna of sales"`},
	"HOST<1-253>":             {"hub.example", "Hub.Example", "branch-7"},
	"STRING<1-127>":           {"198.51.100.7", "hub.example"},
	"STRING<8-128>":           {"Correct-Horse-1", "tooshort", `"with blanks 1"`, "******"},
	"INTEGER<22,1025-65535>":  {"22", "1025", "2222", "65535"},
	"TEXT<1-900>":             {`"Authorised users only"`, `%say "hi"%`, "plain text", `"two\nlines"`, `" // "`, `"a"b"`, "%%%"},
	"TEXT<1-255>":             {"save", `"display version"`, `"a // b"`, "display ike sa"},
	"TEXT<1-1000>":            {sampleKeys["rsa"], sampleKeys["nistp256"] + " me@host", sampleKeys["nistp384"], sampleKeys["nistp521"], sampleKeys["ed25519"], sampleKeys["weak"], "AAAA"},
	"TEXT<1-127>":             {"one", "two words", `say "two  words"`, "a//b"},
	"STRING<1-255>/<48-400>":  {"Key@2014", `"a string for all keys of it"`, "%^%#6b6579%^%#", "%^%#foreign%^%#"},
	"HEX<16-128>/<48-400>":    {strings.Repeat("0f", 20), strings.Repeat("A9", 32), strings.Repeat("11", 32), strings.Repeat("c7", 16), "%^%#" + strings.Repeat("3561", 32) + "%^%#"},
	"STRING<1-128>/<48-400>":  {"Key@2014", "sixteen-octets-or-more", `"with // and # in it"`, "%^%#6b6579%^%#", "%^%#foreign%^%#"},
}

// helpAnyInterface is the help of the name of an interface that may be a tunnel.
const helpAnyInterface = "Interface, such as GigabitEthernet0/0/1, Tunnel1 or eth1"

// sample returns what to type for a hint.
func (d *drawer) sample(h grammar.Hint) string {
	if h.Help == "Last port of the range" {
		return "65535"
	}
	if strings.HasPrefix(h.Help, "Wildcard of ") {
		return []string{"0", "0.0.0.255", "0.0.255.255", "0.255.0.3", "255.255.255.255"}[d.IntN(5)]
	}
	if h.Help == helpListName {
		return []string{"nets", "nets", "a", "Name-of-64-characters-which-is-the-longest-that-a-list-can-have-"}[d.IntN(4)]
	}
	if h.Help == helpAnyInterface && d.IntN(2) == 0 {
		return []string{"Tunnel1", "Tunnel2"}[d.IntN(2)]
	}
	if values := samples[h.Text]; values != nil {
		return values[d.IntN(len(values))]
	}
	if list, ok := strings.CutPrefix(h.Text, "INTEGER<"); ok {
		return d.integer(strings.TrimSuffix(list, ">"))
	}
	if h.Text[0] == '<' || h.Text[0] >= 'A' && h.Text[0] <= 'Z' {
		d.t.Fatalf("no sample for %q: add one", h.Text)
	}
	if d.IntN(8) == 0 {
		return strings.ToUpper(h.Text)
	}
	return h.Text
}

// integer draws from 32,64,128 or 1-1024; of the latter mostly the bounds and
// small numbers.
func (d *drawer) integer(bounds string) string {
	if list := strings.Split(bounds, ","); len(list) > 1 {
		return list[d.IntN(len(list))]
	}
	var low, high uint64
	if _, err := fmt.Sscanf(bounds, "%d-%d", &low, &high); err != nil {
		d.t.Fatalf("bounds %q: %v", bounds, err)
	}
	switch d.IntN(8) {
	case 0:
		return fmt.Sprint(high)
	case 1:
		return fmt.Sprint(low + d.Uint64N(high-low+1))
	}
	return fmt.Sprint(min(low+d.Uint64N(3), high))
}

// typist draws lines into a session, wherever it stands.
type typist struct {
	*drawer
	session *Session
	device  *fakeDevice
}

func newTypist(t testing.TB, seed uint64) *typist {
	device := &fakeDevice{}
	session := NewSession(device, NewRunning(New()), Options{Level: everything})
	session.Exec(t.Context(), "system-view")
	return &typist{newDrawer(t, seed), session, device}
}

// choose picks the tables to draw from: mostly the view's own, so that the
// session stays there for a while.
func (d *drawer) choose(groups [][]*grammar.Table) []*grammar.Table {
	switch d.IntN(10) {
	case 0:
		return groups[0]
	case 1:
		return groups[len(groups)-1]
	}
	return groups[0][:1]
}

// types runs n lines. A line that was drawn is understood, and one that is
// refused changes nothing.
func (d *typist) types(n int) {
	d.t.Helper()
	for range n {
		groups := d.session.place.groups()
		if !d.session.place.system {
			d.session.Exec(d.t.Context(), "system-view")
			continue
		}
		line := d.line("", d.choose(groups))
		d.session.answer(false)
		before, prompt := d.session.running.config, d.session.Prompt()
		out := d.session.Exec(d.t.Context(), line)
		if _, bad := out.Err.(*grammar.Error); bad {
			d.t.Errorf("%s%s\n%s", prompt, line, out.Text)
		}
		if out.Err != nil && (d.session.running.config != before || d.session.Prompt() != prompt) {
			d.t.Errorf("%s%s was refused and changed something: %v, now %s", prompt, line, out.Err, d.session.Prompt())
		}
	}
}
