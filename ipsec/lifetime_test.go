package ipsec

import (
	"math"
	"testing"
	"time"
)

func TestLifetimeMin(t *testing.T) {
	for _, test := range []struct {
		name       string
		a, b, want Lifetime
	}{
		{"no bounds", Lifetime{}, Lifetime{}, Lifetime{}},
		{"one bounds", Lifetime{time.Hour, 5}, Lifetime{}, Lifetime{time.Hour, 5}},
		{"each bounds one", Lifetime{Duration: time.Hour}, Lifetime{Octets: 5}, Lifetime{time.Hour, 5}},
		{"both", Lifetime{time.Hour, 9}, Lifetime{time.Minute, 10}, Lifetime{time.Minute, 9}},
		{"equal", Lifetime{time.Hour, 9}, Lifetime{time.Hour, 9}, Lifetime{time.Hour, 9}},
		{"the largest bound", Lifetime{math.MaxInt64, math.MaxUint64}, Lifetime{1, 1}, Lifetime{1, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.a.Min(test.b); got != test.want {
				t.Errorf("%v.Min(%v) = %v, want %v", test.a, test.b, got, test.want)
			}
			if got := test.b.Min(test.a); got != test.want {
				t.Errorf("%v.Min(%v) = %v, want %v", test.b, test.a, got, test.want)
			}
		})
	}
}
