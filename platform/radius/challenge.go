package radius

import (
	"bytes"
	"fmt"
	"net/netip"
)

// Octets is what who asks has to keep of a challenge until the user has answered it: the server that
// alone can take the answer, and its state. The prompt is not among it.
func (c *Challenge) Octets() []byte {
	return append(fmt.Appendf(nil, "%v ", c.Server), c.State...)
}

// ParseChallenge is the reverse of [Challenge.Octets].
func ParseChallenge(octets []byte) (*Challenge, error) {
	server, state, found := bytes.Cut(octets, []byte(" "))
	if !found {
		return nil, fmt.Errorf("radius: %q is no challenge: want a server, a blank and its state", octets)
	}
	from, err := netip.ParseAddrPort(string(server))
	if err != nil {
		return nil, fmt.Errorf("radius: %q is no challenge: %w", octets, err)
	}
	return &Challenge{Server: from, State: state}, nil
}
