package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"

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
// compilers do, and returns how many there are. Weak choices are written as warnings
// among them. Sealed secrets are taken as they are, since the key is with the gateway,
// and so are interfaces.
func check(w io.Writer, path, text string) int {
	var told []checked
	script := commands.Script{File: path, Text: text, Warn: func(w commands.LineWarning) {
		told = append(told, checked{w.Line, w.String()})
	}}
	_, faults := commands.Replay(commands.New(), script)
	for _, fault := range faults {
		told = append(told, checked{cmp.Or(fault.Line, math.MaxInt), fault.Error()})
	}
	slices.SortStableFunc(told, func(a, b checked) int { return cmp.Compare(a.line, b.line) })
	for _, t := range told {
		fmt.Fprintln(w, t.text)
	}
	return len(faults)
}

// checked is what there is to say of a line.
type checked struct {
	line int
	text string
}
