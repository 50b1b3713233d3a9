package wire

import (
	"encoding/binary"
	"slices"
)

// A Notify is an error or a status: RFC 2408 §3.14, RFC 2407 §4.6.3.
type Notify struct {
	DOI      uint32 // 1, or 0 from peers that mean ISAKMP itself
	Protocol ProtocolID
	SPI      []byte // for an ISAKMP SA its two cookies, or nothing
	Notify   NotifyType
	Data     []byte
}

// NewNotify returns a notification about the ISAKMP SA with those cookies.
func NewNotify(t NotifyType, i, r Cookie, data []byte) Notify {
	return Notify{
		DOI: doiIPsec, Protocol: ProtoISAKMP,
		SPI: slices.Concat(i[:], r[:]), Notify: t, Data: data,
	}
}

// NewDPD returns a R-U-THERE or R-U-THERE-ACK: RFC 3706 §5.3.
func NewDPD(t NotifyType, i, r Cookie, sequence uint32) Notify {
	return NewNotify(t, i, r, binary.BigEndian.AppendUint32(nil, sequence))
}

// Sequence returns the sequence number of a R-U-THERE or R-U-THERE-ACK; ok is
// false if there is none: RFC 3706 §5.3.
func (n Notify) Sequence() (sequence uint32, ok bool) {
	if len(n.Data) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(n.Data), true
}

// Names reports whether the notification is about the ISAKMP SA with those
// cookies.
func (n Notify) Names(i, r Cookie) bool {
	return n.Protocol == ProtoISAKMP && string(n.SPI) == string(i[:])+string(r[:])
}

// Type returns PayloadNotify.
func (Notify) Type() PayloadType { return PayloadNotify }

// String returns, for example, "N[INITIAL-CONTACT]".
func (n Notify) String() string { return "N[" + n.Notify.String() + "]" }

func parseNotify(r *reader) Payload {
	n := Notify{DOI: r.uint32(), Protocol: ProtocolID(r.uint8())}
	size := int(r.uint8())
	n.Notify = NotifyType(r.uint16())
	n.SPI = r.bytes(size)
	n.Data = r.rest()
	return n
}

func (n Notify) appendTo(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, n.DOI)
	b = append(b, byte(n.Protocol), byte(len(n.SPI)))
	b = binary.BigEndian.AppendUint16(b, uint16(n.Notify))
	return append(append(b, n.SPI...), n.Data...)
}
