package kernel

import (
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/acl"
	"sallyport/ipsec/selection"
)

// selectorOf writes a selection as the kernel's selector, bound to a device; 0 is any.
func selectorOf(s selection.Selection, device int) nl.XfrmSelector {
	x := nl.XfrmSelector{
		Family: unix.AF_INET, Proto: s.Protocol, Ifindex: int32(device),
		PrefixlenS: uint8(max(s.From.Bits(), 0)), PrefixlenD: uint8(max(s.To.Bits(), 0)),
		Sport: swap16(s.FromPort.Value), SportMask: swap16(s.FromPort.Mask),
		Dport: swap16(s.ToPort.Value), DportMask: swap16(s.ToPort.Mask),
	}
	put(x.Saddr[:], s.From.Addr())
	put(x.Daddr[:], s.To.Addr())
	return x
}

// selectionOf is the way back of selectorOf.
func selectionOf(x *nl.XfrmSelector) selection.Selection {
	return selection.Selection{
		From:     netip.PrefixFrom(address(x.Saddr[:]), int(x.PrefixlenS)),
		To:       netip.PrefixFrom(address(x.Daddr[:]), int(x.PrefixlenD)),
		Protocol: x.Proto,
		FromPort: selection.PortBits{Value: swap16(x.Sport), Mask: swap16(x.SportMask)},
		ToPort:   selection.PortBits{Value: swap16(x.Dport), Mask: swap16(x.DportMask)},
	}
}

// tupleOf returns the packet that a selector of the kernel's own was made of. Of a
// later fragment the kernel knows no ports: they are 0.
func tupleOf(x *nl.XfrmSelector) acl.Tuple {
	t := acl.Tuple{Source: address(x.Saddr[:]), Destination: address(x.Daddr[:]), Protocol: x.Proto}
	if t.HasPorts() {
		t.SourcePort, t.DestinationPort = swap16(x.Sport), swap16(x.Dport)
	}
	return t
}
