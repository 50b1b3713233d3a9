package commands

import (
	"net/netip"
	"testing"
	"time"
)

// documentedPing is the command reference's example.
const documentedPing = `  PING 172.20.4.10: 56  data bytes, press CTRL_C to break
    Request time out
    Reply from 172.20.4.10: bytes=56 Sequence=2 ttl=254 time=6 ms
  --- 172.20.4.10 ping statistics ---
    2 packet(s) transmitted
    1 packet(s) received
    50.00% packet loss
    round-trip min/avg/max = 6/6/6 ms
`

var pinged = netip.MustParseAddr("172.20.4.10")

// transcript returns all that `ping` prints for these replies.
func transcript(replies ...PingReply) string {
	text := pingHeader(Ping{Host: pinged, Size: 56})
	d := pingDisplay{Host: pinged}
	for _, r := range replies {
		d.add(r)
		text += pingLine(r)
	}
	return text + d.text()
}

func answer(n int, after time.Duration) PingReply {
	return PingReply{Sequence: n, From: pinged, Size: 56, TTL: 254, Time: after}
}

func lost(n int) PingReply { return PingReply{Sequence: n, Lost: true} }

func TestPing(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name, file string
		replies    []PingReply
	}{
		{"stopped before the first", "ping-none", nil},
		{"all lost", "ping-lost", []PingReply{lost(1), lost(2)}},
		{"the first lost while the tunnel comes up", "ping", []PingReply{lost(1), answer(2, 6*ms)}},
		{"several", "ping-several", []PingReply{answer(1, 3*ms), answer(2, 200*time.Microsecond), answer(3, 1250*ms), lost(4)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			golden(t, "display/"+test.file+".txt", transcript(test.replies...))
		})
	}
}

func TestPingIsTheDocumented(t *testing.T) {
	sameText(t, "ping", transcript(lost(1), answer(2, 6*time.Millisecond)), documentedPing)
}

func TestPingDisplayAdd(t *testing.T) {
	d := pingDisplay{Host: pinged}
	for _, r := range []PingReply{lost(1), answer(2, 30), answer(3, 10), answer(4, 20)} {
		d.add(r)
	}
	want := pingDisplay{Host: pinged, Sent: 4, Received: 3, Min: 10, Max: 30, Total: 60}
	if d != want {
		t.Errorf("display = %+v, want %+v", d, want)
	}
	if got := d.loss(); got != 25 {
		t.Errorf("loss() = %v, want 25", got)
	}
}

func TestMilliseconds(t *testing.T) {
	for _, test := range []struct {
		d    time.Duration
		want int64
	}{
		{0, 0},
		{time.Nanosecond, 1},
		{time.Millisecond, 1},
		{time.Millisecond + 1, 2},
		{1250 * time.Millisecond, 1250},
	} {
		if got := milliseconds(test.d); got != test.want {
			t.Errorf("milliseconds(%v) = %d, want %d", test.d, got, test.want)
		}
	}
}
