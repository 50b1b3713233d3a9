// Package store keeps the daemon's files: read whole, written whole, and held
// by one daemon at a time. Whatever moment the power fails, a reader finds the
// old text or the new one, never a part. It knows nothing of what is in them.
//
// Start at [Write]; [Save] and [Load] are for the files that a box cannot do
// without: they add a checksum and keep a backup.
package store

import (
	"fmt"
	"io"
	"path/filepath"
)

// maxSize bounds a file: ten thousand tunnels are about 10 MiB of configuration.
const maxSize = 64 << 20

// Write replaces the file at path by data, readable by its owner alone. Only
// when Write has returned nil is the new text safe from a loss of power; after
// an error the old one is still there.
func Write(path string, data []byte) error { return write(files{}, path, data) }

func write(d disk, path string, data []byte) error {
	if len(data) > maxSize {
		return fmt.Errorf("write %s: %d octets are more than %d", path, len(data), maxSize)
	}
	temp, err := fill(d, filepath.Dir(path), filepath.Base(path), data)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := d.rename(temp, path); err != nil {
		_ = d.remove(temp) // the rename's error is the one to report
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := d.sync(filepath.Dir(path)); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// tempMark is in the name of a file that is being written, before a number.
const tempMark = ".tmp"

// fill writes data to a new file of mode 0600 beside the target, and returns
// its name. The name is drawn anew each time, so that what a crash left behind
// is in nobody's way.
func fill(d disk, dir, name string, data []byte) (temp string, err error) {
	file, err := d.create(dir, "."+name+tempMark+"*")
	if err != nil {
		return "", err
	}
	defer func() {
		if e := file.Close(); err == nil {
			err = e
		}
		if err != nil {
			_ = d.remove(file.Name()) // the first error is the one to report
		}
	}()
	if _, err := file.Write(data); err != nil {
		return "", err
	}
	return file.Name(), file.Sync()
}

// Read returns the text of a file of at most 64 MiB. Its error wraps
// fs.ErrNotExist if there is none.
func Read(path string) ([]byte, error) { return read(files{}, path) }

func read(d disk, path string) ([]byte, error) {
	file, err := d.open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("read %s: more than %d octets", path, maxSize)
	}
	return data, nil
}
