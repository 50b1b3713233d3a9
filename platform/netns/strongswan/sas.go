package strongswan

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// An SA is an ISAKMP SA as strongSwan sees it.
type SA struct {
	ID        int    // counts up from 1 over the daemon's life
	State     string // ESTABLISHED when it is
	Initiator bool
	Children  []Child
}

// A Child is a pair of IPsec SAs.
type Child struct {
	ID                    int    // counts up from 1 over the daemon's life
	State                 string // INSTALLED when it is in use, REKEYED when a newer one is
	SPIIn, SPIOut         string // hexadecimal
	Encryption, Integrity string // strongSwan's names, such as AES_CBC
	KeySize               int    // of Encryption, in bits; 0: it has but one
	DHGroup               string // of PFS, such as MODP_2048; empty without
	PacketsIn, PacketsOut int
}

// SAs returns all ISAKMP SAs, established or not.
func (d *Daemon) SAs() ([]SA, error) {
	out, err := d.control("--list-sas", "--raw")
	if err != nil {
		return nil, err
	}
	return parseSAs(out)
}

// parseSAs reads lines such as
//
//	list-sa event {tunnel {uniqueid=1 state=ESTABLISHED child-sas {net-1 {uniqueid=1 …}}}}
//	list-sas reply {}
func parseSAs(text string) ([]SA, error) {
	var all []SA
	for line := range strings.Lines(text) {
		body, isSA := strings.CutPrefix(line, "list-sa event ")
		if !isSA {
			continue
		}
		event, err := parseSection(body)
		if err != nil {
			return nil, fmt.Errorf("%w in %q", err, line)
		}
		for _, s := range event.sections {
			all = append(all, s.sa())
		}
	}
	return all, nil
}

func (s section) sa() SA {
	sa := SA{ID: s.number("uniqueid"), State: s.values["state"], Initiator: s.values["initiator"] == "yes"}
	for _, list := range s.sections {
		for _, c := range list.sections {
			sa.Children = append(sa.Children, c.child())
		}
	}
	return sa
}

func (s section) child() Child {
	return Child{
		ID: s.number("uniqueid"), State: s.values["state"],
		SPIIn: s.values["spi-in"], SPIOut: s.values["spi-out"],
		Encryption: s.values["encr-alg"], Integrity: s.values["integ-alg"], KeySize: s.number("encr-keysize"),
		DHGroup:   s.values["dh-group"],
		PacketsIn: s.number("packets-in"), PacketsOut: s.number("packets-out"),
	}
}

// A section is a braced part of swanctl's raw output.
type section struct {
	values   map[string]string
	sections []section
}

// number returns a value as a number; 0 if it is missing.
func (s section) number(key string) int {
	n, _ := strconv.Atoi(s.values[key])
	return n
}

// parseSection reads one section, braces included, and whatever it holds. A
// value ends at a blank, so identities with blanks are cut off.
func parseSection(text string) (section, error) {
	stack := []section{{}} // the innermost open section last
	for _, word := range strings.Fields(spaced.Replace(text)) {
		top := len(stack) - 1
		switch key, value, isValue := strings.Cut(word, "="); {
		case word == "}" && top == 0:
			return section{}, errBraces
		case word == "{":
			stack = append(stack, section{values: map[string]string{}})
		case word == "}" && top > 0:
			stack[top-1].sections = append(stack[top-1].sections, stack[top])
			stack = stack[:top]
		case isValue && top > 0:
			stack[top].values[key] = value
		}
	}
	if len(stack) != 1 || len(stack[0].sections) != 1 {
		return section{}, errBraces
	}
	return stack[0].sections[0], nil
}

var errBraces = errors.New("braces do not match")

var spaced = strings.NewReplacer("{", " { ", "}", " } ")
