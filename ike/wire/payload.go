package wire

// A syntax is how a payload of a known type is read, and how many of them a
// message may have.
type syntax struct {
	parse func(*reader) Payload
	limit int
}

// payloads has a row for every payload type that is read. The limits leave
// room for what peers send and make a message's cost small: one where the RFC's
// exchanges have one; two IDs for IDci and IDcr, in phase 1 but one; certificates as deep as a chain
// may be, with CRLs; one NAT-D for each address of a host and two NAT-OA as in
// RFC 3947 §5, whichever numbers they have; notifications, deletes and vendor IDs as no peer has been seen
// to reach.
var payloads = map[PayloadType]syntax{
	PayloadSA:         {parseSA, 1},
	PayloadKE:         {parseKeyExchange, 1},
	PayloadID:         {parseID, 2},
	PayloadCert:       {parseCertificate, 8},
	PayloadCertReq:    {parseCertificateRequest, 20},
	PayloadHash:       {parseHash, 1},
	PayloadSignature:  {parseSignature, 1},
	PayloadNonce:      {parseNonce, 1},
	PayloadNotify:     {parseNotify, 20},
	PayloadDelete:     {parseDelete, 20},
	PayloadVendorID:   {parseVendorID, 32},
	PayloadAttributes: {parseCfg, 1},
	PayloadNATD:       {parseNATD, 10},
	PayloadNATOA:      {parseNATOA, 2},
	PayloadNATDDraft:  {parseNATDDraft, 10},
	PayloadNATOADraft: {parseNATOADraft, 2},
	PayloadFragment:   {parseFragment, 1},
}

// Assigned returns the number that RFC 3947 assigned to payloads of type p: its drafts had
// others for the same payloads.
func (p PayloadType) Assigned() PayloadType {
	switch p {
	case PayloadNATDDraft:
		return PayloadNATD
	case PayloadNATOADraft:
		return PayloadNATOA
	}
	return p
}
