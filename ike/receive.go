package ike

import (
	"crypto/sha256"
	"net/netip"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

// A packet is a datagram on its way to its exchange.
type packet struct {
	Datagram
	header wire.Header
	first  wire.PayloadType
	body   []byte
	digest [sha256.Size]byte
	tried  int       // keys of rivals, for a message 5
	odd    *oddities // counts what is odd about the message
}

func (p *packet) encrypted() bool { return p.header.Flags&wire.FlagEncrypted != 0 }

// datagram takes a datagram to the exchange it belongs to. What is refused
// leaves everything as it was but a counter.
func (e *Engine) datagram(in Datagram) {
	p := &packet{Datagram: in, digest: sha256.Sum256(in.Octets), odd: &e.odd}
	var err error
	p.header, p.first, p.body, err = wire.ParseHeader(in.Octets)
	if err == nil {
		err = e.dispatch(p)
	}
	if err != nil {
		e.refuse(p, err)
	}
}

// dispatch finds the exchange of p. Its header is one of an exchange that is served.
func (e *Engine) dispatch(p *packet) error {
	if p.first == wire.PayloadFragment {
		return e.inFragment(p)
	}
	switch p.header.Exchange {
	case wire.QuickMode:
		return e.inQuickMode(p)
	case wire.Informational:
		return e.inInformational(p)
	case wire.Transaction:
		return e.inTransaction(p)
	}
	return e.inPhase1(p)
}

// lookUp returns the ISAKMP SA that the cookies of h name, or nil. As long as
// we have not seen the responder's cookie, the initiator's is enough.
func (e *Engine) lookUp(h wire.Header) *sa {
	if s := e.sas[h.CookieR]; s != nil && !s.initiator && s.cookieI == h.CookieI {
		return s
	}
	if s := e.sas[h.CookieI]; s != nil && s.initiator && (s.cookieR == h.CookieR || s.cookieR == wire.Cookie{}) {
		return s
	}
	return nil
}

// inPhase1 takes a phase 1 message to its exchange, or begins one.
func (e *Engine) inPhase1(p *packet) error {
	if !p.encrypted() && len(p.Octets) > maxClear { // it may have to be kept for a while
		return reject(Limited, "a message of phase 1 in clear has %d octets, want at most %d", len(p.Octets), maxClear)
	}
	if p.header.CookieR == (wire.Cookie{}) {
		return e.inFirst(p)
	}
	s := e.lookUp(p.header)
	if s == nil {
		return e.inOtherChoice(p)
	}
	if s.phase1 == nil {
		return reject(UnexpectedMessage, "%v mode is over", p.header.Exchange)
	}
	if s.remote.Addr() != p.Remote.Addr() || !p.encrypted() && (s.remote != p.Remote || s.local != p.Local) {
		return reject(UnexpectedMessage, "phase 1 with %v goes on from %v", s.remote, p.Remote)
	}
	s.phase1.here = s.phase1.here || !s.initiator
	return s.phase1.receive(p)
}

// inOtherChoice takes a message 2 of main mode that comes behind another.
func (e *Engine) inOtherChoice(p *packet) error {
	s := e.sas[p.header.CookieI]
	if s == nil || s.phase1 == nil || s.phase1.forks[atChoice].taken == nil || s.remote.Addr() != p.Remote.Addr() || p.encrypted() {
		return reject(InvalidCookie, "no ISAKMP SA has these cookies")
	}
	return s.phase1.rival(atChoice, p)
}

// open returns the message in p. An encrypted one is decrypted with iv, and
// next is the IV that follows if it is accepted.
func (p *packet) open(keys *keymat.Keys, iv keymat.IV) (m *wire.Message, next keymat.IV, err error) {
	if !p.encrypted() {
		m, err = wire.Parse(p.Octets)
		p.odd.note(m)
		return m, iv, err
	}
	if keys == nil || iv == nil {
		return nil, nil, reject(InvalidFlags, "an encrypted message before there are keys")
	}
	plain, next, err := keys.Decrypt(iv, p.body)
	if err != nil {
		return nil, nil, reject(MalformedMessage, "%v", err)
	}
	m, err = wire.ParsePayloads(p.header, p.first, plain)
	p.odd.note(m)
	return m, next, err
}

// A firstKey names a message 1 as responder.
type firstKey struct {
	remote netip.AddrPort
	cookie wire.Cookie
}
