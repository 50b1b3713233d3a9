package main

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/ike"
)

// A listener is an engine that keeps the configurations it is given.
type listener struct {
	engine
	hosts []map[string][]netip.Addr
}

func (l *listener) Input(in ike.Input) {
	if c, ok := in.(ike.SetConfig); ok {
		l.hosts = append(l.hosts, c.Config.Hosts)
	}
}

// namedPeers is a configuration with peers of these names.
func namedPeers(names ...string) *ike.Config {
	c := &ike.Config{}
	for _, name := range names {
		c.Policies = append(c.Policies, &ike.Policy{Peer: &ike.Peer{Name: name, RemoteHost: name}})
	}
	return c
}

// TestHostNames gives the engine the addresses of names when they come and when they change, and only then.
func TestHostNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
		answer, failure := []netip.Addr{one}, error(nil)
		var warnings []string
		l := &listener{}
		h := newHostNames(l, func(text string) { warnings = append(warnings, text) })
		h.lookUp = func(context.Context, string) ([]netip.Addr, error) { return answer, failure }
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go h.run(ctx)

		h.Input(ike.SetConfig{Config: namedPeers("hub.test")})
		synctest.Wait()
		h.expect(t, l, 2, one)

		time.Sleep(nameRefresh + time.Second)
		synctest.Wait()
		h.expect(t, l, 2, one)

		answer = []netip.Addr{two}
		time.Sleep(nameRefresh)
		synctest.Wait()
		h.expect(t, l, 3, two)

		answer, failure = nil, errors.New("no answer")
		time.Sleep(nameRefresh + 3*nameRetry)
		synctest.Wait()
		h.expect(t, l, 3, two)
		if len(warnings) != 1 {
			t.Errorf("warnings %q, want one for the whole time without an answer", warnings)
		}

		h.Input(ike.SetConfig{Config: namedPeers()})
		synctest.Wait()
		if len(h.known) != 0 {
			t.Errorf("%v are known of a configuration without names", h.known)
		}
	})
}

// expect checks how many configurations the engine has got, and what the last one says.
func (h *hostNames) expect(t *testing.T, l *listener, configs int, a netip.Addr) {
	t.Helper()
	if len(l.hosts) != configs {
		t.Fatalf("the engine got %d configurations, want %d", len(l.hosts), configs)
	}
	if got := l.hosts[configs-1]["hub.test"]; len(got) != 1 || got[0] != a {
		t.Errorf("hub.test is %v, want %v", got, a)
	}
}
