package xfrm

import (
	"net/netip"

	"sallyport/ipsec"
	"sallyport/ipsec/selection"
	"sallyport/ipsec/xfrm/kernel"
)

// A system is the kernel's IPsec, as [kernel.Kernel] has it.
type system interface {
	AddState(kernel.State) error
	UpdateState(kernel.State) error
	DeleteState(ipsec.SAID) error
	MoveState(id ipsec.SAID, inbound bool, remote netip.AddrPort) error
	State(ipsec.SAID) (kernel.Installed, bool, error)
	States() ([]kernel.Installed, error)
	Same(kernel.State) (bool, error)
	ReserveSPI(source, destination netip.Addr, p ipsec.Protocol, m ipsec.Mode, reqID uint32) (ipsec.SPI, error)

	AddPolicy(p kernel.Policy, replace bool) error
	DeletePolicy(index, ifID uint32) error
	Policies() ([]kernel.Policy, error)

	AddTunnel(kernel.Tunnel) (index int, err error)
	RemoveTunnel(name string) error
	Tunnels() ([]kernel.Tunnel, error)

	Statistics() (kernel.Statistics, error)
	Capabilities() (ipsec.Capabilities, error)
	Waiting() (kernel.Waiting, error)
	SetWaiting(kernel.Waiting) error
	Reassemble(whether bool) error
	Listen(func(kernel.Event)) error
	Close() error
}

var _ system = (*kernel.Kernel)(nil)

// A network is what of the host's devices and routes policies depend on.
type network interface {
	// Device returns the interface index of a device.
	Device(name string) (int, error)
	// Routes returns those of the main table.
	Routes() ([]selection.Route, error)
	// Changed reports whether devices or routes may have changed since it was asked last.
	Changed() bool
	Close() error
}
