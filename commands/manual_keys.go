package commands

import (
	"cmp"
	"fmt"
	"slices"

	"sallyport/commands/grammar"
	"sallyport/commands/kind"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

func keySide(k *ManualKey) *SASide { return &k.SASide }

// stringKeyRow is `sa string-key`.
func stringKeyRow() grammar.Row[Policy] {
	return manualKeyRow(StringKey, "Text that the keys are made of, between Sallyports", sideArgs(keySide), kind.SecretOf(longestString))
}

// authenticationHexRow is `sa authentication-hex`.
func authenticationHexRow() grammar.Row[Policy] {
	return manualKeyRow(AuthenticationHex, "Authentication key in hexadecimal digits", sideArgs(keySide), kind.HexSecret(shortestHex, longestHex))
}

// encryptionHexRow is `sa encryption-hex`, which AH has not.
func encryptionHexRow() grammar.Row[Policy] {
	side := grammar.Sequence(directionArg(keySide), grammar.Kw[ManualKey]("esp", helpESP))
	return manualKeyRow(EncryptionHex, "Encryption key in hexadecimal digits", side, kind.HexSecret(shortestHex, longestHex))
}

// manualKeyRow is the row of a form of key.
func manualKeyRow(form KeyForm, help string, side grammar.Element[ManualKey], key grammar.Kind[secret.Octets]) grammar.Row[Policy] {
	path := grammar.Path[ManualKey]("sa", helpSA, form.String(), help)
	return grammar.List(grammar.Items[Policy, ManualKey]{
		All: func(p *Policy) []ManualKey {
			return slices.DeleteFunc(slices.Clone(p.Keys), func(k ManualKey) bool { return k.Form != form })
		},
		New:    func() ManualKey { return ManualKey{Form: form, SASide: SASide{Protocol: ipsec.ESP}} },
		Put:    func(x any, p *Policy, k ManualKey) error { return x.(*edit).putKey(p, k) },
		Remove: func(_ any, p *Policy, k ManualKey) error { return p.removeKey(k) },
		Undo:   []grammar.Element[ManualKey]{path, side},
	}, path, side, secretForms[ManualKey](), grammar.Arg(key, "Key", func(k *ManualKey) *secret.Octets { return &k.Key }))
}

// putKey sets a key in the place of what was there for its SA: of a string and keys
// in digits the last one counts.
func (e *edit) putKey(p *Policy, k ManualKey) error {
	if kind.Stored(string(k.Key)) && e.open != nil {
		key, err := e.open(string(k.Key))
		if err != nil {
			return refuse("The stored key cannot be used: %v.", err)
		}
		k.Key = key
	}
	if k.Form != StringKey && !kind.IsHex(string(k.Key)) && !kind.Stored(string(k.Key)) {
		return refuse("The stored key is none in hexadecimal digits.")
	}
	if k.Form == StringKey && len(k.Key) < shortKey {
		e.warn("The string key is shorter than %d characters.", shortKey)
	}
	p.Keys = append(slices.DeleteFunc(slices.Clone(p.Keys), k.replaces), k)
	slices.SortFunc(p.Keys, compareKeys)
	if len(p.Proposals) == 0 || e.config.IPsecProposals[p.Proposals[0]] == nil {
		return nil
	}
	return p.fits(e.config.IPsecProposals[p.Proposals[0]])
}

// compareKeys puts the keys of inbound SAs first.
func compareKeys(a, b ManualKey) int {
	return cmp.Or(compareSides(a.SASide, b.SASide), cmp.Compare(a.Form, b.Form))
}

// replaces reports whether a key cannot be beside an older one.
func (k ManualKey) replaces(old ManualKey) bool {
	return old.SASide == k.SASide && (old.Form == k.Form || old.Form == StringKey || k.Form == StringKey)
}

func (p *Policy) removeKey(k ManualKey) error {
	left := slices.DeleteFunc(slices.Clone(p.Keys), func(old ManualKey) bool { return old.SASide == k.SASide && old.Form == k.Form })
	if len(left) == len(p.Keys) {
		return grammar.ErrNotConfigured
	}
	p.Keys = left
	return nil
}

// manualOffer returns the algorithms that configured SAs take of a proposal: the
// strongest but GCM, whose nonces would come again with the same key (RFC 4106 §2). It
// is false if there are none.
func manualOffer(p *ipsec.Proposal) (ipsec.Offer, bool) {
	for _, o := range p.Offers() {
		if !o.Encryption.AEAD() {
			return o, true
		}
	}
	return ipsec.Offer{}, false
}

// fits refuses a proposal that the policy cannot have.
func (p *Policy) fits(proposal *ipsec.Proposal) error {
	if misfit := p.misfit(proposal); misfit != "" {
		return refuse("%s", misfit)
	}
	return nil
}

// misfit says why the policy cannot have a proposal, or "": there is no algorithm whose
// keys may be configured, or one wants a key of another length. A key that was not
// opened is taken as it is.
func (p *Policy) misfit(proposal *ipsec.Proposal) string {
	offer, ok := manualOffer(proposal)
	if !ok {
		return fmt.Sprintf("The IPSec proposal %s has no algorithms for configured keys: GCM must have none (RFC 4106), and ESP wants authentication.", proposal.Name)
	}
	for _, k := range p.Keys {
		want, algorithm := k.wanted(offer)
		if want != 0 && len(k.Key) != 2*want && !kind.Stored(string(k.Key)) {
			return fmt.Sprintf("The key of sa %v %v has %d digits, %s of IPSec proposal %s wants %d.",
				k.Form, k.SASide, len(k.Key), algorithm, proposal.Name, 2*want)
		}
	}
	return ""
}

// wanted returns the octets of key that the algorithms want in the place of k, and
// which algorithm wants them; 0 if none does, or any number will do.
func (k *ManualKey) wanted(o ipsec.Offer) (octets int, algorithm string) {
	switch {
	case k.Form == EncryptionHex:
		return o.Encryption.KeyLen(), o.Encryption.Word()
	case k.Form == AuthenticationHex && k.Protocol == ipsec.AH:
		return o.AH.KeyLen(), o.AH.Word()
	case k.Form == AuthenticationHex:
		return o.Integrity.KeyLen(), o.Integrity.Word()
	}
	return 0, ""
}

// keysFit refuses a change of a proposal that a manual policy could not have any more: it
// would not be complete, and its traffic be dropped.
func (e *edit) keysFit(proposal *ipsec.Proposal) error {
	var first PolicyKey
	misfit := ""
	for key, p := range e.config.Policies {
		if !p.Manual || !slices.Contains(p.Proposals, proposal.Name) || misfit != "" && comparePolicies(key, first) > 0 {
			continue
		}
		if text := p.misfit(proposal); text != "" {
			first, misfit = key, text
		}
	}
	if misfit == "" {
		return nil
	}
	return refuse("The IPSec proposal is being used by IPSec policy %s %d. %s", first.Name, first.Sequence, misfit)
}
