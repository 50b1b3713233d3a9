package ike

import (
	"net/netip"
	"time"
)

// What the engine allows itself, with the reason beside each.
const (
	maxHalfOpen        = 4096             // 4 KiB each: 16 MiB under a flood
	maxHalfOpenPerAddr = 32               // enough for a carrier's NAT; more is a flood from one place
	maxChildren        = 256              // per ISAKMP SA: a hub's list of flows, not an attack
	maxQuickModes      = 16               // unfinished, per ISAKMP SA
	maxHints           = 4                // different clear notifications that one negotiation reports
	maxMessageIDs      = 4096             // remembered for the life of an ISAKMP SA, then it is replaced
	maxFailures        = 200              // what `display ike error-info` can show
	maxStrangeFailures = 20               // of them from addresses of no peer, which anybody can forge
	maxOfflines        = 200              // what `display ike offline-info` can show
	maxHistories       = 200              // what `display ipsec history record` can show
	maxTimes           = 100              // that one tunnel of them went down, counted
	beforeMessage3     = 10 * time.Second // a responder's entry that has cost no mathematics yet
	afterMessage3      = 30 * time.Second // and one that has

	otherAddressAfter = 14 * time.Second // without an answer to message 1: three repetitions of it

	firstRepeat = 2 * time.Second // doubled each time: 2, 4, 8, 16, 32; about a minute in all
	maxRepeats  = 5
	lastWait    = 2 * time.Second  // for an answer to the last repetition
	repeatShare = 0.1              // jitter of a repetition, both ways
	linger      = 64 * time.Second // a finished exchange answers repetitions for a whole series of them
	answerPause = time.Second      // a repeated request is answered at most this often

	quickModeWait   = 30 * time.Second              // for message 3, as responder
	failureBackoff  = 5 * time.Second               // before traffic may start a failed negotiation again
	autoRetry       = 10 * time.Second              // before `sa trigger-mode auto` does
	oldInboundStays = quickModeWait + 5*time.Second // after a rekey: by then the responder has message 3, or has given up and said so
	switchAfter     = 200 * time.Millisecond        // from an old pair to its successor, for the peer to install it
	doubtAfter      = 3 * time.Second               // from a crossing that the peer may see otherwise to a new pair: what was under way is there
	natKeepAlive    = 20 * time.Second              // RFC 3948 §4

	minLifetime    = time.Minute // shorter offers run for this long here
	noticesPerSec  = 10          // clear notifications to strangers, in all
	aggressives    = 50          // message 1 of aggressive mode in a second, in all: each costs a Diffie-Hellman
	aggressiveEach = 2           // and of one address
	maxStrangers   = 1024        // addresses remembered for their limit of one a second
)

// A rateLimit counts what was done in a second, for each address and in all.
type rateLimit struct {
	second    time.Time
	inAll     int
	addresses map[netip.Addr]int
}

// allow reports whether one more may be done for a now.
func (l *rateLimit) allow(now time.Time, a netip.Addr, perAddr, inAll int) bool {
	if now.Sub(l.second).Abs() >= time.Second || l.addresses == nil {
		*l = rateLimit{now, 0, map[netip.Addr]int{}}
	}
	if l.addresses[a] >= perAddr || l.inAll >= inAll || len(l.addresses) >= maxStrangers {
		return false
	}
	l.addresses[a]++
	l.inAll++
	return true
}

// noticeLimit limits clear notifications: one a second to an address and
// noticesPerSec in all.
type noticeLimit struct{ rateLimit }

// allow reports whether one more may be sent to a now.
func (l *noticeLimit) allow(now time.Time, a netip.Addr) bool {
	return l.rateLimit.allow(now, a, 1, noticesPerSec)
}
