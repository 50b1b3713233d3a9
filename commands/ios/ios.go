// Package ios translates lines of Cisco's IOS into lines of the command table. It
// knows words, not meaning: what it returns is run like any typed line, and
// refused like one.
//
// Start at [Translate]; rules.go has the words.
package ios

import (
	"fmt"
	"strings"
)

// A Context is what the translation of a line depends on.
type Context struct {
	// View is where the session stands: "user", "system", or the view's part of the
	// prompt, such as ike-proposal-10.
	View string

	// Exists reports whether an object is there; of is what a VRP line that opens it
	// begins with, such as "ike proposal".
	Exists func(of, name string) bool

	// Has reports whether the object of the view has a line that begins so, such as
	// "ike-peer".
	Has func(begin string) bool

	// PeerAt returns the name of the ike peer with that remote address or host name, or "".
	PeerAt func(address string) string

	// Aggressive returns the names of the ike peers that may take aggressive mode.
	Aggressive func() []string

	// Interface returns VRP's name of an interface that IOS names otherwise, or "".
	// nil: the line is no file's.
	Interface func(name string) string
}

// An Error is a line that is IOS's and has no counterpart.
type Error struct{ Reason string }

// Error returns the reason as VRP says such things.
func (e *Error) Error() string { return "Error: " + e.Reason }

func refuse(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// Translate returns the lines that stand for a line of IOS, to be run one after
// the other in the same view; none if there is nothing to do. ok is false if the
// line is not IOS's. An error is an *Error.
func Translate(line string, c Context) (lines []string, ok bool, err error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil, false, nil
	}
	words, filter := cutFilter(words)
	scopes := c.scopes()
	if c.View != "user" && words[0] == "do" {
		words, scopes = words[1:], []scope{exec}
	}
	r, args, err := choose(scopes, words)
	if r == nil {
		return nil, err != nil, err
	}
	if lines, err = r.lines(&c, args); err != nil {
		return nil, true, err
	}
	if filter != "" && len(lines) > 0 {
		lines[len(lines)-1] += filter
	}
	return lines, true, nil
}

// order is that in which the lines of a file are taken: in a file of IOS's, lists
// come after what refers to them.
var order = []string{"access-list ", "ip access-list ", "crypto isakmp ", "crypto ipsec ", "crypto map "}

// Rank returns the place of a heading among those of a file: lower ones are taken
// first.
func Rank(heading string) int {
	for i, begin := range order {
		if strings.HasPrefix(heading, begin) {
			return i
		}
	}
	return len(order)
}

// cutFilter takes "| include X" off a line, which is the same in both languages.
func cutFilter(words []string) (before []string, filter string) {
	for i, word := range words {
		if i > 0 && strings.HasPrefix(word, "|") {
			return words[:i], " " + strings.Join(words[i:], " ")
		}
	}
	return words, ""
}

// scopes are where rules are looked up, the view's own first.
func (c *Context) scopes() []scope {
	if c.View == "user" {
		return []scope{exec}
	}
	for _, v := range views {
		if strings.HasPrefix(c.View, v.prefix) {
			return []scope{v.scope, config}
		}
	}
	if c.View == "system" {
		return []scope{config}
	}
	return []scope{ofInterface, config}
}

// views tell the view by its part of the prompt. That of an interface is the
// interface's name.
var views = []struct {
	prefix string
	scope  scope
}{
	{"ike-proposal-", ofPolicy},
	{"ipsec-proposal-", ofTransformSet},
	{"ipsec-policy-isakmp-", ofCryptoMap},
	{"ipsec-policy-manual-", ofManualMap},
	{"acl-adv-", ofExtendedList},
	{"acl-basic-", ofStandardList},
	{"ui-", ofLine},
	{"ike-peer-", config},
	{"aaa", config},
}

// A scope is a mode of IOS.
type scope uint8

const (
	exec scope = iota
	config
	ofPolicy
	ofTransformSet
	ofCryptoMap
	ofManualMap
	ofExtendedList
	ofStandardList
	ofLine
	ofInterface
)

// A rule is a line of IOS and what stands for it. In the words, <x> is an argument
// and <x…> the rest of the line.
type rule struct {
	words string
	to    string // lines of VRP, separated by ";", $1 being the first argument
	make  func(c *Context, args []string) ([]string, error)
}

func (r *rule) lines(c *Context, args []string) ([]string, error) {
	if r.make != nil {
		return r.make(c, args)
	}
	if r.to == "" {
		return nil, nil
	}
	var pairs []string
	for n, arg := range args {
		pairs = append(pairs, fmt.Sprintf("$%d", n+1), arg)
	}
	replacer := strings.NewReplacer(pairs...)
	lines := strings.Split(r.to, "; ")
	for i := range lines {
		lines[i] = replacer.Replace(lines[i])
	}
	return lines, nil
}
