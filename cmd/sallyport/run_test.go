package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	kernelplane "sallyport/ipsec/xfrm"
	"sallyport/platform/netns"
)

// The tests of this file run a single gateway in a namespace of its own, with
// two devices that lead nowhere.

// A bare is a namespace with the devices eth1 and eth2, and a folder for files.
type bare struct {
	*netns.Namespace
	folder string
}

func newBare(t testing.TB) *bare {
	t.Helper()
	requireRoot(t)
	b := &bare{Namespace: newSpace(t)}
	cable(t, b.Namespace, "eth1", b.Namespace, "eth2")
	var err error
	b.folder, err = os.MkdirTemp("", "sp") // t.TempDir may be too long for a socket's path
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(b.folder) })
	return b
}

// file writes a file into the folder.
func (b *bare) file(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(b.folder, name)
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func (b *bare) state() string { return filepath.Join(b.folder, "s") }

// command is `sallyport run` with the folder's state.
func (b *bare) command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	must(t, err)
	cmd := exec.Command(path, append([]string{"run", "--state", b.state()}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// gatewayRun is a gateway that runs.
type gatewayRun struct {
	*exec.Cmd
	*bare
	log *transcript
}

// run starts a gateway and waits until it is up.
func (b *bare) run(t testing.TB, args ...string) *gatewayRun {
	t.Helper()
	g := &gatewayRun{Cmd: b.command(t, args...), bare: b, log: &transcript{}}
	g.Stderr = g.log
	must(t, b.Start(g.Cmd))
	eventually(t, "the gateway is up", func() bool { return strings.Contains(g.log.String(), "is up") })
	return g
}

// end ends the gateway as an init system does, and returns how long it took.
func (g *gatewayRun) end(t *testing.T, signal syscall.Signal) time.Duration {
	t.Helper()
	start := time.Now()
	must(t, g.Process.Signal(signal))
	if err := g.Wait(); err != nil {
		t.Errorf("the gateway ended with %v\n%s", err, g.log)
	}
	return time.Since(start)
}

// console types a script into the gateway's console.
func (b *bare) console(t testing.TB, script string) (string, error) {
	t.Helper()
	path, err := program()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), path, "console", "--state", b.state())
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// host describes what a gateway may change in its namespace.
func (b *bare) host(t *testing.T) string {
	t.Helper()
	var text bytes.Buffer
	must(t, b.Do(func() error {
		devices, err := net.Interfaces()
		for _, d := range devices {
			addresses, _ := d.Addrs() // of a device that is there
			fmt.Fprintln(&text, d.Name, d.Flags&net.FlagUp, ipv4Only(addresses))
		}
		for _, file := range []string{"net/route", "net/udp", "net/raw", "sys/net/ipv4/ip_forward"} {
			path := "/proc/thread-self/" + file
			if strings.HasPrefix(file, "sys") {
				path = "/proc/" + file
			}
			content, e := os.ReadFile(path)
			err = errors.Join(err, e)
			text.Write(content)
		}
		return err
	}))
	return text.String()
}

// ipv4Only leaves out the addresses that the kernel makes by itself.
func ipv4Only(addresses []net.Addr) (kept []string) {
	for _, a := range addresses {
		if !strings.Contains(a.String(), ":") {
			kept = append(kept, a.String())
		}
	}
	return kept
}

const smallConfig = `sysname H
acl number 3000
 rule 5 permit ip source 10.1.0.0 0.0.0.255 destination 10.2.0.0 0.0.0.255
ike proposal 1
ike peer b
 undo version 2
 pre-shared-key Key@2026
 ike-proposal 1
 remote-address 192.0.2.2
ipsec proposal p
ipsec policy m 1 isakmp
 security acl 3000
 ike-peer b
 proposal p
interface GigabitEthernet0/0/1
 ip address 192.0.2.1 24
 ipsec policy m
ip route-static 10.2.0.0 255.255.255.0 192.0.2.2
`

func TestRunLeavesNothingBehind(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		b := newBare(t)
		before := b.host(t)
		g := b.run(t, "--config", b.file(t, "a.cfg", smallConfig))
		if during := b.host(t); !strings.Contains(during, "192.0.2.1/24") || during == before {
			t.Errorf("while it runs the host is\n%s", during)
		}
		if took := g.end(t, signal); took > 3*time.Second {
			t.Errorf("the end took %v, want at most 3 s", took)
		}
		if after := b.host(t); after != before {
			t.Errorf("after %v the host is\n%s\nand was\n%s", signal, after, before)
		}
		if _, err := os.Stat(filepath.Join(b.state(), "console.sock")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the console's socket is still there (%v)", err)
		}
	}
}

func TestStartUpWithBadLines(t *testing.T) {
	b := newBare(t)
	config := b.file(t, "bad.cfg", "sysname H\nfrobnicate\nike proposal 70000\nike peer\n exchange-mode main\nike proposal 7\n")
	g := b.run(t, "--config", config)
	for _, want := range []string{config + ":2:1: ", config + ":3:14: ", config + ":4:"} {
		if !strings.Contains(g.log.String(), want) {
			t.Errorf("log\n%s\nwant a line about %s", g.log, want)
		}
	}
	out, err := b.console(t, "display current-configuration\n")
	if err != nil || !strings.Contains(out, "sysname H") || !strings.Contains(out, "ike proposal 7") {
		t.Errorf("the rest is not in force: %v\n%s", err, out)
	}
	g.end(t, syscall.SIGTERM)
}

func TestStartUpWithoutADevice(t *testing.T) {
	b := newBare(t)
	config := b.file(t, "a.cfg", smallConfig)
	g := b.run(t, "--config", config, "--port", "GigabitEthernet0/0/1=eth7")
	if want := config + ":15:"; !strings.Contains(g.log.String(), want) || !strings.Contains(g.log.String(), "eth7, which is not there") {
		t.Errorf("log\n%s\nwant a line about %s and eth7", g.log, want)
	}
	out, err := b.console(t, "display current-configuration\n")
	if err != nil || strings.Contains(out, "interface") || !strings.Contains(out, "ipsec policy m 1") {
		t.Errorf("want the rest in force, without the interface: %v\n%s", err, out)
	}
	g.end(t, syscall.SIGTERM)
}

func TestConsoleScripts(t *testing.T) {
	b := newBare(t)
	g := b.run(t)
	tests := []struct {
		name, script string
		want         []string // in the output
		refused      bool
	}{
		{"a display", "display version\n", []string{"uptime"}, false},
		{"a configuration", "system-view\nsysname A\nreturn\ndisplay current-configuration\n", []string{"sysname A"}, false},
		{"a bad line", "system-view\nsysname B\nfrobnicate\nsysname C\n", []string{"Line 3:", "[B]frobnicate\n   ^\nError: Unrecognized"}, true},
		{"what was behind it", "display current-configuration\n", []string{"sysname C"}, false},
		{"a device that is not there", "system-view\ninterface GigabitEthernet0/0/9\n", []string{"--port GigabitEthernet0/0/9=DEVICE", "Ethernet devices here: eth"}, true},
		{"a ping of nobody", "ping -c 1 203.0.113.1\n", []string{"no route to the host"}, true},
	}
	for _, test := range tests {
		out, err := b.console(t, test.script)
		if test.refused != (err != nil) {
			t.Errorf("%s: ended with %v", test.name, err)
		}
		for _, want := range test.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: shown\n%s\nwant %q", test.name, out, want)
			}
		}
	}
	g.end(t, syscall.SIGTERM)
}

func TestSaveIsForTheNextStart(t *testing.T) {
	for _, args := range [][]string{nil, {"--config", "FILE"}} {
		b := newBare(t)
		file := filepath.Join(b.state(), "vrpcfg.cfg")
		if args != nil {
			file = b.file(t, "a.cfg", "sysname Old\n")
			args = []string{"--config", file}
		}
		g := b.run(t, args...)
		if out, err := b.console(t, "system-view\nsysname New\nike peer b\n pre-shared-key Key@2026-of-the-test\nreturn\nsave\ny\n"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		g.end(t, syscall.SIGTERM)
		saved, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(saved), "sysname New") || strings.Contains(string(saved), "Key@2026-of-the-test") {
			t.Errorf("saved %v\n%s\nwant the new name and no secret in plain", err, saved)
		}
		g = b.run(t, args...)
		if out, err := b.console(t, "display current-configuration\n"); err != nil || !strings.Contains(string(saved), "\n"+out+"!") {
			t.Errorf("after the next start %v\n%s\nwant\n%s", err, out, saved)
		}
		if strings.Contains(g.log.String(), "start-up configuration:") {
			t.Errorf("what was saved does not replay:\n%s", g.log)
		}
		g.end(t, syscall.SIGTERM)
	}
}

func TestRunThatCannotSaysWhatToDo(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, b *bare, cmd *exec.Cmd)
		args    []string
		want    string
	}{
		{"no configuration file", nil, []string{"--config", "none.cfg"}, "none.cfg: no such file or directory: say another with --config"},
		{"port in use", func(t *testing.T, b *bare, _ *exec.Cmd) {
			must(t, b.Do(func() error {
				socket, err := net.ListenPacket("udp4", ":4500")
				if err == nil {
					t.Cleanup(func() { socket.Close() })
				}
				return err
			}))
		}, nil, "UDP port 4500: bind: address already in use: another program has it"},
		{"state readable by others", func(t *testing.T, b *bare, _ *exec.Cmd) {
			must(t, os.Mkdir(b.state(), 0o755))
		}, nil, "can be read by others (mode 0755): chmod go= "},
		{"key readable by others", func(t *testing.T, b *bare, _ *exec.Cmd) {
			must(t, os.Mkdir(b.state(), 0o700))
			must(t, os.WriteFile(filepath.Join(b.state(), "seal.key"), make([]byte, 32), 0o644))
		}, nil, "seal.key can be read by others (mode 0644): chmod go= "},
		{"state in use", func(t *testing.T, b *bare, _ *exec.Cmd) {
			g := b.run(t)
			t.Cleanup(func() { g.end(t, syscall.SIGTERM) })
		}, nil, "uses it; stop that one or take another folder"},
		{"another gateway here", func(t *testing.T, b *bare, cmd *exec.Cmd) {
			g := b.run(t, "--config", b.file(t, "first.cfg", smallConfig))
			t.Cleanup(func() { g.end(t, syscall.SIGTERM) })
			cmd.Args = append(cmd.Args, "--state", filepath.Join(b.folder, "second"))
		}, nil, "UDP port 500: bind: address already in use: another program has it"},
		{"no ESP", func(t *testing.T, b *bare, _ *exec.Cmd) {
			must(t, b.Do(func() error {
				d, err := kernelplane.Open(kernelplane.Config{})
				if err == nil {
					d.Close()
					t.Skip("this kernel has ESP")
				}
				return nil
			}))
		}, []string{"--dataplane", "kernel"}, "this kernel has no ESP (CONFIG_INET_ESP): run with --dataplane user"},
		{"nothing to keep", nil, []string{"--dataplane", "user", "--keep-sas"}, "--keep-sas: the userspace dataplane's SAs end with this process"},
		{"no privilege", func(t *testing.T, b *bare, cmd *exec.Cmd) {
			must(t, os.Chmod(b.folder, 0o777))
			asNobody(t, cmd)
		}, nil, "run as root"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBare(t)
			for i, arg := range test.args {
				if arg == "FILE" {
					test.args[i] = b.file(t, "a.cfg", smallConfig)
				}
			}
			cmd := b.command(t, test.args...)
			if test.prepare != nil {
				test.prepare(t, b, cmd)
			}
			before := b.host(t)
			var out bytes.Buffer
			cmd.Stderr = &out
			must(t, b.Start(cmd))
			late := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
			cmd.Wait()
			late.Stop()
			if code := cmd.ProcessState.ExitCode(); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			last := lines[len(lines)-1]
			if !strings.HasPrefix(last, "sallyport: ") || !strings.Contains(last, test.want) {
				t.Errorf("it says\n%s\nwant a last line with %q", &out, test.want)
			}
			if after := b.host(t); after != before {
				t.Errorf("the host is\n%s\nand was\n%s", after, before)
			}
		})
	}
}

// TestALostLogStopsNothing closes the pipe that the log goes to.
func TestALostLogStopsNothing(t *testing.T) {
	b := newBare(t)
	cmd := b.command(t, "--trace")
	log, err := cmd.StderrPipe()
	must(t, err)
	must(t, b.Start(cmd))
	if _, err := bufio.NewReader(log).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	must(t, log.Close())
	eventually(t, "the console answers", func() bool {
		_, err := b.console(t, "display version\n")
		return err == nil
	})
	must(t, cmd.Process.Signal(syscall.SIGTERM)) // which is logged
	if err := cmd.Wait(); err != nil {
		t.Errorf("the gateway ended with %v", err)
	}
}

// TestRunHidesItsMemory looks at a gateway as another process can.
func TestRunHidesItsMemory(t *testing.T) {
	b := newBare(t)
	g := b.run(t)
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", g.Process.Pid))
	must(t, err)
	for line := range strings.Lines(string(limits)) {
		if f := strings.Fields(line); strings.HasPrefix(line, "Max core file size") && (f[4] != "0" || f[5] != "0") {
			t.Errorf("core files are allowed: %s", line)
		}
	}
	g.end(t, syscall.SIGTERM)
}
