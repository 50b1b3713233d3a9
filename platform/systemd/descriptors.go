package systemd

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The variables of sd_listen_fds(3): whom the descriptors are for, how many there are,
// and their names, with colons between.
const (
	processVariable = "LISTEN_PID"
	countVariable   = "LISTEN_FDS"
	namesVariable   = "LISTEN_FDNAMES"
)

const (
	first    = 3 // the descriptors are this one and those after it
	most     = 1024
	nameless = "unknown" // what sd_listen_fds_with_names(3) calls one without a name
)

// A Descriptor is one that the manager kept.
type Descriptor struct {
	Name string
	File *os.File
}

// inherited returns the descriptors that came with the process, if they are for it.
func inherited() ([]Descriptor, error) {
	process, count, names := take(processVariable), take(countVariable), take(namesVariable)
	if process != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > most {
		return nil, fmt.Errorf("%s is %q, want a number up to %d", countVariable, count, most)
	}
	return collect(first, n, strings.Split(names, ":"))
}

// collect returns n descriptors from the first on. One that is missing ends it.
func collect(first, n int, names []string) (all []Descriptor, err error) {
	for i := range n {
		fd := first + i
		if !passed(fd) {
			return all, fmt.Errorf("%s is %d, and descriptor %d did not come", countVariable, n, fd)
		}
		unix.CloseOnExec(fd)
		name := nameless
		if i < len(names) && names[i] != "" {
			name = names[i]
		}
		all = append(all, Descriptor{name, os.NewFile(uintptr(fd), name)})
	}
	return all, nil
}

// passed reports whether a descriptor was there when the process began. Those that it
// opens itself, and Go's runtime does, are closed by exec, and are not to be touched.
func passed(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil && flags&unix.FD_CLOEXEC == 0
}
