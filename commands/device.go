package commands

import (
	"context"
	"net/netip"
	"time"

	"sallyport/ike"
	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A Device is the box that the commands act on: what the pure rooms cannot do
// themselves. Its methods may be called from any goroutine.
type Device interface {
	// Apply makes c the configuration in force. An error is one line for the
	// operator; the previous configuration then stays in force.
	Apply(c *Config) error

	IKE() []ike.Status       // every ISAKMP SA, newest connection id first
	Failures() []ike.Failure // newest first, bounded
	Refusals() []ike.Refusal // every reason, counted since the start
	IKECounts() ike.Counts
	Fallbacks() []ike.Fallback // the policies whose traffic goes in clear now, in the order of their names
	SACounters(ipsec.SAID) (ipsec.Counters, bool)
	Statistics() ipsec.Statistics
	Faults() []ipsec.Fault     // the system's own counters of IPsec errors that are not zero
	ManualSAs() []ManualStatus // the configured pairs that are in force, in order of their policies
	// Reset deletes SAs. With ChildrenOnly it also takes out the configured pairs that
	// r names (ManualStatus.Named), and puts them in again at once.
	Reset(r ike.Reset)

	// Ping sends echo requests and calls reply for each answer or loss, until
	// all are done or ctx ends.
	Ping(ctx context.Context, p Ping, reply func(PingReply)) error

	Files
	Host
	Logs
	Accounts
	PKI

	// Seal and Open turn a secret into its stored form %^%#…%^%# and back.
	Seal(secret.Octets) string
	Open(string) (secret.Octets, error)

	// Port returns the Linux device of an interface name such as
	// GigabitEthernet0/0/2, or an error that says how to name one.
	Port(name string) (string, error)

	About() About
}

// About says what box and program this is.
type About struct {
	Version   string // of the program
	Dataplane string // "kernel" or "user"
	Started   time.Time
	Now       time.Time
}

// A Ping is what `ping` was asked to do.
type Ping struct {
	Host     netip.Addr
	Source   netip.Addr // zero: the system's choice
	Count    int
	Size     int           // octets of data
	Timeout  time.Duration // for each reply
	Interval time.Duration

	TTL        int    // of the requests; 0: the system's choice
	TOS        int    // type of service of the requests
	NoFragment bool   // what is too long for the path is lost
	Device     string // Linux device that they leave by; empty: that of the route
}

// A PingReply is the answer to one echo request, or its loss.
type PingReply struct {
	Sequence int
	Lost     bool
	From     netip.Addr
	Size     int
	TTL      int
	Time     time.Duration
}
