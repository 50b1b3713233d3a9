package wire

// A Lifetime is what a peer says about the life of an SA.
type Lifetime struct {
	Seconds   uint64 // 0: not said
	Kilobytes uint64 // of 1024 octets; 0: not said
}

// NewResponderLifetime returns the notification that tells an initiator of a shorter
// life than it offered: RFC 2407 §4.6.3.1. The SPI is the SA's; an ISAKMP SA's is its
// two cookies.
func NewResponderLifetime(p ProtocolID, spi []byte, l Lifetime) Notify {
	return Notify{DOI: doiIPsec, Protocol: p, SPI: spi, Notify: ResponderLifetime, Data: l.appendTo(nil, phaseOf(p))}
}

// Lifetime returns what a RESPONDER-LIFETIME holds: RFC 2407 §4.6.3.1. A duration that
// comes twice is the smaller one. Errors are *SyntaxError: no attributes, or a
// duration without its unit.
func (n Notify) Lifetime() (Lifetime, error) {
	r := &reader{progress: &progress{}, b: n.Data, payload: PayloadNotify}
	list := parseAttributes(r)
	if r.err != nil {
		return Lifetime{}, r.err
	}
	var l Lifetime
	var unit LifeType
	phase := phaseOf(n.Protocol)
	for _, a := range list {
		v, ok := a.Uint()
		switch {
		case a.Type == phase.lifeType:
			unit = LifeType(min(v, 0xffff))
		case a.Type == phase.lifeDuration && (!ok && v == 0 || !l.shorten(unit, v)):
			return Lifetime{}, bad(PayloadNotify, "seconds or kilobytes", "a life duration of %s in unit %v", a.text(), unit)
		}
	}
	return l, nil
}

// shorten takes a duration into account; it returns false if the unit is unknown.
func (l *Lifetime) shorten(unit LifeType, v uint64) bool {
	field := map[LifeType]*uint64{LifeSeconds: &l.Seconds, LifeKilobytes: &l.Kilobytes}[unit]
	if field == nil {
		return false
	}
	if *field == 0 || v < *field {
		*field = v
	}
	return true
}

// appendTo appends the attributes of the durations that are said.
func (l Lifetime) appendTo(b []byte, p *phase) []byte {
	for _, d := range []struct {
		unit LifeType
		v    uint64
	}{{LifeSeconds, l.Seconds}, {LifeKilobytes, l.Kilobytes}} {
		if d.v != 0 {
			b = Basic(p.lifeType, uint16(d.unit)).appendTo(b)
			b = Number(p.lifeDuration, d.v).appendTo(b)
		}
	}
	return b
}

// phaseOf returns the phase whose attributes a protocol's SAs have.
func phaseOf(p ProtocolID) *phase {
	if p == ProtoISAKMP {
		return phase1
	}
	return phase2
}
