package kernel

import (
	"github.com/vishvananda/netlink/nl"

	"sallyport/ipsec"
)

// An Expire says that a state has reached a limit. After a hard one it has gone; that of
// a reserved SPI is hard.
type Expire struct {
	ID       ipsec.SAID
	Hard     bool
	ReqID    uint32
	Counters ipsec.Counters // the last ones, but for Sequence, which the kernel does not tell
}

// readExpire reads the message of one of our states: struct xfrm_user_expire, a state
// and whether the limit was the hard one. It is nil for others.
func readExpire(body []byte) Event {
	if len(body) <= nl.SizeofXfrmUsersaInfo {
		return nil
	}
	s := installedOf(nl.DeserializeXfrmUsersaInfo(body))
	if !IsOurs(s.ReqID) || s.ID.SPI == 0 {
		return nil
	}
	return Expire{ID: s.ID, Hard: body[nl.SizeofXfrmUsersaInfo] != 0, ReqID: s.ReqID, Counters: s.Counters}
}
