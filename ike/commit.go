package ike

import (
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// The commit bit: RFC 2408 §3.1. Who sets it in a message of quick mode wants to say by CONNECTED when
// its SAs are there. Until then nothing is sent on ours. We never set it.

// commitWait is how long CONNECTED is waited for: a lost message 3 is repeated meanwhile. Not
// longer, for the header that holds the bit is not authenticated, and some peers set it and
// say nothing.
const commitWait = 5 * time.Second

// awaitConnected waits for the peer to be ready.
func (q *quickMode) awaitConnected() {
	q.state = qmConfirming
	q.endAfter(commitWait, q.connected)
}

// connected brings the pair up though the peer has not said that it is ready. A responder sends on
// it at once, as it does without the bit.
func (q *quickMode) connected() {
	if !q.initiated() || q.flow.current() == nil {
		q.child.install()
	}
	q.finish()
}

// receiveConnected takes what comes under the message ID of a quick mode that waits for
// CONNECTED. By RFC 2408 it is an informational exchange; Windows makes it message 4. So its IV
// may be that of a new exchange, or follow message 3.
func (q *quickMode) receiveConnected(p *packet) error {
	s := q.sa
	var refusal error
	for _, iv := range []keymat.IV{q.iv, s.keys.ExchangeIV(s.lastIV, q.id)} {
		m, next, err := p.open(s.keys, iv)
		if err == nil {
			err = checkHash(m, s.hash1(q.id, m.After(0)))
		}
		if err == nil {
			return receive(q, q.table, p, m, next)
		}
		refusal = err
	}
	return refusal
}

// inConnected takes the peer's word that its SAs are there.
func (q *quickMode) inConnected(m *wire.Message) error {
	if !hasNotify(m, wire.Connected) {
		return reject(UnexpectedMessage, "quick mode waits for CONNECTED, the peer says %v", m.Payloads[1])
	}
	q.child.install() // whatever carries the flow now
	q.finish()
	return nil
}
