package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"sallyport/commands/kind"
	"sallyport/platform/store"
)

// portPrefix begins the names that have a default: the N-th Ethernet device.
const portPrefix = "GigabitEthernet0/0/"

// A ports says which Linux device an interface name means. It does not change
// while the gateway runs, so that a new device does not renumber the others.
type ports struct {
	named    []port   // as the operator said
	ethernet []string // the host's Ethernet devices, in order
}

// A port is an interface name and the Linux device that it means.
type port struct{ name, device string }

// Set reads one NAME=DEVICE, as package flag wants it.
func (p *ports) Set(text string) error {
	name, device, found := strings.Cut(text, "=")
	name, device = strings.TrimSpace(name), strings.TrimSpace(device)
	if !found || name == "" || device == "" || strings.ContainsAny(name+device, " \t=") {
		return fmt.Errorf("%q: want NAME=DEVICE, such as GigabitEthernet0/0/2=eth1", text)
	}
	switch {
	case isOurs(device):
		return fmt.Errorf("%q: %w", text, errOurs(device))
	case kind.IsTunnel(name), tunnelOf(device) != "":
		return fmt.Errorf("%q: a tunnel's device is made by the gateway, under the tunnel's own name", text)
	}
	for _, other := range p.named {
		if strings.EqualFold(other.name, name) || other.device == device {
			return fmt.Errorf("%q: %s=%s is given already", text, other.name, other.device)
		}
	}
	p.named = append(p.named, port{name, device})
	return nil
}

// String lists what was given, as package flag wants it.
func (p *ports) String() string {
	var words []string
	for _, port := range p.named {
		words = append(words, port.name+"="+port.device)
	}
	return strings.Join(words, " ")
}

// read adds the lines of a ports file: NAME=DEVICE each, # for comments.
func (p *ports) read(path string) error {
	text, err := store.Read(path)
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if err := p.Set(line); err != nil {
			return fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
	}
	return nil
}

// device returns the Linux device of an interface name. A tunnel's is made for it; of
// others what the operator said comes first, then the N-th Ethernet device, then the
// name of a Linux device.
func (p *ports) device(name string) (string, error) {
	if kind.IsTunnel(name) {
		return strings.ReplaceAll(name, "/", "-"), nil
	}
	for _, port := range p.named {
		if !strings.EqualFold(port.name, name) {
			continue
		}
		if _, err := net.InterfaceByName(port.device); err != nil {
			return "", fmt.Errorf("%s is %s, which is not there: %w", name, port.device, p.unknown(name))
		}
		return port.device, nil
	}
	if len(name) > len(portPrefix) && strings.EqualFold(name[:len(portPrefix)], portPrefix) {
		return p.numbered(name)
	}
	return p.linux(name)
}

// linux returns the Linux device of that name, unless it is one of ours or the
// operator has given it another name: one device is configured in one place.
func (p *ports) linux(name string) (string, error) {
	if isOurs(name) {
		return "", errOurs(name)
	}
	if tunnel := tunnelOf(name); tunnel != "" {
		return "", fmt.Errorf("%s is %s: use that name", name, tunnel)
	}
	for _, port := range p.named {
		if port.device == name {
			return "", fmt.Errorf("%s is %s: use that name", name, port.name)
		}
	}
	if _, err := net.InterfaceByName(name); err != nil {
		return "", p.unknown(name)
	}
	return name, nil
}

// tunnelOf returns the tunnel whose Linux device that is, or "": Tunnel0/0/1 of
// Tunnel0-0-1.
func tunnelOf(device string) string {
	if name := strings.ReplaceAll(device, "-", "/"); kind.IsTunnel(name) {
		return name
	}
	return ""
}

// ours begins the names of the devices that the userspace dataplane makes.
const ours = "sallyport"

// isOurs reports whether a Linux device is one that the dataplane makes.
func isOurs(device string) bool {
	number, found := strings.CutPrefix(device, ours)
	_, err := strconv.ParseUint(number, 10, 32)
	return found && err == nil
}

// errOurs answers who names one of them.
func errOurs(device string) error {
	return fmt.Errorf("%s is the gateway's own device for protected traffic: name another", device)
}

// numbered returns the N-th Ethernet device for GigabitEthernet0/0/N.
func (p *ports) numbered(name string) (string, error) {
	n, err := strconv.Atoi(name[len(portPrefix):])
	if err != nil || n < 1 || n > len(p.ethernet) {
		return "", p.unknown(name)
	}
	device := p.ethernet[n-1]
	for _, other := range p.named {
		if other.device == device {
			return "", fmt.Errorf("%s would be %s, which is %s: give it a device with --port %s=DEVICE", name, device, other.name, name)
		}
	}
	return device, nil
}

// unknown says how to name a device, and which there are.
func (p *ports) unknown(name string) error {
	devices := "none"
	if len(p.ethernet) > 0 {
		devices = strings.Join(p.ethernet, ", ")
	}
	return fmt.Errorf("no device for %s: give it one with --port %s=DEVICE (Ethernet devices here: %s)", name, name, devices)
}
