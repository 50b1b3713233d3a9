package commands

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReplayOfTheSeed(t *testing.T) {
	for _, name := range []string{"fw_a.cfg", "fw_b.cfg"} {
		text, err := os.ReadFile(filepath.Join("..", "testdata", "seed", name))
		if err != nil {
			t.Fatal(err)
		}
		config := replayed(t, string(text))
		if made := built(t, config); len(made.Policies) != 1 || len(made.Proposals) != 2 {
			t.Errorf("%s: %d policies, %d proposals", name, len(made.Policies), len(made.Proposals))
		}
		again := replayed(t, config.Render(seal))
		if a, b := config.Render(seal), again.Render(seal); a != b {
			t.Errorf("%s: replayed as\n%s\nwant\n%s", name, b, a)
		}
	}
}

// replayed runs a script from nothing; no line may be refused.
func replayed(t testing.TB, text string) *Config {
	t.Helper()
	config, refused := Replay(New(), Script{File: "test.cfg", Text: text, Open: open, Port: port})
	for _, err := range refused {
		t.Errorf("%v: %q", err, err.Text)
	}
	return config
}

// hub is the configuration of n tunnels.
func hub(n int) string {
	var b strings.Builder
	b.WriteString("#\nike proposal 10\n#\nipsec proposal a\n#\n")
	for i := range n {
		fmt.Fprintf(&b, `acl number %d
 rule 5 permit ip source 172.16.0.0 0.0.255.255 destination 10.%d.%d.0 0.0.0.255
#
ike peer b%d
 undo version 2
 pre-shared-key %%^%%#%032x%%^%%#
 ike-proposal 10
 remote-address 203.%d.%d.1
#
ipsec policy hub %d isakmp
 security acl %d
 ike-peer b%d
 proposal a
#
ip route-static 10.%d.%d.0 255.255.255.0 192.0.2.2
#
`, 3000+i%1000, i/256, i%256, i, i, i/256, i%256, 1+i, 3000+i%1000, i, i/256, i%256)
	}
	b.WriteString("interface GigabitEthernet0/0/1\n ip address 192.0.2.1 24\n ipsec policy hub\n#\nreturn\n")
	return b.String()
}

// TestReplayErrors shows where a script is wrong, and that the rest is taken.
func TestReplayErrors(t *testing.T) {
	const script = `system-view
sysname H
ike proposal 10
 dh group99
 sa duration 600 // and more
 sa duration
 sa duration 1 2
acl 3000
  rule permit ip source 10.0.0.0
  rule permit ip
interface GigabitEthernet9/0/0
 ip address 10.0.0.1 8

# a comment
 mtu 1400
ike peer b
 ike-proposal 77
 ike-proposal 10
 pre-shared-key %^%#not ours%^%#
 pre-shared-key %^%#xx%^%#
display version
save
quit
system-view
undo ike peer c
return
`
	want := []string{
		"h.cfg:4:5: Error: Unrecognized command found at '^' position.",
		"h.cfg:6:14: Error:Incomplete command found at '^' position.",
		"h.cfg:7:14: Error: Wrong parameter found at '^' position.",
		"h.cfg:9:34: Error:Incomplete command found at '^' position.",
		"h.cfg:11:1: Error: No device for interface GigabitEthernet9/0/0, start with --port GigabitEthernet9/0/0=DEVICE.",
		"h.cfg:12:2: Error: The line belongs to line 11, which was refused.",
		"h.cfg:15:2: Error: The line belongs to line 11, which was refused.",
		"h.cfg:17:2: Error: The IKE proposal does not exist.",
		"h.cfg:19:25: Error:Too many parameters found at '^' position.",
		"h.cfg:20:2: Error: The stored key cannot be used: it was sealed by another box.",
		"h.cfg:21:1: Error: The command is not a configuration command.",
		"h.cfg:22:1: Error: The command is not a configuration command.",
		"h.cfg:25:1: Error: The delete configuration does not exist.",
	}
	from := New()
	config, refused := Replay(from, Script{File: "h.cfg", Text: script, Open: open, Port: port})
	var got []string
	for _, err := range refused {
		got = append(got, err.Error())
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("refused\n%s\nwant\n%s", g, w)
	}
	const rest = "#\nsysname H\n#\nacl number 3000\n rule 5 permit ip\n#\nike proposal 10\n sa duration 600\n#\nike peer b\n ike-proposal 10\n#\nreturn\n"
	if text := config.Render(seal); text != rest {
		t.Errorf("taken\n%s\nwant\n%s", text, rest)
	}
	if text := from.Render(seal); text != "#\nreturn\n" {
		t.Errorf("the configuration it began with became\n%s", text)
	}
}

func TestReplayOnTop(t *testing.T) {
	before := replayed(t, branch)
	text := before.Render(seal)
	after, refused := Replay(before, Script{Text: "acl 3000\n rule permit icmp\nike peer b\n undo pre-shared-key\nundo ipsec policy policy1 5\n"})
	if len(refused) != 1 || refused[0].Line != 5 {
		t.Errorf("refused %v", refused)
	}
	if before.Render(seal) != text {
		t.Errorf("the configuration it began with became\n%s", before.Render(seal))
	}
	if len(after.ACLs["3000"].Rules) != 2 || len(after.IKEPeers["b"].Key) != 0 || after.IKEProposals[10] != before.IKEProposals[10] {
		t.Errorf("became\n%s", after.Render(seal))
	}
}

// TestReplayWithoutOpen checks a file on another box.
func TestReplayWithoutOpen(t *testing.T) {
	_, refused := Replay(New(), Script{Text: "ike peer b\n pre-shared-key %^%#whatever%^%#\n"})
	if len(refused) > 0 {
		t.Errorf("%v", refused[0])
	}
}

func TestReplayReportsFaultsOfTheWhole(t *testing.T) {
	broken := replayed(t, branch)
	clear(broken.ACLs)
	_, refused := Replay(broken, Script{File: "h.cfg", Text: "sysname H\n"})
	if len(refused) != 1 || refused[0].Error() != "h.cfg: Error: The ACL 3000 of IPSec policy policy1 5 does not exist." {
		t.Errorf("%v", refused)
	}
}
