package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
)

// basicFormat is the AF bit of an attribute's type: RFC 2408 §3.3.
const basicFormat = 0x8000

// An Attribute keeps the form it came in: TV stays TV. RFC 2408 §3.3.
type Attribute struct {
	Type  AttributeType
	Long  bool   // TLV form
	Value []byte // 2 octets unless Long
}

func parseAttributes(r *reader) []Attribute {
	var list []Attribute
	for r.err == nil && len(r.b) != 0 {
		list = append(list, parseAttribute(r))
	}
	return list
}

func parseAttribute(r *reader) Attribute {
	t := r.uint16()
	a := Attribute{Type: AttributeType(t &^ basicFormat), Long: t&basicFormat == 0}
	size := 2
	if a.Long {
		size = int(r.uint16())
	}
	a.Value = r.bytes(size)
	return a
}

func (a Attribute) appendTo(b []byte) []byte {
	if a.Long {
		b = binary.BigEndian.AppendUint16(b, uint16(a.Type))
		b = binary.BigEndian.AppendUint16(b, uint16(len(a.Value)))
		return append(b, a.Value...)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(a.Type)|basicFormat)
	return append(b, a.Value...)
}

// Basic makes a TV attribute.
func Basic(t AttributeType, v uint16) Attribute {
	return Attribute{Type: t, Value: binary.BigEndian.AppendUint16(nil, v)}
}

// Number makes a TV attribute if v fits 16 bits, else a TLV of 4 or 8 octets.
func Number(t AttributeType, v uint64) Attribute {
	switch {
	case v <= math.MaxUint16:
		return Basic(t, uint16(v))
	case v <= math.MaxUint32:
		return Attribute{Type: t, Long: true, Value: binary.BigEndian.AppendUint32(nil, uint32(v))}
	}
	return Attribute{Type: t, Long: true, Value: binary.BigEndian.AppendUint64(nil, v)}
}

// Uint returns the value as a number: 1 to 8 octets in either form, or more if
// those in front are zeros. An empty value is 0 and not ok; a larger one
// saturates and is not ok.
func (a Attribute) Uint() (v uint64, ok bool) {
	digits := bytes.TrimLeft(a.Value, "\x00")
	if len(digits) > 8 {
		return math.MaxUint64, false
	}
	for _, d := range digits {
		v = v<<8 | uint64(d)
	}
	return v, len(a.Value) != 0
}

// Equal reports whether type, form and value are the same.
func (a Attribute) Equal(b Attribute) bool {
	return a.Type == b.Type && a.Long == b.Long && bytes.Equal(a.Value, b.Value)
}

// text returns the value as a number, or in hexadecimal if it is none.
func (a Attribute) text() string {
	if v, ok := a.Uint(); ok {
		return strconv.FormatUint(v, 10)
	}
	return "0x" + hex.EncodeToString(a.Value[:min(len(a.Value), maxText)])
}
