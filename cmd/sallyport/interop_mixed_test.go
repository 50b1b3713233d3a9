package main_test

import (
	"fmt"
	"strings"
	"testing"

	"sallyport/commands"
	"sallyport/ipsec"
	"sallyport/platform/netns/testrun"
)

// requireKernelESP skips a test that needs ESP of the kernel's where the run of
// the tests is about the other dataplane. That is no failure on a build machine
// either: there the run in the guest follows, and has the test.
func requireKernelESP(t testing.TB) {
	t.Helper()
	if !testrun.OnKernel() {
		t.Skip("needs a kernel with ESP: make test-kernel runs it in its guest")
	}
}

// A protection is one way to protect packets: what an ipsec proposal says, and
// the display of its SAs.
type protection struct {
	commands []string // in the view of the proposal
	brief    []string // of display ipsec sa brief: protocol and algorithms of each SA of a bundle
}

// name names the protection in a failure.
func (p protection) name() string { return strings.Join(p.commands, ", ") }

// protections lists all that our configuration knows.
func protections() (all []protection) {
	for _, i := range ipsec.Integrities() {
		all = append(all, ahProtection(i), bundleProtection(i))
		for _, e := range ipsec.Encryptions() {
			if !e.AEAD() {
				all = append(all, espProtection(e, i))
			}
		}
	}
	for _, e := range ipsec.Encryptions() {
		if e.AEAD() {
			all = append(all, espProtection(e, ipsec.NoIntegrity))
		}
	}
	return all
}

// espProtection is a cipher with an authenticator, or one that is both.
func espProtection(e ipsec.Encryption, i ipsec.Integrity) protection {
	p := protection{commands: []string{"transform esp"}}
	brief := fmt.Sprintf("ESP E:%s;", e)
	if i != ipsec.NoIntegrity {
		p.commands = append(p.commands, "esp authentication-algorithm "+i.Word())
		brief += fmt.Sprintf("A:%s;", i)
	}
	p.brief = []string{brief}
	if e == ipsec.Null {
		p.commands = append(p.commands, "undo esp encryption-algorithm")
		return p
	}
	p.commands = append(p.commands, "esp encryption-algorithm "+e.Word())
	return p
}

// ahProtection authenticates only.
func ahProtection(i ipsec.Integrity) protection {
	return protection{
		commands: []string{"transform ah", "ah authentication-algorithm " + i.Word()},
		brief:    []string{fmt.Sprintf("AH A:%s;", i)},
	}
}

// bundleProtection is AH around ESP.
func bundleProtection(i ipsec.Integrity) protection {
	esp := espProtection(ipsec.AES128, ipsec.SHA1)
	commands := append([]string{"transform ah-esp", "ah authentication-algorithm " + i.Word()}, esp.commands[1:]...)
	return protection{commands, append(esp.brief, fmt.Sprintf("AH A:%s;", i))}
}

// TestProtections: the commands are accepted, and no two protections look alike.
func TestProtections(t *testing.T) {
	names := make(map[string]string) // by brief
	for _, p := range protections() {
		text := join(append([]string{"ipsec proposal a"}, p.commands...)...)
		if _, refused := commands.Replay(commands.New(), commands.Script{File: "a.cfg", Text: text}); len(refused) > 0 {
			t.Errorf("%s: %v", p.name(), refused)
		}
		brief := strings.Join(p.brief, " ")
		if other, ok := names[brief]; ok {
			t.Errorf("%s and %s are both shown as %q", p.name(), other, brief)
		}
		names[brief] = p.name()
	}
	if want := 5*(6+2) + 3; len(names) != want {
		t.Errorf("%d protections, want %d: 5 authenticators with 6 ciphers, alone as AH and around ESP, and 3 ciphers that authenticate", len(names), want)
	}
}

// TestMixedDataplanes: the two dataplanes understand each other, whichever way
// packets are protected, and whichever end has which.
func TestMixedDataplanes(t *testing.T) {
	requireKernelESP(t)
	for _, planes := range []dataplanePair{{testrun.Kernel, testrun.User}, {testrun.User, testrun.Kernel}} {
		t.Run(planes[0]+" and "+planes[1], func(t *testing.T) {
			t.Parallel()
			a, b := twins()
			lab := newTwinLabOn(t, planes, a.config(plain), b.config(plain))
			for _, p := range protections() {
				lab.protect(t, p)
				lab.use(t, p)
			}
		})
	}
}

// protect has the next SAs protected in another way, and ends those that are up.
func (lab *twinLab) protect(t *testing.T, p protection) {
	t.Helper()
	lab.a.console("reset ipsec sa")
	eventually(t, "the IPsec SAs are gone at both ends", func() bool {
		return lab.a.count("v1:2") == 0 && lab.b.count("v1:2") == 0
	})
	for _, end := range []*appliance{lab.a, lab.b} {
		end.console(append([]string{"system-view", "ipsec proposal a"}, p.commands...)...)
	}
}

// use pings both ways and fails the test unless that went as p says.
func (lab *twinLab) use(t *testing.T, p protection) {
	t.Helper()
	before := lab.wire.protected()
	ping(t, lab.pcA, hostB, 2)
	ping(t, lab.pcB, hostA, 2)
	eventually(t, "8 protected packets are seen: "+p.name(), func() bool { return lab.wire.protected() >= before+8 })
	if n := lab.wire.clear.Load(); n > 0 {
		t.Fatalf("%s: %d packets passed in clear, want 0", p.name(), n)
	}
	for _, end := range []*appliance{lab.a, lab.b} {
		brief := strings.Join(strings.Fields(end.console("display ipsec sa brief")), " ")
		for _, want := range p.brief {
			if strings.Count(brief, want) != 2 {
				t.Errorf("%s: %s shows\n%s\nwant %q in both directions", p.name(), end.name, brief, want)
			}
		}
	}
}
