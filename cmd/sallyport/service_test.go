package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sallyport/platform/systemd/systemdtest"
	"sallyport/platform/udp"
)

// serviceGateway is a gateway with its sockets and a service manager at a path, and no
// more.
func serviceGateway(t *testing.T, dataplane, manager string, keepSAs bool) (*gateway, *strings.Builder) {
	t.Helper()
	t.Setenv("NOTIFY_SOCKET", manager)
	var out strings.Builder
	g := &gateway{settings: settings{keepSAs: keepSAs}, log: newLogbook(&out, false), plane: &plane{outlives: dataplane == "kernel"}}
	g.service = newService(g.log)
	for _, socket := range []**udp.Socket{&g.ike, &g.natt} {
		s, err := udp.Listen(0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		*socket = s
	}
	return g, &out
}

// TestKeepSockets: whose sockets the manager keeps, and until when.
func TestKeepSockets(t *testing.T) {
	for _, test := range []struct {
		plane          string
		keepSAs        bool
		running, after []string
	}{
		{"kernel", false, []string{"ike", "natt"}, nil},
		{"kernel", true, []string{"ike", "natt"}, []string{"ike", "natt"}},
		{"user", false, nil, nil},
	} {
		m := systemdtest.New(t)
		g, out := serviceGateway(t, test.plane, m.Path, test.keepSAs)
		if err := g.keepSockets(); err != nil {
			t.Fatal(err)
		}
		g.service.note(g.service.manager.Forget()) // returns when all before is done
		if got := m.Kept(); !slices.Equal(got, test.running) {
			t.Errorf("%+v: kept are %q", test, got)
		}
		if err := g.close(); err != nil {
			t.Error(err)
		}
		if got := m.Kept(); !slices.Equal(got, test.after) {
			t.Errorf("%+v: kept are %q after the end", test, got)
		}
		if g.log.close(); out.Len() > 0 {
			t.Errorf("%+v: the log has %q", test, out)
		}
	}
}

// TestServiceManagerGone: that nobody keeps the sockets is a line for each step in the
// log, and no reason to fail.
func TestServiceManagerGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	g, out := serviceGateway(t, "kernel", path, true)
	if err := g.keepSockets(); err != nil {
		t.Errorf("keepSockets() = %v", err)
	}
	g.service.ready()
	g.log.close()
	if n := strings.Count(out.String(), "service manager "+path+": no such file or directory\n"); n != 3 || strings.Count(out.String(), "\n") != 3 {
		t.Errorf("the log has %q, want three lines that name the socket", out)
	}
}
