package xfrm

import (
	"sync"
	"testing"

	"sallyport/ipsec"
	"sallyport/ipsec/xfrm/kernel"
)

// TestAtOnce: every method may be called from any goroutine.
func TestAtOnce(t *testing.T) {
	r := newRig(t)
	r.Notify, r.Warn = func(ipsec.Event) {}, func(string) {}
	p, q := policy(10, permit(lan, remote)), policy(20, permit(remote, lan))
	var workers sync.WaitGroup
	for n := range ipsec.SPI(4) {
		workers.Go(func() {
			for i := range ipsec.SPI(50) {
				sa := outboundOf(0x1000 + 100*n + i)
				if err := r.SetPolicies([]*ipsec.Policy{p, q}[:1+n%2]); err != nil {
					t.Error(err)
				}
				if err := r.AddSA(sa); err != nil {
					t.Error(err)
				}
				r.heard(kernel.Acquire{ReqID: kernel.Ours + 1})
				r.heard(kernel.Expire{ID: sa.ID, Hard: n == 0})
				r.repair()
				r.Counters(sa.ID)
				r.Statistics()
				r.Faults()
				if err := r.RemoveSA(sa.ID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	workers.Wait()
	r.state()
	if len(r.memory.policies)+len(r.sas)+len(r.flows.byKey) != 0 {
		t.Errorf("left are %v, %v, %v", r.memory.policies, r.sas, r.flows.byKey)
	}
}
