package pki

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"sallyport/ike/wire"
)

// checkID refuses a certificate that does not hold the identity, field by
// field: RFC 4945 §3.1. The errors are texts for a Refusal.
func checkID(c *x509.Certificate, id wire.ID) error {
	if err := checkIDData(id); err != nil {
		return err
	}
	var found bool
	switch id.IDType {
	case wire.IDDERASN1DN:
		found = SameID(id, wire.DNID(c.RawSubject))
	case wire.IDFQDN:
		found = slices.ContainsFunc(c.DNSNames, func(n string) bool { return SameID(id, wire.FQDNID(n)) })
	case wire.IDUserFQDN:
		found = slices.ContainsFunc(c.EmailAddresses, func(n string) bool { return SameID(id, wire.UserFQDNID(n)) })
	case wire.IDIPv4Addr, wire.IDIPv6Addr:
		a, _ := netip.AddrFromSlice(id.Data)
		found = slices.Contains(addrs(c.IPAddresses), a.Unmap())
	}
	if !found {
		return fmt.Errorf("ID %s is not in the certificate of %s, which has %s", IDText(id), subject(c), strings.Join(identities(c), ", "))
	}
	return nil
}

// checkIDData refuses an identity that no certificate can hold, or that is not
// written as its type has it.
func checkIDData(id wire.ID) error {
	switch id.IDType {
	case wire.IDDERASN1DN:
		d, err := ReadDN(id.Data)
		if err == nil && d.IsEmpty() {
			err = fmt.Errorf("an empty name")
		}
		if err != nil {
			return fmt.Errorf("ID %v is %w", id.IDType, err)
		}
	case wire.IDFQDN, wire.IDUserFQDN:
		if n := len(id.Data); n == 0 || n > maxName {
			return fmt.Errorf("ID %v of %d octets, want 1 to %d", id.IDType, n, maxName)
		}
		if strings.ContainsFunc(string(id.Data), unicode.IsControl) {
			return fmt.Errorf("ID %v has a control character: %s", id.IDType, wire.Printable(id.Data))
		}
	case wire.IDIPv4Addr, wire.IDIPv6Addr:
		if _, _, err := id.Range(); err != nil {
			return err
		}
	default:
		return fmt.Errorf("ID of type %v, want one that a certificate holds: a name or an address", id.IDType)
	}
	return nil
}

// SameID reports whether two identities name the same one: of a certificate, of a peer's message or of
// the configuration. Protocol and port do not count.
func SameID(a, b wire.ID) bool {
	if a.IDType == wire.IDDERASN1DN && b.IDType == wire.IDDERASN1DN {
		return sameName(a.Data, b.Data)
	}
	return IDKey(a) == IDKey(b)
}

// IDKey returns a text that two identities have in common just if [SameID] holds for them, as a
// key of a map; only distinguished names are told apart by how they are written. The name of a
// host, and that behind the last "@" of a user's, has no case as far as ASCII goes (RFC 5280
// §7.2, §7.5). Everything else counts octet by octet.
func IDKey(id wire.ID) string {
	user, host := string(id.Data), ""
	switch id.IDType {
	case wire.IDFQDN:
		user, host = "", user
	case wire.IDUserFQDN:
		if at := strings.LastIndexByte(user, '@'); at >= 0 {
			user, host = user[:at], user[at:]
		}
	}
	return string(rune(id.IDType)) + user + lowerASCII(host)
}

// identities lists what a certificate holds that an ID may be, for a text.
func identities(c *x509.Certificate) []string {
	return append([]string{subject(c)}, alternativeNames(c.DNSNames, c.EmailAddresses, addrs(c.IPAddresses))...)
}

// addrs returns the addresses of a certificate or request.
func addrs[IP ~[]byte](ips []IP) (out []netip.Addr) {
	for _, b := range ips {
		if a, ok := netip.AddrFromSlice(b); ok {
			out = append(out, a.Unmap())
		}
	}
	return out
}

// alternativeNames writes names as a display has them, printable.
func alternativeNames(dns, email []string, addrs []netip.Addr) (out []string) {
	for _, n := range dns {
		out = append(out, "DNS:"+wire.Printable([]byte(n)))
	}
	for _, n := range email {
		out = append(out, "email:"+wire.Printable([]byte(n)))
	}
	for _, a := range addrs {
		out = append(out, "IP:"+a.String())
	}
	return out
}

// IDText returns an identity as a display has it: a distinguished name as
// DN.String writes it, all else as [wire.ID.Text] does.
func IDText(id wire.ID) string {
	if id.IDType == wire.IDDERASN1DN {
		if d, err := ReadDN(id.Data); err == nil {
			return d.String()
		}
	}
	return id.Text()
}
