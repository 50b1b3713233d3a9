package commands

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// pingCommand is `ping`.
type pingCommand struct {
	Ping
	To        destination
	Interface string // that the requests leave by; empty: that of the route
	Quiet     bool   // the sums alone
}

// pingDefaults are VRP's.
var pingDefaults = pingCommand{Ping: Ping{Count: 5, Size: 56, Timeout: 2 * time.Second, Interval: 500 * time.Millisecond}}

const (
	mostPings   = 4294967295
	largestPing = 9600
	longestWait = 65535 // milliseconds
)

// Help of options that both ping and tracert have.
const (
	helpSource = "Source address"
	helpWait   = "Wait for a reply"
	helpF      = "Send whole packets (ping), first TTL (tracert)"
	helpM      = "Distance of the requests (ping), last TTL (tracert)"
	helpQ      = "Show the sums alone (ping), probes of each TTL (tracert)"
)

func pingRow() grammar.Row[Config] {
	kw := grammar.Kw[pingCommand]
	option := func(word, help string, value grammar.Element[pingCommand]) grammar.Element[pingCommand] {
		return grammar.Sequence(kw(word, help), value)
	}
	return grammar.Do[Config](0, pingDefaults, kw("ping", "Send echo requests"), grammar.AnyOrder(
		option("-a", helpSource, grammar.Arg(kind.Address(), "Source", func(p *pingCommand) *netip.Addr { return &p.Source })),
		option("-c", "Number of requests", grammar.Arg(kind.Integer(1, mostPings), "Count", func(p *pingCommand) *int { return &p.Count })),
		option("-s", "Octets of data", grammar.Arg(kind.Integer(20, largestPing), "Size", func(p *pingCommand) *int { return &p.Size })),
		option("-t", helpWait, grammar.Arg(kind.Milliseconds(1, longestWait), "Milliseconds", func(p *pingCommand) *time.Duration { return &p.Timeout })),
		option("-m", helpM, grammar.Arg(kind.Milliseconds(1, 10000), "Milliseconds", func(p *pingCommand) *time.Duration { return &p.Interval })),
		option("-h", "Time to live of the requests", grammar.Arg(kind.Integer(1, 255), "TTL", func(p *pingCommand) *int { return &p.TTL })),
		option("-tos", "Type of service of the requests", grammar.Arg(kind.Integer(0, 255), "Type of service", func(p *pingCommand) *int { return &p.TOS })),
		option("-i", "Interface that the requests leave by", grammar.Arg(kind.Interface(), "", func(p *pingCommand) *string { return &p.Interface })),
		grammar.Flag("-f", helpF, func(p *pingCommand) *bool { return &p.NoFragment }),
		grammar.Flag("-q", helpQ, func(p *pingCommand) *bool { return &p.Quiet }),
		vpnInstance[pingCommand](),
	), destinationArg(func(p *pingCommand) *destination { return &p.To }))
}

// vpnInstance names the only routing instance.
func vpnInstance[T any]() grammar.Element[T] {
	return grammar.Path[T]("-vpn-instance", "VPN instance", public, helpPublic)
}

// A destination is what is typed for a host: an address, or the name of one.
type destination struct {
	Addr netip.Addr
	Name string // if it is no address
}

// longestHost is the length of the name of a host: RFC 1123 §2.1.
const longestHost = 255

// destinationArg is the host that a command is about.
func destinationArg[T any](field func(*T) *destination) grammar.Element[T] {
	address := kind.Address()
	return grammar.Arg(grammar.Kind[destination]{
		Hints: address.Hints,
		Read: func(words []string) (destination, int, bool) {
			addr, used, ok := address.Read(words[:1])
			if ok || !isHostName(words[0]) {
				return destination{Addr: addr}, used, ok
			}
			return destination{Name: words[0]}, 1, true
		},
		Write: func(destination) string { return "" }, // it is of no setting
	}, "Host", field)
}

// isHostName reports whether text may be the name of a host and is no address that
// went wrong.
func isHostName(text string) bool {
	if text == "" || len(text) > longestHost || text[0] == '-' || !strings.ContainsFunc(text, isASCIILetter) {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !isASCIILetter(r) && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
	})
}

func isASCIILetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// resolved returns the address, or an error for a name.
func (d destination) resolved() (netip.Addr, error) {
	if d.Name != "" {
		return netip.Addr{}, refuse("Unknown host %s: names are not resolved, give an address.", d.Name)
	}
	return d.Addr, nil
}

// do prints the header at once. If a source or an interface was named, which the box
// may not have, it comes with the first answer, so that an error stands alone.
func (p *pingCommand) do(s *Session) Output {
	var err error
	if p.Host, err = p.To.resolved(); err != nil {
		return s.refused(err)
	}
	if p.Interface != "" {
		if p.Device, err = s.device.Port(p.Interface); err != nil {
			return s.unread(err)
		}
	}
	var first string
	out := Output{Text: pingHeader(p.Ping)}
	if p.Source.IsValid() || p.Device != "" {
		first, out.Text = out.Text, ""
	}
	out.Long = func(ctx context.Context, print func(string)) error { return p.run(ctx, s.device, first, print) }
	return out
}

// run sends the requests. What is to be printed first comes before anything else.
func (p *pingCommand) run(ctx context.Context, device Device, first string, print func(string)) error {
	sum := pingDisplay{Host: p.Host}
	err := device.Ping(ctx, p.Ping, func(r PingReply) {
		sum.add(r)
		if !p.Quiet {
			print(first + pingLine(r))
			first = ""
		}
	})
	if err != nil && ctx.Err() == nil {
		return because(err)
	}
	print(first + sum.text())
	if sum.Received == 0 && ctx.Err() == nil {
		return ErrNoReply
	}
	return nil
}

// ErrNoReply is the error of a ping that nobody has answered. What it printed says so.
var ErrNoReply = errors.New("no reply came")
