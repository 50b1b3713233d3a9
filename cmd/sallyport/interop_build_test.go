package main_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"sallyport/platform/netns/testrun"
)

// The interop tests run the program itself, built the way it is delivered, in
// network namespaces of their own; see interop_lab_test.go for the topologies.
// What the program is told and shows goes through its public doors only: a
// configuration file, `sallyport console`, and packets. Package testrun has what
// differs from run to run: the dataplane, above all.

// TestMain removes the built program after the last test.
func TestMain(m *testing.M) {
	flag.Parse()
	runTogether()
	code := m.Run()
	if buildDir != "" {
		os.RemoveAll(buildDir)
	}
	os.Exit(code)
}

// runTogether has more tests run at once than there are processors, unless the run is told how
// many: most of them wait for timers.
func runTogether() {
	const atOnce = 8
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "test.parallel" })
	if !told && runtime.GOMAXPROCS(0) < atOnce {
		flag.Set("test.parallel", strconv.Itoa(atOnce))
	}
}

var buildDir string

// program returns the path of sallyport: the one that the run of the tests is
// told of, or one that is built at the first call.
var program = sync.OnceValues(func() (string, error) {
	if path := testrun.Program(); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "sallyport")
	if err != nil {
		return "", err
	}
	buildDir = dir
	path := filepath.Join(dir, "sallyport")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})
