package link

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// ifaProto is IFA_PROTO: who added an address. Linux 5.18 and later keep it.
const ifaProto = 11

// request makes a request of package nl on our socket.
func (k *netlinkKernel) request(kind, flags int) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(kind, flags)
	r.Sockets = k.sockets
	return r
}

func (k *netlinkKernel) addresses() ([]markedAddress, error) {
	return list(func() ([]markedAddress, error) {
		r := k.request(unix.RTM_GETADDR, unix.NLM_F_DUMP)
		r.AddData(nl.NewIfAddrmsg(unix.AF_INET))
		messages, err := r.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWADDR)
		if err != nil {
			return nil, err
		}
		var found []markedAddress
		for _, m := range messages {
			a, err := parseAddress(m)
			if err != nil {
				return nil, err
			}
			found = append(found, a)
		}
		return found, nil
	})
}

// parseAddress reads an RTM_NEWADDR message, of which package netlink does not
// read IFA_PROTO.
func parseAddress(m []byte) (markedAddress, error) {
	if len(m) < unix.SizeofIfAddrmsg {
		return markedAddress{}, fmt.Errorf("an address of the kernel's has %d octets", len(m))
	}
	header := nl.DeserializeIfAddrmsg(m)
	attributes, err := nl.ParseRouteAttr(m[header.Len():])
	if err != nil {
		return markedAddress{}, err
	}
	a := markedAddress{address: address{index: int(header.Index)}}
	for _, t := range attributes {
		switch t.Attr.Type {
		case unix.IFA_LOCAL:
			ip, _ := netip.AddrFromSlice(t.Value)
			a.prefix = netip.PrefixFrom(ip, int(header.Prefixlen))
		case ifaProto:
			a.ours = bytes.Equal(t.Value, []byte{Protocol})
		}
	}
	return a, nil
}

// addAddress adds an address, with our mark if it is ours and, where the network
// is large enough for one (RFC 3021), with the usual broadcast address.
func (k *netlinkKernel) addAddress(a markedAddress) error {
	r := k.request(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
	header := nl.NewIfAddrmsg(unix.AF_INET)
	header.Prefixlen = uint8(a.prefix.Bits())
	header.Index = uint32(a.index)
	r.AddData(header)
	ip := a.prefix.Addr().As4()
	r.AddData(nl.NewRtAttr(unix.IFA_LOCAL, ip[:]))
	r.AddData(nl.NewRtAttr(unix.IFA_ADDRESS, ip[:]))
	if a.prefix.Bits() < 31 {
		r.AddData(nl.NewRtAttr(unix.IFA_BROADCAST, broadcast(a.prefix)))
	}
	if a.ours {
		r.AddData(nl.NewRtAttr(ifaProto, []byte{Protocol}))
	}
	_, err := r.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// broadcast returns the last address of an IPv4 network.
func broadcast(p netip.Prefix) []byte {
	ip := p.Addr().As4()
	host := uint32(1)<<(32-p.Bits()) - 1
	return binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(ip[:])|host)
}

func (k *netlinkKernel) removeAddress(a address) error {
	link := &netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: a.index}}
	err := k.handle.AddrDel(link, &netlink.Addr{IPNet: ipNet(a.prefix)})
	if errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}
