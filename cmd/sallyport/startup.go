package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"sallyport/commands"
	"sallyport/platform/store"
)

// startUp reads and replays the start-up file. As on a router, a line that is
// refused is named and left out. A box that was never saved starts empty; a file
// that was asked for with --config must be there. An interface without a device is
// refused with what stands in its view.
func (g *gateway) startUp() (*commands.Config, error) {
	path := g.device.nextPath()
	text, err := g.readStartUp(path)
	if err != nil || text.Path == "" {
		return commands.New(), err
	}
	g.device.booted(text.Path)
	g.warnIfShared(text.Path)
	var weak weakLines
	script := commands.Script{File: text.Path, Text: string(text.Data), Open: g.seal.Open, Hash: g.device.Hash, Port: g.device.Port, Warn: weak.add}
	config, faults := commands.Replay(commands.New(), script)
	weak.tell(func(text string) { g.log.note(configWeak, "start-up configuration: %s", text) })
	for _, fault := range faults {
		g.log.note(configFault, "start-up configuration: %v", fault)
	}
	return config, nil
}

// weakLines are the warnings of a script by their text, which many lines may have in common.
type weakLines struct {
	first []commands.LineWarning // of each text
	lines map[string]int         // how many have it
}

func (w *weakLines) add(one commands.LineWarning) {
	if w.lines == nil {
		w.lines = map[string]int{}
	}
	if w.lines[one.Text]++; w.lines[one.Text] == 1 {
		w.first = append(w.first, one)
	}
}

// tell says each text once, with the first of its lines.
func (w *weakLines) tell(say func(text string)) {
	for _, one := range w.first {
		more := ""
		if n := w.lines[one.Text] - 1; n > 0 {
			more = fmt.Sprintf(" (lines like it: %d more)", n)
		}
		say(one.String() + more)
	}
}

// booted notes which file of the folder the start has read.
func (f *files) booted(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.current = strings.TrimPrefix(path, f.folder+string(filepath.Separator))
}

// readStartUp reads the start-up file, or its backup if the file is damaged. If
// there is nothing to start with, it says so, and the text has no path.
func (g *gateway) readStartUp(path string) (store.Text, error) {
	if path == "" {
		g.log.note(configFault, "no start-up file is chosen: starting with an empty configuration")
		return store.Text{}, nil
	}
	text, err := store.Load(path, isScript)
	var damage *store.Damage
	switch {
	case err == nil && text.Damage != nil:
		g.log.note(configFault, "STARTING WITH THE BACKUP %s: %v", text.Path, text.Damage)
	case err == nil:
	case g.config != "":
		return text, fmt.Errorf("start-up configuration: %w: say another with --config", err)
	case errors.Is(err, fs.ErrNotExist):
		g.log.say("no saved configuration in %s: starting with an empty one", path)
		return store.Text{}, nil
	case errors.As(err, &damage):
		g.log.note(configFault, "STARTING WITH AN EMPTY CONFIGURATION: %v", err)
		return store.Text{}, nil
	default:
		return text, fmt.Errorf("start-up configuration: %w: say another with --config", err)
	}
	return text, nil
}

// warnIfShared says if others may read a file that may hold secrets in plain.
func (g *gateway) warnIfShared(path string) {
	var s unix.Stat_t
	if unix.Stat(path, &s) == nil && s.Mode&0o077 != 0 {
		g.log.note(configFault, "%s can be read by others and may hold secrets: chmod go= it, or save, which seals them", path)
	}
}
