package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"

	"golang.org/x/sys/unix"

	"sallyport/platform/netns"
)

// insideVariable tells the demo that it runs in a user namespace of its own.
const insideVariable = "SALLYPORT_DEMO_INSIDE"

// runDemo shows the seed scenario: two sites, two gateways, and a ping between
// them that is seen on the cable as ESP only.
func runDemo(s streams, args []string) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	keep := flags.Bool("keep", false, "leave it up until Ctrl-C")
	if err := parse(flags, s, args, 0); err != nil {
		return err
	}
	ctx, restore := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	defer restore()
	if os.Geteuid() != 0 && os.Getenv(insideVariable) == "" {
		return demoUnprivileged(ctx, s, args)
	}
	signal.Ignore(unix.SIGPIPE) // `sallyport demo | head` must clean up, too
	err := demo(ctx, s.out, *keep)
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// demoUnprivileged runs the demo as root of a user namespace. Its exit code is
// that of the program inside.
func demoUnprivileged(ctx context.Context, s streams, args []string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	inside := exec.CommandContext(ctx, program, append([]string{"demo"}, args...)...)
	inside.Cancel = func() error { return inside.Process.Signal(unix.SIGTERM) }
	inside.Env = append(os.Environ(), insideVariable+"=1")
	inside.Stdin, inside.Stdout, inside.Stderr = s.in, s.out, s.err
	netns.Unprivileged(inside)
	if err := inside.Start(); err != nil {
		return fmt.Errorf("the demo needs root, or user namespaces, which this system does not allow (%w): sudo sallyport demo", err)
	}
	if inside.Wait() != nil {
		return errSilent // it has said why
	}
	return nil
}

// demo lays the cables, runs the gateways, pings, and judges what was seen.
func demo(ctx context.Context, out io.Writer, keep bool) (err error) {
	l := &lab{out: &lineWriter{out: out}}
	defer func() { err = errors.Join(err, l.close()) }()
	if err := l.build(); err != nil {
		return err
	}
	if err := l.boot(ctx); err != nil {
		return err
	}
	verdict := l.prove(ctx)
	if verdict != nil && ctx.Err() == nil {
		l.complain()
	}
	if keep && ctx.Err() == nil {
		l.kept.Store(true)
		l.explain()
		<-ctx.Done()
	}
	return verdict
}
