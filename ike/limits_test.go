package ike

import (
	"net/netip"
	"testing"
	"time"
)

func TestNoticeLimit(t *testing.T) {
	var l noticeLimit
	now := kitStart
	for i, test := range []struct {
		after time.Duration // the row before
		addr  int
		want  bool
	}{
		{0, 1, true},
		{0, 1, false}, // one a second to an address
		{0, 2, true},
		{999 * time.Millisecond, 1, false},
		{time.Millisecond, 1, true},
		{0, 1, false},
		{time.Hour, 1, true},
	} {
		now = now.Add(test.after)
		if got := l.allow(now, kitAddr(test.addr)); got != test.want {
			t.Errorf("row %d: allow(%v, %v) = %v, want %v", i, now, kitAddr(test.addr), got, test.want)
		}
	}
}

func TestNoticeLimitInAll(t *testing.T) {
	var l noticeLimit
	allowed := 0
	for i := range 5000 {
		if l.allow(kitStart, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})) {
			allowed++
		}
	}
	if allowed != noticesPerSec || len(l.addresses) > noticesPerSec {
		t.Errorf("%d were allowed and %d addresses kept, want %d", allowed, len(l.addresses), noticesPerSec)
	}
	if !l.allow(kitStart.Add(time.Second), kitAddr(9)) {
		t.Error("nothing is allowed a second later")
	}
}
