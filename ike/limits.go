package ike

import (
	"net/netip"
	"time"
)

// What the engine allows itself, with the reason beside each.
const (
	maxHalfOpen          = 4096             // 30 KiB each at worst, 4 KiB as a rule: 16 MiB under a flood
	maxHalfOpenPerAddr   = 32               // enough for a carrier's NAT; more is a flood from one place
	maxHalfOpenKnown     = 1024             // of a configured address: 10,000 forgeries a second and 100 ms to the peer
	maxChildren          = 256              // per ISAKMP SA: a hub's list of flows, not an attack
	maxQuickModes        = 16               // unfinished, per ISAKMP SA
	maxHints             = 4                // different clear notifications that one negotiation reports
	maxMessageIDs        = 4096             // remembered for the life of an ISAKMP SA, then it is replaced
	maxFailures          = 200              // what `display ike error-info` can show
	maxFailuresOfOne     = 50               // of them from one address
	maxStrangeFailures   = 20               // of them from addresses of no peer, which anybody can forge
	maxForgeableFailures = 60               // from configured addresses, about messages that anybody can forge
	maxForgeableOfOne    = 10               // and from one such address
	maxOfflines          = 200              // what `display ike offline-info` can show
	maxHistories         = 200              // what `display ipsec history record` can show
	maxTimes             = 100              // that one tunnel of them went down, counted
	beforeMessage3       = 10 * time.Second // a responder's entry that has cost no mathematics yet
	afterMessage3        = 30 * time.Second // and one that has

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
	switchAfter     = 5 * time.Second               // from an old pair to its successor, if nothing comes on that: a peer that has lost message 3 has asked again by then
	switchBefore    = time.Second                   // before the old pair ends: for the peer that may be a moment earlier
	switchLook      = 100 * time.Millisecond        // between looks whether something comes on it
	doubtAfter      = 3 * time.Second               // from a crossing that the peer may see otherwise to a new pair: what was under way is there
	natKeepAlive    = 20 * time.Second              // RFC 3948 §4
	resignWithin    = time.Minute                   // ISAKMP SAs are replaced after a change of our certificate: many at once would not get through

	minLifetime   = time.Minute // peers' shorter offers run for this long here
	noticesPerSec = 10          // clear notifications to strangers, in all

	maxExplained   = 10 // offers that nothing of ours fits, explained in a second, of configured addresses and of strangers: each costs up to 1 ms
	maxExplainedTo = 4  // and of one address

	maxFirsts        = 10000           // messages 1 answered in a second, of configured addresses and of strangers: a tenth of a core
	maxExchangesEach = 40              // Diffie-Hellmans in a second for who has shown our cookie, of one address
	maxExchanges     = 1000            // and in all, of configured addresses and of strangers
	maxWaiters       = 16384           // messages 1 that are to come again before they are answered, of configured addresses and of strangers
	maxSigned        = 50              // of aggressive mode, answered in a second with a signature, likewise: each costs 3 ms
	maxSignedKnown   = 20              // and of one configured address
	maxSignedStrange = 2               // and of another
	maxHalves        = 50              // public values made in a second for aggressive mode with pre-shared keys; then one serves many
	halfLife         = 2 * time.Second // of such a one
	maxClear         = 8192            // octets of a message of phase 1 in clear
	maxHeld          = 4               // messages that may be aggressive mode's 3, while its keys are made
)

// noticeLimit limits clear notifications: one a second to an address and
// noticesPerSec in all.
type noticeLimit struct{ rateLimit }

// allow reports whether one more may be sent to a now.
func (l *noticeLimit) allow(now time.Time, a netip.Addr) bool {
	return l.rateLimit.allow(now, a, 1, noticesPerSec)
}
