package wire

import "slices"

// A Transform is one choice of algorithms: RFC 2408 §3.6. What its ID and
// attributes mean depends on the proposal's protocol.
type Transform struct {
	Number, ID uint8
	Attributes []Attribute
}

func parseTransform(r *reader) Transform {
	t := Transform{Number: r.uint8(), ID: r.uint8()}
	r.skip(2)
	t.Attributes = parseAttributes(r)
	return t
}

func (t Transform) appendTo(b []byte) []byte {
	b = append(b, t.Number, t.ID, 0, 0)
	for _, a := range t.Attributes {
		b = a.appendTo(b)
	}
	return b
}

// Attribute returns the first attribute of a type. Phase 2 types are converted.
func (t Transform) Attribute(of AttributeType) (a Attribute, ok bool) {
	i := slices.IndexFunc(t.Attributes, func(a Attribute) bool { return a.Type == of })
	if i < 0 {
		return Attribute{}, false
	}
	return t.Attributes[i], true
}

// Equal reports whether number, ID and attributes are the same, in the same
// order and form.
func (t Transform) Equal(u Transform) bool {
	return t.Number == u.Number && t.ID == u.ID && slices.EqualFunc(t.Attributes, u.Attributes, Attribute.Equal)
}
