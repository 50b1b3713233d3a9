package ike_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"sallyport/ike/iketest"
)

var update = flag.Bool("update", false, "rewrite the golden sessions with what happens now")

// TestGoldenSessions runs every conversation in testdata/ike and compares what
// happens with what is written there.
func TestGoldenSessions(t *testing.T) {
	files, _ := filepath.Glob("../testdata/ike/*.txt")
	if len(files) == 0 {
		t.Fatal("no sessions in testdata/ike")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := iketest.Run(string(want))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(want) {
		t.Errorf("%s: what happens differs; run go test ./ike -update and read the diff. Now:\n%s", file, got)
	}
}
