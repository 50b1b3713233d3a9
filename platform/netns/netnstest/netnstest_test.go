package netnstest

import (
	"os"
	"testing"
)

// TestNew makes two namespaces that are neither each other nor the test's own.
func TestNew(t *testing.T) {
	seen := map[string]bool{}
	look := func() error {
		name, err := os.Readlink("/proc/thread-self/ns/net")
		seen[name] = true
		return err
	}
	for _, err := range []error{look(), New(t).Do(look), New(t).Do(look)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 3 {
		t.Errorf("the namespaces are %v, want three", seen)
	}
}
