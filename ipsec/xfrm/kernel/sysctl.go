package kernel

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// settingsFolder has the sysctls of the namespace of who opens it.
const settingsFolder = "/proc/sys/net/core"

// The sysctls of Waiting.
const (
	larvalDrop = "xfrm_larval_drop"
	acqExpires = "xfrm_acq_expires"
)

// Waiting says what becomes of packets while no state is there for them: sysctls
// net.core.xfrm_larval_drop and xfrm_acq_expires.
type Waiting struct {
	Drop    bool // false: the kernel keeps some until the state comes
	Expires int  // seconds until it asks again, and a reserved SPI ends
}

// Patient has packets wait for their state, and asks again for one if a negotiation came
// to nothing. Usual is what a kernel begins with.
var (
	Patient = Waiting{Drop: false, Expires: 10}
	Usual   = Waiting{Drop: true, Expires: 30}
)

// Waiting returns what is set.
func (k *Kernel) Waiting() (w Waiting, err error) {
	drop, err := k.setting(larvalDrop)
	if err != nil {
		return w, err
	}
	expires, err := k.setting(acqExpires)
	return Waiting{drop != 0, expires}, err
}

// SetWaiting sets it.
func (k *Kernel) SetWaiting(w Waiting) error {
	drop := 0
	if w.Drop {
		drop = 1
	}
	if err := k.set(larvalDrop, drop); err != nil {
		return err
	}
	return k.set(acqExpires, w.Expires)
}

// setting reads a sysctl.
func (k *Kernel) setting(name string) (int, error) {
	b, err := k.settings.ReadFile(name)
	if err != nil {
		return 0, describe(err, "sysctl net.core.%s", name)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("sysctl net.core.%s is %q, want a number", name, b)
	}
	return n, nil
}

// set writes a sysctl.
func (k *Kernel) set(name string, value int) error {
	f, err := k.settings.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return describe(err, "sysctl net.core.%s", name)
	}
	_, err = f.WriteString(strconv.Itoa(value))
	if closed := f.Close(); err == nil {
		err = closed
	}
	return describe(err, "sysctl net.core.%s", name)
}
