package store

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// holderEnv names the folder that a child of the test locks.
const holderEnv = "SALLYPORT_TEST_LOCK"

// TestMain lets the test program be the other daemon: it takes the lock, says
// so, and keeps it until its standard input ends.
func TestMain(m *testing.M) {
	dir := os.Getenv(holderEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	if _, err := Lock(dir); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("locked")
	bufio.NewReader(os.Stdin).ReadString('\n')
}

// startHolder runs another process that holds dir.
func startHolder(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), holderEnv+"="+dir)
	if _, err := c.StdinPipe(); err != nil { // open until Wait
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill() // already gone in one test
		c.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	return c
}

func TestLockNamesTheHolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	other := startHolder(t, dir)
	_, err := Lock(dir)
	if err == nil {
		t.Fatal("Lock of a held folder gave no error")
	}
	want := fmt.Sprintf("process %d uses it", other.Process.Pid)
	if got := err.Error(); !strings.Contains(got, want) || strings.Contains(got, "\n") {
		t.Errorf("Lock = %q, want one line with %q", got, want)
	}
}

// A daemon that is killed gives no chance to clean up.
func TestLockAfterKill(t *testing.T) {
	dir := t.TempDir()
	other := startHolder(t, dir)
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	other.Wait() // its error is the kill
	lock, err := Lock(dir)
	if err != nil {
		t.Fatalf("Lock after the holder was killed: %v", err)
	}
	checkFile(t, filepath.Join(dir, lockName), fmt.Sprintln(os.Getpid()))
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
}

func TestLockAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	first, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode of the state folder is %v, %v, want 0700", info.Mode(), err)
	}
	if _, err := Lock(dir); err == nil {
		t.Error("the same folder was locked twice")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := Lock(dir)
	if err != nil {
		t.Fatalf("Lock after Close: %v", err)
	}
	second.Close()
}

func TestLockRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := Write(file, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(file); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("Lock of a file = %v, want one line", err)
	}
}
