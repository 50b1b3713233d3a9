package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// harden makes what the program writes its owner's alone, and keeps its memory,
// which holds keys, out of core files and away from debuggers.
func harden() error {
	unix.Umask(0o077)
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("forbid core files: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("forbid debuggers: %w", err)
	}
	return nil
}

// ownerOnly refuses a file or folder that is not ours or that others may read.
func ownerOnly(path string) error {
	var s unix.Stat_t
	if err := unix.Stat(path, &s); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	switch {
	case int(s.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to user %d, not to us: chown it, or take another", path, s.Uid)
	case s.Mode&0o077 != 0:
		return fmt.Errorf("%s can be read by others (mode %#o): chmod go= %s", path, s.Mode&0o777, path)
	}
	return nil
}
