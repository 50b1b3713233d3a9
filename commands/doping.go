package commands

import (
	"context"
	"net/netip"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// pingCommand is `ping`.
type pingCommand struct{ Ping }

// pingDefaults are VRP's.
var pingDefaults = pingCommand{Ping{Count: 5, Size: 56, Timeout: 2 * time.Second, Interval: 500 * time.Millisecond}}

const (
	mostPings   = 4294967295
	largestPing = 9600
	longestWait = 65535 // milliseconds
)

func pingRow() grammar.Row[Config] {
	kw := grammar.Kw[pingCommand]
	option := func(word, help string, value grammar.Element[pingCommand]) grammar.Element[pingCommand] {
		return grammar.Sequence(kw(word, help), value)
	}
	return grammar.Do[Config](0, pingDefaults, kw("ping", "Send echo requests"), grammar.AnyOrder(
		option("-a", "Source address", grammar.Arg(kind.Address(), "Source", func(p *pingCommand) *netip.Addr { return &p.Source })),
		option("-c", "Number of requests", grammar.Arg(kind.Integer(1, mostPings), "Count", func(p *pingCommand) *int { return &p.Count })),
		option("-s", "Octets of data", grammar.Arg(kind.Integer(20, largestPing), "Size", func(p *pingCommand) *int { return &p.Size })),
		option("-t", "Wait for a reply", grammar.Arg(kind.Milliseconds(1, longestWait), "Milliseconds", func(p *pingCommand) *time.Duration { return &p.Timeout })),
		option("-m", "Distance of the requests", grammar.Arg(kind.Milliseconds(1, 10000), "Milliseconds", func(p *pingCommand) *time.Duration { return &p.Interval })),
	), grammar.Arg(kind.Address(), "Host", func(p *pingCommand) *netip.Addr { return &p.Host }))
}

// do prints the header at once. If a source was named, which the box may not
// have, it comes with the first answer, so that an error stands alone.
func (p *pingCommand) do(s *Session) Output {
	var first string
	out := Output{Text: pingHeader(p.Ping)}
	if p.Source.IsValid() {
		first, out.Text = out.Text, ""
	}
	out.Long = func(ctx context.Context, print func(string)) error {
		sum := pingDisplay{Host: p.Host}
		err := s.device.Ping(ctx, p.Ping, func(r PingReply) {
			sum.add(r)
			print(first + pingLine(r))
			first = ""
		})
		if err != nil && ctx.Err() == nil {
			return refuse("%v.", err)
		}
		print(first + sum.text())
		return nil
	}
	return out
}
