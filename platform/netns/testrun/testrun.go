// Package testrun says what a run of the tests is told by whoever started it, in
// variables of the environment. With none of them the tests are what `go test`
// runs: the userspace dataplane, at this machine's speed. .ci/test-kernel sets
// them, for one list of cases on two dataplanes. It is used by tests only.
package testrun

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"time"
)

// The variables.
const (
	dataplaneVariable = "SALLYPORT_DATAPLANE" // user or kernel
	patienceVariable  = "SALLYPORT_PATIENCE"  // by how much everything may take longer than usual
	programVariable   = "SALLYPORT_PROGRAM"   // a built sallyport
)

// The dataplanes, as `sallyport run --dataplane` names them.
const (
	User   = "user"
	Kernel = "kernel"
)

// Dataplane returns the dataplane that is tested: User unless the run is told
// otherwise. Both ends of a test use it, ours and strongSwan's. It panics if it
// is neither: a run with a misspelt one would test the wrong thing and pass.
func Dataplane() string {
	plane, err := dataplane(os.Getenv(dataplaneVariable))
	if err != nil {
		panic(err)
	}
	return plane
}

func dataplane(value string) (string, error) {
	switch value {
	case "", User:
		return User, nil
	case Kernel:
		return Kernel, nil
	}
	return "", fmt.Errorf("%s is %q, want %s or %s", dataplaneVariable, value, User, Kernel)
}

// OnKernel reports whether Dataplane is Kernel.
func OnKernel() bool { return Dataplane() == Kernel }

// Patience returns how long to wait for what takes at most usual on an ordinary
// machine: usual times the factor of the environment, which under emulation is
// more than 1. It panics if that is no number from 1 on.
func Patience(usual time.Duration) time.Duration {
	factor, err := factor(os.Getenv(patienceVariable))
	if err != nil {
		panic(err)
	}
	return usual * factor
}

// factor reads the value of patienceVariable. Its type is that which a duration
// is multiplied by.
func factor(value string) (time.Duration, error) {
	n, err := strconv.Atoi(cmp.Or(value, "1"))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s is %q, want a number from 1 on", patienceVariable, value)
	}
	return time.Duration(n), nil
}

// Program returns the path of the sallyport to test; empty: the test builds it.
func Program() string { return os.Getenv(programVariable) }
