// Command sallyport is an IKEv1 and IPsec gateway with a command line in the
// manner of Huawei's VRP. This package wires the rooms together and holds no
// logic of their own: flags, signals, the device that the commands act on, the
// console's socket, the words of the log, and the demo.
//
// Start at [commandLine]; `sallyport run` is in run.go.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// A streams is where a sub-command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// A subcommand is one thing that the program does.
type subcommand struct {
	name, arguments, text string
	run                   func(s streams, args []string) error
}

// subcommands lists them in the order of the usage text.
func subcommands() []subcommand {
	return []subcommand{
		{"run", "--config FILE --state DIR", "be the gateway until SIGTERM or Ctrl-C", runGateway},
		{"console", "[--state DIR]", "attach to the running gateway", runConsole},
		{"check", "FILE…", "check configurations without a gateway", runCheck},
		{"commands", "", "print the command reference", runCommands},
		{"convert", "--from ios FILE", "print another box's configuration in our words", runConvert},
		{"demo", "[--keep]", "two gateways in network namespaces, and a ping through IPsec", runDemo},
		{"version", "", "say what this is", runVersion},
	}
}

// A usageError is a command line that makes no sense; the program exits with 2.
type usageError struct{ text string }

// Error returns one line for the user, the way out included.
func (e usageError) Error() string { return e.text }

// errSilent ends the program with 1 when all is said already.
var errSilent = errors.New("refused")

func main() {
	os.Exit(commandLine(streams{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:]))
}

// commandLine runs what args ask for and returns the program's exit code.
func commandLine(s streams, args []string) int {
	err := dispatch(s, args)
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errSilent):
		return 1
	case errors.As(err, &usage):
		fmt.Fprintln(s.err, "sallyport:", err)
		return 2
	}
	fmt.Fprintln(s.err, "sallyport:", err)
	return 1
}

// dispatch finds the sub-command and runs it.
func dispatch(s streams, args []string) error {
	if len(args) == 0 {
		printUsage(s.err)
		return usageError{"which of these?"}
	}
	for _, c := range subcommands() {
		if c.name == args[0] {
			return c.run(s, args[1:])
		}
	}
	printUsage(s.err)
	if help := args[0]; help == "help" || help == "-h" || help == "--help" {
		return nil
	}
	return usageError{fmt.Sprintf("there is no %q", args[0])}
}

// printUsage lists the sub-commands.
func printUsage(w io.Writer) {
	fmt.Fprintln(w, "usage:")
	for _, c := range subcommands() {
		fmt.Fprintf(w, "  sallyport %-33s %s\n", c.name+" "+c.arguments, c.text)
	}
}

// parse reads a sub-command's flags and refuses more than max arguments after
// them. What is wrong is left to the caller to print, in one line.
func parse(flags *flag.FlagSet, s streams, args []string, max int) error {
	flags.SetOutput(io.Discard) // package flag would print the error, and the usage behind it
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(s.err)
		flags.Usage()
		return err
	}
	if err != nil {
		return usageError{fmt.Sprintf("%s: %v: see `sallyport %s --help`", flags.Name(), err, flags.Name())}
	}
	if flags.NArg() > max {
		return usageError{fmt.Sprintf("%s: what is %q?", flags.Name(), flags.Arg(max))}
	}
	return nil
}
