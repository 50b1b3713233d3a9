package ios

import (
	"fmt"
	"strconv"
	"strings"
)

// listOf returns what opens a list of IOS's: 1-99 are the basic lists 2001-2099,
// 100-199 the advanced lists 3100-3199; those of the expanded ranges have names.
func listOf(name string) (reference string, basic bool) {
	n, err := strconv.Atoi(name)
	switch {
	case err != nil:
		return "name " + name, false
	case n >= 1 && n <= 99:
		return strconv.Itoa(2000 + n), true
	case n >= 100 && n <= 199:
		return strconv.Itoa(3000 + n), false
	case n >= 1300 && n <= 1999:
		return "name ios" + name, true
	}
	return "name ios" + name, false
}

// openList is the line that opens a list.
func openList(reference string, basic bool) string {
	kind := ""
	switch {
	case strings.HasPrefix(reference, "name ") && basic:
		kind = " basic"
	case strings.HasPrefix(reference, "name "):
		kind = " advance"
	}
	return "acl " + reference + kind
}

// accessList adds an entry to a numbered list.
func accessList(_ *Context, args []string) ([]string, error) {
	reference, basic := listOf(args[0])
	lines := []string{openList(reference, basic), "", "quit"}
	if len(args) < 3 || args[1] != "permit" && args[1] != "deny" && args[1] != "remark" {
		return nil, refuse("An entry of access-list %s is permit, deny or remark and what it is about.", args[0])
	}
	if args[1] == "remark" {
		lines[1] = "description " + strings.Join(args[2:], " ")
		return lines, nil
	}
	var err error
	lines[1], err = entry("rule "+args[1], args[2:], basic)
	return lines, err
}

func noAccessList(_ *Context, args []string) ([]string, error) {
	reference, _ := listOf(args[0])
	return []string{"undo acl " + reference}, nil
}

func extendedList(_ *Context, args []string) ([]string, error) {
	reference, basic := listOf(args[0])
	if basic {
		return nil, refuse("The list %s is a standard one.", args[0])
	}
	return []string{openList(reference, false)}, nil
}

func standardList(_ *Context, args []string) ([]string, error) {
	reference, basic := listOf(args[0])
	if !basic && !strings.HasPrefix(reference, "name ") {
		return nil, refuse("The list %s is an extended one.", args[0])
	}
	return []string{openList(reference, true)}, nil
}

func noNamedList(c *Context, args []string) ([]string, error) { return noAccessList(c, args) }

// listEntry makes an entry of the list whose mode it is.
func listEntry(action string) func(*Context, []string) ([]string, error) {
	return func(c *Context, args []string) ([]string, error) {
		line, err := entry("rule "+action, args, strings.HasPrefix(c.View, "acl-basic-"))
		return []string{line}, err
	}
}

func numberedEntry(action string) func(*Context, []string) ([]string, error) {
	return func(c *Context, args []string) ([]string, error) {
		line, err := entry(fmt.Sprintf("rule %s %s", args[0], action), args[1:], strings.HasPrefix(c.View, "acl-basic-"))
		return []string{line}, err
	}
}

func remark(_ *Context, args []string) ([]string, error) {
	return []string{"description " + strings.Join(args, " ")}, nil
}

// entry makes a rule of what follows permit or deny. begin is how the rule begins.
func entry(begin string, words []string, basic bool) (string, error) {
	r := reader{words: words}
	line := begin
	if !basic {
		line += " " + protocolOf(r.next())
	}
	line += r.endpoint("source", basic)
	if !basic {
		line += r.endpoint("destination", false)
	}
	if r.err == nil && len(r.words) > 0 {
		r.err = refuse("The words %s have no counterpart.", strings.Join(r.words, " "))
	}
	return line, r.err
}

// protocols are those whose word is not VRP's.
var protocols = map[string]string{"ahp": "51", "esp": "50", "eigrp": "88", "ospf": "89", "pim": "103", "nos": "4"}

func protocolOf(word string) string {
	if number := protocols[strings.ToLower(word)]; number != "" {
		return number
	}
	return word
}

// A reader takes an entry's words one by one; its error is the first.
type reader struct {
	words []string
	err   error
}

func (r *reader) next() string {
	if len(r.words) == 0 {
		if r.err == nil {
			r.err = refuse("The entry is not complete.")
		}
		return ""
	}
	word := r.words[0]
	r.words = r.words[1:]
	return word
}

// endpoint reads any, host A, or A W, and a comparison of ports. In a standard
// list a lone address is a host.
func (r *reader) endpoint(side string, lone bool) string {
	clause := ""
	switch word := r.next(); {
	case word == "any":
	case word == "host":
		clause = fmt.Sprintf(" %s %s 0", side, r.next())
	case lone && len(r.words) == 0:
		clause = fmt.Sprintf(" %s %s 0", side, word)
	default:
		clause = fmt.Sprintf(" %s %s %s", side, word, r.next())
	}
	return clause + r.ports(side)
}

// ports are the names of ports that IOS writes into a configuration.
var ports = map[string]string{
	"domain": "53", "ftp": "21", "isakmp": "500", "non500-isakmp": "4500", "ntp": "123", "smtp": "25", "snmp": "161",
	"ssh": "22", "syslog": "514", "tacacs": "49", "telnet": "23", "tftp": "69", "www": "80",
}

func portOf(word string) string {
	if number := ports[strings.ToLower(word)]; number != "" {
		return number
	}
	return word
}

func (r *reader) ports(side string) string {
	if len(r.words) == 0 {
		return ""
	}
	switch word := r.words[0]; word {
	case "eq", "gt", "lt":
		r.next()
		return fmt.Sprintf(" %s-port %s %s", side, word, portOf(r.next()))
	case "range":
		r.next()
		return fmt.Sprintf(" %s-port range %s %s", side, portOf(r.next()), portOf(r.next()))
	}
	return ""
}

func matchAddress(_ *Context, args []string) ([]string, error) {
	reference, _ := listOf(args[0])
	return []string{"security acl " + reference}, nil
}

func accessClass(_ *Context, args []string) ([]string, error) {
	reference, _ := listOf(args[0])
	return []string{"acl " + strings.TrimPrefix(reference, "name ") + " inbound"}, nil
}

func showList(_ *Context, args []string) ([]string, error) {
	reference, _ := listOf(args[0])
	return []string{"display acl " + reference}, nil
}
