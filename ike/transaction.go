package ike

import (
	"slices"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// The transaction exchange, which carries XAUTH and mode configuration:
// draft-ietf-ipsec-isakmp-mode-cfg-05 §3. Either end may begin one once phase 1 is over; it
// repeats its message until the other answers.
//
//	     Requester                        Responder
//	1    HDR*, HASH, ATTR   -->
//	2                       <--    HDR*, HASH, ATTR
const (
	txStarted state = iota
	txSent          // a request or a set is out
	txDone
)

// transactionPayloads are those of both messages.
var transactionPayloads = of(wire.PayloadHash, wire.PayloadAttributes)

var transactionRequester, transactionResponder []step[*transaction]

// The steps lead back to the tables, which Go refuses in an initializer.
func init() {
	transactionRequester = []step[*transaction]{
		{from: txSent, need: transactionPayloads, encrypted: true, do: (*transaction).inAnswer, to: txDone},
	}
	transactionResponder = []step[*transaction]{
		{from: txStarted, need: transactionPayloads, encrypted: true, do: (*transaction).inRequestOutAnswer, to: txDone},
	}
}

// A transaction is one exchange under way, or over and waiting for repetitions.
type transaction struct {
	exchange
	table []step[*transaction]
	want  wire.CfgType // of the answer, as requester
	then  consequence  // likewise
}

// A consequence says what follows from a payload: an act that cannot fail, or an error and
// nothing.
type consequence func(wire.Attributes) (act func(), err error)

// A transactionOrder is what a requester wants.
type transactionOrder struct {
	kind   wire.CfgType // CfgRequest or CfgSet
	list   []wire.CfgAttribute
	then   consequence // with the answer
	failed func()      // without one
}

// transact begins a transaction.
func (s *sa) transact(o transactionOrder) {
	t := s.newTransaction(s.newMessageID(), transactionRequester)
	t.want, t.then = o.kind+1, o.then // a reply is a request's number and one, an ack a set's
	t.out(wire.Attributes{Cfg: o.kind, List: o.list})
	t.expectAnswer(func() { t.unanswered(o.failed) })
	t.state = txSent
	s.mindIDs()
}

// newTransaction registers a transaction under its message ID.
func (s *sa) newTransaction(id wire.MessageID, table []step[*transaction]) *transaction {
	t := &transaction{table: table}
	t.exchange = exchange{engine: s.engine, sa: s, kind: wire.Transaction, id: id, began: s.engine.now, iv: s.transactionIV(id)}
	a := s.ensureAccess()
	a.transactions = append(a.transactions, t)
	s.use(id)
	return t
}

// transactionIV is the IV of an exchange's first message.
func (s *sa) transactionIV(id wire.MessageID) keymat.IV { return s.keys.ExchangeIV(s.lastIV, id) }

// transaction returns the one with a message ID, or nil.
func (s *sa) transaction(id wire.MessageID) *transaction {
	if s.access == nil {
		return nil
	}
	for _, t := range s.access.transactions {
		if t.id == id {
			return t
		}
	}
	return nil
}

// out sends a payload behind the HASH that covers it.
func (t *transaction) out(a wire.Attributes) {
	h := wire.Hash{Data: t.sa.hash1(t.id, wire.AppendPayloads(nil, []wire.Payload{a}))}
	t.send(h, a)
}

// attributes returns the payload of a message whose HASH is right.
func (t *transaction) attributes(m *wire.Message) (wire.Attributes, error) {
	if err := checkHash(m, t.sa.hash1(t.id, m.After(0))); err != nil {
		return wire.Attributes{}, err
	}
	a, ok := m.Payloads[1].(wire.Attributes)
	if !ok {
		return a, reject(UnexpectedPayload, "HASH is followed by %v, want ATTR", m.Payloads[1].Type())
	}
	return a, nil
}

// inAnswer takes the answer, as requester.
func (t *transaction) inAnswer(m *wire.Message) error {
	a, err := t.attributes(m)
	if err != nil {
		return err
	}
	if a.Cfg != t.want {
		return reject(UnexpectedPayload, "the answer is a %v, want a %v", a.Cfg, t.want)
	}
	act, err := t.then(a)
	if err != nil {
		return err
	}
	t.state = txDone
	t.forget()
	act()
	return nil
}

// inRequestOutAnswer takes a request or a set, and answers.
func (t *transaction) inRequestOutAnswer(m *wire.Message) error {
	a, err := t.attributes(m)
	if err != nil {
		return err
	}
	answer, act, err := t.sa.transacted(a)
	if err != nil {
		return err
	}
	t.out(wire.Attributes{Cfg: a.Cfg + 1, Identifier: a.Identifier, List: answer})
	t.state = txDone
	t.endAfter(linger, t.forget)
	if act != nil {
		act()
	}
	return nil
}

// transacted returns the answer to a peer's request or set, and what follows from it.
func (s *sa) transacted(a wire.Attributes) (answer []wire.CfgAttribute, act func(), err error) {
	user := slices.ContainsFunc(a.List, func(c wire.CfgAttribute) bool { return isXAUTH(c.Type) })
	switch {
	case a.Cfg == wire.CfgRequest && user:
		return s.inUserRequest(a)
	case a.Cfg == wire.CfgSet && user:
		return s.inStatus(a)
	case a.Cfg == wire.CfgRequest:
		return s.inConfigRequest(a)
	case a.Cfg == wire.CfgSet:
		return s.inConfigSet(a)
	}
	return nil, nil, reject(UnexpectedPayload, "a transaction begins with %v, want a request or a set", a.Cfg)
}

// inTransaction takes a message to its transaction, or begins one.
func (e *Engine) inTransaction(p *packet) error {
	s, err := e.proved(p)
	if err != nil {
		return err
	}
	t := s.transaction(p.header.MessageID)
	if t == nil {
		return s.inNewTransaction(p)
	}
	if t.repeated(p) {
		return nil
	}
	if t.state == txDone {
		return reject(UnexpectedMessage, "the transaction is over")
	}
	return t.receive(p)
}

// inNewTransaction begins a transaction as responder.
func (s *sa) inNewTransaction(p *packet) error {
	id := p.header.MessageID
	if _, used := s.used[id]; used {
		return reject(UnexpectedMessage, "message ID %#08x was used before", uint32(id))
	}
	if len(s.used) >= maxMessageIDs {
		return reject(Limited, "message IDs of this ISAKMP SA are used up")
	}
	before := s.access
	t := s.newTransaction(id, transactionResponder)
	if err := t.receive(p); err != nil {
		t.forget()
		s.unuse(id)
		s.access = before
		return err
	}
	if !s.gone {
		s.boundTransactions()
		s.mindIDs()
	}
	return nil
}

// boundTransactions forgets the oldest transactions that only wait for repetitions.
func (s *sa) boundTransactions() {
	a := s.access
	for len(a.transactions) > maxTransactions {
		i := slices.IndexFunc(a.transactions, func(t *transaction) bool { return t.state == txDone })
		if i < 0 {
			return // ours, which are few
		}
		a.transactions[i].forget()
	}
}

// receive takes a packet through the table. The answer goes where the packet came
// from, if that is where the peer is now.
func (t *transaction) receive(p *packet) error {
	s := t.sa
	m, next, err := p.open(s.keys, t.iv)
	if err != nil {
		return err
	}
	local, remote := s.local, s.remote
	moved := s.follow(p.Local, p.Remote)
	if err := receive(t, t.table, p, m, next); err != nil {
		s.local, s.remote = local, remote
		return err
	}
	if moved {
		s.carryPairs()
	}
	return nil
}

// unanswered gives up for want of an answer.
func (t *transaction) unanswered(failed func()) {
	t.engine.emit(TimedOut{Remote: t.sa.remote, Exchange: t.kind, After: t.engine.now.Sub(t.began)})
	t.forget()
	failed()
}

// forget drops what only repetitions needed.
func (t *transaction) forget() {
	t.close()
	a := t.sa.access
	if a.transactions = slices.DeleteFunc(a.transactions, func(o *transaction) bool { return o == t }); len(a.transactions) == 0 {
		a.transactions = nil
	}
}
