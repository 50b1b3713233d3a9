package commands

import (
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// readHost has a display of the host's made in a session of a box.
func readHost[D any](t *testing.T, read func(*Session) (D, error)) D {
	t.Helper()
	d, err := read(NewSession(&fakeDevice{}, NewRunning(New()), Options{Level: everything}))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// hostDisplays is one value of each display of the host, by the name of its golden
// file.
func hostDisplays(t *testing.T) map[string]display {
	interfaces := readHost(t, func(s *Session) (interfaceDisplay, error) { return newInterfaceDisplay(s, "") })
	host := &fakeHost{}
	cpu, _ := host.CPU()
	memory, _ := host.Memory()
	zone := TimeZone{Name: "CEST", Offset: 2 * time.Hour}
	return map[string]display{
		"interface":    interfaces,
		"ip-interface": ipInterfaceDisplay{interfaces},
		"routing-table": readHost(t, func(s *Session) (routeDisplay, error) {
			return newRouteDisplay(s, routeFilter{Length: anyLength, Verbose: true})
		}),
		"arp":          readHost(t, newARPDisplay),
		"clock":        newClockDisplay(then, zone),
		"cpu-usage":    newCPUDisplay(cpu, then),
		"memory-usage": newMemoryDisplay(memory, then),
	}
}

// The names of fields are a promise, as for all displays.
func TestHostDisplaysAsJSON(t *testing.T) {
	name := regexp.MustCompile(`^(-|[a-z0-9]+(_[a-z0-9]+)*)$`)
	for file, d := range hostDisplays(t) {
		b, err := json.MarshalIndent(d, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "display/json/"+file+".json", string(b)+"\n")
		eachField(reflect.TypeOf(d), func(of reflect.Type, f reflect.StructField) {
			if tag := f.Tag.Get("json"); !f.Anonymous && !name.MatchString(tag) {
				t.Errorf("%v.%s has the name %q", of, f.Name, tag)
			}
		})
	}
}

func TestHostDisplayTexts(t *testing.T) {
	texts := map[string]string{}
	for name, d := range hostDisplays(t) {
		texts[name] = d.text()
		if b, ok := d.(briefer); ok {
			texts[name+" brief"] = b.brief()
		}
	}
	for name, text := range texts {
		if !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") || strings.Contains(text, " \n") {
			t.Errorf("%s has a line that ends with a space, or ends wrongly:\n%s", name, text)
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }); i >= 0 {
			t.Errorf("%s holds %q", name, text[i])
		}
	}
}

// The offsets are those of the reference.
func TestHostTables(t *testing.T) {
	all := hostDisplays(t)
	brief := all["interface"].(interfaceDisplay).brief()
	cellsAt(t, lineWith(t, brief, "GigabitEthernet0/0/2"), []int{0, 28, 34}, "GigabitEthernet0/0/2", "up", "up")
	ip := all["ip-interface"].(ipInterfaceDisplay).brief()
	cellsAt(t, lineWith(t, ip, "GigabitEthernet0/0/2"), []int{0, 34, 55, 66}, "GigabitEthernet0/0/2", "192.0.2.1/24", "up", "up")
	routes := readHost(t, func(s *Session) (routeDisplay, error) {
		return newRouteDisplay(s, routeFilter{Length: anyLength})
	}).text()
	cellsAt(t, lineWith(t, routes, "10.77.8.0/24"), []int{20, 28, 33, 49, 65}, "Static", "60", "0", "192.0.2.254", "GigabitEthernet0/0/2")
	if line := lineWith(t, routes, "10.77.8.0/24"); line[17] != '4' || line[45] != 'D' {
		t.Errorf("destination and flags are not at 18 and 46: %q", line)
	}
	ruleOf(t, routes, "-", 78)
}

// An error of a reading is the answer, and nothing else.
func TestHostUnreadable(t *testing.T) {
	device := &fakeDevice{}
	device.unreadable = errors.New("netlink is out of order")
	s := NewSession(device, NewRunning(New()), Options{Level: everything})
	for _, line := range []string{
		"display interface", "display interface g0/0/1", "display ip interface brief", "display ip routing-table", "display arp",
		"display cpu-usage", "display memory-usage", "reset counters interface", "reset counters interface g0/0/1",
		"clock datetime 11:42:19 2026-05-07",
	} {
		out := s.Exec(t.Context(), line)
		if out.Err == nil || out.Display != nil || out.Text != "Error: Netlink is out of order.\n" {
			t.Errorf("%s answers %+v", line, out)
		}
	}
}

func TestResetCounters(t *testing.T) {
	device := &fakeDevice{}
	s := NewSession(device, NewRunning(New()), Options{Level: everything})
	say(s, "reset counters interface")
	say(s, "reset counters interface g0/0/2")
	if want := []string{"", "eth2"}; !reflect.DeepEqual(device.reset, want) {
		t.Errorf("reset are %q, want %q", device.reset, want)
	}
}

// A time is typed in the box's zone.
func TestClockDatetime(t *testing.T) {
	device := &fakeDevice{}
	s := NewSession(device, NewRunning(New()), Options{Level: everything})
	for _, line := range []string{"clock datetime 11:42:19 2026-05-07", "system-view", "clock timezone CEST add 2:00:00", "return", "clock datetime 11:42:19 2026-05-07"} {
		if text := say(s, line); strings.Contains(text, "Error") {
			t.Errorf("%s: %s", line, text)
		}
	}
	at := time.Date(2026, 5, 7, 11, 42, 19, 0, time.UTC)
	if len(device.clock) != 2 || !device.clock[0].Equal(at) || !device.clock[1].Equal(at.Add(-2*time.Hour)) {
		t.Errorf("the clock was set to %v, want %v and two hours earlier", device.clock, at)
	}
}

func TestPingOptions(t *testing.T) {
	device := &fakeDevice{}
	s := NewSession(device, NewRunning(New()), Options{Level: everything})
	say(s, "ping -f -h 3 -tos 184 -i g0/0/2 -c 3 192.0.2.9")
	want := pingDefaults.Ping
	want.Host, want.Count, want.TTL, want.TOS, want.NoFragment, want.Device = netip.MustParseAddr("192.0.2.9"), 3, 3, 184, true, "eth2"
	if !reflect.DeepEqual(device.pings, []Ping{want}) {
		t.Errorf("pinged %+v, want %+v", device.pings, want)
	}
}

func TestTracertOptions(t *testing.T) {
	device := &fakeDevice{}
	s := NewSession(device, NewRunning(New()), Options{Level: everything})
	say(s, "tracert -f 2 -m 3 -q 2 -p 40000 -w 100 203.0.113.7")
	want := Trace{Host: netip.MustParseAddr("203.0.113.7"), First: 2, Last: 3, Probes: 2, Port: 40000, Timeout: 100 * time.Millisecond}
	if !reflect.DeepEqual(device.traces, []Trace{want}) {
		t.Errorf("traced %+v, want %+v", device.traces, want)
	}
}

func TestTracertLine(t *testing.T) {
	const ms = time.Millisecond
	a, b := hostRoutes()[0].NextHop, hostRoutes()[1].NextHop
	for _, test := range []struct {
		name string
		hops []Hop
		want string
	}{
		{"one router", []Hop{{TTL: 1, From: a, Time: 3 * ms}, {TTL: 1, From: a, Time: 2 * ms}, {TTL: 1, From: a, Time: 2 * ms}}, " 1 192.0.2.254 3 ms  2 ms  2 ms\n"},
		{"nobody", []Hop{{TTL: 2, Lost: true}, {TTL: 2, Lost: true}, {TTL: 2, Lost: true}}, " 2  *  *  *\n"},
		{"the first lost", []Hop{{TTL: 3, Lost: true}, {TTL: 3, From: a, Time: ms}}, " 3  *  192.0.2.254 1 ms\n"},
		{"one lost between", []Hop{{TTL: 3, From: a, Time: ms}, {TTL: 3, Lost: true}, {TTL: 3, From: a, Time: ms}}, " 3 192.0.2.254 1 ms  *  1 ms\n"},
		{"two routers", []Hop{{TTL: 12, From: a, Time: ms}, {TTL: 12, From: b, Time: 20 * ms}}, " 12 192.0.2.254 1 ms  172.20.4.254 20 ms\n"},
		{"no way", []Hop{{TTL: 1, From: a, Time: ms, Mark: "!H"}, {TTL: 1, From: a, Time: ms, Mark: "!H"}}, " 1 192.0.2.254 1 ms !H  1 ms !H\n"},
	} {
		if got := tracertLine(test.hops); got != test.want {
			t.Errorf("%s: tracertLine = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestIsHostName(t *testing.T) {
	for text, want := range map[string]bool{
		"www.example.com": true, "h": true, "a-b_c.d1": true, "3com": true,
		"": false, "-a": false, "1.2.3": false, "192.0.2.300": false, "a\x1bb": false, "2001:db8::1": false,
		strings.Repeat("a", 255): true, strings.Repeat("a", 256): false,
	} {
		if got := isHostName(text); got != want {
			t.Errorf("isHostName(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestTimeZoneLocation(t *testing.T) {
	at := time.Date(2026, 5, 7, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		zone TimeZone
		want string
	}{
		{TimeZone{}, "2026-05-07 12:00:00+00:00"},
		{TimeZone{Name: "CEST", Offset: 2 * time.Hour}, "2026-05-07 14:00:00+02:00"},
		{TimeZone{Name: "NST", Behind: true, Offset: 3*time.Hour + 30*time.Minute}, "2026-05-07 08:30:00-03:30"},
		{TimeZone{Name: "LMT", Offset: 19*time.Minute + 32*time.Second}, "2026-05-07 12:19:32+00:19:32"},
	} {
		if got := zoned(at.In(test.zone.Location())); got != test.want {
			t.Errorf("%+v: %s, want %s", test.zone, got, test.want)
		}
	}
}
