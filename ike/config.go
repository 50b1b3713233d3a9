package ike

import (
	"net/netip"
	"time"

	"sallyport/ike/keymat"
	"sallyport/ike/pki"
	"sallyport/ike/wire"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A Config is everything that the engine is told. It and what it points to are
// not changed after SetConfig; a new configuration shares with its predecessor
// the objects that did not change, so that the difference is found by
// comparing pointers.
type Config struct {
	Proposals []*Proposal // in order of priority, the built-in one last
	Policies  []*Policy   // entries of the policy groups as applied to interfaces, in order

	LocalName    string        // `ike local-name`, or the system's name: our ID of a type that needs a name
	DPD          DPD           // of peers that do not say otherwise
	Heartbeat    Heartbeat     // Huawei's, of all peers
	NATKeepAlive time.Duration // `ike nat-keepalive-timer`; 0: 20 s
	Limits       Limits

	Store       *pki.Store                 // the authorities we trust; nil: none
	Credentials map[string]*pki.Credential // our certificates and keys, by name
	UserTables  map[uint32]*UserTable      // `ike user-table`
	Schemes     map[string]*Scheme         // `service-scheme`: what clients are given
	Locals      map[string]bool            // `local-user`s who may come in by XAUTH
	Hosts       map[string][]netip.Addr    // addresses that host names of peers have now

	// SHA2Short is `ipsec authentication sha2 compatible enable`: of what is negotiated as SHA2-256
	// the ICV has 96 bits, as peers older than RFC 4868 have it, and not 128.
	SHA2Short bool

	TrafficIdentical bool // `ipsec remote traffic-identical accept`: a party may have what another has
}

// A Policy is one entry of a policy group, applied to an interface; or one entry of a
// policy template, with Template set, of which an ACL without rules permits any traffic.
type Policy struct {
	ipsec.Policy
	Peer      *Peer
	Proposals []*ipsec.Proposal // in order of preference; never empty
	PFS       wire.Group        // 0: not asked for
	Lifetime  ipsec.Lifetime    // of each SA: RFC 2407 §4.5; Octets are a multiple of 1024
	Auto      bool              // bring the SAs up without waiting for traffic
	Respond   bool              // `respond-only enable`: nothing is begun here, not even a rekey without an SA
	Clear     ClearFallback

	who string // the party's identity, of an instance of a template
}

// A ClearFallback is `fallback clear`: traffic goes in clear for as long as its peer does
// not answer. The zero value is never.
type ClearFallback struct {
	Enabled bool
	Retry   time.Duration // between attempts to negotiate meanwhile; 0: 5 min
}

// DPD is dead peer detection: RFC 3706. The zero value of a field leaves the word to
// the box-wide setting, and there to the default.
type DPD struct {
	Type       DPDType
	Idle       time.Duration // silence before a probe; 0: 30 s
	Retransmit time.Duration // between probes; 0: 15 s
	Retries    int           // probes without an answer; 0: 3
	Order      DPDOrder
}

// A DPDType says when a peer is probed.
type DPDType uint8

// The types.
const (
	DPDUnset    DPDType = iota // box-wide: never
	DPDOnDemand                // after outbound traffic that nothing answers
	DPDPeriodic                // after silence
)

// A DPDOrder is the order of payloads in a probe, which peers differ in.
type DPDOrder uint8

// The orders.
const (
	DPDOrderUnset DPDOrder = iota // box-wide: HASH first, as RFC 3706 has it
	DPDHashNotify                 // `seq-hash-notify`
	DPDNotifyHash                 // `seq-notify-hash`
)

// A Heartbeat is Huawei's: a notification at intervals under the ISAKMP SA, of which the
// peer knows when it misses some. Zero: not sent, not watched for.
type Heartbeat struct {
	Interval time.Duration // 20-28800 s
	Timeout  time.Duration // 30-28800 s; the first marks the SA, the second deletes it
	NewSeq   bool          // `seq-num new`
	SPIs     bool          // `spi-list`: with the SPIs of the IPsec SAs
}

// Limits are what `ike limit` and its like set. Zero: the default of limits.go.
type Limits struct {
	HalfOpen        int // half-open negotiations in all, 1-65535
	HalfOpenPerAddr int // of one address, 1-65535
	ISAKMP          int // established ISAKMP SAs, 1-100000
	InNegotiation   int // negotiations of ours under way: `ike call admission limit in-negotiation-sa`
}

// An ExchangeMode is how phase 1 is done.
type ExchangeMode uint8

// The modes.
const (
	MainMode       ExchangeMode = iota
	AggressiveMode              // shows identities, and with a pre-shared key what a guess is tried on
	AutoMode                    // main mode is begun, either is answered
)

// An IDType is `local-id-type` or `remote-id-type`.
type IDType uint8

// The types.
const (
	IDAddress IDType = iota // ip
	IDFQDN
	IDUserFQDN
	IDDN
	IDKeyID
	IDAny // of a peer: whatever it says, if it proves it
)

// A NATTraversal is `nat traversal` of a peer.
type NATTraversal uint8

// What is done about address translation.
const (
	NATDetect NATTraversal = iota // RFC 3947, drafts 02 and 03
	NATOff                        // neither offered nor accepted
	NATForce                      // UDP encapsulation even if none is found
)

// A Peer is an `ike peer`.
type Peer struct {
	Name        string
	Description string
	Mode        ExchangeMode
	Proposal    uint32        // number of the only proposal to use; 0: all of them
	Key         secret.Octets // pre-shared key, 1-128 octets
	V1Only      bool          // `undo version 2` was given

	Remote       netip.Addr   // where to send and whose packets to accept; zero: by RemoteHost, or anywhere
	RemoteLast   netip.Addr   // end of a range that begins with Remote; zero: one address
	Backups      []netip.Addr // tried in order when Remote does not answer
	RemoteHost   string       // name of the peer's host
	RemoteID     netip.Addr   // address that the peer names as its ID behind a NAT; zero: Remote
	RemoteIDLast netip.Addr   // end of a range of them; zero: one address
	Local        netip.Addr   // our address; zero: the policy's

	LocalIDType  IDType
	LocalID      string // empty: our address, Config.LocalName, or the certificate's subject
	RemoteIDType IDType // with RemoteName empty, IDAddress is not looked at
	RemoteName   string // `remote-id`; empty: what the way to find the key allows

	Certificate string // name of the Credential; empty: one that suits the peer's request
	Domain      string // `pki domain`: the only one of the Store that counts for this peer; empty: each
	UserTable   uint32 // number of the table with a key for each identity; 0: none

	NAT                  NATTraversal
	DPD                  DPD
	LifetimeNotification bool // RESPONDER-LIFETIME is sent
	Fragmentation        Fragmentation
	MasterKeyPFS         bool   // a fresh phase 1 for each quick mode
	QuickModes           uint32 // under one ISAKMP SA, then it is replaced; 0: no limit

	XAUTH          XAUTHRole
	User           string        // ours, as an XAUTH client
	Password       secret.Octets // likewise
	ConfigExchange ConfigExchange
	Scheme         string // of what clients are given; empty: nothing
}

// Fragmentation is what is done with messages longer than a path may carry: Cisco's and
// Microsoft's vendor extension.
type Fragmentation struct {
	Off  bool
	Size int // UDP payload of a fragment, 512-1500 octets; 0: 1280
}

// An XAUTHRole is our part in extended authentication.
type XAUTHRole uint8

// The roles.
const (
	NoXAUTH      XAUTHRole = iota
	XAUTHGateway           // the peer has to name a user and a password
	XAUTHClient            // we do
)

// ConfigExchange is our part in mode configuration.
type ConfigExchange uint8

// The parts. A gateway with a Scheme answers requests whatever this says.
const (
	NoConfigExchange ConfigExchange = iota
	ConfigRequest                   // as a client: we ask
	ConfigAccept                    // as a client: the gateway may set
	ConfigSet                       // as a gateway: we set
)

// A UserTable is an `ike user-table`: a key for each identity.
type UserTable struct {
	Number uint32
	Users  []*User // by name
}

// A User is a row of a UserTable.
type User struct {
	Name   string
	IDType IDType
	ID     string // address, name; empty with IDAny
	Key    secret.Octets
}

// A Scheme is a `service-scheme`: what a client is given by mode configuration.
type Scheme struct {
	Name       string
	Pools      []Pool
	DNS, WINS  []netip.Addr
	Domain     string
	Banner     string
	Networks   []netip.Prefix // to be reached through the tunnel; none: everything
	SavePasswd bool
}

// A Pool is a range of addresses for clients.
type Pool struct {
	Name        string
	First, Last netip.Addr
	Bits        int // of the mask that clients are told
}

// NewPeer returns a peer with the defaults.
func NewPeer() *Peer { return &Peer{} }

// A Proposal is an `ike proposal`. Several algorithms mean several transforms,
// tried in the order listed.
type Proposal struct {
	Number      uint32 // priority, lower first; 0: the built-in one
	Method      wire.AuthMethod
	Encryptions []keymat.Cipher
	Hashes      []wire.HashAlgorithm
	Group       wire.Group
	Lifetime    time.Duration // of the ISAKMP SA
	Octets      uint64        // that may be encrypted under it, a multiple of 1024; 0: any number
}

// NewProposal returns the strong defaults: AES-256, SHA2-256, group 14, one day.
func NewProposal() *Proposal {
	return &Proposal{
		Method:      wire.AuthPSK,
		Encryptions: []keymat.Cipher{{Algorithm: wire.EncAES, KeyBits: 256}},
		Hashes:      []wire.HashAlgorithm{wire.HashSHA256},
		Group:       wire.Group14,
		Lifetime:    24 * time.Hour,
	}
}

// BuiltIn returns the proposal of lowest priority that always exists.
func BuiltIn() *Proposal {
	return &Proposal{
		Method:      wire.AuthPSK,
		Encryptions: []keymat.Cipher{{Algorithm: wire.EncAES, KeyBits: 256}, {Algorithm: wire.EncAES, KeyBits: 192}, {Algorithm: wire.EncAES, KeyBits: 128}},
		Hashes:      []wire.HashAlgorithm{wire.HashSHA512, wire.HashSHA384, wire.HashSHA256},
		Group:       wire.Group14,
		Lifetime:    24 * time.Hour,
	}
}
