package wire

import "fmt"

// A KeyExchange is a Diffie-Hellman public value: RFC 2408 §3.7. Its length is
// the group's, which only the exchange knows.
type KeyExchange struct{ Data []byte }

// Type returns PayloadKE.
func (KeyExchange) Type() PayloadType { return PayloadKE }

// String returns, for example, "KE[256]".
func (k KeyExchange) String() string { return fmt.Sprintf("KE[%d]", len(k.Data)) }

func parseKeyExchange(r *reader) Payload { return KeyExchange{r.rest()} }

func (k KeyExchange) appendTo(b []byte) []byte { return append(b, k.Data...) }
