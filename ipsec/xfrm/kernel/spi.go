package kernel

import (
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// ReserveSPI returns an SPI that is nobody's, for a state from src to dst. Until
// UpdateState makes it one, or DeleteState gives it back, it is reserved for as long as
// Waiting.Expires says. m and reqID are those of the state to be. A kernel without ESP
// has SPIs too.
func (k *Kernel) ReserveSPI(src, dst netip.Addr, p ipsec.Protocol, m ipsec.Mode, reqID uint32) (spi ipsec.SPI, err error) {
	larval := State{ID: ipsec.SAID{Destination: dst, Protocol: p}, Source: src, Mode: m, ReqID: reqID}
	x := nl.XfrmUserSpiInfo{XfrmUsersaInfo: *larval.info(), Min: uint32(ipsec.MinSPI), Max: ^uint32(0)}
	err = k.requests.do(request(nl.XFRM_MSG_ALLOCSPI, 0, x.Serialize()), nl.XFRM_MSG_NEWSA, func(body []byte) {
		if s, ok := readState(body); ok {
			spi = s.ID.SPI
		}
	})
	if err == nil && spi < ipsec.MinSPI {
		err = unix.EBADMSG
	}
	return spi, describe(err, "SPI for %v from %v to %v", p, src, dst)
}
