// Package radius asks RADIUS servers whether a user may come in (RFC 2865), with
// the user's password as PAP hides it. It carries no accounting and no EAP.
//
// RADIUS protects a packet with MD5 alone, and an answer can be forged by who sits
// in between (CVE-2024-3596, "BlastRADIUS"). So every request begins with a
// Message-Authenticator (RFC 3579 §3.2) and an answer without a right one is no
// answer.
//
// Start at [Client.Ask].
package radius

import (
	"net/netip"
	"time"

	"layeh.com/radius"

	"sallyport/ipsec/secret"
)

// A Server is one that may be asked.
type Server struct {
	Address netip.AddrPort // port 0: 1812
	Secret  secret.Octets  // shared with the server; required
}

// A Client asks the servers of a list. It keeps no state: a copy is another
// client, and any number of goroutines may ask with one.
type Client struct {
	Servers []Server      // asked in this order until one answers
	Timeout time.Duration // silence before the next try; 0: 3 s
	Tries   int           // for each server; 0: 3
	Source  netip.Addr    // where requests come from; zero: the system chooses

	// Who we are: RFC 2865 §5.32 and §5.4. A zero NASAddress is that which the
	// requests leave from.
	NASIdentifier string
	NASAddress    netip.Addr
}

// A Request is what a user has said.
type Request struct {
	User           string        // 1-253 octets
	Password       secret.Octets // 0-128 octets; no NUL at its end, which PAP would lose
	CallingStation string        // where the user comes from, such as an address; empty: not said
	Answers        *Challenge    // the challenge that Password is the answer to; nil: a first request
}

// A Challenge is a question that a server wants answered before it decides.
type Challenge struct {
	Server netip.AddrPort // the only one that can take the answer
	State  []byte         // of the server, returned as it came; RFC 2865 §5.24
	Prompt string         // for the user; may be empty
}

// An Acceptance is what a server grants: RFC 2865 §4.2. What it did not say is
// zero.
type Acceptance struct {
	Server         netip.AddrPort
	Address        netip.Addr    // Framed-IP-Address; zero too where the server leaves the choice to us or to the user
	Netmask        netip.Addr    // Framed-IP-Netmask
	Class          [][]byte      // for accounting, uninterpreted, in order
	SessionTimeout time.Duration // how long the user may stay, in whole seconds
	Message        string        // for the user
}

// An Answer is a server's: one of the two is set.
type Answer struct {
	Accepted   *Acceptance
	Challenged *Challenge
}

// The defaults of a [Client] and a [Server].
const (
	defaultTimeout = 3 * time.Second
	defaultTries   = 3
	defaultPort    = 1812
)

func (c *Client) timeout() time.Duration {
	if c.Timeout == 0 {
		return defaultTimeout
	}
	return c.Timeout
}

func (c *Client) tries() int {
	if c.Tries == 0 {
		return defaultTries
	}
	return c.Tries
}

// address returns where the server listens.
func (s Server) address() netip.AddrPort {
	if s.Address.Port() == 0 {
		return netip.AddrPortFrom(s.Address.Addr(), defaultPort)
	}
	return s.Address
}

// answers are the codes of what may come back: RFC 2865 §3.
var answers = map[radius.Code]bool{
	radius.CodeAccessAccept:    true,
	radius.CodeAccessReject:    true,
	radius.CodeAccessChallenge: true,
}
