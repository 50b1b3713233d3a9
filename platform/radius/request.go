package radius

import (
	"errors"
	"fmt"
	"net/netip"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
)

// encode returns the Access-Request for a server, with an identifier and an
// authenticator of its own. from is the address that it leaves from.
func (c *Client) encode(r Request, s Server, from netip.Addr) ([]byte, error) {
	p := radius.New(radius.CodeAccessRequest, s.Secret)
	err := errors.Join(
		rfc2869.MessageAuthenticator_Set(p, make([]byte, macLen)), // the first, as the guard against BlastRADIUS wants it
		setUser(p, r),
		c.setNAS(p, from),
		setRest(p, r),
	)
	if err != nil {
		return nil, fmt.Errorf("radius: request for %v: %w", s.address(), err)
	}
	b, err := p.Encode()
	if err != nil {
		return nil, fmt.Errorf("radius: request for %v: %w", s.address(), err)
	}
	mac, _ := findMAC(b)
	copy(mac, sumMAC(b, p.Authenticator[:], s.Secret))
	return b, nil
}

// setUser writes who wants to come in. The library takes longer and empty names.
func setUser(p *radius.Packet, r Request) error {
	if len(r.User) == 0 || len(r.User) > maxAttribute {
		return fmt.Errorf("user name has %d octets, want 1 to %d", len(r.User), maxAttribute)
	}
	if n := len(r.Password); n > 128 || n > 0 && r.Password[n-1] == 0 {
		return fmt.Errorf("password has %d octets, want up to 128 and no NUL at the end", n)
	}
	return errors.Join(rfc2865.UserName_SetString(p, r.User), rfc2865.UserPassword_Set(p, r.Password))
}

// setNAS writes who asks: RFC 2865 §4.1 wants a NAS-IP-Address or a
// NAS-Identifier; RFC 3162 §2.1 has the former's form for IPv6.
func (c *Client) setNAS(p *radius.Packet, from netip.Addr) error {
	if c.NASIdentifier != "" {
		if err := rfc2865.NASIdentifier_SetString(p, c.NASIdentifier); err != nil {
			return err
		}
	}
	a := c.NASAddress.Unmap()
	if !a.IsValid() {
		a = from.Unmap()
	}
	if a.Is4() {
		return rfc2865.NASIPAddress_Set(p, a.AsSlice())
	}
	return rfc3162.NASIPv6Address_Set(p, a.AsSlice())
}

// setRest writes what not every request has.
func setRest(p *radius.Packet, r Request) error {
	var errs []error
	if r.CallingStation != "" {
		errs = append(errs, rfc2865.CallingStationID_SetString(p, r.CallingStation))
	}
	if r.Answers != nil && len(r.Answers.State) > 0 {
		errs = append(errs, rfc2865.State_Set(p, r.Answers.State))
	}
	return errors.Join(errs...)
}

// maxAttribute is the size of the longest value of an attribute, in octets.
const maxAttribute = 253
