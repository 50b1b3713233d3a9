package tunnel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/acl"
)

// Our policies are known by their index, whose first octet is 0x53; the kernel gives
// those of others indexes from 8 on. Their priorities are the last that anybody uses,
// so that policies of others are asked before and keep their say.
const (
	firstIndex    uint32 = 0x53000008
	indexStep     uint32 = 8 // the lowest bits are the direction, 0
	indexMask     uint32 = 0xff000000
	firstPriority uint32 = 0xff000000
	maxClauses           = 1 << 20 // half of the indexes: there is always a free one
)

// policyGroupXFRM is the multicast group of changes of policies: XFRMNLGRP_POLICY of
// linux/xfrm.h.
const policyGroupXFRM = 4

// kernelPolicies are the kernel's policies of one network namespace.
type kernelPolicies struct {
	socket *nl.SocketHandle
	port   uint32 // of the socket
}

func openXFRM() (*kernelPolicies, error) {
	socket, err := nl.Subscribe(unix.NETLINK_XFRM)
	if err != nil {
		return nil, withoutXFRM(err)
	}
	port, err := socket.GetPid()
	if err != nil {
		socket.Close()
		return nil, fmt.Errorf("netlink: %w", err)
	}
	return &kernelPolicies{&nl.SocketHandle{Socket: socket}, port}, nil
}

// withoutXFRM says what it means that the socket cannot be opened.
func withoutXFRM(err error) error {
	if errors.Is(err, unix.EPROTONOSUPPORT) {
		return errNoXFRM
	}
	return fmt.Errorf("netlink: %w%s", err, advice(err))
}

// do sends a request and returns the answers. The kernel names the port that stands in
// it where it tells of the change.
func (k *kernelPolicies) do(message, flags int, answer uint16, body nl.NetlinkRequestData) ([][]byte, error) {
	r := nl.NewNetlinkRequest(message, flags)
	r.Pid = k.port
	r.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_XFRM: k.socket}
	r.AddData(body)
	return r.Execute(unix.NETLINK_XFRM, answer)
}

// attempts is how often a list is asked for that changes while it is read.
const attempts = 5

func (k *kernelPolicies) list() (ours []installed, err error) {
	var all [][]byte
	for range attempts {
		all, err = k.do(nl.XFRM_MSG_GETPOLICY, unix.NLM_F_DUMP, nl.XFRM_MSG_NEWPOLICY, &nl.XfrmUserpolicyId{})
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	for _, m := range all {
		if len(m) < nl.SizeofXfrmUserpolicyInfo {
			continue
		}
		if p := nl.DeserializeXfrmUserpolicyInfo(m); p.Index&indexMask == firstIndex&indexMask && p.Dir == uint8(netlink.XFRM_DIR_IN) {
			ours = append(ours, installedOf(p))
		}
	}
	return ours, err
}

func (k *kernelPolicies) add(p installed, replace bool) error {
	message := nl.XFRM_MSG_NEWPOLICY
	if replace {
		message = nl.XFRM_MSG_UPDPOLICY
	}
	_, err := k.do(message, unix.NLM_F_ACK, 0, p.message())
	return err
}

func (k *kernelPolicies) remove(index uint32) error {
	_, err := k.do(nl.XFRM_MSG_DELPOLICY, unix.NLM_F_ACK, 0, &nl.XfrmUserpolicyId{Index: index})
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// Close frees the socket.
func (k *kernelPolicies) Close() error {
	k.socket.Socket.Close()
	return nil
}

// message writes a policy the way the kernel wants it.
func (p installed) message() *nl.XfrmUserpolicyInfo {
	m := &nl.XfrmUserpolicyInfo{Sel: p.selector(), Priority: p.priority, Index: p.index, Action: uint8(netlink.XFRM_POLICY_BLOCK)}
	if p.allow {
		m.Action = uint8(netlink.XFRM_POLICY_ALLOW)
	}
	m.Lft.SoftByteLimit, m.Lft.HardByteLimit = nl.XFRM_INF, nl.XFRM_INF
	m.Lft.SoftPacketLimit, m.Lft.HardPacketLimit = nl.XFRM_INF, nl.XFRM_INF
	return m
}

func (s selection) selector() nl.XfrmSelector {
	x := nl.XfrmSelector{
		Family: unix.AF_INET, Proto: s.protocol,
		PrefixlenS: uint8(s.from.Bits()), PrefixlenD: uint8(s.to.Bits()),
		Sport: bigEndian(s.fromPort.value), SportMask: bigEndian(s.fromPort.mask),
		Dport: bigEndian(s.toPort.value), DportMask: bigEndian(s.toPort.mask),
	}
	copy(x.Saddr[:], s.from.Addr().AsSlice())
	copy(x.Daddr[:], s.to.Addr().AsSlice())
	return x
}

// installedOf is the way back of message.
func installedOf(m *nl.XfrmUserpolicyInfo) installed {
	x := &m.Sel
	s := selection{
		from:     netip.PrefixFrom(netip.AddrFrom4([4]byte(x.Saddr[:4])), int(x.PrefixlenS)),
		to:       netip.PrefixFrom(netip.AddrFrom4([4]byte(x.Daddr[:4])), int(x.PrefixlenD)),
		protocol: x.Proto,
		fromPort: portBits{bigEndian(x.Sport), bigEndian(x.SportMask)},
		toPort:   portBits{bigEndian(x.Dport), bigEndian(x.DportMask)},
	}
	allow := m.Action == uint8(netlink.XFRM_POLICY_ALLOW)
	return installed{clause: clause{s, allow}, priority: m.Priority, index: m.Index}
}

// bigEndian turns a number of the machine's into the network's, and back.
func bigEndian(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}

// String returns a selection in the style of ip-xfrm(8).
func (s selection) String() string {
	text := fmt.Sprintf("src %v dst %v", s.from, s.to)
	if s.protocol != 0 {
		text += " proto " + acl.ProtocolName(s.protocol)
	}
	for _, port := range []struct {
		word string
		bits portBits
	}{{" sport ", s.fromPort}, {" dport ", s.toPort}} {
		if port.bits.mask != 0 {
			text += fmt.Sprintf("%s%d/%#x", port.word, port.bits.value, port.bits.mask)
		}
	}
	return text
}
