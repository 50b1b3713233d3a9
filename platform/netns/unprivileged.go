package netns

import (
	"os"
	"os/exec"
	"syscall"
)

// Unprivileged makes c run as root of a new user namespace, with a network and
// a mount namespace of its own: there it may call [New], lay cables, open
// /dev/net/tun (where that is open to everybody) and raw sockets, and write
// /proc/sys/net of its namespaces, all without privilege outside. It is killed
// by SIGTERM when this program ends. c.Start fails with EPERM or ENOSPC where
// the system does not allow user namespaces.
func Unprivileged(c *exec.Cmd) {
	if c.SysProcAttr == nil {
		c.SysProcAttr = new(syscall.SysProcAttr)
	}
	a := c.SysProcAttr
	a.Cloneflags |= syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	a.GidMappingsEnableSetgroups = false // else the kernel refuses the map of a user without privilege
	a.Pdeathsig = syscall.SIGTERM
}
