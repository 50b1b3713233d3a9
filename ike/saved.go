package ike

import (
	"net/netip"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// What an engine has its caller remember, so that after a crash a successor goes
// on where it was: [Resume].

// A Remember is to be kept under its key, in place of what was kept there before.
// One of SA and Pair is set; or only Used is, which is added to the SA that is kept
// there. It and what it points to are the engine's, and good until the next Step:
// who keeps it keeps a copy.
type Remember struct {
	Key  string
	SA   *SavedSA
	Pair *SavedPair
	Used []wire.MessageID // that have been used since
}

// A Forget says that what is kept under a key is over.
type Forget struct{ Key string }

// A Resume is the first SetConfig of an engine that succeeds one that was killed.
// What it remembered and the configuration would still make goes on; the rest is
// removed, and the peer is told if there is an ISAKMP SA to do so. The secrets in
// it become the engine's.
type Resume struct {
	Config *Config
	SAs    []SavedSA
	Pairs  []SavedPair
	Kept   []*ipsec.SA // those of Pairs that the dataplane has: what Adopt returned
}

// A SavedSA is an established ISAKMP SA.
type SavedSA struct {
	ConnectionID              uint32
	Peer                      string // name of the ike peer
	Who                       string // identity of a peer that stands for many
	Method                    wire.AuthMethod
	Fingerprint               secret.Octets // of what authenticates the peer, as it was configured
	Warrant                   SavedWarrant
	Local, Remote             netip.AddrPort
	Initiator, Aggressive     bool
	CookieI, CookieR          wire.Cookie
	Suite                     keymat.Suite
	SKEYIDd, SKEYIDa, SKEYIDe secret.Octets
	LastIV                    keymat.IV // last cipher block of phase 1
	PeerCan                   Abilities // and we can, too
	NATHere, NATThere         bool      // a NAT was found in front of us, of the peer
	NATForced                 bool      // or is made believe
	RemoteID                  string    // as authenticated, printable
	RemoteIDType              wire.IDType
	User                      string      // of XAUTH; empty: none
	Lease                     netip.Addr  // that the peer has from us; zero: none
	Given                     *Configured // what we have from the peer; nil: nothing
	Lifetime                  time.Duration
	Octets, Spent             uint64    // the limit, 0: none; what of it was used
	Created, Soft, Hard       time.Time // Soft zero: nothing is due
	Fading, Replaced          bool
	Used                      []wire.MessageID // by either side, in no order
	Accepted                  []byte           // digest of phase 1's last message accepted, …
	Answer                    []byte           // … and our answer to it; empty once nobody can need it
}

// A SavedPair is a pair of IPsec SAs. Its keys are the dataplane's alone.
type SavedPair struct {
	ConnectionID        uint32
	Peer, Who           string
	Fingerprint         secret.Octets
	Warrant             SavedWarrant
	Remote              netip.AddrPort
	Initiator, PFS      bool
	Fading, Replaced    bool
	In, Out             ipsec.SA // without keys
	Created, Soft, Hard time.Time
}

// Installed returns the SAs of saved pairs, for a dataplane's Adopt.
func Installed(pairs []SavedPair) []*ipsec.SA {
	all := make([]*ipsec.SA, 0, 2*len(pairs))
	for i := range pairs {
		all = append(all, &pairs[i].In, &pairs[i].Out)
	}
	return all
}

func (Remember) output() {}
func (Forget) output()   {}
func (Resume) input()    {}
