package kernel

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// TestKernelWithoutESP names what is missing, protocol by protocol, and the setting that
// does without. It has policies all the same.
func TestKernelWithoutESP(t *testing.T) {
	left, right := newPair(t)
	c, err := left.k.Capabilities()
	must(t, err)
	if len(c.Encryptions) > 0 {
		return // it has it
	}
	for _, test := range []struct {
		o    ipsec.Offer
		want string
	}{
		{ipsec.Offer{Encryption: ipsec.AES256, Integrity: ipsec.SHA256}, "ESP 0x1001 to 192.0.2.2: this kernel has no ESP (CONFIG_INET_ESP): run with --dataplane user: "},
		{ipsec.Offer{AH: ipsec.SHA256}, "AH 0x1001 to 192.0.2.2: this kernel has no AH (CONFIG_INET_AH): run with --dataplane user: "},
	} {
		s := association{Offer: test.o}.states(left, right)[0]
		if err := left.k.AddState(s); err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.ContainsAny(err.Error(), "\n") {
			t.Errorf("%v: error is %v, want one line that begins with %q", test.o, err, test.want)
		}
		if got, found, err := left.k.State(s.ID); found || err != nil {
			t.Errorf("%v is there: %+v, %v", s.ID, got, err)
		}
	}
	must(t, left.k.AddPolicy(plain.policy(Out, left, right), false))
}

// TestRefusals say what is missing, in a line.
func TestRefusals(t *testing.T) {
	esp := State{ID: ipsec.SAID{Destination: probeAddress, Protocol: ipsec.ESP, SPI: 0x100}, Encryption: ipsec.TripleDES, Integrity: ipsec.MD5}
	ah := State{ID: ipsec.SAID{Destination: probeAddress, Protocol: ipsec.AH, SPI: 0x100}, Integrity: ipsec.SHA256}
	for _, test := range []struct {
		s    State
		err  error
		want string
	}{
		{esp, unix.EPROTONOSUPPORT, "ESP 0x100 to 127.83.0.1: this kernel has no ESP (CONFIG_INET_ESP): run with --dataplane user: protocol not supported"},
		{ah, unix.EPROTONOSUPPORT, "AH 0x100 to 127.83.0.1: this kernel has no AH (CONFIG_INET_AH): run with --dataplane user: protocol not supported"},
		{esp, unix.ENOSYS, "ESP 0x100 to 127.83.0.1: this kernel has no cbc(des3_ede) with hmac(md5): leave it out, or run with --dataplane user: function not implemented"},
		{ah, unix.ENOENT, "AH 0x100 to 127.83.0.1: this kernel has no hmac(sha256): leave it out, or run with --dataplane user: no such file or directory"},
		{esp, unix.EPERM, "XFRM state ESP 0x100 to 127.83.0.1: operation not permitted: run as root or give CAP_NET_ADMIN"},
		{esp, unix.EEXIST, "XFRM state ESP 0x100 to 127.83.0.1: file exists"},
	} {
		if err := test.s.describe(test.err); !errors.Is(err, test.err) || err.Error() != test.want {
			t.Errorf("%v becomes %q, want %q", test.err, err, test.want)
		}
	}
	if err := esp.describe(nil); err != nil {
		t.Errorf("no error becomes %v", err)
	}
	if err := withoutXFRM(unix.EPROTONOSUPPORT); err != ErrNoXFRM {
		t.Errorf("a kernel without XFRM: %v", err)
	}
}
