package store

import (
	"io"
	"os"
)

// A disk is what Write and Load ask of the file system, call by call, so that a
// test can pull the plug between any two of them.
type disk interface {
	create(dir, pattern string) (handle, error) // as os.CreateTemp: a new file of mode 0600
	open(path string) (io.ReadCloser, error)
	rename(from, to string) error
	remove(path string) error
	sync(dir string) error // makes what was renamed in dir last
}

// A handle is a file that is being written.
type handle interface {
	io.WriteCloser
	Name() string
	Sync() error
}

// files is the disk of the system.
type files struct{}

func (files) create(dir, pattern string) (handle, error) { return os.CreateTemp(dir, pattern) }

func (files) open(path string) (io.ReadCloser, error) { return os.Open(path) }

func (files) rename(from, to string) error { return os.Rename(from, to) }

func (files) remove(path string) error { return os.Remove(path) }

func (files) sync(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
