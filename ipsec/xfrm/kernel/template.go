package kernel

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// MaxTemplates is how many templates a policy of ours has at most: ESP inside AH.
const MaxTemplates = 2

// A Template says what a packet must be, or has been, protected with. It is comparable.
type Template struct {
	Protocol            ipsec.Protocol
	Mode                ipsec.Mode
	Source, Destination netip.Addr // outer addresses; the unspecified address: any (In and Forward)
	ReqID               uint32
	Optional            bool // what comes in clear passes too; of Out not in tunnel mode
}

// String returns the template in the style of ip-xfrm(8).
func (t Template) String() string {
	text := fmt.Sprintf("%v %v src %v dst %v reqid %#x", t.Protocol, t.Mode, t.Source, t.Destination, t.ReqID)
	if t.Optional {
		text += " level use"
	}
	return text
}

// anyAlgorithm lets a template be met by whatever algorithm.
const anyAlgorithm = ^uint32(0)

// info writes a template: level required, any algorithms.
func (t Template) info() *nl.XfrmUserTmpl {
	x := &nl.XfrmUserTmpl{
		XfrmId: nl.XfrmId{Proto: uint8(t.Protocol)}, Family: unix.AF_INET, Reqid: t.ReqID, Mode: modeNumber(t.Mode),
		Aalgos: anyAlgorithm, Ealgos: anyAlgorithm, Calgos: anyAlgorithm,
	}
	if t.Optional {
		x.Optional = 1
	}
	put(x.XfrmId.Daddr[:], t.Destination)
	put(x.Saddr[:], t.Source)
	return x
}

// templateOf is the way back of info.
func templateOf(x *nl.XfrmUserTmpl) Template {
	return Template{
		Protocol: ipsec.Protocol(x.XfrmId.Proto), Mode: modeOf(x.Mode),
		Source: address(x.Saddr[:]), Destination: address(x.XfrmId.Daddr[:]), ReqID: x.Reqid,
		Optional: x.Optional != 0,
	}
}

// modeNumber returns a mode as XFRM numbers it.
func modeNumber(m ipsec.Mode) uint8 {
	if m == ipsec.Transport {
		return uint8(netlink.XFRM_MODE_TRANSPORT)
	}
	return uint8(netlink.XFRM_MODE_TUNNEL)
}

// modeOf is the way back of modeNumber. Other modes than tunnel count as transport.
func modeOf(n uint8) ipsec.Mode {
	if n == uint8(netlink.XFRM_MODE_TUNNEL) {
		return ipsec.Tunnel
	}
	return ipsec.Transport
}

// templates writes a policy's templates.
func (p *Policy) templates() (all [][]byte) {
	for _, t := range p.Templates[:p.N] {
		all = append(all, t.info().Serialize())
	}
	return all
}

// readTemplates reads the templates, if they are not more than ours can be.
func (p *Policy) readTemplates(b []byte) {
	p.Templates, p.N = [MaxTemplates]Template{}, 0
	if len(b) > MaxTemplates*nl.SizeofXfrmUserTmpl {
		return
	}
	for ; len(b) >= nl.SizeofXfrmUserTmpl; b = b[nl.SizeofXfrmUserTmpl:] {
		p.Templates[p.N] = templateOf(nl.DeserializeXfrmUserTmpl(b))
		p.N++
	}
}
