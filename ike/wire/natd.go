package wire

// A NATD is the hash of an address and port: RFC 3947 §3.2.
type NATD struct{ Hash []byte }

// Type returns PayloadNATD.
func (NATD) Type() PayloadType { return PayloadNATD }

// String returns "NAT-D".
func (NATD) String() string { return "NAT-D" }

func parseNATD(r *reader) Payload { return NATD{r.rest()} }

func (n NATD) appendTo(b []byte) []byte { return append(b, n.Hash...) }
