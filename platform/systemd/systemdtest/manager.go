// Package systemdtest is a service manager for tests: it does for one process what systemd
// does for a service with Type=notify and FileDescriptorStoreMax=.
//
// Start at [New].
package systemdtest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/platform/systemd"
)

// A Manager hears what processes say, and keeps their descriptors. It ends with the test.
type Manager struct {
	Path string // of its socket

	conn  *net.UnixConn
	ready chan struct{} // one for each READY=1

	mu   sync.Mutex
	kept []systemd.Descriptor
}

// readies is how many READY=1 may wait to be asked for.
const readies = 16

// New makes a manager whose socket is a file.
func New(t testing.TB) *Manager {
	t.Helper()
	dir, err := os.MkdirTemp("", "sd") // t.TempDir may be too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return Listen(t, filepath.Join(dir, "notify"))
}

// Listen makes a manager with a socket of that name; one that begins with an @ is of the
// network namespace, and no file.
func Listen(t testing.TB, name string) *Manager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	m := &Manager{Path: name, conn: conn, ready: make(chan struct{}, readies)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.serve()
	}()
	t.Cleanup(func() {
		conn.Close()
		<-ended
		m.forget(func(systemd.Descriptor) bool { return true })
	})
	return m
}

// serve reads until the socket is closed.
func (m *Manager) serve() {
	text, control := make([]byte, 4096), make([]byte, unix.CmsgSpace(4*16))
	for {
		n, oobn, _, _, err := m.conn.ReadMsgUnix(text, control)
		if err != nil {
			return
		}
		m.told(strings.Split(string(text[:n]), "\n"), descriptors(control[:oobn]))
	}
}

// descriptors returns those in a control message.
func descriptors(control []byte) (all []int) {
	messages, _ := unix.ParseSocketControlMessage(control)
	for _, c := range messages {
		fds, _ := unix.ParseUnixRights(&c) // another message has none
		for _, fd := range fds {
			unix.CloseOnExec(fd)
		}
		all = append(all, fds...)
	}
	return all
}

// told does what a message asks for. Descriptors that it does not ask to keep are
// closed; that is also what BARRIER=1 waits for.
func (m *Manager) told(lines []string, fds []int) {
	name := ""
	for _, line := range lines {
		if value, ok := strings.CutPrefix(line, "FDNAME="); ok {
			name = value
		}
	}
	switch {
	case slices.Contains(lines, "READY=1"):
		m.ready <- struct{}{}
	case slices.Contains(lines, "FDSTOREREMOVE=1"):
		m.forget(func(d systemd.Descriptor) bool { return d.Name == name })
	case slices.Contains(lines, "FDSTORE=1"):
		for _, fd := range fds {
			m.Keep(name, os.NewFile(uintptr(fd), name))
		}
		return
	}
	for _, fd := range fds {
		unix.Close(fd)
	}
}

// Keep keeps a file, unless it has it already, and takes it over.
func (m *Manager) Keep(name string, file *os.File) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.kept {
		if same(d.File, file) {
			file.Close()
			return
		}
	}
	m.kept = append(m.kept, systemd.Descriptor{Name: name, File: file})
}

// same reports whether two descriptors are of one open file, a socket or a pipe.
func same(a, b *os.File) bool {
	x, errX := a.Stat()
	y, errY := b.Stat()
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// forget closes some of what is kept.
func (m *Manager) forget(which func(systemd.Descriptor) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = slices.DeleteFunc(m.kept, func(d systemd.Descriptor) bool {
		gone := which(d)
		if gone {
			d.File.Close()
		}
		return gone
	})
}

// Kept returns the names of what is kept, in alphabetical order.
func (m *Manager) Kept() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := make([]string, 0, len(m.kept))
	for _, d := range m.kept {
		names = append(names, d.Name)
	}
	slices.Sort(names)
	return names
}

// Ready is sent to each time that a process says that it is.
func (m *Manager) Ready() <-chan struct{} { return m.ready }

// byItsPID runs a program as the process of this shell, whose number it is told.
const byItsPID = `export LISTEN_PID=$$; exec "$0" "$@"`

// Start has start run c as a service, with all that is kept. What is kept does not
// change meanwhile.
func (m *Manager) Start(c *exec.Cmd, start func(*exec.Cmd) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	shell, err := exec.LookPath("sh")
	if err != nil {
		return err
	}
	c.Args = append([]string{"sh", "-c", byItsPID, c.Path}, c.Args[1:]...)
	c.Path, c.Env = shell, append(c.Environ(), "NOTIFY_SOCKET="+m.Path)
	var names []string
	for _, d := range m.kept {
		c.ExtraFiles = append(c.ExtraFiles, d.File)
		names = append(names, d.Name)
	}
	if len(names) > 0 {
		c.Env = append(c.Env, "LISTEN_FDS="+strconv.Itoa(len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	}
	return start(c)
}
