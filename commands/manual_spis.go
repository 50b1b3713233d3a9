package commands

import (
	"net/netip"

	"sallyport/ipsec"
)

// An spiName is what an SPI of a manual policy must differ in from all others: inbound
// ones have no remote address, since the box looks at protocol and SPI alone.
type spiName struct {
	Remote   netip.Addr
	Protocol ipsec.Protocol
	SPI      ipsec.SPI
}

// spiNames returns those of a policy, which may be nil. An outbound one has none as long
// as the remote end is not known.
func (p *Policy) spiNames() []spiName {
	if p == nil {
		return nil
	}
	var names []spiName
	for _, s := range p.SPIs {
		name := spiName{Protocol: s.Protocol, SPI: s.SPI}
		if s.Direction == ipsec.Outbound {
			name.Remote = p.Remote
		}
		if s.Direction == ipsec.Inbound || p.Remote.IsValid() {
			names = append(names, name)
		}
	}
	return names
}

// moveSPIs refuses a manual policy whose SPIs another one has, and keeps the index of
// an edit of many lines up to date. before is the policy as it was; after is nil when it
// goes.
func (e *edit) moveSPIs(before, after *Policy) error {
	names := after.spiNames()
	for _, name := range names {
		holder, taken := e.spiHolder(name)
		if !taken || holder == after.PolicyKey {
			continue
		}
		if name.Remote.IsValid() {
			return refuse("The outbound %v SPI %d to %v is already used by IPSec policy %s %d.",
				name.Protocol, name.SPI, name.Remote, holder.Name, holder.Sequence)
		}
		return refuse("The inbound %v SPI %d is already used by IPSec policy %s %d.", name.Protocol, name.SPI, holder.Name, holder.Sequence)
	}
	if e.spis == nil {
		return nil
	}
	for _, name := range before.spiNames() {
		delete(e.spis, name)
	}
	for _, name := range names {
		e.spis[name] = after.PolicyKey
	}
	return nil
}

// spiHolder returns the policy that has an SPI. An edit of many lines makes an index of
// them the first time it asks; it does not pay for one line.
func (e *edit) spiHolder(name spiName) (PolicyKey, bool) {
	if e.remotes == nil {
		for key, p := range e.config.Policies {
			for _, other := range p.spiNames() {
				if other == name {
					return key, true
				}
			}
		}
		return PolicyKey{}, false
	}
	if e.spis == nil {
		e.spis = map[spiName]PolicyKey{}
		for key, p := range e.config.Policies {
			for _, other := range p.spiNames() {
				e.spis[other] = key
			}
		}
	}
	holder, taken := e.spis[name]
	return holder, taken
}
