// Package netnstest makes network namespaces for tests, which end with them. It is
// used by tests only.
package netnstest

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/platform/netns"
)

// New makes an empty namespace. It skips the test without privilege, but not on a
// build machine, which says so with CI=true: there that is a failure.
func New(t testing.TB) *netns.Namespace {
	t.Helper()
	n, err := netns.New()
	if errors.Is(err, unix.EPERM) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}
