package commands

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// tracertCommand is `tracert`.
type tracertCommand struct {
	Trace
	To destination
}

// tracertDefaults are VRP's.
var tracertDefaults = tracertCommand{Trace: Trace{First: 1, Last: 30, Probes: 3, Port: 33434, Timeout: 5 * time.Second}}

func tracertRow() grammar.Row[Config] {
	kw := grammar.Kw[tracertCommand]
	option := func(word, help string, value grammar.Element[tracertCommand]) grammar.Element[tracertCommand] {
		return grammar.Sequence(kw(word, help), value)
	}
	return grammar.Do[Config](0, tracertDefaults, kw("tracert", "Trace the route to a host"), grammar.AnyOrder(
		option("-a", helpSource, grammar.Arg(kind.Address(), "Source", func(t *tracertCommand) *netip.Addr { return &t.Source })),
		option("-f", helpF, grammar.Arg(kind.Integer(1, 255), "TTL", func(t *tracertCommand) *int { return &t.First })),
		option("-m", helpM, grammar.Arg(kind.Integer(1, 255), "TTL", func(t *tracertCommand) *int { return &t.Last })),
		option("-q", helpQ, grammar.Arg(kind.Integer(1, 65535), "Count", func(t *tracertCommand) *int { return &t.Probes })),
		option("-p", "Port of the first probe", grammar.Arg(kind.Integer(1, 65535), "Port", func(t *tracertCommand) *int { return &t.Port })),
		option("-w", helpWait, grammar.Arg(kind.Milliseconds(1, longestWait), "Milliseconds", func(t *tracertCommand) *time.Duration { return &t.Timeout })),
		vpnInstance[tracertCommand](),
	), destinationArg(func(t *tracertCommand) *destination { return &t.To }))
}

// do prints a line for each TTL when all its probes are answered or lost. As with
// ping, the header waits if a source was named.
func (t *tracertCommand) do(s *Session) Output {
	var err error
	if t.Host, err = t.To.resolved(); err != nil {
		return s.refused(err)
	}
	if t.First > t.Last {
		return s.refused(refuse("The first time to live is larger than the last."))
	}
	var first string
	out := Output{Text: tracertHeader(t.Trace)}
	if t.Source.IsValid() {
		first, out.Text = out.Text, ""
	}
	out.Long = func(ctx context.Context, print func(string)) error {
		var hops []Hop
		err := s.device.Trace(ctx, t.Trace, func(h Hop) {
			if hops = append(hops, h); len(hops) == t.Probes {
				print(first + tracertLine(hops))
				first, hops = "", nil
			}
		})
		if len(hops) > 0 { // it was stopped
			print(first + tracertLine(hops))
		}
		if err != nil && ctx.Err() == nil {
			return because(err)
		}
		return nil
	}
	return out
}

// tracertHeader returns the first line of `tracert`.
func tracertHeader(t Trace) string {
	return fmt.Sprintf(" traceroute to  %v(%v), max hops: %d ,packet length: 40,press CTRL_C to break\n", t.Host, t.Host, t.Last)
}

// tracertLine returns the line for the probes of one TTL. Who answers stands before
// his first answer.
func tracertLine(hops []Hop) string {
	var b strings.Builder
	fmt.Fprintf(&b, " %d", hops[0].TTL)
	var last netip.Addr
	for i, h := range hops {
		switch {
		case h.Lost:
			b.WriteString("  *")
			continue
		case h.From != last && i == 0:
			fmt.Fprintf(&b, " %v", h.From)
		case h.From != last:
			fmt.Fprintf(&b, "  %v", h.From)
		default:
			b.WriteString(" ")
		}
		last = h.From
		fmt.Fprintf(&b, " %d ms", milliseconds(h.Time))
		if h.Mark != "" {
			b.WriteString(" " + h.Mark)
		}
	}
	b.WriteString("\n")
	return b.String()
}
