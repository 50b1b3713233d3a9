package main

import (
	"errors"
	"io/fs"

	"sallyport/commands"
	"sallyport/platform/store"
)

// files are the configuration files of the box.
type files struct {
	file string // where save writes
}

var _ commands.Files = (*files)(nil)

func newFiles(g *gateway) *files { return &files{file: g.startup()} }

// Save writes the configuration to the file that the next start reads.
func (f *files) Save(text string) error { return store.Write(f.file, []byte(text)) }

// Saved returns what the next start would read.
func (f *files) Saved() (string, error) {
	text, err := store.Read(f.file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}
