package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// Remove deletes a file and its backup, for good. The backup goes first: alone it
// would be nobody's.
func Remove(path string) error { return remove(files{}, path) }

func remove(d disk, path string) error {
	if err := d.remove(path + backupSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete %s: %w", path+backupSuffix, err)
	}
	if err := d.remove(path); err != nil {
		return fmt.Errorf("delete %s: %w", path, err)
	}
	if err := d.sync(filepath.Dir(path)); err != nil {
		return fmt.Errorf("delete %s: %w", path, err)
	}
	return nil
}

// tempName is the name of a file that is being written: see fill.
var tempName = regexp.MustCompile(`^\..+` + regexp.QuoteMeta(tempMark) + `[0-9]+$`)

// Tidy removes from a folder what a loss of power has left of files that were being
// written. Nobody may be writing there.
func Tidy(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !tempName.MatchString(e.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
