package main_test

import (
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"sallyport/platform/netns"
)

// A stranger sends what an attacker on the path can: messages of the tunnel's
// own negotiation again, whole, cut and with octets changed, to both ports,
// from the peer's address and another port. Neither the tunnel nor its traffic
// may notice.
func TestHostileDatagrams(t *testing.T) {
	t.Parallel()
	a, b := twins()
	lab := newTwinLab(t, a.config(plain), b.config(plain))
	ping(t, lab.pcA, hostB, 3)
	eventually(t, "all nine messages are seen", func() bool { return len(lab.wire.messages()) >= 9 })
	before := lab.a.ikeSAs()

	p := startPinging(t, lab.pcA, hostB, 8*time.Second)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	pester(t, lab.b.space, "192.0.2.1", lab.wire.messages(), rand.New(rand.NewPCG(seed, 0)))
	p.finish()
	after := lab.a.ikeSAs()
	for _, row := range before {
		if !containsRow(after, row) {
			t.Errorf("FWA's SAs were %+v and are %+v, want the same ones still ready", before, after)
		}
	}
	if n := lab.a.count("v1:2"); n != 1 {
		t.Errorf("FWA has %d pairs of IPsec SAs, want 1", n)
	}
	lab.wire.nothingInClear(t)
}

func containsRow(rows []ikeRow, want ikeRow) bool {
	for _, row := range rows {
		if row.id == want.id && row.phase == want.phase && row.has("RD") {
			return true
		}
	}
	return false
}

// pester sends variations of the messages to both ports of the victim, as fast
// as they are made.
func pester(t *testing.T, from *netns.Namespace, victim string, messages [][]byte, random *rand.Rand) {
	t.Helper()
	for port, marker := range map[string][]byte{"500": nil, "4500": make([]byte, 4)} {
		var conn net.Conn
		must(t, from.Do(func() (err error) {
			conn, err = net.Dial("udp4", net.JoinHostPort(victim, port))
			return err
		}))
		defer conn.Close()
		for range 100 {
			for _, m := range messages {
				conn.Write(append(marker[:len(marker):len(marker)], vary(m, random)...)) // a refusal that comes back is an error here
			}
		}
	}
}

// vary returns a message whole, cut, with octets changed, or with a random body
// behind its header.
func vary(message []byte, random *rand.Rand) []byte {
	m := append([]byte(nil), message...)
	const header = 28
	switch random.IntN(4) {
	case 0:
		return m
	case 1:
		return m[:random.IntN(len(m))]
	case 2:
		for range 1 + random.IntN(8) {
			m[random.IntN(len(m))] = byte(random.Uint32())
		}
		return m
	}
	for i := header; i < len(m); i++ {
		m[i] = byte(random.Uint32())
	}
	return m
}
