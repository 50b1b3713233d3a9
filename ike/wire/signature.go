package wire

import "fmt"

// A Signature is SIG_I or SIG_R: RFC 2408 §3.12.
type Signature struct{ Data []byte }

// Type returns PayloadSignature.
func (Signature) Type() PayloadType { return PayloadSignature }

// String returns, for example, "SIG[128]".
func (s Signature) String() string { return fmt.Sprintf("SIG[%d]", len(s.Data)) }

func parseSignature(r *reader) Payload { return Signature{r.rest()} }

func (s Signature) appendTo(b []byte) []byte { return append(b, s.Data...) }
