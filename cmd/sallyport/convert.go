package main

import (
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"strings"

	"sallyport/commands"
)

// renames are `--interface IOS=OURS`, repeated.
type renames map[string]string

// String is for package flag.
func (r renames) String() string { return "" }

// Set adds one.
func (r renames) Set(text string) error {
	theirs, ours, ok := strings.Cut(text, "=")
	if !ok || theirs == "" || ours == "" {
		return fmt.Errorf("%q is not of the form IOS=OURS, such as FastEthernet0/0=GigabitEthernet0/0/1", text)
	}
	r[strings.ToLower(theirs)] = ours
	return nil
}

// runConvert prints the configuration that a file of another box's lines stands
// for, keys in clear as they were, with the lines that could not be taken as
// comments before it.
func runConvert(s streams, args []string) error {
	names := renames{}
	flags := flag.NewFlagSet("convert", flag.ContinueOnError)
	from := flags.String("from", "ios", "whose lines they are: `ios`, Cisco's")
	flags.Var(names, "interface", "`IOS=OURS`, such as FastEthernet0/0=GigabitEthernet0/0/1; may be repeated")
	if err := parse(flags, s, args, 1); err != nil {
		return err
	}
	if *from != "ios" {
		return usageError{fmt.Sprintf("convert: --from %s: want ios", *from)}
	}
	if flags.NArg() == 0 {
		return usageError{"convert: which file? sallyport convert --from ios FILE"}
	}
	text, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return err
	}
	name := func(name string) string { return names[strings.ToLower(name)] }
	config, faults := commands.Convert(flags.Arg(0), string(text), name, newHasher(rand.Reader).Hash)
	for _, fault := range faults {
		fmt.Fprintf(s.out, "! not taken: %v: %s\n", fault, printable(fault.Text))
	}
	if len(faults) > 0 {
		fmt.Fprintf(s.err, "sallyport: convert: %d lines were not taken: see the comments\n", len(faults))
	}
	if _, err = fmt.Fprint(s.out, config.RenderClear()); err == nil && len(faults) > 0 {
		return errSilent
	}
	return err
}
