package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/platform/store"
	"sallyport/shell"
)

// endPatience is how long an orderly end may take.
const endPatience = 3 * time.Second

// settings are what `sallyport run` is told.
type settings struct {
	config    string // start-up file; empty: the saved configuration in state
	state     string
	dataplane string
	keepSAs   bool
	ports     ports
	trace     bool
	console   bool         // be the console too:
	attend    func() error // until it returns; nil: no
}

// runGateway is the gateway, until a signal ends it.
func runGateway(s streams, args []string) error {
	set, err := readSettings(s, args)
	if err != nil {
		return err
	}
	if err := harden(); err != nil {
		return err
	}
	lock, err := store.Lock(set.state)
	if err != nil {
		return fmt.Errorf("%w%s", err, stateAdvice(err))
	}
	defer lock.Close()
	if err := ownerOnly(set.state); err != nil {
		return err
	}
	ctx, restore := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	defer restore()
	signal.Ignore(unix.SIGPIPE) // a log that nobody reads any more must not end the gateway
	out := &mutable{Writer: s.err}
	log := newLogbook(out, set.trace)
	defer log.close()
	if err := shell.Prepare(); err != nil {
		log.say("terminals have a simpler line editor: %v", err)
	}
	if set.console {
		set.attend = func() error { return attend(set.state, s, out) }
	}
	return live(ctx, set, log)
}

// A mutable is the log's output, which is silent while a console is on the same
// terminal: that is shown the log by its session.
type mutable struct {
	io.Writer
	mute atomic.Bool
}

// Write writes, unless muted.
func (m *mutable) Write(p []byte) (int, error) {
	if m.mute.Load() {
		return len(p), nil
	}
	return m.Writer.Write(p)
}

// attend is the console of our own gateway, until it ends.
func attend(state string, s streams, log *mutable) error {
	terminal := terminalOf(s)
	if terminal != nil {
		terminal.shared = true
	}
	log.mute.Store(true)
	defer log.mute.Store(false)
	return attachTo(state, s, terminal)
}

// stateAdvice says what to do when the state folder cannot be made or used.
func stateAdvice(err error) string {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return ": be its owner (or root), or take another folder with --state"
	case errors.As(err, &path):
		return ": take another folder with --state"
	}
	return "" // it says itself which process has the folder
}

// readSettings reads the flags.
func readSettings(s streams, args []string) (settings, error) {
	var set settings
	var portsFile string
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.StringVar(&set.config, "config", "", "start-up `FILE`, which save also writes (default: vrpcfg.cfg in the state folder)")
	flags.StringVar(&set.state, "state", defaultState, "`DIR` for the saved configuration, the key of sealed secrets and the console's socket")
	flags.StringVar(&set.dataplane, "dataplane", "auto", "`WHICH` protects the traffic: kernel, user, or auto for the kernel if it can")
	flags.BoolVar(&set.keepSAs, "keep-sas", false, "at the end leave the kernel's SAs, policies, addresses and routes as they are, for a successor")
	flags.Var(&set.ports, "port", "`NAME=DEVICE`, such as GigabitEthernet0/0/2=eth1; may be repeated")
	flags.StringVar(&portsFile, "ports", "", "`FILE` with such lines")
	flags.BoolVar(&set.console, "console", false, "be the console on this terminal too; its end is the gateway's")
	flags.BoolVar(&set.trace, "trace", false, "log every IKE message")
	if err := parse(flags, s, args, 0); err != nil {
		return set, err
	}
	if portsFile != "" {
		if err := set.ports.read(portsFile); err != nil {
			return set, err
		}
	}
	return set, checkDataplane(set.dataplane)
}

// checkDataplane refuses what is none of the two.
func checkDataplane(name string) error {
	switch name {
	case "auto", "user", "kernel":
		return nil
	}
	return usageError{fmt.Sprintf("run: --dataplane %s: want auto, kernel or user", name)}
}

// live builds the gateway, waits for its end and takes it down again.
func live(ctx context.Context, set settings, log *logbook) (err error) {
	g := &gateway{settings: set, log: log}
	var own ownConsole
	defer own.wait() // after the gateway has closed it
	defer func() {
		late := time.AfterFunc(endPatience, func() {
			fmt.Fprintln(os.Stderr, "sallyport: something does not end; leaving it")
			os.Exit(1)
		})
		defer late.Stop()
		err = errors.Join(err, g.close())
	}()
	if err := g.open(); err != nil {
		return err
	}
	if err := g.start(); err != nil {
		return err
	}
	return g.wait(own.begin(ctx, set.attend))
}

// An ownConsole is the console that the gateway itself is, if it is.
type ownConsole struct{ done chan struct{} }

// begin has the console run. Its end ends what it returns.
func (c *ownConsole) begin(ctx context.Context, attend func() error) context.Context {
	if attend == nil {
		return ctx
	}
	ctx, leave := context.WithCancel(ctx)
	c.done = make(chan struct{})
	go func() {
		defer close(c.done)
		defer leave()
		_ = attend() // it ends with the user's quit, or because the gateway does
	}()
	return ctx
}

// wait returns when the terminal is as it was before.
func (c *ownConsole) wait() {
	if c.done != nil {
		<-c.done
	}
}
