package main_test

import (
	"io"
	"net"
	"testing"
	"time"

	"sallyport/platform/netns/strongswan"
)

// gcm is the suite of BenchmarkTCP.
var gcm = suite{ike: "aes-128 sha1 group14", esp: "aes-128-gcm-128"}

// BenchmarkTCP sends 1 MiB an operation over one TCP connection between the
// hosts behind two gateways, AES-128-GCM. cpu-ns/op is the processor time of
// both gateways.
func BenchmarkTCP(b *testing.B) {
	once(b, func() { swanTCP(b) })
	a, peer := twins()
	lab := newTwinLab(b, a.config(gcm), peer.config(gcm))
	client, server := dial(b, lab.pcA, lab.pcB, hostB+":5001")
	before := lab.cpu(b)
	b.SetBytes(1 << 20)
	b.ResetTimer()
	took := stream(b, client, server, b.N)
	b.StopTimer()
	b.ReportMetric(megabits(b.N, took), "Mbit/s")
	b.ReportMetric(float64((lab.cpu(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// stream sends n MiB and returns when all have been read.
func stream(t testing.TB, client, server *net.TCPConn, n int) time.Duration {
	t.Helper()
	began, failed := time.Now(), make(chan error, 1)
	go func() {
		block := make([]byte, 1<<20)
		for range n {
			if _, err := client.Write(block); err != nil {
				failed <- err
				return
			}
		}
		failed <- client.CloseWrite()
	}()
	got, err := io.Copy(io.Discard, onlyReader{server})
	must(t, err)
	must(t, <-failed)
	if want := int64(n) << 20; got != want {
		t.Fatalf("%d octets arrived, want %d", got, want)
	}
	return time.Since(began)
}

// onlyReader keeps io.Copy from looking for short cuts.
type onlyReader struct{ io.Reader }

func megabits(mebibytes int, took time.Duration) float64 {
	return float64(mebibytes) * (1 << 23) / 1e6 / took.Seconds()
}

// swanTCP prints what the same costs between two strongSwans.
func swanTCP(b *testing.B) {
	left, right := newSpace(b), newSpace(b)
	pcA, pcB := newHost(b, left, hostA+"/24", "10.1.0.254"), newHost(b, right, hostB+"/24", "10.2.0.254")
	cable(b, left, "wan", right, "wan")
	address(b, left, "lan", "10.1.0.254/24")
	address(b, left, "wan", "192.0.2.1/24")
	address(b, right, "lan", "10.2.0.254/24")
	address(b, right, "wan", "192.0.2.2/24")
	must(b, left.Forward())
	must(b, right.Forward())
	c := swanConnection("aes128-sha1-modp2048", "aes128gcm16")
	c.Quiet = true
	responder := strongswan.Start(b, right, c)
	c.Local, c.Remote, c.LocalTS, c.RemoteTS = c.Remote, c.Local, c.RemoteTS, c.LocalTS
	initiator := strongswan.Start(b, left, c)
	must(b, initiator.Initiate())

	const mebibytes = 128
	client, server := dial(b, pcA, pcB, hostB+":5001")
	cpu := func() time.Duration { return processCPU(b, initiator.PID()) + processCPU(b, responder.PID()) }
	before := cpu()
	took := stream(b, client, server, mebibytes)
	peerFigure(b, megabits(mebibytes, took), "Mbit/s")
	peerFigure(b, float64((cpu()-before).Nanoseconds())/mebibytes, "cpu-ns/op")
	initiator.Stop()
	responder.Stop()
}
