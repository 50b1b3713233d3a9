package tunnel

import (
	"net/netip"
	"testing"

	"sallyport/ipsec"
	"sallyport/ipsec/ipsectest"
	"sallyport/platform/udp"
)

// openForTest opens a real dataplane in the calling thread's namespace, with what
// the IKE loop would do for it: read port 4500.
func openForTest(t testing.TB, _ netip.Addr, notify func(ipsec.Event)) ipsec.Dataplane {
	d, err := Open(Config{Notify: notify})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	socket, err := udp.Config{Port: 4500, Mark: DefaultMark, Bypass: true}.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { socket.Close(); <-ended })
	go func() {
		defer close(ended)
		b := make([]byte, 65535)
		for {
			n, local, remote, err := socket.Read(b)
			if err != nil {
				return
			}
			d.InboundUDP(local, remote, b[:n])
		}
	}()
	return d
}

func TestSuite(t *testing.T) { ipsectest.Suite(t, openForTest) }
