package wire

import "fmt"

// The lengths a nonce may have: RFC 2409 §5.
const (
	MinNonce = 8
	MaxNonce = 256
)

// A Nonce is Ni or Nr: RFC 2408 §3.13.
type Nonce struct{ Data []byte }

// Type returns PayloadNonce.
func (Nonce) Type() PayloadType { return PayloadNonce }

// String returns, for example, "NONCE[32]".
func (n Nonce) String() string { return fmt.Sprintf("NONCE[%d]", len(n.Data)) }

func parseNonce(r *reader) Payload {
	if n := len(r.b); n < MinNonce || n > MaxNonce {
		r.fail(octets(n), "8 to 256")
	}
	return Nonce{r.rest()}
}

func (n Nonce) appendTo(b []byte) []byte { return append(b, n.Data...) }
