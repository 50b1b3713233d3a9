package commands

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sallyport/acl"
	"sallyport/commands/grammar"
	"sallyport/ike"
	"sallyport/ipsec"
)

// What holds of every row at once. Nothing here names a row but the exceptions.

// views are lines that open each view from system view.
var views = []string{
	"ipsec profile p", "interface Tunnel1",
	"ike proposal 10", "ike peer b", "ipsec proposal a", "acl 3001", "acl 2001", "acl name nets", "acl name hosts basic number 2077", "ipsec policy policy1 1 isakmp", "ipsec policy policy1 2 manual", "interface g0/0/2",
	"pki entity e", "pki domain d", "aaa", "user-interface vty 0 4", "rsa peer-public-key b", "ecc peer-public-key c", "ed25519 peer-public-key a",
	"ipsec policy-template t 1", "ike user-table 1", "ip pool p", "radius-server template r",
}

func TestAKeywordHasOneHelp(t *testing.T) {
	tables := map[string]*grammar.Table{"user": userTable, "system": systemTable, "anywhere": anywhereTable}
	for _, line := range views {
		session := newTypist(t, 0).session
		session.Exec(t.Context(), line)
		tables[line] = session.place.object.Table
	}
	for view, table := range tables {
		hints := table.Keywords()
		for i := 1; i < len(hints); i++ {
			if a, b := hints[i-1], hints[i]; a.Text == b.Text {
				t.Errorf("%s: %q means %q and %q", view, a.Text, a.Help, b.Help)
			}
		}
		for _, h := range hints {
			if h.Help == "" {
				t.Errorf("%s: %q has no help", view, h.Text)
			}
		}
	}
}

func TestRandomConfigurationsReplay(t *testing.T) {
	for seed := range uint64(40) {
		d := newTypist(t, seed)
		d.types(300)
		checkReplays(t, d.session.running.config)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// checkReplays checks that what a configuration renders as is that
// configuration.
func checkReplays(t *testing.T, c *Config) {
	t.Helper()
	if faults := c.Validate(); len(faults) > 0 {
		t.Errorf("a configuration that was typed is not valid: %v", faults)
	}
	text := c.Render(seal)
	again, refused := Replay(New(), Script{File: "rendered", Text: text, Open: open})
	for _, err := range refused {
		t.Errorf("%v: %q", err, err.Text)
	}
	if at, same := sameValue(reflect.ValueOf(*c), reflect.ValueOf(*again)); !same {
		t.Errorf("replayed differently at %s:\n%s\nnow\n%s", at, text, again.Render(seal))
	}
}

// sameValue compares like reflect.DeepEqual, except that an empty slice equals
// none, and names the place of a difference.
func sameValue(a, b reflect.Value) (string, bool) {
	switch {
	case a.Type() == reflect.TypeFor[*compiled](), a.Type() == reflect.TypeFor[*version](), a.Kind() == reflect.Array:
		return "", true
	case a.Kind() == reflect.Pointer && !a.IsNil() && !b.IsNil():
		return sameValue(a.Elem(), b.Elem())
	case a.Kind() == reflect.Struct && a.Type().PkgPath() != "net/netip":
		for i := range a.NumField() {
			if at, same := sameValue(a.Field(i), b.Field(i)); !same {
				return a.Type().Field(i).Name + " " + at, false
			}
		}
		return "", true
	case a.Kind() == reflect.Slice:
		for i := range min(a.Len(), b.Len()) {
			if at, same := sameValue(a.Index(i), b.Index(i)); !same {
				return fmt.Sprint(i, " ", at), false
			}
		}
		return "length", a.Len() == b.Len()
	case a.Kind() == reflect.Map:
		for _, k := range append(a.MapKeys(), b.MapKeys()...) {
			if !a.MapIndex(k).IsValid() || !b.MapIndex(k).IsValid() {
				return fmt.Sprint("key ", k), false
			}
			if at, same := sameValue(a.MapIndex(k), b.MapIndex(k)); !same {
				return fmt.Sprint(k, " ", at), false
			}
		}
		return "", true
	}
	return "", a.Equal(b)
}

// fixed are fields that no row changes: values of which there is only one yet,
// or that only later commands set.
var fixed = []string{
	"Config.compiled", "Config.version",
}

// referable are lines that make what others refer to.
var referable = []string{
	"acl 3000", "rule 0 permit ip", "rule 1 permit tcp", "acl name nets", "acl name a", "ike user-table 1", "ike user-table 2", "ike proposal 1", "ipsec proposal a",
	"ike peer a", "remote-address 203.0.113.1", "ike peer b", "remote-address 203.0.113.2",
	"ipsec policy a 1 isakmp", "ipsec policy b 1 isakmp", "ipsec policy b 2 manual", "ipsec policy-template c 1", "ipsec policy a 9 isakmp template c", "rsa peer-public-key eth1", "ecc peer-public-key eth1.7",
	"ipsec profile a", "ipsec profile b", "interface eth1", "interface Tunnel1", "tunnel-protocol gre", "interface Tunnel2", "tunnel-protocol ipsec", "quit",
	"pki entity H", "pki entity FW_A", "pki domain H", "certificate request entity H", "pki domain FW_A", "quit",
}

func TestEveryFieldIsReached(t *testing.T) {
	reached := map[string]bool{}
	for seed := range uint64(80) {
		d := newTypist(t, 1000+seed)
		for _, line := range referable { // or references would be refused most of the time
			d.session.Exec(t.Context(), line)
		}
		d.types(300)
		noteFields(reached, d.session.running.config)
		for _, view := range []string{"ike peer c\nremote-address 203.0.113.3", "ipsec policy b 1 isakmp"} { // of many rows
			d.session.question = nil
			for line := range strings.Lines("system-view\n" + view) {
				d.session.Exec(t.Context(), strings.TrimSpace(line))
			}
			for range 24 {
				if d.session.place.object != nil { // the last entry of a group may be a template's
					d.session.Exec(t.Context(), d.line("", []*grammar.Table{d.session.place.object.Table}))
				}
				noteFields(reached, d.session.running.config)
			}
		}
	}
	for _, fresh := range []any{New(), newIKEProposal(), ike.NewPeer(), acl.New(3000), ipsec.NewProposal(), acl.Rule{}, Policy{}, Interface{}, Tunnel{}, Route{}, newLogging(), newLogging().Levels, LogServer{},
		PKIEntity{}, newPKIDomain(), newAccess(), UserTable{}, ike.User{}, AddressPool{}, ServiceScheme{}, newRadiusTemplate(), AuthenticationScheme{First: LocalUsers}, Domain{}, IKEGlobal{}, ike.DPD{}, ike.Fragmentation{}, ike.Heartbeat{}, ike.Limits{}, Management{}, LocalUser{}, SSHUser{}, PublicKey{}, UserInterface{}, SSHServer{}, Hotkeys{}} {
		v := reflect.Indirect(reflect.ValueOf(fresh))
		for name := range fields(v) {
			if reached[name] == slices.Contains(fixed, name) {
				t.Errorf("%s: reached %v", name, reached[name])
			}
		}
	}
}

// fields returns the fields of a struct as printed, those of embedded ones as
// its own.
func fields(v reflect.Value) map[string]string {
	texts := map[string]string{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			for name, text := range fields(v.Field(i)) {
				texts[strings.Replace(name, f.Type.Name(), v.Type().Name(), 1)] = text
			}
			continue
		}
		texts[v.Type().Name()+"."+f.Name] = fmt.Sprintf("%#v %d", v.Field(i), lengthOf(v.Field(i)))
	}
	return texts
}

// lengthOf tells secrets apart, which print alike.
func lengthOf(v reflect.Value) int {
	if v.Kind() == reflect.Slice {
		return v.Len()
	}
	return 0
}

// noteFields notes the fields that differ from a new object's.
func noteFields(reached map[string]bool, c *Config) {
	note := func(object, fresh any) {
		a, b := fields(reflect.Indirect(reflect.ValueOf(object))), fields(reflect.Indirect(reflect.ValueOf(fresh)))
		for name := range a {
			reached[name] = reached[name] || a[name] != b[name]
		}
	}
	note(c, New())
	note(c.Access, newAccess())
	noteAccess(note, &c.Access)
	note(c.IKE, IKEGlobal{})
	note(c.IKE.DPD, ike.DPD{})
	note(c.IKE.Heartbeat, ike.Heartbeat{})
	note(c.IKE.Limits, ike.Limits{})
	note(c.Logging, newLogging())
	note(c.Logging.Levels, newLogging().Levels)
	for _, h := range c.Logging.Hosts {
		note(h, LogServer{Port: syslogPort, Facility: facilityLocal7})
	}
	for _, p := range c.PKIEntities {
		note(p, PKIEntity{})
	}
	for _, p := range c.PKIDomains {
		note(p, newPKIDomain())
	}
	for _, p := range c.IKEProposals {
		note(p, newIKEProposal())
	}
	for _, p := range c.IKEPeers {
		note(p, ike.NewPeer())
		note(p.Fragmentation, ike.Fragmentation{})
	}
	for _, p := range c.IPsecProposals {
		note(p, ipsec.NewProposal())
	}
	for _, a := range c.ACLs {
		note(a, acl.New(3000))
		for _, r := range a.Rules {
			note(r, acl.Rule{})
		}
	}
	for _, p := range c.Policies {
		note(p, Policy{})
	}
	for _, p := range c.Templates {
		note(p, Policy{})
	}
	for _, i := range c.Interfaces {
		note(i, Interface{})
		note(i.Tunnel, Tunnel{})
	}
	for _, r := range c.Routes {
		note(r, Route{})
	}
	noteManagement(note, c)
}

// TestUndoAfterSet types a line into a new object, undoes it, and looks whether
// anything is left.
func TestUndoAfterSet(t *testing.T) {
	undone := 0
	for n := range uint64(900) {
		d := newTypist(t, n)
		view := views[n%uint64(len(views))]
		for _, line := range []string{"ike proposal 1", "acl 3000", "ipsec proposal b", "ike peer c", "remote-address 192.0.2.77", "ipsec policy a 1 isakmp", "pki entity H", "pki entity FW_A", "pki domain H", "pki domain FW_A", view} {
			d.session.Exec(t.Context(), line)
		}
		before := d.session.running.config.Render(seal)
		line := d.line("", []*grammar.Table{d.session.place.object.Table})
		if strings.HasPrefix(strings.ToLower(line), "undo ") || strings.HasPrefix(strings.ToLower(line), "version 1") || d.session.Exec(t.Context(), line).Err != nil {
			continue
		}
		if d.session.running.config.Render(seal) == before {
			continue
		}
		d.undo(line)
		after := strings.Replace(d.session.running.config.Render(seal), leftByUndo(line), "", 1)
		if after != before {
			t.Errorf("%s: %q and its undo leave\n%s\nwant\n%s", view, line, after, before)
		}
		undone++
	}
	if undone < 200 {
		t.Errorf("only %d lines were undone", undone)
	}
}

// undo undoes a line, with its arguments if undo takes them, else with as many
// as it takes.
func (d *typist) undo(line string) {
	d.t.Helper()
	words := strings.Fields("undo " + line)
	if strings.EqualFold(words[1], "rule") { // it is deleted by its number
		list := d.session.place.object.Find(d.session.running.config).(*acl.ACL)
		words = []string{"undo", "rule", fmt.Sprint(list.Rules[0].ID)}
	}
	for n := len(words); n > 1; n-- {
		if out := d.session.Exec(d.t.Context(), strings.Join(words[:n], " ")); out.Err == nil {
			return
		}
	}
	d.t.Errorf("no undo of %q", line)
}

// leftByUndo returns the line that stands for an empty list of algorithms, the
// only undo that does not bring back the default.
func leftByUndo(line string) string {
	for _, what := range []string{"authentication-algorithm", "encryption-algorithm"} {
		if strings.HasPrefix(strings.ToLower(line), "esp "+what) {
			return " undo esp " + what + "\n"
		}
	}
	return "\x00"
}

func FuzzExec(f *testing.F) {
	f.Add("system-view\nike peer b\nremote-address 192.0.2.1\nundo ike peer b\n")
	f.Add("sys\nacl 3000\nrule permit tcp source 10.0.0.0 0.0.0.255 destination-port range 1 2\nrule 5 description x\nsave\ny\n")
	f.Add("sys\nint g 0/0/1\nip address 192.0.2.1 24\nip address 10.0.0.1 8 sub\nundo ip address\nquit\nquit\nquit\n")
	f.Fuzz(func(t *testing.T, text string) {
		running := NewRunning(New())
		session := NewSession(&fakeDevice{}, running, Options{Level: everything})
		for line := range strings.Lines(text) {
			before := running.config
			out := session.Exec(t.Context(), strings.TrimSuffix(line, "\n"))
			if out.Err != nil && running.config != before {
				t.Fatalf("%q was refused and changed the configuration", line)
			}
			if out.Text != "" && !strings.HasSuffix(out.Text, "\n") {
				t.Fatalf("%q: %q", line, out.Text)
			}
		}
		checkReplays(t, running.config)
	})
}

func FuzzReplay(f *testing.F) {
	f.Add(hub(2))
	f.Add("ike proposal 10\n dh group14\n dh group99\nreturn\nsystem-view\nsysname X\n")
	f.Fuzz(func(t *testing.T, text string) {
		config, refused := Replay(New(), Script{File: "f", Text: text, Open: open, Hash: hashOf})
		lines := strings.Split(text, "\n")
		for _, err := range refused {
			if err.Line < 1 || err.Line > len(lines) || err.Column < 1 || err.Column > len(lines[err.Line-1])+2 {
				t.Fatalf("%v is not in the script", err)
			}
		}
		checkReplays(t, config)
	})
}
