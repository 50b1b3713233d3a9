package wire

import "net/netip"

// contract: to be split into one file per payload

type SA struct {
	DOI       uint32 // 1
	Situation uint32 // 1
	Proposals []Proposal
}
type Proposal struct {
	Number     uint8
	Protocol   ProtocolID
	SPI        []byte
	Transforms []Transform
}
type Transform struct {
	Number, ID uint8
	Attributes []Attribute
}
// An Attribute keeps the form it came in: TV stays TV. RFC 2408 §3.3.
type Attribute struct {
	Type  AttributeType
	Long  bool   // TLV form
	Value []byte // 2 octets unless Long
}
// Uint returns the value as a number; larger than 64 bits saturates. ok is false for an empty value or one over 8 octets with leading non-zeros ... 
func (a Attribute) Uint() (v uint64, ok bool) { panic("contract") }
// Basic makes a TV attribute.
func Basic(t AttributeType, v uint16) Attribute { panic("contract") }
// Number makes a TV attribute if v fits 16 bits, else a TLV of 4 or 8 octets.
func Number(t AttributeType, v uint64) Attribute { panic("contract") }

type KeyExchange struct{ Data []byte }
type Nonce struct{ Data []byte }
type Hash struct{ Data []byte }
type Signature struct{ Data []byte }
type VendorID struct{ Data []byte }
type NATD struct{ Hash []byte }
type NATOA struct{ Addr netip.Addr }
type Certificate struct{ Encoding uint8; Data []byte }
type CertificateRequest struct{ Encoding uint8; Data []byte }
// ID is IDii, IDir, IDci or IDcr: RFC 2407 §4.6.2.
type ID struct {
	IDType   IDType
	Protocol uint8
	Port     uint16
	Data     []byte
}
type Notify struct {
	DOI      uint32
	Protocol ProtocolID
	SPI      []byte
	Notify   NotifyType
	Data     []byte
}
type Delete struct {
	DOI      uint32
	Protocol ProtocolID
	SPISize  uint8
	SPIs     [][]byte
}
// Unknown is a payload of a type this package does not know. Its body is kept.
type Unknown struct{ PayloadType PayloadType; Data []byte }
