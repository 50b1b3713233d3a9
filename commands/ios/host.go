package ios

import (
	"strconv"
	"strings"
)

// gigabitEthernet is the one type of port that both languages have.
const gigabitEthernet = "gigabitethernet"

// interfaceOf returns VRP's name of an interface in a file: GigabitEthernet0/1 is
// GigabitEthernet0/0/1, and any other has to be named by the operator. At a
// terminal a name that is not VRP's may be a slip.
func interfaceOf(c *Context, name string) (string, error) {
	if c.Interface == nil {
		return name, nil
	}
	if given := c.Interface(name); given != "" {
		return given, nil
	}
	digits := strings.IndexAny(name, "0123456789")
	if digits <= 0 || !strings.HasPrefix(gigabitEthernet, strings.ToLower(name[:digits])) {
		return "", refuse("The interface %s has no counterpart; say which it is with --interface %s=GigabitEthernet0/0/N.", name, name)
	}
	slot, port, two := strings.Cut(name[digits:], "/")
	if two && !strings.Contains(port, "/") {
		return "GigabitEthernet" + slot + "/0/" + port, nil
	}
	return name, nil
}

func enterInterface(c *Context, args []string) ([]string, error) {
	name, err := interfaceOf(c, strings.Join(args, ""))
	return []string{"interface " + name}, err
}

func showInterface(c *Context, args []string) ([]string, error) {
	name, err := interfaceOf(c, args[0])
	return []string{"display interface " + name}, err
}

// userWithLevel makes a user; level 1 is IOS's for those who may look, 15 for
// those who may do everything.
func userWithLevel(_ *Context, args []string) ([]string, error) {
	level, err := strconv.Atoi(args[1])
	if err != nil || level < 0 || level > 15 {
		return nil, refuse("The privilege level %s is not one of 0-15.", args[1])
	}
	name, password := args[0], args[2]
	return []string{
		"aaa", "local-user " + name + " password irreversible-cipher " + password,
		"local-user " + name + " privilege level " + args[1],
		"local-user " + name + " service-type ssh terminal", "quit",
	}, nil
}
