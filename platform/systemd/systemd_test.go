package systemd_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/platform/systemd"
	"sallyport/platform/systemd/systemdtest"
)

// childVariable makes this test binary be a service: see child.
const childVariable = "SALLYPORT_SYSTEMD_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		child()
		return
	}
	os.Exit(m.Run())
}

// child prints what it was given, a line each, and what of it is in its environment
// afterwards.
func child() {
	manager, kept, err := systemd.Started()
	for _, d := range kept {
		text, _ := io.ReadAll(d.File)
		fmt.Printf("%s: %s\n", d.Name, text)
	}
	fmt.Printf("error: %v\n", err)
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "LISTEN_") || strings.HasPrefix(variable, "NOTIFY_") {
			fmt.Println("left: " + variable)
		}
	}
	if err := manager.Ready(); err != nil {
		fmt.Println(err)
	}
}

// service is the command that runs child.
func service() *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childVariable+"=1", "GORACE=atexit_sleep_ms=0") // it has no races to wait for
	return c
}

// note returns a file with a text to be read.
func note(t *testing.T, text string) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString(text); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return r
}

// started returns what Started does with a manager's socket.
func started(t *testing.T, socket string) systemd.Manager {
	t.Helper()
	t.Setenv("NOTIFY_SOCKET", socket)
	m, kept, err := systemd.Started()
	if err != nil || len(kept) > 0 {
		t.Fatalf("Started() = %v, %v, want no descriptor and no error", kept, err)
	}
	return m
}

func checkKept(t *testing.T, m *systemdtest.Manager, want ...string) {
	t.Helper()
	if got := m.Kept(); !slices.Equal(got, want) {
		t.Errorf("kept are %q, want %q", got, want)
	}
}

// heard fails the test unless a process says that it is ready.
func heard(t *testing.T, m *systemdtest.Manager) {
	t.Helper()
	select {
	case <-m.Ready():
	case <-time.After(5 * time.Second):
		t.Fatal("READY=1 does not come")
	}
}

// TestKeepAndForget: each name is kept once and goes alone, at a socket that is a file
// and at one that is none.
func TestKeepAndForget(t *testing.T) {
	abstract := systemdtest.Listen(t, fmt.Sprintf("@sallyport-test-%d-%d", os.Getpid(), time.Now().UnixNano()))
	for _, fake := range []*systemdtest.Manager{systemdtest.New(t), abstract} {
		m, a, b := started(t, fake.Path), note(t, "a"), note(t, "b")
		for _, err := range []error{m.Keep("a", a), m.Keep("b", b), m.Keep("a", a), m.Forget("c")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		checkKept(t, fake, "a", "b")
		if err := m.Forget("a"); err != nil {
			t.Error(err)
		}
		checkKept(t, fake, "b")
		if err := m.Ready(); err != nil {
			t.Error(err)
		}
		heard(t, fake)
		a.Close()
		b.Close()
	}
}

// TestSuccessor: a process that the manager starts has what another gave, under its
// names, and says that it is ready.
func TestSuccessor(t *testing.T) {
	fake := systemdtest.New(t)
	m, a, b := started(t, fake.Path), note(t, "first"), note(t, "second")
	for _, err := range []error{m.Keep("a", a), m.Keep("b", b), m.Forget()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	a.Close()
	b.Close()
	var out strings.Builder
	c := service()
	c.Stdout = &out
	if err := fake.Start(c, (*exec.Cmd).Start); err != nil {
		t.Fatal(err)
	}
	err := c.Wait()
	if want := "a: first\nb: second\nerror: <nil>\n"; err != nil || out.String() != want {
		t.Errorf("the successor says\n%s%v, want\n%s", &out, err, want)
	}
	heard(t, fake)
}

// TestBadVariables: what makes no sense is one line, and harms nothing; what is meant for
// another process is not looked at.
func TestBadVariables(t *testing.T) {
	for _, test := range []struct {
		name, pid, count, names, socket string
		descriptors                     int
		want                            string
	}{
		{"a name is missing", "$$", "2", "a", "", 2, "a: 0\nunknown: 1\nerror: <nil>\n"},
		{"no names", "$$", "1", "", "", 1, "unknown: 0\nerror: <nil>\n"},
		{"another process", "1", "1", "a", "", 1, "error: <nil>\n"},
		{"no number", "$$", "two", "a", "", 1, "error: LISTEN_FDS is \"two\", want a number up to 1024\n"},
		{"negative", "$$", "-1", "a", "", 1, "error: LISTEN_FDS is \"-1\", want a number up to 1024\n"},
		{"too many", "$$", "1025", "a", "", 1, "error: LISTEN_FDS is \"1025\", want a number up to 1024\n"},
		{"one did not come", "$$", "4", "a:b:c:d", "", 1, "a: 0\nerror: LISTEN_FDS is 4, and descriptor 4 did not come\n"},
		{"no path", "$$", "0", "", "vsock:2:1234", 0,
			"error: NOTIFY_SOCKET is \"vsock:2:1234\", want a path from / on, or a name after @\n"},
	} {
		c := service()
		c.Args = []string{"sh", "-c", "export LISTEN_PID=" + test.pid + `; exec "$0"`, c.Path}
		c.Path = "/bin/sh"
		c.Env = append(c.Env, "LISTEN_FDS="+test.count, "LISTEN_FDNAMES="+test.names, "NOTIFY_SOCKET="+test.socket)
		for i := range test.descriptors {
			file := note(t, strconv.Itoa(i))
			defer file.Close()
			c.ExtraFiles = append(c.ExtraFiles, file)
		}
		if out, err := c.CombinedOutput(); err != nil || string(out) != test.want {
			t.Errorf("%s: the process says\n%s%v, want\n%s", test.name, out, err, test.want)
		}
	}
}

// TestNobody: without a manager nothing is done, and one that is gone is an error.
func TestNobody(t *testing.T) {
	file := note(t, "")
	defer file.Close()
	none := started(t, "")
	gone := started(t, t.TempDir()+"/notify")
	for _, test := range []struct {
		m    systemd.Manager
		want bool
	}{{none, false}, {gone, true}} {
		for name, err := range map[string]error{"Ready": test.m.Ready(), "Keep": test.m.Keep("a", file), "Forget": test.m.Forget("a")} {
			if (err != nil) != test.want || err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("%s of %+v = %v, want an error in one line: %v", name, test.m, err, test.want)
			}
		}
	}
}

// TestSilentManager: one that does not read holds nobody up.
func TestSilentManager(t *testing.T) {
	path := t.TempDir() + "/notify"
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := started(t, path).Forget("a"); err == nil || !strings.Contains(err.Error(), "no answer within 1s") {
		t.Errorf("Forget() = %v, want no answer", err)
	}
}
