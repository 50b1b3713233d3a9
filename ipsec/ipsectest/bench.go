package ipsectest

import (
	"io"
	"net"
	"net/netip"
	"testing"

	"sallyport/ipsec"
)

// burst is the octets that one iteration of Throughput sends.
const burst = 1 << 20

// Throughput measures TCP from gateway to gateway through a tunnel with one pair of
// algorithms, a MiB an iteration, and reports Mbit/s of what TCP carried. Both
// gateways, the sender and the receiver share the machine.
func Throughput(b *testing.B, open Opener, e ipsec.Encryption, i ipsec.Integrity) {
	l := newLab(b, open, open)
	l.protect()
	l.install(flow{encryption: e, integrity: i})
	from, to := lanA.Addr().Next(), lanB.Addr().Next()
	sender, receiver := l.connection(netip.AddrPortFrom(from, 0), netip.AddrPortFrom(to, echoPort))
	received := make(chan error)
	b.SetBytes(burst)
	b.ResetTimer()
	go func() {
		_, err := io.CopyN(io.Discard, receiver, int64(b.N)*burst)
		received <- err
	}()
	octets := make([]byte, burst)
	for range b.N {
		if _, err := sender.Write(octets); err != nil {
			b.Fatal(err)
		}
	}
	if err := <-received; err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)*burst*8/1e6/b.Elapsed().Seconds(), "Mbit/s")
}

// connection returns the two ends of a TCP connection from gateway A to B.
func (l *lab) connection(from, to netip.AddrPort) (a, b net.Conn) {
	l.Helper()
	var listener net.Listener
	err := l.b.namespace.Do(func() (err error) {
		listener, err = net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(to))
		return err
	})
	if err != nil {
		l.Fatal(err)
	}
	defer listener.Close()
	err = l.a.namespace.Do(func() (err error) {
		a, err = net.DialTCP("tcp4", net.TCPAddrFromAddrPort(from), net.TCPAddrFromAddrPort(to))
		return err
	})
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { a.Close() })
	if b, err = listener.Accept(); err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { b.Close() })
	return a, b
}
