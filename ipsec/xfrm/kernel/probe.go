package kernel

import (
	"errors"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
	"sallyport/ipsec/secret"
)

// A probed is what the kernel has been found to be able to do, once asked.
type probed struct {
	once         sync.Once
	capabilities ipsec.Capabilities
	err          error
}

// Capabilities returns what the kernel can do: each algorithm is tried with a state
// that is removed at once. It asks once. A kernel without ESP, without AH or without both
// is no error: their lists are empty.
func (k *Kernel) Capabilities() (ipsec.Capabilities, error) {
	k.probed.once.Do(func() { k.probed.capabilities, k.probed.err = k.probe() })
	return k.probed.capabilities, k.probed.err
}

// probe asks about the algorithms, first the authenticators: ciphers are tried with one
// that is there.
func (k *Kernel) probe() (c ipsec.Capabilities, err error) {
	c = ipsec.Capabilities{Name: "this kernel", Advice: withoutKernel, Offload: true}
	for _, i := range ipsec.Integrities() {
		if c.AH, err = has(k, c.AH, i, State{ID: ipsec.SAID{Protocol: ipsec.AH}, Integrity: i}); err != nil {
			return c, err
		}
		if c.Integrities, err = has(k, c.Integrities, i, State{ID: ipsec.SAID{Protocol: ipsec.ESP}, Encryption: ipsec.Null, Integrity: i}); err != nil {
			return c, err
		}
	}
	for _, e := range ipsec.Encryptions() {
		s := State{ID: ipsec.SAID{Protocol: ipsec.ESP}, Encryption: e}
		if !e.AEAD() && len(c.Integrities) > 0 {
			s.Integrity = c.Integrities[0]
		}
		if c.Encryptions, err = has(k, c.Encryptions, e, s); err != nil {
			return c, err
		}
	}
	if len(c.Encryptions) == 0 {
		c.Integrities = nil
	}
	return c, k.probeModes(&c)
}

// probeModes finds out about transport mode and long sequence numbers, with an algorithm
// that is there.
func (k *Kernel) probeModes(c *ipsec.Capabilities) (err error) {
	var s State
	switch {
	case len(c.Integrities) > 0:
		s = State{ID: ipsec.SAID{Protocol: ipsec.ESP}, Encryption: c.Encryptions[0], Integrity: c.Integrities[0]}
	case len(c.AH) > 0:
		s = State{ID: ipsec.SAID{Protocol: ipsec.AH}, Integrity: c.AH[0]}
	default:
		return nil
	}
	long, transport := s, s
	long.ESN, transport.Mode = true, ipsec.Transport
	if c.ESN, err = k.can(long); err != nil {
		return err
	}
	c.Transport, err = k.can(transport)
	return err
}

// has appends what the kernel was asked about to what it has, if it has it.
func has[T any](k *Kernel, all []T, one T, s State) ([]T, error) {
	ok, err := k.can(s)
	if ok {
		all = append(all, one)
	}
	return all, err
}

// probeReqID is the flow of states that are made only to see whether they can be.
const probeReqID = Ours | ^oursMask

// probeAddress is both ends of such states: no packet of theirs ever comes.
var probeAddress = netip.AddrFrom4([4]byte{127, 83, 0, 1})

// can reports whether the kernel takes a state, to which name, ends and keys are given.
func (k *Kernel) can(s State) (bool, error) {
	s.ID.Destination, s.Source, s.ReqID, s.Window = probeAddress, probeAddress, probeReqID, ipsec.MinWindow
	s.EncryptionKey, s.IntegrityKey = probeKey(s.Encryption.KeyLen()), probeKey(s.Integrity.KeyLen())
	spi, err := k.ReserveSPI(s.Source, s.ID.Destination, s.ID.Protocol, s.Mode, s.ReqID)
	if err != nil {
		return false, err
	}
	s.ID.SPI = spi
	err = k.UpdateState(s)
	if gone := k.DeleteState(s.ID); gone != nil {
		return false, gone
	}
	switch {
	case err == nil:
		return true, nil
	case lacksProtocol(err), lacksAlgorithm(err), errors.Is(err, unix.EINVAL):
		return false, nil
	}
	return false, err
}

// probeKey returns a key that is no secret. Its octets differ: 3DES wants three keys.
func probeKey(n int) secret.Octets {
	key := make(secret.Octets, n)
	for i := range key {
		key[i] = byte(i + 1)
	}
	return key
}
