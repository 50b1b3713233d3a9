package main

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"sallyport/commands"
)

// version is the program's own; the commit is the build's.
const version = "0.1.0"

// runVersion prints one line.
func runVersion(s streams, args []string) error {
	if err := parse(flag.NewFlagSet("version", flag.ContinueOnError), s, args, 0); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Sallyport %s%s, %s %s/%s\n", version, commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// runCommands prints the command reference, which is docs/commands.md.
func runCommands(s streams, args []string) error {
	if err := parse(flag.NewFlagSet("commands", flag.ContinueOnError), s, args, 0); err != nil {
		return err
	}
	_, err := io.WriteString(s.out, commands.Reference())
	return err
}

// commit returns " (COMMIT)" if the build knows it, with a plus sign if the tree
// had changes that were not committed.
func commit() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	settings := map[string]string{}
	for _, setting := range build.Settings {
		settings[setting.Key] = setting.Value
	}
	revision := settings["vcs.revision"]
	if revision == "" {
		return ""
	}
	const short = 12
	revision = revision[:min(short, len(revision))]
	if settings["vcs.modified"] == "true" {
		revision += "+"
	}
	return " (" + revision + ")"
}
