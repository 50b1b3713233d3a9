package commands

import (
	"time"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ike"
)

// What holds for IKE with all peers.

// An IKEGlobal is what system view says of IKE. Zero fields are not configured: the engine
// has the defaults.
type IKEGlobal struct {
	LocalName        string // empty: the system's name
	DPD              ike.DPD
	Heartbeat        ike.Heartbeat
	NATKeepAlive     time.Duration
	Limits           ike.Limits
	TrafficIdentical bool // ipsec remote traffic-identical accept
}

// Bounds of what system view says of IKE.
const (
	leastHeartbeat    = 20 // seconds
	leastTimeout      = 30
	mostHeartbeat     = 28800
	leastNATKeepAlive = 5 // seconds
	mostNATKeepAlive  = 300
	mostHalfOpen      = 65535
	mostISAKMP        = 100000
	heartbeatsMissed  = 3 // that a timeout should allow for
	olderRetransmit   = 5 * time.Second
	olderRetries      = 5
	helpTimer         = "Timer of Huawei's keepalive messages"
	helpTimerInterval = "Time between messages"
	helpNATKeepAlive  = "Timer of what keeps an address translation"
	helpLimit         = "How much is allowed"
	helpHalfOpen      = "Negotiations that a stranger can have begun"
	helpSAKeepAlive   = "The same as ike heartbeat-timer"
	helpHeartbeat     = "Huawei's keepalive messages"
)

// ikeGlobalRows are the rows of system view that are about IKE with all peers.
func ikeGlobalRows() []grammar.Row[Config] {
	kw := grammar.Kw[Config]
	name := grammar.Setting(kw("ike", helpIKE), kw("local-name", "What we call ourselves if a peer's local-id does not say"),
		grammar.Arg(kind.Identity(longestID), "Name", func(c *Config) *string { return &c.IKE.LocalName }))
	identical := grammar.Setting(grammar.Path[Config]("ipsec", helpIPsec, "remote", "Other ends", "traffic-identical", "Traffic that another one has already"),
		grammar.Flag("accept", "The newer one gets it", func(c *Config) *bool { return &c.IKE.TrafficIdentical }))
	dpd := dpdRows(grammar.Path[Config]("ike", helpIKE, "dpd", helpDPD), func(c *Config) *ike.DPD { return &c.IKE.DPD })
	rows := append([]grammar.Row[Config]{name}, dpd...)
	rows = append(rows, olderDPDRows()...)
	rows = append(rows, heartbeatRows()...)
	rows = append(rows, ikeLimitRows()...)
	return append(rows, identical)
}

// An olderDPD is `ike dpd` of older generations.
type olderDPD struct {
	Idle, Retransmit time.Duration
	OnDemand         bool
	Immediately      bool
}

// olderDPDRows are the forms of older generations, which say all in one line.
func olderDPDRows() []grammar.Row[Config] {
	kw, path := grammar.Kw[olderDPD], grammar.Path[olderDPD]("ike", helpIKE, "dpd", helpDPD)
	times := grammar.Sequence(
		grammar.Arg(kind.Seconds(leastIdle, mostIdle), "Seconds of silence before a probe", func(d *olderDPD) *time.Duration { return &d.Idle }),
		grammar.Optional(grammar.Arg(kind.Seconds(leastRetransmit, mostRetransmit), "Seconds between probes",
			func(d *olderDPD) *time.Duration { return &d.Retransmit })))
	undo := func(_ any, c *Config, _ *struct{}) error {
		if c.IKE.DPD == (ike.DPD{}) {
			return grammar.ErrNotConfigured
		}
		c.IKE.DPD = ike.DPD{}
		return nil
	}
	return []grammar.Row[Config]{
		grammar.Edit(putOlderDPD, path, kw("interval", helpTimerInterval), times),
		grammar.Edit(putOlderDPD, path,
			grammar.Optional(grammar.Flag("on-demand", "After traffic that nothing answers", func(d *olderDPD) *bool { return &d.OnDemand })),
			times, grammar.Optional(grammar.Flag("immediately", "Taken, and without effect: a probe comes after the silence", func(d *olderDPD) *bool { return &d.Immediately }))),
		grammar.Edit(undo, grammar.Path[struct{}]("undo", helpUndo, "ike", helpIKE, "dpd", helpDPD),
			grammar.Optional(grammar.OneOf(grammar.Kw[struct{}]("interval", helpTimerInterval),
				grammar.Kw[struct{}]("on-demand", "After traffic that nothing answers")))),
	}
}

func putOlderDPD(x any, c *Config, d *olderDPD) error {
	if d.Immediately {
		x.(*edit).warn("The word immediately does nothing: a peer is probed after %d seconds of silence.", int(d.Idle.Seconds()))
	}
	to := ike.DPD{Type: ike.DPDPeriodic, Idle: d.Idle, Retransmit: olderRetransmit, Retries: olderRetries, Order: c.IKE.DPD.Order}
	if d.OnDemand {
		to.Type = ike.DPDOnDemand
	}
	if d.Retransmit != 0 {
		to.Retransmit = d.Retransmit
	}
	c.IKE.DPD = to
	return nil
}

// heartbeatRows are Huawei's keepalive messages, and those of address translation.
func heartbeatRows() []grammar.Row[Config] {
	kw := grammar.Kw[Config]
	beat := grammar.Path[Config]("ike", helpIKE, "heartbeat", helpHeartbeat)
	nat := grammar.Arg(kind.Seconds(leastNATKeepAlive, mostNATKeepAlive), "Seconds", func(c *Config) *time.Duration { return &c.IKE.NATKeepAlive })
	rows := heartbeatTimers(grammar.Path[Config]("ike", helpIKE, "heartbeat-timer", helpTimer))
	for _, row := range heartbeatTimers(grammar.Path[Config]("ike", helpIKE, "sa", helpSA, "keepalive-timer", helpSAKeepAlive)) {
		rows = append(rows, row.Hidden())
	}
	return append(rows,
		grammar.Setting(beat, kw("seq-num", "Numbers of the messages"), grammar.Arg(kind.Choice(
			grammar.Word[bool]{Text: "new", Help: "In the newer form", Value: true},
			grammar.Word[bool]{Text: "old", Help: "In the older form", Value: false},
		), "Form", func(c *Config) *bool { return &c.IKE.Heartbeat.NewSeq })),
		grammar.Setting(beat, grammar.Flag("spi-list", "With the SPIs of the IPsec SAs", func(c *Config) *bool { return &c.IKE.Heartbeat.SPIs })),
		grammar.Setting(grammar.Path[Config]("ike", helpIKE, "nat-keepalive-timer", helpNATKeepAlive, "interval", helpTimerInterval), nat),
		grammar.Setting(grammar.Path[Config]("ike", helpIKE, "sa", helpSA, "nat-keepalive-timer", helpNATKeepAlive, "interval", helpTimerInterval), nat).Hidden(),
	)
}

func heartbeatTimers(path grammar.Element[Config]) []grammar.Row[Config] {
	kw := grammar.Kw[Config]
	return []grammar.Row[Config]{
		grammar.Setting(path, kw("interval", helpTimerInterval), grammar.Arg(kind.Seconds(leastHeartbeat, mostHeartbeat), "Seconds",
			func(c *Config) *time.Duration { return &c.IKE.Heartbeat.Interval })).Check(checks(checkHeartbeat)),
		grammar.Setting(path, kw("timeout", helpTimeout), grammar.Arg(kind.Seconds(leastTimeout, mostHeartbeat), "Seconds",
			func(c *Config) *time.Duration { return &c.IKE.Heartbeat.Timeout })).Check(checks(checkHeartbeat)),
	}
}

// checkHeartbeat warns of a timeout that one lost message reaches. Peers are as a rule
// configured alike.
func checkHeartbeat(e *edit, c *Config) error {
	h := c.IKE.Heartbeat
	if h.Interval != 0 && h.Timeout != 0 && h.Timeout < heartbeatsMissed*h.Interval {
		e.warn("The timeout should be at least %d times the interval of the peer's messages.", heartbeatsMissed)
	}
	return nil
}

// checkHalfOpen warns of a limit of one address that the limit of all comes before.
func checkHalfOpen(e *edit, c *Config) error {
	if crowded(c) {
		e.warnWhile(crowded, "One address may have all of the %d half-open negotiations, and nobody else any then.", c.IKE.Limits.InForce().HalfOpen)
	}
	return nil
}

// crowded reports whether one address may have all half-open negotiations that there may be.
func crowded(c *Config) bool {
	l := c.IKE.Limits.InForce()
	return l.HalfOpenPerAddr >= l.HalfOpen
}

// ikeLimitRows are how much of the box negotiations may have.
func ikeLimitRows() []grammar.Row[Config] {
	kw, limit := grammar.Kw[Config], grammar.Path[Config]("ike", helpIKE, "limit", helpLimit)
	number := func(most int, help string, field func(*ike.Limits) *int) grammar.Element[Config] {
		return grammar.Arg(kind.Integer(1, most), help, func(c *Config) *int { return field(&c.IKE.Limits) })
	}
	return []grammar.Row[Config]{
		grammar.Setting(limit, kw("half-open", helpHalfOpen),
			number(mostHalfOpen, "Negotiations in all", func(l *ike.Limits) *int { return &l.HalfOpen })).Check(checks(checkHalfOpen)),
		grammar.Setting(limit, kw("half-open", helpHalfOpen), kw("per-address", "Of one address"),
			number(mostHalfOpen, "Negotiations of one address", func(l *ike.Limits) *int { return &l.HalfOpenPerAddr })).Check(checks(checkHalfOpen)),
		grammar.Setting(limit, kw("isakmp-sa", "Established ISAKMP SAs"),
			number(mostISAKMP, "ISAKMP SAs", func(l *ike.Limits) *int { return &l.ISAKMP })),
		grammar.Setting(grammar.Path[Config]("ike", helpIKE, "call", "Negotiations that we begin", "admission", "Which are begun", "limit", helpLimit),
			kw("in-negotiation-sa", "Under way at a time"),
			number(mostHalfOpen, "Negotiations", func(l *ike.Limits) *int { return &l.InNegotiation })),
	}
}
