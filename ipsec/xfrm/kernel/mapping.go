package kernel

import (
	"encoding/binary"
	"net/netip"

	"github.com/vishvananda/netlink/nl"

	"sallyport/ipsec"
)

// A Mapping says that an authentic packet of an inbound UDP-encapsulated state came from
// another address or port than the state has. The state stays as it is, and so this is
// repeated each second while such packets come.
type Mapping struct {
	ID     ipsec.SAID
	ReqID  uint32
	Remote netip.AddrPort // new
}

// struct xfrm_user_mapping: id, reqid, old and new address, old and new port.
const (
	mappingReqID   = nl.SizeofXfrmUsersaId
	mappingAddress = mappingReqID + 4 + nl.SizeofXfrmAddress
	mappingPort    = mappingAddress + nl.SizeofXfrmAddress + 2
	mappingSize    = mappingPort + 2
)

// readMapping reads the message of one of our states. It is nil for others.
func readMapping(body []byte) Event {
	if len(body) < mappingSize || !IsOurs(read32(body[mappingReqID:])) {
		return nil
	}
	x := nl.DeserializeXfrmUsersaId(body)
	return Mapping{
		ID:     ipsec.SAID{Destination: address(x.Daddr[:]), Protocol: ipsec.Protocol(x.Proto), SPI: ipsec.SPI(swap32(x.Spi))},
		ReqID:  read32(body[mappingReqID:]),
		Remote: netip.AddrPortFrom(address(body[mappingAddress:]), binary.BigEndian.Uint16(body[mappingPort:])),
	}
}
