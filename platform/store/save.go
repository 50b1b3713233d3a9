package store

import (
	"errors"
	"fmt"
	"io/fs"
)

// backupSuffix is what the name of a file's backup ends with.
const backupSuffix = ".bak"

// Save replaces the text at path as Write does, with a checksum. The text that
// was there stays as the backup, unless it is not whole: then the backup is the
// better one of the two. After an error both are as they were, or the backup is
// what the file is.
func Save(path string, text []byte) error { return save(files{}, path, text) }

func save(d disk, path string, text []byte) error {
	old, err := read(d, path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, damaged := verified(old); err == nil && damaged == nil {
		if err := write(d, path+backupSuffix, old); err != nil {
			return err
		}
	}
	return write(d, path, checked(text))
}

// A Damage says which file is not whole, and why.
type Damage struct {
	Path string
	Err  error
}

// Error returns the path and the reason.
func (e *Damage) Error() string { return fmt.Sprintf("%s is not usable: %v", e.Path, e.Err) }

// Unwrap returns the reason.
func (e *Damage) Unwrap() error { return e.Err }

// A Text is what Load has found.
type Text struct {
	Data []byte // without the checksum
	Path string // where it was: the file's, or its backup's

	// Damage is why Data is the backup's; nil if it is not.
	Damage error
}

// Load returns the text at path if it is whole, else that of its backup. A text
// is whole if its checksum is right, or it was written by hand and has none, and
// valid, which may be nil, has nothing against it. The error wraps
// fs.ErrNotExist if there is no file, whatever the backup is: it was deleted.
// Otherwise it is a *Damage for each of the two.
func Load(path string, valid func([]byte) error) (Text, error) { return load(files{}, path, valid) }

func load(d disk, path string, valid func([]byte) error) (Text, error) {
	data, err := loadOne(d, path, valid)
	if err == nil || !isDamage(err) {
		return Text{Data: data, Path: path}, err
	}
	backup, backupErr := loadOne(d, path+backupSuffix, valid)
	switch {
	case errors.Is(backupErr, fs.ErrNotExist):
		return Text{}, fmt.Errorf("%w; it has no backup", err)
	case backupErr != nil:
		return Text{}, fmt.Errorf("%w; %w", err, backupErr)
	}
	return Text{Data: backup, Path: path + backupSuffix, Damage: err}, nil
}

// loadOne reads and verifies a single file.
func loadOne(d disk, path string, valid func([]byte) error) ([]byte, error) {
	data, err := read(d, path)
	if err != nil {
		return nil, err
	}
	text, err := verified(data)
	if err == nil && valid != nil {
		err = valid(text)
	}
	if err != nil {
		return nil, &Damage{path, err}
	}
	return text, nil
}

func isDamage(err error) bool {
	var damage *Damage
	return errors.As(err, &damage)
}
