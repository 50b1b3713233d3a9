package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A room is one line of the import rule: ARCHITECTURE.md §2 and §3.
type room struct {
	ours   []string // what it may import of this module; "*": all
	others []string // what it may import of other modules; each with what is below it
	pure   bool     // it touches nothing outside: no sockets, files, locks, clock, entropy, goroutines
	around []string // what its tests that stand outside, of package NAME_test, may import of this module beside
}

// The modules of others.
const (
	netlinkModule  = "github.com/vishvananda/netlink"
	xnetModule     = "golang.org/x/net"
	xsysModule     = "golang.org/x/sys"
	nftablesModule = "github.com/google/nftables"
	bigmodModule   = "filippo.io/bigmod"
	xcryptoModule  = "golang.org/x/crypto"
	xtermModule    = "golang.org/x/term"
	promptModule   = "github.com/c-bata/go-prompt"
	sshModule      = "github.com/gliderlabs/ssh"
	ptyModule      = "github.com/creack/pty"
	pkcs12Module   = "software.sslmate.com/src/go-pkcs12"
	radiusModule   = "layeh.com/radius"
)

// rooms is the rule. A new room means a new line here, in review. ike/wire
// stands beside ike/keymat because the configuration speaks in its numbers.
var rooms = map[string]room{
	"acl":              {pure: true},
	"ipsec/secret":     {pure: true},
	"ipsec":            {pure: true, ours: list("acl ipsec/secret")},
	"ipsec/esp":        {pure: true, ours: list("ipsec ipsec/secret")},
	"ipsec/ah":         {pure: true, ours: list("ipsec ipsec/esp ipsec/secret")},
	"ipsec/selection":  {pure: true, ours: list("ipsec acl")},
	"ike/wire":         {pure: true, ours: list("ipsec/secret")},
	"ike/keymat":       {pure: true, ours: list("ike/wire ipsec/secret"), others: list(bigmodModule)},
	"ike/pki":          {pure: true, ours: list("ike/wire ipsec/secret"), others: list(xcryptoModule, pkcs12Module)},
	"ike":              {pure: true, ours: list("ike/wire ike/keymat ike/pki ipsec ipsec/secret acl")},
	"commands/grammar": {pure: true, ours: list("ipsec/secret")},
	"commands/ios":     {pure: true, ours: list("ipsec/secret")},
	"commands/kind":    {pure: true, ours: list("commands/grammar ike/keymat ike/wire ipsec ipsec/secret acl")},
	"commands": {pure: true,
		ours:   list("commands/grammar commands/ios commands/kind ike ike/keymat ike/wire ike/pki ipsec ipsec/secret acl platform"),
		around: list("shell shell/sshd")}, // the transcripts, at a terminal
	"platform":      {pure: true, ours: list("ipsec/secret")},
	"testdata/seed": {pure: true},

	"cmd/sallyport":     {ours: list("*"), others: list(xsysModule, xcryptoModule, xtermModule, ptyModule)},
	"shell":             {ours: list("commands ipsec/secret"), others: list(xsysModule, xtermModule, promptModule, ptyModule)},
	"shell/sshd":        {ours: list("shell commands ipsec/secret"), others: list(xsysModule, xcryptoModule, sshModule)},
	"ike/loop":          {ours: list("ike ike/keymat ike/pki ipsec ipsec/secret platform/udp"), others: list(xsysModule)},
	"ipsec/tunnel":      {ours: list("ipsec ipsec/ah ipsec/esp ipsec/selection ipsec/xfrm/kernel ipsec/secret acl platform/tun platform/udp"), others: list(netlinkModule, xsysModule)},
	"ipsec/xfrm/kernel": {ours: list("ipsec ipsec/selection ipsec/secret acl"), others: list(netlinkModule, nftablesModule, xsysModule)},
	"ipsec/xfrm": {ours: list("ipsec ipsec/selection ipsec/xfrm/kernel ipsec/secret acl platform/udp"), others: list(netlinkModule, xsysModule),
		around: list("ipsec/tunnel")}, // mixed pairs
	"platform/gre":     {ours: list("platform platform/tun ipsec/secret"), others: list(xsysModule)},
	"platform/icmp":    {ours: list("platform ipsec/secret"), others: list(xnetModule, xsysModule)},
	"platform/link":    {ours: list("platform platform/gre ipsec/secret"), others: list(netlinkModule, xsysModule)},
	"platform/netns":   {ours: list("platform ipsec/secret"), others: list(netlinkModule, xsysModule)},
	"platform/proc":    {ours: list("platform ipsec/secret"), others: list(xsysModule)},
	"platform/radius":  {ours: list("platform ipsec/secret"), others: list(radiusModule)},
	"platform/store":   {ours: list("platform ipsec/secret"), others: list(xsysModule)},
	"platform/syslog":  {ours: list("platform ipsec/secret"), others: list(xsysModule)},
	"platform/systemd": {ours: list("platform ipsec/secret"), others: list(xsysModule)},
	"platform/tun":     {ours: list("platform ipsec/secret"), others: list(xsysModule)},
	"platform/udp":     {ours: list("platform ipsec/secret"), others: list(xnetModule, xsysModule)},

	"ike/iketest":                  {ours: list("ike ike/wire ike/keymat ike/pki ike/iketest/recorded ipsec ipsec/secret acl")},
	"ike/iketest/attack":           {ours: list("ike/wire")},
	"ike/iketest/recorded":         {ours: list("ike/wire ike/keymat ipsec/secret")},
	"ipsec/ipsectest":              {ours: list("ipsec ipsec/esp ipsec/secret acl platform/netns platform/netns/netnstest"), others: list(xsysModule)},
	"ipsec/ipsectest/footprint":    {},
	"platform/netns/authority":     {others: list(pkcs12Module)},
	"platform/netns/daemon":        {ours: list("platform/netns/testrun")},
	"platform/netns/freeradius":    {ours: list("platform/netns/daemon platform/radius ipsec/secret")},
	"platform/netns/netnstest":     {ours: list("platform/netns"), others: list(xsysModule)},
	"platform/netns/strongswan":    {ours: list("platform/netns platform/netns/daemon platform/netns/testrun ipsec/secret"), others: list(xsysModule)},
	"platform/netns/testrun":       {},
	"platform/systemd/systemdtest": {ours: list("platform/systemd"), others: list(xsysModule)},
}

// kits may be imported by the tests of every room, beside what the room's line
// names.
var kits = list("ike/iketest ike/iketest/attack ike/iketest/recorded ipsec/ipsectest ipsec/ipsectest/footprint platform/netns platform/netns/authority platform/netns/daemon platform/netns/freeradius platform/netns/netnstest platform/netns/strongswan platform/netns/testrun platform/systemd/systemdtest")

// list splits words.
func list(words ...string) []string { return strings.Fields(strings.Join(words, " ")) }

// module is the prefix of our import paths.
const module = "sallyport/"

func TestRooms(t *testing.T) {
	found, err := violations(os.DirFS("../.."), rooms)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Error(v)
	}
}

// violations parses the tree and returns what breaks the rule, a line each.
func violations(tree fs.FS, rules map[string]room) (found []string, err error) {
	seen := make(map[string]bool)
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		rule, ok := rules[dir]
		if !ok && !seen[dir] {
			found = append(found, fmt.Sprintf("%s: %s has no line in rooms", name, dir))
		}
		seen[dir] = true
		if !ok {
			return nil
		}
		of, err := rule.violations(name, text)
		found = append(found, of...)
		return err
	})
	for dir := range rules {
		if !seen[dir] {
			found = append(found, dir+": has a line in rooms and no Go file")
		}
	}
	slices.Sort(found)
	return found, err
}

// violations returns what breaks the rule in one file.
func (r room) violations(name string, text []byte) (found []string, err error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	report := func(n ast.Node, format string, arguments ...any) {
		where := fmt.Sprintf("%s:%d: room %s ", name, files.Position(n.Pos()).Line, path.Dir(name))
		found = append(found, where+fmt.Sprintf(format, arguments...))
	}
	test := strings.HasSuffix(name, "_test.go")
	outside := test && strings.HasSuffix(file.Name.Name, "_test")
	clock := "" // the name of package time in this file
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if ours, is := strings.CutPrefix(imported, module); is && outside && slices.Contains(r.around, ours) {
			continue
		}
		if reason := r.refuses(path.Dir(name), imported, test); reason != "" {
			report(spec, "may not import %s: %s", imported, reason)
		}
		if imported == "time" {
			clock = localName(spec)
		}
	}
	if r.pure && !test {
		inspect(file, clock, report)
	}
	return found, nil
}

// localName returns the name that a file uses for package time.
func localName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return "time"
}

// refuses returns why a file of room dir may not import a package, or "".
func (r room) refuses(dir, imported string, test bool) string {
	if ours, ok := strings.CutPrefix(imported, module); ok {
		switch {
		case slices.Contains(r.ours, "*"), slices.Contains(r.ours, ours):
			return ""
		case test && (ours == dir || slices.Contains(kits, ours)):
			return ""
		}
		return "its line in rooms does not name it"
	}
	if test {
		return ""
	}
	if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
		for _, m := range r.others {
			if imported == m || strings.HasPrefix(imported, m+"/") {
				return ""
			}
		}
		return "its line in rooms does not name it"
	}
	if r.pure && impure(imported) {
		return "it is a pure room"
	}
	return ""
}

// outside are the parts of the standard library that a pure room does without,
// each with what is below it.
var outside = list("net os log sync crypto/rand math/rand syscall io/ioutil plugin unsafe C")

// impure reports whether a package of the standard library reaches outside.
func impure(imported string) bool {
	if imported == "net/netip" {
		return false
	}
	for _, p := range outside {
		if imported == p || strings.HasPrefix(imported, p+"/") {
			return true
		}
	}
	return false
}

// clockNames are the functions of package time that read or use a clock.
var clockNames = list("Now Since Until After AfterFunc NewTimer NewTicker Tick Sleep")

// inspect reports go statements and uses of the clock. A dot import of package
// time would hide them.
func inspect(file *ast.File, clock string, report func(ast.Node, string, ...any)) {
	if clock == "." {
		report(file.Name, "may not import time with a dot")
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			report(n, "may not start a goroutine: it is a pure room")
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == clock && slices.Contains(clockNames, n.Sel.Name) {
				report(n, "may not use time.%s: it is a pure room", n.Sel.Name)
			}
		}
		return true
	})
}
