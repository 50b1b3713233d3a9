package commands

import (
	"net/netip"
	"time"
)

// A lockEntry is a user or an address that is locked out, in `display local-user`.
// A name may be nobody's: it is locked like a user, so that nobody can tell.
type lockEntry struct {
	User   string     `json:"user"`   // empty: it is an address
	Source netip.Addr `json:"source"` // of the user's host; empty: it is a user
	Until  time.Time  `json:"until"`
}

// withLocks adds who is locked out.
func (d localUserDisplay) withLocks(s *Session) localUserDisplay {
	for _, l := range s.device.Locks() {
		d.Locks = append(d.Locks, lockEntry{l.User, l.Source, l.Until.In(s.zone()).Truncate(time.Second)})
	}
	return d
}

var lockColumns = columns{2, 33}

// addLocks adds who is locked out to a page, if anybody is.
func addLocks(p *page, locks []lockEntry) {
	if len(locks) == 0 {
		return
	}
	rule := "  " + dashes(76)
	p.add("")
	p.add(lockColumns.row("Locked", "Until"))
	p.add(rule)
	for _, l := range locks {
		who := printable(l.User, peerTextLimit)
		if l.Source.IsValid() {
			who = "address " + l.Source.String()
		}
		p.add(lockColumns.row(who, zoned(l.Until)))
	}
	p.add(rule)
	p.addf("  Total %d lock(s)", len(locks))
}
