package tunnel

import (
	"errors"
	"net/netip"

	"sallyport/ipsec"
)

func (d *Dataplane) AddPolicy(*ipsec.Policy) error        { return errors.ErrUnsupported }
func (d *Dataplane) RemovePolicy(ipsec.PolicyID) error    { return errors.ErrUnsupported }
func (d *Dataplane) PassClear(ipsec.PolicyID, bool) error { return errors.ErrUnsupported }
func (d *Dataplane) MoveSA(id ipsec.SAID, _ netip.AddrPort) (ipsec.SAID, error) {
	return id, errors.ErrUnsupported
}
