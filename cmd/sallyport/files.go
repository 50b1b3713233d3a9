package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"sallyport/commands"
	"sallyport/platform/store"
)

// The names in the state folder that have to do with configuration files.
const (
	savedFile   = "vrpcfg.cfg" // where the configuration is saved unless another file is chosen
	startupFile = "startup"    // says which file the next start reads
	noStartup   = "null"       // in startupFile: none
	pointFolder = "rollback"   // of the rollback points
)

// files are the configuration files of the box.
type files struct {
	folder string
	fixed  string // path given with --config, which is read and written instead; empty: none
	log    *logbook

	points    sync.Mutex // over the folder of rollback points, and what follows
	unkept    uint64     // the last point that could not be written; 0: none
	unkeptWhy error

	mu      sync.Mutex // over what follows
	latest  *writing   // of a rollback point; nil: none was made yet
	current string     // name of the file that this start has read; empty: none
	next    string     // name of the file that the next start reads; empty: none
}

var _ commands.Files = (*files)(nil)

func newFiles(g *gateway) *files {
	f := &files{folder: g.state, fixed: g.config, log: g.log, next: savedFile}
	f.tidy()
	f.loadNext()
	return f
}

// tidy removes what a loss of power has left half-written. What cannot be removed
// is in nobody's way.
func (f *files) tidy() {
	for _, folder := range []string{f.folder, f.path(pointFolder)} {
		if err := store.Tidy(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.log.note(configFault, "%s cannot be tidied: %v", folder, err)
		}
	}
}

// loadNext reads which file was chosen for the start.
func (f *files) loadNext() {
	text, err := store.Load(f.path(startupFile), nil)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	name := string(trimLine(text.Data))
	if err == nil && name != noStartup && !commands.IsFileName(name) {
		err = fmt.Errorf("%s names no file", text.Path)
	}
	if err != nil {
		f.log.note(configFault, "%v: starting from %s", err, savedFile)
		return
	}
	if text.Damage != nil {
		f.log.note(configFault, "%v: what was chosen before is used", text.Damage)
	}
	if f.next = name; name == noStartup {
		f.next = ""
	}
}

func (f *files) path(name string) string { return filepath.Join(f.folder, name) }

// nextPath returns the path of the file that the next start reads, or "".
func (f *files) nextPath() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.fixed != "":
		return f.fixed
	case f.next == "":
		return ""
	}
	return f.path(f.next)
}

// isScript is what a configuration file must be beside whole.
func isScript(text []byte) error { return commands.CheckScript(string(text)) }

// Save writes a configuration. Without a name and a file for the next start it
// becomes that file.
func (f *files) Save(name, text string) error {
	if name != "" {
		return store.Save(f.path(name), []byte(text))
	}
	path := f.nextPath()
	if path != "" {
		return store.Save(path, []byte(text))
	}
	if err := store.Save(f.path(savedFile), []byte(text)); err != nil {
		return err
	}
	return f.SetStartup(savedFile)
}

// Saved returns what the next start would read.
func (f *files) Saved() (string, error) {
	path := f.nextPath()
	if path == "" {
		return "", nil
	}
	text, err := store.Load(path, isScript)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text.Data), err
}

// Read returns a file that is whole; its backup is none. A pipe would keep all
// sessions waiting.
func (f *files) Read(name string) (string, error) {
	if info, err := os.Stat(f.path(name)); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no file", name)
	}
	text, err := store.Load(f.path(name), isScript)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("the file %s does not exist", name)
	case err != nil:
		return "", err
	case text.Damage != nil:
		return "", text.Damage
	}
	return string(text.Data), nil
}

// listed are the endings of the names of files that are listed.
var listed = append([]string{".cfg", ".bat", ".txt"}, commands.PKISuffixes...)

// List returns the configuration files, those with commands, and those of the PKI.
func (f *files) List() ([]commands.File, error) {
	entries, err := os.ReadDir(f.folder)
	if err != nil {
		return nil, err
	}
	var all []commands.File
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && commands.IsFileName(e.Name()) && slices.Contains(listed, filepath.Ext(e.Name())) {
			all = append(all, commands.File{Name: e.Name(), Size: info.Size(), Modified: info.ModTime()})
		}
	}
	return all, nil
}

// Delete deletes a file and its backup.
func (f *files) Delete(name string) error {
	err := store.Remove(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the file %s does not exist", name)
	}
	return err
}

// Startup returns what the box starts with.
func (f *files) Startup() commands.Startup {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fixed != "" {
		return commands.Startup{Current: f.fixed, Next: f.fixed, Fixed: true}
	}
	return commands.Startup{Current: f.current, Next: f.next}
}

// SetStartup chooses the file of the next start.
func (f *files) SetStartup(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := name
	if name == "" {
		text = noStartup
	}
	if err := store.Save(f.path(startupFile), []byte(text+"\n")); err != nil {
		return err
	}
	f.next = name
	return nil
}
