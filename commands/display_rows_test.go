package commands

import (
	"encoding"
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sallyport/commands/grammar"
	"sallyport/ike"
	"sallyport/ipsec"
)

// What holds of every row that displays, whatever there is to show.

// A busyDevice has SAs and has refused things.
type busyDevice struct{ fakeDevice }

func (*busyDevice) IKE() []ike.Status       { return oddSAs() }
func (*busyDevice) Failures() []ike.Failure { return failures() }

func (*busyDevice) Faults() []ipsec.Fault {
	return []ipsec.Fault{{Name: "XfrmInNoStates", Packets: 3, Meaning: "no SA has the SPI: the peer kept one that is gone here"}}
}

func (*busyDevice) SACounters(id ipsec.SAID) (ipsec.Counters, bool) { return seedCounters(id) }

// configured are lines that make one of everything that the drawer's samples name.
var configured = []string{
	"system-view", "sysname H", "acl 3000", "rule 0 permit ip source 10.0.0.0 0.0.0.255", "acl 2000", "rule permit", "ike proposal 1", "ike proposal 2",
	"ipsec proposal a", "ipsec proposal b", "ike peer a", "remote-address 203.0.113.1", "pre-shared-key Key@2014", "ike peer b",
	"ipsec policy a 1 isakmp", "security acl 3000", "ike-peer a", "proposal a", "ipsec policy b 1 isakmp", "ipsec policy b 2 manual", "security acl 3000", "proposal b",
	"tunnel local 192.0.2.1", "tunnel remote 203.0.113.1", "sa spi inbound esp 300", "sa spi outbound esp 301",
	"sa string-key inbound esp sixteen-octets-or-more", "sa string-key outbound esp sixteen-octets-or-more",
	"interface g0/0/2", "ip address 192.0.2.1 24", "ipsec policy b", "quit", "ssh user H", "ssh user H",
	"pki import rsa-key-pair gw pem gw-key.pem", "pki import ecc-key-pair ec pem ecc-key.pem", "pki import-certificate ca filename ca.pem", "pki import-certificate ca filename sub.pem",
	"pki import-crl filename root.crl", "pki import-crl filename sub.crl", "pki import-certificate local filename gw.pem",
	"pki entity H", "common-name h", "pki domain H", "certificate request entity H", "certificate request key-pair gw", "pki request-certificate domain H pkcs10",
}

// displayRows are the rows that display, each alone.
func displayRows() []grammar.Usage {
	var rows []grammar.Usage
	for _, table := range []*grammar.Table{userTable, anywhereTable, systemTable} {
		for _, u := range table.Usages() {
			if first, _, _ := strings.Cut(u.Syntax, " "); filterable[first] {
				rows = append(rows, u)
			}
		}
	}
	return rows
}

// An example is what a display row has shown, and the line that did it.
type example struct {
	line    string
	display Display
}

// showAll draws lines of a row and returns what they show, of each type the one of
// the simplest line. A busy box and one where nothing is are asked.
func showAll(t *testing.T, u grammar.Usage) map[reflect.Type]example {
	t.Helper()
	busy := NewSession(&busyDevice{}, NewRunning(New()), operator)
	for _, line := range configured {
		if out := busy.Exec(t.Context(), line); out.Err != nil {
			t.Fatalf("%q: %v", line, out.Err)
		}
	}
	idle := NewSession(&fakeDevice{}, NewRunning(New()), operator)
	all := map[reflect.Type]example{}
	d := newDrawer(t, 7)
	for range 80 {
		line := d.line("", []*grammar.Table{u.Alone})
		for _, s := range []*Session{idle, busy} {
			showLine(t, all, s, line)
		}
	}
	return all
}

// showLine runs a line and checks what comes of it.
func showLine(t *testing.T, all map[reflect.Type]example, s *Session, line string) {
	t.Helper()
	out := s.Exec(t.Context(), line)
	switch {
	case out.Err != nil:
		return
	case out.Display == nil || out.Text != "" || out.Long != nil:
		t.Fatalf("%q does not return a Display alone: %+v", line, out)
	}
	checkJSON(t, line, out.Display)
	typ := reflect.TypeOf(valueOf(out.Display))
	if old, is := all[typ]; !is || simpler(line, old.line) {
		all[typ] = example{line, out.Display}
	}
}

// simpler reports whether a line is the better example: shorter, and in lower case.
func simpler(a, b string) bool {
	rank := func(s string) int {
		return 10*len(strings.Fields(s)) + len(strings.FieldsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' }))
	}
	return rank(a) < rank(b) || rank(a) == rank(b) && a < b
}

// checkJSON checks that a display has JSON without a null list and without a secret.
func checkJSON(t *testing.T, line string, d Display) {
	t.Helper()
	text, _, err := filtered(d, []*filter{{json: true}})
	if err != nil || !json.Valid([]byte(text)) || !strings.HasSuffix(text, "\n") {
		t.Errorf("%q as JSON is %q", line, text)
	}
	for _, secret := range []string{"Key@2014", rightPassword} {
		if strings.Contains(text, secret) || strings.Contains(d.text(), secret) {
			t.Errorf("%q shows a secret", line)
		}
	}
	if at := nilList(reflect.ValueOf(valueOf(d))); at != "" {
		t.Errorf("%q: %s is null in JSON", line, at)
	}
}

// nilList returns the place of a nil list or map in a value, or "".
func nilList(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		if v.IsNil() {
			return v.Type().String()
		}
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return ""
		}
		return nilList(v.Elem())
	}
	if isText(v.Type()) {
		return ""
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if at := nilList(v.Index(i)); at != "" {
				return at
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); !f.IsExported() || f.Tag.Get("json") == "-" {
				continue
			}
			if at := nilList(v.Field(i)); at != "" {
				return v.Type().Field(i).Name + " " + at
			}
		}
	}
	return ""
}

// isText reports whether JSON has a type as something else than its parts.
func isText(typ reflect.Type) bool {
	return typ.Implements(reflect.TypeFor[encoding.TextMarshaler]()) || typ.Implements(reflect.TypeFor[json.Marshaler]())
}

// collections are the kinds of types that are made of another.
var collections = []reflect.Kind{reflect.Slice, reflect.Array, reflect.Pointer, reflect.Map}

var fieldName = regexp.MustCompile(`^(-|[a-z0-9]+(_[a-z0-9]+)*)$`)

// checkNames checks that every field of a type has a name for JSON.
func checkNames(t *testing.T, line string, typ reflect.Type) {
	t.Helper()
	switch {
	case isText(typ):
	case slices.Contains(collections, typ.Kind()):
		checkNames(t, line, typ.Elem())
	case typ.Kind() == reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			if !f.IsExported() {
				continue
			}
			tag := f.Tag.Get("json")
			if !fieldName.MatchString(tag) && !f.Anonymous {
				t.Errorf("%q: %v.%s has the name %q", line, typ, f.Name, tag)
			}
			if tag != "-" {
				checkNames(t, line, f.Type)
			}
		}
	case typ.Kind() == reflect.Interface || typ.Kind() == reflect.Func:
		t.Errorf("%q: %v has no names", line, typ)
	}
}

func TestEveryDisplayHasJSON(t *testing.T) {
	for _, u := range displayRows() {
		all := showAll(t, u)
		if len(all) == 0 {
			t.Errorf("no line of %q was accepted: give the sample box what it displays", u.Syntax)
		}
		for typ, s := range all {
			checkNames(t, s.line, typ)
		}
	}
}

// TestJSONReference compares docs/json.md with the displays' types. If it is stale:
//
//	go test ./commands -run TestJSONReference -update
func TestJSONReference(t *testing.T) {
	var b strings.Builder
	b.WriteString(jsonHead)
	comments := fieldComments(t)
	for _, u := range displayRows() {
		b.WriteString("\n## " + heading(u.Syntax) + "\n")
		all := showAll(t, u)
		for _, typ := range slices.SortedFunc(maps.Keys(all), func(a, b reflect.Type) int { return strings.Compare(all[a].line, all[b].line) }) {
			b.WriteString("\n`" + strings.TrimSpace(all[typ].line) + " | json`\n\n")
			writeFields(&b, objectOf(typ), comments, "")
		}
	}
	golden(t, "../../docs/json.md", b.String())
	if t.Failed() {
		t.Log("docs/json.md is stale: go test ./commands -run TestJSONReference -update")
	}
}

// BenchmarkDisplayIKESA builds and lays out 10,000 tunnels.
func BenchmarkDisplayIKESA(b *testing.B) {
	all := make([]ike.Status, 10_000)
	for i := range all {
		all[i] = seedSAs()[0]
		all[i].ConnectionID = uint32(2*i + 1)
		all[i].Children[0].ConnectionID = uint32(2*i + 2)
	}
	for b.Loop() {
		newIKESADisplay(all, saFilter{}).text()
	}
}
