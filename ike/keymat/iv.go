package keymat

import (
	"encoding/binary"
	"slices"

	"sallyport/ike/wire"
)

// An IV is one block: what the next message of an exchange is encrypted with.
// Nobody changes one; each message brings the next. RFC 2409 App. B.
type IV []byte

// FirstIV returns hash(g^xi | g^xr), cut to the block: that of the first
// encrypted message of phase 1.
func (k *Keys) FirstIV(x Exchange) IV {
	return IV(sum(k.suite.Hash, x.PublicI, x.PublicR)[:k.suite.Cipher.BlockLen()])
}

// ExchangeIV returns hash(the last cipher block of phase 1 | M-ID), cut to the
// block: that of the first message of an exchange after phase 1.
func (k *Keys) ExchangeIV(lastPhase1 IV, id wire.MessageID) IV {
	return IV(sum(k.suite.Hash, lastPhase1, messageID(id))[:k.suite.Cipher.BlockLen()])
}

// messageID returns M-ID as it enters formulas.
func messageID(id wire.MessageID) []byte { return binary.BigEndian.AppendUint32(nil, uint32(id)) }

// lastBlock returns the last block of ciphertext, or iv if there is none.
func lastBlock(ciphertext []byte, iv IV) IV {
	if len(ciphertext) == 0 {
		return iv
	}
	return slices.Clone(IV(ciphertext[len(ciphertext)-len(iv):]))
}
