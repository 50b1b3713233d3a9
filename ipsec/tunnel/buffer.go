package tunnel

import (
	"sync"

	"sallyport/ipsec/ah"
	"sallyport/ipsec/esp"
)

// headroom is what lies in front of an inner packet, so that it is protected where
// it was read: the outer IPv4 and UDP headers, AH, the ESP header and the IV. tailroom
// is for padding, trailer and ICV.
const (
	headroom = ipv4Len + udpLen + ah.MaxHeader + esp.MaxHeader
	tailroom = esp.MaxTrailer
)

// A buffer holds one packet behind headroom.
type buffer [headroom + maxPacket + tailroom]byte

// buffers are for those who protect packets besides the goroutine that reads them:
// that one has a buffer of its own.
var buffers = sync.Pool{New: func() any { return new(buffer) }}
