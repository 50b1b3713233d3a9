package kernel

import (
	"errors"
	"fmt"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Numbers of ours: reqids, policy indexes and identifiers of tunnel interfaces are
// Ours | n, with n from 1 to 0xffffff.
const (
	Ours     uint32 = 0x53000000
	oursMask uint32 = 0xff000000
)

// Indexes of policies: the lowest three bits are the direction, so the n-th is
// FirstIndex + n*IndexStep | Direction.
const (
	FirstIndex    uint32 = Ours | 8
	IndexStep     uint32 = 8
	directionBits        = IndexStep - 1
)

// IsOurs reports whether a reqid, a policy's index or the identifier of a tunnel
// interface is one of ours.
func IsOurs(n uint32) bool { return n&oursMask == Ours }

// A Kernel is the XFRM of one network namespace. It may be used from any goroutine.
type Kernel struct {
	requests *socket
	events   *socket         // without groups until Listen
	links    *netlink.Handle // tunnel interfaces
	filter   *filter         // reassembly
	settings *os.Root        // sysctls of the namespace
	counters *os.File        // xfrm_stat; nil: the kernel does not count
	snmp     *os.File        // nil: likewise
	done     chan struct{}   // closed when listening has ended; nil: never began
	probed   probed
}

// ErrNoXFRM says that the kernel has neither policies nor states.
var ErrNoXFRM = errors.New("the kernel lacks CONFIG_XFRM_USER")

// Open opens the XFRM of the calling thread's network namespace. Close frees it. The
// error is ErrNoXFRM, or says which privilege is missing.
func Open() (*Kernel, error) {
	requests, err := openSocket()
	if err != nil {
		return nil, withoutXFRM(err)
	}
	k := &Kernel{requests: requests, filter: openFilter()}
	if err := k.open(); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// open opens the rest: all that belongs to a namespace is opened in its thread.
func (k *Kernel) open() (err error) {
	// The kernel lets nobody ask anything who may not change it.
	ask := request(nl.XFRM_MSG_GETSADINFO, 0, native32(0))
	if err := k.requests.do(ask, nl.XFRM_MSG_NEWSADINFO, func([]byte) {}); err != nil {
		return describe(err, "netlink XFRM")
	}
	if k.events, err = openSocket(); err != nil {
		return withoutXFRM(err)
	}
	if k.links, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return describe(err, "netlink")
	}
	if k.settings, err = os.OpenRoot(settingsFolder); err != nil {
		return err
	}
	if k.counters, err = optional("/proc/thread-self/net/xfrm_stat"); err != nil {
		return err
	}
	k.snmp, err = optional("/proc/thread-self/net/snmp")
	return err
}

// optional opens a file that a kernel may lack: it is nil then.
func optional(name string) (*os.File, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return f, err
}

// withoutXFRM says what it means that the socket cannot be opened.
func withoutXFRM(err error) error {
	if errors.Is(err, unix.EPROTONOSUPPORT) {
		return ErrNoXFRM
	}
	return describe(err, "netlink XFRM")
}

// Close ends listening, waits for its end, and frees what is held open. It must not be
// called by who is being told of an event. States, policies and interfaces stay.
func (k *Kernel) Close() error {
	errs := []error{k.filter.Close()}
	for _, s := range []*socket{k.requests, k.events} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	if k.done != nil {
		<-k.done
	}
	if k.links != nil {
		k.links.Close()
	}
	if k.settings != nil {
		errs = append(errs, k.settings.Close())
	}
	for _, f := range []*os.File{k.counters, k.snmp} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// Port returns the netlink port of our own requests: what the kernel tells of with
// that port in it is no news.
func (k *Kernel) Port() uint32 { return k.requests.port }

// describe says what was asked for, and what it means that it was refused.
func describe(err error, format string, args ...any) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return fmt.Errorf(format+": %w: run as root or give CAP_NET_ADMIN", append(args, err)...)
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
