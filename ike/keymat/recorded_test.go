package keymat_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"sallyport/ike/iketest/recorded"
	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// exchangeOf returns what the formulas take of a recorded ISAKMP SA.
func exchangeOf(sa recorded.ISAKMPSA) keymat.Exchange {
	return keymat.Exchange{
		CookieI: wire.Cookie(sa.CookieI), CookieR: wire.Cookie(sa.CookieR),
		PublicI: sa.PublicI, PublicR: sa.PublicR,
		NonceI: sa.NonceI, NonceR: sa.NonceR, SA: sa.SA,
	}
}

func suiteOf(a recorded.Attributes) keymat.Suite {
	return keymat.Suite{
		Cipher: keymat.Cipher{Algorithm: wire.EncryptionAlgorithm(a.Encryption), KeyBits: int(a.KeyLength)},
		Hash:   wire.HashAlgorithm(a.Hash),
		Group:  wire.Group(a.Group),
	}
}

// each runs test for every recorded ISAKMP SA with the keys derived for it.
func each(t *testing.T, test func(*testing.T, recorded.ISAKMPSA, *keymat.Keys)) {
	t.Helper()
	for _, c := range recorded.All(t) {
		t.Run(c.Name, func(t *testing.T) {
			for _, sa := range c.SAs {
				secrets := keymat.Secrets{PreShared: secret.Octets(c.PSK), Shared: secret.Octets(sa.Shared)}
				k, err := keymat.Authenticated(wire.AuthMethod(sa.Attributes.Auth), suiteOf(sa.Attributes), secrets, exchangeOf(sa))
				if err != nil {
					t.Fatalf("Authenticated(%s, %v) = %v", sa.Auth, suiteOf(sa.Attributes), err)
				}
				test(t, sa, k)
			}
		})
	}
}

// same reports octets that differ. Recorded keys are throw-away and may be shown.
func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s = %x, want %x", what, got, want)
	}
}

func number(h recorded.Hex) uint32 { return binary.BigEndian.Uint32(h) }

func TestRecordedPhase1(t *testing.T) {
	each(t, func(t *testing.T, sa recorded.ISAKMPSA, k *keymat.Keys) {
		x := exchangeOf(sa)
		same(t, "SKEYID", k.SKEYID, sa.SKEYID)
		same(t, "SKEYID_d", k.SKEYIDd, sa.SKEYIDd)
		same(t, "SKEYID_a", k.SKEYIDa, sa.SKEYIDa)
		same(t, "SKEYID_e", k.SKEYIDe, sa.SKEYIDe)
		same(t, "encryption key", k.Encryption, sa.Encryption)
		same(t, "first IV", k.FirstIV(x), sa.IV)
		same(t, "HASH_I", k.HashI(x, sa.IDi), sa.HashI)
		same(t, "HASH_R", k.HashR(x, sa.IDr), sa.HashR)
		if k.Suite() != suiteOf(sa.Attributes) {
			t.Errorf("Suite() = %v, want %v", k.Suite(), suiteOf(sa.Attributes))
		}
		if n := keymat.PublicLen(k.Suite().Group); len(sa.PublicI) != n || len(sa.PublicR) != n {
			t.Errorf("PublicLen = %d, recorded values have %d and %d", n, len(sa.PublicI), len(sa.PublicR))
		}
	})
}

// A chain follows the IVs of every exchange as an engine does.
type chain struct {
	keys   *keymat.Keys
	phase1 keymat.IV
	next   map[wire.MessageID]keymat.IV
}

// iv returns the IV of the next message of an exchange.
func (c *chain) iv(id wire.MessageID) keymat.IV {
	if id == 0 {
		return c.phase1
	}
	if c.next[id] == nil {
		c.next[id] = c.keys.ExchangeIV(c.phase1, id)
	}
	return c.next[id]
}

func (c *chain) accepted(id wire.MessageID, next keymat.IV) {
	if id == 0 {
		c.phase1 = next
		return
	}
	c.next[id] = next
}

func TestRecordedEncryption(t *testing.T) {
	each(t, func(t *testing.T, sa recorded.ISAKMPSA, k *keymat.Keys) {
		c := &chain{k, k.FirstIV(exchangeOf(sa)), map[wire.MessageID]keymat.IV{}}
		encrypted := 0
		for _, m := range sa.Messages {
			if m.Flags&uint8(wire.FlagEncrypted) == 0 {
				continue
			}
			encrypted++
			id, ciphertext := wire.MessageID(number(m.MessageID)), m.Raw[wire.HeaderLen:]
			iv := c.iv(id)
			same(t, "IV", iv, m.IV)
			plain, next, err := k.Decrypt(iv, ciphertext)
			if err != nil {
				t.Fatalf("frame %d: %v", m.Frame, err)
			}
			same(t, "plaintext", plain, m.Plaintext)
			again, nextAgain := k.Encrypt(nil, iv, plain)
			same(t, "ciphertext", again, ciphertext)
			same(t, "next IV of Encrypt", nextAgain, next)
			c.accepted(id, next)
		}
		if encrypted < 9 {
			t.Errorf("%d encrypted messages, want at least 9", encrypted)
		}
	})
}

func TestRecordedQuickModes(t *testing.T) {
	each(t, func(t *testing.T, sa recorded.ISAKMPSA, k *keymat.Keys) {
		for _, q := range sa.QuickModes {
			id := wire.MessageID(number(q.MessageID))
			want := [][]byte{q.Hash1, q.Hash2, q.Hash3}
			for i, m := range messagesOf(t, sa, id) {
				after := m.After(0)
				got := [][]byte{k.Hash1(id, after), k.Hash2(id, q.NonceI, after), k.Hash3(id, q.NonceI, q.NonceR)}[i]
				same(t, "HASH", got, want[i])
				same(t, "HASH payload", m.Payloads[0].(wire.Hash).Data, want[i])
			}
			for _, child := range q.SAs {
				keys := k.Keymat(len(child.Keymat), wire.ProtocolID(q.Protocol), number(child.SPI),
					secret.Octets(q.Shared), q.NonceI, q.NonceR)
				same(t, "KEYMAT "+child.Direction, keys, child.Keymat)
				cut := len(child.Encryption)
				same(t, "encryption key "+child.Direction, keys[:cut], child.Encryption)
				same(t, "authentication key "+child.Direction, keys[cut:], child.Auth)
			}
		}
	})
}

// messagesOf returns the messages of a quick mode, at most three.
func messagesOf(t *testing.T, sa recorded.ISAKMPSA, id wire.MessageID) []*wire.Message {
	t.Helper()
	var list []*wire.Message
	for _, m := range sa.Messages {
		if wire.MessageID(number(m.MessageID)) == id {
			list = append(list, parse(t, m))
		}
	}
	if len(list) != 3 {
		t.Fatalf("quick mode %v has %d messages, want 3", id, len(list))
	}
	return list
}

func parse(t *testing.T, m recorded.Message) *wire.Message {
	t.Helper()
	h, first, plain, err := wire.ParseHeader(m.Raw)
	if err != nil {
		t.Fatal(err)
	}
	if h.Flags&wire.FlagEncrypted != 0 {
		plain = m.Plaintext
	}
	parsed, err := wire.ParsePayloads(h, first, plain)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestRecordedHash1 computes the hash of informational and transaction exchanges.
func TestRecordedHash1(t *testing.T) {
	each(t, func(t *testing.T, sa recorded.ISAKMPSA, k *keymat.Keys) {
		count := map[wire.ExchangeType]int{}
		for _, m := range sa.Messages {
			exchange := wire.ExchangeType(m.Exchange)
			if exchange != wire.Informational && exchange != wire.Transaction {
				continue
			}
			count[exchange]++
			id, parsed := wire.MessageID(number(m.MessageID)), parse(t, m)
			same(t, "HASH(1)", k.Hash1(id, parsed.After(0)), parsed.Payloads[0].(wire.Hash).Data)
			same(t, "what HASH(1) is of", append(bytes.Clone(m.MessageID), parsed.After(0)...), m.HashInput)
		}
		if count[wire.Informational] < 2 {
			t.Errorf("%d informational messages, want 2 deletions at least", count[wire.Informational])
		}
		if m := wire.AuthMethod(sa.Attributes.Auth); m.Base() != m && count[wire.Transaction] < 4 {
			t.Errorf("%d messages of transactions, want 4 of XAUTH at least", count[wire.Transaction])
		}
	})
}

func TestRecordedNATD(t *testing.T) {
	each(t, func(t *testing.T, sa recorded.ISAKMPSA, k *keymat.Keys) {
		count := 0
		for _, m := range sa.Messages {
			for _, d := range m.NATD {
				count++
				addr := netip.AddrPortFrom(netip.MustParseAddr(d.IP), d.Port)
				got := keymat.NATD(k.Suite().Hash, wire.Cookie(sa.CookieI), wire.Cookie(sa.CookieR), addr)
				same(t, "NAT-D of "+addr.String(), got, d.Expected)
				if !hasNATD(t, m, d.Received) {
					t.Errorf("frame %d has no NAT-D %x", m.Frame, d.Received)
				}
			}
		}
		if count < 4 {
			t.Errorf("%d NAT-D payloads, want 4 at least", count)
		}
	})
}

// hasNATD reports whether a message has a NAT-D payload of that hash.
func hasNATD(t *testing.T, m recorded.Message, hash []byte) bool {
	t.Helper()
	for _, p := range parse(t, m).Payloads {
		if d, ok := p.(wire.NATD); ok && bytes.Equal(d.Hash, hash) {
			return true
		}
	}
	return false
}
