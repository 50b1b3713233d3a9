package wire

// A Hash is HASH_I, HASH_R or HASH(1) to HASH(3): RFC 2408 §3.11. Whether its
// length is the algorithm's shows when it is compared.
type Hash struct{ Data []byte }

// Type returns PayloadHash.
func (Hash) Type() PayloadType { return PayloadHash }

// String returns "HASH".
func (Hash) String() string { return "HASH" }

func parseHash(r *reader) Payload { return Hash{r.rest()} }

func (h Hash) appendTo(b []byte) []byte { return append(b, h.Data...) }
