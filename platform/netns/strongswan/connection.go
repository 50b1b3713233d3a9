package strongswan

import (
	"net/netip"
	"time"
)

// Names of the connection and its first child in strongSwan's configuration.
const (
	connection = "tunnel"
	child      = "net"
)

// Files are files by their paths in swanctl's directory, such as x509/a.pem: see
// swanctl(8). Those in x509 are the daemon's own certificates.
type Files map[string][]byte

// A Connection is the one tunnel that a daemon is configured for: IKEv1. Its zero
// value, but for addresses, proposals and key, is main mode with a pre-shared key
// and one child in tunnel mode, which neither start-up nor traffic brings up.
// Proposals, identities and selectors are in strongSwan's words, several of them
// separated by commas.
type Connection struct {
	Local, Remote netip.Addr // zero: any, which can only answer
	IKE           string     // such as aes128-sha1-modp2048
	Aggressive    bool

	Auth              Auth
	Role              Role   // in XAUTH and hybrid authentication
	LocalID, RemoteID string // such as branch.test, keyid:x, C=ZZ, CN=x; empty: the address, or what the certificate says, and any
	Key               string // the pre-shared key
	Keys              []Key  // further ones, each for its identities
	User, Password    string // a client's of XAUTH; the one that a gateway lets in
	Files             Files  // certificates and private keys
	Revocation        string // strict, ifuri; empty: relaxed

	// The child "net".
	LocalTS, RemoteTS string // protected traffic, such as 10.1.0.0/24 or 10.1.0.0/24[tcp/80]; empty: the end's own address
	ESP               string // such as aes128-sha1; with -modp2048 for PFS, with -esn for ESN
	AH                string // such as sha1, instead of ESP; the kernel has it alone
	Transport         bool   // mode; the kernel has it alone
	IPComp            bool
	Trap              bool   // traffic brings it up
	CoversPeer        bool   // a selector covers the peer's own address, which needs marks for IKE's packets
	DPDAction         string // trap or restart; empty: clear
	Children          []Traffic

	RekeyIKE                 time.Duration // when to rekey, and offered as lifetime; zero: one day
	ReauthIKE                time.Duration // when to authenticate anew; zero: never
	RekeyChild               time.Duration // zero: one hour
	RekeyBytes, RekeyPackets uint64        // when to rekey as well; zero: without limit

	DPD, DPDTimeout time.Duration // silence before a question and before the peer is dead; zero: none, and strongSwan's
	Fragmentation   string        // yes, force, no; empty: strongSwan's, which is yes
	FragmentSize    int           // octets of an IP packet; 0: strongSwan's
	ForceEncap      bool          // UDP encapsulation without a NAT
	Unique          string        // never, keep, replace; empty: no
	Retransmit      Retransmit

	Push         bool           // mode config is pushed by the gateway; it is pulled otherwise
	VIPs         []netip.Addr   // a client asks for these; 0.0.0.0: whatever there is
	Pool         string         // a gateway gives out of it, such as 10.3.0.0/28; empty: nothing
	DNS          []netip.Addr   // a gateway names them with the pool
	SplitInclude []netip.Prefix // a gateway's, of Cisco's Unity

	More       []string // further lines of the connection's section
	MoreDaemon []string // further lines of the section of the daemon
	Quiet      bool     // log nothing, for measurements
}

// Traffic is a further child, which shares with the first all that it does not
// say.
type Traffic struct {
	Name              string // required
	LocalTS, RemoteTS string
	ESP               string // empty: as the first
}

// A Key is a pre-shared key of identities, in strongSwan's words.
type Key struct {
	IDs []string
	Key string
}

// Retransmit says when a message goes out again: after Timeout, and Base times
// longer each time. What is zero is 1 s, 1.5 and 4 times.
type Retransmit struct {
	Timeout time.Duration
	Base    float64
	Tries   int
}

// A Role is an end of XAUTH and hybrid authentication.
type Role int

// The roles.
const (
	NoRole  Role = iota
	Client       // the initiator, a user
	Gateway      // asks users for their names
)

// Auth is a method of authentication.
type Auth int

// The methods. With certificates the kind of key says which signatures.
const (
	PSK Auth = iota
	Certificates
	XAUTHPSK          // a pre-shared key and a user
	XAUTHCertificates // certificates and a user
	Hybrid            // the gateway has a certificate, the client a user
)

// xauth reports whether a user takes part.
func (a Auth) xauth() bool { return a == XAUTHPSK || a == XAUTHCertificates || a == Hybrid }

// certificates reports whether certificates do.
func (a Auth) certificates() bool {
	return a == Certificates || a == XAUTHCertificates || a == Hybrid
}
