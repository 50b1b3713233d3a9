package netns

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// roleEnv makes the test program play another program.
const roleEnv = "SALLYPORT_TEST_ROLE"

// nobody is a user and group without rights.
const nobody = 65534

func TestMain(m *testing.M) {
	roles := map[string]func() error{"where": where, "nobody": asNobody, "guest": guest}
	role, ok := roles[os.Getenv(roleEnv)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := role(); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// play returns a command that runs this program in a role. It is found by its
// magic link, because others may not enter the folder it was built in.
func play(role string, arguments ...string) *exec.Cmd {
	c := exec.Command("/proc/self/exe", arguments...)
	c.Env = append(os.Environ(), roleEnv+"="+role)
	return c
}

// where prints the namespace it runs in, and the one that its argument names,
// and waits for its input to end.
func where() error {
	name, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return err
	}
	info, err := os.Stat(os.Args[1])
	if err != nil {
		return err
	}
	fmt.Printf("%s net:[%d]\n", name, info.Sys().(*syscall.Stat_t).Ino)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func TestStart(t *testing.T) {
	n := newNamespace(t)
	c := play("where", n.Path())
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // must not come when Start returns
	in, err := c.StdinPipe()
	check(t, err)
	out, err := c.StdoutPipe()
	check(t, err)
	check(t, n.Start(c))
	line, err := bufio.NewReader(out).ReadString('\n')
	check(t, err)
	name := inside(t, n)
	if want := name + " " + name + "\n"; line != want {
		t.Errorf("the child is in, and Path names, %q, want %q", line, want)
	}
	check(t, in.Close())
	if err := c.Wait(); err != nil {
		t.Errorf("the child ended with %v", err)
	}
}

func TestStartRefused(t *testing.T) {
	n := newNamespace(t)
	if err := n.Start(exec.Command("/none/such")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Start = %v, want %v", err, os.ErrNotExist)
	}
}

// A user without rights is root in a user namespace, and a router there.
func TestUnprivileged(t *testing.T) {
	c := play("nobody")
	if os.Geteuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := c.CombinedOutput()
	if c.Process == nil && os.Getenv("CI") != "true" {
		t.Skip("needs a user without rights to be: ", err) // in a user namespace there is none
	}
	text := strings.TrimSpace(string(out))
	if strings.HasPrefix(text, "error: no user namespaces") && os.Getenv("CI") != "true" {
		t.Skip("needs user namespaces without privilege: ", text)
	}
	if err != nil || text != "routed as uid 0" {
		t.Errorf("the program in the user namespace ended with %v and says %q", err, text)
	}
}

// asNobody runs the guest in a user namespace of its own.
func asNobody() error {
	if _, err := New(); !errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("uid %d makes a namespace without a user namespace: %v", os.Getuid(), err)
	}
	c := play("guest")
	Unprivileged(c)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Start(); err != nil {
		return fmt.Errorf("no user namespaces: %w", err)
	}
	return c.Wait()
}

// guest does there what the demo does: namespaces, a cable, forwarding.
func guest() error {
	a, err := New()
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := New()
	if err != nil {
		return err
	}
	defer b.Close()
	if err := Cable(a, "eth0", b, "eth0"); err != nil {
		return err
	}
	if err := a.AddAddress("eth0", netip.MustParsePrefix("10.0.0.1/24")); err != nil {
		return err
	}
	if err := a.Forward(); err != nil {
		return err
	}
	return a.Do(func() error {
		text, err := os.ReadFile("/proc/sys/net/ipv4/ip_forward")
		if err == nil && string(text) == "1\n" {
			fmt.Println("routed as uid", os.Getuid())
		}
		return err
	})
}
