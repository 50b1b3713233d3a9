package wire

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Text returns the transform of a protocol's proposal in the words of golden
// sessions: "aes-cbc-256 sha2-256 psk modp2048 86400s", in this order whatever
// the order on the wire.
func (t Transform) Text(protocol ProtocolID) string {
	w := words{phase: phase2, unit: LifeSeconds}
	if protocol == ProtoISAKMP {
		w.phase = phase1
	}
	if a, ok := t.Attribute(w.phase.keyLength); ok {
		w.keyBits = "-" + a.text()
	}
	w.add(0, transformText(protocol, t.ID), w.keyBits)
	for _, a := range t.Attributes {
		w.attribute(a)
	}
	return w.String()
}

// transformText names a transform ID. KEY_IKE, the only one of phase 1, is not
// worth a word.
func transformText(protocol ProtocolID, id uint8) string {
	switch protocol {
	case ProtoISAKMP:
		if ISAKMPTransform(id) == KeyIKE {
			return ""
		}
		return "transform-" + strconv.Itoa(int(id))
	case ProtoAH:
		return "ah-" + AHTransform(id).String()
	case ProtoESP:
		return "esp-" + ESPTransform(id).String()
	case ProtoIPComp:
		return "ipcomp-" + IPCompTransform(id).String()
	}
	return protocol.String() + "-" + strconv.Itoa(int(id))
}

// A phase says how the attributes of a phase are printed.
type phase struct {
	keyLength, lifeType, lifeDuration AttributeType
	texts                             []attributeText // in the order of printing
	name                              func(AttributeType) string
}

// An attributeText prints the values of a type of attribute.
type attributeText struct {
	t    AttributeType
	text func(v uint64) string
}

// named turns the String of a type of numbers into a function of a value.
func named[T interface {
	~uint16
	String() string
}](v uint64) string {
	if v > math.MaxUint16 {
		return strconv.FormatUint(v, 10)
	}
	return T(v).String()
}

var phase1 = &phase{
	keyLength: AttrKeyLength, lifeType: AttrLifeType, lifeDuration: AttrLifeDuration,
	name: AttributeType.String,
	texts: []attributeText{
		{AttrEncryption, named[EncryptionAlgorithm]}, {AttrHash, named[HashAlgorithm]},
		{AttrAuthMethod, named[AuthMethod]}, {AttrGroup, named[Group]},
	},
}

var phase2 = &phase{
	keyLength: AttributeType(Attr2KeyLength), lifeType: AttributeType(Attr2LifeType),
	lifeDuration: AttributeType(Attr2LifeDuration),
	name:         func(t AttributeType) string { return AttributeType2(t).String() },
	texts: []attributeText{
		{AttributeType(Attr2Authentication), named[Authentication]},
		{AttributeType(Attr2Encapsulation), named[EncapsulationMode]},
		{AttributeType(Attr2Group), named[Group]},
		{AttributeType(Attr2ESN), named[ESN]},
	},
}

// words collects a transform's words with their rank.
type words struct {
	*phase
	keyBits string
	unit    LifeType // of the next duration
	list    []word
}

type word struct {
	rank int
	text string
}

func (w *words) add(rank int, text, suffix string) {
	if text != "" {
		w.list = append(w.list, word{rank, text + suffix})
	}
}

// attribute adds the word of an attribute. The key length is part of the
// cipher's word and the life type of the duration's.
func (w *words) attribute(a Attribute) {
	last := len(w.texts) + 1
	v, _ := a.Uint()
	switch a.Type {
	case w.keyLength:
		return
	case w.lifeType:
		w.unit = LifeType(min(v, math.MaxUint16))
		return
	case w.lifeDuration:
		w.add(last, a.text(), w.unit.suffix())
		return
	}
	i := slices.IndexFunc(w.texts, func(t attributeText) bool { return t.t == a.Type })
	switch {
	case i < 0:
		w.add(last+1, w.name(a.Type), "="+a.text())
	case a.Type == AttrEncryption && w.phase == phase1:
		w.add(1, w.texts[i].text(v), w.keyBits)
	default:
		w.add(i+1, w.texts[i].text(v), "")
	}
}

// String returns the words by rank, in the order they came within a rank.
func (w *words) String() string {
	slices.SortStableFunc(w.list, func(a, b word) int { return cmp.Compare(a.rank, b.rank) })
	texts := make([]string, len(w.list))
	for i, v := range w.list {
		texts[i] = v.text
	}
	return strings.Join(texts, " ")
}
