package strongswan

import (
	"strconv"
	"time"

	"sallyport/platform/netns/testrun"
)

// upPatience is how long swanctl waits for a tunnel to come up or go, in seconds.
var upPatience = strconv.Itoa(int(testrun.Patience(20*time.Second) / time.Second))

// Initiate brings the tunnel up, with its first child, and waits until it is.
func (d *Daemon) Initiate() error { return d.InitiateNamed(child) }

// InitiateNamed brings a child up, and the ISAKMP SA if there is none, and waits
// until it is.
func (d *Daemon) InitiateNamed(name string) error {
	return d.order("--initiate", "--child", name, "--timeout", upPatience)
}

// RekeyChild makes a new pair of IPsec SAs by a quick mode and returns when it
// has begun.
func (d *Daemon) RekeyChild() error { return d.order("--rekey", "--child", child) }

// RekeyIKE makes a new ISAKMP SA by a main mode and returns when it has begun.
func (d *Daemon) RekeyIKE() error { return d.order("--rekey", "--ike", connection) }

// TerminateChild deletes the IPsec SAs of the first child, which tells the peer.
func (d *Daemon) TerminateChild() error { return d.TerminateNamed(child) }

// TerminateNamed deletes the IPsec SAs of a child, which tells the peer.
func (d *Daemon) TerminateNamed(name string) error {
	return d.order("--terminate", "--child", name, "--timeout", upPatience)
}

// TerminateIKE deletes the ISAKMP SA with its children, which tells the peer.
func (d *Daemon) TerminateIKE() error {
	return d.order("--terminate", "--ike", connection, "--timeout", upPatience)
}

func (d *Daemon) order(args ...string) error {
	_, err := d.control(args...)
	return err
}
