package tunnel

import (
	"encoding/binary"

	"sallyport/acl"
)

// maxFlows bounds a cache. Full, it is emptied: the cost is one search of the SPD
// for each flow that still lives, and no order needs to be kept.
const maxFlows = 1 << 16

// A flowKey is a tuple in a form that is quick to hash.
type flowKey struct{ addresses, rest uint64 }

func keyOf(t acl.Tuple) flowKey {
	from, to := t.Source.As4(), t.Destination.As4()
	k := flowKey{
		addresses: uint64(binary.BigEndian.Uint32(from[:]))<<32 | uint64(binary.BigEndian.Uint32(to[:])),
		rest:      uint64(t.SourcePort)<<32 | uint64(t.DestinationPort)<<16 | uint64(t.Protocol)<<8,
	}
	if t.Fragment {
		k.rest |= 1
	}
	return k
}

// flows remembers what was found for a tuple, until something changes that the
// finding may depend on. It is for one goroutine.
type flows[V any] struct {
	epoch uint64
	known map[flowKey]V
}

// find returns what was remembered in this epoch.
func (f *flows[V]) find(epoch uint64, k flowKey) (V, bool) {
	if f.epoch != epoch {
		clear(f.known)
		f.epoch = epoch
	}
	v, ok := f.known[k]
	return v, ok
}

// remember keeps v for the epoch of the last find.
func (f *flows[V]) remember(k flowKey, v V) {
	if f.known == nil {
		f.known = make(map[flowKey]V)
	}
	if len(f.known) >= maxFlows {
		clear(f.known)
	}
	f.known[k] = v
}
