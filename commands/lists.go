package commands

import (
	"strconv"
	"strings"

	"sallyport/acl"
	"sallyport/commands/grammar"
	"sallyport/commands/kind"
)

// longestListName is VRP's limit in octets.
const longestListName = 64

const helpListName = "Name of the list, which begins with a letter"

// A namedList is what is typed to open a list by its name.
type namedList struct {
	Name   string
	Kind   listKind
	Number string // empty: not said
}

// A listKind is the sort of a list as it is typed.
type listKind uint8

// The kinds; a list of neither is an advanced one.
const (
	anyKind listKind = iota
	advancedKind
	basicKind
)

// kind returns the sort of a list that is made so: what its number says if nothing
// else does.
func (l namedList) kind() acl.Kind {
	switch {
	case l.Kind == basicKind:
		return acl.Basic
	case l.Kind == anyKind && l.Number != "":
		return acl.KindOf(listNumber(l.Number))
	}
	return acl.Advanced
}

// aclRows open and delete access lists: basic and advanced ones by number, both by
// name.
func aclRows() []grammar.Row[Config] {
	return []grammar.Row[Config]{
		numberedRow(basicView(), 2000, 2999), numberedRow(advancedView(), 3000, 3999), namedRow(), undoACLAll(),
	}
}

// lists are the access lists, as far as all their rows agree.
func lists(view *grammar.View[acl.ACL], skip func(key string) bool) grammar.Objects[Config, string, acl.ACL] {
	return grammar.Objects[Config, string, acl.ACL]{
		View:    view,
		Of:      func(c *Config) map[string]*acl.ACL { return c.ACLs },
		Own:     func(c *Config) map[string]*acl.ACL { return own(c, partACLs, &c.ACLs) },
		Compare: strings.Compare, // numbers have four digits, and come before names
		Skip:    skip,
		Delete:  allows((*edit).aclUnused),
	}
}

// listTable returns a function that tells the table of a list's view.
func listTable() func(*acl.ACL) *grammar.Table {
	basic, advanced := basicView().Compile(), advancedView().Compile()
	return func(a *acl.ACL) *grammar.Table {
		if a.Kind == acl.Basic {
			return basic
		}
		return advanced
	}
}

func numberedRow(view *grammar.View[acl.ACL], low, high uint32) grammar.Row[Config] {
	kw := grammar.Kw[string]
	elsewhere := func(key string) bool { return isListName(key) || listNumber(key) < low || listNumber(key) > high }
	return grammar.EnterTyped(lists(view, elsewhere), grammar.Typed[Config, string, acl.ACL, string]{
		Key:   (*Config).listKey,
		Name:  func(a *acl.ACL, number string) { *a = *acl.New(listNumber(number)) },
		Of:    func(number string, _ *acl.ACL) string { return number },
		Table: listTable(),
	}, kw("acl", helpACL), grammar.Implied(kw("number", helpNumber)),
		grammar.Arg(numberKind(low, high), helpNumber, itself[string]),
		grammar.Optional(kw("match-order", "Order of the rules"), kw("config", "By number")))
}

func namedRow() grammar.Row[Config] {
	kw := grammar.Kw[namedList]
	numbered := func(key string) bool { return !isListName(key) }
	return grammar.EnterTyped(lists(advancedView(), numbered), grammar.Typed[Config, string, acl.ACL, namedList]{
		Key:   func(_ *Config, l namedList) string { return l.Name },
		Name:  func(a *acl.ACL, l namedList) { *a = *l.list() },
		Of:    func(_ string, a *acl.ACL) namedList { return typedAs(a) },
		Table: listTable(),
		Admit: admitList,
	}, grammar.Path[namedList]("acl", helpACL, "name", helpByName),
		grammar.Arg(listNameKind(), helpListName, func(l *namedList) *string { return &l.Name }),
		grammar.Optional(grammar.Arg(kind.Choice(
			grammar.Word[listKind]{Text: "advance", Help: "Rules that look at protocols, addresses and ports", Value: advancedKind},
			grammar.Word[listKind]{Text: "basic", Help: "Rules that look at the source address", Value: basicKind},
		), "", func(l *namedList) *listKind { return &l.Kind })),
		grammar.Optional(grammar.Implied(kw("number", helpNumber)),
			grammar.Arg(numberKind(2000, 3999), helpNumber, func(l *namedList) *string { return &l.Number })))
}

// list returns a new list.
func (l namedList) list() *acl.ACL {
	a := acl.NewNamed(l.Name, l.kind())
	a.Number = listNumber(l.Number)
	return a
}

// typedAs returns what is typed to open a list of that name.
func typedAs(a *acl.ACL) namedList {
	l := namedList{Name: a.Name, Kind: advancedKind, Number: orEmpty(a.Number)}
	if a.Kind == acl.Basic {
		l.Kind = basicKind
	}
	return l
}

// admitList lets a list be opened by its name if it is as typed, and be made if its
// number fits and is free.
func admitList(_ any, c *Config, old *acl.ACL, l namedList) error {
	switch {
	case old != nil && l.Kind != anyKind && l.kind() != old.Kind:
		return refuse("The ACL is of the other type.")
	case old != nil && l.Number != "" && listNumber(l.Number) != old.Number:
		return refuse("The ACL does not have this number.")
	case old != nil || l.Number == "":
		return nil
	case acl.KindOf(listNumber(l.Number)) != l.kind():
		return refuse("The number is not of the ACL's type.")
	case c.ACLs[c.listKey(l.Number)] != nil:
		return refuse("The number is already used by another ACL.")
	}
	return nil
}

// listKey returns the key of the list that is meant by its name or its number: a
// list with both is kept under its name.
func (c *Config) listKey(typed string) string {
	if isListName(typed) || c.ACLs[typed] != nil {
		return typed
	}
	n := listNumber(typed)
	for key, a := range c.ACLs {
		if a.Number == n {
			return key
		}
	}
	return typed
}

// listArg is a list that is referred to: a number, or `name` and a name.
func listArg[T any](low, high uint32, help string, field func(*T) *string) grammar.Element[T] {
	return grammar.OneOf(
		grammar.Sequence(grammar.Kw[T]("name", helpByName), grammar.Arg(listNameKind(), helpListName, field)),
		grammar.Arg(numberKind(low, high), help, field),
	)
}

// numberKind is the number of a list. It writes nothing for a name.
func numberKind(low, high uint32) grammar.Kind[string] {
	number := numberOf("acl", low, high)
	return grammar.Kind[string]{
		Hints: number.Hints,
		Read: func(words []string) (string, int, bool) {
			n, used, ok := number.Read(words)
			return utoa(n), used, ok
		},
		Write: func(key string) string {
			if isListName(key) {
				return ""
			}
			return key
		},
		Of: number.Of,
	}
}

// listNameKind is the name of a list. It writes nothing for a number.
func listNameKind() grammar.Kind[string] {
	name := kind.Name(longestListName, "acl name")
	read, write := name.Read, name.Write
	name.Read = func(words []string) (string, int, bool) {
		text, used, ok := read(words)
		if !ok || !isListName(text) {
			return "", 0, false
		}
		return text, used, true
	}
	name.Write = func(key string) string {
		if !isListName(key) {
			return ""
		}
		return write(key)
	}
	return name
}

// isListName tells a list's name from a number.
func isListName(key string) bool {
	return key != "" && (key[0] >= 'a' && key[0] <= 'z' || key[0] >= 'A' && key[0] <= 'Z')
}

// listNumber returns the number of a list that has no name; 0 for none.
func listNumber(key string) uint32 {
	n, err := strconv.ParseUint(key, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// listNames returns the names, or the numbers, of all lists that have one.
func (c *Config) listNames(byName bool) []string {
	var all []string
	for _, a := range c.ACLs {
		switch {
		case byName && a.Name != "":
			all = append(all, a.Name)
		case !byName && a.Number != 0:
			all = append(all, utoa(a.Number))
		}
	}
	return all
}

func undoACLAll() grammar.Row[Config] {
	path := grammar.Path[struct{}]("undo", helpUndo, "acl", helpACL, "all", helpAll)
	return grammar.Edit(func(x any, c *Config, _ *struct{}) error {
		err := x.(*edit).noPolicy("ACL", func(p *Policy) bool { return p.ACL != "" })
		if err == nil {
			err = x.(*edit).schemeWithACL("")
		}
		if err == nil {
			err = x.(*edit).lineWithACL("")
		}
		if err == nil {
			clear(own(c, partACLs, &c.ACLs))
		}
		return err
	}, path)
}

// aclUnused refuses what a policy or a user interface refers to. An empty key is any
// list.
func (e *edit) aclUnused(key string) error {
	err := e.noPolicy("ACL", func(p *Policy) bool {
		return p.ACL != "" && (key == "" || p.ACL == key)
	})
	if err != nil {
		return err
	}
	if err := e.schemeWithACL(key); err != nil {
		return err
	}
	return e.lineWithACL(key)
}
