package ike

import (
	"encoding/binary"
	"time"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// A sign of life is a protected notification with a sequence number of its own: R-U-THERE,
// its acknowledgement, a heartbeat. It comes every few seconds for as long as an ISAKMP SA
// lives, so its message ID is not remembered: the number keeps it from being repeated, as
// RFC 3706 §7 has it.

// A pulse is what is known of the signs of life under an ISAKMP SA.
type pulse struct {
	timer    deadline       // of dead peer detection
	probes   int            // R-U-THEREs with our last number that nothing has answered
	sequence uint32         // of our last R-U-THERE
	theirs   uint32         // highest number of the peer's R-U-THEREs
	theirID  wire.MessageID // of the last message with it; 0: there was none
	resumed  bool           // what came before theirs is not known
	doubted  bool           // somebody of the same name is elsewhere: the peer has to show that it lives
	beats    *heartbeats    // nil: there are none
}

// ahead reports whether sequence number a comes after b, which it may do by wrapping.
func ahead(a, b uint32) bool { return int32(a-b) > 0 }

// firstSequence is where our numbers begin: not where they were before a crash, however many
// there were, but below 2^31 (RFC 3706 §5.4).
func (s *sa) firstSequence() uint32 {
	own := s.own()
	since := max(0, s.engine.now.Sub(s.created)/time.Second) // there is at most one a second
	return binary.BigEndian.Uint32(own[:])>>2 + uint32(since)
}

// signOfLife returns the only notification of a message that is nothing but a sign of life.
func signOfLife(m *wire.Message) (n wire.Notify, ok bool) {
	if len(m.Payloads) != 2 {
		return n, false
	}
	for _, p := range m.Payloads {
		if found, is := p.(wire.Notify); is {
			n = found
		}
	}
	return n, n.Notify == wire.RUThere || n.Notify == wire.RUThereAck || n.Notify == wire.Heartbeat
}

// numberOf returns the sequence number of a sign of life.
func (s *sa) numberOf(n wire.Notify) (uint32, error) {
	number, ok := n.Sequence()
	if n.Notify == wire.Heartbeat {
		number, ok = heartbeatNumber(n)
	}
	if !ok || !n.Names(s.cookieI, s.cookieR) {
		return 0, reject(UnexpectedPayload, "%v has SPI %x and %d octets of data, want the cookies and a sequence number", n.Notify, n.SPI, len(n.Data))
	}
	return number, nil
}

// signsOfLife are the ways to take the number of each.
var signsOfLife = map[wire.NotifyType]func(*sa, uint32, wire.MessageID) (bool, error){
	wire.RUThere: (*sa).inProbe, wire.RUThereAck: (*sa).inAnswer, wire.Heartbeat: (*sa).inHeartbeat,
}

// inSignOfLife takes a sign of life. Only one that cannot have come before shows that the peer
// lives, and where.
func (s *sa) inSignOfLife(p *packet, m *wire.Message, n wire.Notify) error {
	number, err := s.numberOf(n)
	if err != nil {
		return err
	}
	fresh, err := signsOfLife[n.Notify](s, number, p.header.MessageID)
	if err != nil {
		return err
	}
	s.engine.emit(MessageReceived{p.Local, p.Remote, 1, m})
	s.spend(p)
	if fresh {
		s.hear()
		if s.follow(p.Local, p.Remote) {
			s.carryPairs()
		}
	}
	if n.Notify == wire.RUThere {
		s.sign(wire.NewDPD(wire.RUThereAck, s.cookieI, s.cookieR, number), orderOf(m))
	}
	return nil
}

// orderOf returns the order of payloads in a sign of life.
func orderOf(m *wire.Message) DPDOrder {
	if m.Payloads[0].Type() == wire.PayloadHash {
		return DPDHashNotify
	}
	return DPDNotifyHash
}

// sign sends a sign of life.
func (s *sa) sign(n wire.Notify, order DPDOrder) {
	id := s.newMessageID()
	x := exchange{engine: s.engine, sa: s, kind: wire.Informational, id: id, iv: s.keys.ExchangeIV(s.lastIV, id)}
	if order == DPDNotifyHash {
		x.send(n, wire.Hash{Data: s.hash1(id, beforeHash(n))})
		return
	}
	x.send(wire.Hash{Data: s.hash1(id, wire.AppendPayloads(nil, []wire.Payload{n}))}, n)
}

// beforeHash is what a HASH covers that comes last: the notification as it is sent, HASH
// being named in it as the next payload.
func beforeHash(n wire.Notify) []byte {
	hash := wire.Hash{}
	all := wire.AppendPayloads(nil, []wire.Payload{n, hash})
	return all[:len(all)-len(wire.AppendPayloads(nil, []wire.Payload{hash}))]
}

// checkInformational checks the HASH of an informational message. It comes first (RFC 2409 §5.7),
// but last in some peers' signs of life. It covers all but itself there, too; whether with HASH
// or with nothing as the next payload is written nowhere, so either will do.
func (s *sa) checkInformational(id wire.MessageID, m *wire.Message) error {
	n, sign := signOfLife(m)
	h, last := m.Payloads[len(m.Payloads)-1].(wire.Hash)
	if !sign || !last {
		return checkHash(m, s.hash1(id, m.After(0)))
	}
	for _, covered := range [][]byte{beforeHash(n), wire.AppendPayloads(nil, []wire.Payload{n})} {
		if secret.Octets(h.Data).Equal(s.hash1(id, covered)) {
			return nil
		}
	}
	return reject(InvalidHash, "the HASH is wrong")
}
