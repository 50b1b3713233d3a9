package testrun

import (
	"testing"
	"time"
)

func TestDataplane(t *testing.T) {
	tests := []struct {
		value, want string
		refused     bool
	}{
		{"", User, false},
		{"user", User, false},
		{"kernel", Kernel, false},
		{"Kernel", "", true},
		{"auto", "", true},
	}
	for _, test := range tests {
		got, err := dataplane(test.value)
		if got != test.want || (err != nil) != test.refused {
			t.Errorf("dataplane(%q) = %q, %v, want %q, refused: %v", test.value, got, err, test.want, test.refused)
		}
	}
}

func TestFactor(t *testing.T) {
	tests := []struct {
		value   string
		want    time.Duration
		refused bool
	}{
		{"", 1, false},
		{"5", 5, false},
		{"0", 0, true},
		{"-1", 0, true},
		{"2.5", 0, true},
	}
	for _, test := range tests {
		got, err := factor(test.value)
		if got != test.want || (err != nil) != test.refused {
			t.Errorf("factor(%q) = %d, %v, want %d, refused: %v", test.value, got, err, test.want, test.refused)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv(dataplaneVariable, "kernel")
	t.Setenv(patienceVariable, "3")
	t.Setenv(programVariable, "/x/sallyport")
	if Dataplane() != Kernel || !OnKernel() {
		t.Errorf("Dataplane() = %q, OnKernel() = %v, want %q, true", Dataplane(), OnKernel(), Kernel)
	}
	if got, want := Patience(2*time.Second), 6*time.Second; got != want {
		t.Errorf("Patience(2s) = %v, want %v", got, want)
	}
	if got, want := Program(), "/x/sallyport"; got != want {
		t.Errorf("Program() = %q, want %q", got, want)
	}
}

// A misspelt variable must not make the run one of something else.
func TestRefusal(t *testing.T) {
	t.Setenv(dataplaneVariable, "kernal")
	t.Setenv(patienceVariable, "long")
	for name, ask := range map[string]func(){
		"Dataplane": func() { Dataplane() },
		"Patience":  func() { Patience(time.Second) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s() returned, want a panic", name)
				}
			}()
			ask()
		}()
	}
}
