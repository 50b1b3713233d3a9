package commands

import (
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
)

// The bounds of `fallback clear retry`.
const (
	leastFallbackRetry = 10 // seconds
	mostFallbackRetry  = 86400

	defaultFallbackRetry = 5 * time.Minute
)

// answerRows say what a policy does when nobody answers, and whether it begins anything.
func answerRows() []grammar.Row[Policy] {
	kw := grammar.Kw[Policy]
	return []grammar.Row[Policy]{
		grammar.Setting(kw("respond-only", "Negotiations are left to the peer"),
			grammar.Flag("enable", "They are", func(p *Policy) *bool { return &p.Respond })).
			Check(checks(checkRespond)),
		grammar.Setting(kw("fallback", "What becomes of the traffic while the peer does not answer"),
			grammar.Flag("clear", "It leaves UNPROTECTED until the peer answers", func(p *Policy) *bool { return &p.Clear.Enabled }),
			grammar.Optional(kw("retry", "Time between tries to negotiate, 300 seconds if it is not said"),
				grammar.Arg(kind.Seconds(leastFallbackRetry, mostFallbackRetry), "Seconds", func(p *Policy) *time.Duration { return &p.Clear.Retry }))).
			Check(checks(checkFallback)),
	}
}

// checkRespond warns of a policy that is to begin at once, and to begin nothing.
func checkRespond(e *edit, p *Policy) error {
	if p.Respond && p.Auto {
		e.warn("With respond-only enable nothing is begun: sa trigger-mode auto does nothing.")
	}
	return nil
}

// checkFallback warns who has traffic go in clear.
func checkFallback(e *edit, p *Policy) error {
	if p.Clear != (ike.ClearFallback{}) {
		e.warn("FALL BACK TO CLEAR: while the IKE peer does not answer, the traffic of this policy leaves UNPROTECTED; " +
			"whoever can drop IKE messages can bring that about.")
	}
	return nil
}
