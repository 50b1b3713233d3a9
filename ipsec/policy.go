package ipsec

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"sallyport/acl"
)

// A PolicyID names an entry of a policy group on an interface. It is comparable.
type PolicyID struct {
	Interface string // as configured, such as GigabitEthernet0/0/2
	Name      string
	Sequence  uint32
	Instance  uint32 // of a policy of the configuration, as a peer has it; 0: that policy itself
}

// Compare sorts policies by interface, name, sequence and instance.
func (id PolicyID) Compare(other PolicyID) int {
	return cmp.Or(strings.Compare(id.Interface, other.Interface), strings.Compare(id.Name, other.Name),
		cmp.Compare(id.Sequence, other.Sequence), cmp.Compare(id.Instance, other.Instance))
}

// Configured returns the entry of the configuration that the policy comes from: itself,
// or the one that an instance is of.
func (id PolicyID) Configured() PolicyID {
	id.Instance = 0
	return id
}

// String returns the entry as VRP names it, such as policy1-10, after its
// interface if it is on one; an instance's number comes behind it.
func (id PolicyID) String() string {
	text := fmt.Sprintf("%s-%d", id.Name, id.Sequence)
	if id.Interface != "" {
		text = id.Interface + " " + text
	}
	if id.Instance != 0 {
		text += fmt.Sprintf(" instance %d", id.Instance)
	}
	return text
}

// A Policy is one entry of the SPD: what leaves Device and is permitted by ACL
// is protected, its mirror must arrive protected.
type Policy struct {
	ID        PolicyID
	Device    string     // Linux device
	Local     netip.Addr // our end; zero of a manual one that is not complete
	Remote    netip.Addr // the peer; zero when it is not known beforehand
	ACL       *acl.ACL   // nil of a template without one, and of no other
	Window    int        // replay window for its SAs; 0: no replay check
	Transform Transform  // the protocols that its SAs will have, as first proposed
	Mode      Mode       // likewise

	// Template says that the policy protects nothing itself: each peer that comes has an
	// instance of it. What its ACL permits, and no instance has, is as if the template
	// were not there.
	Template bool
	// Manual says that its SAs are configured, one pair for all rules (SA.Rule 0): no
	// packet asks for one, and without them what is protected is dropped.
	Manual bool
	// Routed says that Device is a tunnel interface, which the dataplane makes as long as
	// the policy is stated: whatever is routed into it is protected, and what its SAs
	// decrypt comes out of it. ACL then permits everything. Mode is Tunnel.
	Routed bool
	// Offload asks for the device's hardware, where it and the dataplane can.
	Offload bool
}
