package ike

import "sallyport/ike/wire"

// Counts are those of `display ike statistics` since the start, or since the last Clear of
// them: zeros too, so that their order does not change.
type Counts struct {
	Events []Count
	Failed []Count // negotiations that failed, by category
}

// A Count is how often something has happened.
type Count struct {
	What  string
	Count uint64
}

// What is counted besides failures. The messages are those of each way, the peer's first.
const (
	phase1sUp = iota
	phase1sDown
	phase2sUp
	phase2sDown
	inputs
	outputs = inputs + messages
	tallied = outputs + messages
)

// The kinds of messages that are counted, one way.
const (
	phase1Begins = iota
	phase2Begins
	notifications
	deletes
	probes
	answers
	messages
)

var talliedNames = [tallied]string{
	phase1sUp: "phase 1 established", phase1sDown: "phase 1 ended", phase2sUp: "phase 2 established", phase2sDown: "phase 2 ended",
	inputs + phase1Begins: "input phase 1 init", inputs + phase2Begins: "input phase 2 init", inputs + notifications: "input notify",
	inputs + deletes: "input delete", inputs + probes: "input DPD request", inputs + answers: "input DPD ack",
	outputs + phase1Begins: "output phase 1 init", outputs + phase2Begins: "output phase 2 init", outputs + notifications: "output notify",
	outputs + deletes: "output delete", outputs + probes: "output DPD request", outputs + answers: "output DPD ack",
}

// A tally counts what has happened by what the engine says of it.
type tally struct {
	counts [tallied]uint64
	failed map[string]uint64 // by the words of a category; nil: none
}

// note counts the outputs of a step.
func (t *tally) note(out []Output) {
	for _, o := range out {
		switch o := o.(type) {
		case Phase1Up:
			t.counts[phase1sUp]++
		case Phase1Down:
			t.counts[phase1sDown]++
		case Phase2Up:
			t.counts[phase2sUp]++
		case Phase2Down:
			t.counts[phase2sDown]++
		case MessageReceived:
			t.message(inputs, o.Number, o.Message)
		case MessageSent:
			t.message(outputs, o.Number, o.Message)
		case NegotiationFailed:
			t.fail(o.Failure.Category)
		}
	}
}

// fail counts a failure.
func (t *tally) fail(category string) {
	if t.failed == nil {
		t.failed = map[string]uint64{}
	}
	t.failed[category]++
}

// message counts a message by what it carries.
func (t *tally) message(way, number int, m *wire.Message) {
	switch m.Header.Exchange {
	case wire.MainMode, wire.Aggressive:
		if number == 1 {
			t.counts[way+phase1Begins]++
		}
	case wire.QuickMode:
		if number == 1 {
			t.counts[way+phase2Begins]++
		}
	}
	for _, p := range m.Payloads {
		switch p := p.(type) {
		case wire.Delete:
			t.counts[way+deletes]++
		case wire.Notify:
			t.counts[way+notification(p.Notify)]++
		}
	}
}

// notification sorts a notification.
func notification(n wire.NotifyType) int {
	switch n {
	case wire.RUThere:
		return probes
	case wire.RUThereAck:
		return answers
	}
	return notifications
}

// Counts returns what has been counted so far.
func (e *Engine) Counts() (s Counts) {
	for i, name := range talliedNames {
		s.Events = append(s.Events, Count{name, e.tally.counts[i]})
	}
	for c := range categories {
		if c.Failure() {
			s.Failed = append(s.Failed, Count{c.String(), e.tally.failed[c.String()]})
		}
	}
	return s
}
