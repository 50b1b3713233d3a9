package strongswan

import (
	"errors"
	"strconv"
	"strings"
)

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

// is reports whether a value says yes.
func (s section) is(key string) bool { return s.values[key] == "yes" || s.values[key] == "1" }

// list returns the parts of a value such as "[10.1.0.0/24 10.3.0.0/24]".
func (s section) list(key string) []string {
	parts := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(s.values[key], "["), "]"))
	if len(parts) == 0 {
		return nil
	}
	return parts
}

// parseSection reads one section, braces included, and whatever it holds. A word
// that is no key goes on with the value before it, because identities and lists
// have blanks in them.
func parseSection(text string) (section, error) {
	stack := []section{{}} // the innermost open section last
	last := ""             // the key whose value may go on
	words := strings.Fields(spaced.Replace(text))
	for i, word := range words {
		top := len(stack) - 1
		switch key, value, isValue := strings.Cut(word, "="); {
		case word == "}" && top == 0:
			return section{}, errBraces
		case word == "{":
			stack, last = append(stack, section{values: map[string]string{}}), ""
		case word == "}":
			stack[top-1].sections = append(stack[top-1].sections, stack[top])
			stack, last = stack[:top], ""
		case isValue && isKey(key) && top > 0:
			stack[top].values[key], last = value, key
		case i+1 < len(words) && words[i+1] == "{": // the name of the section that follows
		case last != "":
			stack[top].values[last] += " " + word
		}
	}
	if len(stack) != 1 || len(stack[0].sections) != 1 {
		return section{}, errBraces
	}
	return stack[0].sections[0], nil
}

// isKey tells a key such as local-ts from a part of a name such as CN.
func isKey(word string) bool {
	return word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

var errBraces = errors.New("braces do not match")

var spaced = strings.NewReplacer("{", " { ", "}", " } ")
