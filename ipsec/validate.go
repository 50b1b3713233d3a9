package ipsec

import "fmt"

// An InvalidSA says why an SA cannot be used. It shows no keys.
type InvalidSA struct {
	SA     SAID
	Reason string // what the SA has and what was wanted
}

// Error names the SA and the reason.
func (e *InvalidSA) Error() string { return fmt.Sprintf("%v: %s", e.SA, e.Reason) }

// Validate returns an *InvalidSA if no dataplane can use the SA: a reserved SPI,
// algorithms that protect nothing or do not go together, keys of a wrong length, or
// a replay window out of range. Addresses and lifetimes are not looked at.
func (sa *SA) Validate() error {
	for _, check := range []func(*SA) string{
		(*SA).wrongName, (*SA).wrongAlgorithms, (*SA).wrongKeys, (*SA).wrongWindow,
	} {
		if reason := check(sa); reason != "" {
			return &InvalidSA{SA: sa.ID, Reason: reason}
		}
	}
	return nil
}

func (sa *SA) wrongName() string {
	switch {
	case sa.ID.Protocol != ESP && sa.ID.Protocol != AH:
		return fmt.Sprintf("protocol is %d, want ESP or AH", sa.ID.Protocol)
	case sa.ID.SPI < MinSPI:
		return fmt.Sprintf("SPI is %d, want %d or more", sa.ID.SPI, MinSPI)
	case sa.AH != nil && sa.AH.SPI < MinSPI:
		return fmt.Sprintf("SPI of AH is %d, want %d or more", sa.AH.SPI, MinSPI)
	}
	return ""
}

// wrongAlgorithms refuses encryption without integrity too: RFC 8221 §4 forbids it.
func (sa *SA) wrongAlgorithms() string {
	switch {
	case sa.Integrity != NoIntegrity && sa.Integrity.Word() == "":
		return fmt.Sprintf("authentication algorithm %d is none of ours", sa.Integrity)
	case sa.AH != nil && sa.AH.Integrity.Word() == "":
		return fmt.Sprintf("authentication algorithm %d of AH is none of ours", sa.AH.Integrity)
	case sa.ID.Protocol == AH:
		return sa.wrongForAH()
	case sa.Encryption.Word() == "":
		return fmt.Sprintf("encryption algorithm %d is none of ours", sa.Encryption)
	case sa.Offer().protects():
		return ""
	case sa.Encryption.AEAD():
		return fmt.Sprintf("%v authenticates by itself, and has %v besides", sa.Encryption, sa.Integrity)
	}
	return fmt.Sprintf("%v has no authentication algorithm", sa.Encryption)
}

func (sa *SA) wrongForAH() string {
	switch {
	case sa.AH != nil:
		return "AH cannot go inside AH"
	case sa.Encryption != NoEncryption:
		return fmt.Sprintf("AH does not encrypt, and has %v", sa.Encryption)
	case sa.Integrity == NoIntegrity:
		return "AH has no authentication algorithm"
	}
	return ""
}

// Offer returns the algorithms of the SA.
func (sa *SA) Offer() Offer {
	if sa.ID.Protocol == AH {
		return Offer{AH: sa.Integrity}
	}
	o := Offer{Encryption: sa.Encryption, Integrity: sa.Integrity}
	if sa.AH != nil {
		o.AH = sa.AH.Integrity
	}
	return o
}

func (sa *SA) wrongKeys() string {
	if got, want := len(sa.EncryptionKey), sa.Encryption.KeyLen(); got != want {
		return fmt.Sprintf("encryption key has %d octets, %v wants %d", got, sa.Encryption, want)
	}
	if got, want := len(sa.IntegrityKey), sa.Integrity.KeyLen(); got != want {
		return fmt.Sprintf("authentication key has %d octets, want %d", got, want)
	}
	if sa.AH == nil {
		return ""
	}
	if got, want := len(sa.AH.Key), sa.AH.Integrity.KeyLen(); got != want {
		return fmt.Sprintf("authentication key of AH has %d octets, want %d", got, want)
	}
	return ""
}

func (sa *SA) wrongWindow() string {
	if sa.Window == 0 || sa.Window >= MinWindow && sa.Window <= MaxWindow {
		return ""
	}
	return fmt.Sprintf("replay window is %d packets, want 0 or %d to %d", sa.Window, MinWindow, MaxWindow)
}
