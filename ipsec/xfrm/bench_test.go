package xfrm

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/xfrm/kernel"
)

// many returns policies to so many branches.
func many(n uint32) (policies []*ipsec.Policy) {
	for i := range n {
		policies = append(policies, policy(i, permit(lan, site(i))))
	}
	return policies
}

// BenchmarkRestart measures a start over what a killed predecessor left: 10,000 policies,
// three in the kernel for each, all right, or each of them with another peer.
func BenchmarkRestart(b *testing.B) {
	for _, test := range []struct {
		name string
		peer netip.Addr
	}{{"right", peer}, {"wrong", nomad}} {
		b.Run(test.name, func(b *testing.B) {
			d, n := realOne(b)
			left := many(10_000)
			for _, p := range left {
				p.Remote = test.peer
			}
			policies := many(10_000)
			for b.Loop() {
				b.StopTimer()
				if err := d.SetPolicies(left); err != nil {
					b.Fatal(err)
				}
				if err := d.Keep(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				d = again(b, n)
				if err := d.SetPolicies(policies); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStart measures 10,000 policies where there were none.
func BenchmarkStart(b *testing.B) {
	d, _ := realOne(b)
	policies := many(10_000)
	for b.Loop() {
		if err := d.SetPolicies(policies); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := d.SetPolicies(nil); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkOneLine measures one policy more, and less, on top of 10,000, and the processor
// time of ours that it takes.
func BenchmarkOneLine(b *testing.B) {
	d, _ := realOne(b)
	policies := many(10_001)
	before := processor(b)
	for b.Loop() {
		if err := d.SetPolicies(policies); err != nil {
			b.Fatal(err)
		}
		if err := d.SetPolicies(policies[:10_000]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((processor(b)-before).Microseconds())/float64(b.N), "µs-cpu/op")
}

// A willing kernel takes SAs on a machine whose kernel has none, after it has refused them:
// what it costs us is the same.
type willing struct{ *kernel.Kernel }

func (w willing) AddState(s kernel.State) error {
	err := w.Kernel.AddState(s)
	if errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	return err
}

// BenchmarkPair measures a policy and its SA pair on top of others, and the processor time
// of ours that they take.
func BenchmarkPair(b *testing.B) {
	for _, n := range []uint32{1, 1000} {
		b.Run(fmt.Sprintf("policies=%d", n), func(b *testing.B) {
			d, _ := realOne(b)
			d.system, d.capabilities = willing{d.system.(*kernel.Kernel)}, ipsec.Everything("the benchmark")
			policies := append(many(n), policy(n+1, permit(remote, lan)))
			var used time.Duration
			for b.Loop() {
				in, out := inboundOf(0x1000, ofRule(n+1, 5)), outboundOf(0x1001, ofRule(n+1, 5))
				before := processor(b)
				if err := errors.Join(d.SetPolicies(policies), d.AddSA(in), d.AddSA(out)); err != nil {
					b.Fatal(err)
				}
				used += processor(b) - before
				if err := d.SetPolicies(policies[:n]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(used.Microseconds())/float64(b.N), "µs-cpu/pair")
		})
	}
}

// BenchmarkInstance measures an instance that comes and goes, on top of others.
func BenchmarkInstance(b *testing.B) {
	for _, n := range []uint32{10, 1000, 10_000} {
		b.Run(fmt.Sprintf("instances=%d", n), func(b *testing.B) {
			d, _ := realOne(b)
			errs := []error{d.SetPolicies([]*ipsec.Policy{template(10)})}
			for i := range n {
				errs = append(errs, d.AddPolicy(instance(10, i+1, permit(lan, site(i)))))
			}
			if err := errors.Join(errs...); err != nil {
				b.Fatal(err)
			}
			var user, before unix.Rusage
			own := func(u *unix.Rusage) {
				if err := unix.Getrusage(unix.RUSAGE_SELF, u); err != nil {
					b.Fatal(err)
				}
			}
			own(&before)
			for b.Loop() {
				p := instance(10, n+1, permit(remote, lan))
				if err := errors.Join(d.AddPolicy(p), d.RemovePolicy(p.ID)); err != nil {
					b.Fatal(err)
				}
			}
			own(&user)
			b.ReportMetric(float64(user.Utime.Nano()-before.Utime.Nano())/1000/float64(b.N), "µs-user/op")
		})
	}
}

// BenchmarkInstanceOfPolicy measures an instance of one of so many policies that comes and
// goes: for a part of its traffic, or for all of it.
func BenchmarkInstanceOfPolicy(b *testing.B) {
	for name, to := range map[string]netip.Prefix{"part": one(site(5000).Addr()), "whole": site(5000)} {
		b.Run(name, func(b *testing.B) {
			d, _ := realOne(b)
			if err := d.SetPolicies(many(10_000)); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				p := instance(5000, 1, permit(lan, to))
				if err := errors.Join(d.AddPolicy(p), d.RemovePolicy(p.ID)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkInstanceElsewhere measures that the peer of an instance is at another address.
func BenchmarkInstanceElsewhere(b *testing.B) {
	d, _ := realOne(b)
	if err := d.SetPolicies(many(10_000)); err != nil {
		b.Fatal(err)
	}
	at := peer
	for b.Loop() {
		p := instance(5000, 1, permit(lan, site(5000)))
		at = at.Next()
		p.Remote = at
		if err := d.AddPolicy(p); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCounters measures a question about one SA: a reserved SPI is as much to the kernel.
func BenchmarkCounters(b *testing.B) {
	d, _ := realOne(b)
	sa := inboundOf(0)
	spi, err := d.SPI(sa.Local, sa.Remote, ipsec.ESP)
	if err != nil {
		b.Fatal(err)
	}
	sa.ID.SPI = spi
	d.sas[sa.ID] = &association{SA: sa}
	defer delete(d.sas, sa.ID)
	for b.Loop() {
		if _, ok := d.Counters(sa.ID); !ok {
			b.Fatal("the kernel has it not")
		}
	}
}

// processor returns what processor time this program has used.
func processor(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
