package commands

import (
	"fmt"
	"net/netip"
	"time"
)

// pingHeader returns the first line of `ping`.
func pingHeader(p Ping) string {
	return fmt.Sprintf("  PING %v: %d  data bytes, press CTRL_C to break\n", p.Host, p.Size)
}

// pingLine returns the line for one reply or loss.
func pingLine(r PingReply) string {
	if r.Lost {
		return "    Request time out\n"
	}
	return fmt.Sprintf("    Reply from %v: bytes=%d Sequence=%d ttl=%d time=%d ms\n",
		r.From, r.Size, r.Sequence, r.TTL, milliseconds(r.Time))
}

// A pingDisplay is the summary of `ping`. It is filled by add.
type pingDisplay struct {
	Host     netip.Addr    `json:"host"`
	Sent     int           `json:"transmitted"`
	Received int           `json:"received"`
	Min      time.Duration `json:"min_nanoseconds"`
	Max      time.Duration `json:"max_nanoseconds"`
	Total    time.Duration `json:"total_nanoseconds"` // of all replies: Received times the average
}

// add counts one reply or loss.
func (d *pingDisplay) add(r PingReply) {
	d.Sent++
	if r.Lost {
		return
	}
	d.Received++
	d.Total += r.Time
	d.Max = max(d.Max, r.Time)
	if d.Received == 1 || r.Time < d.Min {
		d.Min = r.Time
	}
}

// loss returns the percentage of requests without a reply.
func (d pingDisplay) loss() float64 {
	return 100 * float64(d.Sent-d.Received) / float64(max(d.Sent, 1))
}

// text prints the summary, the round-trip times only if there are any.
func (d pingDisplay) text() string {
	var p page
	p.addf("  --- %v ping statistics ---", d.Host)
	p.addf("    %d packet(s) transmitted", d.Sent)
	p.addf("    %d packet(s) received", d.Received)
	p.addf("    %.2f%% packet loss", d.loss())
	if d.Received > 0 {
		p.addf("    round-trip min/avg/max = %d/%d/%d ms", milliseconds(d.Min),
			milliseconds(d.Total/time.Duration(d.Received)), milliseconds(d.Max))
	}
	return p.text()
}

// milliseconds rounds up, as no reply takes no time.
func milliseconds(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}
