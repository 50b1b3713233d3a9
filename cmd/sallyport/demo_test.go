package main_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// demoCommand is `sallyport demo`. If the test is killed, so is the demo.
func demoCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), path, append([]string{"demo"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return cmd
}

// asNobody makes a command run without privilege. The program is made readable
// for that, and where it runs everybody may open the TUN device, as on a Debian
// that udev has set up.
func asNobody(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	const script = `mknod "$0" c 10 200 && chmod 666 "$0" && mount --bind "$0" /dev/net/tun &&
		exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"`
	must(t, os.Chmod(filepath.Dir(cmd.Path), 0o755))
	unshare, err := exec.LookPath("unshare")
	must(t, err)
	device := filepath.Join(t.TempDir(), "tun")
	cmd.Args = append([]string{"unshare", "--mount", "sh", "-c", script, device, cmd.Path}, cmd.Args[1:]...)
	cmd.Path, cmd.Dir = unshare, os.TempDir()
}

// demoLines are what the demo prints, in this order, whatever else there is.
var demoLines = []string{
	`PC_A 192\.168\.0\.2 ─── 192\.168\.0\.1 FW_A .* FW_B .* PC_B`,
	`<PC_A>ping 172\.16\.0\.2`,
	`  PING 172\.16\.0\.2: 56  data bytes, press CTRL_C to break`,
	`  [0-9:.]+ FW_A > FW_B  Main 1 SA\[`,
	`  [0-9:.]+ FW_B > FW_A  Main 2 SA\[`,
	`  [0-9:.]+ FW_A > FW_B  Main 3 KE\[256\] NONCE`,
	`  [0-9:.]+ FW_B > FW_A  Main 4 KE\[256\] NONCE`,
	`  [0-9:.]+ FW_A > FW_B  Main 5 ID\[192\.0\.2\.1\] HASH`,
	`  [0-9:.]+ FW_B > FW_A  Main 6 ID\[192\.0\.2\.2\] HASH`,
	`  [0-9:.]+ FW_A > FW_B  Quick 1 HASH SA\[`,
	`  [0-9:.]+ FW_B > FW_A  Quick 2 HASH SA\[`,
	`  [0-9:.]+ FW_A > FW_B  Quick 3 HASH`,
	`    Reply from 172\.16\.0\.2: bytes=56 Sequence=\d ttl=\d+ time=\d+ ms`,
	`    5 packet\(s\) transmitted`,
	`<FW_A>display ike sa`,
	`192\.0\.2\.2 .*RD.*v1:2`,
	`192\.0\.2\.2 .*RD.*v1:1`,
	`<FW_A>display ipsec sa brief`,
	`current ipsec sa number: 2`,
	`<FW_B>display ike sa`,
	`192\.0\.2\.1 .*RD.*v1:2`,
	`<FW_B>display ipsec sa brief`,
	`current ipsec sa number: 2`,
	`On the cable between the gateways: [4-9] ESP packets from FW_A to FW_B, [4-9] from FW_B to FW_A, \d+ IKE messages, 0 packets between the PCs in clear`,
	`The ping came through IPsec\.`,
}

// checkDemo checks what a demo that worked has printed.
func checkDemo(t *testing.T, out string) {
	t.Helper()
	rest := out
	for _, line := range demoLines {
		at := regexp.MustCompile(line).FindStringIndex(rest)
		if at == nil {
			t.Fatalf("the demo printed\n%s\nand no line like %q where it should be", out, line)
		}
		rest = rest[at[1]:]
	}
}

func TestDemo(t *testing.T) {
	requireRoot(t)
	out, err := demoCommand(t).CombinedOutput()
	if err != nil {
		t.Fatalf("sallyport demo: %v\n%s", err, out)
	}
	checkDemo(t, string(out))
}

// TestDemoWithoutRoot runs the demo in a user namespace, as somebody or nobody.
func TestDemoWithoutRoot(t *testing.T) {
	cmd := demoCommand(t)
	if os.Geteuid() == 0 {
		asNobody(t, cmd)
	}
	out, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(string(out), "user namespaces, which this system does not allow") {
		unavailable(t, "no user namespaces: "+string(out))
	}
	if err != nil {
		t.Fatalf("sallyport demo without root: %v\n%s", err, out)
	}
	checkDemo(t, string(out))
}

// TestDemoKeep attaches to a demo that stays up, and ends it with Ctrl-C.
func TestDemoKeep(t *testing.T) {
	requireRoot(t)
	cmd := demoCommand(t, "--keep")
	pipe, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	out := bufio.NewReader(pipe)
	hint := regexp.MustCompile(`^  (\S+) console --state (\S+/fw_a)\n$`)
	var attach []string
	for attach == nil {
		line, err := out.ReadString('\n')
		must(t, err)
		attach = hint.FindStringSubmatch(line)
	}
	console := exec.CommandContext(t.Context(), attach[1], "console", "--state", attach[2])
	console.Stdin = strings.NewReader("display version\n")
	if shown, err := console.CombinedOutput(); err != nil || !strings.Contains(string(shown), "uptime") {
		t.Errorf("the console it names: %v\n%s", err, shown)
	}
	must(t, cmd.Process.Signal(syscall.SIGINT))
	rest, err := io.ReadAll(out)
	must(t, err)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the demo ended with %v\n%s", err, rest)
	}
	if _, err := os.Stat(filepath.Dir(attach[2])); !os.IsNotExist(err) {
		t.Errorf("the demo's folder is still there (%v)", err)
	}
}

// TestDemoInterrupted ends a demo at the worst moments it can be caught at.
func TestDemoInterrupted(t *testing.T) {
	requireRoot(t)
	for _, moment := range []string{"PC_A 192", "PING", "Main 1", "packet loss"} {
		t.Run(moment, func(t *testing.T) {
			cmd := demoCommand(t)
			cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
			pipe, err := cmd.StdoutPipe()
			must(t, err)
			must(t, cmd.Start())
			out := bufio.NewReader(pipe)
			for line := ""; !strings.Contains(line, moment); {
				line, err = out.ReadString('\n')
				must(t, err)
			}
			must(t, cmd.Process.Signal(syscall.SIGTERM))
			_, err = io.ReadAll(out) // until the gateways, which share nothing but the namespaces, let go too
			must(t, err)
			cmd.Wait() // its exit code depends on the moment
			left, err := filepath.Glob(filepath.Join(envValue(cmd.Env, "TMPDIR"), "*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// envValue returns the last value of a variable.
func envValue(env []string, name string) (value string) {
	for _, entry := range env {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value = v
		}
	}
	return value
}
