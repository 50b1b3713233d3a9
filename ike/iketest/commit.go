package iketest

import (
	"bytes"
	"errors"

	"sallyport/ike"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
)

const offsetFlags = 19 // of the header: RFC 2408 §3.1

// committed returns what a host sends, with the commit bit if it is to have it. No engine sets
// it; the header is not authenticated, so nobody else notices.
func (h *host) committed(octets []byte) []byte {
	header, _, _, err := wire.ParseHeader(octets)
	if err != nil || header.Exchange != wire.QuickMode {
		return octets
	}
	h.newest = octets
	if !h.commit {
		return octets
	}
	octets = bytes.Clone(octets)
	octets[offsetFlags] |= byte(wire.FlagCommit)
	return octets
}

// sayConnected sends what no engine of ours does: CONNECTED under the message ID of a quick mode.
func (h *host) sayConnected() error {
	header, _, _, err := wire.ParseHeader(h.newest)
	if err != nil {
		return err
	}
	for _, s := range h.memory.sas {
		if s.CookieI != header.CookieI {
			continue
		}
		keys, err := keymat.FromSKEYIDs(s.Suite, bytes.Clone(s.SKEYIDd), bytes.Clone(s.SKEYIDa), bytes.Clone(s.SKEYIDe))
		if err != nil {
			return err
		}
		octets, m := connected(header, keys, keys.ExchangeIV(s.LastIV, header.MessageID))
		h.send(ike.Send{Local: s.Local, Remote: s.Remote, Octets: octets}, []ike.Output{ike.MessageSent{Number: 1, Message: m}})
		h.session.deliver()
		return nil
	}
	return errors.New("no ISAKMP SA of that quick mode")
}

// connected builds the notification as an informational exchange: RFC 2408 §3.1.
func connected(h wire.Header, keys *keymat.Keys, iv keymat.IV) ([]byte, *wire.Message) {
	notify := []wire.Payload{wire.NewNotify(wire.Connected, h.CookieI, h.CookieR, nil)}
	hash := wire.Hash{Data: keys.Hash1(h.MessageID, wire.AppendPayloads(nil, notify))}
	h.Exchange, h.Flags = wire.Informational, wire.FlagEncrypted
	m := &wire.Message{Header: h, Payloads: append([]wire.Payload{hash}, notify...)}
	body, _ := keys.Encrypt(nil, iv, wire.AppendPayloads(nil, m.Payloads))
	return append(h.Append(nil, wire.PayloadHash, wire.HeaderLen+len(body)), body...), m
}
