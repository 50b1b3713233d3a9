package commands

import (
	"testing"
	"time"

	"sallyport/ipsec"
)

func TestDurationDisplay(t *testing.T) {
	got := newDurationDisplay(ipsec.Lifetime{Duration: 480 * time.Second, Octets: 2560 << 10}).text()
	const want = "ipsec sa global duration (traffic based): 2560 kilobytes\nipsec sa global duration (time based): 480 seconds\n"
	if got != want {
		t.Errorf("text() = %q, want %q", got, want)
	}
}

// TestDurationIsTheConfigurations changes both lifetimes and displays them.
func TestDurationIsTheConfigurations(t *testing.T) {
	s := newBox(t).session(operator, "system-view", "ipsec sa global-duration time-based 480", "ipsec sa global-duration traffic-based 2560")
	const want = "Total lines: 2.\n"
	if got := s.Exec(t.Context(), "display ipsec sa duration | include (2560|480) | count").Rendered().Text; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
