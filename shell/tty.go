package shell

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/c-bata/go-prompt"
	"golang.org/x/sys/unix"
)

// controlling is the device of the process's controlling terminal. go-prompt
// opens it for each instance before it looks at what it is to read from, panics
// if it cannot, and keeps it open.
const controlling = "/dev/tty"

// making is held while an instance is made.
var making sync.Mutex

// Prepare gives the process a controlling terminal if it has none, so that the
// line editor can be had: it is called once, before the first [Serve]. Nothing is
// read from that terminal and nothing written to it. The process leaves its group
// for that: what is sent to the group does not reach it any more. Without a
// terminal, sessions have a simpler editor; the error says why.
func Prepare() error {
	making.Lock()
	defer making.Unlock()
	if hasTerminal() {
		return nil
	}
	_, _ = unix.Setsid() // EPERM: the process leads a group, maybe its session too
	if err := takeTerminal(); err != nil {
		return fmt.Errorf("controlling terminal: %w", err)
	}
	if !hasTerminal() {
		return errors.New("controlling terminal: " + controlling + " does not open")
	}
	return nil
}

// hasTerminal reports whether go-prompt will find what it opens.
func hasTerminal() bool {
	fd, err := unix.Open(controlling, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	_ = unix.Close(fd) // it was only tried
	return true
}

// takeTerminal makes a pseudo-terminal the session's. Its master stays open as
// long as the process runs: the terminal goes with it.
func takeTerminal() (err error) {
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = unix.Close(master) // the error that counts is told
		}
	}()
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return err
	}
	number, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		return err
	}
	slave, err := unix.Open(fmt.Sprintf("/dev/pts/%d", number), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(slave)
	return unix.IoctlSetInt(slave, unix.TIOCSCTTY, 0)
}

// newPrompt makes an instance of go-prompt and closes what it left open.
func newPrompt(completer prompt.Completer, options []prompt.Option) (made *prompt.Prompt, err error) {
	making.Lock()
	defer making.Unlock()
	if !hasTerminal() {
		return nil, errors.New(controlling + " does not open")
	}
	before, err := leadingToTerminal()
	if err != nil {
		return nil, err
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("go-prompt: panic of type %T", v)
		}
		closeOthers(before)
	}()
	return prompt.New(func(string) {}, completer, options...), nil
}

// leadingToTerminal returns the descriptors of the process that lead to its
// controlling terminal under that name.
func leadingToTerminal() (map[int]bool, error) {
	links, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, err
	}
	found := make(map[int]bool)
	for _, link := range links {
		var fd int
		to, err := os.Readlink(filepath.Join("/proc/self/fd", link.Name()))
		if err != nil || to != controlling {
			continue // closed meanwhile, or another
		}
		if _, err := fmt.Sscan(link.Name(), &fd); err == nil {
			found[fd] = true
		}
	}
	return found, nil
}

// closeOthers closes the descriptors to the terminal that were not there before.
func closeOthers(before map[int]bool) {
	now, err := leadingToTerminal()
	if err != nil {
		return
	}
	for fd := range now {
		if !before[fd] {
			_ = unix.Close(fd) // it was only open for reading
		}
	}
}
