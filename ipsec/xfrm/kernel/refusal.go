package kernel

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"sallyport/ipsec"
)

// withoutKernel is the setting that does without the kernel's IPsec.
const withoutKernel = "run with --dataplane user"

// modules are the protocols' settings in a kernel's configuration.
var modules = map[ipsec.Protocol]string{ipsec.ESP: "CONFIG_INET_ESP", ipsec.AH: "CONFIG_INET_AH"}

// describe says what it means that the kernel refused a state: no part of it, no algorithm,
// no privilege.
func (s *State) describe(err error) error {
	switch {
	case err == nil:
		return nil
	case lacksProtocol(err):
		return fmt.Errorf("%v: this kernel has no %v (%s): %s: %w", s.ID, s.ID.Protocol, modules[s.ID.Protocol], withoutKernel, err)
	case lacksAlgorithm(err):
		return fmt.Errorf("%v: this kernel has no %s: leave it out, or %s: %w", s.ID, s.algorithmNames(), withoutKernel, err)
	}
	return describe(err, "XFRM state %v", s.ID)
}

// lacksProtocol reports whether the kernel has no such protocol or mode.
func lacksProtocol(err error) bool {
	return errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.ENOPROTOOPT)
}

// lacksAlgorithm reports whether the kernel does not know an algorithm (ENOSYS), or
// cannot make it of its parts (ENOENT).
func lacksAlgorithm(err error) bool {
	return errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOENT)
}

// algorithmNames names the algorithms of a state as the kernel calls them.
func (s *State) algorithmNames() string {
	names := ciphers[s.Encryption]
	if s.Integrity == ipsec.NoIntegrity {
		return names
	}
	if names != "" {
		names += " with "
	}
	return names + digests[s.Integrity]
}
