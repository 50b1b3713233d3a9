package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
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
	ports     ports
	trace     bool
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
	log := newLogbook(s.err, set.trace)
	defer log.close()
	if err := shell.Prepare(); err != nil {
		log.say("terminals have a simpler line editor: %v", err)
	}
	return live(ctx, set, log)
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
	flags.StringVar(&set.dataplane, "dataplane", "auto", "auto, `kernel or user`")
	flags.Var(&set.ports, "port", "`NAME=DEVICE`, such as GigabitEthernet0/0/2=eth1; may be repeated")
	flags.StringVar(&portsFile, "ports", "", "`FILE` with such lines")
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

// errNoKernel answers who asks for the kernel's dataplane.
var errNoKernel = errors.New("--dataplane kernel: this build has only the userspace dataplane; use --dataplane user, or auto")

// checkDataplane refuses what this build has not.
func checkDataplane(name string) error {
	switch name {
	case "auto", "user":
		return nil
	case "kernel":
		return errNoKernel
	}
	return usageError{fmt.Sprintf("run: --dataplane %s: want auto, kernel or user", name)}
}

// startup returns the file that the configuration comes from and is saved to.
func (s settings) startup() string {
	if s.config != "" {
		return s.config
	}
	return filepath.Join(s.state, savedFile)
}

// live builds the gateway, waits for its end and takes it down again.
func live(ctx context.Context, set settings, log *logbook) (err error) {
	g := &gateway{settings: set, log: log}
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
	return g.wait(ctx)
}
