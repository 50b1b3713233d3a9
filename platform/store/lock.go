package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// lockName is the file in a state folder that its daemon holds.
const lockName = "lock"

// Lock makes the folder dir if there is none, and takes it for this process.
// The lock ends with Close or with the process, however that ends; the file
// stays. The error names the process that holds it.
func Lock(dir string) (io.Closer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	if err := take(file); err != nil {
		file.Close() // nothing was written to it
		return nil, fmt.Errorf("state folder %s: %w", dir, err)
	}
	return file, nil
}

// take locks the file and writes our process id into it.
func take(file *os.File) error {
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return fmt.Errorf("process %s uses it; stop that one or take another folder", holder(file))
	}
	if err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, os.Getpid())
	return err
}

// holder reads who has the lock. Between the lock and the writing of the id
// there is a moment in which nobody is named.
func holder(file *os.File) string {
	text, err := io.ReadAll(io.LimitReader(file, 32))
	if id := strings.TrimSpace(string(text)); err == nil && id != "" {
		return id
	}
	return "(starting)"
}
