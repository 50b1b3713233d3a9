package main

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"sallyport/commands"
	"sallyport/platform/store"
)

// savedFile is where the configuration is saved in the state folder.
const savedFile = "vrpcfg.cfg"

// startUp reads and replays the start-up file. As on a router, a line that is
// refused is named and left out. A box that was never saved starts empty; a file
// that was asked for must be there. An interface without a device is refused with
// what stands in its view.
func (g *gateway) startUp() (*commands.Config, error) {
	path := g.startup()
	text, err := store.Read(path)
	if errors.Is(err, fs.ErrNotExist) && g.config == "" {
		g.log.say("no saved configuration in %s: starting with an empty one", g.state)
		return commands.New(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("start-up configuration: %w: say another with --config", err)
	}
	g.warnIfShared(path)
	script := commands.Script{File: path, Text: string(text), Open: g.seal.Open, Port: g.device.Port}
	config, faults := commands.Replay(commands.New(), script)
	for _, fault := range faults {
		g.log.say("start-up configuration: %v", fault)
	}
	return config, nil
}

// warnIfShared says if others may read a file that may hold secrets in plain.
func (g *gateway) warnIfShared(path string) {
	var s unix.Stat_t
	if unix.Stat(path, &s) == nil && s.Mode&0o077 != 0 {
		g.log.say("%s can be read by others and may hold secrets: chmod go= it, or save, which seals them", path)
	}
}
