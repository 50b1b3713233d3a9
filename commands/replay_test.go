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
		built, err := config.IKE(port)
		if err != nil || len(built.Policies) != 1 || len(built.Proposals) != 2 {
			t.Errorf("%s: %d policies, %d proposals, %v", name, len(built.Policies), len(built.Proposals), err)
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

func BenchmarkReplay10000Tunnels(b *testing.B) {
	text := hub(10000)
	b.ReportAllocs()
	for b.Loop() {
		replayed(b, text)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*strings.Count(text, "\n")), "ns/line")
}

func BenchmarkLineOnTopOf10000Tunnels(b *testing.B) {
	running := NewRunning(replayed(b, hub(10000)))
	session := NewSession(&fakeDevice{}, running, Options{Level: everything})
	for _, line := range []string{"system-view", "ike peer b77"} {
		session.Exec(b.Context(), line)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if out := session.Exec(b.Context(), fmt.Sprintf("remote-address 198.51.100.%d", 1+i%200)); out.Err != nil {
			b.Fatal(out.Err)
		}
	}
}
