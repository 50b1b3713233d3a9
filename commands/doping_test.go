package commands

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestPingWithoutReply prints no more than the sums, and has not succeeded.
func TestPingWithoutReply(t *testing.T) {
	for line, lost := range map[string]bool{"ping -c 1 192.0.2.1": true, "ping -c 1 -q 192.0.2.1": true, "ping -c 2 192.0.2.1": false} {
		var b strings.Builder
		err := newBox(t).session(operator).Exec(t.Context(), line).Long(t.Context(), func(text string) { b.WriteString(text) })
		if errors.Is(err, ErrNoReply) != lost || err != nil && !lost || !strings.HasSuffix(b.String(), "packet loss\n") == lost {
			t.Errorf("%q: %v after\n%s", line, err, b.String())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := newBox(t).session(operator).Exec(ctx, "ping -c 1 192.0.2.1").Long(ctx, func(string) { cancel() })
	if err != nil {
		t.Errorf("stopped by the operator: %v", err)
	}
}
