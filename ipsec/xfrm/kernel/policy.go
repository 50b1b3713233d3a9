package kernel

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec/selection"
)

// A Direction is a policy's: XFRM_POLICY_IN, _OUT and _FWD.
type Direction uint8

// The directions.
const (
	In Direction = iota
	Out
	Forward
)

// String returns the direction as ip-xfrm(8) does.
func (d Direction) String() string {
	switch d {
	case In:
		return "in"
	case Out:
		return "out"
	case Forward:
		return "fwd"
	}
	return strconv.Itoa(int(d))
}

// A Policy is one of the kernel's. It is comparable.
type Policy struct {
	Direction Direction
	Selection selection.Selection    // as the packet itself has addresses and ports
	Device    int                    // interface index; 0: any
	IfID      uint32                 // of a tunnel interface; 0: none
	Block     bool                   // false: allow, by the templates
	Templates [MaxTemplates]Template // the inner first
	N         int                    // of templates; 0: in clear
	Priority  uint32                 // the lowest decides
	Index     uint32                 // the kernel's name for it: one of ours, its direction included
}

// String returns the policy in the style of ip-xfrm(8), in one line.
func (p Policy) String() string {
	text := fmt.Sprintf("dir %v %v", p.Direction, p.Selection)
	if p.Device != 0 {
		text += fmt.Sprintf(" dev %d", p.Device)
	}
	if p.IfID != 0 {
		text += fmt.Sprintf(" if_id %#x", p.IfID)
	}
	text += fmt.Sprintf(" priority %#x index %#x", p.Priority, p.Index)
	if p.Block {
		text += " block"
	}
	for _, t := range p.Templates[:p.N] {
		text += " tmpl " + t.String()
	}
	return text
}

// AddPolicy adds a policy. unix.EEXIST says that somebody has one of this direction,
// selection, device and identifier. With replace it takes the place of that one, whose
// index stays; of who it is must be known.
func (k *Kernel) AddPolicy(p Policy, replace bool) error {
	kind := uint16(nl.XFRM_MSG_NEWPOLICY)
	if replace {
		kind = nl.XFRM_MSG_UPDPOLICY
	}
	return describe(k.requests.do(p.message(kind), 0, nil), "XFRM policy %v %v", p.Direction, p.Selection)
}

// DeletePolicy removes a policy by its index and the identifier of its tunnel
// interface. That there is none is no error.
func (k *Kernel) DeletePolicy(index, ifID uint32) error {
	id := &nl.XfrmUserpolicyId{Index: index, Dir: uint8(index & directionBits)}
	m := request(nl.XFRM_MSG_DELPOLICY, unix.NLM_F_ACK, id.Serialize()).number(nl.XFRMA_IF_ID, ifID)
	err := k.requests.do(m, 0, nil)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return describe(err, "remove XFRM policy %#x", index)
}

// Policies returns ours. One that has more templates than any of ours comes without.
func (k *Kernel) Policies() (ours []Policy, err error) {
	err = k.requests.list(func() message {
		return request(nl.XFRM_MSG_GETPOLICY, unix.NLM_F_DUMP, (&nl.XfrmUserpolicyId{}).Serialize())
	}, nl.XFRM_MSG_NEWPOLICY, func() { ours = nil }, func(body []byte) {
		if p, ok := readPolicy(body); ok {
			ours = append(ours, p)
		}
	})
	return ours, describe(err, "list XFRM policies")
}

// message writes a policy the way the kernel wants it.
func (p Policy) message(kind uint16) message {
	info := nl.XfrmUserpolicyInfo{
		Sel: selectorOf(p.Selection, p.Device), Lft: unlimited,
		Priority: p.Priority, Index: p.Index, Dir: uint8(p.Direction), Action: uint8(netlink.XFRM_POLICY_ALLOW),
	}
	if p.Block {
		info.Action = uint8(netlink.XFRM_POLICY_BLOCK)
	}
	m := request(kind, unix.NLM_F_ACK, info.Serialize())
	if p.N > 0 {
		m = m.attribute(nl.XFRMA_TMPL, p.templates()...)
	}
	return m.number(nl.XFRMA_IF_ID, p.IfID)
}

// unlimited is the lifetime of what has none.
var unlimited = nl.XfrmLifetimeCfg{
	SoftByteLimit: nl.XFRM_INF, HardByteLimit: nl.XFRM_INF, SoftPacketLimit: nl.XFRM_INF, HardPacketLimit: nl.XFRM_INF,
}

// readPolicy is the way back of message. It is false for what is not ours, and for
// what is no policy.
func readPolicy(body []byte) (p Policy, ours bool) {
	if len(body) < nl.SizeofXfrmUserpolicyInfo {
		return p, false
	}
	info := nl.DeserializeXfrmUserpolicyInfo(body)
	if !IsOurs(info.Index) {
		return p, false
	}
	p = Policy{
		Direction: Direction(info.Dir), Selection: selectionOf(&info.Sel), Device: int(info.Sel.Ifindex),
		Block: info.Action != uint8(netlink.XFRM_POLICY_ALLOW), Priority: info.Priority, Index: info.Index,
	}
	_ = attributes(body[nl.SizeofXfrmUserpolicyInfo:], func(kind uint16, value []byte) {
		switch {
		case kind == nl.XFRMA_TMPL:
			p.readTemplates(value)
		case kind == nl.XFRMA_IF_ID && len(value) == 4:
			p.IfID = read32(value)
		}
	})
	return p, true
}
