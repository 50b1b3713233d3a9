package ike

import (
	"net/netip"

	"sallyport/ipsec"
)

// Options are what an engine is told of the box that it runs on. The zero value
// asks for nothing.
type Options struct {
	// SPI reserves the SPI of an inbound SA. If it is nil, or has none, the SPI is
	// drawn from entropy.
	SPI func(local, remote netip.Addr, p ipsec.Protocol) (ipsec.SPI, error)

	// Capabilities are the dataplane's: what it cannot do is neither offered nor
	// accepted. nil: it can do everything.
	Capabilities *ipsec.Capabilities

	// Fetch asks an OCSP responder; it bounds its own time. nil: there is none.
	Fetch func(url string, request []byte) ([]byte, error)

	// Counters returns what an SA of the dataplane's has done so far: whether the peer lives, and sends on a new pair.
	// It is called when a timer wants to know, never for a packet. nil: nobody can tell.
	Counters func(ipsec.SAID) (ipsec.Counters, bool)

	// Remember asks for the outputs Remember and Forget.
	Remember bool
}

// Use tells the engine its options, before the first Step.
func (e *Engine) Use(o Options) { e.options = o }

// spiTries is how many SPIs of the dataplane's are looked at for one that no
// inbound SA of ours has.
const spiTries = 8

// spi reserves an SPI that no other inbound SA has, for one from remote to local.
func (e *Engine) spi(local, remote netip.Addr, p ipsec.Protocol) ipsec.SPI {
	for range spiTries {
		if e.options.SPI == nil {
			break
		}
		spi, err := e.options.SPI(local, remote, p)
		if err != nil {
			break
		}
		if e.free(spi) {
			return spi
		}
	}
	for {
		if spi := ipsec.SPI(e.messageID()); e.free(spi) {
			return spi
		}
	}
}

// free reports whether an inbound SA may have an SPI: RFC 4303 §2.1 reserves the
// lowest.
func (e *Engine) free(spi ipsec.SPI) bool {
	return e.inbound[spi] == nil && e.bundled[spi] == nil && spi >= ipsec.MinSPI
}

// newSPI reserves the SPI of an inbound SA that the exchange is to make.
func (q *quickMode) newSPI(p ipsec.Protocol) ipsec.SPI {
	return q.engine.spi(q.sa.local.Addr(), q.sa.remote.Addr(), p)
}
