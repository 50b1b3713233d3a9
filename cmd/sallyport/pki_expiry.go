package main

import (
	"sync"
	"time"

	"sallyport/commands"
)

// expiryPeriod is how often it is told what expires.
const expiryPeriod = 24 * time.Hour

// watch says now and each day which certificates and lists have expired, or soon will, until
// the function that it returns is called.
func (v *vault) watch() (stop func() error) {
	var group sync.WaitGroup
	done := make(chan struct{})
	group.Go(func() {
		ticker := time.NewTicker(expiryPeriod)
		defer ticker.Stop()
		for {
			v.tellExpiries(time.Now())
			select {
			case <-ticker.C:
			case <-done:
				return
			}
		}
	})
	return func() error { close(done); group.Wait(); return nil }
}

// tellExpiries says what ends within a month, or has ended.
func (v *vault) tellExpiries(now time.Time) {
	for _, e := range commands.Expiries(v.PKIObjects(), now) {
		what := "certificate of " + e.Subject
		if e.Kind == commands.PKIList {
			what = "revocation list of " + e.Subject
		}
		end := e.End.UTC().Format(time.RFC3339)
		switch {
		case e.Over:
			v.log.note(pkiExpired, "the %s in %s file %s has expired at %s", what, e.Kind, e.Name, end)
		case e.Grave:
			v.log.note(pkiExpiresWeek, "the %s in %s file %s expires within a week, at %s", what, e.Kind, e.Name, end)
		default:
			v.log.note(pkiExpiresMonth, "the %s in %s file %s expires within a month, at %s", what, e.Kind, e.Name, end)
		}
	}
}
