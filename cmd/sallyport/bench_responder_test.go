package main_test

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/ike"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
	"sallyport/platform/netns/strongswan"
)

// A benchEnd is an engine with the processor time that it has used, its
// Diffie-Hellman work included.
type benchEnd struct {
	engine *ike.Engine
	cpu    time.Duration
	sas    int // installed
}

// step feeds the engine and does what it wants, except sending.
func (e *benchEnd) step(now time.Time, in ike.Input) (sends []ike.Send) {
	began := threadCPU()
	for inputs := []ike.Input{in}; len(inputs) > 0; inputs = inputs[1:] {
		for _, out := range e.engine.Step(now, inputs[0]) {
			switch out := out.(type) {
			case ike.Send:
				sends = append(sends, out)
			case ike.Compute:
				inputs = append(inputs, ike.Computed{Job: out.Job, Result: out.Work.Do()})
			case ike.InstallSA:
				e.sas++
			}
		}
	}
	e.cpu += threadCPU() - began
	return sends
}

// threadCPU returns the processor time of the calling thread.
func threadCPU() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}

// negotiate lets initiator acquire and hands datagrams to and fro until there
// are none.
func negotiate(now time.Time, initiator, responder *benchEnd, in ike.Acquire) {
	sends, to := initiator.step(now, in), responder
	for len(sends) > 0 {
		var answers []ike.Send
		for _, s := range sends {
			answers = append(answers, to.step(now, ike.Datagram{Local: s.Remote, Remote: s.Local, Octets: s.Octets})...)
		}
		sends = answers
		if to == responder {
			to = initiator
		} else {
			to = responder
		}
	}
}

var responderAddr = netip.MustParseAddr("192.0.2.2")

// initiatorAddr is the address of the n-th initiator, and flow the network
// behind it.
func initiatorAddr(n int) netip.Addr {
	return netip.AddrFrom4([4]byte(be32(172<<24 | 16<<16 | uint32(n))))
}

func flow(n int) acl.Wildcard { return acl.Wildcard{Addr: 10<<24 | uint32(n), Care: ^uint32(0)} }

func be32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

var behindResponder = acl.Wildcard{Addr: 192<<24 | 168<<16, Care: 0xffff0000}

// benchPolicy is one tunnel, seen from the local end.
func benchPolicy(n int, local, remote netip.Addr, from, to acl.Wildcard) *ike.Policy {
	return &ike.Policy{
		Policy: ipsec.Policy{
			ID:     ipsec.PolicyID{Interface: "wan", Name: "p", Sequence: uint32(n + 1)},
			Device: "wan", Local: local, Remote: remote, Window: 64,
			ACL: &acl.ACL{Number: 3000, Step: 5, Rules: []acl.Rule{{ID: 5, Action: acl.Permit, Source: from, Destination: to}}},
		},
		Peer:      &ike.Peer{Name: fmt.Sprint("peer", n), Key: secret.Octets(interopKey), Remote: remote, V1Only: true},
		Proposals: []*ipsec.Proposal{{Name: "a", Encryptions: []ipsec.Encryption{ipsec.AES128}, Integrities: []ipsec.Integrity{ipsec.SHA1}}},
		Lifetime:  ipsec.Lifetime{Duration: time.Hour},
	}
}

func benchEngine(group wire.Group, policies ...*ike.Policy) *benchEnd {
	proposal := &ike.Proposal{
		Number: 10, Method: wire.AuthPSK, Encryptions: []keymat.Cipher{{Algorithm: wire.EncAES, KeyBits: 128}},
		Hashes: []wire.HashAlgorithm{wire.HashSHA1}, Group: group, Lifetime: 24 * time.Hour,
	}
	return &benchEnd{engine: ike.New(&ike.Config{Proposals: []*ike.Proposal{proposal}, Policies: policies}, rand.Reader)}
}

// BenchmarkResponder negotiates one main mode and one quick mode without PFS
// for each of many peers, AES-128 and SHA1. ns/op is the time of both ends;
// cpu-ns/op is the processor time of the responder alone, Diffie-Hellman
// included, sockets and dataplane not; B/tunnel is what the responder holds
// for each tunnel afterwards.
func BenchmarkResponder(b *testing.B) {
	for _, group := range []struct {
		number wire.Group
		swan   string
	}{{wire.Group14, "aes128-sha1-modp2048"}, {wire.Group19, "aes128-sha1-ecp256"}} {
		b.Run(fmt.Sprintf("group%d", group.number), func(b *testing.B) {
			once(b, func() { swanResponder(b, group.swan) })
			benchResponder(b, group.number)
		})
	}
}

func benchResponder(b *testing.B, group wire.Group) {
	runtime.LockOSThread() // threadCPU is the thread's
	defer runtime.UnlockOSThread()
	var policies []*ike.Policy
	for n := range b.N {
		policies = append(policies, benchPolicy(n, responderAddr, initiatorAddr(n), behindResponder, flow(n)))
	}
	responder, now := benchEngine(group, policies...), time.Unix(1_800_000_000, 0)
	before := heap()
	for n := range b.N {
		policy := benchPolicy(0, initiatorAddr(n), responderAddr, flow(n), behindResponder)
		negotiate(now, benchEngine(group, policy), responder, ike.Acquire{Policy: policy.ID, Rule: 5})
		now = now.Add(100 * time.Millisecond)
	}
	b.StopTimer()
	spent := responder.cpu
	for range 180 { // seconds, until nothing has to be repeated any more
		now = now.Add(time.Second)
		responder.step(now, ike.Tick{})
	}
	if responder.sas != 2*b.N {
		b.Fatalf("the responder has %d SAs, want %d", responder.sas, 2*b.N)
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(heap()-before)/float64(b.N), "B/tunnel")
	runtime.KeepAlive(responder)
}

// heap returns the octets in use, after a collection.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// swanResponder prints what the same costs strongSwan; here the sockets and
// the delete that makes room for the next one are included.
func swanResponder(b *testing.B, ike string) {
	left, right := newSpace(b), newSpace(b)
	cable(b, left, "wan", right, "wan")
	address(b, left, "wan", "192.0.2.1/24")
	address(b, right, "wan", "192.0.2.2/24")
	address(b, left, "lo", hostA+"/32")
	address(b, right, "lo", hostB+"/32")
	c := swanConnection(ike, "aes128-sha1")
	c.Quiet = true
	responder := strongswan.Start(b, right, c)
	c.Local, c.Remote, c.LocalTS, c.RemoteTS = c.Remote, c.Local, c.RemoteTS, c.LocalTS
	initiator := strongswan.Start(b, left, c)

	const rounds = 30
	before := processCPU(b, responder.PID())
	for range rounds {
		must(b, initiator.Initiate())
		must(b, initiator.TerminateIKE())
	}
	peerFigure(b, float64((processCPU(b, responder.PID())-before).Nanoseconds())/rounds, "cpu-ns/op")
	responder.Stop()
	initiator.Stop()
}
