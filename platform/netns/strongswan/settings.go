package strongswan

import (
	"fmt"
	"strings"
	"time"
)

// settings is a file in the syntax of strongswan.conf(5), as it is written.
type settings struct {
	text  strings.Builder
	depth int
}

// within writes a section.
func (s *settings) within(name string, body func()) {
	s.line(name + " {")
	s.depth++
	body()
	s.depth--
	s.line("}")
}

func (s *settings) line(text string) {
	s.text.WriteString(strings.Repeat("  ", s.depth) + text + "\n")
}

func (s *settings) set(key, value string) { s.line(key + " = " + value) }

// some writes a value that is there; without it the program's default is in force,
// as with the next ones.
func (s *settings) some(key, value string) {
	if value != "" {
		s.set(key, value)
	}
}

func (s *settings) flag(key string, on bool) {
	if on {
		s.set(key, "yes")
	}
}

func (s *settings) count(key string, n uint64) {
	if n != 0 {
		s.set(key, fmt.Sprint(n))
	}
}

// limit writes when a child is renewed; the hard limit is far beyond.
func (s *settings) limit(unit string, n uint64) {
	if n != 0 {
		s.count("rekey_"+unit, n)
		s.count("life_"+unit, 100*n)
		s.set("rand_"+unit, "0")
	}
}

func (s *settings) period(key string, d time.Duration) {
	if d != 0 {
		s.seconds(key, d, 0)
	}
}

// seconds writes a time in whole seconds; zero stands for no value.
func (s *settings) seconds(key string, d, zero time.Duration) {
	if d == 0 {
		d = zero
	}
	s.set(key, fmt.Sprintf("%ds", int(d/time.Second)))
}
