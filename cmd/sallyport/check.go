package main

import (
	"flag"
	"fmt"
	"io"

	"sallyport/commands"
	"sallyport/platform/store"
)

// runCheck checks configuration files without a gateway.
func runCheck(s streams, args []string) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	if err := parse(flags, s, args, len(args)); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return usageError{"check: which files?"}
	}
	faults := 0
	for _, path := range flags.Args() {
		text, err := store.Read(path)
		if err != nil {
			return fmt.Errorf("%w: name configuration files that can be read", err)
		}
		faults += check(s.out, path, string(text))
	}
	if faults > 0 {
		return errSilent
	}
	return nil
}

// check writes what is wrong with a configuration, one line for each fault as
// compilers do, and returns how many there are. Sealed secrets are taken as they
// are, since the key is with the gateway, and so are interfaces.
func check(w io.Writer, path, text string) int {
	_, faults := commands.Replay(commands.New(), commands.Script{File: path, Text: text})
	for _, fault := range faults {
		fmt.Fprintln(w, fault)
	}
	return len(faults)
}
