package udp

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// Of struct xfrm_userpolicy_info (linux/xfrm.h): its octets, and where the family of
// its selector and the direction are. The action 0 is "allow".
const (
	policyLen    = 168
	policyFamily = 40
	policyDir    = 160
)

// Bypass exempts a socket from the system's IPsec policies (XFRM), in and out: IKE
// and ESP must come through in clear even if a policy demands protection of all that
// their peer sends. It needs CAP_NET_ADMIN. A kernel without policies is no error.
func Bypass(fd int) error {
	// A kernel that has them as a module loads it for this socket.
	policies, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_XFRM)
	if errors.Is(err, unix.EPROTONOSUPPORT) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(policies)
	for direction := byte(0); direction < 2; direction++ {
		var allow [policyLen]byte
		binary.NativeEndian.PutUint16(allow[policyFamily:], unix.AF_INET)
		allow[policyDir] = direction
		err := unix.SetsockoptString(fd, unix.IPPROTO_IP, unix.IP_XFRM_POLICY, string(allow[:]))
		if err != nil {
			return err
		}
	}
	return nil
}
