package kernel

import (
	"github.com/vishvananda/netlink/nl"

	"sallyport/acl"
	"sallyport/ipsec"
)

// An Acquire asks for a state: a packet met a policy that has none.
type Acquire struct {
	Index    uint32 // of the policy
	Packet   acl.Tuple
	IfID     uint32         // of the tunnel interface that it went into; 0: none
	ReqID    uint32         // of the policy's first template
	Protocol ipsec.Protocol // of the state that is not there
}

// struct xfrm_user_acquire: id, source, selector of the packet, policy, three masks of
// algorithms and a number.
const (
	acquireSelector = nl.SizeofXfrmId + nl.SizeofXfrmAddress
	acquirePolicy   = acquireSelector + nl.SizeofXfrmSelector
	acquireSize     = acquirePolicy + nl.SizeofXfrmUserpolicyInfo + 16
)

// readAcquire reads the message of one of our policies. It is nil for others.
func readAcquire(body []byte) Event {
	if len(body) < acquireSize {
		return nil
	}
	index := nl.DeserializeXfrmUserpolicyInfo(body[acquirePolicy:]).Index
	if !IsOurs(index) {
		return nil
	}
	a := Acquire{
		Index:    index,
		Packet:   tupleOf(nl.DeserializeXfrmSelector(body[acquireSelector:])),
		Protocol: ipsec.Protocol(nl.DeserializeXfrmId(body).Proto),
	}
	_ = attributes(body[acquireSize:], func(kind uint16, value []byte) {
		switch {
		case kind == nl.XFRMA_IF_ID && len(value) >= 4:
			a.IfID = read32(value)
		case kind == nl.XFRMA_TMPL && len(value) >= nl.SizeofXfrmUserTmpl:
			a.ReqID = nl.DeserializeXfrmUserTmpl(value).Reqid
		}
	})
	return a
}
