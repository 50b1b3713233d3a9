package wire

import "fmt"

// Unknown is a payload of a type this package does not know. Its body is kept,
// since HASH(1) and its like cover it.
type Unknown struct {
	PayloadType PayloadType
	Data        []byte
}

// Type returns the type it came with.
func (u Unknown) Type() PayloadType { return u.PayloadType }

// String returns type and length of the body, for example "130[20]".
func (u Unknown) String() string { return fmt.Sprintf("%v[%d]", u.PayloadType, len(u.Data)) }

func parseUnknown(t PayloadType, r *reader) Payload { return Unknown{t, r.rest()} }

func (u Unknown) appendTo(b []byte) []byte { return append(b, u.Data...) }
