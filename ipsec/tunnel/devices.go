package tunnel

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
)

// devices changes what must be changed about network devices, and takes it back.
type devices struct {
	kernel *netlink.Handle
	conf   *os.Root // sysctls
	taken  map[string]previous
}

// previous is what a policy's device was before it was ours.
type previous struct {
	group  int
	filter string // rp_filter; empty: was not changed
}

func newDevices(kernel *netlink.Handle, conf *os.Root) *devices {
	return &devices{kernel: kernel, conf: conf, taken: make(map[string]previous)}
}

// queueLength is how many packets wait in a device of ours for its reader: what a
// few TCP connections send in one go.
const queueLength = 2000

// prepareOurs brings one of our devices up. Decrypted packets come from it: they may
// be forwarded whatever the host's default is, the way back to their source need not
// be the way they came (rp_filter 2), and what the kernel is told about clear packets
// is not meant for them (disable_policy). IPv6 has nothing to do there.
func (d *devices) prepareOurs(name string) error {
	if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, s := range [][2]string{{"forwarding", "1"}, {"rp_filter", "2"}, {"send_redirects", "0"}, {"disable_policy", "1"}} {
		if err := d.write(name, s[0], s[1]); err != nil {
			return err
		}
	}
	link, err := d.kernel.LinkByName(name)
	if err != nil {
		return describe(err, "device %s", name)
	}
	if err := d.kernel.LinkSetTxQLen(link, queueLength); err != nil {
		return describe(err, "queue of %s", name)
	}
	return describe(d.kernel.LinkSetUp(link), "bring %s up", name)
}

// take makes the devices the policies', and gives ours the largest MTU of them: what
// goes out in clear must not be cut smaller than it would be without us. A device of
// ours that somebody put down is brought up, with a warning.
func (d *devices) take(names []string, ours [2]string, warn func(string)) error {
	mtu := 0
	for _, name := range names {
		link, err := d.kernel.LinkByName(name)
		if err != nil {
			return describe(err, "policy's device %s", name)
		}
		mtu = max(mtu, link.Attrs().MTU)
		if _, ok := d.taken[name]; !ok || link.Attrs().Group != policyGroup {
			if err := d.takeOne(link); err != nil {
				return err
			}
		}
	}
	if mtu == 0 {
		return nil
	}
	for _, name := range ours {
		if err := errors.Join(d.raise(name, warn), d.setMTU(name, mtu)); err != nil {
			return err
		}
	}
	return nil
}

// raise brings a device of ours up that is down.
func (d *devices) raise(name string, warn func(string)) error {
	link, err := d.kernel.LinkByName(name)
	if err != nil {
		return describe(err, "device %s", name)
	}
	if link.Attrs().Flags&net.FlagUp != 0 {
		return nil
	}
	if err := d.kernel.LinkSetUp(link); err != nil {
		return describe(err, "bring %s up", name)
	}
	warn(name + " had been put down: it is up again, protected traffic was stopped meanwhile")
	return nil
}

// takeOne puts a policy's device into our group. A strict reverse path filter would
// drop, uncounted, all that comes in clear from a network behind a peer, also what an
// access list leaves in clear: the way back is our device.
func (d *devices) takeOne(link netlink.Link) error {
	name, was := link.Attrs().Name, previous{group: int(link.Attrs().Group)}
	if was.group == policyGroup {
		was.group = 0 // left by a program that was killed
	}
	if d.strict(name) {
		was.filter = d.read(name, "rp_filter")
		if err := d.write(name, "rp_filter", "2"); err != nil {
			return err
		}
	}
	d.taken[name] = was
	return describe(d.kernel.LinkSetGroup(link, policyGroup), "interface group of %s", name)
}

// strict reports whether the device's reverse path filter is the strict one: the
// kernel takes the greater of the device's number and everybody's.
func (d *devices) strict(name string) bool {
	return max(d.read(name, "rp_filter"), d.read("all", "rp_filter")) == "1"
}

// release gives back the devices that are not wanted any more. One that has gone
// needs nothing.
func (d *devices) release(wanted []string) error {
	var errs []error
	for name, was := range d.taken {
		if slices.Contains(wanted, name) {
			continue
		}
		delete(d.taken, name)
		link, err := d.kernel.LinkByName(name)
		if err != nil {
			continue
		}
		errs = append(errs, describe(d.kernel.LinkSetGroup(link, was.group), "interface group of %s", name))
		if was.filter != "" {
			errs = append(errs, d.write(name, "rp_filter", was.filter))
		}
	}
	return errors.Join(errs...)
}

// lost reports whether a device of the policies' is there and not in our group.
func (d *devices) lost() bool {
	for name := range d.taken {
		if link, err := d.kernel.LinkByName(name); err == nil && link.Attrs().Group != policyGroup {
			return true
		}
	}
	return false
}

// setMTU gives a device of ours an MTU.
func (d *devices) setMTU(name string, mtu int) error {
	link, err := d.kernel.LinkByName(name)
	if err != nil {
		return describe(err, "device %s", name)
	}
	if link.Attrs().MTU == mtu {
		return nil
	}
	return describe(d.kernel.LinkSetMTU(link, min(mtu, maxPacket)), "MTU %d of %s", mtu, name)
}

// read returns a setting of a device, or nothing.
func (d *devices) read(device, setting string) string {
	b, err := d.conf.ReadFile(device + "/" + setting)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// write changes a setting of a device.
func (d *devices) write(device, setting, value string) error {
	f, err := d.conf.OpenFile(device+"/"+setting, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("%s of %s: %w%s", setting, device, errors.Unwrap(err), advice(err))
	}
	_, err = f.WriteString(value)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("set %s of %s to %s: %w%s", setting, device, value, err, advice(err))
	}
	return nil
}
