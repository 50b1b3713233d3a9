package pki

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"unique"
)

// A Recheck asks which proofs a store does not carry any more: because their authority is none
// now, or because a certificate is on the newest list of its issuer. Only what was withdrawn
// counts: a list that is old or not there, and an authority that has expired, are for the next
// negotiation, and so is what a responder knows.
type Recheck struct {
	Store  *Store
	Proofs []Proof
}

// Do returns the proofs that count no more, each with the reason.
func (r Recheck) Do() map[Proof]*Withdrawal {
	alike := map[unique.Handle[above]][]Proof{}
	for _, p := range r.Proofs {
		alike[p.above] = append(alike[p.above], p)
	}
	found := map[Proof]*Withdrawal{}
	for a, proofs := range alike {
		r.judge(a.Value(), proofs, found)
	}
	return found
}

// A Withdrawal says why a proof counts no more.
type Withdrawal struct {
	Revoked bool   // by a list; else its authority is trusted no more
	Reason  string // printable ASCII
}

func withdrawn(revoked bool, format string, args ...any) *Withdrawal {
	return &Withdrawal{revoked, refuse(0, format, args...).Reason}
}

// judge finds those of proofs with the same path above the leaf that count no more.
func (r Recheck) judge(a above, proofs []Proof, found map[Proof]*Withdrawal) {
	all := func(why *Withdrawal) {
		for _, p := range proofs {
			found[p] = why
		}
	}
	d := r.domain(a)
	if d == nil {
		all(withdrawn(false, "the authority %s is trusted no more", nameText([]byte(a.anchorName()))))
		return
	}
	if d.Revocation != RevocationCRL && d.Revocation != RevocationCRLOrOCSP {
		return
	}
	for i, l := range a.links {
		switch list := d.newestOf(l.issuer); {
		case list == nil:
		case i == 0:
			findRevoked(list, proofs, found)
		default:
			if e := entryOf(list, l.serial); e != nil {
				all(revocation(list, *e))
				return
			}
		}
	}
}

// domain returns the first domain that has the authority; nil: none.
func (r Recheck) domain(a above) *Domain {
	for _, d := range r.Store.named(a.domain) {
		if slices.ContainsFunc(d.Authorities, func(c *x509.Certificate) bool { return sha256.Sum256(c.Raw) == a.anchor }) {
			return &d
		}
	}
	return nil
}

// newestOf returns the newest list of whoever has that name here; nil: there is none.
func (d *Domain) newestOf(issuer string) (best *x509.RevocationList) {
	q := inquiry{domain: d, lists: d.CRLs}
	for _, c := range slices.Concat(d.Authorities, d.Intermediates) {
		if string(c.RawSubject) != issuer {
			continue
		}
		if l, err := q.newest(c); err == nil && (best == nil || newer(l, best)) {
			best = l
		}
	}
	return best
}

// findRevoked finds the proofs whose leaf is on its issuer's list, in one walk through that.
func findRevoked(list *x509.RevocationList, proofs []Proof, found map[Proof]*Withdrawal) {
	leaves := make(map[string]Proof, len(proofs))
	for _, p := range proofs {
		leaves[p.serial] = p
	}
	for _, e := range list.RevokedCertificateEntries {
		if p, is := leaves[string(e.SerialNumber.Bytes())]; is {
			found[p] = revocation(list, e)
		}
	}
}

// entryOf returns what a list says of a number; nil: nothing.
func entryOf(list *x509.RevocationList, serial string) *x509.RevocationListEntry {
	i := slices.IndexFunc(list.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool {
		return string(e.SerialNumber.Bytes()) == serial
	})
	if i < 0 {
		return nil
	}
	return &list.RevokedCertificateEntries[i]
}

func revocation(list *x509.RevocationList, e x509.RevocationListEntry) *Withdrawal {
	return withdrawn(true, "its certificate, or one above it, number %s: %v", serialText(e.SerialNumber), revokedBy(list, e))
}

// revokedBy is what a list says of a certificate that is on it.
func revokedBy(list *x509.RevocationList, e x509.RevocationListEntry) error {
	return fmt.Errorf("%w on %s by the list of %s (%s)", errRevoked, stamp(e.RevocationTime), nameText(list.RawIssuer), reasonText(e.ReasonCode))
}
