package tunnel

import (
	"time"

	"sallyport/ipsec"
)

// tick is how often what gets old is looked for; ticksPerRefresh of them pass
// between two looks at the path MTUs.
const (
	tick            = time.Second
	ticksPerRefresh = 60
)

// keepTime does what is due by the clock, until the dataplane is closed.
func (d *Dataplane) keepTime() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for n := 1; ; n++ {
		select {
		case <-ticker.C:
			d.lookAtClock()
			d.expireHeld()
			d.router.Retry()
			if n%ticksPerRefresh == 0 {
				d.refreshMTUs()
			}
		case <-d.stop:
			return
		}
	}
}

// lookAtClock takes note of the time, in seconds: a packet has no time to look.
func (d *Dataplane) lookAtClock() { d.clock.Store(d.now().Unix()) }

// expireHeld drops the packets that have waited too long for an SA.
func (d *Dataplane) expireHeld() {
	d.mu.Lock()
	expired := d.held.expire(d.now())
	d.mu.Unlock()
	d.statistics.dropMany(ipsec.DropNoSA, expired)
}
