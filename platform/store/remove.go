package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
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
