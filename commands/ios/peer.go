package ios

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// Peers, which IOS knows by their keys.

// longestPeer is the length of the name of an ike peer.
const longestPeer = 15

// key makes the peer of an address, or of a network, or gives it a key.
func key(c *Context, args []string) ([]string, error) {
	key, where := args[0], args[1]
	if len(args) == 3 && args[2] != "255.255.255.255" || where == "0.0.0.0" {
		return networkKey(key, append(args[1:], "0.0.0.0")[:2])
	}
	_, lines, err := openPeer(c, where)
	if err != nil {
		return nil, err
	}
	return append(lines, "pre-shared-key cipher "+key, "quit"), nil
}

func typedKey(c *Context, args []string) ([]string, error) {
	if args[0] != "0" {
		return nil, refuse("A key that IOS has encrypted cannot be read; state it in clear.")
	}
	return key(c, args[1:])
}

// networkKey makes a peer that stands for all of a network, for policy templates. It is named
// after the network.
func networkKey(key string, network []string) ([]string, error) {
	first, err := netip.ParseAddr(network[0])
	mask, err2 := netip.ParseAddr(network[1])
	if err != nil || err2 != nil || !first.Is4() || !mask.Is4() {
		return nil, refuse("%s %s is no network.", network[0], network[1])
	}
	lines := []string{"ike peer " + first.String(), "undo version 2"}
	if ones := word(mask); ones != 0 {
		last := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, word(first)|^ones)))
		lines = append(lines, "remote-address "+first.String()+" "+last.String())
	}
	return append(lines, "pre-shared-key cipher "+key, "quit"), nil
}

// word is an IPv4 address as a number.
func word(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

// openPeer opens the peer with an address or the name of a host, and returns its name. A new
// one is named after it and speaks what ISAKMP is: IKEv1.
func openPeer(c *Context, where string) (name string, lines []string, err error) {
	if name = c.PeerAt(where); name != "" {
		return name, []string{"ike peer " + name}, nil
	}
	if _, bad := netip.ParseAddr(where); bad == nil || isNumber(strings.ReplaceAll(where, ".", "")) {
		return where, []string{"ike peer " + where, "undo version 2", "remote-address " + where}, nil
	}
	if name = where; len(name) > longestPeer {
		name, _, _ = strings.Cut(where, ".")
	}
	if len(name) > longestPeer || c.Exists("ike peer", name) {
		return "", nil, refuse("There is no free name of up to %d characters for the peer %s: make it by ike peer and remote-address host-name.", longestPeer, where)
	}
	return name, []string{"ike peer " + name, "undo version 2", "remote-address host-name " + where}, nil
}

func noKey(c *Context, args []string) ([]string, error) {
	name := c.PeerAt(args[1])
	if name == "" {
		return nil, refuse("There is no key for %s.", args[1])
	}
	return []string{"ike peer " + name, "undo pre-shared-key", "quit"}, nil
}
