package main

import (
	"net/netip"

	"sallyport/ike"
	"sallyport/ipsec"
)

// codeAccess codes what XAUTH and mode configuration have brought an ISAKMP SA.
func codeAccess(c *coder, v *ike.SavedSA) {
	c.text(&v.User)
	c.addr(&v.Lease)
	given := v.Given != nil
	c.flags(&given)
	if !given {
		return
	}
	if c.reading {
		v.Given = &ike.Configured{}
	}
	codeConfigured(c, v.Given)
}

// codeConfigured codes what a gateway has given us.
func codeConfigured(c *coder, v *ike.Configured) {
	c.text(&v.Peer, &v.Domain, &v.Banner)
	for _, a := range []*netip.Addr{&v.Local, &v.Remote, &v.Address} {
		c.addr(a)
	}
	number(c, &v.Bits)
	several(c, &v.DNS, c.addr)
	several(c, &v.WINS, c.addr)
	several(c, &v.Networks, c.prefix)
	several(c, &v.Policies, c.policyID)
}

// policyID codes the name of a policy.
func (c *coder) policyID(v *ipsec.PolicyID) {
	c.text(&v.Interface, &v.Name)
	number(c, &v.Sequence)
	number(c, &v.Instance)
}

// several codes a list and its length. An empty one is read as nil.
func several[T any](c *coder, v *[]T, one func(*T)) {
	n := len(*v)
	number(c, &n)
	if c.reading {
		*v = nil
	}
	for i := 0; i < n && c.err == nil; i++ {
		if c.reading {
			*v = append(*v, *new(T))
		}
		one(&(*v)[i])
	}
}

// prefix codes a network; the zero one has no octets.
func (c *coder) prefix(v *netip.Prefix) {
	a, bits := v.Addr(), v.Bits()
	c.addr(&a)
	number(c, &bits)
	if c.reading {
		*v = netip.PrefixFrom(a, bits)
	}
}
