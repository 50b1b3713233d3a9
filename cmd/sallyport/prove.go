package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"sallyport/commands"
	"sallyport/platform/netns"
)

// A lineWriter lets several goroutines write whole texts. Two gateways' logs
// come over two pipes, so their lines are held, each with its time in front, and
// put in order when something else is written.
type lineWriter struct {
	mu   sync.Mutex
	out  io.Writer
	held []string
	mute bool // held lines are dropped
}

// printf writes what is held, and then the text.
func (w *lineWriter) printf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.held)
	for _, line := range w.held {
		_, _ = fmt.Fprintln(w.out, line) // a demo that nobody watches still has an exit code
	}
	w.held = nil
	_, _ = fmt.Fprintf(w.out, format, args...)
}

// hold keeps a line until the next printf.
func (w *lineWriter) hold(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.mute {
		w.held = append(w.held, line)
	}
}

// silence drops what is held from now on.
func (w *lineWriter) silence() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mute, w.held = true, nil
}

// overheard turns a gateway's log line about a message that it sent into a line
// of the demo's, and reports false for any other.
func overheard(name, line string) (string, bool) {
	const clock, verb, rest, fields = 1, 2, 5, 6 // date, clock, verb, local, remote, rest
	field := strings.SplitN(line, " ", fields)
	if len(field) < fields || field[verb] != "send" && field[verb] != "repeat" {
		return "", false
	}
	other := map[string]string{"FW_A": "FW_B", "FW_B": "FW_A"}[name]
	return fmt.Sprintf("  %s %s > %s  %s", field[clock], name, other, field[rest]), true
}

// prove pings through the tunnel, shows the SAs on both ends, and judges.
func (l *lab) prove(ctx context.Context) error {
	received, err := l.ping(ctx)
	if err != nil {
		return err
	}
	for _, s := range []*site{l.a, l.b} {
		if err := l.display(s, "display ike sa", "display ipsec sa brief"); err != nil {
			return err
		}
	}
	return l.judge(received, l.witness.close())
}

// A pinger is PC_A as far as the command `ping` needs a box.
type pinger struct {
	commands.Device
	space    *netns.Namespace
	received int
}

// Ping pings from inside the PC's namespace.
func (p *pinger) Ping(ctx context.Context, request commands.Ping, reply func(commands.PingReply)) error {
	return p.space.Do(func() error {
		return ping(ctx, request, func(r commands.PingReply) {
			if !r.Lost {
				p.received++
			}
			reply(r)
		})
	})
}

// ping pings PC_B from PC_A and returns how many replies came.
func (l *lab) ping(ctx context.Context) (received int, err error) {
	pc := &pinger{space: l.a.pc}
	session := commands.NewSession(pc, commands.NewRunning(commands.New()), commands.Options{})
	line := fmt.Sprintf("ping %v", l.b.host().Addr())
	l.out.printf("<PC_A>%s\n", line)
	out := session.Exec(ctx, line)
	l.out.printf("%s", out.Text)
	if out.Err != nil || out.Long == nil {
		return 0, fmt.Errorf("%s: %w", line, out.Err)
	}
	err = out.Long(ctx, func(text string) {
		if pc.received == 1 { // the log has another way to here than the reply
			l.a.gateway.settle()
			l.b.gateway.settle()
		}
		l.out.printf("%s", text)
	})
	if errors.Is(err, commands.ErrNoReply) {
		err = nil // what was seen on the cable says more
	}
	return pc.received, err
}

// display shows displays of a gateway, as its console prints them.
func (l *lab) display(s *site, lines ...string) error {
	for _, line := range lines {
		text, err := s.gateway.ask(line)
		l.out.printf("\n<%s>%s\n%s", s.gateway.name, line, text)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", s.gateway.name, line, err)
		}
	}
	return nil
}

// judge says what was seen on the cable, and whether it is what was promised:
// every reply needs an ESP packet each way, and nothing may pass in clear.
func (l *lab) judge(received int, seen sightings) error {
	l.out.printf("\nOn the cable between the gateways: %v\n", seen)
	var faults []error
	if received == 0 {
		faults = append(faults, errors.New("PC_B did not answer"))
	}
	if seen.espAB < received || seen.espBA < received {
		faults = append(faults, fmt.Errorf("%d replies need as many ESP packets in each direction", received))
	}
	if seen.clear > 0 {
		faults = append(faults, fmt.Errorf("%d packets between the PCs went in clear", seen.clear))
	}
	if len(faults) == 0 {
		l.out.printf("The ping came through IPsec.\n")
	}
	return errors.Join(faults...)
}

// complain shows the gateways' logs and what they know of failures.
func (l *lab) complain() {
	for _, s := range []*site{l.a, l.b} {
		text, _ := s.gateway.ask("display ike error-info") // it may be the gateway that has failed
		l.out.printf("\n%s's log:\n%s\n%s", s.gateway.name, s.gateway.lines(), text)
	}
}

// explain says how to get at what is kept up.
func (l *lab) explain() {
	program, err := os.Executable()
	if err != nil {
		program = "sallyport"
	}
	enter := ""
	if os.Getenv(insideVariable) != "" {
		enter = fmt.Sprintf("nsenter -t %d -U --preserve-credentials ", os.Getpid())
	}
	l.out.printf("\nIt stays up until Ctrl-C. Consoles, and a shell on PC_A:\n")
	for _, s := range []*site{l.a, l.b} {
		l.out.printf("  %s%s console --state %s\n", enter, program, s.statedir)
	}
	l.out.printf("  %snsenter --net=%s\n", enter, l.a.pc.Path())
}
