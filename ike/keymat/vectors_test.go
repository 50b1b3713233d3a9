package keymat

import (
	"bytes"
	"fmt"
	"testing"

	"sallyport/ike/wire"
	"sallyport/ipsec/secret"
)

// ecpVectors are the examples of RFC 5903 §8.1 to §8.3.
var ecpVectors = []struct {
	group  wire.Group
	i, gi  string
	r, gr  string
	shared string
}{
	{
		wire.Group19,
		"C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433",
		"DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180" +
			"5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3",
		"C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53",
		"D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63" +
			"56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB",
		"D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE",
	},
	{
		wire.Group20,
		"099F3C7034D4A2C699884D73A375A67F7624EF7C6B3C0F160647B67414DCE655E35B538041E649EE3FAEF896783AB194",
		"667842D7D180AC2CDE6F74F37551F55755C7645C20EF73E31634FE72B4C55EE6DE3AC808ACB4BDB4C88732AEE95F41AA" +
			"9482ED1FC0EEB9CAFC4984625CCFC23F65032149E0E144ADA024181535A0F38EEB9FCFF3C2C947DAE69B4C634573A81C",
		"41CB0779B4BDB85D47846725FBEC3C9430FAB46CC8DC5060855CC9BDA0AA2942E0308312916B8ED2960E4BD55A7448FC",
		"E558DBEF53EECDE3D3FCCFC1AEA08A89A987475D12FD950D83CFA41732BC509D0D1AC43A0336DEF96FDA41D0774A3571" +
			"DCFBEC7AACF3196472169E838430367F66EEBE3C6E70C416DD5F0C68759DD1FFF83FA40142209DFF5EAAD96DB9E6386C",
		"11187331C279962D93D604243FD592CB9D0A926F422E47187521287E7156C5C4D603135569B9E9D09CF5D4A270F59746",
	},
	{
		wire.Group21,
		"0037ADE9319A89F4DABDB3EF411AACCCA5123C61ACAB57B5393DCE47608172A095AA85A30FE1C2952C6771D937BA9777F5957B2639BAB072462F68C27A57382D4A52",
		"0015417E84DBF28C0AD3C278713349DC7DF153C897A1891BD98BAB4357C9ECBEE1E3BF42E00B8E380AEAE57C2D107564941885942AF5A7F4601723C4195D176CED3E" +
			"017CAE20B6641D2EEB695786D8C946146239D099E18E1D5A514C739D7CB4A10AD8A788015AC405D7799DC75E7B7D5B6CF2261A6A7F1507438BF01BEB6CA3926F9582",
		"0145BA99A847AF43793FDD0E872E7CDFA16BE30FDC780F97BCCC3F078380201E9C677D600B343757A3BDBF2A3163E4C2F869CCA7458AA4A4EFFC311F5CB151685EB9",
		"00D0B3975AC4B799F5BEA16D5E13E9AF971D5E9B984C9F39728B5E5739735A219B97C356436ADC6E95BB0352F6BE64A6C2912D4EF2D0433CED2B6171640012D9460F" +
			"015C68226383956E3BD066E797B623C27CE0EAC2F551A10C2C724D9852077B87220B6536C5C408A1D2AEBB8E86D678AE49CB57091F4732296579AB44FCD17F0FC56A",
		"01144C7D79AE6956BC8EDB8E7C787C4521CB086FA64407F97894E5E6B2D79B04D1427E73CA4BAA240A34786859810C06B3C715A3A8CC3151F2BEE417996D19F3DDEA",
	},
}

func TestECPVectors(t *testing.T) {
	for _, test := range ecpVectors {
		t.Run(test.group.String(), func(t *testing.T) {
			i := DH{Group: test.group, Private: unhex(test.i), Peer: unhex(test.gr)}.Do()
			r := DH{Group: test.group, Private: unhex(test.r), Peer: unhex(test.gi)}.Do()
			if i.Err != nil || r.Err != nil {
				t.Fatalf("Do() = %v and %v", i.Err, r.Err)
			}
			if !bytes.Equal(i.Public, unhex(test.gi)) || !bytes.Equal(r.Public, unhex(test.gr)) {
				t.Errorf("public values = %x and %x, want %s and %s", i.Public, r.Public, test.gi, test.gr)
			}
			want := secret.Octets(unhex(test.shared))
			if !i.Shared.Equal(want) || !r.Shared.Equal(want) {
				t.Errorf("secrets = %x and %x, want %s", []byte(i.Shared), []byte(r.Shared), test.shared)
			}
		})
	}
}

// TestBothSides lets two peers go through phase 1 with every cipher and hash:
// they hold the same keys, and what one encrypts the other reads.
func TestBothSides(t *testing.T) {
	i := DH{Group: wire.Group19, Private: private(wire.Group19, 1)}.Do()
	r := DH{Group: wire.Group19, Private: private(wire.Group19, 2), Peer: i.Public}.Do()
	i = DH{Group: wire.Group19, Private: private(wire.Group19, 1), Public: i.Public, Peer: r.Public}.Do()
	x := sample
	x.PublicI, x.PublicR = i.Public, r.Public
	for _, c := range ciphers {
		for h := range hashes {
			s := Suite{c, h, wire.Group19}
			t.Run(s.String(), func(t *testing.T) { talk(t, s, x, i.Shared, r.Shared) })
		}
	}
}

// talk derives keys on both sides and sends one exchange of three messages.
func talk(t *testing.T, s Suite, x Exchange, sharedI, sharedR secret.Octets) {
	ki, err := PreShared(s, secret.Octets("psk"), sharedI, x)
	if err != nil {
		t.Fatal(err)
	}
	kr, err := PreShared(s, secret.Octets("psk"), sharedR, x)
	if err != nil {
		t.Fatal(err)
	}
	if len(ki.Encryption) != s.Cipher.KeyLen() || !bytes.Equal(ki.HashI(x, nil), kr.HashI(x, nil)) {
		t.Errorf("key of %d octets, want %d; or HASH_I differs", len(ki.Encryption), s.Cipher.KeyLen())
	}
	sender, receiver := ki, kr
	ivS, ivR := ki.ExchangeIV(ki.FirstIV(x), 7), kr.ExchangeIV(kr.FirstIV(x), 7)
	for n := range 3 {
		plain := bytes.Repeat([]byte{byte(n)}, 48)
		ciphertext, nextS := sender.Encrypt(nil, ivS, plain)
		got, nextR, err := receiver.Decrypt(ivR, ciphertext)
		if err != nil || !bytes.Equal(got, plain) || !bytes.Equal(nextS, nextR) {
			t.Fatalf("message %d: Decrypt = %x, %v; want %x", n+1, got, err, plain)
		}
		sender, receiver, ivS, ivR = receiver, sender, nextR, nextS
	}
}

// TestWrongKey shows what a wrong pre-shared key does: other keys altogether.
func TestWrongKey(t *testing.T) {
	s := Suite{ciphers[2], wire.HashSHA1, wire.Group19}
	right, err := PreShared(s, secret.Octets("right"), secret.Octets("g^xy"), sample)
	if err != nil {
		t.Fatal(err)
	}
	for _, psk := range []string{"wrong", "Right", "right\x01", ""} {
		wrong, err := PreShared(s, secret.Octets(psk), secret.Octets("g^xy"), sample)
		if err != nil {
			t.Fatal(err)
		}
		if wrong.SKEYID.Equal(right.SKEYID) || wrong.Encryption.Equal(right.Encryption) || bytes.Equal(wrong.HashR(sample, nil), right.HashR(sample, nil)) {
			t.Errorf("%q gives a key of %q", psk, "right")
		}
	}
}

// TestKeysTakeAll checks that each part of the exchange enters the hashes.
func TestKeysTakeAll(t *testing.T) {
	k := sampleKeys(t, ciphers[2], wire.HashSHA1)
	idii := []byte("IDii_b")
	for name, change := range map[string]func(*Exchange){
		"CKY-I":  func(x *Exchange) { x.CookieI[7] ^= 1 },
		"CKY-R":  func(x *Exchange) { x.CookieR[7] ^= 1 },
		"g^xi":   func(x *Exchange) { x.PublicI = []byte("G^xi") },
		"g^xr":   func(x *Exchange) { x.PublicR = []byte("G^xr") },
		"SAi_b":  func(x *Exchange) { x.SA = []byte("SAI_b") },
		"swap":   func(x *Exchange) { x.PublicI, x.PublicR = x.PublicR, x.PublicI },
		"length": func(x *Exchange) { x.SA = append(bytes.Clone(x.SA), 0) },
	} {
		x := sample
		change(&x)
		if bytes.Equal(k.HashI(x, idii), k.HashI(sample, idii)) {
			t.Errorf("HASH_I does not depend on %s", name)
		}
		if bytes.Equal(k.HashR(x, idii), k.HashR(sample, idii)) {
			t.Errorf("HASH_R does not depend on %s", name)
		}
	}
	if bytes.Equal(k.HashI(sample, idii), k.HashR(sample, idii)) {
		t.Error("HASH_I is HASH_R: it could be reflected")
	}
	if bytes.Equal(k.Hash1(1, idii), k.Hash1(2, idii)) || bytes.Equal(k.Hash2(1, idii, nil), k.Hash2(2, idii, nil)) ||
		bytes.Equal(k.Hash3(1, idii, nil), k.Hash3(2, idii, nil)) {
		t.Error("a quick mode hash does not depend on the message ID")
	}
}

// TestIVs checks that exchanges begin with IVs of their own.
func TestIVs(t *testing.T) {
	for _, c := range ciphers {
		k := sampleKeys(t, c, wire.HashMD5)
		first := k.FirstIV(sample)
		seen := map[string]bool{string(first): true}
		for id := range wire.MessageID(16) {
			iv := k.ExchangeIV(first, id)
			if len(iv) != c.BlockLen() || seen[string(iv)] {
				t.Errorf("%v: IV of message ID %v is %x: of a wrong length or there before", c, id, []byte(iv))
			}
			seen[string(iv)] = true
		}
	}
}

func TestPublicErrorText(t *testing.T) {
	got := DH{Group: wire.Group14, Private: private(wire.Group14, 1), Peer: make([]byte, 128)}.Do().Err
	const want = "public value of modp2048: 128 octets, wanted 256"
	if fmt.Sprint(got) != want {
		t.Errorf("Do() = %v, want %s", got, want)
	}
}
