package ike

import (
	"net/netip"
	"slices"
)

// Main mode's messages 2 to 4 come in clear, so that whoever sees ours may answer first. Of each
// the first that makes sense is taken, and what else comes in its place is kept, as a rival of it: the
// initiator goes on with that when nothing answers to what it has said behind the one, the responder when
// what follows cannot be read. Our own half of the key exchange is the same behind all of
// them, so that going back to one is only a repetition.

const (
	maxRivals   = 4    // of a message
	maxRival    = 2048 // octets of one: more than the longest group, nonce and hashes take
	maxSwitches = 10   // of an initiator between them: then it waits as usual, and gives up
)

// A fork is where a message was taken that may have been forged.
type fork struct {
	taken         *packet   // nil: nowhere yet
	others        []*packet // its rivals
	before        position
	local, remote netip.AddrPort
	undo          trial
}

// The forks of a handshake: at the responder's choice, and at the peer's half of the key exchange.
const (
	atChoice = iota
	atKeys
	forks
)

// fork notes where x stands before the message that is being taken.
func (x *handshake) fork(at int) {
	s, f := x.sa, &x.forks[at]
	agreed := phase1{s.suite, s.authMethod, s.lifetime, s.wear.limit, s.wear.cut}
	f.taken, f.before, f.local, f.remote = x.packet, x.before, s.local, s.remote
	f.undo = trial{cookieR: s.cookieR, agreed: agreed, peerCan: s.peerCan, nat: s.nat, requested: x.claim.requested}
}

// rival keeps what comes in the place of a message that was taken.
func (x *handshake) rival(at int, p *packet) error {
	f := &x.forks[at]
	known := func(o *packet) bool { return o.digest == p.digest }
	full := len(f.others) >= maxRivals || len(p.Octets) > maxRival
	if f.taken == nil || full || known(f.taken) || slices.ContainsFunc(f.others, known) || p.digest == f.before.accepted {
		return reject(UnexpectedMessage, "no %v message in clear is expected now", x.kind)
	}
	f.others = append(f.others, p)
	return reject(UnexpectedMessage, "another message %d: one of the two is forged, and this is kept", f.before.number+1)
}

// change goes back to a fork and on with the next rival, and reports whether there is one. What was
// taken before waits for its turn to come again.
func (x *handshake) change(at int) bool {
	f := &x.forks[at]
	if len(f.others) == 0 {
		return false
	}
	if f.taken != nil {
		f.others, f.taken = append(f.others, f.taken), nil
	}
	for len(f.others) > 0 {
		next := f.others[0]
		f.others = f.others[1:]
		x.rewind(f)
		if x.receive(next) == nil && f.taken != nil {
			return true
		}
	}
	return false
}

// rewind puts x where it was at a fork, but for our own half of the key exchange.
func (x *handshake) rewind(f *fork) {
	s, u := x.sa, &f.undo
	if s.keys != nil {
		s.keys.Wipe()
	}
	s.keys, s.cookieR, s.peerCan, s.nat, s.local, s.remote = nil, u.cookieR, u.peerCan, u.nat, f.local, f.remote
	s.agree(u.agreed)
	x.preShared, x.claim.requested = nil, u.requested
	x.state, x.iv, x.number, x.accepted = f.before.state, f.before.iv, f.before.number, f.before.accepted
	if f == &x.forks[atChoice] {
		x.forks[atKeys] = fork{}
	}
}

// changes has an initiator that gets no answer go on with a rival, the latest message first.
func (x *handshake) changes() bool {
	if x.switches >= maxSwitches {
		return false
	}
	x.switches++
	return x.change(atKeys) || x.change(atChoice)
}

// unread has a responder that cannot read message 5 try the keys of the rivals of message 3, each
// once, and reports whether it does.
func (x *handshake) unread(p *packet) bool {
	if x.sa.initiator || !p.encrypted() || p.tried >= len(x.forks[atKeys].others) || x.mayCompute() != nil {
		return false
	}
	p.tried++
	if !x.change(atKeys) {
		return false
	}
	x.held = append(x.held, p)
	return true
}

// takeHeld goes on with what has waited for keys.
func (x *handshake) takeHeld() {
	held := x.held
	x.held = nil
	for _, p := range held {
		if err := x.receive(p); err != nil {
			x.engine.refuse(p, err)
		}
	}
}

// closeForks drops the forks: the peer has proved itself.
func (x *handshake) closeForks() {
	x.forks = [forks]fork{}
	x.private.Wipe()
}
