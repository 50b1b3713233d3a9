package attack

import (
	"encoding/binary"
	"slices"

	"sallyport/ike/wire"
)

// fields are the offsets of a payload's fields in its body, after RFC 2408 §3.
var fields = map[wire.PayloadType][]int{
	wire.PayloadID:         {0, 1, 2, 4},
	wire.PayloadNotify:     {0, 4, 5, 6, 8},
	wire.PayloadDelete:     {0, 4, 5, 6, 8},
	wire.PayloadCert:       {0, 1, 2, 4},
	wire.PayloadCertReq:    {0, 1},
	wire.PayloadAttributes: {0, 1, 2, 4},
	wire.PayloadFragment:   {0, 2, 3, 4},
}

// borders returns the offsets at which a field of a genuine payload begins or ends.
func borders(p part) []int {
	starts := fields[p.kind]
	switch p.kind {
	case wire.PayloadSA:
		starts = append([]int{0, 4}, proposals(p.body, 8)...)
	case wire.PayloadAttributes:
		starts = append(slices.Clone(starts), attributes(p.body, 4)...)
	}
	all := []int{0, len(p.body) - 1}
	for _, at := range starts {
		all = append(all, at-1, at)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(at int) bool { return at < 0 || at >= len(p.body) })
}

// proposals returns where the fields of a genuine SA's proposals begin: RFC 2408 §3.5.
func proposals(b []byte, at int) (starts []int) {
	for at < len(b) {
		starts = append(starts, at, at+2, at+4, at+5, at+6, at+7, at+8)
		end := at + int(binary.BigEndian.Uint16(b[at+2:]))
		starts = append(starts, transforms(b[:end], at+8+int(b[at+6]))...)
		at = end
	}
	return starts
}

// transforms does the same for a proposal's transforms: RFC 2408 §3.6.
func transforms(b []byte, at int) (starts []int) {
	for at < len(b) {
		starts = append(starts, at, at+2, at+4, at+5, at+8)
		end := at + int(binary.BigEndian.Uint16(b[at+2:]))
		starts = append(starts, attributes(b[:end], at+8)...)
		at = end
	}
	return starts
}

// attributes does the same for attributes: RFC 2408 §3.3.
func attributes(b []byte, at int) (starts []int) {
	for at+genericLen <= len(b) {
		starts = append(starts, at, at+2)
		if b[at]&0x80 == 0 { // not in four octets
			at += int(binary.BigEndian.Uint16(b[at+2:]))
			starts = append(starts, at+genericLen)
		}
		at += genericLen
	}
	return starts
}
