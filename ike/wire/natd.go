package wire

// A NATD is the hash of an address and port: RFC 3947 §3.2.
type NATD struct {
	Hash  []byte
	Draft bool // with the number of the drafts before the RFC, 130
}

// Type returns PayloadNATD, or PayloadNATDDraft.
func (n NATD) Type() PayloadType {
	if n.Draft {
		return PayloadNATDDraft
	}
	return PayloadNATD
}

// String returns "NAT-D", or "NAT-D-draft".
func (n NATD) String() string { return n.Type().String() }

func parseNATD(r *reader) Payload { return NATD{Hash: r.rest()} }

func parseNATDDraft(r *reader) Payload { return NATD{Hash: r.rest(), Draft: true} }

func (n NATD) appendTo(b []byte) []byte { return append(b, n.Hash...) }
